import fc from 'fast-check';
import { Classification, handling, onlookers, processingBases, processingPurposes, retentionRules, ruleFor, sights, type Classified } from './classification.js';
import { dataClasses, type DataClass } from './data-class.js';

const name: Classified = { path: 'body:PersonBody.givenName', class: 'direct', purpose: 'ASSISTANCE', basis: 'CASE_BASIS', retention: 'CASE', seenBy: { PERSON: 'yes', RECEIVER: 'consent' } };
const state: Classified = { path: 'column:referrals.case.state', class: 'operational', purpose: 'ASSISTANCE', basis: 'NOT_PERSONAL', retention: 'TRAIL', seenBy: {} };
const code = (act: () => unknown): unknown => { try { act(); return undefined; } catch (error) { return (error as { code?: unknown }).code; } };

describe('classification', () => {
  it('has the handling of design 9.1', () => {
    expect(dataClasses.map((c) => [c, ...Object.values(handling[c])])).toEqual([
      ['open', true, true, 'freely', 'freely'], ['operational', true, true, 'as a party', 'in cubes'], ['quasi', false, false, 'as a party, weighed for risk', 'in cubes'],
      ['special', false, false, 'with consent', 'in coarser cubes'], ['direct', false, false, 'in an envelope, with consent', 'never'],
    ]);
    expect(Object.isFrozen(handling)).toBe(true);
    expect(dataClasses.map(ruleFor)).toEqual(dataClasses.map((c) => handling[c]));
    for (const none of ['nonsense', 'toString', '__proto__']) expect(ruleFor(none as DataClass)).toBe(handling.direct);
  });
  it('T07 takes what it does not know for direct', () => {
    const register = new Classification([name, state]);
    expect([register.classOf(name.path), register.classOf(state.path)]).toEqual(['direct', 'operational']);
    expect(register.ruleFor(state.path)).toBe(handling.operational);
    expect([register.find(state.path), register.find('column:x')]).toEqual([state, undefined]);
    fc.assert(fc.property(fc.string(), (path) => { fc.pre(path !== state.path); expect([register.classOf(path), register.ruleFor(path)]).toEqual(['direct', handling.direct]); }));
  });
  it('T07 is complete only where entries and things are the same', () => {
    const register = new Classification([name, state]);
    expect(register.compare([state.path, name.path])).toEqual({ missing: [], stale: [] });
    expect(() => { register.assertComplete([state.path, name.path]); }).not.toThrow();
    expect(register.compare([state.path, 'column:b', 'column:a', 'column:a'])).toEqual({ missing: ['column:a', 'column:b'], stale: [name.path] });
    expect(code(() => { register.assertComplete([state.path, name.path, 'column:a']); })).toBe('UNCLASSIFIED');
    expect(code(() => { register.assertComplete([state.path]); })).toBe('CLASSIFIED_FOR_NOTHING');
    expect(new Classification([state, name]).compare([])).toEqual({ missing: [], stale: [name.path, state.path] });
  });
  it('keeps its entries as they were said, and in their order', () => {
    const said = { ...state };
    const register = new Classification([name, said]);
    expect(register.entries).toEqual([name, state]);
    expect(register.entries.every((e) => Object.isFrozen(e))).toBe(true);
    expect(code(() => { (said as { class: DataClass }).class = 'open'; })).toBeUndefined();
    expect(register.classOf(state.path)).toBe('operational');
  });
  it('refuses an entry outside the closed lists, personal data without a ground, and a second word', () => {
    const wrong: readonly object[] = [
      { path: '' }, { class: 'secret' }, { purpose: 'CURIOSITY' }, { basis: 'BECAUSE' }, { retention: 'EVER' }, { retention: 'toString' }, { seenBy: { NEIGHBOUR: 'yes' } }, { seenBy: { PERSON: 'perhaps' } },
      { class: 'direct' }, { class: 'special' }, { class: 'quasi' },
    ];
    for (const change of wrong) expect([change, code(() => new Classification([{ ...state, ...change }]))]).toEqual([change, 'CLASSIFICATION_INVALID']);
    expect(code(() => new Classification([state, { ...state, class: 'open' }]))).toBe('CLASSIFIED_TWICE');
    expect(code(() => new Classification([name, { ...state, class: 'open' }]))).toBeUndefined();
  });
  it('has lists that a person can read', () => {
    for (const list of [processingPurposes, processingBases, onlookers, sights, Object.values(retentionRules)]) expect(new Set<string>(list).size).toBe(list.length);
    for (const word of [...processingPurposes, ...processingBases, ...onlookers, ...Object.keys(retentionRules)]) expect(word).toMatch(/^[A-Z][A-Z_]+$/);
    for (const word of [...sights, ...Object.values(retentionRules)]) expect(word).toMatch(/^[a-z\d]/);
    expect([processingPurposes, processingBases, onlookers, sights].map((list) => list.length)).toEqual([12, 6, 14, 9]);
    expect(retentionRules).toMatchObject({ CASE: expect.stringContaining('24 months') as unknown, TRAIL: expect.stringContaining('6 years') as unknown, DELIVERY: '14 days', REPEAT: '24 hours' });
    expect(Object.isFrozen(retentionRules)).toBe(true);
  });
});

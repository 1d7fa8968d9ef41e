import { readFileSync } from 'node:fs';
import { codeList, wire } from '@footbridge/privacy';
import { contracts, defineEvent, type ContractEvent } from './index.js';
import { breaks, canonical, contractOf, release, type ReleasedSet } from './released.js';

const released = JSON.parse(readFileSync(new URL('../released.json', import.meta.url), 'utf8')) as ReleasedSet;

describe('released contracts', () => {
  it('are as they were released, and nothing is forgotten', () => { expect(breaks(released, contracts)).toEqual([]); });
});

describe('the comparison', () => {
  const sent = (data: ContractEvent['data'], audience: 'directed' | 'instance' = 'directed'): ContractEvent => defineEvent('referrals', 'LetterSent', { audience, summary: 'A letter.', data });
  const letter = { letter: wire.ref('ltr'), version: wire.version };
  const before = release({}, [sent(letter)]);
  const type = 'footbridge.referrals.letter-sent.v1';

  it('agrees with what is unchanged, in whatever order its fields are written', () => {
    expect(breaks(before, [sent(letter)])).toEqual([]);
    expect(breaks(before, [sent({ version: wire.version, letter: wire.ref('ltr') })])).toEqual([]);
    expect(breaks(before, [{ ...sent(letter), summary: 'Said better.' }])).toEqual([]);
  });
  it.each<[string, ContractEvent]>([
    ['one field more', sent({ ...letter, dueAt: wire.optional(wire.instant) })],
    ['one field less', sent({ letter: wire.ref('ltr') })],
    ['a field that may be missing now', sent({ ...letter, version: wire.optional(wire.version) })],
    ['another kind of reference', sent({ ...letter, letter: wire.ref('rfr') })],
    ['another audience', sent(letter, 'instance')],
  ])('finds %s', (_, changed) => { expect(breaks(before, [changed])).toEqual([`${type} was released and has changed: declare a new version beside it.`]); });
  it('takes a code or an optional field more for an addition inside the instance only', () => {
    const [few, more] = [codeList('Ink', ['BLUE']), codeList('Ink', ['BLUE', 'BLACK'])];
    const written = (data: ContractEvent['data'], audience: 'directed' | 'instance' = 'instance'): ContractEvent => sent({ ...letter, ...data }, audience);
    const inside = release({}, [written({ ink: wire.code(few) })]);
    for (const grown of [written({ ink: wire.code(more) }), written({ ink: wire.code(few), dueAt: wire.optional(wire.instant) })]) {
      expect(breaks(inside, [grown])).toEqual([`${type} has grown: npm run contracts:release.`]);
      expect(breaks(release(inside, [grown]), [grown])).toEqual([]);
    }
    const changed = [`${type} was released and has changed: declare a new version beside it.`];
    expect(breaks(inside, [written({ ink: wire.code(few), dueAt: wire.instant })])).toEqual(changed);
    expect(breaks(release({}, [written({ ink: wire.code(more) })]), [written({ ink: wire.code(few) })])).toEqual(changed);
    expect(breaks(release({}, [written({ ink: wire.code(few) }, 'directed')]), [written({ ink: wire.code(more) }, 'directed')])).toEqual(changed);
  });
  it('finds what has disappeared', () => { expect(breaks(before, [])).toEqual([`${type} was released and is gone.`]); });
  it('finds what is new, until it is released', () => {
    const next = defineEvent('referrals', 'LetterSent', { audience: 'directed', contract: 2, summary: 'A letter.', data: letter });
    expect(breaks(before, [sent(letter), next])).toEqual(['footbridge.referrals.letter-sent.v2 is not released yet: npm run contracts:release.']);
    expect(breaks(release(before, [sent(letter), next]), [sent(letter), next])).toEqual([]);
  });
  it('finds a released set that was edited by hand', () => {
    const edited = { [type]: { ...contractOf(sent(letter)), schema: contractOf(sent({ letter: wire.ref('ltr') })).schema } };
    expect(breaks(edited, [sent(letter)])).toEqual([`${type}: released.json was edited by hand.`]);
  });
  it('is not talked out of a change by releasing again', () => {
    const changed = sent({ letter: wire.ref('ltr') });
    expect(breaks(release(before, [changed]), [changed])).toHaveLength(1);
  });
  it('writes the same content as the same text', () => { expect(canonical({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}'); });
});

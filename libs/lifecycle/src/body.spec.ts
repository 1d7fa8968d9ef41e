import { codeList } from '@footbridge/privacy';
import fc from 'fast-check';
import { bodyCheckers, checkBody, exampleOf, is, isDay, isInstant, isPlainText, schemaOf } from './body.js';

const Colour = codeList('Colour', ['red', 'green']);
class PlaceBody { @is.country() country!: string; @is.text({ class: 'direct', optional: true }) note?: string; }
class VisitBody {
  @is.code(Colour) colour!: string;
  @is.instant({ optional: true }) at?: string;
  @is.integer({ min: 1, max: 9, optional: true }) count?: number;
  @is.nested(() => PlaceBody, { optional: true }) place?: PlaceBody;
  @is.list(() => PlaceBody, { optional: true }) places?: PlaceBody[];
}
const errors = (body: unknown): readonly { pointer: string; code: string }[] => { const r = checkBody(VisitBody, body); return 'errors' in r ? r.errors.map(({ pointer, code }) => ({ pointer, code })) : []; };

describe('a request body', () => {
  it('is accepted when every field is right', () => {
    expect(checkBody(VisitBody, { colour: 'red', at: '2026-11-24T03:40:00Z', place: { country: 'AL' } })).toEqual({ value: { colour: 'red', at: '2026-11-24T03:40:00Z', place: { country: 'AL' } } });
  });
  it('names every wrong field by its pointer, also inside objects and lists', () => {
    expect(errors({ colour: 'blue', count: 11, place: { country: 'Albania' }, places: [{ country: 'AL' }, { country: 7 }] })).toEqual(expect.arrayContaining([
      { pointer: '/colour', code: 'in' }, { pointer: '/count', code: 'max' }, { pointer: '/place/country', code: 'pattern' }, { pointer: '/places/1/country', code: 'pattern' }]));
  });
  it('refuses an unknown field and never repeats its name, since a name may be personal', () => {
    const result = checkBody(VisitBody, { colour: 'red', 'Zyxqua Vrmtt': 1, place: { country: 'AL', hidden: true } });
    expect(JSON.stringify(result)).not.toContain('Zyxqua');
    expect(errors({ colour: 'red', 'Zyxqua Vrmtt': 1, place: { country: 'AL', hidden: true } })).toEqual([{ pointer: '', code: 'unknown-field' }, { pointer: '/place', code: 'unknown-field' }]);
  });
  it('never repeats a value that was sent', () => {
    fc.assert(fc.property(fc.string({ minLength: 12 }).filter((s) => /[A-Z]{3}/.test(s) || s.length > 12), (value) => {
      const said = JSON.stringify(checkBody(VisitBody, { colour: value, at: value, place: value }));
      return !said.includes(value);
    }));
  });
  it.each([[[]], ['text'], [7], [null]])('that is no object is refused: %j', (body) => { expect(errors(body)).toEqual([{ pointer: '', code: 'object' }]); });
  it('has a JSON schema and an example that passes its own check', () => {
    expect(schemaOf(VisitBody)).toMatchObject({ additionalProperties: false, required: ['colour'] });
    expect(checkBody(VisitBody, exampleOf(VisitBody))).toHaveProperty('value');
  });
});

describe('the quick look and class-validator', () => {
  const { fits, errors: found } = bodyCheckers;
  class EveryBody {
    @is.text({ class: 'direct', min: 2, max: 4, example: 'abc', optional: true }) text?: string;
    @is.code(Colour, { optional: true }) code?: string;
    @is.codes(Colour, { optional: true }) codes?: string[];
    @is.ref('cas', { optional: true }) ref?: string;
    @is.refs('cas', { optional: true }) refs?: string[];
    @is.instant({ optional: true }) instant?: string;
    @is.day({ optional: true }) day?: string;
    @is.boolean({ optional: true }) boolean?: boolean;
    @is.integer({ min: 1, max: 3, optional: true }) integer?: number;
    @is.country({ optional: true }) country?: string;
    @is.languages({ optional: true }) languages?: string[];
    @is.nested(() => PlaceBody, { optional: true }) nested?: PlaceBody;
    @is.list(() => PlaceBody, { optional: true, max: 2 }) list?: PlaceBody[];
    @is.boolean() required!: boolean;
  }
  const example = exampleOf(EveryBody);
  const odd = fc.oneof(fc.constantFrom<unknown>(null, undefined, '', 'a', 'ab', 'abcd', 'abcde', '👩‍👧', '\ud800', 'red', 'AL', 'sq', 1, 3, 3.5, -1, Number.NaN, true, [], {}, ['red'], ['blue'], ['sq', 'x'], '2026-02-30', '2026-02-28', '2026-11-24T03:40:00Z', { country: 'AL' }, { country: 'al' }, { country: 'AL', more: 1 }, { country: 'AL', note: null }, [{ country: 'AL' }], [{ country: 'AL' }, {}], [[]], [null]), fc.anything({ maxDepth: 2 }));
  const field = fc.constantFrom(...Object.keys(example), 'unknown', 'hasOwnProperty', 'toString');
  it('say the same of every body', () => {
    fc.assert(fc.property(fc.dictionary(field, fc.oneof({ weight: 1, arbitrary: odd }), { maxKeys: 4 }), fc.subarray(Object.keys(example)), (wrong, kept) => {
      const body = { ...Object.fromEntries(kept.map((name) => [name, example[name]])), ...wrong };
      expect(fits(EveryBody, body)).toBe(found(EveryBody, body).length === 0);
    }), { numRuns: 3_000 });
  });
  it('both take the example', () => { expect([fits(EveryBody, example), found(EveryBody, example).length]).toEqual([true, 0]); });
});

describe('text, days and instants', () => {
  it.each(['\u202Eevil', 'a\u0000b', '\ud800', 'x\u2066y', '\ufeffz'])('misleading text is refused: %j', (t) => { expect(isPlainText(t)).toBe(false); });
  it.each(['Arta', 'Мария', 'مريم', '李', 'two\nlines', '👩‍👧'])('ordinary text of any script is accepted: %s', (t) => { expect(isPlainText(t)).toBe(true); });
  it('a day must exist', () => { expect([isDay('2026-02-28'), isDay('2026-02-30'), isDay('2026-13-01'), isDay('26-01-01')]).toEqual([true, false, false, false]); });
  it('an instant is UTC and must exist', () => { expect([isInstant('2026-11-24T03:40:00Z'), isInstant('2026-11-31T03:40:00Z'), isInstant('2026-11-24T25:00:00Z'), isInstant('2026-11-24T03:40:00+01:00')]).toEqual([true, false, false, false]); });
});

import fc from 'fast-check';
import { newRef } from './index.js';
import { assertUnlinkable, type Views } from './testing.js';

const linked = (a: unknown, b: unknown, known: readonly string[] = []): string => { try { assertUnlinkable({ a, b } satisfies Views, { known }); return 'apart'; } catch (error) { return (error as Error).message; } };
const ref = newRef('cas');

describe('two recipients that pool everything', () => {
  it('hold nothing in common but what is the same for everybody', () => {
    const view = (): unknown => ({ id: newRef('rfr'), state: 'sent', version: 2, priority: 'EMERGENCY', serviceType: 'shelter', can: ['acknowledge', 'accept'], createdAt: '2026-11-24T03:06:00Z', until: '2026-12-01', party: true, nothing: null,
      links: { case: `/v1/cases/${newRef('cas')}` }, detail: 'This cannot be done now.', headers: [['content-type', 'application/json; charset=utf-8'], ['etag', '"2"'], ['retry-after', '2']], type: 'footbridge.referrals.referral-sent.v1' });
    expect(linked(view(), view())).toBe('apart');
  });
  it.each([
    ['a reference', ref, ref], ['one in an address', `/v1/cases/${ref}`, { links: { case: ref } }], ['one as the name of a member', { [ref]: 1 }, [ref]], ['one in other letters', ref.toUpperCase(), ref], ['one in a list of a list', [[[ref]]], { a: { b: [ref] } }],
    ['a moment to the second', '2026-11-24T03:06:07Z', '2026-11-24T03:06:07Z'], ['a moment to the millisecond', 'at 2026-11-24T03:06:00.123Z', { at: '2026-11-24T03:06:00.123Z' }], ['a long number', 123_456, '123456'], ['a big number', 123_456n, 123_456],
    ['a uuid', '7d8f3c1e-4b6a-4f7d-9a53-0c1b2d3e4f50', '7d8f3c1e-4b6a-4f7d-9a53-0c1b2d3e4f50'], ['random letters', 'qwzxvbnmkjhgfdsapoiuytrewq', 'qwzxvbnmkjhgfdsapoiuytrewq'], ['a telephone number', '+355600000001', 'call +355600000001'], ['a trace', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }],
  ])('are found by %s', (_name, a, b) => { expect(linked(a, b)).toMatch(/^LINKED: a and b hold one value of \d+ bits/); });
  it.each([['a short number', 9_999, 9_999], ['a minute', '2026-11-24T03:06:00Z', '2026-11-24T03:06:00Z'], ['a day', '2026-11-24', '2026-11-24'], ['words', 'Ask the person for consent that names this recipient', 'Ask the person for consent that names this recipient'], ['nothing', '', '']])('are not found by %s', (_name, a, b) => { expect(linked(a, b)).toBe('apart'); });
  it('may both know what everybody knows', () => {
    const house = newRef('org');
    expect(linked({ from: house }, { from: house })).toContain('LINKED');
    expect(linked({ from: house }, { from: house }, [house])).toBe('apart');
    expect(linked({ from: house, ref }, { from: house, ref }, [house])).toContain('LINKED');
  });
  it('are compared each with each; the error says where, and never what', () => {
    expect(() => assertUnlinkable({ a: {}, b: { x: { y: ref } }, c: { z: [ref] } })).toThrow(/^LINKED: b and c hold one value of 170 bits \(\.x\.y, \.z\)$/);
    expect(linked(ref, ref)).not.toContain(ref.slice(4));
  });
  it('were compared at all: how many values is the answer', () => { expect([assertUnlinkable({}), assertUnlinkable({ a: { x: 'one' }, b: {} })]).toEqual([0, 2]); });
  it.each([
    [26, '2026-11-24T03:06:07Z'], [26, '2026-11-24T03:06:00.123Z'], [26, '2026-11-24T03:06:00.123456Z'], [17, '2026-11-24T03:06:00Z 99'], [18, '2026-11-24 999'], [30, 'abc123'], [30, '123abc'], [25, 'é1é1é'], [19, '123456'], [19, '٠٦٩١٢٣'], [125, 'a'.repeat(25)], [0, 'a'.repeat(24)], [0, `${'a'.repeat(20)}2026-11-24${'b'.repeat(20)}`], [0, '9999'], [16, '99999'],
  ])('are judged by how surprising it is: %d bits, %s', (bits, value) => { expect(linked(value, value)).toMatch(bits === 0 ? /^apart$/ : new RegExp(`^LINKED: a and b hold one value of ${bits} bits `)); });
  it('are told where it stands first', () => { expect(linked({ x: ref, y: ref }, { z: [ref], w: ref })).toMatch(/\(\.x, \.z\)$/); });
  it('are read word by word: each once, nothing that is no word, and a moment as a whole', () => {
    const read = (view: unknown): number => assertUnlinkable({ a: view });
    expect([read('/x/'), read('!'), read(''), read({ x: undefined }), read([null, true]), read('2026-11-24T03:06:00Z'), read('x=2026-11-24T03:06:00Z'), read('a b'), read('ab cd ab')]).toEqual([2, 1, 0, 1, 0, 1, 5, 1, 3]);
  });
  it('whatever else they hold', () => {
    const noise = fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(fc.constantFrom('sent', 'NORMAL', true, 1, null), fc.constant([])));
    fc.assert(fc.property(noise, noise, (a, b) => { expect(linked({ ...a, id: newRef('cas') }, { ...b, id: newRef('cas') })).toBe('apart'); expect(linked({ ...a, p: { q: ref } }, [b, `/v1/x/${ref}`])).toContain('LINKED'); }), { numRuns: 50 });
  });
});

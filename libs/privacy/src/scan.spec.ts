import { newRef } from './ref.js';
import { scanAll, withoutReferences, type Scanner } from './scan.js';

const ref = newRef('rfr');
const sum = 'a0'.repeat(32);
const blank = (text: string): string => ' '.repeat(text.length);

describe('what is by its form nobody’s is not scanned', () => {
  it.each([
    ref, newRef('ab'), newRef('statuses'), '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10', '00000000-0000-1000-8000-000000000000', 'abcdefab-abcd-8bcd-bbcd-abcdefabcdef', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', sum, sum + sum,
    '2020-01-01', '2099-12-31', '2026-11-24T03:06:00Z', '2026-11-24T03:06:00.1Z', '2026-11-24T03:06:00.123Z', '2026-W48',
  ])('%s is blank, in its place', (text) => {
    for (const [before, after] of [['', ''], ['a ', ' b'], ['{"x":"', '"}'], ['/', '?']] as const) expect(withoutReferences(`${before}${text}${after}`)).toBe(`${before}${blank(text)}${after}`);
  });

  it.each([
    `${ref.slice(0, -1)}${ref.endsWith('a') ? 'b' : 'a'}`, `${ref}a`, `x-${ref}`, ref.toUpperCase(), ref.slice(4), '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a1', '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a100', 'x7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10', '7b2c9a52-5f0e-0c8b-9b1c-8f3f3c1f9a10', '7b2c9a52-5f0e-4c8b-cb1c-8f3f3c1f9a10', '7B2C9A52-5F0E-4C8B-9B1C-8F3F3C1F9A10', 'gb2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10',
    '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011', sum.slice(1), `${sum}a`, sum + sum + sum, `g${sum.slice(1)}`,
    '1985-11-24', '2019-12-31', '2100-01-01', '2026-11-24x', 'x2026-11-24', '2026-1-24', '2026-11-2', '2026-11-24T03:06Z', '2026-11-24T03:06:00', '2026-11-24T03:06:00.Z', '2026-11-24T03:06:00.1234Z', '2026-11-24T3:06:00Z', '2026-11-24T03:6:00Z', '2026-11-24T03:06:0Z', '2026-W4', '2026-W481', '2019-W01', 'x2026-W48', 'Qezvxwoj', 'www.rfr_example',
  ])('%s stays', (text) => expect(withoutReferences(`a ${text} b`)).toBe(`a ${text} b`));

  it('a host in figures is one behind // only, with its port', () => {
    for (const host of ['1.2.3.4', '192.168.100.200', '192.168.100.200:8', '192.168.100.200:65535']) {
      expect(withoutReferences(`http://${host}/x`)).toBe(`http://${blank(host)}/x`);
      for (const before of ['', '/', 'a ', 'x/', './/a']) expect(withoutReferences(`${before}${host}`)).toBe(`${before}${host}`);
    }
    for (const none of ['1.2.3.4.5', '1.2.3456', '1234.2.3.4', '192.168.100.200:', '192.168.100.200:123456', 'x1.2.3.4', '1.2.3.4x', '1.2.3.x4', '1.2.3.4:x']) expect(withoutReferences(`//${none}`)).toBe(`//${none}`);
  });
});

it('every scanner is asked, in order', () => {
  const finds = (kind: string, ...starts: number[]): Scanner => ({ name: kind, find: (text) => starts.map((start) => ({ kind, start, end: text.length })) });
  expect(scanAll('abc', [finds('a', 1, 2), finds('b'), finds('c', 0)])).toEqual([{ kind: 'a', start: 1, end: 3 }, { kind: 'a', start: 2, end: 3 }, { kind: 'c', start: 0, end: 3 }]);
});

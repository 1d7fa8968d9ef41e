import fc from 'fast-check';
import { isRef, newRef, refOf } from './ref.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const place = fc.integer({ min: 4, max: 37 });
const letter = fc.constantFrom(...ALPHABET);
const prefix = fc.stringMatching(/^[a-z]{2,8}$/);
const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1);

describe('a reference', () => {
  it('is a prefix, 32 random characters and 2 check characters', () => {
    expect(newRef('rfr')).toMatch(/^rfr_[a-z2-7]{34}$/);
  });

  it('is one for its own prefix, whatever that is', () => {
    fc.assert(fc.property(prefix, fc.constantFrom('rfr', 'org', 'r'), (own, other) => {
      const ref = newRef(own);
      expect(isRef(ref)).toBe(true);
      expect(isRef(ref, own)).toBe(true);
      expect(isRef(ref, other)).toBe(own === other);
      expect(refOf(own, ref)).toBe(ref);
    }));
  });

  it('never comes twice, and all its characters and positions are used', () => {
    const many = Array.from({ length: 5_000 }, () => newRef('csr'));
    expect(new Set(many).size).toBe(many.length);
    for (let at = 4; at < 36; at += 1) expect(new Set(many.map((ref) => ref[at])).size).toBe(32);
  });

  it('has 160 bits that do not hang together: each bit is set in about half', () => {
    const many = Array.from({ length: 4_000 }, () => newRef('csr'));
    for (let at = 4; at < 36; at += 1) for (let bit = 0; bit < 5; bit += 1) {
      const set = many.filter((ref) => (ALPHABET.indexOf(ref.charAt(at)) >> bit) & 1).length;
      expect(Math.abs(set - 2_000)).toBeLessThan(220); // seven standard deviations
    }
  });

  it('one wrong character is noticed, wherever', () => {
    fc.assert(fc.property(place, letter, (at, by) => {
      const ref = newRef('rfr');
      fc.pre(ref[at] !== by);
      expect(isRef(replaced(ref, at, by))).toBe(false);
    }), { numRuns: 2_000 });
  });

  it('each of the other 31 characters at each of the 37 places of one reference is noticed', () => {
    const ref = newRef('rfr');
    for (let at = 0; at < ref.length; at += 1) for (const by of ALPHABET) if (at !== 3 && ref[at] !== by) expect([at, by, isRef(replaced(ref, at, by))]).toEqual([at, by, false]);
  });

  it('two swapped characters are noticed, neighbours or not, check characters too', () => {
    const ref = newRef('rfr');
    for (let a = 0; a < ref.length; a += 1) for (let b = a + 1; b < ref.length; b += 1) {
      if (a === 3 || b === 3 || ref[a] === ref[b]) continue;
      const swapped = replaced(replaced(ref, a, ref.charAt(b)), b, ref.charAt(a));
      expect([a, b, isRef(swapped)]).toEqual([a, b, false]);
    }
    fc.assert(fc.property(prefix, fc.nat(), fc.nat(), (own, x, y) => {
      const other = newRef(own);
      const [a, b] = [own.length + 1 + (x % 34), own.length + 1 + (y % 34)];
      fc.pre(other[a] !== other[b]);
      expect(isRef(replaced(replaced(other, a, other.charAt(b)), b, other.charAt(a)))).toBe(false);
    }), { numRuns: 2_000 });
  });

  it('is nothing else: no other type, case, length or neighbour', () => {
    const ref = newRef('rfr');
    for (const wrong of [undefined, null, 7, {}, [ref], '', 'rfr_', ref.toUpperCase(), ` ${ref}`, `${ref}\n`, `${ref}a`, ref.slice(0, -1), ref.replace('_', '-'), Object(ref), 'Adaeze', `rfr_${'a'.repeat(34)}`.replace(/.$/, 'b')]) expect(isRef(wrong)).toBe(false);
    fc.assert(fc.property(fc.string(), (text) => { expect(isRef(text)).toBe(false); }));
  });

  it('of an earlier release is still one', () => { expect(isRef('rfr_qezvxwojvqykzxaf234567abcdefghijca', 'rfr')).toBe(true); });

  it('has nothing before it and nothing behind it, whatever its check characters are', () => {
    const ref = newRef('rfr');
    const accepted = [...ALPHABET].flatMap((a) => [...ALPHABET].flatMap((b) => [`!${ref.slice(0, -2)}${a}${b}`, `R${ref.slice(0, -2)}${a}${b}`, `${ref}${a}${b}`, `${ref}!${a}${b}`])).filter((text) => isRef(text));
    expect(accepted).toEqual([]);
  });

  it('a prefix that is none is refused', () => {
    for (const wrong of ['', 'r', 'RFR', 'rf_r', 'muchtoolong', 'r2']) expect(() => newRef(wrong)).toThrow('REF_PREFIX_INVALID');
    expect(() => refOf('rfr', newRef('org'))).toThrow('REF_INVALID');
    expect(() => refOf('rfr', undefined)).toThrow('REF_INVALID');
  });
});

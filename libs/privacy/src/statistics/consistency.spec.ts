import fc from 'fast-check';
import { commonTotal, fitted, hidden } from './consistency.js';

const cells = (min = 1): fc.Arbitrary<bigint[]> => fc.array(fc.bigInt({ min: -40n, max: 400n }), { minLength: min, maxLength: 9 });
const sum = (counts: readonly bigint[]): bigint => counts.reduce((a, b) => a + b, 0n);
const far = (a: readonly bigint[], b: readonly bigint[]): number => a.reduce((d, x, i) => d + Number(x - (b[i] ?? 0n)) ** 2, 0);

describe('the common total', () => {
  it('is the mean of what the tables tell, each weighted by how sure it is', () => {
    expect(commonTotal([[10n, 20n]])).toBe(30n);
    expect(commonTotal([[10n, 20n], [40n, 10n]])).toBe(40n);
    // Of four cells it is half as sure as of two: (100/2 + 40/4) / (1/2 + 1/4)
    expect(commonTotal([[50n, 50n], [10n, 10n, 10n, 10n]])).toBe(80n);
    expect(commonTotal([[1n], [2n]])).toBe(2n); // a half goes up
    expect(commonTotal([[1n], [1n], [2n]])).toBe(1n);
  });
  it('is no less than zero', () => {
    expect([commonTotal([[-5n, 2n]]), commonTotal([[0n, 0n]]), commonTotal([[1n, 0n]])]).toEqual([0n, 0n, 1n]);
  });
});

describe('cells that agree with a total', () => {
  it('are left alone where they do', () => { expect(fitted([5n, 0n, 7n], 12n)).toEqual([5n, 0n, 7n]); });
  it('share alike what is too much or too little, and none goes below zero', () => {
    expect(fitted([10n, 20n, 30n], 66n)).toEqual([12n, 22n, 32n]);
    expect(fitted([10n, 20n, 30n], 54n)).toEqual([8n, 18n, 28n]);
    expect(fitted([-6n, 20n, 30n], 50n)).toEqual([0n, 20n, 30n]);
    expect(fitted([2n, 20n, 30n], 42n)).toEqual([0n, 16n, 26n]);
    expect(fitted([-10n, -10n], 6n)).toEqual([3n, 3n]);
  });
  it('give a remainder to the largest, the first where they are alike', () => {
    expect(fitted([10n, 20n, 30n], 61n)).toEqual([10n, 20n, 31n]);
    expect(fitted([10n, 20n, 30n], 62n)).toEqual([10n, 21n, 31n]);
    expect(fitted([7n, 7n, 7n], 22n)).toEqual([8n, 7n, 7n]);
    expect(fitted([7n, 7n, 7n], 23n)).toEqual([8n, 8n, 7n]);
  });
  it('are all zero where nobody is left', () => { expect(fitted([4n, -2n], 0n)).toEqual([0n, 0n]); });
  it('always add up, never go below zero, and no other whole numbers that add up lie nearer', () => {
    fc.assert(fc.property(cells(), fc.bigInt({ min: 0n, max: 900n }), (noisy, total) => {
      const counts = fitted(noisy, total);
      expect(sum(counts)).toBe(total);
      expect(counts.every((count) => count >= 0n)).toBe(true);
      for (let i = 0; i < counts.length; i += 1) for (let j = 0; j < counts.length; j += 1) {
        if (i === j || (counts[i] ?? 0n) === 0n) continue;
        const moved = counts.map((count, c) => (c === i ? count - 1n : c === j ? count + 1n : count));
        expect(far(counts, noisy)).toBeLessThanOrEqual(far(moved, noisy));
      }
      // Who was more before is not less after.
      noisy.forEach((a, i) => { noisy.forEach((b, j) => { if (a > b) expect((counts[i] ?? 0n) >= (counts[j] ?? 0n)).toBe(true); }); });
    }), { numRuns: 200 });
  });
});

describe('what is hidden', () => {
  const k = 11n;
  const set = (noisy: readonly bigint[], counts = noisy): number[] => [...hidden(noisy, counts, k)].sort((a, b) => a - b);
  it('is what has a count under k, as drawn or as fitted', () => {
    expect(set([50n, 11n, 30n])).toEqual([]);
    expect(set([50n, 10n, 10n, 10n, 30n])).toEqual([1, 2, 3]);
    expect(set([50n, 5n, 12n, 30n], [50n, 12n, 10n, 30n])).toEqual([1, 2]);
  });
  it('takes the smallest other with it, so that nothing can be had by subtraction', () => {
    expect(set([50n, 10n, 30n])).toEqual([1, 2]);
    expect(set([30n, 10n, 50n])).toEqual([0, 1]);
    expect(set([12n, 10n, 13n, 14n], [12n, 10n, 200n, 190n])).toEqual([0, 1]);
    expect(set([50n, 10n, 30n, 30n])).toEqual([1, 3]);
    expect(set([30n, 3n])).toEqual([0, 1]);
  });
  it('goes on until those that are hidden hold 2k - 1 together', () => {
    expect(set([50n, 10n, 11n])).toEqual([1, 2]);
    expect(set([50n, 9n, 11n])).toEqual([0, 1, 2]);
    expect(set([50n, 0n, 0n, 20n])).toEqual([0, 1, 2, 3]);
    expect(set([50n, 0n, 0n, 21n])).toEqual([1, 2, 3]);
    expect(set([3n])).toEqual([0]);
  });
  it('T33 is never one cell alone, and is never known to be small: total less what is shown is nothing, or two cells and 21', () => {
    fc.assert(fc.property(cells(2), fc.bigInt({ min: 0n, max: 900n }), (noisy, total) => {
      const counts = fitted(noisy, total);
      const out = hidden(noisy, counts, k);
      counts.forEach((count, i) => { if (!out.has(i)) expect(count >= k && (noisy[i] ?? 0n) >= k).toBe(true); });
      const rest = total - sum(counts.filter((_, i) => !out.has(i)));
      expect(out.size === 0 || out.size === counts.length || (out.size >= 2 && rest >= 21n)).toBe(true);
    }), { numRuns: 300 });
  });
});

import { accuracyOfCell, accuracyOfTotal } from './accuracy.js';
import { seededBytes } from './audit-mechanism.js';
import { commonTotal } from './consistency.js';
import { discreteLaplace } from './noise.js';

describe('the accuracy that is published', () => {
  it('is that of the noise, computed', () => {
    expect([accuracyOfCell(1), accuracyOfCell(5), accuracyOfCell(6), accuracyOfCell(12), accuracyOfCell(0.05)]).toEqual([
      { expectedAbsoluteError: 0.9, halfWidth95: 3 }, { expectedAbsoluteError: 5, halfWidth95: 15 }, { expectedAbsoluteError: 6, halfWidth95: 18 }, { expectedAbsoluteError: 12, halfWidth95: 36 }, { expectedAbsoluteError: 0, halfWidth95: 0 },
    ]);
    expect([accuracyOfTotal(1, [2]), accuracyOfTotal(5, [4, 10, 9, 3, 2]), accuracyOfTotal(6, [2, 2])]).toEqual([{ expectedAbsoluteError: 1.5, halfWidth95: 4 }, { expectedAbsoluteError: 5, halfWidth95: 13 }, { expectedAbsoluteError: 6.8, halfWidth95: 17 }]);
  });
  it('is that of the noise, drawn', () => {
    const rng = seededBytes(5);
    const { expectedAbsoluteError, halfWidth95 } = accuracyOfCell(6);
    const draws = Array.from({ length: 8_000 }, () => Math.abs(Number(discreteLaplace(6n, 1n, rng))));
    expect(draws.reduce((a, b) => a + b, 0) / draws.length).toBeCloseTo(expectedAbsoluteError, 0);
    const within = (h: number): number => draws.filter((z) => z <= h).length / draws.length;
    expect([within(halfWidth95) > 0.94, within(halfWidth95 - 2) < 0.95]).toEqual([true, true]);
    const tables = [4, 10, 9, 3, 2];
    const total = accuracyOfTotal(5, tables);
    const errors = Array.from({ length: 1_500 }, () => Math.abs(Number(commonTotal(tables.map((n) => Array.from({ length: n }, () => 100n * 28n / BigInt(n) + discreteLaplace(5n, 1n, rng))))) - 2_800));
    expect(Math.abs(errors.reduce((a, b) => a + b, 0) / errors.length - total.expectedAbsoluteError)).toBeLessThan(1);
    expect(errors.filter((e) => e <= total.halfWidth95).length / errors.length).toBeGreaterThan(0.92);
  });
});

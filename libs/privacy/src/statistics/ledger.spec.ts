import fc from 'fast-check';
import { CAP_FOR_LIFE, Ledger, thousandthsOf } from './ledger.js';

const cube = { family: 'footbridge', version: 2 };
const code = (spend: () => unknown): string => { try { spend(); return 'spent'; } catch (error) { return (error as Error).message; } };

describe('the ledger', () => {
  it('T32 refuses a query past the budget: the fifth release of 1.0 is one too many (S-11)', () => {
    const ledger = new Ledger();
    expect(['2021', '2022', '2023', '2024', '2025'].map((year) => code(() => ledger.spend(cube, year, 1)))).toEqual(['spent', 'spent', 'spent', 'spent', 'BUDGET_SPENT']);
    expect([ledger.spentBy('footbridge'), ledger.spentBy('other')]).toEqual([CAP_FOR_LIFE, 0]);
    expect(code(() => ledger.spend(cube, '2026', 0.001))).toBe('BUDGET_SPENT');
    expect(code(() => ledger.spend({ ...cube, version: 3 }, '2026', 0.001))).toBe('BUDGET_SPENT');
  });
  it('lets no release cost more than 1.0', () => {
    expect([code(() => new Ledger().spend(cube, '2025', 1.001)), code(() => new Ledger().spend(cube, '2025', 12)), code(() => new Ledger().spend(cube, '2025', 1))]).toEqual(['BUDGET_SPENT', 'BUDGET_SPENT', 'spent']);
  });
  it('lets no period be asked twice (S-12)', () => {
    const ledger = new Ledger([{ family: 'footbridge', cubeVersion: 1, period: '2025', epsilonThousandths: 100 }]);
    expect([code(() => ledger.spend(cube, '2025', 0.1)), code(() => ledger.spend({ ...cube, family: 'other' }, '2025', 0.1)), code(() => ledger.spend(cube, '2024', 0.1))]).toEqual(['RELEASED_ALREADY', 'spent', 'spent']);
  });
  it('only grows, and what it shows is a copy', () => {
    const ledger = new Ledger();
    const spent = ledger.spend(cube, '2025', 0.25);
    expect(spent).toEqual({ family: 'footbridge', cubeVersion: 2, period: '2025', epsilonThousandths: 250 });
    (ledger.entries as unknown[]).pop();
    expect([ledger.entries, Object.isFrozen(ledger.entries[0]), Object.isFrozen(ledger)]).toEqual([[spent], true, true]);
    const given = { family: 'footbridge', cubeVersion: 1, period: '2024', epsilonThousandths: 4_000 };
    const kept = new Ledger([given]);
    given.epsilonThousandths = 1;
    expect([kept.spentBy('footbridge'), Object.isFrozen(kept.entries[0])]).toEqual([4_000, true]);
  });
  it('takes no entry that costs nothing or gives something back', () => {
    for (const epsilonThousandths of [0, -1, 1.5, Number.NaN]) expect(() => new Ledger([{ family: 'f', cubeVersion: 1, period: '2025', epsilonThousandths }])).toThrow('BUDGET_INVALID');
    expect(new Ledger([{ family: 'f', cubeVersion: 1, period: '2025', epsilonThousandths: 1 }]).spentBy('f')).toBe(1);
  });
  it('counts in whole thousandths', () => {
    expect([1, 0.25, 0.1, 0.001, 2.5, 12].map(thousandthsOf)).toEqual([1_000, 250, 100, 1, 2_500, 12_000]);
    for (let n = 1; n < 100_000; n += 7) expect(thousandthsOf(n / 1_000)).toBe(n);
    for (const epsilon of [0, -1, 0.0001, 0.1234, 1e-7, 1e21, 100, Number.NaN, Infinity, '1x' as never, ' 1' as never, '1.' as never]) expect([epsilon, code(() => thousandthsOf(epsilon))]).toEqual([epsilon, 'BUDGET_INVALID']);
  });
  it('is never overdrawn, whatever is asked in whatever order', () => {
    fc.assert(fc.property(fc.array(fc.record({ year: fc.integer({ min: 2020, max: 2040 }), cost: fc.integer({ min: 1, max: 1_500 }) }), { maxLength: 30 }), (asked) => {
      const ledger = new Ledger();
      for (const { year, cost } of asked) code(() => ledger.spend(cube, String(year), cost / 1_000));
      expect(ledger.spentBy('footbridge')).toBeLessThanOrEqual(4_000);
      expect(new Set(ledger.entries.map(({ period }) => period)).size).toBe(ledger.entries.length);
      expect(ledger.entries.every(({ epsilonThousandths }) => epsilonThousandths <= 1_000)).toBe(true);
    }), { numRuns: 100 });
  });
});

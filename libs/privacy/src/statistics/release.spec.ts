import fc from 'fast-check';
import { auditMechanism, seededBytes } from './audit-mechanism.js';
import { defineCube, type Cube } from './cube.js';
import { Ledger } from './ledger.js';
import { alike, flagCube, spec, tallyOf } from './people.fixture.js';
import { publish, type PublishOptions, type Release } from './release.js';
import type { Counted } from './tally.js';

const now = new Date('2026-02-01T00:00:00Z');
const options = (more: Partial<PublishOptions> = {}): PublishOptions => ({ epsilon: 1, kNoisy: 11, now, ledger: new Ledger(), ...more });
const released = (cube: Cube, people: readonly Counted[], more: Partial<PublishOptions> = {}): Release => publish(cube, '2025', tallyOf(cube, people), options(more)).release;
const code = (work: () => unknown): string => { try { work(); return 'published'; } catch (error) { return (error as Error).message; } };
/** Noise of zero: a size of 1/1000 rounded down, every coin of exp(-1) tails, the sign positive. */
const silent = (): ((bytes: number) => Uint8Array) => {
  let coins = 0;
  return (bytes) => { const out = new Uint8Array(bytes); if (bytes === 2) out[1] = 1; if (bytes === 1) out[0] = (coins += 1) % 2; return out; };
};
const women = alike(120, { gender: 'Woman', ageBroad: '18--20', citizenship: 'HND', CountryOfExploitation: 'GTM', isForcedLabour: '1' });
const men = alike(60, { gender: 'Man', ageBroad: '30--38', citizenship: 'Africa', CountryOfExploitation: 'GTM', isSexualExploit: '1' });
const few = alike(5, { gender: 'Trans/Transgender/NonConforming', CountryOfExploitation: 'HND' });

describe('a release', () => {
  it('says how exact it is, and how much is hidden (S-18)', () => {
    const ledger = new Ledger();
    const cube = defineCube(spec);
    const { release, spent } = publish(cube, '2025', tallyOf(cube, [...women, ...men]), options({ ledger, epsilon: 0.5, kNoisy: 15 }));
    expect(release).toMatchObject({ family: 'footbridge', cubeVersion: 1, period: '2025', areas: ['GTM', 'HND'], unit: 'person', epsilon: 0.5, delta: 0, k: 15, rounding: 'none' });
    expect(release.tables.map(({ variable, cells }) => [variable, cells.map(({ value }) => value)])).toEqual(cube.tables.map(({ name, values }) => [name, values]));
    expect(release.suppressedCells).toBe(release.tables.flatMap(({ cells }) => cells).filter(({ count }) => count === null).length);
    // Six tables, half an epsilon: scale 12 in every cell.
    for (const cell of release.tables.flatMap(({ cells }) => cells)) expect(cell).toMatchObject({ expectedAbsoluteError: 12, halfWidth95: 36 });
    expect(release.total).toMatchObject({ expectedAbsoluteError: 10.1, halfWidth95: 25 });
    expect([spent, ledger.entries]).toEqual([{ family: 'footbridge', cubeVersion: 1, period: '2025', epsilonThousandths: 500 }, [spent]]);
  });
  it('has the accuracy of its declaration, whoever is in it', () => {
    const accuracy = (people: readonly Counted[]): unknown => { const { total, tables } = released(flagCube(), people); return [total.halfWidth95, total.expectedAbsoluteError, tables[0]?.cells.map(({ expectedAbsoluteError, halfWidth95 }) => [expectedAbsoluteError, halfWidth95])]; };
    expect(accuracy([])).toEqual([4, 1.5, [[0.9, 3], [0.9, 3]]]);
    expect(accuracy(women)).toEqual(accuracy([]));
  });
  it('without noise would be the truth, less what is under k: nothing but noise stands between (the noise is drawn for every cell)', () => {
    const cube = defineCube({ ...spec, dimensions: ['gender', 'CountryOfExploitation'] });
    let asked = 0;
    const still = silent();
    const release = released(cube, [...women, ...men, ...few], { rng: (bytes) => { asked += 1; return still(bytes); } });
    expect(asked).toBeGreaterThan(7 * 3);
    expect(release.total.count).toBe(185);
    expect(release.tables.map(({ variable, cells }) => [variable, cells.map(({ value, count }) => [value, count])])).toEqual([
      ['gender', [['Man', null], ['Woman', 120], ['Trans/Transgender/NonConforming', null], ['missing', null]]],
      ['CountryOfExploitation', [['GTM', null], ['HND', null], ['missing', null]]],
    ]);
    expect(release.suppressedCells).toBe(6);
  });
  it('hides the total too where it is under k', () => {
    const release = released(flagCube(), alike(10, { isForcedLabour: '1' }), { rng: silent() });
    expect([release.total.count, release.tables[0]?.cells.map(({ count }) => count), release.suppressedCells]).toEqual([null, [null, null], 2]);
    expect(released(flagCube(), alike(11, { isForcedLabour: '1' }), { rng: silent() }).total.count).toBe(11);
  });
  it('is of a year that is over, and of nothing else (S-3, S-14)', () => {
    const cube = flagCube();
    const of = (period: string, at = now): string => code(() => publish(cube, period, tallyOf(cube, women), options({ now: at })));
    expect([of('2025'), of('2026'), of('2027'), of('2025', new Date('2025-12-31T23:59:59.999Z')), of('2025', new Date('2026-01-01T00:00:00Z')), of('2025', new Date(Number.NaN))])
      .toEqual(['published', 'PERIOD_NOT_OVER', 'PERIOD_NOT_OVER', 'PERIOD_NOT_OVER', 'published', 'PERIOD_NOT_OVER']);
    for (const period of ['2025-01', '2025-Q4', '2025-W01', '25', '2019', '20255', 'x2025', '', '2025-06-01']) expect([period, of(period)]).toEqual([period, 'PERIOD_INVALID']);
  });
  it('shows nothing under eleven, whoever asks', () => {
    const cube = flagCube();
    for (const kNoisy of [10, 1, 0, -1, 11.5, Number.NaN, Infinity]) expect([kNoisy, code(() => publish(cube, '2025', tallyOf(cube, women), options({ kNoisy })))]).toEqual([kNoisy, 'K_TOO_SMALL']);
  });
  it('belongs to the cube whose people were counted', () => {
    expect(code(() => publish(flagCube(), '2025', tallyOf(flagCube(), women), options()))).toBe('CUBE_INVALID');
  });
  it('costs nothing where it is refused, and nothing is counted twice', () => {
    const [cube, ledger] = [flagCube(), new Ledger()];
    const tally = tallyOf(cube, women);
    expect(code(() => publish(cube, '2026', tally, options({ ledger })))).toBe('PERIOD_NOT_OVER');
    expect(code(() => publish(cube, '2025', tally, options({ ledger, epsilon: 2 })))).toBe('BUDGET_SPENT');
    expect(ledger.entries).toEqual([]);
    expect(code(() => publish(cube, '2025', tally, options({ ledger })))).toBe('published');
    expect(code(() => publish(cube, '2024', tally, options({ ledger: new Ledger() })))).toBe('TALLY_SPENT');
    expect(code(() => publish(cube, '2025', tallyOf(cube, women), options({ ledger })))).toBe('RELEASED_ALREADY');
  });
  it('agrees with itself: what is shown of a table is no more than the total, and nothing under k is shown', () => {
    const cube = defineCube(spec);
    fc.assert(fc.property(fc.integer(), fc.nat({ max: 80 }), fc.nat({ max: 60 }), (seed, n, m) => {
      const { total, tables } = released(cube, [...women.slice(0, n), ...men.slice(0, m), ...few], { rng: seededBytes(seed) });
      for (const { cells } of tables) {
        const shown = cells.flatMap(({ count }) => (count === null ? [] : [count]));
        expect(shown.every((count) => count >= 11)).toBe(true);
        const sum = shown.reduce((a, b) => a + b, 0);
        if (shown.length === cells.length) expect(sum).toBe(total.count); else expect(sum).toBeLessThanOrEqual(total.count ?? 0);
      }
    }), { numRuns: 25 });
  });
  it('takes its noise from the system where nobody gives another source', () => {
    const counts = new Set(Array.from({ length: 12 }, () => released(flagCube(), women).total.count));
    expect(counts.size).toBeGreaterThan(1);
  });
});

describe('attacks on a release', () => {
  const audited = (epsilon: number, neighbours: readonly [readonly Counted[], readonly Counted[]], see: (release: Release) => string | number, cube = flagCube(), draws = 1_000): ReturnType<typeof auditMechanism> => {
    const rng = seededBytes(31);
    return auditMechanism((people: readonly Counted[]) => see(released(cube, people, { epsilon, rng })), epsilon, { neighbours, draws });
  };
  const all = ({ total, tables, suppressedCells }: Release): string => JSON.stringify([total.count, tables.map(({ cells }) => cells.map(({ count }) => count)), suppressedCells]);
  const forced = (n: number): Counted[] => [...alike(n, { isForcedLabour: '1' }), ...alike(18, {})];

  it('T30 whether one person is in it cannot be told better than epsilon allows, from anything that is shown or hidden', () => {
    expect(audited(1, [forced(12), forced(11)], all)).toMatchObject({ holds: true });
    // At the threshold, with nobody else, and in a cell that is otherwise empty.
    expect(audited(1, [forced(11), forced(10)], all)).toMatchObject({ holds: true });
    expect(audited(1, [alike(1, { isForcedLabour: '1' }), []], all)).toMatchObject({ holds: true });
  });
  it('T30 the same where one person touches several tables', () => {
    const cube = defineCube({ ...spec, dimensions: ['isForcedLabour', 'isSexualExploit'] });
    const both = (n: number): Counted[] => alike(n, { isForcedLabour: '1', isSexualExploit: '1' });
    expect(audited(1, [both(14), both(13)], all, cube)).toMatchObject({ holds: true });
    expect(audited(1, [both(14), both(13)], ({ total }) => total.count ?? -1, cube)).toMatchObject({ holds: true });
  });
  it('T30 what there is to learn is bounded in both directions: the audit sees most of what epsilon allows', () => {
    // Noise that is much too large would pass every other test.
    const cell = ({ tables }: Release): number => tables[0]?.cells[0]?.count ?? -1;
    expect(audited(1, [forced(30), forced(29)], cell, flagCube(), 1_500).worst).toBeGreaterThan(0.3);
  });
  it('T31 two years, one less the other, tell nothing that two lots of noise do not', () => {
    // The second year is the first and one person more: the difference is drowned at the sum of both budgets.
    const rng = seededBytes(32);
    const cell = (people: readonly Counted[]): number => released(flagCube(), people, { epsilon: 1, rng }).tables[0]?.cells[0]?.count ?? 0;
    const audit = auditMechanism((n: number) => cell(forced(n)) - cell(forced(40)), 1, { neighbours: [41, 40], draws: 800 });
    expect(audit).toMatchObject({ holds: true });
  });
  it('T31 no area lies inside another, and no two releases of a family are about the same people', () => {
    expect(code(() => defineCube({ ...spec, areas: [{ area: 'GTM', shelters: 9 }, { area: 'GT-01', shelters: 3 }] }))).toBe('AREA_INVALID');
    const [cube, ledger] = [flagCube(), new Ledger()];
    publish(cube, '2025', tallyOf(cube, women), options({ ledger }));
    const finer = defineCube({ ...spec, version: 2, dimensions: ['ageBroad'] });
    expect(code(() => publish(finer, '2025', tallyOf(finer, women), options({ ledger })))).toBe('RELEASED_ALREADY');
  });
  it('T33 asking again and again averages nothing out: there is one release, and one draw', () => {
    const [cube, ledger] = [flagCube(), new Ledger()];
    const answers = Array.from({ length: 20 }, () => code(() => publish(cube, '2025', tallyOf(cube, women), options({ ledger }))));
    expect(answers).toEqual(['published', ...Array<string>(19).fill('RELEASED_ALREADY')]);
  });
});

import { randomBytes } from 'node:crypto';
import { Ledger, Tally, defineCube, label, publish, worldRegions, type Counted, type Release } from '@footbridge/privacy';

const cube = defineCube({
  family: 'footbridge', version: 1, dimensions: ['gender', 'ageBroad', 'citizenship', 'CountryOfExploitation', 'isForcedLabour', 'isSexualExploit'],
  areas: [{ area: 'GTM', shelters: 9 }, { area: 'HND', shelters: 5 }, { area: 'SLV', shelters: 3 }], citizenships: ['GTM', 'HND', 'NIC', 'SLV', 'VEN'],
});
/** Invented and skewed, as such populations are: a few frequent values and a long tail, some of it not recorded. */
const shares: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  gender: { 'Woman': 68, 'Man': 25, 'Trans/Transgender/NonConforming': 2, 'missing': 5 },
  ageBroad: { '0--8': 2, '9--17': 24, '18--20': 16, '21--23': 12, '24--26': 9, '27--29': 7, '30--38': 14, '39--47': 6, '48+': 2, 'missing': 8 },
  citizenship: { GTM: 30, HND: 34, NIC: 8, SLV: 12, VEN: 7, ...Object.fromEntries(worldRegions.map((region, i) => [region, [1, 3, 1, 1, 0][i] ?? 0])), missing: 3 },
  CountryOfExploitation: { GTM: 62, HND: 29, SLV: 9, missing: 0 },
  isForcedLabour: { 1: 38, missing: 62 },
  isSexualExploit: { 1: 51, missing: 49 },
};
const drawn = (from: Readonly<Record<string, number>>): string => {
  let left = (randomBytes(4).readUInt32LE() / 2 ** 32) * Object.values(from).reduce((a, b) => a + b, 0);
  return Object.entries(from).find(([, share]) => (left -= share) < 0)?.[0] ?? 'missing';
};
const sizes = ['1-10', '11-30', '31-100', '101-300', '301+'] as const;
const sizeOf = (count: number): (typeof sizes)[number] => (count <= 10 ? '1-10' : count <= 30 ? '11-30' : count <= 100 ? '31-100' : count <= 300 ? '101-300' : '301+');
const median = (values: readonly number[]): number | null => { const s = [...values].sort((a, b) => a - b); return s.length === 0 ? null : ((s[(s.length - 1) >> 1] as number) + (s[s.length >> 1] as number)) / 2; };
const rounded = (x: number | null): number | null => (x === null ? null : Math.round(x * 1_000) / 1_000);

interface Size { readonly cells: number; readonly shown: number; readonly medianRelativeError: number | null; readonly medianAbsoluteError: number | null }
export interface Utility { readonly id: 'statistics'; readonly epsilon: 1; readonly tables: number; readonly populations: readonly { readonly people: number; readonly releases: number; readonly totalMedianRelativeError: number | null; readonly byTrueCellSize: Readonly<Record<string, Size>>; /** Cells in which nobody is, and which show somebody. */ readonly emptyCellsShown: number; readonly millisecondsPerRelease: number }[] }

/** What a release is worth: published counts against the true ones of an invented population, by the size of the true cell. */
export function statistics(quick: boolean): Promise<Utility> {
  const releases = quick ? 5 : 40;
  const populations = [300, 1_000, 5_000, 20_000].map((people) => {
    const everybody = Array.from({ length: people }, () => Object.fromEntries(cube.tables.map(({ name }) => [name, drawn(shares[name] ?? {})])) as Counted);
    const truth = new Map<string, number>();
    for (const person of everybody) for (const [name, value] of Object.entries(person)) truth.set(`${name} ${value}`, (truth.get(`${name} ${value}`) ?? 0) + 1);
    const found = new Map(sizes.map((size) => [size, { cells: 0, relative: [] as number[], absolute: [] as number[] }]));
    const totals: number[] = [];
    let spent = 0;
    let phantoms = 0;
    for (let i = 0; i < releases; i += 1) {
      const tally = new Tally(cube);
      everybody.forEach((person, p) => { tally.count(String(p), label('special', person)); });
      const before = performance.now();
      const { release } = publish(cube, '2025', tally, { epsilon: 1, kNoisy: 11, now: new Date('2026-01-01'), ledger: new Ledger() });
      spent += performance.now() - before;
      if (release.total.count !== null) totals.push(Math.abs(release.total.count - people) / people);
      phantoms += compare(release, truth, found);
    }
    const byTrueCellSize = Object.fromEntries([...found].map(([size, { cells, relative, absolute }]): [string, Size] => [size, { cells: cells / releases, shown: relative.length / releases, medianRelativeError: rounded(median(relative)), medianAbsoluteError: rounded(median(absolute)) }]));
    return { people, releases, totalMedianRelativeError: rounded(median(totals)), byTrueCellSize, emptyCellsShown: phantoms / releases, millisecondsPerRelease: Math.round(spent / releases) };
  });
  return Promise.resolve({ id: 'statistics', epsilon: 1, tables: cube.tables.length, populations });
}

function compare(release: Release, truth: ReadonlyMap<string, number>, found: ReadonlyMap<string, { cells: number; readonly relative: number[]; readonly absolute: number[] }>): number {
  let phantoms = 0;
  for (const { variable, cells } of release.tables) for (const { value, count } of cells) {
    const is = truth.get(`${variable} ${value}`) ?? 0;
    const size = found.get(sizeOf(is));
    // Of a cell where nobody is there is no relative error.
    if (is === 0 || !size) { phantoms += count === null ? 0 : 1; continue; }
    size.cells += 1;
    if (count === null) continue;
    size.relative.push(Math.abs(count - is) / is);
    size.absolute.push(Math.abs(count - is));
  }
  return phantoms;
}

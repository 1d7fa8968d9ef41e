/** Pearson's statistic of draws against an exact distribution; cells of fewer than ten expected are put together. */
export function chiSquare(draws: readonly bigint[], pmf: (z: number) => number, reach: number): { readonly perCell: number; readonly cells: number } {
  const seen = new Map<number, number>();
  for (const z of draws) seen.set(Number(z), (seen.get(Number(z)) ?? 0) + 1);
  let [sum, cells, restSeen, restExpected] = [0, 0, draws.length, draws.length];
  for (let z = -reach; z <= reach; z += 1) {
    const [expected, found] = [pmf(z) * draws.length, seen.get(z) ?? 0];
    if (expected < 10) continue;
    sum += (found - expected) ** 2 / expected;
    cells += 1;
    restSeen -= found;
    restExpected -= expected;
  }
  if (restExpected > 10) { sum += (restSeen - restExpected) ** 2 / restExpected; cells += 1; }
  return { perCell: sum / (cells - 1), cells };
}
export const drawn = (n: number, draw: () => bigint): bigint[] => Array.from({ length: n }, draw);

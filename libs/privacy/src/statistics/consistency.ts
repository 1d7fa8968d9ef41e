// Everything here sees noisy counts only: it costs no budget, and gives away nothing that the noise does not.

const sumOf = (counts: readonly bigint[]): bigint => counts.reduce((sum, count) => sum + count, 0n);
const nearest = (num: bigint, den: bigint): bigint => (2n * num + den) / (2n * den);

/**
 * The total that all tables tell, each in its own way: the mean of theirs, weighted by how sure each is (a sum of n noisy cells has n
 * times the variance of one). Exact until it is rounded.
 */
export function commonTotal(tables: readonly (readonly bigint[])[]): bigint {
  const all = tables.reduce((product, { length }) => product * BigInt(length), 1n);
  const weights = tables.map(({ length }) => all / BigInt(length));
  const total = tables.reduce((sum, cells, t) => sum + sumOf(cells) * (weights[t] as bigint), 0n);
  return total <= 0n ? 0n : nearest(total, sumOf(weights));
}

/**
 * The whole numbers of zero or more that add up to `total` and lie nearest to the noisy cells (least squares): what is too much or too
 * little is shared alike by all cells that stay above zero, and a remainder goes to the largest.
 */
export function fitted(cells: readonly bigint[], total: bigint): readonly bigint[] {
  const order = cells.map((_, i) => i).sort((a, b) => Number((cells[b] as bigint) - (cells[a] as bigint)));
  let kept = 0;
  let sum = 0n;
  let excess = 0n;
  for (const i of order) {
    const cell = cells[i] as bigint;
    const above = sum + cell - total;
    // The rest is smaller still, and would end below zero.
    if (cell * BigInt(kept + 1) <= above) break;
    sum += cell;
    kept += 1;
    excess = above;
  }
  const result = cells.map(() => 0n);
  let left = total;
  for (const i of order.slice(0, kept)) {
    const share = cells[i] as bigint * BigInt(kept) - excess;
    result[i] = share / BigInt(kept);
    left -= result[i] as bigint;
  }
  for (const i of order.slice(0, Number(left))) result[i] = (result[i] as bigint) + 1n;
  return result;
}

/**
 * Which cells are not shown: those under k, before or after the totals were made to agree; and where that leaves one that could be had
 * by subtraction, the smallest of the others too, until at least two are hidden that hold 2k - 1 together.
 */
export function hidden(noisy: readonly bigint[], counts: readonly bigint[], k: bigint): ReadonlySet<number> {
  const out = new Set(counts.flatMap((count, i) => (count < k || (noisy[i] as bigint) < k ? [i] : [])));
  const smallest = counts.map((_, i) => i).reverse().sort((a, b) => Number((counts[a] as bigint) - (counts[b] as bigint)));
  const together = (): bigint => sumOf([...out].map((i) => counts[i] as bigint));
  for (const i of smallest) {
    if (out.size === 0 || (out.size > 1 && together() >= 2n * k - 1n)) break;
    out.add(i);
  }
  return out;
}

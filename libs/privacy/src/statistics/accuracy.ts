/** How far the noise of a release goes. It comes from the declaration alone, never from a count, and is for reading: no noise is made here. */
export interface Accuracy { readonly expectedAbsoluteError: number; readonly halfWidth95: number }

const rounded = (x: number): number => Math.round(x * 10) / 10;

/** Of one cell with discrete Laplace noise of a scale. */
export function accuracyOfCell(scale: number): Accuracy {
  const p = Math.exp(-1 / scale);
  let halfWidth95 = 0;
  // P(|z| > h) = 2 p^(h+1) / (1 + p)
  while ((2 * p ** (halfWidth95 + 1)) / (1 + p) > 0.05) halfWidth95 += 1;
  return { expectedAbsoluteError: rounded((2 * p) / (1 - p * p)), halfWidth95 };
}

/** Of the common total: the weighted mean of the tables' sums, near enough to normal. */
export function accuracyOfTotal(scale: number, cells: readonly number[]): Accuracy {
  const p = Math.exp(-1 / scale);
  const variance = (2 * p) / (1 - p) ** 2;
  const deviation = Math.sqrt(variance / cells.reduce((sum, n) => sum + 1 / n, 0));
  return { expectedAbsoluteError: rounded(deviation * Math.sqrt(2 / Math.PI)), halfWidth95: Math.ceil(1.96 * deviation) };
}

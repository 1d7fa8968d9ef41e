import { seededBytes } from './audit-mechanism.js';
import { chiSquare, drawn } from './chi-square.fixture.js';
import { discreteGaussian, discreteLaplace } from './noise.js';

const variance = (draws: readonly bigint[]): number => draws.reduce((sum, z) => sum + Number(z) ** 2, 0) / draws.length;
const mean = (draws: readonly bigint[]): number => draws.reduce((sum, z) => sum + Number(z), 0) / draws.length;
const laplace = (scale: number) => (z: number): number => ((1 - Math.exp(-1 / scale)) / (1 + Math.exp(-1 / scale))) * Math.exp(-Math.abs(z) / scale);
const gaussian = (sigma2: number): ((z: number) => number) => {
  let all = 0;
  for (let z = -400; z <= 400; z += 1) all += Math.exp(-(z * z) / (2 * sigma2));
  return (z) => Math.exp(-(z * z) / (2 * sigma2)) / all;
};

describe('discrete Laplace noise', () => {
  it.each([[1n, 1n, 8_000], [6n, 1n, 14_000], [5n, 2n, 10_000], [1n, 3n, 8_000]])('T32 has exactly its distribution: scale %s/%s', (num, den, n) => {
    const rng = seededBytes(3);
    const scale = Number(num) / Number(den);
    const draws = drawn(n, () => discreteLaplace(num, den, rng));
    const { perCell, cells } = chiSquare(draws, laplace(scale), 100);
    expect(cells).toBeGreaterThan(2);
    expect(perCell).toBeLessThan(2);
    const p = Math.exp(-1 / scale);
    expect(variance(draws) / ((2 * p) / (1 - p) ** 2)).toBeCloseTo(1, 1);
    expect(Math.abs(mean(draws))).toBeLessThan(5 * Math.sqrt((2 * p) / (1 - p) ** 2 / n));
  });
  it('T32 has it with the random source of releases too', () => {
    const draws = drawn(6_000, () => discreteLaplace(3n, 1n));
    expect(chiSquare(draws, laplace(3), 60).perCell).toBeLessThan(3.5);
  });
  it('has a scale', () => {
    for (const [num, den] of [[0n, 1n], [1n, 0n], [-1n, 1n], [1n, -1n], [-1n, -1n]] as const) expect(() => discreteLaplace(num, den)).toThrow('NOISE_INVALID');
  });
});

describe('discrete Gaussian noise', () => {
  it.each([[1n, 1n, 7_000], [225n, 4n, 10_000], [1n, 2n, 7_000], [9n, 1n, 7_000], [15n, 1n, 7_000]])('T32 has exactly its distribution: variance %s/%s', (num, den, n) => {
    const rng = seededBytes(4);
    const sigma2 = Number(num) / Number(den);
    const draws = drawn(n, () => discreteGaussian(num, den, rng));
    expect(chiSquare(draws, gaussian(sigma2), 60).perCell).toBeLessThan(2.2);
    expect(Math.abs(mean(draws))).toBeLessThan(5 * Math.sqrt(sigma2 / n));
  });
  it.each([[4n, 1n, 20], [2n ** 40n, 1n, 75], [10n ** 12n + 3n, 7n, 58]])('throws away no more than it has to, for a large variance as for a small one: %s/%s', (num, den, most) => {
    const rng = seededBytes(6);
    let bytes = 0;
    const draws = drawn(300, () => discreteGaussian(num, den, (n) => { bytes += n; return rng(n); }));
    expect(variance(draws) / (Number(num) / Number(den))).toBeCloseTo(1, 0);
    expect(bytes / 300).toBeLessThan(most);
  });
  it('takes the random source of releases where none is given', () => {
    expect(variance(drawn(4_000, () => discreteGaussian(9n, 1n))) / 9).toBeCloseTo(1, 0);
  });
  it('has a variance', () => {
    for (const [num, den] of [[0n, 1n], [1n, 0n], [-1n, 1n], [1n, -1n], [-1n, -1n]] as const) expect(() => discreteGaussian(num, den)).toThrow('NOISE_INVALID');
  });
});

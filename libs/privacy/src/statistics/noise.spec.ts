import { readFileSync, readdirSync } from 'node:fs';
import { seededBytes } from './audit-mechanism.js';
import { discreteGaussian, discreteLaplace } from './noise.js';
import { bernoulliExp, cryptographic, uniformBelow, type Rng } from './random.js';

/** Pearson's statistic of draws against an exact distribution; cells of fewer than ten expected are put together. */
function chiSquare(draws: readonly bigint[], pmf: (z: number) => number, reach: number): { readonly perCell: number; readonly cells: number } {
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
const variance = (draws: readonly bigint[]): number => draws.reduce((sum, z) => sum + Number(z) ** 2, 0) / draws.length;
const mean = (draws: readonly bigint[]): number => draws.reduce((sum, z) => sum + Number(z), 0) / draws.length;
const laplace = (scale: number) => (z: number): number => ((1 - Math.exp(-1 / scale)) / (1 + Math.exp(-1 / scale))) * Math.exp(-Math.abs(z) / scale);
const gaussian = (sigma2: number): ((z: number) => number) => {
  let all = 0;
  for (let z = -400; z <= 400; z += 1) all += Math.exp(-(z * z) / (2 * sigma2));
  return (z) => Math.exp(-(z * z) / (2 * sigma2)) / all;
};
const drawn = (n: number, draw: () => bigint): bigint[] => Array.from({ length: n }, draw);
/** Bytes as listed, then an error: shows what is asked for. */
const listed = (...bytes: readonly number[]): { readonly rng: Rng; readonly asked: number[] } => {
  const [left, asked] = [[...bytes], [] as number[]];
  return { asked, rng: (n) => { asked.push(n); if (left.length < n) throw new Error('no more'); return Uint8Array.from(left.splice(0, n)); } };
};

describe('a uniform draw', () => {
  it('takes as many bytes as the largest needs, and throws away what is too large', () => {
    const { rng, asked } = listed(0xff, 0xfa, 0x03);
    expect(uniformBelow(10n, rng)).toBe(3n); // 0xf and 0xa are ten or more
    expect(asked).toEqual([1, 1, 1]);
    const two = listed(0x01, 0x00);
    expect([uniformBelow(257n, two.rng), two.asked]).toEqual([256n, [2]]);
    const whole = listed(0xff);
    expect([uniformBelow(256n, whole.rng), whole.asked]).toEqual([255n, [1]]);
    expect(uniformBelow(9n, listed(0x08).rng)).toBe(8n);
    expect(uniformBelow(1n, listed().rng)).toBe(0n);
  });
  it('is over something', () => {
    expect(() => uniformBelow(0n, cryptographic)).toThrow('NOISE_INVALID');
    expect(() => uniformBelow(-1n, cryptographic)).toThrow('NOISE_INVALID');
  });
  it('favours nobody', () => {
    const rng = seededBytes(1);
    const { perCell } = chiSquare(drawn(30_000, () => uniformBelow(11n, rng)), (z) => (z >= 0 && z < 11 ? 1 / 11 : 0), 20);
    expect(perCell).toBeLessThan(2.5);
  });
});

describe('the coin of exp(-x)', () => {
  it.each([[0n, 1n, 1], [1n, 2n, Math.exp(-0.5)], [1n, 1n, Math.exp(-1)], [5n, 2n, Math.exp(-2.5)], [3n, 1n, Math.exp(-3)]])('%s/%s', (num, den, probability) => {
    const rng = seededBytes(2);
    const n = 20_000;
    const heads = drawn(n, () => (bernoulliExp(num, den, rng) ? 1n : 0n)).reduce((sum, b) => sum + Number(b), 0);
    expect(Math.abs(heads / n - probability)).toBeLessThanOrEqual(4.5 * Math.sqrt((probability * (1 - probability)) / n));
  });
});

describe('the bytes of the system', () => {
  it('never come twice, and are as many as were asked for', () => {
    const pieces = Array.from({ length: 1_500 }, () => Buffer.from(cryptographic(8)).toString('hex'));
    expect(new Set(pieces).size).toBe(pieces.length);
    expect(new Set(pieces.map((piece) => piece.length))).toEqual(new Set([16]));
    expect(cryptographic(0)).toHaveLength(0);
    expect(cryptographic(4_096)).toHaveLength(4_096);
    const bits = Buffer.from(pieces.join(''), 'hex').reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(Math.abs(bits - 48_000)).toBeLessThan(1_000);
  });
});

describe('discrete Laplace noise', () => {
  it.each([[1n, 1n, 15_000], [6n, 1n, 25_000], [5n, 2n, 20_000], [1n, 3n, 15_000]])('T32 has exactly its distribution: scale %s/%s', (num, den, n) => {
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
    const draws = drawn(10_000, () => discreteLaplace(3n, 1n));
    expect(chiSquare(draws, laplace(3), 60).perCell).toBeLessThan(3.5);
  });
  it('has a scale', () => {
    for (const [num, den] of [[0n, 1n], [1n, 0n], [-1n, 1n], [1n, -1n], [-1n, -1n]] as const) expect(() => discreteLaplace(num, den)).toThrow('NOISE_INVALID');
  });
});

describe('discrete Gaussian noise', () => {
  it.each([[1n, 1n, 12_000], [225n, 4n, 20_000], [1n, 2n, 12_000], [9n, 1n, 12_000], [15n, 1n, 12_000]])('T32 has exactly its distribution: variance %s/%s', (num, den, n) => {
    const rng = seededBytes(4);
    const sigma2 = Number(num) / Number(den);
    const draws = drawn(n, () => discreteGaussian(num, den, rng));
    expect(chiSquare(draws, gaussian(sigma2), 60).perCell).toBeLessThan(2.2);
    expect(Math.abs(mean(draws))).toBeLessThan(5 * Math.sqrt(sigma2 / n));
  });
  it('takes the random source of releases where none is given', () => {
    expect(variance(drawn(4_000, () => discreteGaussian(9n, 1n))) / 9).toBeCloseTo(1, 0);
  });
  it('has a variance', () => {
    for (const [num, den] of [[0n, 1n], [1n, 0n], [-1n, 1n], [1n, -1n], [-1n, -1n]] as const) expect(() => discreteGaussian(num, den)).toThrow('NOISE_INVALID');
  });
});

describe('T32 the code of the noise', () => {
  const sources = new Map(readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).map((name) => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
  it('has no Math.random anywhere, and its random source is node:crypto', () => {
    for (const [name, source] of sources) expect([name, /Math\s*[.[]\s*['"]?random/.test(source)]).toEqual([name, false]);
    expect(sources.get('random.ts')).toContain("from 'node:crypto'");
  });
  it('has no floating-point number in what is drawn, made to agree or hidden', () => {
    for (const name of ['noise.ts', 'consistency.ts', 'random.ts']) {
      const code = (sources.get(name) ?? '').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\/|'[^']*'/g, '').replaceAll('Math.ceil(bits / 8)', '');
      expect([name, /\bMath\b|\bparseFloat\b|\d\.\d|\bFloat(?:32|64)/.test(code)]).toEqual([name, false]);
    }
  });
});

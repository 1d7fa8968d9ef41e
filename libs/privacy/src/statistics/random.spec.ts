import { seededBytes } from './audit-mechanism.js';
import { chiSquare, drawn } from './chi-square.fixture.js';
import { bernoulliExp, cryptographic, uniformBelow, type Rng } from './random.js';

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

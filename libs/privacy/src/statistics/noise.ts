import { PrivacyRefusal } from '../refusal.js';
import { bernoulliExp, cryptographic, uniformBelow, type Rng } from './random.js';

// Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (2020). Whole numbers only: floating-point noise gives
// itself away in its last bits (Mironov 2012), so there is none (S-9).

/** P(z) is proportional to exp(-|z| den/num): scale num/den. @throws PrivacyRefusal NOISE_INVALID */
export function discreteLaplace(num: bigint, den: bigint, rng: Rng = cryptographic): bigint {
  if (den < 1n) throw new PrivacyRefusal('NOISE_INVALID');
  for (;;) {
    const u = uniformBelow(num, rng);
    if (!bernoulliExp(u, num, rng)) continue;
    let v = 0n;
    while (bernoulliExp(1n, 1n, rng)) v += 1n;
    const size = (u + num * v) / den;
    const isNegative = uniformBelow(2n, rng) === 1n;
    // Zero has one sign only, or it would come twice as often.
    if (isNegative && size === 0n) continue;
    return isNegative ? -size : size;
  }
}

/** P(z) is proportional to exp(-z²/(2σ²)), σ² = num/den. @throws PrivacyRefusal NOISE_INVALID */
export function discreteGaussian(num: bigint, den: bigint, rng: Rng = cryptographic): bigint {
  if (num < 1n || den < 1n) throw new PrivacyRefusal('NOISE_INVALID');
  const t = rootOf(num / den) + 1n;
  for (;;) {
    const y = discreteLaplace(t, 1n, rng);
    const off = (y < 0n ? -y : y) * t * den - num;
    if (bernoulliExp(off * off, 2n * num * den * t * t, rng)) return y;
  }
}

/** The whole part of a square root. */
function rootOf(n: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << BigInt(n.toString(2).length >> 1); bit > 0n; bit >>= 1n) if ((root + bit) * (root + bit) <= n) root += bit;
  return root;
}

import { randomBytes } from 'node:crypto';
import { PrivacyRefusal } from '../refusal.js';

/** Where randomness comes from: so many bytes, each as likely as any other. Tests give their own; nothing else ever does. */
export type Rng = (bytes: number) => Uint8Array;

/** The operating system's. */
export const cryptographic: Rng = (bytes) => randomBytes(bytes);

/** 0, 1, … below - 1, by rejection: a remainder would favour the small ones. */
export function uniformBelow(below: bigint, rng: Rng): bigint {
  const most = below - 1n;
  if (most < 0n) throw new PrivacyRefusal('NOISE_INVALID');
  const bits = most === 0n ? 0 : most.toString(2).length;
  const bytes = Math.ceil(bits / 8);
  for (;;) {
    let drawn = 0n;
    for (const byte of rng(bytes)) drawn = (drawn << 8n) | BigInt(byte);
    drawn = BigInt.asUintN(bits, drawn);
    if (drawn <= most) return drawn;
  }
}

/** True with probability num/den. */
const bernoulli = (num: bigint, den: bigint, rng: Rng): boolean => uniformBelow(den, rng) < num;

/** True with probability exp(-num/den), num/den between 0 and 1: the series of exp, told by coins (CKS20, algorithm 1). */
function expOfFraction(num: bigint, den: bigint, rng: Rng): boolean {
  let k = 1n;
  while (bernoulli(num, den * k, rng)) k += 1n;
  return k % 2n === 1n;
}

/** True with probability exp(-num/den), for any num/den of zero or more. */
export function bernoulliExp(num: bigint, den: bigint, rng: Rng): boolean {
  for (let whole = num / den; whole > 0n; whole -= 1n) if (!expOfFraction(1n, 1n, rng)) return false;
  return expOfFraction(num % den, den, rng);
}

import { randomFillSync } from 'node:crypto';
import type { Ref } from './brand.js';
import { PrivacyRefusal } from './refusal.js';

/**
 * `<prefix>_` + 32 base32 characters (160 random bits; ASVS 11.5.1 asks for 128) + 2 check characters.
 *
 * The check is a sum of (place in the alphabet) x (position), prefix included, modulo the prime 1021. One wrong
 * character changes it, since neither factor of the difference is a multiple of 1021; so does any swap of two. A swap
 * with a check character could only hide at positions 989 and 1020 of the reference, which has 42 at most.
 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const MODULUS = 1021;
const RANDOM_BYTES = 20;
const BODY = 32;
const PREFIX = /^[a-z]{2,8}$/;
const SHAPE = /^[a-z]{2,8}_[a-z2-7]{34}$/;

const placeOf = new Uint8Array(128);
for (const [place, character] of [...ALPHABET].entries()) placeOf[character.charCodeAt(0)] = place;

/** Drawn 200 references at a time: a call to the system for each costs more than all the rest. */
const pool = Buffer.alloc(RANDOM_BYTES * 200);
let used = pool.length;

function randomBody(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let body = '';
  let bits = 0;
  let held = 0;
  for (let i = used; i < used + RANDOM_BYTES; i += 1) {
    held = (held << 8) | pool.readUInt8(i);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      body += ALPHABET.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  pool.fill(0, used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  return body;
}

/** `length` characters of `text` count; the underscore does not. */
function checkOf(text: string, length: number): number {
  let sum = 0;
  let position = 0;
  for (let i = 0; i < length; i += 1) {
    const character = text.charCodeAt(i);
    if (character === UNDERSCORE) continue;
    position += 1;
    sum += (placeOf[character] ?? 0) * position;
  }
  return sum % MODULUS;
}
const UNDERSCORE = '_'.charCodeAt(0);

/** @throws PrivacyRefusal REF_PREFIX_INVALID */
export function newRef<P extends string>(prefix: P): Ref<P> {
  if (!PREFIX.test(prefix)) throw new PrivacyRefusal('REF_PREFIX_INVALID');
  const unchecked = `${prefix}_${randomBody()}`;
  const check = checkOf(unchecked, unchecked.length);
  return refOf(prefix, unchecked + ALPHABET.charAt(check >>> 5) + ALPHABET.charAt(check & 31));
}

export function isRef<P extends string = string>(text: unknown, prefix?: P): text is Ref<P> {
  if (typeof text !== 'string' || !SHAPE.test(text)) return false;
  const body = text.length - 2;
  if (prefix !== undefined && (body - BODY !== prefix.length + 1 || !text.startsWith(prefix))) return false;
  const check = checkOf(text, body);
  return placeOf[text.charCodeAt(body)] === check >>> 5 && placeOf[text.charCodeAt(body + 1)] === (check & 31);
}

/** A reference that came as text. @throws PrivacyRefusal REF_INVALID */
export function refOf<P extends string>(prefix: P, text: unknown): Ref<P> {
  if (!isRef(text, prefix)) throw new PrivacyRefusal('REF_INVALID');
  return text;
}

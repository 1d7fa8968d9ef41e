import { createHmac, randomInt, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { PrivacyRefusal } from './refusal.js';

const DIGITS = 8;
const SHAPE = /^\d{4}(?:[ -]?\d{4}){3}$/;
const PEPPER = 32;
const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number, options: { N: number; r: number; p: number; maxmem: number }) => Promise<Buffer>;

/** 16 digits (53 bits), in groups that can be read aloud and learnt by heart. Shown once. */
export function newContinuityCode(): string {
  const half = (): string => String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
  return `${half()}${half()}`.replace(/\d{4}(?=\d)/g, '$& ');
}
export const isContinuityCode = (text: unknown): text is string => typeof text === 'string' && SHAPE.test(text);

/**
 * By what a code is found again: slow to try (scrypt), and of no use without the pepper, which is kept with the keys and not in the
 * database. One salt for all, so that a code is found without trying it on every case: codes are drawn, not chosen, and none is
 * likelier than another. Every code that is asked for costs the same.
 * @throws PrivacyRefusal CODE_INVALID, KEY_INVALID
 */
export async function continuityDigest(pepper: Buffer, code: string): Promise<string> {
  if (pepper.length !== PEPPER) throw new PrivacyRefusal('KEY_INVALID');
  if (!isContinuityCode(code)) throw new PrivacyRefusal('CODE_INVALID');
  const salt = createHmac('sha256', pepper).update('continuity-code salt').digest();
  const slow = await derive(code.replace(/\D/g, ''), salt, 32, { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 });
  return createHmac('sha256', pepper).update('continuity-code ').update(slow).digest('base64url');
}

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 200 random bits: nobody chooses a secret, so nobody guesses one. */
export const newSecret = (): string => randomBytes(25).toString('base64url');

const cost = { N: 16_384, r: 8, p: 1 };
const length = 32;

/** Too many sign-ins at once: each costs memory and time, and other work needs the same threads. */
export class Busy extends Error {}
let running = 0;
const waiting: (() => void)[] = [];
const together = 2;
const longestQueue = 64;

async function derive(secret: string, salt: Buffer): Promise<Buffer> {
  if (waiting.length >= longestQueue) throw new Busy();
  if (running >= together) await new Promise<void>((resolve) => { waiting.push(resolve); });
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => { scrypt(secret, salt, length, cost, (error, key) => { if (error) reject(error); else resolve(key); }); });
  } finally {
    const next = waiting.shift();
    if (next) next(); else running--;
  }
}

/** What is stored instead of the secret. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt:${salt.toString('base64url')}:${(await derive(secret, salt)).toString('base64url')}`;
}

/** A new secret, to be shown once, and what is stored instead of it. */
export interface MadeSecret { readonly secret: string; readonly hash: string }
export async function madeSecret(): Promise<MadeSecret> {
  const secret = newSecret();
  return { secret, hash: await hashSecret(secret) };
}

const nobody = `scrypt:${randomBytes(16).toString('base64url')}:${randomBytes(length).toString('base64url')}`;

/** Takes as long for an account that does not exist (`undefined`) as for a wrong secret. */
export async function secretMatches(secret: string, stored: string | undefined): Promise<boolean> {
  const [, salt = '', hash = ''] = (stored ?? nobody).split(':');
  const expected = Buffer.from(hash, 'base64url');
  const derived = await derive(secret.slice(0, 1_024), Buffer.from(salt, 'base64url'));
  return expected.length === derived.length && timingSafeEqual(expected, derived) && stored !== undefined;
}

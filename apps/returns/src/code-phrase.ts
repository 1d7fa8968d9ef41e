import { randomBytes, randomInt, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Sealed } from '@footbridge/privacy';
import type { Pool } from 'pg';

/** Short words that many languages share, so that a person can keep and say them. */
const words = [
  'atlas', 'avocado', 'balcony', 'bamboo', 'banana', 'bazaar', 'camera', 'canoe', 'caravan', 'cello', 'cocoa', 'compass', 'cotton', 'crystal', 'delta', 'domino', 'drum', 'falcon', 'gazelle', 'giraffe',
  'guitar', 'harbour', 'island', 'jasmine', 'kiwi', 'lemon', 'lotus', 'magnet', 'mango', 'melon', 'meteor', 'olive', 'orange', 'palm', 'panda', 'paper', 'pepper', 'piano', 'pilot', 'planet',
  'radio', 'river', 'robot', 'rocket', 'saffron', 'safari', 'salad', 'sandal', 'satin', 'silver', 'sugar', 'tango', 'taxi', 'tiger', 'tomato', 'tulip', 'tunnel', 'vanilla', 'velvet', 'violin',
  'volcano', 'yoga', 'zebra', 'zero',
] as const;

export interface CodePhrase { readonly text: string; readonly hash: string }

/** Told once, to the host worker for the person; the office keeps a hash and hears the words from the person alone. */
export function newCodePhrase(): CodePhrase {
  const text = [...Array.from({ length: 3 }, () => words[randomInt(words.length)] ?? words[0]), String(randomInt(10, 100))].join(' ');
  const salt = randomBytes(16);
  return { text, hash: `${salt.toString('base64url')}.${derive(text, salt).toString('base64url')}` };
}

/** What is said at an airport counter: capitals, hyphens and spaces do not count. */
const derive = (text: string, salt: Buffer): Buffer => scryptSync(text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim(), salt, 32, { N: 16_384, r: 8, p: 1 });

export const matchesHash = (said: Sealed<string>, hash: Sealed<string>): boolean => said.with(hash, (text, kept) => {
  const [salt = '', key = ''] = kept.split('.');
  const expected = Buffer.from(key, 'base64url');
  const given = derive(text, Buffer.from(salt, 'base64url'));
  return expected.length === given.length && timingSafeEqual(expected, given);
}).test((same) => same);

/** Counts what was tried, also where the command is refused: five words in a quarter of an hour, then the office must call. */
export class PhraseAttempts {
  constructor(private readonly pool: Pool) {}
  async take(plan: string, now: Date): Promise<boolean> {
    const { rows } = await this.pool.query<{ tried: string }>(
      `with tried as (insert into phrase_attempt (plan, at) values ($1, $2)) select count(*) as tried from phrase_attempt where plan = $1 and at > $2::timestamptz - interval '15 minutes' and at <= $2`, [plan, now]);
    return Number(rows[0]?.tried ?? 0) < 5;
  }
}
export const attempts = 'phraseAttempts';

import { isInstant } from './time.js';

/** A value above this entropy that two recipients hold joins what each knows (G4). */
const BITS = 16;
/** Digits and letters that are not words: what is worth comparing. */
const TOKEN = /[\p{L}\p{N}_+/=%.:-]{2,}/gu;

export interface Unlinkable {
  /** What everybody knows: organisations, published codes. */
  readonly known?: readonly string[];
}

/** Everything that each recipient was ever given, as it came: bodies, headers, events. */
export type Views = Readonly<Record<string, unknown>>;

/**
 * Throws where two recipients hold a common value of more than 16 bits: a whole text, or a word of one, of whatever place. How many
 * different values were compared is the answer, so that a test sees that something was. A value is never repeated in the error.
 * @throws Error LINKED, with both recipients, the place, and the bits
 */
export function assertUnlinkable(views: Views, { known }: Unlinkable = {}): number {
  const open = new Set<string>(known?.map(plain));
  const found = Object.entries(views).map(([recipient, view]) => ({ recipient, values: valuesOf(view) }));
  let compared = 0;
  for (const { values } of found) compared += values.size;
  for (const [n, { recipient, values }] of found.entries()) for (const other of found.slice(n + 1)) for (const [value, place] of values) {
    const theirs = other.values.get(value);
    if (theirs === undefined || open.has(value)) continue;
    const bits = bitsOf(value);
    if (bits > BITS) throw new Error(`LINKED: ${recipient} and ${other.recipient} hold one value of ${Math.floor(bits)} bits (${place}, ${theirs})`);
  }
  return compared;
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Every value and every word of one, with the place where it stands first. */
function valuesOf(view: unknown): Map<string, string> {
  const values = new Map<string, string>();
  const put = (text: string, place: string): void => { const value = plain(text); if (value !== '' && !values.has(value)) values.set(value, place); };
  const look = (value: unknown, place: string): void => {
    if (typeof value === 'string') {
      put(value, place);
      for (const [word] of value.matchAll(TOKEN)) { put(word, place); if (!IS_MOMENT.test(word)) for (const part of word.split(/[/=%.:]/)) put(part, place); }
    } else if (typeof value === 'number' || typeof value === 'bigint') put(String(value), place);
    else if (Array.isArray(value)) for (const member of value) look(member, place);
    else if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) { put(name, place); look(member, `${place}.${name}`); }
  };
  look(view, '');
  return values;
}

const MOMENT = /\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d+)?z/g;
const IS_MOMENT = /^\d{4}-\d\d-\d\dT/i;
const DAY = /\d{4}-\d\d-\d\d/g;
/** What is drawn at random is written in long runs; no word of a published list or of a sentence is as long as this. */
const LONGEST_WORD = 24;

/**
 * How surprising it is that two hold this, estimated from above, word by word: words of letters are codes and names of fields, which are
 * the same for everybody; a moment to the minute is one of a day, a day one of a year; everything else counts by its characters.
 */
function bitsOf(value: string): number {
  let bits = 0;
  const count = (more: number): string => { bits += more; return ' '; };
  const rest = value.replace(MOMENT, (moment) => (isInstant(moment.toUpperCase(), 'minute') ? count(Math.log2(24 * 60)) : count(Math.log2(24 * 60 * 60 * 1000)))).replace(DAY, () => count(Math.log2(366)));
  for (const [word] of rest.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (/^\p{N}+$/u.test(word)) count(word.length * Math.log2(10));
    else if (/\p{N}/u.test(word) || word.length > LONGEST_WORD) count(word.length * Math.log2(32));
  }
  return bits;
}

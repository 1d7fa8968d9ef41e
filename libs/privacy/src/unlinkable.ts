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
export function assertUnlinkable(views: Views, { known = [] }: Unlinkable = {}): number {
  const open = new Set(known.map(plain));
  const found = Object.entries(views).map(([recipient, view]) => ({ recipient, values: valuesOf(view) }));
  let compared = 0;
  for (const { values } of found) compared += values.size;
  for (const [n, { recipient, values }] of found.entries()) for (const other of found.slice(n + 1)) for (const [value, place] of values) {
    const bits = other.values.has(value) && !open.has(value) ? bitsOf(value) : 0;
    if (bits > BITS) throw new Error(`LINKED: ${recipient} and ${other.recipient} hold one value of ${Math.floor(bits)} bits (${place}, ${other.values.get(value) ?? ''})`);
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
      for (const word of value.match(TOKEN) ?? []) { put(word, place); for (const part of word.split(/[/=%.:]/)) put(part, place); }
    } else if (typeof value === 'number' || typeof value === 'bigint') put(String(value), place);
    else if (Array.isArray(value)) for (const member of value) look(member, place);
    else if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) { put(name, place); look(member, `${place}.${name}`); }
  };
  look(view, '');
  return values;
}

/**
 * How surprising it is that two hold this, estimated from above: words of letters are codes and names of fields, which are the same for
 * everybody; times to the minute are those of a day; everything else counts by its characters.
 */
function bitsOf(value: string): number {
  const text = value.toUpperCase();
  if (isInstant(text, 'minute')) return Math.log2(24 * 60);
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return Math.log2(366);
  if (/^\d+$/.test(value)) return value.length * Math.log2(10);
  // Prose and codes: a published word says nothing of a person. What is drawn at random has digits among its letters, or is long.
  if (/^[\p{L}' ,.;:()_/-]+$/u.test(value) && !/[\p{L}]{20}/u.test(value)) return 0;
  return value.replaceAll(/[^\p{L}\p{N}]/gu, '').length * Math.log2(32);
}

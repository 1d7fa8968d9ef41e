import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { PrivacyRefusal } from './refusal.js';
import type { Finding, Scanner } from './scan.js';
import { withoutReferences } from './scan.js';
import { Sealed, plaintextOf } from './sealed.js';
import { skeleton } from './skeleton.js';

/**
 * What is kept of a name: keyed hashes of 12 characters (72 bits). `words`: one entry for each word, forward and backward;
 * `whole`: forms that give her away alone, written together; `runs`: how long her names are in scripts that leave no spaces.
 */
export interface NameTokens { readonly words: readonly (readonly string[])[]; readonly whole: readonly string[]; readonly runs: readonly number[] }

/** Under which names somebody is known. */
export interface Named { readonly givenName?: string; readonly familyName?: string; readonly chosenName?: string; readonly aliases?: readonly string[] }

const WORD = /[\p{L}\p{M}\p{N}\p{Cf}'’@$!|€\u2800]+/gu;
const SIGNS = /[@$!|€]/u;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const UNSPACED_RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}\p{Cf}]+/gu;
const MOST_WORDS = 6;
const MOST_REMEMBERED = 4_096;
/** Words that stand in many names count only where nothing else does. */
const SHORT = 3;

const backward = (text: string): string => [...text].reverse().join('');
const hasLetter = (text: string): boolean => /\p{L}/u.test(text);
const lengthOf = (text: string): number => [...text].length;

/** Words of a text, or a name, as far as they could be one. */
const wordsOf = (text: string): { readonly word: string; readonly start: number; readonly end: number }[] => [...text.matchAll(WORD)].flatMap((match) => {
  const [run] = match;
  const at = { start: match.index, end: match.index + run.length };
  return [run, ...(SIGNS.test(run) ? run.split(SIGNS) : [])].map((word) => ({ word: skeleton(word), ...at }));
});

const hashWith = (key: Buffer) => (word: string): string => createHmac('sha256', key).update(word).digest('base64').slice(0, 12);

/** Keyed hashes of a name, for an index that outlives the plaintext: delete them with the person. @throws PrivacyRefusal KEY_INVALID */
export function nameTokens(name: string | Sealed<string>, key: Buffer): NameTokens {
  if (key.length < 16) throw new PrivacyRefusal('KEY_INVALID');
  const hash = hashWith(key);
  const all = [...new Set((Sealed.is(name) ? plaintextOf(name) : name).split(/[^\p{L}\p{M}\p{N}\p{Cf}'’]/u).filter(hasLetter).map(skeleton).filter((word) => word !== ''))].slice(0, MOST_WORDS);
  const telling = all.filter((word) => lengthOf(word) >= SHORT || UNSPACED.test(word));
  const words = telling.length >= Math.min(all.length, 2) ? telling : all;
  const runs = words.filter((word) => UNSPACED.test(word));
  const joined = new Set<string>();
  for (const first of all) for (const second of all) if (first !== second) joined.add(first + second);
  joined.add(all.join('')).add([...all].reverse().join(''));
  // in a script without spaces the family name may change places with the given one, wherever the border is
  for (const run of runs) { const characters = [...run]; for (let i = 1; i < characters.length; i += 1) joined.add([...characters.slice(i), ...characters.slice(0, i)].join('')); }
  return {
    words: words.map((word) => [...new Set([word, backward(word)])].map(hash)),
    whole: [...new Set([...joined].flatMap((form) => [form, backward(form)]))].map(hash),
    runs: [...new Set([...runs, ...(runs.length > 0 ? joined : [])].map(lengthOf))],
  };
}

interface Person { readonly of: string; readonly tokens: NameTokens; readonly needed: number }

/**
 * The people whom one organisation knows, as keyed hashes of their names. Finds two words of one name, or the only one where
 * there is but one, also without case and diacritics, in another order, with invisible characters, look-alike letters or digits
 * for letters, in base64, hex or URL form, written together, and backward. Typing errors, initials and lone first names pass.
 */
export class KnownIdentities implements Scanner {
  readonly name = 'known-identity';
  readonly #hash: (word: string) => string;
  readonly #people = new Map<string, Person>();
  /** Hash -> who has it, and as which of their words; -1 gives them away alone. */
  readonly #index = new Map<string, Map<Person, number>>();
  /** How long names in scripts without spaces are. */
  readonly #runs = new Set<number>();
  readonly #remembered = new Map<string, string>();
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length < 16) throw new PrivacyRefusal('KEY_INVALID');
    this.#key = key;
    this.#hash = hashWith(key);
  }

  get size(): number { return this.#people.size; }

  /** A person under several names is added once, with all of them. */
  add(person: string, names: readonly (string | Sealed<string> | NameTokens)[]): void {
    this.remove(person);
    const told = names.map((name) => (typeof name === 'string' || Sealed.is(name) ? nameTokens(name, this.#key) : name)).filter(({ words }) => words.length > 0);
    for (const [i, tokens] of told.entries()) this.#add(person, `${person} ${i}`, tokens);
  }
  /**
   * Somebody by all her names in full: a chosen name or an alias of one word with her family name. `alone`: also names that are
   * one word in all, which are many people's; in a script without spaces one word may be a whole name.
   */
  know(person: string, named: Sealed<Named>, alone = true): void {
    const { givenName, familyName, chosenName, aliases = [] } = plaintextOf(named);
    const said = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== '').join(' ');
    const names = [said(givenName, familyName), ...[chosenName, ...aliases].filter((name) => name !== undefined).map((name) => said(name, name.trim().includes(' ') ? undefined : familyName))];
    this.add(person, names.map((name) => nameTokens(name, this.#key)).filter(({ words, runs }) => alone || words.length > 1 || runs.length > 0));
  }
  #add(of: string, id: string, tokens: NameTokens): void {
    const known: Person = { of, tokens, needed: Math.min(tokens.words.length, 2) };
    this.#people.set(id, known);
    const enter = (hash: string, word: number): void => { this.#index.set(hash, (this.#index.get(hash) ?? new Map<Person, number>()).set(known, word)); };
    for (const hash of tokens.whole) enter(hash, -1);
    for (const [word, forms] of tokens.words.entries()) for (const hash of forms) enter(hash, word);
    for (const run of tokens.runs) this.#runs.add(run);
  }

  /** After erasure: nothing of the person is left in memory either. */
  remove(person: string): void {
    for (let i = 0; ; i += 1) {
      const id = `${person} ${i}`;
      const known = this.#people.get(id);
      if (!known) return;
      this.#people.delete(id);
      for (const hash of [...known.tokens.whole, ...known.tokens.words.flat()]) {
        const held = this.#index.get(hash);
        held?.delete(known);
        if (held?.size === 0) this.#index.delete(hash);
      }
    }
  }

  /** The same without some of the people: for words about somebody, in which others may not stand. */
  besides(isLeftOut: (person: string) => boolean): Scanner {
    return { name: this.name, find: (text) => this.find(text, isLeftOut) };
  }

  find(text: string, isLeftOut: (person: string) => boolean = () => false): readonly Finding[] {
    if (this.#people.size === 0) return [];
    const seen = new Map<Person, Map<number, Finding>>();
    for (const reading of readings(withoutReferences(text))) {
      for (const { word, start, end } of this.#candidates(reading.text)) {
        for (const [person, which] of this.#index.get(this.#hashed(word)) ?? []) {
          const words = seen.get(person) ?? new Map<number, Finding>();
          seen.set(person, words.set(which, { kind: this.name, ...(reading.at ?? { start, end }) }));
        }
      }
    }
    return [...seen].flatMap(([{ of, needed }, words]) => ((words.has(-1) || words.size >= needed) && !isLeftOut(of) ? [...words.values()] : []));
  }

  *#candidates(text: string): Generator<{ readonly word: string; readonly start: number; readonly end: number }> {
    yield* wordsOf(text);
    for (const match of text.matchAll(UNSPACED_RUN)) {
      const characters = [...skeleton(match[0])];
      const at = { start: match.index, end: match.index + match[0].length };
      for (const length of this.#runs.keys()) for (let end = length; end <= characters.length; end += 1) yield { word: characters.slice(end - length, end).join(''), ...at };
    }
  }

  /** Codes and field names come again and again; to hash them costs more than all the rest. */
  #hashed(word: string): string {
    const known = this.#remembered.get(word);
    if (known !== undefined) return known;
    const hash = this.#hash(word);
    // who is known is not kept in plain text, not even here
    if (!this.#index.has(hash)) {
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(word, hash);
    }
    return hash;
  }
}

/** A scanner over a list of names, for a gate. @throws PrivacyRefusal KEY_INVALID */
export function knownIdentity(names: Iterable<string | Sealed<string>>, key: Buffer): Scanner {
  const known = new KnownIdentities(key);
  for (const [person, name] of [...names].entries()) known.add(String(person), [name]);
  return known;
}

interface Reading { readonly text: string; /** Where it stands in the whole, if it had to be decoded. */ readonly at?: { readonly start: number; readonly end: number } }

const DEEPEST = 2;
const ENCODED = /[A-Za-z0-9+/_-]{6,}={0,2}/g;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f]/;

/** The text itself, without URL and JSON escapes, and what its runs of base64 and hex say; each of them in another, two deep. */
function* readings(text: string, at?: { readonly start: number; readonly end: number }, depth = 0): Generator<Reading> {
  yield { text, ...(at ? { at } : {}) };
  if (depth === DEEPEST) return;
  const whole = at ?? { start: 0, end: text.length };
  const plain = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString()).replaceAll('+', ' ');
  if (plain !== text) yield* readings(plain, whole, depth + 1);
  if (text.includes('\\u')) yield* readings(text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))), whole, depth + 1);
  for (const match of text.matchAll(ENCODED)) {
    const [run] = match;
    const where = at ?? { start: match.index, end: match.index + run.length };
    for (const inner of [textIn(Buffer.from(run, 'hex')), textIn(Buffer.from(run, 'base64'))]) if (inner !== '') yield* readings(inner, where, depth + 1);
  }
}

/** What chance has decoded is no UTF-8, or has a control character in it. */
function textIn(bytes: Buffer): string {
  const text = isUtf8(bytes) ? bytes.toString() : '';
  return CONTROL.test(text) ? '' : text;
}

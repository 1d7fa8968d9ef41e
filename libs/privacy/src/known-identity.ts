import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { PrivacyRefusal } from './refusal.js';
import type { Finding, Scanner } from './scan.js';
import { withoutReferences } from './scan.js';
import { Sealed, plaintextOf } from './sealed.js';
import { skeleton } from './skeleton.js';

/**
 * What is kept of a name: keyed hashes of 12 characters (72 bits). `words`: one entry for each word, forward and backward;
 * `stems`: what grammar leaves of each; `whole`: forms that give her away
 * alone, written together; `runs`: how long her names are in scripts that leave no spaces.
 */
export interface NameTokens { readonly words: readonly (readonly string[])[]; readonly stems: readonly (readonly string[])[]; readonly whole: readonly string[]; readonly runs: readonly number[] }

/** Under which names somebody is known. */
export interface Named { readonly givenName?: string; readonly familyName?: string; readonly chosenName?: string; readonly aliases?: readonly string[] }

const WORD = /[\p{L}\p{M}\p{N}\p{Cf}'’@$!|€\u2800]+/gu;
/** At which a word is also taken apart: what comes after an apostrophe may be an ending (Trbkmlu’s, Ayşe'nin). */
const SIGNS = /['’@$!|€]/u;
/** Scripts that put no space around a word; a Korean one has it, but its name and its particles stand in one word. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}]/u;
const UNSPACED_RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}\p{M}\p{Cf}]+/gu;
const MOST_WORDS = 8;
const MOST_REMEMBERED = 4_096;
/** Shorter words stand in many names. */
const SHORT = 3;
/** Shorter ones are the beginning of too many words. */
const LEAST_STEM = 3;
const LONGEST_ENDING = 2;
/** As skeletons: the vowel of a name that changes in its cases (Milica, Milice, Milicom; Hoxha, Hoxhës; Elena, Elenei; Мария, Марии). */
const ENDING_VOWEL = /[aeiouyияюы]$/u;
/** And, so, with, for and like are written together with an Arabic word; and, of, for, by and from with an Amharic or Tigrinya one. */
const PARTICLE = /^(?:[وفبلك](?=\p{Script=Arabic}{3})|[የናለብበከ](?=\p{Script=Ethiopic}{2}))/u;

const backward = (text: string): string => [...text].reverse().join('');
const hasLetter = (text: string): boolean => /\p{L}/u.test(text);
const lengthOf = (text: string): number => [...text].length;

interface Word { readonly word: string; readonly start: number; readonly end: number }

/** Words of a text as far as they could be of a name; and one that is said twice, for whom both names are the same. */
function* wordsOf(text: string): Generator<Word> {
  let before: readonly string[] = [];
  for (const match of text.matchAll(WORD)) {
    const [run] = match;
    const at = { start: match.index, end: match.index + run.length };
    const words = [run, ...(SIGNS.test(run) ? run.split(SIGNS) : [])].map(skeleton);
    for (const word of words) yield { word, ...at };
    for (const twice of before) if (words.some((word) => word.startsWith(twice) && word.length <= twice.length + LONGEST_ENDING)) yield { word: twice + twice, ...at };
    before = words;
  }
}

/** Marked, so that what is left of a word is sought among what is left of names. */
const stem = (letters: readonly string[]): string => `${letters.join('')}-`;

/** What a word of a text may be a case of: without one or two letters at its end, or a particle at its beginning. */
function stemsOf(word: string): readonly string[] {
  const letters = [...word];
  const stems = [stem(letters.slice(0, -1)), stem(letters.slice(0, -LONGEST_ENDING))];
  return PARTICLE.test(word) ? [...stems, word.slice(1)] : stems;
}

/** And of a name: endings are put after it, or in the place of its vowel. */
function stemsOfName(word: string): readonly string[] {
  const letters = [...word];
  if (letters.length <= LEAST_STEM) return [];
  return ENDING_VOWEL.test(word) ? [stem(letters), stem(letters.slice(0, -1))] : [stem(letters)];
}

/** The first ones and, since the family name stands there, the last. */
const most = (words: readonly string[]): readonly string[] => (words.length > MOST_WORDS ? [...words.slice(0, MOST_WORDS / 2), ...words.slice(-MOST_WORDS / 2)] : words);

const hashWith = (key: Buffer) => (word: string): string => createHmac('sha256', key).update(word).digest('base64').slice(0, 12);

/** The words of a name; those that stand in many count only where nothing else does. */
function wordsOfName(name: string): { readonly said: readonly string[]; readonly telling: readonly string[] } {
  const said = name.split(/[^\p{L}\p{M}\p{N}\p{Cf}'’]/u).filter(hasLetter).map(skeleton).filter((word) => word !== '');
  const longer = said.filter((word) => lengthOf(word) >= SHORT || UNSPACED.test(word));
  return { said, telling: longer.length >= Math.min(said.length, 2) ? longer : said };
}

/** Keyed hashes of a name, for an index that outlives the plaintext: delete them with the person. @throws PrivacyRefusal KEY_INVALID */
export function nameTokens(name: string | Sealed<string>, key: Buffer): NameTokens {
  if (key.length < 16) throw new PrivacyRefusal('KEY_INVALID');
  const hash = hashWith(key);
  const { said, telling } = wordsOfName(Sealed.is(name) ? plaintextOf(name) : name);
  const words = most(telling);
  const runs = words.filter((word) => UNSPACED.test(word));
  const joined = new Set<string>();
  for (const [i, first] of words.entries()) for (const [k, second] of words.entries()) if (i !== k) joined.add(first + second);
  joined.add(said.join('')).add([...said].reverse().join(''));
  // in a script without spaces the family name may change places with the given one, wherever the border is
  for (const run of runs) { const characters = [...run]; for (let i = 1; i < characters.length; i += 1) joined.add([...characters.slice(i), ...characters.slice(0, i)].join('')); }
  return {
    words: words.map((word) => [...new Set([word, backward(word)])].map(hash)),
    stems: words.map((word) => stemsOfName(word).map(hash)),
    whole: [...new Set([...joined].flatMap((form) => [form, backward(form)]))].map(hash),
    runs: [...new Set([...runs, ...(runs.length > 0 ? joined : [])].map(lengthOf))],
  };
}

const NOBODY: ReadonlyMap<Person, number> = new Map();

/** Everybody but some, as a scanner; names stand in fields of their own. */
export interface Others extends Scanner { readonly findInNames: (named: Named) => readonly Finding[] }

interface Person { readonly of: string; readonly tokens: NameTokens; readonly needed: number }

/**
 * The people whom one organisation knows, as keyed hashes of their names. Finds two words of one name, or the only one where
 * there is but one, also without case and diacritics, in another order, with invisible characters, look-alike letters or digits
 * for letters, in base64, hex or URL form, written together, and backward, and with the ending of a case. Typing errors, initials,
 * longer endings and lone first names pass.
 */
export class KnownIdentities implements Scanner {
  readonly name = 'known-identity';
  readonly #hash: (word: string) => string;
  readonly #people = new Map<string, Person>();
  /** Hash -> who has it, and as which of their words; -1 gives them away alone. */
  readonly #index = new Map<string, Map<Person, number>>();
  /** How long names in scripts without spaces are. */
  readonly #runs = new Set<number>();
  /** Words that are in nobody's name: who is known is not kept in plain text, not even here. */
  readonly #strangers = new Set<string>();
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
    const said = (...parts: readonly (string | undefined)[]): string => parts.join(' ');
    const names = [said(givenName, familyName), ...[chosenName, ...aliases].filter((name) => name !== undefined).map((name) => said(name, name.trim().includes(' ') ? undefined : familyName))];
    this.add(person, names.map((name) => nameTokens(name, this.#key)).filter(({ words, runs }) => alone || words.length > 1 || runs.length > 0));
  }
  #add(of: string, id: string, tokens: NameTokens): void {
    const known: Person = { of, tokens, needed: Math.min(tokens.words.length, 2) };
    this.#people.set(id, known);
    this.#strangers.clear();
    const enter = (hash: string, word: number): void => { this.#index.set(hash, (this.#index.get(hash) ?? new Map<Person, number>()).set(known, word)); };
    for (const hash of tokens.whole) enter(hash, -1);
    for (const [word, forms] of tokens.words.entries()) for (const hash of [...forms, ...(tokens.stems[word] ?? [])]) enter(hash, word);
    for (const run of tokens.runs) this.#runs.add(run);
  }

  /** After erasure: nothing of the person is left in memory either. */
  remove(person: string): void {
    for (let i = 0; ; i += 1) {
      const id = `${person} ${i}`;
      const known = this.#people.get(id);
      if (!known) return;
      this.#people.delete(id);
      for (const hash of [...known.tokens.whole, ...known.tokens.words.flat(), ...known.tokens.stems.flat()]) {
        const held = this.#index.get(hash);
        held?.delete(known);
        if (held?.size === 0) this.#index.delete(hash);
      }
    }
  }

  /** The same without some of the people: for words about somebody, in which others may not stand. */
  besides(isLeftOut: (person: string) => boolean): Others {
    return { name: this.name, find: (text) => this.find(text, isLeftOut), findInNames: (named) => this.#findInNames(named, isLeftOut) };
  }

  /**
   * In the fields that say what somebody is called. Her given or her family name is also the name of whoever has all words of it: her
   * namesakes, herself under another case, her sisters. What else she is called may tell them in the words of these two, and in no other
   * of theirs. A name among words that are not its owner's is said about somebody else.
   */
  #findInNames({ givenName = '', familyName = '', chosenName = '', aliases = [] }: Named, isLeftOut: (person: string) => boolean): readonly Finding[] {
    const own = new Set([givenName, familyName].flatMap((name) => wordsOfName(name).said));
    const isHers = (word: string): boolean => own.has(word);
    return [
      ...[givenName, familyName].map((name) => [name, this.#havingAll(name)] as const),
      ...[chosenName, ...aliases].map((name) => {
        const { said } = wordsOfName(name);
        const meant = new Set(said.filter((word) => !isHers(word)).flatMap((word) => [...this.#whose(word).keys()].map(({ of }) => of)));
        return [name, new Set([...this.#havingAll(name), ...[...this.#told(said.filter(isHers).join(' '))].filter((person) => !meant.has(person))])] as const;
      }),
    ].flatMap(([name, alike]) => this.find(name, (person) => isLeftOut(person) || alike.has(person)));
  }
  #told(text: string): ReadonlySet<string> {
    const told = new Set<string>();
    this.find(text, (person) => { told.add(person); return true; });
    return told;
  }
  /** Who has every word of this in one name. */
  #havingAll(name: string): ReadonlySet<string> {
    const [first, ...others] = wordsOfName(name).telling.map((word) => this.#index.get(this.#hash(word)) ?? NOBODY);
    return new Set([...(first ?? NOBODY).keys()].filter((person) => others.every((whose) => whose.has(person))).map(({ of }) => of));
  }

  find(text: string, isLeftOut: (person: string) => boolean = () => false): readonly Finding[] {
    if (this.#people.size === 0) return [];
    const seen = new Map<Person, Map<number, Finding>>();
    for (const reading of readings(withoutReferences(text))) {
      for (const { word, start, end } of this.#candidates(reading.text)) {
        for (const [person, which] of this.#whose(word)) {
          const words = seen.get(person) ?? new Map<number, Finding>();
          seen.set(person, words.set(which, { kind: this.name, ...(reading.at ?? { start, end }) }));
        }
      }
    }
    return [...seen].flatMap(([{ of, needed }, words]) => ((words.has(-1) || words.size >= needed) && !isLeftOut(of) ? [...words.values()] : []));
  }

  *#candidates(text: string): Generator<Word> {
    yield* wordsOf(text);
    for (const match of text.matchAll(UNSPACED_RUN)) {
      const characters = [...skeleton(match[0])];
      const at = { start: match.index, end: match.index + match[0].length };
      for (const length of this.#runs.keys()) for (let end = length; end <= characters.length; end += 1) yield { word: characters.slice(end - length, end).join(''), ...at };
    }
  }

  /** Who has this word, and as which of theirs: one word of a text is one of a name, and as it stands sooner than as a case of another. */
  #whose(word: string): ReadonlyMap<Person, number> {
    // codes and field names come again and again; to hash them costs more than all the rest
    if (this.#strangers.has(word)) return NOBODY;
    let whose = NOBODY;
    for (const form of [word, ...stemsOf(word)]) {
      const more = this.#index.get(this.#hash(form));
      if (more) whose = new Map([...more, ...whose]);
    }
    if (whose.size === 0) {
      if (this.#strangers.size >= MOST_REMEMBERED) this.#strangers.clear();
      this.#strangers.add(word);
    }
    return whose;
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

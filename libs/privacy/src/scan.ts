import { createHmac } from 'node:crypto';
import { fold } from './fold.js';

/** Where something was found, never what. */
export interface Finding { readonly kind: string; readonly start: number; readonly end: number }

/** A second line behind types and schema: no detector finds every name (design 3.1). One finding refuses the whole. */
export interface Scanner {
  readonly name: string;
  find(text: string): readonly Finding[];
}

const WORD = /[\p{L}\p{M}\p{N}\p{Cf}'’]+/gu;
/** Longer runs are references and hashes; hashing each would cost more than the rest of the gate. */
const LONGEST_NAME = 32;

/**
 * Looks for people whom this organisation knows, by keyed hashes of the words of their names: two words of one name,
 * or the only one where there is but one. Typing errors and initials pass.
 */
export function knownIdentity(names: Iterable<string>, key: Buffer): Scanner {
  const hash = (word: string): string => createHmac('sha256', key).update(word).digest('base64').slice(0, 16);
  const wordsOf = (text: string): { word: string; start: number; end: number }[] => [...text.matchAll(WORD)]
    .filter(([run]) => run.length <= LONGEST_NAME)
    .map((match) => ({ word: fold(match[0]), start: match.index, end: match.index + match[0].length }));

  const needed: number[] = [];
  const people = new Map<string, number[]>();
  for (const name of names) {
    const words = new Set(wordsOf(name).map(({ word }) => hash(word)));
    const person = needed.push(Math.min(words.size, 2)) - 1;
    for (const word of words) people.set(word, [...(people.get(word) ?? []), person]);
  }

  return {
    name: 'known-identity',
    find: (text) => {
      const seen = new Map<number, Map<string, Finding>>();
      for (const { word, start, end } of wordsOf(text)) {
        const hashed = hash(word);
        for (const person of people.get(hashed) ?? []) {
          const words = seen.get(person) ?? new Map<string, Finding>();
          seen.set(person, words.set(hashed, { kind: 'known-identity', start, end }));
        }
      }
      return [...seen].flatMap(([person, words]) => (words.size >= (needed[person] ?? 1) ? [...words.values()] : []));
    },
  };
}

import { fold } from './fold.js';
import type { Scanner } from './scan.js';
import { withoutReferences } from './scan.js';

const WORD = /[\p{L}\p{M}\p{Cf}'’]+/gu;

/** Finds every word that is not in a small list of the field's words: nearly every name, and every word that nobody thought of (design 3.1). */
export function closedVocabulary(words: Iterable<string>): Scanner {
  const known = new Set([...words].flatMap((text) => [...text.matchAll(WORD)].map(([word]) => fold(word))));
  return {
    name: 'closed-vocabulary',
    find: (text) => [...withoutReferences(text).matchAll(WORD)].filter(([word]) => !known.has(fold(word))).map((match) => ({ kind: 'closed-vocabulary', start: match.index, end: match.index + match[0].length })),
  };
}

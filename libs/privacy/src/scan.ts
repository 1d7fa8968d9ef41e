import { isRef } from './ref.js';

/** Where something was found, never what. */
export interface Finding { readonly kind: string; readonly start: number; readonly end: number }

/** A second line behind types and schema: no detector finds every name (design 3.1). One finding refuses the whole. */
export interface Scanner {
  readonly name: string;
  find(text: string): readonly Finding[];
}

/** What each of the scanners finds. */
export const scanAll = (text: string, scanners: readonly Scanner[]): readonly Finding[] => scanners.flatMap((scanner) => scanner.find(text));

/** What is by its form nobody's: uuids, trace headers, SHA-256 sums, signatures, moments and weeks. */
const NOBODYS = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|(?:[0-9a-f]{64}){1,2}|20[2-9]\d-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?|20[2-9]\d-W\d\d)$/;
const HOST = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?$/;
const TOKEN = /[A-Za-z0-9_:.-]{7,}/g;

/** The same text with blanks for references and the like, so that places stay what they are: a long run of characters would look like anything. */
export const withoutReferences = (text: string): string => text.replace(TOKEN, (token, at: number) => (isNobodys(token) || (HOST.test(token) && text.slice(at - 2, at) === '//') ? ' '.repeat(token.length) : token));

/** Most words are told by their first letter: uuids, sums and moments begin with a digit or one of six letters. */
const isNobodys = (token: string): boolean => (token.length > 34 && token.includes('_') ? isRef(token) : token.charCodeAt(0) < 103 && NOBODYS.test(token));

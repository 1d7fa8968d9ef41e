import { findPhoneNumbersInText, getCountries, type CountryCode } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';
import { PrivacyRefusal } from './refusal.js';
import type { Scanner } from './scan.js';
import { withoutReferences } from './scan.js';

/** What it is by its form. */
export type StructuredKind = 'phone' | 'document' | 'iban' | 'e-mail' | 'coordinates' | 'plate';

interface Finder { readonly kind: StructuredKind; readonly pattern: RegExp; readonly is?: (found: string) => boolean }

const digitsOf = (text: string): number[] => [...text.replace(/\D/g, '')].map(Number);
const weighed = (digits: readonly number[], weights: readonly number[]): number => weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0);
const isDate = (month: number, day: number): boolean => month >= 1 && month <= 12 && day >= 1 && day <= 31;
const two = (digits: readonly number[], at: number): number => (digits[at] ?? 0) * 10 + (digits[at + 1] ?? 0);

/** JMBG of Bosnia and Herzegovina, Croatia, Kosovo, Montenegro, North Macedonia, Serbia and Slovenia: day, month, year, place, check. */
function isJmbg(d: readonly number[]): boolean {
  const check = 11 - (weighed(d, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return isDate(two(d, 2), two(d, 0)) && d[12] === (check > 9 ? 0 : check);
}
/** CNP of Romania: sex and century, date, county, check. */
function isCnp(d: readonly number[]): boolean {
  const check = weighed(d, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return d[0] !== 0 && isDate(two(d, 3), two(d, 5)) && d[12] === (check === 10 ? 1 : check);
}
/** IDNP of Moldova: a person's begins with 2. */
const isIdnp = (d: readonly number[]): boolean => d[0] === 2 && d[12] === weighed(d, [7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10;
/** EGN of Bulgaria: the month says the century. */
const isEgn = (d: readonly number[]): boolean => isDate(two(d, 2) % 20, two(d, 4)) && two(d, 2) < 53 && d[9] === (weighed(d, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10;
/** The taxpayer number of Ukraine: days since 1900, serial, check. */
const isRntrc = (d: readonly number[]): boolean => d[9] === ((((weighed(d, [-1, 5, 7, 9, 4, 6, 10, 5, 7]) % 11) + 11) % 11) % 10);
/** TCKN of Türkiye. */
function isTckn(d: readonly number[]): boolean {
  const odd = weighed(d, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weighed(d, [0, 1, 0, 1, 0, 1, 0, 1, 0]);
  return d[0] !== 0 && d[9] === ((((odd * 7 - even) % 10) + 10) % 10) && d[10] === d.slice(0, 10).reduce((a, b) => a + b, 0) % 10;
}
/** AMKA of Greece: a date and Luhn's check. */
function isAmka(d: readonly number[]): boolean {
  const sum = d.reduce((total, digit, i) => total + (i % 2 === 1 ? digit * 2 - (digit > 4 ? 9 : 0) : digit), 0);
  return isDate(two(d, 2), two(d, 0)) && sum % 10 === 0;
}
const national: Readonly<Record<number, readonly ((d: readonly number[]) => boolean)[]>> = { 10: [isEgn, isRntrc], 11: [isTckn, isAmka], 13: [isJmbg, isCnp, isIdnp] };
const isNational = (found: string): boolean => { const d = digitsOf(found); return national[d.length]?.some((is) => is(d)) ?? false; };

/** ICAO 9303: 7, 3, 1 over digits and letters; `<` is 0. */
function mrzCheck(field: string): number {
  let sum = 0;
  for (let i = 0; i < field.length; i += 1) {
    const c = field.charCodeAt(i);
    sum += (c === 60 ? 0 : c < 58 ? c - 48 : c - 55) * ([7, 3, 1][i % 3] ?? 0);
  }
  return sum % 10;
}
const checks = (line: string, parts: readonly (readonly [from: number, to: number])[]): boolean => parts.every(([from, to]) => Number(line.charAt(to)) === mrzCheck(line.slice(from, to)));
const isSecondLine = (line: string): boolean => checks(line, [[0, 9], [13, 19], [21, 27]]);
const isDateLine = (line: string): boolean => checks(line, [[0, 6], [8, 14]]);
const isCardLine = (line: string): boolean => checks(line, [[5, 14]]);

/** The whole, and each beginning of it that ends at a break: what was taken for more of a number may be the next word. */
const beginnings = (found: string): string[] => [...found.matchAll(/[^0-9A-Za-z]|$/g)].map(({ index }) => found.slice(0, index));

/** ISO 13616: 15 to 34 characters, the rest moved to the front, letters as numbers, modulo 97. */
const isIban = (found: string): boolean => beginnings(found).map((beginning) => beginning.replace(/[ -]/g, '').toUpperCase()).some((text) => {
  let rest = 0;
  for (const c of text.slice(4) + text.slice(0, 4)) for (const digit of c >= 'A' ? String(c.charCodeAt(0) - 55) : c) rest = (rest * 10 + Number(digit)) % 97;
  return text.length >= 15 && text.length <= 34 && rest === 1;
});
const inRange = (found: string): boolean => { const [north = NaN, east = NaN] = [...found.matchAll(/\d+\.\d+/g)].map(([number]) => Number(number)); return north <= 90 && east <= 180; };

const finders: readonly Finder[] = [
  { kind: 'e-mail', pattern: /[\p{L}\p{N}._%+'-]+(?:@|\s?[[({]at[\])}]\s?)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,24}/giu },
  // looked at from each place at which one could begin: the next one may begin inside what looks like the rest of this
  { kind: 'iban', pattern: /\b[A-Z]{2}\d{2}(?=((?:[ -]?[A-Z0-9]){11,34})\b)/gi, is: isIban },
  { kind: 'document', pattern: /\b[0-9]{6}[ -]?[0-9]{4,7}\b/g, is: isNational },
  // identity number of Albania: decade, year, month (50 more: a woman), day, serial, check letter
  { kind: 'document', pattern: /\b[A-T]\d(?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[A-W]\b/gi },
  // codice fiscale of Italy
  { kind: 'document', pattern: /\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/gi },
  // passport and identity card: letters and six digits or more
  { kind: 'document', pattern: /\b[A-Z]{1,2} ?\d{6,9}[A-Z0-9]{0,7}\b/g },
  // machine-readable zones (ICAO 9303): second line of TD2 and TD3, the lines of TD1, and the line with the name
  { kind: 'document', pattern: /[A-Z0-9<]{9}\d[A-Z<]{3}\d{6}\d[MFX<]\d{6}\d[A-Z0-9<]{1,16}/g, is: isSecondLine },
  { kind: 'document', pattern: /\d{6}\d[MFX<]\d{6}\d[A-Z<]{3}[A-Z0-9<]{11}\d/g, is: isDateLine },
  { kind: 'document', pattern: /[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{9}\d[A-Z0-9<]{15}/g, is: isCardLine },
  { kind: 'document', pattern: /\b[PVACI][A-Z<][A-Z]+(?:<[A-Z]+)*<<[A-Z<]{3,}/g },
  { kind: 'coordinates', pattern: /[+-]?\b\d{1,2}\.\d{3,}°?\s?[NS]?[,;\s]\s?[+-]?\d{1,3}\.\d{3,}/gi, is: inRange },
  { kind: 'coordinates', pattern: /\b\d{1,3}\s?°\s?\d{1,2}(?:\.\d+)?\s?['′](?:\s?\d{1,2}(?:\.\d+)?\s?(?:"|''|′′))?\s?[NSEW]?/gi },
  { kind: 'coordinates', pattern: /\bgeo:-?\d{1,2}(?:\.\d+)?,-?\d{1,3}(?:\.\d+)?/gi },
  { kind: 'coordinates', pattern: /\b[23456789CFGHJMPQRVWX]{8}\+[23456789CFGHJMPQRVWX]{2,3}\b/g },
  // AL, IT, XK, RS, ME, MK, BG, UA: two letters, three or four digits, two letters
  { kind: 'plate', pattern: /\b[A-ZČĆŠŽĐ]{1,2}[ -]?\d{3,4}[ -]?[A-Z]{2}\b/g },
  // RO, and its capital
  { kind: 'plate', pattern: /\b[A-Z]{1,2}[ -]\d{2,3}[ -][A-Z]{3}\b/g },
  // BA; XK; GR, MD; TR
  { kind: 'plate', pattern: /\b[AEJKMOT]\d{2}-[AEJKMOT]-\d{3}\b|\b0[1-7][ -]\d{3}[ -][A-Z]{2}\b|\b[A-Z]{3}[ -]\d{3,4}\b|\b(?:0[1-9]|[1-7]\d|8[01]) [A-Z]{1,3} \d{2,5}\b/g },
];

/** Digits that could be a number somebody is called at: nothing of libphonenumber runs for a text without. */
const MAYBE_PHONE = /\+?\(?\d(?:[\s().\/-]{0,3}\d){7,14}/g;
const DIGIT = /\p{Nd}/gu;
/** Arabic, Persian, Indian digits stand in rows of ten in Unicode, each row apart from the others. */
const asciiDigit = (digit: string): string => {
  const place = digit.codePointAt(0) ?? 0;
  let zero = place;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String(place - zero);
};
/** As it is read: without invisible characters, and with the letters, signs and digits that everybody has for those that only look otherwise. */
const asRead = (text: string): string => text.normalize('NFKC').replace(/\p{Cf}/gu, '').replace(DIGIT, asciiDigit);
/** Each form has three digits, an @, or a row of fillers; nearly every event has none of them beside its references. */
const HAS_FORM = /(?:\d[^\d]*?){3}|@|[[({]at[\])}]|<<|°/i;
const IS_ASCII = /^[\x00-\x7f]*$/;
const DECIMAL = /^\d+\.\d+$/;

/**
 * Finds what has a form: phone numbers, international ones and those of the given countries as they are dialled there,
 * documents and national numbers with check digits, bank accounts, e-mail addresses, coordinates, number plates.
 * @throws PrivacyRefusal COUNTRY_UNKNOWN
 */
export function structured({ countries }: { readonly countries: readonly string[] }): Scanner {
  const known: readonly string[] = getCountries(metadata);
  const isCountry = (code: string): code is CountryCode => known.includes(code);
  const corridor = countries.filter(isCountry);
  if (corridor.length !== countries.length) throw new PrivacyRefusal('COUNTRY_UNKNOWN');

  /** As it stands, and with the 00 that stands for + in most of the world. */
  const isPhone = (found: string): boolean => findPhoneNumbersInText(found.replace(/^(?:00|\+)?(?=[1-9])/, '+'), metadata).length > 0 || corridor.some((country) => findPhoneNumbersInText(found, country, metadata).length > 0);

  const all: readonly Finder[] = [...finders, { kind: 'phone', pattern: MAYBE_PHONE, is: (found) => !DECIMAL.test(found) && beginnings(found).some((beginning) => digitsOf(beginning).length > 7 && isPhone(beginning)) }];

  return {
    name: 'structured',
    find: (given) => {
      const text = withoutReferences(IS_ASCII.test(given) ? given : asRead(given));
      if (!HAS_FORM.test(text)) return [];
      return all.flatMap(({ kind, pattern, is }) => [...text.matchAll(pattern)].map((match) => ({ found: match.join(''), start: match.index })).filter(({ found }) => is?.(found) ?? true).map(({ found, start }) => ({ kind, start, end: start + found.length })));
    },
  };
}

import { findPhoneNumbersInText, getCountries, type CountryCode } from 'libphonenumber-js';
import { PrivacyRefusal } from './refusal.js';
import type { Finding, Scanner } from './scan.js';
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

/** ISO 13616: the rest moved to the front, letters as numbers, modulo 97. */
function isIban(found: string): boolean {
  const text = found.replace(/[ -]/g, '').toUpperCase();
  if (text.length < 15 || text.length > 34) return false;
  let rest = 0;
  for (const c of text.slice(4) + text.slice(0, 4)) for (const digit of c >= 'A' ? String(c.charCodeAt(0) - 55) : c) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}
const inRange = (found: string): boolean => { const [north = 91, east = 181] = found.match(/[+-]?\d{1,3}[.]\d+/g)?.map(Number) ?? []; return Math.abs(north) <= 90 && Math.abs(east) <= 180; };

const finders: readonly Finder[] = [
  { kind: 'e-mail', pattern: /[\p{L}\p{N}._%+'-]+(?:@|\s?[[({]at[\])}]\s?)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,24}/giu },
  { kind: 'iban', pattern: /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}(?:[ -]?[A-Z0-9]{1,3})?\b/gi, is: isIban },
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
  { kind: 'document', pattern: /\b[PVACI][A-Z<][A-Z]{1,3}<{0,2}[A-Z]+(?:<[A-Z]+)*<<[A-Z<]{3,}/g },
  { kind: 'coordinates', pattern: /[+-]?\b\d{1,2}\.\d{3,}°?\s?[NS]?[,;\s]\s?[+-]?\d{1,3}\.\d{3,}/gi, is: inRange },
  { kind: 'coordinates', pattern: /\b\d{1,3}\s?°\s?\d{1,2}(?:\.\d+)?\s?['′](?:\s?\d{1,2}(?:\.\d+)?\s?(?:["″]|''))?\s?[NSEW]?/gi },
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
const OTHER_DIGIT = /\p{Nd}/gu;
/** Arabic, Persian, Indian digits stand in rows of ten in Unicode. */
const asciiDigit = (digit: string): string => {
  if (digit <= '9') return digit;
  let zero = digit.codePointAt(0) ?? 0;
  const value = zero;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1)) && value - zero < 9) zero -= 1;
  return String(value - zero).padEnd(digit.length, ' ');
};
/** Each form has three digits, an @, or a row of fillers; nearly every event has none of them beside its references. */
const HAS_FORM = /(?:\d[^\d]*?){3}|@|[[({]at[\])}]|<<|°/i;
const isAscii = /^[\x00-\x7f]*$/;

/**
 * Finds what has a form: phone numbers, international ones and those of the given countries as they are dialled there,
 * documents and national numbers with check digits, bank accounts, e-mail addresses, coordinates, number plates.
 * @throws PrivacyRefusal COUNTRY_UNKNOWN
 */
export function structured({ countries }: { readonly countries: readonly string[] }): Scanner {
  const known: readonly string[] = getCountries();
  const isCountry = (code: string): code is CountryCode => known.includes(code);
  const corridor = countries.filter(isCountry);
  if (corridor.length !== countries.length) throw new PrivacyRefusal('COUNTRY_UNKNOWN');

  function phones(text: string): Finding[] {
    return [...text.matchAll(MAYBE_PHONE)].flatMap((match) => {
      const [found] = match;
      if (/^\d+\.\d+$/.test(found)) return []; // a decimal number
      // as it stands, and with the 00 that stands for + in most of the world
      const international = [found, ...(found.startsWith('00') ? [`+${found.slice(2)}`] : []), ...(/^[1-9]/.test(found) ? [`+${found}`] : [])];
      const is = international.some((form) => form.startsWith('+') && findPhoneNumbersInText(form, { extended: false }).length > 0)
        || corridor.some((country) => findPhoneNumbersInText(found, { defaultCountry: country, extended: false }).length > 0);
      return is ? [{ kind: 'phone', start: match.index, end: match.index + found.length }] : [];
    });
  }

  return {
    name: 'structured',
    find: (given) => {
      const shown = isAscii.test(given) ? given : given.replace(/\p{Cf}/gu, (c) => ' '.repeat(c.length)).replace(OTHER_DIGIT, asciiDigit);
      const text = withoutReferences(shown);
      if (!HAS_FORM.test(text)) return [];
      return [
        ...finders.flatMap(({ kind, pattern, is }) => [...text.matchAll(pattern)].filter(([found]) => is?.(found) ?? true).map((match) => ({ kind, start: match.index, end: match.index + match[0].length }))),
        ...phones(text),
      ];
    },
  };
}

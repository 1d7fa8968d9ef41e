import fc from 'fast-check';
import { closedVocabulary } from './closed-vocabulary.js';
import { newRef } from './ref.js';
import { scanAll, withoutReferences } from './scan.js';
import { structured } from './structured.js';

const corridor = ['AL', 'XK', 'RS', 'ME', 'MK', 'BA', 'HR', 'BG', 'RO', 'MD', 'UA', 'GR', 'IT', 'TR'];
const scanner = structured({ countries: corridor });
const kinds = (text: string): readonly string[] => [...new Set(scanner.find(text).map(({ kind }) => kind))];

/** Appends the digit that makes the number whole. */
const withCheck = (digits: string, weights: readonly number[], finish: (sum: number) => number): string => `${digits}${finish(weights.reduce((sum, w, i) => sum + w * Number(digits[i]), 0))}`;
const jmbg = (digits: string): string => withCheck(digits, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2], (sum) => { const check = 11 - (sum % 11); return check > 9 ? 0 : check; });
const cnp = (digits: string): string => withCheck(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9], (sum) => (sum % 11 === 10 ? 1 : sum % 11));
const idnp = (digits: string): string => withCheck(digits, [7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1], (sum) => sum % 10);
const egn = (digits: string): string => withCheck(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6], (sum) => (sum % 11) % 10);
const rntrc = (digits: string): string => withCheck(digits, [-1, 5, 7, 9, 4, 6, 10, 5, 7], (sum) => (((sum % 11) + 11) % 11) % 10);
const amka = (digits: string): string => `${digits}${(10 - ([...digits].reduce((sum, d, i) => sum + (i % 2 === 1 ? Number(d) * 2 - (Number(d) > 4 ? 9 : 0) : Number(d)), 0) % 10)) % 10}`;
const other = (number: string): string => `${number.slice(0, -1)}${(Number(number.slice(-1)) + 1) % 10}`;

describe('the structured scanner finds', () => {
  it.each([
    ['an international number', '+355 69 123 4567'], ['one with 00', '0038344123456'], ['one without its plus', '355691234567'], ['one of Albania', '069 123 4567'], ['one of Kosovo', '044 123 456'], ['one of Italy', '(06) 1234-5678'],
    ['one in Arabic digits', '٠٦٩ ١٢٣ ٤٥٦٧'], ['one with invisible characters', '069\u200b123\u200b4567'], ['one in a text', 'call her at 0691234567, mornings'], ['one in a URL', 'https://hook.example/t/0691234567'], ['of a country that was not given', '+234 803 123 4567'],
  ])('phone numbers: %s', (_what, text) => expect(kinds(text)).toContain('phone'));

  it.each([
    ['JMBG', jmbg('010199050000')], ['JMBG whose check is above nine', jmbg('010100571000')], ['JMBG of the last day', jmbg('311298171003')], ['CNP', cnp('296052346001')], ['IDNP', idnp('200400101234')], ['EGN', egn('752316926')], ['EGN of this century', egn('054512123')], ['RNTRC', rntrc('317502345')],
    ['TCKN', '10000000146'], ['AMKA', amka('0101801234')], ['AMKA with high digits', amka('3112897969')], ['NID of Albania', 'I05101999I'], ['NID of a woman of Albania', 'j56231001w'], ['codice fiscale', 'RSSMRA85T10A562S'], ['a passport', 'BA1234567'], ['a passport with one letter', 'K 123456'], ['the number of an invented person', 'QX007001ZV00000'],
    ['the second line of a passport', 'L898902C36UTO7408122F1204159ZE184226B<<<<<10'], ['the line with the name', 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<'], ['the first line of a card', 'I<UTOD231458907<<<<<<<<<<<<<<<'], ['its second', '7408122F1204159UTO<<<<<<<<<<<6'],
  ])('documents: %s', (_what, text) => { for (const around of [text, `no. ${text}.`, JSON.stringify({ text })]) expect([around, kinds(around)]).toEqual([around, expect.arrayContaining(['document'])]); });

  it.each([jmbg('010199050000'), cnp('296052346001'), egn('752316926'), '10000000146', amka('0101801234')])('and no document in a number with another check digit: %s', (number) => expect(scanner.find(other(number)).filter(({ kind }) => kind === 'document')).toEqual([]));
  it.each([['month 13', jmbg('011399050000')], ['day 0', jmbg('000199050000')], ['day 32', jmbg('320199050000')], ['CNP of sex 0', cnp('096052346001')], ['EGN of month 53', egn('755316926')], ['EGN of month 0', egn('750016926')]])('nor in one of %s', (_what, number) => expect(kinds(number)).not.toContain('document'));
  it.each(['L898902C37UTO7408122F1204159ZE184226B<<<<<10', 'L898902C36UTO7408123F1204159ZE184226B<<<<<10', 'L898902C36UTO7408122F1204158ZE184226B<<<<<10'])('nor in a zone whose check digits are wrong: %s', (line) => expect(scanner.find(line).some(({ start, end }) => end - start > 30)).toBe(false));

  it.each([
    ['iban', 'AL35202111090000000001234567'], ['iban', 'AL35 2021 1109 0000 0000 0123 4567'], ['iban', 'de89370400440532013000'], ['iban', 'NO9386011117947'],
    ['e-mail', 'arta.example@mail.example'], ['e-mail', 'арта@пример.срб'], ['e-mail', 'arta [at] mail.example'], ['e-mail', 'mailto:arta@mail.example?x'],
    ['coordinates', '41.3275, 19.8187'], ['coordinates', '41.3275,-19.8187'], ['coordinates', '41°19\'39"N'], ['coordinates', 'geo:41.3,19.8'], ['coordinates', '8GJG8RG8+6W3'],
    ['plate', 'AA 123 BB'], ['plate', 'AA123BB'], ['plate', 'BG 1234-AB'], ['plate', 'CB 1234 AB'], ['plate', 'B 123 ABC'], ['plate', 'A12-K-345'], ['plate', '01 234 AB'], ['plate', 'ABC 123'], ['plate', '34 AB 1234'], ['plate', 'NOVI ŠA 123 AB'],
  ])('%s: %s', (kind, text) => expect(kinds(text)).toContain(kind));
  it.each(['AL36202111090000000001234567', 'DE8937040044053201300', 'DE88370400440532013000'])('and no account in %s', (text) => expect(kinds(text)).not.toContain('iban'));
  it('and no place outside the world', () => expect(kinds('141.3275, 190.8187')).not.toContain('coordinates'));

  it('each with its place', () => {
    expect(scanner.find('x +355691234567 y')).toEqual([{ kind: 'phone', start: 2, end: 15 }]);
    expect(scanner.name).toBe('structured');
  });
  it('national numbers only of the countries that were given', () => expect(structured({ countries: [] }).find('069 123 4567')).toEqual([]));
  it('and refuses a country that is none', () => expect(() => structured({ countries: ['AL', 'QQ'] })).toThrow(expect.objectContaining({ code: 'COUNTRY_UNKNOWN' })));
});

describe('nothing is wrong with what our events are made of', () => {
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  it('references, uuids, versions, moments, days, weeks, codes, hosts', () => {
    fc.assert(fc.property(fc.uuid(), time, fc.nat(999_999), fc.constantFrom('sent', 'EMERGENCY', '9-17', 'AL-11', 'legal', 'CT0101'), fc.ipV4(), fc.boolean(), (uuid, at, version, code, host, urgent) => {
      const iso = at.toISOString();
      const text = JSON.stringify({ referral: newRef('rfr'), organisation: newRef('org'), uuid, at: iso, minute: `${iso.slice(0, 17)}00Z`, on: iso.slice(0, 10), week: `${iso.slice(0, 4)}-W07`, version, code, urgent, url: `https://${host}:8443/hook`, traceparent: `00-${uuid.replaceAll('-', '')}-00f067aa0ba902b7-01` });
      expect(scanner.find(text)).toEqual([]);
    }), { numRuns: 300 });
  });
  it('counts, shares and errors of a table', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 9_999_999 }), fc.nat(999_999), (count, part) => {
      expect(scanner.find(`{"count":${count},"error":${count}.${String(part).padStart(6, '0')}}\r\nsl,${count},${count}.5\r\n`)).toEqual([]);
    }), { numRuns: 300 });
  });
  it('what stands for nobody is blank, and everything else keeps its place', () => {
    const ref = newRef('rfr');
    expect(withoutReferences(`a ${ref} b`)).toBe(`a ${' '.repeat(ref.length)} b`);
    const forged = `${ref.slice(0, -1)}${ref.endsWith('a') ? 'b' : 'a'}`;
    expect(withoutReferences(`a ${forged} 2026-11-24 7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10`)).toBe(`a ${forged} ${' '.repeat(10)} ${' '.repeat(36)}`);
    for (const text of ['1985-11-24', '2026-11-24x', '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a1', '192.168.100.200', 'www.rfr_example']) expect(withoutReferences(text)).toBe(text);
    expect(withoutReferences('http://192.168.100.200:80/')).toBe(`http://${' '.repeat(18)}/`);
  });
});

describe('the closed vocabulary', () => {
  const words = closedVocabulary(['transport', 'Confirmed for', 'shelter', 'rruga']);
  it('finds every word that is not in it', () => {
    expect(words.find('Transport confirmed for Ártä')).toEqual([{ kind: 'closed-vocabulary', start: 24, end: 28 }]);
    expect(words.find('transport, CONFIRMED: shelter 12')).toEqual([]);
    expect(words.find(`shelter ${newRef('rfr')}`)).toEqual([]);
    expect(words.name).toBe('closed-vocabulary');
  });
  it('and stands beside others', () => expect(scanAll('shelter Arta 0691234567', [words, scanner]).map(({ kind }) => kind)).toEqual(['closed-vocabulary', 'phone']));
});

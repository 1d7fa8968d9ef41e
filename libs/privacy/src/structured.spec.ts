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

const bare = structured({ countries: [] });
const said = (text: string): readonly string[] => bare.find(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

describe('each form is found whole', () => {
  it.each<readonly [string, ...string[]]>([
    ['a@b.cd', 'e-mail a@b.cd'], ['x ab.c_d%e+f\'g-1@x-1.y-2.z.info y', 'e-mail ab.c_d%e+f\'g-1@x-1.y-2.z.info'], ['ab[at]cd.ef', 'e-mail ab[at]cd.ef'],
    ['ab (at) cd.ef', 'e-mail ab (at) cd.ef'], ['ab {at} c-1.d.ef', 'e-mail ab {at} c-1.d.ef'], ['NO9386011117947', 'iban NO9386011117947', 'document NO9386011117947'],
    ['no93-8601-1117-947', 'iban no93-8601-1117-947'], ['AL35 2021 1109 0000 0000 0123 4567', 'iban AL35 2021 1109 0000 0000 0123 4567'],
    ['MT84MALT011000012345MTLCAST001S', 'iban MT84MALT011000012345MTLCAST001S'], ['MT84 MALT 0110 0001 2345 MTLC AST0 01S', 'iban MT84 MALT 0110 0001 2345 MTLC AST0 01S'],
    ['i05101999i', 'document i05101999i'], ['j56231001w', 'document j56231001w'], ['c50115001c', 'document c50115001c'], ['rssmra85t10a562s', 'document rssmra85t10a562s'],
    ['K123456', 'document K123456'], ['BA 1234567', 'document BA 1234567'], ['BA123456789X1', 'document BA123456789X1'], ['AB 123456ABCDEFG', 'document AB 123456ABCDEFG'],
    ['QX007001ZV00000', 'document QX007001ZV00000'], ['L898902C36UTO7408122F1204159ZE184226B<<<<<10', 'document L898902C36UTO7408122F1204159ZE184226B<<<<<10'],
    ['L898902C<3UTO6908061F9406236Z', 'document L898902C', 'document L898902C<3UTO6908061F9406236Z'], ['7408122F1204159UTO<<<<<<<<<<<6', 'document 7408122F1204159UTO<<<<<<<<<<<6'],
    ['I<UTOD231458907<<<<<<<<<<<<<<<', 'document I<UTOD231458907<<<<<<<<<<<<<<<'], ['P<UTOERIKSSON<<ANNA<MARIA<<<<<', 'document P<UTOERIKSSON<<ANNA<MARIA<<<<<'],
    ['V<UTOERIKSSON<BERG<<ANN', 'document V<UTOERIKSSON<BERG<<ANN'], ['PMUTERI<<ANN', 'document PMUTERI<<ANN'], ['C<D<<SMITH<<JOHN', 'document C<D<<SMITH<<JOHN'],
    ['41.327,19.818', 'coordinates 41.327,19.818'], ['-41.3275° N; +19.8187', 'coordinates -41.3275° N; +19.8187'], ['41.3275 s 119.8187', 'coordinates 41.3275 s 119.8187'],
    ['41.3275N,19.8187', 'coordinates 41.3275N,19.8187'], ['41°19\'', 'coordinates 41°19\''], ['41 ° 19.5 ′ 39.5 ″ N', 'coordinates 41 ° 19.5 ′ 39.5 ″ N'],
    ['141°19\'39"', 'coordinates 141°19\'39"'], ['141°19\'39\'\'e', 'coordinates 141°19\'39\'\'e'], ['41.327 9.818', 'coordinates 41.327 9.818'], ['41°19.55′39.55"N', 'coordinates 41°19.55′39.55"N'], ['geo:41,19', 'coordinates geo:41,19'],
    ['geo:-41.35,-119.25', 'coordinates geo:-41.35,-119.25'], ['GEO:1.5,1', 'coordinates GEO:1.5,1'], ['8FWC2345+G6', 'coordinates 8FWC2345+G6'],
    ['8FWC2345+G6X', 'coordinates 8FWC2345+G6X'], ['AA123BB', 'plate AA123BB'], ['B-1234-AB', 'plate B-1234-AB'], ['AA 123 BB', 'plate AA 123 BB'], ['CJ-123-ABC', 'plate CJ-123-ABC'],
    ['A12-K-345', 'plate A12-K-345'], ['01 234 AB', 'plate 01 234 AB'], ['07-234-AB', 'plate 07-234-AB'], ['ABC 123', 'plate ABC 123'], ['ABC-1234', 'plate ABC-1234'],
    ['34 A 12345', 'plate 34 A 12345'], ['81 ABC 12', 'plate 81 ABC 12'], ['01 AB 12', 'plate 01 AB 12'],
  ])('%s', (text, ...found) => expect(said(text)).toEqual(found));

  it.each(['a0a101999a', 'b11301001b', 'j56301001w', 'i05100999i', 'i05132999i', '9.999;181.000', '90.0001,10.0000', 'geo:x', '7408123F1204159UTO<<<<<<<<<<<6', '7408122F1204158UTO<<<<<<<<<<<6', 'I<UTOD231458908<<<<<<<<<<<<<<<', '12.345678', '1 2 3', 'A 1 B 2 C', 'arta at mail'])('and %s is none', (text) => expect(said(text)).toEqual([]));
  it('at the edge of the world, too', () => expect(said('90.0000,180.0000')).toEqual(['coordinates 90.0000,180.0000']));
  it.each(['AL35202111090000000001234567 for her', 'AL35 2021 1109 0000 0000 0123 4567 for you', 'pay to de89370400440532013000 the sum', 'room AB12 NO93 8601 1117 947 is hers', 'AL35202111090000000001234567 international'])('an account among other words: %s', (text) => expect(kinds(text)).toContain('iban'));
  it.each(['069 123 4567 12', '069 123 4567 12:30', '12 069 123 4567', '069 123 4567 1 2 3', '٠٦٩١٢٣٤٥٦٧', '𝟘𝟞𝟡𝟙𝟚𝟛𝟜𝟝𝟞𝟟', '𝟎𝟔𝟗 𝟏𝟐𝟑 𝟒𝟓𝟔𝟕', '०६९१२३४५६७', '０６９１２３４５６７'])('a number among other numbers and in other digits: %s', (text) => expect(kinds(text)).toContain('phone'));
  it.each(['arta＠mail．example', 'a\u00adr\u200bta@mail.example'])('an address in other letters: %s', (text) => expect(kinds(text)).toEqual(['e-mail']));
  it('a document with what nobody sees in it', () => { for (const text of [jmbg('010199050000'), '10000000146']) expect(said(`${text.slice(0, 3)}\u200b${text.slice(3)}`)).toEqual([expect.stringContaining('document')]); });
  it.each(['+355 69 123 4567', '0038344123456', '355691234567', '+(355) 69 123 4567', '355.69.123.4567'])('an international number whatever the corridor: %s', (text) => expect(said(text)).toEqual([`phone ${text}`]));
  it('but no number of a country that was not given, no other digits, and none of fewer than eight', () => {
    for (const text of ['0691234567', '044123456', '0393331234567']) expect(said(text)).toEqual([]);
    expect(structured({ countries: ['AL'] }).find('99999999 12')).toEqual([]);
    for (const text of ['06 1234 00000000', '061 2345 0000000']) expect(structured({ countries: ['IT'] }).find(text)).toEqual([]);
    expect(structured({ countries: ['AL'] }).find('069.123.4567')).toEqual([{ kind: 'phone', start: 0, end: 12 }]);
  });
  it('and a number with a point is no telephone', () => { for (const text of ['12345.678901', '355691234567.0']) expect(kinds(text)).not.toContain('phone'); });
});

describe('numbers with a check digit are found exactly where their law says so', () => {
  const digits = (count: number): fc.Arbitrary<string> => fc.array(fc.nat(9), { minLength: count, maxLength: count }).map((list) => list.join(''));
  const year = digits(2);
  const month = fc.constantFrom('00', '01', '06', '12', '13', '20', '21', '32', '33', '40', '41', '52', '53', '60', '61', '72');
  const day = fc.constantFrom('00', '01', '15', '31', '32');
  const of = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map((list) => list.join(''));
  const dated = (m: string, d: string): boolean => Number(m) >= 1 && Number(m) <= 12 && Number(d) >= 1 && Number(d) <= 31;
  const at = (n: string, from: number): string => n.slice(from, from + 2);
  const tckn = (n: string): string => { const d = [...n].map(Number); const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0); const tenth = ((7 * sum(d.filter((_, i) => i % 2 === 0)) - sum(d.filter((_, i) => i % 2 === 1))) % 10 + 10) % 10; return `${n}${tenth}${(sum(d) + tenth) % 10}`; };
  const laws: Readonly<Record<number, (n: string) => boolean>> = {
    10: (n) => (egn(n.slice(0, 9)) === n && Number(at(n, 2)) < 53 && dated(String(Number(at(n, 2)) % 20), at(n, 4))) || rntrc(n.slice(0, 9)) === n,
    11: (n) => (tckn(n.slice(0, 9)) === n && !n.startsWith('0')) || (amka(n.slice(0, 10)) === n && dated(at(n, 2), at(n, 0))),
    13: (n) => (jmbg(n.slice(0, 12)) === n && dated(at(n, 2), at(n, 0))) || (cnp(n.slice(0, 12)) === n && !n.startsWith('0') && dated(at(n, 3), at(n, 5))) || (idnp(n.slice(0, 12)) === n && n.startsWith('2')),
  };
  const valid = fc.oneof(
    of(year, month, day, digits(3)).map(egn), digits(9).map(rntrc), digits(9).map(tckn), of(day, month, digits(6)).map(amka), of(day, month, digits(8)).map(jmbg),
    of(fc.constantFrom('0', '1', '2', '6', '9'), year, month, day, digits(5)).map(cnp), of(fc.constantFrom('1', '2'), digits(11)).map(idnp), fc.constantFrom(10, 11, 13).chain(digits),
  );
  it('national numbers', () => {
    fc.assert(fc.property(valid, fc.constantFrom('', ' ', '-'), fc.boolean(), (number, between, changed) => {
      const n = changed ? other(number) : number;
      expect([n, said(`${n.slice(0, 6)}${between}${n.slice(6)}`).some((found) => found.startsWith('document'))]).toEqual([n, laws[n.length]?.(n)]);
    }), { numRuns: 1_500 });
  });
  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const iban = (country: string, rest: string): string => { const number = (text: string): bigint => BigInt([...text].map((c) => (c >= 'A' ? String(LETTERS.indexOf(c) + 10) : c)).join('')); return `${country}${String(98n - (number(`${rest}${country}00`) % 97n)).padStart(2, '0')}${rest}`; };
  it('no account in many runs that begin like one; to split each in every way would take minutes', () => {
    expect(bare.find(`ab12${'c3'.repeat(30)} `.repeat(1_000)).filter(({ kind }) => kind === 'iban')).toEqual([]);
  });
  it('no account without its two check digits', () => {
    const whole = Array.from({ length: 97 }, (_, n) => `AL1A${String(n).padStart(16, '0')}`).filter((text) => (BigInt([...`${text.slice(4)}${text.slice(0, 4)}`].map((c) => (c >= 'A' ? String(LETTERS.indexOf(c) + 10) : c)).join('')) % 97n) === 1n);
    expect([whole.length, said(whole[0] as string)]).toEqual([1, []]);
  });
  it('no account shorter than the shortest, whatever follows', () => { expect(said(`${iban('AL', '7000000000')} for her`).filter((found) => found.startsWith('iban'))).toEqual([]); });
  it('accounts of 15 to 34 characters', () => {
    const rest = fc.integer({ min: 9, max: 32 }).chain((length) => fc.array(fc.constantFrom(...LETTERS, ...'0123456789'), { minLength: length, maxLength: length })).map((list) => `7${list.join('')}`);
    fc.assert(fc.property(fc.constantFrom('AL', 'ZZ', 'AA'), rest, fc.boolean(), (country, text, small) => {
      const whole = iban(country, text);
      const written = small ? whole.toLowerCase() : whole.replace(/.{4}(?=.)/g, '$& ');
      const found = (one: string): boolean => bare.find(one).some(({ kind }) => kind === 'iban');
      const fits = whole.length >= 15 && whole.length <= 34;
      if (small || fits) expect([written, found(written)]).toEqual([written, fits]);
      expect(found(`${other(whole.slice(0, 4))}${whole.slice(4)}`)).toBe(false);
    }), { numRuns: 400 });
  });
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

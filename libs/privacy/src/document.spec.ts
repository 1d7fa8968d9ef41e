import { codeList } from './code-list.js';
import type { DocumentContent, DocumentDef } from './document.js';
import { createGate, type Metadata } from './gate.js';
import { knownIdentity } from './known-identity.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import { label } from './sealed.js';
import { figure, wire, type WireObject } from './wire.js';

const Gender = codeList('Gender', ['Feminine', 'Masculine'], 'quasi');
const Cube = codeList('Cube', ['by-gender']);
const Words = codeList('Words', ['a,b', 'say "no"', '=1+1', '+1', '@x', '-x', '-1', 'x=1', 'a-b']);
const release: DocumentDef = {
  name: 'statistics', readership: 'public', head: { cube: wire.code(Cube), period: wire.period, publisher: wire.optional(wire.ref('org')) },
  columns: { gender: figure.category(Gender), count: figure.integer(0, 100_000), error: figure.decimal(0, 1_000, 2), area: wire.optional(wire.region) },
};
const content = { head: { cube: 'by-gender', period: '2026-Q4' }, rows: [{ gender: 'Feminine', count: 23, error: 7.25 }, { gender: 'Masculine', count: 0, error: 7.5, area: 'AL-11' }] };
const gate = createGate();
const out = (def: DocumentDef, given: unknown, metadata: Metadata = {}, format?: 'json' | 'csv', through = gate): string => through.document(def, given as DocumentContent<WireObject, WireObject>, metadata, format).bytes().toString('utf8');
const codeOf = (act: () => unknown): string => {
  try { act(); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    const { code, pointer } = error as PrivacyRefusal;
    return pointer === undefined ? code : `${code} ${pointer}`;
  }
  return 'passed';
};
const refused = (given: unknown, metadata?: Metadata): string => codeOf(() => out(release, given, metadata));

describe('a document', () => {
  it('is JSON with head and rows, or CSV with the rows, in the order of the declaration', () => {
    expect(JSON.parse(out(release, content))).toEqual(content);
    expect(out(release, { ...content, rows: [{ error: 7.25, count: 23, gender: 'Feminine' }] })).toBe('{"head":{"cube":"by-gender","period":"2026-Q4"},"rows":[{"gender":"Feminine","count":23,"error":7.25}]}');
    expect(out(release, content, {}, 'csv')).toBe('gender,count,error,area\r\nFeminine,23,7.25,\r\nMasculine,0,7.5,AL-11\r\n');
    expect(out(release, { ...content, rows: [] }, {}, 'csv')).toBe('gender,count,error,area\r\n');
  });
  it('in CSV quotes what needs it, and no cell is a formula', () => {
    const def: DocumentDef = { name: 'words', readership: 'operator', head: {}, columns: { word: wire.code(Words) } };
    expect(out(def, { head: {}, rows: Words.values.map((word) => ({ word })) }, {}, 'csv')).toBe('word\r\n"a,b"\r\n"say ""no"""\r\n\'=1+1\r\n\'+1\r\n\'@x\r\n\'-x\r\n-1\r\nx=1\r\na-b\r\n');
  });

  it.each<[string, unknown, string]>([
    ['an undeclared field of a row', { ...content, rows: [{ ...content.rows[0], name: 'Qëzvxwöj' }] }, 'UNEXPECTED_FIELD'], ['one of the head', { ...content, head: { ...content.head, note: 'x' } }, 'UNEXPECTED_FIELD'], ['one beside them', { ...content, note: 'x' }, 'UNEXPECTED_FIELD'],
    ['a missing one', { ...content, rows: [{ gender: 'Feminine', count: 1 }] }, 'MISSING_FIELD /rows/error'], ['no head', { rows: [] }, 'PAYLOAD_NOT_PLAIN'], ['no rows', { head: content.head }, 'PAYLOAD_NOT_PLAIN /rows'], ['rows that are none', { ...content, rows: { length: 1 } }, 'PAYLOAD_NOT_PLAIN /rows'],
    ['a gap in the rows', { ...content, rows: [, content.rows[0]] }, 'PAYLOAD_NOT_PLAIN'], ['a labelled value', { ...content, rows: [{ ...content.rows[0], count: label('quasi', 3) }] }, 'SEALED_VALUE /rows/count'], ['a labelled row', { ...content, rows: [label('quasi', content.rows[0])] }, 'SEALED_VALUE'], ['a labelled content', label('quasi', content), 'SEALED_VALUE'],
    ['a text for a category', { ...content, rows: [{ ...content.rows[0], gender: 'Qëzvxwöj' }] }, 'FIELD_INVALID /rows/gender'], ['a count too many', { ...content, rows: [{ ...content.rows[0], count: 100_001 }] }, 'FIELD_INVALID /rows/count'], ['too few', { ...content, rows: [{ ...content.rows[0], count: -1 }] }, 'FIELD_INVALID /rows/count'],
    ['a part of a count', { ...content, rows: [{ ...content.rows[0], count: 1.5 }] }, 'FIELD_INVALID /rows/count'], ['minus zero', { ...content, rows: [{ ...content.rows[0], count: -0 }] }, 'FIELD_INVALID /rows/count'], ['a count as text', { ...content, rows: [{ ...content.rows[0], count: '23' }] }, 'FIELD_INVALID /rows/count'],
    ['a place too many', { ...content, rows: [{ ...content.rows[0], error: 7.255 }] }, 'FIELD_INVALID /rows/error'], ['no number', { ...content, rows: [{ ...content.rows[0], error: Number.NaN }] }, 'FIELD_INVALID /rows/error'], ['one out of bounds', { ...content, rows: [{ ...content.rows[0], error: 1_000.01 }] }, 'FIELD_INVALID /rows/error'],
  ])('refuses %s', (_what, given, code) => expect(refused(given)).toBe(code));
  it('refuses the same in CSV, and says where, in the head too', () => {
    expect(codeOf(() => out(release, { ...content, rows: [{ ...content.rows[0], count: 'x' }] }, {}, 'csv'))).toBe('FIELD_INVALID /rows/count');
    expect(refused({ ...content, head: { ...content.head, period: 'x' } })).toBe('FIELD_INVALID /head/period');
  });
  it('reads rows by their number, whatever an array says of itself', () => {
    const rows = [...content.rows];
    Object.defineProperty(rows, Symbol.iterator, { value: function* () { yield { name: 'x' }; } });
    Object.defineProperty(rows, 'map', { value: () => ['{"name":"x"}'] });
    expect(JSON.parse(out(release, { ...content, rows }))).toEqual(content);
  });
  it('refuses another format', () => expect(codeOf(() => out(release, content, {}, 'xml' as 'csv'))).toBe('DOCUMENT_INVALID'));
  it('has room for a large table, and an end', () => {
    const wide: DocumentDef = { name: 'wide', readership: 'operator', head: {}, columns: { word: wire.code(codeList('Long', ['x'.repeat(64)])) } };
    const rows = (n: number): unknown => ({ head: {}, rows: Array<unknown>(n).fill({ word: 'x'.repeat(64) }) });
    expect(out(wide, rows(2_000), {}, 'csv').length).toBeGreaterThan(64 * 1024);
    expect(codeOf(() => out(wide, rows(130_000), {}, 'csv'))).toBe('BODY_TOO_LARGE');
  });

  it.each<[string, Partial<DocumentDef>, string]>([
    ['a name with capitals', { name: 'Statistics' }, 'DOCUMENT_INVALID'], ['a name that ends otherwise', { name: 'statisticsX' }, 'DOCUMENT_INVALID'], ['a name that is a list', { name: ['statistics'] as unknown as string }, 'DOCUMENT_INVALID'], ['a name that is too long', { name: 'a'.repeat(41) }, 'DOCUMENT_INVALID'], ['no name', { name: '' }, 'DOCUMENT_INVALID'], ['another readership', { readership: 'all' as 'public' }, 'DOCUMENT_INVALID'], ['an inherited one', { readership: 'toString' as 'public' }, 'DOCUMENT_INVALID'],
    ['a field that wire did not make', { columns: { name: { accepts: () => true } as never } }, 'DOCUMENT_INVALID'], ['a field name that is a value', { columns: { 'Qëz': wire.boolean } }, 'DOCUMENT_INVALID'],
    ['a reference of a case to the public', { head: { case: wire.ref('csr') } }, 'NOT_FOR_THIS_AUDIENCE /case'], ['a day', { columns: { on: wire.day } }, 'NOT_FOR_THIS_AUDIENCE /on'], ['an instant', { columns: { at: wire.instant } }, 'NOT_FOR_THIS_AUDIENCE /at'], ['a code above operational, not as a category', { columns: { gender: wire.code(Gender) } }, 'CLASS_NOT_ALLOWED /gender'],
    ['a category to the operator', { readership: 'operator', columns: { gender: figure.category(Gender) } }, 'NOT_FOR_THIS_AUDIENCE /gender'], ['a region to the operator', { readership: 'operator', head: {}, columns: { area: wire.region } }, 'NOT_FOR_THIS_AUDIENCE /area'],
  ])('is not declared with %s', (_what, change, code) => expect(codeOf(() => out({ ...release, head: {}, columns: {}, ...change }, { head: {}, rows: [] }))).toBe(code));
  it('is declared with a name of 40 letters, and stays as it was at its first use', () => {
    const data: Record<string, typeof wire.boolean> = { a: wire.boolean };
    const def: DocumentDef = { name: 'a'.repeat(40), readership: 'operator', head: {}, columns: data };
    expect(out(def, { head: {}, rows: [{ a: true }] })).toBe('{"head":{},"rows":[{"a":true}]}');
    data['b'] = wire.boolean;
    expect(codeOf(() => out(def, { head: {}, rows: [{ a: true, b: true }] }))).toBe('UNEXPECTED_FIELD');
  });
  it('says to either what is no text and nobody\'s', () => {
    const Open = codeList('Open', ['o'], 'open');
    const both = { who: wire.ref('org'), code: wire.code(Open), band: wire.band(Cube), period: wire.period, version: wire.version, boolean: wire.boolean, integer: figure.integer(0, 9), decimal: figure.decimal(0, 9, 1) };
    const row = { who: newRef('org'), code: 'o', band: 'by-gender', period: '2026-Q4', version: 1, boolean: true, integer: 3, decimal: 0.5 };
    for (const readership of ['public', 'operator'] as const) expect(JSON.parse(out({ name: 'support-bundle-2', readership, head: {}, columns: both }, { head: {}, rows: [row] }))).toEqual({ head: {}, rows: [row] });
  });
  it('has a file name of its own name, of as many words as that has', () => {
    const bundle: DocumentDef = { name: 'support-bundle', readership: 'operator', head: {}, columns: {} };
    const named = (name: string): string => codeOf(() => out(bundle, { head: {}, rows: [] }, { 'file-name': name }));
    expect(['footbridge-support-bundle.json', 'footbridge-support-bundle-2026-W07.json', 'footbridge-support.json', 'footbridge-support-bundle-x.json', 'footbridge-support--.json', 'footbridge-supportbundle.json'].map(named)).toEqual(['passed', 'passed', ...Array<string>(4).fill('METADATA_INVALID /file-name')]);
  });
  it('for the operator says how things stand: moments, days, codes, figures', () => {
    const bundle: DocumentDef = { name: 'doctor', readership: 'operator', head: { at: wire.instant, on: wire.day, who: wire.ref('org') }, columns: { finding: wire.code(Cube), wrong: wire.boolean, count: figure.integer(-5, 5) } };
    const given = { head: { at: '2026-11-24T03:06:00.123Z', on: '2026-11-24', who: newRef('org') }, rows: [{ finding: 'by-gender', wrong: false, count: -5 }] };
    expect(JSON.parse(out(bundle, given))).toEqual(given);
  });

  it.each<[Metadata, string]>([
    [{ 'file-name': 'footbridge-statistics-2026-Q4.csv' }, 'passed'], [{ 'file-name': 'footbridge-statistics.json' }, 'passed'], [{ 'file-name': 'footbridge-statistics-2026-11-24.json' }, 'passed'], [{ 'File-Name': 'footbridge-statistics-2026-W07.json' }, 'passed'],
    [{ 'content-type': 'application/json; charset=utf-8' }, 'passed'], [{ 'content-type': 'text/csv' }, 'passed'], [{ 'content-type': 'application/json;charset=UTF-8' }, 'passed'], [{ 'Content-Type': 'text/csvx' }, 'METADATA_INVALID /content-type'], [{ 'content-type': 'xtext/csv' }, 'METADATA_INVALID /content-type'], [{ time: '2026-11-24T03:00:00Z' }, 'passed'], [{ etag: `"${'a1'.repeat(32)}"` }, 'passed'], [{ etag: '"12"' }, 'passed'], [{ recipient: newRef('org') }, 'passed'],
    [{ 'file-name': 'Qëzvxwöj.csv' }, 'METADATA_INVALID /file-name'], [{ 'file-name': 'footbridge-statistics-qezv.csv' }, 'METADATA_INVALID /file-name'], [{ 'file-name': 'footbridge-statistics-2026-W99.csv' }, 'METADATA_INVALID /file-name'], [{ 'file-name': 'footbridge-cases-2026-Q4.csv' }, 'METADATA_INVALID /file-name'], ...['../footbridge-statistics.csv', 'footbridge-statistics.csv.exe', 'footbridge-statistics-2026-Q4-x.csv', 'footbridge-statistics-x.csv', 'footbridge-.csv', 'footbridge-2026-Q4.csv', 'footbridge-statistics-20.csv'].map((name): [Metadata, string] => [{ 'file-name': name }, 'METADATA_INVALID /file-name']),
    [{ 'file-name': 'footbridge-statistics.exe' }, 'METADATA_INVALID /file-name'], [{ 'file-name': 'footbridge-statistics.csv\n' }, 'METADATA_INVALID /file-name'], [{ 'content-type': 'text/html' }, 'METADATA_INVALID /content-type'], [{ 'content-type': 'text/csv; name=x' }, 'METADATA_INVALID /content-type'], [{ time: '2026-11-24T03:06:00Z' }, 'METADATA_INVALID /time'], ...['Qëzvxwöj', '12', '"12"x', 'x"12"', '"1234567"', '"x"', `"${'a1'.repeat(31)}"`, `"${'A1'.repeat(32)}"`, '""'].map((etag): [Metadata, string] => [{ etag }, 'METADATA_INVALID /etag']), [{ etag: '"123456"' }, 'passed'], [{ recipient: newRef('rfr') }, 'METADATA_INVALID /recipient'],
    [{ subject: 'x' }, 'UNEXPECTED_METADATA'], [{ url: 'https://x.example' }, 'UNEXPECTED_METADATA'], [{ 'file-name': 3 as unknown as string }, 'METADATA_INVALID /file-name'], [{ [Symbol('x')]: 'x' } as Metadata, 'UNEXPECTED_METADATA'],
  ])('T05 with %p: %s', (metadata, code) => expect(refused(content, metadata)).toBe(code));

  it('is scanned like every other body', () => {
    const scanned = createGate({ scanners: [knownIdentity(['Feminine'], Buffer.alloc(32))] });
    expect(codeOf(() => out(release, content, {}, 'json', scanned))).toBe('SCANNER_FOUND');
    expect(codeOf(() => out(release, { ...content, rows: [] }, {}, 'json', scanned))).toBe('passed');
  });
});

describe('figures', () => {
  it.each([[() => figure.integer(1, 0)], [() => figure.integer(0.5, 3)], [() => figure.integer(0, 3.5)], [() => figure.integer(0, 10_000_000)], [() => figure.integer(-10_000_000, 0)], [() => figure.decimal(0, 1, 0)], [() => figure.decimal(0, 1, 7)], [() => figure.decimal(0, 1, 1.5)], [() => figure.decimal(1, 0, 2)]])('are bounded: %s', (make) => expect(codeOf(make)).toBe('FIGURE_INVALID'));
  it('up to seven digits, six places, and one value', () => {
    expect([figure.integer(-9_999_999, 9_999_999).accepts(9_999_999, 'service'), figure.integer(3, 3).accepts(3, 'service'), figure.decimal(0, 1, 6).accepts(0.123456, 'service'), figure.decimal(0, 1, 1).accepts(0.5, 'service')]).toEqual([true, true, true, true]);
    expect([figure.integer(0, 9).jsonSchema, figure.decimal(0, 9, 1).jsonSchema, figure.category(Gender).jsonSchema]).toEqual([{ type: 'integer', minimum: 0, maximum: 9 }, { type: 'number', minimum: 0, maximum: 9 }, { type: 'string', enum: ['Feminine', 'Masculine'] }]);
    expect([figure.integer(0, 9), figure.decimal(0, 9, 1), figure.category(Gender)].map(({ kind, dataClass }) => [kind, dataClass])).toEqual([['integer', 'operational'], ['decimal', 'operational'], ['category', 'quasi']]);
  });
  it('are in no event, and no category is of class direct', () => {
    for (const schema of [figure.integer(0, 9), figure.decimal(0, 9, 1), figure.category(Cube)]) for (const audience of ['service', 'instance', 'directed', 'network'] as const) expect(schema.allowedFor(audience, 'x')).toBe(false);
    expect(codeOf(() => figure.category(codeList('Names', ['Arta'], 'direct')))).toBe('CLASS_NOT_ALLOWED');
  });
});

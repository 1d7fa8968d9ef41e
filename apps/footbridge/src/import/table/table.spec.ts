import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import exceljs from 'exceljs';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import type { TableRow } from '../cell.js';
import { csvLine } from './csv-cell.js';
import { lookAt } from './file.js';
import { openTable, type Table } from './table.js';
import { serialDate } from './xlsx-date.js';

const folder = mkdtempSync(join(tmpdir(), 'footbridge-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const file = (content: string | Buffer, ending = 'csv'): string => {
  const path = join(folder, `${++files}.${ending}`);
  writeFileSync(path, content);
  return path;
};
const open = async (path: string, options: { encoding?: string; sheet?: string } = {}): Promise<Table> => openTable(await lookAt(path, options.encoding), options, (name) => name.startsWith('known'));
const rows = async (table: Table): Promise<TableRow[]> => {
  const found: TableRow[] = [];
  for await (const row of table.rows()) found.push(row);
  return found;
};
const cells = async (content: string | Buffer, options?: { encoding?: string }): Promise<unknown[]> => (await rows(await open(file(content), options))).map((row) => row.cells);
const error = async (content: string | Buffer, options?: { encoding?: string }, ending?: string): Promise<string> => {
  try { await rows(await open(file(content, ending), options)); } catch (thrown) { return thrown instanceof Error ? `${thrown.constructor.name}: ${thrown.message}` : ''; }
  return 'none';
};

const TEXT = 'prs_FirstName;prs_SecondName\r\nZoë;"O\'Nobody; the\r\nelder"\r\nŠemsa;Ünvented\r\n';
const READ = [['Zoë', 'O\'Nobody; the\r\nelder'], ['Šemsa', 'Ünvented']];

describe('a text file is read', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 of either order, with its mark', iconv.encode(TEXT, 'utf-16le', { addBOM: true })],
    ['UTF-16 of either order, with its mark', iconv.encode(TEXT, 'utf-16be', { addBOM: true })],
    ['UTF-16 without a mark', iconv.encode(TEXT, 'utf-16le', { addBOM: false })],
    ['UTF-16 without a mark', iconv.encode(TEXT, 'utf-16be', { addBOM: false })],
    ['Windows-1252', iconv.encode(TEXT, 'windows-1252')],
  ])('in %s', async (_, bytes) => {
    expect(await cells(bytes)).toEqual(READ);
  });
  it('in another encoding where somebody names it', async () => {
    const cyrillic = 'prs_FirstName,prs_SecondName\nОлена,Вигадана\n';
    expect(await cells(iconv.encode(cyrillic, 'windows-1251'), { encoding: 'windows-1251' })).toEqual([['Олена', 'Вигадана']]);
  });
  it('and says so where its encoding had to be guessed', async () => {
    expect((await open(file(iconv.encode(TEXT, 'windows-1252')))).notes).toEqual([expect.stringContaining('Read as windows-1252')]);
    expect((await open(file(TEXT))).notes).toEqual([]);
  });
  it('with an end of a letter on the border of two pieces', async () => {
    const long = `prs_FirstName\n${'ë'.repeat(199)}\n`.repeat(1).concat(...Array.from({ length: 2000 }, (_, i) => `${'ë'.repeat(i % 199)}Ł\n`));
    expect((await cells(long)).flat().join('')).not.toContain('\ufffd');
  });
});

describe('a CSV file is read', () => {
  it.each([[','], [';'], ['\t'], ['|']])('with the separator %j', async (separator) => {
    expect(await cells(['A', 'B'].join(separator) + '\n' + ['1', '2'].join(separator))).toEqual([['1', '2']]);
  });
  it('with separators of other kinds inside quotes or cells', async () => {
    expect(await cells('"A, or a, or b";C\n1;2\n')).toEqual([['1', '2']]);
    expect(await cells('known A;known, or not, or never\n1;2\n')).toEqual([['1', '2']]);
    expect(await cells('A;B\n"x;y";"he said ""no"""\n')).toEqual([['x;y', 'he said "no"']]);
  });
  it('with the separator that Excel declares', async () => {
    expect(await cells('sep=;\r\nA;B,C\r\n1;2\r\n')).toEqual([['1', '2']]);
  });
  it('with mixed line ends and empty lines, and rows count as a spreadsheet counts them', async () => {
    const table = await open(file('A,B\r\n1,2\n\n3,4\r\n"a\nb",5'));
    expect((await rows(table)).map(({ number, cells: found }) => [number, ...found])).toEqual([[2, '1', '2'], [4, '3', '4'], [5, 'a\nb', '5']]);
  });
  it('with rows that have too few or too many cells, for the row to be refused', async () => {
    expect(await cells('A,B,C\n1,2\n1,2,3,4\n')).toEqual([['1', '2'], ['1', '2', '3', '4']]);
  });
  it('as it was written, whatever the cells hold', async () => {
    const cell = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replace(/\p{Cs}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd\ufeff]/gu, ''));
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }), fc.constantFrom(',', ';', '\t'), async (lines, separator) => {
      const content = ['A', 'B', 'C'].join(separator) + '\r\n' + lines.map((line) => csvLine(line, separator)).join('');
      expect(await cells(content)).toEqual(lines);
    }), { numRuns: 150 });
  });
  it('without running what looks like a formula', async () => {
    expect(csvLine(['=HYPERLINK("x")', '+355691234567', '-1', '@x', 'Arta'], ',')).toBe('"\'=HYPERLINK(""x"")",+355691234567,\'-1,\'@x,Arta\r\n');
    expect(await cells(`A,B\n${csvLine(['=1+1', '\'=1'], ',')}`)).toEqual([['=1+1', '\'=1']]);
  });
});

describe('a stray control character', () => {
  it('does not make a table anything else', async () => {
    expect(await cells(`A,B\n${'Arta,Example\n'.repeat(20)}Be\u000bsa,Example\n`)).toHaveLength(21);
  });
});

describe('JSON is read', () => {
  const person = { person: { givenName: 'Arta', languages: ['sq', 'en'], childrenCount: 2, interpreterNeeded: false, chosenName: null } };
  const flat = { names: ['person.givenName', 'person.languages', 'person.childrenCount', 'person.interpreterNeeded', 'person.chosenName'], cells: ['Arta', ['sq', 'en'], '2', 'false', ''] };
  it('as an array, element by element', async () => {
    expect(await rows(await open(file(`\ufeff [ ${JSON.stringify(person)},\n{"prs_FirstName":"a]}\\"{["}\n]\n`)))).toEqual([{ number: 1, ...flat }, { number: 2, names: ['prs_FirstName'], cells: ['a]}"{['] }]);
  });
  it('as lines, empty ones left out', async () => {
    expect(await rows(await open(file(`${JSON.stringify(person)}\r\n\r\n{"prs_FirstName":"Besa"}`)))).toEqual([{ number: 1, ...flat }, { number: 3, names: ['prs_FirstName'], cells: ['Besa'] }]);
  });
  it('with what is no value marked as such, and names that programs stumble over left harmless', async () => {
    const [row] = await rows(await open(file('{"a":[{"b":1}],"c":12345678901234567890,"__proto__":"x","constructor":{"d":{"e":{"f":{"g":{"h":1}}}}}}')));
    expect(row?.names).toEqual(['a', 'c', '__proto__', 'constructor.d.e.f.g']);
    expect(row?.cells).toEqual([{ unreadable: 'NESTED_VALUE' }, { unreadable: 'NUMBER_TOO_LONG' }, 'x', { unreadable: 'NESTED_VALUE' }]);
  });
  it.each([
    ['{"a":1}\n{"a":', 'Line 2 is not JSON'],
    ['{"a":1}\n[1]', 'Line 2 is no object'],
    ['[{"a":1},2]', 'Element 2'],
    ['[{"a":1}', 'is not closed'],
    ['[{"a":1},{"b"', 'Element 2'],
    ['[{"a":1}] more', 'goes on after the end'],
    ['[{"a" 1}]', 'Element 1 is not JSON'],
  ])('only where it is JSON: %j', async (content, message) => {
    expect(await error(content, {}, 'json')).toContain(message);
  });
});

describe('a spreadsheet is read', () => {
  const workbook = async (fill: (sheet: exceljs.Worksheet, book: exceljs.Workbook) => void): Promise<string> => {
    const book = new exceljs.Workbook();
    const sheet = book.addWorksheet('People');
    fill(sheet, book);
    const path = file('', 'xlsx');
    await book.xlsx.writeFile(path);
    return path;
  };
  it('with texts, numbers, dates, truths, formulas, rich text and gaps', async () => {
    const path = await workbook((sheet) => {
      sheet.addRow(['First name', 'Born', 'Phone', 'Alone', 'Sum', 'Rich', 'Gap', 'Arrived']);
      sheet.addRow(['Zoë & <co>', new Date('2010-02-01T00:00:00Z'), 355691234567, true, { formula: 'A1', result: 'computed' }, { richText: [{ text: 'Ar' }, { font: { bold: true }, text: 'ta' }] }, null, new Date('2026-11-24T03:40:00Z')]);
      sheet.getRow(5).getCell(1).value = 'Besa';
      sheet.getRow(5).getCell(7).value = { error: '#REF!' };
      sheet.getRow(9).getCell(3).numFmt = 'dd/mm/yyyy';
    });
    const table = await open(path);
    expect(table.header).toEqual(['First name', 'Born', 'Phone', 'Alone', 'Sum', 'Rich', 'Gap', 'Arrived']);
    expect((await rows(table)).map(({ number, cells: found }) => [number, ...found])).toEqual([
      [2, 'Zoë & <co>', '2010-02-01', '355691234567', 'true', 'computed', 'Arta', '', '2026-11-24T03:40:00'],
      [5, 'Besa', '', '', '', '', '', { unreadable: 'SPREADSHEET_ERROR' }, ''],
    ]);
  });
  it('with its shared texts, too, and from the sheet that is named', async () => {
    const book = new exceljs.stream.xlsx.WorkbookWriter({ filename: file('', 'xlsx'), useSharedStrings: true, useStyles: true });
    const first = book.addWorksheet('Other');
    first.addRow(['A']).commit();
    const sheet = book.addWorksheet('People & more');
    sheet.addRow(['prs_FirstName']).commit();
    sheet.addRow(['Arta']).commit();
    await book.commit();
    const path = join(folder, `${files}.xlsx`);
    expect((await open(path)).notes).toEqual([expect.stringContaining('first of 2 sheets')]);
    expect((await rows(await open(path, { sheet: 'People & more' }))).map((row) => row.cells)).toEqual([['Arta']]);
    await expect(open(path, { sheet: 'Nobody' })).rejects.toThrow('no sheet of that name');
  });
  it('with dates as each of the two calendars counts them', () => {
    expect([serialDate(1, false), serialDate(59, false), serialDate(61, false), serialDate(40210, false), serialDate(40210.5, false)]).toEqual(['1900-01-01', '1900-02-28', '1900-03-01', '2010-02-01', '2010-02-01T12:00:00']);
    expect(serialDate(40210 - 1462, true)).toBe('2010-02-01');
  });
  it('only where every filled column has a name', async () => {
    const path = await workbook((sheet) => { sheet.addRow(['A']); sheet.addRow(['1', '2']); });
    await expect(open(path).then(rows)).rejects.toThrow('Column 2');
  });
  it('not where it is another kind of archive, damaged, or a bomb', async () => {
    const path = await workbook((sheet) => { sheet.addRow(['A']); sheet.addRow([`x${'a'.repeat(32_000)}`]); });
    const bytes = readFileSync(path);
    expect(await error(bytes.subarray(0, bytes.length / 2), {}, 'xlsx')).toContain('Refusal: The file is no spreadsheet');
    const bent = Buffer.from(bytes);
    bent.fill(0x41, bytes.length >> 2, bytes.length >> 1);
    expect(await error(bent, {}, 'xlsx')).toMatch(/Refusal: The file is no spreadsheet/);
    expect(await error(Buffer.from('504b0506000000000000000000000000000000000000', 'hex'), {}, 'zip')).toContain('is no table');
    const large = await workbook((sheet) => { sheet.addRow(Array.from({ length: 40 }, (_, i) => `c${i}`)); sheet.addRow(Array.from({ length: 40 }, (_, i) => `${i}${'a'.repeat(32_000)}`)); });
    await expect(open(large).then(rows)).rejects.toThrow('Row 2 is larger than 1 MB');
    const bomb = await workbook((sheet) => { sheet.addRow(['A']); sheet.addRow(['a'.repeat(20_000_000)]); });
    await expect(open(bomb).then(rows)).rejects.toThrow('larger than 1 MB');
  });
});

describe('a file that is no table of people gets one clear error', () => {
  it.each([
    ['an empty file', '', 'is empty'],
    ['blank lines', '\n\n\n', 'is empty'],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'is no table'],
    ['a PDF', Buffer.from('255044462d312e340a0001020304', 'hex'), 'is no table'],
    ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256)), 'is no table'],
    ['an old Excel file', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), 'old Excel file'],
    ['Cyrillic in a code page', iconv.encode('prs_FirstName\nОлена Вигадана Людина\nОлена Вигадана Людина\n', 'windows-1251'), 'encoding'],
    ['bytes that Windows-1252 has not', Buffer.concat([Buffer.from('prs_FirstName\n'), Buffer.from([0x81, 0x8d])]), 'encoding'],
    ['a header without names', ',,\n1,2,3\n', 'has no header'],
    ['a name twice', 'A,B,a \n1,2,3\n', 'Columns 1 and 3'],
    ['a filled column without a name', 'A,,C\n1,2,3\n', 'Column 2'],
    ['a row of more than 1 MB', `A,B\n1,2\n${'x'.repeat(1_100_000)},2\n`, 'Row 3 is larger than 1 MB'],
    ['a line of more than 1 MB', `{"a":1}\n{"a":"${'x'.repeat(1_100_000)}"}`, 'Row 2 is larger than 1 MB'],
    ['an element of more than 1 MB', `[{"a":1},{"a":"${'x'.repeat(1_100_000)}"}]`, 'Row 2 is larger than 1 MB'],
    ['a quote that is not closed', 'A,B\n1,"2\n3,4\n', 'not closed'],
    ['a quote in the wrong place', 'A,B\n1,"2"3\n', 'wrong place'],
    ['too many columns', `${Array.from({ length: 1001 }, (_, i) => `c${i}`).join(',')}\n`, 'more than 1000 columns'],
  ])('%s', async (_, content, message) => {
    const said = await error(content);
    expect(said).toMatch(/^Refusal: /);
    expect(said).toContain(message);
    expect(said).not.toContain('\n');
  });
  it('a missing file, a folder, an unknown encoding', async () => {
    await expect(open(join(folder, 'nothing.csv'))).rejects.toThrow('does not exist');
    await expect(open(folder)).rejects.toThrow('is no file');
    await expect(open(file('A\n1\n'), { encoding: 'klingon' })).rejects.toThrow('is not known');
  });
});

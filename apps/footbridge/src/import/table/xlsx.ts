import type { Readable } from 'node:stream';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { Refusal } from '../../refusal.js';
import { type Cell, isBlank } from '../cell.js';
import { checkHeader, checkNameless, LARGEST_ROW, type Table, tooLarge } from './table.js';
import { damaged, readXml, type XmlHandlers } from './xml.js';
import { isDateFormat, serialDate } from './xlsx-date.js';

/**
 * Reads an .xlsx workbook (ECMA-376) row by row, without temporary files: what other readers put aside on the disk would be people's
 * names in the clear. Only the shared texts of the workbook lie in memory.
 */
export async function xlsxTable(path: string, sheetName: string | undefined): Promise<Table> {
  const { sheet, notes } = await withArchive(path, async (archive) => {
    const workbook = await workbookOf(archive, path);
    return chosen(path, workbook, sheetName);
  });
  const header = await headerOf(path, sheet);
  checkHeader(path, header);
  return {
    format: 'XLSX', notes, header, separator: ',',
    async *rows() {
      let isHeader = true;
      for await (const { number, cells } of sheetRows(path, sheet)) {
        if (cells.every(isBlank)) continue;
        if (isHeader) { isHeader = false; continue; }
        checkNameless(path, cells.map((_, i) => header[i] ?? ''), number, (column) => !isBlank(cells[column] ?? ''));
        yield { number, names: header, cells: header.map((_, i) => cells[i] ?? '') };
      }
    },
  };
}

interface Sheet { readonly name: string; readonly part: string; readonly texts: string | undefined; readonly styles: string | undefined; readonly from1904: boolean }
interface Workbook { readonly sheets: readonly Sheet[] }

const MOST_TEXT = 256 * 1_048_576;
const MOST_COLUMNS_OF_FORMAT = 16_384;

class Archive {
  constructor(private readonly zip: ZipFile, private readonly entries: ReadonlyMap<string, Entry>) {}

  has(part: string): boolean { return this.entries.has(part.toLowerCase()); }

  async stream(part: string): Promise<Readable> {
    const entry = this.entries.get(part.toLowerCase());
    if (!entry || entry.isEncrypted()) throw damaged();
    return this.zip.openReadStreamPromise(entry).catch(() => { throw damaged(); });
  }

  /** For the small parts that are read whole. */
  async read(part: string, on: XmlHandlers): Promise<void> {
    const pieces = readXml(await this.stream(part), on);
    while (!(await pieces.next()).done);
  }
}

async function open(path: string): Promise<{ archive: Archive; zip: ZipFile }> {
  const zip = await openPromise(path, { autoClose: false, lazyEntries: true }).catch(() => { throw damaged(); });
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      if (entries.size > 10_000) throw damaged();
      entries.set(entry.fileName.toLowerCase(), entry);
    }
  } catch {
    zip.close();
    throw damaged();
  }
  return { archive: new Archive(zip, entries), zip };
}

async function withArchive<T>(path: string, work: (archive: Archive) => Promise<T>): Promise<T> {
  const { archive, zip } = await open(path);
  try { return await work(archive); } finally { zip.close(); }
}

interface Relation { readonly id: string; readonly type: string; readonly target: string }

async function relationsOf(archive: Archive, part: string): Promise<Relation[]> {
  const slash = part.lastIndexOf('/');
  const folder = part.slice(0, slash + 1);
  const relations: Relation[] = [];
  const file = `${folder}_rels/${part.slice(slash + 1)}.rels`;
  if (!archive.has(file)) return relations;
  await archive.read(file, {
    open(name, { Id = '', Type = '', Target = '', TargetMode = '' }) {
      if (name === 'Relationship' && TargetMode !== 'External') relations.push({ id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), target: resolved(folder, Target) });
    },
  });
  return relations;
}

function resolved(folder: string, target: string): string {
  const parts = target.startsWith('/') ? [] : folder.split('/').filter(Boolean);
  for (const part of target.split('/').filter(Boolean)) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

async function workbookOf(archive: Archive, path: string): Promise<Workbook> {
  const part = (await relationsOf(archive, '')).find(({ type }) => type === 'officeDocument')?.target;
  if (part === undefined || !archive.has(part)) throw new Refusal(`The file ${path} is no table: it is neither text nor a spreadsheet (.xlsx).`);
  const relations = await relationsOf(archive, part);
  const texts = relations.find(({ type }) => type === 'sharedStrings')?.target;
  const styles = relations.find(({ type }) => type === 'styles')?.target;
  const found: { name: string; id: string; hidden: boolean }[] = [];
  let from1904 = false;
  let isWorkbook = false;
  await archive.read(part, {
    open(name, attributes) {
      if (name === 'workbook') isWorkbook = true;
      if (name === 'workbookPr') from1904 = ['1', 'true'].includes(attributes['date1904'] ?? '');
      if (name === 'sheet') found.push({ name: attributes['name'] ?? '', id: attributes['id'] ?? '', hidden: (attributes['state'] ?? 'visible') !== 'visible' });
    },
  });
  if (!isWorkbook) throw new Refusal(`The file ${path} is no table: it is neither text nor a spreadsheet (.xlsx).`);
  const sheets = found.filter(({ hidden }) => !hidden).flatMap(({ name, id }) => {
    const relation = relations.find((one) => one.id === id && one.type === 'worksheet');
    return relation ? [{ name, part: relation.target, texts, styles, from1904 }] : [];
  });
  return { sheets };
}

function chosen(path: string, { sheets }: Workbook, name: string | undefined): { sheet: Sheet; notes: readonly string[] } {
  const sheet = name === undefined ? sheets[0] : sheets.find((one) => one.name === name);
  if (!sheet) throw new Refusal(name === undefined ? `The file ${path} has no sheet that can be seen.` : `The file ${path} has no sheet of that name that can be seen.`);
  return { sheet, notes: name === undefined && sheets.length > 1 ? [`Read the first of ${sheets.length} sheets; --sheet NAME reads another.`] : [] };
}

async function headerOf(path: string, sheet: Sheet): Promise<readonly string[]> {
  for await (const { cells } of sheetRows(path, sheet)) {
    if (!cells.every(isBlank)) return cells.map((cell) => (typeof cell === 'string' ? cell.replace(/\s+/g, ' ').trim() : ''));
  }
  throw new Refusal(`The file ${path} has no header: its first row must name the columns.`);
}

async function sharedTexts(archive: Archive, part: string | undefined): Promise<readonly string[]> {
  const texts: string[] = [];
  if (part === undefined || !archive.has(part)) return texts;
  let size = 0;
  const text = textReader((value) => {
    size += value.length;
    if (size > MOST_TEXT) throw new Refusal('The spreadsheet holds more than 256 MB of text. Save it as CSV, which is read piece by piece.');
    texts.push(value);
  }, 'si');
  await archive.read(part, text);
  return texts;
}

/** The text of an element, without the reading aids that East Asian spreadsheets put beside it. */
function textReader(done: (text: string) => void, element: string): Required<XmlHandlers> {
  let value = '';
  let inText = false;
  let aid = false;
  return {
    open(name) {
      if (name === element) value = '';
      else if (name === 'rPh') aid = true;
      else if (name === 't') inText = true;
    },
    text(text) { if (inText && !aid) value += text; },
    close(name) {
      if (name === 't') inText = false;
      else if (name === 'rPh') aid = false;
      else if (name === element) done(unescaped(value));
    },
  };
}

/** `_x000D_` is how this format writes a character that XML has no place for. */
const unescaped = (text: string): string => text.replace(/_x([0-9a-f]{4})_/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** For each cell style, whether it shows a number as a date. */
async function dateStyles(archive: Archive, part: string | undefined): Promise<readonly boolean[]> {
  const styles: boolean[] = [];
  if (part === undefined || !archive.has(part)) return styles;
  const custom = new Map<number, string>();
  let inCellStyles = false;
  await archive.read(part, {
    open(name, attributes) {
      const id = Number(attributes['numFmtId'] ?? 0);
      if (name === 'numFmt') custom.set(id, attributes['formatCode'] ?? '');
      else if (name === 'cellXfs') inCellStyles = true;
      else if (name === 'xf' && inCellStyles) styles.push(isDateFormat(id, custom.get(id)));
    },
    close(name) { if (name === 'cellXfs') inCellStyles = false; },
  });
  return styles;
}

async function* sheetRows(path: string, sheet: Sheet): AsyncGenerator<{ number: number; cells: Cell[] }> {
  const { archive, zip } = await open(path);
  try {
    const texts = await sharedTexts(archive, sheet.texts);
    const isDate = await dateStyles(archive, sheet.styles);
    const reader = new SheetReader(texts, (style) => isDate[style] === true, sheet.from1904);
    for await (const _ of readXml(await archive.stream(sheet.part), reader)) yield* reader.take();
    yield* reader.take();
  } finally {
    zip.close();
  }
}

/** Builds rows from the elements of a worksheet: `<row r><c r t s><v/></c></row>`. */
class SheetReader implements XmlHandlers {
  private ready: { number: number; cells: Cell[] }[] = [];
  private number = 0;
  private cells: Cell[] = [];
  private size = 0;
  private column = -1;
  private type = 'n';
  private style = 0;
  private value = '';
  private inValue = false;
  private readonly inline = textReader((text) => { this.value = text; }, 'is');

  constructor(private readonly texts: readonly string[], private readonly isDate: (style: number) => boolean, private readonly from1904: boolean) {}

  take(): { number: number; cells: Cell[] }[] {
    const rows = this.ready;
    this.ready = [];
    return rows;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'row') {
      this.number = Number(attributes['r'] ?? this.number + 1);
      if (!Number.isSafeInteger(this.number)) throw damaged();
      this.cells = [];
      this.size = 0;
      this.column = -1;
    } else if (name === 'c') {
      this.column = attributes['r'] === undefined ? this.column + 1 : columnOf(attributes['r']);
      if (this.column >= MOST_COLUMNS_OF_FORMAT) throw damaged();
      this.type = attributes['t'] ?? 'n';
      this.style = Number(attributes['s'] ?? 0);
      this.value = '';
    } else if (name === 'v') {
      this.value = '';
      this.inValue = true;
    }
    this.inline.open(name, attributes);
  }

  text(text: string): void {
    if (this.inValue) this.value += text;
    this.inline.text(text);
  }

  close(name: string): void {
    this.inline.close(name);
    if (name === 'v') this.inValue = false;
    else if (name === 'c') this.keep(this.cell());
    else if (name === 'row') {
      while (this.cells.length > 0 && isBlank(this.cells.at(-1) ?? '')) this.cells.pop();
      if (this.cells.length > 0) this.ready.push({ number: this.number, cells: this.cells });
    }
  }

  private keep(cell: Cell): void {
    if (isBlank(cell)) return;
    this.size += typeof cell === 'string' ? cell.length : 0;
    if (this.size > LARGEST_ROW) throw tooLarge(this.number);
    while (this.cells.length < this.column) this.cells.push('');
    this.cells[this.column] = cell;
  }

  private cell(): Cell {
    switch (this.type) {
      case 's': {
        const text = this.value === '' ? '' : this.texts[Number(this.value)];
        if (text === undefined) throw damaged();
        return text;
      }
      case 'inlineStr': case 'd': return this.value;
      case 'str': return unescaped(this.value);
      case 'b': return this.value === '' ? '' : String(this.value === '1' || this.value === 'true');
      case 'e': return { unreadable: 'SPREADSHEET_ERROR' };
      default: return this.numberCell();
    }
  }

  private numberCell(): Cell {
    if (this.value.trim() === '') return '';
    const value = Number(this.value);
    if (!Number.isFinite(value)) throw damaged();
    if (this.isDate(this.style)) return serialDate(value, this.from1904);
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? { unreadable: 'NUMBER_TOO_LONG' } : String(value);
  }
}

/** `B3` is column 1. */
function columnOf(reference: string): number {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (letters === undefined) throw damaged();
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

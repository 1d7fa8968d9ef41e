import { Refusal } from '../../refusal.js';
import type { TableRow } from '../cell.js';
import { csvTable } from './csv.js';
import { decoded, type LookedAt } from './file.js';
import { jsonTable, ndjsonTable } from './json.js';
import { xlsxTable } from './xlsx.js';

/** A row larger than this is no row of a table of people; it would also be refused by the API. */
export const LARGEST_ROW = 1_048_576;
export const MOST_COLUMNS = 1_000;

/** A file as rows. It can be read any number of times, and never lies in memory as a whole. */
export interface Table {
  readonly format: 'CSV' | 'NDJSON' | 'JSON' | 'XLSX';
  /** What was found out about the file, for the person who imports it. */
  readonly notes: readonly string[];
  /** The header, where the format has one. JSON rows name their own fields. */
  readonly header: readonly string[] | undefined;
  /** How a report of refused rows is parted, to be like the file. */
  readonly separator: string;
  rows(): AsyncIterable<TableRow>;
}

/** `isKnown` says of a name whether somebody knows such a column. */
export async function openTable(file: LookedAt, options: { readonly sheet?: string | undefined }, isKnown: (name: string) => boolean): Promise<Table> {
  if (file.content === 'zip') return xlsxTable(file.path, options.sheet);
  if (options.sheet !== undefined) throw new Refusal('--sheet is for .xlsx files only.');
  const { encoding, guessed } = file.content;
  const notes = guessed ? [`Read as ${encoding}, which the file does not say itself. If letters look wrong, name the encoding with --encoding.`] : [];
  const first = await firstCharacter(file.path, encoding);
  if (first === undefined) throw new Refusal(`The file ${file.path} is empty.`);
  if (first === '[') return jsonTable(file.path, encoding, notes);
  if (first === '{') return ndjsonTable(file.path, encoding, notes);
  return csvTable(file.path, encoding, notes, isKnown);
}

async function firstCharacter(path: string, encoding: string): Promise<string | undefined> {
  for await (const piece of decoded(path, encoding)) {
    const text = piece.trimStart();
    if (text !== '') return text.charAt(0);
  }
  return undefined;
}

export const tooLarge = (row: number): Refusal => new Refusal(`Row ${row} is larger than 1 MB. If it should not be, look for a quote that is not closed. Nothing was sent.`);

/** The header decides what every cell means, so it is checked before anything else. Names are not repeated: a file without a header has people in its first row. */
export function checkHeader(path: string, header: readonly string[]): void {
  if (header.every((name) => name.trim() === '')) throw new Refusal(`The file ${path} has no header: its first row must name the columns.`);
  if (header.length > MOST_COLUMNS) throw new Refusal(`The file ${path} has more than ${MOST_COLUMNS} columns.`);
  const seen = new Map<string, number>();
  for (const [i, name] of header.entries()) {
    const key = name.trim().toLowerCase();
    const before = key === '' ? undefined : seen.get(key);
    if (before !== undefined) throw new Refusal(`Columns ${before + 1} and ${i + 1} of ${path} have the same name. Give each column its own.`);
    seen.set(key, i);
  }
}

/** A column without a name is nothing as long as it is empty. */
export function checkNameless(path: string, header: readonly string[], row: number, isFilled: (column: number) => boolean): void {
  const nameless = header.findIndex((name, i) => name.trim() === '' && isFilled(i));
  if (nameless >= 0) throw new Refusal(`Column ${nameless + 1} of ${path} has no name in the header, but row ${row} has a value in it.`);
}

import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { Refusal } from '../../refusal.js';
import { isBlank, type TableRow } from '../cell.js';
import { fromGuarded } from './csv-cell.js';
import { decoded } from './file.js';
import { checkHeader, checkNameless, LARGEST_ROW, type Table, tooLarge } from './table.js';

const SEPARATORS = [',', ';', '\t', '|'];

export async function csvTable(path: string, encoding: string, notes: readonly string[], isKnown: (name: string) => boolean): Promise<Table> {
  const { separator, declared } = await separatorOf(path, encoding, isKnown);
  const header = await headerOf(path, encoding, separator, declared);
  checkHeader(path, header);
  return {
    format: 'CSV', notes, header, separator,
    async *rows() {
      let number = 0;
      for await (const cells of records(path, encoding, separator, declared)) {
        number++;
        if (number === 1) continue;
        const row: TableRow = { number, names: header, cells: cells.map(fromGuarded) };
        if (row.cells.length === 1 && row.cells.every(isBlank)) continue; // an empty line
        checkNameless(path, header, number, (column) => !isBlank(row.cells[column] ?? ''));
        yield row;
      }
    },
  };
}

/** Excel writes `sep=;` above the header where it wants to be understood. Else the header shows what parts it: the most known names, then the most names. */
async function separatorOf(path: string, encoding: string, isKnown: (name: string) => boolean): Promise<{ readonly separator: string; readonly declared: boolean }> {
  let start = '';
  for await (const piece of decoded(path, encoding)) {
    start += piece;
    if (start.length > LARGEST_ROW) break;
  }
  const declared = /^sep=(.)\r?\n/i.exec(start)?.[1];
  if (declared !== undefined) return { separator: declared, declared: true };
  const candidates = SEPARATORS.map((separator) => {
    const names = firstRecord(start, separator);
    return { separator, names: names.length, known: names.filter(isKnown).length };
  });
  const best = candidates.reduce((most, next) => (next.known > most.known || (next.known === most.known && next.names > most.names) ? next : most));
  return { separator: best.separator, declared: false };
}

function firstRecord(text: string, separator: string): readonly string[] {
  const names = [''];
  let quoted = false;
  for (const c of text.trimStart()) {
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === '\n' || c === '\r')) break;
    else if (!quoted && c === separator) names.push('');
    else names.push(`${names.pop() ?? ''}${c}`);
  }
  return names;
}

async function headerOf(path: string, encoding: string, separator: string, declared: boolean): Promise<readonly string[]> {
  for await (const cells of records(path, encoding, separator, declared)) return cells;
  throw new Refusal(`The file ${path} has no header: its first row must name the columns.`);
}

async function* records(path: string, encoding: string, separator: string, declared: boolean): AsyncGenerator<readonly string[]> {
  const parser = parse({
    delimiter: separator, relax_column_count: true, skip_empty_lines: false, record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: LARGEST_ROW, ...(declared ? { from_line: 2 } : {}),
  });
  pipeline(Readable.from(decoded(path, encoding)), parser, () => undefined); // an error comes out of the parser below
  let number = 0;
  try {
    for await (const cells of parser) {
      number++;
      yield cells;
    }
  } catch (error) {
    throw explained(path, error, number + 1);
  }
}

function explained(path: string, error: unknown, row: number): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') return tooLarge(row);
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new Refusal(`A quote in row ${row} of ${path} or after it is not closed. Nothing was sent.`);
  if (code === 'CSV_INVALID_CLOSING_QUOTE' || code === 'INVALID_OPENING_QUOTE') return new Refusal(`A quote stands in the wrong place in row ${row} of ${path}: a quote inside a quoted cell is written twice. Nothing was sent.`);
  return error;
}

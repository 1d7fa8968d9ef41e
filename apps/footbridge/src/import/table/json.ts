import { Refusal } from '../../refusal.js';
import type { Cell, TableRow } from '../cell.js';
import { decoded } from './file.js';
import { LARGEST_ROW, MOST_COLUMNS, type Table, tooLarge } from './table.js';

const table = (format: 'JSON' | 'NDJSON', notes: readonly string[], texts: () => AsyncIterable<{ number: number; text: string }>, place: string): Table => ({
  format, notes, header: undefined, separator: ',',
  async *rows() {
    for await (const { number, text } of texts()) yield rowOf(number, text, place);
  },
});

/** One JSON object a line. */
export const ndjsonTable = (path: string, encoding: string, notes: readonly string[]): Table => table('NDJSON', notes, async function* () {
  let number = 1;
  let line = '';
  for await (const piece of decoded(path, encoding)) {
    const lines = piece.split('\n');
    const last = lines.pop() ?? '';
    for (const part of lines) {
      line += part;
      if (line.length > LARGEST_ROW) throw tooLarge(number);
      if (line.trim() !== '') yield { number, text: line };
      line = '';
      number++;
    }
    line += last;
    if (line.length > LARGEST_ROW) throw tooLarge(number);
  }
  if (line.trim() !== '') yield { number, text: line };
}, `Line`);

/** An array of objects. Only one element lies in memory at a time. */
export const jsonTable = (path: string, encoding: string, notes: readonly string[]): Table => table('JSON', notes, () => elements(path, encoding), 'Element');

async function* elements(path: string, encoding: string): AsyncGenerator<{ number: number; text: string }> {
  const broken = (number: number): Refusal => new Refusal(`Element ${number} of ${path} is not JSON. Nothing was sent.`);
  let where = 'before' as 'before' | 'between' | 'element' | 'after';
  let depth = 0;
  let inText = false;
  let escaped = false;
  let number = 1;
  let element = '';
  for await (const text of decoded(path, encoding)) {
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charAt(i);
      if (where === 'before') { // openTable saw the bracket
        if (c === '[') where = 'between';
      } else if (where === 'between') {
        if (c === '{') { where = 'element'; from = i; depth = 1; }
        else if (c === ']') where = 'after';
        else if (c !== ',' && c.trim() !== '') throw new Refusal(`Element ${number} of ${path} is no object: a JSON file holds an array of rows. Nothing was sent.`);
      } else if (where === 'after') {
        if (c.trim() !== '') throw new Refusal(`The file ${path} goes on after the end of its array. Nothing was sent.`);
      } else if (inText) {
        if (escaped) escaped = false;
        else if (c === '\\') escaped = true;
        else if (c === '"') inText = false;
      } else if (c === '"') inText = true;
      else if (c === '{' || c === '[') depth++;
      else if (c === '}' || c === ']') {
        depth--;
        if (depth === 0) {
          element += text.slice(from, i + 1);
          if (element.length > LARGEST_ROW) throw tooLarge(number);
          yield { number, text: element };
          element = '';
          number++;
          where = 'between';
        }
      }
    }
    if (where === 'element') {
      element += text.slice(from);
      if (element.length > LARGEST_ROW) throw tooLarge(number);
    }
  }
  if (where !== 'after') throw where === 'element' ? broken(number) : new Refusal(`The array in ${path} is not closed: a part of the file is missing. Nothing was sent.`);
}

function rowOf(number: number, text: string, place: string): TableRow {
  let value: unknown;
  try { value = JSON.parse(text); } catch { throw new Refusal(`${place} ${number} is not JSON. Nothing was sent.`); }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal(`${place} ${number} is no object: each row is one JSON object. Nothing was sent.`);
  const names: string[] = [];
  const cells: Cell[] = [];
  flatten(value, '', 0, names, cells);
  if (names.length > MOST_COLUMNS) throw new Refusal(`${place} ${number} has more than ${MOST_COLUMNS} fields. Nothing was sent.`);
  return { number, names, cells };
}

/** `{ "person": { "givenName": … } }` is the column `person.givenName`. */
function flatten(value: object, before: string, depth: number, names: string[], cells: Cell[]): void {
  for (const [key, item] of Object.entries(value)) {
    const name = before + key;
    if (typeof item === 'object' && item !== null && !Array.isArray(item) && depth < 4) flatten(item, `${name}.`, depth + 1, names, cells);
    else { names.push(name); cells.push(cellOf(item)); }
  }
}

function cellOf(value: unknown): Cell {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? { unreadable: 'NUMBER_TOO_LONG' } : String(value);
  if (!Array.isArray(value)) return { unreadable: 'NESTED_VALUE' };
  const items = value.map(cellOf);
  const texts = items.filter((item) => typeof item === 'string');
  return texts.length === items.length ? texts : { unreadable: 'NESTED_VALUE' };
}

/**
 * One cell as a reader hands it over: text, or several texts where the format has lists (JSON).
 * A cell without a value is the empty text. What cannot be read says why, so that the row is refused and not guessed at.
 */
export type Cell = string | readonly string[] | { readonly unreadable: Unreadable };
export type Unreadable = 'SPREADSHEET_ERROR' | 'NESTED_VALUE' | 'NUMBER_TOO_LONG';

export interface TableRow {
  /** As a spreadsheet counts: the header is row 1. In NDJSON the line, in a JSON array the element. */
  readonly number: number;
  readonly names: readonly string[];
  readonly cells: readonly Cell[];
}

export const isBlank = (cell: Cell): boolean => (typeof cell === 'string' ? cell.trim() === '' : 'unreadable' in cell ? false : cell.length === 0);

/** A list in one cell: `a;b`. A separator inside a value is escaped, so that writing and reading give the same list. */
export const joinList = (values: readonly string[]): string => values.map((value) => value.replace(/[\\;|\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))).join(';');

export function splitList(text: string, separators: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    const next = text.charAt(i + 1);
    if (c === '\\' && (next === '\\' || next === ';' || next === '|')) { part += next; i++; }
    else if (c === '\\' && next === 'n') { part += '\n'; i++; }
    else if (separators.includes(c)) { parts.push(part); part = ''; }
    else part += c;
  }
  parts.push(part);
  return parts.map((value) => value.trim()).filter((value) => value !== '');
}

import { type Cell, isBlank, splitList, type TableRow } from './cell.js';
import type { TakenColumn } from './column-rule.js';
import type { Columns } from './columns.js';
import { caseOnly, caseState, fieldNames, type FieldName, type How, intakeOnly, kindOf, type Kind, type Scalar } from './field.js';
import { type FieldRefusal, fieldRefusal, isRefused, type Reason, type Refused, refuse } from './reason.js';

export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

/** A row that can be sent: `POST /v1/intakes` where it names a shelter (decisions 24), `POST /v1/cases` where not. */
export interface Ready {
  readonly path: '/v1/intakes' | '/v1/cases';
  readonly body: Json;
  /** The case was in follow-up where it comes from. */
  readonly followUp?: true;
  /** The columns that a place in the body came from, to name them when the server refuses it. */
  readonly columnsOf: (field: string) => readonly string[];
}
export type ReadRow = Ready | { readonly refusals: readonly FieldRefusal[] } | 'blank';

type Value = Scalar | Scalar[];
interface Given { value: Value; readonly columns: string[] }

/** Reads a row by its columns. Pure: the same row gives the same body, which is what makes a repeated request harmless. */
export function readRow(row: TableRow, columns: Columns, now: number): ReadRow {
  if (row.cells.every(isBlank)) return 'blank';
  if (row.cells.length !== row.names.length) return { refusals: [fieldRefusal([], '', 'WRONG_NUMBER_OF_CELLS')] };
  const given = new Map<FieldName, Given>();
  const refusals: FieldRefusal[] = [];
  let followUp = false;
  for (const [name, cell] of ownNamesFirst(row)) {
    const rule = columns.taken(name);
    if (!rule) continue;
    const kind = rule.field === 'state' ? caseState : kindOf(rule.field);
    const value = readCell(cell, rule, kind, { ...columns.mapping, ...rule, now }, columns.mapping.missing);
    if (isRefused(value)) refusals.push(fieldRefusal([name], rule.field, value.refused));
    else if (rule.field === 'state') followUp ||= value === 'follow_up';
    else if (value !== undefined) add(given, rule.field, kind, value, name, refusals);
  }
  if (given.size === 0 && refusals.length === 0) return { refusals: [fieldRefusal([], '', 'NOTHING_TO_IMPORT')] };
  for (const [field, text] of columns.mapping.always) {
    const kind = kindOf(field);
    const value = readCell(text, { field }, kind, { ...columns.mapping, now }, []);
    if (isRefused(value)) refusals.push(fieldRefusal([], field, value.refused));
    else if (value !== undefined) add(given, field, kind, value, '', refusals);
  }
  const isIntake = given.has('shelter');
  if (!refusals.some(({ field }) => field === 'shelter')) refusals.push(...belongsTogether(given, isIntake));
  if (refusals.length > 0) return { refusals };
  return { path: isIntake ? '/v1/intakes' : '/v1/cases', body: bodyOf(given, isIntake), ...(followUp ? { followUp: true } : {}), columnsOf: (field) => columnsBehind(given, field) };
}

/** A column under Footbridge's own name says a list in full; the standards' columns add only what it lacks. */
function* ownNamesFirst({ names, cells }: TableRow): Generator<[string, Cell]> {
  const own = (name: string): boolean => name.includes('.');
  for (const first of [true, false]) for (const [i, name] of names.entries()) if (own(name) === first) yield [name, cells[i] ?? ''];
}

function readCell(cell: Cell, rule: TakenColumn, kind: Kind, how: How, missing: readonly string[]): Value | undefined | Refused {
  if (typeof cell === 'object' && 'unreadable' in cell) return refuse(cell.unreadable);
  const isMissing = (text: string): boolean => text === '' || [...missing, ...(rule.missing ?? [])].some((value) => value.trim().toLowerCase() === text.toLowerCase());
  const whole = typeof cell === 'string' && !valueFor(rule, cell.trim()) && !isMissing(cell.trim());
  const parts = typeof cell !== 'string' ? cell : whole && kind.list ? splitList(cell, rule.separators ?? kind.separators) : [cell];
  const values: Scalar[] = [];
  for (const part of parts) {
    const text = part.trim();
    const coded = valueFor(rule, text);
    if (!coded && isMissing(text)) continue;
    for (const item of coded ? coded.codes : [text]) {
      const value = kind.read(item, how);
      if (isRefused(value)) return value;
      if (!values.includes(value)) values.push(value);
    }
  }
  if (kind.list) return values.length > 0 ? values : undefined;
  return values.length > 1 ? refuse('ONE_VALUE_ONLY') : values[0];
}

/** What the mapping says of this value: no codes where it means "missing". */
function valueFor({ values }: TakenColumn, text: string): { readonly codes: readonly string[] } | undefined {
  if (!values) return undefined;
  const key = Object.hasOwn(values, text) ? text : Object.keys(values).find((value) => value.trim().toLowerCase() === text.toLowerCase());
  if (key === undefined) return undefined;
  const codes = values[key] ?? null;
  return { codes: codes === null ? [] : typeof codes === 'string' ? [codes] : codes };
}

function add(given: Map<FieldName, Given>, field: FieldName, kind: Kind, value: Value, column: string, refusals: FieldRefusal[]): void {
  const before = given.get(field);
  const name = column === '' ? [] : [column];
  if (!before) {
    given.set(field, { value, columns: name });
    return;
  }
  before.columns.push(...name);
  if (Array.isArray(before.value) && Array.isArray(value)) {
    const present = [...before.value];
    const word = kind.toHtcds ?? String;
    before.value.push(...value.filter((next) => !present.some((item) => item === next || word(item) === word(next))));
  } else if (kind.joins) {
    before.value = `${String(before.value)} ${String(value)}`;
  } else if (before.value !== value) {
    refusals.push(fieldRefusal([...before.columns], field, 'COLUMNS_DISAGREE'));
  }
}

/** Decisions 24: an intake needs its shelter and the arrival, and says by them what a case says otherwise. */
function* belongsTogether(given: ReadonlyMap<FieldName, Given>, isIntake: boolean): Generator<FieldRefusal> {
  const refused = (field: FieldName, reason: Reason): FieldRefusal => fieldRefusal(given.get(field)?.columns ?? [], field, reason);
  if (isIntake && !given.has('arrivedAt')) yield refused('arrivedAt', 'NEEDS_ARRIVAL');
  for (const field of isIntake ? caseOnly : intakeOnly) if (given.has(field)) yield refused(field, isIntake ? 'NOT_IN_INTAKE' : 'NEEDS_SHELTER');
}

function bodyOf(given: ReadonlyMap<FieldName, Given>, isIntake: boolean): Json {
  const body: Record<string, Json> = isIntake ? {} : { purpose: 'ASSISTANCE' };
  for (const field of fieldNames) {
    const value = given.get(field)?.value;
    if (value !== undefined) put(body, field.split('.'), value);
  }
  return body;
}

function put(into: Record<string, Json>, [name = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner: Record<string, Json> = { ...(into[name] as Record<string, Json> | undefined) }; // only ever an object: a field's name is never the beginning of another's
  into[name] = inner;
  put(inner, rest, value);
}

function columnsBehind(given: ReadonlyMap<FieldName, Given>, field: string): readonly string[] {
  return [...given].filter(([name]) => field === name || field.startsWith(`${name}.`)).flatMap(([, { columns }]) => columns);
}

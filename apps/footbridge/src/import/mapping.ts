import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Refusal } from '../refusal.js';
import type { ColumnRule, Habits, TakenColumn } from './column-rule.js';
import { countries } from './countries.js';
import { type DateFormat, dateFormats, isTimeZone } from './date.js';
import { type FieldName, isFieldName } from './field.js';

/** A mapping file (docs/import.md): which column is which field, which value is which code, which values mean "missing". */
export interface Mapping extends Habits {
  readonly columns: ReadonlyMap<string, ColumnRule>;
  readonly missing: readonly string[];
  /** Fields that have the same value in every row. */
  readonly always: ReadonlyMap<FieldName, string>;
  /** Of the file, so that a stopped import goes on with the same mapping only. */
  readonly sha256: string;
}

export const noMapping: Mapping = { columns: new Map(), missing: [], always: new Map(), sha256: 'none' };

export async function readMapping(path: string): Promise<Mapping> {
  const { size } = await stat(path).catch(() => { throw new Refusal(`The mapping file ${path} cannot be read.`); });
  if (size > 1_048_576) throw new Refusal(`The mapping file ${path} is larger than 1 MB; it holds columns and codes, not rows.`);
  const bytes = await readFile(path);
  return parseMapping(bytes, path);
}

export function parseMapping(bytes: Buffer, path: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(`The mapping file ${path} is not JSON in UTF-8. docs/import.md shows one.`);
  }
  return mappingOf(json, createHash('sha256').update(bytes).digest('hex'), (place, problem) => new Refusal(`The mapping file ${path}: ${place} ${problem}. docs/import.md shows the form.`));
}

type Complain = (place: string, problem: string) => Refusal;
type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function mappingOf(json: unknown, sha256: string, complain: Complain): Mapping {
  const top = objectWith(json, 'the file', ['columns', 'missing', 'always', 'dateFormat', 'timeZone', 'defaultCountry'], complain);
  const columns = new Map<string, ColumnRule>();
  for (const [name, rule] of Object.entries(object(top['columns'] ?? {}, 'columns', complain))) columns.set(name, ruleOf(rule, `columns[${JSON.stringify(name)}]`, complain));
  const always = new Map<FieldName, string>();
  for (const [name, value] of Object.entries(object(top['always'] ?? {}, 'always', complain))) {
    const place = `always[${JSON.stringify(name)}]`;
    if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') throw complain(place, 'must be a text, a number, true or false');
    always.set(fieldName(name, place, complain), String(value));
  }
  if (columns.size === 0 && always.size === 0 && Object.keys(top).every((key) => key === 'columns' || key === 'always')) throw complain('the file', 'says nothing: it needs "columns"');
  return { columns, always, missing: texts(top['missing'], 'missing', complain), ...habits(top, 'the file', complain), sha256 };
}

function ruleOf(rule: unknown, place: string, complain: Complain): ColumnRule {
  if (rule === null) return { leftOut: 'the mapping file leaves it out' };
  if (typeof rule === 'string') return { field: columnField(rule, place, complain) };
  const said = objectWith(rule, place, ['field', 'values', 'missing', 'separators', 'dateFormat', 'timeZone', 'defaultCountry'], complain);
  if (typeof said['field'] !== 'string') throw complain(`${place}.field`, 'must name a field');
  const separators = said['separators'];
  if (separators !== undefined && (typeof separators !== 'string' || separators === '')) throw complain(`${place}.separators`, 'must be the characters that part a list, such as ";,"');
  return {
    field: columnField(said['field'], `${place}.field`, complain),
    ...(said['values'] === undefined ? {} : { values: values(said['values'], `${place}.values`, complain) }),
    ...(said['missing'] === undefined ? {} : { missing: texts(said['missing'], `${place}.missing`, complain) }),
    ...(separators === undefined ? {} : { separators }),
    ...habits(said, place, complain),
  };
}

function values(said: unknown, place: string, complain: Complain): NonNullable<TakenColumn['values']> {
  const codes = object(said, place, complain);
  for (const [value, code] of Object.entries(codes)) {
    if (code !== null && typeof code !== 'string' && !(Array.isArray(code) && code.length > 0 && code.every((item) => typeof item === 'string'))) {
      throw complain(`${place}[${JSON.stringify(value)}]`, 'must be a code, a list of codes, or null for "missing"');
    }
  }
  return codes as NonNullable<TakenColumn['values']>; // each value was looked at above
}

function habits(said: Json, place: string, complain: Complain): Habits {
  const { dateFormat, timeZone, defaultCountry } = said;
  if (dateFormat !== undefined && !dateFormats.includes(dateFormat as DateFormat)) throw complain(`${place}.dateFormat`, `must be one of ${dateFormats.join(', ')}`);
  if (timeZone !== undefined && (typeof timeZone !== 'string' || !isTimeZone(timeZone))) throw complain(`${place}.timeZone`, 'must be a time zone such as "Europe/Tirane"');
  if (defaultCountry !== undefined && (typeof defaultCountry !== 'string' || !countries.includes(defaultCountry))) throw complain(`${place}.defaultCountry`, 'must be a country of two letters such as "AL"');
  return {
    ...(dateFormat === undefined ? {} : { dateFormat: dateFormat as DateFormat }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(defaultCountry === undefined ? {} : { defaultCountry }),
  };
}

function object(value: unknown, place: string, complain: Complain): Json {
  if (!isObject(value)) throw complain(place, 'must be an object');
  return value;
}

function objectWith(value: unknown, place: string, names: readonly string[], complain: Complain): Json {
  const found = object(value, place, complain);
  const unknown = Object.keys(found).find((name) => !names.includes(name));
  if (unknown !== undefined) throw complain(place, `has ${JSON.stringify(unknown)}, which means nothing here; known are ${names.join(', ')}`);
  return found;
}

function texts(value: unknown, place: string, complain: Complain): readonly string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [undefined];
  return list.map((item) => {
    if (typeof item !== 'string' && typeof item !== 'number') throw complain(place, 'must be a list of texts');
    return String(item);
  });
}

function fieldName(name: string, place: string, complain: Complain): FieldName {
  if (!isFieldName(name)) throw complain(place, `names ${JSON.stringify(name)}, which is no field (docs/import.md lists them)`);
  return name;
}
const columnField = (name: string, place: string, complain: Complain): TakenColumn['field'] => (name === 'state' ? 'state' : fieldName(name, place, complain));

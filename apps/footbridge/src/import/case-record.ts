import { joinList } from './cell.js';
import { type FieldName, fieldNames, intakeOnly, kindOf, type Scalar, stateInHtcds } from './field.js';
import { htcdsColumns } from './htcds.js';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What an export gives back: every field that makes a case. The parts of an intake have become a stay, which is not the case's, and what a
 * person told of her story is never exported (IOM-HB 2).
 */
export const exported: readonly FieldName[] = fieldNames.filter((name) => !intakeOnly.includes(name) && name !== 'trafficking.narrative');

function valueAt(view: Json, field: string): unknown {
  let value: unknown = view;
  for (const part of field.split('.')) value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value === null ? undefined : value;
}

const isScalar = (value: unknown): value is Scalar => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
const scalars = (value: unknown): readonly Scalar[] => (Array.isArray(value) ? value.filter(isScalar) : isScalar(value) ? [value] : []);

interface ExportColumn { readonly name: string; readonly cell: (view: Json) => string }

const wordOf = (field: FieldName, value: Scalar): string => kindOf(field).write?.(String(value)) ?? String(value);

/** A cell that says all that the field holds. */
function wholeCell(field: FieldName, view: Json): string {
  const values = scalars(valueAt(view, field)).map((value) => wordOf(field, value));
  return kindOf(field).list ? joinList(values) : values[0] ?? '';
}

/** One HTCDS column holds the values from `from` on; there may be a second one for the rest (languages). */
const htcdsColumn = (name: string, field: FieldName, from: number, to: number): ExportColumn => ({
  name,
  cell: (view) => {
    const word = kindOf(field).toHtcds;
    if (!word) return wholeCell(field, view);
    const words = scalars(valueAt(view, field)).slice(from, to).map(word).filter((value) => value !== undefined);
    return kindOf(field).list ? joinList([...new Set(words)]) : words[0] ?? '';
  },
});

/** Where HTCDS's words say less than the field holds, Footbridge's own column says it in full; an import puts it first. */
const inFull = (field: FieldName, most: number): ExportColumn => ({
  name: field,
  cell: (view) => {
    const { toHtcds = String, read } = kindOf(field);
    const values = scalars(valueAt(view, field));
    const isSame = values.length <= most && values.every((value) => read(toHtcds(value) ?? '', { now: 0 }) === value);
    return isSame ? '' : wholeCell(field, view);
  },
});

function columnsOf(field: FieldName): readonly ExportColumn[] {
  const names = [...htcdsColumns].filter(([, rule]) => 'field' in rule && rule.field === field).map(([name]) => name);
  const [first, second] = names;
  if (first === undefined) return [{ name: field, cell: (view) => wholeCell(field, view) }];
  if (!kindOf(field).toHtcds) return [htcdsColumn(first, field, 0, Infinity)];
  if (second === undefined) return [htcdsColumn(first, field, 0, Infinity), inFull(field, Infinity)];
  return [htcdsColumn(first, field, 0, 1), htcdsColumn(second, field, 1, 2), inFull(field, 2)];
}

/** The columns of a CSV export: HTCDS names where the standard has one, Footbridge's where it has none or says less. */
export const exportColumns: readonly ExportColumn[] = [
  { name: 'case', cell: (view) => String(scalars(view['id'])[0] ?? '') },
  { name: 'cas_Status', cell: (view) => stateInHtcds(String(scalars(view['state'])[0] ?? '')) },
  ...exported.flatMap(columnsOf),
];

/** A case as one JSON object, in the form in which an import takes it. */
export function exportObject(view: Json): Json {
  const object: Record<string, unknown> = { case: view['id'], state: view['state'] };
  for (const field of exported) {
    const value = valueAt(view, field);
    if (value === undefined) continue;
    let into = object;
    const parts = field.split('.');
    for (const part of parts.slice(0, -1)) {
      const inner: Record<string, unknown> = isObject(into[part]) ? { ...into[part] } : {};
      into[part] = inner;
      into = inner;
    }
    const { write } = kindOf(field);
    into[parts.at(-1) ?? field] = !write ? value : Array.isArray(value) ? value.map((item) => wordOf(field, item as Scalar)) : wordOf(field, value as Scalar);
  }
  return object;
}

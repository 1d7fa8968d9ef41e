import { FIELD_NAME, checkNames, checked, fieldsOf, objectOf, valueOf, type Fields } from './payload.js';
import { PrivacyRefusal } from './refusal.js';
import { WireSchema, type WireKind, type WireObject, type WireOf } from './wire.js';

/** Who gets it: everybody (a release of statistics), or who runs the instance (a support bundle, a diagnosis). */
export type Readership = 'public' | 'operator';
export type DocumentFormat = 'json' | 'csv';

/**
 * A body that is no event: what is said once, and a table. `name` stands in its file name. There is no text in it:
 * fields are made by `wire` and `figure`.
 */
export interface DocumentDef<H extends WireObject = WireObject, C extends WireObject = WireObject> {
  readonly name: string;
  readonly readership: Readership;
  readonly head: H;
  readonly columns: C;
}
export interface DocumentContent<H extends WireObject, C extends WireObject> {
  readonly head: WireOf<H>;
  readonly rows: readonly WireOf<C>[];
}

export interface DocumentPlan { readonly def: DocumentDef; readonly head: Fields; readonly columns: Fields }

const NAME = /^[a-z]+(?:-[a-z0-9]+)*$/;
const LONGEST_NAME = 40;
/** The public is told categories and counts, and of references only the organisation that publishes; who runs an instance is told how it stands, and nothing of anybody. */
const kinds: Readonly<Record<Readership, ReadonlySet<WireKind>>> = {
  public: new Set<WireKind>(['ref', 'code', 'band', 'period', 'region', 'version', 'boolean', 'integer', 'decimal', 'category']),
  operator: new Set<WireKind>(['ref', 'code', 'band', 'period', 'day', 'instant', 'version', 'boolean', 'integer', 'decimal']),
};
const PUBLISHER = 'org';

const plans = new WeakMap<DocumentDef, DocumentPlan>();

/** @throws PrivacyRefusal DOCUMENT_INVALID, CLASS_NOT_ALLOWED, NOT_FOR_THIS_AUDIENCE */
export function documentPlan(def: DocumentDef): DocumentPlan {
  const known = plans.get(def);
  if (known) return known;
  if (!isDocumentName(def.name) || !Object.hasOwn(kinds, def.readership)) throw new PrivacyRefusal('DOCUMENT_INVALID');
  const part = (declared: WireObject): Fields => fieldsOf(Object.entries(declared).map(([name, schema]) => {
    if (!FIELD_NAME.test(name) || !WireSchema.is(schema)) throw new PrivacyRefusal('DOCUMENT_INVALID');
    const { kind, dataClass, prefix } = schema;
    if (!kinds[def.readership].has(kind) || (kind === 'ref' && prefix !== PUBLISHER)) throw new PrivacyRefusal('NOT_FOR_THIS_AUDIENCE', `/${name}`);
    if (kind !== 'category' && dataClass !== 'open' && dataClass !== 'operational') throw new PrivacyRefusal('CLASS_NOT_ALLOWED', `/${name}`);
    return { name, key: `${JSON.stringify(name)}:`, schema };
  }));
  const { name, readership, head, columns } = def;
  const plan = { def: { name, readership, head, columns }, head: part(head), columns: part(columns) };
  plans.set(def, plan);
  return plan;
}
export const isDocumentName = (name: unknown): name is string => typeof name === 'string' && NAME.test(name) && name.length <= LONGEST_NAME;

const CONTENT: ReadonlySet<string> = new Set(['head', 'rows']);
/** Dates to the millisecond are what the schema of the field allows; documents have no bucketed audience. */
const AUDIENCE = 'service';

/** The text of a document. JSON has head and rows; CSV (RFC 4180) has the rows, so that what is said once is in the JSON. */
export function documentText(plan: DocumentPlan, content: unknown, format: DocumentFormat): string {
  checkNames(content, CONTENT);
  const rows = valueOf(content, 'rows');
  if (!Array.isArray(rows)) throw new PrivacyRefusal('PAYLOAD_NOT_PLAIN', '/rows');
  const head = objectOf(plan.head, valueOf(content, 'head'), AUDIENCE, '/head');
  // by index: an array may bring an iterator of its own
  const all = Array.from({ length: rows.length }, (_, i): unknown => rows[i]);
  if (format === 'csv') return [plan.columns.list.map(({ name }) => name).join(','), ...all.map((row) => lineOf(plan.columns, row))].map((line) => `${line}\r\n`).join('');
  if (format !== 'json') throw new PrivacyRefusal('DOCUMENT_INVALID');
  return `{"head":${head},"rows":[${all.map((row) => objectOf(plan.columns, row, AUDIENCE, '/rows')).join(',')}]}`;
}

function lineOf(columns: Fields, row: unknown): string {
  const cells = new Map([...checked(columns, row, AUDIENCE, '/rows')].map(([{ name }, value]) => [name, String(value)]));
  return columns.list.map(({ name }) => cellOf(cells.get(name) ?? '')).join(',');
}
/** A code may have a comma or a quotation mark in it; one that begins like a formula is told as text. */
const cellOf = (text: string): string => {
  const safe = /^[=+@]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

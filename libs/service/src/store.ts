import { isPersonal, personalClassOf, snakeCase, tableOf, type BaseRow, type Fields, type Lifecycle, type Read, type RowOfLifecycle } from '@footbridge/lifecycle';
import { PrivacyRefusal, Sealed, audited, label, openFields, sealFields, type AuditReceipt, type KeyStore, type PersonalClass } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { systemClock, type Clock } from './clock.js';
import { People } from './people.js';
import { isOver } from './reference-end.js';
import { SubjectKeys, UNREAD } from './keys/subject-keys.js';
import { body, type Body, type Sessions } from './sessions.js';

/** One change of one table; a commit applies a list of them in one transaction. */
export interface Change { readonly t: string; readonly op: 'insert' | 'update' | 'delete'; readonly row: Readonly<Record<string, unknown>>; readonly id?: string; readonly version?: number }
export interface Expectation { readonly t: string; readonly id: string; readonly version: number }
/** Rows that one transaction will write, as far as it is planned: what it decides next sees them as they will be. */
export type Together = Map<string, { readonly lifecycle: Lifecycle; readonly row: BaseRow; readonly references: Readonly<Record<string, string>> }>;
interface Asked { readonly query: string; readonly parameters: readonly unknown[]; resolve(rows: unknown[]): void; reject(error: unknown): void }
export interface Loaded<Row extends BaseRow = BaseRow> { readonly row: Row; readonly references: Readonly<Record<string, string>>; /** What alone opened it, where it was an emergency of the case that it belongs to. */ readonly emergency?: { readonly id: string; readonly reason: string } }

/** Somebody changed a row that the decision was based on: decide again. */
export class Stale extends Error { constructor() { super('stale'); } }
export class Conflict extends Error { constructor(readonly constraint: string) { super('conflict'); } }

export const columnOf = snakeCase;
const base = ['id', 'owner', 'organisations', 'caseRef', 'state', 'version', 'dueAt', 'createdAt', 'updatedAt'] as const;
const instants = new Set(['dueAt', 'createdAt', 'updatedAt']);

export interface AuditEntry extends Readonly<Record<string, unknown>> { readonly kind: string; readonly aggregate: string; readonly command: string; readonly at: string }

/** Rows, references, keys and commits of one service. All SQL of the engine is here. */
export class Store {
  readonly keys: SubjectKeys;
  readonly people: People;
  readonly ports: Readonly<Record<string, unknown>>;
  readonly #resolved = new Map<string, { readonly aggregate: string; readonly until: number }>();
  constructor(readonly pool: Pool, private readonly sessions: Sessions, keyStore: KeyStore, lifecycles: readonly Lifecycle[] = [], ports: Readonly<Record<string, unknown>> = {}, private readonly clock: Pick<Clock, 'now'> = systemClock) {
    this.keys = new SubjectKeys(pool, keyStore);
    this.people = new People(this, lifecycles);
    this.ports = { ...ports, people: this.people };
  }

  get diskIsFull(): boolean { return this.sessions.diskIsFull; }

  /**
   * Reads as an organisation: row-level security applies. `query` yields one JSON object a row and takes its parameters as `$1->>n`.
   * What is asked for at the same moment goes in one round trip.
   */
  readAs<T>(organisation: string, query: string, parameters: readonly unknown[]): Promise<T[]> {
    return new Promise<T[]>((resolve, reject) => {
      const asked: Asked = { query, parameters, resolve: resolve as Asked['resolve'], reject };
      const waiting = this.#waiting.get(organisation);
      if (waiting) { waiting.push(asked); return; }
      const batch = [asked];
      this.#waiting.set(organisation, batch);
      queueMicrotask(() => { this.#waiting.delete(organisation); void this.#read(organisation, batch); });
    });
  }
  readonly #waiting = new Map<string, Asked[]>();

  async #read(organisation: string, batch: readonly Asked[]): Promise<void> {
    try {
      const rows = await this.sessions.run<{ n: number; r: string }>(readingOf(batch.map(({ query }) => query)), organisation, JSON.stringify(batch.map(({ parameters }) => parameters)));
      const answers: unknown[][] = batch.map(() => []);
      for (const { n, r } of rows) answers[n]?.push(JSON.parse(r));
      batch.forEach(({ resolve }, n) => { resolve(answers[n] as unknown[]); });
    } catch (error) { for (const { reject } of batch) reject(error); }
  }

  /** `unread`: what is sealed stays closed where the keys are locked, or do not open it. @throws PrivacyRefusal without it */
  async find<L extends Lifecycle>(l: L, organisation: string, condition: string, parameters: readonly unknown[], rest = '', unread = false): Promise<Loaded<RowOfLifecycle<L> & BaseRow>[]> {
    return this.#find(l, organisation, REFERENCES, condition, parameters, rest, unread);
  }
  async #find<L extends Lifecycle>(l: L, organisation: string, besides: string, condition: string, parameters: readonly unknown[], rest: string, unread: boolean): Promise<Loaded<RowOfLifecycle<L> & BaseRow>[]> {
    const found = await this.readAs<Record<string, unknown>>(organisation, `select row_to_json(x) from (select t.*, case when t.sealed is null then null else (select wrapped from subject_key where subject = coalesce(t.case_ref, t.id::text) and owner = t.owner) end as "$key"${besides} from ${quote(tableOf(l))} t where ${condition} ${rest}) x`, parameters);
    return Promise.all(found.map(async (json) => ({ row: await this.#open(l, json, unread) as RowOfLifecycle<L> & BaseRow, references: (json['$references'] ?? {}) as Record<string, string> })));
  }

  /** Facts for guards, read as the owner; what was read is expected to be unchanged at the commit. */
  reader(organisation: string, expects: Expectation[], together: Together = new Map(), unread = false): Read {
    const many = async <L extends Lifecycle>(l: L, where: Readonly<Record<string, unknown>>): Promise<readonly RowOfLifecycle<L>[]> => {
      const keys = Object.keys(where);
      const condition = keys.map((k, i) => Array.isArray(where[k]) ? `t.${columnOf(k)} = any(array(select jsonb_array_elements_text($1->${i})))` : `t.${columnOf(k)} = ($1->>${i})${isUuid(l, k) ? '::uuid' : ''}`).join(' and ');
      const found = await this.#find(l, organisation, '', condition || 'true', keys.map((k) => where[k]), 'order by t.created_at, t.id', unread);
      const stored = found.map(({ row }) => row).filter((row) => !together.has(row.id));
      for (const row of stored) expects.push({ t: tableOf(l), id: row.id, version: row.version });
      const made = [...together.values()].filter((m) => m.lifecycle.name === l.name && m.row.owner === organisation && keys.every((k) => { const [is, wanted] = [(m.row as unknown as Record<string, unknown>)[k], where[k]]; return Array.isArray(wanted) ? wanted.includes(is) : is === wanted; }));
      return [...stored, ...made.map(({ row }) => row as RowOfLifecycle<L> & BaseRow)];
    };
    return {
      many,
      one: async (l, where) => (await many(l, where))[0],
      sql: <T>(query: string, parameters: readonly unknown[]) => this.readAs<T>(organisation, query, parameters),
      as: (other) => this.reader(other, expects, together, unread),
      port: <T>(name: string) => { const port = this.ports[name]; if (port === undefined) throw new Error(`no port ${name}`); return port as T; },
    };
  }

  /** Where rows are, for events and deadlines that act without a caller. */
  async locate(l: Lifecycle, where: Readonly<Record<string, unknown>>): Promise<{ id: string; owner: string }[]> {
    const columns = Object.fromEntries(Object.entries(where).map(([k, v]) => [columnOf(k), v]));
    return (await this.pool.query<{ id: string; owner: string }>('select id, owner from locate($1, $2)', [tableOf(l), JSON.stringify(columns)])).rows;
  }

  /** The aggregates behind references that an organisation holds. */
  async resolve(organisation: string, references: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    // A reference is never given to anything else; but one that has no purpose may be exchanged, and one that has may end at any moment.
    for (const ref of references) { const known = this.#resolved.get(`${organisation} ${ref}`); if (known && performance.now() < known.until) found.set(ref, known.aggregate); }
    const rest = references.filter((ref) => !found.has(ref));
    if (rest.length === 0) return found;
    const { rows } = await this.pool.query<{ ref: string; aggregate: string; lasts: boolean }>(`select r.ref, r.aggregate, r.purpose = '' as lasts from reference r where r.organisation in ($1, '*') and r.ref = any($2) and not ${isOver('$3')}`, [organisation, rest, this.clock.now()]);
    for (const { ref, aggregate, lasts } of rows) {
      found.set(ref, aggregate);
      if (!lasts) continue;
      this.#resolved.delete(`${organisation} ${ref}`);
      this.#resolved.set(`${organisation} ${ref}`, { aggregate, until: performance.now() + RESOLVED_MS });
      if (this.#resolved.size > 20_000) this.#resolved.delete(this.#resolved.keys().next().value as string);
    }
    return found;
  }
  /** The references that an organisation holds for these aggregates, the newest of each; `purposes`: which come first, where it was introduced for several. */
  async named(organisation: string, aggregates: readonly string[], purposes: readonly string[] = ['']): Promise<ReadonlyMap<string, string>> {
    if (aggregates.length === 0) return new Map();
    const { rows } = await this.pool.query<{ ref: string; aggregate: string }>(`select distinct on (r.aggregate) r.ref, r.aggregate from reference r where r.organisation in ($1, '*') and r.aggregate = any($2) and r.purpose = any($3) and not ${isOver('$4')} order by r.aggregate, array_position($3, r.purpose), r.generation desc`, [organisation, aggregates, purposes, this.clock.now()]);
    return new Map(rows.map((r) => [r.aggregate, r.ref]));
  }
  /** How many references an organisation was given for an aggregate and a purpose: the next is one more. */
  async generations(organisation: string, kind: string, aggregate: string, purpose: string): Promise<number> {
    const { rows } = await this.pool.query<{ n: number | null }>('select max(generation) as n from reference where organisation = $1 and kind = $2 and aggregate = $3 and purpose = $4', [organisation, kind, aggregate, purpose]);
    return rows[0]?.n ?? 0;
  }

  /**
   * One command, one transaction, one round trip: checks the facts that the decision was based on and applies the changes.
   * @throws Stale when a fact or the row has moved; Conflict with the constraint's name
   */
  async commit(organisation: string, rows: readonly Change[], expects: readonly Expectation[]): Promise<void> {
    try {
      const types = this.#types ??= await typesOf(this.pool);
      const changes = rows.map((change) => (change.op === 'insert' ? { ...change, row: said(types, change.t, change.row) } : change));
      await this.sessions.run(commitOf(types, changes, expects), organisation, valuesOf(types, changes, expects));
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code === '40001' || code === '40P01') throw new Stale();
      if (code === '23505' || code === '23514') throw new Conflict(constraint ?? '');
      throw error;
    }
  }

  /** An entry of the audit trail, with what belongs to it in the same commit. The receipt names it, as it can be found there: leave to see or to tell something is given for that alone (DP-14). */
  recorded(organisation: string, entry: AuditEntry, besides: readonly Change[] = [], expects: readonly Expectation[] = []): Promise<AuditReceipt> {
    const { kind, aggregate, command, at } = entry;
    return audited([kind, aggregate, command, at].join('/'), () => this.commit(organisation, [{ t: 'audit', op: 'insert', row: { ...entry } }, ...besides], expects));
  }

  #types: Types | undefined;

  /** The columns of a row; personal fields go into the sealed column. */
  async columnsOf(l: Lifecycle, row: BaseRow, changed: readonly string[] | undefined, keyRows: Change[], made?: Map<string, Buffer>): Promise<Record<string, unknown>> {
    const values = row as unknown as Record<string, unknown>;
    const columns: Record<string, unknown> = {};
    for (const name of base) if (changed === undefined || changed.includes(name)) columns[columnOf(name)] = values[name] ?? null;
    const { plain, classes } = layoutOf(l);
    for (const [name] of plain) if (changed === undefined || changed.includes(name)) columns[columnOf(name)] = values[name] ?? null;
    const personal: Record<string, Sealed<unknown>> = {};
    let resealed = changed === undefined;
    for (const name in classes) {
      if (values[name] !== undefined) personal[name] = values[name] as Sealed<unknown>;
      if (changed?.includes(name)) resealed = true;
    }
    // What was left closed would be lost.
    if (resealed && UNREAD in row) throw new PrivacyRefusal(row[UNREAD] as string);
    if (resealed && Object.keys(personal).length > 0) {
      const key = await this.#subjectKey(row, keyRows, made);
      columns['sealed'] = `\\x${sealFields(key, personal, context(l, row)).toString('hex')}`;
    } else if (resealed && changed !== undefined) columns['sealed'] = null;
    return columns;
  }

  /** Any JSON about a row, sealed: a body that waits for a second person's word. */
  async sealJson(row: BaseRow, table: string, id: string, value: unknown, keyRows: Change[]): Promise<string> {
    return `\\x${sealFields(await this.#subjectKey(row, keyRows), { json: Sealed.is(value) ? value : label('direct', value) }, { organisation: row.owner, table, row: id }).toString('hex')}`;
  }
  async openJson(subject: string, owner: string, table: string, id: string, sealed: string): Promise<Sealed<unknown>> {
    const { rows } = await this.pool.query<{ wrapped: string }>('select wrapped from subject_key where subject = $1 and owner = $2', [subject, owner]);
    if (!rows[0]) throw new Error('key destroyed');
    const { json } = openFields(await this.keys.unwrap(owner, subject, rows[0].wrapped), Buffer.from(sealed.slice(2), 'hex'), { json: 'direct' }, { organisation: owner, table, row: id });
    if (!json) throw new Error('nothing sealed');
    return json;
  }

  /** `made`: keys of subjects that begin in this transaction, so that all its rows are sealed under one. */
  async #subjectKey(row: BaseRow, keyRows: Change[], made?: Map<string, Buffer>): Promise<Buffer> {
    const subject = row.caseRef ?? row.id;
    const cached = this.keys.held(row.owner, subject) ?? made?.get(subject);
    if (cached) return cached;
    if (row.caseRef !== undefined) {
      // Two organisations may help one person in one service: each seals under a key of its own.
      const { rows } = await this.pool.query<{ wrapped: string }>('select wrapped from subject_key where subject = $1 and owner = $2', [subject, row.owner]);
      if (rows[0]) return this.keys.unwrap(row.owner, subject, rows[0].wrapped);
    }
    const { key, wrapped } = await this.keys.make(row.owner, subject);
    made?.set(subject, key);
    keyRows.push({ t: 'subject_key', op: 'insert', row: { subject, owner: row.owner, wrapped } });
    return key;
  }
  /** After `CaseAnonymised`: the key, and what was kept to find her names by, are gone from memory too. */
  forget(subject: string): void { this.keys.forget(subject); this.people.forget(subject); }

  async #open(l: Lifecycle, json: Record<string, unknown>, unread: boolean): Promise<BaseRow> {
    const row: Record<string, unknown> = {};
    const read = (name: string, instant: boolean): void => {
      const value = json[columnOf(name)];
      if (value !== null && value !== undefined) row[name] = instant ? new Date(value as string).toISOString() : value;
    };
    for (const name of base) read(name, instants.has(name));
    const { plain, classes } = layoutOf(l);
    for (const [name, instant] of plain) read(name, instant);
    const sealed = json['sealed'];
    if (typeof sealed === 'string') {
      const subject = (row['caseRef'] ?? row['id']) as string;
      const wrapped = json['$key'];
      // The key was destroyed: the person is erased, and the row keeps only what is operational (DP-9).
      if (typeof wrapped === 'string') {
        const open = async (): Promise<object> => openFields(await this.keys.unwrap(row['owner'] as string, subject, wrapped), Buffer.from(sealed.slice(2), 'hex'), classes, context(l, row as unknown as BaseRow));
        Object.assign(row, await (unread ? this.keys.orClosed(open) : open()));
      }
    }
    return row as unknown as BaseRow;
  }
}

/** How long what was resolved is taken for granted. */
const RESOLVED_MS = 60_000;

interface Layout { readonly plain: readonly (readonly [name: string, instant: boolean])[]; readonly classes: Readonly<Record<string, PersonalClass>> }
const layouts = new WeakMap<object, Layout>();
/** Which fields of a lifecycle have columns of their own, and the classes of those that are sealed. */
function layoutOf({ fields }: Lifecycle): Layout {
  let layout = layouts.get(fields as Fields);
  if (!layout) {
    const entries = Object.entries(fields as Fields);
    layout = {
      plain: entries.filter(([, f]) => !isPersonal(f)).map(([name, { column }]) => [name, column === 'instant'] as const),
      classes: Object.fromEntries(entries.flatMap(([name, f]) => { const personal = personalClassOf(f); return personal ? [[name, personal]] : []; })),
    };
    layouts.set(fields as Fields, layout);
  }
  return layout;
}

const REFERENCES = `, (select jsonb_object_agg(organisation, ref) from reference where aggregate = t.id::text and purpose = '' and generation = 1) as "$references"`;

const readings = new Map<string, Body>();
/** Several queries in one body; `$1` of each becomes its own place in the parameters. */
function readingOf(queries: readonly string[]): Body {
  const key = queries.join('\n');
  let reading = readings.get(key);
  if (!reading) {
    const text = queries.map((query, n) => `return query select ${n}, x.r::text from (${query.replaceAll(/\$1\b/g, () => `($2->${n})`)}) x(r);`).join(' ');
    readings.set(key, reading = body('read', 'jsonb', 'returns table (n integer, r text)', text));
  }
  return reading;
}

/** The type of each column: by table, then by column. */
type Types = ReadonlyMap<string, ReadonlyMap<string, { readonly type: string; /** Left out, it would not be null. */ readonly hasDefault: boolean }>>;
async function typesOf(pool: Pool): Promise<Types> {
  const { rows } = await pool.query<{ t: string; c: string; type: string; hasDefault: boolean }>(`select k.relname as t, a.attname as c, format_type(a.atttypid, a.atttypmod) as type, a.atthasdef or a.attidentity <> '' as "hasDefault" from pg_attribute a join pg_class k on k.oid = a.attrelid where k.relnamespace = current_schema::regnamespace and k.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`);
  const types = new Map<string, Map<string, { type: string; hasDefault: boolean }>>();
  for (const { t, c, type, hasDefault } of rows) types.set(t, (types.get(t) ?? new Map<string, { type: string; hasDefault: boolean }>()).set(c, { type, hasDefault }));
  return types;
}
const typeOf = (types: Types, t: string, column: string): string => {
  const found = types.get(t)?.get(column);
  if (found === undefined) throw new Error(`no column ${t}.${column}`);
  return found.type;
};
/** What a new row says: a column that is null anyway is left out. */
function said(types: Types, t: string, row: Change['row']): Change['row'] {
  const columns = types.get(t);
  const result: Record<string, unknown> = {};
  for (const name in row) if ((row[name] !== null && row[name] !== undefined) || columns?.get(name)?.hasDefault !== false) result[name] = row[name];
  return result;
}

const commits = new Map<string, Body>();
/** The body of a commit of this shape: names come from our own declarations, values from `valuesOf` in the same order. */
function commitOf(types: Types, rows: readonly Change[], expects: readonly Expectation[]): Body {
  const shape = `${expects.map(({ t }) => t).join()};${rows.map(({ op, t, row }) => `${op} ${t} ${Object.keys(row).join()}`).join(';')}`;
  let commit = commits.get(shape);
  if (!commit) {
    let n = 0;
    const next = (type: string): string => `($2)[${n += 1}]::${type}`;
    const stale = "get diagnostics changed = row_count; if changed = 0 then raise exception 'stale' using errcode = '40001'; end if;";
    const text = [
      ...expects.map(({ t }) => `perform 1 from ${quote(t)} where id = ${next('uuid')} and version = ${next('integer')} for share; ${stale}`),
      ...rows.map(({ op, t, row }) => {
        const values = Object.keys(row).map((k) => [quote(k), next(typeOf(types, t, k))] as const);
        if (op === 'insert') return `insert into ${quote(t)} (${values.map(([k]) => k).join(', ')}) values (${values.map(([, v]) => v).join(', ')});`;
        if (op === 'delete') return `delete from ${quote(t)} where ${values.map(([k, v]) => `${k} = ${v}`).join(' and ')};`;
        return `update ${quote(t)} set ${values.map(([k, v]) => `${k} = ${v}`).join(', ')} where id = ${next('uuid')} and version = ${next('integer')}; ${stale}`;
      }),
    ].join(' ');
    commits.set(shape, commit = body('commit', 'text[]', 'returns void', text));
  }
  return commit;
}
function valuesOf(types: Types, rows: readonly Change[], expects: readonly Expectation[]): string {
  const values: (string | null)[] = [];
  for (const { id, version } of expects) values.push(id, String(version));
  for (const { op, t, row, id, version } of rows) {
    for (const k of Object.keys(row)) values.push(literal(typeOf(types, t, k), row[k]));
    if (op === 'update') values.push(id ?? null, version === undefined ? null : String(version));
  }
  return listOf(values);
}
/** A value as Postgres reads it from text. */
function literal(type: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (type === 'jsonb' || type === 'json') return JSON.stringify(value);
  if (Array.isArray(value)) return listOf(value);
  return typeof value === 'string' ? value : String(value);
}
const listOf = (values: readonly unknown[]): string => `{${values.map((v) => (v === null || v === undefined ? 'NULL' : `"${String(v).replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
const context = (l: Lifecycle, row: Pick<BaseRow, 'owner' | 'id'>): { organisation: string; table: string; row: string } => ({ organisation: row.owner, table: tableOf(l), row: row.id });
const isUuid = (l: Lifecycle, field: string): boolean => field === 'id' || (l.fields as Fields)[field]?.column === 'uuid';
export const quote = (name: string): string => `"${name.replaceAll('"', '')}"`;

import { isPersonal, kebab, personalClassOf, tableOf, type BaseRow, type Fields, type Lifecycle, type Read, type RowOfLifecycle } from '@footbridge/lifecycle';
import { label, newSubjectKey, openFields, sealFields, type KeyStore, type PersonalClass, type Sealed } from '@footbridge/privacy';
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';

/** One change of one table; a commit applies a list of them in one transaction. */
export interface Change { readonly t: string; readonly op: 'insert' | 'update' | 'delete'; readonly row: Readonly<Record<string, unknown>>; readonly id?: string; readonly version?: number }
export interface Expectation { readonly t: string; readonly id: string; readonly version: number }
/** Rows that one transaction will write, as far as it is planned: what it decides next sees them as they will be. */
export type Together = Map<string, { readonly lifecycle: Lifecycle; readonly row: BaseRow; readonly references: Readonly<Record<string, string>> }>;
interface Asked { readonly query: string; readonly parameters: readonly unknown[]; resolve(rows: unknown[]): void; reject(error: unknown): void }
export interface Loaded<Row extends BaseRow = BaseRow> { readonly row: Row; readonly references: Readonly<Record<string, string>> }

/** Somebody changed a row that the decision was based on: decide again. */
export class Stale extends Error { constructor() { super('stale'); } }
export class Conflict extends Error { constructor(readonly constraint: string) { super('conflict'); } }

export const columnOf = (field: string): string => kebab(field).replaceAll('-', '_');
const base = ['id', 'owner', 'organisations', 'caseRef', 'state', 'version', 'dueAt', 'createdAt', 'updatedAt'] as const;
const instants = new Set(['dueAt', 'createdAt', 'updatedAt']);

/** Rows, references, keys and commits of one service. All SQL of the engine is here. */
export class Store {
  readonly #keys = new Map<string, Buffer>();
  readonly #resolved = new Map<string, string>();
  constructor(readonly pool: Pool, private readonly keyStore: KeyStore, readonly ports: Readonly<Record<string, unknown>> = {}) {}

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
      const text = batch.map(({ query }, n) => `return query select ${n}, x.r from (${query.replaceAll(/\$1\b/g, () => `($2->${n})`)}) x(r);`).join(' ');
      const rows = await this.#session<{ n: number; r: unknown }>('read', text, 'returns table (n integer, r jsonb)', [organisation, JSON.stringify(batch.map(({ parameters }) => parameters))]);
      batch.forEach(({ resolve }, n) => { resolve(rows.filter((row) => row.n === n).map(({ r }) => r)); });
    } catch (error) { for (const { reject } of batch) reject(error); }
  }

  /** Runs a body as an organisation in one round trip. It is made a function of the session the first time that a connection meets it, so that it is planned once. */
  async #session<R>(kind: string, body: string, returns: string, values: readonly [organisation: string, json: string]): Promise<R[]> {
    const name = `${kind}_${createHash('sha256').update(body).digest('hex').slice(0, 24)}`;
    const client = await this.pool.connect();
    let worn = false;
    try {
      const compiled = this.#compiled.get(client) ?? new Set<string>();
      this.#compiled.set(client, compiled);
      if (!compiled.has(name)) {
        await client.query(`create or replace function pg_temp.${name}(text, jsonb) ${returns} language plpgsql as $session$\n#variable_conflict use_column\ndeclare changed bigint; begin perform set_config('app.org', $1, true); ${body} end $session$`);
        compiled.add(name);
      }
      worn = compiled.size > 1_000;
      return (await client.query<R & object>({ name, text: `select * from pg_temp.${name}($1, $2)`, values: [...values] })).rows;
    } finally { client.release(worn); }
  }
  readonly #compiled = new WeakMap<PoolClient, Set<string>>();

  static readonly columns = (alias: string): string => `to_jsonb(${alias}) || jsonb_build_object('$key', (select wrapped from subject_key where subject = coalesce(${alias}.case_ref, ${alias}.id::text) and owner = ${alias}.owner), '$references', (select jsonb_object_agg(organisation, ref) from reference where aggregate = ${alias}.id::text))`;

  async find<L extends Lifecycle>(l: L, organisation: string, condition: string, parameters: readonly unknown[], rest = ''): Promise<Loaded<RowOfLifecycle<L> & BaseRow>[]> {
    const found = await this.readAs<Record<string, unknown>>(organisation, `select ${Store.columns('t')} from ${quote(tableOf(l))} t where ${condition} ${rest}`, parameters);
    return Promise.all(found.map(async (json) => ({ row: await this.#open(l, json) as RowOfLifecycle<L> & BaseRow, references: (json['$references'] ?? {}) as Record<string, string> })));
  }

  /** Facts for guards, read as the owner; what was read is expected to be unchanged at the commit. */
  reader(organisation: string, expects: Expectation[], together: Together = new Map()): Read {
    const many = async <L extends Lifecycle>(l: L, where: Readonly<Record<string, unknown>>): Promise<readonly RowOfLifecycle<L>[]> => {
      const keys = Object.keys(where);
      const condition = keys.map((k, i) => Array.isArray(where[k]) ? `t.${columnOf(k)}::text in (select jsonb_array_elements_text($1->${i}))` : `t.${columnOf(k)} = ($1->>${i})${isUuid(l, k) ? '::uuid' : ''}`).join(' and ');
      const found = await this.find(l, organisation, condition || 'true', keys.map((k) => where[k]), 'order by t.created_at, t.id');
      const stored = found.map(({ row }) => row).filter((row) => !together.has(row.id));
      for (const row of stored) expects.push({ t: tableOf(l), id: row.id, version: row.version });
      const made = [...together.values()].filter((m) => m.lifecycle.name === l.name && m.row.owner === organisation && keys.every((k) => { const [is, wanted] = [(m.row as unknown as Record<string, unknown>)[k], where[k]]; return Array.isArray(wanted) ? wanted.includes(is) : is === wanted; }));
      return [...stored, ...made.map(({ row }) => row as RowOfLifecycle<L> & BaseRow)];
    };
    return {
      many,
      one: async (l, where) => (await many(l, where))[0],
      sql: <T>(query: string, parameters: readonly unknown[]) => this.readAs<T>(organisation, query, parameters),
      as: (other) => this.reader(other, expects, together),
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
    // A reference is never given to anything else, so what was resolved once stays resolved.
    for (const ref of references) { const known = this.#resolved.get(`${organisation} ${ref}`); if (known) found.set(ref, known); }
    const rest = references.filter((ref) => !found.has(ref));
    if (rest.length === 0) return found;
    const { rows } = await this.pool.query<{ ref: string; aggregate: string }>('select ref, aggregate from reference where organisation in ($1, \'*\') and ref = any($2)', [organisation, rest]);
    for (const { ref, aggregate } of rows) {
      found.set(ref, aggregate);
      this.#resolved.set(`${organisation} ${ref}`, aggregate);
      if (this.#resolved.size > 20_000) this.#resolved.delete(this.#resolved.keys().next().value as string);
    }
    return found;
  }
  /** The references that an organisation holds for these aggregates. */
  async named(organisation: string, aggregates: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (aggregates.length === 0) return new Map();
    const { rows } = await this.pool.query<{ ref: string; aggregate: string }>('select ref, aggregate from reference where organisation in ($1, \'*\') and aggregate = any($2)', [organisation, aggregates]);
    return new Map(rows.map((r) => [r.aggregate, r.ref]));
  }

  /**
   * One command, one transaction, one round trip: checks the facts that the decision was based on and applies the changes.
   * @throws Stale when a fact or the row has moved; Conflict with the constraint's name
   */
  async commit(organisation: string, rows: readonly Change[], expects: readonly Expectation[]): Promise<void> {
    try {
      await this.#session('commit', statementOf(rows, expects), 'returns void', [organisation, JSON.stringify({ rows: rows.map(({ row, id, version }) => ({ row, id, version })), expects })]);
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code === '40001' || code === '40P01') throw new Stale();
      if (code === '23505' || code === '23514') throw new Conflict(constraint ?? '');
      throw error;
    }
  }

  /** The columns of a row as JSON for `jsonb_populate_record`; personal fields go into the sealed column. */
  async columnsOf(l: Lifecycle, row: BaseRow, changed: readonly string[] | undefined, keyRows: Change[], made?: Map<string, Buffer>): Promise<Record<string, unknown>> {
    const fields = l.fields as Fields;
    const values = row as unknown as Record<string, unknown>;
    const columns: Record<string, unknown> = {};
    for (const name of base) if (changed === undefined || changed.includes(name)) columns[columnOf(name)] = values[name] ?? null;
    const personal: Record<string, Sealed<unknown>> = {};
    let resealed = changed === undefined;
    for (const [name, field] of Object.entries(fields)) {
      if (isPersonal(field)) {
        if (values[name] !== undefined) personal[name] = values[name] as Sealed<unknown>;
        if (changed?.includes(name)) resealed = true;
      } else if (changed === undefined || changed.includes(name)) columns[columnOf(name)] = values[name] ?? null;
    }
    if (resealed && Object.keys(personal).length > 0) {
      const key = await this.#subjectKey(row, keyRows, made);
      columns['sealed'] = `\\x${sealFields(key, personal, context(l, row)).toString('hex')}`;
    } else if (resealed && changed !== undefined) columns['sealed'] = null;
    return columns;
  }

  /** Any JSON about a row, sealed: a body that waits for a second person's word. */
  async sealJson(row: BaseRow, table: string, id: string, value: unknown, keyRows: Change[]): Promise<string> {
    return `\\x${sealFields(await this.#subjectKey(row, keyRows), { json: label('direct', value) }, { organisation: row.owner, table, row: id }).toString('hex')}`;
  }
  async openJson(subject: string, owner: string, table: string, id: string, sealed: string): Promise<Sealed<unknown>> {
    const { rows } = await this.pool.query<{ wrapped: string }>('select wrapped from subject_key where subject = $1 and owner = $2', [subject, owner]);
    if (!rows[0]) throw new Error('key destroyed');
    const { json } = openFields(await this.#unwrap(owner, subject, rows[0].wrapped), Buffer.from(sealed.slice(2), 'hex'), { json: 'direct' }, { organisation: owner, table, row: id });
    if (!json) throw new Error('nothing sealed');
    return json;
  }

  /** `made`: keys of subjects that begin in this transaction, so that all its rows are sealed under one. */
  async #subjectKey(row: BaseRow, keyRows: Change[], made?: Map<string, Buffer>): Promise<Buffer> {
    const subject = row.caseRef ?? row.id;
    const cached = this.#keys.get(`${row.owner} ${subject}`) ?? made?.get(subject);
    if (cached) return cached;
    if (row.caseRef !== undefined) {
      // Two organisations may help one person in one service: each seals under a key of its own.
      const { rows } = await this.pool.query<{ wrapped: string }>('select wrapped from subject_key where subject = $1 and owner = $2', [subject, row.owner]);
      if (rows[0]) return this.#unwrap(row.owner, subject, rows[0].wrapped);
    }
    const key = newSubjectKey();
    made?.set(subject, key);
    keyRows.push({ t: 'subject_key', op: 'insert', row: { subject, owner: row.owner, wrapped: await this.keyStore.wrap(row.owner, key, subject) } });
    return key;
  }
  async #unwrap(owner: string, subject: string, wrapped: string): Promise<Buffer> {
    const key = await this.keyStore.unwrap(owner, wrapped, subject);
    this.#keys.set(`${owner} ${subject}`, key);
    if (this.#keys.size > 5_000) this.#keys.delete(this.#keys.keys().next().value as string);
    return key;
  }
  /** After `CaseAnonymised`: the key is gone from memory too. */
  forget(subject: string): void { for (const name of this.#keys.keys()) if (name.endsWith(` ${subject}`)) this.#keys.delete(name); }

  async #open(l: Lifecycle, json: Record<string, unknown>): Promise<BaseRow> {
    const fields = l.fields as Fields;
    const row: Record<string, unknown> = {};
    const read = (name: string, instant: boolean): void => {
      const value = json[columnOf(name)];
      if (value !== null && value !== undefined) row[name] = instant ? new Date(value as string).toISOString() : value;
    };
    for (const name of base) read(name, instants.has(name));
    const classes: Record<string, PersonalClass> = {};
    for (const [name, field] of Object.entries(fields)) {
      const personal = personalClassOf(field);
      if (personal) classes[name] = personal; else read(name, field.column === 'instant');
    }
    const sealed = json['sealed'];
    if (typeof sealed === 'string') {
      const subject = (row['caseRef'] ?? row['id']) as string;
      const wrapped = json['$key'];
      // The key was destroyed: the person is erased, and the row keeps only what is operational (DP-9).
      if (typeof wrapped === 'string') {
        const key = this.#keys.get(`${String(row['owner'])} ${subject}`) ?? await this.#unwrap(row['owner'] as string, subject, wrapped);
        Object.assign(row, openFields(key, Buffer.from(sealed.slice(2), 'hex'), classes, context(l, row as unknown as BaseRow)));
      }
    }
    return row as unknown as BaseRow;
  }
}

/** The body of a commit of this shape. Values come in one JSON document; names come from our own declarations. */
function statementOf(rows: readonly Change[], expects: readonly Expectation[]): string {
  const stale = "get diagnostics changed = row_count; if changed = 0 then raise exception 'stale' using errcode = '40001'; end if;";
  return [
    ...expects.map((e, i) => `perform 1 from ${quote(e.t)} where id = ($2->'expects'->${i}->>'id')::uuid and version = ($2->'expects'->${i}->>'version')::integer for share; ${stale}`),
    ...rows.map(({ op, t, row }, i) => {
      const names = Object.keys(row).map(quote);
      const from = `jsonb_populate_record(null::${quote(t)}, $2->'rows'->${i}->'row') v`;
      if (op === 'delete') return `delete from ${quote(t)} t using ${from} where ${names.map((k) => `t.${k} = v.${k}`).join(' and ')};`;
      if (op === 'update') return `update ${quote(t)} t set ${names.map((k) => `${k} = v.${k}`).join(', ')} from ${from} where t.id = ($2->'rows'->${i}->>'id')::uuid and t.version = ($2->'rows'->${i}->>'version')::integer; ${stale}`;
      return `insert into ${quote(t)} (${names.join(', ')}) select ${names.join(', ')} from ${from};`;
    }),
  ].join(' ');
}
const context = (l: Lifecycle, row: Pick<BaseRow, 'owner' | 'id'>): { organisation: string; table: string; row: string } => ({ organisation: row.owner, table: tableOf(l), row: row.id });
const isUuid = (l: Lifecycle, field: string): boolean => field === 'id' || (l.fields as Fields)[field]?.column === 'uuid';
export const quote = (name: string): string => `"${name.replaceAll('"', '')}"`;

import { isPersonal, kebab, personalClassOf, tableOf, type BaseRow, type Fields, type Lifecycle, type Read, type RowOfLifecycle } from '@footbridge/lifecycle';
import { newSubjectKey, openFields, sealFields, type KeyStore, type PersonalClass, type Sealed } from '@footbridge/privacy';
import type { Pool } from 'pg';

/** One change of one table; `commit_change` applies a list of them in one transaction. */
export interface Change { readonly t: string; readonly op: 'insert' | 'update' | 'delete'; readonly row: Readonly<Record<string, unknown>>; readonly id?: string; readonly version?: number }
export interface Expectation { readonly t: string; readonly id: string; readonly version: number }
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
  constructor(readonly pool: Pool, private readonly keyStore: KeyStore, readonly ports: Readonly<Record<string, unknown>> = {}) {}

  /** Reads as an organisation: row-level security applies. `query` yields one JSON object a row and takes its parameters as `$1->>n`. */
  async readAs<T>(organisation: string, query: string, parameters: readonly unknown[]): Promise<T[]> {
    const { rows } = await this.pool.query<{ r: T }>({ name: 'read', text: 'select * from read_as($1, $2, $3) as r', values: [organisation, query, JSON.stringify(parameters)] });
    return rows.map(({ r }) => r);
  }

  static readonly columns = (alias: string): string => `to_jsonb(${alias}) || jsonb_build_object('$key', (select wrapped from subject_key where subject = coalesce(${alias}.case_ref, ${alias}.id::text)), '$references', (select jsonb_object_agg(organisation, ref) from reference where aggregate = ${alias}.id::text))`;

  async find<L extends Lifecycle>(l: L, organisation: string, condition: string, parameters: readonly unknown[], rest = ''): Promise<Loaded<RowOfLifecycle<L> & BaseRow>[]> {
    const found = await this.readAs<Record<string, unknown>>(organisation, `select ${Store.columns('t')} from ${quote(tableOf(l))} t where ${condition} ${rest}`, parameters);
    return Promise.all(found.map(async (json) => ({ row: await this.#open(l, json) as RowOfLifecycle<L> & BaseRow, references: (json['$references'] ?? {}) as Record<string, string> })));
  }

  /** Facts for guards, read as the owner; what was read is expected to be unchanged at the commit. */
  reader(organisation: string, expects: Expectation[]): Read {
    const many = async <L extends Lifecycle>(l: L, where: Readonly<Record<string, unknown>>): Promise<readonly RowOfLifecycle<L>[]> => {
      const keys = Object.keys(where);
      const condition = keys.map((k, i) => Array.isArray(where[k]) ? `t.${columnOf(k)}::text in (select jsonb_array_elements_text($1->${i}))` : `t.${columnOf(k)} = ($1->>${i})${isUuid(l, k) ? '::uuid' : ''}`).join(' and ');
      const found = await this.find(l, organisation, condition || 'true', keys.map((k) => where[k]), 'order by t.created_at, t.id');
      for (const { row } of found) expects.push({ t: tableOf(l), id: row.id, version: row.version });
      return found.map(({ row }) => row);
    };
    return {
      many,
      one: async (l, where) => (await many(l, where))[0],
      sql: <T>(query: string, parameters: readonly unknown[]) => this.readAs<T>(organisation, query, parameters),
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
    if (references.length === 0) return new Map();
    const { rows } = await this.pool.query<{ ref: string; aggregate: string }>('select ref, aggregate from reference where organisation in ($1, \'*\') and ref = any($2)', [organisation, references]);
    return new Map(rows.map((r) => [r.ref, r.aggregate]));
  }
  /** The references that an organisation holds for these aggregates. */
  async named(organisation: string, aggregates: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (aggregates.length === 0) return new Map();
    const { rows } = await this.pool.query<{ ref: string; aggregate: string }>('select ref, aggregate from reference where organisation in ($1, \'*\') and aggregate = any($2)', [organisation, aggregates]);
    return new Map(rows.map((r) => [r.aggregate, r.ref]));
  }

  async commit(organisation: string, rows: readonly Change[], expects: readonly Expectation[]): Promise<void> {
    try {
      await this.pool.query({ name: 'commit', text: 'select commit_change($1)', values: [JSON.stringify({ org: organisation, rows, expects })] });
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code === '40001' || code === '40P01') throw new Stale();
      if (code === '23505' || code === '23514') throw new Conflict(constraint ?? '');
      throw error;
    }
  }

  /** The columns of a row as JSON for `jsonb_populate_record`; personal fields go into the sealed column. */
  async columnsOf(l: Lifecycle, row: BaseRow, changed: readonly string[] | undefined, keyRows: Change[]): Promise<Record<string, unknown>> {
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
      const key = await this.#subjectKey(row, keyRows);
      columns['sealed'] = `\\x${sealFields(key, personal, context(l, row)).toString('hex')}`;
    } else if (resealed && changed !== undefined) columns['sealed'] = null;
    return columns;
  }

  async #subjectKey(row: BaseRow, keyRows: Change[]): Promise<Buffer> {
    const subject = row.caseRef ?? row.id;
    const cached = this.#keys.get(subject);
    if (cached) return cached;
    if (row.caseRef !== undefined) {
      const { rows } = await this.pool.query<{ wrapped: string }>('select wrapped from subject_key where subject = $1', [subject]);
      if (rows[0]) return this.#unwrap(row.owner, subject, rows[0].wrapped);
    }
    const key = newSubjectKey();
    keyRows.push({ t: 'subject_key', op: 'insert', row: { subject, owner: row.owner, wrapped: await this.keyStore.wrap(row.owner, key, subject) } });
    return key;
  }
  async #unwrap(owner: string, subject: string, wrapped: string): Promise<Buffer> {
    const key = await this.keyStore.unwrap(owner, wrapped, subject);
    this.#keys.set(subject, key);
    if (this.#keys.size > 5_000) this.#keys.delete(this.#keys.keys().next().value as string);
    return key;
  }
  /** After `CaseAnonymised`: the key is gone from memory too. */
  forget(subject: string): void { this.#keys.delete(subject); }

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
        const key = this.#keys.get(subject) ?? await this.#unwrap(row['owner'] as string, subject, wrapped);
        Object.assign(row, openFields(key, Buffer.from(sealed.slice(2), 'hex'), classes, context(l, row as unknown as BaseRow)));
      }
    }
    return row as unknown as BaseRow;
  }
}

const context = (l: Lifecycle, row: Pick<BaseRow, 'owner' | 'id'>): { organisation: string; table: string; row: string } => ({ organisation: row.owner, table: tableOf(l), row: row.id });
const isUuid = (l: Lifecycle, field: string): boolean => field === 'id' || (l.fields as Fields)[field]?.column === 'uuid';
export const quote = (name: string): string => `"${name.replaceAll('"', '')}"`;

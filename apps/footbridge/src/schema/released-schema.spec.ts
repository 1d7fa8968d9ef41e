import { tableOf } from '@footbridge/lifecycle';
import { migrate, provision, provisionedRoles, quote, type ServiceDefinition } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { services } from '../services.js';
import { catalogue } from './catalogue.fixture.js';
import { breaks, migrationsOf, read, releasedOf, written, type ReleasedMigration } from './released-schema.js';

describe('released migrations', () => {
  it.each(services.map((s) => [s.name, s] as const))('of %s are as they were released, and none is forgotten', async (_name, s) => { expect(breaks(releasedOf(s.name), await migrationsOf(s))).toEqual([]); });
  it('are compared by what they do', () => {
    const [first, second] = [{ name: 'First1', sql: 'create table a (b text);\n' }, { name: 'Second2', sql: 'alter table a add c text;\n' }];
    expect(read(written([first, second]))).toEqual([first, second]);
    expect(breaks([first, second], [first, second])).toEqual([]);
    expect(breaks([first], [first, second])).toEqual(['Second2 is not released yet: npm run schema:release.']);
    expect(breaks([first, second], [first])).toEqual(['Second2 was released and is gone.']);
    expect(breaks([first], [{ ...first, sql: 'create table a (b integer);\n' }])).toEqual(['First1 was released and now does something else: put it back, and write a new migration.']);
    expect(breaks([first, second], [second, first])).toEqual(['First1 was released in another place of the order.', 'Second2 was released in another place of the order.']);
  });
});

describe('forward, on real Postgres', () => {
  const open: pg.Client[] = [];
  /** A database as it was after these migrations, made by what was written down of them. */
  async function at(service: string, migrations: readonly ReleasedMigration[]): Promise<{ readonly client: pg.Client; readonly migrationUrl: string }> {
    const url = new URL(await testDatabase(`schema_${service}`));
    const urls = await provision((database) => { const other = new URL(url); other.pathname = `/${database}`; return other.href; }, Object.fromEntries(provisionedRoles.map((role) => [role, `test-${role}`])), url.pathname.slice(1));
    const { migrationUrl } = urls.services[service as keyof typeof urls.services];
    const client = new pg.Client({ connectionString: url.href });
    open.push(client);
    await client.connect();
    if (migrations.length > 0) {
      await migrate({ name: service, lifecycles: [], migrations: [] }, migrationUrl);
      const owner = new pg.Client({ connectionString: migrationUrl, options: `-c search_path=${service}` });
      await owner.connect();
      for (const { name, sql } of migrations) { await owner.query(sql); await owner.query('insert into migration (timestamp, name) values ($1, $2)', [/\d+$/.exec(name)?.[0], name]); }
      await owner.end();
    }
    return { client, migrationUrl };
  }
  afterEach(async () => { for (const client of open.splice(0)) await client.end(); });

  const value: Readonly<Record<string, string>> = { uuid: 'gen_random_uuid()', integer: '1', bigint: '1', boolean: 'true', date: 'current_date', 'timestamp with time zone': 'now()', jsonb: "'{}'", bytea: "'\\x00'", 'bytea[]': "array['\\x00'::bytea]", 'text[]': "array['x']" };
  /** Something in every table: of a lifecycle a row in each state; of the rest, what may not be missing. */
  async function inhabit(client: pg.Client, { name: schema, lifecycles }: ServiceDefinition): Promise<number> {
    await client.query('set session_replication_role = replica');
    const { rows: tables } = await client.query<{ name: string; columns: string[]; types: string[] }>(`select c.relname as name, array_agg(a.attname::text order by attnum) as columns, array_agg(format_type(a.atttypid, null) order by attnum) as types from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname <> 'migration' and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = '' group by 1`, [schema]);
    for (const { name, columns, types } of tables) {
      const states = lifecycles.find((l) => tableOf(l) === name)?.states ?? [name === 'parked' ? 'parked' : 'x'];
      for (const [at, state] of states.entries()) await client.query(`insert into ${schema}.${quote(name)} (${columns.map(quote).join(', ')}) values (${columns.map((c, n) => (c === 'state' ? `'${state}'` : types[n] === 'text' ? `'x${at}'` : value[types[n] ?? ''] ?? 'null')).join(', ')})`);
    }
    await client.query('set session_replication_role = origin');
    return tables.length;
  }
  /** What stood in the columns that there were. */
  const contents = async (client: pg.Client, schema: string, columns: readonly { readonly table: string; readonly names: readonly string[] }[]): Promise<Readonly<Record<string, readonly unknown[]>>> =>
    Object.fromEntries(await Promise.all(columns.map(async ({ table, names }) => [table, (await client.query(`select ${names.map(quote).join(', ')} from ${schema}.${quote(table)} t order by t::text`)).rows] as const)));
  const columnsNow = async (client: pg.Client, schema: string): Promise<readonly { table: string; names: string[] }[]> => (await client.query<{ table: string; names: string[] }>(`select c.relname as table, array_agg(a.attname::text) as names from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname <> 'migration' and a.attnum > 0 and not a.attisdropped group by 1`, [schema])).rows;

  /** From each release on the way: nothing that was there is lost, and what comes out is what a new instance gets. */
  async function comesForward(definition: ServiceDefinition, released: readonly ReleasedMigration[]): Promise<void> {
    const { name } = definition;
    const fresh = await at(name, []);
    await migrate(definition, fresh.migrationUrl);
    const wanted = await catalogue(fresh.client, name);
    expect(wanted.length).toBeGreaterThan(100);
    for (let n = 1; n <= released.length; n += 1) {
      const old = await at(name, released.slice(0, n));
      expect(await inhabit(old.client, definition)).toBeGreaterThan(10);
      const columns = await columnsNow(old.client, name);
      const before = await contents(old.client, name, columns);
      await migrate(definition, old.migrationUrl);
      expect(await catalogue(old.client, name)).toEqual(wanted);
      expect(await contents(old.client, name, columns)).toEqual(before);
    }
  }
  it.each(services.map((s) => [s.name, s] as const))('%s comes from each released schema, with rows in it, to the schema of a new instance', async (_name, s) => { await comesForward(s, releasedOf(s.name)); });

  it('a migration that is added is run on what was there; one that cannot be, that loses rows, or that was changed after its release, is found', async () => {
    const [service] = services.filter(({ name }) => name === 'reintegration');
    if (!service) throw new Error('no reintegration');
    const adding = (sql: string): ServiceDefinition => {
      class Second1764100000000 implements MigrationInterface {
        readonly name = 'Second1764100000000';
        async up(q: QueryRunner): Promise<void> { await q.query(sql); }
        down(): Promise<void> { return Promise.resolve(); }
      }
      return { ...service, migrations: [...service.migrations, Second1764100000000] };
    };
    const released = releasedOf(service.name);
    await comesForward(adding('alter table reintegration_case add flagged boolean not null default false; create index reintegration_case_flagged on reintegration_case (id) where flagged'), released);
    await expect(comesForward(adding('alter table reintegration_case add flagged boolean not null'), released)).rejects.toThrow(/null values/);
    await expect(comesForward(adding('delete from known_reception'), released)).rejects.toThrow();
    const edited = released.map((m) => ({ ...m, sql: m.sql.replace('"attempts" jsonb,', '') }));
    await expect(comesForward(service, edited)).rejects.toThrow();
  });
});

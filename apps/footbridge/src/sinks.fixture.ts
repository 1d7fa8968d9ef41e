import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sink } from '@footbridge/privacy/testing';
import { postgresLog, type OwnKafka } from '@footbridge/testing';
import pg from 'pg';

/** Every row of every table as text, sealed columns too: what is sealed cannot be read there either. What is kept as bytes stands in it as hex. */
export async function tables(databaseUrl: string, log: () => Promise<string> = postgresLog): Promise<readonly Sink[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    const found: Sink[] = [];
    for (const { name } of rows) found.push({ name, content: (await client.query<{ r: string }>(`select row_to_json(t)::text as r from ${name} t`)).rows.map(({ r }) => r).join('\n') });
    return [...found, { name: 'PostgreSQL log', content: await log() }];
  } finally { await client.end(); }
}

/** Every message that a broker keeps, and what it has said itself. */
export async function topics(kafka: Pick<OwnKafka, 'kept' | 'log'>): Promise<readonly Sink[]> {
  return [...[...await kafka.kept()].map(([name, content]) => ({ name, content })), { name: 'Kafka log', content: await kafka.log() }];
}

/** Where the write-ahead log of the database's server stands now. */
export async function walNow(databaseUrl: string): Promise<string> {
  return asked<{ file: string }>(databaseUrl, 'select pg_walfile_name(pg_current_wal_insert_lsn()) as file').then(([row]) => row?.file ?? '');
}
/** Its files since then, as they are on the disk. */
export async function wal(databaseUrl: string, since: string): Promise<readonly Sink[]> {
  await asked(databaseUrl, "select pg_logical_emit_message(false, 'flush', 'x', true)");
  const names = await asked<{ name: string }>(databaseUrl, 'select name from pg_ls_waldir() where name >= $1 and name <= pg_walfile_name(pg_current_wal_lsn()) order by name', [since]);
  const found: Sink[] = [];
  for (const { name } of names) for (const { content } of await asked<{ content: Buffer }>(databaseUrl, 'select pg_read_binary_file($1) as content', [`pg_wal/${name}`])) found.push({ name: 'WAL', content, raw: true });
  return found;
}

/** What a folder holds (exports, backups, reports): each file, and the names of all. */
export async function files(folder: string, name = 'files'): Promise<readonly Sink[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  return [
    { name: `${name}: names`, content: entries.map(({ path }) => path).join('\n') },
    ...await Promise.all(entries.filter(({ entry }) => entry.isFile()).map(async ({ path }) => ({ name, content: await readFile(path) }))),
  ];
}

async function asked<R extends object>(databaseUrl: string, query: string, values: readonly unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try { return (await client.query<R>(query, [...values])).rows; } finally { await client.end(); }
}

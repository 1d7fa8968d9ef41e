import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Sink } from '@footbridge/privacy/testing';
import pg from 'pg';
import type { OwnKafka } from './kafka.js';
import { postgresLog } from './postgres.js';

/** Every row of every table, sealed columns too: what is sealed cannot be read there either. What is kept as bytes stands in it as it is. */
export const tables = (databaseUrl: string): Promise<readonly Sink[]> => connected(databaseUrl, async (client) => {
  const { rows } = await client.query<{ name: string; texts: string | null; bytes: string | null }>(`select format('%I.%I', n.nspname, c.relname) as name, string_agg(format('t.%I', a.attname), ', ') filter (where a.atttypid <> 'bytea'::regtype) as texts, string_agg(format('t.%I', a.attname), ', ') filter (where a.atttypid = 'bytea'::regtype) as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relkind in ('r', 'm') and n.nspname !~ '^(?:pg_|information_schema)' group by 1`);
  const found: Sink[] = [];
  for (const { name, texts, bytes } of rows) {
    const kept = await client.query<{ row: string | null; bytes: (Buffer | null)[] }>(`select (select row_to_json(x)::text from (select ${texts ?? ''}) x) as row, array[${bytes ?? ''}]::bytea[] as bytes from ${name} t`);
    found.push({ name, content: Buffer.concat(kept.rows.flatMap(({ row, bytes: parts }) => [row, ...parts, '\n'].map((part) => (typeof part === 'string' ? Buffer.from(part) : part ?? Buffer.alloc(0))))) });
  }
  return found;
});

/** Every message that a broker keeps, key, headers and value, the names of its topics, and what it has said itself. */
export async function topics(kafka: Pick<OwnKafka, 'kept' | 'log'>): Promise<readonly Sink[]> {
  const kept = [...await kafka.kept()];
  return [...kept.map(([name, content]) => ({ name, content })), { name: 'topics: names', content: kept.map(([name]) => name).join('\n') }, { name: 'Kafka log', content: await kafka.log() }];
}

/** Where the write-ahead log of the database's server stands now. */
export const walNow = (databaseUrl: string): Promise<string> => connected(databaseUrl, async (client) => (await client.query<{ file: string }>('select pg_walfile_name(pg_current_wal_insert_lsn()) as file')).rows[0]?.file ?? '');

/** Its files since then, as they are on the disk: what was rolled back, changed and deleted is there too. */
export const wal = (databaseUrl: string, since: string): Promise<readonly Sink[]> => connected(databaseUrl, async (client) => {
  await client.query("select pg_logical_emit_message(false, 'flush', 'x', true)");
  const { rows } = await client.query<{ name: string }>('select name from pg_ls_waldir() where name >= $1 and name <= pg_walfile_name(pg_current_wal_lsn()) order by name', [since]);
  const found: Sink[] = [];
  for (const { name } of rows) found.push(...(await client.query<{ content: Buffer | null }>('select pg_read_binary_file($1, 0, 1 << 26, true) as content', [`pg_wal/${name}`])).rows.flatMap(({ content }) => (content ? [{ name: 'WAL', content, raw: true as const }] : [])));
  return found;
});

/** What a folder holds (exports, backups, reports, keys): each file, and the names of all. `raw`: a database's own. */
export async function files(folder: string, name = 'files', { raw = false }: { readonly raw?: boolean } = {}): Promise<readonly Sink[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  return [
    { name: `${name}: names`, content: entries.map(({ path }) => path).join('\n') },
    ...await Promise.all(entries.filter(({ entry }) => entry.isFile()).map(async ({ path }) => ({ name, content: await readFile(path), ...(raw ? { raw } : {}) }))),
  ];
}

/** A backup, unpacked: much, and of one form, so that what is in it is sought as it is. */
export async function backupFile(path: string): Promise<Sink> {
  const written = await readFile(path);
  return { name: 'backup', content: written.subarray(0, 2).toString('hex') === '1f8b' ? gunzipSync(written) : written, raw: true };
}

/** What a database keeps from now on: its rows, its write-ahead log, and what its server says. Of a server that suites share, theirs too. */
export async function databaseFromNow(databaseUrl: string, log: () => Promise<string> = postgresLog): Promise<() => Promise<readonly Sink[]>> {
  const [begun, said] = [await walNow(databaseUrl), (await log()).length];
  return async () => [...await tables(databaseUrl), ...await wal(databaseUrl, begun), { name: 'PostgreSQL log', content: (await log()).slice(said) }];
}

/** Somebody is shown what they asked to see, and may: these answers are no sink. Those that refuse it are. */
const SHOWN = /[?&]reveal=|\/(?:needs|detail|itinerary|access-copy)(?:\?|$)/;

/** What callers were answered, refusals and headers too. */
export class Answers {
  readonly #kept: string[] = [];
  keep(path: string, status: number, headers: Headers, body: string): void {
    if (status >= 300 || !SHOWN.test(path)) this.#kept.push(`${status} ${JSON.stringify([...headers])} ${body}`);
  }
  get sink(): Sink { return { name: 'answers', content: this.#kept.join('\n') }; }
}

async function connected<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try { return await work(client); } finally { await client.end(); }
}

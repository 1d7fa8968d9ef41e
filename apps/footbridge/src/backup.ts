import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Service } from '@footbridge/contracts';
import { PostgresTransport } from '@footbridge/messaging';
import { migrate, provision, provisionedRoles, type ServiceDefinition } from '@footbridge/service';
import pg from 'pg';
import { endAgain, endedOf, isEnded, type Ended } from './backup-endings.js';
import { DataFolder } from './data-folder.js';
import { identitySchema } from './identity/schema.js';
import { holderOf } from './instance-lock.js';
import { adminUrlOf, startPostgres } from './postgres.js';
import { codeOf, isMissing, Refusal } from './refusal.js';

const format = 1;
const database = 'footbridge';
const schemas: readonly string[] = [...Service.values, 'identity', 'bus'];
/** Sessions end with a restore; watermarks are worth nothing a moment later. */
export const leftOut: ReadonlySet<string> = new Set(['identity.oidc_state', ...Service.values.map((service) => `${service}.watermark`)]);
/**
 * Wrapped keys of cases, and which cases are erased, are in the file of keys: who restores old data with the newest keys finds an erased
 * case closed, and the data alone, with whatever old key of an organisation, opens nothing (G5).
 */
/**
 * Lists that only grow, and count though older data comes back: who is erased, and which statistics are out. A year that was published is not published
 * again with other noise (S-12), nor its share of the budget spent twice.
 */
const growing = ['erasure_receipt', 'statistics_ledger', 'statistics_release'];
/** What goes into the file of keys, and not into that of data. */
export const keyTables: readonly string[] = ['subject_key', ...growing];
const atOnce = 500;

interface Header { readonly footbridge: 'backup'; readonly format: number; readonly migrations: Readonly<Record<string, readonly string[]>> }
interface TableMark { readonly table: readonly [string, string]; readonly columns: readonly string[] }
interface SequenceMark { readonly sequence: readonly [string, string]; readonly value: string; readonly called: boolean }
interface EndMark { readonly end: number }
type Mark = Header | TableMark | SequenceMark | EndMark;
interface Column { readonly name: string; readonly type: string }

const isObject = (content: unknown): content is Record<string, unknown> => typeof content === 'object' && content !== null;
const isPair = (value: unknown): value is readonly [string, string] => Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
const isHeader = (mark: unknown): mark is Header => isObject(mark) && mark['footbridge'] === 'backup' && typeof mark['format'] === 'number' && isObject(mark['migrations']);
const isTable = (mark: unknown): mark is TableMark => isObject(mark) && isPair(mark['table']) && Array.isArray(mark['columns']);
const isSequence = (mark: unknown): mark is SequenceMark => isObject(mark) && isPair(mark['sequence']) && typeof mark['value'] === 'string' && typeof mark['called'] === 'boolean';
const isEnd = (mark: unknown): mark is EndMark => isObject(mark) && typeof mark['end'] === 'number';

export interface Counted { readonly tables: number; readonly rows: number }

/**
 * All rows of all schemas as of one moment, in one file; the keys that open the sealed ones in another (DP-18), the wrapped keys of
 * cases among them: who has only the first can read no personal value. Works while the instance runs.
 */
export async function backup(folder: DataFolder, dataFile: string, keysFile: string): Promise<Counted> {
  for (const file of [dataFile, keysFile]) if (await isThere(file)) throw new Refusal(`${file} is there already. Name a new file: a backup never overwrites one.`);
  if (dirname(dataFile) === dirname(keysFile) && basename(dataFile) === basename(keysFile)) throw new Refusal('Name two files: data and keys are kept apart.');
  if (!(await isThere(folder.marker))) throw new Refusal(`There is no data in ${folder.path}. Set FOOTBRIDGE_DATA.`);
  const { counted, tables, ended } = await withDatabase(folder, async (adminUrl) => await writeBackup(adminUrl, dataFile));
  await writeKeys(folder, keysFile, tables, ended);
  return counted;
}

/** The database of a running instance, or one started for this. */
export async function withDatabase<T>(folder: DataFolder, work: (adminUrl: string) => Promise<T>): Promise<T> {
  if (await holderOf(folder.lock)) return await work(await adminUrlOf(folder, database));
  const lock = await folder.open('a backup');
  try {
    const postgres = await startPostgres(folder);
    try { return await work(postgres.adminUrl(database)); } finally { await postgres.stop(); }
  } finally { await lock.release(); }
}

async function writeBackup(adminUrl: string, file: string): Promise<{ readonly counted: Counted; readonly tables: readonly KeyTable[]; readonly ended: readonly Ended[] }> {
  const unfinished = `${file}.${process.pid}.part`;
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  const counted = { tables: 0, rows: 0 };
  try {
    await client.query('begin isolation level repeatable read read only; set local timezone to \'UTC\'; set local bytea_output to \'hex\'; set local extra_float_digits to 3; set local intervalstyle to \'iso_8601\'; set local datestyle to \'ISO\'');
    const tables = await keyTablesOf(client);
    const ended = await endedOf(client, await tablesOf(client));
    for (const { rows } of tables) { counted.tables++; counted.rows += rows.length; }
    await pipeline(Readable.from(linesOf(client, counted)), createGzip(), createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
    await client.query('commit');
    await settle(unfinished, file);
    return { counted, tables, ended };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw fileRefusal(file, error);
  } finally { await client.end(); }
}

/** Of the same moment as the data. */
async function keyTablesOf(client: pg.Client): Promise<readonly KeyTable[]> {
  const tables: KeyTable[] = [];
  for (const [schema, table] of (await tablesOf(client)).filter(([, name]) => keyTables.includes(name))) {
    const columns = (await columnsOf(client, schema, table)).map(({ name }) => name);
    const { rows } = await client.query<{ row: (string | null)[] }>(`select array[${columns.map((name) => `${client.escapeIdentifier(name)}::text`).join(', ')}]::text[] as row from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`);
    tables.push({ table: [schema, table], columns, rows: rows.map(({ row }) => row) });
  }
  return tables;
}

async function* linesOf(client: pg.Client, counted: { tables: number; rows: number }): AsyncGenerator<string> {
  const mark = (content: Mark): string => `#${JSON.stringify(content)}\n`;
  yield mark({ footbridge: 'backup', format, migrations: await migrationsOf(client) });
  const written = counted.rows;
  for (const [schema, table] of (await tablesOf(client)).filter(([, name]) => !keyTables.includes(name))) {
    const columns = await columnsOf(client, schema, table);
    counted.tables++;
    yield mark({ table: [schema, table], columns: columns.map(({ name }) => name) });
    // each value as the type itself writes it: what the type reads back is the same value
    const texts = columns.map(({ name }) => `${client.escapeIdentifier(name)}::text`).join(', ');
    await client.query(`declare rows_of_table no scroll cursor for select to_json(array[${texts}]::text[])::text as line from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`);
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`fetch ${atOnce} from rows_of_table`);
      if (rows.length === 0) break;
      counted.rows += rows.length;
      yield rows.map(({ line }) => `${line.replaceAll('\n', ' ')}\n`).join('');
    }
    await client.query('close rows_of_table');
  }
  // last: a number given meanwhile is then behind the sequence, never before it
  const { rows: sequences } = await client.query<{ schema: string; name: string; value: string; called: boolean }>('select schemaname as schema, sequencename as name, coalesce(last_value, start_value)::text as value, last_value is not null as called from pg_sequences where schemaname = any($1) order by 1, 2', [schemas]);
  for (const { schema, name, value, called } of sequences) yield mark({ sequence: [schema, name], value, called });
  yield mark({ end: counted.rows - written });
}

async function tablesOf(client: pg.Client): Promise<readonly (readonly [string, string])[]> {
  const { rows } = await client.query<{ schema: string; name: string }>("select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname = any($1) order by 1, 2", [schemas]);
  return rows.map(({ schema, name }) => [schema, name] as const).filter(([schema, name]) => !leftOut.has(`${schema}.${name}`));
}

async function columnsOf(client: pg.Client, schema: string, table: string): Promise<readonly Column[]> {
  const { rows } = await client.query<Column>("select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a where a.attrelid = format('%I.%I', $1::text, $2::text)::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum", [schema, table]);
  return rows;
}

/** Which version of the code these tables belong to. */
async function migrationsOf(client: pg.Client): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const schema of Service.values) {
    const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [`${schema}.migration`]);
    found[schema] = rows[0]?.there ? (await client.query<{ name: string }>(`select name from ${client.escapeIdentifier(schema)}.migration order by name`)).rows.map(({ name }) => name) : [];
  }
  return found;
}

interface KeyTable extends TableMark { readonly rows: readonly (readonly (string | null)[])[] }
interface KeysFile { readonly footbridge: 'keys'; readonly format: number; readonly files: Readonly<Record<string, string>>; /** Missing in a backup from before: these tables are then in its data. */ readonly tables?: readonly KeyTable[]; readonly ended?: readonly Ended[] }
const isKeyTable = (content: unknown): content is KeyTable => isTable(content) && keyTables.includes(content.table[1]) && 'rows' in content && Array.isArray(content.rows) && content.rows.every((row) => Array.isArray(row) && row.length === content.columns.length);
const isKeysFile = (content: unknown): content is KeysFile => isObject(content) && content['footbridge'] === 'keys' && typeof content['format'] === 'number' && isObject(content['files']) && Object.values(content['files']).every((text) => typeof text === 'string') && (content['tables'] === undefined || (Array.isArray(content['tables']) && content['tables'].every(isKeyTable))) && (content['ended'] === undefined || (Array.isArray(content['ended']) && content['ended'].every(isEnded)));

async function writeKeys(folder: DataFolder, file: string, tables: readonly KeyTable[], ended: readonly Ended[]): Promise<void> {
  // with the secret of cursors: partners keep theirs, and go on from them after a restore
  const names = ['identity.json', 'accounts.json', 'cursor.json', ...(await readdir(folder.keys, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join('keys', entry.parentPath.slice(folder.keys.length), entry.name))];
  const files: Record<string, string> = {};
  for (const name of names) {
    const content = await readFile(join(folder.path, name)).catch((error: unknown) => { if (isMissing(error)) return undefined; throw error; });
    if (content) files[name] = content.toString('base64');
  }
  const unfinished = `${file}.${process.pid}.part`;
  try {
    await writeFile(unfinished, `${JSON.stringify({ footbridge: 'keys', format, files, tables, ended } satisfies KeysFile)}\n`, { mode: 0o600, flag: 'wx' });
    await settle(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw fileRefusal(file, error);
  }
}

/** On the disk, then under its name: a file that has the name is whole. */
async function settle(unfinished: string, file: string): Promise<void> {
  const written = await open(unfinished, 'r');
  try { await written.sync(); } finally { await written.close(); }
  await rename(unfinished, file);
}

/**
 * An instance from both files, in a folder that holds nothing yet. Nothing is there under the folder's name until all of it is.
 * `newest`: a later backup's keys, for who was erased, what was withdrawn and what was published since: it stays so.
 */
export async function restore(folder: DataFolder, dataFile: string, keysFile: string, definitions: readonly ServiceDefinition[], newest?: string): Promise<Counted> {
  if ((await readdir(folder.path).catch((error: unknown) => { if (isMissing(error)) return []; throw fileRefusal(folder.path, error); })).length > 0) throw new Refusal(`The folder ${folder.path} is not empty. Restore into a new folder: FOOTBRIDGE_DATA=… npm run footbridge -- restore …`);
  const keys = await readKeys(keysFile);
  const later = newest === undefined ? undefined : await readKeys(newest);
  const since: Since = { grown: (later?.tables ?? []).filter(({ table: [, name] }) => growing.includes(name)), ended: [...keys.ended ?? [], ...later?.ended ?? []] };
  const header = await verified(dataFile);
  const building = new DataFolder(`${folder.path}.restoring`);
  if (await holderOf(building.lock)) throw new Refusal(`Another restore into ${folder.path} is running.`);
  await rm(building.path, { recursive: true, force: true });
  try {
    const counted = await build(building, keys, since, header, dataFile, definitions);
    await rename(building.path, folder.path);
    return counted;
  } catch (error) {
    await rm(building.path, { recursive: true, force: true });
    throw error;
  }
}

interface Since { readonly grown: readonly KeyTable[]; readonly ended: readonly Ended[] }

async function build(folder: DataFolder, keys: KeysFile, since: Since, header: Header, dataFile: string, definitions: readonly ServiceDefinition[]): Promise<Counted> {
  const lock = await folder.open('a restore');
  try {
    for (const [name, content] of Object.entries(keys.files)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(folder.path, name), Buffer.from(content, 'base64'), { mode: 0o600 });
    }
    const postgres = await startPostgres(folder);
    try {
      const urls = await provision(postgres.adminUrl, await postgres.passwords(provisionedRoles));
      for (const definition of definitions) {
        const service = Service.values.find((name) => name === definition.name);
        if (service) await migrate(definition, urls.services[service].migrationUrl);
      }
      const transport = new PostgresTransport({ url: urls.busUrl });
      try { await transport.clean(); } finally { await transport.close(); }
      await asOwner(urls.identityUrl, identitySchema);
      // what is restored is as it was: nothing of a demonstration is added to it
      await writeFile(folder.demonstrationMade, '', { mode: 0o600 });
      return await fill(postgres.adminUrl(database), header, dataFile, keys.tables ?? [], since);
    } finally { await postgres.stop(); }
  } finally { await lock.release(); }
}

async function asOwner(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try { await client.query(text); } finally { await client.end(); }
}

async function fill(adminUrl: string, header: Header, dataFile: string, tables: readonly KeyTable[], { grown, ended }: Since): Promise<Counted> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  const counted = { tables: 0, rows: 0 };
  try {
    if (JSON.stringify(await migrationsOf(client)) !== JSON.stringify(header.migrations)) throw new Refusal('This backup was made by another version of Footbridge. Restore it with that version, then start the new one on it.');
    // the rows were consistent when they were read: neither triggers nor foreign keys have anything to add
    await client.query("begin; set local session_replication_role to 'replica'; set local timezone to 'UTC'; set local intervalstyle to 'iso_8601'; set local datestyle to 'ISO'");
    for (const [schema, table] of await tablesOf(client)) await client.query(`delete from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`);
    let insert = '';
    let waiting: string[] = [];
    let size = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length > 0) await client.query(insert, [`[${waiting.join(',')}]`]);
      counted.rows += waiting.length;
      waiting = [];
      size = 0;
    };
    for await (const line of linesIn(dataFile)) {
      if (!line.startsWith('#')) {
        waiting.push(line);
        size += line.length;
        if (waiting.length >= atOnce || size > 8_000_000) await flush();
        continue;
      }
      await flush();
      const mark: unknown = JSON.parse(line.slice(1));
      if (isTable(mark)) {
        insert = await insertInto(client, mark);
        counted.tables++;
      } else if (isSequence(mark)) {
        await client.query('select setval(format(\'%I.%I\', $1::text, $2::text)::regclass, $3::bigint, $4)', [...mark.sequence, mark.value, mark.called]);
      }
    }
    for (const table of [...tables, ...grown]) {
      const insertKeys = `${await insertInto(client, table)} on conflict do nothing`;
      for (let at = 0; at < table.rows.length; at += atOnce) await client.query(insertKeys, [JSON.stringify(table.rows.slice(at, at + atOnce))]);
    }
    for (const { rows } of tables) { counted.tables++; counted.rows += rows.length; }
    // Whoever is erased stays erased, whichever of the files still held a key.
    for (const [schema] of (await tablesOf(client)).filter(([, name]) => name === 'erasure_receipt')) await client.query(`delete from ${client.escapeIdentifier(schema)}.subject_key where subject in (select case_ref from ${client.escapeIdentifier(schema)}.erasure_receipt)`);
    // Here triggers have something to add, since the rows were of another moment.
    await endAgain(client, ended, await tablesOf(client));
    // What was added numbers itself on from there.
    for (const [schema, table] of (await tablesOf(client)).filter(([, name]) => name === 'statistics_ledger')) await client.query(`select setval(pg_get_serial_sequence($1, 'position'), max(position)) from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} having count(*) > 0`, [`${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`]);
    await client.query('commit; analyze');
    return counted;
  } finally { await client.end(); }
}

async function insertInto(client: pg.Client, { table: [schema, table], columns }: TableMark): Promise<string> {
  const there = await columnsOf(client, schema, table);
  if (JSON.stringify(there.map(({ name }) => name)) !== JSON.stringify(columns)) throw new Refusal(`The table ${schema}.${table} of this backup has other columns than this version. Restore it with the version that made it.`);
  const values = there.map(({ type }, i) => `(r->>${i})::${type}`).join(', ');
  return `insert into ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} (${columns.map((name) => client.escapeIdentifier(name)).join(', ')}) overriding system value select ${values} from json_array_elements($1::json) r`;
}

async function* linesIn(file: string): AsyncGenerator<string> {
  const unpacked = createGunzip();
  const reading = pipeline(createReadStream(file), unpacked);
  // the error is thrown where the lines end, not somewhere nobody waits
  reading.catch(() => undefined);
  yield* createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
  await reading;
}

/** Reads all of it once before anything is made: a file that was cut off, or is something else, restores nothing. */
async function verified(file: string): Promise<Header> {
  const damaged = new Refusal(`${file} is no whole backup of data. Take another one.`);
  let header: Header | undefined;
  let rows = 0;
  let end: number | undefined;
  try {
    for await (const line of linesIn(file)) {
      if (!line.startsWith('#')) { rows++; continue; }
      const mark: unknown = JSON.parse(line.slice(1));
      if (isHeader(mark)) header = mark;
      else if (isEnd(mark)) end = mark.end;
    }
  } catch (error) {
    throw isMissing(error) || codeOf(error) === 'EACCES' ? fileRefusal(file, error) : damaged;
  }
  if (!header || end !== rows) throw damaged;
  if (header.format > format) throw new Refusal(`${file} was made by a newer version of Footbridge. Restore it with that version.`);
  return header;
}

async function readKeys(file: string): Promise<KeysFile> {
  let content: unknown;
  try { content = JSON.parse(await readFile(file, 'utf8')); } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EACCES') throw fileRefusal(file, error);
  }
  if (!isKeysFile(content)) throw new Refusal(`${file} is no backup of keys. Name the data first, then the keys.`);
  // a name that leads out of the folder was not written by us
  if (Object.keys(content.files).some((name) => !/^(?:identity\.json|accounts\.json|cursor\.json|keys\/[\w.-]+(?:\/[\w.-]+)*)$/.test(name) || name.includes('..'))) throw new Refusal(`${file} is no backup of keys: it names files that are not keys.`);
  return content;
}

async function isThere(path: string): Promise<boolean> {
  try { await stat(path); return true; } catch (error) { if (isMissing(error)) return false; throw fileRefusal(path, error); }
}

function fileRefusal(file: string, error: unknown): unknown {
  const why: Readonly<Record<string, string>> = { ENOENT: 'it, or its folder, is not there', EACCES: 'this user may not', EPERM: 'this user may not', ENOSPC: 'the disk is full', EROFS: 'it is read-only', EISDIR: 'it is a folder', ENOTDIR: 'a part of the path is a file', EEXIST: 'it is there already' };
  const said = why[codeOf(error)];
  return error instanceof Refusal || said === undefined ? error : new Refusal(`${file} cannot be used: ${said}.`);
}

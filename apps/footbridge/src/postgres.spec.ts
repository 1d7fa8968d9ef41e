import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile, chown, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { DataFolder } from './data-folder.js';
import { startPostgres, type Postgres } from './postgres.js';
import { Refusal } from './refusal.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const child = 'apps/footbridge/src/postgres.child.ts';

/** Another process that runs the database of a folder and commits a number every few milliseconds. */
class Other {
  readonly answered: number[] = [];
  port = 0;
  #said = '';
  private constructor(private readonly process: ChildProcess) {
    process.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
      const lines = this.#said.split('\n');
      this.#said = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('ready ')) this.port = Number(line.slice(6)); else this.answered.push(Number(line));
    });
  }
  static async start(path: string, uid?: number): Promise<Other> {
    const other = new Other(spawn(process.execPath, ['bin/run.cjs', child, path, ...(uid === undefined ? [] : [String(uid)])], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } }));
    while (other.answered.length < 5) {
      if (other.process.exitCode !== null) throw new Error(`ended with ${other.process.exitCode}`);
      await pause(20);
    }
    return other;
  }
  async end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void> {
    const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
    this.process.kill(signal);
    await ended;
  }
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
const alive = (pid: number): boolean => { try { process.kill(pid, 0); return true; } catch { return false; } };
const pidIn = async (folder: DataFolder): Promise<number> => Number((await readFile(join(folder.postgres, 'postmaster.pid'), 'utf8')).split('\n')[0]);
const everything = async (path: string): Promise<string> => (await Promise.all((await readdir(path, { recursive: true })).sort().map(async (name) => { const found = await stat(join(path, name)); return `${name} ${found.isFile() ? `${found.size} ${found.mtimeMs}` : ''}`; }))).join('\n');

describe('the embedded PostgreSQL', () => {
  let path: string;
  let folder: DataFolder;
  const running: Postgres[] = [];
  beforeEach(async () => { path = await mkdtemp(join(tmpdir(), 'footbridge-pg-')); folder = new DataFolder(path); });
  afterEach(async () => {
    for (const postgres of running.splice(0)) await postgres.stop();
    await rm(path, { recursive: true, force: true });
  });
  const start = async (): Promise<Postgres> => { const postgres = await startPostgres(folder); running.push(postgres); return postgres; };
  const stop = async (): Promise<void> => { for (const postgres of running.splice(0)) await postgres.stop(); };
  const query = async <T extends object>(postgres: Postgres, text: string): Promise<T[]> => {
    const client = new Client({ connectionString: postgres.adminUrl('postgres') });
    await client.connect();
    try { return (await client.query<T>(text)).rows; } finally { await client.end(); }
  };
  const refusal = async (): Promise<string> => { try { await start(); } catch (error) { return error instanceof Refusal ? error.message : `no refusal but ${String(error)}`; } return 'started'; };
  const isThere = async (postgres: Postgres, numbers: readonly number[]): Promise<void> => {
    const found = new Set((await query<{ n: number }>(postgres, 'select n from answered')).map(({ n }) => n));
    expect(numbers.filter((n) => !found.has(n))).toEqual([]);
  };

  it('is PostgreSQL 18, reached on loopback with a password only, and its secrets are for its owner only', async () => {
    const postgres = await start();
    expect(await query(postgres, 'select current_setting(\'server_version_num\')::integer / 10000 as release, current_setting(\'listen_addresses\') as at, current_setting(\'unix_socket_directories\') as sockets')).toEqual([{ release: 18, at: '127.0.0.1', sockets: '' }]);
    const address = new URL(postgres.adminUrl('postgres'));
    address.password = 'wrong';
    const stranger = new Client({ connectionString: address.href });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(folder.postgresFile)).mode & 0o777).toBe(0o600);
    expect((await stat(folder.postgresLog)).mode & 0o777).toBe(0o600);
    expect((await stat(folder.postgres)).mode & 0o077).toBe(0);
    expect(await readdir(path)).not.toContain('postgres.password');
  });

  it('T11 has nothing of a statement in its log, by the settings of the server that runs, and docker-compose.yml says the same', async () => {
    const postgres = await start();
    const silent: Readonly<Record<string, string>> = { log_statement: 'none', log_min_error_statement: 'panic', log_error_verbosity: 'terse', log_parameter_max_length: '0', log_parameter_max_length_on_error: '0' };
    const alsoSilent = { log_min_duration_statement: '-1', log_min_duration_sample: '-1', log_statement_sample_rate: '1', log_transaction_sample_rate: '0', debug_print_parse: 'off', debug_print_plan: 'off', debug_print_rewritten: 'off', log_statement_stats: 'off', log_temp_files: '-1', logging_collector: 'off', shared_preload_libraries: '' };
    const rows = await query<{ name: string; setting: string }>(postgres, `select name, setting from pg_settings where name = any('{${Object.keys({ ...silent, ...alsoSilent }).join()}}')`);
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({ ...silent, ...alsoSilent });
    const compose = await readFile(join(root, 'docker-compose.yml'), 'utf8');
    expect(Object.entries(silent).filter(([name, value]) => !compose.includes(`-c, ${name}=${value}`))).toEqual([]);
    expect(compose).not.toMatch(/log_min_duration_statement|auto_explain|pg_stat_statements|log_statement=(?!none)/);
  });

  it('starts again on the same port with the same data', async () => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await stop();
    const second = await start();
    expect(second.port).toBe(first.port);
    expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('takes another port when somebody else has its own by now, and stays there', async () => {
    const first = await start();
    await stop();
    const other = createServer();
    await new Promise<void>((resolve) => { other.listen(first.port, '127.0.0.1', resolve); });
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      await stop();
      expect((await start()).port).toBe(second.port);
    } finally { await new Promise((resolve) => { other.close(resolve); }); }
  });

  it('keeps everything that was answered when its instance is killed, and ends the server that was left running', async () => {
    const other = await Other.start(path);
    const orphan = await pidIn(folder);
    await other.end('SIGKILL');
    expect(alive(orphan)).toBe(true);
    const postgres = await start();
    expect(alive(orphan)).toBe(false);
    await isThere(postgres, other.answered);
  });

  it('keeps everything that was answered when the server is killed with its instance', async () => {
    const other = await Other.start(path);
    const server = await pidIn(folder);
    process.kill(server, 'SIGKILL');
    await other.end('SIGKILL');
    await isThere(await start(), other.answered);
  });

  it('does not end a stranger that got the number of a server of before', async () => {
    await start();
    await stop();
    const stranger = spawn('sleep', ['60']);
    await new Promise((resolve) => { stranger.once('spawn', resolve); });
    await writeFile(join(folder.postgres, 'postmaster.pid'), `${stranger.pid ?? 0}\n${folder.postgres}\n1\n2\n\n127.0.0.1\n1 1\nready\n`);
    try {
      await start();
      expect(alive(stranger.pid ?? 0)).toBe(true);
    } finally { stranger.kill(); }
  });

  it('a first start that was cut off is begun anew', async () => {
    await start();
    await stop();
    // as a kill -9 in the middle of making the cluster leaves it
    spawnSync('mv', [folder.postgres, `${folder.postgres}.new`]);
    await unlink(join(`${folder.postgres}.new`, 'global', 'pg_control'));
    const postgres = await start();
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readdir(path)).not.toContain('postgres.new');
  });

  it.each([
    ['postgres/PG_VERSION', /is damaged: postgres\/PG_VERSION is missing\. .*restore a backup/],
    ['postgres/global/pg_control', /is damaged: postgres\/global\/pg_control is missing\. .*restore a backup/],
    ['postgres.json', /is damaged: postgres\.json is missing\. .*restore a backup/],
  ])('says in one line that %s is missing, and changes nothing', async (file, says) => {
    await start();
    await stop();
    await unlink(join(path, file));
    const before = await everything(path);
    const said = await refusal();
    expect(said).toMatch(says);
    expect(said).not.toContain('\n');
    expect(await everything(path)).toBe(before);
  });

  it('says in one line why the server itself does not start', async () => {
    await start();
    await stop();
    await writeFile(join(folder.postgres, 'global', 'pg_control'), 'not what it was');
    const said = await refusal();
    expect(said).toMatch(/^PostgreSQL does not start on .*restore a backup/);
    expect(said).not.toContain('\n');
  });

  it('leaves the data of another release alone', async () => {
    await start();
    await stop();
    await writeFile(join(folder.postgres, 'PG_VERSION'), '17\n');
    expect(await refusal()).toMatch(/belongs to PostgreSQL 17, this is 18/);
  });

  it('logs no value that a statement carried: neither the statement, nor its parameters, nor the message or detail of its error', async () => {
    const postgres = await start();
    const client = new Client({ connectionString: postgres.adminUrl('postgres') });
    await client.connect();
    await client.query('create table person (name text primary key, age integer)');
    for (const [text, values] of [
      ['insert into person values ($1, 1)', ['Zyxwana']], ['insert into person values ($1, 1)', ['Zyxwana']], ['select $1::integer', ['Zyxwana']], ['select * from "Zyxwana"', []], ['select \'Zyxwana\'::integer', []],
      ['do $$ begin raise warning \'Zyxwana\'; raise exception \'Zyxwana\'; end $$', []],
    ] as const) await client.query(text, [...values]).catch(() => undefined);
    await client.end();
    await stop();
    const log = await readFile(folder.postgresLog, 'utf8');
    expect(log).toContain('database system is shut down');
    expect(log).not.toMatch(/zyxwana/i);
  });

  it('is told to end when its process ends, whatever the reason', async () => {
    const other = await Other.start(path);
    const server = await pidIn(folder);
    await other.end('SIGINT'); // the child leaves at once, without stopping anything
    for (let i = 0; i < 200 && alive(server); i++) await pause(25);
    expect(alive(server)).toBe(false);
  });

  it('runs for an ordinary user too', async () => {
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    if (uid !== undefined) await chown(path, uid, uid);
    const other = await Other.start(path, uid);
    expect((await stat(folder.postgres)).uid).toBe(uid ?? process.getuid?.());
    await other.end('SIGTERM');
  });
});

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.js';
import { isAlive } from './instance-lock.js';
import { postgresPrograms, type PostgresPrograms } from './postgres-programs.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';
import { diskRefusal, folderRefusal, isMissing, Refusal } from './refusal.js';
import { serverUser, type ServerUser } from './server-user.js';

const superuser = 'footbridge_admin';
const release = '18';

/** Port and passwords; `roles` is filled by provisioning. */
interface PostgresFile { readonly port: number; readonly password: string; readonly roles: Readonly<Record<string, string>> }
const isPostgresFile = (content: unknown): content is PostgresFile =>
  typeof content === 'object' && content !== null && 'port' in content && typeof content.port === 'number' && 'password' in content && typeof content.password === 'string'
  && 'roles' in content && typeof content.roles === 'object' && content.roles !== null && Object.values(content.roles).every((password) => typeof password === 'string');

const newPassword = (): string => randomBytes(24).toString('base64url');

/**
 * An error's message may repeat a value that was sent ("invalid input syntax: …"), its detail a whole row: errors are
 * for the client, which gets a code; the log says how the server itself is (privacy: nothing of a person in a log).
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', timezone: 'UTC', log_timezone: 'UTC', jit: 'off',
  log_min_messages: 'log', log_min_error_statement: 'panic', log_error_verbosity: 'terse', log_parameter_max_length: '0', log_parameter_max_length_on_error: '0',
  log_statement: 'none', log_min_duration_statement: '-1', log_checkpoints: 'off', log_connections: '', log_disconnections: 'off', log_autovacuum_min_duration: '-1',
};

export interface Postgres {
  readonly port: number;
  /** The superuser's connection to a database. */
  readonly adminUrl: (database: string) => string;
  /** Passwords of roles, kept in the data folder; made when they are asked for the first time. */
  readonly passwords: (roles: readonly string[]) => Promise<Readonly<Record<string, string>>>;
  /** Calls back when the server ends without having been asked to. */
  readonly onEnd: (ended: () => void) => void;
  readonly stop: () => Promise<void>;
}

const connectionUrl = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/** The superuser's connection to the database of an instance that runs in another process. */
export async function adminUrlOf(folder: DataFolder, database: string): Promise<string> {
  const file = await readPrivateFile(folder.postgresFile, isPostgresFile);
  if (!file) throw new Refusal(`There is no database in ${folder.path} yet.`);
  return connectionUrl(superuser, file.password, file.port, database);
}

/** PostgreSQL with its files in the data folder, on loopback, for this instance only. The caller holds the folder's lock. */
export async function startPostgres(folder: DataFolder): Promise<Postgres> {
  const programs = await postgresPrograms();
  const user = await serverUser(folder.postgres, Object.values(programs));
  try {
    await prepare(folder, programs, user);
    await endOrphan(folder.postgres);
    return await start(folder, programs, user);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw folderRefusal(folder.path, error);
  }
}

/** A new cluster is made beside and renamed: one that is half made is never taken for one. */
async function prepare(folder: DataFolder, programs: PostgresPrograms, user: ServerUser): Promise<void> {
  const file = await readPrivateFile(folder.postgresFile, isPostgresFile);
  const damaged = (what: string): Refusal => new Refusal(`The data folder ${folder.path} is damaged: ${what}. Move it away and restore a backup (npm run footbridge -- restore).`);
  if (await isThere(folder.postgres)) {
    const version = await readFile(join(folder.postgres, 'PG_VERSION'), 'utf8').catch(() => undefined);
    if (version === undefined) throw damaged('postgres/PG_VERSION is missing');
    if (version.trim() !== release) throw new Refusal(`The data folder ${folder.path} belongs to PostgreSQL ${version.trim().slice(0, 8)}, this is ${release}. Start it with the version of Footbridge that wrote it.`);
    if (!(await isThere(join(folder.postgres, 'global', 'pg_control')))) throw damaged('postgres/global/pg_control is missing');
    if (!file) throw damaged('postgres.json is missing');
    return;
  }
  const password = file?.password ?? newPassword();
  await writePrivateFile(folder.postgresFile, { port: file?.port ?? await freePort(), password, roles: file?.roles ?? {} } satisfies PostgresFile);
  const fresh = `${folder.postgres}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  const passwordFile = join(folder.path, 'postgres.password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (user.owner) for (const path of [fresh, passwordFile]) await chown(path, user.owner.uid, user.owner.gid);
    await initialise(programs, user, fresh, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, folder.postgres);
}

async function initialise(programs: PostgresPrograms, user: ServerUser, directory: string, passwordFile: string): Promise<void> {
  // the builtin locale sorts the same on every machine
  const { program, args, options } = user.command(programs.initdb, [
    '--pgdata', directory, '--username', superuser, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale-provider', 'builtin', '--locale', 'C.UTF-8', '--no-instructions',
  ]);
  const child = spawn(program, args, { ...options, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => { said = `${said}${chunk.toString('utf8')}`.slice(-2_000); });
  const status = await new Promise<number | null>((resolve, reject) => { child.on('close', resolve); child.on('error', reject); });
  if (status !== 0 && /No space left on device/.test(said)) throw diskRefusal(directory);
  if (status !== 0) throw new Refusal(`PostgreSQL could not be set up in ${directory}: ${lastLine(said)}`);
}

/** Nothing of our environment is PostgreSQL's business (a PGDATA or a locale of the machine would change what it does). */
const serverEnvironment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

async function start(folder: DataFolder, programs: PostgresPrograms, user: ServerUser): Promise<Postgres> {
  // the log of the run before is kept: it may say why that one ended
  await rename(folder.postgresLog, `${folder.postgresLog}.1`).catch(() => undefined);
  for (let attempt = 1; ; attempt++) {
    const file = await rememberedPort(folder);
    const log = await open(folder.postgresLog, 'w', 0o600);
    const { program, args, options } = user.command(programs.postgres, ['-D', folder.postgres, '-p', String(file.port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]);
    // A group of its own: Ctrl-C in a terminal reaches this process only, which lets the services finish before the database goes
    const child = spawn(program, args, { ...options, cwd: '/', detached: true, stdio: ['ignore', log.fd, log.fd], env: serverEnvironment });
    await log.close();
    if (await isReady(child, folder.postgres)) return running(folder, file, child);
    const said = await readFile(folder.postgresLog, 'utf8').catch(() => '');
    // another process took the port in between, or the last processes of a killed server are just ending
    const passing = /could not bind|Address already in use|still in use|lock file ".*" already exists/.test(said);
    if (!passing && /No space left on device/.test(said)) throw diskRefusal(folder.path);
    if (!passing || attempt >= 20) throw new Refusal(`PostgreSQL does not start on ${folder.postgres}: ${lastLine(said)} If the data is damaged, move the folder away and restore a backup (npm run footbridge -- restore).`);
    await sleep(500);
  }
}

function running(folder: DataFolder, file: PostgresFile, child: ChildProcess): Postgres {
  let stopping = false;
  let roles = file.roles;
  const ended = new Promise<void>((resolve) => { if (hasEnded(child)) resolve(); else child.once('exit', () => { resolve(); }); });
  // whatever ends this process, the database is told to end too
  const endWithUs = (): void => { child.kill('SIGINT'); };
  process.once('exit', endWithUs);
  void ended.then(() => process.off('exit', endWithUs));
  return {
    port: file.port,
    adminUrl: (database) => connectionUrl(superuser, file.password, file.port, database),
    passwords: async (names) => {
      const missing = names.filter((name) => !(name in roles));
      if (missing.length > 0) {
        roles = { ...roles, ...Object.fromEntries(missing.map((name) => [name, newPassword()])) };
        await writePrivateFile(folder.postgresFile, { ...file, roles } satisfies PostgresFile);
      }
      return roles;
    },
    onEnd: (callBack) => { void ended.then(() => { if (!stopping) callBack(); }); },
    stop: async () => {
      stopping = true;
      child.kill('SIGINT');
      const inTime = await Promise.race([ended.then(() => true), sleep(60_000, false, { ref: false })]);
      if (!inTime) child.kill('SIGQUIT');
      await ended;
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The server writes into its pid file that it is ready; after a crash it first repairs itself, which may take minutes. */
async function isReady(child: ChildProcess, directory: string): Promise<boolean> {
  let failed = false;
  child.once('error', () => { failed = true; });
  while (!failed && !hasEnded(child)) {
    const server = await pidFile(directory);
    if (server?.pid === child.pid && server?.ready) return true;
    await sleep(20);
  }
  return false;
}

interface PidFile { readonly pid: number; readonly ready: boolean }

/** postmaster.pid: the process in the first line, its state in the eighth. */
async function pidFile(directory: string): Promise<PidFile | undefined> {
  const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  return pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined;
}

/** After a kill -9 of an instance its database may still run, or its pid file name a process that is something else by now. */
async function endOrphan(directory: string): Promise<void> {
  const left = await pidFile(directory);
  if (!left || !isAlive(left.pid)) return;
  if (!serves(left.pid, directory)) {
    await rm(join(directory, 'postmaster.pid'), { force: true });
    return;
  }
  for (const [signal, patience] of [['SIGINT', 30_000], ['SIGQUIT', 10_000]] as const) {
    process.kill(left.pid, signal);
    for (const until = Date.now() + patience; Date.now() < until; await sleep(25)) if (!isAlive(left.pid)) return;
  }
  throw new Refusal(`The database of an earlier run is still there (process ${left.pid}) and does not end. End it, then start again.`);
}

/** Is this process a server of this very folder? */
function serves(pid: number, directory: string): boolean {
  if (existsSync('/proc/self')) {
    try { return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres'); } catch { return false; }
  }
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes(directory);
}

/** The same port again if nobody else has it by now. */
async function rememberedPort(folder: DataFolder): Promise<PostgresFile> {
  const file = await readPrivateFile(folder.postgresFile, isPostgresFile);
  if (!file) throw new Refusal(`The data folder ${folder.path} is damaged: postgres.json is missing. Move it away and restore a backup (npm run footbridge -- restore).`);
  const port = await freePort(file.port);
  if (port === file.port) return file;
  const moved = { ...file, port };
  await writePrivateFile(folder.postgresFile, moved);
  return moved;
}

/** The wanted port if it is free, else any. */
async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  } catch (error) {
    if (wanted === 0) throw error;
    return await freePort();
  } finally {
    await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  }
}

async function isThere(path: string): Promise<boolean> {
  try { await stat(path); return true; } catch (error) { if (isMissing(error)) return false; throw error; }
}

/** What the server said last, in one line and without its time stamp. */
function lastLine(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const line = [...lines].reverse().find((text) => /FATAL|PANIC|error:/.test(text)) ?? lines.at(-1) ?? 'it says nothing.';
  return `${line.replace(/^.*?(FATAL|PANIC|LOG|error): +/, '').slice(0, 200).replace(/\.$/, '')}.`;
}

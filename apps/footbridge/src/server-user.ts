import { spawnSync, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRoot } from './data-folder.js';
import { Refusal } from './refusal.js';

/** How to run a program of PostgreSQL, which refuses to run as root. */
export interface ServerUser {
  /** Who owns the database's files; undefined: whoever runs this. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  command(program: string, args: readonly string[]): { readonly program: string; readonly args: readonly string[]; readonly options: SpawnOptions };
}

const asMyself: ServerUser = { owner: undefined, command: (program, args) => ({ program, args, options: {} }) };
const asRoot = 'Run it as an ordinary user instead.';

/** As root: the owner of the data, or the user `postgres`, made if the machine has none. */
export async function serverUser(dataDirectory: string, programs: readonly string[]): Promise<ServerUser> {
  if (!isRoot) return asMyself;
  const owner = await ownerOf(dataDirectory) ?? postgresUser() ?? makePostgresUser();
  const reachable = await Promise.all([dirname(dataDirectory), ...programs].map((path) => mayReach(path, owner)));
  if (reachable.every((yes) => yes)) return { owner, command: (program, args) => ({ program, args, options: owner }) };
  const keepCapabilities = capabilities();
  if (!keepCapabilities) throw new Refusal(`PostgreSQL does not run as root, and its user may not enter this checkout or the data folder. ${asRoot}`);
  // A checkout or a data folder under a closed directory (/root, mktemp -d): the server keeps the right to pass through, and nothing else of root
  return {
    owner,
    command: (program, args) => ({
      program: 'setpriv', options: {},
      args: [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', `--inh-caps=-all,${keepCapabilities}`, `--ambient-caps=-all,${keepCapabilities}`, '--securebits=+no_setuid_fixup', program, ...args],
    }),
  };
}

async function ownerOf(path: string): Promise<ServerUser['owner']> {
  try {
    const { uid, gid } = await stat(path);
    return uid === 0 ? undefined : { uid, gid };
  } catch { return undefined; }
}

function postgresUser(): ServerUser['owner'] {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function makePostgresUser(): NonNullable<ServerUser['owner']> {
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { stdio: 'ignore' });
  const made = postgresUser();
  if (!made) throw new Refusal(`PostgreSQL does not run as root, and the user "postgres" could not be made. ${asRoot}`);
  return made;
}

/** May this user pass through every folder on the way, and read what is at its end? */
async function mayReach(path: string, { uid, gid }: NonNullable<ServerUser['owner']>): Promise<boolean> {
  const { mode, uid: owner, gid: group } = await stat(path).catch(() => ({ mode: 0o755, uid: 0, gid: 0 }));
  const bits = owner === uid ? mode >> 6 : group === gid ? mode >> 3 : mode;
  if ((bits & 0o1) === 0) return false;
  return path === '/' || mayReach(dirname(path), { uid, gid });
}

/** The weakest capability that lets the server's user pass, if this process may give one (a container may not). */
function capabilities(): string | undefined {
  if (spawnSync('setpriv', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const has = (bit: bigint): boolean => (effective >> bit & 1n) === 1n;
  if (!has(8n)) return undefined;                     // CAP_SETPCAP
  return has(2n) ? '+dac_read_search' : has(1n) ? '+dac_override' : undefined;
}

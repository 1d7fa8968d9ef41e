import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { isMissing } from './refusal.js';

/** Who holds a data folder. `birth` tells a process from a later one that got the same number. */
export interface Holder { readonly pid: number; readonly birth: string; readonly url: string; readonly nonce: string }

/** Since when a process runs, as the kernel says; empty where the kernel does not say. A restart of the machine changes it too. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // the second field, the name, may hold spaces and brackets: count from its end
    return `${boot}:${readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? ''}`;
  } catch { return ''; }
}

export function isAlive(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch (error) { return error instanceof Error && 'code' in error && error.code === 'EPERM'; }
}

const isHolder = (content: unknown): content is Holder =>
  typeof content === 'object' && content !== null && 'pid' in content && Number.isInteger(content.pid) && 'birth' in content && typeof content.birth === 'string'
  && 'url' in content && typeof content.url === 'string' && 'nonce' in content && typeof content.nonce === 'string';

async function read(path: string): Promise<Holder | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(content) ? content : undefined;
  } catch { return undefined; }
}

const holds = ({ pid, birth }: Holder): boolean => isAlive(pid) && birthOf(pid) === birth;

/** The running instance of a data folder, if there is one. */
export async function holderOf(path: string): Promise<Holder | undefined> {
  const holder = await read(path);
  return holder && holds(holder) ? holder : undefined;
}

/** One process a data folder. A lock left by a killed process is taken over. */
export class InstanceLock {
  private constructor(private readonly path: string, private readonly nonce: string) {}

  /** The lock, or who holds it. */
  static async take(path: string, url: string): Promise<InstanceLock | Holder> {
    const nonce = randomBytes(8).toString('hex');
    const mine = `${path}.${nonce}`;
    const holder: Holder = { pid: process.pid, birth: birthOf(process.pid), url, nonce };
    await writeFile(mine, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < 3; attempt++) {
        if (await linked(mine, path)) return new InstanceLock(path, nonce);
        const other = await read(path);
        if (other && holds(other)) return other;
        await setAside(path, `${mine}.stale`, other?.nonce);
      }
      return await read(path) ?? holder;
    } finally {
      await rm(mine, { force: true });
      await rm(`${mine}.stale`, { force: true });
    }
  }

  async release(): Promise<void> {
    if ((await read(this.path))?.nonce === this.nonce) await rm(this.path, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try { await link(from, to); return true; } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a stale lock away. When somebody was quicker and it is theirs by now, it is put back. */
async function setAside(path: string, aside: string, stale: string | undefined): Promise<void> {
  try { await rename(path, aside); } catch (error) { if (isMissing(error)) return; throw error; }
  if ((await read(aside))?.nonce !== stale) await linked(aside, path);
}

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './refusal.js';

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
  try { process.kill(pid, 0); return true; } catch (error) { return codeOf(error) === 'EPERM'; }
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
      for (;;) {
        if (await linked(mine, path)) return new InstanceLock(path, nonce);
        const other = await read(path);
        if (other && holds(other)) return other;
        if (await replaceStale(mine, path)) return new InstanceLock(path, nonce);
        await sleep(20);
      }
    } finally {
      await rm(mine, { force: true });
    }
  }

  async release(): Promise<void> {
    if ((await read(this.path))?.nonce === this.nonce) await rm(this.path, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try { await link(from, to); return true; } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const longestTakeoverMs = 10_000;

/** Of several that find the same stale lock one may replace it: the one that holds the takeover for the moment it takes. */
async function replaceStale(mine: string, path: string): Promise<boolean> {
  const takeover = `${path}.takeover`;
  if (!(await linked(mine, takeover))) {
    const { mtimeMs } = await stat(takeover).catch(() => ({ mtimeMs: Date.now() }));
    // whoever began it was killed in that moment
    if (Date.now() - mtimeMs > longestTakeoverMs) await rm(takeover, { force: true });
    return false;
  }
  try {
    const other = await read(path);
    if (other && holds(other)) return false;
    await rename(mine, path);
    return true;
  } finally {
    await rm(takeover, { force: true });
  }
}

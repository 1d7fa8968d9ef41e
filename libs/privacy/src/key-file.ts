import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivacyRefusal } from './refusal.js';

const HOLDER = /^[a-z0-9][a-z0-9_-]{0,79}$/;
const LATER = /^\.([1-9]\d{0,5})$/;
const NAMED = /^([a-z0-9][a-z0-9_-]{0,79})\.(?:([1-9]\d{0,5})\.)?$/;
const GONE = '.destroyed';

/** The name of a file in the folder of keys, and the code of what is wrong with it. */
export interface UnusableFile { readonly file: string; readonly code: string }

/**
 * Files of keys, readable by their owner only: `<holder>.<suffix>` for the first version of a holder's key, `<holder>.<version>.<suffix>`
 * for each later one. A file is written once and never again, so processes need no lock among them and a stop in the middle loses nothing.
 * A file that is gone or has changed is so at once, in every process.
 */
export class KeyFiles<Keys> {
  readonly #read = new Map<string, { readonly keys: Keys; readonly file: string }>();
  constructor(private readonly directory: string, private readonly suffix: string, private readonly parse: (stored: object) => Keys) {}

  /** @throws PrivacyRefusal ORGANISATION_INVALID, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE */
  async read(holder: string, version = 1): Promise<Keys | undefined> {
    const path = this.#path(holder, version);
    const file = await present(stat(path));
    if (!file) {
      this.#read.delete(path);
      return undefined;
    }
    if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) throw new PrivacyRefusal('KEY_FILE_EXPOSED');
    const identity = `${file.ino}:${file.size}:${file.mtimeMs}:${file.ctimeMs}`;
    const cached = this.#read.get(path);
    if (cached?.file === identity) return cached.keys;
    const text = await present(readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    const keys = this.parse(objectOf(text));
    this.#read.set(path, { keys, file: identity });
    return keys;
  }

  /**
   * Written whole under another name and then linked: the link fails where the file exists, so of many processes one
   * makes the keys, the others read that one, and nobody ever reads half a file.
   */
  async create(holder: string, content: object, version = 1): Promise<Keys> {
    await placed(this.directory, this.#path(holder, version), `${JSON.stringify(content)}\n`);
    const keys = await this.read(holder, version);
    if (!keys) throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    return keys;
  }

  /** The versions that have a file, oldest first. */
  async versions(holder: string): Promise<readonly number[]> {
    this.#path(holder, 1);
    const end = `.${this.suffix}`;
    const found = (await present(readdir(this.directory)) ?? []).flatMap((name) => {
      if (!name.startsWith(holder) || !name.endsWith(end)) return [];
      const between = name.slice(holder.length, -end.length);
      return between === '' ? [1] : LATER.test(between) ? [Number(between.slice(1))] : [];
    });
    return found.sort((a, b) => a - b);
  }

  /** The names of files of this kind that cannot be used, and why. */
  async unusable(): Promise<readonly UnusableFile[]> {
    const found: UnusableFile[] = [];
    for (const file of (await present(readdir(this.directory)) ?? []).sort()) {
      const [, holder, version] = file.endsWith(`.${this.suffix}`) ? NAMED.exec(file.slice(0, -this.suffix.length)) ?? [] : [];
      if (holder === undefined) continue;
      try { await this.read(holder, version === undefined ? 1 : Number(version)); } catch (error) { found.push({ file, code: (error as PrivacyRefusal).code }); }
    }
    return found;
  }

  /** Renamed, written over and taken away; what a stop in the middle has left, too. A disk may keep what was there: whoever fears that encrypts the disk. */
  async destroy(holder: string, versions: readonly number[]): Promise<void> {
    try {
      for (const version of versions) {
        const path = this.#path(holder, version);
        this.#read.delete(path);
        await rename(path, `${path}${GONE}`).catch(unlessMissing);
      }
      for (const name of await readdir(this.directory)) if (name.startsWith(`${holder}.`) && name.endsWith(`${this.suffix}${GONE}`)) await wiped(join(this.directory, name)).catch(unlessMissing);
      await synced(this.directory);
    } catch (error) {
      throw error instanceof PrivacyRefusal ? error : new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    }
  }

  #path(holder: string, version: number): string {
    return pathOf(this.directory, holder, version === 1 ? this.suffix : `${version}.${this.suffix}`);
  }
}

/** The panic lock of a holder as a file: while it is there, no process on this folder opens or signs anything of theirs. */
export class LockFiles {
  constructor(private readonly directory: string) {}

  async lock(holder: string): Promise<void> { await placed(this.directory, pathOf(this.directory, holder, 'locked'), ''); }

  async unlock(holder: string): Promise<void> {
    const path = pathOf(this.directory, holder, 'locked');
    try {
      await unlink(path);
      await synced(this.directory);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    }
  }

  async isLocked(holder: string): Promise<boolean> { return await present(stat(pathOf(this.directory, holder, 'locked'))) !== undefined; }

  /** @throws PrivacyRefusal KEYS_LOCKED */
  async refuseLocked(holder: string): Promise<void> { if (await this.isLocked(holder)) throw new PrivacyRefusal('KEYS_LOCKED'); }
}

export const damaged = (): never => { throw new PrivacyRefusal('KEY_FILE_DAMAGED'); };
export const asNumber = (value: unknown): number => (typeof value === 'number' ? value : damaged());

function pathOf(directory: string, holder: string, suffix: string): string {
  if (!HOLDER.test(holder)) throw new PrivacyRefusal('ORGANISATION_INVALID');
  return join(directory, `${holder}.${suffix}`);
}

/** A file that is there whole or not at all, and is on the disk when this returns; one that was there first stays. */
async function placed(directory: string, path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await link(draft, path);
      await synced(directory);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
  } catch {
    throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
  }
}

function objectOf(text: string): object {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch { /* said below */ }
  return typeof stored === 'object' && stored !== null ? stored : damaged();
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

async function present<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
  }
}

const unlessMissing = (error: unknown): void => { if (codeOf(error) !== 'ENOENT') throw error; };

async function wiped(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(randomBytes((await file.stat()).size));
    await file.sync();
  } finally {
    await file.close();
  }
  await unlink(path);
}

/** The name in the directory survives a power cut only when the directory is synced too. Not every platform can. */
async function synced(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

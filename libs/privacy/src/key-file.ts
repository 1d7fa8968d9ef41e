import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivacyRefusal } from './refusal.js';

const HOLDER = /^[a-z0-9][a-z0-9_-]{0,79}$/;

/** Files of keys, one for each holder, readable by their owner only. A file that is gone or has changed is so at once, in every process. */
export class KeyFiles<Keys> {
  readonly #read = new Map<string, { readonly keys: Keys; readonly file: string }>();
  constructor(private readonly directory: string, private readonly suffix: string, private readonly parse: (stored: object) => Keys) {}

  /** @throws PrivacyRefusal ORGANISATION_INVALID, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE */
  async read(holder: string): Promise<Keys | undefined> {
    const path = this.#path(holder);
    const file = await present(stat(path));
    if (!file) {
      this.#read.delete(holder);
      return undefined;
    }
    if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) throw new PrivacyRefusal('KEY_FILE_EXPOSED');
    const identity = `${file.ino}:${file.size}:${file.mtimeMs}:${file.ctimeMs}`;
    const cached = this.#read.get(holder);
    if (cached?.file === identity) return cached.keys;
    const text = await present(readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    const keys = this.parse(objectOf(text));
    this.#read.set(holder, { keys, file: identity });
    return keys;
  }

  /**
   * Written whole under another name and then linked: the link fails where the file exists, so of many processes one
   * makes the keys, the others read that one, and nobody ever reads half a file.
   */
  async create(holder: string, content: object): Promise<Keys> {
    const path = this.#path(holder);
    const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(content)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        await link(draft, path);
        await synced(this.directory);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      } finally {
        await unlink(draft);
      }
    } catch {
      throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    }
    const keys = await this.read(holder);
    if (!keys) throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    return keys;
  }

  #path(holder: string): string {
    if (!HOLDER.test(holder)) throw new PrivacyRefusal('ORGANISATION_INVALID');
    return join(this.directory, `${holder}.${this.suffix}`);
  }
}

export const damaged = (): never => { throw new PrivacyRefusal('KEY_FILE_DAMAGED'); };
export const asNumber = (value: unknown): number => (typeof value === 'number' ? value : damaged());

function objectOf(text: string): object {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return damaged();
  }
  return typeof stored === 'object' && stored !== null ? stored : damaged();
}

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);

async function present<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
  }
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

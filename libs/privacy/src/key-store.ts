import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivacyRefusal } from './refusal.js';

/** Keeps the keys of organisations, and wraps the keys of cases with them. An organisation may keep its own elsewhere. */
export interface KeyStore {
  wrap(organisation: string, key: Buffer, aad: string): Promise<string>;
  unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer>;
}

interface KeyRing { readonly current: number; readonly keys: ReadonlyMap<number, Buffer> }
interface Cached { readonly ring: KeyRing; readonly file: string }

const SCHEME = 'file1';
const ORGANISATION = /^[a-z0-9][a-z0-9_-]{0,79}$/;
const WRAPPED = /^file1\.([1-9]\d{0,5})\.([A-Za-z0-9_-]+)$/;
const IV = 12;
const TAG = 16;
const KEY = 32;

/**
 * One file per organisation, `<organisation>.keys.json`, readable by its owner only. It holds every version of the key;
 * the version is part of what is wrapped, so old wraps open after a change of key. For the embedded default and for tests.
 */
export class LocalFileKeyStore implements KeyStore {
  readonly #directory: string;
  readonly #rings = new Map<string, Cached>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws PrivacyRefusal KEY_INVALID, ORGANISATION_INVALID, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE */
  async wrap(organisation: string, key: Buffer, aad: string): Promise<string> {
    if (key.length !== KEY) throw new PrivacyRefusal('KEY_INVALID');
    const ring = await this.#ring(organisation) ?? await this.#create(organisation);
    const wrapping = ring.keys.get(ring.current);
    if (!wrapping) throw new PrivacyRefusal('KEY_FILE_DAMAGED');
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', wrapping, iv, { authTagLength: TAG });
    cipher.setAAD(aadOf(organisation, ring.current, aad));
    const sealed = Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return `${SCHEME}.${ring.current}.${sealed.toString('base64url')}`;
  }

  /** @throws PrivacyRefusal KEY_UNKNOWN, UNWRAP_FAILED, and those of `wrap` */
  async unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer> {
    const parts = WRAPPED.exec(wrapped);
    const sealed = Buffer.from(parts?.[2] ?? '', 'base64url');
    if (!parts || sealed.length !== IV + KEY + TAG) throw new PrivacyRefusal('UNWRAP_FAILED');
    const version = Number(parts[1]);
    const wrapping = (await this.#ring(organisation))?.keys.get(version);
    if (!wrapping) throw new PrivacyRefusal('KEY_UNKNOWN');
    try {
      const decipher = createDecipheriv('aes-256-gcm', wrapping, sealed.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(aadOf(organisation, version, aad));
      decipher.setAuthTag(sealed.subarray(IV + KEY));
      return Buffer.concat([decipher.update(sealed.subarray(IV, IV + KEY)), decipher.final()]);
    } catch {
      throw new PrivacyRefusal('UNWRAP_FAILED');
    }
  }

  /** The file is looked at each time, so that a key which is gone or has changed is so at once, in every process. */
  async #ring(organisation: string): Promise<KeyRing | undefined> {
    const path = this.#path(organisation);
    const file = await present(stat(path));
    if (!file) {
      this.#rings.delete(organisation);
      return undefined;
    }
    if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) throw new PrivacyRefusal('KEY_FILE_EXPOSED');
    const identity = `${file.ino}:${file.size}:${file.mtimeMs}:${file.ctimeMs}`;
    const cached = this.#rings.get(organisation);
    if (cached?.file === identity) return cached.ring;
    const text = await present(readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    const ring = ringOf(text);
    this.#rings.set(organisation, { ring, file: identity });
    return ring;
  }

  /**
   * Written whole under another name and then linked: the link fails where the file exists, so of many processes one
   * makes the key, the others read that one, and nobody ever reads half a file.
   */
  async #create(organisation: string): Promise<KeyRing> {
    const path = this.#path(organisation);
    const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ current: 1, keys: { 1: randomBytes(KEY).toString('base64') } })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        await link(draft, path);
        await synced(this.#directory);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      } finally {
        await unlink(draft);
      }
    } catch {
      throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    }
    const ring = await this.#ring(organisation);
    if (!ring) throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
    return ring;
  }

  #path(organisation: string): string {
    if (!ORGANISATION.test(organisation)) throw new PrivacyRefusal('ORGANISATION_INVALID');
    return join(this.#directory, `${organisation}.keys.json`);
  }
}

const aadOf = (organisation: string, version: number, aad: string): Buffer => Buffer.from(JSON.stringify([SCHEME, organisation, version, aad]), 'utf8');

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

function ringOf(text: string): KeyRing {
  const damaged = (): never => { throw new PrivacyRefusal('KEY_FILE_DAMAGED'); };
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return damaged();
  }
  if (typeof stored !== 'object' || stored === null || !('current' in stored) || !('keys' in stored) || typeof stored.keys !== 'object' || stored.keys === null) return damaged();
  const keys = new Map(Object.entries(stored.keys).map(([version, key]) => [Number(version), typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.alloc(0)]));
  if (typeof stored.current !== 'number' || !keys.has(stored.current) || [...keys].some(([version, key]) => !Number.isSafeInteger(version) || key.length !== KEY)) return damaged();
  return { current: stored.current, keys };
}

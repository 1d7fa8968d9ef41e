import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { KeyFiles, LockFiles, asNumber, damaged, type UnusableFile } from './key-file.js';
import { PrivacyRefusal } from './refusal.js';

/** The versions of an organisation's key: which one wraps now, and which are still there. */
export interface KeyVersions { readonly current: number; readonly kept: readonly number[] }

/** What an organisation's key has wrapped before, and for what. */
export interface Wrapped { readonly wrapped: string; readonly aad: string }

/**
 * Keeps the keys of organisations, and wraps the keys of cases with them. An organisation may keep its own elsewhere.
 * Every refusal is a PrivacyRefusal; where the store does not answer it is KEY_STORE_UNAVAILABLE, and nothing was changed.
 */
export interface KeyStore {
  /**
   * `before`, newest first: whoever has any gets no first key, and nothing is wrapped with one that opens none of it (looked at once for each
   * key). The first key of whoever has none is made here. @throws PrivacyRefusal KEYS_LOCKED, KEY_INVALID, KEY_UNKNOWN, UNWRAP_FAILED, KEY_STORE_UNAVAILABLE
   */
  wrap(organisation: string, key: Buffer, aad: string, before?: readonly Wrapped[]): Promise<string>;
  /** @throws PrivacyRefusal KEYS_LOCKED, KEY_UNKNOWN, UNWRAP_FAILED, KEY_STORE_UNAVAILABLE */
  unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer>;
  /** Undefined before its first key. */
  versions(organisation: string): Promise<KeyVersions | undefined>;
  /** A new version wraps from now on; old wraps still open. With `to`: that one at least, so that asking twice makes one. Returns the current one. */
  rotate(organisation: string, to?: number): Promise<number>;
  /** This version and every older one, for good: what is wrapped with them opens nowhere any more. @throws PrivacyRefusal KEY_VERSION_CURRENT */
  destroyVersion(organisation: string, version: number): Promise<void>;
  /** Files of keys that are there and do not serve, where there are files. */
  unusable?(): Promise<readonly UnusableFile[]>;
  /** Panic: nothing is wrapped or opened any more, in any process and after any restart, until it is unlocked. */
  lock(organisation: string): Promise<void>;
  unlock(organisation: string): Promise<void>;
  isLocked(organisation: string): Promise<boolean>;
}

/** The version that something was wrapped with, as its text says (`file1.2.…`, `vault:v2:…`). */
export function wrappedVersion(wrapped: string): number | undefined {
  const version = /^(?:file1\.|vault:v)([1-9]\d{0,5})[.:]/.exec(wrapped)?.[1];
  return version === undefined ? undefined : Number(version);
}

interface KeyRing { readonly current: number; readonly keys: ReadonlyMap<number, Buffer> }

const SCHEME = 'file1';
const WRAPPED = /^file1\.([1-9]\d{0,5})\.([A-Za-z0-9_-]+)$/;
const IV = 12;
const TAG = 16;
const KEY = 32;
const LAST = 999_999;

/**
 * One file per organisation and version, `<organisation>.keys.json`, `<organisation>.2.keys.json` …, readable by its owner only. The
 * version is part of what is wrapped, so old wraps open after a change of key. For the embedded default and for tests.
 */
export class LocalFileKeyStore implements KeyStore {
  readonly #files: KeyFiles<KeyRing>;
  readonly #locks: LockFiles;
  /** The newest version that this process has met, or has been asked for. */
  readonly #newest = new Map<string, number>();
  /** Of each version: the key that was tried last, and whether it opened anything. */
  readonly #tried = new Map<string, { readonly key: Buffer; readonly opens: boolean }>();

  constructor(directory: string) {
    this.#files = new KeyFiles(directory, 'keys.json', ringOf);
    this.#locks = new LockFiles(directory);
  }

  /** @throws also ORGANISATION_INVALID, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, as all of these do */
  async wrap(organisation: string, key: Buffer, aad: string, before: readonly Wrapped[] = []): Promise<string> {
    if (key.length !== KEY) throw new PrivacyRefusal('KEY_INVALID');
    await this.#locks.refuseLocked(organisation);
    const current = await this.#current(organisation);
    if (before.some(({ wrapped }) => (wrappedVersion(wrapped) ?? 0) > (current?.version ?? 0))) throw new PrivacyRefusal('KEY_UNKNOWN');
    const { version, wrapping } = current ?? await this.#made(organisation, 1);
    await this.#prove(organisation, version, wrapping, before);
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', wrapping, iv);
    cipher.setAAD(aadOf(organisation, version, aad));
    const sealed = Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return `${SCHEME}.${version}.${sealed.toString('base64url')}`;
  }

  async unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer> {
    const parts = WRAPPED.exec(wrapped);
    const [version, sealed] = [Number(parts?.[1]), Buffer.from(String(parts?.[2]), 'base64url')];
    if (sealed.length !== IV + KEY + TAG) throw new PrivacyRefusal('UNWRAP_FAILED');
    await this.#locks.refuseLocked(organisation);
    // What it has wrapped is there: it had this key, and gets no other in its place.
    this.#newest.set(organisation, Math.max(this.#newest.get(organisation) ?? 0, version));
    const wrapping = await this.#key(organisation, version);
    if (!wrapping) throw new PrivacyRefusal('KEY_UNKNOWN');
    try {
      const decipher = createDecipheriv('aes-256-gcm', wrapping, sealed.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(aadOf(organisation, version, aad));
      decipher.setAuthTag(sealed.subarray(IV + KEY));
      const key = Buffer.concat([decipher.update(sealed.subarray(IV, IV + KEY)), decipher.final()]);
      this.#tried.set(`${organisation} ${version}`, { key: wrapping, opens: true });
      return key;
    } catch {
      // One that has opened something is the right one, and what it does not open is damaged.
      if (!this.#opens(organisation, version, wrapping)) this.#tried.set(`${organisation} ${version}`, { key: wrapping, opens: false });
      throw new PrivacyRefusal('UNWRAP_FAILED');
    }
  }

  async versions(organisation: string): Promise<KeyVersions | undefined> {
    const kept = [...new Set([...(await this.#files.read(organisation))?.keys.keys() ?? [], ...await this.#files.versions(organisation)])].sort((a, b) => a - b);
    const current = kept.at(-1);
    return current === undefined ? undefined : { current, kept };
  }

  async rotate(organisation: string, to?: number): Promise<number> {
    const current = (await this.versions(organisation))?.current ?? 0;
    if (current < (this.#newest.get(organisation) ?? 0)) throw new PrivacyRefusal('KEY_UNKNOWN');
    const last = to ?? current + 1;
    if (!Number.isSafeInteger(last) || last > LAST) throw new PrivacyRefusal('KEY_INVALID');
    // None is left out: whoever wraps finds a newer one by the number that follows.
    for (let next = current + 1; next <= last; next += 1) await this.#made(organisation, next);
    return Math.max(current, last);
  }

  async destroyVersion(organisation: string, version: number): Promise<void> {
    const known = await this.versions(organisation);
    if (!known || version >= known.current) throw new PrivacyRefusal('KEY_VERSION_CURRENT');
    // A first file that holds newer versions too gives them files of their own before it goes.
    for (const [newer, key] of (await this.#files.read(organisation))?.keys ?? []) if (newer > version) await this.#files.create(organisation, contentOf(newer, key), newer);
    await this.#files.destroy(organisation, (await this.#files.versions(organisation)).filter((old) => old <= version));
  }

  lock(organisation: string): Promise<void> { return this.#locks.lock(organisation); }
  unlock(organisation: string): Promise<void> { return this.#locks.unlock(organisation); }
  isLocked(organisation: string): Promise<boolean> { return this.#locks.isLocked(organisation); }

  /** Files that are there and do not serve, by their names in the folder. */
  unusable(): Promise<readonly UnusableFile[]> { return this.#files.unusable(); }

  #opens(organisation: string, version: number, wrapping: Buffer): boolean {
    const tried = this.#tried.get(`${organisation} ${version}`);
    return tried !== undefined && tried.opens && tried.key.equals(wrapping);
  }

  /** No word is sealed under a key that is not shown to be the organisation's. @throws PrivacyRefusal */
  async #prove(organisation: string, version: number, wrapping: Buffer, before: readonly Wrapped[]): Promise<void> {
    if (this.#opens(organisation, version, wrapping)) return;
    // Nothing that it wrapped is known, here or of whoever shares this store: there is nothing to lose by it.
    if (before.length === 0 && !this.#tried.has(`${organisation} ${version}`)) return;
    let refused = new PrivacyRefusal('UNWRAP_FAILED');
    for (const { wrapped, aad } of before) {
      try {
        await this.unwrap(organisation, wrapped, aad);
        this.#tried.set(`${organisation} ${version}`, { key: wrapping, opens: true });
        return;
      } catch (error) { refused = error as PrivacyRefusal; }
    }
    throw refused;
  }

  async #key(organisation: string, version: number): Promise<Buffer | undefined> {
    return (await this.#files.read(organisation, version) ?? await this.#files.read(organisation))?.keys.get(version);
  }

  /** Another process may have made a newer one: what follows the newest that was met here is looked for each time. */
  async #current(organisation: string): Promise<{ readonly version: number; readonly wrapping: Buffer } | undefined> {
    const met = this.#newest.get(organisation);
    const version = met !== undefined && await this.#files.read(organisation, met + 1) === undefined && await this.#key(organisation, met) !== undefined
      ? met
      : (await this.versions(organisation))?.current;
    // It had one, or a newer one: what is wrapped with that opens with no other.
    if ((version ?? 0) < (met ?? 0)) throw new PrivacyRefusal('KEY_UNKNOWN');
    if (version === undefined) return undefined;
    const wrapping = await this.#key(organisation, version);
    if (!wrapping) throw new PrivacyRefusal('KEY_FILE_DAMAGED');
    this.#newest.set(organisation, version);
    return { version, wrapping };
  }

  async #made(organisation: string, version: number): Promise<{ readonly version: number; readonly wrapping: Buffer }> {
    const made = (await this.#files.create(organisation, contentOf(version, randomBytes(KEY)), version)).keys.get(version);
    if (!made) throw new PrivacyRefusal('KEY_FILE_DAMAGED');
    return { version, wrapping: made };
  }
}

const contentOf = (version: number, key: Buffer): object => ({ current: version, keys: { [version]: key.toString('base64') } });
const aadOf = (organisation: string, version: number, aad: string): Buffer => Buffer.from(JSON.stringify([SCHEME, organisation, version, aad]));

function ringOf({ current, keys: stored }: { readonly current?: unknown; readonly keys?: unknown }): KeyRing {
  const keys = new Map(Object.entries<unknown>(Object(stored)).map(([version, key]) => [Number(version), Buffer.from(String(key), 'base64')]));
  const version = asNumber(current);
  if (!keys.has(version) || [...keys].some(([other, key]) => !Number.isSafeInteger(other) || key.length !== KEY)) return damaged();
  return { current: version, keys };
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { KeyFiles, asNumber, damaged } from './key-file.js';
import { PrivacyRefusal } from './refusal.js';

/** Keeps the keys of organisations, and wraps the keys of cases with them. An organisation may keep its own elsewhere. */
export interface KeyStore {
  wrap(organisation: string, key: Buffer, aad: string): Promise<string>;
  unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer>;
}

interface KeyRing { readonly current: number; readonly keys: ReadonlyMap<number, Buffer> }

const SCHEME = 'file1';
const WRAPPED = /^file1\.([1-9]\d{0,5})\.([A-Za-z0-9_-]+)$/;
const IV = 12;
const TAG = 16;
const KEY = 32;

/**
 * One file per organisation, `<organisation>.keys.json`, readable by its owner only. It holds every version of the key;
 * the version is part of what is wrapped, so old wraps open after a change of key. For the embedded default and for tests.
 */
export class LocalFileKeyStore implements KeyStore {
  readonly #files: KeyFiles<KeyRing>;

  constructor(directory: string) {
    this.#files = new KeyFiles(directory, 'keys.json', ringOf);
  }

  /** @throws PrivacyRefusal KEY_INVALID, ORGANISATION_INVALID, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE */
  async wrap(organisation: string, key: Buffer, aad: string): Promise<string> {
    if (key.length !== KEY) throw new PrivacyRefusal('KEY_INVALID');
    const ring = await this.#files.read(organisation) ?? await this.#files.create(organisation, { current: 1, keys: { 1: randomBytes(KEY).toString('base64') } });
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
    const wrapping = (await this.#files.read(organisation))?.keys.get(version);
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
}

const aadOf = (organisation: string, version: number, aad: string): Buffer => Buffer.from(JSON.stringify([SCHEME, organisation, version, aad]), 'utf8');

function ringOf(stored: object): KeyRing {
  if (!('current' in stored) || !('keys' in stored) || typeof stored.keys !== 'object' || stored.keys === null) return damaged();
  const keys = new Map(Object.entries(stored.keys).map(([version, key]) => [Number(version), typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.alloc(0)]));
  const current = asNumber(stored.current);
  if (!keys.has(current) || [...keys].some(([version, key]) => !Number.isSafeInteger(version) || key.length !== KEY)) return damaged();
  return { current, keys };
}

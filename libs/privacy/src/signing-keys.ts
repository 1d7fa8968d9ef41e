import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { KeyFiles, LockFiles, asNumber, damaged, type UnusableFile } from './key-file.js';
import { PrivacyRefusal } from './refusal.js';

/** An Ed25519 signature and the key that made it: the first 16 characters of the SHA-256 of its public half. */
export interface Signature { readonly key: string; readonly signature: string }
export interface VerifyingKey { readonly key: string; /** 32 bytes, base64url. */ readonly publicKey: string }

/** Keeps the keys that organisations and services sign with. A signer is `org_…` or `service-<name>`; its first key is made when it first signs. */
export interface SigningKeys {
  /**
   * `isFirst` is asked where there is no key: whether nothing is known that the signer has signed. Where something is, its key is lost, and none
   * is made in its place but by `rotate`. @throws PrivacyRefusal KEYS_LOCKED, KEY_UNKNOWN, KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE, ORGANISATION_INVALID
   */
  sign(signer: string, bytes: Buffer, isFirst?: () => Promise<boolean>): Promise<Signature>;
  /** Every key that it has signed with, oldest first: what was signed before a change of key is still to be verified. */
  verifyingKeys(signer: string): Promise<readonly VerifyingKey[]>;
  /** A new key signs from now on, and nobody can sign with an old one any more. With `to`: that version at least. Returns the current one. */
  rotate(signer: string, to?: number): Promise<number>;
}

/** Whether one of these keys made the signature. */
export function isSigned(keys: readonly VerifyingKey[], bytes: Buffer, { key, signature }: Signature): boolean {
  const publicKey = keys.find((known) => known.key === key)?.publicKey;
  if (publicKey === undefined || keyIdOf(publicKey) !== key) return false;
  const raw = Buffer.from(publicKey, 'base64url');
  if (raw.length !== 32) return false;
  return verify(null, bytes, createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' }), Buffer.from(signature, 'base64url'));
}

export const keyIdOf = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64url').slice(0, 16);

/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

interface Ring { readonly current: KeyObject; readonly keys: ReadonlyMap<number, KeyObject> }

/** One file per signer and version, `<signer>.signing.json`, as `LocalFileKeyStore` keeps the others; of an old one only `<signer>.verifying.json`, its public half. */
export class LocalFileSigningKeys implements SigningKeys {
  readonly #files: KeyFiles<Ring>;
  readonly #retired: KeyFiles<string>;
  readonly #locks: LockFiles;
  readonly #newest = new Map<string, number>();
  constructor(directory: string) {
    this.#files = new KeyFiles(directory, 'signing.json', ringOf);
    this.#retired = new KeyFiles(directory, 'verifying.json', publicOf);
    this.#locks = new LockFiles(directory);
  }

  /** Files that are there and do not serve. */
  unusable(): Promise<readonly UnusableFile[]> { return this.#files.unusable(); }

  async sign(signer: string, bytes: Buffer, isFirst?: () => Promise<boolean>): Promise<Signature> {
    await this.#locks.refuseLocked(signer);
    const { current: key } = await this.#current(signer) ?? await this.#first(signer, isFirst);
    return { key: keyIdOf(publicHalf(key)), signature: sign(null, bytes, key).toString('base64url') };
  }

  async verifyingKeys(signer: string): Promise<readonly VerifyingKey[]> {
    // By version: a retired one is older than any that still signs.
    const found = new Map<number, string>();
    for (const version of await this.#retired.versions(signer)) { const publicKey = await this.#retired.read(signer, version); if (publicKey !== undefined) found.set(version, publicKey); }
    for (const file of await this.#files.versions(signer)) for (const [version, key] of (await this.#files.read(signer, file))?.keys ?? []) found.set(version, publicHalf(key));
    return [...found.values()].map((publicKey) => ({ key: keyIdOf(publicKey), publicKey }));
  }

  async rotate(signer: string, to?: number): Promise<number> {
    const current = Math.max(0, ...await this.#files.versions(signer), ...await this.#retired.versions(signer));
    const last = Math.max(current, to ?? current + 1);
    for (let next = current + 1; next <= last; next += 1) await this.#made(signer, next);
    // What an earlier rotation could not finish goes as well. First its public half is kept, then its private half is destroyed.
    const old = (await this.#files.versions(signer)).filter((version) => version < last);
    for (const file of old) for (const [version, key] of (await this.#files.read(signer, file))?.keys ?? []) await this.#retired.create(signer, { publicKey: publicHalf(key) }, version);
    await this.#files.destroy(signer, old);
    return last;
  }

  async #first(signer: string, isFirst: (() => Promise<boolean>) | undefined): Promise<Ring> {
    await refuseAnother(isFirst);
    return this.#made(signer, 1);
  }

  /** Another process may have made a newer one. Undefined where nothing of one is left. */
  async #current(signer: string): Promise<Ring | undefined> {
    const met = this.#newest.get(signer);
    const ring = met === undefined || await this.#files.read(signer, met + 1) ? undefined : await this.#files.read(signer, met);
    if (ring) return ring;
    // Between the list and the reading a rotation may have taken away what was listed; it leaves a newer one.
    for (let n = 0; n < 3; n += 1) {
      const newest = (await this.#files.versions(signer)).at(-1);
      if (newest === undefined) {
        if ((await this.#retired.versions(signer)).length > 0) throw new PrivacyRefusal('KEY_UNKNOWN');
        return undefined;
      }
      const found = await this.#files.read(signer, newest);
      if (found) { this.#newest.set(signer, newest); return found; }
    }
    throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
  }

  #made(signer: string, version: number): Promise<Ring> {
    return this.#files.create(signer, { current: version, keys: { [version]: generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') } }, version);
  }
}

/** A key that is lost gets none in its place. @throws PrivacyRefusal KEY_UNKNOWN */
export async function refuseAnother(isFirst: (() => Promise<boolean>) | undefined): Promise<void> {
  if (isFirst && !await isFirst()) throw new PrivacyRefusal('KEY_UNKNOWN');
}

const publicHalf = (key: KeyObject): string => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length).toString('base64url');

function ringOf({ current: version, keys: stored }: { readonly current?: unknown; readonly keys?: unknown }): Ring {
  try {
    const keys = new Map(Object.entries<unknown>(Object(stored)).map(([version, key]) => [Number(version), createPrivateKey({ key: Buffer.from(String(key), 'base64'), format: 'der', type: 'pkcs8' })]));
    const current = keys.get(asNumber(version));
    return current && [...keys.values()].every((key) => key.asymmetricKeyType === 'ed25519') ? { current, keys } : damaged();
  } catch {
    return damaged();
  }
}

const publicOf = ({ publicKey }: { readonly publicKey?: unknown }): string => (typeof publicKey === 'string' && Buffer.from(publicKey, 'base64url').length === 32 ? publicKey : damaged());

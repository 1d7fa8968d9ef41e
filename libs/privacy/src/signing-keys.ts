import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { KeyFiles, asNumber, damaged } from './key-file.js';
import { PrivacyRefusal } from './refusal.js';

/** An Ed25519 signature and the key that made it: the first 16 characters of the SHA-256 of its public half. */
export interface Signature { readonly key: string; readonly signature: string }
export interface VerifyingKey { readonly key: string; /** 32 bytes, base64url. */ readonly publicKey: string }

/** Keeps the keys that organisations and services sign with. A signer is `org_…` or `service-<name>`; its first key is made when it first signs. */
export interface SigningKeys {
  /** @throws PrivacyRefusal KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, KEY_STORE_UNAVAILABLE, ORGANISATION_INVALID */
  sign(signer: string, bytes: Buffer): Promise<Signature>;
  /** Every key that it has signed with, oldest first: what was signed before a change of key is still to be verified. */
  verifyingKeys(signer: string): Promise<readonly VerifyingKey[]>;
}

/** Whether one of these keys made the signature. */
export function isSigned(keys: readonly VerifyingKey[], bytes: Buffer, { key, signature }: Signature): boolean {
  const found = keys.find((known) => known.key === key);
  const raw = Buffer.from(found?.publicKey ?? '', 'base64url');
  if (!found || raw.length !== 32 || keyIdOf(found.publicKey) !== key) return false;
  return verify(null, bytes, createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' }), Buffer.from(signature, 'base64url'));
}

export const keyIdOf = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64url').slice(0, 16);

/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

interface Ring { readonly current: number; readonly keys: ReadonlyMap<number, KeyObject> }

/** One file per signer, `<signer>.signing.json`, as `LocalFileKeyStore` keeps the others. */
export class LocalFileSigningKeys implements SigningKeys {
  readonly #files: KeyFiles<Ring>;
  constructor(directory: string) {
    this.#files = new KeyFiles(directory, 'signing.json', ringOf);
  }

  async sign(signer: string, bytes: Buffer): Promise<Signature> {
    const ring = await this.#files.read(signer) ?? await this.#files.create(signer, { current: 1, keys: { 1: generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') } });
    const key = ring.keys.get(ring.current);
    if (!key) throw new PrivacyRefusal('KEY_FILE_DAMAGED');
    return { key: keyIdOf(publicHalf(key)), signature: sign(null, bytes, key).toString('base64url') };
  }

  async verifyingKeys(signer: string): Promise<readonly VerifyingKey[]> {
    const ring = await this.#files.read(signer);
    return [...(ring?.keys ?? [])].sort(([a], [b]) => a - b).map(([, key]) => ({ key: keyIdOf(publicHalf(key)), publicKey: publicHalf(key) }));
  }
}

const publicHalf = (key: KeyObject): string => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length).toString('base64url');

function ringOf(stored: object): Ring {
  if (!('current' in stored) || !('keys' in stored) || typeof stored.keys !== 'object' || stored.keys === null) return damaged();
  const current = asNumber(stored.current);
  try {
    const keys = new Map(Object.entries(stored.keys).map(([version, key]) => [Number(version), createPrivateKey({ key: Buffer.from(String(key), 'base64'), format: 'der', type: 'pkcs8' })]));
    return keys.has(current) && [...keys.values()].every((key) => key.asymmetricKeyType === 'ed25519') ? { current, keys } : damaged();
  } catch {
    return damaged();
  }
}

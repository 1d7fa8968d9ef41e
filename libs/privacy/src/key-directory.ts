import { createHash, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, sign } from 'node:crypto';
import { PrivacyRefusal } from './refusal.js';
import { isSigned, keyIdOf } from './signing-keys.js';

/** What an organisation says its key is: the key for envelopes, and the Ed25519 key of its own with which it says so. Both 32 bytes, base64url. */
export interface KeyEntry { readonly publicKey: string; readonly signedBy: string; /** The signature, base64url. */ readonly proof: string }
/** What was heard by another way than the directory. */
export interface KeyPin {
  /** Compared by voice when the key was confirmed. */
  readonly fingerprint: string;
  /** With which key it has signed its earlier entries: the first one vouches for those that follow. */
  readonly signedBefore?: string | undefined;
}

const RAW = /^[A-Za-z0-9_-]{43}$/;
/** 43 base64url characters that are 32 bytes and nothing else. */
export const isRawKey = (text: unknown): text is string => typeof text === 'string' && RAW.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;

const claim = (organisation: string, publicKey: string, signedBy: string): Buffer => Buffer.from(JSON.stringify(['footbridge-envelope-key-1', organisation, publicKey, signedBy]));

/** What two people read to each other: 40 digits in groups of five, of organisation and both keys. */
export function fingerprintOf(organisation: string, { publicKey, signedBy }: Pick<KeyEntry, 'publicKey' | 'signedBy'>): string {
  const digits = (BigInt(`0x${createHash('sha256').update(claim(organisation, publicKey, signedBy)).digest('hex')}`) % 10n ** 40n).toString().padStart(40, '0');
  return digits.replace(/\d{5}(?=\d)/g, '$& ');
}

/** A key of its own to sign entries with. */
export function newEntryKey(): { readonly publicKey: string; readonly privateKey: string } {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { publicKey: String(x), privateKey: String(d) };
}
/** For whoever holds both private keys. */
export function proveKey(organisation: string, publicKey: string, signing: { readonly publicKey: string; readonly privateKey: string }): KeyEntry {
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: signing.publicKey, d: signing.privateKey }, format: 'jwk' });
  return { publicKey, signedBy: signing.publicKey, proof: sign(null, claim(organisation, publicKey, signing.publicKey), key).toString('base64url') };
}

const VERIFIED = Symbol();
let verified: <Org extends string>(organisation: Org, publicKey: string) => VerifiedKey<Org>;
let isVerified: (key: unknown) => boolean;

/** A key that was found in the directory, signed, and compared with what was heard. Only `verifyKey` gives it. */
export class VerifiedKey<out Org extends string = string> {
  readonly #mark: symbol;
  private constructor(readonly organisation: Org, readonly publicKey: string, mark: symbol) {
    if (mark !== VERIFIED) throw new PrivacyRefusal('KEY_NOT_VERIFIED');
    this.#mark = mark;
    Object.freeze(this);
  }
  static {
    verified = (organisation, publicKey) => new VerifiedKey(organisation, publicKey, VERIFIED);
    isVerified = (key) => typeof key === 'object' && key !== null && #mark in key;
  }
  static is(key: unknown): key is VerifiedKey {
    return isVerified(key);
  }
}

/** @throws PrivacyRefusal KEY_INVALID, KEY_NOT_PROVEN, KEY_CHAIN_BROKEN, KEY_NOT_PINNED */
export function verifyKey<Org extends string>(organisation: Org, entry: KeyEntry, pin: KeyPin): VerifiedKey<Org> {
  checkEntry(organisation, entry, pin.signedBefore);
  if (pin.fingerprint !== fingerprintOf(organisation, entry)) throw new PrivacyRefusal('KEY_NOT_PINNED');
  return verified(organisation, entry.publicKey);
}

/** The same without the voice: what a directory asks before it takes an entry in. @throws PrivacyRefusal KEY_INVALID, KEY_NOT_PROVEN, KEY_CHAIN_BROKEN */
export function checkEntry(organisation: string, { publicKey, signedBy, proof }: KeyEntry, signedBefore?: string): void {
  if (!isRawKey(publicKey) || !isRawKey(signedBy) || givesZeros(publicKey)) throw new PrivacyRefusal('KEY_INVALID');
  const key = keyIdOf(signedBy);
  if (!isSigned([{ key, publicKey: signedBy }], claim(organisation, publicKey, signedBy), { key, signature: proof })) throw new PrivacyRefusal('KEY_NOT_PROVEN');
  if (signedBefore !== undefined && signedBefore !== signedBy) throw new PrivacyRefusal('KEY_CHAIN_BROKEN');
}

/** RFC 7748, 6.1: a few points give a secret of zeros with every key. */
function givesZeros(publicKey: string): boolean {
  try {
    diffieHellman({ privateKey: generateKeyPairSync('x25519').privateKey, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: publicKey }, format: 'jwk' }) });
    return false;
  } catch { return true; }
}

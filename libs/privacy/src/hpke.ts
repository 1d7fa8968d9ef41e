import { Aes256Gcm, CipherSuite, HkdfSha256, type AeadInterface } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';
import { generateKeyPairSync } from 'node:crypto';
import { PrivacyRefusal } from './refusal.js';

export interface HpkeSealed { readonly enc: Buffer; readonly ct: Buffer }

/** RFC 9180 base mode, single shot. Keys are 32 raw bytes. What comes out depends on every bit of what goes in. */
export interface Hpke {
  /** KEM, KDF and AEAD, by their numbers in RFC 9180. */
  readonly suite: string;
  /** @throws PrivacyRefusal KEY_INVALID, also for a key that would give a secret of zeros */
  seal(publicKey: Buffer, info: Buffer, aad: Buffer, plaintext: Buffer): Promise<HpkeSealed>;
  /** @throws PrivacyRefusal ENVELOPE_NOT_OPENED: a wrong key and a changed bit are told alike */
  open(privateKey: Buffer, info: Buffer, aad: Buffer, sealed: HpkeSealed): Promise<Buffer>;
}

/** X25519, HKDF-SHA-256 and this cipher. */
export function hpkeWith(aead: AeadInterface): Hpke {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead });
  return {
    suite: [suite.kem.id, suite.kdf.id, suite.aead.id].map((id) => id.toString(16).padStart(4, '0')).join('-'),
    async seal(publicKey, info, aad, plaintext) {
      try {
        const { enc, ct } = await suite.seal({ recipientPublicKey: await suite.kem.deserializePublicKey(publicKey), info }, plaintext, aad);
        return { enc: Buffer.from(enc), ct: Buffer.from(ct) };
      } catch { throw new PrivacyRefusal('KEY_INVALID'); }
    },
    async open(privateKey, info, aad, { enc, ct }) {
      try {
        return Buffer.from(await suite.open({ recipientKey: await suite.kem.deserializePrivateKey(privateKey), enc, info }, ct, aad));
      } catch { throw new PrivacyRefusal('ENVELOPE_NOT_OPENED'); }
    },
  };
}

export const hpke: Hpke = hpkeWith(new Aes256Gcm());

/** A key pair for whoever receives envelopes: both halves as 32 bytes, base64url. */
export function newEnvelopeKey(): { readonly publicKey: string; readonly privateKey: string } {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return { publicKey: String(x), privateKey: String(d) };
}

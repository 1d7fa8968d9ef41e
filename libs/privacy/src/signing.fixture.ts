import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { keyIdOf, type SigningKeys, type VerifyingKey } from './signing-keys.js';

/** Signing keys in memory, for tests of what is signed. */
export function memoryKeys(): SigningKeys {
  const keys = new Map<string, { readonly known: VerifyingKey; readonly privateKey: string }>();
  const of = (signer: string): { readonly known: VerifyingKey; readonly privateKey: string } => {
    const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const made = keys.get(signer) ?? { known: { key: keyIdOf(String(x)), publicKey: String(x) }, privateKey: String(d) };
    keys.set(signer, made);
    return made;
  };
  return {
    sign: (signer, bytes) => {
      const { known, privateKey } = of(signer);
      return Promise.resolve({ key: known.key, signature: sign(null, bytes, createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: known.publicKey, d: privateKey }, format: 'jwk' })).toString('base64url') });
    },
    rotate: () => Promise.reject(new Error('not asked for here')),
    verifyingKeys: (signer) => Promise.resolve([keys.get(signer)?.known].flatMap((key) => key ?? [])),
  };
}

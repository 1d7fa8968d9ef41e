import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { Sealed } from '@footbridge/privacy';
import { ownUse } from '@footbridge/privacy';

/** What an endpoint's messages are signed with: a shared secret (v1) and an Ed25519 key of its own (v1a), which a leak at the partner does not give away. */
export interface SigningKeys { readonly secret: string; readonly privateKey: string }
export interface NewKeys extends SigningKeys { readonly publicKey: string }

export function newKeys(): NewKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    secret: `whsec_${randomBytes(32).toString('base64')}`, publicKey: `whpk_${raw.toString('base64')}`,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

/** Standard Webhooks 1.0.0: `id.timestamp.body`, by each key that counts. */
export function signatures(keys: readonly SigningKeys[], id: string, timestamp: number, body: Buffer): string {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return keys.flatMap(({ secret, privateKey }) => [
    `v1,${createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(content).digest('base64')}`,
    `v1a,${sign(null, content, createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })).toString('base64')}`,
  ]).join(' ');
}

/** How long the old secret counts beside the new one. */
export const ROTATION_HOURS = 24;

interface Signing { readonly signing?: Sealed<SigningKeys>; readonly previousSigning?: Sealed<SigningKeys>; readonly previousUntil?: string }
/** The keys of an endpoint at this moment: during a rotation both. */
export function keysOf({ signing, previousSigning, previousUntil }: Signing, messageId: string, now: Date): readonly SigningKeys[] {
  const capability = ownUse('SIGNING');
  const previous = previousSigning && previousUntil && now < new Date(previousUntil) ? [previousSigning.reveal(capability)] : [];
  return [...(signing ? [signing.reveal(capability)] : []), ...previous];
}

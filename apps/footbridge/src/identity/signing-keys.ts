import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { readPrivateFile, writePrivateFile } from '../private-file.js';

/** Keys that sign tokens (the first is used, all are believed) and cookies. */
export interface IdentityKeys { readonly jwks: { readonly keys: readonly JWK[] }; readonly cookies: readonly string[] }

const isIdentityKeys = (content: unknown): content is IdentityKeys =>
  typeof content === 'object' && content !== null && 'jwks' in content && typeof content.jwks === 'object' && content.jwks !== null && 'keys' in content.jwks && Array.isArray(content.jwks.keys) && content.jwks.keys.length > 0
  && 'cookies' in content && Array.isArray(content.cookies) && content.cookies.length > 0;

export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key), use: 'sig', alg: 'ES256' };
}

/** Made at the first start and kept: a restart signs nobody out. */
export async function identityKeys(path: string): Promise<IdentityKeys> {
  const kept = await readPrivateFile(path, isIdentityKeys);
  if (kept) return kept;
  const made: IdentityKeys = { jwks: { keys: [await newSigningKey()] }, cookies: [randomBytes(32).toString('base64url')] };
  await writePrivateFile(path, made);
  return made;
}

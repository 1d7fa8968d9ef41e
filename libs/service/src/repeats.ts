import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Idempotency } from './engine.js';

/** The request as it came. It is never written anywhere: what is kept of it is its MAC. */
export const requestText = (method: string, path: string, body: unknown): string => `${method} ${path}\n${JSON.stringify(body ?? null)}`;

/**
 * What is kept of a request to know it again by. A body names people, and a plain hash of it lets whoever has the database, or a backup from before an
 * erasure, try names on it (G5): so it is keyed with what is not in there, and for the caller's key, so that two equal requests have nothing in common.
 */
export type RequestMac = (asked: Idempotency) => string;
/** The caller's key under the same secret: some make theirs of a name. No request is without text. */
export const keyMac = (mac: RequestMac, { caller, key }: Pick<Idempotency, 'caller' | 'key'>): string => mac({ caller, key, request: '' });
export function requestMac(secret: Buffer): RequestMac {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'footbridge repeated request', 32)));
  return ({ caller, key: of, request }) => createHmac('sha256', key).update(`${caller} ${of}\n${request}`).digest('base64url');
}

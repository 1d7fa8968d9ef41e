import { hash as digest } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';
import { CLOCKS_AGREE_MS } from '../clocks.js';
import { Problem } from '../problem.js';

/** What a proof may be signed with, here and at the embedded sign-in server. Asymmetric only, and each made for this. */
export const proofAlgorithms: ('ES256' | 'Ed25519' | 'EdDSA')[] = ['ES256', 'Ed25519', 'EdDSA'];
const algs = `algs="${proofAlgorithms.join(' ')}"`;
const longestProof = 8_192;

/** A request as it came: each header as often as it was sent. */
export type Sent = Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>;

/** `description` says to a developer what is not right; never a value. */
const notProven = (description: string): Problem => new Problem('not-signed-in', {}, { 'www-authenticate': `DPoP error="invalid_dpop_proof", error_description="${description}", ${algs}` });
/** The token is bound to a key or it is not: it counts with the one scheme only (RFC 9449, 7.1 and 7.2). */
export const bound = (): Problem => new Problem('not-signed-in', {}, { 'www-authenticate': `Bearer error="invalid_token", DPoP ${algs}` });
export const notBound = (): Problem => new Problem('not-signed-in', {}, { 'www-authenticate': `DPoP error="invalid_token", error_description="the token is not bound to a key", ${algs}` });

/** Whoever sends proofs is challenged in that scheme (RFC 9449, 7.1), whatever it is that was refused. */
export function challenged(headers: Readonly<Record<string, string>>, request: Pick<IncomingMessage, 'headers'>): Readonly<Record<string, string>> {
  const challenge = headers['www-authenticate'] ?? '';
  if (!challenge.startsWith('Bearer') || !/^DPoP /i.test(request.headers.authorization ?? '')) return headers;
  const said = challenge.slice('Bearer '.length);
  return { ...headers, 'www-authenticate': `DPoP ${said}${said && ', '}${algs}` };
}

/** The key that a token is bound to (RFC 7800), by its thumbprint. A binding that we cannot check is none that we may overlook. */
export function boundTo(cnf: unknown): string | undefined {
  if (cnf === undefined) return undefined;
  const [[member, jkt] = [], ...others] = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf as Record<string, unknown>) : [];
  if (member !== 'jkt' || others.length > 0 || typeof jkt !== 'string' || !/^[\w-]{43}$/.test(jkt)) throw new Problem('not-signed-in', {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
  return jkt;
}

/**
 * Proofs that whoever sends a token has the key that it is bound to (RFC 9449, T39): a copied token alone is good for nothing.
 * A proof is good for one request, within the minute for which clocks may differ; that it was seen is known to this process alone.
 */
export class Proofs {
  /** In the order in which they came, which is the order in which they are forgotten. */
  readonly #seen = new Map<string, number>();
  readonly #address: string;

  /** `address`: where callers reach the instance; never what a caller says of it (Host). */
  constructor(address: string, private readonly ofAnotherTime: () => Problem | undefined, private readonly remembered = 100_000) {
    this.#address = new URL(address).href.replace(/\/$/, '');
  }

  /** `tokenHash`: SHA-256 of the access token, in base64url. @throws Problem */
  async check({ method, url = '', headersDistinct }: Sent, tokenHash: string, jkt: string): Promise<void> {
    const [proof = '', ...others] = headersDistinct['dpop'] ?? [];
    if (proof === '' || others.length > 0 || headersDistinct['authorization']?.length !== 1) throw notProven('send one header DPoP and one header Authorization');
    if (proof.length > longestProof) throw notProven('the proof is too long');
    const { payload: { htm, htu, ath, iat = 0, jti }, protectedHeader: { jwk } } = await jwtVerify(proof, EmbeddedJWK, { algorithms: proofAlgorithms, typ: 'dpop+jwt', requiredClaims: ['htm', 'htu', 'ath', 'iat', 'jti'] })
      .catch(() => { throw notProven('not a signed proof with its public key'); });
    if (jwk === undefined || await calculateJwkThumbprint(jwk) !== jkt) throw notProven('the token is bound to another key');
    if (ath !== tokenHash) throw notProven('ath is not of this token');
    if (htm !== method) throw notProven('htm is not the method of this request');
    if (targetOf(htu) !== `${this.#address}${url.replace(/[?#].*$/s, '')}`) throw notProven('htu is not the address of this request');
    if (!(Math.abs(Date.now() - iat * 1000) <= CLOCKS_AGREE_MS)) throw this.ofAnotherTime() ?? notProven(`iat is not within ${CLOCKS_AGREE_MS / 1000} seconds of Date`);
    if (typeof jti !== 'string' || jti === '') throw notProven('jti is missing');
    this.#once(`${jkt} ${jti}`);
  }

  /** Closed when full: what is forgotten too early would be good a second time. */
  #once(id: string): void {
    const now = Date.now();
    for (const [known, until] of this.#seen) {
      if (now <= until) break;
      this.#seen.delete(known);
    }
    const hash = digest('sha256', id, 'base64url');
    if (this.#seen.has(hash)) throw notProven('jti was used before');
    if (this.#seen.size >= this.remembered) throw new Problem('service-unavailable', {}, { 'retry-after': '5' });
    // One that is a minute ahead is good for two
    this.#seen.set(hash, now + 2 * CLOCKS_AGREE_MS);
  }
}

/** As browsers and libraries write an address, without query and fragment (RFC 9449, 4.3). */
function targetOf(htu: unknown): string | undefined {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return undefined;
  const target = new URL(htu);
  [target.search, target.hash] = ['', ''];
  return target.href;
}

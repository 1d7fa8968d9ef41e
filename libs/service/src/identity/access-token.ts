import { hash as digest } from 'node:crypto';
import { isRef } from '@footbridge/privacy';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { CLOCKS_AGREE_MS, differ } from '../clocks.js';
import { Problem } from '../problem.js';
import { Proofs, bound, boundTo, notBound, type Sent } from './dpop.js';
import { IssuerKeys, IssuerUnreachable, type IssuerKeysOptions } from './issuer-keys.js';
import type { Principal } from './principal.js';
import { tokenRoles } from './token-roles.js';

export interface AccessTokensOptions extends IssuerKeysOptions {
  /** What a token must be made for; `footbridge`. */
  readonly audience: string;
  /** The public address of the instance, which proofs name. Default: where the issuer is. */
  readonly address?: string;
  /** How many verified tokens are remembered. */
  readonly remembered?: number;
}
/** Whose a token is, and the key that it is bound to, if it is bound to one. */
interface Verified { readonly principal: Principal; readonly jkt: string | undefined; readonly until: number }

/** Asymmetric only: with an HMAC the issuer's public key would sign, and `none` signs nothing. */
const algorithms = ['ES256', 'EdDSA', 'RS256'];
const longestToken = 8_192;
/** An access token says so (RFC 9068), or says only that it is a JWT; a logout or DPoP token is something else. */
const types = new Set([undefined, 'at+jwt', 'application/at+jwt', 'jwt']);
/** Checking a token again costs little; trusting a withdrawn key for long would cost more. */
const longestMemoryMs = 300_000;

export const notSignedIn = (): Problem => new Problem('not-signed-in', {}, { 'www-authenticate': 'Bearer' });
const tokenExpired = (): Problem => new Problem('token-expired', {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
/** No new token helps: the next one is as old, or as young, as this one. */
const clocksDiffer = (): Problem => new Problem('clocks-differ');
const issuerAway = (): Problem => new Problem('service-unavailable', {}, { 'retry-after': '2' });

/**
 * Turns an access token into who is signed in, or into a problem. A verified token is remembered by its hash until it
 * ends, so that the signature is checked once and not at every request.
 */
export class AccessTokens {
  readonly #keys: IssuerKeys;
  readonly #verified = new Map<string, Verified>();
  readonly #remembered: number;
  readonly #proofs: Proofs;

  constructor(private readonly options: AccessTokensOptions) {
    this.#keys = new IssuerKeys(options);
    this.#remembered = options.remembered ?? 10_000;
    this.#proofs = new Proofs(options.address ?? new URL(options.issuer).origin, () => (differ(this.#keys.off ?? 0) ? clocksDiffer() : undefined));
  }

  /** How far the issuer's clock is ahead of ours. */
  get issuerOff(): number | undefined { return this.#keys.off; }

  /** Of a token that counts for whoever has it (bearer). */
  async principal(token: string): Promise<Principal> {
    const hash = hashOf(token);
    const { principal, jkt } = this.#known(hash) ?? await this.#new(token, hash);
    if (jkt !== undefined) throw bound();
    return principal;
  }

  /** Of a token that counts with a proof of its key alone (DPoP). */
  async proven(token: string, sent: Sent): Promise<Principal> {
    const hash = hashOf(token);
    const { principal, jkt } = this.#known(hash) ?? await this.#new(token, hash);
    if (jkt === undefined) throw notBound();
    await this.#proofs.check(sent, hash, jkt);
    return principal;
  }

  #known(hash: string): Verified | undefined {
    const known = this.#verified.get(hash);
    if (known && Date.now() < known.until) return known;
    this.#verified.delete(hash);
    return undefined;
  }

  async #new(token: string, hash: string): Promise<Verified> {
    const claims = await this.#verify(token);
    const verified = { principal: principalOf(claims), jkt: boundTo(claims['cnf']), until: Math.min((claims.exp ?? 0) * 1000, Date.now() + longestMemoryMs) };
    this.#remember(hash, verified);
    return verified;
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header, input) => this.#keys.key(header, input), {
        issuer: this.options.issuer, audience: this.options.audience, algorithms, requiredClaims: ['exp', 'iat', 'sub'], clockTolerance: 5,
      });
      // A good signature, of a time that is still to come: whoever would believe it believes tokens for longer than their issuer does.
      if ((payload.iat ?? 0) * 1000 - Date.now() > CLOCKS_AGREE_MS) throw clocksDiffer();
      if (!types.has(protectedHeader.typ?.toLowerCase())) throw notSignedIn();
      return payload;
    } catch (error) {
      if (error instanceof IssuerUnreachable) throw issuerAway();
      // jose looks at the signature, the issuer and the audience before the time: an expired token was once a good one
      if (error instanceof Problem) throw error;
      const isOfTime = error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf');
      if (isOfTime && differ(this.#keys.off ?? 0)) throw clocksDiffer();
      if (error instanceof errors.JWTExpired) throw tokenExpired();
      throw notSignedIn();
    }
  }

  #remember(hash: string, verified: Verified): void {
    if (this.#verified.size >= this.#remembered) {
      const oldest = this.#verified.keys().next();
      if (!oldest.done) this.#verified.delete(oldest.value);
    }
    this.#verified.set(hash, verified);
  }
}

function hashOf(token: string): string {
  if (token.length > longestToken) throw notSignedIn();
  return digest('sha256', token, 'base64url');
}

function principalOf({ sub, organisation, roles, iat, auth_time: signedInAt }: JWTPayload): Principal {
  if (!isRef(sub, 'acc') || !isRef(organisation, 'org') || !Array.isArray(roles)) throw notSignedIn();
  const shown = typeof signedInAt === 'number' && Number.isFinite(signedInAt) ? signedInAt : undefined;
  return Object.freeze({ subject: sub, organisation, roles: Object.freeze(tokenRoles(roles)), since: shown ?? iat ?? 0, ...(shown === undefined ? {} : { signedInAt: shown }) });
}

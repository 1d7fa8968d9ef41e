import { createRemoteJWKSet, customFetch, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { answererOff } from '../clocks.js';

/** The issuer could not be asked. Not the caller's fault, so never answered with 401. */
export class IssuerUnreachable extends Error {}

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Where the keys are, when the issuer is reached by another address than its name. Default: what the issuer's discovery says. */
  readonly jwksUri?: string;
  /** How soon keys may be asked for again because a token names an unknown one: whoever sends nonsense causes no traffic. */
  readonly cooldownMs?: number;
  /** How long keys are believed without asking again. A withdrawn key is refused after this time. */
  readonly believedMs?: number;
  readonly timeoutMs?: number;
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;
const tokensFault = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'ERR_JOSE_NOT_SUPPORTED']);
const pauseAfterFailureMs = 1_000;

/** The issuer's public keys: found by discovery, kept for a while, asked for again when a token names a new one. */
export class IssuerKeys {
  #keys: Promise<RemoteKeys> | undefined;
  #failedAt = -Infinity;
  #off: number | undefined;

  constructor(private readonly options: IssuerKeysOptions) {}

  /** How far the issuer's clock was ahead of ours when it last answered, where it says its time. */
  get off(): number | undefined { return this.#off; }

  async key(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<RemoteKeys> {
    try {
      const keys = await (this.#keys ??= this.#find());
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JOSEError && tokensFault.has(error.code)) throw error;
      throw new IssuerUnreachable();
    }
  }

  async #find(): Promise<RemoteKeys> {
    const { jwksUri, cooldownMs = 30_000, believedMs = 300_000, timeoutMs = 5_000 } = this.options;
    try {
      return createRemoteJWKSet(new URL(jwksUri ?? await this.#discover(timeoutMs)), {
        cooldownDuration: cooldownMs, cacheMaxAge: believedMs, timeoutDuration: timeoutMs, [customFetch]: (url, init) => this.#ask(url, init),
      });
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }

  async #discover(timeoutMs: number): Promise<string> {
    const { issuer } = this.options;
    const answer = await this.#ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'manual', signal: AbortSignal.timeout(timeoutMs), headers: { accept: 'application/json' },
    });
    const metadata: unknown = await answer.json();
    if (typeof metadata !== 'object' || metadata === null || !('issuer' in metadata) || !('jwks_uri' in metadata)) throw new IssuerUnreachable();
    if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string') throw new IssuerUnreachable();
    return metadata.jwks_uri;
  }

  /** After a failure the issuer is left alone for a second, however many tokens arrive. */
  async #ask(url: string, init: RequestInit): Promise<Response> {
    if (performance.now() - this.#failedAt < pauseAfterFailureMs) throw new IssuerUnreachable();
    const asked = Date.now();
    try {
      const answer = await fetch(url, init);
      this.#off = answererOff(asked, answer, Date.now());
      if (answer.status !== 200) throw new IssuerUnreachable();
      return answer;
    } catch {
      this.#failedAt = performance.now();
      throw new IssuerUnreachable();
    }
  }
}

import { SubscriptionChallenge } from '@footbridge/contracts';
import { createEgress, EgressFailure, instantOf, newRef, PrivacyRefusal, type Egress, type Gate, type WireBytes } from '@footbridge/privacy';
import type { ServiceConfig } from '@footbridge/service';
import { signatures, type SigningKeys } from './signing.js';

/** What came back; no status where nobody answered or the address is not allowed any more. Never a body: partners echo personal data (reference 2.5.2). */
export interface Posted { readonly status?: number; readonly retryAfter?: number }

/** The partners' endpoints: the only place from which this service speaks to the outside. */
export class Endpoints {
  readonly #egress: Egress;
  constructor(config: Pick<ServiceConfig, 'webhooks' | 'egress'>, private readonly gate: Gate) {
    const loopback = config.webhooks === 'loopback';
    if (loopback && process.env['NODE_ENV'] === 'production') throw new Error('FOOTBRIDGE_WEBHOOKS=loopback is refused where NODE_ENV=production.');
    this.#egress = createEgress({ timeoutMs: 20_000, ...config.egress, allowLoopback: loopback });
  }

  /** https to a public address; what a name stands for is looked at again at each connection. */
  async allowed(url: string): Promise<boolean> {
    // What stands behind # is never sent: no part of an address that is called.
    if (url.includes('#')) return false;
    try { await this.#egress.check(url); return true; } catch (error) {
      if (error instanceof PrivacyRefusal || error instanceof EgressFailure) return false;
      throw error;
    }
  }

  /** Signed; `timestamp` is of the wall clock, which is what receivers compare with. */
  async post(url: string, id: string, body: WireBytes, keys: readonly SigningKeys[], accept?: (answer: Buffer) => boolean): Promise<Posted & { readonly accepted?: boolean }> {
    const timestamp = Math.floor(Date.now() / 1000);
    try {
      return await this.#egress.post(url, body, { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures(keys, id, timestamp, body.bytes()) }, accept);
    } catch (error) {
      if (error instanceof EgressFailure || (error instanceof PrivacyRefusal && error.code === 'URL_NOT_ALLOWED')) return {};
      throw error;
    }
  }

  /** Answered with 200 and the same word: whoever gave the address can be reached there (decisions 17). */
  async answersChallenge(url: string, keys: (id: string) => readonly SigningKeys[], now: Date): Promise<boolean> {
    const [id, challenge] = [newRef('evt'), newRef('chl')];
    const body = this.gate.structured(SubscriptionChallenge, { id, time: instantOf(now, 'minute') }, { challenge }, { 'webhook-id': id, url });
    const { status, accepted } = await this.post(url, id, body, keys(id), (answer) => {
      const said: unknown = JSON.parse(answer.toString('utf8'));
      return typeof said === 'object' && said !== null && 'challenge' in said && said.challenge === challenge;
    });
    return status === 200 && accepted === true;
  }

  close(): Promise<void> { return this.#egress.close(); }
}

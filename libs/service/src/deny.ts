import type { Freshness } from '@footbridge/messaging';
import type { Pool } from 'pg';
import type { DenyList, Standing } from './identity/deny-list.js';

/** Disabled accounts and organisations, as the instance's events told. Looked at at every request, read again every second. */
export class KnownDenyList implements DenyList {
  #disabled: ReadonlySet<string> = new Set();
  #readAt = 0;
  #fresh = false;
  #reading: Promise<void> | undefined;
  constructor(private readonly pool: Pool, private readonly service: string, private readonly freshness: Freshness) {}

  async standing(subject: string, organisation: string): Promise<Standing> {
    if (Date.now() - this.#readAt > 1_000) await (this.#reading ??= this.#read().finally(() => { this.#reading = undefined; }));
    if (!this.#fresh) return 'blind';
    return this.#disabled.has(subject) || this.#disabled.has(organisation) ? 'disabled' : 'good';
  }
  async #read(): Promise<void> {
    const { rows } = await this.pool.query<{ subject: string }>('select subject from disabled where disabled');
    this.#disabled = new Set(rows.map((r) => r.subject));
    // The service that keeps the accounts is never blind to itself.
    this.#fresh = this.service === 'notifications' || await this.freshness.fresh('notifications');
    this.#readAt = Date.now();
  }
}

import { AccountDisabled, AccountEnabled, OrganisationAdded, OrganisationDisabled, OrganisationEnabled } from '@footbridge/contracts';
import type { Freshness } from '@footbridge/messaging';
import type { Pool } from 'pg';
import type { DenyList, Standing } from './identity/deny-list.js';

const standings = [AccountDisabled, AccountEnabled, OrganisationAdded, OrganisationDisabled, OrganisationEnabled].map(({ type }) => type);

/** Disabled accounts and organisations, as the instance's events told. Looked at at every request, read again every second. */
export class KnownDenyList implements DenyList {
  #disabled: ReadonlySet<string> = new Set();
  #readAt = 0;
  #fresh = false;
  #reading: Promise<void> | undefined;
  constructor(private readonly pool: Pool, private readonly service: string, private readonly freshness: Freshness) {}

  async standing(subject: string, organisation: string): Promise<Standing> {
    if (Date.now() - this.#readAt > 1_000) await (this.#reading ??= this.#read().finally(() => { this.#reading = undefined; }));
    if (this.#disabled.has(subject) || this.#disabled.has(organisation)) return 'disabled';
    return this.#fresh ? 'good' : 'blind';
  }
  async #read(): Promise<void> {
    const { rows } = await this.pool.query<{ subject: string | null; parked: boolean }>(`select subject, false as parked from disabled where disabled union all (select null, true from parked where type = any($1) and state <> 'dropped' limit 1)`, [standings]);
    this.#disabled = new Set(rows.flatMap((r) => r.subject ?? []));
    // The service that keeps the accounts is never blind to itself; another is while news of an account is parked.
    this.#fresh = this.service === 'notifications' || !rows.some((r) => r.parked) && await this.freshness.fresh('notifications');
    this.#readAt = Date.now();
  }
}

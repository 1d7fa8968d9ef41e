import { AccountDisabled, AccountEnabled, KeysLocked, OrganisationAdded, OrganisationDisabled, OrganisationEnabled } from '@footbridge/contracts';
import type { Freshness } from '@footbridge/messaging';
import type { Pool } from 'pg';
import type { DenyList, Standing } from './identity/deny-list.js';

const standings = [KeysLocked, AccountDisabled, AccountEnabled, OrganisationAdded, OrganisationDisabled, OrganisationEnabled].map(({ type }) => type);

/** Disabled accounts and organisations, and sessions that a panic has ended, as the instance's events told. Looked at at every request, read again every second. */
export class KnownDenyList implements DenyList {
  #disabled: ReadonlySet<string> = new Set();
  #ended: ReadonlyMap<string, number> = new Map();
  #readAt = 0;
  #fresh = false;
  #reading: Promise<void> | undefined;
  constructor(private readonly pool: Pool, private readonly service: string, private readonly freshness: Freshness, private readonly knowsLocks: boolean) {}

  async standing(subject: string, organisation: string, since: number): Promise<Standing> {
    if (Date.now() - this.#readAt > 1_000) await (this.#reading ??= this.#read().finally(() => { this.#reading = undefined; }));
    if (this.#disabled.has(subject) || this.#disabled.has(organisation)) return 'disabled';
    // The second of a sign-in may have been before the moment of the lock: closed.
    if (since * 1_000 <= (this.#ended.get(organisation) ?? -Infinity)) return 'ended';
    return this.#fresh ? 'good' : 'blind';
  }
  async #read(): Promise<void> {
    const { rows } = await this.pool.query<{ subject: string | null; parked: boolean; ended: Date | null }>(`select subject, false as parked, null::timestamptz as ended from disabled where disabled
      union all (select null, true, null from parked where type = any($1) and state <> 'dropped' limit 1)
      ${this.knowsLocks ? 'union all select organisation, false, max(sessions_ended_at) from key_lock group by organisation' : ''}`, [standings]);
    this.#disabled = new Set(rows.flatMap((r) => (r.ended === null ? r.subject ?? [] : [])));
    this.#ended = new Map(rows.flatMap((r) => (r.subject !== null && r.ended !== null ? [[r.subject, r.ended.getTime()] as const] : [])));
    // The service that keeps the accounts is never blind to itself; another is while news of an account is parked.
    this.#fresh = this.service === 'notifications' || !rows.some((r) => r.parked) && await this.freshness.fresh('notifications');
    this.#readAt = Date.now();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseRow } from '@footbridge/lifecycle';
import { PrivacyRefusal } from '@footbridge/privacy';
import { Problem, log, reasonOf, type Job, type Running } from '@footbridge/service';
import { publishDue, tidyFeed } from '../feed/feed.js';
import type { Endpoints, Posted } from '../subscription/endpoints.js';
import { keysOf } from '../subscription/signing.js';
import type { SubscriptionRow } from '../subscription/subscription.entity.js';
import { DEGRADED_AFTER, DEGRADED_AFTER_MS, Subscription } from '../subscription/subscription.lifecycle.js';
import { HELD_AFTER_MS, authorityOf, dependsOnOthers } from './authorised.js';
import type { DeliveryRow } from './delivery.entity.js';
import { Delivery } from './delivery.lifecycle.js';
import { bytesOf } from './message.js';
import { nextAttempt } from './retry.js';

/** So many at once; and to one endpoint, so that who hangs or fails delays nobody else. A failing endpoint is tried one at a time. */
const AT_ONCE = 64;
const AT_ONCE_TO_ONE = 4;
/** Longer than an attempt may take: whoever claimed it and is still silent has gone, and somebody else goes on. */
const LEASE_SECONDS = 30;
const EVERY_MS = 150;
const TIDY_EVERY_MS = 3_600_000;
/** Not sure of consent or clearance: asked again soon, later less often. */
const BLIND_MS = 2_000;
const UNKNOWN_MS = 60_000;

interface Due { readonly delivery: string; readonly owner: string; readonly subscription: string }

/** Sends what is due. Claims are leases in the database: several replicas share the work, and a process that is killed loses nothing. */
export class Sender implements Job {
  readonly #flying = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #tidiedAt = 0;
  readonly #endpoints: Endpoints;
  readonly #jitter: () => number;
  constructor(private readonly running: Running) {
    this.#endpoints = running.engine.store.reader('', []).port<Endpoints>('endpoints');
    this.#jitter = running.config.jitter ?? Math.random;
  }

  start(): void { this.#loop ??= this.#run(); }
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    // What still hangs is cut; its lease runs out and it is sent again.
    await this.#endpoints.close();
    await Promise.allSettled([...this.#flying]);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const more = await this.#round().catch(() => { if (!this.#stop.signal.aborted) log('webhook-round-failed', { service: 'notifications' }); return false; });
      if (!more) await sleep(EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Returns whether there may be more at once. */
  async #round(): Promise<boolean> {
    const { pool, clock } = this.running;
    const now = clock.now();
    await publishDue(pool, now);
    if (Date.now() - this.#tidiedAt > TIDY_EVERY_MS) { this.#tidiedAt = Date.now(); await tidyFeed(pool, now); }
    await this.#judge(now);
    await this.#giveUp();
    const room = AT_ONCE - this.#flying.size;
    if (room <= 0) return false;
    const { rows } = await pool.query<Due>({ name: 'claim-deliveries', values: [now.toISOString(), room], text: `
      with chosen as (
        select c.delivery from endpoint e cross join lateral (select x.delivery, row_number() over () as n from (
          select d.delivery from delivery_due d where d.subscription = e.subscription and d.due_at <= $1 and (d.leased_until is null or d.leased_until < clock_timestamp()) order by d.due_at, d.delivery
          limit greatest(0, case e.state when 'sub_degraded' then 1 else ${AT_ONCE_TO_ONE} end - (select count(*) from delivery_due f where f.subscription = e.subscription and f.leased_until is not null and f.leased_until >= clock_timestamp()))
          for update skip locked) x) c
        where e.state in ('sub_active', 'sub_degraded') and not exists (select 1 from disabled b where b.subject = e.owner and b.disabled)
        order by c.n limit $2)
      update delivery_due d set leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}) from chosen where d.delivery = chosen.delivery returning d.delivery, d.owner, d.subscription` });
    for (const due of rows) {
      const flight = this.#attempt(due).catch((error: unknown) => this.#later(due, 5_000, error)).finally(() => { this.#flying.delete(flight); });
      this.#flying.add(flight);
    }
    return rows.length > 0;
  }

  /** Fifteen minutes without success count although nothing is due just now. */
  async #judge(now: Date): Promise<void> {
    const { rows } = await this.running.pool.query<{ subscription: string; owner: string }>(`select subscription, owner from endpoint where state = 'sub_active' and (failures >= $1 or failing_since <= $2) limit 50`, [DEGRADED_AFTER, new Date(now.getTime() - DEGRADED_AFTER_MS).toISOString()]);
    for (const { subscription, owner } of rows) await this.#command(Subscription, 'markDegraded', subscription, owner);
  }

  /** Of a disabled endpoint nothing is tried any more; of one that has ended nothing may go. New news waits for a disabled one to come back. */
  async #giveUp(): Promise<void> {
    const { rows } = await this.running.pool.query<Due & { over: boolean }>(`select d.delivery, d.owner, d.subscription, e.state in ('sub_revoked', 'sub_rejected') as over from delivery_due d join endpoint e on e.subscription = d.subscription
      where (e.state = 'sub_disabled' and d.tried) or e.state in ('sub_revoked', 'sub_rejected') limit 100`);
    for (const { delivery, owner, over } of rows) await this.#command(Delivery, over ? 'suppress' : 'exhaust', delivery, owner);
  }

  async #attempt(due: Due): Promise<void> {
    const { engine, clock, freshness, gate, pool } = this.running;
    const [row, subscription] = await Promise.all([this.#row<DeliveryRow>(Delivery, due.delivery, due.owner), this.#row<SubscriptionRow>(Subscription, due.subscription, due.owner)]);
    if (!row || !subscription || (row.state !== 'queued' && row.state !== 'retrying')) { await pool.query('delete from delivery_due where delivery = $1', [due.delivery]); return; }
    if (row.body === undefined) { await this.#command(Delivery, 'suppress', row.id, row.owner); return; }
    if (dependsOnOthers(row)) {
      // Closed when blind (decisions 15): put off, and not counted as an attempt.
      if (!(await freshness.fresh('referrals', row.caseRef))) { await this.#later(due, BLIND_MS); return; }
      const authority = await authorityOf(engine.store.reader(row.owner, []), row, clock.now());
      if (authority !== 'in force') {
        const age = clock.now().getTime() - Date.parse(row.createdAt);
        if (authority === 'held' && age < HELD_AFTER_MS) await this.#later(due, BLIND_MS);
        else if (authority !== 'unknown') await this.#command(Delivery, 'suppress', row.id, row.owner);
        else await this.#later(due, age < UNKNOWN_MS ? BLIND_MS : UNKNOWN_MS);
        return;
      }
    }
    const url = subscription.url ?? '';
    const eventId = row.eventId ?? '';
    const posted = await this.#endpoints.post(url, eventId, bytesOf(gate, row.body, url), keysOf(subscription, eventId, clock.now()));
    if (this.#stop.signal.aborted && posted.status === undefined) return; // it was we who hung up
    if (posted.status !== undefined && posted.status >= 200 && posted.status < 300) await this.#succeeded(row, posted); else await this.#failed(row, posted);
  }

  async #succeeded(row: DeliveryRow, { status }: Posted): Promise<void> {
    const [id, owner] = [row.subscriptionId ?? '', row.owner];
    await this.#command(Delivery, 'succeed', row.id, owner, { lastStatus: status, attempts: (row.attempts ?? 0) + 1 });
    const { rowCount } = await this.running.pool.query('update endpoint set failures = 0, failing_since = null where subscription = $1 and (failures > 0 or state = \'sub_degraded\')', [id]);
    if (rowCount) await this.#command(Subscription, 'recover', id, owner);
  }

  async #failed(row: DeliveryRow, { status, retryAfter }: Posted): Promise<void> {
    const { engine, clock, pool } = this.running;
    const [id, owner] = [row.subscriptionId ?? '', row.owner];
    const now = clock.now();
    const attempts = (row.attempts ?? 0) + 1;
    const next = nextAttempt(attempts, now, this.#jitter(), retryAfter);
    const result = { attempts, lastStatus: status };
    if (!next) await this.#command(Delivery, 'exhaust', row.id, owner, result);
    else if (row.state === 'queued') await this.#command(Delivery, 'fail', row.id, owner, { ...result, nextAttemptAt: next.toISOString() });
    else await engine.learn({ lifecycle: Delivery, id: row.id, owner, changes: { ...result, nextAttemptAt: next.toISOString() } });
    const { rows: [health] } = await pool.query<{ failures: number }>('update endpoint set failures = failures + 1, failing_since = coalesce(failing_since, $2) where subscription = $1 returning failures', [id, now.toISOString()]);
    if (!next || status === 410) await this.#command(Subscription, 'disable', id, owner, { because: status === 410 ? 'GONE' : 'EXHAUSTED' });
    else if ((health?.failures ?? 0) >= DEGRADED_AFTER) await this.#command(Subscription, 'markDegraded', id, owner);
  }

  /** Where the state or a rule no longer allows it, somebody was faster and nothing is owed. */
  async #command(lifecycle: typeof Delivery | typeof Subscription, command: string, id: string, owner: string, body: Readonly<Record<string, unknown>> = {}): Promise<void> {
    try { await this.running.engine.runAs({ lifecycle, command, id, owner, body, as: 'PLATFORM' }); } catch (error) { if (!(error instanceof Problem) || error.code === 'service-unavailable') throw error; }
  }
  async #row<R extends BaseRow>(l: typeof Delivery | typeof Subscription, id: string, owner: string): Promise<R | undefined> {
    const [found] = await this.running.engine.store.find(l, owner, 't.id = ($1->>0)::uuid', [id]);
    return found?.row as R | undefined;
  }
  async #later(due: Due, milliseconds: number, error?: unknown): Promise<void> {
    if (error instanceof PrivacyRefusal) this.running.refusals.note(error);
    if (error !== undefined && !this.#stop.signal.aborted) log('webhook-attempt-failed', { service: 'notifications', reason: reasonOf(error) });
    await this.running.pool.query('update delivery_due set due_at = $2, leased_until = null where delivery = $1', [due.delivery, new Date(this.running.clock.now().getTime() + milliseconds).toISOString()]).catch(() => undefined);
  }
}

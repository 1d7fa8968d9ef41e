import type { ContractEvent } from '@footbridge/contracts';
import type { Freshness } from '@footbridge/messaging';
import type { Gate } from '@footbridge/privacy';
import { after, deadlines } from '@footbridge/contracts';
import { handlersOf, type Engine, type Received } from '@footbridge/service';
import type { Pool, PoolClient } from 'pg';
import { HELD_AFTER_MS, dependsOnOthers, judged, whatIsKnown, type WhatIsKnown } from '../delivery/authorised.js';
import { countryOf } from '../delivery/deliveries.js';
import { bodyOf, delivered, isProtective } from '../delivery/message.js';
import { fullHour } from '../delivery/retry.js';

/**
 * The same news as by webhook, to be fetched. A place in the feed is given when the line becomes visible, one organisation's lines one
 * after the other, so that whoever reads on from a place misses nothing.
 */
export const Feed = handlersOf('Feed', delivered.map((event) => ({
  type: event.type,
  async handle(received, context) {
    if (received.audience === 'instance' || event.subscribable === undefined) return;
    const body = bodyOf(this.engine.store.reader('', []).port<Gate>('gate'), event, received);
    const now = this.engine.clock.now();
    await context.once('Feed', (tx) => (event.audience === 'network' ? wait(tx, event, received, body, now) : write(tx, event, received, body, now)));
  },
})));

async function write(tx: PoolClient, event: ContractEvent, received: Received, body: string, now: Date): Promise<void> {
  await tx.query('select set_config(\'app.org\', $1, true), pg_advisory_xact_lock(hashtextextended(\'feed.\' || $1, 0))', [received.recipient]);
  await tx.query('insert into feed (organisation, event_id, type, body, consent_ref, case_ref, protective, at) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    [received.recipient, received.id, event.type, body, received.consentRef ?? null, received.caseRef ?? null, isProtective(event), now.toISOString()]);
}
async function wait(tx: PoolClient, event: ContractEvent, received: Received, body: string, now: Date): Promise<void> {
  await tx.query('insert into feed_waiting (organisation, event_id, type, body, visible_at) select m.organisation, $1, $2, $3, $4 from member m where m.active and ($5::text is null or m.country = $5)',
    [received.id, event.type, body, (event.atFullHour ? fullHour(now) : now).toISOString(), countryOf(event, received)]);
}
/** What waited for its hour. */
export async function publishDue(pool: Pool, now: Date): Promise<void> {
  await pool.query({ name: 'publish-feed', text: 'select publish_feed($1)', values: [now.toISOString()] });
}
/** Bodies are kept for 14 days. IOM-DP 9. */
export async function tidyFeed(pool: Pool, now: Date): Promise<void> {
  const age = after(now, deadlines.deliveryKept).getTime() - now.getTime();
  await pool.query('select tidy_feed($1)', [new Date(now.getTime() - age).toISOString()]);
}

interface Line { readonly position: number; readonly event_id: string; readonly type: string; readonly body: string; readonly consent_ref: string | null; readonly case_ref: string | null; readonly protective: boolean; readonly at: string; readonly written_at: string; readonly known: WhatIsKnown }
export interface News { readonly position: number; readonly type: string; readonly body: string }
/** `upTo`: where to go on. `blind`: it ends here because nobody knows at this moment whether the next may be shown. */
export interface FeedPage { readonly news: readonly News[]; readonly upTo: number; readonly blind: boolean; readonly more: boolean }

/** So long a line is waited for of which consent is not known yet; after that it is left out like a suppressed one. */
const PATIENCE_MS = 60_000;

/** Cannot be switched off (reference 2.5.3): shown also to who is suspended or has left, and to who pauses its webhooks. */
const always: readonly string[] = delivered.filter((event) => event.always).map(({ type }) => type);

/** Consent and holds are looked at at each read; what may not go any more is left out, and nothing is shown blindly (decisions 15). */
export async function readFeed(engine: Engine, freshness: Freshness, organisation: string, from: number, limit: number, what: 'all' | 'recalls' = 'all'): Promise<FeedPage> {
  const lines = await engine.store.readAs<Line>(organisation, `select to_jsonb(f) || jsonb_build_object('known', ${whatIsKnown('f.consent_ref', 'f.case_ref')})
    from feed f where f.organisation = $1->>0 and f.position > ($1->>1)::bigint and ($1->>3 = 'all' or ($1->4) ? f.type) order by f.position limit ($1->>2)::integer`, [organisation, from, limit + 1, what, always]);
  const news: News[] = [];
  let upTo = from;
  const now = engine.clock.now();
  for (const line of lines.slice(0, limit)) {
    const { position, type, body, protective } = line;
    const piece = { owner: organisation, type, protective, consentRef: line.consent_ref ?? undefined, caseRef: line.case_ref ?? undefined };
    if (dependsOnOthers(piece)) {
      if (!(await freshness.fresh('referrals'))) return { news, upTo, blind: true, more: false };
      const sure = await freshness.fresh('referrals', piece.caseRef);
      const authority = sure ? judged(piece, line.known, now) : 'unknown';
      const age = Date.now() - Date.parse(line.written_at);
      if (age < (authority === 'unknown' ? PATIENCE_MS : authority === 'held' ? HELD_AFTER_MS : 0)) return { news, upTo, blind: true, more: false };
      if (authority !== 'in force') { upTo = position; continue; }
    }
    news.push({ position, type, body });
    upTo = position;
  }
  return { news, upTo, blind: false, more: lines.length > limit };
}

import type { Pool, PoolClient } from 'pg';
import { transaction } from './transaction.js';

/** What a handler gets beside the event, by `@Ctx()`. */
export interface EventContext {
  /** Inbox row and effect in one transaction: a second delivery has no effect. */
  once(handler: string, effect: (tx: PoolClient) => Promise<void>): Promise<void>;
  /** The same row, for whoever writes it inside a commit of its own. That it is there already means: handled. */
  inboxRow(handler: string): Record<string, unknown>;
}

export const contextOf = (pool: Pool, eventId: string): EventContext => ({
  inboxRow: (handler) => ({ handler, event_id: eventId }),
  once: (handler, effect) => transaction(pool, async (tx) => {
    // who delivers the same event at the same moment waits here for the first one's end
    const { rowCount } = await tx.query({ name: 'footbridge-inbox', text: 'insert into inbox (handler, event_id) values ($1, $2) on conflict do nothing', values: [handler, eventId] });
    if (rowCount === 1) await effect(tx);
  }),
});

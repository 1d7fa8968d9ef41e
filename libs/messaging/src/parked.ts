import type { Pool, PoolClient } from 'pg';
import { attributeRow, attributesOf, type Attributes, type Row } from './event.js';
import { codes, HandlerRefusal } from './refusal.js';
import { borrowed, transaction } from './transaction.js';
import type { Place } from './transport.js';

/** What the operator sees of an event that could not be handled. */
export interface ParkedEvent {
  readonly id: string;
  /** The handler that failed; `*` for a message that could not be read at all. */
  readonly handler: string;
  /** `waiting`: stands behind a parked one of the same key and handler. `dropped`: kept for the record. */
  readonly state: 'parked' | 'waiting' | 'dropped';
  readonly reason: string;
  readonly attempts: number;
  readonly at: Date;
  /** Nothing that says whose case it is: an operator has no access to cases. */
  readonly event: Partial<Pick<Attributes, 'id' | 'type' | 'time' | 'aggregate' | 'version' | 'copy'>>;
  readonly place: Place;
}

export interface Replayed {
  /** How many events of the key were handled now. */
  readonly handled: number;
  /** Why it stopped, if it did. */
  readonly reason?: string;
}

/** The handler's name of messages that could not be read: the whole service's. */
export const EVERY = '*';

export interface ParkedRow extends Row {
  readonly id: string;
  readonly position: string;
  readonly handler: string;
  readonly state: ParkedEvent['state'];
  readonly reason: string;
  readonly attempts: number;
  readonly at: Date;
  readonly aggregate: string | null;
  /** Null where the gate has not read it: only bodies of wire types are kept here. The transport has it still. */
  readonly data: Buffer | null;
  readonly topic: string;
  readonly partition: number;
  readonly place: string;
}

/** How to handle a parked event again. */
export interface Rerun {
  /** The handlers that a message which could not be read before is for, now that it can; or why it still cannot. */
  reread(row: ParkedRow): Promise<{ readonly handlers: readonly string[]; readonly event: Attributes; readonly data: Buffer } | { readonly reason: string }>;
  /** Undefined: done. */
  again(row: ParkedRow): Promise<{ readonly reason: string; readonly attempts: number } | undefined>;
}

/** Who gives an event up: whether this one may be, and what is written with it, in the same transaction. */
export interface GivingUp {
  may(event: Partial<Attributes>): boolean;
  note?(tx: PoolClient, event: Partial<Attributes>): Promise<void>;
}

const REPLAY = "hashtextextended('footbridge.replay.' || current_schema() || $1, 0)";

/** Rows before this one in its own key and for its own handler come first; a message that nobody could read stands before all handlers. */
const LANE = `aggregate = $1 and handler in ($2, '${EVERY}') and state <> 'dropped'`;

/**
 * Events that could not be handled, in their order. A parked event blocks nothing but later events of its own key and handler: they wait
 * behind it, here, until it is replayed or dropped, and then go on in order.
 */
export class Parked {
  constructor(private readonly pool: Pool, private readonly rerun: Rerun) {}

  /** The oldest first; `after` is the id of the last one seen. */
  async list({ after = '0', limit = 100, dropped = false }: { readonly after?: string; readonly limit?: number; readonly dropped?: boolean } = {}): Promise<ParkedEvent[]> {
    const { rows } = await this.pool.query<ParkedRow>(`select * from parked where id > $1 and (state <> 'dropped' or $3) order by id limit $2`, [after, Math.min(limit, 1_000), dropped]);
    return rows.map((row) => {
      return { id: row.id, handler: row.handler, state: row.state, reason: row.reason, attempts: row.attempts, at: row.at, event: shown(attributesOf({ ...row, id: row['event_id'] })), place: { topic: row.topic, partition: row.partition, offset: row.place } };
    });
  }

  /** Handles the event again, then those behind it, until one fails. */
  async replay(id: string): Promise<Replayed> {
    const row = await this.#find(id);
    return this.#alone(row, async () => {
      if (row.handler === EVERY) {
        const read = await this.#reread(row);
        return 'reason' in read ? { handled: 0, reason: read.reason } : this.#others(read.aggregate);
      }
      if (row.aggregate === null) return { handled: 0, reason: row.reason };
      return this.#lane(row.aggregate, row.handler, true);
    });
  }

  /** The event will never be handled, by nobody's mistake but somebody's decision. Those behind it go on. @throws HandlerRefusal PARKED_IS_KEPT */
  async drop(id: string, by: GivingUp): Promise<Replayed> {
    const row = await this.#find(id);
    const event = attributesOf({ ...row, id: row['event_id'] });
    if (!by.may(event)) throw new HandlerRefusal('PARKED_IS_KEPT', false);
    return this.#alone(row, async () => {
      await this.#edit(row.aggregate, async (tx) => {
        // A replay in between has handled it: there is nothing to give up.
        const { rowCount } = await tx.query("update parked set state = 'dropped', at = now() where id = $1 and state <> 'dropped'", [row.id]);
        if (rowCount === 0) throw new HandlerRefusal('PARKED_NOT_FOUND', false);
        await by.note?.(tx, event);
      });
      return this.#others(row.aggregate);
    });
  }

  /** What this handler must not do with this event now: it waits behind another, or the operator has dropped it. */
  async standing(aggregate: string, eventId: string): Promise<{ blocked(handler: string): boolean; dropped(handler: string): boolean }> {
    const { rows } = await this.pool.query<{ handler: string; event_id: string | null; state: string }>({ name: 'footbridge-parked', text: 'select handler, event_id, state from parked where aggregate = $1', values: [aggregate] });
    return {
      blocked: (handler) => rows.some((r) => r.state !== 'dropped' && (r.handler === handler || r.handler === EVERY)),
      dropped: (handler) => rows.some((r) => r.state === 'dropped' && r.event_id === eventId && (r.handler === handler || r.handler === EVERY)),
    };
  }

  async park(handler: string, event: Partial<Attributes>, data: Buffer | undefined, place: Place, reason: string, attempts: number): Promise<void> {
    await this.#edit(event.aggregate ?? null, (tx) => insert(tx, { handler, event, data, place, state: 'parked', reason, attempts }));
  }

  /** Puts the event behind the parked one. False: that one has just gone, and the event may be handled. */
  async queue(handler: string, event: Attributes, data: Buffer, place: Place, reason: string): Promise<boolean> {
    return this.#edit(event.aggregate, async (tx) => {
      const { rowCount } = await tx.query(`select 1 from parked where ${LANE} limit 1`, [event.aggregate, handler]);
      if (rowCount === 0) return false;
      await insert(tx, { handler, event, data, place, state: 'waiting', reason, attempts: 0 });
      return true;
    });
  }

  /** Goes on where a process ended in the middle of a replay, and with messages whose type is known since. */
  async resume(types: readonly string[]): Promise<void> {
    const { rows } = await this.pool.query<ParkedRow>(
      `select * from (select distinct on (aggregate, handler) * from parked where state <> 'dropped' order by aggregate, handler, position, id) heads
       where state = 'waiting' or (handler = '${EVERY}' and reason in ('${codes.typeUnknown}', '${codes.versionUnknown}') and type = any($1)) order by id limit 1000`, [types]);
    for (const row of rows) await (row.handler === EVERY ? this.replay(row.id) : this.#alone(row, () => this.#others(row.aggregate))).catch(() => undefined);
  }

  async #find(id: string): Promise<ParkedRow> {
    const { rows } = /^\d{1,18}$/.test(id) ? await this.pool.query<ParkedRow>("select * from parked where id = $1 and state <> 'dropped'", [id]) : { rows: [] };
    if (!rows[0]) throw new HandlerRefusal('PARKED_NOT_FOUND', false);
    return rows[0];
  }

  /** One replay of a key at a time, in all processes. */
  #alone(row: ParkedRow, work: () => Promise<Replayed>): Promise<Replayed> {
    return borrowed(this.pool, async (holder) => {
      const key = [row.aggregate ?? row.id];
      const { rows } = await holder.query<{ locked: boolean }>(`select pg_try_advisory_lock(${REPLAY}) as locked`, key);
      if (!rows[0]?.locked) throw new HandlerRefusal('REPLAY_IN_PROGRESS', true);
      try { return await work(); } finally {
        await holder.query(`select pg_advisory_unlock(${REPLAY})`, key).catch((broken: Error) => holder.emit('error', broken)); // then it goes with the connection
      }
    });
  }

  /** Every handler of the key whose first event only waits. */
  async #others(aggregate: string | null): Promise<Replayed> {
    if (aggregate === null) return { handled: 0 };
    const { rows } = await this.pool.query<{ handler: string }>("select distinct handler from parked where aggregate = $1 and state = 'waiting'", [aggregate]);
    let handled = 0;
    let reason: string | undefined;
    for (const { handler } of rows) {
      const one = await this.#lane(aggregate, handler, false);
      handled += one.handled;
      reason ??= one.reason;
    }
    return { handled, ...(reason === undefined ? {} : { reason }) };
  }

  async #lane(aggregate: string, handler: string, forced: boolean): Promise<Replayed> {
    for (let handled = 0; ; handled += 1) {
      const { rows: [head] } = await this.pool.query<ParkedRow>(`select * from parked where ${LANE} order by position, id limit 1`, [aggregate, handler]);
      if (!head) return { handled };
      if (head.handler === EVERY || (head.state === 'parked' && !(forced && handled === 0))) return { handled, reason: head.reason };
      const refused = await this.rerun.again(head);
      if (refused) {
        await this.pool.query("update parked set state = 'parked', reason = $2, attempts = attempts + $3, at = now() where id = $1", [head.id, refused.reason, refused.attempts]);
        return { handled, reason: refused.reason };
      }
      await this.#edit(aggregate, (tx) => tx.query('delete from parked where id = $1', [head.id]));
    }
  }

  /** Puts the handlers of the message in its place. */
  async #reread(row: ParkedRow): Promise<{ readonly aggregate: string } | { readonly reason: string }> {
    const read = await this.rerun.reread(row);
    if ('reason' in read) {
      await this.pool.query('update parked set reason = $2, attempts = attempts + 1, at = now() where id = $1', [row.id, read.reason]);
      return read;
    }
    await this.#edit(read.event.aggregate, async (tx) => {
      await tx.query('delete from parked where id = $1', [row.id]);
      for (const handler of read.handlers) await insert(tx, { handler, event: read.event, data: read.data, place: { topic: row.topic, partition: row.partition, offset: row.place }, state: 'waiting', reason: row.reason, attempts: 0, position: row.position });
    });
    return { aggregate: read.event.aggregate };
  }

  /** Who puts an event behind another and who takes the other away see each other. */
  #edit<T>(aggregate: string | null, change: (tx: PoolClient) => Promise<T>): Promise<T> {
    return transaction(this.pool, async (tx) => {
      if (aggregate !== null) await tx.query("select pg_advisory_xact_lock(hashtextextended('footbridge.parked.' || current_schema() || $1, 0))", [aggregate]);
      return change(tx);
    });
  }
}

export const shown = ({ subject: _s, audience: _a, recipient: _r, caseRef: _c, owner: _o, consentRef: _k, about: _b, causedBy: _y, traceparent: _t, ...event }: Partial<Attributes>): ParkedEvent['event'] => event;

interface NewRow {
  readonly handler: string;
  readonly event: Partial<Attributes>;
  readonly data: Buffer | undefined;
  readonly place: Place;
  readonly state: 'parked' | 'waiting';
  readonly reason: string;
  readonly attempts: number;
  readonly position?: string;
}

async function insert(tx: PoolClient, { handler, event, data, place, state, reason, attempts, position }: NewRow): Promise<void> {
  const { id, ...attributes } = attributeRow(event);
  const row: Record<string, unknown> = { ...attributes, event_id: id, handler, state, reason, attempts, topic: place.topic, partition: place.partition, place: place.offset, data: data ?? null, ...(position === undefined ? {} : { position }) };
  const columns = Object.keys(row);
  await tx.query(`insert into parked (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')}) on conflict do nothing`, Object.values(row));
}

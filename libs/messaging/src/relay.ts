import { PrivacyRefusal, type EventDef, type Gate, type WireMessage } from '@footbridge/privacy';
import type { Pool, PoolClient } from 'pg';
import { backoff, Bell, pause } from './bell.js';
import { attributeColumns, metadataOf, topicOf, type Row } from './event.js';
import { watermarks } from './freshness.js';
import { hold, lanesHeld, mayBeEvent, releaseAll, type Refused } from './held.js';
import { codes } from './refusal.js';
import type { Transport } from './transport.js';

export interface RelayOptions {
  /** Its `search_path` is the service's schema. The connections are direct ones: a pooler in transaction mode passes neither NOTIFY nor session locks. */
  readonly pool: Pool;
  readonly transport: Transport;
  readonly service: string;
  /** Makes the messages: nothing goes to a transport because it stands in a table. */
  readonly gate: Gate;
  /** Every event type that there is: `events` of `@footbridge/contracts`. */
  readonly events: Readonly<Record<string, EventDef>>;
  /** A code whenever something keeps the relay from sending. */
  readonly onTrouble?: (code: string) => void;
}

type OutboxRow = Row & { readonly position: string; readonly aggregate: string; readonly data: Buffer };

/** A moment that is to be told to all partitions once everything committed before it has been sent. */
interface Mark {
  readonly at: number;
  readonly xmax: string;
  /** Known when every transaction that had begun at that moment has ended: the last row there was then. */
  upTo?: bigint;
}

const BATCH = 500;
const WATERMARK_EVERY = 1_000;
const FOLLOWER_ASKS_EVERY = 500;

/**
 * Sends what the outbox holds, in the order of its positions, and deletes a row only after the transport has it. One relay of a service
 * is active, the others wait for its lock. A slow transaction commits a lower position later, so a last position is trusted only while a
 * backlog is read on, and for a second at most; then it reads from the beginning again.
 *
 * A row that the gate refuses is held back (held.ts), and what comes later of its aggregate waits behind it, so that order holds. Others go
 * on, but no watermark is sent meanwhile: nobody is to believe that they have heard everything. A row whose type can be nobody's event holds up nothing.
 */
export class Relay {
  readonly #o: RelayOptions;
  readonly #bell = new Bell();
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: RelayOptions) { this.#o = options; }

  /** Runs until `stop`, whatever happens to the database and the transport meanwhile. */
  start(): Promise<void> {
    this.#loop ??= this.#run();
    return Promise.resolve();
  }

  /** After the batch that is on its way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#bell.ring();
    await this.#loop;
    this.#loop = undefined;
    this.#stopping = new AbortController();
  }

  /** Resolves when the outbox is empty. */
  async drain(): Promise<void> {
    for (;;) {
      const { rowCount } = await this.#o.pool.query('select 1 from outbox limit 1');
      if (rowCount === 0) return;
      this.#bell.ring();
      await pause(10, this.#stopping.signal);
    }
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      let client: PoolClient | undefined;
      const lost = new AbortController();
      try {
        client = await this.#o.pool.connect();
        client.on('error', () => { lost.abort(); this.#bell.ring(); });
        client.on('notification', () => { this.#bell.ring(); });
        const schema = await this.#lead(client, lost.signal);
        failures = 0;
        if (schema !== undefined) await this.#send(client, schema, AbortSignal.any([lost.signal, this.#stopping.signal]));
      } catch {
        this.#o.onTrouble?.('DATABASE_AWAY');
        failures += 1;
      } finally {
        client?.release(true); // with the connection go its locks and its LISTEN
      }
      if (failures > 0) await pause(backoff(failures), this.#stopping.signal);
    }
  }

  /** Waits until this relay is the active one. */
  async #lead(client: PoolClient, lost: AbortSignal): Promise<string | undefined> {
    const { rows: [found] } = await client.query<{ schema: string | null }>('select current_schema() as schema');
    const schema = found?.schema;
    if (!schema) throw new Error('search_path names no schema');
    while (!this.#stopping.signal.aborted && !lost.aborted) {
      if (await locked(client, 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', `footbridge.relay.${schema}`)) {
        await client.query(`listen ${client.escapeIdentifier(`outbox_${schema}`)}`);
        return schema;
      }
      await this.#bell.wait(FOLLOWER_ASKS_EVERY);
    }
    return undefined;
  }

  async #send(client: PoolClient, schema: string, over: AbortSignal): Promise<void> {
    const asleepKey = `footbridge.relay.asleep.${schema}`;
    let asleep = false;
    let mark: Mark | undefined;
    let nextMark = 0;
    let after = '0';
    await releaseAll(client); // this build may know what the last one refused
    let lanes: readonly string[] = [];
    // what is deleted and, after a crash of the server, there again, is sent again: its id is the same
    await client.query('set synchronous_commit = off');
    while (!over.aborted) {
      if (performance.now() >= nextMark) {
        nextMark = performance.now() + WATERMARK_EVERY;
        after = '0';
        lanes = await lanesHeld(client, this.#o.service); // an operator may have settled one
        mark ??= await take(client);
      }
      if (mark && mark.upTo === undefined && await settle(client, mark)) after = '0';

      const { rows } = await client.query<OutboxRow>({
        name: 'footbridge-outbox', text: `select position, ${attributeColumns.join(', ')}, data from outbox where position > $1 and held is null and aggregate <> all($2::uuid[]) order by position limit ${BATCH}`, values: [after, lanes],
      });
      if (rows.length > 0) {
        if (asleep) asleep = !(await locked(client, 'select pg_advisory_unlock(hashtextextended($1, 0)) as locked', asleepKey));
        const { sent, messages, refused } = this.#messages(rows);
        if (refused.length > 0) {
          await hold(client, refused);
          lanes = await lanesHeld(client, this.#o.service);
          for (const { code } of refused) this.#o.onTrouble?.(`HELD_${code}`);
        }
        if (messages.length > 0) {
          if (!(await this.#publish(messages, over))) return;
          await client.query({ name: 'footbridge-sent', text: 'delete from outbox where position = any($1::bigint[])', values: [sent] });
        }
      }
      after = rows.length === BATCH ? rows.at(-1)?.position ?? '0' : '0';
      // since the mark settled, everything has been sent (a short batch), or at least everything that was there then
      if (mark?.upTo !== undefined && lanes.length === 0 && (rows.length < BATCH || BigInt(rows.at(-1)?.position ?? 0) >= mark.upTo)) {
        if (!(await this.#publish(watermarks(this.#o.gate, this.#o.service, mark.at), over))) return;
        mark = undefined;
      }
      if (rows.length > 0) continue;
      if (asleep) await this.#bell.wait(mark ? 20 : nextMark - performance.now());
      else {
        // who writes from now on rings; who wrote before and has not committed yet keeps the lock from us: then look again soon
        asleep = await locked(client, 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', asleepKey);
        if (!asleep) await this.#bell.wait(5);
      }
    }
  }

  /** What has passed, in order, and what has not: then nothing later of its aggregate passes either. */
  #messages(rows: readonly OutboxRow[]): { readonly sent: readonly string[]; readonly messages: readonly WireMessage[]; readonly refused: readonly Refused[] } {
    const [sent, messages, refused]: [string[], WireMessage[], Refused[]] = [[], [], []];
    const behind = new Set<string>();
    for (const row of rows) {
      if (behind.has(row.aggregate)) continue;
      try {
        messages.push(this.#message(row));
        sent.push(row.position);
      } catch (error) {
        refused.push({ position: row.position, code: error instanceof PrivacyRefusal ? error.code : 'GATE_FAILED' });
        if (mayBeEvent(this.#o.service, row)) behind.add(row.aggregate);
      }
    }
    return { sent, messages, refused };
  }

  #message(row: OutboxRow): WireMessage {
    const type = String(row['type']);
    const def = Object.hasOwn(this.#o.events, type) ? this.#o.events[type] : undefined;
    if (!def) throw new PrivacyRefusal(codes.typeUnknown);
    return this.#o.gate.message(def, metadataOf(this.#o.service, row), row.data);
  }

  /** Tries for as long as it takes. False: this relay is not to go on. */
  async #publish(batch: readonly WireMessage[], over: AbortSignal): Promise<boolean> {
    for (let failures = 0; !over.aborted; failures += 1) {
      try {
        await this.#o.transport.publish(topicOf(this.#o.service), batch);
        return true;
      } catch {
        this.#o.onTrouble?.('TRANSPORT_AWAY');
        await pause(backoff(failures), over);
      }
    }
    return false;
  }
}

const locked = async (client: PoolClient, text: string, key: string): Promise<boolean> => {
  const { rows } = await client.query<{ locked: boolean }>(text, [key]);
  return rows[0]?.locked === true;
};

/** The clock is read first: what commits between the two is sent earlier than it need be, never later. */
async function take(client: PoolClient): Promise<Mark | undefined> {
  const at = Date.now();
  const { rows: [row] } = await client.query<{ xmax: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as xmax');
  return row && { at, xmax: row.xmax };
}

/**
 * Every transaction that could have written before the mark's moment has a number below its `xmax`. When the oldest one still running has reached
 * that number, all of them have ended and their rows can be seen; the last of these has to be sent before the mark is.
 */
async function settle(client: PoolClient, mark: Mark): Promise<boolean> {
  const { rows: [row] } = await client.query<{ settled: boolean; last: string | null }>({
    name: 'footbridge-settled', text: 'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 as settled, (select max(position) from outbox) as last', values: [mark.xmax],
  });
  if (!row?.settled) return false;
  mark.upTo = BigInt(row.last ?? 0);
  return true;
}

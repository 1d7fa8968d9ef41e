import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { EventDef, Gate } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { lastValueFrom } from 'rxjs';
import { pause } from './bell.js';
import { contextOf } from './context.js';
import { headersOf, readAttributes, serviceOf, topicOf, wellFormed, type Attributes, type ReceivedEvent } from './event.js';
import { Watermarks, watermarkType, type Freshness } from './freshness.js';
import { EVERY, Parked, type ParkedRow } from './parked.js';
import { ALREADY_HANDLED, codes, databaseAway, refusalOf } from './refusal.js';
import type { Arrival, Outcome, Place, Subscription, Transport } from './transport.js';

/** How long to wait before each further attempt, in milliseconds; after the last one the event is parked. */
export interface RetryPolicy { readonly delays: readonly number[] }

export interface EventServerOptions {
  readonly transport: Transport;
  /** The service's name: its replicas share the events. */
  readonly group: string;
  /** Its `search_path` is the service's schema. */
  readonly pool: Pool;
  /** Every event type that there is: `events` of `@footbridge/contracts`. */
  readonly events: Readonly<Record<string, EventDef>>;
  readonly gate: Gate;
  readonly retry?: RetryPolicy;
  /** The wall clock. */
  readonly now?: () => number;
  /** How old a watermark may be, in milliseconds. */
  readonly freshFor?: number;
  /** A code whenever something goes wrong: `PARKED_<reason>`, or what keeps events from being handled. */
  readonly onTrouble?: (code: string) => void;
}

/** A class of handlers: its methods for one event stand or fall together, and its events of one key stay in order. */
type Handlers = ReadonlyMap<string, readonly MessageHandler[]>;

/** The transport keeps an event for days; to know it for longer than that is enough. */
const INBOX_DAYS = 30;
const TIDY_EVERY = 60_000;

/** Nest's side of the transports: ordinary `@EventPattern` methods get the events. Connect it with `connectEvents`. */
export class EventServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  readonly freshness: Freshness;
  readonly parked: Parked;
  readonly #o: EventServerOptions;
  readonly #watermarks: Watermarks;
  readonly #handlers = new Map<string, Map<string, MessageHandler[]>>();
  readonly #delays: readonly number[];
  readonly #never = new AbortController().signal;
  #nameOf: (extras: object) => string | undefined = () => undefined;
  #subscription: Subscription | undefined;
  #tidying: NodeJS.Timeout | undefined;

  constructor(options: EventServerOptions) {
    super();
    this.#o = options;
    this.#delays = options.retry?.delays ?? [100, 500, 2_000];
    this.#watermarks = new Watermarks(options.pool, options.now ?? Date.now, options.freshFor ?? 5_000, (code) => options.onTrouble?.(code));
    this.freshness = this.#watermarks;
    this.parked = new Parked(options.pool, { reread: (row) => this.#reread(row), again: (row) => this.#again(row) });
  }

  /** How handlers are called in inbox and parked: by their class, see `connectEvents`. */
  nameHandlersBy(nameOf: (extras: object) => string | undefined): void { this.#nameOf = nameOf; }

  /** Nest chains several handlers of one event into one; here each class of handlers is run, retried and parked by itself. */
  override addHandler(pattern: unknown, callback: MessageHandler, isEventHandler = false, extras: Record<string, unknown> = {}): void {
    const type = String(pattern);
    const name = typeof extras['handler'] === 'string' ? extras['handler'] : this.#nameOf(extras);
    if (!isEventHandler) throw new Error(`${type}: services talk by events only (@EventPattern).`);
    if (!name || name === EVERY) throw new Error(`${type}: this handler has no name. Connect the EventServer with connectEvents(app, server).`);
    if (!this.#o.events[type]) throw new Error(`${type}: no such event in the contracts.`);
    const named = this.#handlers.get(type) ?? new Map<string, MessageHandler[]>();
    named.set(name, [...(named.get(name) ?? []), callback]);
    this.#handlers.set(type, named);
    this.messageHandlers.set(type, callback);
  }

  listen(callback: (error?: unknown) => void): void {
    void this.#listen().then(() => { callback(); }, callback);
  }

  async close(): Promise<void> {
    clearInterval(this.#tidying);
    await this.#subscription?.close();
    this.#subscription = undefined;
    await this.#watermarks.close();
  }

  on(): never { throw new Error('EventServer has no events of its own.'); }
  unwrap<T>(): T { throw new Error('EventServer hides its transport.'); }

  async #listen(): Promise<void> {
    const topics = [...new Set([...this.#handlers.keys()].map((type) => topicOf(this.#o.events[type]?.service ?? '')))];
    if (topics.length > 0) this.#subscription = await this.#o.transport.subscribe(this.#o.group, topics, (arrival, signal) => this.#receive(arrival, signal));
    this.#tidying = setInterval(() => void this.#tidy(), TIDY_EVERY).unref();
    void this.#tidy();
  }

  async #tidy(): Promise<void> {
    try {
      await this.parked.resume(Object.keys(this.#o.events));
      await this.#o.pool.query('delete from inbox where at < now() - make_interval(days => $1)', [INBOX_DAYS]);
      await this.#o.pool.query("delete from parked where state = 'dropped' and at < now() - make_interval(days => $1)", [INBOX_DAYS]);
    } catch {
      this.#o.onTrouble?.('DATABASE_AWAY'); // and again in a minute
    }
  }

  async #receive(arrival: Arrival, signal: AbortSignal): Promise<Outcome> {
    const service = serviceOf(arrival.topic);
    const type = arrival.headers.get('ce_type') ?? '';
    if (type === watermarkType(service) && this.#watermarks.note(service, arrival.partition, arrival.headers)) return 'passed';
    const handlers: Handlers | undefined = this.#handlers.get(type);
    if (!handlers && known(this.#o.events, type)?.service === service) return 'passed';

    const read = this.#read(arrival);
    if ('reason' in read) {
      const kept = wellFormed(arrival.headers);
      await this.parked.park(EVERY, kept, undefined, arrival, read.reason, 1);
      this.#o.onTrouble?.(`PARKED_${read.reason}`);
      return 'acted';
    }
    const { event } = read;
    const standing = await this.parked.standing(event.aggregate, event.id);
    for (const [name, callbacks] of handlers ?? []) {
      if (standing.dropped(name)) continue;
      if (standing.blocked(name) && await this.parked.queue(name, event, arrival.body, arrival, codes.behind)) continue;
      const refused = await this.#attempt(callbacks, event, signal);
      if (!refused) continue;
      await this.parked.park(name, event, arrival.body, arrival, refused.reason, refused.attempts);
      this.#o.onTrouble?.(`PARKED_${refused.reason}`);
    }
    return 'acted';
  }

  /** Strict in everything: a message is one of ours, as the contracts have it, or it is parked. */
  #read(arrival: Pick<Arrival, 'topic' | 'headers' | 'body'>): { readonly event: ReceivedEvent } | { readonly reason: string } {
    const attributes = readAttributes(arrival.headers);
    if (typeof attributes === 'string') return { reason: attributes };
    const def = known(this.#o.events, attributes.type);
    const service = serviceOf(arrival.topic);
    if (!def) return { reason: sameName(this.#o.events, attributes.type) ? codes.versionUnknown : codes.typeUnknown };
    if (def.service !== service) return { reason: codes.wrongTopic };
    try {
      return { event: Object.freeze({ ...attributes, service, data: this.#o.gate.decode(def, arrival.body) }) };
    } catch (error) {
      const { code } = refusalOf(error);
      return { reason: code === codes.handlerFailed ? codes.bodyRefused : code };
    }
  }

  /** In place, so that the key's order holds. Rejects where trying again is not ours: the database is away, or the partition is. */
  async #attempt(callbacks: readonly MessageHandler[], event: ReceivedEvent, signal: AbortSignal): Promise<{ readonly reason: string; readonly attempts: number } | undefined> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        await this.#run(callbacks, event);
        return undefined;
      } catch (error) {
        const refusal = refusalOf(error);
        if (databaseAway(refusal)) throw refusal;
        const delay = this.#delays[attempts - 1];
        if (!refusal.retry || delay === undefined) return { reason: refusal.code, attempts };
        await pause(delay, signal);
        if (signal.aborted) throw refusal;
      }
    }
  }

  async #run(callbacks: readonly MessageHandler[], event: ReceivedEvent): Promise<void> {
    const context = contextOf(this.#o.pool, event.id);
    for (const callback of callbacks) {
      try {
        await lastValueFrom(this.transformToObservable(await callback(event, context)), { defaultValue: undefined });
      } catch (error) {
        if (refusalOf(error).code !== ALREADY_HANDLED) throw error;
      }
    }
  }

  async #again(row: ParkedRow): Promise<{ readonly reason: string; readonly attempts: number } | undefined> {
    if (!row.data) return { reason: row.reason, attempts: 0 };
    const read = this.#read({ topic: row.topic, headers: new Map(Object.entries(headersOf({ ...row, id: row['event_id'] }))), body: row.data });
    if ('reason' in read) return { reason: read.reason, attempts: 1 };
    const callbacks = this.#handlers.get(read.event.type)?.get(row.handler);
    return callbacks ? this.#attempt(callbacks, read.event, this.#never) : { reason: codes.handlerGone, attempts: 0 };
  }

  /** A body that the gate has not read is not kept: the transport is asked for it. */
  async #reread(row: ParkedRow): Promise<{ readonly handlers: readonly string[]; readonly event: Attributes; readonly data: Buffer } | { readonly reason: string }> {
    const place: Place = { topic: row.topic, partition: row.partition, offset: row.place };
    const arrival = await this.#o.transport.read(place);
    if (!arrival) return { reason: codes.gone };
    const read = this.#read(arrival);
    return 'reason' in read ? read : { handlers: [...(this.#handlers.get(read.event.type)?.keys() ?? [])], event: read.event, data: arrival.body };
  }
}

const known = (events: Readonly<Record<string, EventDef>>, type: string): EventDef | undefined => (Object.hasOwn(events, type) ? events[type] : undefined);
const sameName = (events: Readonly<Record<string, EventDef>>, type: string): boolean => {
  const name = type.replace(/\.v\d+$/, '.v');
  return Object.keys(events).some((other) => other.replace(/\.v\d+$/, '.v') === name);
};

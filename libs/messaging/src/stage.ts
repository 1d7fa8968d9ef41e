import { randomBytes, randomUUID } from 'node:crypto';
import { createGate, newRef, wire, type EventDef } from '@footbridge/privacy';
import pg, { type Pool } from 'pg';
import type { EventContext } from './context.js';
import { EventServer, type EventServerOptions } from './event-server.js';
import { outboxRow, type Attributes, type ReceivedEvent } from './event.js';
import { heldBack } from './held.js';
import { Relay } from './relay.js';
import { messagingSchema } from './schema.js';
import type { Transport } from './transport.js';

export const gate = createGate();

/** A service that exists for one test: its own schema, its own topic. */
export class Stage {
  readonly pools: Pool[] = [];
  readonly servers: EventServer[] = [];
  readonly relays: Relay[] = [];
  readonly transports: Transport[] = [];
  readonly troubles: string[] = [];
  readonly source: string;

  constructor(readonly database: string, readonly makeTransport: () => Transport, source?: string) {
    this.source = source ?? `t${[...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')}`;
  }

  get counted(): EventDef { return { type: `footbridge.${this.source}.counted.v1`, service: this.source, name: 'Counted', audience: 'instance', data: { version: wire.version } }; }
  get noted(): EventDef { return { type: `footbridge.${this.source}.noted.v1`, service: this.source, name: 'Noted', audience: 'instance', data: { version: wire.version } }; }
  get events(): Readonly<Record<string, EventDef>> { return { [this.counted.type]: this.counted, [this.noted.type]: this.noted }; }

  transport(): Transport {
    const transport = this.makeTransport();
    this.transports.push(transport);
    return transport;
  }

  pool(schema: string): Pool {
    const pool = new pg.Pool({ connectionString: this.database, options: `-c search_path=${schema}`, max: 12 });
    pool.on('error', () => undefined);
    this.pools.push(pool);
    return pool;
  }

  async schema(name: string): Promise<Pool> {
    const pool = this.pool(name);
    await pool.query(`create schema ${name}; ${messagingSchema}; ${heldBack()}; create table effect (position bigint generated always as identity, handler text, event_id text, aggregate uuid, version integer)`);
    return pool;
  }

  relay(pool: Pool, transport: Transport, events = this.events): Relay {
    const relay = new Relay({ pool, transport, service: this.source, gate, events, onTrouble: (code) => this.troubles.push(code) });
    this.relays.push(relay);
    return relay;
  }

  server(pool: Pool, transport: Transport, group: string, options: Partial<EventServerOptions> = {}): EventServer {
    const server = new EventServer({ transport, group, pool, events: this.events, gate, retry: { delays: [10, 20] }, onTrouble: (code) => this.troubles.push(code), ...options });
    this.servers.push(server);
    return server;
  }

  /** Handlers that write down what they were given. */
  async listening(pool: Pool, transport: Transport, group: string, options: Partial<EventServerOptions> & { readonly handle?: (event: ReceivedEvent) => Promise<void> | void; readonly names?: readonly string[] } = {}): Promise<EventServer> {
    const server = this.server(pool, transport, group, options);
    for (const name of options.names ?? ['Counting']) server.addHandler(this.counted.type, counting(name, options.handle), true, { handler: name });
    await started(server);
    return server;
  }

  event(aggregate: string, version: number, attributes: Partial<Attributes> = {}): Record<string, unknown> {
    const data = gate.encode(this.counted, { version }, { topic: `footbridge.${this.source}`, key: aggregate });
    return outboxRow({ id: newRef('evt'), type: this.counted.type, time: new Date().toISOString(), audience: 'instance', aggregate, version, copy: 0, ...attributes, data });
  }

  async write(pool: Pick<Pool, 'query'>, rows: readonly Record<string, unknown>[]): Promise<void> {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].join(', ');
    await pool.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_recordset(null::outbox, $1)`, [JSON.stringify(rows)]);
  }

  async end(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop()));
    await Promise.all(this.servers.map((server) => server.close()));
    await Promise.all(this.transports.map((transport) => transport.close()));
    await Promise.all(this.pools.map((pool) => pool.end()));
  }
}

export const counting = (name: string, handle?: (event: ReceivedEvent) => Promise<void> | void) => async (event: ReceivedEvent, context: EventContext): Promise<void> => {
  await handle?.(event);
  await context.once(name, async (tx) => {
    await tx.query('insert into effect (handler, event_id, aggregate, version) values ($1, $2, $3, $4)', [name, event.id, event.aggregate, event.version]);
  });
};

export const started = (server: EventServer): Promise<void> => new Promise((resolve, reject) => { server.listen((error) => { if (error === undefined) resolve(); else reject(error instanceof Error ? error : new Error('listen')); }); });

export const aggregates = (n: number): string[] => Array.from({ length: n }, () => randomUUID());
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

export interface Effect { readonly handler: string; readonly event_id: string; readonly aggregate: string; readonly version: number }
export const effects = async (pool: Pool, handler = 'Counting'): Promise<Effect[]> => (await pool.query<Effect>('select handler, event_id, aggregate, version from effect where handler = $1 order by position', [handler])).rows;

/** Per aggregate, the versions in the order of their effects. */
export const byAggregate = (found: readonly Effect[]): Readonly<Record<string, readonly number[]>> => {
  const versions: Record<string, number[]> = {};
  for (const { aggregate, version } of found) (versions[aggregate] ??= []).push(version);
  return versions;
};
export const expected = (keys: readonly string[], n: number): Readonly<Record<string, readonly number[]>> => Object.fromEntries(keys.map((key) => [key, range(n)]));

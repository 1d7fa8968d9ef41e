import type { WireMessage } from '@footbridge/privacy';
import pg, { type Client, type Pool } from 'pg';
import { backoff, Bell, pause } from './bell.js';
import { PARTITIONS } from './partition.js';
import { transaction } from './transaction.js';
import { outgoing, TransportAway, type Arrival, type OnEvent, type Place, type Subscription, type Transport } from './transport.js';

export interface PostgresTransportOptions {
  /** `BUS_URL`: a role that may create the schema `bus`, or for whom it was created. */
  readonly url: string;
  readonly retentionMs?: number;
  readonly onTrouble?: (code: string) => void;
}

const DAY = 86_400_000;
const FETCH = 100;
/** NOTIFY wakes the readers; where it is lost, they look by themselves. */
const LOOK_EVERY = 1_000;
const COMMIT_PASSED_AFTER = 5_000;
const CLEAN_EVERY = 600_000;
/** The class of the locks that members hold, so that they can be counted in pg_locks. */
const MEMBER = 0x0f00d001;

/**
 * A log of events in one schema. A topic has one writer at a time, so its offsets have no gaps and become visible in their order: who has read
 * offset 7 will never meet a 6 that was committed later.
 */
const busSchema = `
-- where it was made for this role, it needs no leave to make schemas
do $$ begin if to_regnamespace('bus') is null then create schema bus; end if; end $$;
create table bus.partition (topic text, partition integer, last bigint not null default 0, primary key (topic, partition));
create table bus.event (
  topic text, partition integer, "offset" bigint, key text not null, headers jsonb not null, body bytea not null, passing boolean not null, at timestamptz not null default clock_timestamp(),
  primary key (topic, partition, "offset"));
create table bus.place ("group" text, topic text, partition integer, next bigint not null, primary key ("group", topic, partition));

-- A passing message at the end of a partition gives way to whatever comes: of a second's watermarks only the last is kept.
create function bus.publish(wanted text, partitions integer[], keys text[], headers jsonb[], bodies bytea[], passings boolean[]) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('footbridge.bus.' || wanted, 0));
  insert into bus.partition select wanted, p from unnest(partitions) p on conflict do nothing;
  delete from bus.event e using bus.partition t where t.topic = wanted and t.partition = any(partitions) and e.topic = wanted and e.partition = t.partition and e."offset" = t.last and e.passing;
  with batch as (
    select *, row_number() over (partition by b.partition order by b.n) as place from unnest(partitions, keys, headers, bodies, passings) with ordinality as b(partition, key, headers, body, passing, n)
  ), moved as (
    update bus.partition t set last = t.last + c.n from (select b.partition, count(*) as n from batch b group by b.partition) c
    where t.topic = wanted and t.partition = c.partition returning t.partition, t.last - c.n as before
  )
  insert into bus.event (topic, partition, "offset", key, headers, body, passing)
  select wanted, b.partition, moved.before + b.place, b.key, b.headers, b.body, b.passing from batch b join moved using (partition);
  perform pg_notify('bus', wanted);
end $$;
`;

/** PostgreSQL as the way between services: for the embedded default and small installations on one machine. */
export class PostgresTransport implements Transport {
  readonly #o: PostgresTransportOptions;
  readonly #pool: Pool;
  readonly #subscriptions = new Set<PostgresSubscription>();
  #schema: Promise<void> | undefined;
  #cleanedAt = performance.now();

  constructor(options: PostgresTransportOptions) {
    this.#o = options;
    this.#pool = new pg.Pool({ connectionString: options.url, max: 2, connectionTimeoutMillis: 5_000, idleTimeoutMillis: 30_000, keepAlive: true });
    this.#pool.on('error', () => undefined); // an idle connection has gone; the next query tells
  }

  async publish(topic: string, batch: readonly WireMessage[]): Promise<void> {
    const passed = outgoing(topic, batch);
    await this.#asking(async () => {
      await this.#pool.query({ name: 'bus-publish', text: 'select bus.publish($1, $2, $3, $4, $5, $6)', values: [
        topic, passed.map((m) => m.partition), passed.map((m) => m.key), passed.map((m) => JSON.stringify(m.headers)), passed.map((m) => m.body), passed.map((m) => m.passing)] });
    });
    if (performance.now() - this.#cleanedAt > CLEAN_EVERY) { this.#cleanedAt = performance.now(); void this.clean().catch(() => undefined); }
  }

  /** Forgets what is older than the retention and what every group has read. */
  async clean(): Promise<number> {
    return this.#asking(async () => {
      const { rowCount } = await this.#pool.query(
        `delete from bus.event e where at < clock_timestamp() - make_interval(secs => $1) and not exists (select 1 from bus.place p where p.topic = e.topic and p.partition = e.partition and p.next <= e."offset")`,
        [(this.#o.retentionMs ?? 7 * DAY) / 1_000]);
      return rowCount ?? 0;
    });
  }

  subscribe(group: string, topics: readonly string[], onEvent: OnEvent): Promise<Subscription> {
    const subscription = new PostgresSubscription(this.#o.url, group, topics, () => this.#ensure(), onEvent, (code) => this.#o.onTrouble?.(code));
    this.#subscriptions.add(subscription);
    return Promise.resolve({ close: () => { this.#subscriptions.delete(subscription); return subscription.close(); } });
  }

  async read(place: Place): Promise<Arrival | undefined> {
    return this.#asking(async () => {
      const { rows } = await this.#pool.query<EventRow>('select topic, partition, "offset", headers, body from bus.event where topic = $1 and partition = $2 and "offset" = $3', [place.topic, place.partition, place.offset]);
      return rows[0] && arrival(rows[0]);
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
    await this.#pool.end();
  }

  async #asking<T>(question: () => Promise<T>): Promise<T> {
    try {
      await this.#ensure();
      return await question();
    } catch (error) {
      throw new TransportAway(codeOf(error));
    }
  }

  #ensure(): Promise<void> {
    const schema = (this.#schema ??= this.#create());
    schema.catch(() => { this.#schema = undefined; });
    return schema;
  }

  /** Several services may start at once. */
  #create(): Promise<void> {
    return transaction(this.#pool, async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended('footbridge.bus', 0))");
      const { rows } = await tx.query<{ found: string | null }>("select to_regclass('bus.event') as found");
      if (!rows[0]?.found) await tx.query(busSchema);
    });
  }
}

interface EventRow { readonly topic: string; readonly partition: number; readonly offset: string; readonly headers: unknown; readonly body: Buffer }

const arrival = (row: EventRow): Arrival => {
  const entries = typeof row.headers === 'object' && row.headers !== null && !Array.isArray(row.headers) ? Object.entries(row.headers) : [];
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { topic: row.topic, partition: row.partition, offset: row.offset, headers: new Map(texts.length === entries.length ? texts : []), body: row.body };
};

/** A partition that this member has the lock of. */
interface Share {
  readonly topic: string;
  readonly partition: number;
  readonly over: AbortController;
  /** The next offset to handle, and the one that is stored. */
  next: bigint;
  stored: bigint;
  storedAt: number;
  acted: boolean;
  running: Promise<void> | undefined;
}

/**
 * A member of a group that comes back by itself. The members are counted by a shared lock that each of them holds; each takes its part of the
 * partitions by locks of its own. All of them belong to one connection: when it or the process dies, the others can have them.
 */
class PostgresSubscription {
  readonly #closing = new AbortController();
  readonly #bell = new Bell();
  readonly #running: Promise<void>;

  constructor(
    private readonly url: string, private readonly group: string, private readonly topics: readonly string[], private readonly ensure: () => Promise<void>,
    private readonly onEvent: OnEvent, private readonly onTrouble: (code: string) => void,
  ) { this.#running = this.#run(); }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#bell.ring();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1) {
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000, keepAlive: true });
      const session = new Session(client, () => { this.#bell.ring(); });
      const shares = new Map<string, Share>();
      try {
        await client.connect();
        await this.ensure();
        await session.query('listen bus');
        await session.query('select pg_advisory_lock_shared($1, hashtext($2))', [MEMBER, this.group]);
        failures = 0;
        await this.#work(session, shares);
      } catch (error) {
        this.onTrouble(codeOf(error));
      }
      for (const share of shares.values()) share.over.abort();
      await Promise.all([...shares.values()].flatMap((share) => share.running ?? []));
      if (!session.lost) await this.#store(session, [...shares.values()]).catch(() => undefined);
      await client.end().catch(() => undefined);
      await pause(backoff(failures), this.#closing.signal);
    }
  }

  async #work(session: Session, shares: Map<string, Share>): Promise<void> {
    let balancedAt = Number.NEGATIVE_INFINITY;
    while (!this.#closing.signal.aborted) {
      if (session.lost) throw session.lost;
      if (performance.now() - balancedAt >= LOOK_EVERY) {
        await this.#balance(session, shares);
        balancedAt = performance.now();
      }
      await this.#store(session, [...shares.values()].filter((share) => !share.running && (share.over.signal.aborted || share.acted || performance.now() - share.storedAt > COMMIT_PASSED_AFTER)));
      for (const [name, share] of shares) {
        if (share.running || !share.over.signal.aborted || share.next > share.stored) continue;
        await session.query('select pg_advisory_unlock(hashtextextended($1, 0))', [this.#lock(name)]);
        shares.delete(name);
      }
      if (!(await this.#fetch(session, shares))) await this.#bell.wait(LOOK_EVERY);
    }
  }

  /** Marks what is above this member's part to be given back, takes what is free up to it. */
  async #balance(session: Session, shares: Map<string, Share>): Promise<void> {
    const all = this.topics.flatMap((topic) => Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, name: `${topic}/${partition}` })));
    const { rows: [found] } = await session.query<{ members: string }>(
      `select count(*) as members from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
       and classid = $1 and objid = (hashtext($2)::bigint & 4294967295)::oid and objsubid = 2 and granted`, [MEMBER, this.group]);
    const part = Math.ceil(all.length / Math.max(1, Number(found?.members ?? 1)));
    for (const share of [...shares.values()].slice(part)) share.over.abort();
    for (const { topic, partition, name } of all) {
      if (shares.size >= part) break;
      if (shares.has(name)) continue;
      const { rows: [lock] } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', [this.#lock(name)]);
      if (!lock?.locked) continue;
      // stored at once, so that nothing is cleaned away before this group has read it
      const { rows: [place] } = await session.query<{ next: string }>(
        `insert into bus.place ("group", topic, partition, next) values ($1, $2, $3, 1) on conflict ("group", topic, partition) do update set next = place.next returning next`, [this.group, topic, partition]);
      const next = BigInt(place?.next ?? 1);
      shares.set(name, { topic, partition, over: new AbortController(), next, stored: next, storedAt: performance.now(), acted: false, running: undefined });
    }
  }

  #lock(name: string): string { return `footbridge.bus.${this.group}/${name}`; }

  /** One question for all partitions that are idle. True if there was something. */
  async #fetch(session: Session, shares: ReadonlyMap<string, Share>): Promise<boolean> {
    const idle = [...shares.values()].filter((share) => !share.running && !share.over.signal.aborted);
    if (idle.length === 0) return false;
    const { rows } = await session.query<EventRow>(
      `select e.topic, e.partition, e."offset", e.headers, e.body from unnest($1::text[], $2::integer[], $3::bigint[]) as w(topic, partition, next)
       cross join lateral (select * from bus.event e where e.topic = w.topic and e.partition = w.partition and e."offset" >= w.next order by e."offset" limit ${FETCH}) e order by e.topic, e.partition, e."offset"`,
      [idle.map((s) => s.topic), idle.map((s) => s.partition), idle.map((s) => String(s.next))], 'footbridge-fetch');
    for (const share of idle) {
      const events = rows.filter((row) => row.topic === share.topic && row.partition === share.partition);
      if (events.length === 0) continue;
      share.running = this.#handle(share, events).finally(() => { share.running = undefined; this.#bell.ring(); });
    }
    return rows.length > 0;
  }

  /** One after the other. */
  async #handle(share: Share, rows: readonly EventRow[]): Promise<void> {
    const over = share.over.signal;
    for (const row of rows) {
      for (let failures = 0; ; failures += 1) {
        if (over.aborted || this.#closing.signal.aborted) return;
        try {
          if (await this.onEvent(arrival(row), over) === 'acted') share.acted = true;
          break;
        } catch {
          if (over.aborted) return;
          this.onTrouble('EVENT_NOT_HANDLED');
          await pause(backoff(failures), over);
        }
      }
      share.next = BigInt(row.offset) + 1n;
    }
  }

  /** All of them in one statement: where nothing but watermarks passes, that is most of the work there is. */
  async #store(session: Session, shares: readonly Share[]): Promise<void> {
    const moved = shares.filter(({ next, stored }) => next > stored).map((share) => ({ share, next: share.next }));
    if (moved.length === 0) return;
    for (const { share } of moved) share.acted = false;
    await session.query(`update bus.place p set next = greatest(p.next, w.next) from unnest($2::text[], $3::integer[], $4::bigint[]) as w(topic, partition, next) where p."group" = $1 and p.topic = w.topic and p.partition = w.partition`,
      [this.group, moved.map(({ share }) => share.topic), moved.map(({ share }) => share.partition), moved.map(({ next }) => String(next))], 'footbridge-place');
    for (const { share, next } of moved) [share.stored, share.storedAt] = [next, performance.now()];
  }
}

/** One connection, one question at a time. Once lost, it stays lost. */
class Session {
  lost: Error | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly client: Client, onNews: () => void) {
    const lose = (): void => { this.lost ??= new TransportAway('CONNECTION_LOST'); onNews(); };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', onNews);
  }

  /** `name`: of what is asked again and again, so that the server plans it once. */
  query<R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = [], name?: string): Promise<pg.QueryResult<R>> {
    const result = this.#last.then(() => this.client.query<R>({ text, values: [...values], ...(name === undefined ? {} : { name }) }));
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** SQLSTATE, or the socket's code: never the message. */
const codeOf = (error: unknown): string =>
  error instanceof TransportAway ? error.code : typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'POSTGRES';

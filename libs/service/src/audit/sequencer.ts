import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Service, auditRootKept, auditRootSigned } from '@footbridge/contracts';
import { transaction } from '@footbridge/messaging';
import { NOTHING, Peaks, chained, digestOf, entryHash, signRoot, type Entry, type SignedRoot, type SigningKeys } from '@footbridge/privacy';
import type { Pool, PoolClient } from 'pg';
import { hour } from '../clock.js';
import type { Engine } from '../engine.js';
import { reasonOf } from '../log-reason.js';
import { log } from '../log.js';

export interface SequencerOptions {
  readonly engine: Pick<Engine, 'announce'>;
  readonly pool: Pool;
  readonly service: Service;
  readonly signingKeys: SigningKeys;
  readonly everyMs?: number | undefined;
  /** A root at each full hour, at the end, and every few minutes between; or only when it is asked for. */
  readonly roots?: 'hourly' | 'asked' | undefined;
  readonly signEveryMs?: number | undefined;
  /** Of the wall: what is signed is signed at a real time (decisions 27). */
  readonly now?: () => Date;
}

const BATCH = 2_000;
const LEAVES_AT_ONCE = 20_000;
/** A writer that is still under way is waited for so long; then the next run goes on. */
const PATIENCE_MS = 400;
const LOOK_AGAIN_MS = 20;
/** So long an entry may be without a signature. The other services are told at once; the network, at the full hour, gets no rhythm of the work (G11). */
const SIGN_EVERY_MS = 5 * 60_000;

/** The oldest position that may still come is above `upTo` when these have ended. */
interface Mark { readonly upTo: string; readonly writers: ReadonlySet<string> }
interface RootRow { number: number; size: string; root: Buffer; chain: Buffer; at: string; previous: Buffer; digest: Buffer; key: string; signature: string; peaks: Buffer[] }

/**
 * Gives every entry of the audit its place in the tree, a second or so after its commit: a command does nothing for it. A place is given
 * in the order of positions, and only when no transaction that could still bring a lower one is under way, so that none is left out.
 */
export class AuditSequencer {
  readonly #o: SequencerOptions;
  readonly #lock: string;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #mark: Mark | undefined;
  #settled = '-1';
  #lookedAt = performance.now();
  #signedAt: string | undefined;
  constructor(options: SequencerOptions) {
    this.#o = options;
    this.#lock = `footbridge.audit.${options.service}`;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#running) void this.run().then(() => this.#onTheHour()).catch((error: unknown) => { this.#trouble(error); });
    }, this.#o.everyMs ?? 1_000);
  }
  /** What is committed gets its place, and is signed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.run().then(async () => { if (this.#o.roots !== 'asked') await this.sign('where it has grown'); }).catch((error: unknown) => { this.#trouble(error); });
  }

  /** Everything that is committed now, unless somebody holds it up. */
  run(): Promise<void> {
    const run = (this.#running ?? Promise.resolve()).catch(() => undefined).then(() => this.#place());
    this.#running = run;
    return run.finally(() => { if (this.#running === run) this.#running = undefined; });
  }

  async #place(): Promise<void> {
    const { pool } = this.#o;
    const kept = this.#mark;
    const mark = kept ?? await this.#take();
    this.#mark = mark;
    if (!mark) return;
    for (let waited = 0; await this.#isUnderWay(mark); waited += LOOK_AGAIN_MS) {
      if (waited >= PATIENCE_MS) return;
      await sleep(LOOK_AGAIN_MS);
    }
    let placed: number | undefined;
    do {
      placed = await transaction(pool, async (client) => {
        // Lost in a crash of the server, it is done again.
        await client.query('set local synchronous_commit = off');
        return await this.#locked(client, 'try') ? this.#append(client, mark.upTo) : undefined;
      });
    } while (placed === BATCH);
    // Where another replica is at it, we look again: it may end before it is done.
    if (placed === undefined) return;
    [this.#settled, this.#mark] = [mark.upTo, undefined];
    // An earlier run had to leave off there: more has come since.
    if (kept) await this.#place();
  }

  /** Nothing where nothing was written since. */
  async #take(): Promise<Mark | undefined> {
    const { pool } = this.#o;
    // The last position that was given to anybody, and then who may still be using one: a writer holds this lock before it gets a position.
    const { rows: [given] } = await pool.query<{ last: string | null }>({ name: 'audit-last', text: "select pg_sequence_last_value(pg_get_serial_sequence('audit', 'position')::regclass) as last" });
    const upTo = given?.last ?? '0';
    return upTo === this.#settled ? undefined : { upTo, writers: await this.#writers() };
  }
  async #writers(): Promise<ReadonlySet<string>> {
    const { rows } = await this.#o.pool.query<{ writer: string }>({
      name: 'audit-writers', text: "select virtualtransaction as writer from pg_locks where locktype = 'relation' and relation = 'audit'::regclass and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') and granted",
    });
    return new Set(rows.map(({ writer }) => writer));
  }
  async #isUnderWay({ writers }: Mark): Promise<boolean> {
    if (writers.size === 0) return false;
    const now = await this.#writers();
    return [...writers].some((writer) => now.has(writer));
  }

  async #append(client: PoolClient, upTo: string): Promise<number> {
    const { rows: [last] } = await client.query<{ index: string; position: string; chain: Buffer }>({ name: 'audit-leaf-last', text: 'select index, position, chain from audit_leaf order by index desc limit 1' });
    const { rows } = await client.query<{ entry: Entry }>({ name: 'audit-waiting', text: 'select entry from audit_waiting($1, $2, $3) entry', values: [last?.position ?? '0', upTo, BATCH] });
    if (rows.length === 0) return 0;
    let chain: Buffer = last?.chain ?? NOTHING;
    const first = last ? Number(last.index) + 1 : 0;
    const columns: [number[], unknown[], Buffer[], Buffer[]] = [[], [], [], []];
    for (const [n, { entry }] of rows.entries()) {
      const leaf = entryHash(entry);
      chain = chained(chain, leaf);
      columns[0].push(first + n);
      columns[1].push(entry['position']);
      columns[2].push(leaf);
      columns[3].push(chain);
    }
    await client.query({ name: 'audit-append', text: 'insert into audit_leaf (index, position, leaf, chain) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])', values: columns });
    return rows.length;
  }

  /** One writer of the tree at a time, among all replicas. */
  async #locked(client: PoolClient, how: 'try' | 'wait'): Promise<boolean> {
    const { rows: [row] } = await client.query<{ locked: boolean }>(how === 'try' ? 'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked' : 'select true as locked from pg_advisory_xact_lock(hashtextextended($1, 0))', [this.#lock]);
    return row?.locked === true;
  }

  async #onTheHour(): Promise<void> {
    if (this.#o.roots === 'asked') return;
    this.#signedAt ??= (await newest(this.#o.pool))?.at ?? hour(this.#now());
    if (hour(this.#now()) <= this.#signedAt) {
      if (performance.now() - this.#lookedAt < (this.#o.signEveryMs ?? SIGN_EVERY_MS)) return;
      this.#lookedAt = performance.now();
      await this.sign('between hours');
      return;
    }
    this.#lookedAt = performance.now();
    await this.sign('once an hour');
    await this.#o.pool.query('select expire_audit()');
  }
  #now(): Date { return this.#o.now?.() ?? new Date(); }

  /** A signed root of what has its place, announced to everybody who may be a witness. @throws PrivacyRefusal as `SigningKeys.sign` */
  async sign(when: 'now' | 'once an hour' | 'between hours' | 'where it has grown'): Promise<SignedRoot | undefined> {
    const { pool, service, signingKeys, engine } = this.#o;
    await this.run();
    const at = hour(this.#now());
    const signed = await transaction(pool, async (client) => {
      await this.#locked(client, 'wait');
      const before = await newest(client);
      // The hour's own root comes first, and is the one that the network is told of.
      if (when === 'once an hour' ? before && before.at >= at : when === 'between hours' && before && before.at < at) return undefined;
      const tree = new Peaks(Number(before?.size ?? 0), before?.peaks);
      let chain: Buffer = before?.chain ?? NOTHING;
      for (;;) {
        const { rows } = await client.query<{ leaf: Buffer; chain: Buffer }>('select leaf, chain from audit_leaf where index >= $1 order by index limit $2', [tree.size, LEAVES_AT_ONCE]);
        for (const { leaf } of rows) tree.add(leaf);
        chain = rows.at(-1)?.chain ?? chain;
        if (rows.length < LEAVES_AT_ONCE) break;
      }
      if ((when === 'where it has grown' || when === 'between hours') && tree.size === Number(before?.size ?? 0)) return undefined;
      const root = await signRoot(signingKeys, { service, number: (before?.number ?? 0) + 1, size: tree.size, root: tree.root(), chain, at, previous: before?.digest ?? NOTHING });
      const digest = digestOf(root);
      const { key, signature } = root.signature;
      await client.query('insert into audit_root (number, size, root, chain, at, previous, digest, key, signature, peaks) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
        [root.number, root.size, root.root, root.chain, root.at, root.previous, digest, key, signature, tree.peaks]);
      const { row } = engine.announce((when === 'between hours' ? auditRootKept : auditRootSigned)[service], { aggregate: aggregateOf(service), version: root.number }, { digest: digest.toString('hex'), signature: Buffer.from(signature, 'base64url').toString('hex') });
      const columns = Object.keys(row).join(', ');
      await client.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_record(null::outbox, $1)`, [JSON.stringify(row)]);
      return root;
    });
    if (when !== 'between hours' || signed) this.#signedAt = signed?.at ?? at;
    return signed;
  }

  #trouble(error: unknown): void {
    log('audit-not-sequenced', { service: this.#o.service, reason: reasonOf(error) });
  }
}

const newest = async (on: Pool | PoolClient): Promise<RootRow | undefined> => (await on.query<RootRow>('select * from audit_root order by number desc limit 1')).rows[0];

/** The log of a service has one place for its events, so that its roots arrive in order. */
function aggregateOf(service: Service): string {
  const hex = createHash('sha256').update(`footbridge audit ${service}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

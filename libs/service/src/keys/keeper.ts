import { KeysRewrappedByNotifications, KeysRewrappedByReferrals, KeysRewrappedByReintegration, KeysRewrappedByReturns, KeysRewrappedByShelters, type ContractEvent } from '@footbridge/contracts';
import { PrivacyRefusal, signReceipt, wrappedVersion, type KeyStore } from '@footbridge/privacy';
import { HandlerRefusal, type Parked } from '@footbridge/messaging';
import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine.js';
import { reasonOf } from '../log-reason.js';
import { log } from '../log.js';
import type { Signers } from './signers.js';

const rewrapped: Readonly<Record<string, ContractEvent>> = { referrals: KeysRewrappedByReferrals, shelters: KeysRewrappedByShelters, returns: KeysRewrappedByReturns, reintegration: KeysRewrappedByReintegration, notifications: KeysRewrappedByNotifications };
const LOOK_MS = 1_000;
/** Whatever could not be done is tried again so often, in looks. */
const WORK_EVERY = 15;
const BATCH = 50;

interface Asked { readonly organisation: string; readonly wanted: number; readonly least: number; readonly rewrapped: number; readonly destroyed: number }

/**
 * A service's part in the life of the organisations' keys, done beside the commands: locks at once, makes the new version, wraps anew
 * what hangs on an old one, gives its word, destroys. Each step can be stopped anywhere and is then done again; several replicas may do it at once.
 */
export class KeyKeeper {
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #again = false;
  #looks = 0;
  constructor(private readonly engine: Engine, private readonly keyStore: KeyStore, private readonly signers: Signers, private readonly parked?: Pick<Parked, 'replay'>, private readonly endSessions?: (organisation: string, at: Date) => Promise<unknown>) {}

  start(): void {
    this.engine.store.keys.onNews = () => { void this.run(); };
    this.#timer ??= setInterval(() => {
      void this.#look();
      if ((this.#looks += 1) % WORK_EVERY === 0) void this.run();
    }, LOOK_MS);
    void this.run();
  }
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.engine.store.keys.onNews = () => undefined;
    await this.#working;
  }

  /** Does what there is to do; what is asked for meanwhile is done after it. */
  run(): Promise<void> {
    this.#again = true;
    return this.#working ??= (async () => {
      while (this.#again) {
        this.#again = false;
        await this.#said('keys-not-kept', async () => { await this.#locks(); await this.engine.store.keys.prove([...this.engine.store.keys.troubles.keys()]); await this.signers.prove([...this.signers.troubles.keys()]); await this.#replay(); await this.#sign(); });
        const { rows } = await this.engine.store.pool.query<Asked>('select organisation, wanted, least, rewrapped, destroyed from organisation_key where rewrapped < wanted or destroyed < least').catch(() => ({ rows: [] as Asked[] }));
        for (const asked of rows) if (!this.engine.store.keys.isLocked(asked.organisation)) await this.#said('keys-not-kept', () => this.#keep(asked));
      }
    })().finally(() => { this.#working = undefined; });
  }

  async #said(code: 'keys-not-kept', work: () => Promise<void>): Promise<void> {
    try { await work(); } catch (error) { log(code, { service: this.engine.service, reason: reasonOf(error) }); }
  }
  #look(): Promise<void> { return this.engine.store.keys.look().catch(() => undefined); }

  /** First the memory of this process, then the store, which is there for the others and after a restart. */
  async #locks(): Promise<void> {
    await this.engine.store.keys.look();
    const { rows } = await this.engine.store.pool.query<{ panic_lock: string; organisation: string; locked: boolean; version: number; sessions_ended_at: Date }>('select panic_lock, organisation, locked, version, sessions_ended_at from key_lock where not applied order by locked');
    for (const { panic_lock: id, organisation, locked, version, sessions_ended_at: at } of rows) {
      const other = await this.engine.store.pool.query('select 1 from key_lock where organisation = $1 and locked and panic_lock <> $2 limit 1', [organisation, id]);
      if (locked) await this.keyStore.lock(organisation); else if (other.rowCount === 0) await this.keyStore.unlock(organisation);
      // Here tokens are refused anyway; at the embedded provider nobody gets a new one out of an old session.
      await this.endSessions?.(organisation, at);
      await this.engine.store.pool.query('update key_lock set applied = true where panic_lock = $1 and version = $2', [id, version]);
    }
    if (rows.length > 0) await this.engine.store.keys.look();
  }

  /** Receipts of what was erased: signed when the signing key is to be had. */
  async #sign(): Promise<void> {
    const { service, store: { pool } } = this.engine;
    const { rows } = await pool.query<{ case_ref: string; owner: string; of: string; at: Date }>('select case_ref, owner, case_of_owner as of, erased_at as at from erasure_receipt where receipt is null and case_of_owner is not null order by case_ref limit 100');
    for (const { case_ref: erased, owner, of, at } of rows) {
      const receipt = await signReceipt(this.signers, { service, owner, case: of, erasedAt: at.toISOString() });
      await pool.query('update erasure_receipt set receipt = $2 where case_ref = $1 and receipt is null', [erased, JSON.stringify(receipt)]);
    }
    if (rows.length === 100) this.#again = true;
  }

  /** Events that only the keys stood in the way of go on when these are there again. */
  async #replay(): Promise<void> {
    const { rows } = await this.engine.store.pool.query<{ id: string }>("select id::text as id from parked where state = 'parked' and reason in ('KEYS_LOCKED', 'KEY_STORE_UNAVAILABLE') order by id limit 20");
    for (const { id } of rows) await this.parked?.replay(id).catch((error: unknown) => { if (!(error instanceof HandlerRefusal)) throw error; });
  }

  async #keep({ organisation, wanted, least, rewrapped: done, destroyed }: Asked): Promise<void> {
    if (done < wanted) {
      await this.keyStore.rotate(organisation, wanted);
      if (await this.signers.has(organisation)) await this.signers.rotate(organisation, wanted);
      await this.#rewrap(organisation, wanted);
      await this.#confirm(organisation, wanted);
    }
    if (destroyed >= least) return;
    // Its own word first: while a row here hangs on an old key, none is destroyed.
    const { rowCount } = await this.engine.store.pool.query('select 1 from organisation_key where organisation = $1 and rewrapped >= $2 and not exists (select 1 from subject_key where owner = $1 and coalesce(key_version, 0) < $2)', [organisation, least]);
    if (rowCount === 0) { log('keys-not-kept', { service: this.engine.service, reason: 'STILL_IN_USE' }); return; }
    await this.keyStore.destroyVersion(organisation, least - 1);
    await this.engine.store.pool.query('update organisation_key set destroyed = greatest(destroyed, $2) where organisation = $1', [organisation, least]);
  }

  /** No row is locked while the key store answers: what was changed or erased meanwhile stays as it then is. One that does not open stays, and is said. */
  async #rewrap(organisation: string, wanted: number): Promise<void> {
    let refused: unknown;
    for (let after = ''; ;) {
      const { rows } = await this.engine.store.pool.query<{ subject: string; wrapped: string }>('select subject, wrapped from subject_key where owner = $1 and coalesce(key_version, 0) < $2 and subject > $3 order by subject limit $4', [organisation, wanted, after, BATCH]);
      for (const { subject, wrapped } of rows) {
        try {
          const anew = await this.engine.store.keys.wrap(organisation, subject, await this.keyStore.unwrap(organisation, wrapped, subject));
          if ((wrappedVersion(anew) ?? 0) < wanted) throw new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
          await this.engine.store.pool.query('update subject_key set wrapped = $4 where subject = $1 and owner = $2 and wrapped = $3', [subject, organisation, wrapped, anew]);
        } catch (error) {
          if (!(error instanceof PrivacyRefusal) || error.code === 'KEYS_LOCKED' || error.code === 'KEY_STORE_UNAVAILABLE') throw error;
          refused = error;
        }
      }
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) break;
      after = last.subject;
    }
    if (refused !== undefined) throw refused;
  }

  /** The word and the news of it are one transaction, that waits for whoever is writing a key just now. */
  async #confirm(organisation: string, wanted: number): Promise<void> {
    const event = rewrapped[this.engine.service];
    if (!event) throw new Error(`no event of ${this.engine.service}`);
    const { row } = this.engine.announce(event, { aggregate: randomUUID(), version: 1, owner: organisation }, { organisation, keyVersion: wanted, version: 1 });
    const columns = Object.keys(row).join(', ');
    const client = await this.engine.store.pool.connect();
    try {
      await client.query('begin');
      await client.query("select pg_advisory_xact_lock(hashtextextended('keys ' || current_schema() || ' ' || $1, 0))", [organisation]);
      const { rowCount } = await client.query('update organisation_key set rewrapped = $2 where organisation = $1 and rewrapped < $2 and not exists (select 1 from subject_key where owner = $1 and coalesce(key_version, 0) < $2)', [organisation, wanted]);
      if (rowCount === 1) await client.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_record(null::outbox, $1)`, [JSON.stringify(row)]);
      else this.#again = true;
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally { client.release(); }
  }
}

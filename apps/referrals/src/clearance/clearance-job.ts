import { ClearanceChanged } from '@footbridge/contracts';
import { Conflict, Stale, log, reasonOf, type Change, type Job, type Running } from '@footbridge/service';
import { PrivacyRefusal } from '@footbridge/privacy';
import { randomUUID } from 'node:crypto';
import { clearanceFacts } from './clearance-facts.js';
import { clearances, type Clearance } from './clearances.js';

interface Kept { readonly id: string; readonly step: string; readonly cleared: boolean; readonly until: string | null; readonly version: number }
interface Due { readonly case_id: string; readonly owner: string; readonly positions: readonly string[] }

const EVERY_MS = 100;
const AT_ONCE = 50;

/**
 * Tells the other services what may be done now (decisions 14). Every commit that may matter has marked its case in the same
 * transaction (see the migration's triggers); a mark goes with the answer, so that none is lost. Several replicas may look at
 * one case: the version lets only the newer answer in.
 */
export class ClearanceJob implements Job {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;
  #day: string | undefined;
  /** Marks that were answered as far as locked keys allow; they wait, by owner, for the rest. */
  readonly #half = new Map<string, string>();
  constructor(private readonly running: Running) {}

  start(): void { this.#timer ??= setInterval(() => { void this.run().catch((error: unknown) => log('clearances-failed', { service: 'referrals', reason: reasonOf(error) })); }, EVERY_MS); }
  async stop(): Promise<void> { clearInterval(this.#timer); this.#timer = undefined; await this.#running?.catch(() => 0); }

  /** Answers for every marked case; returns how many steps changed. */
  run(): Promise<number> { return (this.#running ??= this.#drain().finally(() => { this.#running = undefined; })); }

  async #drain(): Promise<number> {
    let changed = 0;
    // A birthday is no commit: who was a child is looked at again every day.
    const today = this.running.clock.now().toISOString().slice(0, 10);
    if (today !== this.#day) { await this.running.pool.query('select mark_unplaced_cases()'); this.#day = today; }
    const { keys } = this.running.engine.store;
    for (const [position, owner] of this.#half) if (!keys.isLocked(owner)) this.#half.delete(position);
    const refused: string[] = [];
    for (;;) {
      const { rows } = await this.running.pool.query<Due>(`select case_id, owner, array_agg(position::text) as positions from clearance_due where position <> all($1::bigint[]) group by case_id, owner order by min(position) limit ${AT_ONCE}`, [[...this.#half.keys(), ...refused]]);
      for (const due of rows) {
        // One organisation's keys that are not to be had keep nobody else waiting.
        try { changed += await this.#answer(due); } catch (error) {
          if (!(error instanceof PrivacyRefusal)) throw error;
          refused.push(...due.positions);
        }
      }
      if (rows.length < AT_ONCE) return changed;
    }
  }

  async #answer({ case_id: caseId, owner, positions }: Due): Promise<number> {
    const { engine, clock } = this.running;
    const now = clock.now();
    // While the keys are locked what is sealed is not known: a clearance may go, for she may have withdrawn, but none is given.
    const locked = engine.store.keys.isLocked(owner);
    const read = engine.store.reader(owner, [], undefined, locked);
    const facts = await clearanceFacts(read, caseId, owner, now);
    const kept = new Map((await read.sql<Kept>('select to_jsonb(c) from clearance c where c.case_id = ($1->>0)::uuid', [caseId])).map((k) => [k.step, k]));
    const news = facts?.caseRef === undefined ? [] : clearances(facts, now).filter((c) => differs(c, kept.get(c.step)) && !(locked && c.cleared));
    const rows = news.flatMap((c) => this.#changes(c, kept.get(c.step), caseId, facts?.caseRef ?? '', owner, now));
    try {
      await engine.store.commit(owner, [...rows, ...(locked ? [] : positions.map((position): Change => ({ t: 'clearance_due', op: 'delete', row: { position } })))], []);
      if (locked) for (const position of positions) this.#half.set(position, owner);
      return news.length;
    } catch (error) {
      // Another replica was faster: the mark is gone or stays, and the next look decides.
      if (error instanceof Stale || error instanceof Conflict) return 0;
      throw error;
    }
  }

  #changes({ step, cleared, until }: Clearance, before: Kept | undefined, caseId: string, caseRef: string, owner: string, now: Date): Change[] {
    const id = before?.id ?? randomUUID();
    const version = (before?.version ?? 0) + 1;
    const row = { cleared, until: until ?? null, version, changed_at: now.toISOString() };
    return [
      before ? { t: 'clearance', op: 'update', row, id, version: before.version } : { t: 'clearance', op: 'insert', row: { id, case_id: caseId, owner, step, ...row } },
      this.running.engine.announce(ClearanceChanged, { aggregate: id, version, owner, caseRef }, { case: caseRef, step, cleared, ...(until === undefined ? {} : { until }), version }),
    ];
  }
}

/** Never told means not cleared: a first "no" is no news, unless a hold says it, which stops what goes on without a clearance (A7). */
const differs = (c: Clearance, kept: Kept | undefined): boolean => (kept ? kept.cleared !== c.cleared || (kept.until ?? undefined) !== c.until : c.cleared || c.reasons.includes('HOLD'));

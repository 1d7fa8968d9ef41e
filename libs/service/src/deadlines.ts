import { randomUUID } from 'node:crypto';
import type { Lifecycle } from '@footbridge/lifecycle';
import type { Engine } from './engine.js';
import { reasonOf } from './log-reason.js';
import { log } from './log.js';
import { Problem } from './problem.js';

interface Due { aggregate: string; clock: string; lifecycle: string; owner: string; command: string | null; body: Record<string, unknown> | null; alert: string | null; alert_to: string | null; attempts: number; was_due: Date }

/** Turns due deadlines into ordinary PLATFORM commands or alerts. Several replicas share the work (SKIP LOCKED). */
export class Deadlines {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;
  constructor(private readonly engine: Engine, private readonly everyMs = 500) {}

  start(): void { this.#timer ??= setInterval(() => { if (!this.#running) void this.run().catch(() => undefined); }, this.everyMs); }
  async stop(): Promise<void> { clearInterval(this.#timer); this.#timer = undefined; await this.#running?.catch(() => 0); }

  /** Runs everything that is due now; returns how many clocks rang. */
  async run(): Promise<number> {
    // A run that is under way may have looked before the clock was advanced.
    await this.#running?.catch(() => 0);
    this.#running ??= this.#drain().finally(() => { this.#running = undefined; });
    return this.#running;
  }

  async #drain(): Promise<number> {
    let rang = 0;
    for (;;) {
      const due = await this.#claim();
      for (const d of due) {
        // One that fails for any reason is due again later; the others ring.
        try { if (await this.#ring(d)) rang += 1; } catch (error) { log('deadline-failed', { service: this.engine.service, reason: reasonOf(error) }); }
      }
      if (due.length < 50) return rang;
    }
  }
  /** A claimed clock that fails comes back later, so that one bad row never stops the others. */
  async #claim(): Promise<Due[]> {
    const now = this.engine.clock.now().toISOString();
    const { rows } = await this.engine.store.pool.query<Due>(`update deadline d set attempts = d.attempts + 1, due_at = $1::timestamptz + least(d.attempts + 1, 60) * interval '10 seconds'
      from (select aggregate, clock, due_at from deadline where done_at is null and due_at <= $1 order by due_at limit 50 for update skip locked) c
      where d.aggregate = c.aggregate and d.clock = c.clock returning d.*, c.due_at as was_due`, [now]);
    // In the order in which they were due: an escalation rings before the end that it warns of.
    return rows.sort((a, b) => a.was_due.getTime() - b.was_due.getTime());
  }
  async #ring(d: Due): Promise<boolean> {
    const l: Lifecycle = this.engine.lifecycle(d.lifecycle);
    if (d.command) {
      try {
        const row = await this.engine.runAs({ lifecycle: l, command: d.command, id: d.aggregate, owner: d.owner, body: d.body ?? {}, as: 'PLATFORM' });
        if (!row) await this.engine.store.pool.query('delete from deadline where aggregate = $1 and clock = $2', [d.aggregate, d.clock]);
        return row !== undefined;
      }
      catch (error) { if (error instanceof Problem) return false; throw error; }
    }
    const now = this.engine.clock.now().toISOString();
    // The alert and its mark in one statement: a stop in between would raise it twice.
    await this.engine.store.pool.query(`with done as (update deadline set done_at = $3 where aggregate = $1 and clock = $2 and done_at is null returning alert, alert_to)
      insert into alert (id, organisation, code, kind, aggregate, clock, raised_at) select $4, alert_to, alert, $5, $1, $2, $3 from done where alert is not null and alert_to is not null`, [d.aggregate, d.clock, now, randomUUID(), l.prefix]);
    return true;
  }
}

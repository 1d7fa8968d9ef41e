import type pg from 'pg';

/**
 * An alert that no command asked for: something is not as it was signed. It stands until the aggregate leaves the states of the
 * clock that bears its name, and is raised once however often it is met. `Deadlines` does the rest.
 */
export class Alarms {
  constructor(private readonly pool: pg.Pool) {}

  async raise({ lifecycle, aggregate, clock, code, to }: { readonly lifecycle: string; readonly aggregate: string; readonly clock: string; readonly code: string; readonly to: string }): Promise<void> {
    await this.pool.query(`insert into deadline (aggregate, clock, lifecycle, owner, due_at, alert, alert_to) values ($1, $2, $3, $4, 'epoch', $5, $4) on conflict do nothing`, [aggregate, clock, lifecycle, to, code]);
  }
}

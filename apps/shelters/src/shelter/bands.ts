import { CapacityBandPublished, capacityBand, type ServiceProfile } from '@footbridge/contracts';
import { log, type Change, type Job, type Running } from '@footbridge/service';

interface Free { readonly shelter: string; readonly owner: string; readonly reference: string; readonly country: string; readonly region: string; readonly profile: ServiceProfile; readonly free: string }

/**
 * Publishes what each shelter can offer, in bands, at the full hour of the domain clock and at no other time: a band that
 * changed at once would tell of a single admission (decisions 19; reference 2.2.4). The directory shows the same bands.
 */
export class Bands implements Job {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<boolean> | undefined;
  constructor(private readonly running: Running, private readonly everyMs = 1_000) {}

  start(): void { this.#timer ??= setInterval(() => { void this.run().catch(() => { log('bands-not-published', { service: 'shelters' }); }); }, this.everyMs); }
  async stop(): Promise<void> { clearInterval(this.#timer); this.#timer = undefined; await this.#running?.catch(() => false); }

  /** Once an hour, whatever the number of replicas: the hour's row belongs to one of them. */
  async run(): Promise<boolean> {
    this.#running ??= this.#publish().finally(() => { this.#running = undefined; });
    return this.#running;
  }

  async #publish(): Promise<boolean> {
    const { engine, pool, clock } = this.running;
    const hour = new Date(Math.floor(clock.now().getTime() / 3_600_000) * 3_600_000);
    const { rowCount: before } = await pool.query('select 1 from band_publication where hour >= $1', [hour]);
    if (before !== 0) return false;
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rowCount } = await client.query('insert into band_publication (hour) values ($1) on conflict do nothing', [hour]);
      const { rows } = rowCount === 1 ? await client.query<Free>('select f.*, d.region from free_places() f join directory() d on d.shelter = f.shelter') : { rows: [] };
      const events: Change[] = [];
      for (const { shelter, owner, reference, country, region, profile, free } of rows) {
        const band = capacityBand(Number(free));
        await client.query('insert into capacity_band (shelter, profile, band, hour) values ($1, $2, $3, $4) on conflict (shelter, profile) do update set band = excluded.band, hour = excluded.hour', [shelter, profile, band, hour]);
        events.push(engine.announce(CapacityBandPublished, { aggregate: shelter, version: hour.getTime() / 3_600_000, owner }, { shelter: reference, organisation: owner, country, region, profile, band }));
      }
      // In an order that is drawn anew: as the rows lie, the last that changed would come last (G11).
      events.sort((a, b) => (String(a.row['id']) < String(b.row['id']) ? -1 : 1));
      const columns = Object.keys(events[0]?.row ?? {}).join(', ');
      if (columns) await client.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_recordset(null::outbox, $1)`, [JSON.stringify(events.map((e) => e.row))]);
      await client.query('commit');
      return rowCount === 1;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally { client.release(); }
  }
}

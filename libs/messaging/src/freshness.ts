import type { Gate, WireMessage } from '@footbridge/privacy';
import type { Pool } from 'pg';
import type { Headers } from './event.js';
import { PARTITIONS } from './partition.js';

/** Closed when blind (decision "Closed when blind"): who decides on what another service said asks this first. */
export interface Freshness {
  /** Every partition of that service's topic has a watermark younger than 5 s, and nothing is parked for the case. */
  fresh(service: string, caseRef?: string): Promise<boolean> | boolean;
  /** Whether it has ever spoken here: an instance need not run every service, and from one that never ran nothing is missing. */
  heardOf(service: string): Promise<boolean> | boolean;
}

/** "Everything committed before this moment has been sent." Not a contract: relays write it, event servers read it. */
export const watermarkType = (service: string): string => `footbridge.${service}.watermark.v1`;

/** One for each partition of the service's topic. */
export const watermarks = (gate: Gate, service: string, at: number): WireMessage[] => Array.from({ length: PARTITIONS }, (_, partition) => gate.watermark(service, partition, new Date(at)));

/** For replicas that have no share of a partition: a second more of the five. */
const FLUSH_AFTER = 1_000;
const LOOK_AGAIN_AFTER = 250;

/**
 * Watermarks as this process has seen them, and, because replicas of a service share the partitions, as the others have written them down.
 * A watermark stands behind all earlier events of its partition: when it arrives, they have been handled or parked.
 */
export class Watermarks implements Freshness {
  readonly #seen = new Map<string, number[]>();
  readonly #unwritten = new Map<string, { readonly service: string; readonly partition: number }>();
  #flushing: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: Promise<void> = Promise.resolve();

  constructor(private readonly pool: Pool, private readonly now: () => number, private readonly maxAge: number, private readonly onTrouble: (code: string) => void) {}

  async fresh(service: string, caseRef?: string): Promise<boolean> {
    try {
      if (!this.#young(service)) await this.#lookAtOthers();
      if (!this.#young(service)) return false;
      if (caseRef === undefined) return true;
      const { rowCount } = await this.pool.query({ name: 'footbridge-parked-case', text: "select 1 from parked where case_ref = $1 and state <> 'dropped' limit 1", values: [caseRef] });
      return rowCount === 0;
    } catch {
      return false; // cannot see: closed
    }
  }

  async heardOf(service: string): Promise<boolean> {
    if (this.#seen.has(service)) return true;
    try { await this.#lookAtOthers(); } catch { return true; } // cannot see: closed
    return this.#seen.has(service);
  }

  /** False if these headers are no watermark. */
  note(service: string, partition: number, headers: Headers): boolean {
    const at = Date.parse(headers.get('ce_time') ?? '');
    if (Number.isNaN(at) || partition < 0 || partition >= PARTITIONS) return false;
    if (at > this.now() + this.maxAge) { this.onTrouble('CLOCKS_DIFFER'); return true; } // one from the future would open the door for ever
    if (!this.#keep(service, partition, at)) return true;
    this.#unwritten.set(`${service}/${partition}`, { service, partition });
    this.#flushing ??= setTimeout(() => { this.#flushing = undefined; this.#written = this.#write(); }, FLUSH_AFTER);
    return true;
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    await this.#written;
    await this.#write();
  }

  #keep(service: string, partition: number, at: number): boolean {
    const seen = this.#seen.get(service) ?? new Array<number>(PARTITIONS).fill(Number.NEGATIVE_INFINITY);
    this.#seen.set(service, seen);
    if (at <= (seen[partition] ?? Number.POSITIVE_INFINITY)) return false;
    seen[partition] = at;
    return true;
  }

  #young(service: string): boolean {
    const seen = this.#seen.get(service);
    const oldest = this.now() - this.maxAge;
    return seen !== undefined && seen.every((at) => at >= oldest);
  }

  #lookAtOthers(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_AGAIN_AFTER) {
      this.#lookedAt = now;
      this.#look = this.pool.query<{ service: string; partition: number; at: Date }>('select service, partition, at from watermark').then(({ rows }) => {
        for (const { service, partition, at } of rows) if (at.getTime() <= this.now() + this.maxAge) this.#keep(service, partition, at.getTime());
      });
    }
    return this.#look;
  }

  async #write(): Promise<void> {
    const changed = [...this.#unwritten.values()].sort((a, b) => a.service.localeCompare(b.service) || a.partition - b.partition);
    if (changed.length === 0) return;
    this.#unwritten.clear();
    await this.pool.query({
      name: 'footbridge-watermark',
      text: `insert into watermark (service, partition, at) select * from unnest($1::text[], $2::integer[], $3::timestamptz[])
             on conflict (service, partition) do update set at = excluded.at where watermark.at < excluded.at`,
      values: [changed.map((c) => c.service), changed.map((c) => c.partition), changed.map((c) => new Date(this.#seen.get(c.service)?.[c.partition] ?? 0))],
    }).catch(() => undefined); // the next watermark comes in a second
  }
}

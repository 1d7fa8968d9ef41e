import type { ClientBase, Pool } from 'pg';
import { attributeColumns, attributesOf, type Row } from './event.js';
import { shown, type GivingUp, type ParkedEvent } from './parked.js';
import { HandlerRefusal } from './refusal.js';
import { transaction } from './transaction.js';

/** DDL: a row of the outbox that the gate refused says by which code. */
export const heldBack = (): string => `
alter table outbox add column held text;
create index outbox_held on outbox (aggregate) where held is not null;
`;

export interface Refused { readonly position: string; readonly code: string }

/** What the operator sees of an event that was not sent: nothing that has not the shape of an attribute. */
export interface HeldEvent extends Pick<ParkedEvent, 'id' | 'reason' | 'at' | 'event'> { readonly handler: 'relay'; readonly state: 'held' }

/** A type that some build of this service may have. What is called otherwise was written by something else: it takes nothing back, and nobody misses it. */
export const mayBeEvent = (service: string, row: Row): boolean => attributesOf(row).type?.startsWith(`footbridge.${service}.`) === true;

export async function hold(client: ClientBase, refused: readonly Refused[]): Promise<void> {
  await client.query('update outbox o set held = r.code from unnest($1::bigint[], $2::text[]) r (position, code) where o.position = r.position', [refused.map((r) => r.position), refused.map((r) => r.code)]);
}
export async function releaseAll(client: ClientBase): Promise<void> { await client.query('update outbox set held = null where held is not null'); }

/** The aggregates of which nothing later may be sent. */
export async function lanesHeld(client: ClientBase, service: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ aggregate: string; type: string }>({ name: 'footbridge-held', text: 'select distinct aggregate, type from outbox where held is not null' });
  return [...new Set(rows.filter((row) => mayBeEvent(service, row)).map(({ aggregate }) => aggregate))];
}

/** Events that the gate did not let out. They stand in the outbox, each under `o` and its position, until an operator settles them. */
export class Held {
  constructor(private readonly pool: Pool, private readonly service: string) {}

  async list(): Promise<HeldEvent[]> {
    const { rows } = await this.pool.query<Row & { readonly position: string; readonly held: string; readonly created_at: Date }>(`select position, held, created_at, ${attributeColumns.join(', ')} from outbox where held is not null order by position limit 100`);
    return rows.map((row) => ({ id: `o${row.position}`, handler: 'relay', state: 'held', reason: row.held, at: row.created_at, event: shown(attributesOf(row)) }));
  }

  /** The gate looks at it again, since it was mended or this build knows more. */
  async replay(id: string): Promise<void> {
    const { rowCount } = await this.pool.query('update outbox set held = null where position = $1 and held is not null', [positionOf(id)]);
    if (rowCount === 0) throw new HandlerRefusal('PARKED_NOT_FOUND', false);
  }

  /** It will never be sent; what waits behind it goes on. @throws HandlerRefusal PARKED_IS_KEPT */
  async drop(id: string, by: GivingUp): Promise<void> {
    await transaction(this.pool, async (tx) => {
      const { rows: [row] } = await tx.query<Row>(`delete from outbox where position = $1 and held is not null returning ${attributeColumns.join(', ')}`, [positionOf(id)]);
      if (!row) throw new HandlerRefusal('PARKED_NOT_FOUND', false);
      const event = attributesOf(row);
      if (mayBeEvent(this.service, row) && !by.may(event)) throw new HandlerRefusal('PARKED_IS_KEPT', false);
      await by.note?.(tx, event);
    });
  }
}

export const isHeldId = (id: string): boolean => /^o\d{1,18}$/.test(id);
function positionOf(id: string): string {
  if (!isHeldId(id)) throw new HandlerRefusal('PARKED_NOT_FOUND', false);
  return id.slice(1);
}

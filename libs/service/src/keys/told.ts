import type { Type } from '@nestjs/common';
import { KeysLocked, KeysRotated, KeysUnlocked, OldKeysDestroyed } from '@footbridge/contracts';
import type { PoolClient } from 'pg';
import { handlersOf, type Received } from '../projections.js';

const told = (type: string, write: (tx: PoolClient, event: Received) => Promise<unknown>): Parameters<typeof handlersOf>[1][number] => ({
  type,
  async handle(event, context) {
    await context.once('KeysTold', async (tx) => { await write(tx, event); });
    // At once, not with the next look: a lock is not waited for.
    await this.engine.store.keys.look();
    this.engine.store.keys.onNews();
  },
});
const asked = (column: 'wanted' | 'least') => (tx: PoolClient, { data }: Received): Promise<unknown> =>
  tx.query(`insert into organisation_key (organisation, ${column}) values ($1, $2) on conflict (organisation) do update set ${column} = greatest(organisation_key.${column}, excluded.${column})`, [data['organisation'], data['keyVersion']]);
const locked = (is: boolean) => (tx: PoolClient, { aggregate, version, data }: Received): Promise<unknown> =>
  tx.query(`insert into key_lock (panic_lock, organisation, locked, version) values ($1, $2, $3, $4)
    on conflict (panic_lock) do update set locked = excluded.locked, version = excluded.version, applied = false where key_lock.version < excluded.version`, [aggregate, data['organisation'], is, version]);

/** What the service that keeps the organisations tells of their keys; the keeper does it. Each only goes forward, so their order does not matter. */
export const KeysTold: Type<object> = handlersOf('KeysTold', [
  told(KeysRotated.type, asked('wanted')), told(OldKeysDestroyed.type, asked('least')), told(KeysLocked.type, locked(true)), told(KeysUnlocked.type, locked(false)),
]);

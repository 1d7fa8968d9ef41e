import { KeyRotationState, KeysRotated, OldKeysDestroyed, Service } from '@footbridge/contracts';
import { NONE, guard, is, lifecycle, operational, type Facts, type RowOf } from '@footbridge/lifecycle';
import type { KeyStore } from '@footbridge/privacy';
import { days, later } from '@footbridge/service';

export const keyRotationFields = {
  /** The version that wraps from then on. */
  keyVersion: operational.integer(),
  rotatedAt: operational.instant(),
};
export type KeyRotationRow = RowOf<typeof keyRotationFields>;
export interface KeyRotationFacts extends Facts<KeyRotationRow> {
  readonly nextVersion?: number;
  /** Services in which nothing hangs on an older version any more. */
  readonly rewrappedBy?: number;
  readonly backupDays?: number;
}

export class DestroyOldBody {
  /** Before backups that hold something under the old key are gone: they are then worth nothing, and so is whatever only they hold. */
  @is.boolean({ optional: true, example: false }) force?: boolean;
}

export const allRewrapped = guard<KeyRotationFacts>('KEY_ROTATION', 'noServiceHasAnythingUnderAnOldKey', ({ rewrappedBy = 0 }) => (rewrappedBy >= Service.values.length ? undefined : 'STILL_IN_USE'), { retry: true });
export const backupsAreGone = guard<KeyRotationFacts>('KEY_ROTATION', 'oldBackupsAreGone', ({ row, body, backupDays = 35 }, now) => (body['force'] === true || (row.rotatedAt && now >= later(row.rotatedAt, days(backupDays))) ? undefined : 'BACKUPS_STILL_NEED_IT'), { onBody: true });

const keepers = ['PARTNER_ADMIN', 'DPO'] as const;

/** A change of an organisation's key (design 2.2): asked for and approved by its own people, never by who runs the servers (DP-18). */
export const KeyRotation = lifecycle<KeyRotationFacts>()({
  name: 'KeyRotation', service: 'notifications', prefix: 'kyr', states: KeyRotationState.values, fields: keyRotationFields,
  visible: `($1->2) ?| array['PARTNER_ADMIN', 'DPO', 'SUPERVISOR']`,
  facts: async (read, { row, command }) => {
    const { keyStore, backupDays } = read.port<{ readonly keyStore: KeyStore; readonly backupDays: number }>('keys');
    if (command === 'rotateKeys') {
      const [newest] = await read.sql<number>('select to_jsonb(coalesce(max(key_version), 1)) from key_rotation where owner = $1->>0', [row.owner]);
      return { nextVersion: Math.max(newest ?? 1, (await keyStore.versions(row.owner))?.current ?? 1) + 1 };
    }
    const [rewrappedBy] = await read.sql<number>('select to_jsonb(count(*)) from keys_rewrapped where organisation = $1->>0 and key_version >= ($1->>1)::integer', [row.owner, row.keyVersion ?? null]);
    return { rewrappedBy: rewrappedBy ?? 0, backupDays };
  },
  wire: (row) => ({ organisation: row.owner, keyVersion: row.keyVersion }),
  rows: [
    // from         command       to               by       guards                          emits
    [NONE,          'rotateKeys', 'rotated',       keepers,    [],                             KeysRotated,      { approval: keepers, set: ({ nextVersion }, now) => ({ keyVersion: nextVersion, rotatedAt: now.toISOString() }) }],
    [['rotated'],   'destroyOld', 'old_destroyed', keepers,    [allRewrapped, backupsAreGone], OldKeysDestroyed, { approval: keepers, body: DestroyOldBody }],
  ],
});

import { KeysLocked, KeysUnlocked, PanicLockState } from '@footbridge/contracts';
import { NONE, lifecycle, type Facts } from '@footbridge/lifecycle';
import { accountRoles } from '@footbridge/service';

/**
 * Somebody is at the door: any worker locks the organisation's keys with one command, at once and in every service (design 7, adversary 4).
 * Two people unlock. Who only runs the servers does neither.
 */
export const PanicLock = lifecycle<Facts>()({
  name: 'PanicLock', service: 'notifications', prefix: 'pnc', states: PanicLockState.values, fields: {},
  wire: (row) => ({ organisation: row.owner }),
  rows: [
    // from        command       to          by                                                     guards emits
    [NONE,         'lockKeys',   'locked',   accountRoles.filter((role) => role !== 'OPERATOR'),    [],    KeysLocked],
    [['locked'],   'unlockKeys', 'unlocked', ['SUPERVISOR', 'DPO'],                                 [],    KeysUnlocked, { approval: ['SUPERVISOR', 'DPO'] }],
  ],
});

import { mayBeGivenUp } from '@footbridge/contracts';
import type { GivingUp } from '@footbridge/messaging';
import type { Clock } from './clock.js';
import type { Principal } from './identity/principal.js';

/** An OPERATOR gives up news alone, and it is written down for whoever runs the servers and for whose event it was; a withdrawal nobody gives up (decisions 15, G2). */
export const givingUp = ({ organisation, subject }: Principal, clock: Clock): GivingUp => ({
  may: mayBeGivenUp,
  note: async (tx, { id, type, owner }) => {
    await tx.query("insert into audit (at, organisations, kind, command, organisation, account, role, caused_by, ground) values ($1, $2, 'parked', 'drop', $3, $4, 'OPERATOR', $5, $6)",
      [clock.now(), [...new Set([organisation, ...(owner === undefined ? [] : [owner])])], organisation, subject, id ?? null, type ?? null]);
  },
});

import { HeldRecipient, HoldGround } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';

/** Whom a hold keeps away and why is sealed; that a clearance is missing is all that others learn (decisions 14). */
export const holdFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  placedBy: operational.ref(),
  heldRecipients: special.codes(HeldRecipient),
  ground: special.code(HoldGround),
};
export type HoldRow = RowOf<typeof holdFields>;

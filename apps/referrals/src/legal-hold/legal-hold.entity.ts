import { LegalHoldGround } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';

/** Keeps a case beyond its time, for a named ground, and never without a day on which somebody looks again (DP-20). */
export const legalHoldFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  ground: special.code(LegalHoldGround),
  /** Stands up to and including this day. */
  reviewOn: operational.day(),
  reviewedAt: operational.instant(),
  endedAt: operational.instant(),
};
export type LegalHoldRow = RowOf<typeof legalHoldFields>;

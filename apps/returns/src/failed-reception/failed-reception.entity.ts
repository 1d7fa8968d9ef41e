import { operational, type RowOf } from '@footbridge/lifecycle';

/** That somebody was not met. What went wrong is for the review, not for this row. */
export const failedReceptionFields = {
  returnCase: operational.uuid({ shown: 'nobody' }),
  originOffice: operational.ref(),
};
export type FailedReceptionRow = RowOf<typeof failedReceptionFields>;

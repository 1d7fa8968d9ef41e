import { BedRefusal, PauseReason, ServiceProfile } from '@footbridge/contracts';
import { operational, type RowOf } from '@footbridge/lifecycle';

/** A bed, before anybody is named: nothing here is about a person. */
export const bedReservationFields = {
  shelter: operational.uuid({ shown: 'nobody' }),
  unit: operational.text(),
  profile: operational.code(ServiceProfile, { shown: 'parties' }),
  referral: operational.uuid({ shown: 'nobody' }),
  bedRequest: operational.uuid({ shown: 'nobody' }),
  /** Held for a request without a name; no more once a referral has come for it. */
  anonymous: operational.boolean({ shown: 'nobody' }),
  /** The organisation that sent the referral, or asked for the bed. */
  referrer: operational.ref({ shown: 'parties' }),
  expectedArrival: operational.instant({ shown: 'parties' }),
  refusal: operational.code(BedRefusal, { shown: 'parties' }),
  releasedFor: operational.code(PauseReason, { shown: 'parties' }),
};
export type BedReservationRow = RowOf<typeof bedReservationFields>;

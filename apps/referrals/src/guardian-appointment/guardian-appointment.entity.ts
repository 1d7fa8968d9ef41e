import { GuardianshipEnd } from '@footbridge/contracts';
import { direct, operational, special, type RowOf } from '@footbridge/lifecycle';
import type { GuardianBody } from './guardian-appointment.dto.js';

export const guardianFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  /** The child authority that decides; the owner itself where it is one. */
  authority: operational.ref({ shown: 'parties' }),
  requestedAt: operational.instant({ shown: 'parties' }),
  startedAt: operational.instant({ shown: 'parties' }),
  endedAt: operational.instant({ shown: 'parties' }),
  suspendedAt: operational.instant({ shown: 'parties' }),
  guardian: direct.json<Readonly<GuardianBody>>(),
  /** The guardian's employer, where there is one: it may not be the receiver of a referral (SG6). */
  guardianOrganisation: special.ref(),
  decision: direct.text(),
  endReason: special.code(GuardianshipEnd),
};
export type GuardianRow = RowOf<typeof guardianFields>;

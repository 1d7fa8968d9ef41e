import { ConsentCategory, NeutralReason, OverrideGround, Priority, ReasonForReferral, ReferralOutcome, ServiceType } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';
import type { NeedsBody } from './referral.dto.js';

const told = { shown: 'parties' } as const;

/** Reference 2.1.2. What the receiver needs to know of the person is sealed; it is fetched, never sent. */
export const referralFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  serviceType: operational.code(ServiceType, told),
  priority: operational.code(Priority, told),
  receiver: operational.ref(told),
  /** Who brought the person, where it is not the owner: a party of this referral and of nothing else. */
  referrer: operational.ref(),
  /** Whose referral it is: only who wrote it may take it back. */
  draftedBy: operational.ref({ shown: 'nobody' }),
  /** Police and embassies see a few states of their referral and no more (reference 2.7). */
  referrerSeesLittle: operational.boolean({ shown: 'nobody' }),
  reasonForReferral: operational.code(ReasonForReferral, told),
  needs: special.json<Readonly<NeedsBody>>(),
  /** What may be fetched: within the service's minimum dataset and the consent (SG4). */
  fieldsDisclosed: operational.codes(ConsentCategory, told),
  replacesReferral: operational.uuid({ shown: 'nobody' }),
  consentId: operational.uuid({ shown: 'nobody' }),
  override: special.code(OverrideGround),
  overrideReason: special.text(),
  overriddenAt: operational.instant(),
  sentAt: operational.instant(told),
  acceptedAt: operational.instant(told),
  firstContactAt: operational.instant(told),
  /** Its webhook did not reach the receiver, who has not answered since. */
  unreachedAt: operational.instant(),
  endedAt: operational.instant(told),
  /** What the receiver needed to know is gone (DP-20). */
  needsForgottenAt: operational.instant(),
  reason: operational.code(NeutralReason, told),
  outcome: operational.code(ReferralOutcome, told),
  alternatives: operational.refs(told),
};
export type ReferralRow = RowOf<typeof referralFields>;

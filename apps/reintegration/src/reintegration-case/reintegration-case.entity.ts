import { ClosureReason, NeutralReason, ServiceType, type ComponentType, type PlanDimension } from '@footbridge/contracts';
import { codeList } from '@footbridge/privacy';
import { direct, operational, quasi, special, type RowOf } from '@footbridge/lifecycle';

/** Why help pauses; never leaves the organisation. RHB 2.7. */
export const SuspensionReason = codeList('SuspensionReason', ['SAFETY', 'HEALTH', 'CONSENT_ENDED'], 'special');
export type SuspensionReason = (typeof SuspensionReason.values)[number];

/** How she was looked for. Neighbours and police are not in the list. WHO 5. */
export const ContactChannel = codeList('ContactChannel', ['PHONE', 'MESSAGE', 'EMAIL', 'TRUSTED_PERSON', 'AGREED_PLACE']);
export type ContactChannel = (typeof ContactChannel.values)[number];

export interface ContactAttempt { readonly at: string; readonly channel: ContactChannel }
/** On site, after return. RHB 2.2. */
export interface Assessment { readonly vulnerability?: string; readonly risk?: string; readonly family?: string; readonly skills?: string }
export interface PlanAction { readonly component: ComponentType; readonly dimension: PlanDimension; readonly action: string; readonly dueOn?: string }
/** What she wants to reach, and the support agreed for it. RHB 2.3. */
export interface Plan { readonly objectives: readonly string[]; readonly actions: readonly PlanAction[] }

export const reintegrationFields = {
  /** Who asked; the same organisation where she came by herself. */
  proposer: operational.ref({ shown: 'parties' }),
  /** The consent that names this organisation, as `referrals` calls it. */
  consent: operational.ref({ shown: 'nobody' }),
  /** She has taken it back: nothing more is told, help goes on, and somebody asks her (W6). */
  consentWithdrawn: operational.boolean({ shown: 'nobody' }),
  /** Set at closing, where FOLLOW_UP_CONTACT lets the proposer know of it. */
  followUpConsent: operational.ref({ shown: 'nobody' }),
  returnId: operational.uuid({ shown: 'nobody' }),
  /** The proposer's own reference for the return; goes back to the proposer only. */
  returnRef: operational.ref({ shown: 'nobody' }),
  caseManager: operational.ref(),
  receivedAt: operational.instant(),
  planAgreedAt: operational.instant(),
  assessedAt: operational.instant(),
  /** When she was looked for, since contact broke off. */
  attempts: operational.json<readonly ContactAttempt[]>(),
  reason: operational.code(NeutralReason, { shown: 'parties' }),
  needs: quasi.codes(ServiceType),
  child: special.boolean(),
  assessment: special.json<Assessment>(),
  plan: special.json<Plan>(),
  suspendedFor: special.code(SuspensionReason),
  closureReason: special.code(ClosureReason),
  /** Never told about trafficking (reference 2.4.2). */
  schoolOrEmployer: direct.text(),
};
export type ReintegrationRow = RowOf<typeof reintegrationFields>;

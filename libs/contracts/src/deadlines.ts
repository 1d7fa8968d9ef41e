import type { Priority } from './code-lists/referral.js';

/** A length of time. Working days leave out Saturday and Sunday; holidays are not known here. */
export interface Span { readonly minutes?: number; readonly hours?: number; readonly days?: number; readonly workingDays?: number; readonly months?: number }
type ByPriority = Readonly<Record<Priority, Span>>;

/** Clocks of reference 2.1.3, by the priority of the referral. */
export const referralDeadlines = {
  /** Accept or decline; then `expired`. IAF. */
  decision: { EMERGENCY: { hours: 24 }, URGENT: { hours: 72 }, NORMAL: { days: 14 } },
  /** Escalation, not a change of state. */
  acknowledgement: { EMERGENCY: { hours: 1 }, URGENT: { hours: 8 }, NORMAL: { workingDays: 2 } },
  /** After `accepted`. */
  firstContact: { EMERGENCY: { hours: 24 }, URGENT: { hours: 72 }, NORMAL: { days: 14 } },
  /** After a final state, by the referrer. */
  loopClosed: { EMERGENCY: { hours: 72 }, URGENT: { days: 7 }, NORMAL: { days: 14 } },
} as const satisfies Record<string, ByPriority>;

/** Not acknowledged so long after `ReferralSent`: the receiver's people are called, whatever the webhook says (reference 2.5.1). NORMAL has no call. */
export const callAfter = { EMERGENCY: { minutes: 15 }, URGENT: { hours: 4 } } as const satisfies Partial<ByPriority>;

/** All other clocks of the reference; the comment names what happens at the end, or the source. */
export const deadlines = {
  /** Alert. COE 10(4). */
  guardianRequested: { hours: 1 },
  /** Alert; only life-saving and safety steps meanwhile. */
  interimGuardian: { hours: 24 },
  /** At least; a jurisdiction may set more. COE 13. */
  reflectionPeriod: { days: 30 },
  /** Sexual exploitation, harm to a child, breach. */
  complaintEscalated: { hours: 24 },
  /** To the authority. GDPR 33. */
  breachReported: { hours: 72 },
  /** W5. */
  recallSent: { minutes: 1 },
  /** W5: then a task of the data protection officer. */
  recallConfirmed: { hours: 72 },
  /** U4. */
  overrideReviewed: { hours: 72 },
  /** F1. */
  protectionTask: { hours: 72 },
  /** Decisions 6. */
  approval: { hours: 72 },
  /** Then the search is widened. SAFE. */
  bedRequestAnswered: { minutes: 30 },
  /** A hold lasts until the expected arrival and so much more, */
  bedHoldAfterArrival: { hours: 6 },
  /** but never longer than this. */
  bedHoldAtMost: { hours: 48 },
  /** The referrer is alerted so long before the end. */
  bedHoldWarning: { hours: 1 },
  /** After `admitted`. */
  intakeCompleted: { hours: 72 },
  supportPlan: { days: 14 },
  /** A police emergency placement without a decision by the person. COE 12(7). */
  emergencyPlacement: { hours: 24 },
  /** The child authority is informed. */
  missingChild: { minutes: 15 },
  /** At least, between first counselling and decision. */
  returnDecisionAfterCounselling: { hours: 72 },
  returnRiskValidity: { days: 90 },
  bestInterestsValidity: { months: 6 },
  /** Final consent not older than this at departure. */
  reconfirmation: { hours: 72 },
  /** The origin office gets the itinerary not earlier before departure. */
  itineraryBeforeDeparture: { hours: 24 },
  /** No hand-over after arrival: call, then `reception_failed`, then `unaccounted` (child: at once). F4, F6. */
  handOverCall: { minutes: 30 },
  handOverFailed: { hours: 2 },
  handOverUnaccounted: { hours: 24 },
  safeArrivalCall: { hours: 24 },
  safeArrivalSecondCall: { days: 7 },
  /** Of the reintegration organisation, after reception. */
  reintegrationFirstContact: { hours: 72 },
  /** RHB 2.3. */
  reintegrationPlan: { months: 1 },
  /** And three attempts. */
  contactLost: { days: 30 },
  /** Bodies of deliveries are kept so long; also the time to replay. */
  deliveryKept: { days: 14 },
  secretRotated: { days: 90 },
  /** Sealed identities (privacy design 2.2): at most, and after pick-up. */
  envelopeKept: { days: 7 },
  envelopeKeptAfterPickUp: { hours: 24 },
  recipientKeyRotated: { days: 90 },
  /** DP-9; GDPR 12(3). */
  rightsAnswered: { months: 1 },
  /** And at most so much more, for a reason that she is told within the first month. */
  rightsExtended: { months: 3 },
  /** The data protection officer is called so long before. */
  rightsWarning: { days: 7 },
  /** A legal hold lasts no longer without a new look (DP-20), */
  legalHoldAtMost: { months: 12 },
  /** and its review is called for so long before. */
  legalHoldWarning: { days: 14 },
  /** After closing, of an adult's case (DP-20). */
  caseKept: { months: 24 },
  /** The owner is told so long before. */
  retentionWarning: { days: 30 },
  /** What is held for one purpose alone, after that purpose is over (DP-20). */
  purposeKept: { days: 90 },
} as const satisfies Record<string, Span>;

/** Visits so long after the plan. RHB 2.3. */
export const monitoringAfterPlan: readonly Span[] = [{ months: 1 }, { months: 3 }, { months: 6 }, { months: 12 }];

const minute = 60_000;
const daysOfMonth = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** The end of a span that starts then. A month ends on the same day, or on the last day of a shorter month. */
export function after(start: Date, span: Span): Date {
  const end = new Date(start);
  if (span.months) {
    const month = end.getUTCMonth() + span.months, day = end.getUTCDate();
    end.setUTCDate(1);
    end.setUTCMonth(month);
    end.setUTCDate(Math.min(day, daysOfMonth(end.getUTCFullYear(), end.getUTCMonth())));
  }
  for (let left = span.workingDays ?? 0; left > 0;) {
    end.setUTCDate(end.getUTCDate() + 1);
    if (end.getUTCDay() % 6 !== 0) left -= 1;
  }
  return new Date(end.getTime() + ((span.days ?? 0) * 24 * 60 + (span.hours ?? 0) * 60 + (span.minutes ?? 0)) * minute);
}

import { wire } from '@footbridge/privacy';
import { ClearanceStep } from './code-lists/case.js';
import { ConsentCategory, GuardedPurpose, isGuarded } from './code-lists/consent.js';
import { NeutralReason, PauseReason, Priority, SaidServiceType } from './code-lists/referral.js';
import { StatisticsOutcome } from './code-lists/statistics.js';
import { auditOnly, defineEvent } from './event.js';
import { keysRewrapped } from './keys.js';
import { flags, reached } from './payload.js';
import type { StateOf } from './states.js';

const service = 'referrals';

// --- Case. Services know it by `csr_…`; the owner's own reference comes along so that they can read its requests.

const caseAt = <S extends StateOf<'Case'>>(...states: readonly [S, ...S[]]) => ({ case: wire.ref('csr'), state: reached('Case', ...states), version: wire.version });

export const CaseOpened = defineEvent(service, 'CaseOpened', {
  audience: 'instance', summary: 'A case exists. Other services learn how its owner calls it.',
  data: { ...caseAt('active'), ownerCase: wire.ref('cas') },
});
export const FetchedDetailChanged = defineEvent(service, 'FetchedDetailChanged', {
  audience: 'instance', summary: 'The owner has changed something of the person that a receiver had fetched. `about` is the referral: its receiver is told.', data: { case: wire.ref('csr'), version: wire.version },
});
export const CaseMovedToFollowUp = auditOnly(service, 'CaseMovedToFollowUp', 'No urgent need is open any more.');
export const CaseReactivated = auditOnly(service, 'CaseReactivated', 'A new need or risk.');
export const CaseClosed = defineEvent(service, 'CaseClosed', { audience: 'instance', summary: 'Nothing new is begun for this case until it is reopened.', data: caseAt('closed') });
export const CaseTransferred = defineEvent(service, 'CaseTransferred', {
  audience: 'instance', summary: 'Another organisation has taken the whole case over.',
  data: { ...caseAt('closed_referred'), owner: wire.optional(wire.ref('org')), ownerCase: wire.optional(wire.ref('cas')) },
});
export const CaseReopened = defineEvent(service, 'CaseReopened', { audience: 'instance', summary: 'The person asked, or there is a new risk and consent.', data: caseAt('active') });
export const CaseAnonymised = defineEvent(service, 'CaseAnonymised', {
  audience: 'instance', summary: 'Retention is over or erasure was granted: every service destroys its key for this case and says so.', data: caseAt('anonymised'),
});
export const KeysRewrappedByReferrals = keysRewrapped(service, 'KeysRewrappedByReferrals');

// --- Identification: the audit trail only (decisions 13).

export const VictimPresumed = auditOnly(service, 'VictimPresumed', 'Reasonable grounds.');
export const VictimIdentified = auditOnly(service, 'VictimIdentified', 'Confirmed by the competent authority.');
export const IdentificationDeclined = auditOnly(service, 'IdentificationDeclined', 'No indicators, or not confirmed.');

// --- ConsentRecord. Only purposes that another service guards on; the gate refuses the others by their code.

const consentAt = <S extends StateOf<'ConsentRecord'>>(...states: readonly [S, ...S[]]) => ({
  case: wire.ref('csr'), state: reached('ConsentRecord', ...states), version: wire.version, purpose: wire.code(GuardedPurpose), recipient: wire.optional(wire.ref('org')),
});
const terms = { until: wire.optional(wire.day), recipientCase: wire.optional(wire.ref('cas')), ...flags(ConsentCategory) };
const travels = ({ purpose }: Readonly<Record<string, unknown>>): boolean => isGuarded(purpose);

export const ConsentRequested = auditOnly(service, 'ConsentRequested', 'The person was asked.');
export const ConsentGiven = defineEvent(service, 'ConsentGiven', { audience: 'instance', travels, summary: 'In force for this purpose and recipient, up to and including the day `until`, for the categories that are set.', data: { ...consentAt('given'), ...terms } });
export const ConsentRefused = auditOnly(service, 'ConsentRefused', 'Help is not reduced because of it.');
export const ConsentInvalidated = auditOnly(service, 'ConsentInvalidated', 'Never given in time, or a defect was found.');
export const ConsentRenewed = defineEvent(service, 'ConsentRenewed', { audience: 'instance', travels, summary: 'The same terms for longer.', data: { ...consentAt('renewed'), ...terms } });
export const ConsentWithdrawn = defineEvent(service, 'ConsentWithdrawn', { audience: 'instance', travels, summary: 'Every authorisation for this purpose and recipient is refused from now on.', data: consentAt('withdrawn') });
export const ConsentRevoked = defineEvent(service, 'ConsentRevoked', { audience: 'instance', travels, summary: 'Recipient or purpose is no longer safe.', data: consentAt('revoked') });
export const ConsentExpired = defineEvent(service, 'ConsentExpired', { audience: 'instance', travels, summary: 'Its time is over.', data: consentAt('expired') });

export const CaseReferenceExchanged = defineEvent(service, 'CaseReferenceExchanged', {
  audience: 'instance', travels: ({ purpose }) => purpose === undefined || isGuarded(purpose), summary: 'What an organisation calls a case for a purpose has been exchanged; the old name still counts for seven days.',
  data: { case: wire.ref('csr'), recipient: wire.ref('org'), purpose: wire.optional(wire.code(GuardedPurpose)), recipientCase: wire.ref('cas') },
});
export const ConsentScopeRecalled = defineEvent(service, 'ConsentScopeRecalled', {
  // What went without consent is recalled by ReferralEnteredInError, which says to delete it.
  audience: 'directed', subscribable: 'recipient', always: true, travels: ({ consentRecord }) => consentRecord !== undefined, summary: 'Delete what you got under this consent by `dueAt`, and confirm it. No reason is given.',
  data: { consentRecord: wire.ref('con'), referral: wire.optional(wire.ref('rfr')), dueAt: wire.instant },
});
export const RecipientDeletionConfirmed = auditOnly(service, 'RecipientDeletionConfirmed', 'A recipient has deleted what was recalled, or named the legal ground to keep it.');

// --- What two persons release as it is, and the code that a survivor carries: the audit trail only.

export const ExactlyReleased = auditOnly(service, 'ExactlyReleased', 'Two persons let one recipient see fields as they are, though few fit them.');
export const ExactReleaseEnded = auditOnly(service, 'ExactReleaseEnded', 'What was not fetched until now is counted again.');
export const ContinuityCodeIssued = auditOnly(service, 'ContinuityCodeIssued', 'The person has a code that introduces another helper to this one.');
export const ContinuityCodeUsed = auditOnly(service, 'ContinuityCodeUsed', 'She showed it to a helper: the two organisations know of each other, and nothing else was told.');
export const ContinuityCodeSeen = auditOnly(service, 'ContinuityCodeSeen', 'The worker has seen that it was used.');
export const ContinuityCodeEnded = auditOnly(service, 'ContinuityCodeEnded', 'It opens nothing any more.');

// --- What other services know of guardians, holds, risk and legal steps (decisions 14).

export const ClearanceChanged = defineEvent(service, 'ClearanceChanged', {
  audience: 'instance', summary: 'Whether a step may be taken now. Nothing says why. A step never mentioned is not cleared.',
  data: { case: wire.ref('csr'), step: wire.code(ClearanceStep), cleared: wire.boolean, until: wire.optional(wire.day), version: wire.version },
});
export const GuardianRequired = auditOnly(service, 'GuardianRequired', 'A child, or somebody who may be one, without a safe parent.');
export const GuardianRequested = auditOnly(service, 'GuardianRequested', 'The child authority was asked.');
export const InterimGuardianAppointed = auditOnly(service, 'InterimGuardianAppointed', 'Somebody independent speaks for the child at once.');
export const GuardianAppointed = auditOnly(service, 'GuardianAppointed', 'By decision of the child authority.');
export const GuardianSuspended = auditOnly(service, 'GuardianSuspended', 'Conflict of interest or a concern for safety.');
export const GuardianEnded = auditOnly(service, 'GuardianEnded', 'Majority, transfer, or return to safe parents.');
export const RiskAssessmentStarted = auditOnly(service, 'RiskAssessmentStarted', "The person's own view is asked first.");
export const RiskAssessmentCompleted = auditOnly(service, 'RiskAssessmentCompleted', 'Level and validity are set.');
export const RiskAssessmentSuperseded = auditOnly(service, 'RiskAssessmentSuperseded', 'A newer one exists.');
export const RiskAssessmentExpired = auditOnly(service, 'RiskAssessmentExpired', 'Its validity is over.');
export const ProtectionHoldPlaced = auditOnly(service, 'ProtectionHoldPlaced', 'No contact with the origin side; others see a clearance go.');
export const ProtectionHoldLifted = auditOnly(service, 'ProtectionHoldLifted', 'By two persons.');

export const SafetyAlertRaised = defineEvent(service, 'SafetyAlertRaised', {
  audience: 'instance', summary: 'Blocks closing, exit planning and travel until two people clear it (U6).', data: { case: wire.ref('csr'), safetyAlert: wire.ref('alr'), version: wire.version },
});
export const SafetyAlertCleared = defineEvent(service, 'SafetyAlertCleared', {
  audience: 'instance', summary: 'Cleared by two people.', data: { case: wire.ref('csr'), safetyAlert: wire.ref('alr'), version: wire.version },
});

// --- Intake (decisions 24).

export const IntakeRegistered = defineEvent(service, 'IntakeRegistered', {
  audience: 'instance', summary: "A shelter's intake: `shelters` opens the stay under the reference that the answer gave already. `about` is its id.",
  data: {
    intake: wire.ref('int'), case: wire.ref('csr'), shelter: wire.ref('shl'), stay: wire.ref('sty'), organisation: wire.ref('org'), ownerCase: wire.optional(wire.ref('cas')),
    referral: wire.optional(wire.ref('rfr')), emergencyPlacement: wire.boolean,
  },
});

export const IntakeConfirmed = auditOnly(service, 'IntakeConfirmed', 'The shelter has opened the stay.');
export const IntakeNotTaken = auditOnly(service, 'IntakeNotTaken', 'The stay could not be opened, or the person was not admitted.');

// --- Referral: directed to sender and receiver, each with its own reference (decisions 8, 16).

const referralAt = <S extends StateOf<'Referral'>>(...states: readonly [S, ...S[]]) => ({
  referral: wire.ref('rfr'), state: reached('Referral', ...states), version: wire.version, priority: wire.code(Priority), serviceType: wire.optional(wire.code(SaidServiceType)),
  from: wire.ref('org'), to: wire.ref('org'), dueAt: wire.optional(wire.instant),
});
const reason = { reason: wire.optional(wire.code(NeutralReason)) };
const pause = { reason: wire.optional(wire.code(PauseReason)) };
const directed = { audience: 'directed', subscribable: 'recipient' } as const;

export const ReferralDrafted = auditOnly(service, 'ReferralDrafted', 'Nothing is disclosed yet.');
export const ReferralSent = defineEvent(service, 'ReferralSent', { ...directed, summary: 'Answer by `dueAt`. What the person needs is fetched.', data: { ...referralAt('sent'), dueAt: wire.instant } });
export const ReferralAcknowledged = defineEvent(service, 'ReferralAcknowledged', { ...directed, summary: 'The receiver has seen it.', data: referralAt('acknowledged') });
export const ReferralAccepted = defineEvent(service, 'ReferralAccepted', { ...directed, summary: 'The receiver will help; first contact by `dueAt`.', data: referralAt('accepted') });
export const ReferralDeclined = defineEvent(service, 'ReferralDeclined', { ...directed, summary: 'The receiver cannot help.', data: { ...referralAt('declined'), ...reason } });
export const ReferralExpired = defineEvent(service, 'ReferralExpired', { ...directed, summary: 'No answer in time.', data: referralAt('expired') });
export const ReferralServiceStarted = defineEvent(service, 'ReferralServiceStarted', { ...directed, summary: 'The person was met.', data: referralAt('in_service') });
export const ReferralSuspended = defineEvent(service, 'ReferralSuspended', { ...directed, summary: 'Do nothing for now.', data: { ...referralAt('suspended'), ...pause } });
export const ReferralResumed = defineEvent(service, 'ReferralResumed', { ...directed, summary: 'Help goes on.', data: { ...referralAt('in_service'), ...pause } });
export const ReferralCompleted = defineEvent(service, 'ReferralCompleted', { ...directed, summary: 'Done; the outcome is fetched.', data: referralAt('completed') });
export const ReferralUnsuccessful = defineEvent(service, 'ReferralUnsuccessful', { ...directed, summary: 'It came to nothing.', data: { ...referralAt('unsuccessful'), ...reason } });
export const ReferralWithdrawn = defineEvent(service, 'ReferralWithdrawn', { ...directed, summary: 'Stop, and use nothing any more.', data: { ...referralAt('withdrawn'), ...pause } });
export const ReferralClosed = defineEvent(service, 'ReferralClosed', { ...directed, summary: 'The person knows how it ended.', data: referralAt('closed') });
export const ReferralEnteredInError = defineEvent(service, 'ReferralEnteredInError', { ...directed, summary: 'It should not have been sent: delete it.', data: referralAt('entered_in_error') });
// --- What is handed over sealed: a pointer goes out, the bytes stay with the owner until they are fetched (claim check).

export const IdentityAvailable = defineEvent(service, 'IdentityAvailable', {
  ...directed, summary: 'A sealed envelope waits for you until `dueAt`: fetch it at the referral, or at the return. Consent is looked at again then.', data: { identityEnvelope: wire.ref('env'), referral: wire.optional(wire.ref('rfr')), version: wire.version, dueAt: wire.instant },
});
export const IdentityCollected = auditOnly(service, 'IdentityCollected', 'The recipient has fetched the envelope.');
export const IdentityDestroyed = auditOnly(service, 'IdentityDestroyed', 'The envelope is gone: fetched a day ago, out of time, or its ground has ended.');
export const RecipientKeyPublished = auditOnly(service, 'RecipientKeyPublished', 'Not used before two people have compared its fingerprint.');
export const RecipientKeyConfirmed = auditOnly(service, 'RecipientKeyConfirmed', 'Compared by voice, by two people: envelopes are sealed to it.');
export const RecipientKeyRetired = auditOnly(service, 'RecipientKeyRetired', 'Nothing is sealed to it any more.');

export const DirectedDetailChanged = defineEvent(service, 'DirectedDetailChanged', {
  ...directed, summary: 'Something that was fetched before has changed: fetch it again.', data: { referral: wire.ref('rfr'), version: wire.version },
});

// --- Rights of the person (DP-9 to DP-13, DP-27) and what keeps data beyond its time (DP-20).

export const RightsRequestReceived = auditOnly(service, 'RightsRequestReceived', 'The person asks for something about her data.');
export const RightsRequestExtended = auditOnly(service, 'RightsRequestExtended', 'The answer takes up to two months more; she was told why.');
export const RightsRequestGranted = auditOnly(service, 'RightsRequestGranted', 'Done as she asked.');
export const RightsRequestPartlyGranted = auditOnly(service, 'RightsRequestPartlyGranted', 'Done as far as no named ground stands against it.');
export const RightsRequestRefused = auditOnly(service, 'RightsRequestRefused', 'Not done; she was told the ground.');
export const RightsRequestWithdrawn = auditOnly(service, 'RightsRequestWithdrawn', 'She does not ask any more.');
export const RightsRequestEnded = auditOnly(service, 'RightsRequestEnded', 'A restriction is lifted, or an objection taken back.');
export const RestrictionChanged = defineEvent(service, 'RestrictionChanged', {
  audience: 'instance', summary: 'Whether nothing more of this case may be disclosed, whatever was agreed to (DP-13). Nothing says why.', data: { case: wire.ref('csr'), restricted: wire.boolean, version: wire.version },
});
export const LegalHoldPlaced = auditOnly(service, 'LegalHoldPlaced', 'Kept beyond its time, by two persons, until a day.');
export const LegalHoldReviewed = auditOnly(service, 'LegalHoldReviewed', 'Still needed, until a later day.');
export const LegalHoldEnded = auditOnly(service, 'LegalHoldEnded', 'By two persons.');

// --- Statistics. That they were counted, never what: numbers leave by the public tables only, with their noise.

export const StatisticsCounted = defineEvent(service, 'StatisticsCounted', {
  audience: 'instance', summary: 'The tables of the year that ended on this day are published, or were refused by a rule.', data: { until: wire.day, counted: wire.code(StatisticsOutcome) },
});

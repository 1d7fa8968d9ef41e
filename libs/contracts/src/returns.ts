import { wire } from '@footbridge/privacy';
import { CancelReason } from './code-lists/referral.js';
import { auditOnly, defineEvent } from './event.js';
import { keysRewrapped } from './keys.js';
import { reached } from './payload.js';
import type { StateOf } from './states.js';

const service = 'returns';

// --- ReturnCase. Until `planning` nobody outside learns that it exists; then the named origin office, of a few steps only (reference 2.3.4).

const inside = <S extends StateOf<'ReturnCase'>>(...states: readonly [S, ...S[]]) => ({ case: wire.ref('csr'), state: reached('ReturnCase', ...states), version: wire.version });
const told = <S extends StateOf<'ReturnCase'>>(...states: readonly [S, ...S[]]) => ({
  returnCase: wire.ref('ret'), receptionPlan: wire.optional(wire.ref('rcp')), reintegrationCase: wire.optional(wire.ref('rnt')), state: reached('ReturnCase', ...states), version: wire.version,
});
const directed = { audience: 'directed', subscribable: 'recipient' } as const;

export const ReturnRequested = auditOnly(service, 'ReturnRequested', 'By the person, or the guardian.');
export const ReturnCounsellingStarted = auditOnly(service, 'ReturnCounsellingStarted', 'All options are explained.');
export const ReturnDecisionRecorded = auditOnly(service, 'ReturnDecisionRecorded', 'Written, informed, not hurried.');
export const ReturnAssessedSafe = auditOnly(service, 'ReturnAssessedSafe', 'Planning may begin.');
export const ReturnNotCleared = defineEvent(service, 'ReturnNotCleared', { audience: 'instance', summary: 'Not now: protection in the host country is sought (F1).', data: inside('not_cleared') });
export const ReturnReassessmentStarted = auditOnly(service, 'ReturnReassessmentStarted', 'New facts, and the person still wants it.');
export const ReturnCleared = defineEvent(service, 'ReturnCleared', { audience: 'instance', summary: 'The shelter may plan the exit.', data: inside('cleared') });
export const ReturnDeparted = defineEvent(service, 'ReturnDeparted', { ...directed, alsoInstance: true, summary: 'On the way; the itinerary is fetched.', data: told('in_transit') });
export const ReturnDepartureFailed = defineEvent(service, 'ReturnDepartureFailed', { audience: 'instance', summary: 'Not departed; back to planning (F2).', data: inside('planning') });
export const ReturnArrived = defineEvent(service, 'ReturnArrived', { ...directed, summary: 'Arrived; not yet met.', data: told('arrived') });
export const ReceptionConfirmed = defineEvent(service, 'ReceptionConfirmed', {
  // The reintegration organisation gets it too (decisions 16), and is no party to the return.
  ...directed, alsoInstance: true, summary: 'Met; both sides have confirmed.', data: { ...told('received'), returnCase: wire.optional(wire.ref('ret')) },
});
export const ReceptionFailed = defineEvent(service, 'ReceptionFailed', { ...directed, alsoInstance: true, summary: 'Not met. Act now (F4).', data: told('reception_failed') });
export const FailedReceptionRecorded = auditOnly(service, 'FailedReceptionRecorded', 'Nobody else is sent to this office until two people have looked into it (F7).');
export const FailedReceptionReviewed = auditOnly(service, 'FailedReceptionReviewed', 'By two people, with a new risk assessment.');
export const PersonUnaccountedFor = auditOnly(service, 'PersonUnaccountedFor', 'Not found (F6).');
export const ReturnCompleted = defineEvent(service, 'ReturnCompleted', { ...directed, alsoInstance: true, summary: 'Handed over, or help declined.', data: told('completed_return') });
export const ReturnSuspended = defineEvent(service, 'ReturnSuspended', { audience: 'instance', summary: 'Nothing is done for now.', data: inside('return_suspended') });
export const ReturnResumed = auditOnly(service, 'ReturnResumed', 'Starts again at counselling.');
export const ReturnWithdrawn = defineEvent(service, 'ReturnWithdrawn', { audience: 'instance', summary: 'The person does not want it any more; help goes on.', data: inside('withdrawn_return') });
export const ReturnCancelled = defineEvent(service, 'ReturnCancelled', { audience: 'instance', summary: 'Contact lost, duplicate, or opened in error.', data: inside('cancelled_return') });
export const ReturnClosed = auditOnly(service, 'ReturnClosed', 'Data of the origin side recalled where no longer needed.');

// --- ReceptionPlan: what the origin office does itself is not sent to it.

const planAt = <S extends StateOf<'ReceptionPlan'>>(...states: readonly [S, ...S[]]) => ({
  receptionPlan: wire.ref('rcp'), returnCase: wire.optional(wire.ref('ret')), state: reached('ReceptionPlan', ...states), version: wire.version, from: wire.ref('org'), to: wire.ref('org'),
});
export const ReceptionRequested = defineEvent(service, 'ReceptionRequested', { ...directed, summary: 'Can you receive a person? Details are fetched.', data: { ...planAt('reception_requested'), dueAt: wire.optional(wire.instant) } });
export const ReceptionAccepted = auditOnly(service, 'ReceptionAccepted', 'By the origin office.');
export const ReceptionDeclined = auditOnly(service, 'ReceptionDeclined', 'By the origin office (F3).');
export const ReceptionReady = defineEvent(service, 'ReceptionReady', { ...directed, summary: 'Officer, substitute, place, number and lodging are arranged.', data: planAt('ready') });
export const ReceptionPerformed = auditOnly(service, 'ReceptionPerformed', 'Handed over.');
export const ReceptionMissed = auditOnly(service, 'ReceptionMissed', 'Not met.');
export const ReceptionCancelled = defineEvent(service, 'ReceptionCancelled', {
  ...directed, summary: 'Do not expect anybody. The reason is the same whatever it was (A7).', data: { ...planAt('reception_cancelled'), reason: wire.code(CancelReason) },
});
export const ReceptionDetailChanged = defineEvent(service, 'ReceptionDetailChanged', {
  ...directed, summary: 'Something that was fetched before has changed: fetch it again.', data: { receptionPlan: wire.ref('rcp'), version: wire.version },
});

export const CaseErasedByReturns = defineEvent(service, 'CaseErasedByReturns', { audience: 'instance', summary: 'The key of this case is destroyed here.', data: { case: wire.ref('csr') } });
export const KeysRewrappedByReturns = keysRewrapped(service, 'KeysRewrappedByReturns');

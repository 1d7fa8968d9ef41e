import { wire } from '@footbridge/privacy';
import { NeutralReason } from './code-lists/referral.js';
import { auditOnly, defineEvent } from './event.js';
import { keysRewrapped } from './keys.js';
import { reached } from './payload.js';
import type { StateOf } from './states.js';

const service = 'reintegration';

// --- ReintegrationCase: proposal to the organisation named in consent, its answer to whoever proposed (decisions 16, reference 2.4.4).

const at = <S extends StateOf<'ReintegrationCase'>>(...states: readonly [S, ...S[]]) => ({
  reintegrationCase: wire.ref('rnt'), state: reached('ReintegrationCase', ...states), version: wire.version, from: wire.ref('org'), to: wire.ref('org'), returnCase: wire.optional(wire.ref('ret')),
});
const directed = { audience: 'directed', subscribable: 'recipient' } as const;

export const ReintegrationProposed = defineEvent(service, 'ReintegrationProposed', { ...directed, summary: 'Can you accompany a person after return? Details are fetched.', data: { ...at('proposed'), dueAt: wire.optional(wire.instant) } });
export const ReintegrationAccepted = defineEvent(service, 'ReintegrationAccepted', { ...directed, summary: 'A named case manager waits.', data: at('reint_accepted') });
export const ReintegrationDeclined = defineEvent(service, 'ReintegrationDeclined', { ...directed, summary: 'The organisation cannot.', data: { ...at('reint_declined'), reason: wire.optional(wire.code(NeutralReason)) } });
export const ReintegrationAssessmentStarted = auditOnly(service, 'ReintegrationAssessmentStarted', 'On site, after reception.');
export const ReintegrationPlanAgreed = auditOnly(service, 'ReintegrationPlanAgreed', 'Written with the person, signed by her.');
export const ReintegrationStarted = auditOnly(service, 'ReintegrationStarted', 'First support delivered.');
export const ReintegrationMonitoringStarted = auditOnly(service, 'ReintegrationMonitoringStarted', 'Main support delivered.');
export const ReintegrationSupportResumed = auditOnly(service, 'ReintegrationSupportResumed', 'A new need.');
export const ReintegrationSuspended = auditOnly(service, 'ReintegrationSuspended', 'Safety, health, or consent.');
export const ReintegrationResumed = auditOnly(service, 'ReintegrationResumed', 'Assessed again first.');
export const ReintegrationDeclinedByPerson = defineEvent(service, 'ReintegrationDeclinedByPerson', {
  audience: 'instance', summary: 'The person declines; the door stays open. A return may be completed all the same (RG14).',
  data: { case: wire.ref('csr'), state: reached('ReintegrationCase', 'refused_by_person'), version: wire.version },
});
export const ReintegrationContactLost = auditOnly(service, 'ReintegrationContactLost', 'After three attempts in thirty days.');
export const ReintegrationContactRestored = auditOnly(service, 'ReintegrationContactRestored', 'Found again.');
export const ReintegrationClosed = defineEvent(service, 'ReintegrationClosed', {
  ...directed, alsoInstance: true, summary: 'Over. To the host organisation only where FOLLOW_UP_CONTACT names it.', data: { ...at('reint_closed'), reason: wire.optional(wire.code(NeutralReason)) },
});

export const CaseErasedByReintegration = defineEvent(service, 'CaseErasedByReintegration', { audience: 'instance', summary: 'The key of this case is destroyed here.', data: { case: wire.ref('csr') } });
export const KeysRewrappedByReintegration = keysRewrapped(service, 'KeysRewrappedByReintegration');

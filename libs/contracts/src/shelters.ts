import { wire } from '@footbridge/privacy';
import { NeutralReason, PauseReason, Priority } from './code-lists/referral.js';
import { BedRefusal, CapacityBand, ServiceProfile } from './code-lists/shelter.js';
import { auditOnly, defineEvent } from './event.js';
import { keysRewrapped } from './keys.js';
import { place, reached } from './payload.js';
import type { StateOf } from './states.js';

const service = 'shelters';

// --- Shelter. Network events have no version: it would count what happens behind the door.

/** ADM1 of the house, never nearer (reference 2.2.4). */
const at = { ...place, region: wire.optional(wire.region) };
const shelterAt = <S extends StateOf<'Shelter'>>(...states: readonly [S, ...S[]]) => ({ shelter: wire.ref('shl'), organisation: wire.ref('org'), ...at, state: reached('Shelter', ...states) });
const network = { audience: 'network', subscribable: 'verified-partner-same-country', atFullHour: true } as const;
const known = { shelter: wire.ref('shl'), organisation: wire.ref('org'), version: wire.version };

export const ShelterRegistered = defineEvent(service, 'ShelterRegistered', {
  audience: 'instance', summary: 'Whose shelter it is, so that an intake to a foreign one is refused at once.', data: { ...known, state: reached('Shelter', 'registered') },
});
export const ShelterOpened = defineEvent(service, 'ShelterOpened', { ...network, summary: 'Takes people in.', data: { ...shelterAt('open'), band: wire.optional(wire.band(CapacityBand)) } });
export const ShelterAdmissionsLimited = defineEvent(service, 'ShelterAdmissionsLimited', { ...network, summary: 'Takes some people in.', data: { ...shelterAt('limited'), band: wire.optional(wire.band(CapacityBand)) } });
export const ShelterAdmissionsClosed = defineEvent(service, 'ShelterAdmissionsClosed', { ...network, summary: 'Takes nobody in.', data: { ...shelterAt('admissions_closed'), band: wire.optional(wire.band(CapacityBand)) } });
export const ShelterSuspended = defineEvent(service, 'ShelterSuspended', {
  audience: 'instance', summary: 'Nobody is sent there. The network is not told.', data: { ...known, state: reached('Shelter', 'shelter_suspended') },
});
export const CapacityBandPublished = defineEvent(service, 'CapacityBandPublished', {
  // Published at the full hour, and at no other time: it waits for none.
  audience: 'network', subscribable: 'verified-partner-same-country', summary: 'What a shelter can offer, in bands, every hour (decisions 19).',
  data: { shelter: wire.ref('shl'), organisation: wire.ref('org'), ...place, region: wire.region, profile: wire.code(ServiceProfile), band: wire.band(CapacityBand) },
});

// --- BedReservation: to whoever asked for the bed.

const directed = { audience: 'directed', subscribable: 'recipient' } as const;
const bedAt = <S extends StateOf<'BedReservation'>>(...states: readonly [S, ...S[]]) => ({
  bedReservation: wire.ref('bed'), state: reached('BedReservation', ...states), version: wire.version, referral: wire.optional(wire.ref('rfr')), bedRequest: wire.optional(wire.ref('brq')),
});

export const BedRequested = defineEvent(service, 'BedRequested', {
  ...directed, summary: 'Somebody looks for a place; what is needed is fetched. The first hold wins.',
  data: { bedRequest: wire.ref('brq'), shelter: wire.ref('shl'), priority: wire.code(Priority), version: wire.version, dueAt: wire.instant },
});
export const BedRequestAnswered = auditOnly(service, 'BedRequestAnswered', 'The first bed is held; nobody else can hold one for it.');
export const BedRequestWithdrawn = defineEvent(service, 'BedRequestWithdrawn', {
  ...directed, summary: 'No place is looked for any more; a bed held for it is let go.', data: { bedRequest: wire.ref('brq'), version: wire.version },
});
export const BedHeld = defineEvent(service, 'BedHeld', { ...directed, summary: 'A bed is kept until `dueAt`.', data: { ...bedAt('held'), shelter: wire.optional(wire.ref('shl')), dueAt: wire.optional(wire.instant) } });
export const BedRefused = defineEvent(service, 'BedRefused', { ...directed, summary: 'No bed here.', data: { ...bedAt('refused_bed'), reason: wire.optional(wire.code(BedRefusal)) } });
export const BedReservationConsumed = auditOnly(service, 'BedReservationConsumed', 'The person has moved in.');
export const BedReleased = defineEvent(service, 'BedReleased', { ...directed, summary: 'The bed is free again.', data: { ...bedAt('released'), reason: wire.optional(wire.code(PauseReason)) } });
export const BedHoldLapsed = defineEvent(service, 'BedHoldLapsed', { ...directed, summary: 'Kept long enough; ask again if it is still needed.', data: bedAt('lapsed') });

// --- Stay: to the referrer; everything about absence, missing, health and incident stays in the audit trail (reference 2.2.4).

const stayAt = <S extends StateOf<'Stay'>>(...states: readonly [S, ...S[]]) => ({ stay: wire.ref('sty'), state: reached('Stay', ...states), version: wire.version, referral: wire.optional(wire.ref('rfr')) });
const intake = { case: wire.ref('csr'), intake: wire.optional(wire.ref('int')), version: wire.version };

export const IntakeOpened = defineEvent(service, 'IntakeOpened', { audience: 'instance', summary: 'The stay exists; the intake shows `opened`.', data: { ...intake, state: reached('Stay', 'intake_pending') } });
export const IntakeRefused = defineEvent(service, 'IntakeRefused', {
  audience: 'instance', summary: 'The stay could not be opened; the intake shows `refused` with the reason.', data: { case: wire.ref('csr'), intake: wire.ref('int'), reason: wire.code(NeutralReason) },
});
export const PersonAdmitted = defineEvent(service, 'PersonAdmitted', { ...directed, alsoInstance: true, summary: 'The person is in the shelter.', data: stayAt('admitted') });
export const IntakeNotAdmitted = defineEvent(service, 'IntakeNotAdmitted', { audience: 'instance', summary: 'Not admitted; a safe alternative was arranged.', data: { ...intake, state: reached('Stay', 'not_admitted'), reason: wire.optional(wire.code(NeutralReason)) } });
export const IntakeCompleted = auditOnly(service, 'IntakeCompleted', 'Rights, rules and complaint channel are explained.');
export const AbsenceAuthorised = auditOnly(service, 'AbsenceAuthorised', 'With an agreed safety plan.');
export const ResidentReturned = auditOnly(service, 'ResidentReturned', 'Back again.');
export const ResidentReportedMissing = auditOnly(service, 'ResidentReportedMissing', 'A child: the authority is told at once.');
export const ExitPlanned = auditOnly(service, 'ExitPlanned', 'With a safety plan.');
export const ExitPlanCancelled = auditOnly(service, 'ExitPlanCancelled', 'Stays on.');
export const PersonExited = defineEvent(service, 'PersonExited', { ...directed, alsoInstance: true, summary: 'The person has left the shelter.', data: stayAt('exited') });

export const CaseErasedByShelters = defineEvent(service, 'CaseErasedByShelters', { audience: 'instance', summary: 'The key of this case is destroyed here.', data: { case: wire.ref('csr') } });
export const KeysRewrappedByShelters = keysRewrapped(service, 'KeysRewrappedByShelters');

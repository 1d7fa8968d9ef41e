import {
  AbsenceAuthorised, ExitPlanCancelled, ExitPlanned, IntakeCompleted, IntakeNotAdmitted, IntakeOpened, PersonAdmitted, PersonExited, ResidentReportedMissing, ResidentReturned,
  after, deadlines, states, type Role,
} from '@footbridge/contracts';
import { Sealed } from '@footbridge/privacy';
import { NONE, actsOnBehalf, attested, guard, lifecycle, type Companion, type Facts, type Guard } from '@footbridge/lifecycle';
import { aggregate, hasRole, isCleared, knownClearance, type KnownClearance } from '@footbridge/service';
import { BedReservation } from '../bed-reservation/bed-reservation.lifecycle.js';
import type { BedReservationRow } from '../bed-reservation/bed-reservation.entity.js';
import { knownReferral, type KnownReferral } from '../known/known-referral.js';
import { hasSafetyAlert } from '../known/known-safety-alert.js';
import { unitFor } from '../shelter/unit.js';
import { Shelter } from '../shelter/shelter.lifecycle.js';
import type { CountedUnit, ShelterRow } from '../shelter/shelter.entity.js';
import { AdmitBody, CompleteIntakeBody, DoNotAdmitBody, EditStayBody, ExitBody, OpenIntakeBody, PlanExitBody, ReportMissingBody } from './stay.dto.js';
import { stayFields, type StayRow } from './stay.entity.js';

export interface StayFacts extends Facts<StayRow> {
  readonly shelter?: ShelterRow; readonly unit?: CountedUnit; readonly referral?: KnownReferral; readonly reservation?: BedReservationRow; readonly clearance?: KnownClearance;
  readonly safetyAlert: boolean;
  /** In a unit for children (M12), or a guardian speaks for her (`GUARDIAN`, decisions 14). */
  readonly child: boolean;
}

const isEmergency = ({ row }: StayFacts): boolean => row.arrival === 'EMERGENCY_PLACEMENT';
/** Nobody decides for an adult, and a child not alone. COE 12(7); M5. */
const decisionIn = ({ body, child }: StayFacts): boolean => body[child ? 'guardianOrAuthorityDecided' : 'ownFreeWill'] === true;

/** A statement that is asked for only in some cases. */
const attestedWhere = (where: (facts: StayFacts) => boolean, statement: Guard<Facts>): Guard<StayFacts> => ({ ...statement, check: (facts, now) => (where(facts) ? statement.check(facts, now) : undefined) });

export const caseIsKnown = guard<StayFacts>('CASE', 'caseIsKnown', ({ row, referral }) => (row.caseRef ?? referral?.caseRef ? undefined : 'CASE_MISSING'), { onBody: true, retry: true });
export const shelterIsInUse = guard<StayFacts>('SHELTER', 'shelterIsInUse', ({ shelter }) => (shelter && shelter.state !== 'registered' && shelter.state !== 'shelter_suspended' ? undefined : 'SHELTER_NOT_OPEN'), { onBody: true });
/** A referral accepted, or at the door, or brought by police in an emergency. SEED 4. */
export const arrivalIsExplained = guard<StayFacts>('ARRIVAL', 'referralAcceptedOrAtTheDoorOrEmergency', ({ row, referral, caller }) => {
  if (row.referral === undefined) return row.arrival === 'REFERRAL' ? 'REFERRAL_MISSING' : undefined;
  return referral?.receiver === caller.organisation && ['accepted', 'in_service'].includes(referral.state) ? undefined : 'REFERRAL_NOT_ACCEPTED';
}, { onBody: true, retry: true });

/** Child: guardian's or authority's decision, best interests, views (M3, M5-M7), as `referrals` knows them. Decisions 14. */
export const placementCleared = guard<StayFacts>('PLACEMENT', 'placementIsCleared', (facts, now) => (isEmergency(facts) || isCleared(facts.clearance, now) ? undefined : 'PLACEMENT_NOT_CLEARED'),
  { sensitive: true, retry: true, needsFresh: (facts) => (isEmergency(facts) ? [] : ['referrals']) });

/** An adult's own free will, for a child the guardian's or the authority's decision; an emergency placement holds for 24 hours without. SEED 4; COE 12(7). */
export const freeWillOrDecision = guard<StayFacts>('FREE_WILL', 'ownFreeWillOrGuardiansDecision', (facts) => (isEmergency(facts) || decisionIn(facts) ? undefined : 'OWN_FREE_WILL_NOT_CONFIRMED'), { onBody: true });
export const decisionOnRecord = guard<StayFacts>('FREE_WILL', 'ownFreeWillOrGuardiansDecision', (facts) => (facts.row.decided || decisionIn(facts) ? undefined : 'OWN_FREE_WILL_NOT_CONFIRMED'), { onBody: true });

/** The bed that was kept for this person, or a unit that fits; whether there is room the database says (`bed__capacity`). */
export const bedIsThere = guard<StayFacts>('BED', 'bedIsThere', ({ row, reservation, unit, body }) => {
  if (body['reservation'] !== undefined || reservation) {
    if (reservation?.state !== 'held' || reservation.shelter !== row.shelter) return 'BED_NOT_HELD';
    return reservation.referral === undefined || reservation.referral === row.referral ? undefined : 'BED_NOT_HELD';
  }
  return unit ? undefined : 'CRITERIA';
}, { onBody: true });

/** Nobody is written down before she is there. */
export const hasArrived = guard<StayFacts>('ARRIVAL', 'personHasArrived', ({ row, body }, now) => {
  const at = typeof body['arrivedAt'] === 'string' ? body['arrivedAt'] : row.arrivedAt;
  return at !== undefined && new Date(at) > now ? 'NOT_YET_ARRIVED' : undefined;
}, { onBody: true });

/** U6: until two people have cleared it. */
export const noSafetyAlert = guard<StayFacts>('U6', 'noOpenSafetyAlert', ({ safetyAlert }) => (safetyAlert ? 'SAFETY_ALERT_OPEN' : undefined), { sensitive: true, needsFresh: ['referrals'] });

const saidChild = (facts: StayFacts): boolean => facts.child || (Sealed.is(facts.body['child']) && facts.body['child'].test((child) => child === true));
/** M17: the authority is told at once, without any waiting time. */
export const authorityInformed = attestedWhere(saidChild, attested('childAuthorityInformed', 'The child authority was informed at once', 'M17'));
/** An adult decides herself whether anybody is told. */
export const ownWishRespected = attestedWhere((facts) => !saidChild(facts), attested('ownPriorWishRespected', 'What she had wished for such a case is respected', 'reference 2.2.1'));

/** For a child the guardian decides, whatever its bed; a child that goes alone is reported missing. */
export const guardianDecides = guard<StayFacts>('M5', 'guardianDecidesForChild', ({ child, caller }) => (child && caller.role === 'PERSON' ? 'GUARDIAN_DECIDES' : undefined), { sensitive: true, onBody: true });
export const guardianHasDecided = attestedWhere(({ child, caller }) => child && caller.role === 'SHELTER_MANAGER', attested('guardianHasDecided', 'For a child: the guardian has decided', 'M5'));
/** The house hands over before it lets go. Whoever goes by her own will goes at once: what is hers is then owed to her (W6). */
export const handedOver = attestedWhere(({ caller }) => caller.role === 'SHELTER_MANAGER', attested('documentsAndBelongingsHandedOver', 'Documents and belongings are handed over', 'SEED 4'));

/** Who lives in the house is for who works in it (reference 2.7). */
const ofHouse: readonly Role[] = ['SHELTER_INTAKE', 'SHELTER_MANAGER', 'CASE_WORKER', 'SUPERVISOR', 'DPO'];
/** Nobody moves in: the bed that was kept is free again. */
const bedFreed = ({ reservation }: StayFacts): readonly Companion[] =>
  (reservation ? [{ lifecycle: 'BedReservation', id: reservation.id, command: 'release', body: { releasedFor: 'ADMINISTRATIVE' }, as: 'SHELTER_INTAKE' }] : []);

const here = ['admitted', 'resident', 'absent', 'missing', 'exit_planned'] as const;

export const Stay = lifecycle<StayFacts>()({
  name: 'Stay', service: 'shelters', prefix: 'sty', states: states.Stay.values, fields: stayFields,
  links: {
    shelter: { kind: 'shl', column: 'shelter', collection: 'shelters' },
    case: { kind: 'cas', column: 'caseRef', collection: 'cases', foreign: true },
    referral: { kind: 'rfr', column: 'referral', collection: 'referrals', foreign: true },
    reservation: { kind: 'bed', column: 'reservation', collection: 'bed-reservations' },
  },
  purposes: () => ['SHELTER_PLACEMENT', 'REFERRAL_DISCLOSURE'],
  facts: async (read, { row, body, command }, now) => {
    const [shelter, referral, clearance, guardian, safetyAlert] = [
      command === 'openIntake' && row.shelter ? await read.one(Shelter, { id: row.shelter }) : undefined,
      command === 'openIntake' ? await knownReferral(read, row.referral) : undefined,
      await knownClearance(read, row.caseRef, 'PLACEMENT'),
      await knownClearance(read, row.caseRef, 'GUARDIAN'),
      await hasSafetyAlert(read, row.caseRef),
    ];
    const reservation = command !== 'admit' && command !== 'doNotAdmit' ? undefined
      : typeof body['reservation'] === 'string' ? await read.one(BedReservation, { id: body['reservation'] })
      : row.referral ? await read.one(BedReservation, { referral: row.referral, state: 'held' }) : undefined;
    const unit = await unitFor(read, row.shelter, { code: reservation?.unit ?? row.unit ?? body['unit'], profile: body['profile'] });
    return {
      ...(shelter ? { shelter } : {}), ...(referral ? { referral } : {}), ...(clearance ? { clearance } : {}), ...(reservation ? { reservation } : {}), ...(unit ? { unit } : {}),
      safetyAlert, child: unit?.profile === 'children' || isCleared(guardian, now),
    };
  },
  // Who sent her has a reference and gets two events; what happens in the house stays there (reference 2.2.4).
  parties: (row) => [row.referrer],
  visible: `(t.owner = ($1->>0) and ${hasRole(...ofHouse)})`,
  // She may go, and say so to any worker (W1).
  reachable: `(t.owner = ($1->>0) and ${hasRole(...new Set([...ofHouse, ...actsOnBehalf]))})`,
  wire: (row) => ({ referral: aggregate(row.referral), intake: row.intake, reason: row.reason }),
  recipients: (row) => [row.referrer],
  about: (row) => row.referral,
  editable: { by: ['SHELTER_INTAKE', 'SHELTER_MANAGER'], in: ['intake_pending', ...here], body: EditStayBody, guards: [hasArrived] },
  clocks: [
    { name: 'intakeCompleted', in: ['admitted'], shown: true, due: ({ row }) => (row.admittedAt ? after(new Date(row.admittedAt), deadlines.intakeCompleted) : undefined), alert: { code: 'INTAKE_NOT_COMPLETED', to: ({ row }) => row.owner } },
    // COE 12(7): from then on the adult's own decision, or exit.
    { name: 'emergencyPlacement', in: ['admitted'], due: ({ row }) => (row.arrival === 'EMERGENCY_PLACEMENT' && !row.decided && row.admittedAt ? after(new Date(row.admittedAt), deadlines.emergencyPlacement) : undefined), alert: { code: 'EMERGENCY_PLACEMENT_ENDS', to: ({ row }) => row.owner } },
    // At once (M17), and for everybody, so that the alert does not tell who is a child.
    { name: 'missing', in: ['missing'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RESIDENT_MISSING', to: ({ row }) => row.owner } },
    { name: 'handOver', in: ['exited'], due: ({ row }) => (row.handOverOwed ? new Date(row.createdAt) : undefined), alert: { code: 'BELONGINGS_OWED', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from                    command             to                by                                          guards                                                          emits
    [NONE,                     'openIntake',       'intake_pending', ['SHELTER_INTAKE'],                          [shelterIsInUse, caseIsKnown, arrivalIsExplained, hasArrived],            IntakeOpened, {
      body: OpenIntakeBody,
      set: ({ row, referral }) => { const caseRef = row.caseRef ?? referral?.caseRef; return { ...(caseRef ? { caseRef } : {}), ...(referral ? { referrer: referral.sender } : {}) }; },
      // The answer to the intake has given out the stay's reference already (decisions 24).
      introduces: ({ row, body }) => (typeof body['stayRef'] === 'string' ? [{ organisation: row.owner, kind: 'sty', aggregate: row.id, ref: body['stayRef'] }] : []),
    }],
    [['intake_pending'],       'admit',            'admitted',       ['SHELTER_INTAKE'],                          [placementCleared, freeWillOrDecision, bedIsThere, hasArrived, attested('securityCheckDone', 'The arrival was checked for safety', 'IOM-HB 4')], PersonAdmitted, {
      body: AdmitBody,
      set: (f, now) => ({ ...(f.unit ? { unit: f.unit.code } : {}), ...(f.reservation ? { reservation: f.reservation.id } : {}), admittedAt: now.toISOString(), decided: decisionIn(f) }),
      companions: ({ reservation }) => (reservation ? [{ lifecycle: 'BedReservation', id: reservation.id, command: 'consume', body: {}, facts: { admitted: true }, as: 'SHELTER_INTAKE' }] : []),
    }],
    [['intake_pending'],       'doNotAdmit',       'not_admitted',   ['SHELTER_MANAGER'],                         [attested('safeAlternativeArranged', 'A safe alternative is arranged; nobody is sent onto the street at night', 'IOM-HB 4')], IntakeNotAdmitted, { body: DoNotAdmitBody, companions: bedFreed }],
    [['admitted'],             'completeIntake',   'resident',       ['SHELTER_INTAKE'],                          [
      attested('explainedInOwnLanguage', 'Rights, house rules, complaint channel and the freedom to leave are explained in her own language', 'SEED 5(ii)'),
      attested('consentsRecorded', 'Consents are recorded', 'IOM-HB 4'), attested('firstAssessmentDone', 'The first assessment is done', 'IOM-HB 4'),
      attested('belongingsReceipted', 'She has a receipt for her belongings', 'IOM-HB 4'), decisionOnRecord,
    ], IntakeCompleted, { body: CompleteIntakeBody, set: () => ({ decided: true }) }],
    [['resident'],             'authoriseAbsence', 'absent',         ['SHELTER_INTAKE'],                          [attested('safetyPlanAgreed', 'A safety plan is agreed')], AbsenceAuthorised],
    [['absent', 'missing'],    'recordBack',       'resident',       ['SHELTER_INTAKE'],                          [attested('personIsBack', 'The person is back')],               ResidentReturned],
    [['admitted', 'resident', 'absent'], 'reportMissing', 'missing', ['SHELTER_MANAGER'],                         [authorityInformed, ownWishRespected],                          ResidentReportedMissing, { body: ReportMissingBody }],
    [['admitted', 'resident'], 'planExit',         'exit_planned',   ['SHELTER_MANAGER', 'PERSON', 'GUARDIAN'],   [noSafetyAlert, attested('safetyPlanMade', 'A safety plan is made', 'IOM-HB 4')], ExitPlanned, { body: PlanExitBody }],
    [['exit_planned'],         'cancelExit',       'resident',       ['SHELTER_MANAGER', 'PERSON', 'GUARDIAN'],   [],                                                             ExitPlanCancelled],
    [here,                     'exit',             'exited',         ['PERSON', 'GUARDIAN', 'SHELTER_MANAGER'],   [guardianDecides, guardianHasDecided, handedOver],              PersonExited, {
      body: ExitBody, set: ({ body }, now) => ({ exitedAt: now.toISOString(), handOverOwed: body['documentsAndBelongingsHandedOver'] !== true }),
    }],
  ],
});

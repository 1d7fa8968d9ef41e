import {
  BedHeld, BedHoldLapsed, BedRefused, BedReleased, BedRequestWithdrawn, BedReservationConsumed, ReferralDeclined, ReferralEnteredInError, ReferralExpired, ReferralUnsuccessful, ReferralWithdrawn,
  after, deadlines, states, type BedRefusal,
} from '@footbridge/contracts';
import { NONE, guard, lifecycle, type Facts, type Reaction } from '@footbridge/lifecycle';
import { aggregate, worksWithPeople } from '@footbridge/service';
import { BedRequest } from '../bed-request/bed-request.lifecycle.js';
import type { BedRequestRow } from '../bed-request/bed-request.entity.js';
import { knownReferral, type KnownReferral } from '../known/known-referral.js';
import { unitFor } from '../shelter/unit.js';
import { Shelter } from '../shelter/shelter.lifecycle.js';
import type { CountedUnit, ShelterRow } from '../shelter/shelter.entity.js';
import { HoldBedBody, RefuseBedBody, ReleaseBody } from './bed-reservation.dto.js';
import { bedReservationFields, type BedReservationRow } from './bed-reservation.entity.js';

export interface BedFacts extends Facts<BedReservationRow> {
  readonly shelter?: ShelterRow; readonly unit?: CountedUnit; readonly referral?: KnownReferral; readonly bedRequest?: BedRequestRow;
  /** Set by `admit`, which consumes the reservation in its own transaction. */
  readonly admitted?: boolean;
}

/** Expected arrival and 6 hours, 48 hours at most. */
export const heldUntil = (expectedArrival: string | undefined, heldAt: Date): Date | undefined => {
  if (expectedArrival === undefined) return undefined;
  return new Date(Math.min(after(new Date(expectedArrival), deadlines.bedHoldAfterArrival).getTime(), after(heldAt, deadlines.bedHoldAtMost).getTime()));
};

export const shelterTakesPeople = guard<BedFacts>('SHELTER', 'shelterTakesPeopleIn', ({ shelter }) => (shelter?.state === 'open' || shelter?.state === 'limited' ? undefined : 'SHELTER_NOT_OPEN'), { onBody: true });

/** Sex, family, child, access: a unit for these people, and nobody beside whom admissions are limited. M12; reference 2.2.1. */
export const unitFits = guard<BedFacts>('UNIT', 'unitFits', ({ unit, body, shelter, bedRequest }) => {
  const fits = unit !== undefined
    && (body['profile'] === undefined || body['profile'] === unit.profile)
    && (!bedRequest?.profile || bedRequest.profile === unit.profile)
    && (shelter?.state !== 'limited' || (shelter.limitedTo ?? []).includes(unit.profile));
  return fits ? undefined : 'CRITERIA';
}, { onBody: true });

export const arrivalIsAhead = guard<BedFacts>('ARRIVAL', 'arrivalIsAhead', ({ row }, now) => {
  const until = heldUntil(row.expectedArrival, now);
  return until && until > now ? undefined : 'ARRIVAL_IN_THE_PAST';
}, { onBody: true });

const openForABed: readonly string[] = ['sent', 'acknowledged', 'accepted'];
/** A referral to this organisation that still waits for a bed. */
export const referralIsOurs = guard<BedFacts>('REFERRAL', 'referralIsToUsAndOpen', ({ row, referral, caller }) =>
  (row.referral === undefined || (referral?.receiver === caller.organisation && openForABed.includes(referral.state)) ? undefined : 'REFERRAL_NOT_OPEN'), { onBody: true, retry: true });

/** The first hold wins; the database refuses the second where two come at once (`bed_request__superseded`). Decisions 19. */
export const requestIsOpen = guard<BedFacts>('BED_REQUEST', 'bedRequestIsOpen', ({ row, bedRequest }) => (row.bedRequest === undefined || bedRequest?.state === 'asked' ? undefined : 'SUPERSEDED'), { onBody: true });

/** Only together with the admission: a bed that nobody moved into stays held. */
export const personAdmitted = guard<BedFacts>('ADMISSION', 'personIsAdmitted', ({ admitted }) => (admitted ? undefined : 'NOT_ADMITTED'));

const instead = (reasons: readonly string[]): { command: string; body: { refuse: BedRefusal } } | undefined =>
  (reasons.every((r) => r === 'CAPACITY' || r === 'CRITERIA') ? { command: 'refuseBed', body: { refuse: reasons.includes('CRITERIA') ? 'CRITERIA' : 'CAPACITY' } } : undefined);

/** Nobody comes for this bed any more. */
const freed = [ReferralWithdrawn, ReferralDeclined, ReferralExpired, ReferralUnsuccessful, ReferralEnteredInError].map((on): Reaction =>
  ({ on, command: 'release', as: 'SHELTER_INTAKE', where: (event) => ({ referral: event.aggregate, state: 'held' }), body: () => ({ releasedFor: 'ADMINISTRATIVE' }) }));

/** Whoever looked for a place has found another. A bed that a referral has come for stays that person's. */
const notNeeded: Reaction = {
  on: BedRequestWithdrawn, command: 'release', as: 'SHELTER_INTAKE', where: (event) => ({ bedRequest: event.aggregate, state: 'held', anonymous: true }), body: () => ({ releasedFor: 'ADMINISTRATIVE' }),
};

const known = ({ row, unit, referral, bedRequest }: BedFacts): Partial<BedReservationRow> => {
  const referrer = referral?.sender ?? bedRequest?.owner;
  const profile = unit?.profile ?? row.profile ?? bedRequest?.profile;
  return { anonymous: row.bedRequest !== undefined && row.referral === undefined, ...(unit ? { unit: unit.code } : {}), ...(profile ? { profile } : {}), ...(referrer ? { referrer } : {}) };
};

const refused = (facts: BedFacts): Partial<BedReservationRow> => ({ ...known(facts), refusal: facts.body['refuse'] === 'CRITERIA' ? 'CRITERIA' : 'CAPACITY' });

export const BedReservation = lifecycle<BedFacts>()({
  name: 'BedReservation', service: 'shelters', prefix: 'bed', states: states.BedReservation.values, fields: bedReservationFields,
  links: {
    shelter: { kind: 'shl', column: 'shelter', collection: 'shelters' },
    referral: { kind: 'rfr', column: 'referral', collection: 'referrals', foreign: true },
    bedRequest: { kind: 'brq', column: 'bedRequest', collection: 'bed-requests' },
  },
  facts: async (read, { row, body, command }) => {
    if (command !== 'holdBed' && command !== 'refuseBed') return {};
    const [shelter, referral, bedRequest] = [
      row.shelter ? await read.one(Shelter, { id: row.shelter }) : undefined,
      await knownReferral(read, row.referral),
      row.bedRequest ? await read.one(BedRequest, { id: row.bedRequest }) : undefined,
    ];
    const unit = await unitFor(read, row.shelter, { code: body['unit'], profile: body['profile'] ?? bedRequest?.profile });
    return { ...(shelter ? { shelter } : {}), ...(unit ? { unit } : {}), ...(referral ? { referral } : {}), ...(bedRequest ? { bedRequest } : {}) };
  },
  parties: (row) => [row.referrer],
  standing: (row) => ({ CASE_WORKER: row.referrer ?? row.owner }),
  visible: worksWithPeople,
  wire: (row) => ({ shelter: aggregate(row.shelter), referral: aggregate(row.referral), bedRequest: aggregate(row.bedRequest), reason: row.state === 'refused_bed' ? row.refusal : row.releasedFor }),
  recipients: (row) => [row.referrer],
  about: (row) => row.referral ?? row.bedRequest,
  creating: (body) => (body['refuse'] === undefined ? 'holdBed' : 'refuseBed'),
  clocks: [
    { name: 'lapse', in: ['held'], shown: true, command: 'lapse', due: ({ row }) => heldUntil(row.expectedArrival, new Date(row.createdAt)) },
    {
      name: 'lapsesSoon', in: ['held'], alert: { code: 'BED_HOLD_LAPSES_SOON', to: ({ row }) => row.referrer },
      due: ({ row }) => { const until = heldUntil(row.expectedArrival, new Date(row.createdAt)); return until && after(until, { hours: -deadlines.bedHoldWarning.hours }); },
    },
  ],
  reactions: [...freed, notNeeded],
  rows: [
    // from        command      to             by                                               guards                                                                         emits
    [NONE,         'holdBed',   'held',        ['SHELTER_MANAGER', 'SHELTER_INTAKE'],             [shelterTakesPeople, unitFits, arrivalIsAhead, referralIsOurs, requestIsOpen], BedHeld, { body: HoldBedBody, set: known, otherwise: instead }],
    [NONE,         'refuseBed', 'refused_bed', ['SHELTER_MANAGER', 'SHELTER_INTAKE', 'PLATFORM'], [referralIsOurs],                                                              BedRefused, { body: RefuseBedBody, set: refused }],
    [['held'],     'consume',   'consumed',    ['SHELTER_INTAKE'],                                [personAdmitted],                                                              BedReservationConsumed],
    [['held'],     'release',   'released',    ['SHELTER_INTAKE', 'CASE_WORKER'],                 [],                                                                            BedReleased, { body: ReleaseBody }],
    [['held'],     'lapse',     'lapsed',      ['PLATFORM'],                                      [],                                                                            BedHoldLapsed],
  ],
});

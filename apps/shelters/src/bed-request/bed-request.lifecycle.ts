import { BedHeld, BedRequestAnswered, BedRequestWithdrawn, BedRequested, after, deadlines, referralDeadlines, type Role } from '@footbridge/contracts';
import { NONE, guard, lifecycle, type Facts } from '@footbridge/lifecycle';
import { aggregate, worksWithPeople } from '@footbridge/service';
import { openShelters } from '../shelter/directory.js';
import { isPartner } from '../known/known-partner.js';
import { RequestBedsBody } from './bed-request.dto.js';
import { bedRequestFields, type Asked, type BedRequestRow } from './bed-request.entity.js';

export interface BedRequestFacts extends Facts<BedRequestRow> { readonly partner: boolean; readonly shelters: readonly Asked[] }

/** Only verified partners search for places. Decisions 30. */
export const activePartner = guard<BedRequestFacts>('PARTNER', 'organisationIsVerifiedPartner', ({ partner }) => (partner ? undefined : 'NOT_A_VERIFIED_PARTNER'), { needsFresh: ['notifications'] });

/** Every shelter asked takes people in; which one does not is not said. */
export const sheltersTakePeople = guard<BedRequestFacts>('SHELTERS', 'sheltersTakePeopleIn', ({ shelters, body }) => {
  const wanted = new Set(Array.isArray(body['shelters']) ? body['shelters'] : []);
  return wanted.size > 0 && wanted.size === shelters.length ? undefined : 'SHELTER_NOT_OPEN';
}, { onBody: true });

const seekers: readonly Role[] = ['CASE_WORKER', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER'];

/**
 * An anonymous search for a place, sent to several shelters at once (decisions 19). They answer with reservations; the first
 * hold wins, which the database sees to: one held bed for one request.
 */
export const BedRequest = lifecycle<BedRequestFacts>()({
  name: 'BedRequest', service: 'shelters', prefix: 'brq', states: ['asked', 'answered', 'request_withdrawn'], fields: bedRequestFields,
  facts: async (read, { body, caller, command }) => (command === 'requestBeds'
    ? { partner: await isPartner(read, caller.organisation), shelters: await openShelters(read, body['shelters']) }
    : { partner: true, shelters: [] }),
  parties: (row) => (row.asked ?? []).map(({ owner }) => owner),
  visible: worksWithPeople,
  wire: (row) => ({ priority: row.priority }),
  // Each shelter is asked by its own name: see `notices`.
  recipients: (row, event) => (event.name === BedRequestWithdrawn.name ? (row.asked ?? []).map(({ owner }) => owner) : []),
  clocks: [{
    name: 'answer', in: ['asked'], shown: true, alert: { code: 'BED_REQUEST_UNANSWERED', to: ({ row }) => row.owner },
    due: ({ row }) => after(new Date(row.createdAt), row.priority === 'EMERGENCY' || !row.priority ? deadlines.bedRequestAnswered : referralDeadlines.acknowledgement[row.priority]),
  }],
  reactions: [{ on: BedHeld, command: 'recordHold', as: 'PLATFORM', where: ({ about }) => (about === undefined ? undefined : { id: about }) }],
  rows: [
    // from                   command            to                    by            guards                                emits
    [NONE,                    'requestBeds',     'asked',              seekers,      [activePartner, sheltersTakePeople],  BedRequested, {
      body: RequestBedsBody, set: ({ shelters }) => ({ asked: shelters }),
      notices: ({ shelters }) => shelters.map(({ shelter, owner }) => ({ event: BedRequested, recipients: [owner], data: { shelter: aggregate(shelter) } })),
    }],
    [['asked'],               'recordHold',      'answered',           ['PLATFORM'], [],                                   BedRequestAnswered],
    [['asked', 'answered'],   'withdrawRequest', 'request_withdrawn',  seekers,      [],                                   BedRequestWithdrawn],
  ],
});

import { codeList } from '@footbridge/privacy';
import { direct, operational, special, type RowOf } from '@footbridge/lifecycle';

export const CancelGround = codeList('CancelGround', ['CONTACT_LOST', 'DUPLICATE', 'OPENED_IN_ERROR']);
export type CancelGround = (typeof CancelGround.values)[number];

/** Why nothing is done for now: stays with the owner (reference 2.0). */
export const SuspendGround = codeList('SuspendGround', ['PROTECTION_HOLD', 'LEGAL_STAY', 'HEALTH', 'SAFETY', 'CONSENT_EXPIRED'], 'special');
export type SuspendGround = (typeof SuspendGround.values)[number];

export interface Decision { readonly statement: string; readonly language: string; readonly interpreter?: string; readonly advocate?: string }
export interface Itinerary { readonly departureAt: string; readonly arrivalAt: string; readonly carrier: string; readonly number: string; readonly transit?: readonly string[] }
export interface Escort { readonly name: string; readonly phone: string; readonly relation: string }

export const returnCaseFields = {
  /** The organisation whose worker wrote down what the person wished. */
  requestedBy: operational.ref(),
  /** From the reception request on (decisions 3). */
  originOffice: operational.ref({ shown: 'parties' }),
  originConsent: operational.ref({ shown: 'nobody' }),
  /** No office has been asked yet, or none is any more: who takes the consent back then takes back the whole return (decisions 5). */
  officeAsked: operational.boolean({ shown: 'nobody' }),
  /** The consent that the return rests on; a newer one takes its place. */
  arrangementConsent: operational.ref({ shown: 'nobody' }),
  /** Who was told that she has arrived, and the consent which says that they may be. */
  helper: operational.ref({ shown: 'nobody' }),
  helperConsent: operational.ref({ shown: 'nobody' }),
  receptionPlan: operational.uuid({ shown: 'nobody' }),
  reintegrationCase: operational.uuid({ shown: 'nobody' }),
  reintegrationDeclined: operational.boolean(),
  counselledAt: operational.instant(),
  /** Who recorded the decision may neither call the return safe nor clear it (decisions 4). */
  decisionRecordedBy: operational.ref(),
  decidedAt: operational.instant(),
  notClearedAt: operational.instant(),
  reconfirmedAt: operational.instant(),
  departedAt: operational.instant(),
  arrivedAt: operational.instant(),
  failedAt: operational.instant(),
  receivedAt: operational.instant(),
  escortRequired: operational.boolean(),
  safeArrivalCall: operational.boolean(),
  /** Consent ended while she is on the way: nothing is stopped by that, somebody has to ask her. */
  consentEnded: operational.boolean({ shown: 'nobody' }),
  cancelledFor: operational.code(CancelGround),
  suspendedFor: special.code(SuspendGround),
  /** A guardian acts for her. */
  child: special.boolean(),
  wish: special.text(),
  decision: special.json<Decision>(),
  notClearedReasons: special.text(),
  fitToTravel: special.text(),
  itinerary: special.json<Itinerary>(),
  escort: direct.json<Escort>(),
};
export type ReturnCaseRow = RowOf<typeof returnCaseFields>;

import { after, deadlines, type Role } from '@footbridge/contracts';
import { attested, guard, pending, type Facts, type Guard } from '@footbridge/lifecycle';
import { inForce, isCleared } from '@footbridge/service';
import { officeIsReviewed } from '../failed-reception/under-review.js';
import { isAuthorityOrEmbassy, type ReturnFacts } from './return-case.facts.js';

const blind = { sensitive: true, needsFresh: ['referrals'], retry: true } as const;
const attestedWhere = (where: (facts: ReturnFacts) => boolean, statement: Guard<Facts>): Guard<ReturnFacts> => ({ ...statement, check: (facts, now) => (where(facts) ? statement.check(facts, now) : undefined) });
const instantIn = (value: unknown): Date | undefined => (typeof value === 'string' ? new Date(value) : undefined);

// --- Whose wish it is.

/** Not a shelter's intake desk, nor anybody who gives no care: a return is never asked for by those who would gain from it. Decisions 4; EMM. */
const mayWriteAWishDown: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER'];
export const ownWish = guard<ReturnFacts>('OWN_WISH', 'personsOwnWish', ({ caller, organisationType }) =>
  (isAuthorityOrEmbassy(organisationType) ? 'AUTHORITY_MAY_NOT_ASK' : caller.roles.some((r) => mayWriteAWishDown.includes(r)) ? undefined : 'SHELTER_MAY_NOT_ASK'), { needsFresh: ['notifications'] });
/** What the person says reaches us through the host side, never through the origin office. Decisions 4. */
export const hostSide = guard<ReturnFacts>('HOST_SIDE', 'toldThroughHostSide', ({ row, caller }) =>
  ((caller.role === 'PERSON' || caller.role === 'GUARDIAN') && caller.organisation === row.originOffice && caller.organisation !== row.owner ? 'ORIGIN_SIDE_MAY_NOT_SPEAK_FOR_HER' : undefined));
/** Who arranges the return is named by the person: without that consent nobody does. IOM-DP 5. */
export const arrangementConsent = guard<ReturnFacts>('RETURN_ARRANGEMENT', 'consentNamesReturnOrganisation', ({ arrangement }, now) => (inForce(arrangement, now) ? undefined : 'CONSENT_REQUIRED'), { ...blind, onBody: true });

// --- Counselling and decision.

/** Adults may take longer, without limit. P (72 h). */
export const timeToThink = guard<ReturnFacts>('72H', 'seventyTwoHoursAfterCounselling', ({ row }, now) =>
  (row.counselledAt && now >= after(new Date(row.counselledAt), deadlines.returnDecisionAfterCounselling) ? undefined : 'TOO_EARLY'));
/** Who wrote the decision down is not who judges it. Decisions 4. */
export const anotherPerson = guard<ReturnFacts>('TWO_PERSONS', 'notWhoRecordedTheDecision', ({ row, caller }) => (row.decisionRecordedBy !== undefined && row.decisionRecordedBy === caller.subject ? 'SAME_PERSON' : undefined), { onBody: true });

const assessed = (code: string, name: string): Guard<ReturnFacts> => guard<ReturnFacts>(code, name, ({ assessment }, now) => (isCleared(assessment, now) ? undefined : 'RETURN_NOT_CLEARED'), { ...blind, retry: true });

/** RG1 to RG8. What `referrals` knows (fear, holds, risk, reflection, the child's interests) comes as one clearance (decisions 14). */
export const safeToPlan: readonly Guard<ReturnFacts>[] = [
  attested('fearOfReturnExamined', 'Non-refoulement screening is done; fear of return was examined by a competent body', 'RG1'),
  assessed('RG2', 'noProtectionHold'),
  assessed('RG3', 'riskAssessedAndAcceptable'),
  pending('RG4', 'proceedingsNotHarmed', 'LegalMatter'),
  pending('RG5', 'bestInterestsDetermined', 'BestInterestsDetermination'),
  attestedWhere(({ isChild }) => isChild === true, attested('carerAgreedInWriting', 'A named carer or institution has agreed in writing and was assessed', 'RG6')),
  attested('fitToTravelOrEscorted', 'Fit to travel, or a medical escort plan; treatment can continue', 'RG7'),
  assessed('RG8', 'reflectionPeriodRespected'),
  attestedWhere(({ isChild }) => isChild !== true, attested('advocateCountersigned', 'During a reflection period an independent advocate has countersigned', 'RG8')),
];

// --- Before departure.

const originConsented = guard<ReturnFacts>('RG9', 'consentToInformOriginOffice', ({ plan, originConsent }, now) => (!plan || inForce(originConsent, now) ? undefined : 'CONSENT_REQUIRED'), blind);
const receptionReady = guard<ReturnFacts>('RG11', 'receptionIsReady', ({ plan }) => (plan?.state === 'ready' ? undefined : 'RECEPTION_NOT_READY'));
const escorted = guard<ReturnFacts>('RG12', 'escortAssignedWhereRequired', ({ row, isChild }) => ((isChild || row.escortRequired) && !row.escort ? 'ESCORT_MISSING' : undefined), { sensitive: true });
const departureCleared = guard<ReturnFacts>('DEPARTURE', 'departureIsCleared', ({ departure }, now) => (isCleared(departure, now) ? undefined : 'DEPARTURE_NOT_CLEARED'), { ...blind, retry: true });
export const handOverAccepted = ({ reintegration, row, body }: ReturnFacts): boolean =>
  reintegration?.state === 'reint_accepted' || reintegration?.state === 'refused_by_person' || row.reintegrationDeclined === true || body['reintegrationDeclined'] === true || body['helpDeclined'] === true;
const reintegrationWaits = guard<ReturnFacts>('RG14', 'reintegrationAcceptedOrDeclined', (facts) => (handOverAccepted(facts) ? undefined : 'REINTEGRATION_NOT_ACCEPTED'), { retry: true, onBody: true });
/** The person is asked again, not more than 72 hours before she goes. */
const goesSoon = guard<ReturnFacts>('FINAL_CONSENT', 'departureWithin72Hours', ({ row }, now) => {
  if (!row.itinerary) return 'ITINERARY_MISSING';
  return row.itinerary.test(({ departureAt }) => new Date(departureAt) > now && new Date(departureAt) <= after(now, deadlines.reconfirmation)) ? undefined : 'DEPARTURE_NOT_WITHIN_72_HOURS';
});

/** RG9 to RG14, and the final word of the person. */
export const clearToGo: readonly Guard<ReturnFacts>[] = [
  originConsented,
  pending('RG10', 'travelDocumentInHand', 'TravelDocument'),
  receptionReady, officeIsReviewed, escorted,
  attested('itineraryAvoidsDanger', 'The itinerary avoids countries where she would be detained or the trafficker works; transit assistance is named', 'RG13'),
  reintegrationWaits, departureCleared, anotherPerson, goesSoon,
  attested('finalConsentRenewed', 'She was asked once more, within 72 hours before departure, and still wants it', 'EMM'),
  attested('codePhraseGivenToPerson', 'She, and nobody else, was told the code phrase', 'F5'),
];

const confirmedLately = guard<ReturnFacts>('FINAL_CONSENT', 'reconfirmedWithin72Hours', ({ row, body }, now) => {
  const departs = instantIn(body['departedAt']) ?? now;
  return row.reconfirmedAt && departs <= after(new Date(row.reconfirmedAt), deadlines.reconfirmation) ? undefined : 'RECONFIRMATION_TOO_OLD';
}, { onBody: true });
const notAhead = (field: 'departedAt' | 'arrivedAt', since: (facts: ReturnFacts) => string | undefined): Guard<ReturnFacts> => guard<ReturnFacts>('TIME', `${field}IsSound`, (facts, now) => {
  const at = instantIn(facts.body[field]);
  const from = since(facts);
  return at && (at > now || (from !== undefined && at < new Date(from))) ? 'TIME_NOT_POSSIBLE' : undefined;
}, { onBody: true });

export const departs: readonly Guard<ReturnFacts>[] = [
  departureCleared, originConsented, receptionReady, officeIsReviewed, confirmedLately, notAhead('departedAt', ({ row }) => row.reconfirmedAt),
  attested('personBoarded', 'She has boarded', 'IOM-HB 3'), attested('documentsInHerHands', 'Her documents are in her own hands', 'IOM-HB 3'), attested('confirmedAtTheGate', 'At the gate she said once more that she wants to go', 'reference 2.3.3'),
];
export const arrives: readonly Guard<ReturnFacts>[] = [notAhead('arrivedAt', ({ row }) => row.departedAt)];

// --- Reception.

/** Not met within 2 hours, or the wrong person, or an alarm by her: the clock waits its two hours, people need not. F4. */
export const notMet = guard<ReturnFacts>('F4', 'notMetOrAlarm', ({ row, caller }, now) =>
  (caller.role !== 'PLATFORM' || (row.arrivedAt && now >= after(new Date(row.arrivedAt), deadlines.handOverFailed)) ? undefined : 'TOO_EARLY'));
/** Not found within 24 hours; a child: at once. F6. */
export const notFound = guard<ReturnFacts>('F6', 'notFoundWithin24Hours', ({ row, isChild }, now) => {
  const since = row.arrivedAt ?? row.failedAt;
  return isChild || (since && now >= after(new Date(since), deadlines.handOverUnaccounted)) ? undefined : 'TOO_EARLY';
}, { sensitive: true });
export const handedOn = guard<ReturnFacts>('RG14', 'handOverAcceptedOrHelpDeclined', (facts) => (handOverAccepted(facts) ? undefined : 'REINTEGRATION_NOT_ACCEPTED'), { retry: true, onBody: true });

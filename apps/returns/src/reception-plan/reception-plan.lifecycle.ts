import {
  ConsentGiven, ConsentRenewed, ReceptionAccepted, ReceptionCancelled, ReceptionDeclined, ReceptionDetailChanged, ReceptionMissed, ReceptionPerformed, ReceptionReady, ReceptionRequested, after, states, type ConsentCategory, type ConsentPurpose, type OrganisationType,
} from '@footbridge/contracts';
import { Sealed, label } from '@footbridge/privacy';
import { NONE, attested, guard, lifecycle, type Companion, type Facts } from '@footbridge/lifecycle';
import { aggregate, inForce, isCleared, knownClearance, knownConsents, type KnownClearance, type KnownConsent } from '@footbridge/service';
import { newCodePhrase, type CodePhrase } from '../code-phrase.js';
import { matchCodePhrase, phraseSaid, type PhraseSaid } from '../phrase.js';
import { officeIsReviewed, underReview } from '../failed-reception/under-review.js';
import { isAuthorityOrEmbassy, namedIn } from '../return-case/return-case.facts.js';
import type { ReturnCaseRow } from '../return-case/return-case.entity.js';
import { noOffice } from '../return-case/return-case.lifecycle.js';
import { returnOf } from '../return-case/return-of.js';
import { byAnyWorker, byHost, byOffice } from '../visible.js';
import { planOf } from './plan-of.js';
import { DeclineReceptionBody, EditReceptionBody, MakeReadyBody, PerformBody, RequestReceptionBody } from './reception-plan.dto.js';
import { openPlan, receptionPlanFields, type Arrangement, type ReceptionPlanRow } from './reception-plan.entity.js';

export interface PlanFacts extends Facts<ReceptionPlanRow> {
  readonly returnCase?: ReturnCaseRow;
  /** `stopping` where the return itself calls the reception off. */
  readonly returnState?: string;
  readonly other?: ReceptionPlanRow;
  readonly consent?: KnownConsent;
  readonly contact?: KnownClearance;
  readonly officeType?: OrganisationType;
  readonly officeUnderReview?: boolean;
  readonly caseRef?: string;
  readonly phrase?: PhraseSaid;
  readonly newPhrase?: CodePhrase;
  /** The office has looked at what it was told of her. */
  readonly detailFetched?: boolean;
  readonly consentNeeded?: { readonly recipient?: string; readonly purpose: ConsentPurpose; readonly categories: readonly ConsentCategory[] };
}

const isArrangement = (value: unknown): value is Sealed<Arrangement> => Sealed.is(value);
const blind = { sensitive: true, needsFresh: ['referrals'], onBody: true, retry: true } as const;

export const returnIsPlanned = guard<PlanFacts>('RETURN', 'returnIsBeingPlanned', ({ returnCase, caller }) => (returnCase?.state === 'planning' && returnCase.owner === caller.organisation ? undefined : 'RETURN_NOT_IN_PLANNING'), { onBody: true });
/** Named by the person, and nobody before. IOM-DP 5; UNHCR-C. */
export const officeIsNamed = guard<PlanFacts>('RG9', 'consentToInformOriginOffice', ({ consent }, now) => (inForce(consent, now) ? undefined : 'CONSENT_REQUIRED'), blind);
/** No hold, no legal stay, for a child the guardian: no contact with the origin side otherwise (A3). Decisions 14. */
export const contactCleared = guard<PlanFacts>('ORIGIN_CONTACT', 'originContactIsCleared', ({ contact }, now) => (isCleared(contact, now) ? undefined : 'ORIGIN_CONTACT_NOT_CLEARED'), { ...blind, retry: true });
export const officeIsNoAuthority = guard<PlanFacts>('OFFICE', 'officeIsNoAuthority', ({ officeType }) => (isAuthorityOrEmbassy(officeType) ? 'AUTHORITY_MAY_NOT_RECEIVE' : undefined), { onBody: true });
export const onePlan = guard<PlanFacts>('ONE_PLAN', 'noOtherReceptionIsOpen', ({ other }) => (other && openPlan.some((s) => s === other.state) ? 'RECEPTION_IS_OPEN' : undefined), { onBody: true });
/** Two different people, so that one can be ill. EMM. */
export const substituteIsAnother = guard<PlanFacts>('SUBSTITUTE', 'officerAndSubstituteDiffer', ({ body: { arrangement } }) =>
  (isArrangement(arrangement) && arrangement.test(({ officer, substitute }) => officer.name.trim().toLowerCase() !== substitute.name.trim().toLowerCase()) ? undefined : 'SUBSTITUTE_MISSING'), { onBody: true });
export const phraseExists = guard<PlanFacts>('F5', 'codePhraseWasMade', ({ row }) => (row.codePhrase ? undefined : 'CODE_PHRASE_MISSING'));

const onTheWay: readonly unknown[] = ['in_transit', 'arrived', 'reception_failed', 'unaccounted', 'received'];
export const personIsComing = guard<PlanFacts>('RETURN', 'personIsOnTheWay', ({ returnState }) => (onTheWay.includes(returnState) ? undefined : 'PERSON_NOT_ON_THE_WAY'));
/** What the person says reaches us through the host side. Decisions 4. */
export const hostSide = guard<PlanFacts>('HOST_SIDE', 'toldThroughHostSide', ({ row, caller }) => (caller.role === 'PERSON' && caller.organisation === row.originOffice && caller.organisation !== row.owner ? 'ORIGIN_SIDE_MAY_NOT_SPEAK_FOR_HER' : undefined));
const stops: readonly unknown[] = ['stopping', 'withdrawn_return', 'return_suspended', 'cancelled_return'];
/** The return stops; or, while it is still planned, another office is asked instead (F3). */
export const returnStops = guard<PlanFacts>('RETURN', 'returnStopsOrLooksElsewhere', ({ returnState }) => (stops.includes(returnState) || returnState === 'planning' ? undefined : 'RETURN_GOES_ON'));

/** This office is not asked any more: it loses sight of the return (A3). Where the return itself stops, it has seen to that. */
const forgotten = ({ row, returnCase }: PlanFacts): readonly Companion[] =>
  (returnCase?.receptionPlan === row.id ? [{ lifecycle: 'ReturnCase', id: returnCase.id, command: 'learn', learns: true, body: noOffice, as: 'PLATFORM' }] : []);

export const ReceptionPlan = lifecycle<PlanFacts>()({
  name: 'ReceptionPlan', service: 'returns', prefix: 'rcp', states: states.ReceptionPlan.values, fields: receptionPlanFields,
  person: (row) => row.traveller,
  links: { returnCase: { kind: 'ret', column: 'returnCase', collection: 'return-cases' } },
  facts: async (read, { row, body, command }, now): Promise<Omit<PlanFacts, keyof Facts>> => {
    const returnCase = await returnOf(read, row.returnCase);
    const caseRef = row.caseRef ?? returnCase?.caseRef;
    const shared = { ...(returnCase ? { returnCase, returnState: returnCase.state } : {}), ...(caseRef ? { caseRef } : {}) };
    if (command === 'perform') return { ...shared, phrase: await phraseSaid(read, row, body['codePhrase'], now) };
    if (command === 'edit') return { ...shared, detailFetched: (await read.sql(`select to_jsonb(true) from audit where kind = 'rcp' and aggregate = ($1->>0)::uuid and command = 'disclose' limit 1`, [row.id])).length > 0 };
    if (command !== 'requestReception') return shared;
    const { originOffice } = row;
    const consent = namedIn(await knownConsents(read, caseRef, 'ORIGIN_OFFICE_DISCLOSURE'), originOffice, now);
    const contact = await knownClearance(read, caseRef, 'ORIGIN_CONTACT');
    const other = row.returnCase ? await planOf(read, row.returnCase) : undefined;
    const [office] = await read.sql<{ type: OrganisationType }>(`select jsonb_build_object('type', type) from known_organisation where organisation = $1->>0`, [originOffice]);
    return {
      ...shared, ...(consent ? { consent } : {}), ...(contact ? { contact } : {}), ...(other ? { other } : {}), ...(office ? { officeType: office.type } : {}), newPhrase: newCodePhrase(), officeUnderReview: await underReview(read, originOffice),
      consentNeeded: { ...(originOffice ? { recipient: originOffice } : {}), purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY', 'TRAVEL'] },
    };
  },
  parties: (row) => [row.originOffice],
  visible: `((t.owner = ($1->>0) and ${byHost}) or (t.origin_office = ($1->>0) and ${byOffice}))`,
  reachable: `((t.owner = ($1->>0) and ${byAnyWorker}) or (t.origin_office = ($1->>0) and ${byOffice}))`,
  standing: (row) => ({ ORIGIN_OFFICE: row.originOffice, RECEPTION_OFFICER: row.originOffice }),
  wire: (row) => ({ from: row.owner, to: row.originOffice, returnCase: aggregate(row.returnCase), ...(row.state === 'reception_cancelled' ? { reason: 'PERSON_CHOICE' } : {}) }),
  recipients: (row) => [row.originOffice],
  consentRef: (row) => row.originConsent,
  editable: {
    by: ['RETURN_OFFICER', 'SUPERVISOR'], in: [...openPlan, 'missed'], body: EditReceptionBody,
    // Whoever got the old value fetches anew (DP-12).
    notices: ({ row, detailFetched }) => (detailFetched && row.originOffice ? [{ event: ReceptionDetailChanged, recipients: [row.originOffice], data: {} }] : []),
  },
  clocks: [
    { name: 'answer', in: ['reception_requested'], shown: true, due: ({ row }) => after(new Date(row.createdAt), { hours: 72 }), alert: { code: 'RECEPTION_UNANSWERED', to: ({ row }) => row.owner } },
    // F3: no travel
    { name: 'declined', in: ['reception_declined'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RECEPTION_DECLINED', to: ({ row }) => row.owner } },
    { name: 'ready', in: ['ready'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RECEPTION_READY', to: ({ row }) => row.owner } },
  ],
  // A newer consent carries what the office is told; that the older one ends then holds nothing back.
  reactions: [ConsentGiven, ConsentRenewed].map((on) => ({
    on, command: 'relyOn', as: 'PLATFORM', when: ({ data }) => data['purpose'] === 'ORIGIN_OFFICE_DISCLOSURE', where: ({ caseRef, data }) => ({ caseRef, originOffice: data['recipient'] }), learns: ({ consentRef }) => ({ originConsent: consentRef }),
  })),
  rows: [
    // from                                                   command             to                     by                                            guards                                                                         emits
    [NONE,                                                    'requestReception', 'reception_requested', ['RETURN_OFFICER'],                           [returnIsPlanned, officeIsNamed, contactCleared, officeIsNoAuthority, officeIsReviewed, onePlan], ReceptionRequested, {
      body: RequestReceptionBody,
      set: ({ caseRef, consent, newPhrase }) => ({ ...(caseRef ? { caseRef } : {}), ...(consent ? { originConsent: consent.consent } : {}), ...(newPhrase ? { codePhrase: label('special', newPhrase.hash) } : {}) }),
      // With the request, and not before, the office is named on the return (decisions 3).
      companions: ({ row, returnCase }) => (returnCase ? [{ lifecycle: 'ReturnCase', id: returnCase.id, command: 'learn', learns: true, body: { originOffice: row.originOffice, officeAsked: true, receptionPlan: row.id, ...(row.originConsent ? { originConsent: row.originConsent } : {}) }, as: 'RETURN_OFFICER' }] : []),
      once: ({ newPhrase }) => (newPhrase ? { codePhrase: newPhrase.text } : {}),
    }],
    [['reception_requested'],                                 'acceptReception',  'reception_accepted',  ['ORIGIN_OFFICE'],                            [],                                                                            ReceptionAccepted],
    [['reception_requested'],                                 'declineReception', 'reception_declined',  ['ORIGIN_OFFICE'],                            [],                                                                            ReceptionDeclined, { body: DeclineReceptionBody, companions: forgotten }],
    [['reception_accepted'],                                  'makeReady',        'ready',               ['ORIGIN_OFFICE'],                            [substituteIsAnother, phraseExists],                                           ReceptionReady, { body: MakeReadyBody }],
    [['ready'],                                               'perform',          'performed',           ['RECEPTION_OFFICER'],                        [personIsComing, matchCodePhrase, attested('handedOver', 'She was handed over', 'EMM')], ReceptionPerformed, { body: PerformBody }],
    [['ready'],                                               'miss',             'missed',              ['RECEPTION_OFFICER', 'PLATFORM', 'PERSON'],  [hostSide, personIsComing],                                                    ReceptionMissed],
    [['missed'],                                              'perform',          'performed',           ['RECEPTION_OFFICER'],                        [personIsComing, matchCodePhrase, attested('handedOver', 'She was handed over', 'EMM')], ReceptionPerformed, { body: PerformBody }],
    [openPlan,                                                'cancelReception',  'reception_cancelled', ['RETURN_OFFICER', 'PLATFORM'],               [returnStops],                                                                 ReceptionCancelled, { companions: forgotten }],
  ],
});

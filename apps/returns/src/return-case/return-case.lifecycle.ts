import {
  ClearanceChanged, ConsentExpired, ConsentGiven, ConsentRenewed, ConsentRevoked, ConsentWithdrawn, ReceptionConfirmed, ReceptionDetailChanged, ReceptionFailed, PersonUnaccountedFor, ReturnArrived, ReturnAssessedSafe,
  ReturnCancelled, ReturnCleared, ReturnClosed, ReturnCompleted, ReturnCounsellingStarted, ReturnDecisionRecorded, ReturnDeparted, ReturnDepartureFailed, ReturnNotCleared, ReturnReassessmentStarted,
  ReturnRequested, ReturnResumed, ReturnSuspended, ReturnWithdrawn, after, deadlines, states, type ConsentPurpose, type StateOf,
} from '@footbridge/contracts';
import { label } from '@footbridge/privacy';
import { NONE, attested, lifecycle, type Companion, type Notice, type Reaction, type ReactionEvent } from '@footbridge/lifecycle';
import { aggregate } from '@footbridge/service';
import { matchCodePhrase } from '../phrase.js';
import { byAnyWorker, byHost, byOffice } from '../visible.js';
import { openPlan } from '../reception-plan/reception-plan.entity.js';
import {
  CancelReturnBody, ClearBody, CompleteReturnBody, ConfirmReceptionBody, EditReturnBody, MarkNotClearedBody, RecordArrivalBody, RecordDecisionBody, RecordDepartureBody, RequestReturnBody, SuspendBody,
} from './return-case.dto.js';
import { returnCaseFields, type ReturnCaseRow } from './return-case.entity.js';
import { returnFacts, type ReturnFacts } from './return-case.facts.js';
import { anotherPerson, arrangementConsent, arrives, clearToGo, departs, handedOn, hostSide, notFound, notMet, ownWish, safeToPlan, timeToThink } from './return-case.guards.js';

type State = StateOf<'ReturnCase'>;
/** What the timeline tells the origin office: that she comes, and is there. Never that or why it stopped, or was planned before (A5, A12). */
const toldToOrigin: readonly State[] = ['cleared', 'in_transit', 'arrived', 'received', 'reception_failed', 'unaccounted', 'completed_return'];
/** The office that was asked sees the return from `planning` on (reference 2.3.2, 2.7); before, and of one that stopped, nothing. */
const shownToOrigin: readonly State[] = ['planning', ...toldToOrigin];
const ofOrigin = `(t.origin_office = ($1->>0) and t.state in (${shownToOrigin.map((s) => `'${s}'`).join(', ')}))`;
/** Called off, the office is a stranger again: it must be named and asked anew (A3). */
export const noOffice = { originOffice: undefined, originConsent: undefined, receptionPlan: undefined, officeAsked: false } as const;

/** With the return the reception is called off, and the office hears the same reason always. W9; A7. */
const receptionCalledOff = ({ plan }: ReturnFacts): readonly Companion[] =>
  (plan && openPlan.some((state) => state === plan.state) ? [{ lifecycle: 'ReceptionPlan', id: plan.id, command: 'cancelReception', body: {}, facts: { returnState: 'stopping' }, as: 'PLATFORM' }] : []);
const receptionMissed = ({ plan }: ReturnFacts): readonly Companion[] =>
  (plan?.state === 'ready' ? [{ lifecycle: 'ReceptionPlan', id: plan.id, command: 'miss', body: {}, facts: { returnState: 'reception_failed' }, as: 'PLATFORM' }] : []);
const receptionPerformed = ({ plan }: ReturnFacts): readonly Companion[] =>
  (plan?.state === 'ready' || plan?.state === 'missed' ? [{ lifecycle: 'ReceptionPlan', id: plan.id, command: 'perform', body: { handedOver: true }, facts: { returnState: 'arrived', phrase: 'matched' }, as: 'RECEPTION_OFFICER' }] : []);

/** F7: the review that the next return to this office waits for. */
const reviewOpened = ({ row }: ReturnFacts): readonly Companion[] =>
  [{ lifecycle: 'FailedReception', command: 'recordFailure', body: { returnCase: row.id, originOffice: row.originOffice, caseRef: row.caseRef }, as: 'PLATFORM' }];
/** What the office has fetched is not what it was (decisions 16). */
const fetchedAnew = ({ row, plan, itineraryFetched }: ReturnFacts): readonly Notice[] =>
  (itineraryFetched && plan && row.originOffice ? [{ event: ReceptionDetailChanged, recipients: [row.originOffice], data: { receptionPlan: aggregate(plan.id) } }] : []);

/** Each organisation is told under the consent that names it. */
export const consentFor = (row: ReturnCaseRow, recipient?: string): string | undefined => (recipient !== undefined && recipient === row.helper ? row.helperConsent : row.originConsent);

const guarded = ({ caller }: ReturnFacts): Partial<ReturnCaseRow> => (caller.role === 'GUARDIAN' ? { child: label('special', true) } : {});
const timeIn = (value: unknown, now: Date): string => (typeof value === 'string' ? new Date(value) : now).toISOString();

const about = (purpose: ConsentPurpose) => ({ data }: ReactionEvent): boolean => data['purpose'] === purpose;
const arranged = ({ caseRef, data }: ReactionEvent): Record<string, unknown> => ({ caseRef, owner: data['recipient'] });
const named = ({ caseRef, data }: ReactionEvent): Record<string, unknown> => ({ caseRef, originOffice: data['recipient'] });

const resting = (column: 'arrangementConsent' | 'originConsent') => ({ consentRef }: ReactionEvent): Record<string, unknown> | undefined => (consentRef === undefined ? undefined : { [column]: consentRef });

/** Consent withdrawn: as if she had said so of the return, which she has (decisions 5; W9). */
const withdrawn: readonly Reaction[] = [
  { on: ConsentWithdrawn, command: 'withdrawReturn', as: 'PERSON', when: about('RETURN_ARRANGEMENT'), where: arranged },
  { on: ConsentWithdrawn, command: 'withdrawReturn', as: 'PERSON', when: about('ORIGIN_OFFICE_DISCLOSURE'), where: named },
  { on: ConsentWithdrawn, command: 'withdrawReturn', as: 'PERSON', when: about('ORIGIN_OFFICE_DISCLOSURE'), where: ({ caseRef }) => ({ caseRef, officeAsked: false }) },
];
/** A newer consent carries the return from now on; that the older one ends then stops nothing. */
const carried: readonly Reaction[] = [ConsentGiven, ConsentRenewed].flatMap((on): Reaction[] => [
  { on, command: 'relyOn', as: 'PLATFORM', when: about('RETURN_ARRANGEMENT'), where: arranged, learns: ({ consentRef }) => ({ arrangementConsent: consentRef }) },
  { on, command: 'relyOn', as: 'PLATFORM', when: about('ORIGIN_OFFICE_DISCLOSURE'), where: named, learns: ({ consentRef }) => ({ originConsent: consentRef }) },
]);
/** Revoked or expired: nothing is done for now; on the way somebody has to ask her (decisions 5). */
const ended: readonly Reaction[] = [ConsentRevoked, ConsentExpired].flatMap((on): Reaction[] => [
  ...(['arrangementConsent', 'originConsent'] as const).flatMap((column): Reaction[] => [
    { on, command: 'suspend', as: 'PLATFORM', where: resting(column) },
    ...(['in_transit', 'arrived'] as const).map((state): Reaction => ({
      on, command: 'learn', as: 'PLATFORM', where: (e) => { const relied = resting(column)(e); return relied && { ...relied, state }; }, learns: () => ({ consentEnded: true }),
    })),
  ]),
]);
/** A hold, or another reason that is not told: the running return stops in the same moment, from her wish on (A7). */
const held: readonly Reaction[] = (['requested', 'counselling', 'under_assessment', 'planning', 'cleared'] as const).map((state) => [state, ['RETURN_ASSESSMENT', 'ORIGIN_CONTACT', ...(state === 'cleared' ? ['DEPARTURE'] : [])]] as const).map(([state, steps]): Reaction => ({
  on: ClearanceChanged, command: 'suspend', as: 'PLATFORM', when: ({ data }) => data['cleared'] === false && steps.some((step) => step === data['step']), where: ({ caseRef }) => ({ caseRef, state }),
}));

export const ReturnCase = lifecycle<ReturnFacts>()({
  name: 'ReturnCase', service: 'returns', prefix: 'ret', states: states.ReturnCase.values, fields: returnCaseFields,
  links: { case: { kind: 'cas', column: 'caseRef', collection: 'cases', foreign: true } },
  purposes: () => ['RETURN_ARRANGEMENT'],
  facts: returnFacts,
  // It belongs to whom the person named for it; until then to nobody, and the request is refused.
  owner: ({ arrangement, caller }) => arrangement?.recipient ?? caller.organisation,
  parties: (row) => [row.requestedBy, row.originOffice],
  standing: (row) => ({ ORIGIN_OFFICE: row.originOffice, RECEPTION_OFFICER: row.originOffice }),
  visible: `((($1->>0) in (t.owner, t.requested_by) and ${byHost}) or (${ofOrigin} and ${byOffice}))`,
  reachable: `((($1->>0) in (t.owner, t.requested_by) and ${byAnyWorker}) or (${ofOrigin} and ${byOffice}))`,
  told: (row, organisation) => (organisation === row.requestedBy ? undefined : toldToOrigin),
  wire: (row) => ({ receptionPlan: aggregate(row.receptionPlan), reintegrationCase: aggregate(row.reintegrationCase) }),
  recipients: (row, event) => [row.originOffice, event.name === 'ReceptionConfirmed' ? row.helper : undefined],
  about: (row) => row.reintegrationCase,
  consentRef: consentFor,
  editable: {
    by: ['RETURN_OFFICER', 'SUPERVISOR'],
    in: ['under_assessment', 'planning', 'cleared'], body: EditReturnBody,
    // Who travels with her is sealed, and never was in what the office fetched here.
    notices: (f) => ('itinerary' in f.body ? fetchedAnew(f) : []),
  },
  clocks: [
    // F1
    { name: 'protectionTask', in: ['not_cleared'], due: ({ row }) => row.notClearedAt ? after(new Date(row.notClearedAt), deadlines.protectionTask) : undefined, alert: { code: 'PROTECTION_TASK_DUE', to: ({ row }) => row.owner } },
    { name: 'consentEnded', in: ['in_transit', 'arrived'], due: ({ row }) => (row.consentEnded ? new Date(row.createdAt) : undefined), alert: { code: 'CONSENT_ENDED_ON_THE_WAY', to: ({ row }) => row.owner } },
    { name: 'noArrival', in: ['in_transit'], due: ({ row }) => (row.departedAt ? after(new Date(row.departedAt), { hours: 24 }) : undefined), alert: { code: 'ARRIVAL_NOT_REPORTED', to: ({ row }) => row.owner } },
    // F4: 30 minutes call, 2 hours failed
    { name: 'callHost', in: ['arrived'], due: ({ row }) => (row.arrivedAt ? after(new Date(row.arrivedAt), deadlines.handOverCall) : undefined), alert: { code: 'NOT_YET_MET', to: ({ row }) => row.owner } },
    { name: 'callOrigin', in: ['arrived'], due: ({ row }) => (row.arrivedAt ? after(new Date(row.arrivedAt), deadlines.handOverCall) : undefined), alert: { code: 'NOT_YET_MET', to: ({ row }) => row.originOffice } },
    { name: 'handOver', in: ['arrived'], shown: true, due: ({ row }) => (row.arrivedAt ? after(new Date(row.arrivedAt), deadlines.handOverFailed) : undefined), command: 'failReception' },
    { name: 'receptionFailed', in: ['reception_failed'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RECEPTION_FAILED', to: ({ row }) => row.owner } },
    // F6: a child at once
    { name: 'unaccounted', in: ['reception_failed'], due: ({ row }) => (row.child?.test((c) => c) ? new Date(row.createdAt) : after(new Date(row.arrivedAt ?? row.failedAt ?? row.createdAt), deadlines.handOverUnaccounted)), alert: { code: 'PERSON_UNACCOUNTED_FOR', to: ({ row }) => row.owner } },
    { name: 'safeArrival', in: ['received', 'completed_return'], due: ({ row }) => (row.safeArrivalCall && row.receivedAt ? after(new Date(row.receivedAt), deadlines.safeArrivalCall) : undefined), alert: { code: 'SAFE_ARRIVAL_CALL', to: ({ row }) => row.owner } },
    { name: 'safeArrivalAgain', in: ['received', 'completed_return'], due: ({ row }) => (row.safeArrivalCall && row.receivedAt ? after(new Date(row.receivedAt), deadlines.safeArrivalSecondCall) : undefined), alert: { code: 'SAFE_ARRIVAL_CALL', to: ({ row }) => row.owner } },
  ],
  reactions: [...withdrawn, ...carried, ...ended, ...held],
  rows: [
    // from                                       command                  to                  by                                                      guards                                          emits
    [NONE,                                        'requestReturn',         'requested',        ['PERSON', 'GUARDIAN'],                                 [ownWish, arrangementConsent],                  ReturnRequested, { body: RequestReturnBody, set: (f) => ({ ...guarded(f), requestedBy: f.caller.organisation, officeAsked: false, ...(f.arrangement ? { arrangementConsent: f.arrangement.consent } : {}) }) }],
    [['requested'],                               'startCounselling',      'counselling',      ['RETURN_OFFICER'],                                     [
      attested('interpreterPresent', 'An interpreter was there, or none was needed', 'SEED 33'), attested('allOptionsExplained', 'All options were explained: asylum, residence, compensation, a third country, return', 'SEED 33'),
      attested('advocateOffered', 'An independent advocate was offered', 'ODIHR-RET 2'),
    ], ReturnCounsellingStarted, { set: (_f, now) => ({ counselledAt: now.toISOString() }) }],
    [['counselling'],                             'recordDecision',        'under_assessment', ['PERSON', 'GUARDIAN'],                                 [
      hostSide, timeToThink, attested('writtenInformedDecision', 'Her decision is written and informed', 'EMM'), attested('noWaiverOfClaims', 'She has waived no claim', 'COE 13'),
      attested('reflectionPeriodExplained', 'The reflection period was explained', 'COE 13'),
    ], ReturnDecisionRecorded, { body: RecordDecisionBody, set: (f, now) => ({ ...guarded(f), decisionRecordedBy: f.caller.subject, decidedAt: now.toISOString() }) }],
    [['under_assessment'],                        'markSafe',              'planning',         ['RETURN_OFFICER', 'SUPERVISOR'],                       [...safeToPlan, anotherPerson],                 ReturnAssessedSafe],
    [['under_assessment'],                        'markNotCleared',        'not_cleared',      ['RETURN_OFFICER', 'BID_PANEL'],                        [
      attested('reasonsGivenToPerson', 'She was told the reasons', 'ODIHR-RET 3'), attested('protectionSought', 'Protection in the host country is sought', 'GC6 84'),
    ], ReturnNotCleared, { body: MarkNotClearedBody, set: (_f, now) => ({ notClearedAt: now.toISOString() }) }],
    [['not_cleared'],                             'reassess',              'under_assessment', ['RETURN_OFFICER'],                                     [attested('newFacts', 'There are new facts'), attested('personStillWantsIt', 'She still wants it')], ReturnReassessmentStarted],
    [['planning'],                                'clear',                 'cleared',          ['RETURN_OFFICER', 'SUPERVISOR'],                       clearToGo,                                      ReturnCleared, {
      body: ClearBody, set: ({ plan, originConsent, reintegration }, now) => ({
        reconfirmedAt: now.toISOString(), ...(plan ? { receptionPlan: plan.id } : {}), ...(originConsent ? { originConsent: originConsent.consent } : {}), ...(reintegration ? { reintegrationCase: reintegration.reintegration } : {}),
      }),
    }],
    [['cleared'],                                 'recordDeparture',       'in_transit',       ['RETURN_OFFICER'],                                     departs,                                        ReturnDeparted, { body: RecordDepartureBody, set: ({ body }, now) => ({ departedAt: timeIn(body['departedAt'], now) }) }],
    [['cleared'],                                 'recordFailedDeparture', 'planning',         ['RETURN_OFFICER'],                                     [],                                             ReturnDepartureFailed, { set: () => ({ reconfirmedAt: undefined }), notices: fetchedAnew }],
    [['in_transit'],                              'recordArrival',         'arrived',          ['ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'RETURN_OFFICER'], arrives,                                      ReturnArrived, { body: RecordArrivalBody, set: ({ body }, now) => ({ arrivedAt: timeIn(body['arrivedAt'], now) }) }],
    ...([['arrived', []], ['reception_failed', [attested('handOverVerified', 'Late, but the hand-over is verified')]], ['unaccounted', [attested('foundAndSafe', 'She was found and is safe')]]] as const).map(([from, more]) =>
      [[from], 'confirmReception', 'received', ['RECEPTION_OFFICER'], [matchCodePhrase, attested('officerConfirms', 'The officer confirms the hand-over', 'EMM'), attested('personConfirms', 'The person, or her guardian, confirms it', 'EMM'), ...more], ReceptionConfirmed, {
        body: ConfirmReceptionBody, companions: receptionPerformed, set: ({ reintegration, helperConsent }: ReturnFacts, now: Date) => ({
          receivedAt: now.toISOString(), ...(reintegration ? { reintegrationCase: reintegration.reintegration, ...(helperConsent ? { helper: reintegration.organisation, helperConsent: helperConsent.consent } : {}) } : {}),
        }),
      }] as const),
    [['in_transit', 'arrived'],                   'failReception',         'reception_failed', ['RECEPTION_OFFICER', 'PLATFORM', 'PERSON'],            [hostSide, notMet],                             ReceptionFailed, { companions: (f) => [...receptionMissed(f), ...reviewOpened(f)], set: (_f, now) => ({ failedAt: now.toISOString() }) }],
    [['reception_failed'],                        'recordUnaccounted',     'unaccounted',      ['SUPERVISOR'],                                         [notFound],                                     PersonUnaccountedFor],
    [['received'],                                'completeReturn',        'completed_return', ['RETURN_OFFICER'],                                     [handedOn],                                     ReturnCompleted, { body: CompleteReturnBody }],
    [['requested', 'counselling', 'under_assessment', 'planning', 'cleared'], 'suspend', 'return_suspended', ['RETURN_OFFICER', 'PLATFORM'],             [],                                             ReturnSuspended, { body: SuspendBody, companions: receptionCalledOff, set: () => ({ ...noOffice, reconfirmedAt: undefined }) }],
    [['return_suspended'],                        'resumeReturn',          'counselling',      ['RETURN_OFFICER'],                                     [attested('holdLifted', 'What stood against it is gone')], ReturnResumed, { set: (_f, now) => ({ counselledAt: now.toISOString(), suspendedFor: undefined }) }],
    [['requested', 'counselling', 'under_assessment', 'not_cleared', 'planning', 'cleared', 'return_suspended', 'in_transit'], 'withdrawReturn', 'withdrawn_return', ['PERSON', 'GUARDIAN'], [hostSide], ReturnWithdrawn, { companions: receptionCalledOff }],
    [['requested', 'counselling', 'under_assessment', 'planning', 'cleared', 'return_suspended'], 'cancelReturn', 'cancelled_return', ['SUPERVISOR'],     [],                                             ReturnCancelled, { body: CancelReturnBody, companions: receptionCalledOff }],
    [['completed_return', 'withdrawn_return', 'cancelled_return', 'not_cleared', 'unaccounted'], 'closeReturn', 'closed_return', ['RETURN_OFFICER'],       [
      attested('originSideDataRecalled', 'What the origin side no longer needs is recalled', 'IOM-DP 9'), attested('nextServiceLinked', 'The next help is named, or she wants none'),
    ], ReturnClosed],
  ],
});

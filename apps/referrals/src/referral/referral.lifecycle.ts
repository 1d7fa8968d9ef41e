import {
  ConsentExpired, ConsentRevoked, ConsentWithdrawn, DirectedDetailChanged, PersonAdmitted, ReferralAccepted, ReferralAcknowledged, ReferralClosed, ReferralCompleted, ReferralDeclined, ReferralDrafted, ReferralEnteredInError, ReferralExpired,
  ReferralResumed, ReferralSent, ReferralServiceStarted, ReferralSuspended, ReferralUnsuccessful, ReferralWithdrawn,
  DeliveryDeadLettered, after, callAfter, deadlines, referralDeadlines, saidServiceType, states, type Priority, type Span, type StateOf,
} from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Companion, type Guard, type LifecycleSpec, type Reaction } from '@footbridge/lifecycle';
import { worksWithPeople } from '@footbridge/service';
import { caseIsOpen, worksOnCase } from '../case/case-rules.js';
import { mayOwnCases } from '../case/owner.js';
import { seenWithCase } from '../case/visible.js';
import { DeclineBody, DraftReferralBody, EditReferralBody, FirstContactBody, OptionalPauseBody, OutcomeBody, PauseBody, SendReferralBody, UnsuccessfulBody } from './referral.dto.js';
import { referralFields, type ReferralRow } from './referral.entity.js';
import { referralFacts, type ReferralFacts } from './referral-facts.js';
import {
  agreementCovers, agreementInForce, carryingConsent, consentCoversReceiver, disclosedFields, groundFits, guardianApart, guardianConsented, minimumOnly, notHeld, nothingContested, onlyOne, overrideGrounded, profileServed, receiverIsActive, receiverIsPartner, receiverIsSafe,
  riskAssessed, rolesApart, serviceListed, somethingLeftToSend,
} from './send-guards.js';

const receiverKnown = guard<ReferralFacts>('DRAFT', 'receiverIsAnActiveOrganisation', ({ receiverKnown: known }) => (known?.active ? undefined : 'RECEIVER_NOT_KNOWN'), { retry: true });
const needNamed = guard<ReferralFacts>('DRAFT', 'needIsNamed', ({ row }) => (row.serviceType ? undefined : 'NEED_NOT_NAMED'));
/** Only who opened the case or brought the person can be told what becomes of it (decisions 3). */
const referrerIsParty = guard<ReferralFacts>('DRAFT', 'referrerBroughtThePerson', ({ row, context, caller }) =>
  (row.referrer === undefined || row.referrer === caller.organisation || [context?.case.openedBy, context?.case.broughtBy].includes(row.referrer) ? undefined : 'REFERRER_NOT_PARTY'));
/**
 * M5: neither a parent's word nor a request of police places a child; her guardian or the child authority does, through the
 * case's owner. Before that there is the shelter's own admission in an emergency.
 */
const placedByWhoMay = guard<ReferralFacts>('M5', 'childIsPlacedByGuardianOrAuthority', ({ row, context, caller }) =>
  (row.serviceType === 'shelter' && context?.isChild && !context.guardian && caller.organisation !== context.case.owner ? 'GUARDIAN_REQUIRED' : undefined),
{ sensitive: true, record: ({ context }) => context && { kind: 'cas', row: context.case } });

/** SAFE: a shelter accepts with a bed, and lets nobody hope without one. */
const bedHeldIfShelter = guard<ReferralFacts>('BED', 'bedIsHeldWhereAShelterIsAsked', ({ row, bedIsHeld }) => (row.serviceType !== 'shelter' || bedIsHeld ? undefined : 'BED_NOT_HELD'),
  { retry: true, needsFresh: ({ row }) => (row.serviceType === 'shelter' ? ['shelters'] : []) });
/** The agreement forbids the receiver to refer onward; without it nothing does. PRIM. */
const noOnwardReferral = guard<ReferralFacts>('ONWARD', 'agreementForbidsOnwardReferral', ({ row, agreement }) => (row.receiver === row.owner || agreement ? undefined : 'NO_AGREEMENT'), { retry: true });

const decisionIsOver = guard<ReferralFacts>('EXPIRE', 'timeToDecideIsOver', ({ row }, now) => (now.getTime() >= (decisionDue(row)?.getTime() ?? Infinity) ? undefined : 'STILL_OPEN'));
/** LEB: silence is the main failure. Nothing expires before people were called. */
const wasEscalated = guard<ReferralFacts>('EXPIRE', 'escalationWasRaised', ({ escalated }) => (escalated ? undefined : 'NOT_ESCALATED'));
const firstContactMade = guard<ReferralFacts>('RESUME', 'personWasMetBefore', ({ row }) => (row.firstContactAt ? undefined : 'FIRST_CONTACT_MISSING'));
const consentStillHolds = guard<ReferralFacts>('SG1', 'consentIsStillInForce', ({ row, consents = [] }) => (row.override || consents.some((c) => c.id === row.consentId) || consents.length > 0 ? undefined : 'CONSENT_REQUIRED'), { sensitive: true });

const unmet: readonly string[] = ['declined', 'expired', 'unsuccessful'];
/** IOM-RM: an unmet need has a new referral, or somebody has decided in writing. */
const needIsSeenTo: Guard<ReferralFacts> = {
  code: 'LOOP', name: 'unmetNeedHasANewReferralOrADecision', onBody: true, attests: { field: 'needDecided', says: 'An unmet need has a new referral, or a written decision' },
  check: ({ row, body, isReplaced }) => (!unmet.includes(row.state) || isReplaced || body['needDecided'] === true ? undefined : 'UNMET_NEED'),
};

const at = (start: string | undefined, spans: Partial<Record<Priority, Span>>, row: ReferralRow): Date | undefined => {
  const span = row.priority && spans[row.priority];
  return start && span ? after(new Date(start), span) : undefined;
};
const decisionDue = (row: ReferralRow): Date | undefined => at(row.sentAt, referralDeadlines.decision, row);
/** People are called when three quarters of the time have gone. */
const escalationDue = (row: ReferralRow): Date | undefined => {
  const due = decisionDue(row);
  return due && row.sentAt ? new Date(Date.parse(row.sentAt) + (due.getTime() - Date.parse(row.sentAt)) * 0.75) : undefined;
};

/** What police or an embassy may see of a referral of theirs (reference 2.7): no outcome, and not how it went on. */
const seenByAuthority: readonly StateOf<'Referral'>[] = ['draft', 'sent', 'acknowledged', 'accepted', 'declined', 'expired', 'in_service'];
const stopped: readonly string[] = [ReferralSuspended, ReferralResumed, ReferralWithdrawn].map((e) => e.type);

function recipients(row: ReferralRow, type: string, actor: string): (string | undefined)[] {
  // That help goes on again would tell of the pause.
  const seen = !row.referrerSeesLittle || (seenByAuthority.some((s) => s === row.state) && !stopped.includes(type));
  const referrer = row.referrer !== row.owner && seen ? row.referrer : undefined;
  // Nothing was disclosed: the receiver never learns that there was a draft.
  if (!row.sentAt) return [];
  if (type === ReferralSent.type) return [row.receiver, referrer === actor ? undefined : referrer];
  // Copy 0 goes to the receiver's side first: that is where somebody waits.
  const all = [row.receiver, row.owner, referrer];
  const others = stopped.includes(type) ? all.filter((o) => o !== actor) : all;
  return others.some((o) => o !== undefined) ? others : [row.receiver];
}

/** Where consent carried it, the recall says so; what went without (U4) is recalled under the referral alone. */
const recall = (row: ReferralRow): Companion[] =>
  (row.receiver && row.receiver !== row.owner ? [{ lifecycle: 'Recall', command: 'askDeletion', body: { caseId: row.caseId, caseRef: row.caseRef, consentId: row.consentId, referralId: row.id, recipient: row.receiver }, as: 'PLATFORM' }] : []);
/** What the consent's end stops is stopped in its own transaction; these catch what was sent in the same moment, whatever its receiver has done since. */
const consentEnds: readonly Reaction[] = [
  { on: ConsentWithdrawn, command: 'withdraw', as: 'PLATFORM', where: ({ aggregate }) => ({ consentId: aggregate }), body: () => ({ reason: 'PERSON_CHOICE' }) },
  ...[ConsentRevoked, ConsentExpired].flatMap((on) => ([['sent', 'withdraw'], ['acknowledged', 'withdraw'], ['accepted', 'suspend'], ['in_service', 'suspend']] as const).map(([state, command]): Reaction =>
    ({ on, command, as: 'PLATFORM', where: ({ aggregate }) => ({ consentId: aggregate, state }), body: () => ({ reason: 'ADMINISTRATIVE' }) }))),
];
const ended = (_: ReferralFacts, now: Date): Partial<ReferralRow> => ({ endedAt: now.toISOString() });
/** Who answers was reached. */
const reached = (): Partial<ReferralRow> => ({ unreachedAt: undefined });
/** No reason is asked (W1); what the others read is neutral. */
const neutral = ({ caller, body }: ReferralFacts): ReferralRow['reason'] => (body['reason'] as ReferralRow['reason']) ?? (caller.role === 'PERSON' || caller.role === 'GUARDIAN' ? 'PERSON_CHOICE' : 'ADMINISTRATIVE');
const final = ['completed', 'declined', 'unsuccessful', 'withdrawn', 'expired'] as const;

export const Referral: LifecycleSpec<StateOf<'Referral'>, typeof referralFields, ReferralFacts> = lifecycle<ReferralFacts>()({
  name: 'Referral', service: 'referrals', prefix: 'rfr', states: states.Referral.values, fields: referralFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' }, replacesReferral: { kind: 'rfr', column: 'replacesReferral', collection: 'referrals' } },
  facts: referralFacts,
  purposes: () => ['REFERRAL_DISCLOSURE'],
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.sentAt ? row.receiver : undefined, row.referrer],
  // Who drafted it acts on it; who only brought her is told what becomes of it.
  standing: (row) => ({ RECEIVER: row.sentAt ? row.receiver : undefined, REFERRER: row.draftedBy !== undefined && row.draftedBy === row.referrer ? [row.owner, row.draftedBy] : row.owner }),
  visible: `(${seenWithCase} or (${worksWithPeople} and ((t.receiver = ($1->>0) and t.sent_at is not null) or (t.referrer = ($1->>0) and t.owner <> ($1->>0) and (t.referrer_sees_little is not true or t.state in (${seenByAuthority.map((s) => `'${s}'`).join(', ')}))))))`,
  told: (row, organisation) => (organisation === row.referrer && organisation !== row.owner && row.referrerSeesLittle ? seenByAuthority : undefined),
  consentRef: (row) => row.consentId,
  recipients: (row, event, { caller }) => recipients(row, event.type, caller.organisation),
  wire: (row) => ({ priority: row.priority, serviceType: saidServiceType(row.serviceType), from: row.owner, to: row.receiver, reason: row.reason }),
  clocks: [
    { name: 'decision', in: ['sent', 'acknowledged'], due: ({ row }) => decisionDue(row), command: 'expire', shown: true },
    { name: 'escalation', in: ['sent', 'acknowledged'], due: ({ row }) => escalationDue(row), alert: { code: 'DECISION_OVERDUE_SOON', to: ({ row }) => row.owner } },
    { name: 'call', in: ['sent'], due: ({ row }) => at(row.sentAt, callAfter, row), alert: { code: 'CALL_RECEIVER', to: ({ row }) => row.receiver } },
    { name: 'acknowledgement', in: ['sent'], due: ({ row }) => at(row.sentAt, referralDeadlines.acknowledgement, row), alert: { code: 'ACKNOWLEDGEMENT_OVERDUE', to: ({ row }) => row.owner } },
    { name: 'expired', in: ['expired'], due: ({ row }) => (row.endedAt ? new Date(row.endedAt) : undefined), alert: { code: 'REFERRAL_EXPIRED', to: ({ row }) => row.owner } },
    { name: 'firstContact', in: ['accepted'], due: ({ row }) => at(row.acceptedAt, referralDeadlines.firstContact, row), alert: { code: 'FIRST_CONTACT_OVERDUE', to: ({ row }) => row.owner }, shown: true },
    { name: 'delivery', in: states.Referral.values.filter((s) => s !== 'draft' && s !== 'closed'), due: ({ row }) => (row.unreachedAt ? new Date(row.unreachedAt) : undefined), alert: { code: 'RECEIVER_NOT_REACHED', to: ({ row }) => row.owner } },
    { name: 'loop', in: final, due: ({ row }) => at(row.endedAt, referralDeadlines.loopClosed, row), alert: { code: 'LOOP_NOT_CLOSED', to: ({ row }) => row.owner } },
    // U4: a supervisor hears of it at once, the data protection officer reviews it.
    { name: 'override', in: states.Referral.values.filter((s) => s !== 'draft' && s !== 'closed'), due: ({ row }) => (row.overriddenAt ? new Date(row.overriddenAt) : undefined), alert: { code: 'OVERRIDE_USED', to: ({ row }) => row.owner } },
    { name: 'overrideReview', in: states.Referral.values.filter((s) => s !== 'draft'), due: ({ row }) => (row.overriddenAt ? after(new Date(row.overriddenAt), deadlines.overrideReviewed) : undefined), alert: { code: 'OVERRIDE_TO_REVIEW', to: ({ row }) => row.owner } },
  ],
  reactions: [
    // A partner that its webhook did not reach is called (reference 2.5.1).
    { on: DeliveryDeadLettered, command: 'learn', as: 'PLATFORM', where: ({ about }) => (about ? { id: about } : undefined), learns: (_, now) => ({ unreachedAt: now.toISOString() }) },
    { on: PersonAdmitted, command: 'confirmFirstContact', as: 'RECEIVER', where: ({ about }) => (about ? { id: about } : undefined), body: () => ({ personMet: true }) },
    ...consentEnds,
  ],
  editable: {
    by: ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'REFERRER'],
    in: ['draft', 'sent', 'acknowledged', 'accepted', 'in_service', 'suspended'], body: EditReferralBody,
    notices: ({ row, fetched = 0 }) => (fetched > 0 && row.receiver ? [{ event: DirectedDetailChanged, recipients: [row.receiver], data: {} }] : []),
  },
  rows: [
    // from                                                                            command                to              by                                                                   guards  emits
    [NONE,                                                                             'draftReferral',       'draft',        ['CASE_WORKER', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'], [caseIsOpen, worksOnCase('opener'), receiverKnown, needNamed, referrerIsParty, placedByWhoMay], ReferralDrafted, {
      body: DraftReferralBody,
      set: ({ row, caller, context, referrerKnown }) => {
        const referrer = context && caller.organisation !== context.case.owner ? caller.organisation : row.referrer;
        return { caseRef: context?.case.caseRef, draftedBy: caller.organisation, referrer, ...(referrer ? { referrerSeesLittle: !referrerKnown || !mayOwnCases(referrerKnown) } : {}) };
      },
    }],
    [['draft'],                                                                        'send',                'sent',         ['CASE_WORKER', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'], [
      nothingContested, consentCoversReceiver, guardianConsented, receiverIsActive, receiverIsPartner, agreementInForce, agreementCovers, serviceListed, profileServed, minimumOnly, somethingLeftToSend, riskAssessed, receiverIsSafe, rolesApart, guardianApart, notHeld, onlyOne, overrideGrounded, groundFits,
    ], ReferralSent, {
      body: SendReferralBody,
      set: (f, now) => ({ sentAt: now.toISOString(), consentId: f.body['override'] === undefined ? carryingConsent(f)?.id : undefined, fieldsDisclosed: disclosedFields(f), ...(f.body['override'] === undefined ? {} : { overriddenAt: now.toISOString() }) }),
    }],
    [['sent'],                                                                         'acknowledge',         'acknowledged', ['RECEIVER'],                                                        [],                                                                                        ReferralAcknowledged, { set: reached }],
    [['sent', 'acknowledged'],                                                         'accept',              'accepted',     ['RECEIVER'],                                                        [bedHeldIfShelter, noOnwardReferral],                                                      ReferralAccepted, { set: (_, now) => ({ acceptedAt: now.toISOString(), ...reached() }) }],
    [['sent', 'acknowledged'],                                                         'decline',             'declined',     ['RECEIVER'],                                                        [],                                                                                        ReferralDeclined, { body: DeclineBody, set: (f, now) => ({ ...ended(f, now), ...reached() }) }],
    [['sent', 'acknowledged'],                                                         'expire',              'expired',      ['PLATFORM'],                                                        [decisionIsOver, wasEscalated],                                                            ReferralExpired, { set: ended }],
    [['accepted'],                                                                     'confirmFirstContact', 'in_service',   ['RECEIVER'],                                                        [attested('personMet', 'The person was actually met or reached', 'FHIR')],                 ReferralServiceStarted, { body: FirstContactBody, set: ({ row, body }, now) => ({ firstContactAt: typeof body['firstContactAt'] === 'string' ? body['firstContactAt'] : row.firstContactAt ?? now.toISOString() }) }],
    [['accepted', 'in_service'],                                                       'suspend',             'suspended',    ['RECEIVER', 'CASE_WORKER', 'PLATFORM'],                             [],                                                                                        ReferralSuspended, { body: PauseBody }],
    [['suspended'],                                                                    'resume',              'in_service',   ['RECEIVER', 'CASE_WORKER'],                                         [firstContactMade, consentStillHolds, notHeld, attested('causeGone', 'The cause is gone', 'FHIR')], ReferralResumed, { body: OptionalPauseBody, set: (f) => ({ reason: undefined, consentId: f.consents?.find((c) => c.id === f.row.consentId)?.id ?? f.consents?.[0]?.id ?? f.row.consentId }) }],
    [['in_service'],                                                                   'recordOutcome',       'completed',    ['RECEIVER'],                                                        [],                                                                                        ReferralCompleted, { body: OutcomeBody, set: ended }],
    [['accepted', 'in_service', 'suspended'],                                          'recordUnsuccessful',  'unsuccessful', ['RECEIVER'],                                                        [],                                                                                        ReferralUnsuccessful, { body: UnsuccessfulBody, set: ended }],
    [['draft', 'sent', 'acknowledged', 'accepted', 'in_service', 'suspended'],         'withdraw',            'withdrawn',    ['PERSON', 'GUARDIAN', 'CASE_WORKER', 'REFERRER', 'PLATFORM'],       [],                                                                                      ReferralWithdrawn, { body: OptionalPauseBody, set: (f, now) => ({ endedAt: now.toISOString(), reason: neutral(f) }) }],
    [final,                                                                            'closeLoop',           'closed',       ['CASE_WORKER', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'], [attested('outcomeTold', 'The person was told the outcome, or why not is recorded', 'RN'), needIsSeenTo], ReferralClosed, {
      // What was fetched for nothing is deleted again (IOM-DP 9).
      companions: ({ row, fetched = 0, isRecalled }) => (fetched > 0 && !isRecalled && !row.firstContactAt && row.consentId ? recall(row) : []),
    }],
    [['draft', 'sent', 'acknowledged'],                                                'markError',           'entered_in_error', ['CASE_WORKER', 'SUPERVISOR', 'REFERRER'],                       [],                                                                                        ReferralEnteredInError, { set: ended, companions: ({ row }) => (row.sentAt ? recall(row) : []) }],
  ],
});

import {
  RestrictionChanged, RightsRequestEnded, RightsRequestExtended, RightsRequestGranted, RightsRequestPartlyGranted, RightsRequestReceived, RightsRequestRefused, RightsRequestState, RightsRequestWithdrawn,
  after, deadlines, type ErasureException, type RightsKind,
} from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Companion, type Facts, type Guard, type LifecycleSpec, type Notice } from '@footbridge/lifecycle';
import { worksWithPeople } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { inCase, type InCase } from '../case/case-rules.js';
import { seenWithCase } from '../case/visible.js';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { stands } from '../legal-hold/stands.js';
import { LegalHold } from '../legal-hold/legal-hold.lifecycle.js';
import { ExtendRequestBody, GrantPartlyBody, ReceiveRequestBody, RefuseRequestBody } from './rights-request.dto.js';
import { rightsRequestFields, type RightsRequestRow } from './rights-request.entity.js';

export interface RightsFacts extends Facts<RightsRequestRow>, InCase {
  /** Consents that are in force or only waiting for their end: an erasure ends them all. */
  readonly living?: readonly string[];
  /** What went without consent, and is asked back by its referral. */
  readonly unasked?: readonly { readonly referral: string; readonly recipient: string }[];
  readonly legallyHeld?: boolean;
  /** Other requests of this kind that have their effect now. */
  readonly others?: number;
}

/** Effective from the moment that she asks: what is contested stays where it is, and nobody waits a month to be left out of statistics. */
const inEffect: readonly string[] = ['received', 'granted', 'partly_granted'];

const caseIsThere = guard<RightsFacts>('CASE', 'caseIsKnown', ({ context }) => (context ? undefined : 'CASE_NOT_KNOWN'));
const notErased = guard<RightsFacts>('CASE', 'somethingIsThereToAskFor', ({ context }) => (context?.case.state === 'anonymised' ? 'CASE_ANONYMISED' : undefined));
const once = guard<RightsFacts>('RIGHTS', 'notExtendedBefore', ({ row }) => (row.extendedFor ? 'EXTENDED_ALREADY' : undefined));
const withinTheMonth = guard<RightsFacts>('DP-9', 'toldWithinTheFirstMonth', ({ row }, now) => (row.receivedAt && now >= after(new Date(row.receivedAt), deadlines.rightsAnswered) ? 'TOO_LATE_TO_EXTEND' : undefined));
const personTold = attested('personTold', 'She was told the answer, its ground, and where she can complain', 'GDPR 12');
const of = (kind: RightsKind, g: Guard<RightsFacts>): Guard<RightsFacts> => ({ ...g, check: (f, now) => (f.row.kind === kind ? g.check(f, now) : undefined) });
const corrected = of('RECTIFICATION', attested('corrected', 'The record says now what is right: whoever had the old value is told by that', 'DP-12') as Guard<RightsFacts>);
const copyGiven = of('ACCESS', attested('copyGiven', 'She has her copy, in a form safe to carry', 'DP-11') as Guard<RightsFacts>);
const closedFirst = of('ERASURE', guard<RightsFacts>('DP-9', 'caseIsClosed', ({ context }) => (context && ['closed', 'closed_referred'].includes(context.case.state) ? undefined : 'CASE_NOT_CLOSED')));
const nothingHolds = of('ERASURE', guard<RightsFacts>('DP-10', 'noLegalHoldStands', ({ legallyHeld }) => (legallyHeld ? 'LEGAL_HOLD' : undefined)));
const exceptionsFit = guard<RightsFacts>('DP-10', 'exceptionsAreNamedForAnErasure', ({ row, body }) => {
  const named = (body['exceptions'] ?? []) as readonly ErasureException[];
  return row.kind !== 'ERASURE' ? (named.length > 0 ? 'NOT_AN_ERASURE' : undefined) : named.some((e) => e !== 'AUDIT_PROOF') ? undefined : 'EXCEPTION_MISSING';
}, { onBody: true });
/** What is kept for a ground is held for it by two persons, and looked at again (DP-20). */
const keptByHold = of('ERASURE', guard<RightsFacts>('DP-10', 'whatIsKeptIsHeldAndReviewed', ({ legallyHeld }) => (legallyHeld ? undefined : 'LEGAL_HOLD_MISSING')));
const canEnd = guard<RightsFacts>('RIGHTS', 'restrictionOrObjection', ({ row }) => (row.kind === 'RESTRICTION' || row.kind === 'OBJECTION' || (row.kind === 'ERASURE' && row.state === 'partly_granted') ? undefined : 'NOTHING_TO_END'));
/** Nobody but she takes back what she objected to. */
const hersToEnd = guard<RightsFacts>('RIGHTS', 'objectionIsTakenBackByHer', ({ row, caller }) => (row.kind === 'OBJECTION' && caller.role !== 'PERSON' && caller.role !== 'GUARDIAN' ? 'ONLY_SHE' : undefined));

/** The case itself says what stands, so that whoever reads it to decide something knows, and decides again where it changes meanwhile. */
const onCase = ({ context }: RightsFacts, body: Readonly<Record<string, unknown>>): Companion[] =>
  (context ? [{ lifecycle: 'Case', id: context.case.id, command: 'learn', learns: true, body, as: 'PLATFORM' }] : []);
const begins = (f: RightsFacts, now: Date): Companion[] =>
  (f.row.kind === 'RESTRICTION' ? onCase(f, { restrictedAt: f.context?.case.restrictedAt ?? now.toISOString() }) : f.row.kind === 'OBJECTION' ? onCase(f, { statisticsObjectedAt: f.context?.case.statisticsObjectedAt ?? now.toISOString() }) : []);
const ends = (f: RightsFacts): Companion[] => ((f.others ?? 0) > 0 ? [] : restricts(f) ? onCase(f, { restrictedAt: undefined }) : f.row.kind === 'OBJECTION' ? onCase(f, { statisticsObjectedAt: undefined }) : []);
/** Of an erasure that is partly granted nothing but what the exceptions need is done with what stays (GDPR 18). */
const restricts = ({ row }: RightsFacts): boolean => row.kind === 'RESTRICTION' || (row.kind === 'ERASURE' && (row.exceptions?.length ?? 0) > 0);
const tellsServices = (restricted: boolean) => (f: RightsFacts): Notice[] => (restricts(f) && f.context ? [{ event: RestrictionChanged, data: { restricted } }] : []);

/** Every consent ends, so every recipient is asked to delete (W5); what went without one is asked back by its referral. */
const askBack = ({ context, living = [], unasked = [] }: RightsFacts): Companion[] => [
  ...living.map((id): Companion => ({ lifecycle: 'ConsentRecord', id, command: 'withdraw', body: {}, as: 'PLATFORM' })),
  ...unasked.map(({ referral, recipient }): Companion => ({ lifecycle: 'Recall', command: 'askDeletion', body: { caseId: context?.case.id, caseRef: context?.case.caseRef, referralId: referral, recipient }, as: 'PLATFORM' })),
];
const grants = (f: RightsFacts): Companion[] =>
  (f.row.kind === 'ERASURE' && f.context ? [...askBack(f), { lifecycle: 'Case', id: f.context.case.id, command: 'anonymiseCase', body: { erasureGranted: true }, as: 'DPO' }] : []);
const decided = (_: RightsFacts, now: Date): Partial<RightsRequestRow> => ({ decidedAt: now.toISOString() });
/** What removes for good, or keeps against her wish, takes two. */
const byTwo = ({ row }: { readonly row: RightsRequestRow }): readonly ['DPO', 'SUPERVISOR'] | undefined => (row.kind === 'ERASURE' ? ['DPO', 'SUPERVISOR'] : undefined);

interface Unasked { readonly referral: string; readonly recipient: string }

/** Access, rectification, erasure, restriction, objection (GDPR 15 to 21): any worker takes it down, nobody is turned away, and the answer is due in a month. */
export const RightsRequest: LifecycleSpec<RightsRequestState, typeof rightsRequestFields, RightsFacts> = lifecycle<RightsFacts>()({
  name: 'RightsRequest', service: 'referrals', prefix: 'rrq', states: RightsRequestState.values, fields: rightsRequestFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller, command }, now) => {
    const context = await caseContext(read, row.caseId, caller, now, false);
    if (!context) return {};
    const theirs = context.read;
    const [living, unasked, holds, others] = await Promise.all([
      command === 'grant' || command === 'grantPartly' ? theirs.many(ConsentRecord, { caseId: row.caseId, state: ['given', 'renewed'] }) : [],
      command === 'grant' || command === 'grantPartly' ? theirs.sql<Unasked>(`select distinct on (d.referral_id, d.recipient) jsonb_build_object('referral', d.referral_id, 'recipient', d.recipient) from disclosure d where d.case_id = ($1->>0)::uuid and d.consent_id is null
        and not exists (select 1 from recall r where r.referral_id = d.referral_id and r.recipient = d.recipient)`, [row.caseId]) : [],
      theirs.many(LegalHold, { caseId: row.caseId, state: 'standing' }),
      theirs.many(RightsRequest, { caseId: row.caseId }),
    ]);
    const asksTheSame = (r: RightsRequestRow): boolean => r.id !== row.id && (row.kind === 'OBJECTION' ? r.kind === 'OBJECTION' && inEffect.includes(r.state)
      : (r.kind === 'RESTRICTION' && inEffect.includes(r.state)) || (r.kind === 'ERASURE' && r.state === 'partly_granted'));
    return {
      // It is received whoever brings it; who decides about it is of the house that keeps the case.
      ...inCase(context), mayKnow: true, living: living.map(({ id }) => id), unasked, legallyHeld: holds.some((h) => stands(h, now)), others: others.filter(asksTheSame).length,
    };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.broughtBy],
  visible: `(${seenWithCase} or (t.brought_by = ($1->>0) and t.owner <> ($1->>0) and ${worksWithPeople}))`,
  reachable: `(($1->>0) in (t.owner, t.brought_by) and ${worksWithPeople})`,
  clocks: [
    { name: 'received', in: ['received'], due: ({ row }) => (row.receivedAt ? new Date(row.receivedAt) : undefined), alert: { code: 'RIGHTS_REQUEST_RECEIVED', to: ({ row }) => row.owner } },
    { name: 'answerSoon', in: ['received'], due: ({ row }) => { const due = answerDue(row); return due && new Date(due.getTime() - deadlines.rightsWarning.days * 86_400_000); }, alert: { code: 'RIGHTS_ANSWER_DUE_SOON', to: ({ row }) => row.owner } },
    { name: 'answer', in: ['received'], due: ({ row }) => answerDue(row), alert: { code: 'RIGHTS_ANSWER_OVERDUE', to: ({ row }) => row.owner }, shown: true },
  ],
  rows: [
    // from                  command            to                   by                                      guards                                            emits
    [NONE,                   'receiveRequest',  'received',          ['PERSON', 'GUARDIAN'],                 [caseIsThere, notErased],                         RightsRequestReceived, {
      body: ReceiveRequestBody, set: ({ caller, context }, now) => ({ caseRef: context?.case.caseRef, broughtBy: caller.organisation, receivedAt: now.toISOString() }), companions: begins, notices: tellsServices(true),
    }],
    [['received'],           'extend',          'received',          ['DPO', 'SUPERVISOR'],                  [once, withinTheMonth, personTold],               RightsRequestExtended, { body: ExtendRequestBody }],
    [['received'],           'grant',           'granted',           ['DPO', 'SUPERVISOR'],                  [closedFirst, nothingHolds, corrected, copyGiven, personTold], RightsRequestGranted, { set: decided, companions: grants, approval: byTwo }],
    [['received'],           'grantPartly',     'partly_granted',    ['DPO', 'SUPERVISOR'],                  [exceptionsFit, keptByHold, personTold],          RightsRequestPartlyGranted, {
      body: GrantPartlyBody, approval: byTwo, notices: (f) => (f.row.kind === 'ERASURE' ? tellsServices(true)(f) : []),
      set: decided, companions: (f, now) => (f.row.kind === 'ERASURE' ? [...askBack(f), ...onCase(f, { restrictedAt: f.context?.case.restrictedAt ?? now.toISOString() })] : []),
    }],
    [['received'],           'refuseRequest',   'request_refused',   ['DPO', 'SUPERVISOR'],                  [personTold],                                     RightsRequestRefused, { body: RefuseRequestBody, set: decided, companions: ends, notices: tellsServices(false), approval: byTwo }],
    [['received'],           'withdrawRequest', 'request_withdrawn', ['PERSON', 'GUARDIAN'],                 [],                                               RightsRequestWithdrawn, { set: (_, now) => ({ endedAt: now.toISOString() }), companions: ends, notices: tellsServices(false) }],
    // She is told before a restriction is lifted (GDPR 18(3)).
    [['granted', 'partly_granted'], 'end',      'ended',             ['DPO', 'SUPERVISOR', 'PERSON', 'GUARDIAN'], [canEnd, hersToEnd, personTold],             RightsRequestEnded, { set: (_, now) => ({ endedAt: now.toISOString() }), companions: ends, notices: tellsServices(false) }],
  ],
});

/** A month; three from the beginning where it was extended. */
export function answerDue({ receivedAt, extendedFor }: Pick<RightsRequestRow, 'receivedAt' | 'extendedFor'>): Date | undefined {
  return receivedAt ? after(new Date(receivedAt), extendedFor ? deadlines.rightsExtended : deadlines.rightsAnswered) : undefined;
}

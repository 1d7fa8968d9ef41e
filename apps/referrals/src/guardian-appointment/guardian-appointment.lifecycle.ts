import {
  GuardianAppointed, GuardianEnded, GuardianRequested, GuardianRequired, GuardianSuspended, InterimGuardianAppointed, after, deadlines, states, type StateOf,
} from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Companion, type Facts, type Guard, type LifecycleSpec } from '@footbridge/lifecycle';
import { hasRole } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { caseIsOpen, inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { isChildNow } from '../case/minority.js';
import { organisationOf, type KnownOrganisation } from '../case/owner.js';
import { seenWithCase } from '../case/visible.js';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { givenByGuardian } from '../consent-record/in-force.js';
import { AppointBody, AppointInterimBody, EndGuardianshipBody, MarkRequiredBody, RequestAppointmentBody } from './guardian-appointment.dto.js';
import { guardianFields, type GuardianRow } from './guardian-appointment.entity.js';

export interface GuardianFacts extends Facts<GuardianRow>, InCase {
  readonly authorityKnown?: KnownOrganisation;
  /** A guardian of hers was asked for, and is not there yet. */
  readonly isAwaited?: boolean;
  /** Consents in force that the guardian gave. */
  readonly guardianConsents?: readonly ConsentRow[];
}

/** A parent's approval alone decides nothing (M5): who comes with one needs somebody who may speak for her all the same, only not at once. */
const childWithoutGuardian = guard<GuardianFacts>('M2', 'childWithoutAGuardian', ({ context, isAwaited }) => {
  if (!context?.isChild) return 'NOT_A_CHILD';
  return isAwaited ? 'GUARDIAN_AWAITED' : undefined;
}, { sensitive: true });
const authorityKnown = guard<GuardianFacts>('M2', 'authorityIsAnActiveOrganisation', ({ body, authorityKnown: known }) => (body['authority'] === undefined || known?.active ? undefined : 'AUTHORITY_NOT_KNOWN'), { onBody: true, retry: true });
const guardianNamed = guard<GuardianFacts>('M4', 'guardianIsNamed', ({ row, body }) => (row.guardian ?? body['guardian'] ? undefined : 'GUARDIAN_NOT_NAMED'), { onBody: true });
const independent = [
  attested('independent', 'Independent of the shelter, the police case, the alleged trafficker and any interest in return', 'M4'),
  attested('screened', 'Screened', 'M4'),
  attested('noConflict', 'No conflict of interest was found', 'M4'),
];

/** M5: a parent may be appointed, and then speaks for the child as any guardian does; never one who is implicated, or whom it is unsafe to meet. */
const parentIsSafe: Guard<GuardianFacts> = {
  code: 'M5', name: 'parentIsNotImplicated', onBody: true, sensitive: true, attests: { field: 'parentNotImplicated', says: 'A parent as guardian: neither implicated nor unsafe to be in contact with' },
  check: ({ row, body, context }) => {
    const guardian = (body['guardian'] ?? row.guardian) as GuardianRow['guardian'];
    if (!guardian?.test((g) => g.isParent ?? false)) return undefined;
    if (context?.case.trafficking?.test((t) => t.relationshipToTrafficker === 'Familial')) return 'PARENT_MAY_BE_IMPLICATED';
    return body['parentNotImplicated'] === true ? undefined : 'PARENT_NOT_LOOKED_INTO';
  },
};

const reasonOf = (body: Readonly<Record<string, unknown>>): GuardianRow['endReason'] => body['reason'] as GuardianRow['endReason'];
/** Majority comes with the 18th birthday; an authority may find it earlier, with a multidisciplinary assessment (M1). */
const endIsDue = guard<GuardianFacts>('M14', 'childIsOfAge', ({ caller, context }, now) => (caller.role !== 'PLATFORM' || (context && !isChildNow(context.case, now)) ? undefined : 'STILL_A_CHILD'), { sensitive: true });
const ageAssessed: Guard<GuardianFacts> = {
  code: 'M1', name: 'ageAssessedByAPanel', onBody: true, sensitive: true, attests: { field: 'ageAssessed', says: 'A multidisciplinary age assessment found majority; a medical test alone is none' },
  check: ({ caller, body }) => (caller.role === 'PLATFORM' || !reasonOf(body)?.test((r) => r === 'MAJORITY') || body['ageAssessed'] === true ? undefined : 'AGE_NOT_ASSESSED'),
};

/** M14: with majority the guardian's consents end; the young adult is asked again. */
const consentsEnd = ({ body, guardianConsents = [] }: GuardianFacts): Companion[] =>
  (reasonOf(body)?.test((r) => r === 'MAJORITY') ? guardianConsents.map((c) => ({ lifecycle: 'ConsentRecord', id: c.id, command: 'expire', body: {}, as: 'PLATFORM' as const })) : []);
/** Another one than before begins now: what the one before agreed to is not theirs (M4). */
const speaksSince = ({ row, body }: GuardianFacts, now: Date): Partial<GuardianRow> => ({ startedAt: body['guardian'] === undefined ? row.startedAt ?? now.toISOString() : now.toISOString() });
const atOnce = (at: string | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));
const nextMidnight = (from: string): Date => new Date(Math.floor(Date.parse(from) / 86_400_000) * 86_400_000 + 86_400_000);

export const GuardianAppointment: LifecycleSpec<StateOf<'GuardianAppointment'>, typeof guardianFields, GuardianFacts> = lifecycle<GuardianFacts>()({
  name: 'GuardianAppointment', service: 'referrals', prefix: 'gdn', states: states.GuardianAppointment.values, fields: guardianFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, body, caller, command }, now) => {
    const context = await caseContext(read, row.caseId, caller, now);
    const named = typeof body['authority'] === 'string' ? await organisationOf(read, body['authority']) : undefined;
    const given = command === 'end' && context ? (await context.read.many(ConsentRecord, { caseId: context.case.id, state: ['given', 'renewed'] })).filter(givenByGuardian) : [];
    const awaited = command === 'markRequired' && context ? await context.read.many(GuardianAppointment, { caseId: context.case.id, state: ['required', 'requested'] }) : [];
    return { ...inCase(context), isAwaited: awaited.length > 0, ...(named ? { authorityKnown: named } : {}), guardianConsents: given };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.authority],
  standing: (row) => ({ CHILD_AUTHORITY: row.authority ?? row.owner }),
  visible: `(${seenWithCase} or (coalesce(t.authority, t.owner) = ($1->>0) and ${hasRole('CHILD_AUTHORITY')}))`,
  clocks: [
    { name: 'required', in: ['required'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'GUARDIAN_REQUIRED', to: ({ row }) => row.owner } },
    { name: 'notRequested', in: ['required'], due: ({ row }) => after(new Date(row.createdAt), deadlines.guardianRequested), alert: { code: 'GUARDIAN_NOT_REQUESTED', to: ({ row }) => row.owner }, shown: true },
    { name: 'needed', in: ['requested'], due: ({ row }) => atOnce(row.requestedAt), alert: { code: 'GUARDIAN_NEEDED', to: ({ row }) => row.authority ?? row.owner } },
    { name: 'interim', in: ['requested'], due: ({ row }) => row.requestedAt === undefined ? undefined : after(new Date(row.requestedAt), deadlines.interimGuardian), alert: { code: 'INTERIM_GUARDIAN_MISSING', to: ({ row }) => row.owner }, shown: true },
    // Asked at every midnight, not at the birthday: the clocks are in plain text, and the day would tell it.
    { name: 'majority', in: ['interim', 'appointed'], due: ({ row }) => nextMidnight(row.startedAt ?? row.createdAt), command: 'end', body: { reason: 'MAJORITY' } },
    { name: 'review', in: ['suspended'], due: ({ row }) => atOnce(row.suspendedAt), alert: { code: 'GUARDIAN_CONSENTS_TO_REVIEW', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from                      command               to           by                                guards  emits
    [NONE,                       'markRequired',       'required',  ['PLATFORM', 'CASE_WORKER'],      [caseIsOpen, worksOnCase(), childWithoutGuardian],                                      GuardianRequired, { body: MarkRequiredBody, set: ({ context }) => ({ caseRef: context?.case.caseRef }) }],
    [['required'],               'requestAppointment', 'requested', ['CASE_WORKER'],                  [attested('authorityNotified', 'The child authority was notified at once', 'M2'), authorityKnown], GuardianRequested, { body: RequestAppointmentBody, set: (_, now) => ({ requestedAt: now.toISOString() }) }],
    [['requested'],              'appointInterim',     'interim',   ['CHILD_AUTHORITY'],              [...independent, parentIsSafe],                                                                            InterimGuardianAppointed, { body: AppointInterimBody, set: (_, now) => ({ startedAt: now.toISOString() }) }],
    [['requested', 'interim'],   'appoint',            'appointed', ['CHILD_AUTHORITY'],              [guardianNamed, parentIsSafe, attested('decisionDocument', 'The decision document is on file', 'COE 10')], GuardianAppointed, { body: AppointBody, set: speaksSince }],
    [['interim', 'appointed'],   'suspendGuardian',    'suspended', ['CHILD_AUTHORITY', 'SUPERVISOR'], [attested('concern', 'There is a conflict of interest or a concern for safety', 'M4')],    GuardianSuspended, { set: (_, now) => ({ suspendedAt: now.toISOString() }) }],
    [['suspended'],              'requestAppointment', 'requested', ['CASE_WORKER'],                  [attested('authorityNotified', 'The child authority was notified at once', 'M2'), authorityKnown], GuardianRequested, { body: RequestAppointmentBody, set: (_, now) => ({ requestedAt: now.toISOString(), startedAt: undefined, guardian: undefined, guardianOrganisation: undefined }) }],
    [['suspended'],              'appoint',            'appointed', ['CHILD_AUTHORITY'],              [guardianNamed, parentIsSafe, attested('concernCleared', 'The concern was looked into and cleared', 'M4')], GuardianAppointed, { body: AppointBody, set: speaksSince }],
    [['interim', 'appointed'],   'end',                'ended',     ['CHILD_AUTHORITY', 'PLATFORM'],  [endIsDue, ageAssessed],                                                                  GuardianEnded, { body: EndGuardianshipBody, set: ({ body }, now) => ({ endReason: reasonOf(body), endedAt: now.toISOString() }), companions: consentsEnd }],
  ],
});

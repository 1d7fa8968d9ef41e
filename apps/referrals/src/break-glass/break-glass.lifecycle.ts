import { BreakGlassConfirmed, BreakGlassEnded, BreakGlassFinding, BreakGlassOpened, BreakGlassReason, BreakGlassReviewed, BreakGlassState, type Role } from '@footbridge/contracts';
import { NONE, attested, guard, is, lifecycle, operational, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { hours, later, type AccessQueries } from '@footbridge/service';
import { Case } from '../case/case.lifecycle.js';
import type { CaseRow } from '../case/case.entity.js';
import { oversees } from '../case/visible.js';

export const breakGlassFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  reason: operational.code(BreakGlassReason),
  askedBy: operational.ref(),
  openedAt: operational.instant(),
  until: operational.instant(),
  /** Whose second word it was. */
  confirmedBy: operational.ref(),
  reviewedBy: operational.ref(),
  finding: operational.code(BreakGlassFinding),
};
export type BreakGlassRow = RowOf<typeof breakGlassFields>;
export interface BreakGlassFacts extends Facts<BreakGlassRow> { readonly case?: CaseRow; readonly unconfirmed?: boolean }

export class BreakGlassBody {
  @is.ref('cas') case!: string;
  @is.code(BreakGlassReason) reason!: BreakGlassReason;
}
export class ReviewBody {
  @is.code(BreakGlassFinding) finding!: BreakGlassFinding;
}

/** Design 4.1. */
const MINUTES_OPEN = 30;
const askers: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER'];
const supervision: readonly Role[] = ['SUPERVISOR', 'DPO'];

/** G12: whoever knows a name of the case elsewhere opens nothing. */
const insideTheOwner = guard<BreakGlassFacts>('BREAK_GLASS', 'caseIsOfTheOwnOrganisation', (facts) => (facts.case && facts.case.owner === facts.caller.organisation ? undefined : 'NOT_YOUR_CASE'), { onBody: true });
const isNeeded = guard<BreakGlassFacts>('BREAK_GLASS', 'callerHasNoOtherWay', (facts) => (facts.case?.assignees?.includes(facts.caller.subject) ? 'CASE_IS_YOURS' : undefined), { onBody: true });
/** Life at risk waits for nobody, but only once: the next one waits until somebody has looked at this one. */
const earlierIsConfirmed = guard<BreakGlassFacts>('BREAK_GLASS', 'earlierEmergencyWasConfirmed', ({ unconfirmed, row }) => (row.reason === 'LIFE_AT_RISK' && unconfirmed ? 'EARLIER_NOT_CONFIRMED' : undefined), { onBody: true });
const byAnother = (name: string, ...columns: readonly ('askedBy' | 'confirmedBy')[]) => guard<BreakGlassFacts>('TWO_PERSONS', name, ({ row, caller }) => (columns.some((c) => row[c] === caller.subject) ? 'SAME_PERSON' : undefined));
const notYetConfirmed = guard<BreakGlassFacts>('TWO_PERSONS', 'secondWordIsMissing', ({ row }) => (row.confirmedBy === undefined ? undefined : 'CONFIRMED_ALREADY'));

const confirmed = ({ caller }: BreakGlassFacts): Partial<BreakGlassRow> => ({ confirmedBy: caller.subject });
const opened = (row: BreakGlassRow): Date => new Date(row.openedAt ?? row.createdAt);

/**
 * A case, with what belongs to it, is opened for half an hour to one worker to whom it is not given (design 4.1, DP-15, U4), by two persons. Where life is at risk
 * it opens at once and the second word is due within the hour. It shows nothing to another organisation and opens no envelope (G12).
 */
export const BreakGlass: LifecycleSpec<BreakGlassState, typeof breakGlassFields, BreakGlassFacts> = lifecycle<BreakGlassFacts>()({
  name: 'BreakGlass', service: 'referrals', prefix: 'bgl', states: BreakGlassState.values, fields: breakGlassFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller, command }) => {
    if (command !== 'breakGlass') return {};
    const [found, earlier] = await Promise.all([read.one(Case, { id: row.caseId }), read.many(BreakGlass, { askedBy: caller.subject, state: ['open', 'ended'] })]);
    return { ...(found ? { case: found } : {}), unconfirmed: earlier.some(({ confirmedBy }) => confirmedBy === undefined) };
  },
  visible: `(t.owner = ($1->>0) and (${oversees} or t.asked_by = ($1->>1)))`,
  clocks: [
    { name: 'end', in: ['open'], due: ({ row }) => new Date(row.until ?? row.createdAt), command: 'end', shown: true },
    // Told at once, and on the call list until it is reviewed: nobody can mute it.
    { name: 'told', in: ['open', 'ended'], due: ({ row }) => opened(row), alert: { code: 'BREAK_GLASS', to: ({ row }) => row.owner } },
    { name: 'secondWord', in: ['open', 'ended'], due: ({ row }) => (row.confirmedBy ? undefined : later(opened(row), hours(1))), alert: { code: 'BREAK_GLASS_NOT_CONFIRMED', to: ({ row }) => row.owner } },
    { name: 'review', in: ['open', 'ended'], due: ({ row }) => later(opened(row), hours(72)), alert: { code: 'BREAK_GLASS_NOT_REVIEWED', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from        command          to          by           guards                                                                                                              emits
    [NONE,         'breakGlass',    'open',     askers,      [insideTheOwner, isNeeded, earlierIsConfirmed],                                                                      BreakGlassOpened, {
      body: BreakGlassBody, approval: ({ body }) => (body['reason'] === 'LIFE_AT_RISK' ? undefined : supervision),
      set: ({ caller, body, case: found }, now) => ({
        caseRef: found?.caseRef, askedBy: caller.subject, openedAt: now.toISOString(), until: later(now, MINUTES_OPEN * 60_000).toISOString(),
        ...(typeof body['approvedBy'] === 'string' ? { confirmedBy: body['approvedBy'] } : {}),
      }),
    }],
    [['open'],     'confirmGround', 'open',     supervision, [byAnother('confirmedByAnother', 'askedBy'), notYetConfirmed],                                                       BreakGlassConfirmed, { set: confirmed, secondWord: true }],
    [['ended'],    'confirmGround', 'ended',    supervision, [byAnother('confirmedByAnother', 'askedBy'), notYetConfirmed],                                                       BreakGlassConfirmed, { set: confirmed, secondWord: true }],
    [['open'],     'end',           'ended',    [...askers, ...supervision, 'PLATFORM'], [],                                                                                      BreakGlassEnded],
    [['ended'],    'review',        'reviewed', ['DPO'],     [byAnother('reviewedByAnother', 'askedBy', 'confirmedBy'), attested('personInformed', 'The person was told, or is told as soon as it is safe (U4)', 'U4')], BreakGlassReviewed, {
      body: ReviewBody, set: ({ caller }) => ({ reviewedBy: caller.subject }),
    }],
  ],
});

/** The emergency that opens a case to an account now: $1 = [case, account, now]. */
export const openEmergency = `select jsonb_build_object('id', id, 'reason', reason) from break_glass where case_id = ($1->>0)::uuid and asked_by = $1->>1 and state = 'open' and until > ($1->>2)::timestamptz order by opened_at desc limit 1`;

/**
 * What is opened with the case: what helps to find and protect her. Not what goes to others (envelopes, releases, recalls), nor what a DPO and a
 * lawyer decide; commands stay closed everywhere (G12).
 */
export const openedWithCase: NonNullable<AccessQueries['withCase']> = {
  lifecycles: ['RiskAssessment', 'SafetyAlert', 'Hold', 'GuardianAppointment', 'ConsentRecord', 'Referral', 'Identification', 'Intake'],
  isOpen: (now) => `exists (select 1 from break_glass b where b.case_id = t.case_id and b.asked_by = ($1->>1) and b.state = 'open' and b.until > ${now}::timestamptz)`,
};

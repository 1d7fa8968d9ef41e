import { RiskAssessmentCompleted, RiskAssessmentExpired, RiskAssessmentStarted, RiskAssessmentSuperseded, after, deadlines, states, type RiskLevel, type Role, type StateOf } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Facts, type LifecycleSpec } from '@footbridge/lifecycle';
import { days, later } from '@footbridge/service';
import { hasRole } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { movesCase } from '../case/moves-case.js';
import { caseIsOpen, inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { seenWithCase } from '../case/visible.js';
import { endOf } from '../consent-record/in-force.js';
import { DraftBody, FindingsBody, StartAssessmentBody } from './risk-assessment.dto.js';
import { riskFields, type RiskRow } from './risk-assessment.entity.js';

export interface RiskFacts extends Facts<RiskRow>, InCase {
  /** One of the same type was begun later. */
  readonly hasNewer?: boolean;
  /** Of the same type, and completed. */
  readonly earlier?: readonly RiskRow[];
}

type Given = { readonly row: RiskRow; readonly body: Readonly<Record<string, unknown>> };
const level = ({ row, body }: Given): RiskRow['level'] => (body['level'] as RiskRow['level']) ?? row.level;
const grave: readonly RiskLevel[] = ['HIGH', 'EXTREME'];
const dayOf = (t: Date): string => t.toISOString().slice(0, 10);
const isReturn = (row: RiskRow): boolean => row.type?.test((t) => t === 'RETURN') ?? false;
const longest = (row: RiskRow, now: Date): string => dayOf(isReturn(row) ? after(now, deadlines.returnRiskValidity) : later(now, days(180)));
const validUntil = ({ row, body }: Given): string | undefined => (typeof body['validUntil'] === 'string' ? body['validUntil'] : row.validUntil);

const levelSet = guard<RiskFacts>('RISK', 'levelIsSet', (f) => (level(f) ? undefined : 'LEVEL_MISSING'), { onBody: true, sensitive: true });
const validityWithinLimit = guard<RiskFacts>('RISK', 'validityWithinTheLimit', (f, now) => {
  const until = validUntil(f);
  return until === undefined ? undefined : until < dayOf(now) ? 'VALIDITY_OVER' : until > longest(f.row, now) ? 'VALIDITY_TOO_LONG' : undefined;
}, { onBody: true });
const newerExists = guard<RiskFacts>('RISK', 'aNewerOneExists', ({ hasNewer }) => (hasNewer ? undefined : 'NOTHING_NEWER'));
const validityOver = guard<RiskFacts>('RISK', 'validityIsOver', ({ row }, now) => (row.validUntil && now >= endOf(row.validUntil) ? undefined : 'STILL_VALID'));

const assessors: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'RETURN_OFFICER', 'SHELTER_MANAGER', 'MEDIA_OFFICER', 'REINTEGRATION_MANAGER'];

export const RiskAssessment: LifecycleSpec<StateOf<'RiskAssessment'>, typeof riskFields, RiskFacts> = lifecycle<RiskFacts>()({
  name: 'RiskAssessment', service: 'referrals', prefix: 'rsk', states: states.RiskAssessment.values, fields: riskFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller, command }, now) => {
    const context = await caseContext(read, row.caseId, caller, now);
    const others = context && (command === undefined || command === 'supersede' || command === 'completeAssessment') ? await context.read.many(RiskAssessment, { caseId: context.case.id, state: ['draft', 'completed'] }) : [];
    const alike = others.filter((o) => o.id !== row.id && row.type?.test((mine) => o.type?.test((theirs) => theirs === mine) ?? false));
    return { ...inCase(context), hasNewer: alike.some((o) => o.createdAt > row.createdAt), earlier: alike.filter((o) => o.state === 'completed') };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.assessedBy],
  standing: (row) => Object.fromEntries(assessors.map((role) => [role, [row.owner, row.assessedBy ?? row.owner]])),
  visible: `(${seenWithCase} or (t.assessed_by = ($1->>0) and t.owner <> ($1->>0) and ${hasRole(...assessors, 'SUPERVISOR', 'DPO')}))`,
  editable: { by: ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'RETURN_OFFICER', 'SHELTER_MANAGER', 'MEDIA_OFFICER', 'REINTEGRATION_MANAGER'], in: ['draft'], body: DraftBody },
  clocks: [{ name: 'validity', in: ['completed'], due: ({ row }) => (row.validUntil ? endOf(row.validUntil) : undefined), command: 'expireAssessment', shown: true }],
  rows: [
    // from           command               to            by                                                                                               guards  emits
    [NONE,            'startAssessment',    'draft',      assessors,                                                                                       [caseIsOpen, worksOnCase('recipient'), attested('ownViewAsked', 'Her own view of the risk was asked first', 'WHO 7')], RiskAssessmentStarted, { body: StartAssessmentBody, set: ({ caller, context }) => ({ caseRef: context?.case.caseRef, assessedBy: caller.organisation }) }],
    [['draft'],       'completeAssessment', 'completed',  assessors,                                                                                       [attested('allCovered', 'Person, family, staff and data are covered', 'IOM-HB 1'), levelSet, validityWithinLimit], RiskAssessmentCompleted, {
      body: FindingsBody,
      // The word of a second person, not a name in a body (decisions 6).
      approval: (given) => (level(given)?.test((l) => grave.includes(l)) ? ['SUPERVISOR'] : undefined),
      set: ({ row, body, earlier = [] }, now) => ({
        validUntil: validUntil({ row, body }) ?? longest(row, now), completedAt: now.toISOString(), ...(typeof body['approvedBy'] === 'string' ? { coSignedBy: body['approvedBy'] } : {}),
        // Whom she fears is not forgotten because nobody wrote it down again (SG6).
        riskOrganisations: (body['riskOrganisations'] as RiskRow['riskOrganisations']) ?? row.riskOrganisations ?? earlier.findLast((r) => r.riskOrganisations)?.riskOrganisations,
      }),
      companions: ({ context, earlier = [] }) => [
        ...earlier.map((r) => ({ lifecycle: 'RiskAssessment', id: r.id, command: 'supersede', body: {}, facts: { hasNewer: true }, as: 'PLATFORM' as const })),
        // What was about to be sent is looked at again (SG5).
        ...(context ? [movesCase(context)] : []),
      ],
    }],
    [['completed'],   'supersede',          'superseded', ['CASE_WORKER', 'RETURN_OFFICER', 'SHELTER_MANAGER', 'MEDIA_OFFICER', 'REINTEGRATION_MANAGER'],   [newerExists],                                                                    RiskAssessmentSuperseded],
    [['completed'],   'expireAssessment',   'expired',    ['PLATFORM'],                                                                                    [validityOver],                                                                   RiskAssessmentExpired],
  ],
});

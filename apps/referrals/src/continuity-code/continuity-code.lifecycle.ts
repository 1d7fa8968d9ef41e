import { ContinuityCodeEnded, ContinuityCodeIssued, ContinuityCodeSeen, ContinuityCodeUsed, after } from '@footbridge/contracts';
import { NONE, attested, guard, is, lifecycle, operational, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';
import { caseContext } from '../case/case-context.js';
import { caseIsOpen, inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { movesCase } from '../case/moves-case.js';
import { seenWithCase } from '../case/visible.js';

/** What is kept of a code: by what it is found again, never the code (privacy design 2.2). */
export const continuityCodeFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  digest: operational.text({ shown: 'nobody' }),
  issuedAt: operational.instant(),
  usableUntil: operational.instant(),
  usedBy: operational.ref(),
  usedAt: operational.instant(),
};
export type ContinuityCodeRow = RowOf<typeof continuityCodeFields>;
export const ContinuityCodeState = codeList('ContinuityCodeState', ['issued', 'used', 'seen', 'ended']);
export type ContinuityCodeState = (typeof ContinuityCodeState.values)[number];

const DIGEST = /^[A-Za-z0-9_-]{43}$/;
export class IssueCodeBody {
  @is.ref('cas') case!: string;
  @is.pattern(DIGEST, 'a digest', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA') digest!: string;
}
export class UseCodeBody {
  @is.organisation() usedBy!: string;
  @is.pattern(DIGEST, 'a digest', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA') successor!: string;
}
/** Under which name a helper to whom she showed her code calls the case. */
export const CONTINUITY = 'CONTINUITY';

export interface ContinuityCodeFacts extends Facts<ContinuityCodeRow>, InCase {
  readonly living?: readonly ContinuityCodeRow[];
}

const stillUsable = guard<ContinuityCodeFacts>('CODE', 'codeIsStillUsable', ({ row }, now) => (row.usableUntil !== undefined && now.getTime() < Date.parse(row.usableUntil) ? undefined : 'CODE_OVER'));
const timeIsOver = guard<ContinuityCodeFacts>('CODE', 'timeIsOver', ({ row }, now) => (row.usableUntil !== undefined && now.getTime() < Date.parse(row.usableUntil) ? 'STILL_VALID' : undefined));
const notErased = guard<ContinuityCodeFacts>('CODE', 'sheIsNotErased', ({ context }) => (context && context.case.state !== 'anonymised' ? undefined : 'CODE_OVER'));

const issued = ({ row, body, context }: ContinuityCodeFacts, now: Date): Partial<ContinuityCodeRow> =>
  ({ caseRef: context?.case.caseRef ?? row.caseRef, digest: String(body['digest']), issuedAt: now.toISOString(), usableUntil: after(now, { months: 12 }).toISOString() });

/**
 * The survivor carries it, and nobody can search it: whom she shows it learns that a case is known and with whom, and nothing of her.
 * It opens once. Whoever is shown it hands her the next one, so a copy that somebody took is of use once at most, and she notices.
 */
export const ContinuityCode: LifecycleSpec<ContinuityCodeState, typeof continuityCodeFields, ContinuityCodeFacts> = lifecycle<ContinuityCodeFacts>()({
  name: 'ContinuityCode', service: 'referrals', prefix: 'cty', states: ContinuityCodeState.values, fields: continuityCodeFields, created: 'by companion',
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller, command }, now) => {
    const context = await caseContext(read, row.caseId, caller, now, false);
    return { ...inCase(context), living: command === 'issueCode' && context ? await context.read.many(ContinuityCode, { caseId: row.caseId, state: 'issued' }) : [] };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  visible: seenWithCase,
  clocks: [
    { name: 'validity', in: ['issued'], due: ({ row }) => (row.usableUntil ? new Date(row.usableUntil) : undefined), command: 'expire' },
    { name: 'use', in: ['used'], due: ({ row }) => (row.usedAt ? new Date(row.usedAt) : undefined), alert: { code: 'CONTINUITY_CODE_USED', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from       command       to        by                                                        guards                                                                                                      emits
    [NONE,        'issueCode',  'issued', ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'],  [caseIsOpen, worksOnCase(), attested('herWish', 'She wants a code, and knows what it opens')],               ContinuityCodeIssued, {
      body: IssueCodeBody, set: issued,
      // At most one opens the case: two that are issued at once move the same case.
      companions: ({ context, living = [] }) => [...living.map(({ id }) => ({ lifecycle: 'ContinuityCode', id, command: 'replaceCode', body: {}, as: 'PLATFORM' as const })), ...(context ? [movesCase(context)] : [])],
    }],
    [NONE,        'succeed',    'issued', ['PLATFORM'],                                             [],                                                                                                         ContinuityCodeIssued, { body: IssueCodeBody, set: issued }],
    [['issued'],  'useCode',    'used',   ['PLATFORM'],                                             [stillUsable, notErased],                                                                                   ContinuityCodeUsed, {
      body: UseCodeBody, set: (_, now) => ({ usedAt: now.toISOString() }),
      introduces: ({ row, body }) => { const by = String(body['usedBy']); return by === row.owner ? [] : [{ organisation: by, kind: 'cas', aggregate: row.caseId ?? '', purpose: CONTINUITY }]; },
      companions: ({ row, body }) => [{ lifecycle: 'ContinuityCode', command: 'succeed', body: { caseId: row.caseId, caseRef: row.caseRef, digest: body['successor'] }, as: 'PLATFORM' }],
    }],
    [['used'],    'noteUse',    'seen',   ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SUPERVISOR', 'DPO'], [],                                                                                     ContinuityCodeSeen],
    [['issued'],  'revokeCode', 'ended',  ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SUPERVISOR', 'DPO'], [],                                                                                     ContinuityCodeEnded],
    [['issued'],  'replaceCode', 'ended', ['PLATFORM'],                                             [],                                                                                                         ContinuityCodeEnded],
    [['issued'],  'expire',     'ended',  ['PLATFORM'],                                             [timeIsOver],                                                                                               ContinuityCodeEnded],
  ],
});

import { LegalHoldEnded, LegalHoldPlaced, LegalHoldReviewed, LegalHoldState, after, deadlines, type Role } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Facts, type LifecycleSpec } from '@footbridge/lifecycle';
import { hasRole } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { inCase, type InCase } from '../case/case-rules.js';
import { movesCase } from '../case/moves-case.js';
import { seenWithCase } from '../case/visible.js';
import { endOf } from '../consent-record/in-force.js';
import { PlaceLegalHoldBody, ReviewLegalHoldBody } from './legal-hold.dto.js';
import { legalHoldFields, type LegalHoldRow } from './legal-hold.entity.js';

export interface LegalHoldFacts extends Facts<LegalHoldRow>, InCase {}

const secondPerson: readonly Role[] = ['DPO', 'SUPERVISOR', 'LAWYER'];
const dayOf = (t: Date): string => t.toISOString().slice(0, 10);

const ofOwnCase = guard<LegalHoldFacts>('CASE', 'caseIsOfTheOwnOrganisation', ({ context, caller }) => (context && context.case.owner === caller.organisation ? undefined : 'NOT_YOUR_CASE'));
const somethingToKeep = guard<LegalHoldFacts>('DP-20', 'caseIsNotAnonymised', ({ context }) => (context?.case.state === 'anonymised' ? 'CASE_ANONYMISED' : undefined));
const reviewedInTime = guard<LegalHoldFacts>('DP-20', 'reviewWithinTheLimit', ({ body, row }, now) => {
  const day = String(body['reviewOn'] ?? row.reviewOn ?? '');
  return day <= dayOf(now) ? 'REVIEW_NOT_AHEAD' : day > dayOf(after(now, deadlines.legalHoldAtMost)) ? 'REVIEW_TOO_LATE' : undefined;
}, { onBody: true });

/** Two persons keep it, two look again, two let go. */
export const LegalHold: LifecycleSpec<LegalHoldState, typeof legalHoldFields, LegalHoldFacts> = lifecycle<LegalHoldFacts>()({
  name: 'LegalHold', service: 'referrals', prefix: 'lgh', states: LegalHoldState.values, fields: legalHoldFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller }, now) => inCase(await caseContext(read, row.caseId, caller, now, false)),
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  visible: `(${seenWithCase} or (t.owner = ($1->>0) and ${hasRole('LAWYER')}))`,
  clocks: [
    { name: 'reviewSoon', in: ['standing'], due: ({ row }) => (row.reviewOn ? new Date(endOf(row.reviewOn).getTime() - deadlines.legalHoldWarning.days * 86_400_000) : undefined), alert: { code: 'LEGAL_HOLD_TO_REVIEW', to: ({ row }) => row.owner } },
    { name: 'review', in: ['standing'], due: ({ row }) => (row.reviewOn ? endOf(row.reviewOn) : undefined), alert: { code: 'LEGAL_HOLD_NOT_REVIEWED', to: ({ row }) => row.owner }, shown: true },
  ],
  rows: [
    // from           command            to            by                             guards                                         emits
    [NONE,            'placeLegalHold',  'standing',   ['DPO', 'SUPERVISOR', 'LAWYER'], [ofOwnCase, somethingToKeep, reviewedInTime], LegalHoldPlaced, {
      body: PlaceLegalHoldBody, approval: secondPerson, set: ({ context }) => ({ caseRef: context?.case.caseRef }), companions: ({ context }) => (context ? [movesCase(context)] : []),
    }],
    [['standing'],    'reviewLegalHold', 'standing',   ['DPO', 'SUPERVISOR', 'LAWYER'], [reviewedInTime, attested('stillNeeded', 'The ground was looked at, and still stands', 'DP-20')], LegalHoldReviewed, { body: ReviewLegalHoldBody, approval: secondPerson, set: (_, now) => ({ reviewedAt: now.toISOString() }) }],
    [['standing'],    'endLegalHold',    'hold_ended', ['DPO', 'SUPERVISOR', 'LAWYER'], [attested('groundGone', 'The ground is gone', 'DP-20')], LegalHoldEnded, { approval: secondPerson, set: (_, now) => ({ endedAt: now.toISOString() }) }],
  ],
});

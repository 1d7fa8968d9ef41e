import { HeldRecipient, HoldState, ProtectionHoldLifted, ProtectionHoldPlaced } from '@footbridge/contracts';
import { NONE, attested, lifecycle, type Facts, type LifecycleSpec } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import { hasRole, worksWithPeople } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { movesCase } from '../case/moves-case.js';
import { inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { organisationOf } from '../case/owner.js';
import { seenWithCase } from '../case/visible.js';
import { Referral } from '../referral/referral.lifecycle.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import { stopReferral } from '../referral/stop-referral.js';
import { heldClassOf, holds } from './held.js';
import { PlaceHoldBody } from './hold.dto.js';
import { holdFields, type HoldRow } from './hold.entity.js';

export interface HoldFacts extends Facts<HoldRow>, InCase {
  /** Open referrals to somebody on the side that a hold can keep away. */
  readonly exposed?: readonly { readonly referral: ReferralRow; readonly held: HeldRecipient }[];
}

const open: readonly string[] = ['sent', 'acknowledged', 'accepted', 'in_service'];

/** Any words of fear are enough (A1): no guard stands before a hold. Lifting takes two people. */
export const Hold: LifecycleSpec<HoldState, typeof holdFields, HoldFacts> = lifecycle<HoldFacts>()({
  name: 'Hold', service: 'referrals', prefix: 'hld', states: HoldState.values, fields: holdFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller, command }, now) => {
    const context = await caseContext(read, row.caseId, caller, now);
    if (!context || command !== 'placeHold') return inCase(context);
    const owner = await organisationOf(read, context.case.owner);
    // Drafts and pauses are watched: one that is sent or resumed in this moment is stopped as well.
    const referrals = await context.read.many(Referral, { caseId: context.case.id, state: ['draft', ...open, 'suspended'] });
    const exposed = (await Promise.all(referrals.filter((r) => open.includes(r.state)).map(async (referral) => ({ referral, held: heldClassOf(await organisationOf(read, referral.receiver), context.case.person, owner?.country) }))))
      .flatMap(({ referral, held }) => (held ? [{ referral, held }] : []));
    return { ...inCase(context), exposed };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.placedBy],
  standing: (row) => ({ LAWYER: [row.owner, row.placedBy ?? row.owner] }),
  visible: `(${seenWithCase} or (t.owner = ($1->>0) and ${hasRole('LAWYER', 'ASYLUM_FOCAL_POINT')}) or (t.placed_by = ($1->>0) and t.owner <> ($1->>0) and ${worksWithPeople}))`,
  rows: [
    // from         command      to        by                                                                                                                                                guards                                                  emits
    [NONE,          'placeHold', 'placed', ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'LAWYER', 'ASYLUM_FOCAL_POINT'],      [worksOnCase('colleague', 'recipient')],                ProtectionHoldPlaced, {
      body: PlaceHoldBody,
      set: ({ row, caller, context }) => ({ caseRef: context?.case.caseRef, placedBy: caller.organisation, heldRecipients: row.heldRecipients ?? label('special', HeldRecipient.values), ground: row.ground ?? label('special', 'PROTECTION') }),
      companions: ({ row, context, exposed = [] }) => [...exposed.filter(({ held }) => holds(row, held)).flatMap(({ referral }) => stopReferral(referral)), ...(context ? [movesCase(context)] : [])],
    }],
    [['placed'],    'lift',      'lifted', ['SUPERVISOR', 'CASE_WORKER', 'LAWYER'],                                                                                                          [attested('causeGone', 'The cause is gone, and she was counselled', 'A10')], ProtectionHoldLifted, { approval: ['SUPERVISOR', 'LAWYER', 'DPO'] }],
  ],
});

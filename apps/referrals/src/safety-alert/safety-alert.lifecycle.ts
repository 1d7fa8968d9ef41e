import { SafetyAlertCleared, SafetyAlertRaised, SafetyAlertState } from '@footbridge/contracts';
import { NONE, attested, is, lifecycle, operational, special, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { worksWithPeople } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { movesCase } from '../case/moves-case.js';
import { inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { seenWithCase } from '../case/visible.js';

export const safetyAlertFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  raisedBy: operational.ref(),
  reason: special.text(),
};
export type SafetyAlertRow = RowOf<typeof safetyAlertFields>;
export interface SafetyAlertFacts extends Facts<SafetyAlertRow>, InCase {}

export class RaiseSafetyAlertBody {
  @is.ref('cas') case!: string;
  @is.text({ class: 'special', optional: true, max: 2_000 }) reason?: string;
}

/** U6: blocks closing, exit planning and travel until two people clear it. Whoever works with her may raise one. */
export const SafetyAlert: LifecycleSpec<SafetyAlertState, typeof safetyAlertFields, SafetyAlertFacts> = lifecycle<SafetyAlertFacts>()({
  name: 'SafetyAlert', service: 'referrals', prefix: 'alr', states: SafetyAlertState.values, fields: safetyAlertFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller }, now) => {
    const context = await caseContext(read, row.caseId, caller, now);
    return inCase(context);
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  parties: (row) => [row.raisedBy],
  visible: `(${seenWithCase} or (t.raised_by = ($1->>0) and t.owner <> ($1->>0) and ${worksWithPeople}))`,
  clocks: [{ name: 'raised', in: ['raised'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'SAFETY_ALERT', to: ({ row }) => row.owner } }],
  rows: [
    // from        command   to         by                                                                                                                                                                      guards                                                      emits
    [NONE,         'raise',  'raised',  ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'RECEPTION_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER'],   [worksOnCase('colleague', 'recipient')],                    SafetyAlertRaised, { body: RaiseSafetyAlertBody, set: ({ caller, context }) => ({ caseRef: context?.case.caseRef, raisedBy: caller.organisation }), companions: ({ context }) => (context ? [movesCase(context)] : []) }],
    [['raised'],   'clear',  'cleared', ['CASE_WORKER', 'SUPERVISOR', 'DPO'],                                                                                                                                  [attested('safeAgain', 'The danger was looked at and is over', 'U6')], SafetyAlertCleared, { approval: ['SUPERVISOR', 'CASE_WORKER', 'DPO'] }],
  ],
});

import { DecisionOrg } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';

/** Whether somebody is a victim is class special throughout: it never leaves the service, not even as a state (reference 2.1.4). */
export const identificationFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  /** The body competent under national law, where it is not the owner. */
  authority: operational.ref({ shown: 'parties' }),
  /** The reflection period runs at least until then (COE 13; M16). */
  reflectionUntil: operational.instant({ shown: 'parties' }),
  decisionOrg: special.code(DecisionOrg),
  decidedOn: special.day(),
};
export type IdentificationRow = RowOf<typeof identificationFields>;

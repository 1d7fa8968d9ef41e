import { DecisionOrg } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class ReasonableGroundsBody {
  /** The body that will decide, where it is another organisation: it learns of the case by this, so consent must name it. */
  @is.organisation({ optional: true }) authority?: string;
}
export class DecisionBody {
  @is.code(DecisionOrg, { class: 'special', optional: true }) decisionOrg?: DecisionOrg;
  @is.day({ class: 'special', optional: true, example: '2026-05-24' }) decidedOn?: string;
}

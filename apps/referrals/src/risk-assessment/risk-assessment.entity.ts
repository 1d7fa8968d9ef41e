import { RiskLevel, RiskType } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';

/** Others learn "cleared" or "not cleared" of it, and no more (reference 2.1.2). */
export const riskFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  assessedBy: operational.ref(),
  type: special.code(RiskType),
  level: special.code(RiskLevel),
  ownView: special.text(),
  threats: special.text(),
  /** The security plan: what is done against the threats. */
  plan: special.text(),
  /** Organisations that a threat comes from: never a recipient (SG6). */
  riskOrganisations: special.refs(),
  /** Valid up to and including this day. */
  validUntil: operational.day(),
  completedAt: operational.instant(),
  coSignedBy: operational.ref(),
};
export type RiskRow = RowOf<typeof riskFields>;

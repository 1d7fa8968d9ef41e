import { RiskLevel, RiskType } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

const words = { class: 'special', optional: true, max: 10_000 } as const;

export class FindingsBody {
  @is.code(RiskLevel, { class: 'special', optional: true }) level?: RiskLevel;
  @is.text(words) threats?: string;
  @is.text(words) plan?: string;
  @is.refs('org', { class: 'special', optional: true }) riskOrganisations?: string[];
  @is.day({ optional: true }) validUntil?: string;
}
export class StartAssessmentBody extends FindingsBody {
  @is.ref('cas') case!: string;
  @is.code(RiskType, { class: 'special' }) type!: RiskType;
  @is.text(words) ownView?: string;
}
export class DraftBody extends FindingsBody {
  @is.text(words) ownView?: string;
}

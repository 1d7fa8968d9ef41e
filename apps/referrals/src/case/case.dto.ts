import { AgeBelief, ClosureReason, ConsentPurpose, LegalBasis, ServiceType, SpecialCategoryBasis } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { HealthBody, PersonBody, TraffickingBody } from './person.dto.js';

/** What a worker may say of the person, at the beginning and later. */
export class PersonDetailsBody {
  @is.nested(() => PersonBody, { class: 'direct', optional: true }) person?: PersonBody;
  @is.nested(() => TraffickingBody, { class: 'special', optional: true }) trafficking?: TraffickingBody;
  @is.nested(() => HealthBody, { class: 'special', optional: true }) health?: HealthBody;
  @is.codes(ServiceType, { class: 'special', optional: true }) needs?: ServiceType[];
  @is.code(AgeBelief, { class: 'special', optional: true, example: 'adult' }) ageBelief?: AgeBelief;
  @is.boolean({ class: 'special', optional: true, example: false }) unaccompanied?: boolean;
}
export class OpenCaseBody extends PersonDetailsBody {
  @is.code(ConsentPurpose) purpose!: ConsentPurpose;
  /** Default: what organisations of this kind go by (basis.ts). */
  @is.code(LegalBasis, { optional: true, example: 'LEGITIMATE_INTERESTS' }) legalBasis?: LegalBasis;
  @is.code(SpecialCategoryBasis, { optional: true, example: 'SOCIAL_PROTECTION' }) specialCategoryBasis?: SpecialCategoryBasis;
  @is.instant({ optional: true, example: '2026-05-24T03:40:00Z' }) openedAt?: string;
  /** Who will own it, where the opener never owns cases (decisions 3). Default: the country's body. */
  @is.organisation({ optional: true }) owner?: string;
}
export class CloseCaseBody { @is.code(ClosureReason, { class: 'special' }) reason!: ClosureReason; }
export class AssignBody {
  @is.ref('acc') account!: string;
}

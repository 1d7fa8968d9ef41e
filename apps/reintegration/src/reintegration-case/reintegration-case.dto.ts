import { ClosureReason, ComponentType, NeutralReason, PlanDimension, ServiceType } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { ContactChannel, SuspensionReason } from './reintegration-case.entity.js';

export class ProposeBody {
  @is.ref('cas') case!: string;
  /** Who is asked to help after return. */
  @is.organisation() organisation!: string;
  @is.ref('ret', { optional: true }) returnCase?: string;
  @is.codes(ServiceType, { optional: true, class: 'quasi' }) needs?: ServiceType[];
  /** Help depends on them, though few have the same: a second person approves (G7). */
  @is.boolean({ optional: true, example: false }) needsAsTheyAre?: boolean;
}
export class AcceptBody {
  @is.ref('acc') caseManager!: string;
}
export class DeclineCaseBody {
  @is.code(NeutralReason) reason!: NeutralReason;
}
class AssessmentBody {
  @is.text({ class: 'special', optional: true, max: 4_000 }) vulnerability?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) risk?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) family?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) skills?: string;
}
export class AssessBody {
  /** True also where there is doubt (M1). */
  @is.boolean({ optional: true, class: 'special', example: false }) child?: boolean;
  @is.nested(() => AssessmentBody, { optional: true, class: 'special' }) assessment?: AssessmentBody;
}
class PlanActionBody {
  @is.code(ComponentType, { class: 'special' }) component!: ComponentType;
  @is.code(PlanDimension) dimension!: PlanDimension;
  @is.text({ class: 'special', max: 1_000 }) action!: string;
  @is.day({ optional: true }) dueOn?: string;
}
class PlanBody {
  @is.patterns(/^[^\p{Cc}]{1,500}$/u, 'short texts', 'Open a bakery', { class: 'special' }) objectives!: string[];
  @is.list(() => PlanActionBody, { class: 'special' }) actions!: PlanActionBody[];
}
export class AgreePlanBody {
  @is.nested(() => PlanBody, { class: 'special' }) plan!: PlanBody;
}
export class RevisePlanBody {
  @is.nested(() => PlanBody, { optional: true, class: 'special' }) plan?: PlanBody;
}
export class SuspendCaseBody {
  @is.code(SuspensionReason, { class: 'special' }) suspendedFor!: SuspensionReason;
}
export class CloseReintegrationBody {
  @is.code(ClosureReason, { class: 'special' }) closureReason!: ClosureReason;
}
class ContactAttemptBody {
  @is.instant() at!: string;
  @is.code(ContactChannel) channel!: ContactChannel;
}
export class EditReintegrationBody {
  @is.ref('acc', { optional: true }) caseManager?: string;
  @is.nested(() => AssessmentBody, { optional: true, class: 'special' }) assessment?: AssessmentBody;
  @is.nested(() => PlanBody, { optional: true, class: 'special' }) plan?: PlanBody;
  /** All of them, the earlier ones too: the list is replaced. */
  @is.list(() => ContactAttemptBody, { optional: true }) attempts?: ContactAttemptBody[];
  @is.text({ class: 'direct', optional: true, max: 300 }) schoolOrEmployer?: string;
}

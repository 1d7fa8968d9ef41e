import { ExitType, NeutralReason, ServiceProfile } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { shortCode } from '../shelter/shelter.dto.js';
import { Arrival } from './stay.entity.js';

/** With a referral its case is known; without one the case is named. */
export class OpenIntakeBody {
  @is.ref('shl') shelter!: string;
  @is.ref('cas', { optional: true }) case?: string;
  @is.ref('rfr', { optional: true }) referral?: string;
  @is.code(Arrival) arrival!: Arrival;
  @is.instant() arrivedAt!: string;
}
export class AdmitBody {
  /** Where the intake has opened the stay, which says only that she is there. */
  @is.instant({ optional: true }) arrivedAt?: string;
  /** The bed that was kept; without one, the unit or the people that it takes. */
  @is.ref('bed', { optional: true }) reservation?: string;
  @shortCode('A', true) unit?: string;
  @is.code(ServiceProfile, { optional: true }) profile?: ServiceProfile;
  @shortCode('A-3', true) bed?: string;
  @is.boolean({ optional: true }) ownFreeWill?: boolean;
  @is.boolean({ optional: true, example: false }) guardianOrAuthorityDecided?: boolean;
}
export class DoNotAdmitBody {
  @is.code(NeutralReason) reason!: NeutralReason;
}
export class CompleteIntakeBody {
  @is.boolean({ optional: true }) ownFreeWill?: boolean;
  @is.boolean({ optional: true, example: false }) guardianOrAuthorityDecided?: boolean;
}
export class PlanExitBody {
  @is.code(ExitType, { class: 'quasi' }) exitType!: ExitType;
}
export class ExitBody {
  @is.code(ExitType, { class: 'quasi', optional: true }) exitType?: ExitType;
}
export class ReportMissingBody {
  @is.boolean({ optional: true, class: 'special', example: false }) child?: boolean;
}
export class EditStayBody {
  @is.instant({ optional: true }) arrivedAt?: string;
  @shortCode('A-3', true) bed?: string;
  @is.patterns(/^[^\p{Cc}]{1,200}$/u, 'short texts', 'one blue bag', { class: 'special', optional: true }) belongings?: string[];
  @is.text({ class: 'special', optional: true, max: 4_000 }) medication?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) healthNotes?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) psychNotes?: string;
  @is.text({ class: 'special', optional: true, max: 4_000 }) incidentLog?: string;
}

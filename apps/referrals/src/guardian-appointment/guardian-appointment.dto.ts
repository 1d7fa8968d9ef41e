import { GuardianshipEnd } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class GuardianBody {
  @is.text({ class: 'direct', example: 'L. Prifti' }) name!: string;
  @is.phone({ class: 'direct', optional: true }) phone?: string;
  @is.text({ class: 'direct', optional: true, max: 500 }) contact?: string;
  @is.boolean({ class: 'direct', optional: true, example: false }) isParent?: boolean;
}
export class MarkRequiredBody {
  @is.ref('cas') case!: string;
}
export class RequestAppointmentBody {
  /** Default: the owner, where it is the child authority itself. */
  @is.organisation({ optional: true }) authority?: string;
}
export class AppointInterimBody {
  @is.nested(() => GuardianBody, { class: 'direct' }) guardian!: GuardianBody;
  @is.organisation({ class: 'special', optional: true }) guardianOrganisation?: string;
}
export class AppointBody {
  @is.text({ class: 'direct', example: 'Decision 12/2026' }) decision!: string;
  /** Where it is another than the interim guardian. */
  @is.nested(() => GuardianBody, { class: 'direct', optional: true }) guardian?: GuardianBody;
  @is.organisation({ class: 'special', optional: true }) guardianOrganisation?: string;
}
export class EndGuardianshipBody {
  @is.code(GuardianshipEnd, { class: 'special', example: 'RETURN_TO_SAFE_PARENTS' }) reason!: GuardianshipEnd;
}

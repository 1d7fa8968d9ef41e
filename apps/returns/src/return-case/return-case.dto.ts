import { is } from '@footbridge/lifecycle';
import { CancelGround, SuspendGround } from './return-case.entity.js';

export class RequestReturnBody {
  @is.ref('cas') case!: string;
  /** Which return organisation, where consents name more than one. */
  @is.organisation({ optional: true }) returnOrganisation?: string;
  /** In her own words. */
  @is.text({ class: 'special', optional: true, max: 4_000 }) wish?: string;
}
export class ReturnDecisionBody {
  @is.text({ class: 'special', max: 4_000, example: 'I want to go home.' }) statement!: string;
  @is.language({ class: 'special' }) language!: string;
  @is.text({ class: 'special', optional: true }) interpreter?: string;
  @is.text({ class: 'special', optional: true }) advocate?: string;
}
export class RecordDecisionBody {
  @is.nested(() => ReturnDecisionBody, { class: 'special' }) decision!: ReturnDecisionBody;
}
export class MarkNotClearedBody {
  @is.text({ class: 'special', max: 4_000, example: 'There is no safe place there yet.' }) notClearedReasons!: string;
}
export class ClearBody {
  /** She wants no help after the return, and has said so in writing (RG14). */
  @is.boolean({ optional: true, example: false }) reintegrationDeclined?: boolean;
  @is.boolean({ optional: true }) safeArrivalCall?: boolean;
}
export class RecordDepartureBody {
  @is.instant({ optional: true }) departedAt?: string;
}
export class RecordArrivalBody {
  @is.instant({ optional: true }) arrivedAt?: string;
}
export class ConfirmReceptionBody {
  /** As the person says it. F5. */
  @is.text({ class: 'direct', max: 80, example: 'mango radio panda 42' }) codePhrase!: string;
}
export class CompleteReturnBody {
  @is.boolean({ optional: true, example: false }) helpDeclined?: boolean;
}
export class SuspendBody {
  @is.code(SuspendGround, { class: 'special', optional: true }) suspendedFor?: SuspendGround;
}
export class CancelReturnBody {
  @is.code(CancelGround) cancelledFor!: CancelGround;
}
/** Where she will be and when, as a shelter's address is: special, and no words of anybody (privacy design 9.1). Who she is, and who travels with her, is `direct`. */
export class ItineraryBody {
  @is.instant({ class: 'special', example: '2026-12-01T08:00:00Z' }) departureAt!: string;
  @is.instant({ class: 'special', example: '2026-12-01T13:30:00Z' }) arrivalAt!: string;
  @is.pattern(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} .&'-]{0,79}$/u, 'the name of a carrier, up to 80 letters', 'Example Air', { class: 'special' }) carrier!: string;
  @is.pattern(/^[A-Za-z0-9][A-Za-z0-9 /-]{0,19}$/, 'the number of the journey, like EX 123', 'EX 123', { class: 'special' }) number!: string;
  @is.countries({ class: 'special', optional: true, example: ['ET'] }) transit?: string[];
}
export class EscortBody {
  @is.text({ class: 'direct' }) name!: string;
  @is.phone({ class: 'direct' }) phone!: string;
  @is.text({ class: 'direct', example: 'trained escort' }) relation!: string;
}
export class EditReturnBody {
  @is.nested(() => ItineraryBody, { class: 'special', optional: true }) itinerary?: ItineraryBody;
  @is.nested(() => EscortBody, { class: 'direct', optional: true }) escort?: EscortBody;
  @is.boolean({ optional: true, example: false }) escortRequired?: boolean;
  @is.text({ class: 'special', optional: true, max: 4_000 }) fitToTravel?: string;
}

import { NeutralReason } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class TravellerBody {
  @is.text({ class: 'direct', optional: true }) givenName?: string;
  @is.text({ class: 'direct', optional: true }) familyName?: string;
}
/** The minimum that an office needs to say yes; what of it is wrong can be put right (DP-12). */
export class EditReceptionBody {
  @is.languages({ class: 'quasi', optional: true }) languages?: string[];
  @is.boolean({ class: 'quasi', optional: true, example: false }) interpreterNeeded?: boolean;
  @is.boolean({ class: 'quasi', optional: true, example: false }) accessNeeded?: boolean;
  @is.patterns(/^[^\p{Cc}]{1,200}$/u, 'short texts', 'met inside the building', { class: 'special', optional: true }) mitigations?: string[];
  @is.nested(() => TravellerBody, { class: 'direct', optional: true }) traveller?: TravellerBody;
}
export class RequestReceptionBody extends EditReceptionBody {
  @is.ref('ret') returnCase!: string;
  @is.organisation() originOffice!: string;
}
export class DeclineReceptionBody {
  @is.code(NeutralReason) reason!: NeutralReason;
}
export class ContactBody {
  @is.text({ class: 'direct' }) name!: string;
  @is.phone({ class: 'direct' }) phone!: string;
}
export class ArrangementBody {
  @is.nested(() => ContactBody, { class: 'direct' }) officer!: ContactBody;
  @is.nested(() => ContactBody, { class: 'direct' }) substitute!: ContactBody;
  @is.text({ class: 'direct', max: 500, example: 'Information desk, arrivals' }) meetingPoint!: string;
  @is.phone({ class: 'direct' }) emergencyNumber!: string;
  @is.text({ class: 'direct', max: 500, example: 'Guest room of the office' }) firstNightLodging!: string;
  @is.text({ class: 'direct', max: 500, example: 'Car of the office' }) onwardTransport!: string;
}
export class MakeReadyBody {
  @is.nested(() => ArrangementBody, { class: 'direct' }) arrangement!: ArrangementBody;
}
export class PerformBody {
  @is.text({ class: 'direct', max: 80, example: 'mango radio panda 42' }) codePhrase!: string;
}

import { ConsentCategory, NeutralReason, OverrideGround, PauseReason, Priority, ReasonForReferral, ReferralOutcome, ServiceType } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';

export const PartySize = codeList('PartySize', ['1', '2-3', '4+'], 'special');
export const AccessNeed = codeList('AccessNeed', ['STEP_FREE', 'HEARING', 'SIGHT', 'CARE'], 'special');

/** What the receiver must prepare for. Fetched while consent holds. */
export class NeedsBody {
  @is.boolean({ class: 'special', optional: true, example: false }) childUnitNeeded?: boolean;
  @is.language({ class: 'special', optional: true }) interpreterLanguage?: string;
  @is.codes(AccessNeed, { class: 'special', optional: true }) accessNeeds?: string[];
  @is.code(PartySize, { class: 'special', optional: true }) partySize?: string;
  @is.text({ class: 'special', optional: true, max: 5_000 }) reason?: string;
}
export class DraftReferralBody {
  @is.ref('cas') case!: string;
  @is.code(ServiceType) serviceType!: ServiceType;
  @is.code(Priority, { example: 'NORMAL' }) priority!: Priority;
  @is.organisation() receiver!: string;
  /** The organisation that opened the case or brought the person, where it shall see what becomes of this referral. */
  @is.organisation({ optional: true }) referrer?: string;
  @is.code(ReasonForReferral, { optional: true }) reasonForReferral?: ReasonForReferral;
  @is.nested(() => NeedsBody, { class: 'special', optional: true }) needs?: NeedsBody;
  @is.codes(ConsentCategory, { optional: true, example: ['NEEDS'] }) fieldsDisclosed?: ConsentCategory[];
  @is.ref('rfr', { optional: true }) replacesReferral?: string;
}
export class SendReferralBody {
  /** Without consent, only on one of these grounds (U4). */
  @is.code(OverrideGround, { class: 'special', optional: true }) override?: OverrideGround;
  @is.text({ class: 'special', optional: true, max: 2_000 }) overrideReason?: string;
}
export class EditReferralBody {
  @is.nested(() => NeedsBody, { class: 'special', optional: true }) needs?: NeedsBody;
}
export class DeclineBody {
  @is.code(NeutralReason) reason!: NeutralReason;
  @is.refs('org', { optional: true }) alternatives?: string[];
}
export class FirstContactBody {
  @is.instant({ optional: true, example: '2026-05-24T03:40:00Z' }) firstContactAt?: string;
}
export class PauseBody {
  @is.code(PauseReason) reason!: PauseReason;
}
export class OptionalPauseBody {
  @is.code(PauseReason, { optional: true }) reason?: PauseReason;
}
export class OutcomeBody {
  @is.code(ReferralOutcome) outcome!: ReferralOutcome;
}
export class UnsuccessfulBody {
  @is.code(NeutralReason, { example: 'NOT_REACHABLE' }) reason!: NeutralReason;
}

import { BedRefusal, PauseReason, ServiceProfile } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { shortCode } from '../shelter/shelter.dto.js';

class BedBody {
  @is.ref('shl') shelter!: string;
  /** A certain unit, or any unit for these people. */
  @shortCode('A', true) unit?: string;
  @is.code(ServiceProfile, { optional: true }) profile?: ServiceProfile;
  @is.ref('rfr', { optional: true }) referral?: string;
  @is.ref('brq', { optional: true }) bedRequest?: string;
}
export class HoldBedBody extends BedBody {
  @is.instant() expectedArrival!: string;
}
export class RefuseBedBody extends BedBody {
  @is.instant({ optional: true }) expectedArrival?: string;
  @is.code(BedRefusal) refuse!: BedRefusal;
}
export class ReleaseBody {
  @is.code(PauseReason, { optional: true }) releasedFor?: PauseReason;
}
export class AssignReferralBody {
  @is.ref('rfr') referral!: string;
}

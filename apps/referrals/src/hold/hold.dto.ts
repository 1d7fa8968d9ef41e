import { HeldRecipient, HoldGround } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class PlaceHoldBody {
  @is.ref('cas') case!: string;
  /** Default: all of them, as while somebody is afraid to return (A3). */
  @is.codes(HeldRecipient, { class: 'special', optional: true }) heldRecipients?: HeldRecipient[];
  @is.code(HoldGround, { class: 'special', optional: true }) ground?: HoldGround;
}

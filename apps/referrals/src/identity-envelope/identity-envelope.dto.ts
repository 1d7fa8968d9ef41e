import { ConsentCategory } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class SealIdentityBody {
  @is.ref('rfr') referral!: string;
  /** Fewer than she has agreed to; default: all that the service needs and she agrees to. */
  @is.codes(ConsentCategory, { optional: true, example: ['IDENTITY'] }) categories?: ConsentCategory[];
}

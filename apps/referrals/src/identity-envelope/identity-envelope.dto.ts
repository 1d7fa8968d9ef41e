import { ConsentCategory } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class SealIdentityBody {
  /** For its receiver, */
  @is.ref('rfr', { optional: true }) referral?: string;
  /** or for the origin office that this consent names. */
  @is.ref('con', { optional: true }) consentRecord?: string;
  /** Fewer than she has agreed to; default: all that the service needs and she agrees to. */
  @is.codes(ConsentCategory, { optional: true, example: ['IDENTITY'] }) categories?: ConsentCategory[];
}

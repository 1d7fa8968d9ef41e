import { ConsentCategory } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

/** Who travels with her, for the office that meets them. EMM. */
export class EnvelopeEscortBody {
  @is.text({ class: 'direct' }) name!: string;
  @is.phone({ class: 'direct' }) phone!: string;
  @is.text({ class: 'direct', example: 'trained escort' }) relation!: string;
}
export class SealIdentityBody {
  /** For its receiver, */
  @is.ref('rfr', { optional: true }) referral?: string;
  /** or for the origin office that this consent names. */
  @is.ref('con', { optional: true }) consentRecord?: string;
  /** Fewer than she has agreed to; default: all that the service needs and she agrees to. */
  @is.codes(ConsentCategory, { optional: true, example: ['IDENTITY'] }) categories?: ConsentCategory[];
  @is.nested(() => EnvelopeEscortBody, { class: 'direct', optional: true }) escort?: EnvelopeEscortBody;
}

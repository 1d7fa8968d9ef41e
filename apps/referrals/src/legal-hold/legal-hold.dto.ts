import { LegalHoldGround } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class PlaceLegalHoldBody {
  @is.ref('cas') case!: string;
  @is.code(LegalHoldGround, { class: 'special' }) ground!: LegalHoldGround;
  @is.day() reviewOn!: string;
}
export class ReviewLegalHoldBody { @is.day() reviewOn!: string; }

import { is } from '@footbridge/lifecycle';

const raw = /^[A-Za-z0-9_-]{43}$/;
/** As `npm run footbridge -- envelope keys` prints it. */
export class PublishKeyBody {
  @is.pattern(raw, '32 bytes as base64url', 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo') publicKey!: string;
  @is.pattern(raw, '32 bytes as base64url', '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo') signedBy!: string;
  @is.pattern(/^[A-Za-z0-9_-]{86}$/, '64 bytes as base64url', 'A'.repeat(86)) proof!: string;
}
export class ConfirmKeyBody {
  @is.pattern(/^\d{5}( ?\d{5}){7}$/, 'forty digits', '12345 12345 12345 12345 12345 12345 12345 12345') fingerprint!: string;
}

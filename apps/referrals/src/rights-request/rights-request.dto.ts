import { ErasureException, ExtensionReason, RightsGround, RightsKind } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class ReceiveRequestBody {
  @is.ref('cas') case!: string;
  @is.code(RightsKind) kind!: RightsKind;
  /** In her words, where she wants them kept. */
  @is.text({ class: 'direct', optional: true, max: 2_000 }) words?: string;
}
export class ExtendRequestBody { @is.code(ExtensionReason) extendedFor!: ExtensionReason; }
export class GrantPartlyBody {
  @is.code(RightsGround) ground!: RightsGround;
  /** Of an erasure: what stays, and why (DP-10). */
  @is.codes(ErasureException, { optional: true, example: ['LEGAL_CLAIMS'] }) exceptions?: ErasureException[];
}
export class RefuseRequestBody { @is.code(RightsGround) ground!: RightsGround; }

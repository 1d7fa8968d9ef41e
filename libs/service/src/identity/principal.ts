import type { Role } from '@footbridge/contracts';

/** Who is signed in, as the access token says and nothing else does. */
export interface Principal {
  /** The account, `acc_…`. */
  readonly subject: string;
  /** The organisation it belongs to, `org_…`. */
  readonly organisation: string;
  readonly roles: readonly Role[];
  /** The trace of this request, where the caller sent one (W3C traceparent). */
  readonly trace?: string;
}

import type { OrganisationType, Role } from '@footbridge/contracts';

/** Who is signed in, as the access token says and nothing else does. */
export interface Principal {
  /** The account, `acc_…`. */
  readonly subject: string;
  /** The organisation it belongs to, `org_…`. */
  readonly organisation: string;
  readonly roles: readonly Role[];
  /** When the account showed who it is, in seconds since 1970, where the token says so (`auth_time`). */
  readonly signedInAt?: number;
  /** The same; where the token does not say so, when it was issued. A refreshed token is as old as its session. */
  readonly since?: number;
  /** What the organisation is, where this service was told. */
  readonly organisationType?: OrganisationType;
  /** What this request is for, as the policies know it (action.ts). */
  readonly action?: string;
  /** The trace of this request, where the caller sent one (W3C traceparent). */
  readonly trace?: string;
}

import type { Read } from '@footbridge/lifecycle';
import { inForce, type KnownConsent } from '@footbridge/service';

/** Whether consent still carries a piece of news. `unknown`: nobody has told of it (yet). */
export type Authority = 'in force' | 'ended' | 'unknown';

export async function authorityOf(read: Pick<Read, 'sql'>, consentRef: string | undefined, now: Date): Promise<Authority> {
  if (consentRef === undefined) return 'in force';
  const [consent] = await read.sql<KnownConsent>(`select jsonb_strip_nulls(jsonb_build_object('consent', consent, 'state', state, 'validUntil', valid_until, 'categories', to_jsonb(categories))) from known_consent where consent = $1->>0`, [consentRef]);
  return consent === undefined ? 'unknown' : inForce(consent, now) ? 'in force' : 'ended';
}

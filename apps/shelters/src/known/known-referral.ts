import type { Priority, SaidServiceType, StateOf } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import { projection, type Received } from '@footbridge/service';
import type { PoolClient } from 'pg';

/** A referral as `referrals` told of it. `shelters` knows it by its uuid; each organisation has its own reference. */
export interface KnownReferral {
  readonly referral: string; readonly state: StateOf<'Referral'>; readonly sender: string; readonly receiver: string; readonly version: number;
  readonly serviceType?: SaidServiceType; readonly priority: Priority; readonly caseRef?: string;
}

const keep = async (tx: PoolClient, { aggregate, caseRef, version, data }: Received): Promise<void> => {
  await tx.query(`insert into known_referral (referral, state, sender, receiver, service_type, priority, case_ref, version) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (referral) do update set state = excluded.state, version = excluded.version where known_referral.version < excluded.version`,
  [aggregate, data['state'], data['from'], data['to'], data['serviceType'] ?? null, data['priority'], caseRef ?? null, version]);
};

/** Each copy of a referral's event tells the same; the highest version stays. */
export const KnownReferrals = projection('KnownReferrals', Object.fromEntries([
  'ReferralSent', 'ReferralAcknowledged', 'ReferralAccepted', 'ReferralDeclined', 'ReferralExpired', 'ReferralServiceStarted', 'ReferralSuspended', 'ReferralResumed',
  'ReferralCompleted', 'ReferralUnsuccessful', 'ReferralWithdrawn', 'ReferralClosed', 'ReferralEnteredInError',
].map((name) => [name, keep])));

export async function knownReferral(read: Read, referral: string | undefined): Promise<KnownReferral | undefined> {
  if (referral === undefined) return undefined;
  const [found] = await read.sql<KnownReferral>(`select jsonb_strip_nulls(jsonb_build_object('referral', referral, 'state', state, 'sender', sender, 'receiver', receiver, 'serviceType', service_type, 'priority', priority, 'caseRef', case_ref, 'version', version))
    from known_referral where referral = ($1->>0)::uuid`, [referral]);
  return found;
}

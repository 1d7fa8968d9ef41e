import type { Read } from '@footbridge/lifecycle';
import { projection, type Received } from '@footbridge/service';
import type { PoolClient } from 'pg';

const keep = async (tx: PoolClient, { version, data }: Received): Promise<void> => {
  await tx.query(`insert into known_partner (organisation, active, country, version) values ($1, $2, $3, $4)
    on conflict (organisation) do update set active = excluded.active, country = coalesce(excluded.country, known_partner.country), version = excluded.version where known_partner.version < excluded.version`,
  [data['organisation'], data['state'] === 'partner_active', data['country'] ?? null, version]);
};

/** The verified partners of the network: only they search for shelters (decisions 30). */
export const KnownPartners = projection('KnownPartners', { PartnerActivated: keep, PartnerServicesChanged: keep, PartnerSuspended: keep, PartnerTerminated: keep });

export async function isPartner(read: Pick<Read, 'sql'>, organisation: string): Promise<boolean> {
  const found = await read.sql<object>(`select jsonb_build_object() from known_partner where organisation = $1->>0 and active`, [organisation]);
  return found.length > 0;
}

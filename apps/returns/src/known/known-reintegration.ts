import type { StateOf } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import { projection, type Received } from '@footbridge/service';
import type { PoolClient } from 'pg';

/** Who waits for her after the return, as `reintegration` told. */
export interface KnownReintegration { readonly reintegration: string; readonly organisation: string; readonly state: StateOf<'ReintegrationCase'> }

const keep = async (tx: PoolClient, { aggregate, caseRef, owner, version, data }: Received): Promise<void> => {
  if (caseRef === undefined) return;
  await tx.query(`insert into known_reintegration (reintegration, case_ref, organisation, state, version) values ($1, $2, $3, $4, $5)
    on conflict (reintegration) do update set state = excluded.state, version = excluded.version where known_reintegration.version < excluded.version`, [aggregate, caseRef, data['to'] ?? owner, data['state'], version]);
};

export const KnownReintegrations = projection('KnownReintegrations', {
  ReintegrationProposed: keep, ReintegrationAccepted: keep, ReintegrationDeclined: keep, ReintegrationDeclinedByPerson: keep, ReintegrationClosed: keep,
});

export async function knownReintegration(read: Read, caseRef: string | undefined): Promise<KnownReintegration | undefined> {
  if (caseRef === undefined) return undefined;
  const [found] = await read.sql<KnownReintegration>(`select jsonb_build_object('reintegration', reintegration, 'organisation', organisation, 'state', state)
    from known_reintegration where case_ref = $1->>0 order by (state = 'reint_accepted') desc, version desc limit 1`, [caseRef]);
  return found;
}

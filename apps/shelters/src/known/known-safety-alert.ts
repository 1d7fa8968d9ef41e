import type { Read } from '@footbridge/lifecycle';
import { projection, type Received } from '@footbridge/service';
import type { PoolClient } from 'pg';

const keep = (open: boolean) => async (tx: PoolClient, { aggregate, caseRef, version }: Received): Promise<void> => {
  await tx.query(`insert into known_safety_alert (alert, case_ref, open, version) values ($1, $2, $3, $4)
    on conflict (alert) do update set open = excluded.open, version = excluded.version where known_safety_alert.version < excluded.version`, [aggregate, caseRef ?? null, open, version]);
};

/** A safety alert stops exit planning until two people have cleared it (U6). */
export const KnownSafetyAlerts = projection('KnownSafetyAlerts', { SafetyAlertRaised: keep(true), SafetyAlertCleared: keep(false) });

export async function hasSafetyAlert(read: Read, caseRef: string | undefined): Promise<boolean> {
  if (caseRef === undefined) return false;
  const found = await read.sql<object>(`select jsonb_build_object() from known_safety_alert where case_ref = $1->>0 and open`, [caseRef]);
  return found.length > 0;
}

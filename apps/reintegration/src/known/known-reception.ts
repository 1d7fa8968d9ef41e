import type { Read } from '@footbridge/lifecycle';
import { instantOf } from '@footbridge/privacy';
import { projection } from '@footbridge/service';

/** That somebody was met after her return, as `returns` told. */
export interface KnownReception { readonly returnCase: string; readonly receivedAt: string }

/** Each copy tells the same; the first stays. */
export const KnownReceptions = projection('KnownReceptions', {
  ReceptionConfirmed: async (tx, { aggregate, caseRef, time }) => {
    if (caseRef === undefined) return;
    await tx.query('insert into known_reception (return_case, case_ref, received_at) values ($1, $2, $3) on conflict (return_case) do nothing', [aggregate, caseRef, time]);
  },
});

/** The newest reception of a case. */
export async function knownReception(read: Read, caseRef: string | undefined): Promise<KnownReception | undefined> {
  if (caseRef === undefined) return undefined;
  const [found] = await read.sql<KnownReception>(`select jsonb_build_object('returnCase', return_case, 'receivedAt', received_at) from known_reception where case_ref = $1->>0 order by received_at desc limit 1`, [caseRef]);
  // To the minute: to the millisecond it is the office's own moment, and two who pool what they have would find her by it (G4).
  return found && { ...found, receivedAt: instantOf(new Date(found.receivedAt), 'minute') };
}

/** The return behind the proposer's own reference, where one of its events has told. */
export async function knownReturn(read: Read, organisation: string, ref: unknown): Promise<string | undefined> {
  if (typeof ref !== 'string') return undefined;
  const [found] = await read.sql<string>('select to_jsonb(aggregate) from reference where ref = $1->>0 and organisation = $1->>1', [ref, organisation]);
  return found;
}

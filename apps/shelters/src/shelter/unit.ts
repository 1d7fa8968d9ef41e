import type { Read } from '@footbridge/lifecycle';
import type { CountedUnit } from './shelter.entity.js';

/** The unit that was named, or the one for these people with most free places. */
export async function unitFor(read: Read, shelter: string | undefined, wanted: { readonly code: unknown; readonly profile: unknown }): Promise<CountedUnit | undefined> {
  if (shelter === undefined || (wanted.code === undefined && wanted.profile === undefined)) return undefined;
  const [found] = await read.sql<CountedUnit>(`select to_jsonb(u) from unit u where u.shelter = ($1->>0)::uuid and u.total > 0 and case when $1->>1 is null then u.profile = $1->>2 else u.code = $1->>1 end
    order by u.total - u.occupied - u.held - u.out_of_service desc, u.code limit 1`, [shelter, wanted.code ?? null, wanted.profile ?? null]);
  return found;
}

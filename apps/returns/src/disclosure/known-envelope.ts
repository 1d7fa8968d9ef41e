import type { Read } from '@footbridge/lifecycle';

/** Whether her identity was ever sealed for this office: asked under her own signature where that is known, and heard of here. */
export const identitySealed = async (read: Read, caseRef: string | undefined, recipient: string): Promise<boolean> =>
  (await read.sql(`select to_jsonb(true) from known_envelope where case_ref = $1->>0 and recipient = $1->>1 limit 1`, [caseRef ?? '', recipient])).length > 0;

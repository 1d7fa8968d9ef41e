import type { Read } from '@footbridge/lifecycle';
import { ExactRelease } from './exact-release.lifecycle.js';

/** The fields that this recipient may see as they are now. They are watched: a release that ends in this moment is decided again. */
export async function releasedExactly(read: Read, caseId: string | undefined, recipient: string, now: Date): Promise<readonly string[]> {
  const released = await read.many(ExactRelease, { caseId, recipient, state: 'released' });
  return released.filter(({ releasedUntil }) => releasedUntil !== undefined && now.getTime() < Date.parse(releasedUntil)).flatMap(({ fields = [] }) => fields);
}

import type { Read } from '@footbridge/lifecycle';
import { ContinuityCode } from './continuity-code.lifecycle.js';

/** She has shown this organisation her code: it may ask for her consent, and see nothing before. */
export const isIntroduced = async (read: Read, caseId: string | undefined, organisation: string): Promise<boolean> =>
  (await read.many(ContinuityCode, { caseId, usedBy: organisation, state: ['used', 'seen'] })).length > 0;

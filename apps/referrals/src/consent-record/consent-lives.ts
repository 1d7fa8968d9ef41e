import type { Read } from '@footbridge/lifecycle';
import { caseContext } from '../case/case-context.js';
import { Case } from '../case/case.lifecycle.js';

/**
 * Whether she agrees to a purpose now, for a look inside the owning organisation: by the same consents as every disclosure, signed, in force
 * and of a guardian who speaks for her (T17, M4). A restriction holds back what goes out, not what her own helper reads.
 */
export async function consentLives(read: Read, caseRef: string, purpose: string, now: Date): Promise<boolean> {
  const own = await read.one(Case, { caseRef });
  if (!own) return false;
  const context = await caseContext(read, own.id, { organisation: own.owner, subject: 'platform', roles: ['PLATFORM'], role: 'PLATFORM' }, now);
  return context?.agreed.some((c) => c.purpose === purpose && (c.guardianAppointmentId === undefined || c.guardianAppointmentId === context.guardian?.id)) ?? false;
}

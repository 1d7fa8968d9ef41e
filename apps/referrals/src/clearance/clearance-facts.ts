import type { Read } from '@footbridge/lifecycle';
import { caseContext } from '../case/case-context.js';
import { Hold } from '../hold/hold.lifecycle.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import { SafetyAlert } from '../safety-alert/safety-alert.lifecycle.js';
import type { ClearanceFacts } from './clearances.js';

/** Loads what clears the steps of a case, as its owner. */
export async function clearanceFacts(read: Read, caseId: string, owner: string, now: Date): Promise<(ClearanceFacts & { readonly caseRef?: string }) | undefined> {
  const [context, holds, risks, alerts] = await Promise.all([
    caseContext(read, caseId, { organisation: owner, subject: 'platform', roles: [], role: 'PLATFORM' }, now),
    read.many(Hold, { caseId, state: ['placed'] }), read.many(RiskAssessment, { caseId, state: ['completed', 'expired'] }), read.many(SafetyAlert, { caseId, state: ['raised'] }),
  ]);
  if (!context) return undefined;
  const { case: row, isChild, guardian, agreed: consents } = context;
  const houses = isChild ? await read.sql<string>('select to_jsonb(k.organisation) from known_shelter k where $1->0 ? k.organisation', [consents.flatMap((c) => c.recipient ?? [])]) : [];
  return { ...(row.caseRef ? { caseRef: row.caseRef } : {}), isRestricted: row.restrictedAt !== undefined, caseIsOpen: row.state === 'active' || row.state === 'follow_up', isChild, hasGuardian: guardian !== undefined, consents, houses, holds, risks, hasSafetyAlert: alerts.length > 0 };
}

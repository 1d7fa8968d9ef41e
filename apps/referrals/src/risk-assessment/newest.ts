import type { RiskType } from '@footbridge/contracts';
import { endOf } from '../consent-record/in-force.js';
import type { RiskRow } from './risk-assessment.entity.js';

/** The last word counts: what was found earlier does not come back because it was to be valid for longer. */
export function newestValid<R extends Pick<RiskRow, 'type' | 'completedAt' | 'validUntil'>>(risks: readonly R[], types: readonly RiskType[], now: Date): R | undefined {
  const newest = risks.filter((r) => r.type?.test((t) => types.includes(t))).reduce<R | undefined>((last, r) => (last && (last.completedAt ?? '') > (r.completedAt ?? '') ? last : r), undefined);
  return newest && (!newest.validUntil || now < endOf(newest.validUntil)) ? newest : undefined;
}

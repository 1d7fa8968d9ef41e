import { after, deadlines } from '@footbridge/contracts';
import type { ContactAttempt } from './reintegration-case.entity.js';

const ATTEMPTS = 3;

/** So long after the first attempt contact may be called lost. */
export function lostAfter(attempts: readonly ContactAttempt[] = []): Date | undefined {
  const first = attempts.map(({ at }) => Date.parse(at)).sort((a, b) => a - b)[0];
  return first === undefined ? undefined : after(new Date(first), deadlines.contactLost);
}

/** Three attempts on different days, the first thirty days ago; what is still to come is none. P. */
export function isLost(attempts: readonly ContactAttempt[] = [], now: Date): boolean {
  const made = attempts.filter(({ at }) => new Date(at) <= now);
  const since = lostAfter(made);
  return new Set(made.map(({ at }) => at.slice(0, 10))).size >= ATTEMPTS && since !== undefined && now >= since;
}

import type { ConsentRow } from './consent-record.entity.js';

/** The end of a day up to and including which something is valid. */
export const endOf = (day: string): Date => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000);

export const givenByGuardian = (c: Pick<ConsentRow, 'givenBy'>): boolean => c.givenBy?.test((by) => by === 'GUARDIAN') ?? false;

/** In force now: given, not over, and a guardian's only as long as she is a child (M14). */
export const inForce = (c: Pick<ConsentRow, 'state' | 'validUntil' | 'givenBy'>, isChild: boolean, now: Date): boolean =>
  (c.state === 'given' || c.state === 'renewed') && (c.validUntil === undefined || now < endOf(c.validUntil)) && (isChild || !givenByGuardian(c));

import type { ConsentRow } from './consent-record.entity.js';

/** The end of a day up to and including which something is valid. */
export const endOf = (day: string): Date => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000);

export const givenByGuardian = (c: Pick<ConsentRow, 'givenBy'>): boolean => c.givenBy?.test((by) => by === 'GUARDIAN') ?? false;

/** In force now: given, not over, and a guardian's only as long as she is a child (M14). */
export const inForce = (c: Pick<ConsentRow, 'state' | 'validUntil' | 'givenBy'>, isChild: boolean, now: Date): boolean =>
  (c.state === 'given' || c.state === 'renewed') && (c.validUntil === undefined || now < endOf(c.validUntil)) && (isChild || !givenByGuardian(c));

/** Whether she agrees to a purpose now, for a look inside the owning organisation: $1 = [case ref, purpose, day]. A suspended guardian's word goes to review (M4). */
export const consentLives = `select to_jsonb(true) from consent_record c where c.case_ref = $1->>0 and c.purpose = $1->>1 and c.state in ('given', 'renewed') and (c.valid_until is null or c.valid_until >= ($1->>2)::date)
  and (c.guardian_appointment_id is null or exists (select 1 from guardian_appointment g where g.id = c.guardian_appointment_id and g.state in ('interim', 'appointed'))) limit 1`;

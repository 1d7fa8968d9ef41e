import type { ClearanceStep, ConsentCategory, ConsentPurpose } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import { days, later } from './clock.js';

/** A consent as `referrals` told of it. */
export interface KnownConsent { readonly consent: string; readonly recipient?: string; readonly state: string; readonly validUntil?: string; readonly categories: readonly ConsentCategory[] }
/** Whether a step may be taken, as `referrals` told (decisions 14). */
export interface KnownClearance { readonly cleared: boolean; readonly until?: string }

/** SQL over a row `k` of known_consent: while a restriction stands, nothing that was agreed to is in force (DP-13). */
export const consentState = `case when k.state in ('given', 'renewed') and exists (select 1 from known_restriction r where r.case_ref = k.case_ref and r.restricted) then 'restricted' else k.state end`;

/** Consents of a case for a purpose, the newest first. */
export const knownConsents = (read: Read, caseRef: string | undefined, purpose: ConsentPurpose): Promise<readonly KnownConsent[]> =>
  caseRef === undefined ? Promise.resolve([]) : read.sql<KnownConsent>(`select jsonb_strip_nulls(jsonb_build_object('consent', k.consent, 'recipient', k.recipient, 'state', ${consentState}, 'validUntil', k.valid_until, 'categories', to_jsonb(k.categories)))
    from known_consent k where case_ref = $1->>0 and purpose = $1->>1 order by (state in ('given', 'renewed')) desc, valid_until desc nulls last, consent`, [caseRef, purpose]);

export async function knownClearance(read: Read, caseRef: string | undefined, step: ClearanceStep): Promise<KnownClearance | undefined> {
  if (caseRef === undefined) return undefined;
  const [found] = await read.sql<KnownClearance>(`select jsonb_strip_nulls(jsonb_build_object('cleared', cleared, 'until', until)) from known_clearance where case_ref = $1->>0 and step = $1->>1`, [caseRef, step]);
  return found;
}

/** In force up to and including the day that it names. */
export const inForce = (consent: KnownConsent | undefined, now: Date): boolean =>
  consent !== undefined && (consent.state === 'given' || consent.state === 'renewed') && (consent.validUntil === undefined || now < later(consent.validUntil, days(1)));

/** A step that was never mentioned is not cleared; `until` is the last day on which it is. */
export const isCleared = (clearance: KnownClearance | undefined, now: Date): boolean =>
  clearance?.cleared === true && (clearance.until === undefined || now < later(clearance.until, days(1)));

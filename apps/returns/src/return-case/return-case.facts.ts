import { neverOwnsCases, type ConsentCategory, type ConsentPurpose, type OrganisationType } from '@footbridge/contracts';
import type { Facts, Read } from '@footbridge/lifecycle';
import { inForce, knownClearance, knownConsents, type KnownClearance, type KnownConsent } from '@footbridge/service';
import { underReview } from '../failed-reception/under-review.js';
import { knownReintegration, type KnownReintegration } from '../known/known-reintegration.js';
import { phraseSaid, type PhraseSaid } from '../phrase.js';
import { planOf } from '../reception-plan/plan-of.js';
import type { ReceptionPlanRow } from '../reception-plan/reception-plan.entity.js';
import type { ReturnCaseRow } from './return-case.entity.js';

export interface ReturnFacts extends Facts<ReturnCaseRow> {
  readonly assessment?: KnownClearance;
  readonly departure?: KnownClearance;
  /** `RETURN_ARRANGEMENT`: whose return it becomes. */
  readonly arrangement?: KnownConsent;
  /** `ORIGIN_OFFICE_DISCLOSURE` that names the office of the plan. */
  readonly originConsent?: KnownConsent;
  readonly plan?: ReceptionPlanRow;
  readonly reintegration?: KnownReintegration;
  /** In force, and names the reintegration organisation: it may know. */
  readonly helperConsent?: KnownConsent;
  /** The office has looked at what it was told of the journey. */
  readonly itineraryFetched?: boolean;
  readonly officeUnderReview?: boolean;
  readonly organisationType?: OrganisationType;
  readonly phrase?: PhraseSaid;
  readonly consentNeeded?: { readonly recipient?: string; readonly purpose: ConsentPurpose; readonly categories: readonly ConsentCategory[] };
}
type Given = Facts<ReturnCaseRow>;

async function typeOf(read: Read, organisation: string): Promise<OrganisationType | undefined> {
  const [found] = await read.sql<{ type: OrganisationType }>(`select jsonb_build_object('type', type) from known_organisation where organisation = $1->>0`, [organisation]);
  return found?.type;
}
/** One of several may be over already by its day, though nobody has said so yet. */
export const namedIn = (consents: readonly KnownConsent[], recipient: string | undefined, now: Date): KnownConsent | undefined => {
  const named = consents.filter((c) => c.recipient === recipient);
  return named.find((c) => inForce(c, now)) ?? named[0];
};
async function fetched(read: Read, plan: string): Promise<boolean> {
  const found = await read.sql<true>(`select to_jsonb(true) from audit where kind = 'rcp' and aggregate = ($1->>0)::uuid and command = 'disclose' and 'itinerary' = any(fields) limit 1`, [plan]);
  return found.length > 0;
}
export const isAuthorityOrEmbassy = (type: OrganisationType | undefined): boolean => type !== undefined && neverOwnsCases.includes(type);

export async function returnFacts(read: Read, { row, body, caller, command }: Given, now: Date): Promise<Omit<ReturnFacts, keyof Given> & { readonly isChild: boolean }> {
  const isChild = row.child?.test((child) => child) === true || caller.role === 'GUARDIAN';
  if (command === 'requestReturn') {
    const named = body['returnOrganisation'];
    const arrangements = (await knownConsents(read, row.caseRef, 'RETURN_ARRANGEMENT')).filter((c) => inForce(c, now) && (named === undefined || c.recipient === named));
    const organisationType = await typeOf(read, caller.organisation);
    // An older consent beside a newer one names nobody else.
    const one = new Set(arrangements.map((c) => c.recipient)).size === 1 ? arrangements[0] : undefined;
    return {
      isChild, ...(one ? { arrangement: one } : {}), ...(organisationType ? { organisationType } : {}),
      consentNeeded: { ...(typeof named === 'string' ? { recipient: named } : {}), purpose: 'RETURN_ARRANGEMENT', categories: ['IDENTITY', 'TRAVEL'] },
    };
  }
  const [assessment, departure, plan, reintegration] = [
    await knownClearance(read, row.caseRef, 'RETURN_ASSESSMENT'), await knownClearance(read, row.caseRef, 'DEPARTURE'), await planOf(read, row.id), await knownReintegration(read, row.caseRef),
  ];
  const originConsent = plan && namedIn(await knownConsents(read, row.caseRef, 'ORIGIN_OFFICE_DISCLOSURE'), plan.originOffice, now);
  const named = reintegration && namedIn([...await knownConsents(read, row.caseRef, 'REFERRAL_DISCLOSURE'), ...await knownConsents(read, row.caseRef, 'FOLLOW_UP_CONTACT')], reintegration.organisation, now);
  const itineraryFetched = plan && (command === 'edit' || command === 'recordFailedDeparture') ? await fetched(read, plan.id) : false;
  const officeUnderReview = plan && (command === undefined || command === 'clear' || command === 'recordDeparture') ? await underReview(read, plan.originOffice) : false;
  const phrase = command === 'confirmReception' ? await phraseSaid(read, plan, body['codePhrase'], now) : undefined;
  return {
    isChild, itineraryFetched, officeUnderReview, ...(named && inForce(named, now) ? { helperConsent: named } : {}), ...(assessment ? { assessment } : {}), ...(departure ? { departure } : {}), ...(plan ? { plan } : {}), ...(reintegration ? { reintegration } : {}),
    ...(originConsent ? { originConsent } : {}), ...(phrase ? { phrase } : {}),
    consentNeeded: { ...(plan?.originOffice ? { recipient: plan.originOffice } : {}), purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY', 'TRAVEL'] },
  };
}

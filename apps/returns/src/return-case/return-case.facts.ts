import { neverOwnsCases, type ConsentCategory, type ConsentPurpose, type OrganisationType } from '@footbridge/contracts';
import type { Facts, Read } from '@footbridge/lifecycle';
import { inForce, knownClearance, knownConsents, type KnownClearance, type KnownConsent } from '@footbridge/service';
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
  /** A consent that names the reintegration organisation is in force. */
  readonly reintegrationMayKnow: boolean;
  readonly organisationType?: OrganisationType;
  readonly phrase?: PhraseSaid;
  readonly consentNeeded?: { readonly recipient?: string; readonly purpose: ConsentPurpose; readonly categories: readonly ConsentCategory[] };
}
type Given = Facts<ReturnCaseRow>;

async function typeOf(read: Read, organisation: string): Promise<OrganisationType | undefined> {
  const [found] = await read.sql<{ type: OrganisationType }>(`select jsonb_build_object('type', type) from known_organisation where organisation = $1->>0`, [organisation]);
  return found?.type;
}
export const isAuthorityOrEmbassy = (type: OrganisationType | undefined): boolean => type !== undefined && neverOwnsCases.includes(type);

export async function returnFacts(read: Read, { row, body, caller, command }: Given, now: Date): Promise<Omit<ReturnFacts, keyof Given> & { readonly isChild: boolean }> {
  const isChild = row.child?.test((child) => child) === true || caller.role === 'GUARDIAN';
  if (command === 'requestReturn') {
    const named = body['returnOrganisation'];
    const arrangements = (await knownConsents(read, row.caseRef, 'RETURN_ARRANGEMENT')).filter((c) => inForce(c, now) && (named === undefined || c.recipient === named));
    const organisationType = await typeOf(read, caller.organisation);
    return {
      isChild, reintegrationMayKnow: false, ...(arrangements.length === 1 && arrangements[0] ? { arrangement: arrangements[0] } : {}), ...(organisationType ? { organisationType } : {}),
      consentNeeded: { ...(typeof named === 'string' ? { recipient: named } : {}), purpose: 'RETURN_ARRANGEMENT', categories: ['IDENTITY', 'TRAVEL'] },
    };
  }
  const [assessment, departure, plan, reintegration] = [
    await knownClearance(read, row.caseRef, 'RETURN_ASSESSMENT'), await knownClearance(read, row.caseRef, 'DEPARTURE'), await planOf(read, row.id), await knownReintegration(read, row.caseRef),
  ];
  const originConsent = plan && (await knownConsents(read, row.caseRef, 'ORIGIN_OFFICE_DISCLOSURE')).find((c) => c.recipient === plan.originOffice);
  const named = reintegration ? [...await knownConsents(read, row.caseRef, 'REFERRAL_DISCLOSURE'), ...await knownConsents(read, row.caseRef, 'FOLLOW_UP_CONTACT')].filter((c) => c.recipient === reintegration.organisation) : [];
  const phrase = command === 'confirmReception' ? await phraseSaid(read, plan, body['codePhrase'], now) : undefined;
  return {
    isChild, reintegrationMayKnow: named.some((c) => inForce(c, now)), ...(assessment ? { assessment } : {}), ...(departure ? { departure } : {}), ...(plan ? { plan } : {}), ...(reintegration ? { reintegration } : {}),
    ...(originConsent ? { originConsent } : {}), ...(phrase ? { phrase } : {}),
    consentNeeded: { ...(plan?.originOffice ? { recipient: plan.originOffice } : {}), purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY', 'TRAVEL'] },
  };
}

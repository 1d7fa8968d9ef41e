import { minimumDataset, type ConsentCategory, type ServiceProfile } from '@footbridge/contracts';
import { guard } from '@footbridge/lifecycle';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { givenByGuardian } from '../consent-record/in-force.js';
import { heldClassOf, holds } from '../hold/held.js';
import { newestValid } from '../risk-assessment/newest.js';
import type { ReferralRow } from './referral.entity.js';
import type { ReferralFacts } from './referral-facts.js';

/** What a disclosure without consent may hold at most (U4: minimum fields). */
export const bareMinimum: readonly ConsentCategory[] = ['AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'];

const overrideOf = ({ row, body }: ReferralFacts): unknown => body['override'] ?? row.override;
const datasetOf = ({ row }: ReferralFacts): readonly ConsentCategory[] => (row.serviceType ? minimumDataset[row.serviceType] : []);

/** The consent that carries this referral: names the receiver and covers what is to be disclosed, or, where nothing was picked, part of the dataset. */
export function carryingConsent(facts: ReferralFacts): ConsentRow | undefined {
  const { row, consents = [] } = facts;
  const picked = row.fieldsDisclosed ?? [];
  return consents.find((c) => (picked.length > 0 ? picked.every((f) => c.categories?.includes(f)) : datasetOf(facts).some((f) => c.categories?.includes(f))));
}

/** SG4: what may be fetched, within dataset and consent. */
export function disclosedFields(facts: ReferralFacts): readonly ConsentCategory[] {
  const picked = facts.row.fieldsDisclosed?.length ? facts.row.fieldsDisclosed : datasetOf(facts);
  const allowed = overrideOf(facts) ? bareMinimum : carryingConsent(facts)?.categories ?? [];
  return picked.filter((f) => allowed.includes(f));
}

const isRestricted = ({ context }: ReferralFacts): boolean => context?.case.restrictedAt !== undefined;
/** DP-13; GDPR 18(2): what a restriction does not hold back is what saves somebody, and a legal duty waits until it is decided. */
export const nothingContested = guard<ReferralFacts>('DP-13', 'noRestrictionStands', (f) =>
  (isRestricted(f) && !isLifeSaving(f) ? 'RESTRICTED' : undefined), { sensitive: true });
const isLifeSaving = ({ row, body }: ReferralFacts): boolean => ((body['override'] ?? row.override) as ReferralRow['override'])?.test((g) => g === 'DANGER_TO_LIFE' || g === 'CHILD_ABUSE') ?? false;

/** IOM-DP 5; IAF. No new consent would help while a restriction stands: then that is what is said. */
export const consentCoversReceiver = guard<ReferralFacts>('SG1', 'consentNamesThisReceiverAndCoversWhatIsSent', (f) => (overrideOf(f) || carryingConsent(f) || isRestricted(f) ? undefined : 'CONSENT_REQUIRED'), { sensitive: true });

/** COE 10(4); BID. Life-saving help does not wait: U4. */
export const guardianConsented = guard<ReferralFacts>('SG2', 'childByItsGuardianAndHeard', (f) => {
  if (!f.context?.isChild || overrideOf(f)) return undefined;
  if (!f.context.guardian) return 'GUARDIAN_REQUIRED';
  const consent = carryingConsent(f);
  return consent && !givenByGuardian(consent) ? 'GUARDIAN_REQUIRED' : consent && !consent.childAgrees && !consent.viewsMissing ? 'CHILD_VIEWS_MISSING' : undefined;
}, { sensitive: true });

const isInternal = ({ row, context }: ReferralFacts): boolean => row.receiver === (context?.case.owner ?? row.owner);

/** Inside the own organisation nobody has to be heard of first. */
const needsFresh = (f: ReferralFacts): readonly string[] => (isInternal(f) ? [] : ['notifications']);

export const receiverIsActive = guard<ReferralFacts>('SG3', 'receiverIsStillActive', (f) => (isInternal(f) || f.receiverKnown?.active ? undefined : 'RECEIVER_NOT_ACTIVE'), { needsFresh });
/** IOM-DP 5: "guaranteed in writing"; HTCDS guidance 6; DP-23. */
export const receiverIsPartner = guard<ReferralFacts>('SG3', 'receiverIsAnActivePartner', (f) => (isInternal(f) || f.partner?.state === 'partner_active' ? undefined : 'PARTNER_NOT_ACTIVE'), { needsFresh, retry: true });
export const agreementInForce = guard<ReferralFacts>('SG3', 'dataSharingAgreementIsInForce', (f) => (isInternal(f) || f.agreement ? undefined : 'NO_AGREEMENT'), { needsFresh, retry: true });
export const agreementCovers = guard<ReferralFacts>('SG3', 'agreementCoversWhatIsSent', (f) =>
  (isInternal(f) || !f.agreement || disclosedFields(f).every((c) => f.agreement?.categories.includes(c)) ? undefined : 'AGREEMENT_TOO_NARROW'), { needsFresh });
export const serviceListed = guard<ReferralFacts>('SG3', 'serviceIsListed', (f) => (isInternal(f) || !f.partner || (f.row.serviceType && f.partner.services.includes(f.row.serviceType)) ? undefined : 'SERVICE_NOT_LISTED'), { needsFresh });

const children: readonly ServiceProfile[] = ['children', 'families'];
const women: readonly ServiceProfile[] = ['women', 'families'];
const men: readonly ServiceProfile[] = ['men', 'families'];
/** Only where somebody is taken in: a shelter for men does not take a girl. Who lists no profiles takes everybody. */
export const profileServed = guard<ReferralFacts>('SG3', 'receiverServesThisProfile', (f) => {
  const profiles = f.partner?.profiles ?? [];
  if (isInternal(f) || f.row.serviceType !== 'shelter' || profiles.length === 0 || !f.context) return undefined;
  const serves = (fitting: readonly ServiceProfile[]): boolean => fitting.some((p) => profiles.includes(p));
  if (f.context.isChild) return serves(children) ? undefined : 'PROFILE_NOT_SERVED';
  const { person } = f.context.case;
  if (person?.test((p) => p.gender === 'Feminine' || p.gender === 'TransgenderFeminine')) return serves(women) ? undefined : 'PROFILE_NOT_SERVED';
  if (person?.test((p) => p.gender === 'Masculine' || p.gender === 'TransgenderMasculine')) return serves(men) ? undefined : 'PROFILE_NOT_SERVED';
  return undefined;
}, { needsFresh, sensitive: true });

/** IOM-DP 3. */
export const minimumOnly = guard<ReferralFacts>('SG4', 'minimumDatasetOfTheServiceOnly', (f) => ((f.row.fieldsDisclosed ?? []).every((c) => datasetOf(f).includes(c)) ? undefined : 'MORE_THAN_THE_MINIMUM'));

/**
 * IOM-HB 1; U3. An emergency waits for no assessment; but nobody is sent where extreme danger is known and nothing is
 * planned against it. The supervisor's word is in the assessment: without it none of HIGH or EXTREME is ever completed.
 */
export const riskAssessed = guard<ReferralFacts>('SG5', 'transferRiskIsAssessedAndPlannedFor', ({ row, risks = [] }, now) => {
  const latest = newestValid(risks, ['TRANSFER', 'FIRST_CONTACT'], now);
  if (!latest) return row.priority === 'EMERGENCY' ? undefined : 'RISK_NOT_ASSESSED';
  const stops: readonly string[] = row.priority === 'EMERGENCY' ? ['EXTREME'] : ['HIGH', 'EXTREME'];
  return !latest.plan && latest.level?.test((l) => stops.includes(l)) ? 'SECURITY_PLAN_MISSING' : undefined;
}, { sensitive: true });

/** UNICEF: nobody is referrer, receiver and guardian at once, and nobody is sent to where the danger comes from. */
export const receiverIsSafe = guard<ReferralFacts>('SG6', 'receiverIsNoRisk', ({ row, risks = [] }) =>
  (row.receiver !== undefined && risks.some((r) => r.state === 'completed' && r.riskOrganisations?.test((list) => list.includes(row.receiver ?? ''))) ? 'RECEIVER_IS_A_RISK' : undefined), { sensitive: true });
export const rolesApart = guard<ReferralFacts>('SG6', 'referrerAndReceiverAreDifferent', ({ row }) => (row.referrer !== undefined && row.referrer === row.receiver ? 'REFERRER_IS_RECEIVER' : undefined));
export const guardianApart = guard<ReferralFacts>('SG6', 'guardianIsNeitherReferrerNorReceiver', ({ row, context }) => {
  const isGuardians = (organisation: string | undefined): boolean => organisation !== undefined && (context?.guardian?.guardianOrganisation?.test((o) => o === organisation) ?? false);
  return isGuardians(row.receiver) ? 'GUARDIAN_IS_RECEIVER' : isGuardians(row.referrer) ? 'GUARDIAN_IS_REFERRER' : undefined;
}, { sensitive: true });

/** UNHCR-C. */
export const notHeld = guard<ReferralFacts>('SG7', 'noHoldForbidsThisReceiver', ({ context, holds: placed = [], receiverKnown, ownerKnown }) => {
  const held = heldClassOf(receiverKnown, context?.case.person, ownerKnown?.country);
  return held && placed.some((h) => holds(h, held)) ? 'HOLD' : undefined;
}, { sensitive: true });

/** SAFE: several shelters are asked by an anonymous bed request, never by several referrals. The database keeps it too. */
export const onlyOne = guard<ReferralFacts>('SG8', 'oneOpenReferralForServiceAndReceiver', ({ hasTwin }) => (hasTwin ? 'ONE_OPEN_REFERRAL' : undefined), { sensitive: true });

/** U4: a named ground, and why; abuse of a child only for a child. That she may be a victim is no ground (U5): it is not in the list. */
export const overrideGrounded = guard<ReferralFacts>('U4', 'overrideHasItsGround', ({ body }) => {
  if (!body['override']) return body['overrideReason'] === undefined ? undefined : 'OVERRIDE_GROUND_MISSING';
  return body['overrideReason'] ? undefined : 'OVERRIDE_REASON_MISSING';
}, { onBody: true });
export const groundFits = guard<ReferralFacts>('U4', 'abuseOfAChildIsOfAChild', ({ body, context }) =>
  ((body['override'] as ReferralRow['override'])?.test((g) => g === 'CHILD_ABUSE') && !context?.isChild ? 'NOT_A_CHILD' : undefined), { onBody: true, sensitive: true });
export const somethingLeftToSend = guard<ReferralFacts>('SG4', 'somethingMayBeDisclosed', (f) => ((overrideOf(f) || carryingConsent(f)) && disclosedFields(f).length === 0 ? 'NOTHING_TO_DISCLOSE' : undefined), { sensitive: true });

import { codeList } from '@footbridge/privacy';
import type { Service } from './services.js';

/** One record each (reference 2.1.1). IOM-DP 2, 5. */
export const ConsentPurpose = codeList('ConsentPurpose', [
  'ASSISTANCE', 'REFERRAL_DISCLOSURE', 'SHELTER_PLACEMENT', 'CASE_TRANSFER', 'RETURN_ARRANGEMENT', 'ORIGIN_OFFICE_DISCLOSURE', 'EMBASSY_CONTACT',
  'FAMILY_CONTACT', 'LAW_ENFORCEMENT_DISCLOSURE', 'MEDICAL_DISCLOSURE', 'LEGAL_REPRESENTATION', 'ASYLUM_REFERRAL', 'MEDIA_INTERVIEW',
  'FOLLOW_UP_CONTACT', 'ANONYMISED_STATISTICS', 'RESEARCH',
], 'special');
export type ConsentPurpose = (typeof ConsentPurpose.values)[number];

export const ConsentCategory = codeList('ConsentCategory', [
  'IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'HEALTH', 'EXPLOITATION', 'FAMILY', 'DOCUMENTS', 'TRAVEL', 'LEGAL', 'RISK_MITIGATION',
]);
export type ConsentCategory = (typeof ConsentCategory.values)[number];

export const ConsentMedium = codeList('ConsentMedium', ['oral', 'written', 'electronic']);
export type ConsentMedium = (typeof ConsentMedium.values)[number];

/** Why the data may be processed at all, which is not the same as consent to a disclosure (reference 2.1.1). GDPR 6. */
export const LegalBasis = codeList('LegalBasis', ['CONSENT', 'CONTRACT', 'LEGAL_OBLIGATION', 'VITAL_INTERESTS', 'PUBLIC_TASK', 'LEGITIMATE_INTERESTS']);
export type LegalBasis = (typeof LegalBasis.values)[number];

/** GDPR 9(2). */
export const SpecialCategoryBasis = codeList('SpecialCategoryBasis', ['EXPLICIT_CONSENT', 'SOCIAL_PROTECTION', 'VITAL_INTERESTS', 'NON_PROFIT_BODY', 'LEGAL_CLAIMS', 'SUBSTANTIAL_PUBLIC_INTEREST', 'HEALTH_CARE']);
export type SpecialCategoryBasis = (typeof SpecialCategoryBasis.values)[number];

/** Why a recipient keeps what was recalled (W5; GDPR 17(3)). */
export const RetentionGround = codeList('RetentionGround', ['LEGAL_OBLIGATION', 'LEGAL_CLAIMS', 'VITAL_PROTECTION', 'PUBLIC_HEALTH']);
export type RetentionGround = (typeof RetentionGround.values)[number];

/** Why a child's views are not recorded (M6). */
export const ViewsMissing = codeList('ViewsMissing', ['TOO_YOUNG', 'NOT_ABLE_NOW', 'DID_NOT_WANT_TO_SAY'], 'special');
export type ViewsMissing = (typeof ViewsMissing.values)[number];

/** How somebody who acts for the person was told what she wants (decisions 4). */
export const BehalfMedium = codeList('BehalfMedium', ['in_person', 'phone', 'written']);
export type BehalfMedium = (typeof BehalfMedium.values)[number];

export interface PurposeRule {
  /** Which other services guard on a consent for it. Empty: its events never reach a broker (decisions 13). */
  readonly guardedBy: readonly Service[];
  /** A disclosure names exactly one recipient organisation; other consents may name none (decisions 12). */
  readonly recipient: 'one' | 'none' | 'may';
  /** Nothing beyond these categories, whatever was agreed to. */
  readonly atMost?: readonly ConsentCategory[];
  /** The nearest purpose of the W3C Data Privacy Vocabulary 2. */
  readonly dpv: `https://w3id.org/dpv#${string}`;
}

const dpv = <T extends string>(term: T): `https://w3id.org/dpv#${T}` => `https://w3id.org/dpv#${term}`;

/**
 * `notifications` guards on every purpose under which directed events go out: it asks again at each delivery attempt.
 * ASYLUM_REFERRAL, LEGAL_REPRESENTATION, MEDICAL_DISCLOSURE and MEDIA_INTERVIEW stay in `referrals` for good (decisions 13).
 */
export const purposes: Readonly<Record<ConsentPurpose, PurposeRule>> = {
  ASSISTANCE: { guardedBy: [], recipient: 'none', dpv: dpv('ServiceProvision') },
  REFERRAL_DISCLOSURE: { guardedBy: ['notifications', 'reintegration'], recipient: 'one', dpv: dpv('RequestedServiceProvision') },
  SHELTER_PLACEMENT: { guardedBy: ['shelters'], recipient: 'one', dpv: dpv('RequestedServiceProvision') },
  CASE_TRANSFER: { guardedBy: [], recipient: 'one', dpv: dpv('RequestedServiceProvision') },
  RETURN_ARRANGEMENT: { guardedBy: ['returns'], recipient: 'one', dpv: dpv('RequestedServiceProvision') },
  ORIGIN_OFFICE_DISCLOSURE: { guardedBy: ['returns', 'notifications'], recipient: 'one', atMost: ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'TRAVEL', 'RISK_MITIGATION'], dpv: dpv('RequestedServiceProvision') },
  EMBASSY_CONTACT: { guardedBy: ['returns'], recipient: 'one', atMost: ['IDENTITY', 'DOCUMENTS'], dpv: dpv('IdentityVerification') },
  FAMILY_CONTACT: { guardedBy: ['returns'], recipient: 'one', atMost: ['IDENTITY', 'FAMILY'], dpv: dpv('CommunicationManagement') },
  LAW_ENFORCEMENT_DISCLOSURE: { guardedBy: [], recipient: 'one', dpv: dpv('ProtectionOfPublicSecurity') },
  MEDICAL_DISCLOSURE: { guardedBy: [], recipient: 'one', dpv: dpv('RequestedServiceProvision') },
  LEGAL_REPRESENTATION: { guardedBy: [], recipient: 'one', dpv: dpv('RightsFulfillment') },
  ASYLUM_REFERRAL: { guardedBy: [], recipient: 'one', dpv: dpv('RightsFulfillment') },
  MEDIA_INTERVIEW: { guardedBy: [], recipient: 'may', dpv: dpv('PublicRelations') },
  FOLLOW_UP_CONTACT: { guardedBy: ['reintegration', 'notifications'], recipient: 'one', dpv: dpv('CommunicationManagement') },
  ANONYMISED_STATISTICS: { guardedBy: [], recipient: 'none', dpv: dpv('ProvideOfficialStatistics') },
  RESEARCH: { guardedBy: [], recipient: 'may', dpv: dpv('NonCommercialResearch') },
};

/** The purposes that a consent event on a broker may name; the gate refuses any other. */
export const GuardedPurpose = codeList('GuardedPurpose', [
  'REFERRAL_DISCLOSURE', 'SHELTER_PLACEMENT', 'RETURN_ARRANGEMENT', 'ORIGIN_OFFICE_DISCLOSURE', 'EMBASSY_CONTACT', 'FAMILY_CONTACT', 'FOLLOW_UP_CONTACT',
]);
export type GuardedPurpose = (typeof GuardedPurpose.values)[number];
export const isGuarded = (purpose: unknown): purpose is GuardedPurpose => GuardedPurpose.values.some((guarded) => guarded === purpose);

/** The nearest category of personal data in DPV-PD; `SensitivePersonalData` of DPV where it has none. */
export const categoryInDpv: Readonly<Record<ConsentCategory, `https://w3id.org/dpv${'' | '/pd'}#${string}`>> = {
  IDENTITY: 'https://w3id.org/dpv/pd#Identifying',
  CONTACT: 'https://w3id.org/dpv/pd#Contact',
  AGE_GENDER_LANGUAGE: 'https://w3id.org/dpv/pd#Demographic',
  NEEDS: dpv('SensitivePersonalData'),
  HEALTH: 'https://w3id.org/dpv/pd#MedicalHealth',
  EXPLOITATION: 'https://w3id.org/dpv/pd#LifeHistory',
  FAMILY: 'https://w3id.org/dpv/pd#Family',
  DOCUMENTS: 'https://w3id.org/dpv/pd#OfficialID',
  TRAVEL: 'https://w3id.org/dpv/pd#Location',
  LEGAL: dpv('SensitivePersonalData'),
  RISK_MITIGATION: dpv('SensitivePersonalData'),
};

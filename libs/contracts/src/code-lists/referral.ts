import { codeList } from '@footbridge/privacy';
import type { ConsentCategory } from './consent.js';

/** The words of the inter-agency form (IAF), always shown with their hours: 24 h, 72 h, 14 days. */
export const Priority = codeList('Priority', ['EMERGENCY', 'URGENT', 'NORMAL']);
export type Priority = (typeof Priority.values)[number];

export const ServiceType = codeList('ServiceType', [
  'shelter', 'psychosocial', 'health', 'legal', 'child-protection', 'family-tracing', 'safety', 'basic-needs', 'cash', 'livelihood', 'education',
  'interpretation', 'asylum', 'return', 'reintegration',
]);
export type ServiceType = (typeof ServiceType.values)[number];

/** Left out of events, because the type itself tells something about the person: the receiver fetches it (decisions 16). */
export const fetchedServiceTypes = ['asylum', 'legal', 'health', 'psychosocial'] as const satisfies readonly ServiceType[];
/** These two say that she is a child, and are left out as well; the released events could carry them. */
const tellOfAChild: readonly ServiceType[] = ['child-protection', 'family-tracing'];
const isSaid = (type: ServiceType): type is Exclude<ServiceType, (typeof fetchedServiceTypes)[number]> => !fetchedServiceTypes.some((fetched) => fetched === type);
export const SaidServiceType = codeList('SaidServiceType', ServiceType.values.filter(isSaid));
export type SaidServiceType = (typeof SaidServiceType.values)[number];
/** What an event says of a referral's service. */
export const saidServiceType = (type: ServiceType | undefined): SaidServiceType | undefined => (type !== undefined && isSaid(type) && !tellOfAChild.includes(type) ? type : undefined);

/**
 * What a receiver may get at most for a service, if the person agreed to it (DP-6, SG4; IOM-DP 3).
 * Family tracing, education and livelihood never carry what happened to the person (M10, reference 2.4.2).
 */
export const minimumDataset: Readonly<Record<ServiceType, readonly ConsentCategory[]>> = {
  'shelter': ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'],
  'psychosocial': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'],
  'health': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'HEALTH', 'EXPLOITATION'],
  'legal': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'EXPLOITATION', 'DOCUMENTS', 'LEGAL'],
  'child-protection': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'FAMILY', 'RISK_MITIGATION'],
  'family-tracing': ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'FAMILY'],
  'safety': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'RISK_MITIGATION'],
  'basic-needs': ['CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'],
  'cash': ['IDENTITY', 'CONTACT', 'NEEDS'],
  'livelihood': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'],
  'education': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'],
  'interpretation': ['AGE_GENDER_LANGUAGE'],
  'asylum': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'DOCUMENTS', 'LEGAL'],
  'return': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'DOCUMENTS', 'TRAVEL', 'RISK_MITIGATION'],
  'reintegration': ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'],
};

/** All that others than the owner learn when something stops; the true reason stays with the owner (reference 2.0). */
export const NeutralReason = codeList('NeutralReason', ['CAPACITY', 'CRITERIA', 'SERVICE_UNAVAILABLE', 'PERSON_CHOICE', 'NOT_REACHABLE', 'SUPERSEDED', 'ADMINISTRATIVE']);
export type NeutralReason = (typeof NeutralReason.values)[number];

/** Suspended, resumed, withdrawn: never that consent, asylum, risk or police is the cause (reference 2.1.4). */
export const PauseReason = codeList('PauseReason', ['PERSON_CHOICE', 'ADMINISTRATIVE']);
export type PauseReason = (typeof PauseReason.values)[number];

/** The origin side learns no other reason, so that a hold looks like a change of mind (A7). */
export const CancelReason = codeList('CancelReason', ['PERSON_CHOICE']);
export type CancelReason = (typeof CancelReason.values)[number];

/** Told through the API, never in an event (decisions 11, reference 2.1.4). */
export const ReferralOutcome = codeList('ReferralOutcome', ['PROVIDED', 'PARTLY_PROVIDED', 'NOT_PROVIDED', 'PERSON_DECLINED', 'REFERRED_ON'], 'quasi');
export type ReferralOutcome = (typeof ReferralOutcome.values)[number];

/** HTCDS `cas_ReasonForIncomingReferral` and `cas_ReasonForOutgoingReferral`; the last three are ours. */
export const ReasonForReferral = codeList('ReasonForReferral', [
  'AdditionalServicesRequired', 'MigrationOrChangeOfLocation', 'Other', 'CapacityAtReferrer', 'SafetyRelocation', 'ReturnAndReintegration',
]);
export type ReasonForReferral = (typeof ReasonForReferral.values)[number];

import { codeList } from '@footbridge/privacy';

/** HTCDS `org_Type`; the last three are ours. */
export const OrganisationType = codeList('OrganisationType', [
  'NGO', 'LawEnforcement', 'HealthServiceOrganisation', 'CentralGovernmentOrganisation', 'LocalGovernmentOrganisation', 'ImmigrationService',
  'LegalService', 'CorporateBusiness', 'SchoolOrCollege', 'InternationalOrganisation', 'Embassy', 'Media',
]);
export type OrganisationType = (typeof OrganisationType.values)[number];

/** These never own a case: they name the organisation that does (decisions 3). */
export const neverOwnsCases: readonly OrganisationType[] = ['LawEnforcement', 'Embassy'];

export const AgreementState = codeList('AgreementState', ['signed', 'ended']);
export type AgreementState = (typeof AgreementState.values)[number];

export const KeyRotationState = codeList('KeyRotationState', ['rotated', 'old_destroyed']);
export type KeyRotationState = (typeof KeyRotationState.values)[number];
export const PanicLockState = codeList('PanicLockState', ['locked', 'unlocked']);
export type PanicLockState = (typeof PanicLockState.values)[number];

/** Where a two-person step stands (decisions 6). */
export const ApprovalState = codeList('ApprovalState', ['pending', 'approved', 'refused', 'expired']);
export type ApprovalState = (typeof ApprovalState.values)[number];

import { codeList } from '@footbridge/privacy';

/** What a person may ask for about her data. GDPR 15, 16, 17, 18, 21; DP-9 to DP-13, DP-27. An objection is to statistics. */
export const RightsKind = codeList('RightsKind', ['ACCESS', 'RECTIFICATION', 'ERASURE', 'RESTRICTION', 'OBJECTION']);
export type RightsKind = (typeof RightsKind.values)[number];

export const RightsRequestState = codeList('RightsRequestState', ['received', 'granted', 'partly_granted', 'request_refused', 'request_withdrawn', 'ended']);
export type RightsRequestState = (typeof RightsRequestState.values)[number];

/** Why an answer takes longer than a month. GDPR 12(3) knows no other reason. */
export const ExtensionReason = codeList('ExtensionReason', ['COMPLEXITY', 'NUMBER_OF_REQUESTS']);
export type ExtensionReason = (typeof ExtensionReason.values)[number];

/** Why a request is refused, or not granted in full: each is told to her. GDPR 12(5), 15(4), 17(3), 18(2). */
export const RightsGround = codeList('RightsGround', ['LEGAL_OBLIGATION', 'LEGAL_CLAIMS', 'VITAL_PROTECTION_OF_CHILD', 'RIGHTS_OF_OTHERS', 'IDENTITY_NOT_ESTABLISHED', 'MANIFESTLY_UNFOUNDED', 'NOT_INACCURATE']);
export type RightsGround = (typeof RightsGround.values)[number];

/** What an erasure does not remove (DP-10). The proof that it was done is always one of them. */
export const ErasureException = codeList('ErasureException', ['AUDIT_PROOF', 'LEGAL_OBLIGATION', 'LEGAL_CLAIMS', 'VITAL_PROTECTION_OF_CHILD']);
export type ErasureException = (typeof ErasureException.values)[number];

/** Why data is kept beyond its time (DP-20). */
export const LegalHoldGround = codeList('LegalHoldGround', ['LEGAL_OBLIGATION', 'LEGAL_CLAIMS', 'VITAL_PROTECTION_OF_CHILD'], 'special');
export type LegalHoldGround = (typeof LegalHoldGround.values)[number];

export const LegalHoldState = codeList('LegalHoldState', ['standing', 'hold_ended']);
export type LegalHoldState = (typeof LegalHoldState.values)[number];

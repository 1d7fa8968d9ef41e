import type { LegalBasis, SpecialCategoryBasis } from '@footbridge/contracts';

/** On what ground an organisation keeps a case, where the worker names none (DP-3; GDPR 6, 9). Consent is asked for disclosures, never as the price of help. */
export function basisOf(ownersType: string | undefined): { readonly legalBasis: LegalBasis; readonly specialCategoryBasis: SpecialCategoryBasis } {
  const isPublic = ownersType === 'CentralGovernmentOrganisation' || ownersType === 'LocalGovernmentOrganisation';
  return { legalBasis: isPublic ? 'PUBLIC_TASK' : 'LEGITIMATE_INTERESTS', specialCategoryBasis: isPublic ? 'SOCIAL_PROTECTION' : 'SUBSTANTIAL_PUBLIC_INTEREST' };
}

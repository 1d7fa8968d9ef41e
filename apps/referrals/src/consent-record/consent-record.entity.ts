import { ConsentCategory, ConsentMedium, ConsentPurpose, LegalBasis, SpecialCategoryBasis, ViewsMissing } from '@footbridge/contracts';
import { operational, special, type RowOf } from '@footbridge/lifecycle';

/** One record names one purpose and at most one recipient (decisions 12). Once given its terms never change (PS). */
export const consentFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  purpose: operational.code(ConsentPurpose, { shown: 'parties' }),
  recipient: operational.ref({ shown: 'parties' }),
  categories: operational.codes(ConsentCategory, { shown: 'parties' }),
  noticeVersion: operational.text(),
  language: operational.text(),
  interpreter: operational.boolean(),
  medium: operational.code(ConsentMedium),
  /** Needed for an oral consent. */
  witness: operational.ref(),
  /** Valid up to and including this day. */
  validUntil: operational.day({ shown: 'parties' }),
  /** Lawful basis of processing, which is not the same as this consent (reference 2.1.1). */
  legalBasis: operational.code(LegalBasis),
  specialCategoryBasis: operational.code(SpecialCategoryBasis),
  requestedBy: operational.ref(),
  givenAt: operational.instant(),
  endedAt: operational.instant(),
  /** PERSON or GUARDIAN. */
  givenBy: special.text(),
  guardianAppointmentId: operational.uuid({ shown: 'nobody' }),
  childAgrees: special.boolean(),
  childWords: special.text(),
  viewsMissing: special.code(ViewsMissing),
  bestInterestsAssessed: special.boolean(),
  /** Of the owner, over the terms and the state. */
  signature: operational.text({ shown: 'nobody' }),
  signedWith: operational.text({ shown: 'nobody' }),
};
export type ConsentRow = RowOf<typeof consentFields>;

import { codeList } from '@footbridge/privacy';

/** HTCDS `prs_Gender`. */
export const Gender = codeList('Gender', ['Feminine', 'Masculine', 'TransgenderFeminine', 'TransgenderMasculine', 'NonConforming', 'NonSpecifiedUnknown'], 'quasi');
export type Gender = (typeof Gender.values)[number];

/** The nine bands of CTDC. */
export const AgeBand = codeList('AgeBand', ['0-8', '9-17', '18-20', '21-23', '24-26', '27-29', '30-38', '39-47', '48+'], 'quasi');
export type AgeBand = (typeof AgeBand.values)[number];

/** How sure a birth date is. COE 10(3). */
export const BirthDateCertainty = codeList('BirthDateCertainty', ['documented', 'stated', 'estimated', 'unknown'], 'quasi');
export type BirthDateCertainty = (typeof BirthDateCertainty.values)[number];

/** What the worker thinks where no birth date is known; all but `adult` is treated as a child (M1). */
export const AgeBelief = codeList('AgeBelief', ['child', 'adult', 'unsure'], 'special');
export type AgeBelief = (typeof AgeBelief.values)[number];

/** HTCDS `prs_MaritalStatus`. */
export const MaritalStatus = codeList('MaritalStatus', ['Single', 'Married', 'Widowed', 'Divorced', 'Separated', 'RegisteredPartnership'], 'quasi');
export type MaritalStatus = (typeof MaritalStatus.values)[number];

/** HTCDS `prs_HighestLevelOfEducation` (ISCED). */
export const Education = codeList('Education', [
  'EarlyChildhoodEducation', 'PrimaryEducation', 'LowerSecondaryEducation', 'UpperSecondaryEducation', 'PostSecondaryNonTertiaryEducation',
  'ShortCycleTertiaryEducation', 'BachelorsOrEquivalentLevel', 'MastersOrEquivalentLevel', 'DoctoralOrEquivalentLevel',
], 'quasi');
export type Education = (typeof Education.values)[number];

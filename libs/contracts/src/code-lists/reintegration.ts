import { codeList } from '@footbridge/privacy';

/** RHB 2.3. */
export const PlanDimension = codeList('PlanDimension', ['economic', 'social', 'psychosocial']);
export type PlanDimension = (typeof PlanDimension.values)[number];

/** HTCDS `spl_Type`. Class `special`: two of the values tell what happened to the person. */
export const ComponentType = codeList('ComponentType', [
  'Education', 'Financial', 'Health', 'LabourExploitationRehabilitation', 'Legal', 'Livelihood', 'RightsBasedTraining', 'SexualExploitationRehabilitation', 'SocialCare',
], 'special');
export type ComponentType = (typeof ComponentType.values)[number];

import { readFileSync } from 'node:fs';
import type { ColumnRule } from './column-rule.js';

/** Human Trafficking Case Data Standard 2.0 by IOM (CC BY 4.0). Its code lists are in @footbridge/contracts. */
const standard: { readonly fields: readonly { readonly field: string }[] } = JSON.parse(readFileSync(new URL('./htcds-2.0-fields.json', import.meta.url), 'utf8'));

const noPlace = { leftOut: 'a case has no field for it' } as const;
const event = { leftOut: 'belongs to an event or a plan; record it in the case' } as const;

/** What is taken over. Every other HTCDS field is known too, and named as left out. */
const taken: Readonly<Record<string, ColumnRule>> = {
  prs_FirstName: { field: 'person.givenName' },
  prs_MiddleName: { field: 'person.givenName' },
  prs_SecondName: { field: 'person.familyName' },
  prs_Birthdate: { field: 'person.birthDate' },
  prs_Gender: { field: 'person.gender' },
  prs_MaritalStatus: { field: 'person.maritalStatus' },
  prs_NumberOfChildren: { field: 'person.childrenCount' },
  prs_PrimaryLanguage: { field: 'person.languages' },
  prs_SecondaryLanguage: { field: 'person.languages' },
  prs_HighestLevelOfEducation: { field: 'person.education' },
  prs_Citizenship: { field: 'person.citizenships' },
  prs_IdentityNumber: { field: 'person.identityNumber' },
  prs_MobilePhone: { field: 'person.phone' },
  vic_TraffickingStatus: { field: 'trafficking.status' },
  vic_TraffickingStatusDecisionMakingOrg: { field: 'trafficking.decisionOrg' },
  vic_RelationshipToTrafficker: { field: 'trafficking.relationshipToTrafficker' },
  vic_MethodOfRecruitment: { field: 'trafficking.recruitment' },
  vic_MethodsOfControl: { field: 'trafficking.methodsOfControl' },
  vic_TypeOfExploitation: { field: 'trafficking.typesOfExploitation' },
  vic_ForcedLabourIndustry: { field: 'trafficking.industry' },
  vic_TypeOfSexExploitation: { field: 'trafficking.typesOfSexExploitation' },
  cas_Status: { field: 'state' },
};

const leftOut: Readonly<Record<string, ColumnRule>> = {
  prs_HomePhone: { leftOut: 'somebody else may answer a home phone; map it to person.phone where it is safe' },
  con_Consent: { leftOut: 'a tick is no consent record; record the consents in the case' },
  vic_AgreementToManagePersonalData: { leftOut: 'a tick is no consent record; record the consents in the case' },
  cas_IncomingReferralDate: { leftOut: 'map it to openedAt where the case began on that day' },
  cas_CaseOwner: { leftOut: 'the case belongs to the account that imports it' },
};

export const htcdsColumns: ReadonlyMap<string, ColumnRule> = new Map(standard.fields.map(({ field }): [string, ColumnRule] => [
  field.trim(), taken[field] ?? leftOut[field] ?? (/^(hte|spl|cco)_/.test(field) ? event : noPlace),
]).filter(([name]) => name !== ''));

import { disclosedOf } from '@footbridge/lifecycle';
import { defineDisclosure } from '@footbridge/privacy';
import { PersonDetailsBody } from '../case/case.dto.js';
import { HealthBody, PersonBody, TraffickingBody } from '../case/person.dto.js';
import { FindingsBody } from '../risk-assessment/risk-assessment.dto.js';
import { NeedsBody } from './referral.dto.js';

const operational = { class: 'operational', categories: [] } as const;
const [common, family, papers, needs, happened, health] = [['AGE_GENDER_LANGUAGE'], ['FAMILY'], ['DOCUMENTS'], ['NEEDS'], ['EXPLOITATION'], ['HEALTH']] as const;

/**
 * What a receiver may ever be told in an answer, and what she must have agreed to for it (reference 2.1.2, 2.7). Who she is, how she is
 * reached and the numbers of her papers are not here: they leave in an envelope (decisions 20; `POST /v1/referrals/{id}/disclosure`).
 */
export const needsDisclosure = defineDisclosure({
  name: 'needs',
  members: {
    referral: operational, categories: operational, serviceType: operational,
    person: { categories: [], members: disclosedOf(PersonBody, {
      ageBand: common, gender: common, languages: common, interpreterNeeded: common, maritalStatus: family, childrenCount: family, citizenships: papers,
    }) },
    needs: { categories: needs, members: disclosedOf(NeedsBody, { childUnitNeeded: needs, interpreterLanguage: needs, accessNeeds: needs, partySize: needs, reason: needs }) },
    trafficking: { categories: happened, members: disclosedOf(TraffickingBody, {
      status: happened, decisionOrg: happened, decidedOn: happened, typesOfExploitation: happened, typesOfSexExploitation: happened, methodsOfControl: happened, recruitment: happened, industry: happened, relationshipToTrafficker: happened, locations: happened,
    }) },
    services: disclosedOf(PersonDetailsBody, { needs }).needs,
    health: { categories: health, members: disclosedOf(HealthBody, { disability: health, conditions: health, pregnancy: health, medication: health }) },
    riskMitigation: disclosedOf(FindingsBody, { plan: ['RISK_MITIGATION'] }).plan,
    generalised: operational,
  },
});

import type { DisclosureDef } from '@footbridge/privacy';

/** Free text is hers, and holds what she wants known: numbers in it are no forms of ours, but her name is looked for (`disclosing`). */
const words = { categories: [], identifies: true } as const;
const open = { categories: [] } as const;
const names = { categories: ['IDENTITY'], identifies: true } as const;
const reach = { categories: ['CONTACT'], identifies: true } as const;
const papers = { categories: ['DOCUMENTS'], identifies: true } as const;
const common = { categories: ['AGE_GENDER_LANGUAGE'] } as const;
const family = { categories: ['FAMILY'] } as const;

/** What a receiver may ever be told, and what she must have agreed to for it (reference 2.1.2, 2.7). */
export const needsDisclosure: DisclosureDef = {
  name: 'needs',
  members: {
    referral: open, categories: open, serviceType: open,
    person: { categories: [], members: {
      givenName: names, familyName: names, chosenName: names, aliases: names, birthDate: names, birthDateCertainty: { categories: ['IDENTITY'] }, phone: reach, safeContact: reach,
      ageBand: common, gender: common, languages: common, interpreterNeeded: common, maritalStatus: family, childrenCount: family, citizenships: { categories: ['DOCUMENTS'] }, identityNumber: papers, travelDocumentNumber: papers,
    } },
    needs: { categories: ['NEEDS'], members: { childUnitNeeded: open, interpreterLanguage: open, accessNeeds: open, partySize: open, reason: words } },
    // codes, and a day that looks like a number
    trafficking: { categories: ['EXPLOITATION'], identifies: true },
    services: { categories: ['NEEDS'] },
    health: { categories: ['HEALTH'], members: { disability: words, conditions: words, pregnancy: open, medication: words } },
    riskMitigation: { categories: ['RISK_MITIGATION'], identifies: true },
    generalised: open,
  },
};

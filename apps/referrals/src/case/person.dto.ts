import { AgeBand, BirthDateCertainty, DecisionOrg, Education, ForcedLabourIndustry, Gender, MaritalStatus, MethodOfRecruitment, MethodsOfControl, RelationshipToTrafficker, TraffickingStatus, TypeOfExploitation, TypeOfSexExploitation } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

const direct = { class: 'direct', optional: true } as const;
const quasi = { class: 'quasi', optional: true } as const;
const special = { class: 'special', optional: true } as const;

/** How and when she may be reached without danger. WHO 5. */
export class SafeContactBody {
  @is.phone(direct) phone?: string;
  @is.text({ ...direct, example: 'mornings' }) when?: string;
  @is.text({ ...direct, example: 'call, do not write' }) how?: string;
  @is.text({ ...direct, example: 'the blue umbrella' }) codeWord?: string;
  @is.boolean(direct) leaveMessage?: boolean;
}

/** A person as the reference lists her (2.1.2). Everything may be missing: a case can be opened without a name (U2). */
export class PersonBody {
  @is.text({ ...direct, example: 'Arta' }) givenName?: string;
  @is.text({ ...direct, example: 'Example' }) familyName?: string;
  @is.text({ ...direct, example: 'Ari' }) chosenName?: string;
  @is.patterns(/^[^\p{C}]{1,200}$/u, 'names of 1 to 200 characters', 'A. Example', direct) aliases?: string[];
  @is.day({ ...direct, example: '1998-02-01' }) birthDate?: string;
  @is.code(BirthDateCertainty, quasi) birthDateCertainty?: BirthDateCertainty;
  @is.code(AgeBand, { ...quasi, example: '27-29' }) ageBand?: AgeBand;
  @is.code(Gender, quasi) gender?: Gender;
  @is.countries(quasi) citizenships?: string[];
  @is.languages(quasi) languages?: string[];
  @is.boolean({ ...quasi, example: false }) interpreterNeeded?: boolean;
  @is.code(Education, quasi) education?: Education;
  @is.code(MaritalStatus, quasi) maritalStatus?: MaritalStatus;
  @is.integer({ ...quasi, max: 50 }) childrenCount?: number;
  @is.text({ ...direct, max: 100, example: 'X0000000' }) identityNumber?: string;
  @is.text({ ...direct, max: 100, example: 'P0000000' }) travelDocumentNumber?: string;
  @is.phone(direct) phone?: string;
  @is.nested(() => SafeContactBody, direct) safeContact?: SafeContactBody;
}
export type Person = Readonly<PersonBody>;

/** What happened, in HTCDS's words. Never leaves the owner but to a lawyer or a clinician with consent (reference 2.1.2). */
export class TraffickingBody {
  @is.code(TraffickingStatus, special) status?: TraffickingStatus;
  @is.code(DecisionOrg, special) decisionOrg?: DecisionOrg;
  @is.day({ ...special, example: '2026-05-24' }) decidedOn?: string;
  @is.codes(TypeOfExploitation, special) typesOfExploitation?: TypeOfExploitation[];
  @is.codes(TypeOfSexExploitation, special) typesOfSexExploitation?: TypeOfSexExploitation[];
  @is.codes(MethodsOfControl, special) methodsOfControl?: MethodsOfControl[];
  @is.codes(MethodOfRecruitment, special) recruitment?: MethodOfRecruitment[];
  @is.codes(ForcedLabourIndustry, special) industry?: ForcedLabourIndustry[];
  @is.code(RelationshipToTrafficker, special) relationshipToTrafficker?: RelationshipToTrafficker;
  @is.countries(special) locations?: string[];
  @is.text({ ...special, max: 20_000 }) narrative?: string;
}
export type Trafficking = Readonly<TraffickingBody>;

/** For clinicians with consent `MEDICAL_DISCLOSURE` or a health referral. GDPR 9. */
export class HealthBody {
  @is.text({ ...special, max: 2_000 }) disability?: string;
  @is.text({ ...special, max: 5_000 }) conditions?: string;
  @is.boolean({ ...special, example: false }) pregnancy?: boolean;
  @is.text({ ...special, max: 2_000 }) medication?: string;
}
export type Health = Readonly<HealthBody>;

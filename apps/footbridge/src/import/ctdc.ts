import type { ColumnRule, TakenColumn } from './column-rule.js';
import type { FieldName } from './field.js';

/**
 * Counter-Trafficking Data Collaborative: the names of the global dataset before 2024 (`majorityStatus`, `meansOfControl…`) and of the
 * codebook of 2024 (`means…`). Its three ways to say "missing" are `-99`, empty, and `0` in a text column; countries have `00` too.
 */
const MISSING = ['-99', '-99.0', '0', '0.0', '00', 'missing', 'unknown'];

const column = (field: TakenColumn['field'], values?: TakenColumn['values']): ColumnRule => ({ field, missing: MISSING, ...(values ? { values } : {}) });
/** A column that is 1 where it is so, and 0, -99 or empty where it is not or is not known. */
const flag = (field: FieldName, code: string | readonly string[]): ColumnRule => column(field, { 1: code, '1.0': code });
const control = (code: string): ColumnRule => flag('trafficking.methodsOfControl', code);
const exploitation = (code: string | readonly string[]): ColumnRule => flag('trafficking.typesOfExploitation', code);
const industry = (code: string): ColumnRule => flag('trafficking.industry', code);
const sex = (code: string): ColumnRule => flag('trafficking.typesOfSexExploitation', code);

const retold = { leftOut: 'says again what other columns say' } as const;
const recruiter = { leftOut: 'the recruiter is not always the trafficker; map it to trafficking.relationshipToTrafficker where it is so' } as const;
const merged = { leftOut: 'merges several means of control that a case keeps apart; map it to trafficking.methodsOfControl to choose one' } as const;
const unspecified = { leftOut: 'names no code' } as const;
const otherTime = { leftOut: 'tells the age at another time' } as const;
const noField = { leftOut: 'a case has no field for it' } as const;

const names: Readonly<Record<string, ColumnRule>> = {
  yearOfRegistration: { field: 'openedAt', missing: MISSING, dateFormat: 'YYYY' },
  Datasource: noField,
  gender: column('person.gender', {
    Man: 'Masculine', Male: 'Masculine', Woman: 'Feminine', Female: 'Feminine',
    'Trans/Transgender/NonConforming': 'NonConforming', 'Transgender/NonConforming': 'NonConforming', Transgender: 'NonConforming',
  }),
  ageBroad: column('person.ageBand'),
  majorityStatus: column('ageBelief', { Minor: 'child', Adult: 'adult' }),
  majorityStatusAtExploit: otherTime,
  majorityEntry: otherTime,
  citizenship: column('person.citizenships'),
  CountryOfExploitation: column('trafficking.locations'),
  traffickMonths: noField,

  meansOfControlDebtBondage: control('DebtBondage'),
  meansOfControlTakesEarnings: control('TakesEarnings'),
  meansOfControlRestrictsFinancialAccess: control('RestrictsFinancialAccess'),
  meansOfControlThreats: control('PhysicalThreats'),
  meansOfControlPsychologicalAbuse: control('PsychologicalAbuse'),
  meansOfControlPhysicalAbuse: control('PhysicalAbuse'),
  meansOfControlSexualAbuse: control('SexualAbuse'),
  meansOfControlFalsePromises: control('FalsePromises'),
  meansOfControlPsychoactiveSubstances: control('PsychoactiveSubstance'),
  meansOfControlRestrictsMovement: control('RestrictsMovement'),
  meansOfControlRestrictsMedicalCare: control('RestrictsMedicalCare'),
  meansOfControlExcessiveWorkingHours: control('ExcessiveWorkingHours'),
  meansOfControlUsesChildren: control('UsesChildren'),
  meansOfControlThreatOfLawEnforcement: control('ThreatsLawEnforcement'),
  meansOfControlWithholdsNecessities: control('WithholdsNecessities'),
  meansOfControlWithholdsDocuments: control('WithholdsDocuments'),
  meansOfControlOther: control('Other'),
  meansOfControlNotSpecified: unspecified,
  meansOfControlConcatenated: retold,

  meansDebtBondageEarnings: merged,
  meansThreats: merged,
  meansAbusePsyPhySex: merged,
  meansFalsePromises: control('FalsePromises'),
  meansDrugsAlcohol: control('PsychoactiveSubstance'),
  meansDenyBasicNeeds: merged,
  meansExcessiveWorkHours: control('ExcessiveWorkingHours'),
  meansWithholdDocs: control('WithholdsDocuments'),

  isForcedLabour: exploitation('ForcedLabour'),
  isSexualExploit: exploitation('SexualExploitation'),
  isOtherExploit: exploitation('Other'),
  isSexAndLabour: exploitation(['ForcedLabour', 'SexualExploitation']),
  isForcedMarriage: exploitation('ForcedMarriage'),
  isForcedMilitary: exploitation('ForcedMilitaryByNonStateActors'),
  isOrganRemoval: exploitation('OrganRemoval'),
  isSlaveryAndPractices: exploitation('Servitude'),
  isAbduction: noField,
  typeOfExploitConcatenated: retold,

  typeOfLabourAgriculture: industry('A_AgricultureForestryAndFishing'),
  typeOfLabourAquafarming: industry('A_AgricultureForestryAndFishing'),
  typeOfLabourBegging: exploitation('ForcedBegging'),
  typeOfLabourConstruction: industry('F_Construction'),
  typeOfLabourDomesticWork: industry('T_ActivitiesOfHouseholdsAsEmployers'),
  typeOfLabourHospitality: industry('I_AccommodationAndFoodServiceActivities'),
  typeOfLabourIllicitActivities: exploitation('ForcedCriminality'),
  typeOfLabourManufacturing: industry('C_Manufacturing'),
  typeOfLabourMiningOrDrilling: industry('B_MiningAndQuarrying'),
  typeOfLabourPeddling: industry('G_WholesaleAndRetailTradeRepairOfMotorVehicles'),
  typeOfLabourTransportation: industry('H_TransportationAndStorage'),
  typeOfLabourOther: unspecified,
  typeOfLabourNotSpecified: unspecified,
  typeOfLabourConcatenated: retold,
  typeOfSexProstitution: sex('Prostitution'),
  typeOfSexPornography: sex('Pornography'),
  typeOfSexRemoteInteractiveServices: sex('RemoteInteractiveServices'),
  typeOfSexPrivateSexualServices: sex('PrivateSexualServices'),
  typeOfSexOther: unspecified,
  typeOfSexConcatenated: retold,

  RecruiterRelationship: recruiter,
  recruiterRelationIntimatePartner: recruiter,
  recruiterRelationFriend: recruiter,
  recruiterRelationFamily: recruiter,
  recruiterRelationOther: recruiter,
  recruiterRelationUnknown: recruiter,
};

/** Statistics programs cut names after 32 characters; such files are about, too. */
const cut = Object.entries(names).filter(([name]) => name.length > 32).map(([name, rule]): [string, ColumnRule] => [name.slice(0, 32), rule]);

export const ctdc: ReadonlyMap<string, ColumnRule> = new Map([...Object.entries(names), ...cut]);

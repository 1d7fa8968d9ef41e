import { codeList } from '@footbridge/privacy';

// Everything in this file is class `special`: never in an event (reference 2.0).

/** HTCDS `vic_TraffickingStatus`, and `unscreened` inside. */
export const TraffickingStatus = codeList('TraffickingStatus', ['unscreened', 'PossibleVictimOfTrafficking', 'ActualVictimOfTrafficking', 'NotAVictimOfTrafficking'], 'special');
export type TraffickingStatus = (typeof TraffickingStatus.values)[number];

/** HTCDS `vic_TraffickingStatusDecisionMakingOrg`. */
export const DecisionOrg = codeList('DecisionOrg', ['Police', 'NGO', 'CourtOrProsecution', 'NonPoliceGovernmentalOrganization', 'Other'], 'special');
export type DecisionOrg = (typeof DecisionOrg.values)[number];

/** HTCDS `vic_TypeOfExploitation`; `ForcedCriminality` is ours (CTDC counts illicit activities, HTCDS has no value). */
export const TypeOfExploitation = codeList('TypeOfExploitation', [
  'ForcedLabour', 'SexualExploitation', 'ChildLabour', 'ForcedMarriage', 'Servitude', 'ForcedMilitaryByNonStateActors', 'OrganRemoval',
  'ForcedBegging', 'ForcedAdoption', 'Surrogacy', 'ForcedCriminality', 'Other',
], 'special');
export type TypeOfExploitation = (typeof TypeOfExploitation.values)[number];

/** HTCDS `vic_TypeOfSexExploitation`. */
export const TypeOfSexExploitation = codeList('TypeOfSexExploitation', ['Prostitution', 'Pornography', 'RemoteInteractiveServices', 'PrivateSexualServices'], 'special');
export type TypeOfSexExploitation = (typeof TypeOfSexExploitation.values)[number];

/** HTCDS `vic_ForcedLabourIndustry`: ISIC Rev. 4 sections. */
export const ForcedLabourIndustry = codeList('ForcedLabourIndustry', [
  'A_AgricultureForestryAndFishing', 'B_MiningAndQuarrying', 'C_Manufacturing', 'D_ElectricityGasSteamAndAirConditioningSupply',
  'E_WaterSupplySewerageWasteManagement', 'F_Construction', 'G_WholesaleAndRetailTradeRepairOfMotorVehicles', 'H_TransportationAndStorage',
  'I_AccommodationAndFoodServiceActivities', 'J_InformationAndCommunication', 'K_FinancialAndInsuranceActivities', 'L_RealEstateActivities',
  'M_ProfessionalScientificAndTechnicalActivities', 'N_AdministrativeAndSupportServiceActivities', 'O_PublicAdministrationAndDefence', 'P_Education',
  'Q_HumanHealthAndSocialWorkActivities', 'R_ArtsEntertainmentAndRecreation', 'S_OtherServiceActivities', 'T_ActivitiesOfHouseholdsAsEmployers',
  'U_ActivitiesOfExtraterritorialOrganizations',
], 'special');
export type ForcedLabourIndustry = (typeof ForcedLabourIndustry.values)[number];

/** HTCDS `vic_MethodsOfControl`; `RestrictsMovement` and `UsesChildren` are defined by HTCDS 2.0 but missing from its picklist. */
export const MethodsOfControl = codeList('MethodsOfControl', [
  'PhysicalThreats', 'ThreatsLawEnforcement', 'ThreatensChildrenFamily', 'DebtBondage', 'FalsePromises', 'PhysicalAbuse', 'SexualAbuse', 'TakesEarnings',
  'RestrictsFinancialAccess', 'RestrictsMedicalCare', 'WithholdsNecessities', 'PsychologicalAbuse', 'PsychoactiveSubstance', 'ExcessiveWorkingHours',
  'WithholdsDocuments', 'RestrictsMovement', 'UsesChildren', 'Other',
], 'special');
export type MethodsOfControl = (typeof MethodsOfControl.values)[number];

/** HTCDS `vic_MethodOfRecruitment`. */
export const MethodOfRecruitment = codeList('MethodOfRecruitment', [
  'AtAPlaceOfBusiness', 'AtAnEducationalInstitution', 'AtWork', 'ThroughOnlineSocialNetworks', 'ThroughAnOnlineAdvertisement', 'ThroughATelevisionAdvert',
  'ThroughANewspaperAdvert', 'ThroughFamilyOrFamilyEvents', 'ThroughFriendsOrSocialEvents', 'Other',
], 'special');
export type MethodOfRecruitment = (typeof MethodOfRecruitment.values)[number];

/** HTCDS `vic_RelationshipToTrafficker`; its spelling `Unaquainted` appears on export only. */
export const RelationshipToTrafficker = codeList('RelationshipToTrafficker', ['Familial', 'Acquainted', 'Unacquainted'], 'special');
export type RelationshipToTrafficker = (typeof RelationshipToTrafficker.values)[number];

/** HTCDS `hte_Type`. */
export const HistoricEventType = codeList('HistoricEventType', ['Recruitment', 'Transit', 'Exploitation'], 'special');
export type HistoricEventType = (typeof HistoricEventType.values)[number];

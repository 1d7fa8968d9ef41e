import type { CodeList } from '@footbridge/privacy';
import { OrganisationType } from './code-lists/organisation.js';
import { Education, Gender, MaritalStatus } from './code-lists/person.js';
import { ReasonForReferral, ServiceType } from './code-lists/referral.js';
import { ComponentType } from './code-lists/reintegration.js';
import {
  DecisionOrg, ForcedLabourIndustry, HistoricEventType, MethodOfRecruitment, MethodsOfControl, RelationshipToTrafficker, TraffickingStatus, TypeOfExploitation,
  TypeOfSexExploitation,
} from './code-lists/trafficking.js';
import { states } from './states.js';

/** How a code list is written in the Human Trafficking Case Data Standard 2.0 (IOM, CC BY 4.0). */
export interface Exported<V extends string> {
  readonly list: CodeList<V>;
  readonly field: string;
  /** HTCDS's word for the code; undefined where it has none: the field is then left out. */
  readonly toHtcds: (code: V) => string | undefined;
  /** Our code for HTCDS's word; undefined for a word that is not in the list. */
  readonly fromHtcds: (word: string) => V | undefined;
}

/** Codes are HTCDS's own words, but for those in `differing`. */
function exported<V extends string>(list: CodeList<V>, field: string, differing?: Readonly<Partial<Record<V, string | null>>>): Exported<V> {
  const toHtcds = (code: V): string | undefined => { const word = differing?.[code]; return word === null ? undefined : word ?? code; };
  return {
    list, field, toHtcds,
    // A code that is HTCDS's own word goes before one that is only mapped to it.
    fromHtcds: (word) => list.values.find((code) => code === word && toHtcds(code) === word) ?? list.values.find((code) => toHtcds(code) === word),
  };
}

/** Language tags (BCP 47) and countries are not lists of ours: the exporter maps them to ISO 639-2 and ISO 3166. */
export const htcds = {
  OrganisationType: exported(OrganisationType, 'org_Type', { Embassy: 'CentralGovernmentOrganisation', InternationalOrganisation: null, Media: null }),
  Gender: exported(Gender, 'prs_Gender'),
  MaritalStatus: exported(MaritalStatus, 'prs_MaritalStatus'),
  Education: exported(Education, 'prs_HighestLevelOfEducation'),
  TraffickingStatus: exported(TraffickingStatus, 'vic_TraffickingStatus', { unscreened: null }),
  /** What the state of an Identification is called there. */
  Identification: exported(states.Identification, 'vic_TraffickingStatus', {
    unscreened: null, presumed: 'PossibleVictimOfTrafficking', identified: 'ActualVictimOfTrafficking', not_identified: 'NotAVictimOfTrafficking',
  }),
  DecisionOrg: exported(DecisionOrg, 'vic_TraffickingStatusDecisionMakingOrg'),
  RelationshipToTrafficker: exported(RelationshipToTrafficker, 'vic_RelationshipToTrafficker', { Unacquainted: 'Unaquainted' }),
  MethodOfRecruitment: exported(MethodOfRecruitment, 'vic_MethodOfRecruitment'),
  MethodsOfControl: exported(MethodsOfControl, 'vic_MethodsOfControl', { RestrictsMovement: 'Other', UsesChildren: 'Other' }),
  TypeOfExploitation: exported(TypeOfExploitation, 'vic_TypeOfExploitation', { ForcedCriminality: 'Other' }),
  ForcedLabourIndustry: exported(ForcedLabourIndustry, 'vic_ForcedLabourIndustry'),
  TypeOfSexExploitation: exported(TypeOfSexExploitation, 'vic_TypeOfSexExploitation'),
  Case: exported(states.Case, 'cas_Status', { active: 'Active', follow_up: 'FollowUp', closed: 'Closed', closed_referred: 'ClosedReferred', anonymised: null }),
  ReasonForReferral: exported(ReasonForReferral, 'cas_ReasonForOutgoingReferral', {
    CapacityAtReferrer: 'Other', SafetyRelocation: 'MigrationOrChangeOfLocation', ReturnAndReintegration: 'MigrationOrChangeOfLocation',
  }),
  HistoricEventType: exported(HistoricEventType, 'hte_Type'),
  ComponentType: exported(ComponentType, 'spl_Type'),
  /** The component of a support plan that a service belongs to, where HTCDS has one. */
  ServiceType: exported(ServiceType, 'spl_Type', {
    'shelter': null, 'psychosocial': 'SocialCare', 'health': 'Health', 'legal': 'Legal', 'child-protection': 'SocialCare', 'family-tracing': 'SocialCare',
    'safety': null, 'basic-needs': 'SocialCare', 'cash': 'Financial', 'livelihood': 'Livelihood', 'education': 'Education', 'interpretation': null,
    'asylum': 'Legal', 'return': null, 'reintegration': null,
  }),
};

/** To a funder: the two components that tell what happened to the person are one (reference 2.4.2). */
export const componentForFunder = (type: ComponentType): string =>
  (type === 'LabourExploitationRehabilitation' || type === 'SexualExploitationRehabilitation' ? 'Rehabilitation' : type);

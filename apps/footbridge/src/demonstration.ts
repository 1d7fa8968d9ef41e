import type { OrganisationType, Role, ServiceProfile, ServiceType } from '@footbridge/contracts';

/** Somebody's desk, by what it is for: no person has a name here. */
export interface DemonstrationAccount { readonly name: string; readonly title: string; readonly roles: readonly Role[] }
export interface DemonstrationOrganisation {
  /** How the table and the stories call it; part of each sign-in name. */
  readonly key: string;
  readonly name: string;
  readonly type: OrganisationType;
  readonly country: string;
  readonly accounts: readonly DemonstrationAccount[];
  /** What it offers as a member of the network; without it, it is no partner. */
  readonly partner?: { readonly services: readonly ServiceType[]; readonly profiles?: readonly ServiceProfile[] };
  readonly shelters?: readonly { readonly name: string; readonly totalBeds: number; readonly profiles: readonly ServiceProfile[]; readonly languages: readonly string[]; readonly region: string }[];
}

const desk = (name: string, title: string, ...roles: Role[]): DemonstrationAccount => ({ name, title, roles });
const admin = (key: string): DemonstrationAccount => desk(`${key}.admin`, 'Administrator', 'PARTNER_ADMIN');

/** Who the demonstration's people work for. All invented; each role has at least one desk. */
export const demonstration: readonly DemonstrationOrganisation[] = [
  {
    key: 'network', name: 'Bridge Network Office', type: 'InternationalOrganisation', country: 'AL',
    accounts: [
      admin('network'), desk('network.operator', 'Operator', 'OPERATOR'), desk('network.dpo', 'Data protection', 'DPO'), desk('network.dpo2', 'Data protection, second person', 'DPO'),
      desk('network.supervisor', 'Supervision', 'SUPERVISOR'), desk('network.complaints', 'Complaints', 'COMPLAINTS_BODY'),
    ],
  },
  {
    key: 'lantern', name: 'Lantern House', type: 'NGO', country: 'AL',
    accounts: [
      admin('lantern'), desk('lantern.intake', 'Intake desk', 'SHELTER_INTAKE', 'RECEIVER', 'REFERRER'), desk('lantern.manager', 'House manager', 'SHELTER_MANAGER', 'RECEIVER'),
      desk('lantern.worker', 'Case work', 'CASE_WORKER', 'REFERRER'), desk('lantern.supervisor', 'Supervision', 'SUPERVISOR'), desk('lantern.dpo', 'Data protection', 'DPO'),
    ],
    partner: { services: ['shelter', 'psychosocial', 'basic-needs'], profiles: ['women', 'children', 'families', 'open-24h'] },
    shelters: [{ name: 'Lantern House Tirana', totalBeds: 28, profiles: ['women', 'children', 'open-24h'], languages: ['sq', 'en', 'it'], region: 'AL-11' }],
  },
  {
    key: 'harbour', name: 'Harbour House', type: 'NGO', country: 'AL',
    accounts: [
      admin('harbour'), desk('harbour.intake', 'Intake desk', 'SHELTER_INTAKE', 'RECEIVER'), desk('harbour.manager', 'House manager', 'SHELTER_MANAGER', 'RECEIVER'),
      desk('harbour.worker', 'Case work', 'CASE_WORKER'), desk('harbour.supervisor', 'Supervision', 'SUPERVISOR'),
    ],
    partner: { services: ['shelter', 'basic-needs'], profiles: ['women', 'men', 'families', 'accessible'] },
    shelters: [{ name: 'Harbour House Durres', totalBeds: 12, profiles: ['women', 'men', 'families', 'accessible'], languages: ['sq', 'en', 'el', 'ro'], region: 'AL-02' }],
  },
  {
    key: 'police', name: 'Police, Demonstration Unit', type: 'LawEnforcement', country: 'AL',
    accounts: [admin('police'), desk('police.unit', 'Unit on duty', 'REFERRER'), desk('police.night', 'Unit at night', 'REFERRER')],
  },
  {
    key: 'opendoor', name: 'Open Door Case Work', type: 'NGO', country: 'AL',
    accounts: [
      admin('opendoor'), desk('opendoor.worker', 'Case work', 'CASE_WORKER', 'REFERRER'), desk('opendoor.worker2', 'Case work, second desk', 'CASE_WORKER', 'REFERRER', 'RECEIVER'),
      desk('opendoor.supervisor', 'Supervision', 'SUPERVISOR'), desk('opendoor.panel', 'Best interests panel', 'BID_PANEL'), desk('opendoor.media', 'Press', 'MEDIA_OFFICER'), desk('opendoor.dpo', 'Data protection', 'DPO'),
    ],
    partner: { services: ['psychosocial', 'basic-needs', 'safety', 'interpretation'], profiles: ['women', 'men', 'families'] },
  },
  {
    key: 'child', name: 'Child Protection Authority, Demonstration Office', type: 'LocalGovernmentOrganisation', country: 'AL',
    accounts: [admin('child'), desk('child.duty', 'Duty desk', 'CHILD_AUTHORITY', 'RECEIVER'), desk('child.worker', 'Case work', 'CASE_WORKER'), desk('child.supervisor', 'Supervision', 'SUPERVISOR')],
    partner: { services: ['child-protection', 'family-tracing'], profiles: ['children', 'families'] },
  },
  {
    key: 'identification', name: 'National Identification Authority, Demonstration Office', type: 'CentralGovernmentOrganisation', country: 'AL',
    accounts: [admin('identification'), desk('identification.officer', 'Officer', 'COMPETENT_AUTHORITY')],
  },
  {
    key: 'homeward', name: 'Homeward Return Office Tirana', type: 'InternationalOrganisation', country: 'AL',
    accounts: [admin('homeward'), desk('homeward.officer', 'Return counselling', 'RETURN_OFFICER', 'RECEIVER'), desk('homeward.officer2', 'Return counselling, second desk', 'RETURN_OFFICER', 'RECEIVER'), desk('homeward.supervisor', 'Supervision', 'SUPERVISOR')],
    partner: { services: ['return'], profiles: ['women', 'men', 'families', 'children'] },
  },
  {
    key: 'chisinau', name: 'Reception Office Chișinău', type: 'CentralGovernmentOrganisation', country: 'MD',
    accounts: [admin('chisinau'), desk('chisinau.office', 'Office', 'ORIGIN_OFFICE'), desk('chisinau.reception', 'Reception on arrival', 'RECEPTION_OFFICER'), desk('chisinau.supervisor', 'Supervision', 'SUPERVISOR')],
    partner: { services: ['return', 'reintegration'], profiles: ['women', 'men', 'families', 'children'] },
  },
  {
    key: 'newleaf', name: 'New Leaf Reintegration', type: 'NGO', country: 'MD',
    accounts: [admin('newleaf'), desk('newleaf.manager', 'Reintegration', 'REINTEGRATION_MANAGER', 'RECEIVER'), desk('newleaf.worker', 'Case work', 'CASE_WORKER'), desk('newleaf.supervisor', 'Supervision', 'SUPERVISOR')],
    partner: { services: ['reintegration', 'livelihood', 'education', 'cash'], profiles: ['women', 'men', 'families'] },
  },
  {
    key: 'compass', name: 'Compass Legal Aid', type: 'LegalService', country: 'AL',
    accounts: [admin('compass'), desk('compass.lawyer', 'Legal advice', 'LAWYER', 'RECEIVER')],
    partner: { services: ['legal'], profiles: ['women', 'men', 'families', 'children'] },
  },
  {
    key: 'asylum', name: 'Asylum Focal Point, Demonstration Office', type: 'InternationalOrganisation', country: 'AL',
    accounts: [admin('asylum'), desk('asylum.focal', 'Focal point', 'ASYLUM_FOCAL_POINT', 'RECEIVER')],
    partner: { services: ['asylum'], profiles: ['women', 'men', 'families', 'children'] },
  },
  {
    key: 'hotline', name: 'Open Line', type: 'NGO', country: 'AL',
    accounts: [admin('hotline'), desk('hotline.counsellor', 'Line desk', 'HOTLINE_COUNSELLOR', 'REFERRER'), desk('hotline.night', 'Line desk at night', 'HOTLINE_COUNSELLOR', 'REFERRER')],
  },
  {
    key: 'nest', name: 'Nest', type: 'NGO', country: 'AL',
    accounts: [admin('nest'), desk('nest.integration', 'Integration', 'RECEIVER')],
    partner: { services: ['basic-needs', 'livelihood'], profiles: ['women', 'families'] },
  },
];

/** Without demonstration data an instance begins with its operator alone. */
export const operatorOnly: readonly DemonstrationOrganisation[] = [
  { key: 'operator', name: 'Operator', type: 'InternationalOrganisation', country: 'AL', accounts: [desk('operator', 'Operator', 'OPERATOR'), desk('operator.admin', 'Administrator', 'PARTNER_ADMIN')] },
];

import type { LifecycleName } from './states.js';

/** The type prefix of every reference (decisions 8). Neutral on purpose: `clm` says less to a passer-by than the collection it belongs to. */
export const lifecyclePrefix = {
  Case: 'cas', Identification: 'idn', ConsentRecord: 'con', GuardianAppointment: 'gdn', RiskAssessment: 'rsk', Referral: 'rfr', AsylumClaim: 'clm',
  LegalMatter: 'mtr', MediaRequest: 'mrq', Complaint: 'cpl', HotlineContact: 'hlc', Shelter: 'shl', BedReservation: 'bed', Stay: 'sty', ReturnCase: 'ret',
  TravelDocument: 'doc', ReceptionPlan: 'rcp', ReintegrationCase: 'rnt', MonitoringVisit: 'vis', Partner: 'ptn', Subscription: 'sub', Delivery: 'dlv',
} as const satisfies Record<LifecycleName, string>;

/** Everything else that has a reference. `csr` is how services call a case among themselves; no organisation ever sees it. */
export const otherPrefix = {
  hold: 'hld', safetyAlert: 'alr', intake: 'int', recall: 'rcl', exactRelease: 'rrl', continuityCode: 'cty', approval: 'apr', agreement: 'agr', bedRequest: 'brq', keyRotation: 'kyr', panicLock: 'pnc', failedReception: 'frc', breakGlass: 'bgl', export: 'exp', recipientKey: 'rky', identityEnvelope: 'env', rightsRequest: 'rrq', legalHold: 'lgh',
  organisation: 'org', account: 'acc', event: 'evt', caseRef: 'csr', challenge: 'chl', statisticsOrder: 'sto',
} as const;

export const prefixes = { ...lifecyclePrefix, ...otherPrefix } as const;
export type Prefix = (typeof prefixes)[keyof typeof prefixes];

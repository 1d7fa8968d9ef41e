import * as notifications from './notifications.js';
import * as referrals from './referrals.js';
import * as reintegration from './reintegration.js';
import * as returns from './returns.js';
import * as shelters from './shelters.js';

const { CaseOpened, CaseReopened, SafetyAlertCleared, IntakeRegistered, ReferralAcknowledged, ReferralAccepted, ReferralDeclined, ReferralExpired, ReferralServiceStarted, ReferralResumed, ReferralCompleted, ReferralUnsuccessful, ReferralClosed, IdentityAvailable, StatisticsCounted } = referrals;
const { ShelterRegistered, ShelterOpened, CapacityBandPublished, BedRequested, BedHeld, BedRefused, BedReleased, BedHoldLapsed, IntakeOpened, IntakeRefused, PersonAdmitted } = shelters;
const { ReturnCleared, ReturnDeparted, ReturnArrived, ReceptionConfirmed, ReturnCompleted, ReceptionReady } = returns;
const { ReintegrationAccepted, ReintegrationDeclined } = reintegration;
const { PartnerActivated, PartnerServicesChanged, AgreementSigned, SubscriptionChallenge, DeliveryDeadLettered, StatisticsOrdered, StatisticsReleased } = notifications;

/** Who misses one of these knows or may less than it could. All others take something back, stop somebody, say whom another service may have told (G7), or are evidence: consent, clearance, erasure, keys, accounts. */
const onlyNews: ReadonlySet<string> = new Set([
  CaseOpened, CaseReopened, SafetyAlertCleared, IntakeRegistered, ReferralAcknowledged, ReferralAccepted, ReferralDeclined, ReferralExpired, ReferralServiceStarted, ReferralResumed, ReferralCompleted, ReferralUnsuccessful, ReferralClosed, IdentityAvailable, StatisticsCounted,
  ShelterRegistered, ShelterOpened, CapacityBandPublished, BedRequested, BedHeld, BedRefused, BedReleased, BedHoldLapsed, IntakeOpened, IntakeRefused, PersonAdmitted,
  ReturnCleared, ReturnDeparted, ReturnArrived, ReceptionConfirmed, ReturnCompleted, ReceptionReady,
  ReintegrationAccepted, ReintegrationDeclined,
  PartnerActivated, PartnerServicesChanged, AgreementSigned, SubscriptionChallenge, DeliveryDeadLettered, StatisticsOrdered, StatisticsReleased,
].map(({ type }) => type));

/**
 * Whether one person may decide that a parked event is never handled. Closed on doubt: a type that this build does not know is kept, and so is
 * a message without one that names a case or stands in the way of an aggregate; what names nothing is nobody's news.
 */
export const mayBeGivenUp = ({ type, aggregate, caseRef }: { readonly type?: string | undefined; readonly aggregate?: string | undefined; readonly caseRef?: string | undefined }): boolean =>
  (type === undefined ? aggregate === undefined && caseRef === undefined : onlyNews.has(type));

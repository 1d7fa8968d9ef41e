export { Role, roles } from './code-lists/roles.js';
export { Service } from './code-lists/services.js';
export { AgreementState, ApprovalState, KeyRotationState, OrganisationType, PanicLockState, neverOwnsCases } from './code-lists/organisation.js';
export { AgeBand, AgeBelief, BirthDateCertainty, Education, Gender, MaritalStatus } from './code-lists/person.js';
export { Citizenship, Country, isCountry } from './code-lists/places.js';
export {
  DecisionOrg, ForcedLabourIndustry, HistoricEventType, MethodOfRecruitment, MethodsOfControl, RelationshipToTrafficker, TraffickingStatus, TypeOfExploitation,
  TypeOfSexExploitation,
} from './code-lists/trafficking.js';
export { ClearanceStep, ClosureReason, GuardianshipEnd, HeldRecipient, HoldGround, HoldState, IntakeSource, IntakeState, OverrideGround, RiskLevel, RiskType, SafetyAlertState } from './code-lists/case.js';
export { BreakGlassFinding, BreakGlassReason, BreakGlassState, ExportState } from './code-lists/access.js';
export { BehalfMedium, ConsentCategory, ConsentMedium, ConsentPurpose, GuardedPurpose, LegalBasis, RetentionGround, SpecialCategoryBasis, ViewsMissing, categoryInDpv, isGuarded, purposes, type PurposeRule } from './code-lists/consent.js';
export { ErasureException, ExtensionReason, LegalHoldGround, LegalHoldState, RightsGround, RightsKind, RightsRequestState } from './code-lists/rights.js';
export { CancelReason, NeutralReason, PauseReason, Priority, ReasonForReferral, ReferralOutcome, SaidServiceType, ServiceType, fetchedServiceTypes, minimumDataset, saidServiceType } from './code-lists/referral.js';
export { BedRefusal, CapacityBand, ExitType, ServiceProfile, capacityBand } from './code-lists/shelter.js';
export { ComponentType, PlanDimension } from './code-lists/reintegration.js';
export { StatisticsOrderState, StatisticsOutcome } from './code-lists/statistics.js';
export { worldOf, type WorldRegion } from './code-lists/world.js';
export { componentForFunder, htcds, type Exported } from './htcds.js';

export { states, type LifecycleName, type StateOf } from './states.js';
export { lifecyclePrefix, otherPrefix, prefixes, type Prefix } from './references.js';
export { after, callAfter, deadlines, monitoringAfterPlan, referralDeadlines, type Span } from './deadlines.js';

export { defineEvent, typeOf, type ContractEvent, type EventOptions, type Subscriber } from './event.js';
export { codesOf, flagsOf, type FlagName } from './payload.js';
export { contracts, events } from './events.js';
export { mayBeGivenUp } from './given-up.js';
export { auditRootKept, auditRootSigned } from './audit.js';
export { asyncapi } from './asyncapi.js';
export { catalogue } from './catalogue.js';

export {
  CaseOpened, CaseMovedToFollowUp, CaseReactivated, CaseClosed, CaseTransferred, CaseReopened, CaseAnonymised, KeysRewrappedByReferrals, VictimPresumed, VictimIdentified,
  IdentificationDeclined, ConsentRequested, ConsentGiven, ConsentRefused, ConsentInvalidated, ConsentRenewed, ConsentWithdrawn, ConsentRevoked,
  ConsentExpired, CaseReferenceExchanged, ExactlyReleased, ExactReleaseEnded, ContinuityCodeIssued, ContinuityCodeUsed, ContinuityCodeSeen, ContinuityCodeEnded, ConsentScopeRecalled, RecipientDeletionConfirmed, ClearanceChanged, GuardianRequired, GuardianRequested, InterimGuardianAppointed,
  GuardianAppointed, GuardianSuspended, GuardianEnded, RiskAssessmentStarted, RiskAssessmentCompleted, RiskAssessmentSuperseded,
  RiskAssessmentExpired, ProtectionHoldPlaced, ProtectionHoldLifted, SafetyAlertRaised, SafetyAlertCleared, IntakeRegistered, IntakeConfirmed, IntakeNotTaken, ReferralDrafted,
  ReferralSent, ReferralAcknowledged, ReferralAccepted, ReferralDeclined, ReferralExpired, ReferralServiceStarted, ReferralSuspended, ReferralResumed,
  ReferralCompleted, ReferralUnsuccessful, ReferralWithdrawn, ReferralClosed, ReferralEnteredInError, DirectedDetailChanged, FetchedDetailChanged, StatisticsCounted,
  IdentityAvailable, IdentityCollected, IdentityDestroyed, RecipientKeyPublished, RecipientKeyConfirmed, RecipientKeyRetired,
  RightsRequestReceived, RightsRequestExtended, RightsRequestGranted, RightsRequestPartlyGranted, RightsRequestRefused, RightsRequestWithdrawn, RightsRequestEnded, RestrictionChanged, LegalHoldPlaced, LegalHoldReviewed, LegalHoldEnded,
} from './referrals.js';
export {
  BreakGlassConfirmed, BreakGlassEnded, BreakGlassOpened, BreakGlassReviewed, ExportAllowed, ExportFinished, ExportLapsed, ExportRevoked, ExportStarted,
} from './access.js';
export {
  ShelterRegistered, ShelterOpened, ShelterAdmissionsLimited, ShelterAdmissionsClosed, ShelterSuspended, CapacityBandPublished, BedRequested, BedRequestAnswered, BedRequestWithdrawn, BedHeld,
  BedRefused, BedReservationConsumed, BedReleased, BedHoldLapsed, IntakeOpened, IntakeRefused, PersonAdmitted, IntakeNotAdmitted, IntakeCompleted,
  AbsenceAuthorised, ResidentReturned, ResidentReportedMissing, ExitPlanned, ExitPlanCancelled, PersonExited, CaseErasedByShelters, KeysRewrappedByShelters,
} from './shelters.js';
export {
  ReturnRequested, ReturnCounsellingStarted, ReturnDecisionRecorded, ReturnAssessedSafe, ReturnNotCleared, ReturnReassessmentStarted, ReturnCleared,
  ReturnDeparted, ReturnDepartureFailed, ReturnArrived, ReceptionConfirmed, ReceptionFailed, FailedReceptionRecorded, FailedReceptionReviewed, PersonUnaccountedFor, ReturnCompleted, ReturnSuspended,
  ReturnResumed, ReturnWithdrawn, ReturnCancelled, ReturnClosed, ReceptionRequested, ReceptionAccepted, ReceptionDeclined, ReceptionReady,
  ReceptionPerformed, ReceptionMissed, ReceptionCancelled, ReceptionDetailChanged, CaseErasedByReturns, KeysRewrappedByReturns,
} from './returns.js';
export {
  ReintegrationProposed, ReintegrationAccepted, ReintegrationDeclined, ReintegrationAssessmentStarted, ReintegrationPlanAgreed, ReintegrationStarted,
  ReintegrationMonitoringStarted, ReintegrationSupportResumed, ReintegrationSuspended, ReintegrationResumed, ReintegrationDeclinedByPerson,
  ReintegrationContactLost, ReintegrationContactRestored, ReintegrationClosed, CaseErasedByReintegration, KeysRewrappedByReintegration,
} from './reintegration.js';
export {
  OrganisationAdded, OrganisationDisabled, OrganisationEnabled, AccountDisabled, AccountEnabled, PartnerApplied, PartnerVerified, PartnerActivated,
  PartnerServicesChanged, PartnerSuspended, PartnerTerminated, AgreementSigned, AgreementEnded, SubscriptionRequested, SubscriptionActivated,
  SubscriptionRejected, SubscriptionDegraded, SubscriptionRecovered, SubscriptionDisabled, SubscriptionPaused, SubscriptionRevoked,
  SubscriptionChallenge, DeliveryQueued, DeliverySucceeded, DeliveryFailed, DeliveryDeadLettered, DeliverySuppressed, DeliveryReplayed,
  DeliveryPurged, StatisticsOrdered, StatisticsOrderRefused, StatisticsReleased, CaseErasedByNotifications, KeysRotated, OldKeysDestroyed, KeysLocked, KeysUnlocked, KeysRewrappedByNotifications,
} from './notifications.js';
export { visibility, type VisibilityRow } from './visibility.js';

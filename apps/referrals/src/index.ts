import { Alarms, othersTell, service, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { AccessCopyController, accessCopyRoute } from './case/access-copy.controller.js';
import { AccessesController, accessesRoute } from './case/accesses.controller.js';
import { AssignController, assignRoutes } from './case/assign.controller.js';
import { BreakGlass, openEmergency, openedWithCase } from './break-glass/break-glass.lifecycle.js';
import { Case } from './case/case.lifecycle.js';
import { ConsentsController, consentsRoutes } from './case/consents.controller.js';
import { RecipientsController, recipientsRoute } from './case/recipients.controller.js';
import { RotateReferencesController, rotateReferencesRoute } from './case/rotate-references.controller.js';
import { ClearanceJob } from './clearance/clearance-job.js';
import { ClearancesController, clearancesRoute } from './clearance/clearances.controller.js';
import { ConsentRecord } from './consent-record/consent-record.lifecycle.js';
import { consentLives } from './consent-record/consent-lives.js';
import { DecoyController, decoyRoute, isDecoy } from './decoy/decoy.controller.js';
import { Export, runningExport } from './export/export.lifecycle.js';
import { ContinuityCodes, codes } from './continuity-code/codes.js';
import { ContinuityCode } from './continuity-code/continuity-code.lifecycle.js';
import { ContinuityCodesController, continuityCodeRoutes } from './continuity-code/continuity-codes.controller.js';
import { ExactRelease } from './exact-release/exact-release.lifecycle.js';
import { GuardianAppointment } from './guardian-appointment/guardian-appointment.lifecycle.js';
import { DisclosureController, disclosureRoute } from './identity-envelope/disclosure.controller.js';
import { IdentityEnvelope } from './identity-envelope/identity-envelope.lifecycle.js';
import { KeyDirectoryController, keyDirectoryRoute } from './recipient-key/key-directory.controller.js';
import { RecipientKey } from './recipient-key/recipient-key.lifecycle.js';
import { SignEarlier } from './consent-record/sign-earlier.js';
import { Sealing1764200000000 } from './migrations/1764200000000-sealing.js';
import { Hold } from './hold/hold.lifecycle.js';
import { Identification } from './identification/identification.lifecycle.js';
import { Intake } from './intake/intake.lifecycle.js';
import { IntakesController, intakesRoute } from './intake/intakes.controller.js';
import { Erased, Forgotten, KnownBeds, KnownPartners, KnownShelters } from './known/known.projections.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { SessionsEnd1764290000000 } from './migrations/1764290000000-sessions-end.js';
import { CountingLooks1764300000000 } from './migrations/1764300000000-counting-looks.js';
import { HeldBack1764330000000 } from './migrations/1764330000000-held-back.js';
import { Second1764100000000 } from './migrations/1764100000000-second.js';
import { Closing1764130000000 } from './migrations/1764130000000-closing.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Access1764230000000 } from './migrations/1764230000000-access.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
import { ReferencesEnd1764270000000 } from './migrations/1764270000000-references-end.js';
import { Keys1764210000000 } from './migrations/1764210000000-keys.js';
import { Statistics1764250000000 } from './migrations/1764250000000-statistics.js';
import { AfterReturn } from './recall/after-return.js';
import { DeletionConfirmationsController, deletionConfirmationsRoute } from './recall/deletion-confirmations.controller.js';
import { LegalHold } from './legal-hold/legal-hold.lifecycle.js';
import { RetentionController, retentionRoute } from './retention/retention.controller.js';
import { RetentionJob } from './retention/retention-job.js';
import { OutcomeController, outcomeRoute } from './rights-request/outcome.controller.js';
import { RightsRequest } from './rights-request/rights-request.lifecycle.js';
import { Recall } from './recall/recall.lifecycle.js';
import { DetailChanged } from './referral/detail-changed.js';
import { NeedsController, needsRoute } from './referral/needs.controller.js';
import { Referral } from './referral/referral.lifecycle.js';
import { RiskAssessment } from './risk-assessment/risk-assessment.lifecycle.js';
import { StatisticsController, statisticsRoutes } from './statistics/statistics.controller.js';
import { StatisticsJob, StatisticsOrders } from './statistics/statistics-job.js';
import { SafetyAlert } from './safety-alert/safety-alert.lifecycle.js';

/** Cases, and everything that a person decides or that is decided about her before she travels anywhere. */
export const referralsService: ServiceDefinition = service({
  name: 'referrals',
  classes,
  lifecycles: [Case, Identification, ConsentRecord, GuardianAppointment, RiskAssessment, Referral, Hold, SafetyAlert, Recall, Intake, BreakGlass, Export, RecipientKey, IdentityEnvelope, RightsRequest, LegalHold, ExactRelease, ContinuityCode],
  migrations: [First1764000000000, Second1764100000000, SecondWord1764120000000, Closing1764130000000, Access1764230000000, Sealing1764200000000, Rights1764240000000, ReferencesEnd1764270000000, Keys1764210000000, Statistics1764250000000, AuditTree1764220000000, SessionsEnd1764290000000, CountingLooks1764300000000, HeldBack1764330000000],
  controllers: [AssignController, DecoyController, RotateReferencesController, ContinuityCodesController, RecipientsController, AccessesController, ClearancesController, NeedsController, DeletionConfirmationsController, IntakesController, KnownPartners, KnownBeds, KnownShelters, AfterReturn, DetailChanged, Erased, Forgotten, DisclosureController, KeyDirectoryController, AccessCopyController, ConsentsController, RetentionController, OutcomeController, StatisticsController, StatisticsOrders, othersTell('referrals')],
  documented: [...assignRoutes, decoyRoute, rotateReferencesRoute, ...continuityCodeRoutes, recipientsRoute, accessesRoute, clearancesRoute, needsRoute, deletionConfirmationsRoute, intakesRoute, disclosureRoute, keyDirectoryRoute, accessCopyRoute, ...consentsRoutes, retentionRoute, outcomeRoute, ...statisticsRoutes],
  guardianSpeaks: "exists (select 1 from guardian_appointment g where g.case_ref = $1->>1 and g.state in ('interim', 'appointed'))",
  access: { consentLives, breakGlass: openEmergency, withCase: openedWithCase, decoy: isDecoy, exportAllowed: runningExport },
  signedHere: "select to_jsonb(true) where exists (select from consent_record where owner = $1->>0 and signature is not null) or exists (select from recipient_key where owner = $1->>0 and signature is not null)",
  ports: ({ signingKeys, keyStore }, pool) => ({ signingKeys, alarms: new Alarms(pool), [codes]: new ContinuityCodes(pool, keyStore) }),
  jobs: (running) => [new SignEarlier(running), new ClearanceJob(running), new RetentionJob(running), new StatisticsJob(running)],
});

export { Case } from './case/case.lifecycle.js';
export type { CaseRow } from './case/case.entity.js';
export { inStatistics, takesPartInStatistics } from './case/statistics-objection.js';
export { RetentionJob } from './retention/retention-job.js';

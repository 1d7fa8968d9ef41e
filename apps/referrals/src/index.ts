import { service, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { AccessCopyController, accessCopyRoute } from './case/access-copy.controller.js';
import { AssignController, assignRoutes } from './case/assign.controller.js';
import { Case } from './case/case.lifecycle.js';
import { ConsentsController, consentsRoutes } from './case/consents.controller.js';
import { RecipientsController, recipientsRoute } from './case/recipients.controller.js';
import { ClearanceJob } from './clearance/clearance-job.js';
import { ClearancesController, clearancesRoute } from './clearance/clearances.controller.js';
import { ConsentRecord } from './consent-record/consent-record.lifecycle.js';
import { GuardianAppointment } from './guardian-appointment/guardian-appointment.lifecycle.js';
import { Hold } from './hold/hold.lifecycle.js';
import { Identification } from './identification/identification.lifecycle.js';
import { Intake } from './intake/intake.lifecycle.js';
import { IntakesController, intakesRoute } from './intake/intakes.controller.js';
import { Erased, Forgotten, KnownBeds, KnownPartners, KnownShelters } from './known/known.projections.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { Second1764100000000 } from './migrations/1764100000000-second.js';
import { Closing1764130000000 } from './migrations/1764130000000-closing.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
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
import { SafetyAlert } from './safety-alert/safety-alert.lifecycle.js';

/** Cases, and everything that a person decides or that is decided about her before she travels anywhere. */
export const referralsService: ServiceDefinition = service({
  name: 'referrals',
  classes,
  lifecycles: [Case, Identification, ConsentRecord, GuardianAppointment, RiskAssessment, Referral, Hold, SafetyAlert, Recall, Intake, RightsRequest, LegalHold],
  migrations: [First1764000000000, Second1764100000000, SecondWord1764120000000, Closing1764130000000, Rights1764240000000],
  controllers: [AssignController, RecipientsController, ClearancesController, NeedsController, DeletionConfirmationsController, IntakesController, KnownPartners, KnownBeds, KnownShelters, AfterReturn, DetailChanged, Erased, Forgotten, AccessCopyController, ConsentsController, RetentionController, OutcomeController],
  documented: [...assignRoutes, recipientsRoute, clearancesRoute, needsRoute, deletionConfirmationsRoute, intakesRoute, accessCopyRoute, ...consentsRoutes, retentionRoute, outcomeRoute],
  guardianSpeaks: "exists (select 1 from guardian_appointment g where g.case_ref = $1->>1 and g.state in ('interim', 'appointed'))",
  jobs: (running) => [new ClearanceJob(running), new RetentionJob(running)],
});

export { Case } from './case/case.lifecycle.js';
export type { CaseRow } from './case/case.entity.js';
export { inStatistics, takesPartInStatistics } from './case/statistics-objection.js';
export { RetentionJob } from './retention/retention-job.js';

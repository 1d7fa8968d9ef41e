import { service, type ServiceDefinition } from '@footbridge/service';
import { AccessesController, accessesRoute } from './case/accesses.controller.js';
import { AssignController, assignRoutes } from './case/assign.controller.js';
import { Case } from './case/case.lifecycle.js';
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
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { Second1764100000000 } from './migrations/1764100000000-second.js';
import { Closing1764130000000 } from './migrations/1764130000000-closing.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { AfterReturn } from './recall/after-return.js';
import { DeletionConfirmationsController, deletionConfirmationsRoute } from './recall/deletion-confirmations.controller.js';
import { Recall } from './recall/recall.lifecycle.js';
import { DetailChanged } from './referral/detail-changed.js';
import { NeedsController, needsRoute } from './referral/needs.controller.js';
import { Referral } from './referral/referral.lifecycle.js';
import { RiskAssessment } from './risk-assessment/risk-assessment.lifecycle.js';
import { SafetyAlert } from './safety-alert/safety-alert.lifecycle.js';

/** Cases, and everything that a person decides or that is decided about her before she travels anywhere. */
export const referralsService: ServiceDefinition = service({
  name: 'referrals',
  lifecycles: [Case, Identification, ConsentRecord, GuardianAppointment, RiskAssessment, Referral, Hold, SafetyAlert, Recall, Intake],
  migrations: [First1764000000000, Second1764100000000, SecondWord1764120000000, Closing1764130000000, AuditTree1764220000000],
  controllers: [AssignController, RecipientsController, AccessesController, ClearancesController, NeedsController, DeletionConfirmationsController, IntakesController, KnownPartners, KnownBeds, KnownShelters, AfterReturn, DetailChanged, Erased, Forgotten],
  documented: [...assignRoutes, recipientsRoute, accessesRoute, clearancesRoute, needsRoute, deletionConfirmationsRoute, intakesRoute],
  guardianSpeaks: "exists (select 1 from guardian_appointment g where g.case_ref = $1->>1 and g.state in ('interim', 'appointed'))",
  jobs: (running) => [new ClearanceJob(running)],
});

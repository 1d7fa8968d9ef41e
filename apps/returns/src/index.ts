import { CaseErasedByReturns } from '@footbridge/contracts';
import { erasure, othersTell, service, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { PhraseAttempts, attempts } from './code-phrase.js';
import { KnownEnvelopes, ReturnDisclosure, returnDisclosureRoute } from './disclosure/disclosure.controller.js';
import { FailedReception } from './failed-reception/failed-reception.lifecycle.js';
import { KnownReintegrations } from './known/known-reintegration.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { SessionsEnd1764290000000 } from './migrations/1764290000000-sessions-end.js';
import { CountingLooks1764300000000 } from './migrations/1764300000000-counting-looks.js';
import { HeldBack1764330000000 } from './migrations/1764330000000-held-back.js';
import { FailedReceptions1764100000000 } from './migrations/1764100000000-failed-receptions.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Access1764230000000 } from './migrations/1764230000000-access.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
import { ReferencesEnd1764270000000 } from './migrations/1764270000000-references-end.js';
import { Keys1764210000000 } from './migrations/1764210000000-keys.js';
import { Envelopes1764200000000 } from './migrations/1764200000000-envelopes.js';
import { ReceptionDetail, detailRoutes } from './reception-plan/detail.controller.js';
import { ReceptionPlan } from './reception-plan/reception-plan.lifecycle.js';
import { ReturnCase } from './return-case/return-case.lifecycle.js';

/** Assisted voluntary return and reception. */
export const returnsService: ServiceDefinition = service({
  name: 'returns',
  classes,
  lifecycles: [ReturnCase, ReceptionPlan, FailedReception],
  migrations: [First1764000000000, FailedReceptions1764100000000, SecondWord1764120000000, Access1764230000000, Rights1764240000000, ReferencesEnd1764270000000, Keys1764210000000, AuditTree1764220000000, Envelopes1764200000000, SessionsEnd1764290000000, CountingLooks1764300000000, HeldBack1764330000000],
  controllers: [ReceptionDetail, ReturnDisclosure, KnownEnvelopes, KnownReintegrations, erasure(CaseErasedByReturns), othersTell('returns')],
  documented: [...detailRoutes, returnDisclosureRoute],
  ports: (_config, pool) => ({ [attempts]: new PhraseAttempts(pool) }),
});

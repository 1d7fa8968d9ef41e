import { CaseErasedByReintegration } from '@footbridge/contracts';
import { populations } from '@footbridge/privacy';
import { erasure, othersTell, service, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { KnownReceptions } from './known/known-reception.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { SessionsEnd1764290000000 } from './migrations/1764290000000-sessions-end.js';
import { CountingLooks1764300000000 } from './migrations/1764300000000-counting-looks.js';
import { HeldBack1764330000000 } from './migrations/1764330000000-held-back.js';
import { ConsentWithdrawn1764100000000 } from './migrations/1764100000000-consent-withdrawn.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Access1764230000000 } from './migrations/1764230000000-access.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
import { ReferencesEnd1764270000000 } from './migrations/1764270000000-references-end.js';
import { Keys1764210000000 } from './migrations/1764210000000-keys.js';
import { ReintegrationCase } from './reintegration-case/reintegration-case.lifecycle.js';

/** Help after return. */
export const reintegrationService: ServiceDefinition = service({
  name: 'reintegration',
  classes,
  lifecycles: [ReintegrationCase],
  migrations: [First1764000000000, ConsentWithdrawn1764100000000, SecondWord1764120000000, Access1764230000000, Rights1764240000000, ReferencesEnd1764270000000, Keys1764210000000, AuditTree1764220000000, SessionsEnd1764290000000, CountingLooks1764300000000, HeldBack1764330000000],
  controllers: [KnownReceptions, erasure(CaseErasedByReintegration), othersTell('reintegration')],
  ports: ({ population = populations() }) => ({ population }),
});

import { CaseErasedByShelters } from '@footbridge/contracts';
import { erasure, service, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { AssignReferral, assignReferralRoute } from './bed-reservation/assign-referral.controller.js';
import { BedReservation } from './bed-reservation/bed-reservation.lifecycle.js';
import { BedRequest } from './bed-request/bed-request.lifecycle.js';
import { KnownPartners } from './known/known-partner.js';
import { KnownReferrals } from './known/known-referral.js';
import { KnownSafetyAlerts } from './known/known-safety-alert.js';
import { BandsAndBeds1764100000000 } from './migrations/1764100000000-bands-and-beds.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { SessionsEnd1764290000000 } from './migrations/1764290000000-sessions-end.js';
import { CountingLooks1764300000000 } from './migrations/1764300000000-counting-looks.js';
import { HeldBack1764330000000 } from './migrations/1764330000000-held-back.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Access1764230000000 } from './migrations/1764230000000-access.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
import { ReferencesEnd1764270000000 } from './migrations/1764270000000-references-end.js';
import { Keys1764210000000 } from './migrations/1764210000000-keys.js';
import { Bands } from './shelter/bands.js';
import { ShelterCapacity, ShelterDirectory, directoryRoutes } from './shelter/directory.controller.js';
import { Shelter } from './shelter/shelter.lifecycle.js';
import { Intakes } from './stay/intakes.js';
import { Stay } from './stay/stay.lifecycle.js';

/** Shelters, beds and stays. */
export const sheltersService: ServiceDefinition = service({
  name: 'shelters',
  classes,
  lifecycles: [Shelter, BedReservation, Stay, BedRequest],
  migrations: [First1764000000000, BandsAndBeds1764100000000, SecondWord1764120000000, Access1764230000000, Rights1764240000000, ReferencesEnd1764270000000, Keys1764210000000, AuditTree1764220000000, SessionsEnd1764290000000, CountingLooks1764300000000, HeldBack1764330000000],
  controllers: [ShelterDirectory, ShelterCapacity, AssignReferral, KnownReferrals, KnownPartners, KnownSafetyAlerts, Intakes, erasure(CaseErasedByShelters)],
  documented: [...directoryRoutes, assignReferralRoute],
  jobs: (running) => [new Bands(running)],
});

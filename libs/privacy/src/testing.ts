export { canaryPerson, type Canary, type CanaryPerson } from './canary-person.js';
export { huntLeaks, type Leak, type Sink } from './leak-hunt.js';
export { assertUnlinkable, type Unlinkable, type Views } from './unlinkable.js';
export { auditMechanism, seededBytes, type MechanismAudit } from './statistics/audit-mechanism.js';

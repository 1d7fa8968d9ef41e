export { canaryPerson, type Canary, type CanaryPerson } from './canary-person.js';
export { huntLeaks, type Leak, type Sink } from './leak-hunt.js';
export { auditMechanism, seededBytes, type MechanismAudit } from './statistics/audit-mechanism.js';

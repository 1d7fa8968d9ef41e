export { MerkleTree, Peaks, consistencyProof, inclusionProof, isConsistent, isIncluded, leafHash, rootOf } from './merkle.js';
export { NOTHING, auditSigner, chained, digestOf, entryBytes, entryHash, isRootSigned, isWitnessSigned, signRoot, type Entry, type Root, type SignedRoot, type WitnessedRoot } from './log.js';
export { verifyAudit, type AuditFinding, type AuditLog, type AuditReport, type FindingCode, type Leaf } from './verify.js';
export { isEntryIn, isGrownFrom, isWitnessed, shownRoot, type ShownEntry, type ShownRoot } from './proof.js';

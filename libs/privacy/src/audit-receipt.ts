import { PrivacyRefusal } from './refusal.js';

const ENTRY = /^[\x21-\x7e]{1,200}$/;

/** Known to this file only. */
const WRITTEN = Symbol();
let receipt: (entry: string) => AuditReceipt;

/** The proof that an audit entry was written: there is none before. Leave to see or to tell something is given for one, and names its entry (DP-14, G9). */
class AuditReceipt {
  readonly #written = true;
  private constructor(readonly entry: string, mark: symbol) {
    if (mark !== WRITTEN) throw new PrivacyRefusal('AUDIT_ENTRY_MISSING');
    Object.freeze(this);
  }
  static {
    receipt = (entry) => new AuditReceipt(entry, WRITTEN);
  }
  static is(value: unknown): value is AuditReceipt {
    return typeof value === 'object' && value !== null && #written in value;
  }
}
export type { AuditReceipt };

/**
 * Writes an entry, and gives the receipt once it is written; where it cannot be, there is none. For whoever keeps the audit trail, who
 * names the entry so that it can be found there.
 * @throws PrivacyRefusal AUDIT_ENTRY_MISSING, and what `write` throws
 */
export async function audited(entry: string, write: () => Promise<unknown>): Promise<AuditReceipt> {
  if (!ENTRY.test(entry)) throw new PrivacyRefusal('AUDIT_ENTRY_MISSING');
  await write();
  return receipt(entry);
}

/** @throws PrivacyRefusal AUDIT_ENTRY_MISSING */
export function entryOf(given: unknown): string {
  if (!AuditReceipt.is(given)) throw new PrivacyRefusal('AUDIT_ENTRY_MISSING');
  return given.entry;
}

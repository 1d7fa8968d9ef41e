import type { VisibilityRow } from '@footbridge/contracts';
import { messagingTables } from '@footbridge/messaging';
import type { DataClass, Handled } from '@footbridge/privacy';

type Why = Omit<Handled, 'seenBy'> & { readonly seen: VisibilityRow };
/** Of an aggregate: its fields carry their class themselves. */
export interface LifecycleClasses extends Why {
  /** Fields that others see than those who see the rest, by the row of the visibility matrix. */
  readonly fields?: Readonly<Partial<Record<VisibilityRow, string>>>;
}
/** Of a table without a lifecycle: its columns, by class. */
export interface TableClasses extends Why { readonly columns: Readonly<Partial<Record<DataClass, string>>> }

/** What a service says of what it keeps and takes, beside the declarations that carry their class. Names are separated by spaces. */
export interface Classes {
  readonly lifecycles: Readonly<Record<string, LifecycleClasses>>;
  readonly tables: Readonly<Record<string, TableClasses>>;
  /** Members of bodies that are `operational` and have no field of that name: each is named, so that none is by oversight. */
  readonly bodies: Readonly<Record<string, string>>;
}
export const table = (why: Why, columns: TableClasses['columns']): TableClasses => ({ ...why, columns });

const machinery: Why = { purpose: 'OPERATION', basis: 'NOT_PERSONAL', retention: 'QUEUE', seen: 'MACHINERY' };
const known: Why = { ...machinery, retention: 'CURRENT' };
/** What stands for somebody without saying who: it leads to her only by the keys of her case. */
const aboutCase = { basis: 'CASE_BASIS', seen: 'MACHINERY' } as const;
/** What shows that something was done, and stays when what it was about is gone (DP-10). */
const proof: Why = { purpose: 'ACCOUNTABILITY', basis: 'LEGAL_OBLIGATION', retention: 'PROOF', seen: 'TRAIL' };

/** The tables that every service's schema has (schema.ts). */
export const commonTables: Readonly<Record<string, TableClasses>> = {
  migration: table({ ...machinery, retention: 'PUBLISHED' }, { open: 'id timestamp name' }),
  reference: table({ ...aboutCase, purpose: 'OPERATION', retention: 'TRAIL' }, { operational: 'ref organisation kind aggregate purpose generation' }),
  reference_end: table({ ...aboutCase, purpose: 'OPERATION', retention: 'TRAIL' }, { operational: 'ref reason at' }),
  subject_key: table({ ...aboutCase, purpose: 'OPERATION', retention: 'CASE' }, { operational: 'subject owner wrapped created_at key_version' }),
  audit: table({ purpose: 'ACCOUNTABILITY', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'TRAIL' }, {
    operational: 'position at organisations kind aggregate command from_state to_state version organisation account role on_behalf_of how caused_by ground fields approved_by',
  }),
  audit_leaf: table(proof, { operational: 'index position leaf chain' }),
  audit_root: table(proof, { operational: 'number size root chain at previous digest key signature peaks' }),
  known_audit_root: table(proof, { operational: 'service number digest signature at' }),
  organisation_key: table(known, { operational: 'organisation wanted least rewrapped destroyed' }),
  key_lock: table(known, { operational: 'panic_lock organisation locked version applied sessions_ended_at' }),
  erasure_receipt: table({ ...proof, purpose: 'RIGHTS', seen: 'CASE_FILE' }, { operational: 'case_ref owner case_of_owner erased_at receipt' }),
  idempotency: table({ ...aboutCase, purpose: 'OPERATION', retention: 'REPEAT' }, { operational: 'caller key request status headers body at' }),
  deadline: table({ ...aboutCase, purpose: 'OPERATION', retention: 'QUEUE' }, { operational: 'aggregate clock lifecycle owner due_at command body alert alert_to attempts done_at' }),
  alert: table({ basis: 'CASE_BASIS', purpose: 'OPERATION', retention: 'TRAIL', seen: 'OWN_ORGANISATION' }, { operational: 'id organisation code kind aggregate clock raised_at settled_at account' }),
  // What waits for a second person's word is sealed in `body` where it is about somebody.
  approval: table({ basis: 'CASE_BASIS', purpose: 'ACCOUNTABILITY', retention: 'TRAIL', seen: 'OWN_ORGANISATION' }, {
    operational: 'id ref owner lifecycle aggregate command roles asked_by asked_organisation asked_role asked_at expires_at state decided_by version', direct: 'body',
  }),
  known_consent: table({ ...aboutCase, purpose: 'CONSENT', retention: 'CASE' }, { operational: 'consent case_ref purpose recipient state valid_until categories version' }),
  known_clearance: table({ ...aboutCase, purpose: 'SAFETY', retention: 'CASE' }, { operational: 'case_ref step cleared until version' }),
  known_restriction: table({ ...aboutCase, purpose: 'RIGHTS', retention: 'CASE' }, { operational: 'request case_ref restricted version' }),
  known_organisation: table(known, { open: 'organisation type country', operational: 'active version' }),
  disabled: table(known, { operational: 'subject version disabled' }),
  ...Object.fromEntries(Object.entries(messagingTables).map(([name, columns]) => [name, table(machinery, columns)])),
};

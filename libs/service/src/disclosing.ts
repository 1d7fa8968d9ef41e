import { PrivacyRefusal, disclosure, type AuditReceipt, type DisclosureDef, type Gate, type Named, type Sealed } from '@footbridge/privacy';
import type { BaseRow, Lifecycle } from '@footbridge/lifecycle';
import type { Engine } from './engine.js';
import type { Principal } from './identity/principal.js';
import { namesOf } from './people.js';
import { Problem } from './problem.js';

export interface Disclosing {
  readonly gate: Gate;
  readonly def: DisclosureDef;
  readonly lifecycle: Lifecycle;
  readonly row: BaseRow;
  readonly caller: Principal;
  readonly purpose: string;
  /** What she agrees to at this moment. */
  readonly categories: readonly string[];
  readonly values: Sealed<object>;
  /** Whose names stand in no answer: they leave in an envelope only (decisions 20). Those of the others whom the owner helps stand in none either, unless it tells itself. */
  readonly person: Sealed<Named> | undefined;
}

/**
 * The answer to another organisation: for it alone, once, by the gate. `write` puts the look on record before there is anything to look
 * at. What the gate would refuse is asked before, and told as nothing: no look is on record that was none, and no override is used up.
 */
export async function disclosing(engine: Engine, d: Disclosing, write: () => Promise<AuditReceipt>): Promise<Buffer> {
  const recipient = d.caller.organisation;
  const known = [namesOf(d.person), ...(recipient === d.row.owner ? [] : [await engine.store.people.of(d.row.owner)])];
  const terms = { recipient, purpose: d.purpose, categories: d.categories };
  try { d.gate.disclosable(d.def, terms, d.values, { recipient }, known); } catch (error) {
    if (!(error instanceof PrivacyRefusal)) throw error;
    await engine.access.untold(d.lifecycle, d.row, d.caller, error.code);
    throw new Problem('privacy-refused', { reason: error.code, detail: 'Nothing was told to you. The organisation that sent this finds it on its call list and can put it right; try again then.' });
  }
  const audit = await write();
  return d.gate.disclose(d.def, disclosure({ ...terms, audit }), d.values, { recipient }, known).bytes();
}

import { ReceptionRequested, ReturnCancelled, ReturnWithdrawn, type ConsentPurpose } from '@footbridge/contracts';
import { handlersOf, type Engine, type Received } from '@footbridge/service';
import type { EventContext } from '@footbridge/messaging';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { Recall } from './recall.lifecycle.js';

const toOrigin: readonly ConsentPurpose[] = ['ORIGIN_OFFICE_DISCLOSURE', 'EMBASSY_CONTACT', 'FAMILY_CONTACT'];

/**
 * With the return ends what the origin side was told for it, though she has withdrawn no consent (reference 2.3.3: order at once).
 * Whoever was named and not told hears of a withdrawal only: the request to the office may still be under way.
 */
async function recallFromOrigin(engine: Engine, event: Received, context: EventContext): Promise<void> {
  const { owner: arrangedBy, caseRef, type, id: causedBy } = event;
  if (caseRef === undefined || arrangedBy === undefined) return;
  const { rows: told } = await engine.store.pool.query<{ office: string }>('select office from known_reception where case_ref = $1', [caseRef]);
  for (const purpose of toOrigin) for (const state of ['given', 'renewed']) for (const { id, owner } of await engine.store.locate(ConsentRecord, { caseRef, purpose, state })) {
    const read = engine.store.reader(owner, []);
    const [consent, asked] = await Promise.all([read.one(ConsentRecord, { id }), read.many(Recall, { consentId: id, state: 'asked' })]);
    const recipient = consent?.recipient;
    const mayKnow = told.some(({ office }) => office === recipient) || (type === ReturnWithdrawn.type && purpose === 'ORIGIN_OFFICE_DISCLOSURE');
    if (consent?.state !== state || recipient === undefined || recipient === owner || !mayKnow || asked.some((r) => r.referralId === undefined)) continue;
    await engine.runAs({
      lifecycle: Recall, command: 'askDeletion', owner, as: 'PLATFORM', causedBy, body: { caseId: consent.caseId, caseRef, consentId: id, recipient },
      alongside: [{ t: 'inbox', op: 'insert', row: context.inboxRow(`AfterReturn.${id}`) }],
    });
  }
}

export const AfterReturn = handlersOf('AfterReturn', [
  { type: ReceptionRequested.type, handler: 'AfterReturn.told', handle: (event, context) => context.once('AfterReturn.told', async (tx) => {
    if (event.caseRef && event.recipient) await tx.query('insert into known_reception (case_ref, office) values ($1, $2) on conflict do nothing', [event.caseRef, event.recipient]);
  }) },
  ...[ReturnWithdrawn, ReturnCancelled].map(({ type }) => ({ type, async handle(this: { engine: Engine }, event: Received, context: EventContext) { await recallFromOrigin(this.engine, event, context); } })),
]);

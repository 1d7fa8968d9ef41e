import { CaseAnonymised, CaseErasedByReintegration } from '@footbridge/contracts';
import { handlersOf } from '@footbridge/service';

/** The key of the case is destroyed, on disk and in memory, and the others are told (decisions 9). */
export const Erasure = handlersOf('Erasure', [{
  type: CaseAnonymised.type,
  async handle(received, context) {
    const { caseRef } = received;
    if (caseRef === undefined) return;
    const { row } = this.engine.announce(CaseErasedByReintegration, { aggregate: received.aggregate, version: received.version, caseRef, causedBy: received.id, ...(received.owner === undefined ? {} : { owner: received.owner }) }, { case: caseRef });
    const columns = Object.keys(row).join(', ');
    await context.once('Erasure', async (tx) => {
      await tx.query('delete from subject_key where subject = $1', [caseRef]);
      await tx.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_record(null::outbox, $1)`, [JSON.stringify(row)]);
    });
    this.engine.store.forget(caseRef);
  },
}]);

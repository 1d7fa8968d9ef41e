import { CaseAnonymised, CaseErasedByNotifications } from '@footbridge/contracts';
import { handlersOf } from '@footbridge/service';

/** No key of a case is kept here, only news about it on its way: that goes, and the others are told (decisions 9). */
export const Erasure = handlersOf('Erasure', [{
  type: CaseAnonymised.type,
  async handle(received, context) {
    const caseRef = received.caseRef;
    if (caseRef === undefined) return;
    const { row } = this.engine.announce(CaseErasedByNotifications, { aggregate: received.aggregate, version: received.version, caseRef, causedBy: received.id, ...(received.owner === undefined ? {} : { owner: received.owner }) }, { case: caseRef });
    const columns = Object.keys(row).join(', ');
    await context.once('Erasure', async (tx) => {
      await tx.query('select shred($1, $2, $3, $4)', [caseRef, received.owner ?? '', received.aggregate, this.engine.clock.now()]);
      await tx.query('select erase_case($1)', [caseRef]);
      await tx.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_record(null::outbox, $1)`, [JSON.stringify(row)]);
    });
    this.engine.store.forget(caseRef);
    this.engine.store.keys.onNews();
  },
}]);

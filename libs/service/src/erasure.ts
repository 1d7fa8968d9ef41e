import { CaseAnonymised, type ContractEvent } from '@footbridge/contracts';
import type { Type } from '@nestjs/common';
import { handlersOf } from './projections.js';

/** A service's part in an erasure: the keys of the case are destroyed, on disk and in memory, and the others are told (decisions 9). */
export const erasure = (told: ContractEvent): Type<object> => handlersOf('Erasure', [{
  type: CaseAnonymised.type,
  async handle({ id, aggregate, version, owner, caseRef }, context) {
    if (caseRef === undefined) return;
    const { row } = this.engine.announce(told, { aggregate, version, caseRef, causedBy: id, ...(owner === undefined ? {} : { owner }) }, { case: caseRef });
    const columns = Object.keys(row).join(', ');
    await context.once('Erasure', async (tx) => {
      await tx.query('select shred($1, $2, $3, $4)', [caseRef, owner ?? '', aggregate, this.engine.clock.now()]);
      await tx.query(`insert into reference_end (ref, reason, at) select ref, 'ERASED', now() from reference where kind = 'cas' and aggregate = $1 on conflict do nothing`, [caseRef]);
      await tx.query(`insert into outbox (${columns}) select ${columns} from jsonb_populate_record(null::outbox, $1)`, [JSON.stringify(row)]);
    });
    this.engine.store.forget(caseRef);
    this.engine.store.keys.onNews();
  },
}]);

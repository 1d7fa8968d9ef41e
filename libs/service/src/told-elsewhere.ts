import type { Type } from '@nestjs/common';
import { ReceptionRequested, ReferralSent, ReintegrationProposed, type ContractEvent } from '@footbridge/contracts';
import { handlersOf } from './projections.js';

/**
 * Ways that lead from a service to another organisation, where it is told something of a case. No service knows what another has said
 * there, and no event may say it; so whoever may have been told by one is told nothing new that counts by another, unless she is
 * named to them (G7; docs/decisions/2026-11-26-one-teller.md). A way that was opened once stays: what was said is not unsaid.
 */
const ways: readonly ContractEvent[] = [ReferralSent, ReceptionRequested, ReintegrationProposed];

export const toldElsewhere = (role: string): string => `
create table told_elsewhere (case_ref text not null, recipient text not null, service text not null, primary key (case_ref, recipient, service));
grant select, insert on told_elsewhere to ${role};
`;
/** Another service has opened a way to a recipient. */
export const othersTell = (service: string): Type<object> => handlersOf('ToldElsewhere', ways.filter((event) => event.service !== service).map((event) => ({
  type: event.type,
  handle: async ({ caseRef, recipient }, context) => {
    if (caseRef === undefined || recipient === undefined) return;
    await context.once('ToldElsewhere', async (tx) => { await tx.query('insert into told_elsewhere (case_ref, recipient, service) values ($1, $2, $3) on conflict do nothing', [caseRef, recipient, event.service]); });
  },
})));

/** SQL, one JSON value: whether another service may tell this recipient of this case. $1 = [case, recipient]. */
export const isToldElsewhere = 'select to_jsonb(exists (select from told_elsewhere e where e.case_ref = $1->>0 and e.recipient = $1->>1))';

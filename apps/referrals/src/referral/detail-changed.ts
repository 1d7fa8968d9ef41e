import { DirectedDetailChanged, FetchedDetailChanged } from '@footbridge/contracts';
import { HandlerRefusal } from '@footbridge/messaging';
import { Problem, handlersOf } from '@footbridge/service';
import { Referral } from './referral.lifecycle.js';
import type { ReferralRow } from './referral.entity.js';

/** What a receiver had fetched of the person reads otherwise now: it is told to fetch again, and nothing else (decisions 16). */
export const DetailChanged = handlersOf('DetailChanged', [{
  type: FetchedDetailChanged.type,
  async handle({ about, owner }, context) {
    if (about === undefined || owner === undefined) return;
    const [found] = await this.engine.store.find(Referral, owner, 't.id = ($1->>0)::uuid', [about]);
    const { receiver } = (found?.row ?? {}) as Partial<ReferralRow>;
    if (!found || receiver === undefined) return;
    const keep = (): { t: string; op: 'insert'; row: Record<string, unknown> }[] => [{ t: 'inbox', op: 'insert', row: context.inboxRow('DetailChanged') }];
    try {
      await this.engine.amend(Referral, found, { subject: 'platform', organisation: owner, roles: ['PLATFORM'] }, 'detailChanged', {}, { keep, notices: () => [{ event: DirectedDetailChanged, recipients: [receiver], data: {} }] });
    } catch (error) {
      // Somebody moved it meanwhile: the event is handled again.
      if (error instanceof Problem && error.code === 'stale-version') throw new HandlerRefusal('STALE', true);
      throw error;
    }
  },
}]);

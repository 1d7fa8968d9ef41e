import { DirectedDetailChanged, FetchedDetailChanged } from '@footbridge/contracts';
import { HandlerRefusal } from '@footbridge/messaging';
import { Problem, handlersOf, type Change, type Engine } from '@footbridge/service';
import type { EnvelopeRow } from '../identity-envelope/identity-envelope.entity.js';
import { IdentityEnvelope, mayBeFetched } from '../identity-envelope/identity-envelope.lifecycle.js';
import { Referral } from './referral.lifecycle.js';
import type { ReferralRow } from './referral.entity.js';

/** Whether trying again may help; what refuses for good is answered by the refusal itself. */
const isOver = (error: unknown): boolean => error instanceof Problem && (error.code === 'consent-required' || error.code === 'guard-refused' || error.code === 'transition-not-allowed') && error.headers['retry-after'] === undefined;

/** What was sealed for somebody reads otherwise now: it is sealed anew under the same consent, and the pointer to it says so. Where that is no longer allowed, the old one goes, and its recipient was asked to delete what it has. */
async function sealAgain(engine: Engine, owner: string, envelope: EnvelopeRow, alongside: readonly Change[]): Promise<void> {
  const { id, referralId, consentId, categories, escort, state } = envelope;
  try {
    await engine.runAs({ lifecycle: IdentityEnvelope, command: 'sealIdentity', owner, as: 'PLATFORM', alongside, body: { ...(referralId === undefined ? { consentId } : { referralId }), categories, ...(escort ? { escort } : {}) } });
  } catch (error) {
    if (!isOver(error)) throw error;
    if (mayBeFetched.includes(state as never)) await engine.runAs({ lifecycle: IdentityEnvelope, command: 'destroy', id, owner, as: 'PLATFORM', alongside });
    else await engine.store.commit(owner, alongside, []);
  }
}

/** What a receiver had fetched of the person reads otherwise now: it is told to fetch again, and nothing else (decisions 16). */
export const DetailChanged = handlersOf('DetailChanged', [{
  type: FetchedDetailChanged.type,
  async handle({ about, owner }, context) {
    if (about === undefined || owner === undefined) return;
    const [envelope] = await this.engine.store.find(IdentityEnvelope, owner, 't.id = ($1->>0)::uuid', [about]);
    if (envelope) return sealAgain(this.engine, owner, envelope.row as EnvelopeRow, [{ t: 'inbox', op: 'insert', row: context.inboxRow('DetailChanged') }]);
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

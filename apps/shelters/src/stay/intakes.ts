import { IntakeRefused, IntakeRegistered, type NeutralReason } from '@footbridge/contracts';
import { HandlerRefusal } from '@footbridge/messaging';
import { Problem, handlersOf } from '@footbridge/service';
import { Stay } from './stay.lifecycle.js';
import type { Arrival } from './stay.entity.js';

const handler = 'Intakes';

/**
 * `referrals` has registered an intake: the stay opens under the reference that its answer gave (decisions 24). Where the house
 * takes nobody in, the intake is told so. Not a reaction of the table, because a refusal has to be announced.
 */
export const Intakes = handlersOf(handler, [{
  type: IntakeRegistered.type,
  async handle(event, context) {
    const { about, caseRef, owner, data } = event;
    if (about === undefined || owner === undefined || caseRef === undefined) throw new HandlerRefusal('INTAKE_INCOMPLETE', false);
    const inbox = { t: 'inbox', op: 'insert' as const, row: context.inboxRow(handler) };
    const known = await this.engine.store.resolve(owner, [data['shelter'], data['referral']].filter((r): r is string => typeof r === 'string'));
    const [shelter, referral] = [known.get(String(data['shelter'])), known.get(String(data['referral']))];
    if (data['referral'] !== undefined && referral === undefined) throw new HandlerRefusal('NOT_YET_KNOWN', true);
    const arrival: Arrival = data['emergencyPlacement'] === true ? 'EMERGENCY_PLACEMENT' : referral ? 'REFERRAL' : 'AT_THE_DOOR';
    try {
      await this.engine.runAs({
        lifecycle: Stay, command: 'openIntake', owner, as: 'SHELTER_INTAKE', causedBy: event.id, creates: { id: about }, alongside: [inbox],
        body: { ...(shelter ? { shelter } : {}), ...(referral ? { referral } : {}), caseRef, arrival, intake: data['intake'], stayRef: data['stay'] },
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Retry-After: another service may still tell what is missing.
      if (error.code !== 'guard-refused' || error.headers['retry-after'] !== undefined) throw new HandlerRefusal(error.code.replaceAll('-', '_').toUpperCase(), true);
      const reason: NeutralReason = 'SERVICE_UNAVAILABLE';
      await this.engine.store.commit(owner, [inbox, this.engine.announce(IntakeRefused, { aggregate: about, version: 1, owner, caseRef, causedBy: event.id }, { case: caseRef, intake: String(data['intake']), reason })], []);
    }
  },
}]);

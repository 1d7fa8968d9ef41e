import type { ContractEvent } from '@footbridge/contracts';
import type { Gate } from '@footbridge/privacy';
import { handlersOf, type Engine, type Received } from '@footbridge/service';
import { Delivery } from './delivery.lifecycle.js';
import { bodyOf, delivered, isProtective } from './message.js';
import { fullHour } from './retry.js';

interface Endpoint { readonly subscription: string; readonly owner: string }

/** Endpoints that get this: the recipient's own, or those of active partners in the country that it is about (reference 2.5.3). */
function endpointsFor(engine: Engine, event: ContractEvent, received: Received): Promise<Endpoint[]> {
  const living = `e.state in ('sub_active', 'sub_degraded', 'sub_paused', 'sub_disabled')`;
  if (event.audience === 'directed') {
    return engine.store.readAs('', `select jsonb_build_object('subscription', e.subscription, 'owner', e.owner) from endpoint e where e.owner = $1->>0 and ${living} and ($1->>1 = 'true' or e.event_types @> array[$1->>2]) order by e.subscription`, [received.recipient ?? '', String(event.always === true), event.type]);
  }
  return engine.store.readAs('', `select jsonb_build_object('subscription', e.subscription, 'owner', e.owner) from endpoint e join member m on m.organisation = e.owner where m.active and ${living} and e.event_types @> array[$1->>0] and ($1->>1 is null or m.country = $1->>1) order by e.subscription`, [event.type, countryOf(event, received)]);
}
/** Undefined where anyone may have it. */
export const countryOf = (event: ContractEvent, received: Received): string | null => (event.subscribable === 'anyone' ? null : String(received.data['country'] ?? ''));

/** News becomes a delivery for each endpoint that may have it; each has its own inbox row, so a stop in the middle goes on with the rest. */
export const Deliveries = handlersOf('Deliveries', delivered.map((event) => ({
  type: event.type,
  async handle(received, context) {
    // The instance's own copy is nobody's.
    if (received.audience === 'instance' || event.subscribable === undefined) return;
    const endpoints = await endpointsFor(this.engine, event, received);
    if (endpoints.length === 0) return;
    const body = bodyOf(this.engine.store.reader('', []).port<Gate>('gate'), event, received);
    const now = this.engine.clock.now();
    for (const { subscription, owner } of endpoints) {
      await this.engine.runAs({
        lifecycle: Delivery, command: 'enqueue', owner, as: 'PLATFORM', causedBy: received.id, alongside: [{ t: 'inbox', op: 'insert', row: context.inboxRow(`Deliveries.${subscription}`) }],
        body: {
          subscriptionId: subscription, eventId: received.id, type: event.type, body, protective: isProtective(event), aggregateId: received.aggregate, aggregateVersion: received.version, attempts: 0,
          nextAttemptAt: (event.atFullHour ? fullHour(now) : now).toISOString(), recipient: received.recipient,
          ...(received.consentRef === undefined ? {} : { consentRef: received.consentRef }), ...(received.caseRef === undefined ? {} : { caseRef: received.caseRef }),
        },
      });
    }
  },
})));

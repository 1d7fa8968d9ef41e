import { events, type ContractEvent } from '@footbridge/contracts';
import type { Gate, WireBytes } from '@footbridge/privacy';
import type { Received } from '@footbridge/service';

/** Everything that goes to organisations by webhook or feed. */
export const delivered: readonly ContractEvent[] = Object.values(events).filter((e) => (e.audience === 'directed' || e.audience === 'network') && e.posted === undefined);

/** News that stops something or calls for help: it goes out whatever has become of the consent, like a recall (reference 2.5.3). */
const protective = new Set([
  'ReferralWithdrawn', 'ReferralSuspended', 'ReferralEnteredInError', 'ReceptionCancelled', 'ReceptionFailed', 'ReceptionMissed', 'BedReleased', 'BedHoldLapsed', 'BedRequestWithdrawn',
  'ReintegrationSuspended', 'ReintegrationDeclinedByPerson', 'ReintegrationClosed',
]);
export const isProtective = (event: ContractEvent): boolean => event.always === true || protective.has(event.name);

/** The body, made once and the same in webhook and feed (decisions 17). */
export function bodyOf(gate: Gate, event: ContractEvent, received: Pick<Received, 'id' | 'time' | 'subject' | 'data'>): string {
  const envelope = { id: received.id, time: received.time, ...(received.subject === undefined ? {} : { subject: received.subject }) };
  return gate.structured(event, envelope, received.data, { 'webhook-id': received.id }).bytes().toString('utf8');
}

/** A kept body through the gate once more, on its way out. */
export function bytesOf(gate: Gate, body: string, url: string): WireBytes {
  const { id, time, subject, type, data } = JSON.parse(body) as { id: string; time: string; subject?: string; type: string; data: Readonly<Record<string, unknown>> };
  const event = events[type];
  if (!event) throw new Error('no such event');
  return gate.structured(event, { id, time, ...(subject === undefined ? {} : { subject }) }, data, { 'webhook-id': id, url });
}

import { ClearanceChanged, ConsentExpired, ConsentRevoked, ConsentWithdrawn, DeliveryDeadLettered, DeliveryFailed, DeliveryPurged, DeliveryQueued, DeliveryReplayed, DeliverySucceeded, DeliverySuppressed, after, deadlines, events, states } from '@footbridge/contracts';
import { NONE, guard, lifecycle, type Facts, type Reaction } from '@footbridge/lifecycle';
import { hasRole } from '@footbridge/service';
import { readers } from '../feed/readers.js';
import { authorityOf, dependsOnOthers, toOriginSide, type Authority } from './authorised.js';
import { deliveryFields, type DeliveryRow } from './delivery.entity.js';
import { delays } from './retry.js';

export interface DeliveryFacts extends Facts<DeliveryRow> {
  /** State of its subscription. */
  readonly subscription?: string;
  readonly authority: Authority;
}
const kept = ({ row }: Facts<DeliveryRow>): Date => after(new Date(row.createdAt), deadlines.deliveryKept);
const succeeded = (status: unknown): boolean => typeof status === 'number' && status >= 200 && status < 300;

export const audienceMayHaveIt = guard<DeliveryFacts>('AUDIENCE', 'audienceMayHaveIt', ({ row, body }) => {
  const audience = row.type === undefined ? undefined : events[row.type]?.audience;
  return audience === 'network' || (audience === 'directed' && body['recipient'] === row.owner) ? undefined : 'NOT_FOR_THIS_AUDIENCE';
}, { onBody: true });
/** Reference 2.0: references, states and codes; what is about a person is fetched. */
export const classMayTravel = guard<DeliveryFacts>('CLASS', 'classMayTravel', ({ row }) => {
  const fields = Object.values(row.type === undefined ? {} : events[row.type]?.data ?? {});
  return fields.every(({ dataClass }) => dataClass === 'open' || dataClass === 'operational') ? undefined : 'CLASS_NOT_ALLOWED';
});
export const answered2xx = guard<DeliveryFacts>('ANSWER', 'answeredWith2xx', ({ body }) => (succeeded(body['lastStatus']) ? undefined : 'NOT_DELIVERED'), { onBody: true });
export const notAnswered2xx = guard<DeliveryFacts>('ANSWER', 'notAnsweredWith2xx', ({ body }) => (succeeded(body['lastStatus']) ? 'DELIVERED' : undefined), { onBody: true });
export const exhausted = guard<DeliveryFacts>('SCHEDULE', 'scheduleExhaustedOrDisabled', ({ row, body, subscription }) =>
  (Number(body['attempts'] ?? row.attempts ?? 0) >= delays.length || subscription === 'sub_disabled' ? undefined : 'NOT_EXHAUSTED'), { onBody: true });
/** Consent ended, a hold was placed, the membership is over, or it waited longer than a body is kept. GDPR 7(3). */
export const mayNotGoAnyMore = guard<DeliveryFacts>('CONSENT', 'mayNotGoAnyMore', (facts, now) => {
  const { row, authority, subscription } = facts;
  if (subscription === undefined || subscription === 'sub_revoked' || subscription === 'sub_rejected' || row.body === undefined || now >= kept(facts)) return undefined;
  return (authority === 'ended' || authority === 'held') && !row.protective ? undefined : 'STILL_AUTHORISED';
});
export const withinFourteenDays = guard<DeliveryFacts>('REPLAY', 'withinFourteenDays', (facts, now) => (now < kept(facts) && facts.row.body !== undefined ? undefined : 'TOO_LATE'));
/** Authorised again, as at every attempt. */
export const authorisedAgain = guard<DeliveryFacts>('REPLAY', 'authorisedAgain', ({ row, authority, subscription }) => {
  if (subscription === undefined || subscription === 'sub_revoked') return 'SUBSCRIPTION_ENDED';
  return row.protective || authority === 'in force' ? undefined : 'NOT_AUTHORISED';
}, { needsFresh: ({ row }) => (dependsOnOthers(row) ? ['referrals'] : []) });
export const fourteenDaysOver = guard<DeliveryFacts>('RETENTION', 'fourteenDaysAreOver', (facts, now) => (now >= kept(facts) ? undefined : 'STILL_KEPT'));

const gone = { body: undefined, nextAttemptAt: undefined };
/** W4: with the consent's end, not at the next attempt, which may be hours away. What protects goes on, and so does what others may know. */
const stopped: readonly Reaction[] = [
  ...[ConsentWithdrawn, ConsentRevoked, ConsentExpired].map((on): Reaction => ({
    on, command: 'suppress', as: 'PLATFORM',
    where: ({ caseRef, consentRef, data: { recipient } }) => (consentRef === undefined || recipient === undefined ? undefined : { caseRef, consentRef, owner: recipient, protective: false }),
  })),
  // A hold, or whatever else ends contact with the origin side (decisions 14).
  ...toOriginSide.map((type): Reaction => ({
    on: ClearanceChanged, command: 'suppress', as: 'PLATFORM', when: ({ data }) => data['step'] === 'ORIGIN_CONTACT' && data['cleared'] === false, where: ({ caseRef }) => ({ caseRef, type }),
  })),
];

export const Delivery = lifecycle<DeliveryFacts>()({
  name: 'Delivery', service: 'notifications', prefix: 'dlv', states: states.Delivery.values, fields: deliveryFields,
  links: { subscription: { kind: 'sub', column: 'subscriptionId', collection: 'subscriptions' } },
  facts: async (read, { row }, now) => {
    const [subscription] = await read.sql<string>('select to_jsonb(s.state) from subscription s where s.id = ($1->>0)::uuid', [row.subscriptionId]);
    return { authority: await authorityOf(read, row, now), ...(subscription === undefined ? {} : { subscription }) };
  },
  visible: hasRole(...readers, 'DPO'),
  wire: (row) => ({ organisation: row.owner }),
  about: (row) => row.aggregateId,
  reactions: stopped,
  clocks: [
    { name: 'kept', in: ['dead_lettered'], due: kept, command: 'purgeDelivery' },
    { name: 'waiting', in: ['queued', 'retrying'], due: kept, command: 'suppress' },
  ],
  rows: [
    // from                                      command          to                 by                           guards                                emits
    [NONE,                                       'enqueue',       'queued',          ['PLATFORM'],                [audienceMayHaveIt, classMayTravel],  DeliveryQueued],
    [['queued', 'retrying'],                     'succeed',       'delivered',       ['PLATFORM'],                [answered2xx],                        DeliverySucceeded, { set: () => gone }],
    [['queued'],                                 'fail',          'retrying',        ['PLATFORM'],                [notAnswered2xx],                     DeliveryFailed],
    [['retrying'],                               'exhaust',       'dead_lettered',   ['PLATFORM'],                [exhausted],                          DeliveryDeadLettered, { set: () => ({ nextAttemptAt: undefined }) }],
    [['queued', 'retrying', 'dead_lettered'],    'suppress',      'suppressed',      ['PLATFORM'],                [mayNotGoAnyMore],                    DeliverySuppressed, { set: () => gone }],
    [['dead_lettered'],                          'replay',        'queued',          ['PARTNER_ADMIN', 'PLATFORM'], [withinFourteenDays, authorisedAgain], DeliveryReplayed, { set: (_, now) => ({ attempts: 0, nextAttemptAt: now.toISOString() }) }],
    [['dead_lettered'],                          'purgeDelivery', 'delivery_purged', ['PLATFORM'],                [fourteenDaysOver],                   DeliveryPurged, { set: () => gone }],
  ],
});

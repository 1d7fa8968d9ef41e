import {
  SubscriptionActivated, SubscriptionDegraded, SubscriptionDisabled, SubscriptionPaused, SubscriptionRecovered, SubscriptionRejected, SubscriptionRequested, SubscriptionRevoked,
  after, deadlines, events, states,
} from '@footbridge/contracts';
import { NONE, guard, lifecycle, type Facts } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import { Problem } from '@footbridge/service';
import { judgesOf } from '../organisation/register.js';
import { Partner } from '../partner/partner.lifecycle.js';
import type { Endpoints } from './endpoints.js';
import { keysOf, newKeys, type NewKeys } from './signing.js';
import { EditSubscriptionBody, RequestSubscriptionBody } from './subscription.dto.js';
import { subscriptionFields, type SubscriptionRow } from './subscription.entity.js';

/** How an endpoint has been doing; kept beside the subscription, since every attempt changes it. */
export interface Health { readonly failures: number; readonly failingSince?: string }
export interface SubscriptionFacts extends Facts<SubscriptionRow> {
  /** State of the owner's membership. */
  readonly partner?: string;
  readonly networkBodies: readonly string[];
  readonly health: Health;
  readonly keys?: NewKeys;
  readonly addressAllowed?: boolean;
  readonly challengeAnswered?: boolean;
}

/** So many failures in a row, or so long without success. */
export const DEGRADED_AFTER = 5;
export const DEGRADED_AFTER_MS = 15 * 60_000;

/** Reference 2.5.3: an event that nobody may subscribe to is no partner's. */
export const notEntitled = (types: readonly string[]): readonly string[] => types.filter((type) => events[type]?.subscribable === undefined);

export const typesNamed = guard<SubscriptionFacts>('TYPES', 'eventTypesAreNamed', ({ row }) => (row.eventTypes?.length ? undefined : 'EVENT_TYPES_MISSING'));
export const partnerActive = guard<SubscriptionFacts>('PARTNER', 'partnerIsActive', ({ partner }) => (partner === 'partner_active' ? undefined : 'PARTNER_NOT_ACTIVE'));
/** Own referrals and network events, nothing else. */
export const entitled = guard<SubscriptionFacts>('TYPES', 'entitledToEachEventType', ({ row }) => (notEntitled(row.eventTypes ?? []).length === 0 ? undefined : 'NOT_ENTITLED'));
export const addressAllowed = guard<SubscriptionFacts>('SSRF', 'httpsToAPublicAddress', ({ addressAllowed: allowed }) => (allowed ? undefined : 'URL_NOT_ALLOWED'), { onBody: true });
export const challengeAnswered = guard<SubscriptionFacts>('CHALLENGE', 'signedChallengeIsAnswered', ({ challengeAnswered: answered }) => (answered ? undefined : 'CHALLENGE_NOT_ANSWERED'), { onBody: true });
export const failsAgainAndAgain = guard<SubscriptionFacts>('HEALTH', 'failsAgainAndAgain', ({ health }, now) =>
  (health.failures >= DEGRADED_AFTER || (health.failingSince !== undefined && now.getTime() - new Date(health.failingSince).getTime() >= DEGRADED_AFTER_MS) ? undefined : 'NOT_FAILING'));
export const deliversAgain = guard<SubscriptionFacts>('HEALTH', 'aDeliveryGotThrough', ({ health }) => (health.failures === 0 ? undefined : 'STILL_FAILING'));
export const givenUp = guard<SubscriptionFacts>('HEALTH', 'scheduleExhaustedOrGone', ({ body }) => (body['because'] === 'EXHAUSTED' || body['because'] === 'GONE' ? undefined : 'NOT_EXHAUSTED'), { onBody: true });
/** Its own administrator may end it at any time; the network only where the membership is suspended or over. */
export const membershipEnded = guard<SubscriptionFacts>('PARTNER', 'partnerIsSuspendedOrHasLeft', ({ partner, caller }) =>
  (caller.role === 'PARTNER_ADMIN' || partner === undefined || partner === 'partner_suspended' || partner === 'partner_terminated' ? undefined : 'PARTNER_STILL_ACTIVE'));

const live = ['sub_active', 'sub_degraded', 'sub_paused', 'sub_disabled'] as const;
const refusedAddress = (): Problem => new Problem('validation-failed', { errors: [{ pointer: '/url', code: 'url-not-allowed', detail: 'Send an https address on port 443 whose name stands for public addresses only.' }] });

export const Subscription = lifecycle<SubscriptionFacts>()({
  name: 'Subscription', service: 'notifications', prefix: 'sub', states: states.Subscription.values, fields: subscriptionFields,
  parties: (row) => row.judges ?? [],
  standing: (row) => ({ DPO: row.judges ?? [], PARTNER_ADMIN: row.owner }),
  facts: async (read, { row, body, command }, now) => {
    const memberships = await read.many(Partner, { owner: row.owner });
    const partner = memberships.at(-1)?.state;
    const [health] = await read.sql<{ failures: number; failing_since: string | null }>('select to_jsonb(e) from endpoint e where e.subscription = ($1->>0)::uuid', [row.id]);
    const known = {
      networkBodies: await judgesOf(read, row.owner), health: { failures: health?.failures ?? 0, ...(health?.failing_since ? { failingSince: health.failing_since } : {}) },
      ...(partner === undefined ? {} : { partner }),
    };
    const asked = command === 'requestSubscription' || command === 'edit' ? body['url'] : command === 'activateSubscription' ? row.url : undefined;
    if (typeof asked !== 'string') return known;
    const endpoints = read.port<Endpoints>('endpoints');
    const allowed = await endpoints.allowed(asked);
    if (command !== 'activateSubscription') {
      if (!allowed) throw refusedAddress();
      return command === 'requestSubscription' ? { ...known, addressAllowed: allowed, keys: newKeys() } : { ...known, addressAllowed: allowed };
    }
    // Nobody's server is spoken to before everything else speaks for it.
    const ready = allowed && partner === 'partner_active' && notEntitled(row.eventTypes ?? []).length === 0;
    return { ...known, addressAllowed: allowed, challengeAnswered: ready && await endpoints.answersChallenge(asked, (id) => keysOf(row, id, now), now) };
  },
  // A changed address is asked again before anything goes there: it can be changed only while nothing is sent.
  editable: { by: ['PARTNER_ADMIN'], in: ['sub_pending', 'sub_paused', 'sub_disabled'], body: EditSubscriptionBody },
  clocks: [
    { name: 'disabled', in: ['sub_disabled'], due: ({ row }) => new Date(row.updatedAt), alert: { code: 'WEBHOOK_DISABLED', to: ({ row }) => row.owner } },
    { name: 'rotation', in: live, due: ({ row }) => (row.rotatedAt ? after(new Date(row.rotatedAt), deadlines.secretRotated) : undefined), alert: { code: 'ROTATE_SECRET', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from                           command                 to              by                         guards                                                                       emits
    [NONE,                            'requestSubscription',  'sub_pending',  ['PARTNER_ADMIN'],         [typesNamed, addressAllowed],                                                SubscriptionRequested, {
      body: RequestSubscriptionBody,
      set: ({ keys, networkBodies }, now) => (keys ? { signing: label('direct', { secret: keys.secret, privateKey: keys.privateKey }), publicKey: keys.publicKey, rotatedAt: now.toISOString(), judges: networkBodies } : {}),
      once: ({ keys }) => (keys ? { secret: keys.secret } : {}),
    }],
    [['sub_pending'],                 'activateSubscription', 'sub_active',   ['DPO'],                   [partnerActive, typesNamed, entitled, addressAllowed, challengeAnswered],    SubscriptionActivated],
    [['sub_pending'],                 'rejectSubscription',   'sub_rejected', ['DPO'],                   [],                                                                          SubscriptionRejected],
    [['sub_active'],                  'markDegraded',         'sub_degraded', ['PLATFORM'],              [failsAgainAndAgain],                                                        SubscriptionDegraded],
    [['sub_degraded'],                'recover',              'sub_active',   ['PLATFORM'],              [deliversAgain],                                                             SubscriptionRecovered],
    [['sub_degraded', 'sub_active'],  'disable',              'sub_disabled', ['PLATFORM'],              [givenUp],                                                                   SubscriptionDisabled],
    [['sub_active', 'sub_degraded'],  'pause',                'sub_paused',   ['PARTNER_ADMIN'],         [],                                                                          SubscriptionPaused],
    [['sub_paused', 'sub_disabled'],  'activateSubscription', 'sub_active',   ['PARTNER_ADMIN', 'DPO'],  [partnerActive, typesNamed, entitled, addressAllowed, challengeAnswered],    SubscriptionActivated],
    [['sub_pending', ...live],        'revokeSubscription',   'sub_revoked',  ['DPO', 'PARTNER_ADMIN'],  [membershipEnded],                                                           SubscriptionRevoked],
  ],
});

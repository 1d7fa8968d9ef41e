import { wire } from '@footbridge/privacy';
import { ConsentCategory } from './code-lists/consent.js';
import { OrganisationType } from './code-lists/organisation.js';
import { ServiceType } from './code-lists/referral.js';
import { ServiceProfile } from './code-lists/shelter.js';
import { auditOnly, defineEvent } from './event.js';
import { keysAt, keysRewrapped } from './keys.js';
import { flags, place, reached } from './payload.js';
import type { StateOf } from './states.js';

const service = 'notifications';

// --- Organisations and accounts (decisions 2, 7): every service keeps what it needs to refuse at once.

export const OrganisationAdded = defineEvent(service, 'OrganisationAdded', {
  audience: 'instance', summary: 'An organisation exists in this instance.', data: { organisation: wire.ref('org'), organisationType: wire.code(OrganisationType), ...place, version: wire.version },
});
export const OrganisationDisabled = defineEvent(service, 'OrganisationDisabled', { audience: 'instance', summary: 'Its tokens stop at once.', data: { organisation: wire.ref('org'), version: wire.version } });
export const OrganisationEnabled = defineEvent(service, 'OrganisationEnabled', { audience: 'instance', summary: 'Its tokens count again.', data: { organisation: wire.ref('org'), version: wire.version } });
export const AccountDisabled = defineEvent(service, 'AccountDisabled', { audience: 'instance', summary: 'Its tokens stop at once.', data: { account: wire.ref('acc'), organisation: wire.ref('org'), version: wire.version } });
export const AccountEnabled = defineEvent(service, 'AccountEnabled', { audience: 'instance', summary: 'Its tokens count again.', data: { account: wire.ref('acc'), organisation: wire.ref('org'), version: wire.version } });

// --- Keys of an organisation: each service keeps the keys of its cases under them.

export const KeysRotated = defineEvent(service, 'KeysRotated', { audience: 'instance', summary: 'The organisation has a new key, of this version at least: every service wraps anew what is wrapped with an older one, and says so.', data: keysAt });
export const OldKeysDestroyed = defineEvent(service, 'OldKeysDestroyed', { audience: 'instance', summary: 'Every version before this one is destroyed.', data: keysAt });
export const KeysLocked = defineEvent(service, 'KeysLocked', { audience: 'instance', summary: 'Panic: nothing of this organisation is opened until it is unlocked.', data: { organisation: wire.ref('org'), version: wire.version } });
export const KeysUnlocked = defineEvent(service, 'KeysUnlocked', { audience: 'instance', summary: 'Two persons have unlocked.', data: { organisation: wire.ref('org'), version: wire.version } });

// --- Partner: membership in the network. `referrals` keeps the active ones for SG3.

const partnerAt = <S extends StateOf<'Partner'>>(...states: readonly [S, ...S[]]) => ({ partner: wire.ref('ptn'), organisation: wire.ref('org'), state: reached('Partner', ...states), version: wire.version });
/** What it offers and whom it serves. */
const offer = { ...place, ...flags(ServiceType), ...flags(ServiceProfile) };

export const PartnerApplied = auditOnly(service, 'PartnerApplied', 'Asks to join.');
export const PartnerVerified = auditOnly(service, 'PartnerVerified', 'Two people have checked it.');
export const PartnerActivated = defineEvent(service, 'PartnerActivated', { audience: 'instance', summary: 'May receive, for the services it lists.', data: { ...partnerAt('partner_active'), ...offer } });
export const PartnerServicesChanged = defineEvent(service, 'PartnerServicesChanged', { audience: 'instance', summary: 'Lists other services or serves other people than before.', data: { ...partnerAt('partner_active'), ...offer } });
export const PartnerSuspended = defineEvent(service, 'PartnerSuspended', { audience: 'instance', summary: 'Nothing is sent to it.', data: partnerAt('partner_suspended') });
export const PartnerTerminated = defineEvent(service, 'PartnerTerminated', { audience: 'instance', summary: 'Has left the network.', data: partnerAt('partner_terminated') });

export const AgreementSigned = defineEvent(service, 'AgreementSigned', {
  audience: 'instance', summary: 'Data may go from one organisation to the other, in these categories, up to and including that day; never onward (DP-23).',
  data: { agreement: wire.ref('agr'), from: wire.ref('org'), to: wire.ref('org'), ...flags(ConsentCategory), until: wire.day, version: wire.version },
});
export const AgreementEnded = defineEvent(service, 'AgreementEnded', { audience: 'instance', summary: 'Nothing may go any more.', data: { agreement: wire.ref('agr'), from: wire.ref('org'), to: wire.ref('org'), version: wire.version } });

// --- Subscription and Delivery: what goes wrong at a partner is nobody else's business.

export const SubscriptionRequested = auditOnly(service, 'SubscriptionRequested', 'Whether the partner is entitled is decided next.');
export const SubscriptionActivated = auditOnly(service, 'SubscriptionActivated', 'The challenge was answered.');
export const SubscriptionRejected = auditOnly(service, 'SubscriptionRejected', 'Not entitled.');
export const SubscriptionDegraded = auditOnly(service, 'SubscriptionDegraded', 'Fails again and again.');
export const SubscriptionRecovered = auditOnly(service, 'SubscriptionRecovered', 'A delivery got through.');
export const SubscriptionDisabled = auditOnly(service, 'SubscriptionDisabled', 'Given up; the security contact is told.');
export const SubscriptionPaused = auditOnly(service, 'SubscriptionPaused', 'By the partner.');
export const SubscriptionRevoked = auditOnly(service, 'SubscriptionRevoked', 'For good.');
export const SubscriptionChallenge = defineEvent(service, 'SubscriptionChallenge', {
  audience: 'directed', posted: true, summary: 'Answer with 200 and `{ "challenge": … }` within 20 s, to show that the endpoint is yours (decisions 17).', data: { challenge: wire.ref('chl') },
});

export const DeliveryQueued = auditOnly(service, 'DeliveryQueued', 'Audience and class are checked.');
export const DeliverySucceeded = auditOnly(service, 'DeliverySucceeded', '2xx.');
export const DeliveryFailed = auditOnly(service, 'DeliveryFailed', 'Tried again later.');
export const DeliveryDeadLettered = defineEvent(service, 'DeliveryDeadLettered', {
  audience: 'instance', summary: 'The organisation did not get it: somebody has to call. `about` is the aggregate it was about.', data: { organisation: wire.ref('org'), state: reached('Delivery', 'dead_lettered'), version: wire.version },
});
export const DeliverySuppressed = auditOnly(service, 'DeliverySuppressed', 'Consent changed since the event.');
export const DeliveryReplayed = auditOnly(service, 'DeliveryReplayed', 'Authorised again.');
export const DeliveryPurged = auditOnly(service, 'DeliveryPurged', 'After 14 days.');

export const StatisticsOrdered = defineEvent(service, 'StatisticsOrdered', { audience: 'instance', summary: 'Two persons of the network want the tables of the year that ended on this day.', data: { until: wire.day, version: wire.version } });
export const StatisticsOrderRefused = auditOnly(service, 'StatisticsOrderRefused', 'A rule stood against it: area, budget or period.');
export const StatisticsReleased = defineEvent(service, 'StatisticsReleased', { audience: 'network', subscribable: 'anyone', summary: 'New tables were published in this quarter: GET /v1/statistics.', data: { period: wire.period } });
export const CaseErasedByNotifications = defineEvent(service, 'CaseErasedByNotifications', { audience: 'instance', summary: 'What was kept of this case is destroyed here.', data: { case: wire.ref('csr') } });
export const KeysRewrappedByNotifications = keysRewrapped(service, 'KeysRewrappedByNotifications');

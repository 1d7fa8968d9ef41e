import { exampleOf, schemaOf } from '@footbridge/lifecycle';
import { service, type ExtraRoute, type ServiceDefinition } from '@footbridge/service';
import { classes } from './classes.js';
import { Agreement } from './agreement/agreement.lifecycle.js';
import { Deliveries } from './delivery/deliveries.js';
import { Delivery } from './delivery/delivery.lifecycle.js';
import { Sender } from './delivery/sender.js';
import { Erasure } from './erasure/erasure.js';
import { FeedController, Streams } from './feed/feed.controller.js';
import { Feed } from './feed/feed.js';
import { KeyRotation } from './keys/key-rotation.lifecycle.js';
import { KeysRewrapped } from './keys/keys-rewrapped.js';
import { PanicLock } from './keys/panic-lock.lifecycle.js';
import { First1764000000000 } from './migrations/1764000000000-first.js';
import { AuditTree1764220000000 } from './migrations/1764220000000-audit-tree.js';
import { SessionsEnd1764290000000 } from './migrations/1764290000000-sessions-end.js';
import { CountingLooks1764300000000 } from './migrations/1764300000000-counting-looks.js';
import { HeldBack1764330000000 } from './migrations/1764330000000-held-back.js';
import { MailDue1764050000000 } from './migrations/1764050000000-mail-due.js';
import { SecondWord1764120000000 } from './migrations/1764120000000-second-word.js';
import { Access1764230000000 } from './migrations/1764230000000-access.js';
import { Rights1764240000000 } from './migrations/1764240000000-rights.js';
import { ReferencesEnd1764270000000 } from './migrations/1764270000000-references-end.js';
import { Keys1764210000000 } from './migrations/1764210000000-keys.js';
import { StatisticsOrder1764250000000 } from './migrations/1764250000000-statistics-order.js';
import { AddAccountBody, AddOrganisationBody, StandingBody } from './organisation/organisation.dto.js';
import { AccountsController, OrganisationsController } from './organisation/organisations.controller.js';
import { Partner } from './partner/partner.lifecycle.js';
import { endpointDisabled } from './security-contact/mails.js';
import { Postman } from './security-contact/postman.js';
import { Endpoints } from './subscription/endpoints.js';
import { StatisticsOrder } from './statistics-order/statistics-order.lifecycle.js';
import { RotateSecretController } from './subscription/rotate-secret.controller.js';
import { Subscription } from './subscription/subscription.lifecycle.js';

const bodyOf = (body: Parameters<typeof schemaOf>[0]): NonNullable<ExtraRoute['body']> => ({ schema: schemaOf(body), example: exampleOf(body) });
const documented: readonly ExtraRoute[] = [
  { method: 'post', path: '/v1/organisations', summary: 'An organisation begins to exist here (OPERATOR)', tag: 'Organisation', body: bodyOf(AddOrganisationBody) },
  { method: 'get', path: '/v1/organisations', summary: 'The directory of organisations', tag: 'Organisation' },
  { method: 'post', path: '/v1/organisations/{id}/disable', summary: 'All its tokens stop at once (OPERATOR)', tag: 'Organisation' },
  { method: 'post', path: '/v1/organisations/{id}/enable', summary: 'Its tokens count again (OPERATOR)', tag: 'Organisation' },
  { method: 'post', path: '/v1/accounts', summary: 'An account is known here (OPERATOR: the first PARTNER_ADMIN; PARTNER_ADMIN: the own organisation\'s)', tag: 'Account', body: bodyOf(AddAccountBody) },
  { method: 'get', path: '/v1/accounts', summary: 'The own organisation\'s accounts (PARTNER_ADMIN), or all (OPERATOR)', tag: 'Account' },
  { method: 'post', path: '/v1/accounts/{id}/disable', summary: 'Its tokens stop at once', tag: 'Account', body: bodyOf(StandingBody) },
  { method: 'post', path: '/v1/accounts/{id}/enable', summary: 'Its tokens count again', tag: 'Account', body: bodyOf(StandingBody) },
  { method: 'post', path: '/v1/subscriptions/{id}/rotate-secret', summary: 'A new secret, shown once; the old one counts for 24 h more', tag: 'Subscription' },
  { method: 'get', path: '/v1/events', summary: 'The own news since `cursor`; `Accept: text/event-stream` for a stream that goes on from Last-Event-ID', tag: 'Feed' },
];

/** Organisations, partners, agreements, and everything that leaves the instance. */
export const notificationsService: ServiceDefinition = service({
  name: 'notifications',
  classes,
  lifecycles: [Partner, Agreement, Subscription, Delivery, KeyRotation, PanicLock, StatisticsOrder],
  migrations: [First1764000000000, MailDue1764050000000, SecondWord1764120000000, Access1764230000000, Rights1764240000000, ReferencesEnd1764270000000, Keys1764210000000, StatisticsOrder1764250000000, AuditTree1764220000000, SessionsEnd1764290000000, CountingLooks1764300000000, HeldBack1764330000000],
  controllers: [OrganisationsController, AccountsController, RotateSecretController, FeedController, Deliveries, Feed, Erasure, KeysRewrapped],
  documented,
  mails: [endpointDisabled],
  ports: (config, _pool, gate) => ({ keys: { keyStore: config.keyStore, backupDays: config.keyBackupDays ?? 35 }, endpoints: new Endpoints(config, gate), gate, streams: new Streams() }),
  providers: ({ engine }) => [{ provide: Streams, useValue: engine.store.reader('', []).port<Streams>('streams') }],
  jobs: (running) => [new Sender(running), new Postman(running), running.engine.store.reader('', []).port<Streams>('streams')],
});

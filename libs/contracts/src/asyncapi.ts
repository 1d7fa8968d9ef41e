import { Service } from './code-lists/services.js';
import { contracts } from './events.js';
import type { ContractEvent } from './event.js';
import { prefixes } from './references.js';
import { payloadSchema } from './schema.js';

type Json = Readonly<Record<string, unknown>>;

const ref = (prefix: string): Json => ({ type: 'string', pattern: `^${prefix}_[a-z2-7]{34}$` });
const uuid: Json = { type: 'string', format: 'uuid' };
const anyRef: Json = { type: 'string', pattern: '^[a-z]{2,8}_[a-z2-7]{34}$' };
const time: Json = { type: 'string', format: 'date-time', description: 'To the minute where directed, to the hour for the network.' };

const keyOf = ({ type }: ContractEvent): string => type.replace('footbridge.', '');
const onBroker = (event: ContractEvent): boolean => !event.posted;
/** What an organisation can receive, by webhook or from its feed. */
const forOrganisations = ({ audience }: ContractEvent): boolean => audience === 'directed' || audience === 'network';
const pointers = (to: string, events: readonly ContractEvent[]): readonly Json[] => events.map((event) => ({ $ref: `#/${to}/${keyOf(event).replaceAll('/', '~1')}` }));

/** CloudEvents 1.0, binary mode. What only services may read is never passed on to an organisation (decisions 8). */
const headers = (event: ContractEvent): Json => {
  const directed: Json = { ce_subject: { ...anyRef, description: "The recipient's reference for what it is about." }, ce_recipient: ref(prefixes.organisation) };
  const always: Json = {
    'ce_specversion': { const: '1.0' }, 'ce_id': ref(prefixes.event), 'ce_source': { const: 'footbridge' }, 'ce_type': { const: event.type }, 'ce_time': time,
    'ce_audience': { enum: event.alsoInstance ? ['instance', event.audience] : [event.audience] },
    'ce_aggregate': { ...uuid, description: 'Also the key of the message: order is kept for each aggregate.' },
    'ce_version': { type: 'string', pattern: '^\\d{1,6}$' }, 'ce_copy': { type: 'string', pattern: '^\\d{1,6}$', description: '0 is the copy that services act on.' },
    'content-type': { const: 'application/json' },
  };
  const sometimes: Json = {
    ce_caseref: ref(prefixes.caseRef), ce_owner: ref(prefixes.organisation), ce_consentref: anyRef, ce_about: uuid, ce_causedby: ref(prefixes.event), traceparent: { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  };
  return { type: 'object', required: Object.keys(always), properties: { ...always, ...(event.audience === 'directed' ? directed : {}), ...sometimes } };
};

const said = (event: ContractEvent): Json => ({ name: event.type, title: event.name, summary: event.summary, contentType: 'application/json' });
const message = (event: ContractEvent): Json => ({ ...said(event), headers: headers(event), payload: { $ref: `#/components/schemas/${keyOf(event)}` } });

/** The body of webhook and feed: CloudEvents, structured mode, identical in both (decisions 17). */
const notice = (event: ContractEvent): Json => ({
  ...said(event),
  headers: {
    type: 'object', required: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    properties: { 'webhook-id': ref(prefixes.event), 'webhook-timestamp': { type: 'string', pattern: '^\\d{10}$' }, 'webhook-signature': { type: 'string', pattern: '^v1a?,[A-Za-z0-9+/]{43,86}={0,2}(?: v1a?,[A-Za-z0-9+/]{43,86}={0,2}){0,7}$' } },
  },
  payload: {
    type: 'object', additionalProperties: false, required: ['specversion', 'id', 'source', 'type', 'time', 'data'],
    properties: {
      specversion: { const: '1.0' }, id: ref(prefixes.event), source: { const: 'footbridge' }, type: { const: event.type }, time,
      ...(event.audience === 'directed' ? { subject: anyRef } : {}), data: { $ref: `#/components/schemas/${keyOf(event)}` },
    },
  },
});

/** AsyncAPI 3.0 of everything that travels: one channel for each topic, and one for what organisations receive. */
export function asyncapi(): Json {
  const broker = contracts.filter(onBroker);
  const received = contracts.filter(forOrganisations);
  const topics = Service.values.map((service) => ({ service, events: broker.filter((event) => event.service === service) }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Footbridge', version: '1', license: { name: 'Apache-2.0' },
      description: 'Events carry references, codes, days and flags, never anything about a person. Details are fetched, and consent is checked at that moment. '
        + 'A released event never changes; a breaking change is a new version beside the old one.',
    },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(topics.map(({ service, events }) => [service, {
        address: `footbridge.${service}`, title: `Events of ${service}`, description: 'For the services of the instance only; organisations never read it.',
        messages: Object.fromEntries(events.map((event) => [keyOf(event), { $ref: `#/components/messages/${keyOf(event)}` }])),
        bindings: { kafka: { partitions: 6 } },
      }])),
      organisation: {
        address: null, title: 'Webhook and feed', description: 'Posted to the endpoint of a subscription (Standard Webhooks), and read at `GET /v1/events`.',
        messages: Object.fromEntries(received.map((event) => [keyOf(event), { $ref: `#/components/messages/notice.${keyOf(event)}` }])),
      },
    },
    operations: {
      ...Object.fromEntries(topics.map(({ service, events }) => [service, {
        action: 'send', channel: { $ref: `#/channels/${service}` }, summary: `What ${service} tells the other services.`, messages: pointers(`channels/${service}/messages`, events),
      }])),
      organisation: {
        action: 'send', channel: { $ref: '#/channels/organisation' }, summary: 'What an organisation receives: what is addressed to it, and what the network may know.',
        messages: pointers('channels/organisation/messages', received),
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(broker.map((event) => [keyOf(event), message(event)])),
        ...Object.fromEntries(received.map((event) => [`notice.${keyOf(event)}`, notice(event)])),
      },
      schemas: Object.fromEntries(contracts.map((event) => [keyOf(event), payloadSchema(event)])),
    },
  };
}

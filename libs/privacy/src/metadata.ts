import type { EventDef } from './event.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import { isInstant, type Precision } from './time.js';
import { isVersion, type Audience } from './wire.js';

/**
 * What may stand beside a body: message key, topic, headers. Only names of these lists, and only values that are
 * references, codes, timestamps, uuids or versions, so that nothing about a person fits in.
 */
type Rule = (value: string, def: EventDef) => boolean;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const JSON_TYPE = /^application\/(?:cloudevents\+)?json(?:; ?charset=utf-8)?$/i;
const SECONDS = /^\d{10}$/;

/** `time` of an event, by who reads it (decisions 17). */
export const precisionFor = (audience: Audience): Precision => (audience === 'network' ? 'hour' : audience === 'directed' ? 'minute' : 'millisecond');

const ref = (prefix?: string): Rule => (value) => isRef(value, prefix);
const uuid: Rule = (value) => UUID.test(value);
const count: Rule = (value) => /^\d{1,6}$/.test(value) && isVersion(Number(value));
const is = (expected: (def: EventDef) => string): Rule => (value, def) => value === expected(def);
const time: Rule = (value, def) => isInstant(value, precisionFor(def.audience));
const contentType: Rule = (value) => JSON_TYPE.test(value);

/** The partner's own choice, checked when it was registered; egress checks it again. Here: room for nothing but an address. */
const isAddress: Rule = (value) => {
  if (value.length > 2048 || !URL.canParse(value)) return false;
  const { protocol, username, password, hash } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === '';
};

const onTheBroker: ReadonlyMap<string, Rule> = new Map([
  ['key', uuid], ['topic', is((def) => `footbridge.${def.service}`)], ['content-type', contentType],
  ['id', ref('evt')], ['type', is((def) => def.type)], ['source', is(() => 'footbridge')], ['specversion', is(() => '1.0')], ['time', time],
  ['subject', (value) => isRef(value) && !isRef(value, 'csr')],
  ['audience', is((def) => def.audience)], ['recipient', ref('org')], ['aggregate', uuid], ['about', uuid], ['version', count], ['copy', count],
  ['caseref', ref('csr')], ['owner', ref('org')], ['consentref', ref()], ['causedby', ref('evt')], ['traceparent', (value) => TRACEPARENT.test(value)],
]);

/** To an organisation: no trace, no uuid, nothing that is for the broker only. */
const toAnOrganisation: ReadonlyMap<string, Rule> = new Map([
  ['id', ref('evt')], ['webhook-id', ref('evt')], ['webhook-timestamp', (value) => SECONDS.test(value)], ['content-type', contentType], ['recipient', ref('org')], ['url', isAddress],
]);

/** `ce_caseref`, `ce-caseref`, `caseRef` and `caseref` are one name. */
const nameOf = (name: string): string => name.toLowerCase().replace(/^ce[_-]/, '');

/** @throws PrivacyRefusal UNEXPECTED_METADATA, METADATA_INVALID */
export function checkMetadata(def: EventDef, metadata: Readonly<Record<string, string>>, to: 'broker' | 'organisation'): void {
  const rules = to === 'broker' ? onTheBroker : toAnOrganisation;
  for (const name of Reflect.ownKeys(metadata)) {
    const rule = typeof name === 'string' ? rules.get(nameOf(name)) : undefined;
    if (typeof name !== 'string' || !rule) throw new PrivacyRefusal('UNEXPECTED_METADATA');
    const value: unknown = metadata[name];
    if (typeof value !== 'string' || !rule(value, def)) throw new PrivacyRefusal('METADATA_INVALID', `/${nameOf(name)}`);
  }
}

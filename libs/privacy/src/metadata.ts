import type { EventDef } from './event.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import { isDay, isInstant, isPeriod, type Precision } from './time.js';
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

const withAnEvent = { broker: onTheBroker, organisation: toAnOrganisation } as const;

/** `footbridge-statistics-2026-Q4.csv`: the kind of document, a period or a day, and a kind of file. Nothing else finds room. */
const FILE_NAME = /^footbridge-([a-z]+(?:-[a-z0-9]+)*?)(?:-(20[0-9QW-]{2,9}))?\.(json|csv|ndjson|txt|gz|pdf|age)$/;
function isFileName(name: string, kind: string): boolean {
  const [, of, when] = FILE_NAME.exec(name) ?? [];
  return of === kind && (when === undefined || isPeriod(when) || isDay(when));
}

type PlainRule = (value: string, document: string) => boolean;
const withADocument: ReadonlyMap<string, PlainRule> = new Map<string, PlainRule>([
  ['file-name', isFileName], ['content-type', (value) => /^(?:application\/json|text\/csv)(?:; ?charset=utf-8)?$/i.test(value)], ['time', (value) => isInstant(value, 'hour')], ['recipient', (value) => isRef(value, 'org')],
  ['etag', (value) => /^"(?:\d{1,6}|[0-9a-f]{64})"$/.test(value)],
]);
/** A mail's own headers; who it goes to is the envelope's business, and never a part of what the gate passes. */
const withAMail: ReadonlyMap<string, PlainRule> = new Map<string, PlainRule>([
  ['message-id', (value) => /^<[0-9a-f]{40}@footbridge>$/.test(value)], ['from', (value) => /^[^\s@<>"]{1,64}@[^\s@<>"]{1,189}$/.test(value)], ['content-type', (value) => /^text\/plain; ?charset=utf-8$/i.test(value)],
]);
const lists = { document: withADocument, mail: withAMail } as const;

/** @throws PrivacyRefusal UNEXPECTED_METADATA, METADATA_INVALID */
export function checkPlainMetadata(document: string, metadata: Readonly<Record<string, string>>, list: keyof typeof lists): void {
  check(metadata, (name) => lists[list].get(name.toLowerCase()), (rule, value) => rule(value, document), (name) => name.toLowerCase());
}

/** `ce_caseref`, `ce-caseref`, `caseRef` and `caseref` are one name. */
const nameOf = (name: string): string => name.toLowerCase().replace(/^ce[_-]/, '');

/** @throws PrivacyRefusal UNEXPECTED_METADATA, METADATA_INVALID */
export function checkMetadata(def: EventDef, metadata: Readonly<Record<string, string>>, to: keyof typeof withAnEvent): void {
  check(metadata, (name) => withAnEvent[to].get(nameOf(name)), (rule, value) => rule(value, def), nameOf);
}

function check<R>(metadata: Readonly<Record<string, string>>, ruleFor: (name: string) => R | undefined, holds: (rule: R, value: string) => boolean, told: (name: string) => string): void {
  for (const name of Reflect.ownKeys(metadata).map(String)) {
    const rule = ruleFor(name);
    if (!rule) throw new PrivacyRefusal('UNEXPECTED_METADATA');
    const value: unknown = metadata[name];
    if (typeof value !== 'string' || !holds(rule, value)) throw new PrivacyRefusal('METADATA_INVALID', `/${told(name)}`);
  }
}

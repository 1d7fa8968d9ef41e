import type { EventDef } from './event.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import { isDay, isInstant, isPeriod, type Precision } from './time.js';
import { isVersion, type Audience } from './wire.js';

/**
 * What may stand beside a body: message key, topic, headers. Only names of these lists, and only values that are
 * references, codes, timestamps, uuids or versions, so that nothing about a person fits in.
 */
type Rule = (value: string, def: EventDef, audience: Audience) => boolean;

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
const time: Rule = (value, _def, audience) => isInstant(value, precisionFor(audience));
/** What is directed may have a copy for the instance's own services; that one names no organisation, and nobody outside gets it. */
const audience: Rule = (value, def) => value === def.audience || (value === 'instance' && def.audience === 'directed');
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
  ['audience', audience], ['recipient', ref('org')], ['aggregate', uuid], ['about', uuid], ['version', count], ['copy', count],
  ['caseref', ref('csr')], ['owner', ref('org')], ['consentref', (value) => isRef(value) || UUID.test(value)], ['causedby', ref('evt')], ['traceparent', (value) => TRACEPARENT.test(value)],
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
const spelt = (name: string): string => name.toLowerCase().replace(/^ce[_-]/, '');
/** Every event has the same few names. */
const usual: ReadonlyMap<string, string> = new Map([...onTheBroker.keys(), ...toAnOrganisation.keys()].flatMap((name) => [[name, name], [`ce_${name}`, name]]));
const nameOf = (name: string): string => usual.get(name) ?? spelt(name);

/** @throws PrivacyRefusal UNEXPECTED_METADATA, METADATA_INVALID */
export function checkMetadata(def: EventDef, metadata: Readonly<Record<string, string>>, to: keyof typeof withAnEvent): void {
  const reader = readerOf(def, metadata);
  check(metadata, (name) => withAnEvent[to].get(nameOf(name)), (rule, value) => rule(value, def, reader), nameOf);
}

const readerOf = (def: EventDef, metadata: Readonly<Record<string, string>>): Audience => ((metadata['ce_audience'] ?? metadata['audience']) === 'instance' ? 'instance' : def.audience);

/** Without these a message is no event. */
const always = ['topic', 'key', 'specversion', 'source', 'content-type', 'id', 'type', 'time', 'audience', 'aggregate', 'version', 'copy'] as const;
/** Under which names they travel: these as they are, all others with `ce_` (CloudEvents, binary mode). */
const headerOf: ReadonlyMap<string, string> = new Map([...onTheBroker.keys()].map((name) => [name, name === 'content-type' || name === 'traceparent' ? name : `ce_${name}`]));

/**
 * A whole event's attributes as they go onto the broker, under the one name that each has there.
 * @throws PrivacyRefusal UNEXPECTED_METADATA, METADATA_INVALID, METADATA_MISSING
 */
export function brokerHeaders(def: EventDef, metadata: Readonly<Record<string, string>>): { readonly topic: string; readonly key: string; readonly headers: Readonly<Record<string, string>> } {
  const reader = readerOf(def, metadata);
  const values = new Map<string, string>();
  // each is read once, so that it cannot change after the check
  check(metadata, (name) => onTheBroker.get(nameOf(name)), (rule, value, name) => {
    if (values.has(name)) throw new PrivacyRefusal('UNEXPECTED_METADATA');
    values.set(name, value);
    return rule(value, def, reader);
  }, nameOf);
  const valueOf = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new PrivacyRefusal('METADATA_MISSING', `/${name}`);
    return value;
  };
  for (const name of always) valueOf(name);
  const [topic, key] = [valueOf('topic'), valueOf('key')];
  if (key !== valueOf('aggregate')) throw new PrivacyRefusal('METADATA_INVALID', '/key');
  if (valueOf('audience') !== reader) throw new PrivacyRefusal('METADATA_INVALID', '/audience');
  if (reader === 'directed') valueOf('recipient');
  const headers: Record<string, string> = {};
  for (const [name, value] of values) if (name !== 'topic' && name !== 'key') headers[headerOf.get(name) ?? name] = value;
  return { topic, key, headers };
}

function check<R>(metadata: Readonly<Record<string, string>>, ruleFor: (name: string) => R | undefined, holds: (rule: R, value: string, name: string) => boolean, told: (name: string) => string): void {
  for (const own of Reflect.ownKeys(metadata)) {
    const name = String(own);
    const rule = ruleFor(name);
    if (!rule) throw new PrivacyRefusal('UNEXPECTED_METADATA');
    const value: unknown = metadata[name];
    if (typeof value !== 'string' || !holds(rule, value, told(name))) throw new PrivacyRefusal('METADATA_INVALID', `/${told(name)}`);
  }
}

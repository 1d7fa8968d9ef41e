import { isRef, PrivacyRefusal, WireBytes, type EventDef, type Gate, type Metadata } from '@footbridge/privacy';
import { codes, type Code } from './refusal.js';

/** A row of the outbox: one event on its way out. */
export interface OutgoingEvent extends Attributes {
  /** JSON body, only made by the gate of `@footbridge/privacy`. */
  readonly data: WireBytes;
}

/** An event as a handler gets it: its body has been read by the gate. */
export interface ReceivedEvent<D = unknown> extends Attributes {
  readonly service: string;
  readonly data: D;
}

/** CloudEvents 1.0 attributes, and after `recipient` those that never leave the instance: no organisation gets them. */
export interface Attributes {
  /** `evt_…` */
  readonly id: string;
  /** `footbridge.referrals.referral-sent.v1` */
  readonly type: string;
  /** RFC 3339 in UTC: to the minute (directed), the hour (network) or the millisecond (instance). */
  readonly time: string;
  /** The recipient's own reference for the aggregate (directed events only). */
  readonly subject?: string;
  readonly audience: 'instance' | 'directed' | 'network';
  /** `org_…`: a directed event goes to one organisation. */
  readonly recipient?: string;
  /** uuid: the partition key. */
  readonly aggregate: string;
  /** The aggregate's version after the change. */
  readonly version: number;
  /** 0 for the first copy of a transition's event: reactions act on copy 0 only. */
  readonly copy: number;
  readonly caseRef?: string;
  readonly owner?: string;
  readonly consentRef?: string;
  /** uuid of another service's aggregate that this concerns (the referral of a bed). */
  readonly about?: string;
  /** The id of the event that caused this one. */
  readonly causedBy?: string;
  readonly traceparent?: string;
}

/** What an attribute is called in the outbox and on a transport. */
const names = {
  id: { column: 'id', header: 'ce_id' },
  type: { column: 'type', header: 'ce_type' },
  time: { column: 'time', header: 'ce_time' },
  subject: { column: 'subject', header: 'ce_subject' },
  audience: { column: 'audience', header: 'ce_audience' },
  recipient: { column: 'recipient', header: 'ce_recipient' },
  aggregate: { column: 'aggregate', header: 'ce_aggregate' },
  version: { column: 'version', header: 'ce_version' },
  copy: { column: 'copy', header: 'ce_copy' },
  caseRef: { column: 'case_ref', header: 'ce_caseref' },
  owner: { column: 'owner', header: 'ce_owner' },
  consentRef: { column: 'consent_ref', header: 'ce_consentref' },
  about: { column: 'about', header: 'ce_about' },
  causedBy: { column: 'caused_by', header: 'ce_causedby' },
  traceparent: { column: 'traceparent', header: 'traceparent' },
} as const satisfies Record<keyof Attributes, { readonly column: string; readonly header: string }>;

const named = Object.entries(names).map(([name, where]) => ({ name: name as keyof Attributes, ...where }));

/** The columns that outbox and parked have in common. */
export const attributeColumns: readonly string[] = named.map(({ column }) => column);

export type Row = Readonly<Record<string, unknown>>;

/** Column -> JSON value, for `jsonb_populate_record(null::outbox, …)`. */
export function outboxRow(event: OutgoingEvent): Record<string, unknown> {
  if (!WireBytes.is(event.data)) throw new PrivacyRefusal('NOT_THROUGH_THE_GATE');
  return { ...attributeRow(event), data: `\\x${event.data.bytes().toString('hex')}` };
}

/** An event as it is kept until it is sent. The gate has seen all that will stand beside its body: a command whose event the relay would hold back is refused. */
export function eventRow(gate: Gate, def: EventDef, attributes: Attributes, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const row = attributeRow(attributes);
  row['data'] = `\\x${gate.encode(def, data, metadataOf(def.service, row)).bytes().toString('hex')}`;
  return row;
}

export function attributeRow(event: Partial<Attributes>): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const { name, column } of named) if (event[name] !== undefined) row[column] = event[name];
  return row;
}

/** The attributes of a row, as far as it has them. */
export function attributesOf(row: Row): Partial<Attributes> {
  return wellFormed(new Map(Object.entries(headersOf(row))));
}

/** The headers of binary mode: what every event carries, then the attributes that this one has. */
const always = { ce_specversion: '1.0', ce_source: 'footbridge', 'content-type': 'application/json' } as const;

export const headersOf = (row: Row): Record<string, string> => withAttributes({ ...always }, row);

/** All that stands beside a body on a broker, for the gate. */
export const metadataOf = (service: string, row: Row): Metadata => withAttributes({ topic: topicOf(service), key: String(row['aggregate']), ...always }, row);

function withAttributes(headers: Record<string, string>, row: Row): Record<string, string> {
  for (const { column, header } of named) {
    const value = row[column];
    if (value !== null && value !== undefined) headers[header] = String(value);
  }
  return headers;
}

export type Headers = ReadonlyMap<string, string>;

// as strict as the gate is with what is sent: what comes in may be the cause of what goes out
const uuid = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
const ref = (prefix?: string) => (text: string): boolean => isRef(text, prefix);
const count = (text: string): boolean => /^(0|[1-9]\d{0,5})$/.test(text);
const instant = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(text) && !Number.isNaN(Date.parse(text));
const trace = (text: string): boolean => /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text);
const eventType = (text: string): boolean => /^footbridge(\.[a-z][a-z0-9-]{0,60}){2}\.v[1-9]\d{0,3}$/.test(text);
const audience = (text: string): text is Attributes['audience'] => text === 'instance' || text === 'directed' || text === 'network';

const shapes: Readonly<Record<keyof Attributes, (text: string) => boolean>> = {
  id: ref('evt'), type: eventType, time: instant, subject: ref(), audience, recipient: ref('org'), aggregate: uuid, version: count, copy: count,
  caseRef: ref('csr'), owner: ref('org'), consentRef: (text) => isRef(text) || uuid(text), about: uuid, causedBy: ref('evt'), traceparent: trace,
};

const known = new Set<string>([...Object.keys(always), ...named.map(({ header }) => header)]);

/** Strict: a header too many, too few or of another shape, and the message is none of ours. */
export function readAttributes(headers: Headers): Attributes | Code {
  for (const [header, value] of Object.entries(always)) if (headers.get(header) !== value) return codes.notOurs;
  for (const header of headers.keys()) if (!known.has(header)) return codes.headerUnknown;
  const values = wellFormed(headers);
  const { id, type, time, audience: to, aggregate, version, copy } = values;
  const given = named.filter(({ header }) => headers.has(header)).length;
  if (given !== Object.keys(values).length) return codes.headerRefused;
  if (id === undefined || type === undefined || time === undefined || to === undefined || aggregate === undefined || version === undefined || copy === undefined) return codes.headerMissing;
  return { ...values, id, type, time, audience: to, aggregate, version, copy };
}

/** The attributes that have the right shape, and no others: what may be kept of a message that could not be read. */
export function wellFormed(headers: Headers): Partial<Attributes> {
  const text = (name: keyof Attributes): string | undefined => {
    const value = headers.get(names[name].header);
    return value !== undefined && shapes[name](value) ? value : undefined;
  };
  const found: { -readonly [K in keyof Attributes]?: Attributes[K] } = {};
  for (const { name } of named) {
    const value = text(name);
    if (value === undefined) continue;
    if (name === 'version' || name === 'copy') found[name] = Number(value);
    else if (name === 'audience') { if (audience(value)) found.audience = value; }
    else found[name] = value;
  }
  return found;
}

/** `footbridge.referrals`: the one topic of a service. */
export const topicOf = (service: string): string => `footbridge.${service}`;
export const serviceOf = (topic: string): string => topic.slice('footbridge.'.length);

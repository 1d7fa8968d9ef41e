/**
 * The only way for bytes to leave a service. What sends (broker, webhook, mail, file, what another organisation fetches of a person) takes
 * `WireBytes` and nothing else, and only a gate makes them:
 *
 *   gate.encode(event, payload, metadata)                   an event for the broker, as a service keeps it until it is sent
 *   gate.message(event, metadata, body)                     that event as one message: whatever stands in the outbox by then is
 *                                                           looked at again, body and attributes; `gate.watermark` is the other one
 *   gate.structured(event, envelope, payload, metadata)     the same for an organisation's webhook and feed
 *   gate.document(def, { head, rows }, metadata, format)    a declared table: a release of statistics (`public`), a support bundle
 *                                                           (`operator`). `def = { name, readership, head, columns }`; fields are
 *                                                           made by `wire` and `figure` (bounded numbers, categories of a cube)
 *   gate.mail(template, slots, metadata)                    a mail of the gate's closed list; slots are wire types
 *   gate.disclose(def, leave, values, metadata)             personal data for another organisation, by `disclosure(…)` and
 *                                                           `defineDisclosure`, which takes nothing `direct`: one
 *                                                           recipient, one purpose, consented categories, once, for a minute
 *
 * Each checks declaration, class, schema, metadata (topic, key, headers, file name, URL, time) and runs the scanners. It refuses,
 * it never strips; what fails in an unforeseen way is refused too (G1, G10).
 */
import { disclosableText, disclosedText, type Disclosure, type DisclosedText, type DisclosureDef, type DisclosureTerms } from './disclosure.js';
import { documentPlan, documentText, type DocumentContent, type DocumentDef, type DocumentFormat } from './document.js';
import type { EventDef } from './event.js';
import { mailText, type MailTemplate } from './mail.js';
import { brokerHeaders, checkMetadata, checkPlainMetadata, precisionFor } from './metadata.js';
import { FIELD_NAME, fieldsOf, objectOf, type Fields } from './payload.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import type { Scanner } from './scan.js';
import type { Sealed } from './sealed.js';
import { isInstant } from './time.js';
import { WireSchema, type WireObject, type WireOf } from './wire.js';
import type { Unlabelled } from './wire-safe.js';

/** Known to this file only, so that `new` from elsewhere makes nothing. */
const PASSED = Symbol('passed');
let pass: (text: string) => WireBytes;

/** Bytes that may leave. Only the gate makes them; what sends takes nothing else. */
export class WireBytes {
  readonly #bytes: Buffer;
  private constructor(bytes: Buffer, mark: symbol) {
    if (mark !== PASSED) throw new PrivacyRefusal('NOT_WIRE_BYTES');
    this.#bytes = bytes;
    Object.freeze(this);
  }
  static {
    pass = (text) => new WireBytes(Buffer.from(text), PASSED);
  }
  /** For senders: a look-alike without the private part is none. */
  static is(value: unknown): value is WireBytes {
    return typeof value === 'object' && value !== null && #bytes in value;
  }
  /** A copy: what has passed does not change afterwards. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

interface Sent { readonly topic: string; readonly key: string; readonly headers: Metadata; readonly body: WireBytes; readonly partition?: number }
let send: (sent: Sent) => WireMessage;

/** One message for the broker. Only the gate makes them: body, key and headers have passed together, and a transport takes nothing else. */
export class WireMessage {
  readonly #mark = true;
  readonly topic: string;
  readonly key: string;
  readonly headers: Metadata;
  readonly body: WireBytes;
  /** Of a watermark, which is told to each partition: a later one makes it worthless. An event goes where its key says. */
  readonly partition: number | undefined;
  private constructor({ topic, key, headers, body, partition }: Sent, mark: symbol) {
    if (mark !== PASSED) throw new PrivacyRefusal('NOT_WIRE_BYTES');
    this.topic = topic;
    this.key = key;
    this.headers = Object.freeze(headers);
    this.body = body;
    this.partition = partition;
    Object.freeze(this);
  }
  static {
    send = (sent) => new WireMessage(sent, PASSED);
  }
  static is(value: unknown): value is WireMessage {
    return typeof value === 'object' && value !== null && #mark in value;
  }
}

/** The attributes of the webhook and feed body; `specversion`, `source` and `type` are filled in where they are missing. */
export interface Envelope {
  readonly id: string;
  readonly time: string;
  readonly subject?: string;
  readonly specversion?: string;
  readonly source?: string;
  readonly type?: string;
}

export type Metadata = Readonly<Record<string, string>>;

export interface Gate {
  /** The body of an event for the broker. Refuses, never strips. */
  encode<P>(def: EventDef, payload: P & Unlabelled<P>, metadata: Metadata): WireBytes;
  /** An event on its way out, as it was kept: body and every attribute are looked at again. Metadata: `topic`, `key` and all attributes. */
  message(def: EventDef, metadata: Metadata, body: Buffer): WireMessage;
  /** "Everything committed before this moment has been sent", for one partition of a service's topic. Tells nothing else. */
  watermark(service: string, partition: number, at: Date): WireMessage;
  decode<O extends WireObject>(def: EventDef<O>, bytes: Buffer): WireOf<O>;
  /** The body for an organisation: CloudEvents structured JSON, the same in webhook and feed (decisions 17). */
  structured<P>(def: EventDef, envelope: Envelope, payload: P & Unlabelled<P>, metadata: Metadata): WireBytes;
  /** A table for the public or for who runs the instance. Metadata: `file-name`, `content-type`, `time` (to the hour), `etag`. */
  document<H extends WireObject, C extends WireObject>(def: DocumentDef<H, C>, content: DocumentContent<H, C>, metadata: Metadata, format?: DocumentFormat): WireBytes;
  /** A mail of the closed list. Metadata: `from`, `message-id`. */
  mail<O extends WireObject>(template: MailTemplate<O>, slots: WireOf<O>, metadata: Metadata): WireMail;
  /** Whether that would be refused, asked before the look is on record; nothing comes out of it. */
  disclosable(def: DisclosureDef, terms: DisclosureTerms, values: Readonly<Record<string, unknown>> | Sealed<object>, metadata: Metadata, known?: readonly Scanner[]): void;
  /** Personal data for the one organisation that `metadata.recipient` names. `known` finds who may stand nowhere in it: the names of whom it is about, which leave in an envelope only. */
  disclose(def: DisclosureDef, leave: Disclosure, values: Readonly<Record<string, unknown>> | Sealed<object>, metadata: Metadata, known?: readonly Scanner[]): WireBytes;
}
export interface WireMail { readonly subject: WireBytes; readonly text: WireBytes }

export interface GateConfig {
  readonly scanners?: readonly Scanner[];
  /** The closed list of mails, and where this instance is. */
  readonly mail?: { readonly templates: readonly MailTemplate[]; readonly address: string };
  /** Told of each refusal, for whoever counts and records them. */
  readonly onRefusal?: (code: string, act: keyof Gate, refusal: PrivacyRefusal) => void;
}

interface Plan { readonly def: EventDef; readonly fields: Fields }

const TYPE = /^footbridge\.([a-z]+)\.[a-z0-9]+(?:-[a-z0-9]+)*\.v[1-9]\d*$/;
const AUDIENCES: readonly unknown[] = ['instance', 'directed', 'network'];
const LARGEST_BODY = 64 * 1024;
const LARGEST_DOCUMENT = 8 * 1024 * 1024;

/** Beside an event on the broker stand references, uuids, instants and numbers of closed lists alone (metadata.ts): no scanner has anything to read. */
const NOTHING_TO_READ: Metadata = {};
const SERVICE = /^[a-z]+$/;
const MOST_PARTITIONS = 999;

const plans = new WeakMap<EventDef, Plan>();

/** What a declaration may hold for its audience is decided once, before the first of its events. */
function planOf(def: EventDef): Plan {
  const known = plans.get(def);
  if (known) return known;
  if (TYPE.exec(def.type)?.[1] !== def.service) throw new PrivacyRefusal('EVENT_INVALID');
  if (!AUDIENCES.includes(def.audience)) throw new PrivacyRefusal('AUDIENCE_NOT_SENT');
  const fields = Object.entries(def.data).map(([name, schema]) => {
    if (!FIELD_NAME.test(name) || !WireSchema.is(schema)) throw new PrivacyRefusal('EVENT_INVALID');
    if (schema.dataClass !== 'open' && schema.dataClass !== 'operational') throw new PrivacyRefusal('CLASS_NOT_ALLOWED', `/${name}`);
    if (!schema.allowedFor(def.audience, name)) throw new PrivacyRefusal('NOT_FOR_THIS_AUDIENCE', `/${name}`);
    return { name, key: `"${name}":`, schema };
  });
  const { type, service, name, audience, data } = def;
  const plan = { def: { type, service, name, audience, data }, fields: fieldsOf(fields) };
  plans.set(def, plan);
  return plan;
}

const bodyOf = ({ def, fields }: Plan, payload: unknown): string => objectOf(fields, payload, def.audience);

const ATTRIBUTES: ReadonlySet<unknown> = new Set(['specversion', 'id', 'source', 'type', 'time', 'subject']);

function attributesOf({ def }: Plan, envelope: Envelope): string {
  if (def.audience !== 'directed' && def.audience !== 'network') throw new PrivacyRefusal('NOT_FOR_THIS_AUDIENCE');
  for (const name of Reflect.ownKeys(envelope)) if (!ATTRIBUTES.has(name)) throw new PrivacyRefusal('UNEXPECTED_ATTRIBUTE');
  const { id, time, subject, specversion = '1.0', source = 'footbridge', type = def.type } = envelope;
  const refuse = (name: string): never => { throw new PrivacyRefusal('ATTRIBUTE_INVALID', `/${name}`); };
  if (specversion !== '1.0') refuse('specversion');
  if (source !== 'footbridge') refuse('source');
  if (type !== def.type) refuse('type');
  if (!isRef(id, 'evt')) refuse('id');
  if (!isInstant(time, precisionFor(def.audience))) refuse('time');
  if (subject !== undefined && (!isRef(subject) || isRef(subject, 'csr'))) refuse('subject');
  return JSON.stringify({ specversion, id, source, type, time, subject }).slice(1, -1);
}

/** What a URL says without its percent signs. */
const unescaped = (text: string): string => text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  if (bytes.length > LARGEST_BODY) throw new PrivacyRefusal('BODY_TOO_LARGE');
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new PrivacyRefusal('BODY_MALFORMED');
  }
}

/** A field twice, or space between fields, is room for what nobody looks at: the bytes are as long as their content. */
const isPayload = <O extends WireObject>(def: EventDef<O>, payload: unknown, size: number): payload is WireOf<O> => Buffer.byteLength(bodyOf(planOf(def), payload)) === size;

function decoded<O extends WireObject>(def: EventDef<O>, bytes: Buffer): WireOf<O> {
  const payload = parse(bytes);
  if (!isPayload(def, payload, bytes.length)) throw new PrivacyRefusal('BODY_NOT_CANONICAL');
  Object.freeze(payload);
  return payload;
}

/**
 * The last check before bytes leave: declaration and class, schema, metadata, scanners. Closed on any doubt: what fails
 * in an unforeseen way is refused too.
 */
export function createGate({ scanners: given = [], mail: config, onRefusal = () => undefined }: GateConfig = {}): Gate {
  const scanners = [...given];
  const mail = config && { templates: new Set(config.templates), address: config.address };

  function closed<R>(act: keyof Gate, check: () => R): R {
    try {
      return check();
    } catch (error) {
      const refusal = error instanceof PrivacyRefusal ? error : new PrivacyRefusal('GATE_FAILED');
      try {
        onRefusal(refusal.code, act, refusal);
      } catch {
        // a counter that fails does not open the gate
      }
      throw refusal;
    }
  }

  /** `searched`: as much of the body as no scanner may find anything in. */
  function scanned(body: string, metadata: Metadata, largest = LARGEST_BODY, searched = body): WireBytes {
    if (Buffer.byteLength(body) > largest) throw new PrivacyRefusal('BODY_TOO_LARGE');
    if (scanners.length > 0) {
      const text = [searched, ...Object.values(metadata).flatMap((value) => [value, unescaped(value)])].join('\n');
      for (const scanner of scanners) if (scanner.find(text).length > 0) throw new PrivacyRefusal('SCANNER_FOUND');
    }
    return pass(body);
  }

  function told(def: DisclosureDef, { text, said, searched }: DisclosedText, metadata: Metadata, known: readonly Scanner[]): WireBytes {
    checkPlainMetadata(def.name, metadata, 'document');
    for (const scanner of known) if (scanner.find(said).length > 0) throw new PrivacyRefusal('SCANNER_FOUND');
    return scanned(text, metadata, LARGEST_DOCUMENT, searched);
  }

  return {
    encode: (def, payload, metadata) => closed('encode', () => {
      const plan = planOf(def);
      const body = bodyOf(plan, payload);
      checkMetadata(plan.def, metadata, 'broker');
      return scanned(body, NOTHING_TO_READ);
    }),
    message: (def, metadata, bytes) => closed('message', () => {
      const plan = planOf(def);
      const body = bodyOf(plan, parse(bytes));
      if (Buffer.byteLength(body) !== bytes.length) throw new PrivacyRefusal('BODY_NOT_CANONICAL');
      return send({ ...brokerHeaders(plan.def, metadata), body: scanned(body, NOTHING_TO_READ) });
    }),
    watermark: (service, partition, at) => closed('watermark', () => {
      const time = at.toISOString();
      if (!SERVICE.test(service) || !Number.isInteger(partition) || partition < 0 || partition > MOST_PARTITIONS || !isInstant(time, 'millisecond')) throw new PrivacyRefusal('METADATA_INVALID');
      return send({ topic: `footbridge.${service}`, key: 'watermark', headers: { ce_type: `footbridge.${service}.watermark.v1`, ce_time: time }, body: pass(''), partition });
    }),
    decode: (def, bytes) => closed('decode', () => decoded(def, bytes)),
    structured: (def, envelope, payload, metadata) => closed('structured', () => {
      const plan = planOf(def);
      const body = `{${attributesOf(plan, envelope)},"data":${bodyOf(plan, payload)}}`;
      checkMetadata(plan.def, metadata, 'organisation');
      return scanned(body, metadata);
    }),
    document: (def, content, metadata, format = 'json') => closed('document', () => {
      const plan = documentPlan(def);
      const body = documentText(plan, content, format);
      checkPlainMetadata(plan.def.name, metadata, 'document');
      return scanned(body, metadata, LARGEST_DOCUMENT);
    }),
    mail: (template, slots, metadata) => closed('mail', () => {
      if (mail?.templates.has(template) !== true) throw new PrivacyRefusal('MAIL_NOT_LISTED');
      const { subject, text } = mailText(template, slots, mail.address);
      checkPlainMetadata(template.name, metadata, 'mail');
      // who writes and under which number stands beside the text, checked by its form
      return { subject: scanned(subject, {}), text: scanned(text, {}) };
    }),
    disclosable: (def, terms, values, metadata, known = []) => closed('disclosable', () => { told(def, disclosableText(def, terms, values, metadata['recipient']), metadata, known); }),
    disclose: (def, leave, values, metadata, known = []) => closed('disclose', () => told(def, disclosedText(def, leave, values, metadata['recipient']), metadata, known)),
  };
}

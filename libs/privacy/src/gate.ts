import type { EventDef } from './event.js';
import { checkMetadata, precisionFor } from './metadata.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import type { Scanner } from './scan.js';
import { Sealed } from './sealed.js';
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
    pass = (text) => new WireBytes(Buffer.from(text, 'utf8'), PASSED);
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
  decode<O extends WireObject>(def: EventDef<O>, bytes: Buffer): WireOf<O>;
  /** The body for an organisation: CloudEvents structured JSON, the same in webhook and feed (decisions 17). */
  structured<P>(def: EventDef, envelope: Envelope, payload: P & Unlabelled<P>, metadata: Metadata): WireBytes;
}

export interface GateConfig {
  readonly scanners?: readonly Scanner[];
  /** Counts refusals by code. */
  readonly onRefusal?: (code: string) => void;
}

interface Field { readonly name: string; readonly key: string; readonly schema: WireSchema<unknown> }
interface Plan { readonly def: EventDef; readonly fields: readonly Field[]; readonly names: ReadonlySet<string> }

const TYPE = /^footbridge\.([a-z]+)\.[a-z0-9]+(?:-[a-z0-9]+)*\.v[1-9]\d*$/;
const FIELD_NAME = /^[a-z][A-Za-z0-9]{0,39}$/;
const AUDIENCES: readonly unknown[] = ['instance', 'directed', 'network'];
const LARGEST_BODY = 64 * 1024;

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
  const plan = { def: { type, service, name, audience, data }, fields, names: new Set(fields.map((field) => field.name)) };
  plans.set(def, plan);
  return plan;
}

const isPlain = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** The checked fields in the order of the declaration. Each is read once, so that it cannot change after the check. */
function* checked(plan: Plan, payload: unknown): Generator<readonly [Field, unknown]> {
  if (Sealed.is(payload)) throw new PrivacyRefusal('SEALED_VALUE');
  if (!isPlain(payload)) throw new PrivacyRefusal('PAYLOAD_NOT_PLAIN');
  for (const name of Reflect.ownKeys(payload)) if (typeof name !== 'string' || !plan.names.has(name)) throw new PrivacyRefusal('UNEXPECTED_FIELD');
  for (const field of plan.fields) {
    const value: unknown = Object.hasOwn(payload, field.name) ? Reflect.get(payload, field.name) : undefined;
    if (value === undefined) {
      if (field.schema.optional) continue;
      throw new PrivacyRefusal('MISSING_FIELD', `/${field.name}`);
    }
    if (Sealed.is(value)) throw new PrivacyRefusal('SEALED_VALUE', `/${field.name}`);
    if (!field.schema.accepts(value, plan.def.audience)) throw new PrivacyRefusal('FIELD_INVALID', `/${field.name}`);
    yield [field, value];
  }
}

function bodyOf(plan: Plan, payload: unknown): string {
  let text = '';
  for (const [field, value] of checked(plan, payload)) text += `${text === '' ? '' : ','}${field.key}${JSON.stringify(value)}`;
  return `{${text}}`;
}

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
  return JSON.stringify({ specversion, id, source, type, time, ...(subject === undefined ? {} : { subject }) }).slice(1, -1);
}

/** What a URL says without its percent signs. */
const unescaped = (text: string): string => text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));

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
export function createGate(config: GateConfig = {}): Gate {
  const scanners = [...(config.scanners ?? [])];

  function closed<R>(check: () => R): R {
    try {
      return check();
    } catch (error) {
      const refusal = error instanceof PrivacyRefusal ? error : new PrivacyRefusal('GATE_FAILED');
      try {
        config.onRefusal?.(refusal.code);
      } catch {
        // a counter that fails does not open the gate
      }
      throw refusal;
    }
  }

  function scanned(body: string, metadata: Metadata): WireBytes {
    if (Buffer.byteLength(body) > LARGEST_BODY) throw new PrivacyRefusal('BODY_TOO_LARGE');
    if (scanners.length > 0) {
      const text = [body, ...Object.values(metadata).flatMap((value) => [value, unescaped(value)])].join('\n');
      for (const scanner of scanners) if (scanner.find(text).length > 0) throw new PrivacyRefusal('SCANNER_FOUND');
    }
    return pass(body);
  }

  return {
    encode: (def, payload, metadata) => closed(() => {
      const plan = planOf(def);
      const body = bodyOf(plan, payload);
      checkMetadata(plan.def, metadata, 'broker');
      return scanned(body, metadata);
    }),
    decode: (def, bytes) => closed(() => decoded(def, bytes)),
    structured: (def, envelope, payload, metadata) => closed(() => {
      const plan = planOf(def);
      const body = `{${attributesOf(plan, envelope)},"data":${bodyOf(plan, payload)}}`;
      checkMetadata(plan.def, metadata, 'organisation');
      return scanned(body, metadata);
    }),
  };
}

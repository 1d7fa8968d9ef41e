import { inspect } from 'node:util';
import fc from 'fast-check';
import { bandOf, codeList } from './code-list.js';
import { payloadOf, type EventDef } from './event.js';
import { WireBytes, WireMessage, createGate, type Envelope } from './gate.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import { knownIdentity } from './known-identity.js';
import type { Scanner } from './scan.js';
import { label } from './sealed.js';
import { wire, type Audience, type WireObject } from './wire.js';

const NAME = 'Qëzvxwöj';
const State = codeList('State', ['sent', 'accepted']);
const Places = codeList('Places', ['few', 'full']);
const define = <O extends WireObject>(audience: Audience, data: O): EventDef<O> => ({ type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience, data });
const sent = define('directed', { referral: wire.ref('rfr'), state: wire.code(State), version: wire.version, urgent: wire.boolean, to: wire.ref('org'), dueAt: wire.optional(wire.instant) });
const network = define('network', { shelter: wire.ref('shl'), band: wire.band(Places) });
const referral = newRef('rfr');
const to = newRef('org');
const payload = { referral, state: 'sent', version: 2, urgent: true, to, dueAt: '2026-11-25T03:06:00Z' };
const uuid = '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10';
const gate = createGate();

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    expect(inspect(error, { depth: 10 })).not.toContain(NAME);
    expect((error as Error).cause).toBeUndefined();
    return (error as PrivacyRefusal).pointer === undefined ? (error as PrivacyRefusal).code : `${(error as PrivacyRefusal).code} ${(error as PrivacyRefusal).pointer}`;
  }
  return 'passed';
};
const encoded = (body: unknown, metadata: Record<string, string> = {}): string => codeOf(() => gate.encode(sent, body, metadata));

describe('the gate lets through what an event declares', () => {
  it('as JSON in the order of the declaration', () => {
    expect(gate.encode(sent, { ...payload }, {}).bytes().toString()).toBe(JSON.stringify(payload));
    const { dueAt: _, ...without } = payload;
    expect(gate.encode(sent, { ...without, dueAt: undefined }, {}).bytes().toString()).toBe(JSON.stringify(without));
  });

  it('also when it was written as a typed payload', () => {
    const places = payloadOf(network, { shelter: newRef('shl'), band: bandOf(Places, 'few') });
    expect(gate.decode(network, gate.encode(network, places, {}).bytes())).toEqual(places);
  });

  it('and reads it back the same', () => {
    fc.assert(fc.property(fc.constantFrom('sent', 'accepted'), fc.nat(999_999), fc.boolean(), (state, version, urgent) => {
      const given = { ...payload, referral: newRef('rfr'), state, version, urgent };
      const read = gate.decode(sent, gate.encode(sent, given, {}).bytes());
      expect(read).toEqual(given);
      expect(Object.isFrozen(read)).toBe(true);
    }));
  });

  it('from an object without a prototype too', () => {
    expect(encoded(Object.assign(Object.create(null), payload))).toBe('passed');
  });
});

describe('the gate refuses and never strips (T02)', () => {
  it('any extra key, whatever its name and value', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom('name', 'toJSON', 'constructor', 'Referral', 'dueAt ', '')), fc.anything(), (key, value) => {
      fc.pre(!(key in sent.data) && key !== '__proto__');
      expect(encoded({ ...payload, [key]: value })).toBe('UNEXPECTED_FIELD');
    }));
  });

  it('an extra key that is hidden: not enumerable, a symbol, __proto__, or with nothing in it', () => {
    expect(encoded(Object.defineProperty({ ...payload }, 'name', { value: NAME, enumerable: false }))).toBe('UNEXPECTED_FIELD');
    expect(encoded({ ...payload, [Symbol(NAME)]: NAME })).toBe('UNEXPECTED_FIELD');
    expect(encoded(JSON.parse(JSON.stringify(payload).replace('{', `{"__proto__":{"name":"${NAME}"},`)))).toBe('UNEXPECTED_FIELD');
    expect(encoded({ ...payload, name: undefined })).toBe('UNEXPECTED_FIELD');
  });

  it('a wider object behind a narrower variable', () => {
    const wide = { ...payload, name: NAME };
    const narrow: typeof payload = wide;
    expect(encoded(narrow)).toBe('UNEXPECTED_FIELD');
  });

  it('a labelled value, which also does not compile', () => {
    // @ts-expect-error: labelled value
    expect(codeOf(() => gate.encode(sent, { ...payload, state: label('direct', NAME) }, {}))).toBe('SEALED_VALUE /state');
    // @ts-expect-error: labelled value
    expect(codeOf(() => gate.encode(sent, label('direct', payload), {}))).toBe('SEALED_VALUE');
  });

  it('what was cast to a wire type but is none (T03)', () => {
    for (const field of Object.keys(payload)) for (const value of [NAME, '', null, 7.5, [payload.referral], { id: 1 }, new Date(), Object(payload.referral), () => NAME, Number.NaN]) {
      expect([field, encoded({ ...payload, [field]: value })]).toEqual([field, `FIELD_INVALID /${field}`]);
    }
    expect(encoded({ ...payload, referral: to })).toBe('FIELD_INVALID /referral');
    expect(encoded({ ...payload, dueAt: '2026-11-25T03:06:09Z' })).toBe('FIELD_INVALID /dueAt');
  });

  it('a missing field', () => {
    for (const field of ['referral', 'state', 'version', 'urgent', 'to']) expect(encoded({ ...payload, [field]: undefined })).toBe(`MISSING_FIELD /${field}`);
  });

  it('what is no plain object: rows, arrays, maps, strings, inherited fields', () => {
    class Referral { referral = payload.referral; state = 'sent'; version = 2; urgent = true; to = payload.to; }
    for (const body of [new Referral(), [payload], new Map(Object.entries(payload)), JSON.stringify(payload), null, undefined, 7, () => payload, Object.create(payload)]) expect(encoded(body)).toBe('PAYLOAD_NOT_PLAIN');
  });

  it('a value that is good when it is looked at and another when it is written', () => {
    let looks = 0;
    const shifty = { ...payload, get state() { looks += 1; return looks === 1 ? 'sent' : NAME; } };
    expect(gate.encode(sent, shifty, {}).bytes().toString()).toBe(JSON.stringify(payload));
    const proxy = new Proxy({ ...payload }, { ownKeys: () => { throw new Error(NAME); } });
    expect(encoded(proxy)).toBe('GATE_FAILED');
  });
});

describe('the gate looks at the declaration first', () => {
  const declared = (def: EventDef): string => codeOf(() => gate.encode(def, {}, {}));

  it('nothing above operational is in an event: a gender is a code, and stays here', () => {
    for (const dataClass of ['quasi', 'special', 'direct'] as const) {
      expect(declared(define('directed', { gender: wire.code(codeList('Gender', ['Feminine'], dataClass)) }))).toBe('CLASS_NOT_ALLOWED /gender');
    }
    expect(declared(define('directed', { type: wire.optional(wire.code(codeList('Type', ['shelter'], 'open'))) }))).toBe('passed');
  });

  it('what is for the audit only is not sent', () => {
    expect(declared(define('service', {}))).toBe('AUDIENCE_NOT_SENT');
    expect(declared(define('everybody' as Audience, {}))).toBe('AUDIENCE_NOT_SENT');
  });

  it('the shared case reference reaches no organisation, and exact times no network', () => {
    expect(declared(define('directed', { case: wire.ref('csr') }))).toBe('NOT_FOR_THIS_AUDIENCE /case');
    expect(declared(define('directed', { on: wire.day }))).toBe('NOT_FOR_THIS_AUDIENCE /on');
    expect(declared(define('directed', { arrivesAt: wire.instant }))).toBe('NOT_FOR_THIS_AUDIENCE /arrivesAt');
    expect(declared(define('network', { on: wire.day }))).toBe('NOT_FOR_THIS_AUDIENCE /on');
    expect(declared(define('network', { dueAt: wire.optional(wire.instant) }))).toBe('NOT_FOR_THIS_AUDIENCE /dueAt');
  });

  it('a schema of somebody else, and a field name that could be a value, are refused', () => {
    const everything = { accepts: () => true, allowedFor: () => true, dataClass: 'open', optional: true };
    expect(declared(define('directed', { note: everything as unknown as typeof wire.boolean }))).toBe('EVENT_INVALID');
    expect(declared(define('directed', { [NAME]: wire.boolean }))).toBe('EVENT_INVALID');
    for (const what of [NAME, 'Sent', '', '-sent', 'sent-', 'sent--now', 'sent_now']) expect([what, declared({ ...sent, type: `footbridge.referrals.${what}.v1` })]).toEqual([what, 'EVENT_INVALID']);
    for (const type of ['xfootbridge.referrals.sent.v1', 'footbridge.referrals.sent.v1x', 'footbridge.referrals.sent.v0', 'footbridge.referrals.sent.v01', 'footbridge.referrals.sent.v', 'footbridge.referrals.sent']) expect([type, declared({ ...sent, type })]).toEqual([type, 'EVENT_INVALID']);
    for (const type of ['footbridge.referrals.sent.v1', 'footbridge.referrals.sent-to-2.v12']) expect([type, declared({ ...define('instance', {}), type })]).toEqual([type, 'passed']);
    expect(declared({ ...sent, service: 'shelters' })).toBe('EVENT_INVALID');
  });

  it('a declaration of thousands of fields makes a body that nobody reads', () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`field${'x'.repeat(20)}${n}`, wire.boolean]));
    expect(codeOf(() => gate.encode(define('instance', many), Object.fromEntries(Object.keys(many).map((name) => [name, true])), {}))).toBe('BODY_TOO_LARGE');
  });

  it('and one of exactly 64 KiB is the largest that somebody reads', () => {
    const named = [...Array.from({ length: 1_364 }, (_, n) => `n${String(n).padStart(39, '0')}`), 'a'.repeat(24), 'a'.repeat(23)];
    const of = (names: readonly string[]): string => codeOf(() => gate.encode(define('instance', Object.fromEntries(names.map((name) => [name, wire.boolean]))), Object.fromEntries(names.map((name) => [name, true])), {}));
    expect(JSON.stringify(Object.fromEntries(named.map((name) => [name, true])))).toHaveLength(64 * 1024);
    expect([of(named), of([...named.slice(0, -1), 'b'.repeat(24)])]).toEqual(['passed', 'BODY_TOO_LARGE']);
  });

  it('a declaration that changes after its first event gains nothing', () => {
    const data: Record<string, typeof wire.boolean> = { urgent: wire.boolean };
    const def = define('directed', data);
    expect(codeOf(() => gate.encode(def, { urgent: true }, {}))).toBe('passed');
    data['late'] = wire.boolean;
    expect(codeOf(() => gate.encode(def, { urgent: true, late: true }, {}))).toBe('UNEXPECTED_FIELD');
  });
});

describe('the gate looks at what stands beside the body (T05)', () => {
  const evt = newRef('evt');
  const good = {
    topic: 'footbridge.referrals', key: uuid, ce_id: evt, ce_type: sent.type, ce_source: 'footbridge', ce_specversion: '1.0', ce_time: '2026-11-24T03:06:00Z', ce_subject: referral,
    ce_audience: 'directed', ce_recipient: to, ce_aggregate: uuid, ce_version: '3', ce_copy: '0', ce_caseref: newRef('csr'), ce_owner: to, ce_consentref: newRef('cns'), ce_about: uuid,
    ce_causedby: evt, traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`, 'content-type': 'application/json',
  };

  it('takes the attributes of an event, under their header names and their own', () => {
    expect(encoded(payload, good)).toBe('passed');
    for (const contentType of ['application/cloudevents+json;charset=utf-8', 'application/json; charset=utf-8', 'application/json']) expect(encoded(payload, { 'content-type': contentType, version: '999999' })).toBe('passed');
    expect(codeOf(() => gate.encode(define('instance', { urgent: wire.boolean }), { urgent: true }, { ce_time: '2026-11-24T03:06:00.123Z' }))).toBe('passed');
    expect(encoded(payload, { id: evt, caseRef: newRef('csr'), causedBy: evt, consentRef: newRef('cns') })).toBe('passed');
  });

  it('refuses a name in each of them, and says which', () => {
    for (const header of Object.keys(good)) for (const value of [NAME, '', `${good[header as keyof typeof good]}${NAME}`, ` ${good[header as keyof typeof good]}`]) {
      expect([header, encoded(payload, { ...good, [header]: value })]).toEqual([header, `METADATA_INVALID /${header.replace('ce_', '')}`]);
    }
  });

  it('refuses every other header, whatever its name and value', () => {
    for (const header of ['x-name', 'client-id', 'group-id', 'filename', 'subject-name', 'ce_name', 'url', NAME, '__proto__x', 'constructor', 'ice_d', 'xid']) expect(encoded(payload, { [header]: evt })).toBe('UNEXPECTED_METADATA');
    fc.assert(fc.property(fc.string(), fc.string(), (name, value) => { expect(encoded(payload, { ...good, [`x${name}`]: value })).toBe('UNEXPECTED_METADATA'); }));
  });

  it('refuses a time that says more than its reader may know, another type, topic, audience or subject', () => {
    expect(encoded(payload, { ce_time: '2026-11-24T03:06:01Z' })).toBe('METADATA_INVALID /time');
    expect(encoded(payload, { topic: 'footbridge.shelters' })).toBe('METADATA_INVALID /topic');
    expect(encoded(payload, { ce_audience: 'network' })).toBe('METADATA_INVALID /audience');
    expect(encoded(payload, { subject: newRef('csr') })).toBe('METADATA_INVALID /subject');
    expect(encoded(payload, { key: referral })).toBe('METADATA_INVALID /key');
    for (const version of ['1e3', '1000000', '0x1', ' 1', '-1', '']) expect(encoded(payload, { version })).toBe('METADATA_INVALID /version');
    expect(codeOf(() => gate.encode(network, { shelter: newRef('shl'), band: 'few' }, { ce_time: '2026-11-24T03:06:00Z' }))).toBe('METADATA_INVALID /time');
    expect(codeOf(() => gate.encode(network, { shelter: newRef('shl'), band: 'few' }, { ce_time: '2026-11-24T03:00:00Z' }))).toBe('passed');
  });

  it('refuses what is not there to be looked at', () => {
    expect(codeOf(() => gate.encode(sent, payload, undefined as unknown as Record<string, string>))).toBe('GATE_FAILED');
    expect(encoded(payload, { ce_id: undefined as unknown as string })).toBe('METADATA_INVALID /id');
    // what looks good when it is turned into a text is none, and a symbol is no name
    expect(encoded(payload, { key: { toString: () => uuid } as unknown as string })).toBe('METADATA_INVALID /key');
    expect(encoded(payload, { [Symbol('key')]: uuid } as Record<string, string>)).toBe('UNEXPECTED_METADATA');
  });
});

/** Everything that stands beside the body of a directed event on the broker, under the names that it has there. */
const whole: Readonly<Record<string, string>> = {
  topic: 'footbridge.referrals', key: uuid, 'content-type': 'application/json', ce_specversion: '1.0', ce_source: 'footbridge', ce_id: newRef('evt'), ce_type: sent.type, ce_time: '2026-11-24T03:06:00Z', ce_subject: referral,
  ce_audience: 'directed', ce_recipient: to, ce_aggregate: uuid, ce_version: '3', ce_copy: '0', traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`,
};

describe('a message for the broker is made of what the gate has looked at, and of nothing else (T05)', () => {
  const text = JSON.stringify(payload);
  const made = (over: Readonly<Record<string, string | undefined>> = {}, body: string = text, def: EventDef = sent): string =>
    codeOf(() => gate.message(def, Object.fromEntries(Object.entries({ ...whole, ...over }).filter((entry): entry is [string, string] => entry[1] !== undefined)), Buffer.from(body)));

  it('its topic and key stand apart, every attribute is a header under its one name', () => {
    const message = gate.message(sent, whole, Buffer.from(text));
    const { topic, key, ...headers } = whole;
    expect([message.topic, message.key, message.partition, message.headers, message.body.bytes().toString()]).toEqual([topic, key, undefined, headers, text]);
    expect([WireMessage.is(message), WireBytes.is(message.body), Object.isFrozen(message), Object.isFrozen(message.headers)]).toEqual([true, true, true, true]);
    const { ce_id: id = '', ce_version: version = '', 'content-type': type = '', ...rest } = whole;
    expect(gate.message(sent, { ...rest, id, Version: version, 'Content-Type': type }, Buffer.from(text)).headers).toEqual(headers);
  });
  it('its body is read and written anew, in the order of the declaration', () => {
    expect(gate.message(sent, whole, Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(payload).reverse())))).body.bytes().toString()).toBe(text);
    expect([made({}, `{"name":"${NAME}"}`), made({}, NAME), made({}, text.replace(',', ', ')), made({}, text.replace('{', '{"version":2,')), made({}, text.replace('"sent"', `"${NAME}"`)), made({}, '')])
      .toEqual(['UNEXPECTED_FIELD', 'BODY_MALFORMED', 'BODY_NOT_CANONICAL', 'BODY_NOT_CANONICAL', 'FIELD_INVALID /state', 'BODY_MALFORMED']);
    expect(made({}, text, { ...sent, service: 'shelters' })).toBe('EVENT_INVALID');
    expect(made({}, text, { ...sent, audience: 'service' })).toBe('AUDIENCE_NOT_SENT');
  });
  it('a name in any of its attributes is refused, and so is one more', () => {
    for (const name of Object.keys(whole)) for (const value of [NAME, 'Arta Example', '', `${whole[name] ?? ''} `]) expect([name, made({ [name]: value })]).toEqual([name, `METADATA_INVALID /${name.replace('ce_', '')}`]);
    expect([made({ 'x-note': NAME }), made({ [NAME]: uuid })]).toEqual(['UNEXPECTED_METADATA', 'UNEXPECTED_METADATA']);
  });
  it('an attribute under two names is one too many', () => {
    for (const [name, value] of [['id', newRef('evt')], ['CE_ID', newRef('evt')], ['Topic', 'footbridge.referrals'], ['audience', 'instance']] as const) expect([name, made({ [name]: value })]).toEqual([name, 'UNEXPECTED_METADATA']);
  });
  it('without one of what every event has it is none; what some have may be missing', () => {
    for (const name of Object.keys(whole)) expect([name, made({ [name]: undefined })]).toEqual([name, ['ce_subject', 'traceparent'].includes(name) ? 'passed' : `METADATA_MISSING /${name.replace('ce_', '')}`]);
    expect(codeOf(() => gate.message(sent, undefined as unknown as Record<string, string>, Buffer.from(text)))).toBe('GATE_FAILED');
    expect(codeOf(() => gate.message(sent, {}, Buffer.from(text)))).toBe('METADATA_MISSING /topic');
    expect(codeOf(() => gate.message(sent, whole, text as unknown as Buffer))).toBe('BODY_MALFORMED');
  });
  it('its key is its aggregate, so that nothing else stands there', () => { expect(made({ key: '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a11' })).toBe('METADATA_INVALID /key'); });
  it('the copy of a directed event for the instance names nobody and has an exact time; the other has neither', () => {
    const copy = { ce_audience: 'instance', ce_recipient: undefined, ce_subject: undefined, ce_time: '2026-11-24T03:06:07.123Z' };
    expect([made(copy), made({ ...copy, ce_audience: 'directed', ce_recipient: to }), made({ ...copy, ce_audience: 'network' }), made({ ...copy, ce_audience: 'service' })])
      .toEqual(['passed', 'METADATA_INVALID /time', 'METADATA_INVALID /time', 'METADATA_INVALID /time']);
    expect([made({ ce_audience: 'network' }), made({ ce_audience: 'service' })]).toEqual(['METADATA_INVALID /audience', 'METADATA_INVALID /audience']);
    expect(codeOf(() => gate.encode(sent, payload, { audience: 'instance', time: '2026-11-24T03:06:07.123Z' }))).toBe('passed');
    // what everybody is told has no such copy
    const news = { ...whole, ce_audience: 'instance', ce_time: '2026-11-24T03:06:07.123Z' };
    expect(codeOf(() => gate.message(network, news, Buffer.from(JSON.stringify({ shelter: newRef('shl'), band: 'few' }))))).toMatch(/^METADATA_INVALID \/(?:time|audience)$/);
    // and to an organisation nothing is exact
    expect(codeOf(() => gate.structured(sent, { id: newRef('evt'), time: '2026-11-24T03:06:07.123Z' }, payload, { audience: 'instance' }))).toBe('ATTRIBUTE_INVALID /time');
  });
  it('an audience that is another when it is read again is none, however its name is written', () => {
    const shifty = (first: string, then: string): Record<string, string> => { let looks = 0; return { ...whole, get ce_audience() { looks += 1; return looks === 1 ? first : then; } }; };
    const read = (metadata: Record<string, string>): string => codeOf(() => gate.message(sent, metadata, Buffer.from(text)));
    const { ce_audience: _, ...rest } = whole;
    expect([read(shifty('instance', 'directed')), read(shifty('directed', 'instance')), read({ ...rest, Audience: 'instance' }), read({ ...rest, audience: 'instance', ce_time: '2026-11-24T03:06:07.123Z' }), read({ ...rest, audience: 'directed' })])
      .toEqual(['METADATA_INVALID /audience', 'METADATA_INVALID /audience', 'METADATA_INVALID /audience', 'passed', 'passed']);
  });
  it('the consent that it rests on is a reference, or the uuid under which its service knows it', () => {
    expect([made({ ce_consentref: newRef('con') }), made({ ce_consentref: uuid }), made({ ce_consentref: NAME })]).toEqual(['passed', 'passed', 'METADATA_INVALID /consentref']);
  });
  it('a watermark tells of a service, a partition and a moment', () => {
    const at = new Date('2026-11-24T03:06:00.123Z');
    const mark = gate.watermark('referrals', 999, at);
    expect([mark.topic, mark.key, mark.partition, mark.headers, mark.body.bytes()]).toEqual(['footbridge.referrals', 'watermark', 999, { ce_type: 'footbridge.referrals.watermark.v1', ce_time: '2026-11-24T03:06:00.123Z' }, Buffer.alloc(0)]);
    expect(WireMessage.is(gate.watermark('a', 0, at))).toBe(true);
    for (const [service, partition, when] of [[NAME, 0, at], ['', 0, at], ['xReferrals', 0, at], ['referralsX', 0, at], ['referrals', -1, at], ['referrals', 1_000, at], ['referrals', 0.5, at], ['referrals', NAME, at], ['referrals', 0, new Date('1999-01-01T00:00:00.000Z')], ['referrals', 0, { toISOString: () => NAME }]] as const)
      expect(codeOf(() => gate.watermark(service, partition as number, when as Date))).toBe('METADATA_INVALID');
    expect(codeOf(() => gate.watermark('referrals', 0, new Date(Number.NaN)))).toBe('GATE_FAILED');
  });
  it('comes from the gate only, and what looks like one is none', () => {
    const message = gate.message(sent, whole, Buffer.from(text));
    const Forged = WireMessage as unknown as new (sent: object) => WireMessage;
    expect(() => new Forged({ ...message, headers: { ce_subject: NAME } })).toThrow('NOT_WIRE_BYTES');
    expect([{ ...message }, Object.create(WireMessage.prototype), Object.create(message), null, undefined, NAME, 7, () => message].map((other) => WireMessage.is(other))).toEqual(Array(8).fill(false));
    expect(WireMessage.is(message)).toBe(true);
  });
});

describe('the body for an organisation (decisions 17)', () => {
  const id = newRef('evt');
  const envelope: Envelope = { id, time: '2026-11-24T03:06:00Z', subject: referral };
  const structured = (over: Record<string, unknown> = {}, metadata: Record<string, string> = {}): string => codeOf(() => gate.structured(sent, { ...envelope, ...over }, payload, metadata));

  it('is CloudEvents structured JSON with six attributes and the data, and no other', () => {
    const body = gate.structured(sent, envelope, payload, { 'webhook-id': id, 'webhook-timestamp': '1795489560', recipient: to }).bytes().toString();
    expect(body).toBe(JSON.stringify({ specversion: '1.0', id, source: 'footbridge', type: sent.type, time: '2026-11-24T03:06:00Z', subject: referral, data: payload }));
  });

  it('is the same for webhook and feed, whether attributes were given or filled in', () => {
    const given = gate.structured(sent, { ...envelope, specversion: '1.0', source: 'footbridge', type: sent.type }, payload, {});
    expect(given.bytes()).toEqual(gate.structured(sent, envelope, payload, { 'webhook-id': id }).bytes());
  });

  it('never carries what is for the broker only', () => {
    for (const attribute of ['aggregate', 'version', 'copy', 'caseRef', 'owner', 'consentRef', 'about', 'causedBy', 'traceparent', 'recipient', 'audience', 'data']) {
      expect([attribute, structured({ [attribute]: uuid })]).toEqual([attribute, 'UNEXPECTED_ATTRIBUTE']);
    }
    for (const header of ['traceparent', 'ce_aggregate', 'caseRef', 'key', 'topic', 'owner', 'consentref']) expect([header, structured({}, { [header]: uuid })]).toEqual([header, 'UNEXPECTED_METADATA']);
  });

  it('tells the time to the minute, and to the network to the hour', () => {
    expect(structured({ time: '2026-11-24T03:06:30Z' })).toBe('ATTRIBUTE_INVALID /time');
    const places = { shelter: newRef('shl'), band: 'few' };
    expect(codeOf(() => gate.structured(network, { id, time: '2026-11-24T03:06:00Z' }, places, {}))).toBe('ATTRIBUTE_INVALID /time');
    expect(codeOf(() => gate.structured(network, { id, time: '2026-11-24T03:00:00Z' }, places, {}))).toBe('passed');
  });

  it('refuses each attribute that is not as it should be', () => {
    for (const [attribute, value] of Object.entries({ id: uuid, source: 'elsewhere', type: 'footbridge.referrals.other.v1', specversion: '0.3', subject: NAME })) expect(structured({ [attribute]: value })).toBe(`ATTRIBUTE_INVALID /${attribute}`);
    expect(structured({ subject: newRef('csr') })).toBe('ATTRIBUTE_INVALID /subject');
  });

  it('is made of no event that is for the instance only', () => {
    const inside = define('instance', { urgent: wire.boolean });
    expect(codeOf(() => gate.structured(inside, { id, time: '2026-11-24T03:06:00Z' }, { urgent: true }, {}))).toBe('NOT_FOR_THIS_AUDIENCE');
  });

  it('takes an address of a partner as metadata, but no credentials in it', () => {
    for (const url of ['https://ngo.example/hooks?key=1', 'http://127.0.0.1:4000/', `https://ngo.example/${'x'.repeat(2_028)}`]) expect(structured({}, { url, id, 'content-type': 'application/cloudevents+json' })).toBe('passed');
    for (const timestamp of ['1795489560x', 'x1795489560', '179548956', '']) expect(structured({}, { 'webhook-timestamp': timestamp })).toBe('METADATA_INVALID /webhook-timestamp');
    for (const url of ['https://user:secret@ngo.example/', 'https://user@ngo.example/', 'https://:secret@ngo.example/', `https://ngo.example/${'x'.repeat(2_029)}`, 'ftp://ngo.example/', 'ngo.example', `https://ngo.example/#${NAME}`, `https://ngo.example/${'x'.repeat(2048)}`]) expect(structured({}, { url })).toBe('METADATA_INVALID /url');
  });
});

describe('decode is as strict as encode', () => {
  const decoded = (text: string | Buffer): string => codeOf(() => gate.decode(sent, Buffer.from(text as string)));
  const text = JSON.stringify(payload);

  it('any extra field, wrong value or other form is refused', () => {
    expect(decoded(text)).toBe('passed');
    expect(decoded(JSON.stringify(Object.fromEntries(Object.entries(payload).reverse())))).toBe('passed');
    expect(decoded(text.replace('}', `,"name":"${NAME}"}`))).toBe('UNEXPECTED_FIELD');
    expect(decoded(text.replace('"sent"', `"${NAME}"`))).toBe('FIELD_INVALID /state');
    expect(decoded(text.replace('"state":"sent",', ''))).toBe('MISSING_FIELD /state');
    expect(decoded(`[${text}]`)).toBe('PAYLOAD_NOT_PLAIN');
    expect(decoded(`{"name":"${NAME}"`)).toBe('BODY_MALFORMED');
    expect(decoded('')).toBe('BODY_MALFORMED');
    expect(decoded(Buffer.concat([Buffer.from([0xff]), Buffer.from(text)]))).toBe('BODY_MALFORMED');
    // a wrong byte is none of a value, not even of a wrong one
    expect(decoded(Buffer.concat([Buffer.from(`{"state":"`), Buffer.from([0xff]), Buffer.from('"}')]))).toBe('BODY_MALFORMED');
    expect([decoded(`"${'x'.repeat(65_534)}"`), decoded(`"${'x'.repeat(65_535)}"`)]).toEqual(['PAYLOAD_NOT_PLAIN', 'BODY_TOO_LARGE']);
  });

  it('a field twice, spaces and escapes leave room for what nobody looks at', () => {
    expect(decoded(text.replace('{', `{"state":"${NAME}",`))).toBe('BODY_NOT_CANONICAL');
    expect(decoded(text.replace(',', ', '))).toBe('BODY_NOT_CANONICAL');
    expect(decoded(text.replace('"sent"', '"\\u0073ent"'))).toBe('BODY_NOT_CANONICAL');
  });
});

describe('scanners come last', () => {
  const scanning = createGate({ scanners: [knownIdentity([`${NAME} Vqykzxaf`], Buffer.alloc(32, 7))] });

  it('let an event through that holds nobody', () => {
    expect(codeOf(() => scanning.encode(sent, payload, { key: uuid }))).toBe('passed');
  });

  it('look at the metadata too, also behind percent signs', () => {
    const url = `https://ngo.example/${encodeURIComponent(NAME)}/VQYKZXAF`;
    expect(codeOf(() => scanning.structured(sent, { id: newRef('evt'), time: '2026-11-24T03:06:00Z' }, payload, { url }))).toBe('SCANNER_FOUND');
  });

  const finding = (found: (text: string) => boolean): Scanner => ({ name: 'found', find: (text) => (found(text) ? [{ kind: 'found', start: 0, end: 1 }] : []) });
  it('read a URL as it is meant, whichever bytes of it are written as numbers', () => {
    const reading = createGate({ scanners: [finding((text) => text.includes(NAME))] });
    const at = (path: string): string => codeOf(() => reading.structured(sent, { id: newRef('evt'), time: '2026-11-24T03:06:00Z' }, payload, { url: `https://ngo.example/${path}` }));
    expect(['Q%C3%ABzvxw%C3%B6j', 'Q%c3%abzvxw%c3%b6j', '%51%c3%abzv%78%77%c3%b6%6A', 'a%20Q%C3%ABzvxw%C3%B6j', 'Qezvxwoj', '%C3%AB%5'].map(at)).toEqual([...Array<string>(4).fill('SCANNER_FOUND'), 'passed', 'passed']);
  });
  it('read nothing across the seam of body and metadata', () => {
    const seen: string[] = [];
    const url = 'https://ngo.example/%41';
    const body = createGate({ scanners: [finding((text) => { seen.push(text); return false; })] }).structured(sent, { id: newRef('evt'), time: '2026-11-24T03:06:00Z' }, payload, { url, recipient: to });
    expect(seen).toEqual([`${body.bytes().toString()}\n${url}\nhttps://ngo.example/A\n${to}\n${to}`]);
  });
  it('and have nothing to read beside a body for the broker, where only references, uuids, instants and numbers stand', () => {
    const seen: string[] = [];
    const reading = createGate({ scanners: [finding((text) => { seen.push(text); return seen.length === 3; })] });
    reading.encode(sent, payload, { topic: 'footbridge.referrals', key: uuid });
    reading.message(sent, whole, Buffer.from(JSON.stringify(payload)));
    expect(seen).toEqual(Array(2).fill(JSON.stringify(payload)));
    expect(codeOf(() => reading.message(sent, whole, Buffer.from(JSON.stringify(payload))))).toBe('SCANNER_FOUND');
  });

  it('one that fails closes the gate', () => {
    const broken = createGate({ scanners: [{ name: 'broken', find: () => { throw new Error(NAME); } }] });
    expect(codeOf(() => broken.encode(sent, payload, {}))).toBe('GATE_FAILED');
  });
});

describe('each refusal is counted once, by its code', () => {
  it('and by what was asked, in each act', () => {
    const counted: string[] = [];
    const counting = createGate({ onRefusal: (code, act, refusal) => { expect(refusal.code).toBe(code); counted.push(`${act} ${code}`); } });
    counting.encode(sent, payload, {});
    for (const act of [() => counting.encode(sent, { ...payload, name: NAME }, {}), () => counting.decode(sent, Buffer.from('')), () => counting.structured(sent, { id: 'x', time: 'y' }, payload, {}), () => counting.message(sent, {}, Buffer.from('')), () => counting.watermark('', 0, new Date(0)), () => counting.document({} as never, {} as never, {}), () => counting.mail({} as never, {} as never, {}), () => counting.disclose({} as never, {} as never, {}, {})]) expect(act).toThrow(PrivacyRefusal);
    expect(counted).toEqual(['encode UNEXPECTED_FIELD', 'decode BODY_MALFORMED', 'structured ATTRIBUTE_INVALID', 'message BODY_MALFORMED', 'watermark METADATA_INVALID', 'document DOCUMENT_INVALID', 'mail MAIL_NOT_LISTED', 'disclose DISCLOSURE_NOT_ALLOWED']);
  });

  it('and a counter that fails does not open the gate', () => {
    const failing = createGate({ onRefusal: () => { throw new Error('no counter'); } });
    expect(codeOf(() => failing.encode(sent, { name: NAME }, {}))).toBe('UNEXPECTED_FIELD');
  });
});

describe('WireBytes come from the gate only', () => {
  const bytes = gate.encode(sent, payload, {});

  it('and are told from what looks like them', () => {
    expect(WireBytes.is(bytes)).toBe(true);
    expect(WireBytes.is({ bytes: () => Buffer.from(NAME) })).toBe(false);
    expect([Object.create(WireBytes.prototype), null, undefined, NAME, 7, () => NAME].map((other) => WireBytes.is(other))).toEqual(Array(6).fill(false));
  });

  it('cannot be made by calling the class', () => {
    const Forged = WireBytes as unknown as new (bytes: Buffer) => WireBytes;
    expect(() => new Forged(Buffer.from(NAME))).toThrow('NOT_WIRE_BYTES');
  });

  it('do not change after they have passed', () => {
    bytes.bytes().write(NAME);
    expect(bytes.bytes().toString()).toBe(JSON.stringify(payload));
  });
});

it('metadata has one name, however it is spelt', () => {
  for (const name of ['id', 'ce_id', 'ce-id', 'CE-ID', 'Ce_Id']) expect([name, createGate().encode(sent, payload, { [name]: newRef('evt') }).bytes().length > 0]).toEqual([name, true]);
  for (const name of ['ce-note', 'ceid', 'ce.id', 'xce-id']) expect(() => createGate().encode(sent, payload, { [name]: newRef('evt') })).toThrow(expect.objectContaining({ code: 'UNEXPECTED_METADATA' }));
});

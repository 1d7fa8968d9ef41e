import { inspect } from 'node:util';
import v8 from 'node:v8';
import { canaryPerson } from './canary-person.js';
import { codeList } from './code-list.js';
import type { EventDef } from './event.js';
import { createGate, type Metadata } from './gate.js';
import { huntLeaks } from './leak-hunt.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import { label } from './sealed.js';
import { wire } from './wire.js';

const person = canaryPerson(77);
const name = person.familyName;
const secret = label('direct', name);
const clean = (content: Buffer | string): void => expect(huntLeaks([{ name: 'x', content }], [person])).toEqual([]);
const refusal = (act: () => unknown): PrivacyRefusal => {
  try { act(); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    clean(`${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${(error as Error).stack ?? ''}`);
    return error as PrivacyRefusal;
  }
  throw new Error('not refused');
};

const sent: EventDef = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'directed', data: { referral: wire.ref('rfr'), state: wire.code(codeList('S', ['sent'])) } };
const payload = { referral: newRef('rfr'), state: 'sent' };
const gate = createGate();

describe('T02 a wider value behind a narrower variable', () => {
  it('is refused, not stripped, and counted', () => {
    const counted: string[] = [];
    const wide = { ...payload, familyName: name };
    const narrow: { readonly referral: string; readonly state: string } = wide;
    expect(refusal(() => createGate({ onRefusal: (code) => counted.push(code) }).encode(sent, narrow, {})).code).toBe('UNEXPECTED_FIELD');
    expect(counted).toEqual(['UNEXPECTED_FIELD']);
  });
});

describe('T04 a reference that was not issued', () => {
  it.each<[string, (ref: string) => string]>([
    ['forged', (ref) => `${ref.slice(0, 6)}${'a'.repeat(ref.length - 6)}`], ['with one character changed', (ref) => `${ref.slice(0, 10)}${ref[10] === 'a' ? 'b' : 'a'}${ref.slice(11)}`], ['with two swapped', (ref) => { const i = [...ref].findIndex((c, at) => at > 4 && c !== ref[at + 1]); return `${ref.slice(0, i)}${ref[i + 1]}${ref[i]}${ref.slice(i + 2)}`; }],
    ['of another kind', () => newRef('org')], ['with another prefix', (ref) => ref.replace('rfr', 'stx')], ['too long', (ref) => `${ref}a`], ['in capitals', (ref) => ref.toUpperCase()], ['with a space behind', (ref) => `${ref} `], ['a name', () => name], ['a name in its form', () => `rfr_${name}`],
  ])('%s, is none', (_what, change) => expect(refusal(() => gate.encode(sent, { ...payload, referral: change(newRef('rfr')) }, {})).code).toBe('FIELD_INVALID'));
});

describe('T05 a name in what stands beside a body', () => {
  it.each<[string, Metadata]>([
    ['key', { key: name }], ['topic', { topic: `footbridge.${name}` }], ['a header', { 'x-note': name }], ['the name of a header', { [name]: 'x' }], ['a known header', { ce_subject: name }], ['id', { ce_id: name }], ['type', { ce_type: `footbridge.referrals.${name}.v1` }], ['source', { ce_source: name }], ['time', { ce_time: name }], ['traceparent', { traceparent: name }], ['tracestate', { tracestate: `n=${name}` }], ['client id', { 'client-id': name }], ['group id', { 'group-id': name }], ['partition', { partition: name }], ['timestamp', { timestamp: name }],
  ])('on the broker: %s', (_what, metadata) => expect(refusal(() => gate.encode(sent, payload, metadata)).code).toMatch(/^(?:UNEXPECTED_METADATA|METADATA_INVALID)$/));
  it.each<[string, Metadata]>([['a header', { 'x-note': name }], ['the id', { 'webhook-id': name }], ['the file name', { 'file-name': `${name}.json` }], ['the user of a URL', { url: `https://${encodeURIComponent(name)}@hook.example/` }], ['behind #', { url: `https://hook.example/#${encodeURIComponent(name)}` }], ['content-type', { 'content-type': `application/json; name=${name}` }]])('to an organisation: %s', (_what, metadata) => {
    expect(refusal(() => gate.structured(sent, { id: newRef('evt'), time: '2026-11-24T03:06:00Z' }, payload, metadata)).code).toMatch(/^(?:UNEXPECTED_METADATA|METADATA_INVALID)$/);
  });
});

describe('T05 a name in an event that was kept until it is sent', () => {
  const uuid = '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10';
  const whole: Metadata = {
    topic: 'footbridge.referrals', key: uuid, 'content-type': 'application/json', ce_specversion: '1.0', ce_source: 'footbridge', ce_id: newRef('evt'), ce_type: sent.type, ce_time: '2026-11-24T03:06:00Z', ce_subject: payload.referral, ce_audience: 'directed',
    ce_recipient: newRef('org'), ce_aggregate: uuid, ce_version: '3', ce_copy: '0', ce_caseref: newRef('csr'), ce_owner: newRef('org'), ce_consentref: newRef('con'), ce_about: uuid, ce_causedby: newRef('evt'), traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`,
  };
  const body = Buffer.from(JSON.stringify(payload));
  it('is found in every attribute, whole or behind what was good', () => {
    expect(gate.message(sent, whole, body).body.bytes()).toEqual(body);
    for (const [attribute, value] of Object.entries(whole)) for (const other of [name, `${value}${name}`]) expect([attribute, refusal(() => gate.message(sent, { ...whole, [attribute]: other }, body)).code]).toEqual([attribute, 'METADATA_INVALID']);
  });
  it.each<[string, string]>([['for a body', name], ['as a field', JSON.stringify({ ...payload, name })], ['as a value', JSON.stringify({ ...payload, state: name })], ['behind a field of its own name', JSON.stringify(payload).replace('"state"', `"state":"${name}","state"`)]])('%s', (_how, text) => {
    expect(refusal(() => gate.message(sent, whole, Buffer.from(text))).code).toMatch(/^(?:BODY_MALFORMED|UNEXPECTED_FIELD|FIELD_INVALID|BODY_NOT_CANONICAL)$/);
  });
});

describe('T09 a name in what is wrong', () => {
  it.each<[string, () => unknown]>([
    ['as a key', () => gate.encode(sent, { ...payload, [name]: 1 }, {})], ['as the value of a list', () => gate.encode(sent, { ...payload, state: name }, {})], ['in an event that comes in', () => gate.decode(sent, Buffer.from(JSON.stringify({ ...payload, [name]: name })))], ['in what is no JSON', () => gate.decode(sent, Buffer.from(`{"${name}`))], ['in a key twice', () => gate.decode(sent, Buffer.from(`{"referral":"${payload.referral}","state":"${name}","state":"sent"}`))],
    ['in an accessor that throws', () => gate.encode(sent, { ...payload, get state(): string { throw new Error(name); } }, {})], ['in a proxy that throws', () => gate.encode(sent, new Proxy(payload, { ownKeys: () => { throw new Error(name); } }), {})], ['in a predicate', () => secret.map(() => { throw new Error(name); })], ['as a labelled value', () => gate.encode(sent, { ...payload, state: secret } as never, {})],
  ])('is not in the refusal: %s', (_what, act) => { refusal(act); });
});

describe('T11 a labelled value that somebody logs', () => {
  const row = { id: 1, secret, list: [secret], map: new Map([['a', secret]]), error: new Error('x', { cause: secret }) };
  it.each<[string, () => Buffer | string]>([
    ['inspect', () => inspect(row, { depth: 10, showHidden: true, getters: true })], ['a template', () => `${secret}`], ['string concatenation', () => 'a ' + String(secret)], ['structuredClone', () => inspect(structuredClone({ id: 1, secret }), { depth: 5 })], ['v8.serialize', () => v8.serialize({ id: 1, secret })], ['the cause of an error', () => inspect(row.error)], ['its members', () => inspect([Object.entries(secret), Object.getOwnPropertyNames(secret), { ...secret }, Object.assign({}, secret)], { depth: 5 })],
    ['a query string', () => new URLSearchParams({ a: String(secret) }).toString()], ['console.log', () => { const said: string[] = []; const { write } = process.stdout; process.stdout.write = (chunk: string | Uint8Array): boolean => { said.push(String(chunk)); return true; }; try { new globalThis.console.Console(process.stdout).log(row, secret, '%s %o %j', secret, secret); } catch (error) { said.push(inspect(error)); } finally { process.stdout.write = write; } return said.join(''); }],
  ])('by %s is not shown', (_how, show) => clean(show()));
  it.each<[string, () => unknown]>([['JSON.stringify', () => JSON.stringify(row)], ['by itself', () => JSON.stringify(secret)], ['in an array', () => JSON.stringify([[secret]])]])('throws in %s', (_how, act) => expect(refusal(act).code).toBe('SEALED_VALUE'));
});

import { createGate, newRef, wire, type EventDef } from '@footbridge/privacy';
import { headersOf, outboxRow, readAttributes, wellFormed, type OutgoingEvent } from './event.js';
import { PARTITIONS, partitionOf } from './partition.js';
import { refusalOf, HandlerRefusal, databaseAway } from './refusal.js';

const Sent: EventDef = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'instance', data: { version: wire.version } };
const aggregate = '3f0f3c53-1111-4222-8333-444455556666';
const event: OutgoingEvent = {
  id: newRef('evt'), type: Sent.type, time: '2026-11-24T03:06:00Z', subject: newRef('rfr'), audience: 'directed', recipient: newRef('org'), aggregate, version: 3, copy: 1,
  caseRef: newRef('csr'), owner: newRef('org'), consentRef: aggregate, about: aggregate, causedBy: newRef('evt'), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  data: createGate().encode(Sent, { version: 3 }, {}),
};
const headers = (change: Readonly<Record<string, string | undefined>> = {}): Map<string, string> =>
  new Map(Object.entries({ ...headersOf(outboxRow(event)), ...change }).filter((entry): entry is [string, string] => entry[1] !== undefined));

describe('an event on its way', () => {
  test('is the same again after outbox and headers', () => {
    const { data: _, ...attributes } = event;
    expect(readAttributes(headers())).toEqual(attributes);
  });

  test('has its body as the gate made it', () => {
    expect(outboxRow(event)['data']).toBe(`\\x${Buffer.from('{"version":3}').toString('hex')}`);
  });

  test('has no body that the gate has not made', () => {
    const forged: unknown = { bytes: () => Buffer.from('{"name":"Arta"}') };
    // eslint-disable-next-line footbridge/no-wire-cast -- the forgery itself
    expect(() => outboxRow({ ...event, data: forged as never })).toThrow('NOT_THROUGH_THE_GATE');
  });

  test('leaves out what it does not have', () => {
    const { subject: _s, recipient: _r, traceparent: _t, ...rest } = event;
    const made = headersOf(outboxRow(rest));
    expect(Object.keys(made)).not.toEqual(expect.arrayContaining(['ce_subject']));
    expect(readAttributes(new Map(Object.entries(made)))).not.toHaveProperty('recipient');
  });
});

describe('a message that is none of ours', () => {
  test.each([
    ['another source', { ce_source: 'elsewhere' }, 'NOT_OURS'],
    ['another version of CloudEvents', { ce_specversion: '0.3' }, 'NOT_OURS'],
    ['another content type', { 'content-type': 'text/plain' }, 'NOT_OURS'],
    ['a header too many', { ce_extra: '1' }, 'HEADER_UNKNOWN'],
    ['a prototype-named header', { __proto__x: '1' }, 'HEADER_UNKNOWN'],
    ['no id', { ce_id: undefined }, 'HEADER_MISSING'],
    ['no key', { ce_aggregate: undefined }, 'HEADER_MISSING'],
    ['a name as reference', { ce_subject: 'Arta Example' }, 'HEADER_REFUSED'],
    ['a reference with a wrong check', { ce_owner: `org_${'a'.repeat(34)}` }, 'HEADER_REFUSED'],
    ['a version that is none', { ce_version: '1e3' }, 'HEADER_REFUSED'],
    ['a date that does not exist', { ce_time: '2026-13-41T00:00:00Z' }, 'HEADER_REFUSED'],
    ['an audience that is never on a broker', { ce_audience: 'service' }, 'HEADER_REFUSED'],
  ])('with %s is refused', (_what, change, code) => {
    expect(readAttributes(headers(change))).toBe(code);
  });

  test('leaves behind only what has the right shape', () => {
    const kept = wellFormed(headers({ ce_subject: 'Arta Example', ce_source: 'elsewhere', ce_version: 'Arta', ce_type: 'Arta' }));
    expect(JSON.stringify(kept)).not.toContain('Arta');
    expect(kept.aggregate).toBe(aggregate);
  });
});

describe('partitions', () => {
  test('of a key never change', () => {
    expect(['a', aggregate, '00000000-0000-4000-8000-000000000000'].map(partitionOf)).toEqual([3, 2, 3]);
  });

  test('are used alike', () => {
    const counts = new Array<number>(PARTITIONS).fill(0);
    for (let i = 0; i < 60_000; i += 1) { const p = partitionOf(`3f0f3c53-1111-4222-8333-${String(i).padStart(12, '0')}`); counts[p] = (counts[p] ?? 0) + 1; }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('an error as a code', () => {
  test('keeps a handler\'s own', () => { expect(refusalOf(new HandlerRefusal('CONSENT_REQUIRED', false))).toMatchObject({ code: 'CONSENT_REQUIRED', retry: false }); });
  test('tells nothing of what the error says', () => {
    const refusal = refusalOf(Object.assign(new Error('Key (name)=(Arta) already exists'), { code: '23505', detail: 'Arta' }));
    expect(refusal.code).toBe('DATABASE_23505');
    expect(`${refusal.message}${refusal.stack ?? ''}${JSON.stringify(refusal)}`).not.toContain('Arta');
  });
  test('knows that the effect is there already', () => { expect(refusalOf({ code: '23505', constraint: 'inbox_pkey' }).code).toBe('ALREADY_HANDLED'); });
  test.each([['08006', true], ['57P01', true], ['53300', true], ['ECONNREFUSED', true], ['23505', false], ['40001', false]])('%s: the database is away: %s', (code, away) => {
    expect(databaseAway(refusalOf({ code }))).toBe(away);
  });
  test('has one for everything else', () => { expect(refusalOf(new TypeError('Arta is not a function'))).toMatchObject({ code: 'HANDLER_FAILED', retry: true, message: 'HANDLER_FAILED' }); });
});

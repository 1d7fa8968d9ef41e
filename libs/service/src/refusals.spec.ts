import { PrivacyRefusal, codeList, createGate, newRef, wire, type EventDef } from '@footbridge/privacy';
import type { ArgumentsHost } from '@nestjs/common';
import { systemClock } from './clock.js';
import { ProblemFilter, problemOf } from './http.js';
import { registry } from './metrics.js';
import { MOST_ENTRIES, Refusals, serviceGate } from './refusals.js';
import type { Change } from './store.js';

const Sent: EventDef = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'directed', data: { referral: wire.ref('rfr'), state: wire.code(codeList('S', ['sent', 'call 069 123 4567'])) } };
const counted = async (service: string, code: string): Promise<number> => Number(new RegExp(`privacy_refusals_total\\{service="${service}",code="${code}"\\} (\\d+)`).exec(await registry.metrics())?.[1] ?? 0);
function kept(service: string): { readonly refusals: Refusals; readonly rows: Change[]; fail: boolean } {
  const rows: Change[] = [];
  const refusals = new Refusals(service, systemClock);
  const state = { refusals, rows, fail: false };
  refusals.keep({ commit: (_organisation, changes) => { if (state.fail) return Promise.reject(new Error('away')); rows.push(...changes); return Promise.resolve(); } });
  return state;
}

describe('a refusal of a service', () => {
  it('is one count and one entry of the audit trail: a code, and nothing of what was refused', async () => {
    const { refusals, rows } = kept('one');
    const gate = serviceGate(refusals);
    expect(() => gate.encode(Sent, { referral: 'Qëzvxwöj', state: 'sent' }, {})).toThrow(expect.objectContaining({ code: 'FIELD_INVALID' }));
    await refusals.stop();
    expect(rows.map(({ t, op, row: { at: _, ...row } }) => ({ t, op, row }))).toEqual([{ t: 'audit', op: 'insert', row: { organisations: [], kind: 'refusal', command: 'refused', ground: 'FIELD_INVALID' } }]);
    expect(await counted('one', 'FIELD_INVALID')).toBe(1);
  });

  it('is no second one on its way out to the caller, who is told the reason and what to do', async () => {
    const { refusals, rows } = kept('caller');
    const sent: unknown[] = [];
    const reply = { status: () => reply, headers: () => reply, header: () => reply, send: (body: unknown) => sent.push(body) };
    const organisation = newRef('org');
    const host = { getType: () => 'http', switchToHttp: () => ({ getResponse: () => reply, getRequest: () => ({ id: 'r', principal: { organisation, subject: 'acc_1', roles: [] } }) }) } as unknown as ArgumentsHost;
    const refusal = new PrivacyRefusal('REVEAL_NOT_ALLOWED');
    for (let i = 0; i < 2; i += 1) new ProblemFilter(refusals).catch(refusal, host);
    await refusals.stop();
    expect(rows.map(({ row }) => [row['ground'], row['organisations'], row['account']])).toEqual([['REVEAL_NOT_ALLOWED', [organisation], 'acc_1']]);
    expect(JSON.parse(String(sent[0]))).toMatchObject({ status: 409, code: 'privacy-refused', reason: 'REVEAL_NOT_ALLOWED', type: '/problems/privacy-refused' });
    expect(await counted('caller', 'REVEAL_NOT_ALLOWED')).toBe(1);
  });

  it('for which a caller may come again is one of its own', () => {
    expect(problemOf(new PrivacyRefusal('KEY_STORE_UNAVAILABLE'))).toMatchObject({ code: 'service-unavailable', headers: { 'retry-after': '5' } });
    expect(problemOf(new PrivacyRefusal('SCANNER_FOUND'))).toMatchObject({ code: 'privacy-refused' });
  });

  it('is only counted where it is garbage that came in', async () => {
    const { refusals, rows } = kept('garbage');
    expect(() => serviceGate(refusals).decode(Sent, Buffer.from('{'))).toThrow(PrivacyRefusal);
    await refusals.stop();
    expect([rows, await counted('garbage', 'BODY_MALFORMED')]).toEqual([[], 1]);
  });

  it('in a flood is counted each time and written so often, the last entry saying that there were more', async () => {
    const { refusals, rows } = kept('flood');
    for (let i = 0; i < 100; i += 1) refusals.note(new PrivacyRefusal('FIELD_INVALID'));
    refusals.note(new PrivacyRefusal('SEALED_VALUE'));
    await refusals.stop();
    const grounds = rows.map(({ row }) => row['ground']);
    expect([grounds.length, grounds[MOST_ENTRIES - 1], grounds[MOST_ENTRIES]]).toEqual([MOST_ENTRIES + 1, 'FIELD_INVALID AND_MORE', 'SEALED_VALUE']);
    expect(await counted('flood', 'FIELD_INVALID')).toBe(100);
  });

  it('that cannot be written stays refused, and the next one is written', async () => {
    const state = kept('away');
    state.fail = true;
    state.refusals.note(new PrivacyRefusal('FIELD_INVALID'));
    await state.refusals.stop();
    state.fail = false;
    state.refusals.note(new PrivacyRefusal('SEALED_VALUE'));
    await state.refusals.stop();
    expect(state.rows.map(({ row }) => row['ground'])).toEqual(['SEALED_VALUE']);
  });
});

it('the gate of a service looks for numbers of the corridor, which the library alone does not know of', () => {
  const payload = { referral: newRef('rfr'), state: 'call 069 123 4567' };
  expect(createGate().encode(Sent, payload, {}).bytes().length).toBeGreaterThan(0);
  expect(() => serviceGate(kept('corridor').refusals).encode(Sent, payload, {})).toThrow(expect.objectContaining({ code: 'SCANNER_FOUND' }));
});

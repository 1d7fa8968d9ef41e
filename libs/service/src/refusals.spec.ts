import { PrivacyRefusal, codeList, createGate, newRef, wire, type EventDef } from '@footbridge/privacy';
import type { ArgumentsHost } from '@nestjs/common';
import { systemClock } from './clock.js';
import { ProblemFilter, problemOf } from './http.js';
import { registry } from './metrics.js';
import { MOST_ENTRIES, MOST_WAITING, Refusals, serviceGate } from './refusals.js';
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

  it('in a flood is counted each time and written so often; the last entry says how many more there were, and one that was the last itself says nothing', async () => {
    const { refusals, rows } = kept('flood');
    for (let i = 0; i < 100; i += 1) refusals.note(new PrivacyRefusal('FIELD_INVALID'));
    for (let i = 0; i < MOST_ENTRIES; i += 1) refusals.note(new PrivacyRefusal('SEALED_VALUE'));
    for (let i = 0; i < MOST_ENTRIES - 1; i += 1) refusals.note(new PrivacyRefusal('KEY_INVALID'));
    await refusals.stop();
    const of = (code: string): unknown[] => rows.map(({ row }) => row['ground']).filter((ground) => String(ground).startsWith(code));
    expect(of('FIELD_INVALID')).toEqual([...Array<string>(MOST_ENTRIES - 1).fill('FIELD_INVALID'), 'FIELD_INVALID AND_80_MORE']);
    expect(of('SEALED_VALUE')).toEqual(Array(MOST_ENTRIES).fill('SEALED_VALUE'));
    expect(of('KEY_INVALID')).toEqual(Array(MOST_ENTRIES - 1).fill('KEY_INVALID'));
    expect(await counted('flood', 'FIELD_INVALID')).toBe(100);
  });

  it('that cannot be written is kept, with its time, and written once that can be again', async () => {
    const state = kept('away');
    state.fail = true;
    state.refusals.note(new PrivacyRefusal('FIELD_INVALID'));
    const before = new Date().toISOString();
    await state.refusals.stop();
    expect(state.rows).toEqual([]);
    state.fail = false;
    state.refusals.note(new PrivacyRefusal('SEALED_VALUE'));
    await state.refusals.stop();
    await state.refusals.stop();
    expect(state.rows.map(({ row }) => row['ground'])).toEqual(['FIELD_INVALID', 'SEALED_VALUE']);
    expect(String(state.rows[0]?.row['at']) <= before).toBe(true);
  });

  it('of very many that cannot be written keeps as many as it may, and says how many more there were', async () => {
    const state = kept('bounded');
    state.fail = true;
    for (let n = 0; n < MOST_WAITING + 7; n += 1) state.refusals.note(new PrivacyRefusal(`CODE_${n}`));
    await state.refusals.stop();
    state.fail = false;
    await state.refusals.stop();
    const grounds = state.rows.map(({ row }) => row['ground']);
    expect([grounds.length, grounds[0], grounds[MOST_WAITING - 1], grounds.at(-1)]).toEqual([MOST_WAITING + 1, 'CODE_0', `CODE_${MOST_WAITING - 1}`, 'REFUSALS_NOT_KEPT AND_6_MORE']);
  });
});

it('the gate of a service looks for numbers of the corridor, which the library alone does not know of', () => {
  const payload = { referral: newRef('rfr'), state: 'call 069 123 4567' };
  expect(createGate().encode(Sent, payload, {}).bytes().length).toBeGreaterThan(0);
  expect(() => serviceGate(kept('corridor').refusals).encode(Sent, payload, {})).toThrow(expect.objectContaining({ code: 'SCANNER_FOUND' }));
});

import { randomUUID } from 'node:crypto';
import { AccountDisabled, CaseAnonymised, ConsentWithdrawn, KeysLocked, ReferralAccepted, RestrictionChanged } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { speaker, testInstance, waitUntil, type TestAccount, type TestInstance } from '@footbridge/testing';

describe('a parked event that an operator would give up', () => {
  const [network, house] = [newRef('org'), newRef('org')];
  let instance: TestInstance, operator: TestAccount, place = 0;
  const rows = async <T>(text: string, values: readonly unknown[] = []): Promise<T[]> => (await instance.services.get('shelters')!.pool.query(text, [...values])).rows as T[];
  const park = async (row: { type?: string; aggregate?: string; caseRef?: string; handler?: string; state?: string }): Promise<string> => String((await rows<{ id: string }>(
    `insert into parked (handler, state, reason, attempts, topic, partition, place, event_id, type, aggregate, case_ref, owner) values ($1, $2, 'HANDLER_FAILED', 3, 'footbridge.referrals', 0, $3, $4, $5, $6, $7, $8) returning id`,
    [row.handler ?? 'Gone', row.state ?? 'parked', place += 1, newRef('evt'), row.type ?? null, row.aggregate ?? null, row.caseRef ?? null, house]))[0]?.id);
  const drop = (id: string) => operator.post(`/v1/shelters-parked/${id}/drop`);
  const stateOf = async (id: string): Promise<string | undefined> => (await rows<{ state: string }>('select state from parked where id = $1', [id]))[0]?.state;

  beforeAll(async () => {
    instance = await testInstance([speaker('shelters'), speaker('referrals'), speaker('notifications')], { name: 'parked', config: { denyList: { standing: () => 'good' } } });
    operator = instance.account(network, 'OPERATOR');
  });
  afterAll(() => instance?.close());

  it.each([ConsentWithdrawn, CaseAnonymised, RestrictionChanged, KeysLocked, AccountDisabled])('$name is not given up, whether it failed or waits, and what depends on it stays closed (decisions 15)', async ({ type }) => {
    const engine = instance.services.get('shelters')!.engine;
    const caseRef = newRef('csr');
    await waitUntil('the others are heard', () => engine.requireFresh('referrals').then(() => true, () => false));
    for (const state of ['parked', 'waiting']) {
      const id = await park({ type, aggregate: randomUUID(), caseRef, state });
      expect(await drop(id)).toMatchObject({ status: 409, body: { code: 'guard-refused', guards: [{ guard: 'PARKED', reason: 'TAKES_SOMETHING_BACK' }] } });
      expect(await stateOf(id)).toBe(state);
    }
    await expect(engine.requireFresh('referrals', caseRef)).rejects.toMatchObject({ code: 'service-unavailable' });
  });
  it('nor is one that nobody could read, where it may be about somebody', async () => {
    const unread = [{ type: 'footbridge.referrals.person-named.v1' }, { caseRef: newRef('csr') }, { aggregate: randomUUID() }];
    for (const row of unread) { const id = await park({ ...row, handler: '*' }); expect([(await drop(id)).status, await stateOf(id)]).toEqual([409, 'parked']); }
    const garbage = await park({ handler: '*' });
    expect([(await drop(garbage)).status, await stateOf(garbage)]).toEqual([200, 'dropped']);
  });
  it('T05 what was put into the outbox past the gate is not sent, and the operator finds it by its code and gives it up', async () => {
    await rows("insert into outbox (id, type, time, audience, aggregate, version, copy, subject, data) values ($1, 'Arta', $2, 'instance', $3, 1, 0, 'Arta Example', $4)", [newRef('evt'), new Date().toISOString(), randomUUID(), Buffer.from('{"name":"Arta Example"}')]);
    const listed = async (): Promise<{ id: string; handler: string; reason: string }[]> => ((await operator.get('/v1/shelters-parked')).body['items'] as { id: string; handler: string; reason: string }[]).filter(({ handler }) => handler === 'relay');
    await waitUntil('it is held', async () => (await listed()).length === 1);
    const [held] = await listed();
    expect([held?.reason, JSON.stringify(held)]).toEqual(['TYPE_UNKNOWN', expect.not.stringContaining('Arta')]);
    expect((await drop('o999999999')).status).toBe(404);
    expect((await drop(held?.id ?? '')).status).toBe(200);
    expect([await listed(), await rows('select 1 from outbox where held is not null')]).toEqual([[], []]);
  });
  it('news may be, and it stands in the audit of both who did it and whose event it was', async () => {
    const id = await park({ type: ReferralAccepted.type, aggregate: randomUUID(), caseRef: newRef('csr') });
    const [event] = await rows<{ event_id: string }>('select event_id from parked where id = $1', [id]);
    expect((await drop(id)).status).toBe(200);
    expect((await drop(id)).status).toBe(404);
    const seen = async (organisation: string): Promise<unknown[]> => { const client = await instance.services.get('shelters')!.pool.connect(); try {
      await client.query('begin'); await client.query("select set_config('app.org', $1, true)", [organisation]);
      return (await client.query('select kind, command, organisation, account, role, caused_by, ground from audit where caused_by = $1', [event?.event_id])).rows;
    } finally { await client.query('rollback'); client.release(); } };
    const entry = { kind: 'parked', command: 'drop', organisation: network, account: operator.subject, role: 'OPERATOR', caused_by: event?.event_id, ground: ReferralAccepted.type };
    expect([await seen(network), await seen(house), await seen(newRef('org'))]).toEqual([[entry], [entry], []]);
  });
});

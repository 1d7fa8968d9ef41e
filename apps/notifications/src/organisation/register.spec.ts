import { isDeepStrictEqual } from 'node:util';
import { newRef } from '@footbridge/privacy';
import { waitUntil, type TestAccount } from '@footbridge/testing';
import { network, type Network } from '../network.fixture.js';

describe('the register of organisations and accounts', () => {
  let net: Network, admin: TestAccount, stranger: TestAccount;
  const organisation = newRef('org'), known = newRef('acc');
  const provider = new Map<string, boolean>();
  beforeAll(async () => {
    net = await network('register', { accounts: { organisationOf: (account) => Promise.resolve(account === known ? organisation : undefined), stand: (_, id, disabled) => { provider.set(id, disabled); return Promise.resolve(); } } });
    admin = net.instance.account(organisation, 'PARTNER_ADMIN');
    stranger = net.instance.account(newRef('org'), 'PARTNER_ADMIN');
  });
  afterAll(() => net?.close());
  const row = async (table: string, column: string, value: string): Promise<Record<string, unknown> | undefined> => (await net.instance.services.get('referrals')!.pool.query<Record<string, unknown>>(`select * from ${table} where ${column} = $1`, [value])).rows[0];

  it('is written by the operator and read by everybody; the other services learn of it', async () => {
    const body = { id: organisation, type: 'NGO', country: 'AL', name: 'Lantern House' };
    expect((await admin.post('/v1/organisations', body)).status).toBe(403);
    expect(await net.operator.post('/v1/organisations', body)).toMatchObject({ status: 201, body: { ...body, networkBody: false } });
    expect(await net.operator.post('/v1/organisations', body)).toMatchObject({ status: 409, body: { guards: [{ reason: 'ALREADY_KNOWN' }] } });
    expect(await net.operator.post('/v1/organisations', { ...body, country: 'XX' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/country' }] } });
    const { items, next } = (await stranger.get('/v1/organisations?limit=1')).body as { items: object[]; next: string };
    expect(items).toHaveLength(1);
    expect((await stranger.get(`/v1/organisations?limit=1&cursor=${encodeURIComponent(next)}`)).body['items']).toMatchObject([{ id: organisation, name: 'Lantern House' }]);
    await waitUntil('another service knows it', async () => (await row('known_organisation', 'organisation', organisation))?.['active'] === true);
  });

  it('answers a repeated key as the first time, so that a lost answer costs nothing', async () => {
    const key = { 'idempotency-key': `once-${newRef('key')}` };
    const twice = async (caller: TestAccount, path: string, body: object): Promise<unknown[]> => { const [first, again] = [await caller.post(path, body, key), await caller.post(path, body, key)]; return [first.status, again.status, again.headers.get('idempotent-replay'), isDeepStrictEqual(again.body, first.body)]; };
    expect(await twice(net.operator, '/v1/organisations', { id: newRef('org'), type: 'NGO', country: 'AL', name: 'Twice House' })).toEqual([201, 201, 'true', true]);
    expect(await twice(admin, '/v1/accounts', { name: 'Night desk', roles: ['RECEIVER'] })).toEqual([201, 201, 'true', true]);
  });

  it('lets an operator name the first administrator, and that one the own organisation\'s others', async () => {
    const account = { organisation, name: 'Administrator', roles: ['PARTNER_ADMIN'] };
    expect(await net.operator.post('/v1/accounts', account)).toMatchObject({ status: 201, body: { organisation, disabled: false } });
    expect((await net.operator.post('/v1/accounts', account)).status).toBe(403);
    expect((await net.operator.post('/v1/accounts', { ...account, roles: ['CASE_WORKER'] })).status).toBe(403);
    expect(await admin.post('/v1/accounts', { name: 'Case work', roles: ['CASE_WORKER'] })).toMatchObject({ status: 201, body: { organisation, roles: ['CASE_WORKER'] } });
    expect((await admin.post('/v1/accounts', { name: 'Servers', roles: ['OPERATOR'] })).status).toBe(403);
    expect((await admin.post('/v1/accounts', { organisation: net.body, name: 'Other', roles: ['RECEIVER'] })).status).toBe(403);
    expect((await admin.post('/v1/accounts', { name: 'Machine', roles: ['PLATFORM'] })).status).toBe(422);
    expect(((await admin.get('/v1/accounts')).body['items'] as unknown[]).length).toBe(3);
    expect((await stranger.get('/v1/accounts')).body['items']).toEqual([]);
  });

  it('lets nobody take another organisation\'s account for their own', async () => {
    const theirs = newRef('acc');
    expect((await admin.post('/v1/accounts', { id: theirs, name: 'Taken', roles: ['RECEIVER'] })).status).toBe(403);
    expect((await admin.post(`/v1/accounts/${theirs}/disable`, { organisation })).status).toBe(404);
    expect((await stranger.post(`/v1/accounts/${known}/disable`, { organisation: stranger.organisation })).status).toBe(404);
  });

  it('stops an account and an organisation in every service, and lets them go on', async () => {
    expect(await admin.post(`/v1/accounts/${known}/disable`)).toMatchObject({ status: 200, body: { id: known, organisation, disabled: true } });
    await waitUntil('another service knows it', async () => (await row('disabled', 'subject', known))?.['disabled'] === true);
    expect((await net.instance.services.get('notifications')!.pool.query('select 1 from disabled where subject = $1 and disabled', [known])).rowCount).toBe(1);
    expect(await admin.post(`/v1/accounts/${known}/enable`)).toMatchObject({ status: 200, body: { disabled: false } });
    await waitUntil('another service knows it', async () => (await row('disabled', 'subject', known))?.['disabled'] === false);
    expect((await admin.post(`/v1/organisations/${organisation}/disable`)).status).toBe(403);
    expect(await net.operator.post(`/v1/organisations/${organisation}/disable`, {})).toMatchObject({ status: 200, body: { disabled: true } });
    await waitUntil('another service knows it', async () => (await row('disabled', 'subject', organisation))?.['disabled'] === true);
    expect(await net.operator.post(`/v1/organisations/${organisation}/disable`, {})).toMatchObject({ status: 200, body: { disabled: true, version: 2 } });
  });

  it('tells the provider of each, and does nothing twice for one key, whatever came between', async () => {
    const key = { 'idempotency-key': `once-${newRef('key')}` };
    for (const [caller, path, id] of [[admin, `/v1/accounts/${known}`, known], [net.operator, `/v1/organisations/${organisation}`, organisation]] as const) {
      await caller.post(`${path}/enable`);
      const first = await caller.post(`${path}/disable`, {}, key);
      expect([first.status, first.body['disabled'], provider.get(id)]).toEqual([200, true, true]);
      await (id === known ? admin : net.operator).post(`${path}/enable`);
      const again = await caller.post(`${path}/disable`, {}, key);
      expect([again.status, again.headers.get('idempotent-replay'), isDeepStrictEqual(again.body, first.body), provider.get(id)]).toEqual([200, 'true', true, false]);
      expect((await caller.post(`${path}/enable`)).body['disabled']).toBe(false);
    }
  });
});

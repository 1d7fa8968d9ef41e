import { Service } from '@footbridge/contracts';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { newRef } from '@footbridge/privacy';
import { Device, testInstance, transports, waitUntil, type OwnKafka, type TestAccount, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { services } from './services.js';

const her = canaryPerson(90);

/** With the services' own deny list: what a stolen laptop is still signed in with. */
const address = 'https://footbridge.example';
describe.each(transports)('T39 a panic ends the sessions of the organisation, in every service, on %s', (_name, start) => {
  let instance: TestInstance, database: pg.Client, kafka: OwnKafka | undefined;
  const [house, other] = [newRef('org'), newRef('org')];
  const ended: { at: string; organisations: string[] }[] = [];
  const now = (): number => Math.floor(Date.now() / 1000);
  /** A token of the account, for what it showed who it is at some time: a refreshed one is as old as its session. */
  const tokenOf = (account: TestAccount, claims: Readonly<Record<string, unknown>> = {}): Promise<string> => instance.issuer.sign({ subject: account.subject, organisation: account.organisation, roles: account.roles }, { claims });
  const ask = async (token: string, method: string, path: string, body?: object): Promise<{ status: number; code: unknown; body: Record<string, unknown> }> => {
    const answer = await fetch(`${instance.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) });
    const said = await answer.json() as Record<string, unknown>;
    return { status: answer.status, code: said['code'], body: said };
  };
  /** As a device does whose key the token is bound to. */
  const proven = async (method: string, path: string): Promise<string> => {
    const answer = await fetch(`${instance.url}${path}`, { method, headers: await device.headers({ method, url: `${address}${path}`, token: bound }) });
    return `${answer.status} ${answer.headers.get('www-authenticate') ?? ''}`.trim();
  };
  const provenInEach = (): Promise<string[]> => Promise.all(Service.values.map((service) => proven('GET', `/v1/${service}-keys`)));
  const inEach = async (token: string): Promise<unknown[]> => Promise.all(Service.values.map(async (service) => { const { status, code } = await ask(token, 'GET', `/v1/${service}-keys`); return code ?? status; }));
  const everywhere = (answer: unknown): unknown[] => Service.values.map(() => answer);
  const becomes = (what: string, token: string, answer: unknown): Promise<unknown> => waitUntil(what, async () => (await inEach(token)).every((said) => said === answer), { within: 20_000 });

  let worker: TestAccount, supervisor: TestAccount, dpo: TestAccount, stranger: TestAccount;
  let stolen: string, refreshed: string, silent: string, theirs: string, bound: string, device: Device;
  let lock: string, consent: string;

  beforeAll(async () => {
    kafka = await start();
    instance = await testInstance(services, { name: 'panic', kafka, config: { address, accounts: {
      organisationOf: () => Promise.resolve(undefined), stand: () => Promise.resolve(), endSessions: (organisation, at) => { ended.push({ at: at.toISOString(), organisations: [organisation] }); return Promise.resolve(); },
    } } });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    worker = instance.account(house, 'CASE_WORKER', 'DPO'); supervisor = instance.account(house, 'SUPERVISOR'); dpo = instance.account(house, 'DPO'); stranger = instance.account(other, 'DPO');
    const operator = instance.account(newRef('org'), 'OPERATOR');
    for (const [id, name] of [[house, 'Lantern House'], [other, 'Harbour']] as const) expect((await operator.post('/v1/organisations', { id, type: 'NGO', country: 'AL', name })).status).toBe(201);
    await waitUntil('the organisations are known', async () => (await database.query('select 1 from referrals.known_organisation where organisation in ($1, $2)', [house, other])).rowCount === 2);
    [stolen, theirs] = [await tokenOf(worker), await tokenOf(stranger)];
    // the sign-in server gives a fresh token out of the old session; and one that says nothing of when that began
    refreshed = await tokenOf(worker, { auth_time: now() - 3_000 });
    silent = await tokenOf(worker, { auth_time: undefined });
    device = await Device.of();
    bound = await tokenOf(worker, { cnf: { jkt: device.jkt } });
    await becomes('all are told of everything', stolen, 200);
    const file = await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: her.givenName, familyName: her.familyName, birthDate: '1994-03-01' } });
    consent = String((await worker.post('/v1/consent-records', { case: file.body['id'], purpose: 'REFERRAL_DISCLOSURE', recipient: other, categories: ['IDENTITY'], language: 'ro', medium: 'written', noticeVersion: '2026-1' })).body['id']);
    expect((await worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true })).status).toBe(200);
  }, 120_000);
  afterAll(async () => { await database?.end(); await instance?.close(); await kafka?.remove(); });

  it('what was signed in before is refused everywhere, refreshed or not; nobody else notices', async () => {
    expect([await inEach(refreshed), await inEach(silent), await inEach(theirs)]).toEqual([everywhere(200), everywhere(200), everywhere(200)]);
    expect([await inEach(bound), await provenInEach()]).toEqual([everywhere('not-signed-in'), everywhere('200')]);
    const locked = await ask(stolen, 'POST', '/v1/panic-locks', {});
    expect(locked).toMatchObject({ status: 201, body: { state: 'locked' } });
    lock = String(locked.body['id']);
    await becomes('the stolen token is refused', stolen, 'not-signed-in');
    expect([await inEach(refreshed), await inEach(silent), await inEach(theirs)]).toEqual([everywhere('not-signed-in'), everywhere('not-signed-in'), everywhere(200)]);
    expect(await provenInEach()).toEqual(everywhere('401 DPoP algs="ES256 Ed25519 EdDSA"'));
    // a refreshed token that was made only now is of the same session
    expect(await inEach(await tokenOf(worker, { auth_time: now() - 3_000 }))).toEqual(everywhere('not-signed-in'));
    // nor is it good for what protects: that goes on, by who signs in
    expect((await ask(stolen, 'POST', `/v1/consent-records/${consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'in_person' })).code).toBe('not-signed-in');
  });

  it('the sign-in server is told whose sessions are over, and since when', async () => {
    await waitUntil('each service has told it', () => Promise.resolve(ended.length >= Service.values.length));
    expect([...new Set(ended.flatMap(({ organisations }) => organisations))]).toEqual([house]);
    const { rows } = await database.query<{ at: Date }>('select sessions_ended_at as at from referrals.key_lock where organisation = $1', [house]);
    expect(ended.map(({ at }) => at)).toContain(rows[0]?.at.toISOString());
  });

  it('who signs in again works on: withdrawals at once, and two of them unlock', async () => {
    // the second in which it was locked has gone by
    await waitUntil('a later second', async () => (await inEach(await tokenOf(worker))).every((said) => said === 200), { within: 20_000 });
    const again = await tokenOf(worker);
    expect(await ask(again, 'POST', `/v1/consent-records/${consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'in_person' })).toMatchObject({ status: 200, body: { state: 'withdrawn' } });
    const [first, second] = [await tokenOf(supervisor), await tokenOf(dpo)];
    const asked = await ask(first, 'POST', `/v1/panic-locks/${lock}/unlock-keys`, {});
    expect(asked.status).toBe(202);
    expect((await ask(first, 'POST', `/v1/approvals/${String(asked.body['approval'])}/approve`, {})).status).toBe(409);
    expect(await ask(second, 'POST', `/v1/approvals/${String(asked.body['approval'])}/approve`, {})).toMatchObject({ status: 200, body: { state: 'unlocked' } });
    await waitUntil('it is unlocked everywhere', () => Promise.resolve([...instance.services.values()].every(({ engine }) => !engine.store.keys.isLocked(house))));
  });

  it('an unlock brings no old session back', async () => {
    expect([await inEach(stolen), await inEach(refreshed)]).toEqual([everywhere('not-signed-in'), everywhere('not-signed-in')]);
  });

  it('a service that could not take the news of a lock lets nobody in but who protects somebody', async () => {
    const again = await tokenOf(worker);
    await database.query("insert into shelters.parked (handler, state, reason, attempts, type, topic, partition, place) values ('KeysTold', 'parked', 'INTERNAL', 1, 'footbridge.notifications.keys-locked.v1', 'panic', 0, 1)");
    await waitUntil('it is blind', async () => (await ask(again, 'GET', '/v1/shelters-keys')).status === 503);
    await database.query("delete from shelters.parked where topic = 'panic'");
  });
  it('T10 leaves no name in any sink, and no key of a device', async () => {
    const sinks = await instance.sinks();
    expect(huntLeaks(sinks, [her])).toEqual([]);
    expect(sinks.filter(({ content }) => [device.jkt, String(device.jwk.x), bound].some((secret) => content.includes(secret))).map(({ name }) => name)).toEqual([]);
  }, 120_000);
});

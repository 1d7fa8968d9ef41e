import { AgreementSigned, BedHeld, ConsentCategory, IntakeOpened, OrganisationAdded, PartnerActivated, PersonAdmitted, ShelterRegistered, flagsOf, type ContractEvent, type Role } from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { newRef } from '@footbridge/privacy';
import { days, hours, grants, service, serviceSchema, type RunningService, type ServiceDefinition } from '@footbridge/service';
import { testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { referralsService } from './index.js';

/** A neighbour that only speaks: its outbox and relay are real, its events are told by the test. */
function neighbour(name: 'notifications' | 'shelters'): ServiceDefinition {
  class Schema1764000000000 implements MigrationInterface {
    readonly name = 'Schema1764000000000';
    async up(q: QueryRunner): Promise<void> { await q.query(serviceSchema(name, `${name}_owner`)); await q.query(grants(name, `${name}_app`)); }
    down(): Promise<void> { return Promise.resolve(); }
  }
  return service({ name, lifecycles: [], migrations: [Schema1764000000000] });
}

interface Told { readonly aggregate?: string; readonly version?: number; readonly recipient?: string; readonly subject?: string; readonly about?: string; readonly caseRef?: string; readonly owner?: string }

describe('referrals, on real Postgres and over HTTP', () => {
  let instance: TestInstance;
  const [house, foreign, lawyers, police, authority] = [newRef('org'), newRef('org'), newRef('org'), newRef('org'), newRef('org')];
  const shelterId = randomUUID(), shelter = newRef('shl'), foreignShelter = newRef('shl');
  let intake: TestAccount, worker: TestAccount, supervisor: TestAccount, supervisor2: TestAccount, receiver: TestAccount, legal: TestAccount, officer: TestAccount, childWorker: TestAccount, childSupervisor: TestAccount, duty: TestAccount;

  async function tell<P extends object>(event: ContractEvent, data: P, o: Told = {}): Promise<void> {
    const running = instance.services.get(event.service) as RunningService;
    const aggregate = o.aggregate ?? randomUUID();
    const body = running.gate.encode(event, data as never, { topic: `footbridge.${event.service}`, key: aggregate });
    const now = new Date().toISOString();
    const directed = event.audience === 'directed' && o.recipient !== undefined;
    await running.engine.store.commit(o.owner ?? house, [{ t: 'outbox', op: 'insert', row: outboxRow({
      id: newRef('evt'), type: event.type, time: directed ? `${now.slice(0, 16)}:00Z` : now, audience: directed ? 'directed' : 'instance', aggregate, version: o.version ?? 1, copy: 0, data: body,
      ...(o.recipient ? { recipient: o.recipient } : {}), ...(o.subject ? { subject: o.subject } : {}), ...(o.about ? { about: o.about } : {}), ...(o.caseRef ? { caseRef: o.caseRef } : {}), ...(o.owner ? { owner: o.owner } : {}),
    }) }], []);
  }
  /** Rows of the service as nobody but a test sees them. */
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const { Client } = (await import('pg')).default;
    const client = new Client({ connectionString: instance.databaseUrl });
    await client.connect();
    try { return (await client.query(`${sql}`, [...values])).rows as T[]; } finally { await client.end(); }
  };
  const events = async (account: string): Promise<{ type: string; recipient: string | null; data: Record<string, unknown> }[]> =>
    (await rows<{ type: string; recipient: string | null; data: Buffer }>('select type, recipient, data from parked_copy where $1 = $1', [account])).map((e) => ({ ...e, data: JSON.parse(e.data.toString()) as Record<string, unknown> }));
  const guards = (answer: TestAnswer): string[] => ((answer.body['guards'] ?? []) as { guard: string; reason: string }[]).map((g) => `${g.guard} ${g.reason}`).sort();
  const eventually = (what: string, check: () => Promise<boolean>): Promise<unknown> => waitUntil(what, check);

  beforeAll(async () => {
    instance = await testInstance([referralsService, neighbour('notifications'), neighbour('shelters')], { name: 'referrals' });
    const account = (organisation: string, ...roles: Role[]): TestAccount => instance.account(organisation, ...roles);
    intake = account(house, 'SHELTER_INTAKE'); worker = account(house, 'CASE_WORKER'); supervisor = account(house, 'SUPERVISOR'); supervisor2 = account(house, 'SUPERVISOR');
    receiver = account(foreign, 'RECEIVER', 'SHELTER_INTAKE'); legal = account(lawyers, 'RECEIVER', 'LAWYER'); officer = account(police, 'REFERRER');
    childWorker = account(authority, 'CASE_WORKER'); childSupervisor = account(authority, 'SUPERVISOR'); duty = account(authority, 'CHILD_AUTHORITY');
    for (const [organisation, type] of [[house, 'NGO'], [foreign, 'NGO'], [lawyers, 'LegalService'], [police, 'LawEnforcement'], [authority, 'LocalGovernmentOrganisation']] as const) await tell(OrganisationAdded, { organisation, organisationType: type, country: 'AL', version: 1 });
    for (const [organisation, services] of [[foreign, ['shelter', 'psychosocial']], [lawyers, ['legal']], [authority, ['child-protection']]] as const) {
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation, state: 'partner_active', version: 1, country: 'AL', ...flagsOf(services) });
    }
    for (const from of [house, authority]) for (const to of [foreign, lawyers]) await tell(AgreementSigned, { agreement: newRef('agr'), from, to, until: new Date(Date.now() + days(400)).toISOString().slice(0, 10), version: 1, ...flagsOf(ConsentCategory.values) });
    await tell(ShelterRegistered, { shelter, organisation: house, version: 1, state: 'registered' }, { aggregate: shelterId });
    await tell(ShelterRegistered, { shelter: foreignShelter, organisation: foreign, version: 1, state: 'registered' });
    await eventually('the news arrive', async () => (await rows<{ n: string }>('select (select count(*) from referrals.known_agreement) + (select count(*) from referrals.known_shelter) as n'))[0]?.n === '6').catch(async (e: unknown) => { process.stderr.write((await (await import('@footbridge/testing')).postgresLog()).split('\n').slice(-30).join('\n')); process.stderr.write(JSON.stringify([await rows('select pid, usename, state, wait_event, left(query,100) q from pg_stat_activity where datname = current_database()'), await rows('select type, reason, handler, attempts from referrals.parked'), await rows('select count(*) from notifications.outbox'), await rows('select * from referrals.known_agreement'), await rows('select * from referrals.known_shelter'), await rows('select * from referrals.known_organisation'), await rows('select handler,count(*) from referrals.inbox group by 1')], null, 1)); throw e; });
    await eventually('the services hear each other', async () => (await worker.get('/v1/cases')).status === 200);
  });
  afterAll(() => instance?.close());

  const adult = { givenName: 'Zyxqua', familyName: 'Vrmtt', birthDate: '1994-03-01', birthDateCertainty: 'documented', gender: 'Feminine', citizenships: ['MD'], languages: ['ro'], phone: '+355600000001' };
  const child = { givenName: 'Qorvyn', birthDate: '2012-02-01', birthDateCertainty: 'stated', gender: 'Feminine' };
  const open = async (person: object = adult, by = worker): Promise<string> => {
    const answer = await by.post('/v1/cases', { purpose: 'ASSISTANCE', person });
    expect(answer.status).toBe(201);
    return String(answer.body['id']);
  };
  const terms = { purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'CONTACT'], noticeVersion: '2026-1', language: 'ro', medium: 'written' };
  const ask = async (caseId: string, recipient: string | undefined, more: object = {}, by = worker): Promise<string> => {
    const answer = await by.post('/v1/consent-records', { ...terms, case: caseId, ...(recipient ? { recipient } : {}), ...more });
    expect([answer.status, answer.body]).toMatchObject([201, { state: 'requested' }]);
    return String(answer.body['id']);
  };
  const herself = { onBehalfOf: 'PERSON', how: 'in_person' };
  const give = (consent: string, more: object = {}, by = worker): Promise<TestAnswer> => by.post(`/v1/consent-records/${consent}/give`, { ...herself, capacity: true, freely: true, ...more });
  const agreed = async (caseId: string, recipient: string, more: object = {}): Promise<string> => { const id = await ask(caseId, recipient, more); expect((await give(id)).status).toBe(200); return id; };
  const draft = async (caseId: string, more: object = {}, by = worker): Promise<string> => {
    const answer = await by.post('/v1/referrals', { case: caseId, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: foreign, needs: { interpreterLanguage: 'ro', reason: 'Wqzzx kept apart' }, ...more });
    expect([answer.status, answer.body]).toMatchObject([201, { state: 'draft' }]);
    return String(answer.body['id']);
  };
  const send = (referral: string, body: object = {}, by = worker): Promise<TestAnswer> => by.post(`/v1/referrals/${referral}/send`, body);
  const sent = async (caseId: string, more: object = {}): Promise<string> => { const id = await draft(caseId, more); const answer = await send(id); expect([answer.status, answer.body]).toMatchObject([200, { state: 'sent' }]); return id; };
  const newest = async (account: TestAccount, collection: string): Promise<string> => String(((await account.get(`/v1/${collection}?limit=1`)).body['items'] as { id: string }[])[0]?.id);

  describe('a case', () => {
    it('opens without a name, with its identification, and is seen by the worker who opened it and by supervision only', async () => {
      const id = await open({});
      expect(await worker.get(`/v1/cases/${id}`)).toMatchObject({ status: 200, body: { state: 'active', purpose: 'ASSISTANCE' } });
      expect((await instance.account(house, 'CASE_WORKER').get(`/v1/cases/${id}`)).status).toBe(404);
      expect((await supervisor.get(`/v1/cases/${id}`)).status).toBe(200);
      expect((await receiver.get(`/v1/cases/${id}`)).status).toBe(404);
      expect(((await worker.get(`/v1/identifications?caseId=${id}`)).body['items'] as object[])).toMatchObject([{ state: 'unscreened' }]);
    });
    it('M2: of a child has a guardian required in the same transaction; of an adult has not', async () => {
      const id = await open(child), grown = await open();
      expect(((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items'] as object[])).toMatchObject([{ state: 'required' }]);
      expect((await worker.get(`/v1/guardian-appointments?caseId=${grown}`)).body['items']).toEqual([]);
    });
    it('M1: becomes a child\'s when a date shows it, and asks for a guardian; no later date makes an adult of her', async () => {
      const id = await open({ ageBand: '18-20' });
      expect(await worker.patch(`/v1/cases/${id}`, { person: { birthDate: '2012-02-01' } }, 1)).toMatchObject({ status: 200, body: { version: 2 } });
      expect(((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items'] as object[])).toMatchObject([{ state: 'required' }]);
      expect((await worker.patch(`/v1/cases/${id}`, { person: { birthDate: '1990-02-01' } }, 2)).status).toBe(200);
      expect((await worker.get(`/v1/cases/${id}?reveal=isChild,person&purpose=ASSISTANCE`)).body).toMatchObject({ isChild: true, person: { birthDate: '1990-02-01', ageBand: '18-20' } });
    });
    it('that police open belongs to the country\'s body and waits there; police see nothing of it', async () => {
      const answer = await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult' });
      expect(answer).toMatchObject({ status: 201, body: { state: 'active' } });
      expect((await officer.get(`/v1/cases/${String(answer.body['id'])}`)).status).toBe(404);
      expect((await officer.get('/v1/cases')).body['items']).toEqual([]);
      const id = await newest(childSupervisor, 'cases');
      expect(id).not.toBe(answer.body['id']);
      await instance.advance(1_000);
      const mine = async (): Promise<string[]> => ((await childSupervisor.get('/v1/alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === id).map((a) => a.code);
      expect(await mine()).toEqual(['CASE_WAITS']);
      expect((await childWorker.post(`/v1/cases/${id}/assign`, { account: childWorker.subject })).status).toBe(404);
      expect(await childSupervisor.post(`/v1/cases/${id}/assign`, { account: childWorker.subject })).toMatchObject({ status: 200, body: { assignees: [childWorker.subject] } });
      expect((await childWorker.get(`/v1/cases/${id}`)).status).toBe(200);
      expect(await mine()).toEqual([]);
    });
    it('that police open is never their own, and never an inactive organisation\'s', async () => {
      expect(guards(await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', owner: police }))).toEqual(['OWNER OWNER_NOT_ACTIVE']);
      expect(guards(await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', owner: newRef('org') }))).toEqual(['OWNER OWNER_NOT_ACTIVE']);
      expect(guards(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', owner: foreign }))).toEqual(['OWNER OWN_CASE']);
    });
    it('U6: does not close while a safety alert is open, which two people clear', async () => {
      const id = await open();
      const alert = await worker.post('/v1/safety-alerts', { case: id, reason: 'Brqqv was seen at the door' });
      expect(alert.status).toBe(201);
      expect(guards(await worker.post(`/v1/cases/${id}/close-case`, { reason: 'PLAN_COMPLETED', personInformed: true }))).toEqual(['U6 SAFETY_ALERT_OPEN']);
      const asked = await worker.post(`/v1/safety-alerts/${String(alert.body['id'])}/clear`, { safeAgain: true });
      expect(asked.status).toBe(202);
      expect((await worker.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['guards']).toMatchObject([{ reason: 'SAME_PERSON' }]);
      expect((await supervisor.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).status).toBe(200);
      expect(await worker.post(`/v1/cases/${id}/close-case`, { reason: 'PLAN_COMPLETED', personInformed: true })).toMatchObject({ status: 200, body: { state: 'closed' } });
    });
  });

  describe('consent', () => {
    it('names exactly one recipient where the purpose discloses, and no more than the purpose needs', async () => {
      const id = await open();
      const refused = async (more: object): Promise<string[]> => guards(await worker.post('/v1/consent-records', { ...terms, case: id, ...more }));
      expect(await refused({})).toEqual(['TERMS RECIPIENT_MISSING']);
      expect(await refused({ purpose: 'ASSISTANCE', recipient: foreign })).toEqual(['TERMS RECIPIENT_NOT_ALLOWED']);
      expect(await refused({ recipient: foreign, categories: [] })).toEqual(['TERMS CATEGORIES_MISSING']);
      expect(await refused({ purpose: 'EMBASSY_CONTACT', recipient: foreign, categories: ['HEALTH'] })).toEqual(['TERMS CATEGORIES_TOO_WIDE']);
      expect(await refused({ recipient: foreign, validUntil: '2029-01-01' })).toEqual(['TERMS VALIDITY_TOO_LONG']);
      expect(await refused({ recipient: newRef('org') })).toEqual(['TERMS RECIPIENT_NOT_KNOWN']);
    });
    it('is given by the person, oral only with a witness, and its recipient learns how to call the case', async () => {
      const id = await open();
      const consent = await ask(id, foreign, { medium: 'oral' });
      expect((await receiver.get('/v1/consent-records')).body['items']).toEqual(expect.not.arrayContaining([expect.objectContaining({ state: 'requested' })]));
      expect(guards(await give(consent))).toEqual(['TERMS WITNESS_MISSING']);
      expect(guards(await worker.post(`/v1/consent-records/${consent}/give`, { ...herself, witness: newRef('acc') }))).toEqual(['capacity CAPACITY_NOT_CONFIRMED'.replace('capacity ', 'PS '), 'PS FREELY_NOT_CONFIRMED']);
      expect(await give(consent, { witness: newRef('acc') })).toMatchObject({ status: 200, body: { state: 'given' } });
      const theirs = ((await receiver.get('/v1/consent-records?limit=1')).body['items'] as { id: string; links: { case: string }; language?: string }[])[0];
      expect(theirs).toMatchObject({ state: 'given', purpose: 'REFERRAL_DISCLOSURE', recipient: foreign });
      expect(theirs?.id).not.toBe(consent);
      expect(theirs?.links.case).toMatch(/^\/v1\/cases\/cas_/);
      expect(theirs?.links.case).not.toContain(id);
      expect(theirs).not.toHaveProperty('language');
    });
    it('W1: is withdrawn with any worker of the house who is shown it, without a reason', async () => {
      const id = await open();
      const consent = await agreed(id, foreign);
      const anybody = instance.account(house, 'SHELTER_INTAKE');
      expect(((await anybody.get('/v1/consent-records')).body['items'] as { id: string }[]).map((c) => c.id)).not.toContain(consent);
      expect(await anybody.post(`/v1/consent-records/${consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).toMatchObject({ status: 200, body: { state: 'withdrawn' } });
      expect((await worker.post(`/v1/consent-records/${consent}/give`, { ...herself, capacity: true, freely: true })).status).toBe(409);
    });
    it('is renewed for longer on the same terms only, and expires by the clock', async () => {
      const id = await open();
      const day = (n: number): string => new Date(instance.clock.now().getTime() + days(n)).toISOString().slice(0, 10);
      const consent = await agreed(id, foreign, { validUntil: day(5) });
      expect((await worker.post(`/v1/consent-records/${consent}/renew`, { ...herself, validUntil: day(20), categories: ['HEALTH'] })).status).toBe(422);
      expect(guards(await worker.post(`/v1/consent-records/${consent}/renew`, { ...herself, validUntil: day(3) }))).toEqual(['TERMS NOT_LONGER']);
      expect(await worker.post(`/v1/consent-records/${consent}/renew`, { ...herself, validUntil: day(20) })).toMatchObject({ status: 200, body: { state: 'renewed' } });
      await instance.advance(days(7));
      expect((await worker.get(`/v1/consent-records/${consent}`)).body['state']).toBe('renewed');
      await instance.advance(days(14));
      await eventually('the consent is over', async () => (await worker.get(`/v1/consent-records/${consent}`)).body['state'] === 'expired');
    });
  });
});

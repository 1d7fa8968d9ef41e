import {
  AgreementSigned, BedHeld, CaseErasedByNotifications, CaseErasedByReintegration, CaseErasedByReturns, CaseErasedByShelters, ConsentCategory, ConsentWithdrawn, DeliveryDeadLettered, IntakeNotAdmitted, IntakeOpened,
  OrganisationAdded, OrganisationDisabled, PartnerActivated, PersonAdmitted, ReceptionRequested, ReturnCancelled, ReturnWithdrawn, ShelterRegistered, flagsOf, type ContractEvent, type Role,
} from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { tableOf } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { huntLeaks } from '@footbridge/privacy/testing';
import { columnsOfTable, days, hours, newestSchema, service, type RunningService, type ServiceDefinition } from '@footbridge/service';
import { auditFaults, testInstance, waitUntil, withAuditFault, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { referralsService } from './index.js';
import { Intake } from './intake/intake.lifecycle.js';

/** A neighbour that only speaks: its outbox and relay are real, its events are told by the test. */
function neighbour(name: 'notifications' | 'shelters' | 'returns' | 'reintegration'): ServiceDefinition {
  class Schema1764000000000 implements MigrationInterface {
    readonly name = 'Schema1764000000000';
    async up(q: QueryRunner): Promise<void> { await q.query(newestSchema(name)); }
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
    const body = running.gate.encode(event, { ...data } as Readonly<Record<string, unknown>>, { topic: `footbridge.${event.service}`, key: aggregate });
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
  /** What the service has told since the beginning, as the bus has it. */
  const told = async (name: string): Promise<{ recipient?: string; owner?: string; subject?: string; consentRef?: string; caseRef?: string; data: Record<string, unknown> }[]> =>
    (await rows<{ headers: Record<string, string>; body: Buffer }>(`select headers, body from bus.event where headers->>'ce_type' like '%.' || $1 || '.v1' order by topic, partition, "offset"`, [name]))
      .map(({ headers, body }) => ({ recipient: headers['ce_recipient'], owner: headers['ce_owner'], subject: headers['ce_subject'], consentRef: headers['ce_consentref'], caseRef: headers['ce_caseref'], data: JSON.parse(body.toString()) as Record<string, unknown> }));
  const guards = (answer: TestAnswer): string[] => ((answer.body['guards'] ?? []) as { guard: string; reason: string }[]).map((g) => `${g.guard} ${g.reason}`).sort();
  const eventually = (what: string, check: () => Promise<boolean>): Promise<unknown> => waitUntil(what, check);

  beforeAll(async () => {
    instance = await testInstance([referralsService, neighbour('notifications'), neighbour('shelters'), neighbour('returns'), neighbour('reintegration')], { name: 'referrals', config: { denyList: { standing: () => 'good' } } });
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
    await eventually('the news arrive', async () => (await rows<{ n: string }>('select (select count(*) from referrals.known_agreement) + (select count(*) from referrals.known_shelter) as n'))[0]?.n === '6');
  });
  afterAll(() => instance?.close());

  const adult = { givenName: 'Zyxqua', familyName: 'Vrmttolk', birthDate: '1994-03-01', birthDateCertainty: 'documented', gender: 'Feminine', citizenships: ['MD'], languages: ['ro'], phone: '+355600614001' };
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
    const answer = await by.post('/v1/referrals', { case: caseId, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: foreign, needs: { interpreterLanguage: 'ro', reason: 'Wqzzxorv kept apart' }, ...more });
    expect([answer.status, answer.body]).toMatchObject([201, { state: 'draft' }]);
    return String(answer.body['id']);
  };
  const send = (referral: string, body: object = {}, by = worker): Promise<TestAnswer> => by.post(`/v1/referrals/${referral}/send`, body);
  const sent = async (caseId: string, more: object = {}): Promise<string> => { const id = await draft(caseId, more); const answer = await send(id); expect([answer.status, answer.body]).toMatchObject([200, { state: 'sent' }]); return id; };
  const refOf = async (caseId: string): Promise<string> => (await rows<{ ref: string }>(`select c.case_ref as ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1`, [caseId]))[0]?.ref ?? '';
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
    it('DP-20 is of somebody who is born, and opened by now: else it would be kept for ever', async () => {
      const inYears = (n: number): Date => new Date(instance.clock.now().getTime() + days(365 * n)), unborn = { birthDate: inYears(1).toISOString().slice(0, 10) };
      const reasons = ({ body }: TestAnswer): unknown => (body['guards'] as { reason: string }[]).map(({ reason }) => reason);
      expect(reasons(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: unborn, openedAt: inYears(1).toISOString() }))).toEqual(['BIRTH_DATE_TO_COME', 'OPENED_LATER_THAN_NOW']);
      const id = await open();
      expect(reasons(await worker.patch(`/v1/cases/${id}`, { person: unborn }, 1))).toEqual(['BIRTH_DATE_TO_COME']);
      expect((await worker.patch(`/v1/cases/${id}`, { person: { birthDate: instance.clock.now().toISOString().slice(0, 10) } }, 1)).status).toBe(200);
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
      const alert = await worker.post('/v1/safety-alerts', { case: id, reason: 'Brqqvann was seen at the door' });
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
      expect(guards(await worker.post(`/v1/consent-records/${consent}/give`, { ...herself, witness: newRef('acc') }))).toEqual(['PS CAPACITY_NOT_CONFIRMED', 'PS FREELY_NOT_CONFIRMED']);
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

  describe('a referral', () => {
    it('needs consent that names this receiver: the problem says which', async () => {
      const id = await open();
      const referral = await draft(id);
      expect(await send(referral)).toMatchObject({ status: 409, body: { code: 'consent-required', recipient: foreign, purpose: 'REFERRAL_DISCLOSURE', guards: [{ guard: 'SG1', reason: 'CONSENT_REQUIRED' }] } });
      await agreed(id, lawyers);
      expect((await send(referral)).body['code']).toBe('consent-required');
      await agreed(id, foreign);
      expect(await send(referral)).toMatchObject({ status: 200, body: { state: 'sent', fieldsDisclosed: ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'] } });
    });
    it('is not known to its receiver before it is sent, and then under its own reference', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await draft(id);
      expect((await receiver.get('/v1/referrals?state=draft')).body['items']).toEqual([]);
      expect((await send(referral)).status).toBe(200);
      const theirs = await newest(receiver, 'referrals');
      expect(theirs).not.toBe(referral);
      expect((await receiver.get(`/v1/referrals/${referral}`)).status).toBe(404);
      expect(await receiver.get(`/v1/referrals/${theirs}`)).toMatchObject({ body: { state: 'sent', serviceType: 'psychosocial', can: expect.arrayContaining(['acknowledge', 'accept', 'decline']) as unknown } });
      await eventually('the event is on the bus', async () => (await told('referral-sent')).some((e) => e.subject === theirs));
      const event = (await told('referral-sent')).find((e) => e.subject === theirs);
      expect(event?.recipient).toBe(foreign);
      expect(Object.keys(event?.data ?? {}).sort()).toEqual(['dueAt', 'from', 'priority', 'referral', 'state', 'to', 'version']);
      expect(event?.data).toMatchObject({ referral: theirs, state: 'sent', priority: 'EMERGENCY', from: house, to: foreign });
      expect((await receiver.get(`/v1/referrals/${theirs}`)).body['links']).toMatchObject({ case: expect.stringMatching(/^\/v1\/cases\/cas_/) as unknown });
    });
    it('SG3: goes to active partners with an agreement, for a service that they list', async () => {
      const id = await open();
      await agreed(id, authority);
      expect(guards(await send(await draft(id, { receiver: authority, serviceType: 'health' })))).toEqual(['SG3 NO_AGREEMENT', 'SG3 SERVICE_NOT_LISTED']);
      await agreed(id, police);
      expect(guards(await send(await draft(id, { receiver: police, serviceType: 'safety' })))).toEqual(['SG3 NO_AGREEMENT', 'SG3 PARTNER_NOT_ACTIVE']);
    });
    it('SG4: discloses no more than the service needs', async () => {
      const id = await open();
      await agreed(id, foreign, { categories: ['IDENTITY', 'HEALTH'] });
      expect(guards(await send(await draft(id, { fieldsDisclosed: ['IDENTITY', 'HEALTH'] })))).toEqual(['SG4 MORE_THAN_THE_MINIMUM']);
      expect(await send(await draft(id, { fieldsDisclosed: ['IDENTITY'] }))).toMatchObject({ status: 200, body: { fieldsDisclosed: ['IDENTITY'] } });
    });
    it('SG5: waits for a risk assessment where there is time, and a grave one for a supervisor and a plan', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await draft(id, { priority: 'URGENT' });
      expect(guards(await send(referral))).toEqual(['SG5 RISK_NOT_ASSESSED']);
      const risk = String((await worker.post('/v1/risk-assessments', { case: id, type: 'TRANSFER', ownViewAsked: true })).body['id']);
      const complete = (more: object): Promise<TestAnswer> => worker.post(`/v1/risk-assessments/${risk}/complete-assessment`, { allCovered: true, ...more });
      expect(guards(await complete({}))).toEqual(['RISK LEVEL_MISSING']);
      const asked = await complete({ level: 'HIGH', threats: 'Vqxxrool has a car' });
      expect(asked).toMatchObject({ status: 202, body: { roles: ['SUPERVISOR'] } });
      expect(JSON.stringify(await rows('select body from referrals.approval'))).not.toContain('Vqxxrool');
      expect(await supervisor.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).toMatchObject({ status: 200, body: { state: 'completed', coSignedBy: supervisor.subject } });
      expect(guards(await send(referral))).toEqual(['SG5 SECURITY_PLAN_MISSING']);
      const second = String((await worker.post('/v1/risk-assessments', { case: id, type: 'TRANSFER', ownViewAsked: true, level: 'MEDIUM', plan: 'Own car' })).body['id']);
      expect((await worker.post(`/v1/risk-assessments/${second}/complete-assessment`, { allCovered: true })).body['state']).toBe('completed');
      expect((await worker.get(`/v1/risk-assessments/${risk}`)).body['state']).toBe('superseded');
      expect((await send(referral)).body['state']).toBe('sent');
    });
    it('SG6: never goes where the danger comes from', async () => {
      const id = await open();
      await agreed(id, foreign);
      const risk = String((await worker.post('/v1/risk-assessments', { case: id, type: 'TRANSFER', ownViewAsked: true, level: 'LOW', riskOrganisations: [foreign] })).body['id']);
      expect((await worker.post(`/v1/risk-assessments/${risk}/complete-assessment`, { allCovered: true })).status).toBe(200);
      expect(guards(await send(await draft(id)))).toEqual(['SG6 RECEIVER_IS_A_RISK']);
      // A newer assessment that says nothing of it forgets nothing; one that says "none" does.
      const again = async (more: object): Promise<TestAnswer> => worker.post(`/v1/risk-assessments/${String((await worker.post('/v1/risk-assessments', { case: id, type: 'TRANSFER', ownViewAsked: true, level: 'LOW', ...more })).body['id'])}/complete-assessment`, { allCovered: true });
      expect((await again({})).status).toBe(200);
      expect(guards(await send(await draft(id)))).toEqual(['SG6 RECEIVER_IS_A_RISK']);
      expect((await again({ riskOrganisations: [] })).status).toBe(200);
      expect((await send(await draft(id))).status).toBe(200);
    });
    it('SG8: is one for each service and receiver, also when two are sent at once', async () => {
      const id = await open();
      await agreed(id, foreign);
      const both = await Promise.all([await draft(id), await draft(id)].map((r) => send(r)));
      expect(both.map((a) => a.status).sort()).toEqual([200, 409]);
      expect(guards(both.find((a) => a.status === 409) as TestAnswer)).toEqual(['SG8 ONE_OPEN_REFERRAL']);
      await expect(rows(`insert into referrals.referral (id, owner, organisations, state, version, created_at, updated_at, case_id, service_type, receiver) select gen_random_uuid(), owner, organisations, 'sent', 1, now(), now(), case_id, service_type, receiver from referrals.referral where state = 'sent' limit 1`)).rejects.toMatchObject({ constraint: 'sg8__one_open_referral' });
    });
    it('goes through the receiver\'s hands to the closed loop', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const by = (command: string, body: object = {}): Promise<TestAnswer> => receiver.post(`/v1/referrals/${theirs}/${command}`, body);
      expect((await by('acknowledge')).body['state']).toBe('acknowledged');
      expect((await by('accept')).body['state']).toBe('accepted');
      expect(guards(await by('confirm-first-contact'))).toEqual(['FHIR PERSON_MET_NOT_CONFIRMED']);
      expect((await by('confirm-first-contact', { personMet: true })).body['state']).toBe('in_service');
      expect((await by('record-outcome', { outcome: 'PROVIDED' })).body['state']).toBe('completed');
      expect(await worker.get(`/v1/referrals/${referral}`)).toMatchObject({ body: { state: 'completed', outcome: 'PROVIDED' } });
      expect((await worker.post(`/v1/referrals/${referral}/close-loop`, { outcomeTold: true })).body['state']).toBe('closed');
    });
    it('to a shelter is accepted with a bed held for it only', async () => {
      const id = await open();
      await agreed(id, foreign);
      await sent(id, { serviceType: 'shelter' });
      const theirs = await newest(receiver, 'referrals');
      const refused = await receiver.post(`/v1/referrals/${theirs}/accept`);
      expect([guards(refused), refused.headers.get('retry-after')]).toEqual([['BED BED_NOT_HELD'], '2']);
      const [at] = await rows<{ id: string }>(`select aggregate as id from referrals.reference where ref = $1`, [theirs]);
      await tell(BedHeld, { bedReservation: newRef('bed'), state: 'held', version: 1 }, { recipient: house, about: at?.id ?? '', owner: foreign });
      await eventually('the bed is known', async () => (await receiver.post(`/v1/referrals/${theirs}/accept`)).status === 200);
      await tell(PersonAdmitted, { stay: newRef('sty'), state: 'admitted', version: 2 }, { about: at?.id ?? '', owner: foreign });
      await eventually('who was admitted was met', async () => (await receiver.get(`/v1/referrals/${theirs}`)).body['state'] === 'in_service');
    });
    it('that was never begun is not resumed', async () => {
      const id = await open();
      await agreed(id, foreign);
      await sent(id);
      const theirs = await newest(receiver, 'referrals');
      await receiver.post(`/v1/referrals/${theirs}/accept`);
      expect((await receiver.post(`/v1/referrals/${theirs}/suspend`, { reason: 'PERSON_CHOICE' })).body['state']).toBe('suspended');
      expect(guards(await receiver.post(`/v1/referrals/${theirs}/resume`, { causeGone: true }))).toEqual(['RESUME FIRST_CONTACT_MISSING']);
    });
    it('in silence calls the receiver, warns the owner, and expires', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const codes = async (account: TestAccount, about: string): Promise<string[]> => ((await account.get('/v1/alerts')).body['items'] as { code: string; about?: string }[]).filter((a) => a.about === about).map((a) => a.code).sort();
      await instance.advance(hours(0.3));
      expect(await codes(receiver, theirs)).toEqual(['CALL_RECEIVER']);
      expect(await codes(worker, referral)).toEqual([]);
      await instance.advance(hours(1));
      expect(await codes(worker, referral)).toEqual(['ACKNOWLEDGEMENT_OVERDUE']);
      expect((await receiver.post(`/v1/referrals/${theirs}/acknowledge`)).status).toBe(200);
      expect([await codes(receiver, theirs), await codes(worker, referral)]).toEqual([[], []]);
      await instance.advance(hours(24));
      await eventually('it expires', async () => (await worker.get(`/v1/referrals/${referral}`)).body['state'] === 'expired');
      await instance.advance(1_000);
      expect(await codes(worker, referral)).toEqual(['REFERRAL_EXPIRED']);
      expect(guards(await worker.post(`/v1/referrals/${referral}/close-loop`, { outcomeTold: true }))).toEqual(['LOOP UNMET_NEED']);
    });
    it('U4: goes without consent on a named ground only, once, and is reviewed', async () => {
      const id = await open();
      const referral = await draft(id);
      expect((await send(referral, { override: 'TRAFFICKING_SUSPECTED', overrideReason: 'x' })).status).toBe(422);
      expect(guards(await send(referral, { override: 'DANGER_TO_LIFE' }))).toEqual(['U4 OVERRIDE_REASON_MISSING']);
      expect(guards(await send(referral, { override: 'CHILD_ABUSE', overrideReason: 'x' }))).toEqual(['U4 NOT_A_CHILD']);
      expect(await send(referral, { override: 'DANGER_TO_LIFE', overrideReason: 'Overdose' })).toMatchObject({ status: 200, body: { fieldsDisclosed: ['AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'] } });
      const theirs = await newest(receiver, 'referrals');
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).status).toBe(200);
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).body['code']).toBe('consent-required');
      await instance.advance(1_000);
      expect(((await supervisor.get('/v1/alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === referral).map((a) => a.code)).toEqual(['OVERRIDE_USED']);
    });
  });

  describe('what went wrong with a referral', () => {
    const about = async (account: TestAccount, id: string): Promise<string[]> => ((await account.get('/v1/alerts')).body['items'] as { code: string; about?: string }[]).filter((a) => a.about === id).map((a) => a.code).sort();
    it('U4: an override is told to the supervisor though it was acknowledged at once; marked as an error it is recalled', async () => {
      const referral = await draft(await open());
      expect((await send(referral, { override: 'DANGER_TO_LIFE', overrideReason: 'Overdose' })).status).toBe(200);
      const theirs = await newest(receiver, 'referrals');
      // Of the same moment, wherever the clocks are just now.
      await rows(`update referrals.deadline set done_at = null, due_at = now() + interval '1 hour' where clock = 'override' and aggregate = (select aggregate::uuid from referrals.reference where ref = $1)`, [referral]);
      expect((await receiver.post(`/v1/referrals/${theirs}/acknowledge`)).status).toBe(200);
      await instance.advance(hours(2));
      expect(await about(supervisor, referral)).toContain('OVERRIDE_USED');
      expect((await worker.post(`/v1/referrals/${referral}/mark-error`)).body['state']).toBe('entered_in_error');
      const [at] = await rows<{ id: string }>('select aggregate as id from referrals.reference where ref = $1', [referral]);
      await tell(DeliveryDeadLettered, { organisation: foreign, state: 'dead_lettered', version: 3 }, { about: at?.id ?? '' });
      await eventually('somebody is to call', async () => { await instance.advance(0); return (await about(worker, referral)).includes('RECEIVER_NOT_REACHED'); });
      expect(await receiver.post('/v1/deletion-confirmations', { referral: theirs, deleted: true })).toMatchObject({ status: 200, body: { items: [{ state: 'confirmed' }] } });
      expect(await about(worker, referral)).not.toContain('RECEIVER_NOT_REACHED');
    });
    it('a receiver that its webhook did not reach is called, until it answers', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await sent(id), theirs = await newest(receiver, 'referrals');
      const [at] = await rows<{ id: string }>('select aggregate as id from referrals.reference where ref = $1', [referral]);
      await tell(DeliveryDeadLettered, { organisation: foreign, state: 'dead_lettered', version: 3 }, { about: at?.id ?? '' });
      await eventually('its owner is told', async () => { await instance.advance(0); return (await about(worker, referral)).includes('RECEIVER_NOT_REACHED'); });
      expect((await receiver.post(`/v1/referrals/${theirs}/acknowledge`)).status).toBe(200);
      expect(await about(worker, referral)).toEqual([]);
    });
    it('SG3: is not sent to an organisation that has been disabled since', async () => {
      const gone = newRef('org');
      await tell(OrganisationAdded, { organisation: gone, organisationType: 'NGO', country: 'AL', version: 1 });
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation: gone, state: 'partner_active', version: 1, country: 'AL', ...flagsOf(['psychosocial']) });
      await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: gone, until: '2099-01-01', version: 1, ...flagsOf(ConsentCategory.values) });
      const id = await open();
      await eventually('it is known', async () => (await worker.post('/v1/consent-records', { ...terms, case: id, recipient: gone })).status === 201);
      expect((await give(await newest(worker, 'consent-records'))).status).toBe(200);
      const referral = await draft(id, { receiver: gone });
      await tell(OrganisationDisabled, { organisation: gone, version: 2 }, { version: 2 });
      await eventually('that it is disabled is known', async () => (await rows('select from referrals.known_organisation where organisation = $1 and not active', [gone])).length === 1);
      expect(guards(await send(referral))).toEqual(['SG3 RECEIVER_NOT_ACTIVE']);
    });
    it('is taken back by police only where it is theirs: who only brought her is told, and decides nothing', async () => {
      const form = { shelter, arrivedAt: '2026-11-24T03:40:00Z', source: { kind: 'POLICE', organisation: police }, person: adult };
      const id = String((await intake.post('/v1/intakes', form)).body['case']);
      const about = await draft(id, { referrer: police }, intake), theirs = await newest(officer, 'referrals');
      expect(theirs).not.toBe(about);
      for (const command of ['withdraw', 'send', 'mark-error']) expect([command, (await officer.post(`/v1/referrals/${theirs}/${command}`)).status]).toEqual([command, 403]);
      const own = await draft(String((await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult' })).body['id']), {}, officer);
      expect((await officer.post(`/v1/referrals/${own}/withdraw`)).status).toBe(200);
    });
  });

  describe('what appears in a case in the moment of a decision', () => {
    /** Both at once, so often that each comes first some time. */
    const often = async (round: (n: number) => Promise<void>): Promise<void> => { for (let n = 0; n < 8; n += 1) await round(n); };
    it('SG7: nothing is sent past a hold that is placed in the same moment', async () => {
      const origin = newRef('org');
      await tell(OrganisationAdded, { organisation: origin, organisationType: 'NGO', country: 'MD', version: 1 });
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation: origin, state: 'partner_active', version: 1, country: 'MD', ...flagsOf(['psychosocial']) });
      await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: origin, until: '2099-01-01', version: 1, ...flagsOf(ConsentCategory.values) });
      await eventually('the organisation is known', async () => (await worker.post('/v1/consent-records', { ...terms, case: await open(), recipient: origin })).status === 201);
      await eventually('its agreement too', async () => (await rows('select from referrals.known_agreement a join referrals.known_partner p on p.organisation = a.to_organisation where a.to_organisation = $1', [origin])).length === 1);
      await often(async () => {
        const id = await open();
        expect((await give(await ask(id, origin))).status).toBe(200);
        const referral = await draft(id, { receiver: origin });
        const [going, held] = await Promise.all([send(referral), worker.post('/v1/holds', { case: id })]);
        expect([held.status, [200, 409].includes(going.status)]).toEqual([201, true]);
        expect(['draft', 'withdrawn']).toContain((await worker.get(`/v1/referrals/${referral}`)).body['state']);
      });
    });
    it('SG7: a hold that was decided before the sending, and is written after it, stops it', async () => {
      const id = await open({ ...adult, citizenships: ['GE'] });
      const origin = newRef('org');
      await tell(OrganisationAdded, { organisation: origin, organisationType: 'NGO', country: 'GE', version: 1 });
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation: origin, state: 'partner_active', version: 1, country: 'GE', ...flagsOf(['psychosocial']) });
      await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: origin, until: '2099-01-01', version: 1, ...flagsOf(ConsentCategory.values) });
      await eventually('the organisation is known', async () => (await worker.post('/v1/consent-records', { ...terms, case: id, recipient: origin })).status === 201);
      expect((await give(await newest(worker, 'consent-records'))).status).toBe(200);
      const referral = await draft(id, { receiver: origin });
      // The hold waits at its table, decided already, while the referral goes.
      const { Client } = (await import('pg')).default;
      const gate = new Client({ connectionString: instance.databaseUrl });
      await gate.connect();
      await gate.query('begin; lock table referrals.hold in exclusive mode');
      const held = worker.post('/v1/holds', { case: id });
      await eventually('it waits', async () => (await rows(`select from pg_locks where not granted and relation = 'referrals.hold'::regclass`)).length > 0);
      const sending = send(referral);
      await eventually('it is sent, or waits too', async () => (await rows(`select from pg_locks where not granted`)).length > 1 || (await worker.get(`/v1/referrals/${referral}`)).body['state'] === 'sent');
      await gate.query('commit');
      await gate.end();
      expect([(await held).status, [200, 409].includes((await sending).status)]).toEqual([201, true]);
      expect(['draft', 'withdrawn']).toContain((await worker.get(`/v1/referrals/${referral}`)).body['state']);
    });
    it('a case is not closed over what appears in it: a referral, a hold, an alert', async () => {
      const appearing = [(id: string) => worker.post('/v1/referrals', { case: id, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: foreign }), (id: string) => worker.post('/v1/holds', { case: id }), (id: string) => worker.post('/v1/safety-alerts', { case: id })];
      await often(async (n) => {
        const id = await open();
        const [appeared, closing] = await Promise.all([appearing[n % 3]?.(id), worker.post(`/v1/cases/${id}/close-case`, { reason: 'PERSON_ENDED', personInformed: true })]);
        // A hold and an alert are never refused: what is closed first may still be held afterwards, but never unseen.
        const statuses = [appeared?.status, closing.status];
        if (n % 3 === 0) expect([[201, 409], [409, 200]]).toContainEqual(statuses);
        else if (closing.status === 200) {
          const [order] = await rows<{ closed: boolean }>(`select (max(a.position) filter (where a.command = 'closeCase')) < (max(a.position) filter (where a.command = 'learn')) as closed from referrals.audit a join referrals.reference r on r.aggregate = a.aggregate::text where r.ref = $1`, [id]);
          expect(order?.closed).toBe(true);
        } else expect(statuses).toEqual([201, 409]);
      });
    });
    it('W3: a withdrawal stops what was sent in the same moment, and its receiver has accepted since', async () => {
      const id = await open();
      const consent = await agreed(id, foreign);
      const referral = await sent(id), theirs = await newest(receiver, 'referrals');
      expect((await receiver.post(`/v1/referrals/${theirs}/accept`)).status).toBe(200);
      const [row] = await rows<{ id: string; ref: string }>('select c.id, c.case_ref as ref from referrals.consent_record c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1', [consent]);
      // As if it had been sent unseen by the withdrawal's own transaction.
      await rows(`update referrals.consent_record set state = 'withdrawn' from (select set_config('search_path', 'referrals', false)) s where id = $1`, [row?.id]);
      await tell(ConsentWithdrawn, { case: row?.ref, state: 'withdrawn', version: 3, purpose: 'REFERRAL_DISCLOSURE', recipient: foreign }, { aggregate: row?.id ?? '', ...(row ? { caseRef: row.ref } : {}), owner: house });
      await eventually('it is withdrawn', async () => (await worker.get(`/v1/referrals/${referral}`)).body['state'] === 'withdrawn');
    });
  });

  describe('the origin side', () => {
    it('is asked to delete when the return ends without a consent withdrawn, once; an embassy that was told nothing hears nothing', async () => {
      const id = await open();
      const consent = await agreed(id, foreign, { purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY'] });
      await agreed(id, lawyers, { purpose: 'EMBASSY_CONTACT', categories: ['IDENTITY'] });
      const caseRef = await refOf(id);
      const recalls = async (): Promise<unknown> => ((await worker.get(`/v1/recalls?caseId=${id}`)).body['items'] as { recipient: string; state: string }[]).map(({ recipient, state }) => [recipient, state]);
      await tell(ReturnWithdrawn, { case: caseRef, state: 'withdrawn_return', version: 4 }, { caseRef, owner: lawyers });
      await eventually('it is asked', async () => ((await recalls()) as unknown[]).length > 0);
      expect(await recalls()).toEqual([[foreign, 'asked']]);
      expect((await worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself })).status).toBe(200);
      expect(await recalls()).toEqual([[foreign, 'asked']]);
      const named = ((await receiver.get('/v1/consent-records?state=withdrawn&limit=1')).body['items'] as { id: string }[])[0]?.id;
      expect((await receiver.post('/v1/deletion-confirmations', { consentRecord: named, deleted: true })).status).toBe(200);
      expect(await recalls()).toEqual([[foreign, 'confirmed']]);
    });
    it('hears of a return that was called off only where it was asked to receive her', async () => {
      const id = await open();
      await agreed(id, foreign, { purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY'] });
      const caseRef = await refOf(id);
      const cancelled = (): Promise<void> => tell(ReturnCancelled, { case: caseRef, state: 'cancelled_return', version: 5 }, { caseRef, owner: lawyers });
      await cancelled();
      await eventually('it is read', async () => (await rows<{ n: string }>(`select count(*) as n from bus.event where headers->>'ce_type' like '%return-cancelled.v1'`))[0]?.n === '1');
      await tell(ReceptionRequested, { receptionPlan: newRef('rcp'), state: 'reception_requested', version: 1, from: lawyers, to: foreign }, { recipient: foreign, subject: newRef('rcp'), caseRef, owner: lawyers });
      await eventually('who was asked is known', async () => (await rows('select from referrals.known_reception where case_ref = $1', [caseRef])).length === 1);
      expect((await worker.get(`/v1/recalls?caseId=${id}`)).body['items']).toEqual([]);
      await cancelled();
      await eventually('it is asked to delete', async () => ((await worker.get(`/v1/recalls?caseId=${id}`)).body['items'] as object[]).length === 1);
    });
    it('confirms a deletion as a return officer too, and the same key is answered the same', async () => {
      const id = await open(), home = instance.account(lawyers, 'RETURN_OFFICER');
      const consent = await agreed(id, lawyers, { purpose: 'RETURN_ARRANGEMENT' });
      await worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself });
      const theirs = ((await home.get('/v1/consent-records?state=withdrawn&limit=1')).body['items'] as { id: string }[])[0]?.id;
      const key = { 'idempotency-key': newRef('key') };
      const first = await home.post('/v1/deletion-confirmations', { consentRecord: theirs, deleted: true }, key);
      const again = await home.post('/v1/deletion-confirmations', { consentRecord: theirs, deleted: true }, key);
      expect([first.status, again.status, again.headers.get('idempotent-replay')]).toEqual([200, 200, 'true']);
      expect(again.body).toEqual(first.body);
    });
  });

  describe('what a receiver may know', () => {
    it('is fetched while consent holds, within dataset and consent, and each look is in the audit trail first', async () => {
      const id = await open();
      await agreed(id, foreign, { categories: ['IDENTITY', 'NEEDS'] });
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const answer = await receiver.get(`/v1/referrals/${theirs}/needs`);
      expect(answer).toMatchObject({ status: 200, body: { categories: ['IDENTITY', 'NEEDS'], needs: { childUnitNeeded: false, interpreterLanguage: 'ro' } } });
      // her name is sealed (decisions 20): she agreed to it, and it is still in no answer
      expect(JSON.stringify(answer.body)).not.toMatch(/Zyxqua|Vrmtt|person|1994|355600614001|Feminine|MD/);
      expect(((await worker.get(`/v1/referrals/${referral}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'fetchNeeds', organisation: foreign, fields: ['NEEDS'] });
      expect((await legal.get(`/v1/referrals/${theirs}/needs`)).status).toBe(404);
      expect((await worker.get(`/v1/referrals/${referral}/needs`)).body['code']).toBe('role-not-allowed');
    });
    it('T05 is refused whole where somebody wrote who she is, in any disguise, whatever she agreed to; her helper sees why, and nothing is used up', async () => {
      const id = await open();
      await agreed(id, foreign, { categories: ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS'] });
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const fetched = (): Promise<TestAnswer> => receiver.get(`/v1/referrals/${theirs}/needs`);
      let version = 2;
      const write = async (reason: string): Promise<void> => { expect((await worker.patch(`/v1/referrals/${referral}`, { needs: { reason } }, version)).status).toBe(200); version += 1; };
      for (const reason of ['Zyxqua Vrmttolk wants a quiet room', 'for VRMTTOLK, ZYXQUA', 'zýxqua of the vrm\u200bttolk people', 'Zyxqua\nVrmttolk', 'ask for "Zyxqua" "Vrmttolk"', 'zyxquavrmttolk', Buffer.from('Zyxqua Vrmttolk').toString('base64'), 'Zyxqua%20Vrmttolk', 'klottmrV auqxyZ']) {
        await write(reason);
        const answer = await fetched();
        expect([reason, answer.status, answer.body]).toEqual([reason, 409, expect.objectContaining({ code: 'privacy-refused', reason: 'SCANNER_FOUND' })]);
        expect(JSON.stringify(answer.body)).not.toMatch(/zyxqua|vrmtt|Feminine/i);
      }
      expect(((await worker.get(`/v1/referrals/${referral}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'disclosureRefused', organisation: foreign, ground: 'SCANNER_FOUND' });
      expect(((await worker.get('/v1/alerts')).body['items'] as { code: string; about?: string }[]).filter(({ about }) => about === referral).map(({ code }) => code)).toEqual(['DISCLOSURE_REFUSED']);
      expect((await receiver.get('/v1/alerts')).body['items']).not.toEqual(expect.arrayContaining([expect.objectContaining({ code: 'DISCLOSURE_REFUSED' })]));
      expect(await rows('select from referrals.disclosure d join referrals.reference r on r.aggregate = d.referral_id::text where r.ref = $1', [referral])).toEqual([]);
      // a first name alone is many people's, and a dose no number
      await write('Zyxqua sleeps badly; LDH 250, call 0691234567');
      expect(await fetched()).toMatchObject({ status: 200, body: { needs: { reason: 'Zyxqua sleeps badly; LDH 250, call 0691234567' } } });
      expect((await fetched()).headers.get('content-type')).toBe('application/json; charset=utf-8');
    });
    it('T12 is refused whole where somebody else whom the house helps is named in it, from the moment she is known until she is not', async () => {
      const id = await open();
      await agreed(id, foreign, { categories: ['NEEDS'] });
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      let version = 2;
      const said = async (reason: string): Promise<number> => { expect((await worker.patch(`/v1/referrals/${referral}`, { needs: { reason } }, version)).status).toBe(200); version += 1; return (await receiver.get(`/v1/referrals/${theirs}/needs`)).status; };
      expect(await said('came with Wqxolm Hjdkrat and her aunt')).toBe(200);
      const other = await open({ ...adult, givenName: 'Wqxolm', familyName: 'Hjdkrat', aliases: ['Pvnuq'] });
      for (const reason of ['came with Wqxolm Hjdkrat and her aunt', 'WQXOLM\u200b/hjdkrat', 'tarkdjHmloxqW', 'pvnuq hjdkrat']) expect([reason, await said(reason)]).toEqual([reason, 409]);
      expect(await receiver.get(`/v1/referrals/${theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'privacy-refused', reason: 'SCANNER_FOUND' } });
      // of two people one word each is nobody, and a first name alone is many people's
      for (const reason of ['Wqxolm Vrmttolk', 'Wqxolm came too', 'Pvnuq']) expect([reason, await said(reason)]).toEqual([reason, 200]);
      expect((await worker.patch(`/v1/cases/${other}`, { person: { givenName: 'Lkytsa' } }, 1)).status).toBe(200);
      expect(await said('came with Wqxolm Hjdkrat')).toBe(200);
      expect(await said('came with Lkytsa Hjdkrat')).toBe(409);
      // nobody to be looked for where nothing of her can be opened any more
      await rows('delete from referrals.subject_key where subject = (select case_ref from referrals.case where id::text = (select aggregate from referrals.reference where ref = $1))', [other]);
      expect(await receiver.get(`/v1/referrals/${theirs}/needs`)).toMatchObject({ status: 200, body: { needs: { reason: 'came with Lkytsa Hjdkrat' } } });
    });
    it.each(auditFaults)('T36 is not read without an entry: %s', async (fault) => {
      const id = await open();
      await agreed(id, foreign);
      await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const answer = await withAuditFault(instance.databaseUrl, 'referrals', fault, () => receiver.impatient.get(`/v1/referrals/${theirs}/needs`));
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/Zyxqua|Vrmttolk|needs|person/);
      await eventually('it is read again', async () => 'person' in (await receiver.get(`/v1/referrals/${theirs}/needs`)).body);
    });
    it('DP-11: she is told who looked, when, at which fields and what for; never whose account, and of nobody else', async () => {
      const id = await open(), other = await open();
      await agreed(id, foreign);
      await sent(id);
      const theirs = await newest(receiver, 'referrals');
      expect(await worker.get(`/v1/cases/${id}/accesses`)).toMatchObject({ status: 200, body: { items: [] } });
      await worker.get(`/v1/cases/${id}?reveal=person,needs&purpose=ASSISTANCE`);
      await receiver.get(`/v1/referrals/${theirs}/needs`);
      await supervisor.get(`/v1/cases/${id}?reveal=person&purpose=REFERRAL_DISCLOSURE`);
      await worker.get(`/v1/cases/${other}?reveal=person&purpose=ASSISTANCE`);
      // an edit is no look, a refused attempt is none either
      await worker.patch(`/v1/cases/${id}`, { person: { givenName: 'Zyxqua' } }, 1);
      await receiver.get(`/v1/cases/${id}?reveal=person&purpose=ASSISTANCE`);
      const list = await worker.get(`/v1/cases/${id}/accesses`);
      const minute: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
      expect(list.body).toEqual({ items: [
        { at: minute, organisation: house, role: 'CASE_WORKER', about: 'cases', look: 'reveal', fields: ['person', 'needs'], purpose: 'ASSISTANCE' },
        { at: minute, organisation: foreign, role: 'RECEIVER', about: 'referrals', look: 'fetchNeeds', fields: ['AGE_GENDER_LANGUAGE', 'NEEDS'], purpose: 'REFERRAL_DISCLOSURE' },
        { at: minute, organisation: house, role: 'SUPERVISOR', about: 'cases', look: 'reveal', fields: ['person'], purpose: 'REFERRAL_DISCLOSURE' },
      ] });
      for (const account of [worker, supervisor, receiver]) expect(JSON.stringify(list.body)).not.toContain(account.subject);
      expect((await supervisor.get(`/v1/cases/${id}/accesses`)).body).toEqual(list.body);
      for (const nobody of [instance.account(house, 'CASE_WORKER'), receiver, officer, instance.account(house, 'OPERATOR')]) expect((await nobody.get(`/v1/cases/${id}/accesses`)).status).toBe(404);
    });
    it('that has changed after it was fetched is told, and nothing else is', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      expect((await worker.patch(`/v1/referrals/${referral}`, { needs: { partySize: '2-3' } }, 2)).status).toBe(200);
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).body['needs']).toMatchObject({ partySize: '2-3', interpreterLanguage: 'ro' });
      expect((await worker.patch(`/v1/referrals/${referral}`, { needs: { partySize: '1' } }, 3)).status).toBe(200);
      await eventually('the change is told', async () => (await told('directed-detail-changed')).some((e) => e.subject === theirs));
      expect((await told('directed-detail-changed')).filter((e) => e.subject === theirs)).toMatchObject([{ recipient: foreign, data: { referral: theirs, version: 4 } }]);
    });
    it('is told to whoever was given a detail of the person that reads otherwise now, and to nobody else', async () => {
      const id = await open();
      await agreed(id, foreign, { categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'] });
      await sent(id);
      const theirs = await newest(receiver, 'referrals');
      const heard = async (): Promise<unknown[]> => (await told('directed-detail-changed')).filter((e) => e.subject === theirs).map((e) => e.data);
      let version = Number((await worker.get(`/v1/cases/${id}`)).body['version']);
      const edit = async (person: object): Promise<void> => { const answer = await worker.patch(`/v1/cases/${id}`, { person }, version); expect(answer.status).toBe(200); version = Number(answer.body['version']); };
      await edit({ gender: 'Masculine' });
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).status).toBe(200);
      await edit({ phone: '+355600000002' });
      await edit({ gender: 'Feminine' });
      await eventually('the change is told', async () => (await heard()).length > 0);
      expect(await heard()).toEqual([{ referral: theirs, version: 3 }]);
      expect((await told('fetched-detail-changed')).length).toBe(1);
      expect(JSON.stringify((await receiver.get(`/v1/referrals/${theirs}/timeline`)).body)).not.toContain('detailChanged');
    });
    it('W3, W5: stops with the withdrawal: nothing is answered, the referral is withdrawn, deletion is asked for and confirmed', async () => {
      const id = await open();
      const consent = await agreed(id, foreign);
      const referral = await sent(id);
      const theirs = await newest(receiver, 'referrals');
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).status).toBe(200);
      expect((await worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself })).status).toBe(200);
      expect((await receiver.get(`/v1/referrals/${theirs}/needs`)).status).toBe(409);
      expect(await worker.get(`/v1/referrals/${referral}`)).toMatchObject({ body: { state: 'withdrawn', reason: 'PERSON_CHOICE' } });
      const theirConsent = ((await receiver.get('/v1/consent-records?state=withdrawn&limit=1')).body['items'] as { id: string }[])[0]?.id;
      await eventually('the recall is told', async () => (await told('consent-scope-recalled')).some((e) => e.data['consentRecord'] === theirConsent));
      const recall = (await told('consent-scope-recalled')).find((e) => e.data['consentRecord'] === theirConsent);
      expect(recall).toMatchObject({ recipient: foreign });
      expect(Math.round((Date.parse(String(recall?.data['dueAt'])) - instance.clock.now().getTime()) / 3_600_000)).toBe(72);
      expect((await receiver.post('/v1/deletion-confirmations', { consentRecord: theirConsent })).body['guards']).toMatchObject([{ reason: 'DELETED_OR_GROUND' }]);
      expect(await receiver.post('/v1/deletion-confirmations', { consentRecord: theirConsent, deleted: true })).toMatchObject({ status: 200, body: { items: [{ state: 'confirmed', deleted: true }] } });
      expect((await receiver.post('/v1/deletion-confirmations', { consentRecord: theirConsent, deleted: true })).status).toBe(404);
    });
    it('W3: stops too when it is sent and withdrawn in the same moment', async () => {
      for (let n = 0; n < 4; n += 1) {
        const id = await open();
        const consent = await agreed(id, foreign);
        const referral = await draft(id);
        await Promise.all([send(referral), worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself })]);
        await eventually('nothing is sent any more', async () => ['draft', 'withdrawn'].includes(String((await worker.get(`/v1/referrals/${referral}`)).body['state'])));
      }
    });
    it('W5: is a task of the data protection officer where nobody confirms within 72 hours', async () => {
      const id = await open();
      const consent = await agreed(id, lawyers);
      await worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself });
      const [recall] = ((await worker.get(`/v1/recalls?caseId=${id}`)).body['items'] as { id: string; state: string }[]);
      expect(recall).toMatchObject({ state: 'asked', recipient: lawyers });
      await instance.advance(hours(73));
      expect(((await supervisor.get('/v1/alerts')).body['items'] as { code: string; about?: string }[]).filter((a) => a.about === recall?.id).map((a) => a.code)).toEqual(['DELETION_NOT_CONFIRMED']);
    });
    it('is stopped by a revocation too: help that has begun is suspended, what waits is withdrawn', async () => {
      const id = await open();
      const consent = await agreed(id, foreign);
      const [begun, waiting] = [await sent(id), await sent(id, { serviceType: 'shelter' })];
      const theirs = ((await receiver.get('/v1/referrals?limit=2')).body['items'] as { id: string; serviceType: string }[]).find((r) => r.serviceType === 'psychosocial')?.id;
      await receiver.post(`/v1/referrals/${String(theirs)}/accept`);
      expect((await worker.post(`/v1/consent-records/${consent}/revoke`, { noLongerSafe: true, personTold: true })).status).toBe(200);
      expect([(await worker.get(`/v1/referrals/${begun}`)).body, (await worker.get(`/v1/referrals/${waiting}`)).body]).toMatchObject([{ state: 'suspended', reason: 'ADMINISTRATIVE' }, { state: 'withdrawn', reason: 'ADMINISTRATIVE' }]);
    });
  });

  describe('police', () => {
    it('see their own referral in a few states, and nothing else of the case', async () => {
      const theirs = String((await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult' })).body['id']);
      const id = await newest(childSupervisor, 'cases');
      await childSupervisor.post(`/v1/cases/${id}/assign`, { account: childWorker.subject });
      const referral = await draft(theirs, {}, officer);
      const consent = await ask(theirs, foreign, {}, officer);
      expect((await officer.post(`/v1/consent-records/${consent}/give`, { ...herself, capacity: true, freely: true })).body['code']).toBe('role-not-allowed');
      const asked = ((await childWorker.get(`/v1/consent-records?caseId=${id}`)).body['items'] as { id: string }[])[0]?.id ?? '';
      expect((await give(asked, {}, childWorker)).status).toBe(200);
      expect((await send(referral, {}, officer)).body['state']).toBe('sent');
      const foreigns = await newest(receiver, 'referrals');
      for (const [command, body] of [['accept', {}], ['confirm-first-contact', { personMet: true }]] as const) await receiver.post(`/v1/referrals/${foreigns}/${command}`, body);
      expect((await officer.get(`/v1/referrals/${referral}`)).body['state']).toBe('in_service');
      // A pause is nothing that they learn of: not while it lasts, not afterwards.
      expect((await receiver.post(`/v1/referrals/${foreigns}/suspend`, { reason: 'PERSON_CHOICE' })).status).toBe(200);
      expect((await officer.get(`/v1/referrals/${referral}`)).status).toBe(404);
      expect((await receiver.post(`/v1/referrals/${foreigns}/resume`, { causeGone: true })).status).toBe(200);
      expect(JSON.stringify((await officer.get(`/v1/referrals/${referral}/timeline`)).body)).not.toMatch(/suspend|resume/);
      await receiver.post(`/v1/referrals/${foreigns}/record-outcome`, { outcome: 'PROVIDED' });
      expect((await officer.get(`/v1/referrals/${referral}`)).status).toBe(404);
      await childWorker.post(`/v1/consent-records/${asked}/withdraw`, { ...herself });
      expect((await officer.get(`/v1/consent-records/${consent}`)).status).toBe(404);
      for (const collection of ['cases', 'identifications', 'guardian-appointments', 'risk-assessments', 'holds', 'safety-alerts', 'recalls']) expect((await officer.get(`/v1/${collection}`)).body['items']).toEqual([]);
      await eventually('the events are told', async () => (await told('referral-completed')).length > 0);
      const toPolice = async (name: string): Promise<number> => (await told(name)).filter((e) => e.recipient === police).length;
      expect([await toPolice('referral-accepted'), await toPolice('referral-service-started'), await toPolice('referral-completed')]).toEqual([1, 1, 0]);
      expect([await toPolice('referral-suspended'), await toPolice('referral-resumed')]).toEqual([0, 0]);
    });
  });

  describe('a child', () => {
    const guarded = async (): Promise<{ id: string; appointment: string }> => {
      const id = await open(child);
      const appointment = String(((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items'] as { id: string }[])[0]?.id);
      expect((await worker.post(`/v1/guardian-appointments/${appointment}/request-appointment`, { authority, authorityNotified: true })).body['state']).toBe('requested');
      const theirs = await newest(duty, 'guardian-appointments');
      expect(await duty.post(`/v1/guardian-appointments/${theirs}/appoint-interim`, { guardian: { name: 'Lqwrtemm Pzzk' }, independent: true, screened: true, noConflict: true })).toMatchObject({ status: 200, body: { state: 'interim' } });
      return { id, appointment };
    };
    const guardian = { onBehalfOf: 'GUARDIAN', how: 'in_person', capacity: true, freely: true };

    it('M3, M5, M6, M7: agrees through the guardian only, heard herself, after a best-interests assessment', async () => {
      const id = await open(child);
      const early = await ask(id, foreign);
      expect(guards(await give(early))).toEqual(['M3 GUARDIAN_REQUIRED', 'M6 CHILD_VIEWS_MISSING', 'M7 BEST_INTERESTS_NOT_ASSESSED']);
      const { id: other } = await guarded();
      const consent = await ask(other, foreign);
      const giving = (more: object): Promise<TestAnswer> => worker.post(`/v1/consent-records/${consent}/give`, { ...guardian, ...more });
      expect(guards(await giving({ childAgrees: false, bestInterestsAssessed: true }))).toEqual(['M6 CHILD_DISAGREES']);
      expect((await giving({ childAgrees: true, bestInterestsAssessed: true, childWords: 'I want to go there' })).body['state']).toBe('given');
      expect((await send(await draft(other))).body['state']).toBe('sent');
    });
    it('has nobody who speaks for her before; an adult has nobody but herself', async () => {
      const grown = await ask(await open(), foreign);
      expect(guards(await worker.post(`/v1/consent-records/${grown}/give`, { ...guardian }))).toEqual(['BEHALF NO_GUARDIAN', 'M3 NOT_A_CHILD']);
      expect(guards(await worker.post(`/v1/consent-records/${grown}/refuse`, { onBehalfOf: 'GUARDIAN', how: 'phone', helpNotReduced: true }))).toEqual(['BEHALF NO_GUARDIAN']);
    });
    it('M14: is asked again at 18: guardianship and the guardian\'s consents end, the birthday stands nowhere in plain', async () => {
      const soon = new Date(instance.clock.now().getTime() + days(20));
      const born = `${soon.getUTCFullYear() - 18}${soon.toISOString().slice(4, 10)}`;
      const answer = await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { birthDate: born, birthDateCertainty: 'documented' } });
      const id = String(answer.body['id']);
      const appointment = String(((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items'] as { id: string }[])[0]?.id);
      await worker.post(`/v1/guardian-appointments/${appointment}/request-appointment`, { authority, authorityNotified: true });
      await duty.post(`/v1/guardian-appointments/${await newest(duty, 'guardian-appointments')}/appoint-interim`, { guardian: { name: 'Lqwrtemm Pzzk' }, independent: true, screened: true, noConflict: true });
      const consent = await ask(id, foreign);
      await worker.post(`/v1/consent-records/${consent}/give`, { ...guardian, childAgrees: true, bestInterestsAssessed: true });
      const [plain] = await rows<{ n: string }>('select count(*) as n from referrals.deadline where due_at = $1::timestamptz', [`${soon.toISOString().slice(0, 10)}T00:00:00Z`]);
      expect(plain?.n).toBe('0');
      for (let n = 0; n < 21; n += 1) await instance.advance(days(1));
      await eventually('the guardianship ends', async () => (await worker.get(`/v1/guardian-appointments/${appointment}`)).body['state'] === 'ended');
      expect((await worker.get(`/v1/consent-records/${consent}`)).body['state']).toBe('expired');
    });
    it('M5: who comes with a parent may have that parent appointed, not implicated, and is helped like any other', async () => {
      const id = String((await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: child, unaccompanied: false })).body['id']);
      expect((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items']).toEqual([]);
      const required = await worker.post('/v1/guardian-appointments', { case: id });
      expect([required.status, guards(await worker.post('/v1/guardian-appointments', { case: id }))]).toEqual([201, ['M2 GUARDIAN_AWAITED']]);
      expect((await worker.post(`/v1/guardian-appointments/${String(required.body['id'])}/request-appointment`, { authority, authorityNotified: true })).status).toBe(200);
      const theirs = await newest(duty, 'guardian-appointments');
      const appoint = (more: object = {}): Promise<TestAnswer> => duty.post(`/v1/guardian-appointments/${theirs}/appoint`, { decision: 'D 1', decisionDocument: true, guardian: { name: 'Lqwrtemm Mother', isParent: true }, ...more });
      expect((await appoint()).status).toBe(409);
      await worker.patch(`/v1/cases/${id}`, { trafficking: { relationshipToTrafficker: 'Familial' } }, (await worker.get(`/v1/cases/${id}`)).body['version']);
      expect((await appoint({ parentNotImplicated: true })).status).toBe(409);
      await worker.patch(`/v1/cases/${id}`, { trafficking: { relationshipToTrafficker: 'Acquainted' } }, (await worker.get(`/v1/cases/${id}`)).body['version']);
      expect((await appoint({ parentNotImplicated: true })).body['state']).toBe('appointed');
      const consent = await ask(id, foreign);
      expect((await worker.post(`/v1/consent-records/${consent}/give`, { ...guardian, childAgrees: true, bestInterestsAssessed: true })).status).toBe(200);
      expect((await send(await draft(id))).body['state']).toBe('sent');
    });
    it('is not resumed, moved or sent on a guardian\'s word who is suspended', async () => {
      const { id, appointment } = await guarded();
      const consent = await ask(id, foreign);
      await worker.post(`/v1/consent-records/${consent}/give`, { ...guardian, childAgrees: true, bestInterestsAssessed: true });
      expect((await supervisor.post(`/v1/guardian-appointments/${appointment}/suspend-guardian`, { concern: true })).body['state']).toBe('suspended');
      expect(guards(await send(await draft(id)))).toEqual(['SG1 CONSENT_REQUIRED', 'SG2 GUARDIAN_REQUIRED']);
    });
    it('PLACEMENT is cleared by the guardian\'s decision, and told without a reason', async () => {
      const { id } = await guarded();
      const steps = async (): Promise<Record<string, unknown>> => Object.fromEntries(((await worker.get(`/v1/cases/${id}/clearances`)).body['items'] as { step: string; cleared: boolean; reasons: string[] }[]).map((s) => [s.step, s.cleared || s.reasons]));
      expect(await steps()).toMatchObject({ PLACEMENT: ['PLACEMENT_NOT_DECIDED'], RETURN_ASSESSMENT: ['RETURN_RISK_NOT_ASSESSED', 'BEST_INTERESTS_NOT_DETERMINED'] });
      const toLawyers = await ask(id, lawyers);
      expect((await worker.post(`/v1/consent-records/${toLawyers}/give`, { ...guardian, childAgrees: true, bestInterestsAssessed: true })).status).toBe(200);
      expect(await steps()).toMatchObject({ PLACEMENT: ['PLACEMENT_NOT_DECIDED'], GUARDIAN: true });
      const consent = await ask(id, house, { purpose: 'SHELTER_PLACEMENT' });
      expect((await worker.post(`/v1/consent-records/${consent}/give`, { ...guardian, childAgrees: true, bestInterestsAssessed: true })).status).toBe(200);
      expect(await steps()).toMatchObject({ PLACEMENT: true });
      const [{ ref } = { ref: '' }] = await rows<{ ref: string }>(`select c.case_ref as ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1`, [id]);
      await eventually('the clearance is told', async () => (await told('clearance-changed')).some((e) => e.caseRef === ref && e.data['step'] === 'PLACEMENT'));
      expect((await told('clearance-changed')).filter((e) => e.caseRef === ref).map((e) => e.data).sort((a, b) => String(a['step']).localeCompare(String(b['step'])))).toMatchObject([{ case: ref, step: 'GUARDIAN', cleared: true, version: 1 }, { case: ref, step: 'PLACEMENT', cleared: true, version: 1 }]);
      expect((await supervisor.get(`/v1/cases/${id}/clearances`)).status).toBe(403);
    });
  });

  describe('a house', () => {
    it('that becomes known clears the placement that a guardian had agreed to before', async () => {
      const id = await open(child), home = newRef('org');
      await tell(OrganisationAdded, { organisation: home, organisationType: 'NGO', country: 'AL', version: 1 });
      const appointment = String(((await worker.get(`/v1/guardian-appointments?caseId=${id}`)).body['items'] as { id: string }[])[0]?.id);
      await worker.post(`/v1/guardian-appointments/${appointment}/request-appointment`, { authority, authorityNotified: true });
      await duty.post(`/v1/guardian-appointments/${await newest(duty, 'guardian-appointments')}/appoint-interim`, { guardian: { name: 'Lqwrtemm Pzzk' }, independent: true, screened: true, noConflict: true });
      await eventually('the organisation is known', async () => (await worker.post('/v1/consent-records', { ...terms, case: id, recipient: home })).status === 201);
      expect((await worker.post(`/v1/consent-records/${await newest(worker, 'consent-records')}/give`, { ...herself, onBehalfOf: 'GUARDIAN', capacity: true, freely: true, childAgrees: true, bestInterestsAssessed: true })).status).toBe(200);
      const caseRef = await refOf(id);
      const said = async (): Promise<unknown[]> => (await told('clearance-changed')).filter((e) => e.caseRef === caseRef).map((e) => e.data['step']);
      await eventually('the guardian is told', async () => (await said()).length > 0);
      expect(await said()).toEqual(['GUARDIAN']);
      await tell(ShelterRegistered, { shelter: newRef('shl'), organisation: home, version: 1, state: 'registered' });
      await eventually('the placement is told', async () => (await said()).includes('PLACEMENT'));
    });
  });

  describe('a hold', () => {
    it('takes clearances away, and is lifted by two people', async () => {
      const id = await open();
      await agreed(id, lawyers, { purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY'] });
      const step = async (): Promise<unknown> => ((await worker.get(`/v1/cases/${id}/clearances`)).body['items'] as { step: string; cleared: boolean; reasons: string[] }[]).find((s) => s.step === 'ORIGIN_CONTACT');
      expect(await step()).toMatchObject({ cleared: true });
      const hold = String((await worker.post('/v1/holds', { case: id })).body['id']);
      expect(await step()).toMatchObject({ cleared: false, reasons: ['HOLD'] });
      const asked = await worker.post(`/v1/holds/${hold}/lift`, { causeGone: true });
      expect(asked.status).toBe(202);
      expect((await supervisor2.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('lifted');
      expect(await step()).toMatchObject({ cleared: true });
      expect((await legal.get('/v1/holds')).body['items']).toEqual([]);
    });
    it('T35 G4 that another house has placed is lifted by its lawyer too, who is answered as it may know', async () => {
      const id = await open();
      await agreed(id, lawyers);
      const [known] = (await legal.get('/v1/consent-records?limit=1')).body['items'] as { links: { case: string } }[];
      const theirs = String((await legal.post('/v1/holds', { case: known?.links.case.replace('/v1/cases/', '') })).body['id']);
      const asked = await supervisor.post(`/v1/holds/${await newest(supervisor, 'holds')}/lift`, { causeGone: true });
      const colleague = instance.account(lawyers, 'MEDIA_OFFICER');
      expect([(await colleague.get('/v1/holds')).body['items'], (await colleague.get('/v1/referrals-approvals')).body['items']]).toEqual([[], []]);
      const { approval, ...answer } = (await legal.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body;
      expect([approval, answer]).toEqual([asked.body['approval'], { ...(await legal.get(`/v1/holds/${theirs}`)).body, links: {} }]);
      expect(answer).toMatchObject({ id: theirs, state: 'lifted', createdAt: expect.stringMatching(/:00Z$/) as unknown });
      expect(answer).not.toHaveProperty('placedBy');
    });
  });

  describe('T35 who hears of a case (reference 2.7)', () => {
    const items = async (by: TestAccount, path: string): Promise<Record<string, unknown>[]> => (await by.get(path)).body['items'] as Record<string, unknown>[];
    const withoutSubjects = ['OPERATOR', 'PARTNER_ADMIN', 'MEDIA_OFFICER', 'COMPLAINTS_BODY', 'BID_PANEL'] as const satisfies readonly Role[];
    it('T35 by its call list: whoever finds what rang, and nobody else at home', async () => {
      const file = await open(child);
      const alert = String((await worker.post('/v1/safety-alerts', { case: file, reason: 'Wqzzxorv' })).body['id']);
      const [guardian] = await items(worker, `/v1/guardian-appointments?caseId=${file}`);
      await instance.advance(1_000);
      const about = [alert, guardian?.['id']].map(String).sort();
      const heard = async (by: TestAccount, settled = ''): Promise<unknown[]> => (await items(by, `/v1/alerts${settled}`)).filter((a) => about.includes(String(a['about']))).map((a) => a['about']).sort();
      for (const by of [worker, supervisor, instance.account(house, 'DPO')]) expect(await heard(by)).toEqual(about);
      // a colleague without the case is one of them, and whoever has seen many alerts has seen none to the second
      for (const role of [...withoutSubjects, 'CASE_WORKER'] as const) for (const settled of ['', '?settled=true']) expect([role, await heard(instance.account(house, role), settled)]).toEqual([role, []]);
      for (const { raisedAt, settledAt = raisedAt } of await items(supervisor, '/v1/alerts?settled=true')) expect([raisedAt, settledAt]).toEqual([expect.stringMatching(/:00Z$/), expect.stringMatching(/:00Z$/)]);
      // and so it is with what waits for a second person, who finds it though the case is another's
      const approval = String((await worker.post(`/v1/safety-alerts/${alert}/clear`, { safeAgain: true })).body['approval']);
      const waits = async (by: TestAccount): Promise<unknown[]> => [(await by.get(`/v1/approvals/${approval}`)).status, (await items(by, '/v1/referrals-approvals')).filter((a) => a['approval'] === approval).map((a) => a['can'])];
      expect([await waits(worker), await waits(supervisor), await waits(instance.account(house, 'CASE_WORKER'))]).toEqual([[200, [[]]], [200, [['approve', 'refuse']]], [200, [['approve', 'refuse']]]]);
      expect(await waits(instance.account(house, 'DPO'))).toEqual([200, [expect.anything()]]);
      for (const role of [...withoutSubjects, 'SHELTER_INTAKE'] as const) {
        const by = instance.account(house, role);
        // who holds its reference hears that it takes another role: nobody guesses one
        expect([role, await waits(by), (await by.post(`/v1/approvals/${approval}/approve`)).status, (await by.post(`/v1/approvals/${approval}/refuse`)).status]).toEqual([role, [404, []], 403, 403]);
      }
      expect((await supervisor.post(`/v1/approvals/${approval}/approve`)).body['state']).toBe('cleared');
    });
    it('T35 of another house: who works with people there, and not whoever belongs to it', async () => {
      const file = await open();
      const consent = await agreed(file, foreign);
      await sent(file);
      const collections = ['referrals', 'consent-records', 'recalls'];
      const [theirs, terms] = [await newest(receiver, 'referrals'), await newest(receiver, 'consent-records')];
      expect((await worker.post(`/v1/consent-records/${consent}/withdraw`, herself)).status).toBe(200);
      for (const role of ['RECEIVER', 'SUPERVISOR', 'DPO', 'CASE_WORKER', 'RECEPTION_OFFICER'] as const) for (const collection of collections) expect([role, collection, (await items(instance.account(foreign, role), `/v1/${collection}`)).length > 0]).toEqual([role, collection, true]);
      for (const role of withoutSubjects) {
        const by = instance.account(foreign, role);
        for (const collection of collections) expect([role, collection, await items(by, `/v1/${collection}`)]).toEqual([role, collection, []]);
        for (const path of [`/v1/referrals/${theirs}`, `/v1/referrals/${theirs}/timeline`, `/v1/consent-records/${terms}`]) expect([role, path, (await by.get(path)).status]).toEqual([role, path, 404]);
        expect([role, (await by.post(`/v1/consent-records/${terms}/withdraw`, herself)).status]).toEqual([role, 404]);
      }
      // but for the interview that she agreed to give
      await agreed(file, foreign, { purpose: 'MEDIA_INTERVIEW', categories: ['NEEDS'] });
      const media = instance.account(foreign, 'MEDIA_OFFICER');
      expect((await items(media, '/v1/consent-records')).map((c) => c['purpose'])).toEqual(['MEDIA_INTERVIEW']);
      expect(await items(instance.account(foreign, 'COMPLAINTS_BODY'), '/v1/consent-records')).toEqual([]);
    });
  });

  describe('an intake', () => {
    const form = {
      shelter, arrivedAt: '2026-11-24T03:40:00Z', source: { kind: 'POLICE', organisation: police }, needs: ['shelter', 'health'],
      consents: [{ purpose: 'ASSISTANCE', categories: ['IDENTITY', 'NEEDS'], language: 'sq', medium: 'oral', witness: newRef('acc'), noticeVersion: '2026-1' }, { ...terms, recipient: foreign }],
    };
    it('makes case, identification and consents in one request, and tells where to look', async () => {
      const answer = await intake.post('/v1/intakes', { ...form, person: adult });
      expect(answer).toMatchObject({ status: 202, body: { state: 'pending', case: expect.stringMatching(/^cas_/) as unknown, stay: expect.stringMatching(/^sty_/) as unknown, consents: [expect.stringMatching(/^con_/), expect.stringMatching(/^con_/)] as unknown } });
      const { id, stay, consents } = answer.body as { id: string; case: string; stay: string; consents: string[] };
      const caseId = String(answer.body['case']);
      expect(answer.headers.get('location')).toBe(`/v1/intakes/${id}`);
      expect(await intake.get(`/v1/cases/${caseId}?reveal=person,needs&purpose=ASSISTANCE`)).toMatchObject({ body: { state: 'active', person: { givenName: 'Zyxqua' }, needs: ['shelter', 'health'], broughtBy: police, openedBy: house } });
      for (const consent of consents) expect((await intake.get(`/v1/consent-records/${consent}`)).body['state']).toBe('given');
      await eventually('the stay is asked for', async () => (await told('intake-registered')).some((e) => e.data['intake'] === id));
      const [event] = (await told('intake-registered')).filter((e) => e.data['intake'] === id);
      expect(event).toMatchObject({ owner: house, data: { stay, shelter, organisation: house, ownerCase: caseId, emergencyPlacement: true } });
      expect((await told('case-opened')).find((e) => e.caseRef === event?.caseRef)?.data).toMatchObject({ case: event?.caseRef, ownerCase: caseId });
      const [{ stay_id } = { stay_id: '' }] = await rows<{ stay_id: string }>('select stay_id from referrals.intake i join referrals.reference r on r.aggregate = i.id::text where r.ref = $1', [id]);
      await tell(IntakeOpened, { case: event?.caseRef, version: 1, state: 'intake_pending' }, { aggregate: stay_id, ...(event?.caseRef ? { caseRef: event.caseRef } : {}) });
      await eventually('the intake is opened', async () => (await intake.get(`/v1/intakes/${id}`)).body['state'] === 'opened');
      expect((await intake.get(`/v1/intakes/${id}`)).body['links']).toMatchObject({ stay: `/v1/stays/${stay}`, case: `/v1/cases/${caseId}` });
      expect((await officer.get(`/v1/cases/${caseId}`)).status).toBe(404);
    });
    it('works with nothing but shelter and arrival, and then takes her for a child', async () => {
      const answer = await intake.post('/v1/intakes', { shelter, arrivedAt: '2026-11-24T03:40:00Z' });
      expect(answer.status).toBe(202);
      expect((await intake.get(`/v1/guardian-appointments?caseId=${String(answer.body['case'])}`)).body['items']).toMatchObject([{ state: 'required' }]);
    });
    it('leaves a child\'s consents to the guardian', async () => {
      const answer = await intake.post('/v1/intakes', { ...form, person: child, unaccompanied: true });
      for (const consent of answer.body['consents'] as string[]) expect((await intake.get(`/v1/consent-records/${consent}`)).body['state']).toBe('requested');
    });
    it('whose person is not admitted is refused, with a reason', async () => {
      const { id, case: caseId } = (await intake.post('/v1/intakes', { ...form, person: adult })).body as { id: string; case: string };
      const [at] = await rows<{ stay: string }>('select stay_id as stay from referrals.intake i join referrals.reference r on r.aggregate = i.id::text where r.ref = $1', [id]);
      await tell(IntakeNotAdmitted, { case: await refOf(caseId), version: 2, state: 'not_admitted' }, { aggregate: at?.stay ?? '' });
      await eventually('it is refused', async () => (await intake.get(`/v1/intakes/${id}`)).body['state'] === 'refused');
      expect((await intake.get(`/v1/intakes/${id}`)).body['reason']).toBe('ADMINISTRATIVE');
      const reaction = Intake.reactions?.find((r) => r.on === IntakeNotAdmitted);
      expect(reaction?.body?.({ data: { reason: 'CRITERIA' } } as never)).toEqual({ reason: 'CRITERIA' });
    });
    it('to a foreign shelter is refused at once, to an unknown one for now, and makes nothing', async () => {
      const before = await rows('select count(*) from referrals."case"');
      expect(guards(await intake.post('/v1/intakes', { ...form, shelter: foreignShelter, person: adult }))).toEqual(['SHELTER FOREIGN_SHELTER']);
      const unknown = await intake.post('/v1/intakes', { ...form, shelter: newRef('shl'), person: adult });
      expect([guards(unknown), unknown.headers.get('retry-after')]).toEqual([['SHELTER NOT_YET_KNOWN'], '2']);
      expect(guards(await intake.post('/v1/intakes', { ...form, person: adult, consents: [{ ...terms, medium: 'oral', recipient: foreign }] }))).toEqual(['TERMS WITNESS_MISSING']);
      expect(await rows('select count(*) from referrals."case"')).toEqual(before);
    });
    it('answers the same key with the same references', async () => {
      const key = { 'idempotency-key': newRef('key') };
      const first = await intake.post('/v1/intakes', { ...form, person: adult }, key);
      const again = await intake.post('/v1/intakes', { ...form, person: adult }, key);
      expect([again.status, again.body, again.headers.get('idempotent-replay')]).toEqual([202, first.body, 'true']);
    });
  });

  describe('the other tables', () => {
    it('identification: presumed by a trained screener starts the reflection period; who finds nothing needs a second person', async () => {
      const id = await open();
      const identification = String(((await worker.get(`/v1/identifications?caseId=${id}`)).body['items'] as { id: string }[])[0]?.id);
      const other = String(((await worker.get(`/v1/identifications?caseId=${await open()}`)).body['items'] as { id: string }[])[0]?.id);
      expect(guards(await worker.post(`/v1/identifications/${identification}/record-reasonable-grounds`, { trainedScreener: true, interviewConsent: true, authority }))).toEqual(['SG1 CONSENT_REQUIRED']);
      const presumed = await worker.post(`/v1/identifications/${identification}/record-reasonable-grounds`, { trainedScreener: true, interviewConsent: true });
      expect(presumed.body['state']).toBe('presumed');
      expect((Date.parse(String(presumed.body['reflectionUntil'])) - instance.clock.now().getTime()) / 86_400_000).toBeCloseTo(30, 2);
      const asked = await worker.post(`/v1/identifications/${other}/record-no-indicators`, { otherNeedsReferred: true });
      expect(asked.status).toBe(202);
      expect((await supervisor.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('not_identified');
      expect((await told('victim-presumed')).length + (await told('identification-declined')).length).toBe(0);
    });
    it('M3: nobody interviews a child before somebody speaks for her', async () => {
      const identification = String(((await worker.get(`/v1/identifications?caseId=${await open(child)}`)).body['items'] as { id: string }[])[0]?.id);
      expect(guards(await worker.post(`/v1/identifications/${identification}/record-reasonable-grounds`, { trainedScreener: true, interviewConsent: true }))).toEqual(['M3 GUARDIAN_NOT_PRESENT', 'M3 GUARDIAN_REQUIRED']);
    });
    it('a return officer named in consent works on the case under a reference of the own organisation, and sees nothing more of it', async () => {
      const id = await open();
      const officeWorker = instance.account(lawyers, 'RETURN_OFFICER');
      await agreed(id, lawyers, { purpose: 'RETURN_ARRANGEMENT' });
      const own = ((await officeWorker.get('/v1/consent-records?limit=1')).body['items'] as { links: { case: string } }[])[0]?.links.case.split('/').at(-1);
      expect((await officeWorker.get(`/v1/cases/${String(own)}`)).status).toBe(404);
      const risk = await officeWorker.post('/v1/risk-assessments', { case: own, type: 'RETURN', ownViewAsked: true, level: 'LOW' });
      expect(risk.status).toBe(201);
      expect((await officeWorker.post(`/v1/risk-assessments/${String(risk.body['id'])}/complete-assessment`, { allCovered: true })).body['state']).toBe('completed');
      // She may tell the officer what arranging her return takes (decisions 3); nobody lets in others, or the own organisation, in her name.
      const asked = async (more: object): Promise<TestAnswer> => officeWorker.post(`/v1/consent-records/${String((await officeWorker.post('/v1/consent-records', { ...terms, case: own, categories: ['IDENTITY'], ...more })).body['id'])}/give`, { ...herself, capacity: true, freely: true });
      expect(guards(await asked({ recipient: foreign }))).toEqual(['ON_CASE NOT_ASSIGNED']);
      expect(guards(await asked({ purpose: 'FAMILY_CONTACT', recipient: lawyers }))).toEqual(['ON_CASE NOT_ASSIGNED']);
      expect((await asked({ purpose: 'ORIGIN_OFFICE_DISCLOSURE', recipient: foreign })).status).toBe(200);
      expect((await officeWorker.post('/v1/referrals', { case: own, serviceType: 'legal', priority: 'NORMAL', receiver: lawyers })).status).toBe(403);
      expect(((await worker.get(`/v1/cases/${id}/clearances`)).body['items'] as { step: string; cleared: boolean }[]).find((c) => c.step === 'RETURN_ASSESSMENT')).toMatchObject({ cleared: true });
    });
    it('a hold stops what is under way to the side that she fears', async () => {
      const id = await open({ ...adult, citizenships: ['MD'] });
      const origin = newRef('org');
      await tell(OrganisationAdded, { organisation: origin, organisationType: 'NGO', country: 'MD', version: 1 });
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation: origin, state: 'partner_active', version: 1, country: 'MD', ...flagsOf(['psychosocial']) });
      await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: origin, until: '2028-01-01', version: 1, ...flagsOf(ConsentCategory.values) });
      await eventually('the organisation is known', async () => (await worker.post('/v1/consent-records', { ...terms, case: id, recipient: origin })).status === 201);
      const consent = await newest(worker, 'consent-records');
      expect((await give(consent)).status).toBe(200);
      const referral = await draft(id, { receiver: origin });
      await eventually('it may be sent', async () => (await send(referral)).status === 200);
      expect((await worker.post('/v1/holds', { case: id })).status).toBe(201);
      expect((await worker.get(`/v1/referrals/${referral}`)).body).toMatchObject({ state: 'withdrawn', reason: 'ADMINISTRATIVE' });
      expect(guards(await send(await draft(id, { receiver: origin })))).toEqual(['SG7 HOLD']);
    });
    it('DP-11, W14: she is told who had her data, and who has not said yet that it is deleted', async () => {
      const id = await open();
      const consent = await agreed(id, foreign, { categories: ['NEEDS'] });
      await sent(id);
      await receiver.get(`/v1/referrals/${await newest(receiver, 'referrals')}/needs`);
      await worker.post(`/v1/consent-records/${consent}/withdraw`, { ...herself });
      const list = async (): Promise<unknown> => (await worker.get(`/v1/cases/${id}/recipients`)).body['items'];
      expect(await list()).toMatchObject([{ recipient: foreign, consents: [{ purpose: 'REFERRAL_DISCLOSURE', state: 'withdrawn' }], fetched: [{ categories: ['NEEDS'] }], deletion: 'NOT_YET_CONFIRMED' }]);
      const theirs = ((await receiver.get('/v1/consent-records?state=withdrawn&limit=1')).body['items'] as { id: string }[])[0]?.id;
      await receiver.post('/v1/deletion-confirmations', { consentRecord: theirs, ground: 'LEGAL_CLAIMS' });
      expect(await list()).toMatchObject([{ deletion: 'KEPT_ON_LEGAL_GROUND' }]);
    });
    it('DP-9: an anonymised case cannot be read any more: its key is destroyed in the same transaction, and each service says when its own is', async () => {
      const [first, second] = [instance.account(house, 'DPO'), instance.account(house, 'DPO')];
      const erase = async (): Promise<{ id: string; caseRef: string }> => {
        const id = await open(), caseRef = await refOf(id);
        await worker.post(`/v1/cases/${id}/close-case`, { reason: 'PERSON_ENDED', personInformed: true });
        const asked = await first.post(`/v1/cases/${id}/anonymise-case`, { erasureGranted: true });
        expect(asked.status).toBe(202);
        expect((await second.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('anonymised');
        expect(await rows('select from referrals.subject_key where subject = $1', [caseRef])).toEqual([]);
        expect(await first.get(`/v1/cases/${id}?reveal=person&purpose=ASSISTANCE`)).toMatchObject({ status: 200, body: expect.not.objectContaining({ person: expect.anything() as unknown }) as unknown });
        return { id, caseRef };
      };
      const [whole, partly] = [await erase(), await erase()];
      const confirmed = async ({ id, caseRef }: { id: string; caseRef: string }, ...by: readonly ContractEvent[]): Promise<void> => {
        const [at] = await rows<{ id: string }>('select aggregate as id from referrals.reference where ref = $1', [id]);
        for (const event of by) await tell(event, { case: caseRef }, { aggregate: at?.id ?? '', caseRef, owner: house });
        await eventually('it is written down', async () => (await rows('select from referrals.erased where case_ref = $1', [caseRef])).length === by.length);
      };
      await confirmed(whole, CaseErasedByShelters, CaseErasedByReturns, CaseErasedByReintegration, CaseErasedByNotifications);
      await confirmed(partly, CaseErasedByShelters, CaseErasedByReturns, CaseErasedByNotifications);
      await instance.advance(hours(25));
      const late = async (): Promise<unknown[]> => ((await first.get('/v1/alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.code === 'ERASURE_NOT_CONFIRMED').map((a) => a.about);
      expect(await late()).toEqual([partly.id]);
      const [at] = await rows<{ id: string }>('select aggregate as id from referrals.reference where ref = $1', [partly.id]);
      await tell(CaseErasedByReintegration, { case: partly.caseRef }, { aggregate: at?.id ?? '', caseRef: partly.caseRef, owner: house });
      await eventually('the last one settles it', async () => (await late()).length === 0);
    });
    it('tells edits to the owner only', async () => {
      const id = await open();
      await agreed(id, foreign);
      const referral = await sent(id);
      await worker.patch(`/v1/referrals/${referral}`, { needs: { partySize: '1' } }, 2);
      const commands = async (account: TestAccount, r: string): Promise<unknown> => ((await account.get(`/v1/referrals/${r}/timeline`)).body['items'] as { command: string }[]).map((t) => t.command);
      expect(await commands(worker, referral)).toEqual(['draftReferral', 'send', 'edit']);
      expect(await commands(receiver, await newest(receiver, 'referrals'))).toEqual(['send']);
    });
    it('have the columns that their lifecycles declare', async () => {
      for (const l of referralsService.lifecycles) {
        const found = await rows<{ name: string; type: string }>(`select column_name as name, case data_type when 'timestamp with time zone' then 'timestamptz' when 'ARRAY' then 'text[]' else data_type end as type from information_schema.columns where table_schema = 'referrals' and table_name = $1`, [tableOf(l)]);
        expect(Object.fromEntries(found.map(({ name, type }) => [name, type]))).toEqual(Object.fromEntries(columnsOfTable(l)));
      }
    });
    it('send nothing while blind to the partners, and withdraw all the same (W3)', async () => {
      const alone = await testInstance([referralsService], { name: 'blind', config: { denyList: { standing: () => 'good' } } });
      try {
        const { pool } = alone.services.get('referrals') as RunningService;
        for (const organisation of [house, foreign]) await pool.query(`insert into known_organisation (organisation, type, country, active, version) values ($1, 'NGO', 'AL', true, 1)`, [organisation]);
        await pool.query(`insert into known_partner values ($1, 'partner_active', '{psychosocial}', '{}', 1)`, [foreign]);
        await pool.query(`insert into known_agreement values (gen_random_uuid(), $1, $2, $3, '2099-01-01', false, 1)`, [house, foreign, ConsentCategory.values]);
        const blind = alone.account(house, 'CASE_WORKER');
        const id = await open(adult, blind);
        const consent = await ask(id, foreign, {}, blind);
        expect((await give(consent, {}, blind)).status).toBe(200);
        const refused = await blind.impatient.post(`/v1/referrals/${await draft(id, {}, blind)}/send`, {});
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
        expect((await blind.post(`/v1/consent-records/${consent}/withdraw`, { ...herself })).body['state']).toBe('withdrawn');
      } finally { await alone.close(); }
    });
  });

  it('DP-20: when retention is over the data protection officer is called; nothing is destroyed without two people', async () => {
    const id = await open(), dpo = instance.account(house, 'DPO'), caseRef = await refOf(id);
    await worker.post(`/v1/cases/${id}/close-case`, { reason: 'PERSON_ENDED', personInformed: true });
    expect(guards(await dpo.post(`/v1/cases/${id}/anonymise-case`, {}))).toEqual(['DP-20 RETENTION_RUNS']);
    await instance.advance(days(740));
    expect(((await dpo.get('/v1/alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === id).map((a) => a.code).sort()).toEqual(['RETENTION_ENDS_SOON', 'RETENTION_OVER']);
    expect([(await dpo.get(`/v1/cases/${id}`)).body['state'], (await rows('select from referrals.subject_key where subject = $1', [caseRef])).length]).toEqual(['closed', 1]);
    const asked = await dpo.post(`/v1/cases/${id}/anonymise-case`, {});
    expect(asked.status).toBe(202);
    expect((await supervisor.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('anonymised');
  });

  it('T10 keeps every name and every word about a person sealed: none of them is in any sink', async () => {
    const words = ['Zyxqua', 'Zyxquo', 'Vrmttolk', 'Qorvyn', 'Wqzzxorv', 'Vqxxrool', 'Lqwrtemm', 'Brqqvann', '355600614001', '1994-03-01', '2012-02-01', 'I want to go there'];
    expect(huntLeaks(await instance.sinks(), words.map((word) => ({ name: word, values: { word } })))).toEqual([]);
  }, 120_000);
});

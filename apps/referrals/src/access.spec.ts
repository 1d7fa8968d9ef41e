import { AgreementSigned, BreakGlassReason, ConsentCategory, OrganisationAdded, PartnerActivated, flagsOf, type ContractEvent, type Role } from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { fingerprintOf, newEntryKey, newEnvelopeKey, newRef, proveKey } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { days, hours, service, newestSchema, type RunningService, type ServiceDefinition } from '@footbridge/service';
import { testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { openedWithCase } from './break-glass/break-glass.lifecycle.js';
import { referralsService } from './index.js';

function neighbour(name: 'notifications' | 'shelters' | 'returns' | 'reintegration'): ServiceDefinition {
  class Schema1764000000000 implements MigrationInterface {
    readonly name = 'Schema1764000000000';
    async up(q: QueryRunner): Promise<void> { await q.query(newestSchema(name)); }
    down(): Promise<void> { return Promise.resolve(); }
  }
  return service({ name, lifecycles: [], migrations: [Schema1764000000000] });
}
const QUOTA = 3;

describe('who looks at whom, on real Postgres and over HTTP', () => {
  let instance: TestInstance, database: pg.Client;
  const [house, foreign] = [newRef('org'), newRef('org')];
  let worker: TestAccount, supervisor: TestAccount, dpo: TestAccount;
  const account = (...roles: Role[]): TestAccount => instance.account(house, ...roles);

  async function tell(event: ContractEvent, data: object): Promise<void> {
    const running = instance.services.get(event.service) as RunningService;
    const aggregate = randomUUID();
    const body = running.gate.encode(event, data, { topic: `footbridge.${event.service}`, key: aggregate });
    await running.engine.store.commit(house, [{ t: 'outbox', op: 'insert', row: outboxRow({ id: newRef('evt'), type: event.type, time: new Date().toISOString(), audience: 'instance', aggregate, version: 1, copy: 0, data: body }) }], []);
  }
  const policies = mkdtempSync(join(tmpdir(), 'footbridge-policies-'));
  writeFileSync(join(policies, 'own.cedar'), '@id("no-house-for-reintegration") forbid (principal, action in Action::"route", resource) when { principal.roles.contains(Role::"REINTEGRATION_MANAGER") && resource has kind && resource.kind == Kind::"Case" };');
  beforeAll(async () => {
    instance = await testInstance([referralsService, neighbour('notifications'), neighbour('shelters'), neighbour('returns'), neighbour('reintegration')], { name: 'access', config: { denyList: { standing: () => 'good' }, access: { looksPerHour: QUOTA, policies } } });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    worker = account('CASE_WORKER'); supervisor = account('SUPERVISOR'); dpo = account('DPO');
    for (const organisation of [house, foreign]) await tell(OrganisationAdded, { organisation, organisationType: 'NGO', country: 'AL', version: 1 });
    await tell(PartnerActivated, { partner: newRef('ptn'), organisation: foreign, state: 'partner_active', version: 1, country: 'AL', ...flagsOf(['psychosocial']) });
    await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: foreign, until: new Date(Date.now() + days(400)).toISOString().slice(0, 10), version: 1, ...flagsOf(ConsentCategory.values) });
    await waitUntil('the news arrive', async () => (await database.query('select 1 from referrals.known_agreement')).rowCount === 1);
  });
  afterAll(async () => { await database?.end(); await instance?.close(); rmSync(policies, { recursive: true }); });

  const her = canaryPerson(63);
  const person = { givenName: her.givenName, familyName: her.familyName, birthDate: '1994-03-01', birthDateCertainty: 'documented' };
  const must = (answer: TestAnswer, status: number): TestAnswer => { expect([answer.status, answer.body]).toEqual([status, expect.anything()]); return answer; };
  const open = async (by = worker): Promise<string> => String(must(await by.post('/v1/cases', { purpose: 'ASSISTANCE', person }), 201).body['id']);
  const look = (id: string, by: TestAccount, purpose = 'ASSISTANCE'): Promise<TestAnswer> => by.get(`/v1/cases/${id}?reveal=person&purpose=${purpose}`);
  const code = ({ status, body }: TestAnswer): string => `${status} ${String(body['code'] ?? '')}`.trim();
  const reasons = (answer: TestAnswer): unknown => ((answer.body['guards'] ?? []) as { reason: string }[]).map(({ reason }) => reason);
  const alerts = async (by: TestAccount): Promise<{ code: string; account?: string; about?: string }[]> => (await by.get('/v1/alerts')).body['items'] as never;
  const codesOf = async (by: TestAccount): Promise<string[]> => (await alerts(by)).map((a) => a.code);
  /** The same account, signed in so many minutes ago: status and code. */
  const since = (minutes: number, { subject, organisation }: TestAccount, ...roles: Role[]) => async (method: string, path: string): Promise<string> => {
    const token = await instance.issuer.sign({ subject, organisation, roles }, { claims: { auth_time: Math.floor(Date.now() / 1000) - minutes * 60 } });
    const response = await fetch(`${instance.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    return `${response.status} ${(await response.json() as { code?: string }).code ?? ''}`.trim();
  };
  const audited = async (subject: string, command: string): Promise<{ ground: string | null; fields: string[] | null }[]> => (await database.query<{ ground: string | null; fields: string[] | null }>('select ground, fields from referrals.audit where account = $1 and command = $2 order by position', [subject, command])).rows;

  describe('T36 insider browsing', () => {
    it('of 30 files that are not theirs shows none, and supervision is told which account it was', async () => {
      const files = await Promise.all(Array.from({ length: 30 }, () => open()));
      const browser = account('CASE_WORKER');
      for (const id of files.slice(0, 4)) expect(code(await browser.get(`/v1/cases/${id}`))).toBe('404 not-found');
      expect(await codesOf(supervisor)).not.toContain('CASES_TRIED');
      for (const id of files.slice(4)) expect(code(await look(id, browser))).toBe('404 not-found');
      expect(await audited(browser.subject, 'lookRefused')).toHaveLength(30);
      expect((await audited(browser.subject, 'reveal'))).toEqual([]);
      for (const by of [supervisor, dpo]) expect(await alerts(by)).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'CASES_TRIED', account: browser.subject })]));
      expect((await alerts(supervisor)).filter((a) => a.account === browser.subject)).toHaveLength(1);
      // who browses is not warned
      expect(await codesOf(browser)).not.toContain('CASES_TRIED');
      // what is nobody's leaves no trace
      const guesser = account('CASE_WORKER');
      for (let n = 0; n < 6; n += 1) await guesser.get(`/v1/cases/${newRef('cas')}`);
      expect(await audited(guesser.subject, 'lookRefused')).toEqual([]);
    });
    it('of own files ends at the quota: 429, told once, and a restart would not forget it', async () => {
      const own = account('CASE_WORKER');
      const files = await Promise.all(Array.from({ length: QUOTA + 2 }, () => open(own)));
      for (const id of files.slice(0, QUOTA)) expect((await look(id, own)).body).toHaveProperty('person');
      // the same people again are no others
      expect((await look(files[0] ?? '', own)).status).toBe(200);
      const refused = await look(files[QUOTA] ?? '', own);
      expect(code(refused)).toBe('429 looks-used-up');
      expect(refused.body).not.toHaveProperty('person');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
      expect(code(await look(files[QUOTA + 1] ?? '', own))).toBe('429 looks-used-up');
      // everything but the person goes on
      expect((await own.get(`/v1/cases/${files[QUOTA] ?? ''}`)).status).toBe(200);
      expect((await alerts(dpo)).filter((a) => a.account === own.subject).map((a) => a.code)).toEqual(['LOOKS_USED_UP']);
      // nothing of it is in this process: the trail itself is counted
      expect(await audited(own.subject, 'reveal')).toHaveLength(QUOTA + 1);
      // in an hour they may look again
      await instance.advance(hours(1) + 1_000);
      expect((await look(files[QUOTA] ?? '', own)).status).toBe(200);
    });
    it('cannot be done faster by asking at once', async () => {
      const own = account('CASE_WORKER');
      const files = await Promise.all(Array.from({ length: QUOTA * 4 }, () => open(own)));
      const answers = await Promise.all(files.map((id) => look(id, own)));
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(QUOTA);
      for (const answer of answers) expect(answer.status === 200).toBe('person' in answer.body);
    });
    it('under a purpose to which she does not agree is refused, and under one to which she agrees is not', async () => {
      const own = account('CASE_WORKER');
      const id = await open(own);
      const refused = await look(id, own, 'RETURN_ARRANGEMENT');
      expect([code(refused), refused.body['purpose']]).toEqual(['409 consent-required', 'RETURN_ARRANGEMENT']);
      expect(await audited(own.subject, 'reveal')).toEqual([]);
      const consent = String(must(await own.post('/v1/consent-records', { purpose: 'RETURN_ARRANGEMENT', categories: ['IDENTITY'], noticeVersion: '2026-1', language: 'ro', medium: 'written', case: id, recipient: foreign }), 201).body['id']);
      expect(code(await look(id, own, 'RETURN_ARRANGEMENT'))).toBe('409 consent-required');
      must(await own.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
      expect((await look(id, own, 'RETURN_ARRANGEMENT')).body).toHaveProperty('person');
      expect((await audited(own.subject, 'reveal')).map(({ ground }) => ground)).toEqual(['RETURN_ARRANGEMENT']);
      must(await own.post(`/v1/consent-records/${consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'in_person' }), 200);
      expect(code(await look(id, own, 'RETURN_ARRANGEMENT'))).toBe('409 consent-required');
      expect(code(await look(id, own, 'CURIOSITY'))).toBe('422 validation-failed');
    });
    it('with a sign-in of 15 minutes ago, or of a time that the token does not say, asks to sign in again', async () => {
      const id = await open();
      const supervision = { subject: newRef('acc'), organisation: house, roles: ['SUPERVISOR'] };
      const now = Math.floor(Date.now() / 1000);
      const ask = async (claims: Record<string, unknown>, path = `/v1/cases/${id}?reveal=person&purpose=ASSISTANCE`): Promise<[number, unknown, string | null]> => {
        const response = await fetch(`${instance.url}${path}`, { headers: { authorization: `Bearer ${await instance.issuer.sign(supervision, { claims })}` } });
        return [response.status, (await response.json() as { code?: string }).code, response.headers.get('www-authenticate')];
      };
      const again = [401, 'step-up-required', 'Bearer error="insufficient_user_authentication", max_age=900'];
      expect(await ask({ auth_time: now - 16 * 60 })).toEqual(again);
      expect(await ask({ auth_time: undefined })).toEqual(again);
      expect(await ask({ auth_time: 'yesterday' })).toEqual(again);
      expect(await ask({ auth_time: now - 14 * 60 })).toEqual([200, undefined, null]);
      // everything else goes on with the old sign-in
      expect((await ask({ auth_time: now - 3600 }, `/v1/cases/${id}`))[0]).toBe(200);
    });
    it('reads her copy of her case as it reads her: not what it may not read, not with an old sign-in, not beyond the quota (T18, T39)', async () => {
      const facts = { narrative: 'what she told', typesOfExploitation: ['SexualExploitation'] };
      const copy = (id: string, by: TestAccount): Promise<TestAnswer> => by.get(`/v1/cases/${id}/access-copy`);
      const intake = account('SHELTER_INTAKE'), own = account('CASE_WORKER');
      const hers = String(must(await intake.post('/v1/cases', { purpose: 'ASSISTANCE', person, trafficking: facts }), 201).body['id']);
      expect([code(await intake.get(`/v1/cases/${hers}?reveal=trafficking&purpose=ASSISTANCE`)), code(await copy(hers, intake))]).toEqual(['403 role-not-allowed', '403 role-not-allowed']);
      const files = await Promise.all(Array.from({ length: QUOTA + 2 }, () => open(own)));
      const path = `/v1/cases/${files[0] ?? ''}/access-copy`;
      expect(await since(16, own, 'CASE_WORKER')('GET', path)).toBe('401 step-up-required');
      expect(await audited(own.subject, 'accessCopy')).toEqual([]);
      // What is said of any part of it holds for the whole.
      const { authorisation } = (instance.services.get('referrals') as RunningService).engine.access;
      const { decide } = authorisation;
      for (const part of ['Case.reveal', 'Identification.reveal']) {
        authorisation.decide = (q) => (q.action === part ? { allowed: false, refusal: 'role-not-allowed', policies: [] } : decide.call(authorisation, q));
        try { expect([part, code(await copy(files[0] ?? '', own))]).toEqual([part, '403 role-not-allowed']); } finally { authorisation.decide = decide; }
      }
      expect(await audited(own.subject, 'accessCopy')).toEqual([]);
      for (const id of files.slice(0, QUOTA)) expect(must(await copy(id, own), 200).body['yourData']).toMatchObject({ person });
      expect((await copy(files[0] ?? '', own)).status).toBe(200);
      const refused = await copy(files[QUOTA] ?? '', own);
      expect([code(refused), 'yourData' in refused.body]).toEqual(['429 looks-used-up', false]);
      // It is one quota, whatever way she is looked at.
      expect(code(await look(files[QUOTA] ?? '', own))).toBe('429 looks-used-up');
      expect((await alerts(dpo)).filter((a) => a.account === own.subject).map((a) => a.code)).toEqual(['LOOKS_USED_UP']);
      const many = account('CASE_WORKER');
      const answers = await Promise.all((await Promise.all(Array.from({ length: QUOTA * 3 }, () => open(many)))).map((id) => copy(id, many)));
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(QUOTA);
      for (const answer of answers) expect(answer.status === 200).toBe('yourData' in answer.body);
    });
    it('T17 looks by no consent that was put into the database: the owner is alerted, and nobody is shown', async () => {
      const own = account('CASE_WORKER');
      const id = await open(own);
      expect(code(await look(id, own, 'MEDIA_INTERVIEW'))).toBe('409 consent-required');
      await database.query('set search_path = referrals');
      await database.query(`insert into referrals.consent_record (id, owner, organisations, case_ref, state, version, created_at, updated_at, case_id, purpose) select $2::uuid, c.owner, array[c.owner], c.case_ref, 'given', 1, now(), now(), c.id, 'MEDIA_INTERVIEW' from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1`, [id, randomUUID()]);
      expect(code(await look(id, own, 'MEDIA_INTERVIEW'))).toBe('409 consent-required');
      expect(await audited(own.subject, 'reveal')).toEqual([]);
      await instance.advance(1_000);
      expect((await database.query(`select 1 from referrals.alert a join referrals.consent_record c on c.id = a.aggregate where a.code = 'CONSENT_NOT_GENUINE' and c.purpose = 'MEDIA_INTERVIEW'`)).rowCount).toBe(1);
    });
    it('is never shown a person of whom no entry was written: where the trail cannot be kept, nothing is', async () => {
      const id = await open();
      await database.query('alter table referrals.audit rename to audit_away');
      try {
        const answer = await look(id, supervisor);
        expect(answer.status).toBeGreaterThanOrEqual(500);
        expect(huntLeaks([{ name: 'answer', content: JSON.stringify(answer.body) }], [her])).toEqual([]);
      } finally { await database.query('alter table referrals.audit_away rename to audit'); }
    });
    it('opens an invented case: supervision is told at once, and neither the case nor its timeline gives it away', async () => {
      const insider = account('CASE_WORKER');
      const id = await open(insider), other = await open(insider);
      const before = (await insider.get(`/v1/cases/${id}`)).body;
      expect(code(await insider.post(`/v1/cases/${id}/decoy`))).toBe('403 role-not-allowed');
      expect(code(await account('DPO').post(`/v1/cases/${newRef('cas')}/decoy`))).toBe('404 not-found');
      expect(code(await instance.account(foreign, 'DPO').post(`/v1/cases/${id}/decoy`))).toBe('404 not-found');
      for (let n = 0; n < 2; n += 1) expect(must(await dpo.post(`/v1/cases/${id}/decoy`), 200).body).toEqual({ case: id, decoy: true });
      const about = async (): Promise<unknown[]> => (await alerts(dpo)).filter((a) => a.account === insider.subject);
      expect(await about()).toEqual([]);
      expect((await insider.get(`/v1/cases/${other}`)).status).toBe(200);
      expect(await about()).toEqual([]);
      expect((await insider.get(`/v1/cases/${id}`)).body).toEqual(before);
      expect(await about()).toMatchObject([{ code: 'DECOY_OPENED', about: id }]);
      expect(JSON.stringify((await insider.get(`/v1/cases/${id}/timeline`)).body)).not.toMatch(/decoy/i);
      expect(await codesOf(insider)).not.toContain('DECOY_OPENED');
      // it stays until somebody else has dealt with it
      const [alert] = (await alerts(dpo)).filter((a) => a.account === insider.subject) as unknown as { id: string }[];
      const settle = (by: TestAccount): Promise<TestAnswer> => by.post(`/v1/alerts/${alert?.id ?? ''}/settle`);
      expect([code(await settle(insider)), code(await settle(instance.account(foreign, 'DPO')))]).toEqual(['403 role-not-allowed', '404 not-found']);
      must(await settle(dpo), 200);
      expect([await about(), code(await settle(dpo))]).toEqual([[], '404 not-found']);
      expect((await database.query('select 1 from referrals.decoy')).rowCount).toBe(1);
    });
  });

  it('T36 DP-35 any worker shows her what she agreed to and takes it back: as the policies let them, and she finds who looked', async () => {
    const file = await open();
    const consent = String(must(await worker.post('/v1/consent-records', { purpose: 'REFERRAL_DISCLOSURE', categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written', case: file, recipient: foreign }), 201).body['id']);
    must(await worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
    const [aggregate] = (await database.query<{ aggregate: string }>('select aggregate from referrals.reference where ref = $1', [file])).rows;
    const seen = async (): Promise<unknown> => (await database.query('select organisation, role, fields from referrals.audit where command = $1 and kind = $2 and aggregate = $3::uuid order by position', ['consents', 'cas', aggregate?.aggregate])).rows;
    const both = async (by: TestAccount): Promise<string[]> => [code(await by.get(`/v1/cases/${file}/consents`)), code(await by.post(`/v1/cases/${file}/withdraw-consents`, { onBehalfOf: 'PERSON', how: 'in_person' }))];
    // by role, and by a policy of one's own, whatever other role the account has
    for (const by of [account('MEDIA_OFFICER'), account('PARTNER_ADMIN'), account('REINTEGRATION_MANAGER'), account('REINTEGRATION_MANAGER', 'SUPERVISOR')]) expect(await both(by)).toEqual(['403 role-not-allowed', '403 role-not-allowed']);
    expect(await both(account('OPERATOR'))).toEqual(['404 not-found', '404 not-found']);
    expect(await both(instance.account(newRef('org'), 'CASE_WORKER'))).toEqual(['404 not-found', '404 not-found']);
    expect(await seen()).toEqual([]);
    // the house's own copy is whole; who is a party finds what a party finds, under its own name for the case
    const intake = account('SHELTER_INTAKE'), theirs = instance.account(foreign, 'LAWYER');
    const [link] = (await theirs.get('/v1/consent-records?limit=1')).body['items'] as { links: { case: string } }[];
    const party = must(await theirs.get(`${link?.links.case ?? ''}/consents`), 200).body['items'] as Record<string, unknown>[];
    expect(party).toEqual([expect.objectContaining({ state: 'given', purpose: 'REFERRAL_DISCLOSURE', recipient: foreign, createdAt: expect.stringMatching(/:00Z$/) as unknown })]);
    for (const name of ['language', 'medium', 'requestedAt', 'givenAt', 'interpreter']) expect(party[0]).not.toHaveProperty(name);
    expect(must(await intake.get(`/v1/cases/${file}/consents`), 200).body['items']).toEqual([expect.objectContaining({ id: consent, isLiving: true, language: 'ro' })]);
    expect(code(await intake.post(`/v1/cases/${file}/withdraw-consents`, { onBehalfOf: 'PERSON' }))).toBe('422 validation-failed');
    expect(must(await intake.post(`/v1/cases/${file}/withdraw-consents`, { onBehalfOf: 'PERSON', how: 'in_person' }), 200).body['items']).toHaveLength(1);
    const [they, we] = [{ organisation: foreign, role: 'LAWYER', fields: ['consents'] }, { organisation: house, role: 'SHELTER_INTAKE', fields: ['consents'] }];
    expect(await seen()).toEqual([they, we, we]);
    expect(must(await worker.get(`/v1/cases/${file}/accesses`), 200).body['items']).toEqual([they, we, we].map((l) => ({ ...l, at: expect.stringMatching(/:00Z$/) as unknown, about: 'cases', look: 'consents' })));
  });

  it('T18 a receiver that fetches the needs of one person after another is stopped at the quota, and the house whose cases they are is told', async () => {
    const receiver = instance.account(foreign, 'RECEIVER'), head = instance.account(foreign, 'SUPERVISOR');
    const fetched: TestAnswer[] = [];
    for (let n = 0; n <= QUOTA; n += 1) {
      const file = await open();
      const consent = String(must(await worker.post('/v1/consent-records', { purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY', 'NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written', case: file, recipient: foreign }), 201).body['id']);
      must(await worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
      const referral = String(must(await worker.post('/v1/referrals', { case: file, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: foreign, needs: { interpreterLanguage: 'ro' } }), 201).body['id']);
      must(await worker.post(`/v1/referrals/${referral}/send`, {}), 200);
      const [theirs] = (await receiver.get('/v1/referrals?limit=1')).body['items'] as { id: string }[];
      fetched.push(await receiver.get(`/v1/referrals/${theirs?.id ?? ''}/needs`));
    }
    expect(fetched.map(code)).toEqual([...Array.from({ length: QUOTA }, () => '200'), '429 looks-used-up']);
    expect(fetched.at(-1)?.body).not.toHaveProperty('person');
    expect(await alerts(head)).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'LOOKS_USED_UP', account: receiver.subject })]));
    // the house hears that it was looked at so, not by whom
    expect((await alerts(supervisor)).some((a) => a.code === 'LOOKS_USED_UP' && a.account === undefined)).toBe(true);
    // a clock's alert is settled by what it waits for, and by nothing else
    const [clocks] = (await alerts(dpo)).filter((a) => a.account === undefined && a.code !== 'LOOKS_USED_UP') as unknown as { id: string }[];
    if (clocks) expect(code(await dpo.post(`/v1/alerts/${clocks.id}/settle`))).toBe('404 not-found');
  });

  it('T18, T39 envelopes count as looks, however fast they are fetched; who signed in this morning fetches none, and no needs', async () => {
    const [signing, key] = [newEntryKey(), newEnvelopeKey()];
    const [keeper, second] = [instance.account(foreign, 'PARTNER_ADMIN'), instance.account(foreign, 'PARTNER_ADMIN', 'DPO')];
    const entry = proveKey(foreign, key.publicKey, signing);
    const { id } = must(await keeper.post('/v1/recipient-keys', entry), 201).body;
    const { approval } = must(await keeper.post(`/v1/recipient-keys/${String(id)}/confirm-key`, { fingerprint: fingerprintOf(foreign, entry), comparedByVoice: true }), 202).body;
    expect(await since(16, second, 'DPO', 'PARTNER_ADMIN')('POST', `/v1/approvals/${String(approval)}/approve`)).toBe('401 step-up-required');
    must(await second.post(`/v1/approvals/${String(approval)}/approve`), 200);
    const receiver = instance.account(foreign, 'RECEIVER'), hasty = instance.account(foreign, 'RECEIVER');
    const waiting: string[] = [];
    for (let n = 0; n <= QUOTA + 1; n += 1) {
      const file = await open();
      const consent = String(must(await worker.post('/v1/consent-records', { purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY', 'NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written', case: file, recipient: foreign }), 201).body['id']);
      must(await worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
      const referral = String(must(await worker.post('/v1/referrals', { case: file, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: foreign }), 201).body['id']);
      must(await worker.post(`/v1/referrals/${referral}/send`, {}), 200);
      must(await worker.post('/v1/identity-envelopes', { referral }), 201);
      waiting.push(String(((await receiver.get('/v1/referrals?limit=1')).body['items'] as { id: string }[])[0]?.id));
    }
    const collect = (referral: string | undefined, by = receiver): Promise<TestAnswer> => by.post(`/v1/referrals/${referral ?? ''}/disclosure`);
    for (const [method, what] of [['POST', 'disclosure'], ['GET', 'needs']] as const) expect(await since(16, receiver, 'RECEIVER')(method, `/v1/referrals/${waiting[0] ?? ''}/${what}`)).toBe('401 step-up-required');
    for (const referral of waiting.slice(0, QUOTA)) expect(must(await collect(referral), 200).body).toHaveProperty('envelope');
    expect((await collect(waiting[0])).status).toBe(200);
    const refused = await collect(waiting[QUOTA]);
    expect([code(refused), 'envelope' in refused.body]).toEqual(['429 looks-used-up', false]);
    expect(code(await receiver.get(`/v1/referrals/${waiting[QUOTA] ?? ''}/needs`))).toBe('429 looks-used-up');
    // Nothing was handed out, so nothing was fetched.
    expect((await database.query(`select state from referrals.identity_envelope e join referrals.reference r on r.aggregate = e.referral_id::text where r.ref = $1`, [waiting[QUOTA]])).rows).toEqual([{ state: 'waiting' }]);
    expect((await alerts(instance.account(foreign, 'SUPERVISOR'))).filter((a) => a.account === receiver.subject).map((a) => a.code)).toEqual(['LOOKS_USED_UP']);
    const answers = await Promise.all(waiting.map((referral) => collect(referral, hasty)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(QUOTA);
    for (const answer of answers) expect(answer.status === 200).toBe('envelope' in answer.body);
  });

  describe('T38 an emergency (DP-15, U4)', () => {
    const emergency = (id: string, reason: string, by: TestAccount): Promise<TestAnswer> => by.post('/v1/break-glasses', { case: id, reason });
    it('where life is at risk opens one case at once, for half an hour, to look and for nothing else; each look is on record as such', async () => {
      const id = await open(), other = await open();
      const night = account('CASE_WORKER');
      expect(code(await look(id, night))).toBe('404 not-found');
      const opened = must(await emergency(id, 'LIFE_AT_RISK', night), 201);
      expect((await look(id, night)).body).toMatchObject({ person: { givenName: her.givenName } });
      expect((await night.get(`/v1/cases/${id}/timeline`)).status).toBe(200);
      expect(((await night.get('/v1/cases')).body['items'] as { id: string }[]).map((c) => c.id)).toEqual([id]);
      expect(code(await look(other, night))).toBe('404 not-found');
      expect(code(await account('CASE_WORKER').get(`/v1/cases/${id}`))).toBe('404 not-found');
      // to look, not to act
      expect(code(await night.post(`/v1/cases/${id}/close-case`, { reason: 'LEFT_AREA', personInformed: true }))).toBe('404 not-found');
      expect(code(await night.patch(`/v1/cases/${id}`, { person: { phone: '+355600000002' } }, 1))).toBe('404 not-found');
      expect((await audited(night.subject, 'reveal')).map(({ ground }) => ground)).toEqual(['BREAK_GLASS LIFE_AT_RISK']);
      expect((await audited(night.subject, 'look')).map(({ ground }) => ground)).toEqual(['BREAK_GLASS LIFE_AT_RISK', 'BREAK_GLASS LIFE_AT_RISK']);
      // the file's own history shows it to whoever answers for it, and so does her list of who looked, and her copy
      expect(JSON.stringify((await worker.get(`/v1/cases/${id}/timeline`)).body)).toContain('BREAK_GLASS LIFE_AT_RISK');
      const seen = { organisation: house, role: 'CASE_WORKER', about: 'cases', ground: 'BREAK_GLASS LIFE_AT_RISK', at: expect.any(String) as unknown };
      const [looked, revealed] = [{ ...seen, fields: [] }, { ...seen, fields: ['person'] }];
      expect((await worker.get(`/v1/cases/${id}/accesses`)).body['items']).toEqual([{ ...looked, look: 'look' }, { ...revealed, look: 'reveal' }, { ...looked, look: 'look' }]);
      expect(must(await account('DPO').get(`/v1/cases/${id}/access-copy`), 200).body['whoLooked']).toEqual([{ ...looked, what: 'look' }, { ...revealed, what: 'reveal' }, { ...looked, what: 'look' }, expect.objectContaining({ what: 'accessCopy', role: 'DPO' })]);
      // half an hour
      await instance.advance(30 * 60_000 + 1_000);
      expect(code(await look(id, night))).toBe('404 not-found');
      expect((await night.get(`/v1/break-glasses/${String(opened.body['id'])}`)).body).toMatchObject({ state: 'ended' });
    });
    it('opens with the case what belongs to it: to be read, each look on record, nothing to be done with it, and no envelope', async () => {
      const id = await open(), other = await open();
      const consentOf = async (file: string): Promise<string> => String(must(await worker.post('/v1/consent-records', { case: file, purpose: 'REFERRAL_DISCLOSURE', recipient: foreign, categories: ['IDENTITY', 'NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' }), 201).body['id']);
      const [consent, foreignConsent] = [await consentOf(id), await consentOf(other)];
      const alarm = String(must(await worker.post('/v1/safety-alerts', { case: id, reason: 'Somebody asked for her at the door' }), 201).body['id']);
      const night = account('CASE_WORKER');
      const paths = [`/v1/consent-records/${consent}`, `/v1/safety-alerts/${alarm}`];
      for (const path of paths) expect(code(await night.get(path))).toBe('404 not-found');
      expect((await night.get('/v1/safety-alerts')).body['items']).toEqual([]);
      must(await emergency(id, 'LIFE_AT_RISK', night), 201);
      for (const path of paths) {
        expect((await night.get(path)).status).toBe(200);
        expect((await night.get(`${path}/timeline`)).status).toBe(200);
      }
      expect(((await night.get('/v1/safety-alerts')).body['items'] as { id: string }[]).map((a) => a.id)).toEqual([alarm]);
      expect(((await night.get('/v1/consent-records')).body['items'] as { id: string }[]).map((c) => c.id)).toEqual([consent]);
      // before anything was shown, as that and nothing else
      expect((await audited(night.subject, 'look')).map(({ ground }) => ground)).toEqual(Array.from({ length: 4 }, () => 'BREAK_GLASS LIFE_AT_RISK'));
      expect((await night.get(`${paths[1]}?reveal=reason&purpose=ASSISTANCE`)).body).toMatchObject({ reason: 'Somebody asked for her at the door' });
      expect((await audited(night.subject, 'reveal')).map(({ ground }) => ground)).toEqual(['BREAK_GLASS LIFE_AT_RISK']);
      // one case, to look and not to act
      expect(code(await night.get(`/v1/consent-records/${foreignConsent}`))).toBe('404 not-found');
      for (const [path, body] of [[`${paths[0]}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }], [`${paths[1]}/clear`, {}]] as const) expect(code(await night.post(path, body))).toBe('404 not-found');
      expect(code(await night.patch(paths[0] ?? '', {}, 1))).toMatch(/^(404|422|405)/);
      for (const name of ['IdentityEnvelope', 'ExactRelease', 'Recall', 'LegalHold', 'ContinuityCode', 'RightsRequest', 'RecipientKey', 'BreakGlass', 'Export']) expect(openedWithCase.lifecycles).not.toContain(name);
      for (const name of openedWithCase.lifecycles) expect(referralsService.lifecycles.find((l) => l.name === name)?.fields).toHaveProperty('caseId');
      // nobody else, and nobody any more when it is over
      expect(code(await account('CASE_WORKER').get(paths[0] ?? ''))).toBe('404 not-found');
      await database.query("update referrals.break_glass set until = '2020-01-01' where asked_by = $1", [night.subject]);
      for (const path of paths) expect(code(await night.get(path))).toBe('404 not-found');
      expect((await night.get('/v1/safety-alerts')).body['items']).toEqual([]);
    });
    it('is over to the second, also where no clock has rung', async () => {
      const id = await open();
      const night = account('CASE_WORKER');
      must(await emergency(id, 'LIFE_AT_RISK', night), 201);
      await database.query("update referrals.break_glass set until = '2020-01-01' where asked_by = $1", [night.subject]);
      expect(code(await night.get(`/v1/cases/${id}`))).toBe('404 not-found');
      expect(code(await look(id, night))).toBe('404 not-found');
    });
    it('is told to the data protection officer at once, waits for a second word within the hour, and for a review within 72', async () => {
      const id = await open();
      const night = account('CASE_WORKER');
      const glass = `/v1/break-glasses/${String(must(await emergency(id, 'LIFE_AT_RISK', night), 201).body['id'])}`;
      const about = async (): Promise<string[]> => (await alerts(dpo)).filter((a) => a.about === glass.split('/').at(-1)).map((a) => a.code).sort();
      await instance.advance(0);
      expect(await about()).toEqual(['BREAK_GLASS']);
      expect(code(await night.post(`${glass}/confirm-ground`))).toBe('403 role-not-allowed');
      // the next one waits for nobody no longer
      expect(reasons(await emergency(await open(), 'LIFE_AT_RISK', night))).toEqual(['EARLIER_NOT_CONFIRMED']);
      await instance.advance(hours(1) + 1_000);
      expect(await about()).toEqual(['BREAK_GLASS', 'BREAK_GLASS_NOT_CONFIRMED']);
      expect((await supervisor.post(`${glass}/confirm-ground`)).status).toBe(200);
      expect(reasons(await dpo.post(`${glass}/confirm-ground`))).toEqual(['CONFIRMED_ALREADY']);
      expect(await about()).toEqual(['BREAK_GLASS']);
      await instance.advance(hours(72));
      expect(await about()).toEqual(['BREAK_GLASS', 'BREAK_GLASS_NOT_REVIEWED']);
      expect(code(await supervisor.post(`${glass}/review`, { finding: 'JUSTIFIED', personInformed: true }))).toBe('403 role-not-allowed');
      expect(must(await dpo.post(`${glass}/review`, { finding: 'JUSTIFIED', personInformed: true }), 200).body).toMatchObject({ state: 'reviewed' });
      expect(await about()).toEqual([]);
      must(await emergency(await open(), 'LIFE_AT_RISK', night), 201);
    });
    it('for every other reason opens only by a second person, who is another', async () => {
      const id = await open();
      const both = account('CASE_WORKER', 'SUPERVISOR'), night = account('CASE_WORKER');
      const waiting = must(await emergency(id, 'COURT_ORDER', night), 202).body;
      expect(code(await look(id, night))).toBe('404 not-found');
      const approve = (by: TestAccount, approval: unknown): Promise<TestAnswer> => by.post(`/v1/approvals/${String(approval)}/approve`);
      expect(code(await approve(account('CASE_WORKER'), waiting['approval']))).toBe('403 role-not-allowed');
      expect(code(await approve(instance.account(foreign, 'DPO'), waiting['approval']))).toBe('404 not-found');
      must(await approve(dpo, waiting['approval']), 200);
      expect((await look(id, night)).status).toBe(200);
      expect((await audited(night.subject, 'reveal')).map(({ ground }) => ground)).toEqual(['BREAK_GLASS COURT_ORDER']);
      const own = must(await emergency(await open(), 'CHILD_PROTECTION', both), 202).body;
      expect(reasons(await approve(both, own['approval']))).toEqual(['SAME_PERSON']);
      // who gave the second word does not judge it afterwards
      const [glass] = (await dpo.get('/v1/break-glasses?state=open')).body['items'] as { id: string; reason: string }[];
      expect(glass).toMatchObject({ reason: 'COURT_ORDER' });
      must(await supervisor.post(`/v1/break-glasses/${glass?.id ?? ''}/end`), 200);
      expect(code(await look(id, night))).toBe('404 not-found');
      const review = { finding: 'NOT_JUSTIFIED', personInformed: true };
      expect(reasons(await dpo.post(`/v1/break-glasses/${glass?.id ?? ''}/review`, review))).toEqual(['SAME_PERSON']);
      must(await account('DPO').post(`/v1/break-glasses/${glass?.id ?? ''}/review`, review), 200);
    });
    it('by whoever gives the second word signed in now: yes takes that, no never does', async () => {
      const night = account('CASE_WORKER'), early = since(16, supervisor, 'SUPERVISOR');
      const again = '401 step-up-required';
      const waits = async (asked: Promise<TestAnswer>): Promise<string> => `/v1/approvals/${String(must(await asked, 202).body['approval'])}`;
      for (const approval of [await waits(emergency(await open(), 'CHILD_PROTECTION', night)), await waits(night.post('/v1/exports', { neededAndKeptSafe: true }))]) {
        expect(await early('POST', `${approval}/approve`)).toBe(again);
        expect((await supervisor.get(approval)).body).toMatchObject({ state: 'waiting' });
        // who may not hears only that
        expect(await since(16, night, 'CASE_WORKER')('POST', `${approval}/approve`)).toBe('403 role-not-allowed');
        must(await supervisor.post(`${approval}/approve`), 200);
      }
      expect(await early('POST', `${await waits(emergency(await open(), 'COURT_ORDER', account('CASE_WORKER')))}/refuse`)).toBe('200');
      const glass = `/v1/break-glasses/${String(must(await emergency(await open(), 'LIFE_AT_RISK', account('CASE_WORKER')), 201).body['id'])}`;
      expect(await early('POST', `${glass}/confirm-ground`)).toBe(again);
      expect((await supervisor.post(`${glass}/confirm-ground`)).status).toBe(200);
    });
    it('U5: that somebody may be a victim is no reason, and neither is anything else outside the list', async () => {
      const id = await open();
      expect(BreakGlassReason.values).toEqual(['LIFE_AT_RISK', 'COURT_ORDER', 'CHILD_PROTECTION']);
      for (const reason of ['TRAFFICKING_SUSPECTED', 'trafficking suspected', '', 'LIFE_AT_RISK ']) expect(code(await emergency(id, reason, worker))).toBe('422 validation-failed');
      expect(code(await account('CASE_WORKER').post('/v1/break-glasses', { case: id }))).toBe('422 validation-failed');
      expect(reasons(await emergency(id, 'LIFE_AT_RISK', worker))).toEqual(['CASE_IS_YOURS']);
      for (const role of ['DPO', 'OPERATOR', 'PARTNER_ADMIN', 'RECEIVER', 'REFERRER'] as const) expect(code(await emergency(id, 'LIFE_AT_RISK', account(role)))).toBe('403 role-not-allowed');
    });
    it('needs a sign-in of now', async () => {
      const id = await open();
      const token = await instance.issuer.sign({ subject: newRef('acc'), organisation: house, roles: ['CASE_WORKER'] }, { claims: { auth_time: Math.floor(Date.now() / 1000) - 1_000 } });
      const response = await fetch(`${instance.url}/v1/break-glasses`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ case: id, reason: 'LIFE_AT_RISK' }) });
      expect([response.status, (await response.json() as { code: string }).code]).toEqual([401, 'step-up-required']);
    });
    it('G12 opens nothing of another organisation, whoever holds a name of the case, and shows nothing to one', async () => {
      const id = await open();
      const stranger = instance.account(foreign, 'CASE_WORKER', 'SUPERVISOR', 'RECEIVER');
      // unknown and foreign are one answer
      expect((await emergency(id, 'LIFE_AT_RISK', stranger)).body).toEqual({ ...(await emergency(newRef('cas'), 'LIFE_AT_RISK', stranger)).body, requestId: expect.any(String) });
      const theirs = newRef('cas');
      await database.query('insert into referrals.reference (ref, organisation, kind, aggregate) select $1, $2, kind, aggregate from referrals.reference where ref = $3', [theirs, foreign, id]);
      expect(reasons(await emergency(theirs, 'LIFE_AT_RISK', stranger))).toEqual(['NOT_YOUR_CASE']);
      const night = account('CASE_WORKER');
      const glass = String(must(await emergency(id, 'LIFE_AT_RISK', night), 201).body['id']);
      for (const path of [`/v1/cases/${theirs}`, `/v1/cases/${theirs}?reveal=person&purpose=ASSISTANCE`, `/v1/break-glasses/${glass}`]) expect(code(await stranger.get(path))).toBe('404 not-found');
      expect((await stranger.get('/v1/break-glasses')).body['items']).toEqual([]);
      expect(await codesOf(stranger)).not.toContain('BREAK_GLASS');
      // nor with a row that names another organisation's worker: the wall is the case's owner, not the row
      await database.query("update referrals.break_glass set asked_by = $1 where asked_by = $2", [stranger.subject, night.subject]);
      expect(code(await look(theirs, stranger))).toBe('404 not-found');
      // and no event of it exists that could leave
      expect((await database.query("select 1 from bus.event where headers->>'ce_type' ilike '%break%'")).rowCount).toBe(0);
    });
  });

  describe('T38 an export of many', () => {
    it('is allowed by two persons, to one account, once, for 24 hours; then the quota does not count', async () => {
      const own = account('CASE_WORKER');
      const files = await Promise.all(Array.from({ length: QUOTA + 2 }, () => open(own)));
      for (const id of files.slice(0, QUOTA)) await look(id, own);
      expect(code(await look(files[QUOTA] ?? '', own))).toBe('429 looks-used-up');
      const asked = must(await own.post('/v1/exports', { neededAndKeptSafe: true }), 202).body;
      expect(code(await look(files[QUOTA] ?? '', own))).toBe('429 looks-used-up');
      const answer = must(await supervisor.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200);
      const path = `/v1/exports/${String(answer.body['id'])}`;
      // allowed is not begun
      expect(code(await look(files[QUOTA] ?? '', own))).toBe('429 looks-used-up');
      const other = account('CASE_WORKER');
      expect(code(await other.post(`${path}/start`))).toBe('404 not-found');
      expect(reasons(await account('SUPERVISOR').post(`${path}/start`))).toEqual(['NOT_YOURS']);
      must(await own.post(`${path}/start`), 200);
      expect(code(await own.post(`${path}/start`))).toBe('409 transition-not-allowed');
      for (const id of files) expect((await look(id, own)).status).toBe(200);
      // it shows no case that is not theirs
      expect(code(await look(await open(), own))).toBe('404 not-found');
      must(await own.post(`${path}/finish`), 200);
      expect(code(await look(await open(own), own))).toBe('429 looks-used-up');
      expect(code(await own.post(`${path}/start`))).toBe('409 transition-not-allowed');
    });
    it('that is not used in a day lapses, and supervision takes one back', async () => {
      const own = account('CASE_WORKER');
      const allowed = async (): Promise<string> => {
        const { body } = must(await own.post('/v1/exports', { neededAndKeptSafe: true }), 202);
        return `/v1/exports/${String(must(await dpo.post(`/v1/approvals/${String(body['approval'])}/approve`), 200).body['id'])}`;
      };
      const [first, second] = [await allowed(), await allowed()];
      must(await supervisor.post(`${first}/revoke`), 200);
      expect(code(await own.post(`${first}/start`))).toBe('409 transition-not-allowed');
      must(await own.post(`${second}/start`), 200);
      await instance.advance(hours(24) + 1_000);
      expect((await own.get(second)).body).toMatchObject({ state: 'lapsed' });
      expect(reasons(await own.post('/v1/exports', {}))).toEqual(['NEEDED_AND_KEPT_SAFE_NOT_CONFIRMED']);
    });
  });

  it('T10 leaves no name in any sink', async () => { expect(huntLeaks(await instance.sinks(), [her])).toEqual([]); }, 120_000);
});

import { AgreementSigned, ConsentCategory, OrganisationAdded, OrganisationDisabled, PartnerActivated, PartnerTerminated, ReceptionRequested, ReferralSent, ReintegrationProposed, flagsOf, type OrganisationType } from '@footbridge/contracts';
import { newRef, populations } from '@footbridge/privacy';
import { assertUnlinkable, canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { days, hours } from '@footbridge/service';
import { say, speaker, testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { Client } from 'pg';
import { referralsService } from './index.js';

/** Host of everybody here is Albania: 1,000 persons, of whom 40 % speak Albanian. */
const [house, shelter, lawyers, clinic, police] = [newRef('org'), newRef('org'), newRef('org'), newRef('org'), newRef('org')];
const her = canaryPerson(41), { givenName, familyName } = her;
const person = { givenName, familyName, birthDate: '1998-02-01', ageBand: '27-29', gender: 'Feminine', citizenships: ['AL'], languages: ['sq'], interpreterNeeded: false };
const rare = { gender: 'Feminine', ageBand: '27-29', languages: ['fon'], citizenships: ['BJ'], interpreterNeeded: true };

describe('what others learn of a person', () => {
  let instance: TestInstance, database: Client;
  let worker: TestAccount, colleague: TestAccount, supervisor: TestAccount, dpo: TestAccount, desk: TestAccount, legal: TestAccount, nurse: TestAccount;
  const everything: Record<string, unknown[]> = {};

  const recorded = (party: string, account: TestAccount): TestAccount => {
    const keep = async (asked: Promise<TestAnswer>): Promise<TestAnswer> => { const answer = await asked; (everything[party] ??= []).push({ ...answer, headers: [...answer.headers].filter(([name]) => name !== 'date') }); return answer; };
    return { ...account, get: (path, headers) => keep(account.get(path, headers)), post: (path, body, headers) => keep(account.post(path, body, headers)) };
  };
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => (await database.query(sql, [...values])).rows as T[];
  const done = async (asked: Promise<TestAnswer>, status = 200): Promise<Record<string, unknown>> => { const { status: seen, body } = await asked; expect([seen, body]).toEqual([status, expect.anything()]); return body; };
  const newest = async (account: TestAccount, collection: string): Promise<Record<string, unknown>> => ((await account.get(`/v1/${collection}?limit=1`)).body['items'] as Record<string, unknown>[])[0] ?? {};
  const guards = ({ body }: TestAnswer): string[] => ((body['guards'] ?? []) as { guard: string; reason: string }[]).map(({ guard, reason }) => `${guard} ${reason}`);

  const open = async (she: object): Promise<string> => String((await done(worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: she, ageBelief: 'adult' }), 201))['id']);
  const herself = { onBehalfOf: 'PERSON', how: 'in_person' };
  const agreed = async (file: string, recipient: string, categories: readonly string[], purpose = 'REFERRAL_DISCLOSURE'): Promise<string> => {
    const id = String((await done(worker.post('/v1/consent-records', { case: file, purpose, recipient, categories, noticeVersion: '2026-1', language: 'sq', medium: 'written' }), 201))['id']);
    await done(worker.post(`/v1/consent-records/${id}/give`, { ...herself, capacity: true, freely: true }));
    return id;
  };
  /** A referral that is sent; answers how its receiver calls it. */
  const sent = async (file: string, receiver: TestAccount, serviceType: string, more: object = {}): Promise<string> => {
    const id = String((await done(worker.post('/v1/referrals', { case: file, serviceType, priority: 'EMERGENCY', receiver: receiver.organisation, ...more }), 201))['id']);
    expect((await worker.post(`/v1/referrals/${id}/send`, {})).body).toMatchObject({ state: 'sent' });
    return String((await newest(receiver, 'referrals'))['id']);
  };
  const needs = (account: TestAccount, referral: string): Promise<Record<string, unknown>> => done(account.get(`/v1/referrals/${referral}/needs`));
  const withdrawn = (consent: string): Promise<unknown> => done(worker.post(`/v1/consent-records/${consent}/withdraw`, herself));

  beforeAll(async () => {
    instance = await testInstance([referralsService, ...(['notifications', 'shelters', 'returns', 'reintegration'] as const).map(speaker)], { name: 'learn', config: { denyList: { standing: () => 'good' } } });
    database = new Client({ connectionString: instance.databaseUrl });
    await database.connect();
    worker = instance.account(house, 'CASE_WORKER'); colleague = instance.account(house, 'CASE_WORKER'); supervisor = instance.account(house, 'SUPERVISOR'); dpo = instance.account(house, 'DPO');
    desk = recorded('shelter', instance.account(shelter, 'RECEIVER', 'SHELTER_INTAKE', 'RETURN_OFFICER')); legal = recorded('lawyers', instance.account(lawyers, 'RECEIVER', 'LAWYER')); nurse = recorded('clinic', instance.account(clinic, 'RECEIVER', 'CASE_WORKER'));
    for (const [organisation, type] of [[house, 'NGO'], [shelter, 'NGO'], [lawyers, 'LegalService'], [clinic, 'NGO'], [police, 'LawEnforcement']] as readonly (readonly [string, OrganisationType])[]) await say(instance, OrganisationAdded, {}, { organisation, organisationType: type, country: 'AL', version: 1 });
    for (const [organisation, services] of [[shelter, ['shelter', 'psychosocial']], [lawyers, ['legal']], [clinic, ['health', 'psychosocial']], [house, ['basic-needs']]] as const) await say(instance, PartnerActivated, {}, { partner: newRef('ptn'), organisation, state: 'partner_active', version: 1, country: 'AL', ...flagsOf(services) });
    for (const to of [shelter, lawyers, clinic]) await say(instance, AgreementSigned, {}, { agreement: newRef('agr'), from: house, to, until: new Date(Date.now() + days(400)).toISOString().slice(0, 10), version: 1, ...flagsOf(ConsentCategory.values) });
    await waitUntil('the news arrive', async () => (await rows<{ n: string }>('select (select count(*) from referrals.known_agreement) + (select count(*) from referrals.known_organisation) as n'))[0]?.n === '8');
  });
  afterAll(async () => { await database?.end(); await instance?.close(); });

  describe('T28 is counted before it is told', () => {
    it('says less exactly what fits too few, and which fields', async () => {
      const file = await open(rare);
      await agreed(file, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      const answer = await needs(desk, await sent(file, desk, 'shelter', { needs: { interpreterLanguage: 'fon' } }));
      expect(answer).toEqual({ referral: expect.anything() as unknown, categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'], serviceType: 'shelter', person: { gender: 'Feminine', ageBand: '18+', languages: ['language of West Africa'] }, needs: { childUnitNeeded: false, interpreterLanguage: 'language of West Africa' }, generalised: ['ageBand', 'interpreterLanguage', 'interpreterNeeded', 'languages'] });
    });
    it('says it as it is where enough others fit it, and to whom she is named', async () => {
      const [many, named] = [await open({ gender: 'Feminine', languages: ['sq'] }), await open({ ...rare, givenName: person.givenName })];
      await agreed(many, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      const first = await needs(desk, await sent(many, desk, 'shelter'));
      expect([first['person'], first['generalised']]).toEqual([{ gender: 'Feminine', languages: ['sq'] }, undefined]);
      await agreed(named, shelter, ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS']);
      const second = await needs(desk, await sent(named, desk, 'shelter'));
      expect(second).toMatchObject({ person: { languages: ['fon'], ageBand: '27-29', interpreterNeeded: true } });
      expect(second).not.toHaveProperty('generalised');
    });
    it('T29 counts what the same recipient was told of her before, under whatever referral', async () => {
      const file = await open({ gender: 'Feminine', languages: ['en'], ageBand: '27-29' });
      await agreed(file, clinic, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      const one = await sent(file, nurse, 'psychosocial');
      expect(await needs(nurse, one)).toMatchObject({ person: { gender: 'Feminine', languages: ['en'] }, generalised: ['ageBand'] });
      // She says more; what it was told before stands, and leaves no room for another language.
      const { version } = (await worker.get(`/v1/cases/${file}`)).body;
      await done(worker.patch(`/v1/cases/${file}`, { person: { languages: ['en', 'yo'] } }, version));
      const later = await needs(nurse, one);
      expect(later['generalised']).toEqual(['ageBand', 'languages']);
      expect(JSON.stringify(later)).not.toContain('"yo"');
      // Another organisation has learnt nothing yet.
      await agreed(file, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      expect(await needs(desk, await sent(file, desk, 'psychosocial'))).toMatchObject({ person: { ageBand: '27-29' }, generalised: ['languages'] });
    });
    it('T29 lets two looks of the same moment not pass together what neither could after the other', async () => {
      const file = await open({ gender: 'Feminine', languages: ['en'] });
      await agreed(file, clinic, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      const [one, two] = [await sent(file, nurse, 'psychosocial', { needs: { interpreterLanguage: 'ru' } }), await sent(file, nurse, 'health', { needs: { interpreterLanguage: 'vi' } })];
      const said = await Promise.all([needs(nurse, one), needs(nurse, two), needs(nurse, one), needs(nurse, two)]) as { person?: { languages?: string[] }; needs?: { interpreterLanguage?: string } }[];
      const languages = new Set(said.flatMap(({ person: p, needs: n }) => [...p?.languages ?? [], ...n?.interpreterLanguage ? [n.interpreterLanguage] : []]));
      expect(languages.size).toBeGreaterThan(0);
      // All that it ever heard, together.
      expect(populations()('AL').persons(['age=18+', 'gender=Feminine', ...[...languages].map((l) => `language=${l}`)])).toBeGreaterThanOrEqual(11);
      expect((await rows<{ version: number }>(`select version from referrals.learnt where recipient = $1 and subject = (select c.case_ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $2)`, [clinic, file]))[0]?.version).toBe(4);
    });
    it.each([['reintegration', ReintegrationProposed], ['returns', ReceptionRequested]] as const)('T29 counts what %s may have told the same recipient: nothing new is said, but what two persons release and where she is named', async (service, event) => {
      const common = { gender: 'Feminine', languages: ['sq'], givenName: person.givenName };
      const [before, after, named] = [await open(common), await open(common), await open(common)];
      const caseRefOf = async (file: string): Promise<string> => (await rows<{ ref: string }>('select c.case_ref as ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1', [file]))[0]?.ref ?? '';
      for (const file of [before, after]) await agreed(file, clinic, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      await agreed(named, clinic, ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS']);
      const [told, asked, known] = [await sent(before, nurse, 'psychosocial'), await sent(after, nurse, 'psychosocial'), await sent(named, nurse, 'psychosocial')];
      const first = await needs(nurse, told);
      expect(first).toMatchObject({ person: { gender: 'Feminine', languages: ['sq'] } });
      for (const file of [before, after, named]) {
        const [caseRef, subject] = [await caseRefOf(file), newRef(event === ReintegrationProposed ? 'rnt' : 'rcp')];
        await say(instance, event, { recipient: clinic, subject, caseRef, owner: house }, event === ReintegrationProposed ? { reintegrationCase: subject, state: 'proposed', version: 1, from: house, to: clinic } : { receptionPlan: subject, state: 'reception_requested', version: 1, from: house, to: clinic });
        await waitUntil('the other way is known', async () => (await rows('select 1 from referrals.told_elsewhere where case_ref = $1 and recipient = $2 and service = $3', [caseRef, clinic, service])).length === 1);
      }
      // what was said is said again, and no more of it
      expect(await needs(nurse, told)).toEqual(first);
      const nothing = await needs(nurse, asked);
      expect(nothing).toMatchObject({ generalised: ['gender', 'languages'] });
      expect(JSON.stringify(nothing)).not.toMatch(/Feminine|sq"/);
      expect(await needs(nurse, known)).toMatchObject({ person: { gender: 'Feminine', languages: ['sq'] } });
      // another organisation was asked nothing elsewhere
      await agreed(after, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      expect(await needs(desk, await sent(after, desk, 'psychosocial'))).toMatchObject({ person: { gender: 'Feminine', languages: ['sq'] } });
      const { approval } = await done(worker.post('/v1/exact-releases', { case: after, recipient: clinic, fields: ['languages'], reason: 'An interpreter is to be found', neededForHelp: true }), 202);
      await done(supervisor.post(`/v1/approvals/${String(approval)}/approve`));
      expect(await needs(nurse, asked)).toMatchObject({ person: { languages: ['sq'] }, generalised: ['gender'] });
    });
    it('keeps what was learnt sealed under the key of the case', async () => {
      const kept = JSON.stringify(await rows('select * from referrals.learnt'));
      expect(kept).not.toMatch(/Feminine|language|27-29/);
    });
  });

  describe('G7 two persons may release fields as they are', () => {
    it('to one recipient, for a reason, for a time; and nothing else by it', async () => {
      const file = await open(rare);
      const release = { case: file, recipient: shelter, fields: ['languages', 'interpreterLanguage'], reason: 'An interpreter is to be found', neededForHelp: true };
      expect(await worker.post('/v1/exact-releases', release)).toMatchObject({ status: 409, body: { code: 'consent-required', recipient: shelter } });
      await agreed(file, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      await agreed(file, clinic, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      expect(guards(await colleague.post('/v1/exact-releases', release))).toEqual(['ON_CASE NOT_ASSIGNED']);
      expect(guards(await worker.post('/v1/exact-releases', { ...release, fields: [] }))).toEqual(['G7 FIELDS_MISSING']);
      expect(guards(await worker.post('/v1/exact-releases', { ...release, neededForHelp: false }))).toEqual(['G7 NEEDED_FOR_HELP_NOT_CONFIRMED']);
      expect(guards(await worker.post('/v1/exact-releases', { ...release, releasedUntil: new Date(instance.clock.now().getTime() + days(31)).toISOString() }))).toEqual(['G7 VALIDITY_TOO_LONG']);
      const [ours, theirs] = [await sent(file, desk, 'shelter', { needs: { interpreterLanguage: 'fon' } }), await sent(file, nurse, 'psychosocial')];
      const { approval } = await done(worker.post('/v1/exact-releases', release), 202);
      expect(await needs(desk, ours)).toMatchObject({ person: { languages: ['language of West Africa'] } });
      expect((await worker.post(`/v1/approvals/${String(approval)}/approve`)).status).toBe(403);
      await done(supervisor.post(`/v1/approvals/${String(approval)}/approve`));
      const answer = await needs(desk, ours);
      expect(answer).toMatchObject({ person: { gender: 'Feminine', languages: ['fon'] }, needs: { interpreterLanguage: 'fon' }, generalised: ['ageBand', 'interpreterNeeded'] });
      expect(answer).toMatchObject({ person: { ageBand: '18+' } });
      expect(JSON.stringify(await needs(nurse, theirs))).not.toContain('fon');
    });
    it('and it ends: by hand, or with its time', async () => {
      const [file, other] = [await open(rare), await open(rare)];
      for (const [id, end] of [[file, 'hand'], [other, 'time']] as const) {
        await agreed(id, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
        const { approval } = await done(worker.post('/v1/exact-releases', { case: id, recipient: shelter, fields: ['ageBand'], reason: 'x', neededForHelp: true, releasedUntil: new Date(instance.clock.now().getTime() + hours(1)).toISOString() }), 202);
        await done(dpo.post(`/v1/approvals/${String(approval)}/approve`));
        const released = String((await newest(worker, 'exact-releases'))['id']);
        if (end === 'hand') await done(worker.post(`/v1/exact-releases/${released}/end-release`)); else await instance.advance(hours(2));
        expect((await done(worker.get(`/v1/exact-releases/${released}`)))['state']).toBe('ended');
        expect(await needs(desk, await sent(id, desk, 'shelter'))).toMatchObject({ person: { ageBand: '18+' } });
      }
    });
  });

  describe('T13 what it calls a case', () => {
    const nameFor = async (account: TestAccount, purpose: string): Promise<string> => String(((((await account.get('/v1/consent-records?limit=100')).body['items'] as { links: { case?: string }; purpose?: string; id: string }[]).find((c) => c.purpose === purpose))?.links.case ?? '').split('/').at(-1));
    /** As the instance knows it, whatever the recipient is shown. */
    const names = (file: string, organisation: string): Promise<{ ref: string; purpose: string; generation: number; over: boolean }[]> => rows(`select r.ref, r.purpose, r.generation, exists (select from referrals.reference_end e where e.ref = r.ref and e.at <= $3) as over
      from referrals.reference r where r.organisation = $2 and r.kind = 'cas' and r.aggregate = (select aggregate from referrals.reference where ref = $1) order by r.purpose, r.generation`, [file, organisation, instance.clock.now()]);
    const draft = (account: TestAccount, name: string): Promise<TestAnswer> => account.post('/v1/consent-records', { case: name, purpose: 'REFERRAL_DISCLOSURE', recipient: lawyers, categories: ['NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' });

    it('is another name for each purpose, so that they do not join; each is found by it', async () => {
      const file = await open({});
      await agreed(file, shelter, ['NEEDS']);
      await agreed(file, shelter, ['NEEDS'], 'RETURN_ARRANGEMENT');
      const held = await names(file, shelter);
      expect(held.map(({ purpose, over }) => [purpose, over])).toEqual([['REFERRAL_DISCLOSURE', false], ['RETURN_ARRANGEMENT', false]]);
      expect(new Set([file, ...held.map(({ ref }) => ref)]).size).toBe(3);
      for (const { purpose, ref } of held) {
        expect((await draft(desk, ref)).status).toBe(201);
        // A consent names the case as for its own purpose.
        expect((await rows<{ n: string }>(`select count(*) as n from referrals.consent_record`)).length).toBe(1);
        expect(['', ref]).toContain(await nameFor(desk, purpose));
      }
      // Another service learns both.
      await waitUntil('both names are known elsewhere', async () => (await rows(`select from returns.reference where organisation = $1 and ref = any($2)`, [shelter, held.map(({ ref }) => ref)])).length === 2);
    });
    it('ends with the last consent for that purpose, here and elsewhere, and is as if it had never been; a new consent brings a new name', async () => {
      const file = await open({});
      const [one, two] = [await agreed(file, shelter, ['NEEDS'], 'RETURN_ARRANGEMENT'), await agreed(file, shelter, ['NEEDS', 'TRAVEL'], 'RETURN_ARRANGEMENT')];
      await agreed(file, shelter, ['NEEDS']);
      await withdrawn(one);
      expect((await names(file, shelter)).map(({ over }) => over)).toEqual([false, false]);
      const [{ ref: other = '' } = {}, { ref = '' } = {}] = await names(file, shelter);
      expect((await draft(desk, ref)).status).toBe(201);
      await withdrawn(two);
      expect((await names(file, shelter)).map(({ over }) => over)).toEqual([false, true]);
      const [ended, unknown] = [await draft(desk, ref), await draft(desk, newRef('cas'))];
      const plain = ({ status, body: { requestId: _, ...body } }: TestAnswer): unknown => [status, body];
      expect(plain(ended)).toEqual(plain(unknown));
      expect(ended.status).toBe(422);
      expect((await draft(desk, other)).status).toBe(201);
      await waitUntil('it has ended elsewhere', async () => (await rows('select from returns.reference_end where ref = $1', [ref])).length === 1);
      await agreed(file, shelter, ['NEEDS'], 'RETURN_ARRANGEMENT');
      expect((await names(file, shelter)).map(({ purpose, generation, over }) => [purpose, generation, over])).toEqual([['REFERRAL_DISCLOSURE', 1, false], ['RETURN_ARRANGEMENT', 1, true], ['RETURN_ARRANGEMENT', 2, false]]);
      // What was recalled is confirmed all the same.
      const theirs = String(((await desk.get('/v1/consent-records?state=withdrawn&limit=1')).body['items'] as { id: string }[])[0]?.id);
      await done(desk.post('/v1/deletion-confirmations', { consentRecord: theirs, deleted: true }));
    });
    it('is exchanged by two of the owner\'s roles; the old one counts for a week', async () => {
      const file = await open({});
      await agreed(file, shelter, ['NEEDS'], 'RETURN_ARRANGEMENT');
      const [before] = await names(file, shelter);
      expect((await worker.post(`/v1/cases/${file}/rotate-references`, { organisation: shelter })).status).toBe(403);
      expect((await desk.post(`/v1/cases/${file}/rotate-references`, { organisation: shelter })).status).toBe(404);
      expect((await supervisor.post(`/v1/cases/${file}/rotate-references`, { organisation: lawyers })).status).toBe(409);
      expect((await supervisor.post(`/v1/cases/${file}/rotate-references`, { organisation: house })).status).toBe(409);
      expect(await done(supervisor.post(`/v1/cases/${file}/rotate-references`, { organisation: shelter }))).toMatchObject({ organisation: shelter, exchanged: 1 });
      const [old, now] = await names(file, shelter);
      expect([old?.ref, old?.over, now?.generation, now?.over]).toEqual([before?.ref, false, 2, false]);
      for (const name of [old, now]) expect((await draft(desk, String(name?.ref))).status).toBe(201);
      await waitUntil('it is known elsewhere', async () => (await rows('select from returns.reference where ref = $1 and generation = 2', [now?.ref])).length === 1);
      await instance.advance(days(7) + 1_000);
      expect([(await draft(desk, String(old?.ref))).status, (await draft(desk, String(now?.ref))).status]).toEqual([422, 201]);
      expect(((await worker.get(`/v1/cases/${file}/timeline`)).body['items'] as object[])).toEqual(expect.arrayContaining([expect.objectContaining({ command: 'rotateReferences', organisation: house, account: supervisor.subject })]));
    });
    it('ends with the membership of an organisation, and with the organisation', async () => {
      const file = await open({});
      await agreed(file, lawyers, ['NEEDS'], 'LEGAL_REPRESENTATION');
      await agreed(file, clinic, ['NEEDS']);
      await say(instance, PartnerTerminated, { version: 9 }, { partner: newRef('ptn'), organisation: lawyers, state: 'partner_terminated', version: 9 });
      await say(instance, OrganisationDisabled, { version: 9 }, { organisation: clinic, version: 9 });
      await waitUntil('both have ended', async () => [...await names(file, lawyers), ...await names(file, clinic)].every(({ over }) => over));
      await say(instance, PartnerActivated, { version: 10 }, { partner: newRef('ptn'), organisation: lawyers, state: 'partner_active', version: 10, country: 'AL', legal: true });
    });
    it('T04 is none that somebody guesses, forges, or holds for another', async () => {
      const file = await open({});
      await agreed(file, shelter, ['NEEDS']);
      const [{ ref = '' } = {}] = await names(file, shelter);
      const flipped = `${ref.slice(0, 10)}${ref[10] === 'a' ? 'b' : 'a'}${ref.slice(11)}`;
      const answers = await Promise.all([flipped, newRef('cas'), file, ref.toUpperCase()].map((name) => draft(desk, name)));
      expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
      expect((await draft(legal, ref)).status).toBe(422);
    });
  });

  describe('T26 a continuity code', () => {
    const give = async (file: string): Promise<string> => String((await done(worker.post(`/v1/cases/${file}/continuity-code`, { herWish: true }), 201))['code']);
    const show = (code: string, account = nurse): Promise<TestAnswer> => account.post('/v1/continuity-codes/redeem', { code, personPresent: true });
    const helper = (): TestAccount => recorded('clinic', instance.account(clinic, 'CASE_WORKER'));
    const comparable = ({ status, headers, body: { requestId: _, ...body } }: TestAnswer): unknown => [status, body, [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))];

    it('is given by her own worker at her wish, shown once, and kept as a digest that is of no use without the key store', async () => {
      const file = await open({});
      expect(guards(await worker.post(`/v1/cases/${file}/continuity-code`, {}))).toEqual(['herWish HER_WISH_NOT_CONFIRMED']);
      expect((await colleague.post(`/v1/cases/${file}/continuity-code`, { herWish: true })).status).toBe(404);
      const key = { 'idempotency-key': newRef('key') };
      const first = await done(worker.post(`/v1/cases/${file}/continuity-code`, { herWish: true }, key), 201);
      expect(first['code']).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
      const again = await worker.post(`/v1/cases/${file}/continuity-code`, { herWish: true }, key);
      expect([again.status, again.body['code'], again.body['id']]).toEqual([201, undefined, first['id']]);
      const digits = String(first['code']).replaceAll(' ', '');
      for (const table of ['continuity_code', 'audit', 'outbox', 'idempotency', 'continuity_pepper']) expect(JSON.stringify(await rows(`select * from referrals.${table}`))).not.toMatch(new RegExp(`${digits}|${String(first['code'])}`));
    });
    it('introduces two organisations and tells nothing of her; it opens once, and the next takes its place', async () => {
      const file = await open(person);
      const code = await give(file);
      const met = await done(show(code));
      expect(met).toEqual({ case: expect.stringMatching(/^cas_/) as unknown, owner: house, code: expect.stringMatching(/^[\d ]{19}$/) as unknown });
      expect(met['case']).not.toBe(file);
      expect(JSON.stringify(met)).not.toContain(person.givenName);
      expect((await nurse.get(`/v1/cases/${String(met['case'])}`)).status).toBe(404);
      await instance.advance(1_000);
      expect(((await supervisor.get('/v1/alerts')).body['items'] as { code: string }[]).map((a) => a.code)).toContain('CONTINUITY_CODE_USED');
      expect((await show(code, helper())).status).toBe(409);
      expect((await show(String(met['code']), helper())).status).toBe(200);
      // It may ask for her consent, and she says yes with the worker who knows her.
      const asked = await done(nurse.post('/v1/consent-records', { case: met['case'], purpose: 'CASE_TRANSFER', recipient: clinic, categories: ['NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' }), 201);
      expect((await nurse.post(`/v1/consent-records/${String(asked['id'])}/give`, { ...herself, capacity: true, freely: true })).status).toBe(409);
      expect((await desk.post('/v1/consent-records', { case: met['case'], purpose: 'CASE_TRANSFER', recipient: shelter, categories: ['NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' })).status).toBe(422);
    });
    it('that is wrong, used, replaced, revoked, over or erased is answered alike, and two at once open it once', async () => {
      const [used, replaced, revoked, over] = await Promise.all([open({}), open({}), open({}), open({})]);
      const [a, b, c, d] = [await give(used), await give(replaced), await give(revoked), await give(over)];
      const both = await Promise.all([show(a, helper()), show(a, helper())]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
      await give(replaced);
      await done(worker.post(`/v1/continuity-codes/${String((await done(worker.get(`/v1/continuity-codes?caseId=${revoked}&state=issued`)))['items'] && ((await worker.get(`/v1/continuity-codes?caseId=${revoked}&state=issued`)).body['items'] as { id: string }[])[0]?.id)}/revoke-code`));
      await rows(`update referrals.continuity_code set usable_until = $2 where case_id = (select aggregate::uuid from referrals.reference where ref = $1)`, [over, instance.clock.now()]);
      const answers = [];
      for (const code of ['0000 0000 0000 0000', a, b, c, d]) answers.push(comparable(await show(code, helper())));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect((answers[0] as unknown[])[0]).toBe(409);
    });
    it('is tried five times an hour by one account, and that is counted in the database, malformed ones aside', async () => {
      await instance.advance(hours(2));
      const account = helper();
      for (let n = 0; n < 3; n += 1) expect((await show('12', account)).status).toBe(422);
      const tries = await Promise.all(Array.from({ length: 8 }, () => show('1111 2222 3333 4444', account)));
      expect(tries.filter(({ status }) => status === 409).length).toBeLessThanOrEqual(5);
      expect(await show('1111 2222 3333 4444', account)).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
      expect((await show('1111 2222 3333 4444', helper())).status).toBe(409);
      // Of the organisation twenty, whoever tries.
      await rows(`insert into referrals.continuity_attempt (account, organisation, at) select 'acc_x' || n, $1, $2 from generate_series(1, 20) n`, [clinic, instance.clock.now()]);
      expect((await show('1111 2222 3333 4444', helper())).status).toBe(429);
      expect((await show('1111 2222 3333 4444', desk)).status).toBe(409);
      await rows(`insert into referrals.continuity_attempt (account, organisation, at) select 'acc_x' || n, 'org_' || n, $1 from generate_series(1, 200) n`, [instance.clock.now()]);
      expect((await show('1111 2222 3333 4444', desk)).status).toBe(429);
      await instance.advance(hours(1) + 1_000);
      expect((await show('1111 2222 3333 4444', account)).status).toBe(409);
    });
  });

  describe('DP-17, G4 two recipients that pool everything', () => {
    it('T13 find nothing in common of one person; nor does one under two purposes', async () => {
      for (const party of Object.keys(everything)) everything[party] = [];
      const file = await open({ gender: 'Feminine' });
      await agreed(file, shelter, ['AGE_GENDER_LANGUAGE', 'NEEDS']);
      await agreed(file, lawyers, ['AGE_GENDER_LANGUAGE', 'NEEDS', 'LEGAL']);
      for (const [account, service] of [[desk, 'shelter'], [legal, 'legal']] as const) {
        const id = await sent(file, account, service);
        await needs(account, id);
        for (const path of [`/v1/referrals/${id}`, `/v1/referrals/${id}/timeline`, '/v1/referrals?limit=1', '/v1/consent-records?limit=1', '/v1/alerts', `/v1/cases/${file}`]) await account.get(path);
        await account.post(`/v1/referrals/${id}/acknowledge`);
      }
      const heard = async (organisation: string): Promise<unknown[]> => (await rows<{ headers: Record<string, string>; body: Buffer }>(`select headers, body from bus.event where headers->>'ce_recipient' = $1 and headers->>'ce_type' = $2 order by "offset" desc limit 1`, [organisation, ReferralSent.type]))
        .map(({ headers, body }) => ({ id: headers['ce_id'], time: headers['ce_time'], subject: headers['ce_subject'], data: JSON.parse(body.toString()) as unknown }));
      await waitUntil('both are told', async () => (await heard(shelter)).length + (await heard(lawyers)).length === 2);
      const known = [house, shelter, lawyers, clinic];
      const views = { shelter: [...everything['shelter'] ?? [], ...await heard(shelter)], lawyers: [...everything['lawyers'] ?? [], ...await heard(lawyers)] };
      expect(views.shelter.length).toBeGreaterThan(8);
      expect(assertUnlinkable(views, { known })).toBeGreaterThan(40);
      // That the search sees: the same person under one name would be found.
      expect(() => assertUnlinkable({ ...views, lawyers: [...views.lawyers, { ref: file }], shelter: [...views.shelter, [`see ${file}`]] }, { known })).toThrow('LINKED');
    });
    it('nor do the two parties of one referral, whom it goes through the same moments', async () => {
      const officer = recorded('police', instance.account(police, 'REFERRER'));
      for (const party of Object.keys(everything)) everything[party] = [];
      const theirs = String((await done(officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', owner: house }), 201))['id']);
      const file = String((await newest(supervisor, 'cases'))['id']);
      await done(supervisor.post(`/v1/cases/${file}/assign`, { account: worker.subject }));
      await agreed(file, shelter, ['NEEDS']);
      const brought = String((await done(officer.post('/v1/referrals', { case: theirs, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: shelter }), 201))['id']);
      expect((await officer.post(`/v1/referrals/${brought}/send`, {})).body).toMatchObject({ state: 'sent' });
      const asked = String((await newest(desk, 'referrals'))['id']);
      for (const command of ['acknowledge', 'accept']) await done(desk.post(`/v1/referrals/${asked}/${command}`));
      for (const [account, id] of [[desk, asked], [officer, brought]] as const) for (const path of [`/v1/referrals/${id}`, `/v1/referrals/${id}/timeline`, '/v1/referrals?limit=1']) await account.get(path);
      expect((everything['police'] ?? []).length + (everything['shelter'] ?? []).length).toBeGreaterThan(10);
      assertUnlinkable({ police: everything['police'], shelter: everything['shelter'] }, { known: [house, shelter, police] });
    });
  });

  it('T10 leaves no name in any sink', async () => { expect(huntLeaks(await instance.sinks(), [her])).toEqual([]); }, 120_000);
});

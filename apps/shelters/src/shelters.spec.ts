import { CaseAnonymised, ClearanceChanged, IntakeRegistered, PartnerActivated, ReferralAccepted, ReferralSent, ReferralWithdrawn, SafetyAlertRaised, CaseOpened } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { huntLeaks } from '@footbridge/privacy/testing';
import { columnsOfTable, hours } from '@footbridge/service';
import { say, speaker, testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { sheltersService } from './index.js';

const address = { street: 'Zyxqua 1', city: 'Vrmttburg' };
const house = (units: object[], more: object = {}): object => ({ publicName: 'House by the lake', country: 'AL', region: 'AL-11', profiles: ['women', 'children', 'men'], languages: ['sq'], units, address, ...more });
const ready = { confidentialityUndertakingsSigned: true, complaintChannelInPlace: true, medicalContactDayAndNight: true, securityPlanInPlace: true };
const explained = { explainedInOwnLanguage: true, consentsRecorded: true, firstAssessmentDone: true, belongingsReceipted: true };
const reasons = (answer: TestAnswer): string[] => (answer.body['guards'] as { reason: string }[] | undefined)?.map((g) => g.reason) ?? [String(answer.body['state'] ?? answer.body['code'])];

describe('shelters, on real Postgres and over HTTP', () => {
  let instance: TestInstance, admin: pg.Client;
  let manager: TestAccount, intake: TestAccount, dpo: TestAccount, referrer: TestAccount, seeker: TestAccount, stranger: TestAccount, otherHouse: TestAccount;
  const [org, ngo, other] = [newRef('org'), newRef('org'), newRef('org')];
  beforeAll(async () => {
    instance = await testInstance([sheltersService, speaker('referrals'), speaker('notifications')], { name: 'shelters', config: { denyList: { standing: () => 'good' } } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    [manager, intake, dpo] = [instance.account(org, 'SHELTER_MANAGER'), instance.account(org, 'SHELTER_INTAKE'), instance.account(org, 'DPO')];
    [referrer, seeker, stranger, otherHouse] = [instance.account(ngo, 'CASE_WORKER'), instance.account(ngo, 'CASE_WORKER', 'RECEIVER'), instance.account(newRef('org'), 'CASE_WORKER', 'SHELTER_INTAKE'), instance.account(other, 'SHELTER_MANAGER', 'SHELTER_INTAKE')];
    for (const [organisation, n] of [[ngo, 1], [other, 2]] as const) await say(instance, PartnerActivated, { version: n }, { partner: newRef('ptn'), organisation, state: 'partner_active', version: n, country: 'AL', shelter: true });
    await waitUntil('partners are known', async () => (await admin.query('select from shelters.known_partner')).rowCount === 2);
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  const open = async (units: object[], by = manager): Promise<string> => {
    const made = await by.post('/v1/shelters', house(units));
    expect([made.status, made.body['state']]).toEqual([201, 'registered']);
    await by.post(`/v1/shelters/${String(made.body['id'])}/open-shelter`, ready);
    return String(made.body['id']);
  };
  const arrival = (): string => new Date(instance.clock.now().getTime() + hours(2)).toISOString();
  const hold = (shelter: string, more: object = {}, by = intake): Promise<TestAnswer> => by.post('/v1/bed-reservations', { shelter, unit: 'A', expectedArrival: arrival(), ...more });
  const capacity = async (shelter: string): Promise<Record<string, unknown>> => ((await manager.get(`/v1/shelters/${shelter}/capacity`)).body['items'] as Record<string, unknown>[])[0] ?? {};

  interface Known { referral: string; theirs: string; ours: string; caseRef: string }
  const referral = async (event: typeof ReferralSent | typeof ReferralAccepted = ReferralSent, from = ngo, to = org, caseRef: string = newRef('csr')): Promise<Known> => {
    const [referral, theirs, ours] = [randomUUID(), newRef('rfr'), newRef('rfr')];
    const data = { state: event === ReferralSent ? 'sent' : 'accepted', version: 2, priority: 'EMERGENCY', serviceType: 'shelter', from, to, dueAt: '2026-11-25T03:06:00Z' };
    for (const [copy, recipient, subject] of [[0, from, theirs], [1, to, ours]] as const) await say(instance, event, { aggregate: referral, version: 2, copy, recipient, subject, caseRef, owner: from }, { referral: subject, ...data });
    await waitUntil('the referral is known', async () => (await admin.query('select from shelters.reference where aggregate = $1', [referral])).rowCount === 2 && (await admin.query('select from shelters.known_referral where referral = $1', [referral])).rowCount === 1);
    return { referral, theirs, ours, caseRef };
  };
  const clear = async (caseRef: string, step = 'PLACEMENT'): Promise<void> => {
    await say(instance, ClearanceChanged, { caseRef, owner: ngo }, { case: caseRef, step, cleared: true, version: 1 });
    await waitUntil(`${step} is cleared`, async () => (await admin.query('select from shelters.known_clearance where case_ref = $1 and step = $2', [caseRef, step])).rowCount === 1);
  };
  const events = async (aggregate: string): Promise<{ type: string; recipient: string | null; about: string | null; data: Record<string, unknown> }[]> =>
    (await admin.query<{ headers: Record<string, string>; body: Buffer }>("select headers, body from bus.event where headers->>'ce_aggregate' = $1 order by at", [aggregate])).rows.map(({ headers, body }) => ({ type: String(headers['ce_type']).split('.')[2] ?? '', recipient: headers['ce_recipient'] ?? null, about: headers['ce_about'] ?? null, data: JSON.parse(body.toString()) as Record<string, unknown> }));
  const idOf = async (ref: unknown): Promise<string> => (await admin.query<{ aggregate: string }>('select aggregate from shelters.reference where ref = $1', [ref])).rows[0]?.aggregate ?? '';

  it('has the tables that its lifecycles declare', async () => {
    for (const l of sheltersService.lifecycles) {
      const { rows } = await admin.query<{ name: string; type: string }>("select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = ('shelters.' || $1)::regclass and attnum > 0", [l.name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()]);
      expect(Object.fromEntries(rows.map(({ name, type }) => [name, type === 'timestamp with time zone' ? 'timestamptz' : type]))).toEqual(Object.fromEntries(columnsOfTable(l)));
    }
  });

  describe('a shelter', () => {
    it('opens when everything is in place, and keeps its address to itself', async () => {
      const made = await manager.post('/v1/shelters', house([{ code: 'A', profile: 'women', total: 4 }]));
      expect(await manager.post(`/v1/shelters/${String(made.body['id'])}/open-shelter`, {})).toMatchObject({ status: 409, body: { guards: [{ guard: 'SEED 5(i)' }, {}, {}, {}] } });
      expect(JSON.stringify(made.body)).not.toMatch(/Zyxqua|Vrmtt/);
      expect((await otherHouse.get(`/v1/shelters/${String(made.body['id'])}`)).status).toBe(404);
      expect((await manager.get(`/v1/shelters/${String(made.body['id'])}?reveal=address&purpose=SHELTER_PLACEMENT`)).body['address']).toEqual(address);
    });
    it('declares sound units only', async () => {
      expect(reasons(await manager.post('/v1/shelters', house([{ code: 'A', profile: 'women', total: 4 }, { code: 'A', profile: 'men', total: 1 }])))).toEqual(['UNITS_NOT_SOUND']);
      expect(reasons(await manager.post('/v1/shelters', house([{ code: 'A', profile: 'women', total: 1, outOfService: 2 }])))).toEqual(['UNITS_NOT_SOUND']);
    });
    it('is not suspended before its residents are moved', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      expect((await dpo.post(`/v1/shelters/${shelter}/suspend-shelter`)).body['state']).toBe('shelter_suspended');
      expect(reasons(await hold(shelter))).toEqual(['SHELTER_NOT_OPEN']);
    });
    it('tells the network where it is no nearer than its region, and what it can offer in a band', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 9 }, { code: 'B', profile: 'men', total: 2 }]);
      await manager.post(`/v1/shelters/${shelter}/limit-admissions`, { limitedTo: ['men'] });
      await manager.post(`/v1/shelters/${shelter}/close-admissions`);
      const at = { shelter, organisation: org, country: 'AL', region: 'AL-11' };
      const told = async (): Promise<object[]> => (await events(await idOf(shelter))).filter((e) => ['shelter-opened', 'shelter-admissions-limited', 'shelter-admissions-closed'].includes(e.type)).map((e) => e.data);
      await waitUntil('all is told', async () => (await told()).length === 3);
      expect(await told()).toEqual([{ ...at, state: 'open', band: 'available' }, { ...at, state: 'limited', band: 'few' }, { ...at, state: 'admissions_closed', band: 'full' }]);
    });
    it('cannot declare away a bed that is in use', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 2 }]);
      expect((await hold(shelter)).body['state']).toBe('held');
      const { version } = (await manager.get(`/v1/shelters/${shelter}`)).body;
      expect(reasons(await manager.patch(`/v1/shelters/${shelter}`, { units: [{ code: 'A', profile: 'women', total: 2, outOfService: 2 }] }, version))).toEqual(['CAPACITY']);
      expect((await manager.patch(`/v1/shelters/${shelter}`, { units: [{ code: 'A', profile: 'women', total: 2, outOfService: 1 }] }, version)).status).toBe(200);
      expect(await capacity(shelter)).toEqual({ code: 'A', profile: 'women', total: 2, occupied: 0, held: 1, outOfService: 1, free: 0 });
      expect((await hold(shelter)).body).toMatchObject({ state: 'refused_bed', refusal: 'CAPACITY' });
    });
  });

  describe('a bed', () => {
    it('the last one is held for exactly one of 200 who ask at once', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 28, outOfService: 27 }]);
      const answers = await Promise.all(Array.from({ length: 200 }, () => hold(shelter)));
      const count = (state: string): number => answers.filter((a) => a.status === 201 && a.body['state'] === state).length;
      expect([count('held'), count('refused_bed')]).toEqual([1, 199]);
      expect(answers.filter((a) => a.body['state'] === 'refused_bed').every((a) => a.body['refusal'] === 'CAPACITY')).toBe(true);
      expect(await capacity(shelter)).toMatchObject({ held: 1, occupied: 0, free: 0 });
    }, 120_000);
    it('is counted whatever writes it: the check is the database\'s', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const held = await hold(shelter);
      const id = await idOf(held.body['id']);
      await admin.query('begin');
      await admin.query("insert into shelters.bed_reservation (id, owner, organisations, state, version, created_at, updated_at, shelter, unit) select gen_random_uuid(), owner, organisations, 'held', 1, now(), now(), shelter, unit from shelters.bed_reservation where id = $1", [id]);
      await expect(admin.query('commit')).rejects.toMatchObject({ constraint: 'bed__capacity' });
      await admin.query("update shelters.bed_reservation set state = 'released' where id = $1", [id]);
      expect(await capacity(shelter)).toMatchObject({ held: 0, free: 1 });
      const { pool } = instance.services.get('shelters')!;
      await expect(pool.query("update unit set held = 0")).rejects.toMatchObject({ code: '42501' });
    });
    it('that does not fit is refused by CRITERIA, and the house may refuse by itself', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 3 }]);
      expect((await hold(shelter, { profile: 'men' })).body).toMatchObject({ state: 'refused_bed', refusal: 'CRITERIA' });
      expect((await hold(shelter, { unit: undefined, profile: 'men' })).body).toMatchObject({ state: 'refused_bed', refusal: 'CRITERIA' });
      expect((await hold(shelter, { refuse: 'CRITERIA' })).body).toMatchObject({ state: 'refused_bed', refusal: 'CRITERIA' });
      await manager.post(`/v1/shelters/${shelter}/limit-admissions`, { limitedTo: ['children'] });
      expect((await hold(shelter)).body).toMatchObject({ state: 'refused_bed', refusal: 'CRITERIA' });
      expect(reasons(await hold(shelter, { expectedArrival: '2020-01-01T00:00:00Z' }))).toEqual(expect.arrayContaining(['ARRIVAL_IN_THE_PAST']));
    });
    it('for a referral: its sender is told by name, warned an hour before the end, and may let go of it', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 3 }]);
      const r = await referral();
      const held = await hold(shelter, { referral: r.ours });
      expect(held).toMatchObject({ status: 201, body: { state: 'held', referrer: ngo } });
      const id = await idOf(held.body['id']);
      await waitUntil('the sender is told', async () => (await events(id)).length === 1);
      const [told] = await events(id);
      expect(told).toMatchObject({ type: 'bed-held', recipient: ngo, about: r.referral, data: { referral: r.theirs, shelter, state: 'held' } });
      const theirs = String(told?.data['bedReservation']);
      expect(theirs).not.toBe(held.body['id']);
      expect((await stranger.get(`/v1/bed-reservations/${theirs}`)).status).toBe(404);
      await instance.advance(hours(7.5));
      expect((await referrer.get('/v1/shelters-alerts')).body['items']).toMatchObject([{ code: 'BED_HOLD_LAPSES_SOON', about: theirs }]);
      expect((await referrer.post(`/v1/bed-reservations/${theirs}/release`, {})).body['state']).toBe('released');
      expect(await capacity(shelter)).toMatchObject({ held: 0 });
      expect((await referrer.get('/v1/shelters-alerts')).body['items']).toEqual([]);
    });
    it('lapses 6 hours after the expected arrival, 48 hours at most', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 3 }]);
      const soon = await hold(shelter);
      const late = await hold(shelter, { expectedArrival: new Date(instance.clock.now().getTime() + hours(100)).toISOString() });
      const left = (a: TestAnswer): number => Math.round((Date.parse(String(a.body['dueAt'])) - instance.clock.now().getTime()) / hours(1));
      expect([left(soon), left(late)]).toEqual([8, 48]);
      await instance.advance(hours(9));
      expect((await intake.get(`/v1/bed-reservations/${String(soon.body['id'])}`)).body['state']).toBe('lapsed');
      expect(await capacity(shelter)).toMatchObject({ held: 1 });
    });
    it('is let go when the referral is withdrawn', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const r = await referral();
      const held = await hold(shelter, { referral: r.ours });
      await say(instance, ReferralWithdrawn, { aggregate: r.referral, version: 3, recipient: ngo, subject: r.theirs, caseRef: r.caseRef, owner: ngo }, { referral: r.theirs, state: 'withdrawn', version: 3, priority: 'EMERGENCY', from: ngo, to: org });
      await waitUntil('the bed is free', async () => (await intake.get(`/v1/bed-reservations/${String(held.body['id'])}`)).body['state'] === 'released');
      expect(await capacity(shelter)).toMatchObject({ held: 0, free: 1 });
      expect(reasons(await hold(shelter, { referral: r.ours }))).toEqual(['REFERRAL_NOT_OPEN']);
    });
    it('cannot be consumed by itself', async () => {
      const held = await hold(await open([{ code: 'A', profile: 'women', total: 1 }]));
      expect(reasons(await intake.post(`/v1/bed-reservations/${String(held.body['id'])}/consume`))).toEqual(['NOT_ADMITTED']);
    });
  });

  describe('an anonymous request', () => {
    const ask = (shelters: string[]): Promise<TestAnswer> => seeker.post('/v1/bed-requests', { shelters, priority: 'EMERGENCY', profile: 'women', partySize: 1, languages: ['sq'], neededFrom: arrival() });
    it('goes to several houses; the first hold wins, and the same bed is kept for the referral that follows', async () => {
      const [here, there] = [await open([{ code: 'A', profile: 'women', total: 1 }]), await open([{ code: 'A', profile: 'women', total: 1 }], otherHouse)];
      const asked = await ask([here, there]);
      expect(asked).toMatchObject({ status: 201, body: { state: 'asked', can: ['withdrawRequest'] } });
      const request = await idOf(asked.body['id']);
      await waitUntil('both are asked', async () => (await events(request)).length === 2);
      const refOf = async (organisation: string): Promise<string> => String((await events(request)).find((e) => e.recipient === organisation)?.data['bedRequest']);
      expect((await events(request)).find((e) => e.recipient === other)?.data).toMatchObject({ shelter: there, priority: 'EMERGENCY' });
      expect((await intake.get(`/v1/bed-requests/${await refOf(org)}`)).body).toMatchObject({ profile: 'women', partySize: 1, languages: ['sq'] });
      // G7: what few have in common comes with her consent only; who asked keeps what was written
      for (const [said, told] of [[{ partySize: 7, languages: ['ti-ER', 'byn', 'xyz'] }, { partySize: 4, languages: ['language of East or Southern Africa', 'another language'] }], [{ partySize: 2, languages: ['sq-AL'] }, { partySize: 3, languages: ['sq'] }]] as const) {
        const rare = String((await seeker.post('/v1/bed-requests', { shelters: [here], priority: 'NORMAL', profile: 'families', accessNeeded: true, neededFrom: arrival(), ...said })).body['id']);
        await waitUntil('the house is asked', async () => (await events(await idOf(rare))).length === 1);
        const theirs = String((await events(await idOf(rare)))[0]?.data['bedRequest']);
        expect((await intake.get(`/v1/bed-requests/${theirs}`)).body).toMatchObject({ ...told, accessNeeded: true });
        expect(((await intake.get('/v1/bed-requests')).body['items'] as { id: string }[]).find(({ id }) => id === theirs)).toMatchObject(told);
        expect((await seeker.get(`/v1/bed-requests/${rare}`)).body).toMatchObject(said);
        await seeker.post(`/v1/bed-requests/${rare}/withdraw-request`);
      }
      const both = [hold(here, { bedRequest: await refOf(org) }), hold(there, { bedRequest: await refOf(other) }, otherHouse)];
      const answers = await Promise.all(both);
      expect(answers.filter((a) => a.body['state'] === 'held')).toHaveLength(1);
      expect(reasons(answers.find((a) => a.body['state'] !== 'held') as TestAnswer)).toEqual(['SUPERSEDED']);
      await waitUntil('the request is answered', async () => (await seeker.get(`/v1/bed-requests/${String(asked.body['id'])}`)).body['state'] === 'answered');
      const winner = answers[0]?.body['state'] === 'held' ? { org, by: intake, answer: answers[0] } : { org: other, by: otherHouse, answer: answers[1] as TestAnswer };
      const r = await referral(ReferralSent, ngo, winner.org);
      expect((await winner.by.post(`/v1/bed-reservations/${String(winner.answer.body['id'])}/referral`, { referral: r.ours })).status).toBe(200);
      const bed = await idOf(winner.answer.body['id']);
      await waitUntil('the referral has its bed', async () => (await events(bed)).some((e) => e.about === r.referral && e.data['referral'] === r.theirs));
      // the search is over; the bed is that person's now
      expect((await seeker.post(`/v1/bed-requests/${String(asked.body['id'])}/withdraw-request`)).body['state']).toBe('request_withdrawn');
      await waitUntil('both hear it', async () => (await events(request)).filter((e) => e.type === 'bed-request-withdrawn').length === 2);
      const another = await ask([here]);
      await seeker.post(`/v1/bed-requests/${String(another.body['id'])}/withdraw-request`);
      await waitUntil('what came later was looked at', async () => (await events(await idOf(another.body['id']))).some((e) => e.type === 'bed-request-withdrawn'));
      expect((await winner.by.get(`/v1/bed-reservations/${String(winner.answer.body['id'])}`)).body['state']).toBe('held');
    });
    it('that is withdrawn after a bed was held lets go of the bed', async () => {
      const house_ = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const asked = await ask([house_]);
      const request = await idOf(asked.body['id']);
      await waitUntil('the house is asked', async () => (await events(request)).length === 1);
      const held = await hold(house_, { bedRequest: (await events(request))[0]?.data['bedRequest'] });
      await waitUntil('the request is answered', async () => (await seeker.get(`/v1/bed-requests/${String(asked.body['id'])}`)).body['state'] === 'answered');
      await seeker.post(`/v1/bed-requests/${String(asked.body['id'])}/withdraw-request`);
      await waitUntil('the bed is free', async () => (await capacity(house_))['free'] === 1);
      expect((await intake.get(`/v1/bed-reservations/${String(held.body['id'])}`)).body).toMatchObject({ state: 'released', releasedFor: 'ADMINISTRATIVE' });
    });
    it('that nobody answers within 30 minutes comes back to whoever asked', async () => {
      await ask([await open([{ code: 'A', profile: 'women', total: 1 }])]);
      await instance.advance(hours(0.6));
      expect(((await seeker.get('/v1/shelters-alerts')).body['items'] as { code: string }[]).map((a) => a.code)).toContain('BED_REQUEST_UNANSWERED');
    });
    it('is for verified partners, and for shelters that take people in', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      expect(reasons(await stranger.post('/v1/bed-requests', { shelters: [shelter], priority: 'NORMAL', profile: 'women', partySize: 1, languages: ['sq'], neededFrom: arrival() }))).toEqual(['NOT_A_VERIFIED_PARTNER']);
      await manager.post(`/v1/shelters/${shelter}/close-admissions`);
      expect(reasons(await ask([shelter]))).toEqual(['SHELTER_NOT_OPEN']);
    });
  });

  describe('the directory', () => {
    it('shows supply in bands of the last full hour, to verified partners only', async () => {
      const shelter = await open([{ code: 'A', profile: 'children', total: 2 }, { code: 'B', profile: 'men', total: 9 }]);
      const find = async (query: string): Promise<Record<string, unknown> | undefined> => ((await seeker.get(`/v1/shelter-directory?${query}`)).body['items'] as Record<string, unknown>[]).find((s) => s['shelter'] === shelter);
      await instance.advance(hours(1));
      await waitUntil('the hour\'s bands are published', async () => Object.keys((await find('country=AL'))?.['bands'] as object).length === 2);
      expect(await find('country=AL&profile=children&language=sq&band=few')).toEqual({ shelter, organisation: org, publicName: 'House by the lake', country: 'AL', region: 'AL-11', profiles: ['women', 'children', 'men'], languages: ['sq'], admissions: 'open', bands: { children: 'few', men: 'available' } });
      expect(await find('country=GR')).toBeUndefined();
      expect(await find('profile=children&band=available')).toBeUndefined();
      for (let i = 0; i < 2; i += 1) await hold(shelter, { expectedArrival: new Date(instance.clock.now().getTime() + hours(40)).toISOString() });
      expect((await find('country=AL'))?.['bands']).toEqual({ children: 'few', men: 'available' });
      await instance.advance(hours(1));
      await waitUntil('the next hour is published', async () => ((await find('country=AL'))?.['bands'] as Record<string, string>)['children'] === 'full');
      expect((await stranger.get('/v1/shelter-directory')).status).toBe(409);
      expect((await instance.account(ngo, 'ORIGIN_OFFICE').get('/v1/shelter-directory')).status).toBe(403);
      expect((await seeker.get('/v1/shelter-directory?street=x')).status).toBe(422);
      const published = (await events(await idOf(shelter))).filter((e) => e.type === 'capacity-band-published');
      expect(published.at(-1)?.data).toEqual({ shelter, organisation: org, country: 'AL', region: 'AL-11', profile: expect.any(String), band: expect.stringMatching(/^(available|few|full)$/) });
    });
  });

  describe('G11 T30 T31 S-17 an observer that looks all the time', () => {
    it('learns of no admission before the full hour, of none by the order of the news, and hears as much where nothing has changed', async () => {
      const [quiet, busy] = [await open([{ code: 'A', profile: 'women', total: 9 }]), await open([{ code: 'A', profile: 'women', total: 4 }, { code: 'B', profile: 'men', total: 4 }])];
      const ids = [await idOf(quiet), await idOf(busy)];
      const seen = async (): Promise<string> => {
        const [directory, live, openapi] = await Promise.all([seeker.get('/v1/shelter-directory?country=AL'), seeker.get('/livez'), seeker.get(`/v1/shelters/${busy}/capacity`)]);
        const lines = (directory.body['items'] as { shelter: string }[]).filter(({ shelter: s }) => s === quiet || s === busy);
        const told = [...directory.headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name));
        return JSON.stringify([lines, told, live.body, openapi.status, await published()]);
      };
      const published = async (): Promise<unknown[]> => (await Promise.all(ids.map((id) => events(id)))).map((list) => list.filter(({ type }) => type === 'capacity-band-published').map(({ data }) => data));
      const bands = async (): Promise<number> => ((await published()) as unknown[][]).flat().length;
      await instance.advance(hours(1));
      await waitUntil('an hour is published', async () => (await bands()) >= 3);
      const before = await seen();
      for (let n = 0; n < 4; n += 1) {
        await hold(busy, { profile: 'women', expectedArrival: new Date(instance.clock.now().getTime() + hours(40)).toISOString() });
        expect(await seen()).toBe(before);
      }
      // One event a unit and hour, whether it has changed or not: what a full house sends is what an empty one sends.
      const count = await bands();
      await instance.advance(hours(1));
      await waitUntil('the next hour is published', async () => (await bands()) === count + 3);
      expect(((await published())[1] as { profile: string; band: string }[]).slice(-2).map(({ profile, band }) => `${profile} ${band}`).sort()).toEqual(['men available', 'women full']);
      for (const event of (await Promise.all(ids.map((id) => events(id)))).flat().filter(({ type }) => type === 'capacity-band-published')) expect(JSON.stringify(event.data)).not.toMatch(/\d{4}-\d\d-\d\d/);
    });
  });

  describe('a stay', () => {
    const arrived = (shelter: string, r: Known): Promise<TestAnswer> => intake.post('/v1/stays', { shelter, referral: r.ours, arrival: 'REFERRAL', arrivedAt: instance.clock.now().toISOString() });
    const moveIn = async (shelter: string, more: object = {}): Promise<{ stay: string; r: Known }> => {
      const r = await referral(ReferralAccepted);
      await clear(r.caseRef);
      const opened = await arrived(shelter, r);
      expect([opened.status, opened.body['state']]).toEqual([201, 'intake_pending']);
      const admitted = await intake.post(`/v1/stays/${String(opened.body['id'])}/admit`, { unit: 'A', ownFreeWill: true, securityCheckDone: true, ...more });
      expect([admitted.status, admitted.body['state'], reasons(admitted)]).toEqual([200, 'admitted', ['admitted']]);
      return { stay: String(opened.body['id']), r };
    };
    it('begins with the bed that was kept, in one transaction, and tells whoever sent her', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const r = await referral(ReferralAccepted);
      await clear(r.caseRef);
      const held = await hold(shelter, { referral: r.ours });
      const opened = await arrived(shelter, r);
      const stay = String(opened.body['id']);
      expect(reasons(await intake.post(`/v1/stays/${stay}/admit`, { securityCheckDone: true }))).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED']);
      expect(reasons(await intake.post(`/v1/stays/${stay}/admit`, { ownFreeWill: true }))).toEqual(['SECURITY_CHECK_DONE_NOT_CONFIRMED']);
      expect((await intake.post(`/v1/stays/${stay}/admit`, { ownFreeWill: true, securityCheckDone: true })).body).toMatchObject({ state: 'admitted', unit: 'A' });
      expect((await intake.get(`/v1/bed-reservations/${String(held.body['id'])}`)).body['state']).toBe('consumed');
      expect(await capacity(shelter)).toMatchObject({ occupied: 1, held: 0, free: 0 });
      const id = await idOf(stay);
      await waitUntil('the referrer is told', async () => (await events(id)).filter((e) => e.type === 'person-admitted').length === 2);
      const told = (await events(id)).filter((e) => e.type === 'person-admitted');
      expect(told.find((e) => e.recipient === ngo)).toMatchObject({ about: r.referral, data: { referral: r.theirs, state: 'admitted' } });
      expect(told.find((e) => e.recipient === null)).toMatchObject({ about: r.referral });
      // a reference, but no window into the house
      expect((await referrer.get(`/v1/stays/${String(told.find((e) => e.recipient === ngo)?.data['stay'])}`)).status).toBe(404);
    });
    it('is not admitted without clearance, nor into a house that is full', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const r = await referral(ReferralAccepted);
      const stay = String((await arrived(shelter, r)).body['id']);
      const refused = await intake.post(`/v1/stays/${stay}/admit`, { unit: 'A', ownFreeWill: true, securityCheckDone: true });
      expect([reasons(refused), refused.headers.get('retry-after')]).toEqual([['PLACEMENT_NOT_CLEARED'], '2']);
      await clear(r.caseRef);
      await hold(shelter);
      expect(reasons(await intake.post(`/v1/stays/${stay}/admit`, { unit: 'A', ownFreeWill: true, securityCheckDone: true }))).toEqual(['CAPACITY']);
      expect((await manager.post(`/v1/stays/${stay}/do-not-admit`, { reason: 'CAPACITY', safeAlternativeArranged: true })).body['state']).toBe('not_admitted');
      const id = await idOf(stay);
      await waitUntil('the intake learns the neutral reason', async () => (await events(id)).some((e) => e.type === 'intake-not-admitted' && e.data['reason'] === 'CAPACITY'));
    });
    it('that is not admitted lets go of the bed that was kept', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const r = await referral(ReferralAccepted);
      const held = await hold(shelter, { referral: r.ours });
      const stay = String((await arrived(shelter, r)).body['id']);
      expect((await manager.post(`/v1/stays/${stay}/do-not-admit`, { reason: 'CRITERIA', safeAlternativeArranged: true })).body['state']).toBe('not_admitted');
      expect([(await intake.get(`/v1/bed-reservations/${String(held.body['id'])}`)).body['state'], await capacity(shelter)]).toEqual(['released', expect.objectContaining({ held: 0, free: 1 })]);
    });
    it('is seen by who works in the house, and by nobody who only administers it or speaks for it', async () => {
      const { stay } = await moveIn(await open([{ code: 'A', profile: 'women', total: 1 }]));
      for (const role of ['PARTNER_ADMIN', 'OPERATOR', 'MEDIA_OFFICER', 'RECEIVER'] as const) {
        const other_ = instance.account(org, role);
        expect([role, (await other_.get(`/v1/stays/${stay}`)).status, (await other_.get(`/v1/stays/${stay}/timeline`)).status, (await other_.get('/v1/stays')).body['items']]).toEqual([role, 404, 404, []]);
      }
      const lawyer = instance.account(org, 'LAWYER');
      expect((await lawyer.get('/v1/stays')).body['items']).toEqual([]);
      expect((await lawyer.post(`/v1/stays/${stay}/exit`, { onBehalfOf: 'PERSON', how: 'in_person' })).body['state']).toBe('exited');
    });
    it('of a child is known by its guardian, whatever bed it sleeps in; of an adult nobody else decides', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 3 }]);
      const [adult, child] = [await referral(ReferralAccepted), await referral(ReferralAccepted)];
      for (const r of [adult, child]) await clear(r.caseRef);
      await clear(child.caseRef, 'GUARDIAN');
      const [hers, its] = [String((await arrived(shelter, adult)).body['id']), String((await arrived(shelter, child)).body['id'])];
      const admit = (stay: string, by: object): Promise<TestAnswer> => intake.post(`/v1/stays/${stay}/admit`, { unit: 'A', securityCheckDone: true, ...by });
      expect(reasons(await admit(hers, { guardianOrAuthorityDecided: true }))).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED']);
      expect(reasons(await admit(its, { ownFreeWill: true }))).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED']);
      expect([(await admit(hers, { ownFreeWill: true })).body['state'], (await admit(its, { guardianOrAuthorityDecided: true })).body['state']]).toEqual(['admitted', 'admitted']);
      expect(reasons(await intake.post(`/v1/stays/${its}/exit`, { onBehalfOf: 'PERSON', how: 'in_person' }))).toEqual(['GUARDIAN_DECIDES']);
      expect((await intake.post(`/v1/stays/${its}/exit`, { onBehalfOf: 'GUARDIAN', how: 'written' })).body['state']).toBe('exited');
    });
    it('by police in an emergency holds for 24 hours, without waiting for news, until the person decides', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const [caseRef, cas, about, sty, int] = [newRef('csr'), newRef('cas'), randomUUID(), newRef('sty'), newRef('int')];
      await say(instance, CaseOpened, { caseRef, owner: org }, { case: caseRef, state: 'active', version: 1, ownerCase: cas });
      await say(instance, IntakeRegistered, { caseRef, owner: org, about }, { intake: int, case: caseRef, shelter, stay: sty, organisation: org, emergencyPlacement: true });
      await waitUntil('the stay is there under the name it was given', async () => (await intake.get(`/v1/stays/${sty}`)).status === 200);
      expect((await intake.get(`/v1/stays/${sty}`)).body).toMatchObject({ state: 'intake_pending', arrival: 'EMERGENCY_PLACEMENT', links: { case: `/v1/cases/${cas}` } });
      // when she came stays in the house: the desk writes it down, not the moment of the news
      expect((await intake.get(`/v1/stays/${sty}`)).body).not.toHaveProperty('arrivedAt');
      const [came, ahead] = [-hours(1), hours(1)].map((ms) => new Date(instance.clock.now().getTime() + ms).toISOString());
      expect(reasons(await intake.post(`/v1/stays/${sty}/admit`, { unit: 'A', securityCheckDone: true, arrivedAt: ahead }))).toEqual(['NOT_YET_ARRIVED']);
      const admitted = await intake.post(`/v1/stays/${sty}/admit`, { unit: 'A', securityCheckDone: true, arrivedAt: came });
      expect(admitted.body).toMatchObject({ state: 'admitted', arrivedAt: came });
      expect(reasons(await intake.patch(`/v1/stays/${sty}`, { arrivedAt: ahead }, admitted.body['version']))).toEqual(['NOT_YET_ARRIVED']);
      expect((await intake.patch(`/v1/stays/${sty}`, { arrivedAt: new Date(Date.parse(String(came)) - 60_000).toISOString() }, admitted.body['version'])).status).toBe(200);
      await instance.advance(hours(24.5));
      expect(((await intake.get('/v1/shelters-alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === sty).map((a) => a.code)).toEqual(['EMERGENCY_PLACEMENT_ENDS']);
      expect(reasons(await intake.post(`/v1/stays/${sty}/complete-intake`, explained))).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED']);
      expect((await intake.post(`/v1/stays/${sty}/complete-intake`, { ...explained, ownFreeWill: true })).body['state']).toBe('resident');
    });
    it('is refused to the intake where the house is not in use', async () => {
      const shelter = String((await manager.post('/v1/shelters', house([{ code: 'A', profile: 'women', total: 1 }]))).body['id']);
      const [caseRef, about] = [newRef('csr'), randomUUID()];
      await say(instance, IntakeRegistered, { caseRef, owner: org, about }, { intake: newRef('int'), case: caseRef, shelter, stay: newRef('sty'), organisation: org, emergencyPlacement: false });
      await waitUntil('the intake is told', async () => (await events(about)).some((e) => e.type === 'intake-refused' && e.data['reason'] === 'SERVICE_UNAVAILABLE'));
    });
    it('ends whenever an adult wants it to, whatever stands open; what is hers is then owed to her', async () => {
      const shelter = await open([{ code: 'A', profile: 'women', total: 1 }]);
      const { stay, r } = await moveIn(shelter);
      await say(instance, SafetyAlertRaised, { caseRef: r.caseRef, owner: ngo }, { case: r.caseRef, safetyAlert: newRef('alr'), version: 1 });
      await waitUntil('the alert is known', async () => (await admin.query('select from shelters.known_safety_alert where case_ref = $1', [r.caseRef])).rowCount === 1);
      expect(reasons(await manager.post(`/v1/stays/${stay}/plan-exit`, { exitType: 'RETURN', safetyPlanMade: true }))).toEqual(['SAFETY_ALERT_OPEN']);
      expect(reasons(await manager.post(`/v1/stays/${stay}/exit`, {}))).toEqual(['DOCUMENTS_AND_BELONGINGS_HANDED_OVER_NOT_CONFIRMED']);
      expect((await intake.post(`/v1/stays/${stay}/exit`, { onBehalfOf: 'PERSON', how: 'in_person' })).body['state']).toBe('exited');
      expect(await capacity(shelter)).toMatchObject({ occupied: 0, free: 1 });
      await instance.advance(1_000);
      expect(((await intake.get('/v1/shelters-alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === stay).map((a) => a.code)).toEqual(['BELONGINGS_OWED']);
    });
    it('of a child ends by the guardian\'s decision; missing, the authority is told at once', async () => {
      const shelter = await open([{ code: 'A', profile: 'children', total: 3 }]);
      const { stay, r } = await moveIn(shelter, { ownFreeWill: undefined, guardianOrAuthorityDecided: true });
      await clear(r.caseRef, 'GUARDIAN');
      expect(reasons(await intake.post(`/v1/stays/${stay}/exit`, { onBehalfOf: 'PERSON', how: 'in_person' }))).toEqual(['GUARDIAN_DECIDES']);
      expect(reasons(await manager.post(`/v1/stays/${stay}/report-missing`, {}))).toEqual(['CHILD_AUTHORITY_INFORMED_NOT_CONFIRMED']);
      expect((await manager.post(`/v1/stays/${stay}/report-missing`, { childAuthorityInformed: true })).body['state']).toBe('missing');
      await instance.advance(1_000);
      expect(((await manager.get('/v1/shelters-alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === stay).map((a) => a.code)).toEqual(['RESIDENT_MISSING']);
      expect((await intake.post(`/v1/stays/${stay}/record-back`, { personIsBack: true })).body['state']).toBe('resident');
      expect((await intake.post(`/v1/stays/${stay}/exit`, { onBehalfOf: 'GUARDIAN', how: 'written' })).body['state']).toBe('exited');
    });
    it('has its intake completed within 72 hours', async () => {
      const { stay } = await moveIn(await open([{ code: 'A', profile: 'women', total: 1 }]));
      await instance.advance(hours(73));
      expect(((await intake.get('/v1/shelters-alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === stay).map((a) => a.code)).toEqual(['INTAKE_NOT_COMPLETED']);
    });
    it('keeps belongings and health notes sealed', async () => {
      const { stay } = await moveIn(await open([{ code: 'A', profile: 'women', total: 1 }]));
      const { version } = (await intake.get(`/v1/stays/${stay}`)).body;
      const changed = await intake.patch(`/v1/stays/${stay}`, { healthNotes: 'Qwrtzalk needs rest', belongings: ['one blue bag'] }, version);
      expect([changed.status, JSON.stringify(changed.body).includes('Qwrtzalk')]).toEqual([200, false]);
      const { rows } = await admin.query<{ row: string }>('select to_jsonb(s)::text as row from shelters.stay s where id = $1', [await idOf(stay)]);
      expect(rows[0]?.row).not.toContain('Qwrtzalk');
      expect((await intake.get(`/v1/stays/${stay}?reveal=healthNotes,belongings&purpose=ASSISTANCE`)).body).toMatchObject({ healthNotes: 'Qwrtzalk needs rest', belongings: ['one blue bag'] });
    });
    it('in two houses is sealed under two keys; both are destroyed with the case', async () => {
      const { stay: first, r } = await moveIn(await open([{ code: 'A', profile: 'women', total: 1 }]));
      const there = await open([{ code: 'A', profile: 'women', total: 1 }], otherHouse);
      const again = await referral(ReferralAccepted, ngo, other, r.caseRef);
      const second = String((await otherHouse.post('/v1/stays', { shelter: there, referral: again.ours, arrival: 'REFERRAL', arrivedAt: instance.clock.now().toISOString() })).body['id']);
      for (const [who, stay, healthNotes] of [[intake, first, 'Qwrtzalk here'], [otherHouse, second, 'Qwrtzalk there']] as const) {
        const { version } = (await who.get(`/v1/stays/${stay}`)).body;
        expect((await who.patch(`/v1/stays/${stay}`, { healthNotes }, version)).status).toBe(200);
        expect((await who.get(`/v1/stays/${stay}?reveal=healthNotes&purpose=ASSISTANCE`)).body['healthNotes']).toBe(healthNotes);
      }
      const keys = async (): Promise<unknown[]> => (await admin.query<{ owner: string }>('select owner from shelters.subject_key where subject = $1', [r.caseRef])).rows.map(({ owner }) => owner).sort();
      expect(await keys()).toEqual([org, other].sort());
      const aggregate = await say(instance, CaseAnonymised, { caseRef: r.caseRef, owner: ngo, version: 9 }, { case: r.caseRef, state: 'anonymised', version: 9 });
      await waitUntil('the others are told', async () => (await events(aggregate)).some((e) => e.type === 'case-erased-by-shelters' && e.data['case'] === r.caseRef));
      expect(await keys()).toEqual([]);
      const after = await otherHouse.get(`/v1/stays/${second}?reveal=healthNotes&purpose=ASSISTANCE`);
      expect([after.status, JSON.stringify(after.body).includes('Qwrtzalk')]).toEqual([200, false]);
    });
  });

  it('T10 leaves neither the address of a house nor a word about who is in it in any sink', async () => {
    expect(huntLeaks(await instance.sinks(), [{ name: 'the house', values: { ...address, notes: 'Qwrtzalk' } }])).toEqual([]);
  }, 120_000);
});

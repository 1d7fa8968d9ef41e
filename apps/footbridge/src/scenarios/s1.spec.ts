import { CapacityBandPublished, ReferralSent, ShelterAdmissionsClosed, ShelterAdmissionsLimited, ShelterOpened, after, deadlines, referralDeadlines } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { waitUntil, type TestAccount } from '@footbridge/testing';
import { Inbox } from '../demo/inbox.js';
import { idOf, must, reaches, soon } from '../demo/world.js';
import { Scene, alerts, changes, items, newest, only, refusal, type Item, type Organisation } from './scene.fixture.js';

/** Invented, and unmistakable where they should not be. */
const [arta, adult, prifti, house, nurse] = [canaryPerson(11), canaryPerson(12), canaryPerson(13), canaryPerson(14), canaryPerson(15)] as const;
const residents = Array.from({ length: 26 }, (_, n) => canaryPerson(100 + n));
const DAY = 86_400_000;

describe('S1. Albania: 28-bed shelter, police referral, child with guardian', () => {
  let scene: Scene, police: Organisation, authority: Organisation, shelter: Organisation, national: Organisation, nest: Organisation;
  let officer: TestAccount, worker: TestAccount, head: TestAccount, duty: TestAccount, desk: TestAccount, manager: TestAccount, investigator: TestAccount, seeker: TestAccount, father: TestAccount;
  let shl1: string;
  const [shelterHook, nestHook] = [new Inbox(), new Inbox()];
  /** As each party calls it. */
  let cs1: string, cs1Police: string, ga1: string, i1: string, k1: string, ra1: string, r1: string, r1Police: string, r1Shelter: string, b1: string, t1: string;
  let r2: string, r2Shelter: string;

  const capacity = async (): Promise<Readonly<Record<'total' | 'occupied' | 'held' | 'outOfService', number>>> => {
    const units = must(await manager.get(`/v1/shelters/${shl1}/capacity`), 200, 'capacity')['items'] as readonly Record<string, number>[];
    const sum = (name: string): number => units.reduce((all, unit) => all + (unit[name] ?? 0), 0);
    return { total: sum('total'), occupied: sum('occupied'), held: sum('held'), outOfService: sum('outOfService') };
  };
  const hold = (referral: string | undefined, profile: string, arrival: Date): ReturnType<TestAccount['post']> => soon(() => desk.post('/v1/bed-reservations', { shelter: shl1, profile, ...(referral ? { referral } : {}), expectedArrival: arrival.toISOString() })) as ReturnType<TestAccount['post']>;
  /** Events of persons on the instance's topics: everything but watermarks, bands and clearances. */
  const told = async (recipient?: string): Promise<number> => Number((await scene.rows<{ n: string }>(`select count(*) as n from bus.event where headers->>'ce_type' like 'footbridge.%' and headers->>'ce_type' !~ 'watermark|capacity-band|clearance-changed' and ($1::text is null or headers->>'ce_recipient' = $1)`, [recipient ?? null]))[0]?.n);

  beforeAll(async () => {
    scene = await Scene.begin('s1', 1);
    await Promise.all([shelterHook.start(), nestHook.start()]);
    police = await scene.organisation('POL-AL', 'LawEnforcement', 'AL');
    national = await scene.organisation('National authority', 'CentralGovernmentOrganisation', 'AL');
    authority = await scene.partner('CA-AL', 'LocalGovernmentOrganisation', 'AL', ['child-protection']);
    shelter = await scene.partner('SH-AL-01', 'NGO', 'AL', ['shelter'], ['women', 'children']);
    nest = await scene.partner('Nest', 'NGO', 'AL', ['basic-needs']);
    await scene.agreement(authority, shelter);
    [officer, investigator] = [police.account('REFERRER'), national.account('COMPETENT_AUTHORITY')];
    [worker, head, duty] = [authority.account('CASE_WORKER'), authority.account('SUPERVISOR'), authority.account('CHILD_AUTHORITY')];
    seeker = nest.account('CASE_WORKER');
    [desk, manager] = [shelter.account('SHELTER_INTAKE', 'RECEIVER'), shelter.account('SHELTER_MANAGER')];
    father = scene.recorded('father', scene.instance.account(newRef('org'), 'REFERRER', 'CASE_WORKER', 'PARTNER_ADMIN'));
    const [own, network] = [await scene.subscribe(shelter.account('PARTNER_ADMIN'), shelterHook.url, [ReferralSent.type]), await scene.subscribe(nest.account('PARTNER_ADMIN'), nestHook.url, [CapacityBandPublished, ShelterOpened, ShelterAdmissionsLimited, ShelterAdmissionsClosed].map((e) => e.type))];
    [shelterHook.secret, nestHook.secret] = [own.secret, network.secret];
    const registered = must(await soon(() => manager.post('/v1/shelters', {
      publicName: 'SH-AL-01', country: 'AL', region: 'AL-11', profiles: ['women', 'children'], languages: ['sq', 'en'], address: { street: house.address, city: house.familyName }, phone: house.phone,
      units: [{ code: 'A', profile: 'women', total: 25 }, { code: 'B', profile: 'children', total: 3, outOfService: 1 }],
    })), 201, 'shelter');
    shl1 = idOf(registered);
    must(await manager.post(`/v1/shelters/${shl1}/open-shelter`, { confidentialityUndertakingsSigned: true, complaintChannelInPlace: true, medicalContactDayAndNight: true, securityPlanInPlace: true }), 200, 'open');
    // Twenty-five women by their own will, and one child whom police brought for the night.
    const moveIn = async (n: number): Promise<void> => {
      const isChild = n === 25;
      const { givenName, familyName, phone } = residents[n] ?? arta;
      const taken = must(await soon(() => desk.post('/v1/intakes', { shelter: shl1, arrivedAt: scene.instance.clock.now().toISOString(), source: { kind: isChild ? 'POLICE' : 'SELF' }, ageBelief: isChild ? 'child' : 'adult', person: { givenName, familyName, phone } })), 202, 'intake');
      await reaches(desk, `/v1/intakes/${idOf(taken)}`, 'opened');
      must(await soon(() => desk.post(`/v1/stays/${String(taken['stay'])}/admit`, { profile: isChild ? 'children' : 'women', securityCheckDone: true, ...(isChild ? {} : { ownFreeWill: true }) })), 200, 'admission');
    };
    for (let n = 0; n < residents.length; n += 4) await Promise.all(residents.slice(n, n + 4).map((_, i) => moveIn(n + i)));
    await scene.at(0, '02:00');
  }, 120_000);
  afterAll(async () => { await Promise.all([shelterHook.stop(), nestHook.stop()]); await scene?.close(); });

  it('Initial: SHL1 open, totalBeds 28, occupied 26, outOfService 1, held 0', async () => {
    expect(must(await manager.get(`/v1/shelters/${shl1}`), 200, 'shelter')['state']).toBe('open');
    expect(await capacity()).toEqual({ total: 28, occupied: 26, outOfService: 1, held: 0 });
  });

  it('1. D0 02:10 Police officer meets Arta ("I am 17"), opens a case, writes no story', async () => {
    await scene.at(0, '02:10');
    const opened = must(await soon(() => officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'child', unaccompanied: true })), 201, 'case');
    cs1Police = idOf(opened);
    expect(opened['state']).toBe('active');
    // It is never theirs: it waits in the queue of the country's body for children (decisions 3).
    expect((await officer.get(`/v1/cases/${cs1Police}`)).status).toBe(404);
    expect(await items(officer, '/v1/cases')).toEqual([]);
    cs1 = only(await items(head, '/v1/cases')).id;
    expect(cs1).not.toBe(cs1Police);
    [i1, ga1] = [only(await items(head, `/v1/identifications?caseId=${cs1}`)).id, only(await items(head, `/v1/guardian-appointments?caseId=${cs1}`)).id];
    expect(await changes(head, `/v1/cases/${cs1}`)).toEqual(['∅→active']);
    expect(await changes(head, `/v1/identifications/${i1}`)).toEqual(['∅→unscreened']);
    expect(await changes(head, `/v1/guardian-appointments/${ga1}`)).toEqual(['∅→required']);
    // M1: a child without any proof.
    expect(must(await head.get(`/v1/cases/${cs1}?reveal=isChild,person&purpose=ASSISTANCE`), 200, 'isChild')).toMatchObject({ isChild: true });
  });

  it('2. D0 02:11 CA-AL duty officer is alerted and asks for a guardian', async () => {
    await scene.at(0, '02:11');
    await waitUntil('the duty officer is alerted', async () => (await alerts(duty)).some(({ code, about }) => code === 'GUARDIAN_REQUIRED' && about === ga1));
    must(await head.post(`/v1/cases/${cs1}/assign`, { account: worker.subject }), 200, 'assignment');
    expect(refusal(await worker.post(`/v1/guardian-appointments/${ga1}/request-appointment`, {}))).toEqual(['M2 AUTHORITY_NOTIFIED_NOT_CONFIRMED']);
    must(await worker.post(`/v1/guardian-appointments/${ga1}/request-appointment`, { authorityNotified: true }), 200, 'request');
    expect(await changes(worker, `/v1/guardian-appointments/${ga1}`)).toEqual(['∅→required', 'required→requested']);
    expect((await alerts(duty)).map(({ code }) => code)).not.toContain('GUARDIAN_NOT_REQUESTED'); // within 1 h
    await waitUntil('a guardian is needed', async () => (await alerts(duty)).some(({ code, about }) => code === 'GUARDIAN_NEEDED' && about === ga1));
  });

  it('3. D0 02:20 Police try to place her on the father\'s telephone approval plus their own request', async () => {
    await scene.at(0, '02:20');
    const before = await told();
    // What police can ask for at all is a referral. Beds and stays are the shelter's, and no word of a father is a guardian's.
    const tried = await officer.post('/v1/referrals', { case: cs1Police, serviceType: 'shelter', priority: 'EMERGENCY', receiver: shelter.organisation });
    expect(tried.status).toBe(409);
    expect((await officer.post('/v1/stays', { shelter: shl1, case: cs1Police, arrival: 'EMERGENCY_PLACEMENT', arrivedAt: scene.instance.clock.now().toISOString() })).status).toBe(403);
    expect((await officer.post('/v1/bed-reservations', { shelter: shl1, profile: 'children', expectedArrival: scene.moment(0, '04:00').toISOString() })).status).toBe(403);
    expect(await items(officer, '/v1/referrals')).toEqual([]);
    expect(await items(worker, `/v1/referrals?caseId=${cs1}`)).toEqual([]);
    expect(await told()).toBe(before);
    // What stands against it is named to those who answer for her; police get a neutral word (decisions 21). The attempt stays on record.
    expect(refusal(tried)).toEqual(['ADMINISTRATIVE ADMINISTRATIVE']);
    const trail = must(await worker.get(`/v1/cases/${cs1}/timeline`), 200, 'trail')['items'] as readonly Record<string, unknown>[];
    expect(trail.at(-1)).toMatchObject({ command: 'draftReferral', from: 'active', to: 'active', organisation: police.organisation, account: officer.subject, role: 'REFERRER', ground: 'REFUSED M5' });
    expect(await changes(worker, `/v1/cases/${cs1}`)).toEqual(['∅→active']);
  });

  it('4. D0 02:50 CA-AL appoints Ms Prifti', async () => {
    await scene.at(0, '02:50');
    const appoint = (more: object): ReturnType<TestAccount['post']> => duty.post(`/v1/guardian-appointments/${ga1}/appoint-interim`, { guardian: { name: `${prifti.givenName} ${prifti.familyName}`, phone: prifti.phone }, independent: true, screened: true, ...more });
    expect(refusal(await appoint({}))).toEqual(['M4 NO_CONFLICT_NOT_CONFIRMED']);
    must(await appoint({ noConflict: true }), 200, 'interim guardian');
    expect((await changes(worker, `/v1/guardian-appointments/${ga1}`)).at(-1)).toBe('requested→interim');
    // M4: who has checked for a conflict of interest, and that it was checked, is stored.
    const trail = must(await duty.get(`/v1/guardian-appointments/${ga1}/timeline`), 200, 'trail')['items'] as readonly Record<string, unknown>[];
    expect(trail.at(-1)).toMatchObject({ command: 'appointInterim', role: 'CHILD_AUTHORITY', account: duty.subject, fields: expect.arrayContaining(['noConflict', 'independent', 'screened']) as unknown });
  });

  it('5. D0 03:00 CA-AL worker assesses transfer risk; Arta says what she wants; guardian consents to disclosure to SH-AL-01 only', async () => {
    await scene.at(0, '03:00');
    const born = `${scene.moment(0, '03:00').getUTCFullYear() - 16}-01-15`;
    must(await worker.patch(`/v1/cases/${cs1}`, { person: { givenName: arta.givenName, familyName: arta.familyName, phone: arta.phone, birthDate: born, birthDateCertainty: 'stated', gender: 'Feminine', citizenships: ['AL'], languages: ['sq'], interpreterNeeded: false } }, must(await worker.get(`/v1/cases/${cs1}`), 200, 'case')['version']), 200, 'what she tells of herself');
    ra1 = idOf(must(await worker.post('/v1/risk-assessments', { case: cs1, type: 'TRANSFER', ownView: `${arta.givenName} fears somebody at home`, ownViewAsked: true }), 201, 'risk'));
    must(await worker.post(`/v1/risk-assessments/${ra1}/complete-assessment`, { level: 'MEDIUM', plan: 'own car, side door', allCovered: true }), 200, 'risk assessed');
    expect(await changes(worker, `/v1/risk-assessments/${ra1}`)).toEqual(['∅→draft', 'draft→completed']);
    k1 = idOf(must(await soon(() => worker.post('/v1/consent-records', { case: cs1, purpose: 'REFERRAL_DISCLOSURE', recipient: shelter.organisation, categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' })), 201, 'consent'));
    const give = (more: object): ReturnType<TestAccount['post']> => worker.post(`/v1/consent-records/${k1}/give`, { onBehalfOf: 'GUARDIAN', how: 'in_person', capacity: true, freely: true, bestInterestsAssessed: true, ...more });
    expect(refusal(await give({}))).toEqual(['M6 CHILD_VIEWS_MISSING']);
    expect(refusal(await give({ childAgrees: false }))).toEqual(['M6 CHILD_DISAGREES']); // guardian yes and child no is no
    expect(refusal(await give({ childAgrees: true, bestInterestsAssessed: false }))).toEqual(['M7 BEST_INTERESTS_NOT_ASSESSED']);
    expect(refusal(await give({ onBehalfOf: 'PERSON', childAgrees: true }))).toEqual(['M3 GUARDIAN_REQUIRED']);
    must(await give({ childAgrees: true, childWords: `I want to sleep where he cannot find me, says ${arta.givenName}` }), 200, 'consent given');
    expect(await changes(worker, `/v1/consent-records/${k1}`)).toEqual(['∅→requested', 'requested→given']);
    expect(must(await worker.get(`/v1/consent-records/${k1}?reveal=childAgrees,childWords,givenBy&purpose=ASSISTANCE`), 200, 'views')).toMatchObject({ childAgrees: true, childWords: expect.stringContaining('I want to sleep') as unknown, givenBy: 'GUARDIAN' });
    expect(must(await worker.get(`/v1/cases/${cs1}/recipients`), 200, 'recipients')['items']).toEqual([expect.objectContaining({ recipient: shelter.organisation })]); // SH-AL-01 only
  });

  it('6. D0 03:05 EMERGENCY referral to SH-AL-01', async () => {
    await scene.at(0, '03:05');
    const before = shelterHook.delivered.length;
    r1 = idOf(must(await worker.post('/v1/referrals', { case: cs1, serviceType: 'shelter', priority: 'EMERGENCY', receiver: shelter.organisation, referrer: police.organisation, needs: { interpreterLanguage: 'sq' } }), 201, 'draft'));
    const sent = must(await soon(() => worker.post(`/v1/referrals/${r1}/send`, {})), 200, 'send');
    expect(await changes(worker, `/v1/referrals/${r1}`)).toEqual(['∅→draft', 'draft→sent']);
    const { body, headers } = await waitUntil('the webhook', () => shelterHook.delivered[before]);
    r1Shelter = String(body['subject']);
    const dueAt = after(new Date(String(sent['sentAt'])), referralDeadlines.decision.EMERGENCY).toISOString();
    expect(Date.parse(dueAt) - Date.parse(String(sent['sentAt']))).toBe(DAY);
    expect(body).toEqual({
      specversion: '1.0', id: headers['webhook-id'], source: 'footbridge', type: ReferralSent.type, time: expect.stringMatching(/T03:0\d:00Z$/) as unknown, subject: r1Shelter,
      data: { referral: r1Shelter, state: 'sent', version: 2, priority: 'EMERGENCY', serviceType: 'shelter', from: authority.organisation, to: shelter.organisation, dueAt: `${dueAt.slice(0, 16)}:00Z` },
    });
    expect([shelterHook.unsigned, new Set([r1, r1Shelter, cs1, cs1Police]).size]).toEqual([0, 4]);
    // Child unit and language, and nothing else: not her age, her name or why (DP-31).
    expect(must(await soon(() => desk.get(`/v1/referrals/${r1Shelter}/needs`)), 200, 'needs')).toEqual({
      referral: r1Shelter, categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'], serviceType: 'shelter',
      person: { gender: 'Feminine', languages: ['sq'], interpreterNeeded: false }, needs: { childUnitNeeded: true, interpreterLanguage: 'sq' },
    });
    r1Police = only(await items(officer, '/v1/referrals')).id;
    expect(new Set([r1, r1Shelter, r1Police]).size).toBe(3);
  });

  it('7. D0 03:12 Shelter acknowledges, holds the last bed, accepts', async () => {
    await scene.at(0, '03:12');
    must(await desk.post(`/v1/referrals/${r1Shelter}/acknowledge`), 200, 'acknowledge');
    expect(refusal(await desk.post(`/v1/referrals/${r1Shelter}/accept`))).toEqual(['BED BED_NOT_HELD']); // nobody hopes without a bed
    const held = must(await hold(r1Shelter, 'children', scene.moment(0, '04:30')), 201, 'bed');
    b1 = idOf(held);
    expect(held['state']).toBe('held');
    must(await soon(() => desk.post(`/v1/referrals/${r1Shelter}/accept`)), 200, 'accept');
    expect((await changes(desk, `/v1/referrals/${r1Shelter}`))).toEqual(['draft→sent', 'sent→acknowledged', 'acknowledged→accepted']);
    expect(await changes(desk, `/v1/bed-reservations/${b1}`)).toEqual(['∅→held']);
    expect(await capacity()).toEqual({ total: 28, occupied: 26, outOfService: 1, held: 1 }); // 26 + 1 + 1 = 28
  });

  it('8. D0 03:40 A second police referral (adult, own consent) for the same shelter', async () => {
    await scene.at(0, '03:40');
    const before = new Set((await items(head, '/v1/cases')).map(({ id }) => id));
    const opened = idOf(must(await officer.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', owner: authority.organisation, person: { givenName: adult.givenName, gender: 'Feminine' } }), 201, 'case'));
    const cs2 = only((await items(head, '/v1/cases')).filter(({ id }) => !before.has(id))).id;
    must(await head.post(`/v1/cases/${cs2}/assign`, { account: worker.subject }), 200, 'assignment');
    const k2 = idOf(must(await soon(() => worker.post('/v1/consent-records', { case: cs2, purpose: 'REFERRAL_DISCLOSURE', recipient: shelter.organisation, categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' })), 201, 'consent'));
    expect((await officer.post(`/v1/consent-records/${k2}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true })).status).toBe(404); // never through police (decisions 4)
    must(await worker.post(`/v1/consent-records/${k2}/give`, { onBehalfOf: 'PERSON', how: 'phone', capacity: true, freely: true }), 200, 'own consent');
    expect(await changes(worker, `/v1/consent-records/${k2}`)).toEqual(['∅→requested', 'requested→given']);
    r2 = idOf(must(await officer.post('/v1/referrals', { case: opened, serviceType: 'shelter', priority: 'EMERGENCY', receiver: shelter.organisation }), 201, 'draft'));
    must(await soon(() => officer.post(`/v1/referrals/${r2}/send`, {})), 200, 'send');
    expect(await changes(officer, `/v1/referrals/${r2}`)).toEqual(['∅→draft', 'draft→sent']);
    r2Shelter = (await newest(desk, '/v1/referrals?state=sent')).id;
    must(await soon(() => desk.get(`/v1/referrals/${r2Shelter}/needs`)), 200, 'needs');
    const asked = must(await hold(r2Shelter, 'women', scene.moment(0, '05:00')), 201, 'bed');
    expect(asked).toMatchObject({ state: 'refused_bed', refusal: 'CAPACITY' });
    expect(await changes(desk, `/v1/bed-reservations/${idOf(asked)}`)).toEqual(['∅→refused_bed']);
    must(await desk.post(`/v1/referrals/${r2Shelter}/decline`, { reason: 'CAPACITY' }), 200, 'decline');
    expect(must(await officer.get(`/v1/referrals/${r2}`), 200, 'R2')).toMatchObject({ state: 'declined', reason: 'CAPACITY' });
    expect((await changes(officer, `/v1/referrals/${r2}`)).at(-1)).toBe('sent→declined');
    expect(await capacity()).toEqual({ total: 28, occupied: 26, outOfService: 1, held: 1 });
  });

  it('and with requests in parallel for the last bed it never reaches 29 either', async () => {
    must(await desk.post(`/v1/bed-reservations/${b1}/release`, {}), 200, 'for a moment the bed is free');
    const races = 6;
    for (let n = 0; n < 3; n += 1) {
      const answers = await Promise.all([hold(r1Shelter, 'children', scene.moment(0, '04:30')), ...Array.from({ length: races }, () => hold(undefined, 'children', scene.moment(0, '04:30')))]);
      expect(answers.map(({ status, body }) => [status, body['state'], body['refusal']]).sort()).toEqual([[201, 'held', undefined], ...Array.from({ length: races }, () => [201, 'refused_bed', 'CAPACITY'])]);
      expect(await capacity()).toEqual({ total: 28, occupied: 26, outOfService: 1, held: 1 });
      const winner = answers.find(({ body }) => body['state'] === 'held');
      must(await desk.post(`/v1/bed-reservations/${idOf(winner?.body ?? {})}/release`, {}), 200, 'release');
    }
    b1 = idOf(must(await hold(r1Shelter, 'children', scene.moment(0, '04:30')), 201, 'the bed for R1 again'));
    expect(await capacity()).toEqual({ total: 28, occupied: 26, outOfService: 1, held: 1 });
  });

  it('9. D0 04:30 Arta arrives with the guardian', async () => {
    await scene.at(0, '04:30');
    const arrived = must(await soon(() => desk.post('/v1/stays', { shelter: shl1, referral: r1Shelter, arrival: 'REFERRAL', arrivedAt: scene.instance.clock.now().toISOString() })), 201, 'arrival');
    t1 = idOf(arrived);
    // Nobody's word but the guardian's or the authority's (M5), and not without the check of the arrival.
    expect(refusal(await desk.post(`/v1/stays/${t1}/admit`, { reservation: b1, securityCheckDone: true }))).toEqual(['FREE_WILL OWN_FREE_WILL_NOT_CONFIRMED']);
    must(await soon(() => desk.post(`/v1/stays/${t1}/admit`, { reservation: b1, guardianOrAuthorityDecided: true, securityCheckDone: true })), 200, 'admission');
    expect(await changes(desk, `/v1/stays/${t1}`)).toEqual(['∅→intake_pending', 'intake_pending→admitted']);
    expect((await changes(desk, `/v1/bed-reservations/${b1}`)).at(-1)).toBe('held→consumed');
    await reaches(worker, `/v1/referrals/${r1}`, 'in_service');
    expect((await changes(worker, `/v1/referrals/${r1}`)).at(-1)).toBe('accepted→in_service');
    expect(await capacity()).toEqual({ total: 28, occupied: 27, outOfService: 1, held: 0 });
    expect(must(await manager.get(`/v1/shelters/${shl1}/capacity`), 200, 'capacity')['items']).toMatchObject([{ code: 'A', occupied: 25, free: 0 }, { code: 'B', occupied: 2, free: 0 }]);
  });

  it('10. D0 04:45 Nurse on call; Arta sleeps', async () => {
    await scene.at(0, '04:45');
    await waitUntil('what the admission told has been told', async () => { const now = await told(); await new Promise((wait) => { setTimeout(wait, 700); }); return await told() === now; });
    const before = await told();
    const { version } = must(await desk.get(`/v1/stays/${t1}`), 200, 'stay');
    must(await desk.patch(`/v1/stays/${t1}`, { healthNotes: `seen by nurse ${nurse.familyName}; ${arta.givenName} sleeps` }, version), 200, 'health note');
    const view = must(await manager.get(`/v1/stays/${t1}`), 200, 'stay');
    expect([view['state'], Object.keys(view).includes('healthNotes')]).toEqual(['admitted', false]);
    expect(must(await manager.get(`/v1/stays/${t1}?reveal=healthNotes&purpose=ASSISTANCE`), 200, 'note')['healthNotes']).toContain('sleeps');
    expect(huntLeaks(await scene.written('shelters.stay').then((sinks) => sinks.map((s) => ({ ...s, content: String(s.content).replace(/"sealed":"[^"]*"/g, '') }))), [nurse, arta])).toEqual([]); // class special: sealed
    await new Promise((wait) => { setTimeout(wait, 1_500); });
    expect(await told()).toBe(before); // no event
  });

  it('11. D0 05:00 Shelter closes admissions', async () => {
    await scene.at(0, '05:00');
    await waitUntil('the bands of the hour', async () => (await scene.rows('select 1 from shelters.band_publication where hour = $1', [scene.moment(0, '05:00').toISOString()])).length === 1);
    await waitUntil('the NGO has them in the same hour', () => nestHook.delivered.some(({ type, body }) => type === CapacityBandPublished.type && body['time'] === scene.moment(0, '05:00').toISOString().replace('.000', '')));
    const line = only(must(await soon(() => seeker.get('/v1/shelter-directory?country=AL')), 200, 'directory')['items'] as readonly Record<string, unknown>[]);
    expect(line).toMatchObject({ shelter: shl1, bands: { women: 'full', children: 'full' } });
    expect(Object.values(line).filter((value) => typeof value === 'number')).toEqual([]); // never a number
    must(await manager.post(`/v1/shelters/${shl1}/close-admissions`), 200, 'close');
    expect(await changes(manager, `/v1/shelters/${shl1}`)).toEqual(['∅→registered', 'registered→open', 'open→admissions_closed']);
    const closed = (): Inbox['delivered'] => nestHook.delivered.filter(({ type }) => type === ShelterAdmissionsClosed.type);
    await scene.at(0, '05:59');
    await new Promise((wait) => { setTimeout(wait, 1_000); });
    expect(closed()).toEqual([]);
    await scene.at(0, '06:00');
    await waitUntil('it is told at the full hour', () => closed().length === 1);
    expect(only(closed()).body).toEqual({
      specversion: '1.0', id: expect.any(String) as unknown, source: 'footbridge', type: ShelterAdmissionsClosed.type, time: scene.moment(0, '05:00').toISOString().replace('.000', ''),
      data: { shelter: shl1, organisation: shelter.organisation, country: 'AL', region: 'AL-11', state: 'admissions_closed', band: 'full' }, // no numbers
    });
    expect(nestHook.unsigned).toBe(0);
  });

  it('12. D1 Police place the adult elsewhere and close the loop of R2', async () => {
    await scene.at(1, '09:00');
    const before = shelterHook.delivered.length;
    expect(refusal(await officer.post(`/v1/referrals/${r2}/close-loop`, { outcomeTold: true }))).toEqual(['LOOP UNMET_NEED']);
    expect(must(await officer.post(`/v1/referrals/${r2}/close-loop`, { outcomeTold: true, needDecided: true }), 200, 'close the loop')['state']).toBe('closed');
    expect((await changes(desk, `/v1/referrals/${r2Shelter}`)).at(-1)).toBe('declined→closed');
    // SH-AL-01 deletes what R2 disclosed: it is asked to, whatever it has subscribed to.
    const asked = await waitUntil('the recall', () => shelterHook.delivered.slice(before).find(({ type }) => type.endsWith('consent-scope-recalled.v1')));
    expect(asked.body['data']).toMatchObject({ referral: r2Shelter });
    const done = only(must(await desk.post('/v1/deletion-confirmations', { referral: r2Shelter, deleted: true }), 200, 'deleted')['items'] as readonly Item[]);
    expect(done).toMatchObject({ state: 'confirmed', deleted: true });
    expect((await desk.get(`/v1/referrals/${r2Shelter}/needs`)).status).toBe(409);
  });

  it('13. D2 Screening interview, guardian present', async () => {
    await scene.at(2, '10:00');
    // The national authority learns of her by being named, so the guardian agrees to that first (SG1).
    const k3 = idOf(must(await soon(() => worker.post('/v1/consent-records', { case: cs1, purpose: 'REFERRAL_DISCLOSURE', recipient: national.organisation, categories: ['IDENTITY', 'EXPLOITATION'], noticeVersion: '2026-1', language: 'sq', medium: 'written' })), 201, 'consent'));
    const interview = (more: object): ReturnType<TestAccount['post']> => worker.post(`/v1/identifications/${i1}/record-reasonable-grounds`, { trainedScreener: true, interviewConsent: true, authority: national.organisation, ...more });
    expect((await interview({ guardianPresent: true })).body['code']).toBe('consent-required');
    must(await worker.post(`/v1/consent-records/${k3}/give`, { onBehalfOf: 'GUARDIAN', how: 'in_person', capacity: true, freely: true, childAgrees: true, bestInterestsAssessed: true }), 200, 'consent given');
    expect(refusal(await interview({}))).toEqual(['M3 GUARDIAN_NOT_PRESENT']);
    const presumed = must(await interview({ guardianPresent: true }), 200, 'presumed');
    expect(await changes(worker, `/v1/identifications/${i1}`)).toEqual(['∅→unscreened', 'unscreened→presumed']);
    // To D32 at least, and nothing that anybody can send makes it shorter (M16).
    expect(deadlines.reflectionPeriod).toEqual({ days: 30 });
    expect(Date.parse(String(presumed['reflectionUntil']))).toBeGreaterThanOrEqual(scene.moment(32, '10:00').getTime());
    expect((await worker.patch(`/v1/identifications/${i1}`, { reflectionUntil: scene.moment(3, '10:00').toISOString() }, presumed['version'])).status).toBe(404);
    expect((await interview({ guardianPresent: true })).status).toBe(409);
  });

  it('14. D3 02:00 Intake completed', async () => {
    await scene.at(3, '02:00');
    const stay = must(await desk.get(`/v1/stays/${t1}`), 200, 'stay');
    expect(Date.parse(String(stay['dueAt'])) - Date.parse(String(stay['admittedAt']))).toBe(3 * DAY);
    expect(Date.parse(String(stay['dueAt']))).toBeGreaterThan(scene.instance.clock.now().getTime()); // within 72 h
    const complete = (more: object): ReturnType<TestAccount['post']> => desk.post(`/v1/stays/${t1}/complete-intake`, { guardianOrAuthorityDecided: true, consentsRecorded: true, firstAssessmentDone: true, belongingsReceipted: true, ...more });
    // C1: the complaint channel is explained, or the intake is not complete.
    expect(refusal(await complete({}))).toEqual(['SEED 5(ii) EXPLAINED_IN_OWN_LANGUAGE_NOT_CONFIRMED']);
    must(await complete({ explainedInOwnLanguage: true }), 200, 'intake completed');
    expect((await changes(desk, `/v1/stays/${t1}`)).at(-1)).toBe('admitted→resident');
    expect((await alerts(desk, '/v1/shelters-alerts')).filter(({ code, about }) => code === 'INTAKE_NOT_COMPLETED' && about === t1)).toEqual([]);
  });

  it('15. D5 Police ask the platform for her statement and visitors', async () => {
    await scene.at(5, '11:00');
    const before = await told();
    const mine = await items(officer, '/v1/referrals?limit=100');
    expect(mine.map(({ id, state }) => [id, state])).toEqual([[r1Police, 'in_service']]);
    const seen = must(await officer.get(`/v1/referrals/${r1Police}`), 200, 'R1');
    expect(seen).toMatchObject({ state: 'in_service', links: { case: `/v1/cases/${cs1Police}` } });
    expect((await changes(officer, `/v1/referrals/${r1Police}`)).at(-1)).toBe('accepted→in_service');
    const paths = [
      `/v1/cases/${cs1Police}`, `/v1/cases/${cs1Police}/timeline`, `/v1/cases/${cs1Police}/recipients`, `/v1/cases/${cs1Police}/clearances`, `/v1/cases/${cs1}`, `/v1/cases/${cs1Police}?reveal=trafficking,person&purpose=LAW_ENFORCEMENT_DISCLOSURE`,
      `/v1/identifications/${i1}`, `/v1/guardian-appointments/${ga1}`, `/v1/risk-assessments/${ra1}`, `/v1/consent-records/${k1}`, `/v1/referrals/${r1}`, `/v1/referrals/${r1Shelter}`,
      `/v1/stays/${t1}`, `/v1/stays/${t1}/timeline`, `/v1/bed-reservations/${b1}`, `/v1/shelters/${shl1}`, `/v1/shelters/${shl1}/capacity`, `/v1/shelters/${shl1}/timeline`,
    ];
    for (const path of paths) expect([path, (await officer.get(path)).status]).toEqual([path, 404]);
    for (const collection of ['cases', 'identifications', 'guardian-appointments', 'risk-assessments', 'consent-records', 'stays', 'bed-reservations', 'shelters', 'intakes', 'recalls', 'holds', 'safety-alerts', 'deliveries']) expect([collection, await items(officer, `/v1/${collection}`)]).toEqual([collection, []]);
    expect((await officer.get(`/v1/referrals/${r1Police}/needs`)).status).toBe(403);
    expect((await officer.get(`/v1/referrals/${r1Police}?reveal=needs&purpose=LAW_ENFORCEMENT_DISCLOSURE`)).status).toBe(403);
    expect((await officer.get('/v1/shelter-directory')).status).toBe(409); // no verified partner
    expect((await officer.get(`/v1/visitors/${t1}`)).status).toBe(404);
    expect(await alerts(officer)).toEqual([]);
    expect(await told()).toBe(before);
  });

  it('16. D9 Court confirms guardian', async () => {
    await scene.at(9, '12:00');
    expect((await duty.post(`/v1/guardian-appointments/${ga1}/appoint`, { decision: 'Decision 12/2026' })).status).toBe(409);
    must(await duty.post(`/v1/guardian-appointments/${ga1}/appoint`, { decision: 'Decision 12/2026', decisionDocument: true }), 200, 'appointed');
    expect(await changes(worker, `/v1/guardian-appointments/${ga1}`)).toEqual(['∅→required', 'required→requested', 'requested→interim', 'interim→appointed']);
  });

  it('17. D20 National authority identifies her', async () => {
    await scene.at(20, '12:00');
    const before = [await told(police.organisation), must(await officer.get(`/v1/referrals/${r1Police}`), 200, 'R1')['version']];
    const theirs = only(await items(investigator, '/v1/identifications'));
    must(await investigator.post(`/v1/identifications/${theirs.id}/confirm-identification`, { writtenDecisionGiven: true, decisionOrg: 'NonPoliceGovernmentalOrganization' }), 200, 'identified');
    expect(await changes(worker, `/v1/identifications/${i1}`)).toEqual(['∅→unscreened', 'unscreened→presumed', 'presumed→identified']);
    await new Promise((wait) => { setTimeout(wait, 1_500); });
    expect([await told(police.organisation), must(await officer.get(`/v1/referrals/${r1Police}`), 200, 'R1')['version']]).toEqual(before); // police get no event
    expect(await scene.rows(`select headers->>'ce_type' as type from bus.event where headers->>'ce_type' ~ 'victim|identif|guardian|risk-assessment'`)).toEqual([]); // nor does anybody else
  });

  it('18. D21 Placement established; loop closed', async () => {
    await scene.at(21, '12:00');
    must(await desk.post(`/v1/referrals/${r1Shelter}/record-outcome`, { outcome: 'PROVIDED' }), 200, 'outcome');
    expect(refusal(await worker.post(`/v1/referrals/${r1}/close-loop`, {}))).toEqual([expect.stringContaining('OUTCOME_TOLD_NOT_CONFIRMED')]);
    must(await worker.post(`/v1/referrals/${r1}/close-loop`, { outcomeTold: true }), 200, 'close the loop'); // told to Arta and her guardian
    expect(await changes(worker, `/v1/referrals/${r1}`)).toEqual(['∅→draft', 'draft→sent', 'sent→acknowledged', 'acknowledged→accepted', 'accepted→in_service', 'in_service→completed', 'completed→closed']);
    expect(must(await desk.get(`/v1/stays/${t1}`), 200, 'stay')['state']).toBe('resident');
    expect((await officer.get(`/v1/referrals/${r1Police}`)).status).toBe(404); // how it ended is not theirs (reference 2.7)
  });

  describe('must see', () => {
    it('CA-AL the child file', async () => {
      expect(must(await worker.get(`/v1/cases/${cs1}?reveal=person&purpose=ASSISTANCE`), 200, 'file')['person']).toMatchObject({ givenName: arta.givenName, languages: ['sq'] });
    });
    it('the guardian, through her worker, everything about Arta except the shelter\'s staff notes', async () => {
      for (const path of [`/v1/cases/${cs1}`, `/v1/cases/${cs1}/recipients`, `/v1/identifications/${i1}`, `/v1/risk-assessments/${ra1}`, `/v1/consent-records/${k1}`, `/v1/referrals/${r1}`]) expect([path, (await worker.get(path)).status]).toEqual([path, 200]);
      expect((await worker.get(`/v1/stays/${t1}`)).status).toBe(404);
    });
    it('the shelter what was consented, and no name', () => { expect(huntLeaks([scene.heard('SH-AL-01')], [{ name: 'Arta', values: { familyName: arta.familyName, phone: arta.phone.slice(1) } }])).toEqual([]); });
  });

  describe('must not see', () => {
    const everybody = [arta, adult, prifti, house, nurse, ...residents];
    it('police: statement, health, identification, other residents, exact address', () => {
      expect(String(scene.heard('POL-AL').content).length).toBeGreaterThan(1_000);
      expect(huntLeaks([scene.heard('POL-AL')], everybody)).toEqual([]);
      for (const reference of [t1, i1, ga1, ra1, k1, cs1, r1, r1Shelter, b1, 'presumed', 'identified"', 'resident', 'PROVIDED', prifti.familyName]) expect([reference, String(scene.heard('POL-AL').content).includes(reference)]).toEqual([reference, false]);
    });
    it('father: anything, including whether she exists', async () => {
      const kinds = [['cases', cs1, 'cas'], ['cases', cs1Police, 'cas'], ['referrals', r1, 'rfr'], ['referrals', r1Police, 'rfr'], ['stays', t1, 'sty'], ['guardian-appointments', ga1, 'gdn'], ['consent-records', k1, 'con'], ['identifications', i1, 'idn'], ['shelters', shl1, 'shl']] as const;
      const shape = async (path: string): Promise<unknown> => { const { status, headers, body } = await soon(() => father.get(path)); const { requestId: _, ...rest } = body; return [status, [...headers.keys()].sort(), rest]; };
      for (const [collection, real, prefix] of kinds) {
        // A real reference and one that never was are answered alike.
        expect([collection, await shape(`/v1/${collection}/${real}`)]).toEqual([collection, await shape(`/v1/${collection}/${newRef(prefix)}`)]);
        expect((await soon(() => father.get(`/v1/${collection}/${real}`))).status).toBe(404);
        expect(must(await soon(() => father.get(`/v1/${collection}`)), 200, collection)).toEqual({ items: [], next: null });
        const [there, nowhere] = await Promise.all([real, newRef(prefix)].map((ref) => fetch(`${scene.instance.url}/v1/${collection}/${ref}`)));
        expect([there?.status, nowhere?.status]).toEqual([401, 401]);
      }
      expect(huntLeaks([scene.heard('father')], everybody)).toEqual([]);
    });
    it('NGO subscribers: nothing at all except the hourly band `full`', async () => {
      const bands = nestHook.delivered.filter(({ type }) => type === CapacityBandPublished.type);
      const since = bands.filter(({ body }) => String(body['time']) >= scene.moment(0, '05:00').toISOString());
      expect(since.length).toBeGreaterThan(0);
      expect(new Set(since.map(({ body }) => (body['data'] as { band: string }).band))).toEqual(new Set(['full']));
      for (const { body } of bands) {
        expect(String(body['time'])).toMatch(/:00:00Z$/);
        expect(Object.keys(body['data'] as object).sort()).toEqual(['band', 'country', 'organisation', 'profile', 'region', 'shelter']);
      }
      expect(new Set(nestHook.delivered.map(({ type }) => type))).toEqual(new Set([CapacityBandPublished, ShelterOpened, ShelterAdmissionsClosed].map((e) => e.type)));
      expect(huntLeaks([scene.heard('Nest')], everybody)).toEqual([]);
      expect([nestHook.unsigned, shelterHook.unsigned]).toEqual([0, 0]);
    });
    it('T10 anybody: a name, in any sink', async () => {
      expect(huntLeaks([...await scene.instance.sinks(), ...[shelterHook, nestHook].map(({ heard }) => ({ name: 'webhooks', content: heard }))], everybody)).toEqual([]);
    }, 120_000);
  });
});

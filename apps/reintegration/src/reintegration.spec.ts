import { CaseAnonymised, CaseOpened, ClearanceChanged, ConsentExpired, ConsentGiven, ConsentRenewed, ConsentWithdrawn, ReceptionConfirmed, ReferralSent, ReturnWithdrawn, type ConsentPurpose } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { huntLeaks } from '@footbridge/privacy/testing';
import { columnsOfTable, days } from '@footbridge/service';
import { say, speaker, testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { reintegrationService } from './index.js';

const plan = { objectives: ['Zyxqua bakery'], actions: [{ component: 'Livelihood', dimension: 'economic', action: 'Zyxqua oven' }] };
const byHerself = { onBehalfOf: 'PERSON', how: 'phone' };
const reasons = (answer: TestAnswer): string[] => (answer.body['guards'] as { reason: string }[] | undefined)?.map((g) => g.reason) ?? [String(answer.body['state'] ?? answer.body['code'])];

describe('reintegration, on real Postgres and over HTTP', () => {
  let instance: TestInstance, admin: pg.Client;
  const [host, soa, other] = [newRef('org'), newRef('org'), newRef('org')];
  let officer: TestAccount, manager: TestAccount, colleague: TestAccount, supervisor: TestAccount, partnerAdmin: TestAccount, stranger: TestAccount;
  beforeAll(async () => {
    instance = await testInstance([reintegrationService, speaker('referrals'), speaker('returns'), speaker('notifications')], { name: 'reintegration', config: { denyList: { standing: () => 'good' } } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    officer = instance.account(host, 'RETURN_OFFICER');
    [manager, colleague, supervisor, partnerAdmin] = [instance.account(soa, 'REINTEGRATION_MANAGER'), instance.account(soa, 'REINTEGRATION_MANAGER'), instance.account(soa, 'SUPERVISOR'), instance.account(soa, 'PARTNER_ADMIN')];
    stranger = instance.account(other, 'RETURN_OFFICER', 'CASE_WORKER', 'REINTEGRATION_MANAGER');
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  interface Person { readonly caseRef: string; readonly hosts: string; readonly soas: string; readonly consent: string }
  const count = async (query: string, ...values: string[]): Promise<number> => (await admin.query(query, values)).rowCount ?? 0;
  const consentTo = async (caseRef: string, recipient: string, more: { purpose?: ConsentPurpose; recipientCase?: string } = {}): Promise<string> => {
    const consent = randomUUID();
    await say(instance, ConsentGiven, { aggregate: consent, caseRef, owner: host, consentRef: consent }, { case: caseRef, state: 'given', version: 1, purpose: more.purpose ?? 'REFERRAL_DISCLOSURE', recipient, recipientCase: more.recipientCase ?? newRef('cas'), identity: true, needs: true });
    await waitUntil('the consent is known', async () => await count('select from reintegration.known_consent where consent = $1', consent) === 1);
    return consent;
  };
  const end = (p: Person, event: typeof ConsentWithdrawn | typeof ConsentExpired, consent = p.consent): Promise<string> =>
    say(instance, event, { aggregate: consent, version: 2, caseRef: p.caseRef, owner: host, consentRef: consent }, { case: p.caseRef, state: event === ConsentWithdrawn ? 'withdrawn' : 'expired', version: 2, purpose: 'REFERRAL_DISCLOSURE', recipient: soa });
  const person = async (consented = true): Promise<Person> => {
    const [caseRef, hosts, soas] = [newRef('csr'), newRef('cas'), newRef('cas')];
    await say(instance, CaseOpened, { caseRef, owner: host }, { case: caseRef, state: 'active', version: 1, ownerCase: hosts });
    const consent = consented ? await consentTo(caseRef, soa, { recipientCase: soas }) : '';
    await waitUntil('the case is known', async () => await count('select from reintegration.reference where ref = $1', hosts) === 1);
    return { caseRef, hosts, soas, consent };
  };
  const propose = (p: Person, more: object = {}, by = officer): Promise<TestAnswer> => by.post('/v1/reintegration-cases', { case: p.hosts, organisation: soa, ...more });
  const idOf = async (ref: unknown): Promise<string> => (await admin.query<{ aggregate: string }>('select aggregate from reintegration.reference where ref = $1', [ref])).rows[0]?.aggregate ?? '';
  /** How the other organisation calls the same. */
  const theirs = async (ref: string, organisation: string): Promise<string> => (await admin.query<{ ref: string }>('select ref from reintegration.reference where aggregate = $1 and organisation = $2', [await idOf(ref), organisation])).rows[0]?.ref ?? '';
  const proposed = async (p: Person, more: object = {}): Promise<{ id: string; own: string }> => {
    const answer = await propose(p, more);
    expect([answer.status, answer.body['state'] ?? answer.body]).toEqual([201, 'proposed']);
    const id = String(answer.body['id']);
    return { id, own: await theirs(id, soa) };
  };
  const at = (own: string, command: string, body: object = {}, by = manager): Promise<TestAnswer> => by.post(`/v1/reintegration-cases/${own}/${command}`, body);
  const accepted = async (p: Person, more: object = {}): Promise<{ id: string; own: string }> => {
    const made = await proposed(p, more);
    expect(reasons(await at(made.own, 'accept', { caseManager: manager.subject }))).toEqual(['reint_accepted']);
    return made;
  };
  const received = async (p: Person): Promise<string> => {
    const returned = await say(instance, ReceptionConfirmed, { caseRef: p.caseRef, owner: host }, { returnCase: newRef('ret'), state: 'received', version: 9 });
    await waitUntil('the reception is known', async () => await count('select from reintegration.known_reception where return_case = $1', returned) === 1);
    return returned;
  };
  const met = { child: false, reassessedOnSite: true, metHere: true };
  const active = async (p: Person): Promise<{ id: string; own: string }> => {
    const made = await accepted(p);
    for (const [command, body] of [['start-assessment', met], ['agree-plan', { plan, writtenWithPerson: true, signedByPerson: true }], ['start', { firstSupportDelivered: true }]] as const) expect((await at(made.own, command, body)).status).toBe(200);
    return made;
  };
  const alerts = async (own: string): Promise<string[]> => (await admin.query<{ code: string }>('select code from reintegration.alert where aggregate = $1 and settled_at is null order by raised_at, code', [await idOf(own)])).rows.map(({ code }) => code);
  const stateIs = async (own: string, state: string): Promise<void> => { await waitUntil(`it is ${state}`, async () => (await manager.get(`/v1/reintegration-cases/${own}`)).body['state'] === state); };
  const events = async (id: string): Promise<{ type: string; recipient: string | null; about: string | null; consent: string | null; data: Record<string, unknown> }[]> => {
    const aggregate = await idOf(id);
    await waitUntil('the outbox is empty', async () => await count('select from reintegration.outbox where aggregate = $1', aggregate) === 0);
    return (await admin.query<{ headers: Record<string, string>; body: Buffer }>("select headers, body from bus.event where headers->>'ce_aggregate' = $1 order by at", [aggregate])).rows.map(({ headers, body }) => ({
      type: String(headers['ce_type']).split('.')[2] ?? '', recipient: headers['ce_recipient'] ?? null, about: headers['ce_about'] ?? null, consent: headers['ce_consentref'] ?? null, data: JSON.parse(body.toString()) as Record<string, unknown>,
    }));
  };

  it('has the table that its lifecycle declares', async () => {
    for (const l of reintegrationService.lifecycles) {
      const { rows } = await admin.query<{ name: string; type: string }>("select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'reintegration.reintegration_case'::regclass and attnum > 0");
      expect(Object.fromEntries(rows.map(({ name, type }) => [name, type === 'timestamp with time zone' ? 'timestamptz' : type]))).toEqual(Object.fromEntries(columnsOfTable(l)));
    }
  });

  it('proposes nobody without her consent to this organisation, and says what is needed', async () => {
    const p = await person(false);
    expect(await propose(p)).toMatchObject({ status: 409, body: { code: 'consent-required', recipient: soa, purpose: 'REFERRAL_DISCLOSURE' } });
    await consentTo(p.caseRef, other);
    expect((await propose(p)).body['code']).toBe('consent-required');
    await consentTo(p.caseRef, soa);
    expect(await propose(p)).toMatchObject({ status: 201, body: { state: 'proposed', proposer: host } });
  });
  it('proposes the same person once', async () => {
    const p = await person();
    const { own } = await proposed(p);
    expect(reasons(await propose(p))).toEqual(['ALREADY_PROPOSED']);
    expect(reasons(await at(own, 'decline-case', { reason: 'CAPACITY' }))).toEqual(['reint_declined']);
    expect((await propose(p)).status).toBe(201);
  });
  it('G7 tells no needs that few have to whom she is not named, nor any to whom a referral may have told more; unless two persons say that help depends on them', async () => {
    const few = ['legal', 'asylum', 'family-tracing'];
    const nameless = async (): Promise<Person> => {
      const p = await person(false);
      const soas = newRef('cas'), consent = randomUUID();
      await say(instance, ConsentGiven, { aggregate: consent, caseRef: p.caseRef, owner: host, consentRef: consent }, { case: p.caseRef, state: 'given', version: 1, purpose: 'REFERRAL_DISCLOSURE', recipient: soa, recipientCase: soas, needs: true });
      await waitUntil('the consent is known', async () => await count('select from reintegration.known_consent where consent = $1', consent) === 1);
      return { ...p, soas, consent };
    };
    const p = await nameless();
    expect(reasons(await propose(p, { needs: few }))).toEqual(['ADMINISTRATIVE']);
    expect((await propose(await person(), { needs: few })).status).toBe(201);
    const first = await proposed(p, { needs: ['legal', 'family-tracing'] });
    await at(first.own, 'decline-case', { reason: 'CAPACITY' });
    // what it was told the first time is not forgotten
    expect((await propose(p, { needs: ['asylum'] })).status).toBe(409);
    expect((await propose(p, { needs: ['legal'] })).status).toBe(201);

    const referred = await nameless(), subject = newRef('rfr');
    await say(instance, ReferralSent, { recipient: soa, subject, caseRef: referred.caseRef, owner: host }, { referral: subject, state: 'sent', version: 1, priority: 'NORMAL', from: host, to: soa, dueAt: `${new Date(Date.now() + days(1)).toISOString().slice(0, 16)}:00Z` });
    await waitUntil('the referral is known', async () => await count('select from reintegration.told_elsewhere where case_ref = $1', referred.caseRef) === 1);
    expect((await propose(referred, { needs: ['livelihood'] })).status).toBe(409);
    const asked = await propose(referred, { needs: few, needsAsTheyAre: true });
    expect([asked.status, asked.body['state']]).toEqual([202, 'waiting']);
    expect(await count('select from reintegration.reintegration_case where case_ref = $1', referred.caseRef)).toBe(0);
    const approve = (by: TestAccount): Promise<TestAnswer> => by.post(`/v1/approvals/${String(asked.body['approval'])}/approve`);
    expect([(await approve(officer)).status, (await approve(supervisor)).status]).toEqual([403, 404]);
    const made = await approve(instance.account(host, 'SUPERVISOR'));
    expect(made).toMatchObject({ status: 200, body: { state: 'proposed' } });
    const theirs = String((await manager.get('/v1/reintegration-cases?limit=1')).body['items'] === undefined ? '' : ((await manager.get('/v1/reintegration-cases?limit=1')).body['items'] as { id: string }[])[0]?.id);
    expect((await manager.get(`/v1/reintegration-cases/${theirs}?reveal=needs&purpose=ASSISTANCE`)).body['needs']).toEqual(few);
  });
  it('tells the asked organisation under its own reference, and the proposer the answer with its own reference for the return', async () => {
    const p = await person();
    const returnCase = newRef('ret');
    const { id, own } = await accepted(p, { returnCase, needs: ['livelihood'] });
    expect(id).not.toBe(own);
    const told = await events(id);
    expect(told.map(({ type, recipient }) => [type, recipient])).toEqual([['reintegration-proposed', soa], ['reintegration-accepted', host]]);
    expect(told[0]?.data).toEqual({ reintegrationCase: own, state: 'proposed', version: 1, from: host, to: soa, dueAt: expect.any(String) as string });
    expect(told[1]?.data).toEqual({ reintegrationCase: id, state: 'reint_accepted', version: 2, from: host, to: soa, returnCase });
    expect(told.every(({ consent }) => consent === p.consent)).toBe(true);
  });
  it('says which return it is about where that is known', async () => {
    const p = await person();
    const [ref, uuid] = [newRef('ret'), randomUUID()];
    await admin.query("insert into reintegration.reference (ref, organisation, kind, aggregate) values ($1, $2, 'ret', $3)", [ref, host, uuid]);
    const { id } = await accepted(p, { returnCase: ref });
    expect((await events(id)).map(({ about }) => about)).toEqual([uuid, uuid]);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).body['links']).toEqual({ case: `/v1/cases/${p.hosts}`, return: `/v1/return-cases/${ref}` });
  });
  it('asks for a case manager by name, and for none who is disabled', async () => {
    const { own } = await proposed(await person());
    expect((await at(own, 'accept')).body['code']).toBe('validation-failed');
    await admin.query('insert into reintegration.disabled (subject, version, disabled) values ($1, 1, true)', [partnerAdmin.subject]);
    expect(reasons(await at(own, 'accept', { caseManager: partnerAdmin.subject }))).toEqual(['CASE_MANAGER_DISABLED']);
    expect((await at(own, 'accept', { caseManager: manager.subject })).body['caseManager']).toBe(manager.subject);
  });
  it('lets the asked organisation answer, and nobody else', async () => {
    const { id, own } = await proposed(await person());
    expect(reasons(await at(id, 'accept', { caseManager: officer.subject }, officer))).toEqual(['role-not-allowed']);
    for (const by of [stranger, partnerAdmin]) expect((await at(own, 'decline-case', { reason: 'CAPACITY' }, by)).status).toBe(404);
    expect(reasons(await at(own, 'decline-case', { reason: 'CRITERIA' }))).toEqual(['reint_declined']);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).body).toMatchObject({ state: 'reint_declined', reason: 'CRITERIA' });
    expect((await events(id)).at(-1)).toMatchObject({ type: 'reintegration-declined', recipient: host, data: { reason: 'CRITERIA' } });
  });

  it('assesses her after her reception, which it learns with the return', async () => {
    const p = await person();
    const { own } = await accepted(p);
    const body = { child: false, reassessedOnSite: true, assessment: { skills: 'Zyxqua baker' } };
    const early = await at(own, 'start-assessment', body);
    expect([reasons(early), early.headers.get('retry-after')]).toEqual([['PERSON_NOT_RECEIVED'], '2']);
    await received(p);
    await waitUntil('first contact is due', async () => typeof (await manager.get(`/v1/reintegration-cases/${own}`)).body['dueAt'] === 'string');
    expect(reasons(await at(own, 'start-assessment', body))).toEqual(['assessing']);
    const shown = await manager.get(`/v1/reintegration-cases/${own}?reveal=assessment,child&purpose=ASSISTANCE`);
    expect(shown.body).toMatchObject({ assessment: { skills: 'Zyxqua baker' }, child: false });
  });
  it('takes her in later, by her own wish, and asks for no return', async () => {
    const p = await person();
    const made = await manager.post('/v1/reintegration-cases', { case: p.soas, organisation: soa, onBehalfOf: 'PERSON', how: 'in_person' });
    expect(made).toMatchObject({ status: 201, body: { state: 'proposed', proposer: soa } });
    const own = String(made.body['id']);
    await at(own, 'accept', { caseManager: manager.subject });
    expect(reasons(await at(own, 'start-assessment', { child: false, reassessedOnSite: true, metHere: true }))).toEqual(['assessing']);
  });
  it('helps to the end: plan, support, monitoring, a new need, closing', async () => {
    const p = await person();
    const { id, own } = await active(p);
    expect(reasons(await at(own, 'start-monitoring', { mainSupportDelivered: true }))).toEqual(['monitoring']);
    expect(reasons(await at(own, 'resume-support', { newNeed: true, planRevised: true, plan }))).toEqual(['reint_active']);
    expect(reasons(await at(own, 'close-reintegration', { closureReason: 'PLAN_COMPLETED', personTold: true, reEntryRouteGiven: true }))).toEqual(['reint_closed']);
    const closed = (await events(id)).filter(({ type }) => type === 'reintegration-closed');
    expect(closed.map(({ recipient, data }) => [recipient, data['reason']])).toEqual([[null, 'ADMINISTRATIVE']]);
    const sealed = (await admin.query<{ row: string }>('select t::text as row from reintegration.reintegration_case t where id = $1', [await idOf(id)])).rows[0]?.row;
    expect(sealed).not.toMatch(/Zyxqua|PLAN_COMPLETED|Livelihood/);
  });
  it('makes no plan for a child as long as best interests cannot be assessed', async () => {
    const p = await person();
    const { own } = await accepted(p);
    await say(instance, ClearanceChanged, { caseRef: p.caseRef, owner: host }, { case: p.caseRef, step: 'GUARDIAN', cleared: true, version: 1 });
    await waitUntil('it is known that a guardian speaks', async () => await count('select from reintegration.known_clearance where case_ref = $1 and cleared', p.caseRef) === 1);
    await at(own, 'start-assessment', { ...met, child: true });
    const answer = await at(own, 'agree-plan', { plan, writtenWithPerson: true, signedByPerson: true, onBehalfOf: 'GUARDIAN', how: 'in_person' });
    expect(reasons(answer)).toEqual(['BEST_INTERESTS_ASSESSED_NOT_AVAILABLE']);
  });

  it('keeps what happens after the assessment began from the proposer', async () => {
    const p = await person();
    const { id, own } = await accepted(p);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).body['state']).toBe('reint_accepted');
    await at(own, 'start-assessment', met);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).status).toBe(404);
    expect((await officer.get(`/v1/reintegration-cases/${id}/timeline`)).status).toBe(404);
    expect(((await officer.get('/v1/reintegration-cases')).body['items'] as { id: string }[]).map((i) => i.id)).not.toContain(id);
    expect(reasons(await at(own, 'person-declines', byHerself))).toEqual(['refused_by_person']);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).status).toBe(404);
  });
  it('tells the proposer of the end only where she agreed to that', async () => {
    const p = await person();
    const { id, own } = await active(p);
    const followUp = await consentTo(p.caseRef, host, { purpose: 'FOLLOW_UP_CONTACT' });
    await at(own, 'close-reintegration', { closureReason: 'LEFT_AREA', personTold: true, reEntryRouteGiven: true });
    const closed = (await events(id)).filter(({ type }) => type === 'reintegration-closed');
    expect(closed.map(({ recipient, consent }) => [recipient, consent])).toEqual([[null, followUp], [host, followUp]]);
    expect((await officer.get(`/v1/reintegration-cases/${id}`)).body).toMatchObject({ state: 'reint_closed', reason: 'ADMINISTRATIVE' });
    const timeline = (await officer.get(`/v1/reintegration-cases/${id}/timeline`)).body['items'] as { to: string }[];
    expect(timeline.map(({ to }) => to)).toEqual(['proposed', 'reint_accepted']);
  });
  it('lists for a worker what is theirs or nobody\'s, for supervision everything', async () => {
    const p = await person();
    const { own } = await proposed(p);
    const listed = async (by: TestAccount): Promise<boolean> => ((await by.get('/v1/reintegration-cases?limit=100')).body['items'] as { id: string }[]).some((i) => i.id === own);
    expect([await listed(colleague), await listed(supervisor), await listed(partnerAdmin)]).toEqual([true, true, false]);
    await at(own, 'accept', { caseManager: manager.subject });
    expect([await listed(manager), await listed(colleague), await listed(supervisor)]).toEqual([true, false, true]);
    expect(reasons(await at(own, 'person-declines', byHerself, colleague))).toEqual(['refused_by_person']);
  });

  it('helps on where she withdraws the consent (W6): somebody is told to ask her, and only her own word ends it', async () => {
    const p = await person();
    const { id, own } = await active(p);
    await end(p, ConsentWithdrawn);
    await waitUntil('the organisation is told', async () => { await instance.advance(0); return (await alerts(own)).includes('REINTEGRATION_CONSENT_WITHDRAWN'); });
    expect((await manager.get(`/v1/reintegration-cases/${own}`)).body).toMatchObject({ state: 'reint_active', can: expect.arrayContaining(['startMonitoring', 'personDeclines']) as string[] });
    expect(reasons(await at(own, 'person-declines', byHerself))).toEqual(['refused_by_person']);
    expect(await alerts(own)).not.toContain('REINTEGRATION_CONSENT_WITHDRAWN');
    expect((await events(id)).at(-1)).toMatchObject({ type: 'reintegration-declined-by-person', recipient: null, data: { case: p.caseRef, state: 'refused_by_person' } });
    expect((await at(own, 'close-reintegration', { closureReason: 'PERSON_ENDED', personTold: true, reEntryRouteGiven: true })).body).toMatchObject({ state: 'reint_closed', reason: 'PERSON_CHOICE' });
  });
  it('is not accepted on a consent that she has withdrawn, and forgets the withdrawal when she consents anew', async () => {
    const p = await person();
    const { own } = await proposed(p);
    await end(p, ConsentWithdrawn);
    await waitUntil('the organisation is told', async () => { await instance.advance(0); return (await alerts(own)).includes('REINTEGRATION_CONSENT_WITHDRAWN'); });
    expect((await at(own, 'accept', { caseManager: manager.subject })).body['code']).toBe('consent-required');
    await consentTo(p.caseRef, soa);
    await waitUntil('nobody has to ask any more', async () => !(await alerts(own)).includes('REINTEGRATION_CONSENT_WITHDRAWN'));
    expect(reasons(await at(own, 'accept', { caseManager: manager.subject }))).toEqual(['reint_accepted']);
  });
  it('lets her say no to the worker who proposed her', async () => {
    const { id, own } = await accepted(await person());
    expect(reasons(await at(id, 'person-declines', byHerself, officer))).toEqual(['refused_by_person']);
    expect((await manager.get(`/v1/reintegration-cases/${own}`)).body).toMatchObject({ state: 'refused_by_person', reason: 'PERSON_CHOICE' });
  });
  it('pauses when the consent is over, and goes on with a new one after a new assessment', async () => {
    const p = await person();
    const { own } = await active(p);
    await end(p, ConsentExpired);
    await stateIs(own, 'reint_suspended');
    const again = { reassessedFirst: true };
    expect((await at(own, 'resume-case', again)).body['code']).toBe('consent-required');
    await consentTo(p.caseRef, soa);
    expect(reasons(await at(own, 'resume-case', again))).toEqual(['assessing']);
  });
  it.each([['newer', ConsentGiven], ['renewed', ConsentRenewed]] as const)('goes on where an older consent ends and a %s one carries it', async (_, event) => {
    const p = await person();
    const { id, own } = await active(p);
    const newer = event === ConsentGiven ? await consentTo(p.caseRef, soa) : randomUUID();
    if (event === ConsentRenewed) await say(instance, event, { aggregate: newer, version: 2, caseRef: p.caseRef, owner: host, consentRef: newer }, { case: p.caseRef, state: 'renewed', version: 2, purpose: 'REFERRAL_DISCLOSURE', recipient: soa, identity: true });
    await waitUntil('it relies on the newer', async () => await count('select from reintegration.reintegration_case where id = $1 and consent = $2', await idOf(id), newer) === 1);
    await end(p, ConsentExpired);
    await waitUntil('the older is over', async () => await count("select from reintegration.known_consent where consent = $1 and state = 'expired'", p.consent) === 1);
    expect((await manager.get(`/v1/reintegration-cases/${own}`)).body['state']).toBe('reint_active');
  });
  it('is not ended by a return that is withdrawn', async () => {
    const p = await person();
    const { own } = await accepted(p);
    await say(instance, ReturnWithdrawn, { caseRef: p.caseRef, owner: host }, { case: p.caseRef, state: 'withdrawn_return', version: 4 });
    await received(p);
    expect((await manager.get(`/v1/reintegration-cases/${own}`)).body['state']).toBe('reint_accepted');
  });

  it('calls contact lost after three recorded attempts and thirty days, finds her again, and forgets the attempts', async () => {
    const { own } = await active(await person());
    const path = `/v1/reintegration-cases/${own}`;
    const ago = (n: number): string => new Date(instance.clock.now().getTime() - days(n)).toISOString();
    const lose = (): Promise<TestAnswer> => at(own, 'lose-contact', { agreedSafeChannelOnly: true });
    expect(reasons(await lose())).toEqual(['ATTEMPTS_MISSING']);
    const attempts = [29, 20, 10].map((n) => ({ at: ago(n), channel: 'PHONE' }));
    const edited = await manager.patch(path, { attempts }, (await manager.get(path)).body['version']);
    expect([edited.status, edited.body['attempts']]).toEqual([200, attempts]);
    expect((await manager.patch(path, { attempts: [{ at: ago(40), channel: 'NEIGHBOUR' }] }, edited.body['version'])).status).toBe(422);
    expect(reasons(await lose())).toEqual(['ATTEMPTS_MISSING']);
    await manager.patch(path, { attempts: [{ at: ago(31), channel: 'MESSAGE' }, ...attempts] }, edited.body['version']);
    expect(reasons(await lose())).toEqual(['contact_lost']);
    expect((await at(own, 'restore-contact')).body).toMatchObject({ state: 'reint_active' });
    expect(reasons(await lose())).toEqual(['ATTEMPTS_MISSING']);
  });
  it('reminds: first contact, plan, visits', async () => {
    const p = await person();
    const { own } = await accepted(p);
    await received(p);
    await waitUntil('first contact is due', async () => typeof (await manager.get(`/v1/reintegration-cases/${own}`)).body['dueAt'] === 'string');
    // The news of consent is old by then for the domain clock only; freshness is of the wall clock.
    await instance.advance(days(3) + 60_000);
    expect(await alerts(own)).toEqual(['FIRST_CONTACT_OVERDUE']);
    expect(reasons(await at(own, 'start-assessment', { child: false, reassessedOnSite: true }))).toEqual(['assessing']);
    expect(await alerts(own)).toEqual([]);
    await instance.advance(days(29));
    expect(await alerts(own)).toEqual(['REINTEGRATION_PLAN_OVERDUE']);
    expect(reasons(await at(own, 'agree-plan', { plan, writtenWithPerson: true, signedByPerson: true }))).toEqual(['plan_agreed']);
    await instance.advance(days(93));
    expect(await alerts(own)).toEqual(['MONITORING_DUE', 'MONITORING_DUE']);
  });
  it('destroys its key when the case is anonymised, and says so', async () => {
    const p = await person();
    const { own } = await active(p);
    const path = `/v1/reintegration-cases/${own}?reveal=plan&purpose=ASSISTANCE`;
    expect((await manager.get(path)).body['plan']).toEqual(plan);
    await say(instance, CaseAnonymised, { caseRef: p.caseRef, owner: host, version: 7 }, { case: p.caseRef, state: 'anonymised', version: 7 });
    await waitUntil('the key is gone', async () => await count('select from reintegration.subject_key where subject = $1', p.caseRef) === 0);
    await waitUntil('it is said', async () => await count("select from bus.event where headers->>'ce_type' = 'footbridge.reintegration.case-erased-by-reintegration.v1' and headers->>'ce_caseref' = $1", p.caseRef) === 1);
    expect((await manager.get(path)).body['plan']).toBeUndefined();
  });
  it('T10 leaves none of her words in any sink', async () => {
    expect(huntLeaks(await instance.sinks(), [{ name: 'her plan', values: { words: 'Zyxqua' } }])).toEqual([]);
  }, 120_000);
});

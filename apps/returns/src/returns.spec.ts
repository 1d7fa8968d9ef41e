import { CaseAnonymised, CaseOpened, ClearanceChanged, ConsentExpired, ConsentGiven, ConsentRenewed, ConsentWithdrawn, IdentityAvailable, OrganisationAdded, ReferralSent, ReintegrationAccepted, ReintegrationProposed } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { huntLeaks } from '@footbridge/privacy/testing';
import { columnsOfTable, days, hours, type RunningService } from '@footbridge/service';
import { auditFaults, say, speaker, testInstance, waitUntil, withAuditFault, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { returnsService } from './index.js';

const reasons = (answer: TestAnswer): string[] => (answer.body['guards'] as { reason: string }[] | undefined)?.map((g) => g.reason).sort() ?? [String(answer.body['state'] ?? answer.body['code'])];
const guards = (answer: TestAnswer): string[] => (answer.body['guards'] as { guard: string }[] | undefined)?.map((g) => g.guard).sort() ?? [];

/** What an account may look at in an hour, in tests. */
const LOOKS = 200;
const counselled = { interpreterPresent: true, allOptionsExplained: true, advocateOffered: true };
const decided = { onBehalfOf: 'PERSON', how: 'written', decision: { statement: 'Qwrtzulk home', language: 'mg' }, writtenInformedDecision: true, noWaiverOfClaims: true, reflectionPeriodExplained: true };
const safe = { fearOfReturnExamined: true, fitToTravelOrEscorted: true, advocateCountersigned: true };
const ready = { arrangement: { officer: { name: 'Officer One', phone: '+261340000001' }, substitute: { name: 'Officer Two', phone: '+261340000002' }, meetingPoint: 'Desk', emergencyNumber: '+261340000003', firstNightLodging: 'Room', onwardTransport: 'Car' } };
const cleared = { itineraryAvoidsDanger: true, finalConsentRenewed: true, codePhraseGivenToPerson: true };
const boarded = { personBoarded: true, documentsInHerHands: true, confirmedAtTheGate: true };
const met = { officerConfirms: true, personConfirms: true };

describe('returns, on real Postgres and over HTTP', () => {
  let instance: TestInstance, admin: pg.Client;
  let worker: TestAccount, officer: TestAccount, second: TestAccount, supervisor: TestAccount, origin: TestAccount, reception: TestAccount, reintegrator: TestAccount;
  const [ngo, ro, oo, soa, police] = [newRef('org'), newRef('org'), newRef('org'), newRef('org'), newRef('org')];
  beforeAll(async () => {
    instance = await testInstance([returnsService, speaker('referrals'), speaker('notifications'), speaker('reintegration')], { name: 'returns', config: { denyList: { standing: () => 'good' } } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    worker = instance.account(ngo, 'CASE_WORKER');
    [officer, second, supervisor] = [instance.account(ro, 'RETURN_OFFICER'), instance.account(ro, 'RETURN_OFFICER'), instance.account(ro, 'SUPERVISOR')];
    [origin, reception, reintegrator] = [instance.account(oo, 'ORIGIN_OFFICE'), instance.account(oo, 'RECEPTION_OFFICER', 'CASE_WORKER'), instance.account(soa, 'REINTEGRATION_MANAGER')];
    await say(instance, OrganisationAdded, {}, { organisation: police, organisationType: 'LawEnforcement', country: 'LB', version: 1 });
    await waitUntil('police are known', async () => (await admin.query('select from returns.known_organisation')).rowCount === 1);
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  interface Person { readonly caseRef: string; readonly ngoCase: string; readonly consents: Map<string, { consentRef: string; aggregate: string; recipient: string }> }
  let versions = 1;
  const person = async (): Promise<Person> => {
    const [caseRef, ngoCase] = [newRef('csr'), newRef('cas')];
    await say(instance, CaseOpened, { caseRef, owner: ngo }, { case: caseRef, state: 'active', version: 1, ownerCase: ngoCase });
    await waitUntil('the case is known', async () => (await admin.query('select from returns.reference where ref = $1', [ngoCase])).rowCount === 1);
    return { caseRef, ngoCase, consents: new Map() };
  };
  const consent = async (p: Person, purpose: string, recipient: string, categories: object = { identity: true, travel: true, riskMitigation: true }): Promise<void> => {
    const [consentRef, aggregate] = [newRef('con'), randomUUID()];
    p.consents.set(purpose, { consentRef, aggregate, recipient });
    await say(instance, ConsentGiven, { caseRef: p.caseRef, owner: ngo, consentRef, aggregate }, { case: p.caseRef, state: 'given', version: 1, purpose, recipient, recipientCase: newRef('cas'), ...categories });
    await waitUntil('the consent is known', async () => (await admin.query('select from returns.known_consent where consent = $1', [consentRef])).rowCount === 1);
  };
  /** The same terms for longer, on another record than the first unless one is named. */
  const renewed = async (p: Person, purpose: string, on: { readonly consentRef: string; readonly aggregate: string } = { consentRef: newRef('con'), aggregate: randomUUID() }, version = 2): Promise<void> => {
    const { consentRef, aggregate } = on;
    await say(instance, ConsentRenewed, { caseRef: p.caseRef, owner: ngo, consentRef, aggregate, version }, { case: p.caseRef, state: 'renewed', version, purpose, recipient: p.consents.get(purpose)!.recipient, identity: true, travel: true, riskMitigation: true });
    const column = purpose === 'RETURN_ARRANGEMENT' ? 'arrangement_consent' : 'origin_consent';
    await waitUntil('the return rests on it', async () => (await admin.query(`select from returns.return_case where ${column} = $1`, [consentRef])).rowCount === 1);
  };
  const end = async (p: Person, purpose: string, event: typeof ConsentWithdrawn | typeof ConsentExpired = ConsentWithdrawn): Promise<void> => {
    const { consentRef, aggregate, recipient } = p.consents.get(purpose)!;
    await say(instance, event, { caseRef: p.caseRef, owner: ngo, consentRef, aggregate, version: 2 }, { case: p.caseRef, state: event === ConsentWithdrawn ? 'withdrawn' : 'expired', version: 2, purpose, recipient });
  };
  const clearance = async (p: Person, step: string, isCleared = true): Promise<void> => {
    const version = versions += 1;
    await say(instance, ClearanceChanged, { caseRef: p.caseRef, owner: ngo, version }, { case: p.caseRef, step, cleared: isCleared, version });
    await waitUntil('the clearance is known', async () => (await admin.query('select from returns.known_clearance where case_ref = $1 and step = $2 and version = $3', [p.caseRef, step, version])).rowCount === 1);
  };
  const accepted = async (p: Person): Promise<string> => {
    const reintegration = randomUUID();
    const theirs = newRef('rnt');
    for (const [copy, recipient, subject] of [[0, ro, newRef('rnt')], [1, soa, theirs]] as const) await say(instance, ReintegrationAccepted, { aggregate: reintegration, caseRef: p.caseRef, owner: soa, recipient, subject, copy, version: 2 }, { reintegrationCase: subject, state: 'reint_accepted', version: 2, from: ro, to: soa });
    await waitUntil('reintegration waits', async () => (await admin.query('select from returns.reference where ref = $1', [theirs])).rowCount === 1);
    return theirs;
  };
  const idOf = async (ref: unknown): Promise<string> => (await admin.query<{ aggregate: string }>('select aggregate from returns.reference where ref = $1', [ref])).rows[0]?.aggregate ?? '';
  const refOf = async (ref: unknown, organisation: string): Promise<string> => (await admin.query<{ ref: string }>('select ref from returns.reference where aggregate = (select aggregate from returns.reference where ref = $1) and organisation = $2', [ref, organisation])).rows[0]?.ref ?? '';
  const events = async (aggregate: string): Promise<{ type: string; recipient: string | null; data: Record<string, unknown> }[]> =>
    (await admin.query<{ headers: Record<string, string>; body: Buffer }>("select headers, body from bus.event where headers->>'ce_aggregate' = $1 order by at", [aggregate])).rows.map(({ headers, body }) => ({ type: String(headers['ce_type']).split('.')[2] ?? '', recipient: headers['ce_recipient'] ?? null, data: JSON.parse(body.toString()) as Record<string, unknown> }));

  const ask = (p: Person, more: object = {}): Promise<TestAnswer> => worker.post('/v1/return-cases', { case: p.ngoCase, onBehalfOf: 'PERSON', how: 'in_person', ...more });
  /** `id` is the return officer's reference. */
  interface Journey { readonly p: Person; readonly id: string; readonly plan: string; readonly phrase: string }
  const requested = async (behalf = 'PERSON'): Promise<{ p: Person; id: string }> => {
    const p = await person();
    await consent(p, 'RETURN_ARRANGEMENT', ro);
    if (behalf === 'GUARDIAN') await clearance(p, 'GUARDIAN');
    const asked = await ask(p, { onBehalfOf: behalf });
    expect([asked.status, asked.body['state']]).toEqual([201, 'requested']);
    return { p, id: await refOf(asked.body['id'], ro) };
  };
  const assessing = async (behalf = 'PERSON'): Promise<{ p: Person; id: string }> => {
    const { p, id } = await requested(behalf);
    await officer.post(`/v1/return-cases/${id}/start-counselling`, counselled);
    await instance.advance(hours(73));
    expect((await officer.post(`/v1/return-cases/${id}/record-decision`, { ...decided, onBehalfOf: behalf })).body['state']).toBe('under_assessment');
    return { p, id };
  };
  const planning = async (): Promise<{ p: Person; id: string }> => {
    const { p, id } = await assessing();
    await clearance(p, 'RETURN_ASSESSMENT');
    const marked = await second.post(`/v1/return-cases/${id}/mark-safe`, safe);
    expect([marked.body['state'], reasons(marked)]).toEqual(['planning', ['planning']]);
    return { p, id };
  };
  const requestReception = (id: string): Promise<TestAnswer> => officer.post('/v1/reception-plans', { returnCase: id, originOffice: oo, languages: ['mg'], mitigations: ['met inside'], traveller: { givenName: 'Zyxqua' } });
  const readied = async (): Promise<Journey> => {
    const { p, id } = await planning();
    await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo);
    await clearance(p, 'ORIGIN_CONTACT');
    const plan = await requestReception(id);
    expect([plan.status, plan.body['state']]).toEqual([201, 'reception_requested']);
    const theirs = await refOf(plan.body['id'], oo);
    await origin.post(`/v1/reception-plans/${theirs}/accept-reception`);
    expect((await origin.post(`/v1/reception-plans/${theirs}/make-ready`, ready)).body['state']).toBe('ready');
    return { p, id, plan: String(plan.body['id']), phrase: String(plan.body['codePhrase']) };
  };
  const itinerary = (inHours: number): object => ({ departureAt: new Date(instance.clock.now().getTime() + hours(inHours)).toISOString(), arrivalAt: new Date(instance.clock.now().getTime() + hours(inHours + 6)).toISOString(), carrier: 'Vrmttulk Air', number: 'VR 1' });
  const plan = async (id: string, more: object): Promise<void> => { const { version } = (await officer.get(`/v1/return-cases/${id}`)).body; expect((await officer.patch(`/v1/return-cases/${id}`, more, version)).status).toBe(200); };
  const clearedToGo = async (): Promise<Journey> => {
    const j = await readied();
    await clearance(j.p, 'DEPARTURE');
    await plan(j.id, { itinerary: itinerary(48) });
    const answer = await second.post(`/v1/return-cases/${j.id}/clear`, { ...cleared, reintegrationDeclined: true });
    expect([answer.body['state'], reasons(answer)]).toEqual(['cleared', ['cleared']]);
    return j;
  };
  const travelling = async (): Promise<Journey> => {
    const j = await clearedToGo();
    expect((await officer.post(`/v1/return-cases/${j.id}/record-departure`, boarded)).body['state']).toBe('in_transit');
    return j;
  };
  const arrived = async (): Promise<Journey & { theirs: string }> => {
    const j = await travelling();
    const theirs = await refOf(j.id, oo);
    expect((await reception.post(`/v1/return-cases/${theirs}/record-arrival`, {})).body['state']).toBe('arrived');
    return { ...j, theirs };
  };
  const stateOf = async (id: string): Promise<unknown> => (await officer.get(`/v1/return-cases/${id}`)).body['state'];
  const planState = async (id: string): Promise<unknown> => (await officer.get(`/v1/reception-plans/${id}`)).body['state'];
  const alerts = async (who: TestAccount, about: string): Promise<string[]> => ((await who.get('/v1/returns-alerts')).body['items'] as { code: string; about: string }[]).filter((a) => a.about === about).map((a) => a.code).sort();

  it('has the tables that its lifecycles declare', async () => {
    for (const l of returnsService.lifecycles) {
      const { rows } = await admin.query<{ name: string; type: string }>("select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = ('returns.' || $1)::regclass and attnum > 0", [l.name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()]);
      expect(Object.fromEntries(rows.map(({ name, type }) => [name, type === 'timestamp with time zone' ? 'timestamptz' : type]))).toEqual(Object.fromEntries(columnsOfTable(l)));
    }
  });

  describe('the wish', () => {
    it('becomes a return of the organisation that the person named, and of nobody else', async () => {
      const p = await person();
      expect(await ask(p)).toMatchObject({ status: 409, body: { code: 'consent-required', purpose: 'RETURN_ARRANGEMENT' } });
      await consent(p, 'RETURN_ARRANGEMENT', ro);
      const asked = await ask(p);
      expect(asked.status).toBe(201);
      expect(await officer.get(`/v1/return-cases/${await refOf(asked.body['id'], ro)}`)).toMatchObject({ status: 200, body: { requestedBy: ngo } });
      expect((await worker.get(`/v1/return-cases/${String(asked.body['id'])}`)).body).not.toHaveProperty('decisionRecordedBy');
    });
    it('is never written down by an authority, or by an intake desk', async () => {
      const p = await person();
      await consent(p, 'RETURN_ARRANGEMENT', police);
      await consent(p, 'RETURN_ARRANGEMENT', ngo);
      const own = { case: p.ngoCase, returnOrganisation: ngo, onBehalfOf: 'PERSON', how: 'in_person' };
      expect(reasons(await instance.account(ngo, 'SHELTER_INTAKE').post('/v1/return-cases', own))).toEqual(['SHELTER_MAY_NOT_ASK']);
      expect((await instance.account(ngo, 'PARTNER_ADMIN').post('/v1/return-cases', own)).status).toBe(403);
      const { rows: [theirs] } = await admin.query<{ ref: string }>('select ref from returns.reference where organisation = $1', [police]);
      expect(reasons(await instance.account(police, 'CASE_WORKER').post('/v1/return-cases', { case: theirs?.ref, returnOrganisation: police, onBehalfOf: 'PERSON', how: 'in_person' }))).toEqual(['AUTHORITY_MAY_NOT_ASK', 'NOT_BY_AUTHORITY']);
    });
    it('may stand on two consents of the same: the longer one carries it', async () => {
      const p = await person();
      await consent(p, 'RETURN_ARRANGEMENT', ro);
      await consent(p, 'RETURN_ARRANGEMENT', ro);
      expect((await ask(p)).body['state']).toBe('requested');
    });
    it('is seen by who works on it, and by nobody who only administers or speaks for an organisation', async () => {
      const j = await readied();
      const listed = async (who: TestAccount, path: string): Promise<unknown> => ((await who.get(`${path}?limit=100`)).body['items'] as { id: string }[]).length > 0;
      for (const [organisation, ret, rcp] of [[ro, j.id, j.plan], [oo, await refOf(j.id, oo), await refOf(j.plan, oo)]] as const) {
        for (const role of ['PARTNER_ADMIN', 'OPERATOR', 'MEDIA_OFFICER', 'RECEIVER'] as const) {
          const other = instance.account(organisation, role);
          for (const path of [`/v1/return-cases/${ret}`, `/v1/return-cases/${ret}/timeline`, `/v1/reception-plans/${rcp}`, `/v1/reception-plans/${rcp}/timeline`]) expect([role, path, (await other.get(path)).status]).toEqual([role, path, 404]);
          expect([role, await listed(other, '/v1/return-cases'), await listed(other, '/v1/reception-plans')]).toEqual([role, false, false]);
        }
        const sees = instance.account(organisation, 'SUPERVISOR');
        expect([(await sees.get(`/v1/return-cases/${ret}`)).status, (await sees.get(`/v1/reception-plans/${rcp}`)).status]).toEqual([200, 200]);
      }
      // at home nobody of the office's staff lists it, and no shelter desk; she may say no to any worker (W1)
      const desk = instance.account(ro, 'SHELTER_INTAKE');
      expect(await listed(desk, '/v1/return-cases')).toBe(false);
      expect((await desk.post(`/v1/return-cases/${j.id}/withdraw-return`, { onBehalfOf: 'PERSON', how: 'in_person' })).body['state']).toBe('withdrawn_return');
    });
    it('stops in the moment in which a clearance goes, long before anything is planned (A7)', async () => {
      const { p, id } = await requested();
      await officer.post(`/v1/return-cases/${id}/start-counselling`, counselled);
      await clearance(p, 'ORIGIN_CONTACT', false);
      await waitUntil('it is suspended', async () => await stateOf(id) === 'return_suspended');
    });
    it('is taken back with the consent to tell an office, though none was asked yet (decisions 5)', async () => {
      const { p, id } = await planning();
      await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo);
      await clearance(p, 'ORIGIN_CONTACT');
      await end(p, 'ORIGIN_OFFICE_DISCLOSURE');
      await clearance(p, 'ORIGIN_CONTACT', false);
      await waitUntil('it is withdrawn', async () => await stateOf(id) === 'withdrawn_return');
    });
    it('is decided 72 hours after counselling at the earliest', async () => {
      const { id } = await requested();
      expect((await officer.post(`/v1/return-cases/${id}/start-counselling`, counselled)).body['state']).toBe('counselling');
      await instance.advance(hours(71));
      expect(reasons(await officer.post(`/v1/return-cases/${id}/record-decision`, decided))).toEqual(['TOO_EARLY']);
      await instance.advance(hours(1));
      expect((await officer.post(`/v1/return-cases/${id}/record-decision`, decided)).body['state']).toBe('under_assessment');
    });
  });

  describe('the assessment', () => {
    it('needs clearance, every statement, and another person than who wrote the decision down', async () => {
      const { p, id } = await assessing();
      const refused = await officer.post(`/v1/return-cases/${id}/mark-safe`, {});
      expect(guards(refused)).toEqual(['RG1', 'RG2', 'RG3', 'RG7', 'RG8', 'RG8', 'TWO_PERSONS']);
      await clearance(p, 'RETURN_ASSESSMENT');
      expect(reasons(await officer.post(`/v1/return-cases/${id}/mark-safe`, safe))).toEqual(['SAME_PERSON']);
      expect((await supervisor.post(`/v1/return-cases/${id}/mark-safe`, safe)).body['state']).toBe('planning');
    });
    it('of a child waits for what is not built yet: no return without a best-interests determination', async () => {
      const { p, id } = await assessing('GUARDIAN');
      await clearance(p, 'RETURN_ASSESSMENT');
      expect(guards(await second.post(`/v1/return-cases/${id}/mark-safe`, safe))).toEqual(['RG4', 'RG5', 'RG6']);
    });
    it('that says no begins a protection task of 72 hours', async () => {
      const { id } = await assessing();
      expect((await officer.post(`/v1/return-cases/${id}/mark-not-cleared`, { notClearedReasons: 'Qwrtzulk', reasonsGivenToPerson: true, protectionSought: true })).body['state']).toBe('not_cleared');
      await instance.advance(hours(73));
      expect(await alerts(officer, id)).toEqual(['PROTECTION_TASK_DUE']);
      expect((await officer.post(`/v1/return-cases/${id}/reassess`, { newFacts: true, personStillWantsIt: true })).body['state']).toBe('under_assessment');
    });
  });

  describe('the reception', () => {
    it('is asked for only with consent that names the office, and clearance', async () => {
      const { p, id } = await planning();
      expect(await requestReception(id)).toMatchObject({ status: 409, body: { code: 'consent-required', recipient: oo, purpose: 'ORIGIN_OFFICE_DISCLOSURE' } });
      await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo);
      expect(reasons(await requestReception(id))).toEqual(['ORIGIN_CONTACT_NOT_CLEARED']);
      expect((await origin.get('/v1/reception-plans?state=reception_requested')).body['items']).toEqual([]);
      await clearance(p, 'ORIGIN_CONTACT');
      const plan = await requestReception(id);
      expect(plan.body['codePhrase']).toMatch(/^[a-z]+ [a-z]+ [a-z]+ \d\d$/);
      expect((await officer.get(`/v1/reception-plans/${String(plan.body['id'])}`)).body).not.toHaveProperty('codePhrase');
      expect(reasons(await requestReception(id))).toEqual(['RECEPTION_IS_OPEN']);
      // the office knows of the plan, and of the return that it is planned
      const theirs = await refOf(plan.body['id'], oo);
      expect((await origin.get(`/v1/reception-plans/${theirs}`)).body).toMatchObject({ state: 'reception_requested', can: ['acceptReception', 'declineReception'] });
      const seen = await origin.get(`/v1/return-cases/${await refOf(id, oo)}`);
      expect([seen.body['state'], Object.keys(seen.body).sort()]).toEqual(['planning', ['can', 'createdAt', 'id', 'links', 'originOffice', 'state', 'version']]);
      expect((await origin.get(`/v1/return-cases/${await refOf(id, oo)}/timeline`)).body['items']).toEqual([]);
      await waitUntil('the office is asked', async () => (await events(await idOf(theirs))).length === 1);
      expect((await events(await idOf(theirs)))[0]).toMatchObject({ type: 'reception-requested', recipient: oo, data: { receptionPlan: theirs, from: ro, to: oo } });
    });
    it('lets the office fetch what consent covers, at that moment, and writes down each look', async () => {
      const j = await readied();
      const theirs = await refOf(j.plan, oo);
      // T36: nothing is handed out without an entry
      for (const fault of auditFaults) {
        const answer = await withAuditFault(instance.databaseUrl, 'returns', fault, () => origin.impatient.get(`/v1/reception-plans/${theirs}/detail`));
        expect([fault, answer.status >= 500, JSON.stringify(answer.body).includes('Zyxqua')]).toEqual([fault, true, false]);
        await waitUntil('it answers again', async () => (await officer.get(`/v1/reception-plans/${j.plan}`)).status === 200);
      }
      expect((await origin.get(`/v1/reception-plans/${theirs}/detail`)).body).toEqual({ mitigations: ['met inside'] });
      // T17, G2: who she is leaves in an envelope only, whatever stands in this service's copy of the consent
      await admin.query(`update returns.known_consent set categories = '{IDENTITY,CONTACT,AGE_GENDER_LANGUAGE,NEEDS,TRAVEL,DOCUMENTS,RISK_MITIGATION}' where case_ref = $1`, [j.p.caseRef]);
      expect(JSON.stringify((await origin.get(`/v1/reception-plans/${theirs}/detail`)).body)).not.toContain('Zyxqua');
      expect((await officer.get(`/v1/reception-plans/${j.plan}/timeline`)).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ command: 'disclose', organisation: oo, fields: ['mitigations'] })]));
      expect(JSON.stringify((await origin.get(`/v1/reception-plans/${theirs}/timeline`)).body)).not.toContain('disclose');
      // DP-11: who looked, of what this service keeps
      const { rows: [named] } = await admin.query<{ ref: string }>("select ref from returns.reference where organisation = $1 and kind = 'cas' and aggregate = $2", [ro, j.p.caseRef]);
      const known = String(named?.ref);
      expect((await officer.get(`/v1/returns-accesses?caseId=${known}`)).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ organisation: oo, about: 'reception-plans', look: 'disclose', fields: ['mitigations'], purpose: 'ORIGIN_OFFICE_DISCLOSURE' })]));
      expect((await origin.get(`/v1/returns-accesses?caseId=${known}`)).status).toBe(404);
      expect((await officer.get('/v1/returns-accesses')).status).toBe(422);
      expect((await origin.get(`/v1/reception-plans/${theirs}?reveal=traveller&purpose=ORIGIN_OFFICE_DISCLOSURE`)).status).toBe(403);
      await clearance(j.p, 'ORIGIN_CONTACT', false);
      expect(reasons(await origin.get(`/v1/reception-plans/${theirs}/detail`))).toEqual(['ADMINISTRATIVE']);
    });
    it('T18 more details asked for at once than the quota leaves are not given either', async () => {
      const office = instance.account(oo, 'ORIGIN_OFFICE'), { engine } = instance.services.get('returns') as RunningService;
      const plans: string[] = [];
      for (let n = 0; n < 4; n += 1) plans.push(await refOf((await readied()).plan, oo));
      // all but two of the looks of this hour
      await engine.store.commit(ro, Array.from({ length: LOOKS - 2 }, () => ({ t: 'audit', op: 'insert' as const, row: { at: instance.clock.now().toISOString(), organisations: [ro], kind: 'rcp', aggregate: randomUUID(), command: 'disclose', organisation: oo, account: office.subject, role: 'ORIGIN_OFFICE', fields: ['mitigations'] } })), []);
      const answers = await Promise.all(plans.map((plan) => office.impatient.get(`/v1/reception-plans/${plan}/detail`)));
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(2);
      expect(answers.map(({ status }) => status)).toContain(429);
      for (const { status, body } of answers) expect(status === 200).toBe('mitigations' in body);
    });
    it('T05 gives no detail in which somebody wrote who she is, where she agreed to no name', async () => {
      const { p, id } = await planning();
      await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo, { riskMitigation: true });
      await clearance(p, 'ORIGIN_CONTACT');
      const plan = await officer.post('/v1/reception-plans', { returnCase: id, originOffice: oo, mitigations: ['met inside', 'hold up a sign: VRMTTULK, Zyxqua'], traveller: { givenName: 'Zyxqua', familyName: 'Vrmttulk' } });
      const theirs = await refOf(plan.body['id'], oo);
      const answer = await origin.get(`/v1/reception-plans/${theirs}/detail`);
      expect(answer).toMatchObject({ status: 409, body: { code: 'privacy-refused', reason: 'SCANNER_FOUND' } });
      expect(JSON.stringify(answer.body)).not.toMatch(/zyxqua|vrmtt|met inside/i);
      const mine = String(plan.body['id']);
      expect(((await officer.get(`/v1/reception-plans/${mine}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'disclosureRefused', organisation: oo, ground: 'SCANNER_FOUND' });
      expect((await officer.get('/v1/returns-alerts')).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'DISCLOSURE_REFUSED', about: mine })]));
      expect((await officer.patch(`/v1/reception-plans/${mine}`, { mitigations: ['met inside', 'a sign: Zyxqua'] }, 1)).status).toBe(200);
      expect((await origin.get(`/v1/reception-plans/${theirs}/detail`)).body).toEqual({ mitigations: ['met inside', 'a sign: Zyxqua'] });
    });
    it('T12 gives no detail in which somebody wrote who another traveller of the house is', async () => {
      const { p, id } = await planning();
      await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo, { riskMitigation: true });
      await clearance(p, 'ORIGIN_CONTACT');
      const plan = await officer.post('/v1/reception-plans', { returnCase: id, originOffice: oo, mitigations: ['not in one car with Wqxolm Hjdkrat'] });
      const theirs = await refOf(plan.body['id'], oo);
      expect(await origin.get(`/v1/reception-plans/${theirs}/detail`)).toMatchObject({ status: 200, body: { mitigations: ['not in one car with Wqxolm Hjdkrat'] } });
      const other = await planning();
      await consent(other.p, 'ORIGIN_OFFICE_DISCLOSURE', oo, {});
      await clearance(other.p, 'ORIGIN_CONTACT');
      expect((await officer.post('/v1/reception-plans', { returnCase: other.id, originOffice: oo, traveller: { givenName: 'Wqxolm', familyName: 'Hjdkrat' } })).status).toBe(201);
      expect(await origin.get(`/v1/reception-plans/${theirs}/detail`)).toMatchObject({ status: 409, body: { code: 'privacy-refused', reason: 'SCANNER_FOUND' } });
    });
    it.each([['a referral', ReferralSent], ['a proposal of reintegration', ReintegrationProposed]] as const)('T29 says nothing that counts to an office that %s has reached too, unless she is named to it', async (_, event) => {
      const asked = async (categories: object): Promise<Record<string, unknown>> => {
        const { p, id } = await planning();
        await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo, categories);
        await clearance(p, 'ORIGIN_CONTACT');
        const plan = await officer.post('/v1/reception-plans', { returnCase: id, originOffice: oo, languages: ['en'], mitigations: ['met inside'], traveller: { givenName: 'Zyxqua' } });
        const theirs = await refOf(plan.body['id'], oo);
        const subject = newRef(event === ReferralSent ? 'rfr' : 'rnt');
        await say(instance, event, { recipient: oo, subject, caseRef: p.caseRef, owner: ngo }, event === ReferralSent ? { referral: subject, state: 'sent', version: 1, priority: 'NORMAL', from: ngo, to: oo, dueAt: `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)}:00Z` } : { reintegrationCase: subject, state: 'proposed', version: 1, from: ngo, to: oo });
        if ('identity' in categories) await say(instance, IdentityAvailable, { caseRef: p.caseRef, owner: ngo, recipient: oo, subject: newRef('env') }, { identityEnvelope: newRef('env'), version: 1, dueAt: `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)}:00Z` });
        if ('identity' in categories) await waitUntil('the envelope is known', async () => (await admin.query('select from returns.known_envelope where case_ref = $1', [p.caseRef])).rowCount === 1);
        await waitUntil('the other way is known', async () => (await admin.query('select from returns.told_elsewhere where case_ref = $1 and recipient = $2', [p.caseRef, oo])).rowCount === 1);
        return (await origin.get(`/v1/reception-plans/${theirs}/detail`)).body;
      };
      expect(await asked({ ageGenderLanguage: true, riskMitigation: true })).toEqual({ mitigations: ['met inside'], generalised: ['languages'] });
      expect(await asked({ identity: true, ageGenderLanguage: true, riskMitigation: true })).toEqual({ languages: ['en'], mitigations: ['met inside'] });
    });
    it('DP-12: tells the office that has looked when a detail of her is put right', async () => {
      const j = await readied();
      const theirs = await refOf(j.plan, oo);
      const version = async (): Promise<unknown> => (await officer.get(`/v1/reception-plans/${j.plan}`)).body['version'];
      const told = async (): Promise<number> => (await events(await idOf(j.plan))).filter((e) => e.type === 'reception-detail-changed' && e.recipient === oo && e.data['receptionPlan'] === theirs).length;
      expect((await officer.patch(`/v1/reception-plans/${j.plan}`, { mitigations: ['met outside'] }, await version())).status).toBe(200);
      expect((await origin.get(`/v1/reception-plans/${theirs}/detail`)).body).toMatchObject({ mitigations: ['met outside'] });
      expect((await officer.patch(`/v1/reception-plans/${j.plan}`, { mitigations: ['met by two'] }, await version())).status).toBe(200);
      await waitUntil('it is told, once: before, it had seen nothing', async () => await told() === 1);
      expect((await origin.get(`/v1/reception-plans/${theirs}/detail`)).body).toMatchObject({ mitigations: ['met by two'] });
      expect((await origin.patch(`/v1/reception-plans/${theirs}`, { mitigations: ['other'] }, await version())).status).toBe(403);
    });
    it('gives the itinerary not earlier than 24 hours before departure', async () => {
      const j = await clearedToGo();
      const theirs = await refOf(j.plan, oo);
      expect(reasons(await reception.get(`/v1/reception-plans/${theirs}/itinerary`))).toEqual(['ADMINISTRATIVE']);
      await instance.advance(hours(24.5));
      expect((await reception.get(`/v1/reception-plans/${theirs}/itinerary`)).body).toMatchObject({ itinerary: { carrier: 'Vrmttulk Air' } });
      // who travels with her is sealed, and the itinerary has no room for words
      await plan(j.id, { escort: { name: 'Qwrtz Plzkh', phone: '+37322000009', relation: 'trained escort' } });
      expect(Object.keys((await reception.get(`/v1/reception-plans/${theirs}/itinerary`)).body)).toEqual(['itinerary']);
      expect((await officer.patch(`/v1/return-cases/${j.id}`, { itinerary: { ...itinerary(20), carrier: 'ask for her: +355 69 1234567' } }, (await officer.get(`/v1/return-cases/${j.id}`)).body['version'])).status).toBe(422);
      await plan(j.id, { itinerary: { number: 'VR 2', ...itinerary(20) } });
      const changes = async (): Promise<number> => (await events(await idOf(j.id))).filter((e) => e.type === 'reception-detail-changed' && e.recipient === oo && e.data['receptionPlan'] === theirs).length;
      await waitUntil('the office is told that it changed', async () => await changes() === 1);
      await plan(j.id, { fitToTravel: 'Qwrtzulk' });
      expect((await officer.post(`/v1/return-cases/${j.id}/record-failed-departure`)).body['state']).toBe('planning');
      await waitUntil('and that nobody comes with it', async () => await changes() === 2);
      await plan(j.id, { itinerary: itinerary(60) });
      await waitUntil('and that there is another, though it is not cleared yet', async () => await changes() === 3);
    });
    it('says nothing of an itinerary that the office has never fetched', async () => {
      const j = await readied();
      await plan(j.id, { itinerary: itinerary(60) });
      await plan(j.id, { itinerary: itinerary(70) });
      await waitUntil('all is sent', async () => (await admin.query('select from returns.outbox where aggregate = $1', [await idOf(j.id)])).rowCount === 0);
      expect((await events(await idOf(j.id))).map((e) => e.type)).toEqual([]);
    });
    it('makes a new code phrase once for one key; what is kept for the repeat has none', async () => {
      const j = await readied();
      const again = (key: string): Promise<TestAnswer> => officer.post(`/v1/reception-plans/${j.plan}/code-phrase`, {}, { 'idempotency-key': key });
      const [first, repeat] = [await again('lost-1'), await again('lost-1')];
      expect(first.body['codePhrase']).toMatch(/^[a-z]+ [a-z]+ [a-z]+ \d\d$/);
      expect([repeat.status, repeat.headers.get('idempotent-replay'), repeat.body['codePhrase'], repeat.body['version']]).toEqual([200, 'true', undefined, first.body['version']]);
      expect((await again('lost-2')).body['codePhrase']).not.toBe(first.body['codePhrase']);
      expect(JSON.stringify((await admin.query('select body from returns.idempotency')).rows)).not.toContain(String(first.body['codePhrase']));
    });
    it('declined, there is no travel; another office may be asked', async () => {
      const { p, id } = await planning();
      await consent(p, 'ORIGIN_OFFICE_DISCLOSURE', oo);
      await clearance(p, 'ORIGIN_CONTACT');
      const plan = await requestReception(id);
      await origin.post(`/v1/reception-plans/${await refOf(plan.body['id'], oo)}/decline-reception`, { reason: 'CAPACITY' });
      await instance.advance(1_000);
      expect(await alerts(officer, String(plan.body['id']))).toEqual(['RECEPTION_DECLINED']);
      // who cannot receive her has nothing more to see
      expect((await origin.get(`/v1/return-cases/${await refOf(id, oo)}`)).status).toBe(404);
      expect((await requestReception(id)).status).toBe(201);
    });
  });

  describe('clearing', () => {
    it('names everything that is missing', async () => {
      const { id } = await planning();
      expect(guards(await second.post(`/v1/return-cases/${id}/clear`, {}))).toEqual(['DEPARTURE', 'EMM', 'F5', 'FINAL_CONSENT', 'RG11', 'RG13', 'RG14']);
      await plan(id, { escortRequired: true });
      expect(guards(await second.post(`/v1/return-cases/${id}/clear`, {}))).toContain('RG12');
    });
    it('waits for reintegration, or for her written word that she wants none', async () => {
      const j = await readied();
      await clearance(j.p, 'DEPARTURE');
      await plan(j.id, { itinerary: itinerary(48) });
      expect(reasons(await second.post(`/v1/return-cases/${j.id}/clear`, cleared))).toEqual(['REINTEGRATION_NOT_ACCEPTED']);
      await accepted(j.p);
      expect((await second.post(`/v1/return-cases/${j.id}/clear`, cleared)).body['state']).toBe('cleared');
    });
    it('is for a departure within 72 hours; a flight that fails begins it anew (F2)', async () => {
      const j = await readied();
      await clearance(j.p, 'DEPARTURE');
      await plan(j.id, { itinerary: itinerary(80) });
      expect(reasons(await second.post(`/v1/return-cases/${j.id}/clear`, { ...cleared, reintegrationDeclined: true }))).toEqual(['DEPARTURE_NOT_WITHIN_72_HOURS']);
      await plan(j.id, { itinerary: itinerary(70) });
      await second.post(`/v1/return-cases/${j.id}/clear`, { ...cleared, reintegrationDeclined: true });
      await instance.advance(hours(73));
      expect(reasons(await officer.post(`/v1/return-cases/${j.id}/record-departure`, boarded))).toEqual(['RECONFIRMATION_TOO_OLD']);
      expect((await officer.post(`/v1/return-cases/${j.id}/record-failed-departure`)).body['state']).toBe('planning');
    });
    it('is undone by a hold in the same moment; the office hears nothing but that nobody comes (A7)', async () => {
      const j = await clearedToGo();
      await clearance(j.p, 'DEPARTURE', false);
      await waitUntil('it is suspended', async () => await stateOf(j.id) === 'return_suspended');
      expect(await planState(j.plan)).toBe('reception_cancelled');
      const theirs = await refOf(j.plan, oo);
      await waitUntil('the office is told', async () => (await events(await idOf(theirs))).some((e) => e.type === 'reception-cancelled'));
      expect((await events(await idOf(theirs))).find((e) => e.type === 'reception-cancelled')?.data['reason']).toBe('PERSON_CHOICE');
      const seen = await refOf(j.id, oo);
      expect((await origin.get(`/v1/return-cases/${seen}`)).status).toBe(404);
      expect((await origin.get(`/v1/return-cases/${seen}/timeline`)).status).toBe(404);
      expect((await officer.post(`/v1/return-cases/${j.id}/resume-return`, { holdLifted: true })).body['state']).toBe('counselling');
      // planned anew, the office is a stranger until it is asked anew
      await instance.advance(hours(73));
      await officer.post(`/v1/return-cases/${j.id}/record-decision`, decided);
      expect((await second.post(`/v1/return-cases/${j.id}/mark-safe`, safe)).body['state']).toBe('planning');
      expect((await origin.get(`/v1/return-cases/${seen}`)).status).toBe(404);
    });
  });

  describe('the way', () => {
    it('ends in the hands of whom she knows: two sides confirm, and the phrase matches', async () => {
      const j = await arrived();
      const theirs = await accepted(j.p);
      await consent(j.p, 'REFERRAL_DISCLOSURE', soa);
      expect((await reception.get(`/v1/return-cases/${j.theirs}`)).body).toMatchObject({ state: 'arrived', dueAt: expect.any(String) });
      const told = ((await reception.get(`/v1/return-cases/${j.theirs}/timeline`)).body['items'] as { command: string }[]).map((t) => t.command);
      expect(told).toEqual(['recordDeparture', 'recordArrival']);
      expect(reasons(await reception.post(`/v1/return-cases/${j.theirs}/confirm-reception`, { ...met, codePhrase: 'mango mango mango 11' }))).toEqual(['CODE_PHRASE_WRONG']);
      expect(reasons(await reception.post(`/v1/return-cases/${j.theirs}/confirm-reception`, { officerConfirms: true, codePhrase: j.phrase }))).toEqual(['PERSON_CONFIRMS_NOT_CONFIRMED']);
      const confirmed = await reception.post(`/v1/return-cases/${j.theirs}/confirm-reception`, { ...met, codePhrase: j.phrase.toUpperCase().replaceAll(' ', '-') });
      expect(confirmed.body['state']).toBe('received');
      expect(await planState(j.plan)).toBe('performed');
      const id = await idOf(j.id);
      await waitUntil('everybody is told', async () => (await events(id)).filter((e) => e.type === 'reception-confirmed').length === 3);
      const all = (await events(id)).filter((e) => e.type === 'reception-confirmed');
      expect(all.find((e) => e.recipient === soa)?.data).toEqual({ reintegrationCase: theirs, state: 'received', version: expect.any(Number) });
      expect(all.find((e) => e.recipient === oo)?.data).toMatchObject({ returnCase: j.theirs, receptionPlan: await refOf(j.plan, oo) });
      expect((await events(id)).filter((e) => e.recipient === oo).map((e) => e.type)).toEqual(['return-departed', 'return-arrived', 'reception-confirmed']);
      expect((await officer.post(`/v1/return-cases/${j.id}/complete-return`)).body['state']).toBe('completed_return');
      expect((await officer.post(`/v1/return-cases/${j.id}/close-return`, { originSideDataRecalled: true, nextServiceLinked: true })).body['state']).toBe('closed_return');
    });
    it('a phrase is tried five times in a quarter of an hour', async () => {
      const j = await arrived();
      const say_ = (codePhrase: string): Promise<TestAnswer> => reception.post(`/v1/return-cases/${j.theirs}/confirm-reception`, { ...met, codePhrase });
      for (let n = 0; n < 5; n += 1) expect(reasons(await say_('kiwi kiwi kiwi 10'))).toEqual(['CODE_PHRASE_WRONG']);
      expect(reasons(await say_(j.phrase))).toEqual(['CODE_PHRASE_TRIED_TOO_OFTEN']);
      await instance.advance(hours(0.3));
      expect((await say_(j.phrase)).body['state']).toBe('received');
    });
    it('not met: a call after 30 minutes, failed after 2 hours, unaccounted for after 24', async () => {
      const j = await arrived();
      await instance.advance(hours(0.6));
      expect([await alerts(officer, j.id), await alerts(reception, j.theirs)]).toEqual([['NOT_YET_MET'], ['NOT_YET_MET']]);
      await instance.advance(hours(1.5));
      await waitUntil('it has failed', async () => await stateOf(j.id) === 'reception_failed');
      expect(await planState(j.plan)).toBe('missed');
      await instance.advance(1_000);
      expect(await alerts(officer, j.id)).toEqual(['RECEPTION_FAILED']);
      expect(reasons(await supervisor.post(`/v1/return-cases/${j.id}/record-unaccounted`))).toEqual(['TOO_EARLY']);
      await instance.advance(hours(22));
      expect(await alerts(officer, j.id)).toEqual(['PERSON_UNACCOUNTED_FOR', 'RECEPTION_FAILED']);
      expect((await supervisor.post(`/v1/return-cases/${j.id}/record-unaccounted`)).body['state']).toBe('unaccounted');
      expect((await reception.post(`/v1/return-cases/${j.theirs}/confirm-reception`, { ...met, foundAndSafe: true, codePhrase: j.phrase })).body['state']).toBe('received');
      expect(await planState(j.plan)).toBe('performed');
    });
    it('not met: nobody else is sent to that office until two people have looked into it, with a new risk assessment (F7)', async () => {
      const [{ rows: [open] }, waiting] = [await admin.query<{ id: string; office: string }>("select id, origin_office as office from returns.failed_reception where state = 'unreviewed'"), await planning()];
      expect(open?.office).toBe(oo);
      await consent(waiting.p, 'ORIGIN_OFFICE_DISCLOSURE', oo);
      await clearance(waiting.p, 'ORIGIN_CONTACT');
      expect(guards(await requestReception(waiting.id))).toEqual(['F7']);
      const [failed] = (await supervisor.get('/v1/failed-receptions?state=unreviewed')).body['items'] as { id: string; originOffice: string }[];
      const id = String(failed?.id);
      expect([failed?.originOffice, await alerts(supervisor, id)]).toEqual([oo, ['RECEPTION_TO_BE_REVIEWED', 'RISK_TO_BE_ASSESSED_ANEW']]);
      for (const other of [origin, reception, worker, instance.account(ro, 'PARTNER_ADMIN')]) expect((await other.get(`/v1/failed-receptions/${id}`)).status).toBe(404);
      expect(reasons(await supervisor.post(`/v1/failed-receptions/${id}/review-reception`, { causeFoundAndMended: true }))).toEqual(['RISK_ASSESSED_ANEW_NOT_CONFIRMED']);
      const asked = await supervisor.post(`/v1/failed-receptions/${id}/review-reception`, { causeFoundAndMended: true, riskAssessedAnew: true });
      expect(asked.status).toBe(202);
      expect((await supervisor.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).status).toBe(409);
      expect(guards(await requestReception(waiting.id))).toEqual(['F7']);
      expect((await instance.account(ro, 'SUPERVISOR').post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('reviewed');
      expect([await alerts(supervisor, id), (await requestReception(waiting.id)).status]).toEqual([[], 201]);
    });
    it('a withdrawal on the way ends it, with its reception, whoever is told', async () => {
      const j = await travelling();
      await end(j.p, 'ORIGIN_OFFICE_DISCLOSURE');
      await waitUntil('it is withdrawn', async () => await stateOf(j.id) === 'withdrawn_return');
      expect(await planState(j.plan)).toBe('reception_cancelled');
      expect(((await officer.get(`/v1/return-cases/${j.id}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'withdrawReturn', onBehalfOf: 'PERSON', causedBy: expect.stringMatching(/^evt_/) });
      const theirs = await refOf(j.plan, oo);
      expect(reasons(await reception.get(`/v1/reception-plans/${theirs}/itinerary`))).toEqual(['ADMINISTRATIVE']);
      expect((await reception.get(`/v1/return-cases/${await refOf(j.id, oo)}`)).status).toBe(404);
    });
    it('needs no news to be withdrawn, and the origin office never speaks for her', async () => {
      const j = await travelling();
      expect(reasons(await reception.post(`/v1/return-cases/${await refOf(j.id, oo)}/withdraw-return`, { onBehalfOf: 'PERSON', how: 'phone' }))).toEqual(['ORIGIN_SIDE_MAY_NOT_SPEAK_FOR_HER']);
      expect((await worker.post(`/v1/return-cases/${await refOf(j.id, ngo)}/withdraw-return`, { onBehalfOf: 'PERSON', how: 'phone' })).body['state']).toBe('withdrawn_return');
    });
    it('goes on where an older consent ends and a newer one carries it', async () => {
      const j = await readied();
      for (const purpose of ['RETURN_ARRANGEMENT', 'ORIGIN_OFFICE_DISCLOSURE']) {
        await renewed(j.p, purpose);
        await end(j.p, purpose, ConsentExpired);
        // what follows on the older record is looked at after its end
        await renewed(j.p, purpose, j.p.consents.get(purpose), 3);
      }
      expect([await stateOf(j.id), await planState(j.plan)]).toEqual(['planning', 'ready']);
      const { rows: [kept] } = await admin.query<{ same: boolean }>('select r.origin_consent = p.origin_consent as same from returns.return_case r join returns.reception_plan p on p.return_case = r.id where r.id = $1', [await idOf(j.id)]);
      expect(kept?.same).toBe(true);
    });
    it('consent that ends by itself suspends; on the way somebody is told to ask her', async () => {
      const planned = await readied();
      await end(planned.p, 'ORIGIN_OFFICE_DISCLOSURE', ConsentExpired);
      await waitUntil('it is suspended', async () => await stateOf(planned.id) === 'return_suspended');
      const j = await travelling();
      await end(j.p, 'RETURN_ARRANGEMENT', ConsentExpired);
      await waitUntil('somebody is told', async () => { await instance.advance(0); return (await alerts(officer, j.id)).includes('CONSENT_ENDED_ON_THE_WAY'); });
      expect(await stateOf(j.id)).toBe('in_transit');
    });
  });

  it('destroys its key when the case is anonymised, and says so', async () => {
    const { p, id } = await assessing();
    expect((await officer.get(`/v1/return-cases/${id}?reveal=decision&purpose=RETURN_ARRANGEMENT`)).body['decision']).toMatchObject({ language: 'mg' });
    const aggregate = await say(instance, CaseAnonymised, { caseRef: p.caseRef, owner: ngo, version: 9 }, { case: p.caseRef, state: 'anonymised', version: 9 });
    await waitUntil('the others are told', async () => (await events(aggregate)).some((e) => e.type === 'case-erased-by-returns'));
    expect((await officer.get(`/v1/return-cases/${id}?reveal=decision&purpose=RETURN_ARRANGEMENT`)).body).not.toHaveProperty('decision');
  });

  it('tells nothing of its sealed fields to whoever reads the tables', async () => {
    const { rows } = await admin.query<{ text: string }>('select to_jsonb(r)::text as text from returns.return_case r union all select to_jsonb(p)::text from returns.reception_plan p union all select to_jsonb(a)::text from returns.audit a union all select convert_from(body, \'utf8\') from bus.event');
    expect(rows.some(({ text }) => /Zyxqua|Vrmttulk|Qwrtzulk|Officer One/.test(text))).toBe(false);
    await instance.advance(days(0));
    expect((await reintegrator.get('/v1/return-cases')).body['items']).toEqual([]);
  });

  it('the office learns at the return where its sealed envelope waits, until it is out of time; nobody else does', async () => {
    const { p, id } = await readied();
    const [envelope, theirs] = [newRef('env'), await refOf(id, oo)];
    const ask = (by = origin, of = theirs): Promise<TestAnswer> => by.post(`/v1/return-cases/${of}/disclosure`);
    expect((await ask()).status).toBe(404);
    const dueAt = `${new Date(instance.clock.now().getTime() + days(7)).toISOString().slice(0, 16)}:00Z`;
    // One for a referral is fetched there.
    await say(instance, IdentityAvailable, { caseRef: p.caseRef, owner: ngo, recipient: oo, subject: newRef('env') }, { identityEnvelope: newRef('env'), referral: newRef('rfr'), version: 1, dueAt });
    await say(instance, IdentityAvailable, { caseRef: p.caseRef, owner: ngo, recipient: oo, subject: envelope }, { identityEnvelope: envelope, version: 1, dueAt });
    await waitUntil('the pointer is known', async () => (await ask()).status === 200);
    expect((await ask()).body).toEqual({ identityEnvelope: envelope, dueAt: new Date(dueAt).toISOString(), links: { collect: `/v1/identity-envelopes/${envelope}/collect` } });
    expect([(await ask(officer, id)).status, (await ask(reintegrator)).status]).toEqual([403, 404]);
    await instance.advance(days(7));
    expect((await ask()).status).toBe(404);
  });

  it('T10 leaves none of the words about a person, nor who meets her, in any sink', async () => {
    const words = ['Zyxqua', 'Zyxquo', 'Zyxqui', 'Vrmttulk', 'Qwrtzulk', 'Officer One', 'Officer Two', '261340000001'];
    expect(huntLeaks(await instance.sinks(), words.map((word) => ({ name: word, values: { word } })))).toEqual([]);
  }, 120_000);
});

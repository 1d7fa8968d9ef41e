import { isDeepStrictEqual } from 'node:util';
import { ShelterRegistered, type Role } from '@footbridge/contracts';
import { notificationsService } from '@footbridge/notifications';
import { Tally, newRef, type Counted, type Sealed } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { referralsService } from '@footbridge/referrals';
import { say, speaker, testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import pg from 'pg';

const her = canaryPerson(62);
interface Cell { readonly variable: string; readonly value: string; readonly count?: number; readonly suppressed: boolean }

describe('anonymised statistics, from two words to a public table, on real Postgres', () => {
  let instance: TestInstance;
  let admin: pg.Client;
  const [network, house, remote] = [newRef('org'), newRef('org'), newRef('org')];
  let dpo: TestAccount, dpo2: TestAccount, worker: TestAccount;
  const year = new Date().getUTCFullYear() - 1;
  const opened = (y: number): string => `${y}-03-04T10:00:00.000Z`;
  /** Who is counted and as what: what comes out has noise, so that only what goes in tells. */
  const count = Object.getOwnPropertyDescriptor(Tally.prototype, 'count')?.value as Tally['count'];
  const counted: { readonly person: string; readonly facts: Sealed<Counted> }[] = [];
  const must = async (answer: Promise<TestAnswer>, status = 201): Promise<Record<string, unknown>> => { const { status: got, body } = await answer; if (got !== status) throw new Error(`${got} ${JSON.stringify(body)}`); return body; };
  const reasons = ({ body }: TestAnswer): string[] => ((body['guards'] ?? []) as { reason: string }[]).map(({ reason }) => reason);
  const open = async (by: TestAccount, more: object, at = year): Promise<string> => String((await must(by.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', openedAt: opened(at), ...more })))['id']);
  const hers = { onBehalfOf: 'PERSON', how: 'in_person' };
  const ask = async (of: string): Promise<string> => String((await must(worker.post('/v1/consent-records', { case: of, purpose: 'ANONYMISED_STATISTICS', categories: ['AGE_GENDER_LANGUAGE', 'EXPLOITATION'], noticeVersion: '2026-1', language: 'es', medium: 'written' })))['id']);
  const give = (id: string): Promise<unknown> => must(worker.post(`/v1/consent-records/${id}/give`, { ...hers, capacity: true, freely: true }), 200);
  const refuse = (id: string): Promise<unknown> => must(worker.post(`/v1/consent-records/${id}/refuse`, { ...hers, helpNotReduced: true }), 200);
  const order = async (of: number): Promise<Record<string, unknown>> => must(dpo2.post(`/v1/approvals/${String((await must(dpo.post('/v1/statistics-orders', { year: String(of) }), 202))['approval'])}/approve`), 200);
  const becomes = (id: unknown, state: string): Promise<unknown> => waitUntil(`the order is ${state}`, async () => (await dpo.get(`/v1/statistics-orders/${String(id)}`)).body['state'] === state);
  const fetched = async (path: string, headers: Record<string, string> = {}): Promise<{ status: number; type: string; cache: string; etag: string; text: string }> => {
    const answer = await fetch(`${instance.url}${path}`, { headers });
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', cache: answer.headers.get('cache-control') ?? '', etag: answer.headers.get('etag') ?? '', text: await answer.text() };
  };

  beforeAll(async () => {
    instance = await testInstance([referralsService, notificationsService, speaker('shelters'), speaker('returns'), speaker('reintegration')], { name: 'statistics', config: { denyList: { standing: () => 'good' } } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    const account = (organisation: string, ...roles: Role[]): TestAccount => instance.account(organisation, ...roles);
    [dpo, dpo2, worker] = [account(network, 'DPO'), account(network, 'DPO'), account(house, 'CASE_WORKER')];
    const operator = account(network, 'OPERATOR');
    for (const [id, type, country, networkBody] of [[network, 'InternationalOrganisation', 'GT', true], [house, 'NGO', 'GT', false], [remote, 'NGO', 'HN', false]] as const) await must(operator.post('/v1/organisations', { id, type, country, name: 'House', networkBody }));
    for (const [organisation, houses] of [[house, 3], [remote, 2]] as const) for (let i = 0; i < houses; i += 1) await say(instance, ShelterRegistered, {}, { shelter: newRef('shl'), organisation, version: 1, state: 'registered' });
    await waitUntil('everybody is known', async () => (await admin.query('select 1 from referrals.known_shelter union all select 1 from referrals.known_organisation')).rowCount === 8);
    Tally.prototype.count = function (this: Tally, person, facts) { counted.push({ person, facts }); count.call(this, person, facts); };
  });
  afterAll(async () => { Tally.prototype.count = count; await admin?.end(); await instance?.close(); });

  it('are ordered by two persons of a network body, for a year that is over', async () => {
    const [foreign, own] = [instance.account(house, 'DPO'), instance.account(network, 'CASE_WORKER')];
    expect([reasons(await foreign.post('/v1/statistics-orders', { year: String(year) })), (await own.post('/v1/statistics-orders', { year: String(year) })).status]).toEqual([['NOT_A_NETWORK_BODY'], 403]);
    expect(reasons(await dpo.post('/v1/statistics-orders', { year: String(year + 1) }))).toEqual(['YEAR_NOT_OVER']);
    for (const wrong of ['2019', '2025-01', 'all', '']) expect([wrong, (await dpo.post('/v1/statistics-orders', { year: wrong })).status]).toEqual([wrong, 422]);
    const { approval } = await must(dpo.post('/v1/statistics-orders', { year: String(year) }), 202);
    expect(reasons(await dpo.post(`/v1/approvals/${String(approval)}/approve`))).toEqual(['SAME_PERSON']);
    expect((await foreign.post(`/v1/approvals/${String(approval)}/approve`)).status).toBe(404);
    expect((await fetched(`/v1/statistics/${year}`)).status).toBe(404);
    await must(dpo2.post(`/v1/approvals/${String(approval)}/refuse`), 200);
  });

  it('S-1, S-19, DP-27 count everybody once: not who objected, was not asked to the end, was erased, is no victim, was invented, contests what is kept, or is where few shelters are', async () => {
    const referred = await open(worker, { person: { givenName: her.givenName, familyName: her.familyName, phone: her.phone, identityNumber: her.documentNumber, gender: 'Feminine', birthDate: `${year - 27}-03-05`, citizenships: ['HN', 'NG'] }, trafficking: { typesOfExploitation: ['SexualExploitation', 'ForcedBegging'] } });
    // One person with forty referrals (S-1).
    await Promise.all(Array.from({ length: 40 }, () => worker.post('/v1/referrals', { case: referred, serviceType: 'legal', priority: 'NORMAL', receiver: remote }))).then((answers) => { expect(answers.map(({ status }) => status)).toEqual(Array<number>(40).fill(201)); });
    await open(worker, { person: { gender: 'TransgenderFeminine', ageBand: '9-17', citizenships: ['NG'] } });
    await open(worker, {}, year + 1);
    await open(worker, {}, year - 1);
    const [withdrew, waits, refused, changedHerMind] = [await open(worker, {}), await open(worker, {}), await open(worker, {}), await open(worker, { person: { gender: 'NonSpecifiedUnknown' } })];
    const given = await ask(withdrew);
    await give(given);
    await must(worker.post(`/v1/consent-records/${given}/withdraw`, hers), 200);
    await ask(waits);
    await refuse(await ask(refused));
    await refuse(await ask(changedHerMind));
    await give(await ask(changedHerMind));
    await open(worker, { trafficking: { status: 'NotAVictimOfTrafficking' } });
    const [mistake, erased] = [await open(worker, {}), await open(worker, {})];
    await must(worker.post(`/v1/cases/${mistake}/close-case`, { reason: 'ENTERED_IN_ERROR', personInformed: true }), 200);
    await must(worker.post(`/v1/cases/${erased}/close-case`, { reason: 'PERSON_ENDED', personInformed: true }), 200);
    const { approval } = await must(instance.account(house, 'DPO').post(`/v1/cases/${erased}/anonymise-case`, { erasureGranted: true }), 202);
    await must(instance.account(house, 'DPO').post(`/v1/approvals/${String(approval)}/approve`), 200);
    await must(instance.account(house, 'DPO').post(`/v1/cases/${await open(worker, { person: { gender: 'Masculine' } })}/decoy`), 200);
    const right = async (kind: string): Promise<unknown> => must(worker.post('/v1/rights-requests', { case: await open(worker, { person: { gender: 'Masculine' } }), kind, ...hers }));
    await right('RESTRICTION');
    await right('OBJECTION');
    await open(instance.account(remote, 'CASE_WORKER'), {});

    const { id } = await order(year);
    await becomes(id, 'statistics_released');
    expect([counted.length, new Set(counted.map(({ person }) => person)).size]).toEqual([3, 3]);
    const nobody = { gender: 'missing', ageBroad: 'missing', citizenship: 'missing', CountryOfExploitation: 'GTM', isForcedLabour: 'missing', isSexualExploit: 'missing' };
    for (const wanted of [
      { ...nobody, gender: 'Woman', ageBroad: '24--26', citizenship: 'HND', isForcedLabour: '1', isSexualExploit: '1' }, { ...nobody, gender: 'Trans/Transgender/NonConforming', ageBroad: '9--17', citizenship: 'Africa' }, nobody,
    ]) expect(counted.filter(({ facts }) => facts.test((found) => isDeepStrictEqual(found, wanted)))).toHaveLength(1);
  });

  it('S-12 are published once, for everybody, the same bytes whoever asks how often', async () => {
    const [json, again, csv] = [await fetched(`/v1/statistics/${year}`), await fetched(`/v1/statistics/${year}`), await fetched(`/v1/statistics/${year}`, { accept: 'text/csv' })];
    expect(json).toMatchObject({ status: 200, type: 'application/json; charset=utf-8', cache: 'public, max-age=31536000, immutable' });
    expect([again, await fetched(`/v1/statistics/${year}`, { accept: 'application/json, text/csv' })]).toEqual([json, json]);
    const { head, rows } = JSON.parse(json.text) as { head: object; rows: readonly Cell[] };
    expect(head).toMatchObject({ family: 'footbridge', yearOfRegistration: year, epsilon: 1, delta: 0, k: 11, tables: 6, caution: 'Detection is not prevalence.' });
    expect([...new Set(rows.map(({ variable }) => variable))]).toEqual(['total', 'gender', 'ageBroad', 'citizenship', 'CountryOfExploitation', 'isForcedLabour', 'isSexualExploit']);
    expect(rows.filter(({ variable }) => variable === 'CountryOfExploitation').map(({ value }) => value)).toEqual(['GTM', 'missing']);
    expect(rows.every(({ count, suppressed }) => (count === undefined) === suppressed && (count ?? 11) >= 11)).toBe(true);
    expect(csv).toMatchObject({ status: 200, type: 'text/csv; charset=utf-8' });
    expect(csv.text.split('\r\n')).toHaveLength(rows.length + 2);
    expect((await fetched(`/v1/statistics/${year}`, { 'if-none-match': json.etag })).status).toBe(304);
    for (const other of [String(year - 1), String(year + 1), 'x', `${year}-01`, '%00']) expect([other, (await fetched(`/v1/statistics/${other}`)).status]).toEqual([other, 404]);
    expect(JSON.parse((await fetched('/v1/statistics')).text)).toEqual({ head: { capPerRelease: 1, capForLife: 4 }, rows: [{ family: 'footbridge', cubeVersion: 1, yearOfRegistration: year, epsilon: 1, delta: 0, spentByFamily: 1 }] });
  });

  it('are told of to the network: that there are new ones, in which quarter, and no number', async () => {
    const { rows } = await admin.query<{ body: Buffer }>(`select body from bus.event where headers->>'ce_type' = 'footbridge.notifications.statistics-released.v1'`);
    const now = instance.clock.now();
    expect(rows.map(({ body }) => JSON.parse(body.toString()) as object)).toEqual([{ period: `${now.getUTCFullYear()}-Q${Math.floor(now.getUTCMonth() / 3) + 1}` }]);
    const inside = await admin.query<{ body: Buffer }>(`select body from bus.event where headers->>'ce_type' like '%.statistics-%' order by 1`);
    for (const { body } of inside.rows) expect(Object.keys(JSON.parse(body.toString()) as object).every((key) => ['until', 'version', 'counted', 'period'].includes(key))).toBe(true);
  });

  it('are on record where cases were counted, without anybody in it (DP-14)', async () => {
    const { rows } = await admin.query<object>(`select organisations, command, fields from referrals.audit where command = 'countForStatistics'`);
    expect(rows).toEqual([{ organisations: [house], command: 'countForStatistics', fields: ['person', 'trafficking'] }]);
  });

  it('T33 cannot be ordered a second time, nor changed by whoever holds the database role', async () => {
    expect(reasons(await dpo2.post(`/v1/approvals/${String((await must(dpo.post('/v1/statistics-orders', { year: String(year) }), 202))['approval'])}/approve`))).toEqual(['ALREADY_ORDERED']);
    for (const statement of ['update referrals.statistics_release set json = csv', 'delete from referrals.statistics_release', 'update referrals.statistics_ledger set epsilon_thousandths = 1', 'delete from referrals.statistics_ledger']) {
      await expect(admin.query(statement)).rejects.toMatchObject({ constraint: 'statistics__released' });
    }
    await expect(admin.query(`insert into referrals.statistics_ledger (family, cube_version, period, epsilon_thousandths, released_at) values ('footbridge', 1, '2020', 3001, now())`)).rejects.toMatchObject({ constraint: 'statistics__budget_spent' });
    await expect(admin.query(`insert into referrals.statistics_ledger (family, cube_version, period, epsilon_thousandths, released_at) values ('other', 1, '2020', 1001, now())`)).rejects.toMatchObject({ constraint: 'statistics__budget_spent' });
  });

  it('T32 stop where the budget is spent: the fifth year is refused, and the order says so (S-11)', async () => {
    for (const before of [year - 1, year - 2, year - 3]) await becomes((await order(before))['id'], 'statistics_released');
    const { id } = await order(year - 4);
    await becomes(id, 'order_refused');
    expect((await fetched(`/v1/statistics/${year - 4}`)).status).toBe(404);
    expect((JSON.parse((await fetched('/v1/statistics')).text) as { rows: unknown[] }).rows).toHaveLength(4);
  });

  it('T10 leave no name in any sink, nor in what is published', async () => {
    const published = await Promise.all(['application/json', 'text/csv'].map(async (accept) => ({ name: 'statistics', content: (await fetched(`/v1/statistics/${year}`, { accept })).text })));
    expect(huntLeaks([...await instance.sinks(), ...published], [her])).toEqual([]);
  }, 120_000);
});

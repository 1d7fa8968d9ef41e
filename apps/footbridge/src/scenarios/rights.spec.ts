import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Case, RetentionJob, inStatistics, takesPartInStatistics, type CaseRow } from '@footbridge/referrals';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import type { RunningService } from '@footbridge/service';
import { testInstance, transports, waitUntil, type OwnKafka, type TestAccount, type TestInstance } from '@footbridge/testing';
import { Decrypter } from 'age-encryption';
import pg from 'pg';
import { isNeutral, writeSealed } from '../commands/access-copy.js';
import { makeNetwork } from '../demo/network.js';
import { closeLoop, consent, intake, refer, type AtHarbour, type AtLantern } from '../demo/referral.story.js';
import { arrive, setOut } from '../demo/return.story.js';
import { testWorld } from '../demo/test-world.fixture.js';
import { idOf, must, reaches, soon, type Caller, type World } from '../demo/world.js';
import { demonstration } from '../demonstration.js';
import { services } from '../services.js';

const DAY = 86_400_000;
const [mira, vera] = [canaryPerson(71), canaryPerson(72)];
const herself = { onBehalfOf: 'PERSON', how: 'in_person' } as const;
type Body = Readonly<Record<string, unknown>>;
const items = (body: Body): readonly Body[] => body['items'] as readonly Body[];
const guards = ({ body }: { readonly body: Body }): readonly string[] => ((body['guards'] ?? []) as { guard: string; reason: string }[]).map(({ guard, reason }) => `${guard} ${reason}`).sort();

describe.each(transports)('the rights of two people, over all five services on %s', (_name, start) => {
  let instance: TestInstance, world: World, database: pg.Client, kafka: OwnKafka | undefined;
  let dpo: TestAccount, dpo2: TestAccount, colleague: TestAccount, worker: Caller;
  let hers: AtLantern, then: AtHarbour;

  const sql = async <T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> => (await database.query(text, [...values])).rows as T[];
  const caseOf = async (ref: string): Promise<{ id: string; case_ref: string }> => (await sql<{ id: string; case_ref: string }>(`select c.id, c.case_ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1`, [ref]))[0] ?? { id: '', case_ref: '' };
  const rowOf = async (ref: string): Promise<CaseRow> => {
    const { engine } = instance.services.get('referrals') as RunningService;
    return (await engine.store.find(Case, world.organisation('lantern'), 't.id = ($1->>0)::uuid', [(await caseOf(ref)).id]))[0]?.row as CaseRow;
  };
  const ask = async (file: string, kind: string, by: Pick<Caller, 'post'> = worker): Promise<string> => idOf(must(await by.post('/v1/rights-requests', { case: file, kind, ...herself }), 201, kind));
  const decide = (request: string, command: string, body: object = {}, by: TestAccount = dpo): ReturnType<TestAccount['post']> => by.post(`/v1/rights-requests/${request}/${command}`, { personTold: true, ...body });
  const approve = async (asked: Body, by: TestAccount): Promise<Body> => must(await by.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200, 'the second word');
  const alerts = async (): Promise<readonly unknown[]> => items(must(await dpo.get('/v1/alerts'), 200, 'alerts')).map(({ code, about }) => `${String(code)} ${String(about)}`);
  const everywhere = async (text: string, values: readonly unknown[]): Promise<readonly unknown[]> => Promise.all(services.map(async ({ name }) => (await sql<{ n: unknown }>(text.replaceAll('$schema', name), values))[0]?.n));

  beforeAll(async () => {
    kafka = await start();
    instance = await testInstance(services, { name: 'rights', kafka });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    world = testWorld(instance);
    await makeNetwork(world, demonstration);
    const lantern = world.organisation('lantern');
    [dpo, dpo2, colleague, worker] = [instance.account(lantern, 'DPO'), instance.account(lantern, 'DPO'), instance.account(lantern, 'CASE_WORKER'), world.as('lantern.worker')];
    hers = await intake(world, { givenName: mira.givenName, familyName: mira.familyName, phone: mira.phone, details: { travelDocumentNumber: mira.documentNumber }, words: `${mira.givenName} of ${mira.address}` });
    then = await refer(world, hers);
  }, 180_000);
  afterAll(async () => { await database?.end(); await instance?.close(); await kafka?.remove(); });

  it('DP-3: nothing of a person is stored without purpose, legal basis and special-category basis', async () => {
    expect(must(await worker.get(`/v1/cases/${hers.case}`), 200, 'case')).toMatchObject({ purpose: 'ASSISTANCE', legalBasis: 'LEGITIMATE_INTERESTS', specialCategoryBasis: 'SUBSTANTIAL_PUBLIC_INTEREST' });
    for (const column of ['purpose', 'legal_basis', 'special_category_basis']) await expect(sql(`update referrals."case" set ${column} = null where id = $1`, [(await caseOf(hers.case)).id])).rejects.toMatchObject({ constraint: 'dp3__no_legal_basis' });
    const stated = must(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', legalBasis: 'VITAL_INTERESTS', specialCategoryBasis: 'VITAL_INTERESTS' }), 201, 'case with a basis of its own');
    expect(stated).toMatchObject({ legalBasis: 'VITAL_INTERESTS', specialCategoryBasis: 'VITAL_INTERESTS' });
  });

  it('DP-9: a request is taken down wherever she says it, is due in a month, and once in three', async () => {
    const theirs = world.as('harbour.intake');
    const [named] = items(must(await theirs.get('/v1/consent-records'), 200, 'consents at Harbour'));
    const reference = (named?.['links'] as Record<string, string>)['case']?.split('/').pop() ?? '';
    expect(reference).not.toBe(hers.case);
    const there = await ask(reference, 'ACCESS', theirs);
    expect(must(await theirs.get(`/v1/rights-requests/${there}`), 200, 'seen where it was said')).toMatchObject({ state: 'received', kind: 'ACCESS', can: ['withdrawRequest'] });
    const found = items(must(await dpo.get(`/v1/rights-requests?caseId=${hers.case}`), 200, 'requests'))[0] as Body;
    const id = String(found['id']);
    const received = new Date(String(found['receivedAt']));
    const month = (n: number): Date => { const d = new Date(received); d.setUTCMonth(d.getUTCMonth() + n); return d; };
    expect([found['dueAt'], id === there]).toEqual([month(1).toISOString(), false]);
    await waitUntil('the data protection officer is called', async () => { await instance.advance(0); return (await alerts()).includes(`RIGHTS_REQUEST_RECEIVED ${id}`); });
    expect((await world.as('harbour.intake').post(`/v1/rights-requests/${there}/grant`, { personTold: true })).status).toBe(403);
    expect(guards(await dpo.post(`/v1/rights-requests/${id}/extend`, { extendedFor: 'COMPLEXITY' }))).toEqual(['GDPR 12 PERSON_TOLD_NOT_CONFIRMED']);
    expect(must(await decide(id, 'extend', { extendedFor: 'COMPLEXITY' }), 200, 'extended')['dueAt']).toBe(month(3).toISOString());
    expect(guards(await decide(id, 'extend', { extendedFor: 'COMPLEXITY' }))).toEqual(['RIGHTS EXTENDED_ALREADY']);
    expect(guards(await decide(id, 'grant'))).toEqual(['DP-11 COPY_GIVEN_NOT_CONFIRMED']);
    expect(must(await decide(id, 'grant', { copyGiven: true }), 200, 'granted')['state']).toBe('granted');
    expect((await instance.account(world.organisation('harbour'), 'DPO').get(`/v1/rights-requests/${id}`)).status).toBe(404);
  });

  it('DP-11: her copy has her data, sources, recipients, consents and who looked, and nothing of others', async () => {
    const version = must(await worker.get(`/v1/cases/${hers.case}`), 200, 'case')['version'];
    must(await worker.patch(`/v1/cases/${hers.case}`, { trafficking: { relationshipToTrafficker: 'Familial', locations: ['IT'] } }, version), 200, 'facts');
    expect((await world.as('harbour.intake').get(`/v1/cases/${hers.case}/access-copy`)).status).toBe(404);
    expect((await colleague.get(`/v1/cases/${hers.case}/access-copy`)).status).toBe(404);
    const copy = must(await worker.get(`/v1/cases/${hers.case}/access-copy`), 200, 'copy');
    expect(copy).toMatchObject({
      why: { purpose: 'ASSISTANCE', legalBasis: 'LEGITIMATE_INTERESTS' }, yourData: { person: { givenName: mira.givenName, familyName: mira.familyName }, whatHappened: { locations: ['IT'] } },
      sources: { openedBy: world.organisation('lantern') }, recipients: expect.arrayContaining([expect.objectContaining({ recipient: world.organisation('harbour'), fetched: expect.arrayContaining([expect.objectContaining({ categories: expect.arrayContaining(['IDENTITY']) as unknown })]) as unknown })]) as unknown,
    });
    expect(JSON.stringify(copy)).not.toContain('Familial');
    expect((copy['consents'] as Body[]).map(({ purpose, state }) => `${String(purpose)} ${String(state)}`)).toEqual(['ASSISTANCE given', 'REFERRAL_DISCLOSURE given']);
    const looked = (copy['whoLooked'] as Body[]).map(({ what, organisation }) => `${String(what)} ${String(organisation)}`);
    expect(looked).toEqual(expect.arrayContaining([`fetchNeeds ${world.organisation('harbour')}`, `accessCopy ${world.organisation('lantern')}`]));

    const folder = await mkdtemp(join(tmpdir(), 'footbridge-copy-'));
    try {
      const [file, passphrase] = [join(folder, 'papers.age'), 'four words that last'];
      await writeSealed(file, JSON.stringify(copy), passphrase, 12);
      const sealed = await readFile(file);
      expect([(await stat(file)).mode & 0o777, sealed.subarray(0, 21).toString()]).toEqual([0o600, 'age-encryption.org/v1']);
      expect(huntLeaks([{ name: 'her copy', content: sealed }], [mira])).toEqual([]);
      const key = new Decrypter();
      key.addPassphrase(passphrase);
      expect(JSON.parse(await key.decrypt(sealed, 'text'))).toEqual(copy);
      const wrong = new Decrypter();
      wrong.addPassphrase('four words that fail');
      await expect(wrong.decrypt(sealed, 'text')).rejects.toBeDefined();
      await expect(writeSealed(file, 'again', passphrase, 12)).rejects.toThrow(/cannot be written/);
    } finally { await rm(folder, { recursive: true }); }
    expect(['papers.age', 'p-1.age', 'papers.txt', 'victim.age', `${hers.case}.age`, '.age', 'a b.age', 'mycase.age', `${'x'.repeat(41)}.age`].map(isNeutral)).toEqual([true, true, false, false, false, false, false, false, false]);
  });

  it('T27 DP-13: what is contested stays stored, and nothing more of it is disclosed anywhere until that is lifted', async () => {
    const arrangement = await consent(world, worker, hers.case, 'RETURN_ARRANGEMENT', world.organisation('homeward'), ['IDENTITY', 'TRAVEL']);
    const office = await consent(world, worker, hers.case, 'ORIGIN_OFFICE_DISCLOSURE', world.organisation('chisinau'), ['IDENTITY', 'TRAVEL']);
    const drafted = idOf(must(await worker.post('/v1/referrals', { case: hers.case, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: world.organisation('opendoor') }), 201, 'draft'));
    await consent(world, worker, hers.case, 'REFERRAL_DISCLOSURE', world.organisation('opendoor'), ['IDENTITY', 'NEEDS']);
    const waiting = idOf(must(await soon(() => worker.post('/v1/consent-records', { case: hers.case, purpose: 'REFERRAL_DISCLOSURE', recipient: world.organisation('newleaf'), categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written' })), 201, 'a question to her'));
    const step = async (name: string): Promise<Body> => items(must(await worker.get(`/v1/cases/${hers.case}/clearances`), 200, 'clearances')).find((c) => c['step'] === name) ?? {};
    expect(await step('ORIGIN_CONTACT')).toMatchObject({ cleared: true });

    const request = await ask(hers.case, 'RESTRICTION');
    expect(must(await worker.get(`/v1/cases/${hers.case}`), 200, 'case')['restrictedAt']).toBeDefined();
    const { case_ref: caseRef } = await caseOf(hers.case);
    await waitUntil('every other service knows', async () => JSON.stringify((await everywhere('select count(*)::int as n from $schema.known_restriction where case_ref = $1 and restricted', [caseRef])).slice(1)) === '[1,1,1,1]');
    // Stored, and readable for who helps her.
    expect(must(await worker.get(`/v1/cases/${hers.case}?reveal=person&purpose=ASSISTANCE`), 200, 'reveal')).toMatchObject({ person: { givenName: mira.givenName } });
    expect((await world.as('harbour.intake').get(`/v1/referrals/${then.received}/needs`)).body['code']).toBe('consent-required');
    expect(guards(await soon(() => worker.post(`/v1/referrals/${drafted}/send`, {})))).toContain('DP-13 RESTRICTED');
    expect(guards(await soon(() => worker.post(`/v1/referrals/${drafted}/send`, { override: 'LEGAL_DUTY', overrideReason: 'asked by letter' })))).toContain('DP-13 RESTRICTED');
    expect(guards(await worker.post(`/v1/consent-records/${waiting}/give`, { ...herself, capacity: true, freely: true }))).toEqual(['DP-13 RESTRICTED']);
    expect(guards(await worker.post(`/v1/consent-records/${office}/renew`, { ...herself, validUntil: new Date(world.now().getTime() + 80 * DAY).toISOString().slice(0, 10) }))).toEqual(['DP-13 RESTRICTED']);
    expect(await step('ORIGIN_CONTACT')).toMatchObject({ cleared: false, reasons: ['RESTRICTED'] });
    // Refused for a reason, and not for being blind; that it may be asked again soon is said with it.
    const wish = await worker.post('/v1/return-cases', { case: hers.case, wish: 'home', ...herself });
    expect(wish.body['code']).toBe('consent-required');
    expect(takesPartInStatistics(await rowOf(hers.case), [])).toBe(false);
    // Her word still counts: she may take back what she likes.
    must(await worker.post(`/v1/consent-records/${arrangement}/withdraw`, herself), 200, 'withdrawal');

    const second = await ask(hers.case, 'RESTRICTION');
    must(await decide(second, 'refuse-request', { ground: 'NOT_INACCURATE' }), 200, 'refused');
    expect((await world.as('harbour.intake').get(`/v1/referrals/${then.received}/needs`)).status).toBe(409); // the first one stands
    must(await decide(request, 'grant'), 200, 'granted');
    must(await decide(request, 'end'), 200, 'lifted');
    expect(must(await worker.get(`/v1/cases/${hers.case}`), 200, 'case')).not.toHaveProperty('restrictedAt');
    await waitUntil('every other service knows that too', async () => JSON.stringify((await everywhere('select count(*)::int as n from $schema.known_restriction where case_ref = $1 and restricted', [caseRef])).slice(1)) === '[0,0,0,0]');
    must(await soon(() => world.as('harbour.intake').get(`/v1/referrals/${then.received}/needs`)), 200, 'needs');
  });

  it('DP-12: whoever got the old value is told, also when its referral is over', async () => {
    const told = async (): Promise<number> => Number((await sql<{ n: string }>(`select count(*) as n from notifications.feed where type like '%directed-detail-changed%' and organisation = $1`, [world.organisation('harbour')]))[0]?.n);
    const rename = async (givenName: string): Promise<void> => { must(await worker.patch(`/v1/cases/${hers.case}`, { person: { givenName } }, must(await worker.get(`/v1/cases/${hers.case}`), 200, 'case')['version']), 200, 'put right'); };
    const request = await ask(hers.case, 'RECTIFICATION');
    expect(guards(await decide(request, 'grant'))).toEqual(['DP-12 CORRECTED_NOT_CONFIRMED']);
    const before = await told();
    await rename(vera.givenName);
    await waitUntil('Harbour is told while it helps', async () => (await told()) === before + 1);
    must(await decide(request, 'grant', { corrected: true }), 200, 'granted');
    await closeLoop(world, then);
    await rename(mira.givenName);
    await waitUntil('Harbour is told after it has helped', async () => (await told()) === before + 2);
  });

  it('DP-27: she is out of statistics from her word on, and only by hers in again', async () => {
    const counted = async (): Promise<boolean> => (await sql(`select from referrals."case" c where c.id = $1 and ${inStatistics('c').replaceAll('consent_record', 'referrals.consent_record')}`, [(await caseOf(hers.case)).id])).length === 1;
    expect([takesPartInStatistics(await rowOf(hers.case), []), await counted()]).toEqual([true, true]);
    const request = await ask(hers.case, 'OBJECTION');
    expect([takesPartInStatistics(await rowOf(hers.case), []), await counted()]).toEqual([false, false]);
    must(await decide(request, 'grant'), 200, 'granted');
    expect(guards(await decide(request, 'end'))).toEqual(['RIGHTS ONLY_SHE']);
    must(await worker.post(`/v1/rights-requests/${request}/end`, { ...herself, personTold: true }), 200, 'taken back');
    expect([takesPartInStatistics(await rowOf(hers.case), []), await counted()]).toEqual([true, true]);
    const asked = idOf(must(await worker.post('/v1/consent-records', { case: hers.case, purpose: 'ANONYMISED_STATISTICS', categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written' }), 201, 'asked'));
    must(await worker.post(`/v1/consent-records/${asked}/refuse`, { ...herself, helpNotReduced: true }), 200, 'no');
    expect(await counted()).toBe(false);
  });

  it('DP-35: one list of everything that she agreed to, and one action that takes all of it back, with any worker', async () => {
    const list = async (): Promise<readonly Body[]> => items(must(await colleague.get(`/v1/cases/${hers.case}/consents`), 200, 'consents'));
    const living = (await list()).filter((c) => c['isLiving']);
    expect(living.map(({ purpose }) => purpose)).toEqual(['ASSISTANCE', 'REFERRAL_DISCLOSURE', 'ORIGIN_OFFICE_DISCLOSURE', 'REFERRAL_DISCLOSURE']);
    expect(living[1]).toMatchObject({ recipient: world.organisation('harbour'), noticeVersion: '2026-1', language: 'ro', medium: 'written', legalBasis: 'CONSENT', links: { withdraw: expect.stringMatching(/^\/v1\/consent-records\/con_/) as unknown } });
    const back = (body: object): ReturnType<TestAccount['post']> => colleague.post(`/v1/cases/${hers.case}/withdraw-consents`, body);
    expect((await back({ onBehalfOf: 'PERSON' })).status).toBe(422);
    expect((await world.as('harbour.intake').post(`/v1/cases/${hers.case}/withdraw-consents`, herself)).status).toBe(404);
    expect(items(must(await back({ ...herself, recipient: world.organisation('chisinau') }), 200, 'one recipient'))).toHaveLength(1);
    expect(items(must(await back(herself), 200, 'all'))).toHaveLength(3);
    expect((await list()).filter((c) => c['isLiving'])).toEqual([]);
    expect(items(must(await back(herself), 200, 'nothing left'))).toEqual([]);
  });

  it('DP-20: what was held for her journey alone goes 90 days after the last consent to it', async () => {
    const running = instance.services.get('referrals') as RunningService;
    const job = new RetentionJob(running);
    const documents = async (): Promise<unknown> => (must(await dpo.get(`/v1/cases/${hers.case}?reveal=person&purpose=ASSISTANCE`), 200, 'person')['person'] as Body)['travelDocumentNumber'];
    await instance.advance(89 * DAY);
    await job.run();
    expect(await documents()).toBe(mira.documentNumber);
    await instance.advance(2 * DAY);
    expect(await job.run()).toBeGreaterThan(0);
    expect(await documents()).toBeUndefined();
    expect(must(await dpo.get(`/v1/cases/${hers.case}?reveal=person&purpose=ASSISTANCE`), 200, 'the rest stays')).toMatchObject({ person: { givenName: mira.givenName } });
    expect(await job.run()).toBe(0);
  });

  it('T25 DP-9, DP-10, DP-20: an erasure waits for a hold that is reviewed, and then is one everywhere; what stays is named, and silence is not "deleted"', async () => {
    const at = await intake(world, { givenName: vera.givenName, familyName: vera.familyName, phone: vera.phone, words: `${vera.givenName} of ${vera.address}` });
    const there = await refer(world, at);
    await closeLoop(world, there);
    await arrive(world, await setOut(world, at, there));
    const { id, case_ref: caseRef } = await caseOf(at.case);
    const audited = async (): Promise<number> => Number((await sql<{ n: string }>('select count(*) as n from referrals.audit where aggregate = $1', [id]))[0]?.n);

    const first = await ask(at.case, 'ERASURE');
    expect(guards(await decide(first, 'grant'))).toEqual(['DP-9 CASE_NOT_CLOSED']);
    must(await worker.post(`/v1/cases/${at.case}/close-case`, { reason: 'PERSON_ENDED', personInformed: true }), 200, 'closed');

    const inDays = (n: number): string => new Date(world.now().getTime() + n * DAY).toISOString().slice(0, 10);
    const place = (reviewOn: string): ReturnType<TestAccount['post']> => dpo.post('/v1/legal-holds', { case: at.case, ground: 'LEGAL_CLAIMS', reviewOn });
    expect([guards(await place(inDays(0))), guards(await place(inDays(400)))]).toEqual([['DP-20 REVIEW_NOT_AHEAD'], ['DP-20 REVIEW_TOO_LATE']]);
    const asked = must(await place(inDays(20)), 202, 'a hold takes two');
    expect((await dpo.post(`/v1/approvals/${String(asked['approval'])}/approve`)).status).toBe(409);
    const hold = String((await approve(asked, dpo2))['id']);
    expect(guards(await decide(first, 'grant'))).toEqual(['DP-10 LEGAL_HOLD']);
    expect(guards(await dpo.post(`/v1/cases/${at.case}/anonymise-case`, { erasureGranted: true }))).toEqual(['DP-20 LEGAL_HOLD']);
    expect(guards(await decide(first, 'grant-partly', { ground: 'LEGAL_CLAIMS' }))).toEqual(['DP-10 EXCEPTION_MISSING']);
    await approve(must(await decide(first, 'grant-partly', { ground: 'LEGAL_CLAIMS', exceptions: ['LEGAL_CLAIMS'] }), 202, 'partly, by two'), dpo2);
    expect(must(await dpo.get(`/v1/rights-requests/${first}/outcome`), 200, 'outcome')).toMatchObject({ state: 'partly_granted', ground: 'LEGAL_CLAIMS', exceptions: ['AUDIT_PROOF', 'LEGAL_CLAIMS'], services: [], isComplete: false });
    expect(must(await dpo.get(`/v1/cases/${at.case}`), 200, 'what is kept is not disclosed')['restrictedAt']).toBeDefined();
    expect(items(must(await dpo.get(`/v1/cases/${at.case}/consents`), 200, 'consents')).filter((c) => c['isLiving'])).toEqual([]);

    // Nobody looks at the hold again: then it is none.
    await instance.advance(21 * DAY);
    expect(await alerts()).toEqual(expect.arrayContaining([`LEGAL_HOLD_TO_REVIEW ${hold}`, `LEGAL_HOLD_NOT_REVIEWED ${hold}`]));
    const request = await ask(at.case, 'ERASURE');
    const before = await audited();
    await approve(must(await decide(request, 'grant'), 202, 'erasure takes two'), dpo2);
    expect(must(await dpo.get(`/v1/cases/${at.case}`), 200, 'case')['state']).toBe('anonymised');
    const outcome = async (): Promise<Body> => must(await dpo.get(`/v1/rights-requests/${request}/outcome`), 200, 'outcome');
    await waitUntil('every service has destroyed its key', async () => (((await outcome())['services'] as Body[]).every((s) => s['destroyedAt'] !== undefined) ? true : undefined));
    for (const { service, links } of (await outcome())['services'] as { service: string; links: { receipts: string } }[]) {
      await waitUntil(`the receipt of ${service} is signed`, async () => (items(must(await dpo.get(links.receipts), 200, 'receipts')).some((r) => r['service'] === service && r['case'] === at.case) ? true : undefined));
    }
    expect(await everywhere('select count(*)::int as n from $schema.subject_key where subject = $1', [caseRef])).toEqual([0, 0, 0, 0, 0]);
    const recipients = (await outcome())['recipients'] as Body[];
    expect(recipients.map(({ recipient }) => recipient)).toEqual(expect.arrayContaining(['harbour', 'homeward', 'chisinau', 'newleaf'].map((key) => world.organisation(key))));
    expect(recipients.map(({ deletion }) => deletion)).toEqual(recipients.map(() => 'NOT_YET_CONFIRMED'));
    expect(await outcome()).toMatchObject({ exceptions: ['AUDIT_PROOF'], isComplete: false });

    // One deletes, one keeps what the law demands; the rest is still silent.
    const recalled = items(must(await world.as('harbour.intake').get('/v1/recalls?state=asked'), 200, 'recalls at Harbour')).map((r) => (r['links'] as Record<string, string>)['consentRecord']?.split('/').pop());
    for (const consentRecord of recalled) must(await world.as('harbour.intake').post('/v1/deletion-confirmations', { consentRecord, deleted: true }), 200, 'deleted');
    const [kept] = items(must(await world.as('chisinau.office').get('/v1/recalls?state=asked'), 200, 'recalls at the office')).map((r) => (r['links'] as Record<string, string>)['consentRecord']?.split('/').pop());
    must(await world.as('chisinau.office').post('/v1/deletion-confirmations', { consentRecord: kept, ground: 'LEGAL_OBLIGATION' }), 200, 'kept');
    const answered = new Map(((await outcome())['recipients'] as Body[]).map((r) => [r['recipient'], r]));
    expect(['harbour', 'chisinau', 'newleaf'].map((key) => answered.get(world.organisation(key))?.['deletion'])).toEqual(['CONFIRMED', 'KEPT_ON_LEGAL_GROUND', 'NOT_YET_CONFIRMED']);

    // Nobody is behind any reference, in no service, however long one waits; what was done stays on record by id.
    await instance.advance(91 * DAY);
    const looks: readonly (readonly [Pick<Caller, 'get'>, string])[] = [[dpo, `/v1/cases/${at.case}?reveal=person,health,trafficking&purpose=ASSISTANCE`], [dpo, `/v1/cases/${at.case}/access-copy`], [world.as('harbour.manager'), `/v1/stays/${there.stay}?reveal=healthNotes,belongings&purpose=ASSISTANCE`]];
    for (const [who, path] of looks) { const { status, body } = await who.get(path); expect([path, status, huntLeaks([{ name: path, content: JSON.stringify(body) }], [vera])]).toEqual([path, 200, []]); }
    expect(must(await dpo.get(looks[0]?.[1] ?? ''), 200, 'case')).not.toHaveProperty('person');
    expect(await everywhere('select count(*)::int as n from $schema.subject_key where subject = $1', [caseRef])).toEqual([0, 0, 0, 0, 0]);
    expect(await audited()).toBeGreaterThan(before);
    expect(guards(await worker.post('/v1/rights-requests', { case: at.case, kind: 'ACCESS', ...herself }))).toEqual(['CASE CASE_ANONYMISED']);
  }, 180_000);

  it('DP-20: who answers for retention sees what ends soon, what is over and what is held, and nobody else does', async () => {
    const file = idOf(must(await soon(() => worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult' })), 201, 'case'));
    must(await worker.post(`/v1/cases/${file}/close-case`, { reason: 'PLAN_COMPLETED', personInformed: true }), 200, 'closed');
    const standing = async (): Promise<unknown> => items(must(await dpo.get('/v1/retention'), 200, 'retention')).find((r) => r['case'] === file)?.['standing'];
    expect((await worker.get('/v1/retention')).status).toBe(403);
    expect(await standing()).toBeUndefined();
    await instance.advance(705 * DAY);
    expect(await standing()).toBe('ends-soon');
    await approve(must(await dpo.post('/v1/legal-holds', { case: file, ground: 'LEGAL_OBLIGATION', reviewOn: new Date(world.now().getTime() + 60 * DAY).toISOString().slice(0, 10) }), 202, 'hold'), dpo2);
    await instance.advance(30 * DAY);
    expect(await standing()).toBe('held');
    expect(guards(await dpo.post(`/v1/cases/${file}/anonymise-case`, {}))).toEqual(['DP-20 LEGAL_HOLD']);
    await instance.advance(40 * DAY);
    expect(await standing()).toBe('over');
    await approve(must(await dpo.post(`/v1/cases/${file}/anonymise-case`, {}), 202, 'anonymise'), dpo2);
    await reaches(dpo, `/v1/cases/${file}`, 'anonymised');
    expect(await standing()).toBeUndefined();
  });

  it('T10 leaves no name of either of them in any sink', async () => { expect(huntLeaks(await instance.sinks(), [mira, vera])).toEqual([]); }, 120_000);
});

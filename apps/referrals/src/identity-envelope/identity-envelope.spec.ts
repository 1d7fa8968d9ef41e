import { AgreementSigned, ConsentCategory, KeysLocked, KeysUnlocked, OrganisationAdded, PartnerActivated, PartnerSuspended, flagsOf, type ContractEvent } from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { PrivacyRefusal, fingerprintOf, newEnvelopeKey, newEntryKey, newRef, openEnvelope, ownUse, proveKey, readEnvelope, type KeyEntry, type SealedEnvelope } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { days, hours, service, newestSchema, type RunningService, type ServiceDefinition } from '@footbridge/service';
import { testInstance, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SignEarlier } from '../consent-record/sign-earlier.js';
import { referralsService } from '../index.js';

/** A neighbour that only speaks: its outbox and relay are real, its events are told by the test. */
class Schema1764000000000 implements MigrationInterface {
  readonly name = 'Schema1764000000000';
  async up(q: QueryRunner): Promise<void> { await q.query(newestSchema('notifications')); }
  down(): Promise<void> { return Promise.resolve(); }
}
const notifications: ServiceDefinition = service({ name: 'notifications', lifecycles: [], migrations: [Schema1764000000000] });

const her = canaryPerson(64);
describe('a sealed identity, on real Postgres and over HTTP', () => {
  let instance: TestInstance, admin: pg.Client;
  const [house, ngo, stranger] = [newRef('org'), newRef('org'), newRef('org')];
  let worker: TestAccount, receiver: TestAccount, keeper: TestAccount, second: TestAccount, other: TestAccount;
  const signing = newEntryKey(), mine = newEnvelopeKey();
  const entry = proveKey(ngo, mine.publicKey, signing);
  const rows = async <T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> => (await admin.query<T>(sql, [...values])).rows;
  const idOf = async (ref: string): Promise<string> => (await rows<{ aggregate: string }>('select aggregate from referrals.reference where ref = $1', [ref]))[0]?.aggregate ?? '';

  async function tell(event: ContractEvent, data: object, aggregate = randomUUID(), version = 1): Promise<void> {
    const running = instance.services.get('notifications') as RunningService;
    await running.engine.store.commit(house, [{ t: 'outbox', op: 'insert', row: outboxRow({ id: newRef('evt'), type: event.type, time: new Date().toISOString(), audience: 'instance', aggregate, version, copy: 0, data: running.gate.encode(event, data, { topic: 'footbridge.notifications', key: aggregate }) }) }], []);
  }
  beforeAll(async () => {
    instance = await testInstance([referralsService, notifications], { name: 'envelopes', config: { denyList: { standing: () => 'good' } } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    await admin.query('set search_path = referrals');
    worker = instance.account(house, 'CASE_WORKER'); receiver = instance.account(ngo, 'RECEIVER'); keeper = instance.account(ngo, 'PARTNER_ADMIN'); second = instance.account(ngo, 'PARTNER_ADMIN', 'DPO'); other = instance.account(stranger, 'RECEIVER');
    for (const organisation of [house, ngo, stranger]) {
      await tell(OrganisationAdded, { organisation, organisationType: 'NGO', country: 'AL', version: 1 });
      await tell(PartnerActivated, { partner: newRef('ptn'), organisation, state: 'partner_active', version: 1, country: 'AL', ...flagsOf(['psychosocial']) });
    }
    await tell(AgreementSigned, { agreement: newRef('agr'), from: house, to: ngo, until: new Date(Date.now() + days(400)).toISOString().slice(0, 10), version: 1, ...flagsOf(ConsentCategory.values) });
    await waitUntil('the news arrive', async () => (await rows('select 1 from known_agreement')).length === 1);
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  const reasons = (answer: TestAnswer): string[] => ((answer.body['guards'] ?? []) as { reason: string }[]).map(({ reason }) => reason);
  const ok = (answer: TestAnswer, status = 200): TestAnswer => { expect([answer.status, answer.body]).toMatchObject([status, {}]); return answer; };
  const herself = { onBehalfOf: 'PERSON', how: 'in_person' };
  const newest = async (account: TestAccount, collection: string): Promise<string> => String(((await account.get(`/v1/${collection}?limit=1`)).body['items'] as { id: string }[])[0]?.id);
  interface Story { readonly caseId: string; readonly consent: string; readonly referral: string; readonly theirs: string }
  /** A referral that the receiver has, under a consent that she gave. */
  async function story(categories: readonly string[] = ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'CONTACT']): Promise<Story> {
    const caseId = String(ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: her.givenName, familyName: her.familyName, birthDate: '1994-03-01', birthDateCertainty: 'documented', gender: 'Feminine', languages: ['ro'], phone: her.phone } }), 201).body['id']);
    const consent = String(ok(await worker.post('/v1/consent-records', { case: caseId, recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', categories, noticeVersion: '2026-1', language: 'ro', medium: 'written' }), 201).body['id']);
    ok(await worker.post(`/v1/consent-records/${consent}/give`, { ...herself, capacity: true, freely: true }));
    const referral = String(ok(await worker.post('/v1/referrals', { case: caseId, serviceType: 'psychosocial', priority: 'EMERGENCY', receiver: ngo }), 201).body['id']);
    ok(await worker.post(`/v1/referrals/${referral}/send`, {}));
    return { caseId, consent, referral, theirs: await newest(receiver, 'referrals') };
  }
  const seal = (s: Story, more: object = {}, by = worker): Promise<TestAnswer> => by.post('/v1/identity-envelopes', { referral: s.referral, ...more });
  const collect = (s: Story, by = receiver): Promise<TestAnswer> => by.post(`/v1/referrals/${s.theirs}/disclosure`);
  const stored = async (s: Story): Promise<{ state: string; hasBytes: boolean }[]> => rows('select state, sealed is not null as "hasBytes" from identity_envelope where referral_id = $1::uuid order by created_at', [await idOf(s.referral)]);
  const opened = async (envelope: SealedEnvelope, key = mine): Promise<unknown> => (await openEnvelope(envelope, key.privateKey, { sender: house, recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', consent: envelope.consent },
    { senderKeys: ((await receiver.get(`/v1/key-directory/${house}`)).body['signing']) as never, now: instance.clock.now() })).reveal(ownUse('OWN_ENVELOPE'));
  const publish = async (made: KeyEntry): Promise<TestAnswer> => keeper.post('/v1/recipient-keys', made);
  const confirm = (id: string, fingerprint: string): Promise<TestAnswer> => keeper.post(`/v1/recipient-keys/${id}/confirm-key`, { fingerprint, comparedByVoice: true });
  const alerts = async (by: TestAccount): Promise<string[]> => { await instance.advance(1_000); return ((await by.get('/v1/alerts')).body['items'] as { code: string }[]).map(({ code }) => code); };

  describe('the key of a recipient', () => {
    it('T20: is in use only when two people of the recipient have confirmed its fingerprint; before, nothing is sealed', async () => {
      const s = await story();
      expect(reasons(await seal(s))).toEqual(['RECIPIENT_KEY_MISSING']);
      expect(reasons(await publish({ ...entry, proof: proveKey(house, mine.publicKey, signing).proof }))).toEqual(['KEY_NOT_PROVEN']);
      expect((await receiver.post('/v1/recipient-keys', entry)).status).toBe(403);
      const id = String(ok(await publish(entry), 201).body['id']);
      const seen = (await worker.get(`/v1/key-directory/${ngo}`)).body['keys'] as { state: string; fingerprint: string }[];
      expect(seen).toMatchObject([{ state: 'published', publicKey: mine.publicKey, fingerprint: fingerprintOf(ngo, entry) }]);
      expect(reasons(await confirm(id, fingerprintOf(house, entry)))).toEqual(['FINGERPRINT_DIFFERS']);
      const asked = await confirm(id, fingerprintOf(ngo, entry));
      expect(asked.status).toBe(202);
      expect(reasons(await keeper.post(`/v1/approvals/${String(asked.body['approval'])}/approve`))).toEqual(['SAME_PERSON']);
      expect(reasons(await seal(s))).toEqual(['RECIPIENT_KEY_MISSING']);
      ok(await second.post(`/v1/approvals/${String(asked.body['approval'])}/approve`));
      expect(((await worker.get(`/v1/key-directory/${ngo}`)).body['keys'] as { state: string }[]).map(({ state }) => state)).toEqual(['active']);
      ok(await seal(s), 201);
      expect((await worker.get(`/v1/key-directory/${newRef('org')}`)).status).toBe(404);
    });
    it('T20: that the directory gives away for another is refused, and its organisation is alerted', async () => {
      const s = await story();
      const attacker = proveKey(ngo, newEnvelopeKey().publicKey, newEntryKey());
      const [before] = await rows<{ id: string; public_key: string; signed_by: string; proof: string; pin: string }>(`select * from recipient_key where state = 'active'`);
      for (const swap of [attacker, { ...entry, publicKey: attacker.publicKey }]) {
        await rows('update recipient_key set public_key = $1, signed_by = $2, proof = $3, pin = $4 where id = $5', [swap.publicKey, swap.signedBy, swap.proof, fingerprintOf(ngo, swap), before?.id]);
        expect(reasons(await seal(s))).toEqual(['RECIPIENT_KEY_NOT_VERIFIED']);
      }
      expect(await stored(s)).toEqual([]);
      expect(await alerts(keeper)).toEqual(['RECIPIENT_KEY_NOT_VERIFIED']);
      await rows('update recipient_key set public_key = $1, signed_by = $2, proof = $3, pin = $4 where id = $5', [before?.public_key, before?.signed_by, before?.proof, before?.pin, before?.id]);
      ok(await seal(s), 201);
    });
    it('follows the one before: signed by the same, or the old one is retired first; the old one is then out of use', async () => {
      const s = await story();
      expect(reasons(await publish(entry))).toEqual(['KEY_IN_USE']);
      expect(reasons(await publish(proveKey(ngo, newEnvelopeKey().publicKey, newEntryKey())))).toEqual(['KEY_CHAIN_BROKEN']);
      const next = newEnvelopeKey(), following = proveKey(ngo, next.publicKey, signing);
      const id = String(ok(await publish(following), 201).body['id']);
      const asked = await confirm(id, fingerprintOf(ngo, following));
      ok(await second.post(`/v1/approvals/${String(asked.body['approval'])}/approve`));
      expect((await rows<{ state: string; n: number }>('select state, count(*)::int as n from recipient_key group by 1 order by 1'))).toEqual([{ state: 'active', n: 1 }, { state: 'retired', n: 1 }]);
      ok(await seal(s), 201);
      const { envelope } = ok(await collect(s)).body as { envelope: SealedEnvelope };
      await expect(opened(envelope)).rejects.toMatchObject({ code: 'ENVELOPE_NOT_OPENED' });
      expect(await opened(envelope, next)).toMatchObject({ IDENTITY: { givenName: her.givenName } });
      ok(await keeper.post(`/v1/recipient-keys/${id}/retire-key`));
      expect(reasons(await seal(s))).toEqual(['RECIPIENT_KEY_MISSING']);
      const again = String(ok(await publish(entry), 201).body['id']);
      ok(await second.post(`/v1/approvals/${String((await confirm(again, fingerprintOf(ngo, entry))).body['approval'])}/approve`));
    });
  });

  describe('an envelope', () => {
    it('T12: says who she is, and in its words about her who no other client of the house is', async () => {
      const s = await story();
      const write = async (reason: string, version: number): Promise<void> => { ok(await worker.patch(`/v1/referrals/${s.referral}`, { needs: { reason } }, version)); };
      await write('fled with Wqxolm Hjdkrat', 2);
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Wqxolm', familyName: 'Hjdkrat' } }), 201);
      const refused = await seal(s);
      expect([refused.status, reasons(refused), await stored(s)]).toEqual([409, ['SCANNER_FOUND'], []]);
      expect(JSON.stringify(refused.body)).not.toMatch(/wqxolm|hjdkrat/i);
      await write('fled with a friend', 3);
      ok(await seal(s), 201);
      const { envelope } = ok(await collect(s)).body as { envelope: SealedEnvelope };
      expect(await opened(envelope)).toMatchObject({ IDENTITY: { familyName: her.familyName }, NEEDS: { reason: 'fled with a friend' } });
    });
    it('T12: names no other client under any category, in no field; a namesake, her own second case and who travels with her stand against nothing', async () => {
      const twin = { givenName: 'Vhqxa', familyName: 'Trbkmlu Pqorz' };
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Lmzwqo', familyName: 'Nbrtfaj' } }), 201);
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { ...twin, aliases: ['Vhqxi'] } }), 201);
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { ...twin, givenName: 'Zyqlka' } }), 201);
      const s = await story();
      const write = async (person: object): Promise<void> => { ok(await worker.patch(`/v1/cases/${s.caseId}`, { person }, (await worker.get(`/v1/cases/${s.caseId}`)).body['version'])); };
      const how = 'ask for her room mate Lmzwqo Nbrtfaj, in room 4';
      for (const person of [{ safeContact: { how } }, { safeContact: { how: null, when: 'when Nbrtfaj, Lmzwqo is out' } }, { safeContact: { when: null, codeWord: "Lmzwqo Nbrtfaj's" } }, { safeContact: null, aliases: ['the friend of Lmzwqo Nbrtfaj'] }, { aliases: null, givenName: 'sister of Lmzwqo Nbrtfaj' }]) {
        await write(person);
        expect([person, reasons(await seal(s))]).toEqual([person, ['SCANNER_FOUND']]);
      }
      expect(await stored(s)).toEqual([]);
      await write({ ...twin, chosenName: 'Vhqxa Pqorz', aliases: ['Vhqxi Trbkmlu'], safeContact: { phone: '+355690000001', how: 'call, do not write' } });
      ok(await seal(s), 201);
      expect(await opened((ok(await collect(s)).body as { envelope: SealedEnvelope }).envelope)).toMatchObject({ IDENTITY: { ...twin, aliases: ['Vhqxi Trbkmlu'] }, CONTACT: { safeContact: { how: 'call, do not write' } } });
    });
    it('T36: asking in this way who is a client of the house is on record and on the call list, and supervision is told the account that does it again and again', async () => {
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Kzrwqi', familyName: 'Dfgnopj' } }), 201);
      // what was refused in the tests before is not of this hour
      await instance.advance(hours(1) + 1_000);
      const s = await story();
      const prober = worker, supervisor = instance.account(house, 'SUPERVISOR');
      let version = 2;
      const asks = async (reason: string): Promise<number> => { ok(await prober.patch(`/v1/referrals/${s.referral}`, { needs: { reason } }, version)); version += 1; return (await seal(s, {}, prober)).status; };
      const tried = async (): Promise<object[]> => ((await supervisor.get('/v1/alerts')).body['items'] as { code: string; account?: string; about?: string }[]).filter(({ code, account }) => code === 'CASES_TRIED' && account === prober.subject);
      const before = (await tried()).length;
      expect([await asks('fled with Somebody Nowhere'), await asks('fled with Kzrwqi Dfgnopj'), await asks("Kzrwqi Dfgnopj's room")]).toEqual([201, 409, 409]);
      expect(await rows(`select command, ground, account from audit where aggregate = $1::uuid and command = 'disclosureRefused'`, [await idOf(s.referral)])).toEqual(Array.from({ length: 2 }, () => ({ command: 'disclosureRefused', ground: 'SCANNER_FOUND', account: prober.subject })));
      expect(((await worker.get('/v1/alerts')).body['items'] as { code: string; about: string }[]).filter(({ about }) => about === s.referral).map(({ code }) => code)).toEqual(['DISCLOSURE_REFUSED']);
      expect(await tried()).toHaveLength(before);
      expect(await asks('Dfgnopj, Kzrwqi')).toBe(409);
      expect(await tried()).toHaveLength(before + 1);
      expect(JSON.stringify((await prober.get('/v1/alerts')).body)).not.toContain('CASES_TRIED');
    });
    it('T12, DP-14: is sealed by the owner\'s worker, told by a pointer, fetched by its receiver alone, and on record before it is answered', async () => {
      const s = await story();
      const made = ok(await seal(s), 201);
      expect(made.body).toMatchObject({ state: 'waiting', recipient: ngo, categories: ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'].filter((c) => (made.body['categories'] as string[]).includes(c)) });
      expect(huntLeaks([{ name: 'answer', content: JSON.stringify(made.body) }], [her])).toEqual([]);
      const pointer = await waitUntil('the pointer is told', async () => (await rows<{ headers: Record<string, string>; body: Buffer }>(`select headers, body from bus.event where headers->>'ce_type' = 'footbridge.referrals.identity-available.v1' and headers->>'ce_subject' = $1`, [await newest(receiver, 'identity-envelopes')]))[0]);
      expect(pointer.headers['ce_recipient']).toBe(ngo);
      expect(Object.keys(JSON.parse(pointer.body.toString()) as object).sort()).toEqual(['dueAt', 'identityEnvelope', 'referral', 'version']);
      expect(await collect(s, other)).toMatchObject({ status: 404 });
      expect(await collect({ ...s, theirs: s.referral }, worker)).toMatchObject({ status: 403 });
      const answer = ok(await collect(s));
      const envelope = readEnvelope(JSON.stringify(answer.body['envelope']));
      expect(await opened(envelope)).toMatchObject({ IDENTITY: { givenName: her.givenName, familyName: her.familyName }, NEEDS: { childUnitNeeded: false } });
      expect([envelope.sender, envelope.recipient, envelope.purpose]).toEqual([house, ngo, 'REFERRAL_DISCLOSURE']);
      expect(envelope.consent).not.toBe(s.consent);
      expect((await receiver.get(`/v1/consent-records/${envelope.consent}`)).body).toMatchObject({ state: 'given', purpose: 'REFERRAL_DISCLOSURE' });
      const id = await idOf(s.referral);
      expect(await rows('select command, organisation, role from audit where aggregate = (select id from identity_envelope where referral_id = $1::uuid) order by position', [id])).toEqual([{ command: 'sealIdentity', organisation: house, role: 'CASE_WORKER' }, { command: 'collect', organisation: ngo, role: 'RECEIVER' }]);
      expect(await rows('select recipient from disclosure where referral_id = $1::uuid', [id])).toEqual([{ recipient: ngo }]);
      // Nothing of it is kept for a repeat.
      ok(await receiver.post(`/v1/identity-envelopes/${await newest(receiver, 'identity-envelopes')}/collect`, {}, { 'idempotency-key': 'k1' }));
      expect((await rows<{ body: object }>(`select body from idempotency where caller = $1`, [receiver.subject])).map(({ body }) => 'envelope' in body)).toEqual([false]);
    });
    it('T14: holds what she agreed to and the service needs, and no more, whatever is asked', async () => {
      const s = await story(['IDENTITY', 'HEALTH']);
      const all = ok(await seal(s), 201).body['categories'] as string[];
      expect(all).toContain('IDENTITY');
      expect(all).not.toContain('CONTACT');
      expect(Object.keys(await opened((ok(await collect(s)).body as { envelope: SealedEnvelope }).envelope) as object).every((c) => all.includes(c))).toBe(true);
      expect(ok(await seal(s, { categories: ['IDENTITY'] }), 201).body['categories']).toEqual(['IDENTITY']);
      expect(Object.keys(await opened((ok(await collect(s)).body as { envelope: SealedEnvelope }).envelope) as object)).toEqual(['IDENTITY']);
      // The one before has gone with the new one.
      expect(await stored(s)).toEqual([{ state: 'destroyed', hasBytes: false }, { state: 'collected', hasBytes: true }]);
      expect(await seal(s, { categories: ['IDENTITY', 'CONTACT'] })).toMatchObject({ status: 409, body: { code: 'consent-required', recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY', 'CONTACT'] } });
    });
    it('G7: is for telling who she is: where consent or record name nobody, nothing is sealed, and nothing that was is handed out', async () => {
      const unnamed = await story(['AGE_GENDER_LANGUAGE', 'NEEDS']);
      expect(reasons(await seal(unnamed))).toEqual(['NOBODY_NAMED']);
      const s = await story();
      expect(reasons(await seal(s, { categories: ['AGE_GENDER_LANGUAGE', 'NEEDS'] }))).toEqual(['NOBODY_NAMED']);
      expect([await stored(unnamed), await stored(s)]).toEqual([[], []]);
      ok(await seal(s), 201);
      ok(await collect(s));
      const version = Number((await worker.get(`/v1/cases/${s.caseId}`)).body['version']);
      ok(await worker.patch(`/v1/cases/${s.caseId}`, { person: { givenName: null, familyName: null, phone: null } }, version));
      // Whose secret that would be is not said to others.
      expect(reasons(await collect(s))).toEqual(['ADMINISTRATIVE']);
      expect(reasons(await seal(s))).toEqual(['NOBODY_NAMED']);
    });
    it('DP-11: she finds who fetched it in her list of who looked, with what was in it and what for', async () => {
      const s = await story();
      ok(await seal(s), 201);
      ok(await collect(s));
      ok(await collect(s));
      const { categories } = (await worker.get(`/v1/identity-envelopes/${await newest(worker, 'identity-envelopes')}`)).body;
      expect(categories).toContain('IDENTITY');
      const look = { organisation: ngo, role: 'RECEIVER', about: 'identity-envelopes', fields: categories, purpose: 'REFERRAL_DISCLOSURE' };
      const { items } = (await worker.get(`/v1/cases/${s.caseId}/accesses`)).body;
      expect(items).toEqual([{ ...look, look: 'collect', at: expect.any(String) as unknown }, { ...look, look: 'collect', at: expect.any(String) as unknown }]);
      const { whoLooked } = ok(await worker.get(`/v1/cases/${s.caseId}/access-copy`)).body;
      expect(whoLooked).toEqual([...Array.from({ length: 2 }, () => ({ ...look, what: 'collect', at: expect.any(String) as unknown })), expect.objectContaining({ what: 'accessCopy', organisation: house, role: 'CASE_WORKER', ground: 'ACCESS_REQUEST' })]);
      expect(JSON.stringify(whoLooked)).not.toMatch(new RegExp(`${receiver.subject}|${worker.subject}`));
    });
    it('T12: without consent there is none: no row, no event, and the try is on record', async () => {
      const s = await story();
      const told = async (of: Story): Promise<number> => (await rows(`select 1 from bus.event where headers->>'ce_type' = 'footbridge.referrals.identity-available.v1' and convert_from(body, 'utf8')::jsonb->>'referral' = $1`, [of.theirs])).length;
      const id = await idOf(s.consent);
      await rows(`update consent_record set valid_until = current_date - 30 where id = $1::uuid`, [id]);
      expect(await seal(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await stored(s)).toEqual([]);
      expect(await rows(`select command, ground from audit where aggregate = $1::uuid and command = 'sealIdentity'`, [await idOf(s.referral)])).toEqual([{ command: 'sealIdentity', ground: 'REFUSED SG1' }]);
      expect(await seal(s, {}, instance.account(house, 'CASE_WORKER'))).toMatchObject({ status: 409 });
      expect((await seal(s, {}, receiver)).status).toBe(403);
      // Nobody ever asked her: no record at all.
      const never = await story();
      await rows('update referral set consent_id = null where id = $1::uuid', [await idOf(never.referral)]);
      const refused = await seal(never);
      expect([refused.status, refused.body['code'], await stored(never)]).toEqual([409, 'consent-required', []]);
      expect(await rows(`select command, ground from audit where aggregate = $1::uuid and command = 'sealIdentity'`, [await idOf(never.referral)])).toEqual([{ command: 'sealIdentity', ground: 'REFUSED SG1' }]);
      // What was told later has been told, and of these nothing.
      const later = await story();
      ok(await seal(later), 201);
      await waitUntil('a later pointer is told', async () => await told(later) === 1);
      expect([await told(s), await told(never)]).toEqual([0, 0]);
    });
    it('T13, DP-7: ends with the consent, between sealing and fetching, bytes and all, in the transaction that withdraws', async () => {
      for (const command of ['withdraw', 'revoke'] as const) {
        const s = await story();
        ok(await seal(s), 201);
        ok(command === 'withdraw' ? await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself) : await worker.post(`/v1/consent-records/${s.consent}/revoke`, { noLongerSafe: true, personTold: true }));
        expect(await stored(s)).toEqual([{ state: 'destroyed', hasBytes: false }]);
        expect((await collect(s)).status).toBe(409);
        expect((await receiver.get(`/v1/referrals/${s.theirs}/needs`)).status).toBe(409);
        expect((await seal(s)).status).toBe(409);
      }
    });
    it('T13: fetched in the moment of the withdrawal, it is either answered before or not at all', async () => {
      for (let n = 0; n < 4; n += 1) {
        const s = await story();
        ok(await seal(s), 201);
        const [fetched] = await Promise.all([collect(s), worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself)]);
        const order = await rows<{ command: string }>(`select command from audit where command in ('collect', 'withdraw') and (aggregate = $1::uuid or aggregate in (select id from identity_envelope where consent_id = $1::uuid)) order by position`, [await idOf(s.consent)]);
        expect(order.map(({ command }) => command)).toEqual(fetched.status === 200 ? ['collect', 'withdraw'] : ['withdraw']);
        expect(await stored(s)).toEqual([{ state: 'destroyed', hasBytes: false }]);
      }
    });
    it('T23: is fetched again within a day only under the same consent, and is gone a day after; unfetched after seven', async () => {
      const [fetched, left] = [await story(), await story()];
      ok(await seal(fetched), 201);
      ok(await seal(left), 201);
      for (const s of [fetched, left]) ok(await receiver.post(`/v1/referrals/${s.theirs}/accept`));
      ok(await collect(fetched));
      ok(await collect(fetched));
      await instance.advance(hours(24) + 1_000);
      expect(await stored(fetched)).toEqual([{ state: 'destroyed', hasBytes: false }]);
      expect((await collect(fetched)).status).toBe(409);
      expect(await stored(left)).toEqual([{ state: 'waiting', hasBytes: true }]);
      await instance.advance(days(6));
      expect(await stored(left)).toEqual([{ state: 'destroyed', hasBytes: false }]);
    });
    it('ends when the receiver declines', async () => {
      const s = await story();
      ok(await seal(s), 201);
      ok(await receiver.post(`/v1/referrals/${s.theirs}/decline`, { reason: 'CAPACITY' }));
      await waitUntil('it is gone', async () => (await stored(s))[0]?.state === 'destroyed');
    });
  });

  it('DP-12: what is put right after it was sealed or collected is sealed again, and its recipient hears; where she agrees no more, it is not', async () => {
    const s = await story();
    const rename = async (givenName: string): Promise<void> => { ok(await worker.patch(`/v1/cases/${s.caseId}`, { person: { givenName } }, (await worker.get(`/v1/cases/${s.caseId}`)).body['version'])); };
    const states = async (): Promise<string[]> => (await stored(s)).map(({ state }) => state);
    ok(await seal(s), 201);
    await rename('Zyxquo');
    await waitUntil('it is sealed again while it waits', async () => (await states()).join() === 'destroyed,waiting');
    expect(await opened((ok(await collect(s)).body as { envelope: SealedEnvelope }).envelope)).toMatchObject({ IDENTITY: { givenName: 'Zyxquo' } });
    await rename('Zyxqui');
    await waitUntil('and after it was collected', async () => (await states()).join() === 'destroyed,destroyed,waiting');
    const pointers = async (): Promise<number> => (await rows(`select 1 from bus.event where headers->>'ce_type' = 'footbridge.referrals.identity-available.v1' and headers->>'ce_subject' = any($1)`, [(await rows<{ ref: string }>('select ref from reference where organisation = $1 and aggregate in (select id::text from identity_envelope where referral_id = $2::uuid)', [ngo, await idOf(s.referral)])).map(({ ref }) => ref)])).length;
    await waitUntil('each time the recipient is told', async () => await pointers() === 3);
    expect(await opened((ok(await collect(s)).body as { envelope: SealedEnvelope }).envelope)).toMatchObject({ IDENTITY: { givenName: 'Zyxqui' } });
    ok(await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself));
    await rename('Zyxqua');
    await new Promise((wait) => { setTimeout(wait, 1_500); });
    expect(await states()).toEqual(['destroyed', 'destroyed', 'destroyed']);
  });
  it('DP-23: nothing is read, sealed or collected once the agreement under which it was sent has ended or covers less', async () => {
    const s = await story();
    ok(await seal(s), 201);
    const now = async (reason: string): Promise<void> => {
      expect(reasons(await receiver.get(`/v1/referrals/${s.theirs}/needs`))).toEqual([reason]);
      expect(reasons(await collect(s))).toEqual([reason]);
      expect(reasons(await seal(s))).toEqual([reason]);
    };
    const set = (change: string): Promise<unknown> => rows(`update known_agreement set ${change}`);
    await set('ended = true');
    await now('NO_AGREEMENT');
    await set(`ended = false, categories = '{NEEDS}'`);
    await now('AGREEMENT_TOO_NARROW');
    await rows('update known_agreement set categories = $1', [ConsentCategory.values]);
    ok(await collect(s));
    ok(await receiver.get(`/v1/referrals/${s.theirs}/needs`));
  });

  describe('for the origin side', () => {
    it('G2: is sealed under the consent that names the office, and fetched by it, while nothing stands against the contact', async () => {
      const office = instance.account(ngo, 'ORIGIN_OFFICE');
      const { caseId, consent: forReferral } = await story();
      const consent = String(ok(await worker.post('/v1/consent-records', { case: caseId, recipient: ngo, purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: ['IDENTITY', 'NEEDS', 'TRAVEL'], noticeVersion: '2026-1', language: 'ro', medium: 'written' }), 201).body['id']);
      ok(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Qwrtz', familyName: 'Plzkh' } }), 201);
      const escort = { name: 'Qwrtz Plzkh', phone: '+355600000009', relation: 'trained escort' };
      const sealFor = (consentRecord: string): Promise<TestAnswer> => worker.post('/v1/identity-envelopes', { consentRecord, escort });
      expect((await sealFor(consent)).body['code']).toBe('consent-required');
      ok(await worker.post(`/v1/consent-records/${consent}/give`, { ...herself, capacity: true, freely: true }));
      expect(reasons(await sealFor(forReferral))).toContain('NOTHING_OWN_NAMED');
      expect(reasons(await worker.post('/v1/identity-envelopes', {}))).toContain('NOTHING_OWN_NAMED');
      await waitUntil('the contact is cleared', async () => (await sealFor(consent)).status === 201);
      // Who travels with her may be helped by the house too; what is said about it may not name her.
      expect(reasons(await worker.post('/v1/identity-envelopes', { consentRecord: consent, escort: { ...escort, relation: 'room mate of Qwrtz Plzkh' } }))).toEqual(['SCANNER_FOUND']);
      const id = await newest(office, 'identity-envelopes');
      const fetch = (): Promise<TestAnswer> => office.post(`/v1/identity-envelopes/${id}/collect`);
      const { envelope } = ok(await fetch()).body as { envelope: SealedEnvelope };
      const keys = (await office.get(`/v1/key-directory/${house}`)).body['signing'] as never;
      // Bound to its purpose: as something for a referral it opens nowhere (T16).
      await expect(opened(envelope)).rejects.toMatchObject({ code: 'ENVELOPE_OTHER_PURPOSE' });
      expect((await openEnvelope(envelope, mine.privateKey, { sender: house, recipient: ngo, purpose: 'ORIGIN_OFFICE_DISCLOSURE', consent: envelope.consent }, { senderKeys: keys, now: instance.clock.now() })).reveal(ownUse('OWN_ENVELOPE'))).toMatchObject({ IDENTITY: { givenName: her.givenName, birthDate: '1994-03-01' }, TRAVEL: { escort } });
      expect(reasons(await worker.post('/v1/identity-envelopes', { consentRecord: consent, categories: ['IDENTITY'], escort }))).toEqual(['TRAVEL_NOT_AGREED']);
      expect(((await worker.get(`/v1/cases/${caseId}/recipients`)).body['items'] as { recipient: string; fetched: object[] }[]).find(({ recipient }) => recipient === ngo)?.fetched).toMatchObject([{ categories: ['IDENTITY', 'NEEDS', 'TRAVEL'] }]);
      ok(await worker.post('/v1/holds', { case: caseId }), 201);
      await waitUntil('the contact is no longer cleared', async () => (await fetch()).status === 409);
      ok(await worker.post(`/v1/consent-records/${consent}/withdraw`, herself));
      expect((await rows<{ state: string }>('select state from identity_envelope where consent_id = $1::uuid', [await idOf(consent)])).map(({ state }) => state)).toEqual(['destroyed']);
    });
  });

  describe('a forged consent', () => {
    it('T17: put in or changed by a superuser counts for nothing, where needs are read, where it is sealed and where it is fetched, and the owner is alerted', async () => {
      const s = await story(['IDENTITY', 'NEEDS']), victim = await story(['NEEDS']);
      ok(await seal(s), 201);
      const [id, theirs] = [await idOf(s.consent), await idOf(victim.consent)];
      await rows(`update consent_record set categories = '{IDENTITY,NEEDS,CONTACT,HEALTH}' where id = $1::uuid`, [id]);
      expect(await collect(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await receiver.get(`/v1/referrals/${s.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await seal(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await stored(s)).toEqual([{ state: 'waiting', hasBytes: true }]);
      // Another case's signature, and another case's whole row under this one's id.
      await rows('update consent_record c set signature = o.signature, signed_with = o.signed_with from consent_record o where c.id = $1::uuid and o.id = $2::uuid', [id, theirs]);
      expect(await collect(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      // A new row, as nearly right as a superuser can make it.
      const invented = randomUUID();
      await rows(`create temporary table made as select * from consent_record where id = $1::uuid`, [theirs]);
      await rows(`update made set id = $1::uuid, sealed = null, categories = '{IDENTITY,NEEDS,CONTACT}'`, [invented]);
      await rows('insert into consent_record select * from made');
      await rows(`update referral set consent_id = $1::uuid, fields_disclosed = '{IDENTITY,NEEDS,CONTACT}' where id = $2::uuid`, [invented, await idOf(victim.referral)]);
      expect(await receiver.get(`/v1/referrals/${victim.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await seal(victim)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect((await alerts(worker)).filter((code) => code === 'CONSENT_NOT_GENUINE')).toHaveLength(2);
      expect((await rows<{ n: string }>(`select count(*) as n from alert where code = 'CONSENT_NOT_GENUINE'`))[0]?.n).toBe('2');
      // Taking it back puts the alert to rest, and needs no signature.
      ok(await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself));
      expect((await alerts(worker)).filter((code) => code === 'CONSENT_NOT_GENUINE')).toHaveLength(1);
    });
    it('T15: put back to how it stood before she withdrew it, old signature and all, stays withdrawn', async () => {
      const s = await story();
      const [before] = await rows<{ id: string; state: string; version: number; signature: string; signed_with: string }>('select * from consent_record where id = $1::uuid', [await idOf(s.consent)]);
      ok(await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself));
      await rows(`update consent_record set state = $2, version = $3, signature = $4, signed_with = $5, ended_at = null where id = $1`, [before?.id, before?.state, before?.version, before?.signature, before?.signed_with]);
      await rows(`update referral set state = 'sent' where id = $1::uuid`, [await idOf(s.referral)]);
      expect(await receiver.get(`/v1/referrals/${s.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      expect(await seal(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
    });
    it('T17: is not made good by her yes to something else: terms that were changed are neither given nor renewed', async () => {
      const s = await story();
      const asked = String(ok(await worker.post('/v1/consent-records', { case: s.caseId, recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written' }), 201).body['id']);
      await rows(`update consent_record set categories = '{NEEDS,HEALTH}' where id in ($1::uuid, $2::uuid)`, [await idOf(asked), await idOf(s.consent)]);
      expect(reasons(await worker.post(`/v1/consent-records/${asked}/give`, { ...herself, capacity: true, freely: true }))).toEqual(['CONSENT_NOT_GENUINE']);
      const until = new Date(instance.clock.now().getTime() + days(89)).toISOString().slice(0, 10);
      await rows('update consent_record set valid_until = current_date + 20 where id = $1::uuid', [await idOf(s.consent)]);
      expect(reasons(await worker.post(`/v1/consent-records/${s.consent}/renew`, { ...herself, validUntil: until }))).toContain('CONSENT_NOT_GENUINE');
      ok(await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself));
    });
  });

  it('T17: consents from before there were signatures are signed when the service first starts with them; what is put in later never is, also of an organisation that has never signed', async () => {
    const s = await story(), damaged = await story();
    const [id, other] = [await idOf(s.consent), await idOf(damaged.consent)];
    const version = async (of: string): Promise<number | undefined> => (await rows<{ version: number }>('select version from consent_record where id = $1::uuid', [of]))[0]?.version;
    await rows('update consent_record set signature = null, signed_with = null where id = $1::uuid', [id]);
    await rows(`update consent_record set signed_with = 'unknown' where id = $1::uuid`, [other]);
    const running = instance.services.get('referrals') as RunningService;
    const signed: string[] = [];
    /** As if the keys knew of these signers only. */
    const start = (...signers: string[]): Promise<void> => new SignEarlier({ ...running, config: { ...running.config, signingKeys: { ...running.config.signingKeys,
      sign: (signer) => { signed.push(signer); return Promise.resolve({ key: '', signature: '' }); }, verifyingKeys: (signer) => Promise.resolve(signers.includes(signer) ? [{ key: 'k', publicKey: '' }] : []),
    } } }).start();
    // Its first start has been: what it keeps with its keys says so, whoever has signed and whoever has not.
    await new SignEarlier(running).start();
    await start('service-consents');
    // And where it has not: an organisation that signs has signed all of its own.
    await start(house);
    expect([await version(id), await version(other), signed]).toEqual([2, 2, ['service-consents']]);
    expect(await receiver.get(`/v1/referrals/${s.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
    await start();
    // What bears a signature, though of no known key, is not from before.
    expect([await version(id), await version(other)]).toEqual([3, 2]);
    ok(await receiver.get(`/v1/referrals/${s.theirs}/needs`));
    expect(await receiver.get(`/v1/referrals/${damaged.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
  });
  it('starts without its keys, and signs nothing then', async () => {
    const s = await story();
    await rows('update consent_record set signature = null, signed_with = null where id = $1::uuid', [await idOf(s.consent)]);
    const running = instance.services.get('referrals') as RunningService;
    const noted: string[] = [];
    await new SignEarlier({ ...running, refusals: { note: ({ code }: PrivacyRefusal) => { noted.push(code); } } as never, config: { ...running.config, signingKeys: { ...running.config.signingKeys, verifyingKeys: () => Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE')) } } }).start();
    expect(noted).toEqual(['KEY_STORE_UNAVAILABLE']);
    expect(await receiver.get(`/v1/referrals/${s.theirs}/needs`)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
  });
  it('W1: consent is taken back while the signing keys are away, and nothing is sealed or fetched meanwhile', async () => {
    const s = await story();
    ok(await seal(s), 201);
    const { signingKeys } = (instance.services.get('referrals') as RunningService).config;
    const { sign, verifyingKeys } = signingKeys;
    const away = (): Promise<never> => Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE'));
    Object.assign(signingKeys, { sign: away, verifyingKeys: away });
    try {
      expect(await collect(s)).toMatchObject({ status: 409, body: { code: 'consent-required' } });
      ok(await worker.post(`/v1/consent-records/${s.consent}/withdraw`, herself));
    } finally { Object.assign(signingKeys, { sign, verifyingKeys }); }
    expect(await stored(s)).toEqual([{ state: 'destroyed', hasBytes: false }]);
    expect(await rows('select state, signature from consent_record where id = $1::uuid', [await idOf(s.consent)])).toEqual([{ state: 'withdrawn', signature: null }]);
  });

  it('T39 a panic at the sender is not told to who fetches: come again, as where a key store is away; its own people are told', async () => {
    const s = await story();
    ok(await seal(s), 201);
    const { keys } = (instance.services.get('referrals') as RunningService).engine.store;
    const lock = randomUUID();
    await tell(KeysLocked, { organisation: house, version: 1 }, lock);
    await waitUntil('it is locked', () => Promise.resolve(keys.isLocked(house)));
    for (const answer of [await collect(s), await receiver.get(`/v1/referrals/${s.theirs}/needs`)]) expect([answer.status, answer.body['code'], JSON.stringify(answer.body).includes('lock')]).toEqual([503, 'service-unavailable', false]);
    expect((await worker.get(`/v1/cases/${s.caseId}?reveal=person&purpose=ASSISTANCE`)).body['code']).toBe('keys-locked');
    await tell(KeysUnlocked, { organisation: house, version: 2 }, lock, 2);
    await waitUntil('it is unlocked', () => Promise.resolve(!keys.isLocked(house)));
    ok(await collect(s));
  });
  it('envelopes of a partner that is suspended are gone at once', async () => {
    const s = await story();
    ok(await seal(s), 201);
    await tell(PartnerSuspended, { partner: newRef('ptn'), organisation: ngo, state: 'partner_suspended', version: 2 });
    await waitUntil('it is gone', async () => (await stored(s))[0]?.state === 'destroyed');
    expect((await collect(s)).status).toBe(409);
  });
  it('a key that has been in use for 90 days is called old', async () => {
    await instance.advance(days(90));
    expect(await alerts(keeper)).toContain('RECIPIENT_KEY_OLD');
  });
  it('T10 leaves no name in any sink', async () => { expect(huntLeaks(await instance.sinks(), [her])).toEqual([]); }, 120_000);
});

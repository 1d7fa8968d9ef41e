import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service } from '@footbridge/contracts';
import { LocalFileKeyStore, LocalFileSigningKeys, PrivacyRefusal, VaultTransitKeyStore, VaultTransitSigningKeys, isReceipt, newRef, type KeyStore, type SignedErasureReceipt, type SigningKeys, type VerifyingKey } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { days } from '@footbridge/service';
import { files, testInstance, vaultStandIn, withAuditFault, waitUntil, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { keyWarnings, troublesIn } from './key-warnings.js';
import { services } from './services.js';

const her = canaryPerson(61);
const person = { givenName: her.givenName, familyName: her.familyName, birthDate: '1994-03-01', citizenships: ['MD'], phone: her.phone };
const guards = ({ body }: TestAnswer): string[] => ((body['guards'] ?? []) as { guard: string; reason: string }[]).map(({ guard, reason }) => `${guard} ${reason}`);

describe('keys of an organisation, in all services', () => {
  let port: number | undefined, folder: string, instance: TestInstance, database: pg.Client, keyStore: LocalFileKeyStore, signingKeys: LocalFileSigningKeys;
  const [house, other] = [newRef('org'), newRef('org')];
  let worker: TestAccount, admin: TestAccount, dpo: TestAccount, supervisor: TestAccount, operator: TestAccount;

  const query = async <R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> => (await database.query<R>(text, [...values])).rows;
  /** As the service itself writes, its triggers and all. */
  const inside = async (service: string, text: string, values: readonly unknown[] = []): Promise<void> => { await database.query(`set search_path = ${service}`); try { await database.query(text, [...values]); } finally { await database.query('set search_path = public'); } };
  const opened = async (account = worker): Promise<string> => { const { status, body } = await account.post('/v1/cases', { purpose: 'ASSISTANCE', person }); expect([status, body]).toEqual([201, expect.anything()]); return String(body['id']); };
  const name = async (id: string, account = worker): Promise<unknown> => { const { status, body } = await account.get(`/v1/cases/${id}?reveal=person&purpose=ASSISTANCE`); return status === 200 ? (body['person'] as { givenName?: string } | undefined)?.givenName : body['code']; };
  /** A step of two persons. */
  const both = async (first: TestAccount, second: TestAccount, path: string, body: object = {}): Promise<TestAnswer> => {
    const asked = await first.post(path, body);
    if (asked.status !== 202) return asked;
    expect(guards(await first.post(`/v1/approvals/${String(asked.body['approval'])}/approve`))).toEqual(['TWO_PERSONS SAME_PERSON']);
    return second.post(`/v1/approvals/${String(asked.body['approval'])}/approve`);
  };
  const stands = async (): Promise<Record<string, unknown>[]> => Promise.all(Service.values.map(async (service) => (await dpo.get(`/v1/${service}-keys`)).body));
  const settled = (version: number): Promise<unknown> => waitUntil(`all have wrapped anew with version ${version}`, async () => (await query<{ n: number }>('select count(*)::integer as n from notifications.keys_rewrapped where organisation = $1 and key_version >= $2', [house, version]))[0]?.n === 5, { within: 30_000 });
  const versionsUsed = async (): Promise<unknown[]> => query('select distinct key_version as version from referrals.subject_key where owner = $1 order by 1', [house]).then((rows) => rows.map((row) => (row as { version: number }).version));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'footbridge-org-keys-'));
    keyStore = new LocalFileKeyStore(folder);
    signingKeys = new LocalFileSigningKeys(folder);
    instance = await testInstance(services, { name: 'keys', config: { denyList: { standing: () => 'good' }, keyStore, signingKeys } });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    operator = instance.account(newRef('org'), 'OPERATOR');
    worker = instance.account(house, 'CASE_WORKER'); admin = instance.account(house, 'PARTNER_ADMIN'); dpo = instance.account(house, 'DPO'); supervisor = instance.account(house, 'SUPERVISOR');
    expect((await operator.post('/v1/organisations', { id: house, type: 'NGO', country: 'AL', name: 'Lantern House' })).status).toBe(201);
    expect((await operator.post('/v1/organisations', { id: other, type: 'NGO', country: 'AL', name: 'Harbour' })).status).toBe(201);
    await waitUntil('the organisations are known', async () => (await query('select 1 from referrals.known_organisation where organisation in ($1, $2)', [house, other])).length === 2);
  }, 120_000);
  afterAll(async () => {
    await database?.end();
    await instance?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('DP-18 who runs the servers asks for nothing of it, approves nothing, and sees no version', async () => {
    const own = instance.account(house, 'OPERATOR');
    for (const account of [operator, own]) {
      expect([(await account.post('/v1/key-rotations', {})).status, (await account.post('/v1/panic-locks', {})).status]).toEqual([403, 403]);
      for (const service of Service.values) expect([(await account.get(`/v1/${service}-keys`)).status, (await account.get(`/v1/${service}-erasure-receipts`)).status]).toEqual([403, 403]);
    }
    const asked = await admin.post('/v1/key-rotations', {});
    expect(asked.status).toBe(202);
    expect([(await own.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).status, (await operator.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).status]).toEqual([403, 404]);
    expect((await dpo.post(`/v1/approvals/${String(asked.body['approval'])}/refuse`)).body['state']).toBe('refused');
    for (const account of [worker, supervisor]) expect((await account.post('/v1/key-rotations', {})).status).toBe(403);
  });

  it('T24 the key changes during writes: nothing is lost, the old version goes from all services, and an old backup of the table opens no more', async () => {
    const before = [await opened(), await opened(), await opened()];
    const oldBackup = await query<{ subject: string; wrapped: string }>('select subject, wrapped from referrals.subject_key where owner = $1', [house]);
    expect(await versionsUsed()).toEqual([1]);
    let stop = false;
    const written: string[] = [];
    const writing = (async () => { while (!stop) written.push(await opened()); })();
    const rotated = await both(admin, dpo, '/v1/key-rotations');
    expect(rotated).toMatchObject({ status: 200, body: { state: 'rotated', keyVersion: 2 } });
    const id = String(rotated.body['id']);
    await settled(2);
    stop = true;
    await writing;
    expect(written.length).toBeGreaterThan(1);
    expect(await versionsUsed()).toEqual([2]);
    expect(await stands()).toEqual(Service.values.map((service) => expect.objectContaining({ service, current: 2, kept: [1, 2], locked: false, rewrapped: true }) as unknown));
    // Not before the backups that need it are gone, but for two persons who say that they know.
    expect(guards(await admin.post(`/v1/key-rotations/${id}/destroy-old`, {}))).toEqual(['KEY_ROTATION BACKUPS_STILL_NEED_IT']);
    expect(guards(await admin.post(`/v1/key-rotations/${id}/destroy-old`, { force: false }))).toEqual(['KEY_ROTATION BACKUPS_STILL_NEED_IT']);
    expect((await dpo.post(`/v1/key-rotations/${id}/destroy-old`, { force: true })).status).toBe(202);
    expect(await keyStore.versions(house)).toEqual({ current: 2, kept: [1, 2] });
    await instance.advance(days(35));
    expect(await both(dpo, admin, `/v1/key-rotations/${id}/destroy-old`)).toMatchObject({ status: 200, body: { state: 'old_destroyed' } });
    await waitUntil('the old version is gone', async () => (await keyStore.versions(house))?.kept.length === 1);
    expect(await keyStore.versions(house)).toEqual({ current: 2, kept: [2] });
    for (const { subject, wrapped } of oldBackup) await expect(keyStore.unwrap(house, wrapped, subject)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    for (const running of instance.services.values()) for (const { subject } of oldBackup) running.engine.store.forget(subject);
    for (const file of [...before, ...written]) expect(await name(file)).toBe(her.givenName);
  }, 120_000);

  it('T24 an old version is destroyed for nobody while one service still needs it', async () => {
    await inside('shelters', 'insert into subject_key (subject, owner, wrapped) values ($1, $2, $3)', ['damaged', house, 'file1.2.AAAA']);
    const id = String((await both(admin, dpo, '/v1/key-rotations')).body['id']);
    await waitUntil('four of five have said so', async () => (await query('select 1 from notifications.keys_rewrapped where organisation = $1 and key_version = 3', [house])).length === 4);
    const asked = await admin.post(`/v1/key-rotations/${id}/destroy-old`, { force: true });
    expect([asked.status, guards(asked), asked.headers.get('retry-after')]).toEqual([409, ['KEY_ROTATION STILL_IN_USE'], '2']);
    // Told all the same, by whomever: the service looks at its own rows and keeps what it needs.
    await query('insert into shelters.organisation_key (organisation, least) values ($1, 3) on conflict (organisation) do update set least = 3', [house]);
    instance.services.get('shelters')!.engine.store.keys.onNews();
    await new Promise((later) => setTimeout(later, 300));
    expect((await keyStore.versions(house))?.kept).toEqual([2, 3]);
    expect((await stands()).find(({ service }) => service === 'shelters')).toMatchObject({ rewrapped: false, wrapped: [{ version: 2, cases: 1 }] });
    await query("delete from shelters.subject_key where subject = 'damaged'");
    instance.services.get('shelters')!.engine.store.keys.onNews();
    await settled(3);
  }, 60_000);

  it('T24 what was wrapped with the old key and is written after the service gave its word is done again with the new one', async () => {
    const stale = await new LocalFileKeyStore(folder).wrap(house, Buffer.alloc(32, 1), 'late');
    await query('update referrals.organisation_key set rewrapped = 4 where organisation = $1', [house]);
    await expect(inside('referrals', 'insert into subject_key (subject, owner, wrapped) values ($1, $2, $3)', ['late', house, stale])).rejects.toMatchObject({ code: '40001' });
    await inside('referrals', 'insert into subject_key (subject, owner, wrapped) values ($1, $2, $3)', ['late', house, stale.replace('file1.3.', 'file1.4.')]);
    await query("delete from referrals.subject_key where subject = 'late'");
    await query('update referrals.organisation_key set rewrapped = 3 where organisation = $1', [house]);
  });

  it('T25 an erased case leaves a receipt of every service, verified later; a backup of its keys from before opens nothing', async () => {
    const id = await opened();
    const [{ case_ref: caseRef } = { case_ref: '' }] = await query<{ case_ref: string }>('select c.case_ref from referrals."case" c join referrals.reference r on r.aggregate = c.id::text where r.ref = $1', [id]);
    const backup = await query<{ subject: string; owner: string; wrapped: string }>('select subject, owner, wrapped from referrals.subject_key where subject = $1', [caseRef]);
    await worker.post(`/v1/cases/${id}/close-case`, { reason: 'PERSON_ENDED', personInformed: true });
    expect(await both(dpo, supervisor, `/v1/cases/${id}/anonymise-case`, { erasureGranted: true })).toMatchObject({ status: 200, body: { state: 'anonymised' } });
    const receipts = async (of = id): Promise<readonly { readonly receipt: SignedErasureReceipt; readonly keys: readonly VerifyingKey[] }[]> => (await Promise.all(Service.values.map(async (service) => {
      const { items, keys } = (await dpo.get(`/v1/${service}-erasure-receipts?case=${of}`)).body as unknown as { items: SignedErasureReceipt[]; keys: VerifyingKey[] };
      return items.map((receipt) => ({ receipt, keys }));
    }))).flat();
    const all = await waitUntil('all have given theirs', async () => { const found = await receipts(); return found.length === 5 ? found : undefined; }, { within: 20_000 });
    expect(all.map(({ receipt }) => receipt.service).sort()).toEqual([...Service.values].sort());
    for (const { receipt, keys } of all) {
      expect(isReceipt(keys, receipt)).toBe(true);
      expect(receipt).toEqual({ service: receipt.service, owner: house, case: id, erasedAt: expect.any(String) as string, key: expect.any(String) as string, signature: expect.any(String) as string });
      expect(isReceipt(await signingKeys.verifyingKeys(`service-${receipt.service}`), receipt)).toBe(true);
    }
    expect(await receipts(newRef('cas'))).toEqual([]);
    expect((await instance.account(newRef('org'), 'DPO').get('/v1/referrals-erasure-receipts')).body['items']).toEqual([]);
    expect((await worker.get('/v1/referrals-erasure-receipts')).status).toBe(403);
    expect((await dpo.get('/v1/referrals-erasure-receipts?case=nobody')).status).toBe(422);
    // The row that a backup of the table still holds comes back nowhere.
    for (const { subject, owner, wrapped } of backup) await expect(inside('referrals', 'insert into subject_key (subject, owner, wrapped) values ($1, $2, $3)', [subject, owner, wrapped])).rejects.toMatchObject({ constraint: 'erased__case_erased' });
    expect(await name(id, dpo)).toBeUndefined();
  }, 60_000);

  describe('T39 panic', () => {
    let file: string, consent: string;
    const elsewhere = (): TestAccount => instance.account(other, 'CASE_WORKER');
    const lockedEverywhere = async (is: boolean): Promise<unknown> => waitUntil(`keys are ${is ? 'locked' : 'unlocked'} in every service`, async () => [...instance.services.values()].every(({ engine }) => engine.store.keys.isLocked(house) === is) && await keyStore.isLocked(house) === is);
    let lock: string, foreign: string;

    it('one command of one worker locks the keys of the own organisation in every service, at once and once', async () => {
      file = await opened();
      const outsider = elsewhere();
      foreign = await opened(outsider);
      consent = String((await worker.post('/v1/consent-records', { case: file, purpose: 'REFERRAL_DISCLOSURE', recipient: other, categories: ['IDENTITY'], language: 'ro', medium: 'written', noticeVersion: '2026-1' })).body['id']);
      expect(await worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true })).toMatchObject({ status: 200, body: { state: 'given' } });
      expect(await name(file)).toBe(her.givenName);
      const locked = await worker.post('/v1/panic-locks', {});
      expect(locked).toMatchObject({ status: 201, body: { state: 'locked' } });
      lock = String(locked.body['id']);
      await lockedEverywhere(true);
      expect(guards(await supervisor.post('/v1/panic-locks', {}))).toEqual(['PANIC_LOCK LOCKED_ALREADY']);
      expect([await name(file), await name(foreign, outsider)]).toEqual(['keys-locked', her.givenName]);
      expect((await worker.get(`/v1/cases/${file}?reveal=person&purpose=ASSISTANCE`)).body).toMatchObject({ type: '/problems/keys-locked', status: 503, code: 'keys-locked' });
      expect((await worker.post('/v1/cases', { purpose: 'ASSISTANCE', person })).body['code']).toBe('keys-locked');
      expect((await dpo.get('/v1/referrals-keys')).body['locked']).toBe(true);
    });

    it('what needs no plaintext goes on: she withdraws, lists are read, and nothing sealed is lost by it', async () => {
      expect((await worker.get('/v1/cases')).status).toBe(200);
      expect((await worker.get(`/v1/cases/${file}`)).body).toMatchObject({ id: file, state: 'active' });
      expect(await worker.post(`/v1/consent-records/${consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'in_person' })).toMatchObject({ status: 200, body: { state: 'withdrawn' } });
      // What does need it is refused, also where it is no creating: an edit of what is sealed.
      expect((await worker.patch(`/v1/cases/${file}`, { person: { phone: '+355600000002' } }, 1)).body['code']).toBe('keys-locked');
    });

    it('keeps no other organisation waiting, and decides nothing for good that it cannot read', async () => {
      const next = await opened(elsewhere());
      await waitUntil('the other one has its answer', async () => (await query('select 1 from referrals.clearance c join referrals.reference r on r.aggregate = c.case_id::text where r.ref = $1', [next])).length > 0);
      // What she withdrew has marked her case: the mark waits for the keys.
      expect((await query('select 1 from referrals.clearance_due d join referrals.reference r on r.aggregate = d.case_id::text where r.ref = $1', [file])).length).toBeGreaterThan(0);
    });

    it('stays through a restart, of a process that remembers nothing', async () => {
      await expect(new LocalFileKeyStore(folder).wrap(house, Buffer.alloc(32), 'x')).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
      const { engine } = instance.services.get('referrals')!;
      // Even where the file was taken away: the service was told, and says no.
      await rm(join(folder, `${house}.locked`));
      await engine.store.keys.look();
      expect(await name(file)).toBe('keys-locked');
      await keyStore.lock(house);
    });

    it('is unlocked by two persons, supervisor or DPO, of that organisation; then all is as it was', async () => {
      for (const account of [worker, admin]) expect((await account.post(`/v1/panic-locks/${lock}/unlock-keys`, {})).status).toBe(403);
      expect((await instance.account(other, 'SUPERVISOR').post(`/v1/panic-locks/${lock}/unlock-keys`, {})).status).toBe(404);
      expect(await both(supervisor, dpo, `/v1/panic-locks/${lock}/unlock-keys`)).toMatchObject({ status: 200, body: { state: 'unlocked' } });
      await lockedEverywhere(false);
      expect(await name(file)).toBe(her.givenName);
      await waitUntil('what waited is answered', async () => (await query('select 1 from referrals.clearance_due')).length === 0);
      expect((await worker.get(`/v1/consent-records/${consent}?reveal=givenBy&purpose=ASSISTANCE`)).body).toMatchObject({ state: 'withdrawn', givenBy: 'PERSON' });
      expect((await readdir(folder)).filter((entry) => entry.endsWith('.locked'))).toEqual([]);
    });
  });

  it('T24 a change that is stopped half-way goes on where it was', async () => {
    const wrap = keyStore.wrap.bind(keyStore);
    let left = 1;
    keyStore.wrap = (...given) => (left-- > 0 ? wrap(...given) : Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE')));
    try {
      expect((await both(admin, dpo, '/v1/key-rotations')).status).toBe(200);
      await waitUntil('one is wrapped anew', async () => (await versionsUsed()).length === 2);
    } finally { keyStore.wrap = wrap; }
    const [newest] = (await versionsUsed()).slice(-1) as number[];
    expect(newest).toBeGreaterThan(3);
    for (const running of instance.services.values()) running.engine.store.keys.onNews();
    await settled(newest ?? 0);
    expect(await versionsUsed()).toEqual([newest]);
  }, 60_000);

  it('a damaged key file and one that others can read refuse what needs them, say no more, and all is back when it is mended', async () => {
    const id = await opened();
    const [{ engine }] = [instance.services.get('referrals')!];
    const rows = await query<{ subject: string }>('select subject from referrals.subject_key where owner = $1', [house]);
    const forget = (): void => { for (const { subject } of rows) engine.store.forget(subject); };
    const files = (await readdir(folder)).filter((entry) => entry.startsWith(house) && entry.endsWith('.keys.json'));
    const { readFile, chmod } = await import('node:fs/promises');
    const kept = await Promise.all(files.map(async (entry) => [join(folder, entry), await readFile(join(folder, entry))] as const));
    for (const [path] of kept) await chmod(path, 0o644);
    forget();
    expect(await name(id)).toBe('keys-unavailable');
    for (const [path] of kept) { await writeFile(path, 'no key'); await chmod(path, 0o600); }
    forget();
    const refused = await worker.get(`/v1/cases/${id}?reveal=person&purpose=ASSISTANCE`);
    expect([refused.status, refused.headers.get('retry-after'), JSON.stringify(refused.body)]).toEqual([503, null, expect.not.stringMatching(/KEY_|file|org_/) as string]);
    expect(refused.body).toMatchObject({ code: 'keys-unavailable', detail: expect.stringContaining('tell your administrator') as string });
    for (const [path, bytes] of kept) await writeFile(path, bytes, { mode: 0o600 });
    forget();
    expect(await name(id)).toBe(her.givenName);
  });

  it('the key that an organisation or a service signs with is lost: nobody makes another silently, everybody is told, and it is put back, or changed by two persons', async () => {
    const { rename } = await import('node:fs/promises');
    const id = await opened();
    const consent = async (): Promise<unknown> => {
      const { status, body } = await worker.post('/v1/consent-records', { case: id, purpose: 'REFERRAL_DISCLOSURE', recipient: other, categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', interpreter: true, medium: 'written', validUntil: new Date(Date.now() + days(60)).toISOString().slice(0, 10) });
      return status === 201 ? status : body['code'];
    };
    const root = async (): Promise<unknown> => { const { status, body } = await operator.post('/v1/referrals-audit-roots'); return status === 201 ? status : body['code']; };
    const signing = async (): Promise<string[]> => (await readdir(folder)).filter((file) => file.endsWith('.signing.json') && (file.startsWith(house) || file.startsWith('service-referrals'))).sort();
    const [{ engine, signers, listen }] = [instance.services.get('referrals')!];
    port ??= await listen(0);
    await engine.store.keys.prove([house]);
    const warnings = async (): Promise<unknown> => ((await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { warnings?: string[] }).warnings ?? [];
    expect([await consent(), await root(), await warnings()]).toEqual([201, 201, []]);
    const had = await signing();
    expect(had.length).toBe(2);
    for (const file of had) await rename(join(folder, file), join(folder, `${file}.lost`));
    expect([await consent(), await root(), await warnings(), await signing()]).toEqual(['keys-unavailable', 'keys-unavailable', ['keys'], []]);
    // what the start and doctor say, of nobody else, and with what to do
    const found = await troublesIn(instance.databaseUrl, { keyStore, signingKeys });
    expect(found.map(({ organisation, code, signs }) => [organisation, code, signs])).toEqual(expect.arrayContaining([['service-referrals', 'KEY_UNKNOWN', true], [house, 'KEY_UNKNOWN', true]]));
    expect(found).toHaveLength(2);
    await signers.prove();
    expect([...signers.troubles.keys()].sort()).toEqual([house, 'service-referrals'].sort());
    expect((await keyWarnings(folder, true, found)).filter((line) => line.includes('put it back from the file of keys of the newest backup. Is there none'))).toHaveLength(2);
    // the service's is put back; the organisation has no backup, and changes it: two persons
    const [ofService = ''] = had.filter((file) => file.startsWith('service-'));
    await rename(join(folder, `${ofService}.lost`), join(folder, ofService));
    const rotated = await both(admin, dpo, '/v1/key-rotations');
    await settled(Number(rotated.body['keyVersion']));
    engine.store.keys.onNews();
    expect([await consent(), await root()]).toEqual([201, 201]);
    expect(await warnings()).toEqual([]);
  }, 60_000);

  it('on a full disk (simulated: the database raises 53100 where an entry of the audit is written) a write is refused, told apart from a mistake of ours, said by /readyz, and nothing of it is there', async () => {
    const count = async (): Promise<unknown> => (await query('select count(*) as n from referrals."case"'))[0];
    const before = await count();
    const referrals = instance.services.get('referrals')!;
    port ??= await referrals.listen(0);
    const missing = async (): Promise<unknown> => ((await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { missing: string[] }).missing;
    expect(await missing()).not.toContain('disk');
    const refused = await withAuditFault(instance.databaseUrl, 'referrals', 'the disk is full', () => worker.impatient.post('/v1/cases', { purpose: 'ASSISTANCE', person }));
    expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([503, 'service-unavailable', '2']);
    expect([await missing(), await count()]).toEqual([expect.arrayContaining(['disk']), before]);
    await opened();
  });

  it('T10 leave no name in any sink, whatever was turned, locked, damaged or stopped half-way', async () => { expect(huntLeaks([...await instance.sinks(), ...await files(folder)], [her])).toEqual([]); }, 120_000);
});

describe('keys of an organisation in a Vault (its stand-in)', () => {
  it('T24 change during writes, are destroyed, and refuse when Vault is sealed; DP-18 a service starts and upgrades without any key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'footbridge-vault-'));
    const vault = await vaultStandIn();
    await writeFile(join(folder, 'token'), vault.token, { mode: 0o600 });
    const options = { address: vault.url, tokenFile: join(folder, 'token'), wait: () => Promise.resolve() };
    const keyStore: KeyStore = new VaultTransitKeyStore(options);
    const signingKeys: SigningKeys = new VaultTransitSigningKeys(options);
    // The operator brings everything up, with every migration, while no key is to be had.
    vault.trouble('sealed');
    const instance = await testInstance(services, { name: 'vault', config: { denyList: { standing: () => 'good' }, keyStore, signingKeys } });
    try {
      const house = newRef('org');
      const [worker, admin, dpo, operator] = [instance.account(house, 'CASE_WORKER'), instance.account(house, 'PARTNER_ADMIN'), instance.account(house, 'DPO'), instance.account(newRef('org'), 'OPERATOR')];
      expect((await operator.post('/v1/organisations', { id: house, type: 'NGO', country: 'AL', name: 'Lantern House' })).status).toBe(201);
      expect((await operator.get('/v1/referrals-parked')).status).toBe(200);
      const referrals = instance.services.get('referrals')!;
      await waitUntil('the organisation is known', async () => (await referrals.pool.query('select 1 from known_organisation where organisation = $1', [house])).rowCount === 1);
      const open = (): Promise<TestAnswer> => worker.post('/v1/cases', { purpose: 'ASSISTANCE', person });
      expect(await open()).toMatchObject({ status: 503, body: { code: 'service-unavailable' } });
      vault.trouble(undefined);
      const cases = [String((await open()).body['id'])];
      const rotated = await admin.post('/v1/key-rotations', {});
      const id = String((await dpo.post(`/v1/approvals/${String(rotated.body['approval'])}/approve`)).body['id']);
      cases.push(String((await open()).body['id']));
      await waitUntil('all have wrapped anew', async () => (await instance.services.get('notifications')!.pool.query('select 1 from keys_rewrapped where organisation = $1 and key_version >= 2', [house])).rowCount === 5, { within: 30_000 });
      const asked = await admin.post(`/v1/key-rotations/${id}/destroy-old`, { force: true });
      expect((await dpo.post(`/v1/approvals/${String(asked.body['approval'])}/approve`)).body['state']).toBe('old_destroyed');
      await waitUntil('the old version is gone', async () => !(await keyStore.versions(house))?.kept.includes(1));
      const { rows } = await referrals.pool.query<{ subject: string }>('select subject from subject_key where owner = $1', [house]);
      for (const { subject } of rows) referrals.engine.store.forget(subject);
      for (const file of cases) expect((await worker.get(`/v1/cases/${file}?reveal=person&purpose=ASSISTANCE`)).body).toMatchObject({ person: { givenName: her.givenName } });
      expect(huntLeaks([...await instance.sinks(), ...await files(folder)], [her])).toEqual([]); // T10
    } finally {
      await instance.close();
      await vault.close();
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});

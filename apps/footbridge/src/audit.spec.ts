import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, auditRootKept, type Role } from '@footbridge/contracts';
import { NOTHING, Peaks, digestOf, isEntryIn, isGrownFrom, isWitnessed, newRef, signRoot, type AuditReport, type ShownEntry, type ShownRoot, type VerifyingKey, type WitnessedRoot } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { AuditSequencer, type RunningService } from '@footbridge/service';
import { testInstance, waitUntil, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { Command } from 'commander';
import pg from 'pg';
import { verifyDatabase, witnessesIn, wordsOf } from './audit.js';
import { auditCommands } from './commands/audit.js';
import { services } from './services.js';

describe('the audit logs of an instance, on real Postgres', () => {
  let instance: TestInstance, superuser: pg.Client;
  const organisation = newRef('org');
  const her = canaryPerson(76);
  const service = (name: Service): RunningService => instance.services.get(name) as RunningService;
  const entry = (command: string, at = new Date()): Record<string, unknown> => ({ at: at.toISOString(), organisations: [organisation], kind: 'rfr', aggregate: randomUUID(), command, from_state: 'sent', to_state: 'sent', version: 2, organisation, account: newRef('acc'), role: 'RECEIVER', fields: ['person'] });
  /** As a command writes it: with its own commit, by the service's own role. */
  const write = (name: Service, command = 'reveal', at?: Date): Promise<void> => service(name).engine.store.commit(organisation, [{ t: 'audit', op: 'insert', row: entry(command, at) }], []);
  const verify = async (name: Service, told: readonly WitnessedRoot[] = []): Promise<AuditReport> => (await verifyDatabase(instance.databaseUrl, service(name).config.signingKeys, [name], told))[0] as AuditReport;
  const codes = (report: AuditReport): string[] => [...new Set(report.findings.map(({ code }) => code))].sort();
  const places = async (name: Service): Promise<number[]> => (await superuser.query<{ position: string }>(`select position from ${name}.audit_leaf order by index`)).rows.map(({ position }) => Number(position));
  const positions = async (name: Service): Promise<number[]> => (await superuser.query<{ position: string }>(`select position from ${name}.audit order by position`)).rows.map(({ position }) => Number(position));
  const another = (name: Service, now?: () => Date): AuditSequencer => { const { engine, pool, config } = service(name); return new AuditSequencer({ engine, pool, service: name, signingKeys: config.signingKeys, roots: 'asked', ...(now ? { now } : {}) }); };

  beforeAll(async () => {
    instance = await testInstance(services, { name: 'audit', config: { denyList: { standing: () => 'good' } } });
    superuser = new pg.Client({ connectionString: instance.databaseUrl });
    await superuser.connect();
  });
  afterAll(async () => { await superuser?.end(); await instance?.close(); });

  it('T37 gives every entry its place in order, once, while many write and several replicas are at it', async () => {
    const replica = another('shelters');
    let isWriting = true;
    const sequencing = [service('shelters').audit, replica].map(async (sequencer) => { while (isWriting) await sequencer.run(); });
    const slow = async (): Promise<void> => {
      const client = await service('shelters').pool.connect();
      try {
        for (let n = 0; n < 6; n += 1) {
          await client.query('begin');
          await client.query("insert into audit (at, organisations, kind, command) values (now(), $1, 'rfr', 'slow')", [[organisation]]);
          await new Promise((done) => { setTimeout(done, 60); });
          // What is rolled back leaves a gap for ever.
          await client.query(n % 3 === 2 ? 'rollback' : 'commit');
        }
      } finally { client.release(); }
    };
    await Promise.all([slow(), slow(), ...Array.from({ length: 6 }, async (_, worker) => { for (let n = 0; n < 40; n += 1) await write('shelters', `worker${worker}`); })]);
    isWriting = false;
    await Promise.all(sequencing);
    await replica.run();
    await service('shelters').audit.run();
    const all = await positions('shelters');
    expect(all).toHaveLength(6 * 40 + 8);
    expect(all.at(-1)).toBeGreaterThan(all.length);
    expect(await places('shelters')).toEqual(all);
    expect(await verify('shelters')).toMatchObject({ isWhole: true, size: all.length, waiting: 0, signed: 0 });
  });

  it('T37 leaves out no entry whose transaction ends late: it waits, and nobody comes first', async () => {
    const before = await places('returns');
    const late = await service('returns').pool.connect();
    await late.query('begin');
    await late.query("insert into audit (at, organisations, kind, command) values (now(), $1, 'rfr', 'late')", [[organisation]]);
    await write('returns', 'after');
    await service('returns').audit.run();
    expect(await places('returns')).toEqual(before);
    expect(await verify('returns')).toMatchObject({ isWhole: true, waiting: 1 });
    await late.query('commit');
    late.release();
    await service('returns').audit.run();
    expect((await superuser.query<{ command: string }>('select a.command from returns.audit_leaf l join returns.audit a using (position) order by l.index')).rows.map(({ command }) => command).slice(-2)).toEqual(['late', 'after']);
  });

  it('goes on where it was stopped, and signs what has come since', async () => {
    await write('returns');
    const first: { readonly size: number } | undefined = await another('returns').sign('now');
    await write('returns'); await write('returns');
    expect(await another('returns').sign('where it has grown')).toMatchObject({ number: 2, size: Number(first?.size) + 2 });
    expect(await another('returns').sign('where it has grown')).toBeUndefined();
    expect(await another('returns').sign('once an hour')).toBeUndefined();
    const later = new Date(Date.now() + 3_600_000);
    expect(await another('returns', () => later).sign('once an hour')).toMatchObject({ number: 3, at: `${later.toISOString().slice(0, 13)}:00:00Z` });
    expect(await verify('returns')).toMatchObject({ isWhole: true, newest: { number: 3 } });
  });

  it('tells the others of each root, who keep it; and whoever is signed in, but not how long the log is', async () => {
    const operator = instance.account(organisation, 'OPERATOR');
    const signed: TestAnswer = await operator.post('/v1/referrals-audit-roots');
    expect(signed).toMatchObject({ status: 201, body: { service: 'referrals', number: 1 } });
    for (const name of ['shelters', 'returns', 'reintegration', 'notifications'] as const) {
      await waitUntil('the others know the root', async (): Promise<boolean> => (await superuser.query(`select from ${name}.known_audit_root where service = 'referrals' and number = 1 and encode(digest, 'hex') = $1`, [signed.body['digest']])).rowCount === 1);
    }
    expect((await verify('referrals')).witnesses).toEqual({ shelters: 1, returns: 1, reintegration: 1, notifications: 1 });
    const seen = await instance.account(newRef('org'), 'RECEIVER').get('/v1/referrals-audit-roots');
    expect(seen).toMatchObject({ status: 200, body: { service: 'referrals', keys: [{ publicKey: expect.any(String) }], next: null } });
    expect((seen.body['items'] as object[]).map((item) => Object.keys(item).sort())).toEqual([['at', 'digest', 'key', 'number', 'signature']]);
    expect((await instance.account(organisation, 'DPO').get('/v1/referrals-audit-roots?before=2')).body['items']).toEqual([expect.objectContaining({ number: 1, size: expect.any(Number), previous: '0'.repeat(64) })]);
    expect((await operator.get('/v1/referrals-audit-roots?before=x')).status).toBe(422);
    expect((await instance.account(organisation, 'SUPERVISOR').post('/v1/referrals-audit-roots')).body['code']).toBe('role-not-allowed');
  });

  it('T37 signs what was written every few minutes too, and tells the other services and nobody else', async () => {
    const name = 'reintegration';
    const noon = new Date(`${new Date().toISOString().slice(0, 13)}:30:00Z`);
    const { engine, pool, config } = service(name);
    const often = new AuditSequencer({ engine, pool, service: name, signingKeys: config.signingKeys, everyMs: 50, signEveryMs: 100, now: () => noon });
    await write(name);
    const roots = async (): Promise<number> => (await superuser.query(`select from ${name}.audit_root`)).rowCount ?? 0;
    often.start();
    try {
      await waitUntil('it is signed', async () => (await roots()) === 1);
      await write(name);
      await waitUntil('what came since is signed', async () => (await roots()) === 2);
      // where nothing was written nothing is signed
      await new Promise((later) => { setTimeout(later, 400); });
      expect(await roots()).toBe(2);
    } finally { await often.stop(); }
    expect(await verify(name)).toMatchObject({ isWhole: true, waiting: 0, signed: (await places(name)).length, newest: { number: 2, at: `${noon.toISOString().slice(0, 13)}:00:00Z` } });
    for (const witness of ['shelters', 'notifications']) await waitUntil('the others keep them', async () => (await superuser.query(`select from ${witness}.known_audit_root where service = '${name}'`)).rowCount === 2);
    expect((await verify(name)).witnesses).toMatchObject({ shelters: 2, notifications: 2 });
    expect((await superuser.query<{ at: string }>(`select distinct at from shelters.known_audit_root where service = '${name}'`)).rows.every(({ at }) => /:00:00Z$/.test(at))).toBe(true);
    expect(Object.values(auditRootKept).map(({ audience }) => audience)).toEqual(Service.values.map(() => 'instance'));
    // the next full hour has its own, which the network is told of, though nothing was written
    const nextHour = new Date(noon.getTime() + 3_600_000);
    expect(await another(name, () => nextHour).sign('between hours')).toBeUndefined();
    expect(await another(name, () => nextHour).sign('once an hour')).toMatchObject({ number: 3 });
    // and so is everybody who asks, whatever the page: that somebody worked since is for who watches over it (G11)
    const listed = async (role: Role, query = ''): Promise<number[]> => ((await instance.account(organisation, role).get(`/v1/${name}-audit-roots${query}`)).body['items'] as { number: number }[]).map(({ number }) => number);
    for (const role of ['CASE_WORKER', 'SUPERVISOR', 'PARTNER_ADMIN'] as const) expect([await listed(role), await listed(role, '?before=3')]).toEqual([[3, 1], [1]]);
    for (const role of ['OPERATOR', 'DPO'] as const) expect([await listed(role), await listed(role, '?before=3')]).toEqual([[3, 2, 1], [2, 1]]);
    const [, { digest = '' } = {}] = (await instance.account(organisation, 'CASE_WORKER').get(`/v1/${name}-audit-roots`)).body['items'] as { digest?: string }[];
    expect((await instance.account(organisation, 'DPO').get(`/v1/${name}-audit-roots/consistency?from=${digest}`)).body).toMatchObject({ from: { number: 1, digest }, to: { number: 3 } });
  });

  it('T37 proves an entry, and that the log has only grown, to who holds nothing but a digest that was told before', async () => {
    const name = 'notifications';
    const [dpo, other, worker] = [instance.account(organisation, 'DPO'), instance.account(newRef('org'), 'DPO'), instance.account(organisation, 'CASE_WORKER')];
    const ref = newRef('rfr'), aggregate = randomUUID();
    await superuser.query(`insert into ${name}.reference (ref, organisation, kind, aggregate) values ($1, $2, 'rfr', $3)`, [ref, organisation, aggregate]);
    const told = async (): Promise<string> => String((await instance.account(organisation, 'OPERATOR').post(`/v1/${name}-audit-roots`)).body['digest']);
    const noted = async (command: string, organisations: readonly string[]): Promise<void> => service(name).engine.store.commit(organisation, [{ t: 'audit', op: 'insert', row: { ...entry(command), aggregate, organisations } }], []);
    await noted('fetchNeeds', [organisation, other.organisation]);
    await noted('theirs', [other.organisation, organisation]);
    const first = await told();
    for (let n = 0; n < 5; n += 1) await write(name);
    const second = await told();
    await noted('unsigned', [organisation]);
    await service(name).audit.run();

    interface Inclusion { readonly root: ShownRoot; readonly keys: readonly VerifyingKey[]; readonly items: readonly ShownEntry[] }
    const included = async (query = ''): Promise<Inclusion> => (await dpo.get(`/v1/${name}-audit-roots/inclusion?about=${ref}${query}`)).body as unknown as Inclusion;
    for (const [query, digest] of [['', second], [`&root=${first}`, first]] as const) {
      const { root, keys, items } = await included(query);
      expect(items.map(({ entry: { command } }) => command)).toEqual(['fetchNeeds']);
      const [proven] = items as [ShownEntry];
      expect([isWitnessed(root, keys, [digest]), isEntryIn(proven, root)]).toEqual([true, true]);
      expect(isWitnessed(root, keys, [NOTHING.toString('hex')])).toBe(false);
      expect(isWitnessed({ ...root, size: root.size - 1 }, keys, [digest])).toBe(false);
      expect(isEntryIn({ ...proven, entry: { ...proven.entry, account: 'acc_other' } }, root)).toBe(false);
      expect(isEntryIn({ ...proven, index: proven.index + 1 }, root)).toBe(false);
    }
    const compared = await other.get(`/v1/${name}-audit-roots/consistency?from=${first}&to=${second}`);
    const { from, to, keys, proof } = compared.body as unknown as { from: ShownRoot; to: ShownRoot; keys: readonly VerifyingKey[]; proof: readonly string[] };
    expect([isWitnessed(from, keys, [first]), isWitnessed(to, keys, [second]), isGrownFrom(from, to, proof)]).toEqual([true, true, true]);
    expect([isGrownFrom(to, from, proof), isGrownFrom(from, { ...to, root: from.root }, proof), isGrownFrom(from, { ...to, service: 'shelters' }, proof)]).toEqual([false, false, false]);
    expect((await other.get(`/v1/${name}-audit-roots/consistency?from=${second}`)).body).toMatchObject({ from: { digest: second }, to: { digest: second }, proof: [] });

    // whoever is not the record's own finds nothing of it; and how long the log is is not for everybody (G11)
    expect((await other.get(`/v1/${name}-audit-roots/inclusion?about=${ref}`)).status).toBe(404);
    for (const path of [`inclusion?about=${ref}`, `consistency?from=${first}`]) expect((await worker.get(`/v1/${name}-audit-roots/${path}`)).body['code']).toBe('role-not-allowed');
    expect(await Promise.all([`inclusion?about=${newRef('rfr')}`, `inclusion?about=${ref}&root=${'0'.repeat(64)}`, `consistency?from=${'0'.repeat(64)}`].map(async (path) => (await dpo.get(`/v1/${name}-audit-roots/${path}`)).status))).toEqual([404, 404, 404]);
    expect(await Promise.all(['inclusion', 'inclusion?about=x', `inclusion?about=${ref}&root=x`, 'consistency', 'consistency?from=x', `consistency?from=${second}&to=${first}`].map(async (path) => (await dpo.get(`/v1/${name}-audit-roots/${path}`)).status))).toEqual([422, 422, 422, 422, 422, 422]);
  });

  describe('T37 a superuser of the database', () => {
    const tables = ['audit', 'audit_leaf', 'audit_root'];
    const target = 'shelters';
    let whole: number[];
    const inReplica = async (statements: string): Promise<void> => { await superuser.query(`set session_replication_role = replica; ${statements}; set session_replication_role = origin`); };
    const keep = (as: string): Promise<unknown> => superuser.query(tables.map((table) => `drop table if exists public.${as}_${table}; create table public.${as}_${table} as select * from ${target}.${table}`).join('; '));
    const putBack = (as: string): Promise<void> => inReplica(tables.map((table) => `delete from ${target}.${table}; insert into ${target}.${table} overriding system value select * from public.${as}_${table}`).join('; '));

    beforeAll(async () => {
      for (const running of instance.services.values()) await running.audit.stop();
      await service(target).audit.sign('now');
      await keep('older');
      for (let n = 0; n < 12; n += 1) await write(target, `command${n}`);
      await service(target).audit.sign('now');
      whole = await places(target);
      for (const name of ['referrals', 'returns', 'reintegration', 'notifications']) await waitUntil('the others know the root', async (): Promise<boolean> => (await superuser.query(`select from ${name}.known_audit_root where service = '${target}'`)).rowCount === 2);
      await keep('whole');
      expect(await verify(target)).toMatchObject({ isWhole: true, signed: whole.length });
    });
    afterEach(async () => { await putBack('whole'); expect((await verify(target)).isWhole).toBe(true); });
    const at = (n: number): number => whole.at(n) as number;

    it.each([
      ['changes an entry', (): string => `update ${target}.audit set account = 'acc_other' where position = ${at(-3)}`, ['CHANGED']],
      ['moves an entry to another time', (): string => `update ${target}.audit set at = at - interval '1 day' where position = ${at(-3)}`, ['CHANGED']],
      ['takes away who gave the second word', (): string => `update ${target}.audit set approved_by = 'acc_friend' where position = ${at(0)}`, ['CHANGED']],
      ['deletes an entry', (): string => `delete from ${target}.audit where position = ${at(-5)}`, ['DELETED']],
      ['deletes an entry and its hash', (): string => `delete from ${target}.audit where position = ${at(-5)}; delete from ${target}.audit_leaf where position = ${at(-5)}`, ['DELETED']],
      ['lets two entries change places', (): string => `create temp table two as select * from ${target}.audit where position in (${at(-5)}, ${at(-2)}); delete from ${target}.audit where position in (${at(-5)}, ${at(-2)});
        insert into ${target}.audit overriding system value select (jsonb_populate_record(null::${target}.audit, to_jsonb(t) || jsonb_build_object('position', ${at(-5)} + ${at(-2)} - position))).* from two t; drop table two`, ['REORDERED']],
      ['inserts an entry where a gap was', (): string => `insert into ${target}.audit overriding system value select (jsonb_populate_record(null::${target}.audit, to_jsonb(a) || '{"position": 0}')).* from ${target}.audit a where position = ${at(-1)}`, ['INSERTED']],
      ['cuts off the end', (): string => `delete from ${target}.audit where position > ${at(-4)}; delete from ${target}.audit_leaf where position > ${at(-4)}`, ['ROLLED_BACK']],
      ['empties all of it', (): string => `truncate ${tables.map((table) => `${target}.${table}`).join(', ')}`, ['ROLLED_BACK']],
      ['deletes a root', (): string => `delete from ${target}.audit_root where number = 1`, ['DELETED']],
    ] as const)('%s', async (_, tampering, expected) => {
      await inReplica(tampering());
      const report = await verify(target);
      expect(codes(report)).toEqual(expected);
      expect(wordsOf(report)[0]).toMatch(/^BROKEN shelters: /);
      expect(wordsOf(report).length).toBeGreaterThan(1);
    });

    it('cuts off the tail after the last root that the network was told: what the services have told one another since finds it, and nothing else can', async () => {
      const tail = async (): Promise<void> => inReplica(`delete from ${target}.audit where position > ${at(-1)}; delete from ${target}.audit_leaf where position > ${at(-1)}`);
      // what no root covers yet: nobody can know of it, and five minutes later somebody does
      for (let n = 0; n < 3; n += 1) await write(target, 'tail');
      await another(target).run();
      expect((await places(target)).length).toBe(whole.length + 3);
      await tail();
      expect((await verify(target)).isWhole).toBe(true);
      for (let n = 0; n < 3; n += 1) await write(target, 'tail');
      expect(await another(target).sign('between hours')).toMatchObject({ number: 3, size: whole.length + 3 });
      for (const name of ['referrals', 'returns', 'reintegration', 'notifications']) await waitUntil('the others know the root', async () => (await superuser.query(`select from ${name}.known_audit_root where service = '${target}' and number = 3`)).rowCount === 1);
      await tail();
      expect(codes(await verify(target))).toEqual(['ROLLED_BACK']);
      await inReplica(`delete from ${target}.audit_root where number = 3`);
      const report = await verify(target);
      expect(codes(report)).toEqual(['ROLLED_BACK']);
      expect(report.findings.map(({ witness, root }) => [witness, root]).sort()).toEqual([['notifications', 3], ['referrals', 3], ['reintegration', 3], ['returns', 3]]);
      // for what comes after it is as if that had never been
      for (const name of ['referrals', 'returns', 'reintegration', 'notifications']) await inReplica(`delete from ${name}.known_audit_root where service = '${target}' and number = 3`);
    });

    it('restores an older dump', async () => {
      await putBack('older');
      const report = await verify(target);
      expect(codes(report)).toEqual(['ROLLED_BACK']);
      expect(report.findings.map(({ witness }) => witness).sort()).toEqual(['notifications', 'referrals', 'reintegration', 'returns']);
      expect(wordsOf(report)[1]).toContain('set back');
    });

    it('computes hashes and chain anew, and has no signing key', async () => {
      await inReplica(`update ${target}.audit set account = 'acc_other' where position = ${at(-3)}; truncate ${target}.audit_leaf`);
      await another(target).run();
      expect(await places(target)).toEqual(whole);
      expect((await verify(target)).findings).toEqual([{ code: 'CHANGED', root: 2, places: [whole.length - 12, whole.length] }]);
      // a root of his own
      await superuser.query(`set session_replication_role = replica`);
      await superuser.query(`update ${target}.audit_root set root = sha256('x') where number = 2`);
      await superuser.query(`set session_replication_role = origin`);
      expect(codes(await verify(target))).toEqual(expect.arrayContaining(['SIGNATURE_MISSING']));
    });

    it('has the service\'s signing key as well, and not the witnesses: neither the services nor an organisation\'s feed', async () => {
      // what an organisation kept of its feed, from the outbox of that service as the broker had it
      const folder = await mkdtemp(join(tmpdir(), 'footbridge-witness-'));
      const { rows } = await superuser.query<{ digest: string; signature: string; at: string }>(`select encode(digest, 'hex') as digest, signature, at from ${target}.audit_root order by number`);
      const feed = rows.map(({ digest, signature, at: time }) => ({ specversion: '1.0', id: newRef('evt'), source: 'footbridge', type: 'footbridge.shelters.audit-root-signed-by-shelters.v1', time, data: { digest, signature: Buffer.from(signature, 'base64url').toString('hex') } }));
      const other = { type: 'footbridge.referrals.referral-sent.v1', data: {} };
      await writeFile(join(folder, 'page.json'), JSON.stringify({ items: [other, ...feed], next: 'x' }));
      await writeFile(join(folder, 'lines.json'), [other, ...feed].map((event) => JSON.stringify(event)).join('\n'));
      await writeFile(join(folder, 'list.json'), JSON.stringify([{ items: feed }, other]));
      const told = await witnessesIn(join(folder, 'page.json'));
      for (const file of ['lines.json', 'list.json']) expect((await witnessesIn(join(folder, file))).map(({ digest, signature }) => [digest, signature])).toEqual(told.map(({ digest, signature }) => [digest, signature]));
      await writeFile(join(folder, 'none.json'), JSON.stringify([other]));
      await expect(witnessesIn(join(folder, 'none.json'))).rejects.toThrow('holds no root');
      await writeFile(join(folder, 'damaged.json'), JSON.stringify([{ ...feed[0], data: { digest: 'x' } }]));
      await expect(witnessesIn(join(folder, 'damaged.json'))).rejects.toThrow('damaged');
      await expect(witnessesIn(join(folder, 'missing.json'))).rejects.toThrow('cannot be read');
      await rm(folder, { recursive: true });
      expect((await verify(target, told)).witnesses['page.json']).toBe(2);

      await inReplica(`update ${target}.audit set account = 'acc_other' where position = ${at(-3)}; truncate ${target}.audit_leaf; delete from ${target}.audit_root`);
      await another(target).run();
      const { rows: leaves } = await superuser.query<{ leaf: Buffer; chain: Buffer }>(`select leaf, chain from ${target}.audit_leaf order by index`);
      const tree = new Peaks();
      for (const { leaf } of leaves) tree.add(leaf);
      let previous: Buffer = NOTHING;
      for (const number of [1, 2, 3]) {
        const root = await signRoot(service(target).config.signingKeys, { service: target, number, size: leaves.length, root: tree.root(), chain: leaves.at(-1)?.chain ?? NOTHING, at: rows.at(-1)?.at ?? '', previous });
        await superuser.query(`insert into ${target}.audit_root (number, size, root, chain, at, previous, digest, key, signature, peaks) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}')`, [number, root.size, root.root, root.chain, root.at, previous, digestOf(root), root.signature.key, root.signature.signature]);
        previous = digestOf(root);
      }
      const report = await verify(target, told);
      // the feed has but the hour, which is that of the newest
      expect(codes(report)).toEqual(['ROLLED_BACK', 'SPLIT_VIEW']);
      expect(codes(await verify(target))).toEqual(['SPLIT_VIEW']);
      expect([...new Set(report.findings.map(({ witness }) => witness))].sort()).toEqual(['notifications', 'page.json', 'referrals', 'reintegration', 'returns']);
    });

    it('cannot do it unseen by switching the triggers off: without that not even the owner of the tables changes anything', async () => {
      const owner = new pg.Client({ connectionString: service(target).config.migrationUrl });
      await owner.connect();
      try {
        for (const table of [...tables, 'known_audit_root']) for (const statement of [`update ${table} set ${table === 'audit' ? "command = 'x'" : table === 'audit_leaf' ? 'leaf = chain' : "at = 'x'"}`, `delete from ${table}`, `truncate ${table}`]) {
          // row-level security hides from the owner what it may not delete; of the rest each row is refused
          const done = await owner.query(statement).then(({ rowCount }) => rowCount, (error: { code: string }) => error.code);
          expect([statement, done]).toEqual([statement, /^(update|delete from) audit( |$)/.test(statement) ? 0 : '42501']);
        }
      } finally { await owner.end(); }
      expect((await verify(target)).isWhole).toBe(true);
    });
  });

  it('keeps entries for six years, and their hashes for ever (DP-20)', async () => {
    const long = new Date();
    long.setUTCFullYear(long.getUTCFullYear() - 7);
    const before = (await positions('reintegration')).length;
    for (let n = 0; n < 3; n += 1) await write('reintegration', 'old', long);
    const then = another('reintegration', () => long);
    await then.sign('now');
    await write('reintegration', 'old', long);
    await write('reintegration', 'new');
    await another('reintegration').sign('now');
    const { rows: [gone] } = await service('reintegration').pool.query<{ expire_audit: string }>('select expire_audit()');
    expect(Number(gone?.expire_audit)).toBe(3);
    // what no old root covers stays, however old it says that it is
    expect((await superuser.query<{ command: string }>('select command from reintegration.audit order by position')).rows.map(({ command }) => command).slice(-2)).toEqual(['old', 'new']);
    expect(await verify('reintegration')).toMatchObject({ isWhole: true, expired: 3, size: before + 5 });
    await expect(superuser.query('delete from reintegration.audit where command = \'new\'')).rejects.toThrow('append-only');
  });

  it('T10 know that somebody was looked at and not who it was: no name is in them, nor in any other sink', async () => {
    expect((await instance.account(newRef('org'), 'OPERATOR').post('/v1/organisations', { id: organisation, type: 'NGO', country: 'AL', name: 'House' })).status).toBe(201);
    const worker = instance.account(organisation, 'CASE_WORKER');
    const open = (): Promise<TestAnswer> => worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: her.givenName, familyName: her.familyName, phone: her.phone } });
    const id = await waitUntil('her case is opened', async () => { const { status, body } = await open(); return status === 201 && String(body['id']); });
    expect((await worker.get(`/v1/cases/${String(id)}?reveal=person&purpose=ASSISTANCE`)).body).toMatchObject({ person: { givenName: her.givenName } });
    await service('referrals').audit.sign('now');
    expect(await verify('referrals')).toMatchObject({ isWhole: true, waiting: 0 });
    expect(huntLeaks(await instance.sinks(), [her])).toEqual([]);
  }, 120_000);

  it('is verified where the services run on their own, by AUDIT_DATABASE_URL and the keys that they show', async () => {
    const said: string[] = [];
    const operator = instance.account(organisation, 'OPERATOR');
    const connection = { send: async (method: 'GET' | 'POST', path: string) => { const { status, body } = await (method === 'GET' ? operator.get(path) : operator.post(path)); return { status, body }; } };
    const run = async (line: string): Promise<readonly string[]> => {
      said.length = 0;
      const program = new Command().exitOverride();
      auditCommands(program, { folder: undefined, environment: { AUDIT_DATABASE_URL: instance.databaseUrl }, say: (text: string) => { said.push(text); }, connect: () => Promise.resolve(connection) } as never);
      await program.parseAsync(line.split(' '), { from: 'user' });
      return said;
    };
    expect(wordsOf({ ...await verify('returns'), newest: undefined, signed: 0, size: 3, isWhole: true, findings: [] })[0]).toMatch(/^UNSIGNED returns: 3 entries; none signed yet/);
    expect(await run('audit sign')).toHaveLength(Service.values.length);
    const code = process.exitCode;
    try {
      expect((await run('audit verify')).map((line) => line.slice(0, 7))).toEqual(Service.values.map(() => 'whole  '));
      expect(process.exitCode).toBe(code);
      await superuser.query(`set session_replication_role = replica; update returns.audit set role = 'DPO' where position = (select max(position) from returns.audit_leaf); set session_replication_role = origin`);
      expect((await run('audit verify --service returns'))[0]).toMatch(/^BROKEN returns: /);
      expect(process.exitCode).toBe(1);
      await superuser.query(`set session_replication_role = replica; update returns.audit set role = 'RECEIVER' where position = (select max(position) from returns.audit_leaf); set session_replication_role = origin`);
      expect((await run('audit verify --service returns --json'))[0]).toContain('"isWhole": true');
    } finally { process.exitCode = code; }
  });
});

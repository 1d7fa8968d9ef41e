import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PostgresTransport } from '@footbridge/messaging';
import { LocalFileKeyStore, label, newRef, newSubjectKey, openFields, ownUse, sealFields } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { migrate, service, type ServiceDefinition } from '@footbridge/service';
import { backupFile, brokerWriter, files } from '@footbridge/testing';
import pg from 'pg';
import { backup, restore } from './backup.js';
import { inside } from './backup.fixture.js';
import { DataFolder } from './data-folder.js';
import { Accounts } from './identity/accounts.js';
import { identitySchema } from './identity/schema.js';
import { identityKeys } from './identity/signing-keys.js';
import { Refusal } from './refusal.js';

const [her, other] = [canaryPerson(70), canaryPerson(71)];
/** A service of two tables that have everything which is easily lost on the way. */
const tables = `
create table person (
  id uuid primary key, owner text not null, position bigint generated always as identity, sealed bytea not null, tags text[], free jsonb, plain json, at timestamptz not null, day date, span interval,
  amount numeric(30, 10), real_number double precision, flag boolean, note text, doubled integer generated always as (2) stored);
create table visit (id serial primary key, person uuid not null references person deferrable initially deferred, refused text check (refused <> 'x'));
create table subject_key (subject text primary key, wrapped text not null);
create table erasure_receipt (case_ref text primary key, owner text not null);
create table consent_record (id uuid primary key, state text not null, version integer not null);
create table known_consent (consent text primary key, state text not null, version integer not null);
create table identity_envelope (id uuid primary key, state text not null, version integer not null, sealed bytea);
create table recipient_key (id text primary key, state text not null, version integer not null);
create table known_agreement (agreement text primary key, ended boolean not null, version integer not null);
create table known_partner (organisation text primary key, state text not null, version integer not null);
create table known_organisation (organisation text primary key, active boolean not null, version integer not null);
create table disabled (subject text primary key, version integer not null, disabled boolean not null);
create table "case" (id text primary key, restricted_at timestamptz, version integer not null);
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create table statistics_ledger (position bigint generated always as identity primary key, family text not null, period text not null, unique (family, period));
create table statistics_release (period text primary key, family text not null, json text not null, foreign key (family, period) references statistics_ledger (family, period));
alter table person enable row level security; alter table person force row level security;
create policy own on person using (owner = nullif(current_setting('app.org', true), ''));
create function never() returns trigger language plpgsql as $$ begin raise exception 'trigger ran'; end $$;
create trigger never before insert on visit for each row execute function never();
`;
const definitionOf = (name: string, statements: string): ServiceDefinition => {
  class First1800000000000 {
    name = `First${name}1800000000000`;
    async up(runner: { query(text: string): Promise<unknown> }): Promise<void> { if (statements !== '') await runner.query(statements); }
    async down(): Promise<void> { /* forward only */ }
  }
  return service({ name, lifecycles: [], migrations: [First1800000000000] });
};
/** Registers, as the service that keeps them has them. */
const registers = `
create table partner (id text primary key, state text not null, version integer not null);
create table agreement (id text primary key, state text not null, version integer not null);
create table organisation (id text primary key, disabled boolean not null, version integer not null);
create table account (id text primary key, disabled boolean not null, version integer not null);
`;
const definitions = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'].map((name) => definitionOf(name, name === 'referrals' ? tables : name === 'notifications' ? registers : ''));

describe('backup and restore', () => {
  let place: string;
  let folder: DataFolder;
  const organisation = newRef('org');
  const person = randomUUID();
  const data = (): string => join(place, 'data.backup');
  const keys = (): string => join(place, 'keys.backup');

  const everyRow = (at: DataFolder): Promise<Record<string, unknown>> => inside(at, async (client) => {
    const { rows } = await client.query<{ schema: string; name: string }>("select schemaname as schema, tablename as name from pg_tables where schemaname in ('referrals', 'identity', 'bus', 'shelters') and tablename <> 'oidc_state' order by 1, 2");
    const all: Record<string, unknown> = {};
    for (const { schema, name } of rows) all[`${schema}.${name}`] = (await client.query<{ row: string }>(`select t::text as row from ${schema}."${name}" t order by 1`)).rows.map(({ row }) => row);
    return all;
  });
  const said = async (work: Promise<unknown>): Promise<string> => { try { await work; } catch (error) { return error instanceof Refusal ? error.message : `no refusal but ${String(error)}`; } return 'done'; };

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'footbridge-backup-'));
    folder = new DataFolder(join(place, 'instance'));
    await inside(folder, async (client, urls) => {
      for (const definition of definitions) await migrate(definition, urls.services[definition.name as keyof typeof urls.services].migrationUrl);
      const transport = new PostgresTransport({ url: urls.busUrl });
      await transport.clean().finally(() => transport.close());
      const writer = brokerWriter({ bus: urls.busUrl });
      await writer.publish('footbridge.referrals', [{ partition: 0, key: 'k', headers: { ce_id: 'evt_1' }, body: Buffer.from([0, 1, 255]) }]).finally(() => writer.close());
      const identity = new pg.Pool({ connectionString: urls.identityUrl, max: 2 });
      await identity.query(identitySchema);
      const accounts = new Accounts(identity);
      await accounts.addOrganisation({ name: 'Lantern "House"\n#1', type: 'NGO', country: 'AL', id: organisation });
      await accounts.addAccount({ organisation, name: 'lantern.intake', title: 'Desk', roles: ['SHELTER_INTAKE', 'CASE_WORKER'] });
      await identity.query("insert into oidc_state values ('Session', 's', '{}')");
      await identity.end();

      const subjectKey = newSubjectKey();
      const store = new LocalFileKeyStore(folder.keys);
      const sealed = sealFields(subjectKey, { name: label('direct', her.familyName) }, { organisation, table: 'person', row: person });
      await client.query('insert into referrals.subject_key values ($1, $2)', [person, await store.wrap(organisation, subjectKey, person)]);
      await client.query(`insert into referrals.person (id, owner, sealed, tags, free, plain, at, day, span, amount, real_number, flag, note) values ($1, $2, $3, $4, 'null', '{"b" : 1,  "a":2}', '2026-11-24T03:06:00.123456Z', '0044-03-15 BC', '1 year 2 mons -3 days', 12345678901234567890.0123456789, 0.1, null, $5)`,
        [person, organisation, sealed, ['a,b', '{"x"}', null, ''], '# not a mark\n\t"quotes" \\ Ünï\u2028']);
      await client.query('insert into referrals.person (id, owner, sealed, at, real_number) values ($1, $2, $3, \'infinity\', \'NaN\')', [randomUUID(), organisation, randomBytes(2_000_000)]);
      await client.query('insert into referrals.person (id, owner, sealed, at) select gen_random_uuid(), $1, \'\\x00\', now() from generate_series(1, 1200)', [organisation]);
      await client.query('alter table referrals.visit disable trigger never');
      await client.query('insert into referrals.visit (person) select $1 from generate_series(1, 7)', [person]);
      await client.query('alter table referrals.visit enable trigger never');
    });
    await identityKeys(folder.identityFile);
    await writeFile(folder.cursorFile, '{"secret":"of cursors"}', { mode: 0o600 });
  }, 240_000);
  afterAll(async () => { await rm(place, { recursive: true, force: true }); });
  const fresh = async (): Promise<DataFolder> => new DataFolder(join(await mkdtemp(join(place, 'new-')), 'data'));

  it('bring back every row of every schema, exactly, and go on numbering where it stopped', async () => {
    const before = await everyRow(folder);
    const made = await backup(folder, data(), keys());
    expect(made.rows).toBeGreaterThan(1_200);
    for (const file of [data(), keys()]) expect((await stat(file)).mode & 0o777).toBe(0o600);
    const other = await fresh();
    expect(await restore(other, data(), keys(), definitions)).toEqual(made);
    expect(await everyRow(other)).toEqual(before);
    await inside(other, async (client) => {
      await client.query('alter table referrals.visit disable trigger never');
      expect((await client.query<{ id: number }>('insert into referrals.visit (person) values ($1) returning id', [person])).rows).toEqual([{ id: 8 }]);
      expect((await client.query<{ position: string }>('insert into referrals.person (id, owner, sealed, at) values (gen_random_uuid(), $1, \'\', now()) returning position', [organisation])).rows).toEqual([{ position: '1203' }]);
      // walls are as before: the service's role sees nothing without saying for whom
      const { rows } = await client.query<{ forced: boolean }>("select relforcerowsecurity as forced from pg_class where oid = 'referrals.person'::regclass");
      expect(rows).toEqual([{ forced: true }]);
      expect((await client.query('select from identity.oidc_state')).rowCount).toBe(0);
    });
  });

  it('keep data and keys apart: the sealed name is read with the keys\' file, and with nothing else', async () => {
    const stored = gunzipSync(await readFile(data())).toString('utf8');
    // Nor the wrapped key of the case: an old key of the organisation, found years later, opens nothing of the data.
    expect(stored).not.toMatch(/file1\.\d/);
    const [name = ''] = (await readdir(folder.keys, { recursive: true })).filter((file) => file.includes('org_'));
    expect(stored).not.toContain((JSON.parse(await readFile(join(folder.keys, name), 'utf8')) as { keys?: Record<string, string> }).keys?.['1'] ?? 'there is a key under another name');
    const other = await fresh();
    await restore(other, data(), keys(), definitions);
    const read = async (directory: string): Promise<unknown> => await inside(other, async (client) => {
      const { rows } = await client.query<{ sealed: Buffer; wrapped: string }>('select sealed, wrapped from referrals.person join referrals.subject_key on subject = id::text where id = $1', [person]);
      const subjectKey = await new LocalFileKeyStore(directory).unwrap(organisation, rows[0]?.wrapped ?? '', person);
      return openFields(subjectKey, rows[0]?.sealed ?? Buffer.alloc(0), { name: 'direct' }, { organisation, table: 'person', row: person })['name']?.reveal(ownUse('OWN_ENVELOPE'));
    });
    expect(await read(other.keys)).toBe(her.familyName);
    await expect(read(join(place, 'no-keys'))).rejects.toThrow();
    for (const file of ['identityFile', 'cursorFile'] as const) expect(await readFile(other[file], 'utf8')).toBe(await readFile(folder[file], 'utf8'));
  });

  it('T25 who was erased stays erased: old data with the newest keys, and old keys with the newest list, bring no key back', async () => {
    const [laterData, laterKeys] = [join(place, 'later.data'), join(place, 'later.keys')];
    const kept = await inside(folder, async (client) => {
      const { rows } = await client.query<{ wrapped: string }>('delete from referrals.subject_key where subject = $1 returning wrapped', [person]);
      await client.query('insert into referrals.erasure_receipt values ($1, $2)', [person, organisation]);
      return rows[0]?.wrapped ?? '';
    });
    try {
      await backup(folder, laterData, laterKeys);
      for (const [keysFile, newest] of [[laterKeys, undefined], [keys(), laterKeys]] as const) {
        const other = await fresh();
        await restore(other, data(), keysFile, definitions, newest);
        await inside(other, async (client) => {
          expect((await client.query('select 1 from referrals.person where id = $1', [person])).rowCount).toBe(1);
          expect((await client.query('select 1 from referrals.subject_key')).rowCount).toBe(0);
          expect((await client.query('select case_ref, owner from referrals.erasure_receipt')).rows).toEqual([{ case_ref: person, owner: organisation }]);
        });
      }
    } finally {
      await inside(folder, async (client) => {
        await client.query('insert into referrals.subject_key values ($1, $2)', [person, kept]);
        await client.query('delete from referrals.erasure_receipt');
      });
    }
  });

  it('T25 what was withdrawn, fetched or published since stays so: older data with the newest keys, and older keys with the newest list, take nothing of it back (G2, S-12)', async () => {
    const [earlyData, earlyKeys, laterData, laterKeys] = ['early.data', 'early.keys', 'ended.data', 'ended.keys'].map((name) => join(place, name)) as [string, string, string, string];
    const [withdrawn, given, fetched, destroyed, waiting] = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    const later = { ledger: [{ family: 'ctdc', period: '2024' }, { family: 'ctdc', period: '2025' }], releases: [{ period: '2024', json: 'first' }, { period: '2025', json: 'noise of the first time' }] };
    await inside(folder, async (client) => {
      await client.query("insert into referrals.consent_record values ($1, 'given', 2), ($2, 'renewed', 3)", [withdrawn, given]);
      await client.query("insert into referrals.known_consent values ('con_a', 'given', 2), ('con_b', 'given', 2)");
      await client.query("insert into referrals.identity_envelope values ($1, 'waiting', 1, 'a'), ($2, 'waiting', 1, 'b'), ($3, 'waiting', 1, 'c')", [fetched, destroyed, waiting]);
      await client.query("insert into referrals.statistics_ledger (family, period) values ('ctdc', '2024'); insert into referrals.statistics_release values ('2024', 'ctdc', 'first')");
    });
    try {
      await backup(folder, earlyData, earlyKeys);
      await inside(folder, async (client) => {
        await client.query("update referrals.consent_record set state = 'withdrawn', version = 3 where id = $1", [withdrawn]);
        await client.query("update referrals.known_consent set state = 'withdrawn', version = 3 where consent = 'con_a'");
        await client.query("update referrals.identity_envelope set state = case when id = $1 then 'collected' else 'destroyed' end, version = 2, sealed = case when id = $1 then sealed end where id in ($1, $2)", [fetched, destroyed]);
        await client.query("insert into referrals.statistics_ledger (family, period) values ('ctdc', '2025'); insert into referrals.statistics_release values ('2025', 'ctdc', 'noise of the first time')");
      });
      await backup(folder, laterData, laterKeys);
      // Nothing of it is in the data, nor anything of a person in what is beside it.
      expect(gunzipSync(await readFile(laterData)).toString('utf8')).not.toMatch(/noise of the first time/);
      expect((JSON.parse(await readFile(laterKeys, 'utf8')) as { ended: { rows: unknown[] }[] }).ended.filter(({ rows }) => rows.length > 0)).toEqual([
        { table: ['referrals', 'consent_record'], rows: [[withdrawn, 'withdrawn', 3]] }, { table: ['referrals', 'identity_envelope'], rows: [[fetched, 'collected', 2], [destroyed, 'destroyed', 2]].sort() }, { table: ['referrals', 'known_consent'], rows: [['con_a', 'withdrawn', 3]] }]);
      for (const [keysFile, newest] of [[laterKeys, undefined], [earlyKeys, laterKeys]] as const) {
        const other = await fresh();
        await restore(other, earlyData, keysFile, definitions, newest);
        await inside(other, async (client) => {
          const all = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows;
          expect(new Map((await all('select id, state, version from referrals.consent_record') as { id: string; state: string; version: number }[]).map(({ id, state, version }) => [id, `${state} ${version}`]))).toEqual(new Map([[withdrawn, 'withdrawn 3'], [given, 'renewed 3']]));
          expect(await all('select consent, state from referrals.known_consent order by 1')).toEqual([{ consent: 'con_a', state: 'withdrawn' }, { consent: 'con_b', state: 'given' }]);
          expect(new Map((await all('select id, state, sealed is null as gone from referrals.identity_envelope') as { id: string; state: string; gone: boolean }[]).map(({ id, state, gone }) => [id, `${state} ${gone}`]))).toEqual(new Map([[fetched, 'collected false'], [destroyed, 'destroyed true'], [waiting, 'waiting false']]));
          expect([await all('select family, period from referrals.statistics_ledger order by position'), await all('select period, json from referrals.statistics_release order by 1')]).toEqual([later.ledger, later.releases]);
          expect(await all("insert into referrals.statistics_ledger (family, period) values ('ctdc', '2026') returning position")).toEqual([{ position: '3' }]);
        });
      }
    } finally {
      await inside(folder, async (client) => { await client.query('delete from referrals.statistics_release; delete from referrals.statistics_ledger; delete from referrals.consent_record; delete from referrals.known_consent; delete from referrals.identity_envelope'); });
    }
  }, 300_000);

  it('T25 who was put out of use or is restricted since stays so, also where the older data has never heard of it; what the data itself knows to be later stands', async () => {
    const [earlyData, earlyKeys, laterKeys] = ['standing.data', 'standing.keys', 'stood.keys'].map((name) => join(place, name)) as [string, string, string];
    const request = randomUUID(), early = randomUUID();
    const standing: readonly (readonly [table: string, key: string, before: string, ends: string, shown: string])[] = [
      ['referrals.recipient_key', 'id', "'active'", "state = 'retired'", 'state'], ['referrals.known_agreement', 'agreement', 'false', 'ended = true', 'ended'],
      ['referrals.known_partner', 'organisation', "'partner_active'", "state = 'partner_suspended'", 'state'], ['referrals.known_organisation', 'organisation', 'true', 'active = false', 'active'],
      ['referrals.case', 'id', 'null', "restricted_at = '2026-11-02T03:04:05.678Z'", 'restricted_at'], ['notifications.partner', 'id', "'partner_active'", "state = 'partner_terminated'", 'state'],
      ['notifications.agreement', 'id', "'signed'", "state = 'ended'", 'state'], ['notifications.organisation', 'id', 'false', 'disabled = true', 'disabled'], ['notifications.account', 'id', 'false', 'disabled = true', 'disabled'],
    ];
    const all = async (client: pg.Client): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const [table, key, , , shown] of standing) found.push((await client.query(`select ${key} as key, ${shown} as shown, version from ${table} order by 1`)).rows);
      return [...found, (await client.query('select * from referrals.disabled order by 1')).rows, (await client.query('select * from referrals.known_restriction order by version')).rows];
    };
    await inside(folder, async (client) => {
      for (const [table, , before] of standing) await client.query(`insert into ${table} values ('ends', ${before}, 2), ('stays', ${before}, 2), ('later', ${before}, 9)`);
      await client.query("insert into referrals.disabled values ('acc_early', 2, false)");
      await client.query("insert into referrals.known_restriction values ($1, 'csr_a', false, 2)", [early]);
    });
    try {
      await backup(folder, earlyData, earlyKeys);
      const { before, after } = await inside(folder, async (client) => {
        const then = await all(client);
        for (const [table, key, , ends] of standing) await client.query(`update ${table} set ${ends}, version = 3 where ${key} = 'ends'`);
        await client.query("update referrals.disabled set disabled = true, version = 3; insert into referrals.disabled values ('acc_new', 1, true), ('acc_good', 1, false)");
        await client.query("update referrals.known_restriction set restricted = true, version = 3");
        await client.query("insert into referrals.known_restriction values ($1, 'csr_b', true, 4)", [request]);
        const now = await all(client);
        // older than what the data says: it was put right again since
        for (const [table, key, , ends] of standing) await client.query(`update ${table} set ${ends}, version = 3 where ${key} = 'later'`);
        await backup(folder, join(place, 'stood.data'), laterKeys);
        return { before: then, after: now };
      });
      expect(after).not.toEqual(before);
      const kept = (rows: unknown): unknown => (rows as { subject?: string }[]).filter(({ subject }) => subject !== 'acc_good');
      for (const newest of [undefined, laterKeys]) {
        const other = await fresh();
        await restore(other, earlyData, earlyKeys, definitions, newest);
        await inside(other, async (client) => { expect(await all(client)).toEqual(newest === undefined ? before : after.map(kept)); });
      }
    } finally {
      await inside(folder, async (client) => { await client.query(`${standing.map(([table]) => `delete from ${table}`).join(';')}; delete from referrals.disabled; delete from referrals.known_restriction`); });
    }
  }, 300_000);

  it('works while the instance runs, and is of one moment', async () => {
    await inside(folder, async (client) => {
      await client.query('create table if not exists shelters.pair (side text, n integer); truncate shelters.pair; insert into shelters.pair values (\'a\', 0), (\'b\', 0)');
      let stop = false;
      const writer = (async () => { for (let n = 1; !stop; n++) await client.query(`update shelters.pair set n = ${n}`); })();
      const [live, liveKeys] = [join(place, 'live.data'), join(place, 'live.keys')];
      await backup(folder, live, liveKeys);
      stop = true;
      await writer;
      const pairs = gunzipSync(await readFile(live)).toString('utf8').split('\n').filter((line) => /^\["[ab]","\d+"\]$/.test(line)).map((line) => (JSON.parse(line) as string[])[1]);
      expect(pairs).toHaveLength(2);
      expect(pairs[0]).toBe(pairs[1]);
      await client.query('drop table shelters.pair');
    });
  });

  it('never overwrites a file, nor a folder that holds something', async () => {
    const size = (await stat(data())).size;
    expect(await said(backup(folder, data(), join(place, 'k2')))).toMatch(/is there already/);
    expect(await said(backup(folder, join(place, 'd2'), keys()))).toMatch(/is there already/);
    expect(await said(backup(folder, join(place, 'same'), join(place, 'same')))).toMatch(/Name two files/);
    expect((await stat(data())).size).toBe(size);
    expect(await said(restore(folder, data(), keys(), definitions))).toMatch(/is not empty/);
    expect((await readdir(place)).filter((name) => name.includes('.part') || name.includes('restoring'))).toEqual([]);
  });

  it('a file that was cut off, swapped or is something else restores nothing', async () => {
    const cut = join(place, 'cut');
    await writeFile(cut, await readFile(data()));
    await truncate(cut, (await stat(data())).size - 100);
    const text = join(place, 'text');
    await writeFile(text, 'hello');
    const odd = join(place, 'odd');
    await writeFile(odd, JSON.stringify({ footbridge: 'keys', format: 1, files: {}, tables: [{ table: ['identity', 'account'], columns: ['id'], rows: [] }] }));
    const outside = join(place, 'outside');
    await writeFile(outside, JSON.stringify({ footbridge: 'keys', format: 1, files: { '../../evil': 'eA==' } }));
    const other = await fresh();
    for (const [wrongData, wrongKeys, says] of [
      [cut, keys(), /no whole backup of data/], [text, keys(), /no whole backup of data/], [keys(), data(), /no backup of keys/], [data(), text, /no backup of keys/], [data(), odd, /no backup of keys/], [data(), outside, /names files that are not keys/],
      [join(place, 'missing'), keys(), /is not there/], [data(), join(place, 'missing'), /is not there/],
    ] as const) expect(await said(restore(other, wrongData, wrongKeys, definitions))).toMatch(says);
    await expect(stat(other.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('a backup of another version is not forced into this one, and leaves nothing behind', async () => {
    const other = await fresh();
    const newer = definitions.map((definition) => (definition.name === 'shelters' ? definitionOf('shelters', 'create table later (id integer)') : definition));
    class Second1800000000001 { name = 'Second1800000000001'; async up(): Promise<void> { /* nothing */ } async down(): Promise<void> { /* nothing */ } }
    const changed = newer.map((definition) => (definition.name === 'shelters' ? { ...definition, migrations: [...definition.migrations, Second1800000000001] } : definition));
    expect(await said(restore(other, data(), keys(), changed))).toMatch(/made by another version/);
    expect((await readdir(join(other.path, '..'))).filter((name) => name.startsWith('data'))).toEqual([]);
  });

  it('T10 leave no name in any file that was written, and who had written one in a row in the clear would find it in the backup', async () => {
    // of what was cut off on purpose, the whole is here too
    const written = (await readdir(place, { withFileTypes: true })).filter((entry) => entry.isFile() && entry.name !== 'cut').map(({ name }) => name);
    const backups = await Promise.all(written.map((name) => backupFile(join(place, name))));
    expect(huntLeaks([...backups, { name: 'names', content: written.join('\n') }], [her])).toEqual([]);
    const wrong = [join(place, 'wrong.data'), join(place, 'wrong.keys')] as const;
    await inside(folder, async (client) => { await client.query('update referrals.person set note = $2 where id = $1', [person, other.familyName]); });
    await backup(folder, ...wrong);
    const leaks = huntLeaks([await backupFile(wrong[0]), ...await files(folder.path, 'data folder', { raw: true })], [her, other]);
    expect([leaks.filter(({ canary }) => canary === her.name), new Set(leaks.map(({ sink }) => sink))]).toEqual([[], new Set(['backup', 'data folder'])]);
  }, 120_000);
});

import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canaryPerson, huntLeaks, type Sink } from '@footbridge/privacy/testing';
import { Device, backupFile, files } from '@footbridge/testing';
import pg from 'pg';
import { diagnose } from './commands/doctor.js';
import { DataFolder } from './data-folder.js';
import { adminUrlOf } from './postgres.js';
import { alertsOf, footbridge, inProcess, Started } from './start.fixture.js';

describe('npm run footbridge --', () => {
  let place: string;
  let instance: Started;
  const folder = (): string => join(place, 'data');
  /** Of the house's own file, and of a row that somebody wrote in the clear. */
  const [her, wrong] = [canaryPerson(73), canaryPerson(74)];
  let said = '';
  const run = async (...args: string[]): ReturnType<typeof footbridge> => { const ended = await inProcess(folder(), ...args); said += `${ended.out}${ended.error}`; return ended; };
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'footbridge-cli-'));
    instance = await Started.ready(folder(), { FOOTBRIDGE_DEMONSTRATION: 'yes' });
  }, 180_000);
  afterAll(async () => {
    await Started.endAll();
    await rm(place, { recursive: true, force: true });
  }, 180_000);

  it('accounts: who there is and what to sign in with', async () => {
    const { code, out, error } = await footbridge(folder(), 'accounts');
    expect([code, error]).toEqual([0, '']);
    expect({ code, out, error }).toEqual(await run('accounts'));
    expect(out).toMatch(/^Lantern House {2}org_[a-z2-7]{34}$/m);
    expect(out).toMatch(/^ {2}lantern\.intake +Intake desk: SHELTER_INTAKE, RECEIVER, REFERRER {2}secret \S{34}$/m);
    const listed = JSON.parse((await run('accounts', '--json')).out) as { name: string; account: string; organisation: string; secret: string }[];
    expect(listed.find(({ name }) => name === 'network.operator')).toMatchObject({ account: expect.stringMatching(/^acc_/), organisation: expect.stringMatching(/^org_/), secret: expect.any(String) });
  }, 180_000);

  it('token: a token and nothing else, good for the API', async () => {
    const { code, out, error } = await run('token', 'lantern.intake');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await alertsOf(instance.url, out.trim())).toBe(200);
    expect(await run('token', 'nobody')).toEqual({ code: 2, out: '', error: 'There is no such account in the demonstration. List them: npm run footbridge -- accounts\n' });
  }, 180_000);

  it('T37 audit: signs and verifies the logs; and says what a superuser has done to one', async () => {
    const signed = await run('audit', 'sign');
    expect(signed.code).toBe(0);
    expect(signed.out.split('\n').slice(0, 5)).toEqual(['referrals', 'shelters', 'returns', 'reintegration', 'notifications'].map((service): unknown => expect.stringMatching(new RegExp(`^${service} root \\d+ {2}\\d{4}-\\d\\d-\\d\\dT\\d\\d:00:00Z {2}[0-9a-f]{64}$`))));
    const whole = await run('audit', 'verify');
    expect([whole.code, whole.out.split('\n').filter((line) => line.startsWith('whole  ')).length]).toEqual([0, 5]);
    expect(whole.out).toMatch(/^whole {2}notifications: \d+ entries; \d+ signed by root \d+ of /m);
    const superuser = new pg.Client({ connectionString: await adminUrlOf(new DataFolder(folder()), 'footbridge') });
    await superuser.connect();
    try {
      await superuser.query("set session_replication_role = replica; update notifications.audit set role = 'DPO' where position = (select min(position) from notifications.audit)");
      expect(await run('audit', 'verify', '--service', 'notifications')).toEqual({ code: 1, error: '', out: expect.stringMatching(/^BROKEN notifications: .*\n {8}Entry \d+ was changed\.\n$/) });
    } finally { await superuser.end(); }
  }, 180_000);

  it('T19 seizure-report: what is in the clear here is no value about a person, and every role is asked for', async () => {
    const { code, out, error } = await run('seizure-report', '--json');
    expect(error).toBe('');
    const report = JSON.parse(out) as { taken: string; reads: string[]; closed: string[] }[];
    expect(report.map(({ taken }) => taken)).toEqual(expect.arrayContaining(['broker', 'database', 'backup', 'service host', 'laptop', 'insider CASE_WORKER', 'insider OPERATOR']));
    expect([code, report.flatMap(({ reads }) => reads.filter((line) => line.startsWith('WRONG')))]).toEqual([0, []]);
    const [host] = report.filter(({ taken }) => taken === 'service host');
    expect(host?.reads[0]).toMatch(/the [1-9]\d* case keys of [1-9]\d* organisations whose keys are in files here$/);
  });

  it('account add: a secret, shown once, that signs in; and only by whom it may', async () => {
    const { code, out } = await run('account', 'add', '--name', 'lantern.new', '--title', 'Night desk', '--role', 'case-worker', 'shelter_intake', '--as', 'lantern.admin');
    expect(code).toBe(0);
    const [, id = '', secret = ''] = /account +(\S+) +\(lantern\.new\)\nsecret +(\S+) {2}shown only now/.exec(out) ?? [];
    const answer = await fetch(`${instance.url}/oidc/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }) });
    expect(answer.status).toBe(200);
    expect((await run('accounts')).out).toMatch(/lantern\.new +Night desk: CASE_WORKER, SHELTER_INTAKE\n/);
    expect(await run('account', 'add', '--name', 'x.y', '--title', 'x', '--role', 'dpo', '--as', 'lantern.intake')).toMatchObject({ code: 2, error: expect.stringMatching(/^Your role may not do this\..*\n$/) });
  }, 180_000);

  it('account disable: no new token, and the one that is about stops; account enable: it counts again', async () => {
    const token = (await run('token', 'lantern.supervisor')).out.trim();
    expect(await alertsOf(instance.url, token)).toBe(200);
    expect(await run('account', 'disable', 'lantern.supervisor', '--as', 'harbour.admin')).toMatchObject({ code: 2, error: expect.stringMatching(/^Nothing here\./) });
    expect(await run('account', 'disable', 'lantern.supervisor', '--as', 'lantern.admin')).toEqual({ code: 0, out: 'lantern.supervisor disabled\n', error: '' });
    const since = Date.now();
    while (await alertsOf(instance.url, token) !== 401) {
      expect(Date.now() - since).toBeLessThan(60_000);
      await new Promise((resolve) => { setTimeout(resolve, 250); });
    }
    expect(await run('token', 'lantern.supervisor')).toMatchObject({ code: 2, out: '', error: 'This account and secret do not fit, or the account is disabled.\n' });
    expect((await run('accounts')).out).toMatch(/lantern\.supervisor +Supervision \(disabled\)/);
    expect(await run('account', 'enable', 'lantern.supervisor', '--as', 'lantern.admin')).toMatchObject({ code: 0 });
    expect((await run('token', 'lantern.supervisor')).code).toBe(0);
  }, 180_000);

  it('one disabling stops an account everywhere, whichever register it was told to', async () => {
    const listed = JSON.parse((await run('accounts', '--json')).out) as { name: string; account: string; organisation: string; secret: string }[];
    const desk = listed.find(({ name }) => name === 'harbour.admin') ?? listed[0]!;
    const tokens = { operator: (await run('token', 'network.operator')).out.trim(), admin: (await run('token', 'harbour.admin')).out.trim() };
    const ask = async (who: keyof typeof tokens, method: 'GET' | 'POST', path: string): Promise<number> => (await fetch(`${instance.url}${path}`, { method, headers: { authorization: `Bearer ${tokens[who]}` } })).status;
    const signsIn = async (): Promise<boolean> => (await fetch(`${instance.url}/oidc/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: desk.account, client_secret: desk.secret }) })).ok;
    expect(await ask('admin', 'POST', '/oidc/accounts')).toBe(400);
    for (const [what, id] of [['accounts', desk.account], ['organisations', desk.organisation]] as const) for (const register of ['v1', 'oidc'] as const) {
      expect(await ask('operator', 'POST', `/${register}/${what}/${id}/disable`)).toBe(200);
      expect([await ask('admin', 'POST', '/oidc/accounts'), await signsIn()]).toEqual([401, false]);
      while (await alertsOf(instance.url, tokens.admin) !== 401) await new Promise((resolve) => { setTimeout(resolve, 250); });
      expect(await ask('operator', 'POST', `/${register}/${what}/${id}/enable`)).toBe(200);
      expect([await ask('admin', 'GET', '/oidc/accounts'), await signsIn()]).toEqual([200, true]);
      while (await alertsOf(instance.url, tokens.admin) !== 200) await new Promise((resolve) => { setTimeout(resolve, 250); });
    }
  }, 180_000);

  it('T39 a token that is bound to a device\'s key lets that device in everywhere, and who has copied it nowhere', async () => {
    const listed = JSON.parse((await run('accounts', '--json')).out) as { name: string; account: string; secret: string }[];
    const [operator, desk] = ['network.operator', 'harbour.admin'].map((wanted) => listed.find(({ name }) => name === wanted));
    const [device, thief] = [await Device.of(), await Device.of()];
    const given = await fetch(`${instance.url}/oidc/token`, { method: 'POST', headers: { dpop: await device.proof({ method: 'POST', url: `${instance.url}/oidc/token` }) }, body: new URLSearchParams({ grant_type: 'client_credentials', client_id: operator?.account ?? '', client_secret: operator?.secret ?? '' }) });
    const { access_token: token } = await given.json() as { access_token: string };
    const ask = async (by: Device, method: 'GET' | 'POST', path: string, named = path): Promise<number> => {
      for (let tries = 0; ; tries++) {
        const { status } = await fetch(`${instance.url}${path}`, { method, headers: await by.headers({ method, url: `${instance.url}${named}`, token }) });
        // news may be late, as in `alertsOf`; each try has its own proof
        if (status !== 503 || tries === 20) return status;
        await new Promise((resolve) => { setTimeout(resolve, 500); });
      }
    };
    const services = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'].map((name) => `/v1/${name}-parked?x=y`);
    const everywhere = (asked: (path: string) => Promise<number>): Promise<number[]> => Promise.all(services.map(asked));
    expect(await everywhere((path) => ask(device, 'GET', path))).toEqual(services.map(() => 200));
    expect(await everywhere((path) => ask(thief, 'GET', path))).toEqual(services.map(() => 401));
    expect(await everywhere((path) => ask(device, 'GET', path, '/v1/alerts'))).toEqual(services.map(() => 401));
    expect(await everywhere(async (path) => (await fetch(`${instance.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status)).toEqual(services.map(() => 401));
    // what the sign-in server passes on to the services needs no second proof
    for (const change of ['disable', 'enable'] as const) expect([change, await ask(device, 'POST', `/oidc/accounts/${desk?.account ?? ''}/${change}`), await ask(thief, 'POST', `/oidc/accounts/${desk?.account ?? ''}/${change}`)]).toEqual([change, 200, 401]);
  }, 180_000);

  it('organisation add: an organisation that the services know, and an administrator that signs in and may add others', async () => {
    const { code, out } = await run('organisation', 'add', '--name', 'New House', '--type', 'NGO', '--country', 'al', '--admin', 'newhouse.admin');
    expect(code).toBe(0);
    const [, organisation = '', id = '', secret = ''] = /^organisation (\S+)\naccount +(\S+) +\(newhouse\.admin\)\nsecret +(\S+) {2}shown only now\n$/.exec(out) ?? [];
    const answer = await fetch(`${instance.url}/oidc/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }) });
    const { access_token: token } = await answer.json() as { access_token: string };
    const added = await fetch(`${instance.url}/oidc/accounts`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ name: 'newhouse.desk', title: 'Desk', roles: ['RECEIVER'] }) });
    expect(await added.json()).toMatchObject({ organisation, roles: ['RECEIVER'] });
    const directory = await (await fetch(`${instance.url}/v1/organisations?limit=100`, { headers: { authorization: `Bearer ${token}` } })).json() as { items: { id: string; name: string }[] };
    expect(directory.items.find((known) => known.id === organisation)).toMatchObject({ name: 'New House' });
    expect(await run('organisation', 'add', '--name', 'Other', '--type', 'NGO', '--country', 'AL', '--admin', 'newhouse.admin')).toEqual({ code: 2, out: '', error: 'This sign-in name is in use. Choose another with --admin.\n' });
  }, 180_000);

  it('clock advance: the domain clock of all services', async () => {
    const { code, out } = await run('clock', 'advance', '3d');
    expect(code).toBe(0);
    expect(Math.abs(Date.parse(out.trim()) - Date.now() - 3 * 86_400_000)).toBeLessThan(60_000);
  }, 180_000);

  it('parked: nothing, or what and why', async () => {
    expect(await run('parked', 'list')).toEqual({ code: 0, out: 'Nothing is parked.\n', error: '' });
    expect(await run('parked', 'list', '--json')).toEqual({ code: 0, out: '[]\n', error: '' });
  }, 180_000);

  it('doctor: what is wrong, in words', async () => {
    const { code, out } = await run('doctor');
    expect([code, out.split('\n').filter((line) => line.startsWith('WRONG'))]).toEqual([0, []]);
    expect(out).toContain(`The instance is ready at ${instance.url}.`);
  }, 180_000);

  it('backup and restore: while it runs, and the copy starts with the same accounts', async () => {
    const [data, keys, copy] = [join(place, 'b.data'), join(place, 'b.keys'), join(place, 'copy')];
    expect(await run('backup', data, keys)).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ rows of \d+ tables are in /) });
    expect(await run('restore', data, keys)).toMatchObject({ code: 2, error: expect.stringMatching(/is not empty/) });
    expect(await inProcess(copy, 'restore', data, keys)).toMatchObject({ code: 0 });
    const restored = await Started.ready(copy, { FOOTBRIDGE_DEMONSTRATION: 'yes' });
    expect((await inProcess(copy, 'accounts')).out).toContain('lantern.new');
    const { out: token } = await inProcess(copy, 'token', 'network.dpo');
    expect(await alertsOf(restored.url, token.trim())).toBe(200);
    await restored.end();
  }, 180_000);

  it('a key that is another one, missing, damaged or open to others: start, readyz and doctor say which and what to do, all others are served, and nothing is sealed or lost', async () => {
    const copy = join(place, 'copy');
    const house = (JSON.parse((await inProcess(copy, 'accounts', '--json')).out) as { name: string; organisation: string }[]).find(({ name }) => name === 'lantern.worker')?.organisation ?? '';
    const [file, other] = [join(copy, 'keys', `${house}.keys.json`), join(copy, 'keys', 'org_other.keys.json')];
    const right = await readFile(file);
    const put = (content: string | Buffer, at = file): Promise<void> => writeFile(at, content, { mode: 0o600 });
    await put(JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString('base64') } }));
    await put('no key', other);
    const started = await Started.ready(copy, { FOOTBRIDGE_DEMONSTRATION: 'yes' });
    const token = (await inProcess(copy, 'token', 'lantern.worker')).out.trim();
    const ask = async (method: 'GET' | 'POST', path: string): Promise<{ status: number; code: unknown; after: string | null; items: unknown }> => {
      for (;;) {
        const answer = await fetch(`${started.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(method === 'POST' ? { body: JSON.stringify({ purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: her.givenName } }) } : {}) });
        const body = await answer.json() as Record<string, unknown>;
        if (body['code'] === 'service-unavailable') { await new Promise((resolve) => { setTimeout(resolve, 200); }); continue; }
        return { status: answer.status, code: body['code'], after: answer.headers.get('retry-after'), items: body['items'] };
      }
    };
    const doctor = async (): Promise<string[]> => { const found = (await diagnose(new DataFolder(copy), {})).filter((finding) => finding.wrong).map(({ says }) => says); said += found.join('\n'); return found; };
    const refused = { status: 503, code: 'keys-unavailable', after: null };
    const isAnother = `${file} is not the key that wrapped what is there: put the right one back from the file of keys of the newest backup, and keep this one until everything opens. Until then nothing of ${house} is opened or sealed; all others go on.`;
    const isDamaged = `${other} is damaged: put it back from the file of keys of the newest backup.`;
    expect(await (await fetch(`${started.url}/readyz`)).json()).toMatchObject({ status: 'ready', missing: [], warnings: expect.arrayContaining([expect.stringMatching(/^[a-z]+: keys$/)]) as unknown });
    expect(await doctor()).toEqual([isDamaged, isAnother]);
    expect(await ask('POST', '/v1/cases')).toMatchObject(refused);
    expect(await ask('GET', '/v1/cases')).toMatchObject({ status: 200, items: expect.any(Array) as unknown });
    await Promise.all([rm(file), rm(other)]);
    expect(await ask('POST', '/v1/cases')).toMatchObject(refused);
    expect(await doctor()).toEqual([expect.stringContaining(`${file} is missing, and what it wrapped is there`)]);
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    await put(right);
    await chmod(file, 0o644);
    expect(await ask('POST', '/v1/cases')).toMatchObject(refused);
    expect(await doctor()).toEqual([expect.stringContaining(`${file} can be read by others: chmod 600`)]);
    await chmod(file, 0o600);
    // A service that keeps nothing of hers yet waits until one that does has seen that it opens.
    for (const until = Date.now() + 60_000; (await ask('POST', '/v1/cases')).status !== 201;) { expect(Date.now()).toBeLessThan(until); await new Promise((resolve) => { setTimeout(resolve, 500); }); }
    expect(await ask('GET', '/v1/cases')).toMatchObject({ status: 200, items: expect.arrayContaining([expect.anything()]) as unknown });
    expect(await doctor()).toEqual([]);
    const { error } = await started.end();
    said += error;
    expect(error.split('\n').filter((line) => line.startsWith('/'))).toEqual([isDamaged, isAnother]);
  }, 400_000);

  it.each([
    [[], 'Name a command. See npm run footbridge -- --help'],
    [['dance'], 'Unknown command \'dance\'. See npm run footbridge -- --help'],
    [['accounts', '--dance'], 'Unknown option \'--dance\'. See npm run footbridge -- --help'],
    [['token'], 'Missing required argument \'account\'. See npm run footbridge -- --help'],
    [['account'], 'Name a command. See npm run footbridge -- --help'],
    [['clock', 'advance', 'soon'], 'Command-argument value \'soon\' is invalid for argument \'duration\'. It must be a length of time like 3d, 1d12h, 90m or P3D. See npm run footbridge -- --help'],
  ])('%j is answered with one line and exit code 2', async (args, says) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', error: `${says}\n` });
  });

  it('as a process it answers the same', async () => {
    expect(await footbridge(folder(), 'dance')).toEqual({ code: 2, out: '', error: 'Unknown command \'dance\'. See npm run footbridge -- --help\n' });
    expect(await footbridge(folder(), 'parked', 'list', '--json')).toEqual({ code: 0, out: '[]\n', error: '' });
  }, 180_000);

  it('where nothing runs it says so', async () => {
    const nowhere = join(place, 'nowhere');
    expect(await inProcess(nowhere, 'accounts')).toMatchObject({ code: 2, error: expect.stringMatching(/^There are no accounts in the data folder .*nowhere yet\. Start the instance once with npm start, or set FOOTBRIDGE_DATA\.\n$/) });
    expect(await inProcess(nowhere, 'parked', 'list')).toMatchObject({ code: 2, error: expect.stringMatching(/^No instance is running on the data folder/) });
    expect(await inProcess(nowhere, 'backup', join(place, 'x'), join(place, 'y'))).toMatchObject({ code: 2, error: expect.stringMatching(/^There is no data in/) });
    expect(await inProcess(nowhere, 'doctor')).toMatchObject({ code: 0, out: expect.stringContaining('There is no data in') });
  }, 180_000);

  it('T10 no command, no backup and no file of the data folder shows a name; a row in the clear would be found in both', async () => {
    const { out: token } = await run('token', 'lantern.worker');
    const opened = async (): Promise<number> => (await fetch(`${instance.url}/v1/cases`, { method: 'POST', headers: { authorization: `Bearer ${token.trim()}`, 'content-type': 'application/json' }, body: JSON.stringify({ purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: her.givenName, familyName: her.familyName, phone: her.phone, identityNumber: her.documentNumber } }) })).status;
    while (await opened() !== 201) await new Promise((resolve) => { setTimeout(resolve, 500); });
    const written = async (name: string): Promise<readonly Sink[]> => {
      const made = [join(place, `${name}.data`), join(place, `${name}.keys`)] as const;
      expect((await run('backup', ...made)).code).toBe(0);
      return Promise.all(made.map(backupFile));
    };
    const clean = await written('clean');
    for (const args of [['doctor'], ['seizure-report'], ['parked', 'list'], ['audit', 'verify']]) await run(...args);
    expect(huntLeaks([...clean, { name: 'said', content: said }], [her])).toEqual([]);
    const superuser = new pg.Client({ connectionString: await adminUrlOf(new DataFolder(folder()), 'footbridge') });
    await superuser.connect();
    try { await superuser.query("insert into referrals.idempotency (caller, key, request, status, headers, body) values ('x', 'y', 'z', 200, '{}', $1)", [{ name: wrong.familyName }]); } finally { await superuser.end(); }
    const found = await written('wrong');
    const { out, error } = await instance.end();
    const leaks = huntLeaks([{ name: 'said', content: out + error }, ...found, ...await files(folder(), 'data folder', { raw: true })], [her, wrong]);
    expect([leaks.filter(({ canary }) => canary === her.name), new Set(leaks.map(({ sink }) => sink))]).toEqual([[], new Set(['backup', 'data folder'])]);
  }, 180_000);
});

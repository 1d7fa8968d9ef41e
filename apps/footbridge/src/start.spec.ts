import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertsOf as alerts, Started } from './start.fixture.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
/** What is said on the error stream, without the log's lines and a library's remark about the Node version. */
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('{') && !line.startsWith('oidc-provider'));

describe('npm start', () => {
  let place: string;
  beforeEach(async () => { place = await mkdtemp(join(tmpdir(), 'footbridge-start-')); });
  afterEach(async () => { await Started.endAll(); await rm(place, { recursive: true, force: true }); });
  const folder = (): string => join(place, 'data');
  const secretOf = async (name: string): Promise<{ id: string; secret: string }> => {
    const { accounts } = JSON.parse(await readFile(join(folder(), 'accounts.json'), 'utf8')) as { accounts: { id: string; name: string; secret: string }[] };
    return accounts.find((account) => account.name === name) ?? { id: '', secret: '' };
  };
  const tokenOf = async (url: string, name: string): Promise<string> => {
    const { id, secret } = await secretOf(name);
    const answer = await fetch(`${url}/oidc/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
    return String((await answer.json() as Record<string, unknown>)['access_token']);
  };
  const addAccount = async (url: string, name: string): Promise<number> => (await fetch(`${url}/oidc/accounts`, {
    method: 'POST', headers: { authorization: `Bearer ${await tokenOf(url, 'operator.admin')}` }, body: JSON.stringify({ name, title: 'Desk', roles: ['CASE_WORKER'] }),
  })).status;

  it('says in its last line where it is, serves there, and ends cleanly on Ctrl-C; a second start finds everything', async () => {
    const first = await Started.ready(folder());
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const token = await tokenOf(first.url, 'operator');
    expect(await alerts(first.url, token)).toBe(200);
    expect(await alerts(first.url)).toBe(401);
    expect(await addAccount(first.url, 'operator.kept')).toBe(201);
    const { code, out } = await first.end('SIGINT');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n').at(-1)).toBe(`Footbridge is ready: ${first.url} (docs /docs, accounts: npm run footbridge -- accounts)`);
    expect(await readdir(folder())).not.toContain('lock');
    await expect(stat(join(folder(), 'postgres', 'postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
    for (const file of ['accounts.json', 'identity.json', 'postgres.json', 'cursor.json', 'footbridge.json']) expect((await stat(join(folder(), file))).mode & 0o777).toBe(0o600);

    const second = await Started.ready(folder(), { PORT: new URL(first.url).port });
    // the signing key was kept: a token of before still counts
    expect(await alerts(second.url, token)).toBe(200);
    expect(await addAccount(second.url, 'operator.kept')).toBe(422);
    expect((await second.end('SIGTERM')).code).toBe(0);
  }, 180_000);

  it('killed at any moment of its first start, and again when it serves: the next start works and nothing answered is lost', async () => {
    const withDemonstration = { FOOTBRIDGE_DEMONSTRATION: 'yes' };
    const add = async (url: string): Promise<number> => (await fetch(`${url}/oidc/accounts`, {
      method: 'POST', headers: { authorization: `Bearer ${await tokenOf(url, 'lantern.admin')}` }, body: JSON.stringify({ name: 'lantern.answered', title: 'Desk', roles: ['CASE_WORKER'] }),
    })).status;
    for (const moment of [300, 1_200, 2_400, 3_600, 7_000]) {
      const cut = Started.begin(folder(), withDemonstration);
      await pause(moment);
      await cut.end('SIGKILL');
    }
    const first = await Started.ready(folder(), withDemonstration);
    expect(await add(first.url)).toBe(201);
    await first.end('SIGKILL');
    const second = await Started.ready(folder(), withDemonstration);
    expect(await add(second.url)).toBe(422);
    expect((await second.end()).code).toBe(0);
  }, 180_000);

  it('told to stop while it starts, it stops cleanly', async () => {
    for (const moment of [1_200, 2_500, 4_000]) {
      const started = Started.begin(folder());
      await pause(moment);
      // null: it had not yet begun to listen, nor anything else
      expect((await started.end('SIGTERM')).code ?? 0).toBe(0);
      expect(await readdir(folder()).catch(() => [])).not.toContain('lock');
    }
  }, 180_000);

  it('a second one on the same data says who has it, in one line, and changes nothing', async () => {
    const first = await Started.ready(folder());
    const before = await readFile(join(folder(), 'lock'), 'utf8');
    const { code, error } = await Started.begin(folder()).ended;
    expect(code).toBe(2);
    expect(lines(error)).toEqual([expect.stringMatching(/^Another instance is running on the data folder .*data: process \d+, http:\/\/localhost:\d+\. Stop it first, or set FOOTBRIDGE_DATA to another folder\.$/)]);
    expect(error).toBe(`${lines(error).join('')}\n`);
    expect(await readFile(join(folder(), 'lock'), 'utf8')).toBe(before);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await first.end();
  }, 180_000);

  it('refuses a used port, a folder that is none, data that is damaged and settings that make no sense: one line, exit code 2', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve); });
    const address = other.address();
    const port = String(typeof address === 'object' && address !== null ? address.port : 0);
    await writeFile(join(place, 'file'), 'x');
    await writeFile(join(place, 'footbridge.json'), 'x');
    for (const [at, environment, says] of [
      [folder(), { PORT: port }, /^Port \d+ is used by another program\. End that program, or choose another port: PORT=\d+ npm start$/],
      [join(place, 'file', 'below'), {}, /^The data folder .* cannot be used: a part of the path is a file\./],
      [place, {}, /^The file .*footbridge\.json is damaged\./],
      [folder(), { PORT: 'x' }, /^PORT must be a number/],
      [folder(), { FOOTBRIDGE_CLOCK: 'manual', NODE_ENV: 'production' }, /^FOOTBRIDGE_CLOCK=manual is for trials/],
    ] as const) {
      const { code, out, error } = await Started.begin(at, environment).ended;
      expect([code, out]).toEqual([2, '']);
      expect(error.trimEnd()).toMatch(says);
      expect(error.trimEnd()).not.toContain('\n');
    }
    await new Promise((resolve) => { other.close(resolve); });
    expect((await readdir(place)).sort()).toEqual(['file', 'footbridge.json']);
  }, 180_000);
});

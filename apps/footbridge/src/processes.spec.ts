import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessTokens } from '@footbridge/service';
import { freePort, testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { readAccounts } from './seed.js';
import { run } from './start.fixture.js';

interface Said { readonly code: number | null; readonly error: string }
const children: ChildProcess[] = [];
const servers: Server[] = [];
let place: string;
beforeAll(async () => { place = await mkdtemp(join(tmpdir(), 'footbridge-processes-')); });
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of servers) { server.closeAllConnections(); server.close(); }
  await rm(place, { recursive: true, force: true });
});

/** Until its first line, or until it ends. */
async function begin(entry: string, environment: Record<string, string>): Promise<Said | string> {
  const child = run(entry, [], environment);
  children.push(child);
  let error = '';
  child.stderr?.on('data', (chunk: Buffer) => { error += chunk.toString(); });
  return await Promise.race([
    new Promise<string>((resolve) => { child.stdout?.once('data', (chunk: Buffer) => { resolve(chunk.toString()); }); }),
    new Promise<Said>((resolve) => { child.once('close', (code) => { resolve({ code, error: error.split('\n').filter((line) => line !== '' && !line.startsWith('oidc-provider')).join('\n') }); }); }),
  ]);
}
const stopped = async (): Promise<number | null> => {
  const child = children.at(-1);
  if (!child) throw new Error('nothing runs');
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  child.kill('SIGTERM');
  return await ended;
};

describe('the identity provider as a process of its own', () => {
  it('gives the demonstration\'s accounts tokens that the services take, keeps its keys, and ends cleanly', async () => {
    const databaseUrl = await testDatabase('identity_process');
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('create schema identity');
    await client.end();
    const port = String(await freePort());
    const issuer = `http://127.0.0.1:${port}/oidc`;
    const environment = { DATABASE_URL: databaseUrl, OIDC_ISSUER: issuer, IDENTITY_KEYS_FILE: join(place, 'keys.json'), ACCOUNTS_FILE: join(place, 'accounts.json'), PORT: port };
    expect(await begin('apps/footbridge/src/identity/main.ts', environment)).toBe(`Identity is ready: ${issuer}\n`);
    for (const file of ['keys.json', 'accounts.json']) expect((await stat(join(place, file))).mode & 0o777).toBe(0o600);
    const { id = '', secret = '', organisation } = (await readAccounts(join(place, 'accounts.json')))?.accounts.find(({ name }) => name === 'nest.admin') ?? {};
    const token = async (): Promise<string> => {
      const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }) });
      return String((await answer.json() as Record<string, unknown>)['access_token']);
    };
    const tokens = new AccessTokens({ issuer, audience: 'footbridge' });
    const early = await token();
    expect(await tokens.principal(early)).toMatchObject({ subject: id, organisation, roles: ['PARTNER_ADMIN'] });
    expect(await stopped()).toBe(0);
    expect(await begin('apps/footbridge/src/identity/main.ts', environment)).toBe(`Identity is ready: ${issuer}\n`);
    expect(await new AccessTokens({ issuer, audience: 'footbridge' }).principal(early)).toMatchObject({ subject: id });
    expect(await new AccessTokens({ issuer, audience: 'footbridge' }).principal(await token())).toMatchObject({ subject: id });
    expect(await stopped()).toBe(0);
  });

  it('says in one line what is not set or wrong', async () => {
    expect(await begin('apps/footbridge/src/identity/main.ts', {})).toEqual({ code: 2, error: 'DATABASE_URL is not set: the connection to the schema "identity".' });
    expect(await begin('apps/footbridge/src/identity/main.ts', { DATABASE_URL: 'postgres://x', OIDC_ISSUER: 'http://localhost/oidc', IDENTITY_KEYS_FILE: join(place, 'k'), PORT: 'x' })).toEqual({ code: 2, error: 'PORT must be a number from 0 to 65535.' });
  });
});

describe('the front as a process of its own', () => {
  it('leads to the services by their addresses, and ends cleanly', async () => {
    // as Keycloak: our own provider's keys are not there
    const environment: Record<string, string> = { PORT: String(await freePort()), IDENTITY_PROBE: '/oidc/realms/footbridge/protocol/openid-connect/certs' };
    for (const name of ['referrals', 'shelters', 'returns', 'reintegration', 'notifications', 'identity']) {
      const server = createServer((request, response) => { response.writeHead(request.url === '/oidc/jwks' ? 404 : 200).end(`${name} ${request.url ?? ''}`); });
      servers.push(server);
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
      const address = server.address();
      environment[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    }
    expect(await begin('apps/footbridge/src/front-main.ts', environment)).toMatch(/^The front is ready: http:\/\/localhost:\d+ for referrals, shelters, returns, reintegration, notifications\n$/);
    const said = async (path: string): Promise<string> => await (await fetch(`http://localhost:${environment['PORT'] ?? ''}${path}`)).text();
    for (const [path, name] of [['/v1/alerts', 'referrals'], ['/v1/shelters-parked', 'shelters'], ['/v1/approvals/apt_x', 'returns'], ['/oidc/jwks', 'identity']] as const) expect(await said(path)).toBe(`${name} ${path}`);
    expect(await said('/readyz')).toBe('{"status":"ready","missing":[]}');
    expect(await stopped()).toBe(0);
  });

  it('says in one line which address is missing', async () => {
    expect(await begin('apps/footbridge/src/front-main.ts', { IDENTITY_URL: 'http://127.0.0.1:3006', REFERRALS_URL: 'nowhere' })).toEqual({ code: 2, error: 'REFERRALS_URL must be the address of referrals, like http://127.0.0.1:3001.' });
  });
});

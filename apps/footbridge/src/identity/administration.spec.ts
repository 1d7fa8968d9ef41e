import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { startIdentity, type Identity } from './identity.js';
import { newSigningKey } from './signing-keys.js';

interface Answer { readonly status: number; readonly body: Record<string, unknown> }

describe('the register of organisations and accounts', () => {
  let server: Server;
  let origin: string;
  let identity: Identity;
  const secrets = new Map<string, { id: string; secret: string; organisation: string }>();

  beforeAll(async () => {
    const databaseUrl = await testDatabase('register');
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('create schema identity');
    await client.end();
    server = createServer((request, response) => { identity.listener(request, response); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    identity = await startIdentity({ databaseUrl, keys: { jwks: { keys: [await newSigningKey()] }, cookies: ['x'] }, issuer: `${origin}/oidc` });
    const network = await identity.accounts.addOrganisation({ name: 'Network', type: 'InternationalOrganisation', country: 'AL' });
    for (const [name, ...roles] of [['operator', 'OPERATOR'], ['dpo', 'DPO']] as const) {
      const { account, secret } = await identity.accounts.addAccount({ organisation: network.id, name, title: name, roles: [...roles] });
      secrets.set(name, { id: account.id, secret, organisation: network.id });
    }
  });
  afterAll(async () => {
    await identity.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  });

  const tokenOf = async (name: string): Promise<string> => {
    const { id = '', secret = '' } = secrets.get(name) ?? {};
    const answer = await fetch(`${origin}/oidc/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }) });
    return String((await answer.json() as Record<string, unknown>)['access_token']);
  };
  const tokens = new Map<string, string>();
  const as = async (name: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> => {
    const token = tokens.get(name) ?? await tokenOf(name);
    tokens.set(name, token);
    const answer = await fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
    return { status: answer.status, body: await answer.json() as Record<string, unknown> };
  };
  const keep = (name: string, { body }: Answer, organisation: string): void => { secrets.set(name, { id: String(body['id']), secret: String(body['secret']), organisation }); };

  it('an operator adds an organisation with its first administrator, whose secret is shown once', async () => {
    const added = await as('operator', 'POST', '/oidc/organisations', { name: 'Lantern House', type: 'NGO', country: 'AL', admin: 'lantern.admin' });
    expect(added).toMatchObject({ status: 201, body: { name: 'Lantern House', type: 'NGO', country: 'AL', disabled: false, admin: { name: 'lantern.admin' } } });
    const admin = added.body['admin'] as { id: string; secret: string };
    secrets.set('lantern.admin', { ...admin, organisation: String(added.body['id']) });
    const listed = await as('operator', 'GET', '/oidc/accounts');
    expect(JSON.stringify(listed.body)).toContain('lantern.admin');
    expect(JSON.stringify(listed.body)).not.toContain(admin.secret);
    expect(JSON.stringify(listed.body)).not.toContain('scrypt');
  });

  it('that administrator adds the others of its own organisation, and sees no other organisation\'s', async () => {
    const organisation = secrets.get('lantern.admin')?.organisation ?? '';
    const added = await as('lantern.admin', 'POST', '/oidc/accounts', { name: 'lantern.worker', title: 'Case work', roles: ['CASE_WORKER'] });
    expect(added).toMatchObject({ status: 201, body: { organisation, roles: ['CASE_WORKER'] } });
    keep('lantern.worker', added, organisation);
    const { items } = (await as('lantern.admin', 'GET', '/oidc/accounts')).body as { items: { organisation: string }[] };
    expect(items.map((account) => account.organisation)).toEqual([organisation, organisation]);
    expect(await as('lantern.admin', 'GET', '/oidc/organisations')).toMatchObject({ status: 403, body: { code: 'role-not-allowed' } });
  });

  it.each([
    ['an administrator makes no operator', 'lantern.admin', { name: 'x1.y', title: 'x', roles: ['OPERATOR'] }],
    ['an administrator makes none for another organisation', 'lantern.admin', { organisation: 'NETWORK', name: 'x2.y', title: 'x', roles: ['CASE_WORKER'] }],
    ['an operator makes no worker of another organisation', 'operator', { organisation: 'LANTERN', name: 'x3.y', title: 'x', roles: ['CASE_WORKER'] }],
    ['an operator makes no second administrator where there is one', 'operator', { organisation: 'LANTERN', name: 'x4.y', title: 'x', roles: ['PARTNER_ADMIN'] }],
    ['a worker makes none', 'lantern.worker', { name: 'x5.y', title: 'x', roles: ['CASE_WORKER'] }],
  ])('%s', async (_, who, body: { organisation?: string; name: string; title: string; roles: string[] }) => {
    const organisation = body.organisation === 'NETWORK' ? secrets.get('operator')?.organisation : body.organisation === 'LANTERN' ? secrets.get('lantern.admin')?.organisation : undefined;
    expect(await as(who, 'POST', '/oidc/accounts', { ...body, ...(organisation === undefined ? {} : { organisation }) })).toMatchObject({ status: 403, body: { code: 'role-not-allowed' } });
  });

  it('nobody makes an account with a role that no account has', async () => {
    for (const role of ['PLATFORM', 'PERSON', 'GUARDIAN', 'ADMIN', 7]) expect(await as('lantern.admin', 'POST', '/oidc/accounts', { name: 'x6.y', title: 'x', roles: [role] })).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  });

  it('says each field that is not right, without repeating what was sent', async () => {
    const answer = await as('operator', 'POST', '/oidc/organisations', { name: '', type: 'Zyxwana', country: 'XX', admin: 'Zyx Wana', Zyxwana: 1 });
    expect(answer.status).toBe(422);
    expect((answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual(['', '/admin', '/country', '/name', '/type']);
    expect(JSON.stringify(answer.body)).not.toMatch(/zyx/i);
    for (const bad of ['{', '', '[]', '"x"', 'null', '{"__proto__":{"admin":"x"}}']) expect([400, 422]).toContain((await as('operator', 'POST', '/oidc/organisations', bad)).status);
    expect((await as('operator', 'POST', '/oidc/organisations', `{"name":"${'x'.repeat(20_000)}"}`)).status).toBe(413);
  });

  it('a name in use is refused, and nothing is half added', async () => {
    const before = await identity.accounts.listOrganisations();
    expect(await as('operator', 'POST', '/oidc/organisations', { name: 'Second', type: 'NGO', country: 'AL', admin: 'lantern.admin' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/admin', code: 'name-taken' }] } });
    expect(await as('lantern.admin', 'POST', '/oidc/accounts', { name: 'lantern.worker', title: 'x', roles: ['CASE_WORKER'] })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/name' }] } });
    expect(await identity.accounts.listOrganisations()).toEqual(before);
  });

  it('an account is disabled by its administrator or an operator: no new token, and here the old one ends at once', async () => {
    const { id = '', secret = '' } = secrets.get('lantern.worker') ?? {};
    expect(await as('dpo', 'POST', `/oidc/accounts/${id}/disable`)).toMatchObject({ status: 403 });
    expect(await as('lantern.admin', 'POST', `/oidc/accounts/${secrets.get('dpo')?.id ?? ''}/disable`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await as('lantern.admin', 'POST', `/oidc/accounts/${id}/disable`)).toEqual({ status: 200, body: { id, disabled: true } });
    expect(await as('lantern.worker', 'GET', '/oidc/accounts')).toMatchObject({ status: 401, body: { code: 'not-signed-in' } });
    expect(await identity.accounts.signIn('lantern.worker', secret)).toBeUndefined();
    expect(await as('operator', 'POST', `/oidc/accounts/${id}/enable`)).toEqual({ status: 200, body: { id, disabled: false } });
    expect(await identity.accounts.signIn('lantern.worker', secret)).toMatchObject({ id });
  });

  it('an organisation is disabled by an operator only, with all of its accounts', async () => {
    const organisation = secrets.get('lantern.admin')?.organisation ?? '';
    expect(await as('lantern.admin', 'POST', `/oidc/organisations/${organisation}/disable`)).toMatchObject({ status: 403 });
    expect(await as('operator', 'POST', `/oidc/organisations/${organisation}/disable`)).toMatchObject({ status: 200 });
    expect(await as('lantern.admin', 'GET', '/oidc/accounts')).toMatchObject({ status: 401 });
    expect(await as('operator', 'POST', `/oidc/organisations/${organisation}/enable`)).toMatchObject({ status: 200 });
    expect(await as('lantern.admin', 'GET', '/oidc/accounts')).toMatchObject({ status: 200 });
    expect(await as('operator', 'POST', '/oidc/organisations/org_none/disable')).toMatchObject({ status: 404 });
  });

  it('does once what is asked for twice with one key, and shows its secret once', async () => {
    const twice = async (key: string, path: string, body?: object): Promise<[Answer & { replay: string | null }, Answer & { replay: string | null }]> => {
      const send = async (): Promise<Answer & { replay: string | null }> => {
        const answer = await fetch(`${origin}${path}`, { method: 'POST', headers: { authorization: `Bearer ${tokens.get('lantern.admin') ?? ''}`, 'idempotency-key': key }, ...(body ? { body: JSON.stringify(body) } : {}) });
        return { status: answer.status, body: await answer.json() as Record<string, unknown>, replay: answer.headers.get('idempotent-replay') };
      };
      return [await send(), await send()];
    };
    const [first, again] = await twice('one', '/oidc/accounts', { name: 'lantern.twice', title: 'Twice', roles: ['RECEIVER'] });
    const { secret, ...shared } = first.body;
    expect([first.status, typeof secret, first.replay]).toEqual([201, 'string', null]);
    expect(again).toEqual({ status: 201, body: shared, replay: 'true' });
    expect((await identity.pool.query('select * from idempotency')).rows.some((row) => JSON.stringify(row).includes(String(secret)))).toBe(false);
    // Nor anything that the same request could be known by to who has the database alone (G5).
    const { rows: [known] } = await identity.pool.query<{ key: string; request: string }>('select key, request from idempotency');
    expect(known?.key).toMatch(/^[\w-]{43}$/);
    expect(known?.request).toMatch(/^[\w-]{43}$/);
    expect(known?.request).not.toBe(createHash('sha256').update(`POST /oidc/accounts\n${JSON.stringify({ name: 'lantern.twice', title: 'Twice', roles: ['RECEIVER'] })}`).digest('base64url'));
    expect((await twice('one', '/oidc/accounts', { name: 'lantern.other', title: 'Other', roles: ['RECEIVER'] })).map(({ status, body }) => [status, body['code']])).toEqual([[422, 'idempotency-key-reused'], [422, 'idempotency-key-reused']]);
    const path = `/oidc/accounts/${String(shared['id'])}`;
    expect((await twice('two', `${path}/disable`))[1]).toMatchObject({ status: 200, body: { disabled: true }, replay: 'true' });
    await twice('three', `${path}/enable`);
    expect((await twice('two', `${path}/disable`))[0]).toMatchObject({ body: { disabled: true }, replay: 'true' });
    expect(await identity.accounts.account(String(shared['id']))).toMatchObject({ disabled: false });
  });

  it('without a token nothing is said', async () => {
    for (const [method, path] of [['GET', '/oidc/accounts'], ['GET', '/oidc/organisations'], ['POST', '/oidc/accounts'], ['POST', '/oidc/accounts/acc_x/disable']] as const) {
      const answer = await fetch(`${origin}${path}`, { method });
      expect([answer.status, answer.headers.get('www-authenticate'), answer.headers.get('cache-control')]).toEqual([401, 'Bearer', 'no-store']);
    }
  });
});

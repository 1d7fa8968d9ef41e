import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { AccessTokens, type Principal } from '@footbridge/service';
import { Device, testDatabase } from '@footbridge/testing';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { Client } from 'pg';
import { startIdentity, type Identity } from './identity.js';
import { newSigningKey, type IdentityKeys } from './signing-keys.js';

/** As a browser: keeps cookies by path, follows nothing by itself. */
class Browser {
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();
  constructor(private readonly origin: string) {}
  forget(): void { this.#cookies.clear(); }

  async go(address: string, form?: Record<string, string>): Promise<{ status: number; location: string | undefined; html: string; headers: Headers }> {
    const url = new URL(address, this.origin);
    const cookie = [...this.#cookies].filter(([, { path }]) => url.pathname.startsWith(path)).map(([name, { value }]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie }, ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}) });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path: attributes.find((a) => /^path=/i.test(a))?.slice(5) ?? '/' });
      expect(attributes.map((a) => a.toLowerCase())).toEqual(expect.arrayContaining(['httponly', 'samesite=lax']));
    }
    return { status: answer.status, location: answer.headers.get('location') ?? undefined, html: await answer.text(), headers: answer.headers };
  }

  /** Follows redirects as long as they stay here; answers with the first page, or with where it was sent to. */
  async follow(address: string): Promise<{ page?: string; at: string; sentTo?: URL; headers: Headers }> {
    for (let at = address; ;) {
      const { location, html, headers } = await this.go(at);
      if (location === undefined) return { page: html, at, headers };
      const next = new URL(location, this.origin);
      if (next.pathname === '/signed-in') return { at, sentTo: next, headers };
      at = next.href;
    }
  }
}

describe('the embedded identity provider', () => {
  let databaseUrl: string;
  let keys: IdentityKeys;
  let server: Server;
  let origin: string;
  let identity: Identity;
  let organisation: string;
  let worker: { readonly id: string; readonly secret: string };
  let audienceOf: AccessTokens;

  const restart = async (): Promise<void> => {
    if (identity as Identity | undefined) await identity.close();
    identity = await startIdentity({ databaseUrl, keys, issuer: `${origin}/oidc` });
  };

  beforeAll(async () => {
    databaseUrl = await testDatabase('identity');
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('create schema identity');
    await client.end();
    keys = { jwks: { keys: [await newSigningKey()] }, cookies: [randomBytes(32).toString('base64url')] };
    server = createServer((request, response) => { identity.listener(request, response); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    await restart();
    const added = await identity.accounts.addOrganisation({ name: 'Lantern House & Friends', type: 'NGO', country: 'AL' });
    organisation = added.id;
    const { account, secret } = await identity.accounts.addAccount({ organisation, name: 'lantern.intake', title: 'Intake <desk>', roles: ['SHELTER_INTAKE', 'CASE_WORKER'] });
    worker = { id: account.id, secret };
    audienceOf = new AccessTokens({ issuer: `${origin}/oidc`, audience: 'footbridge' });
  });
  afterAll(async () => {
    await identity.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  });

  /** A proof of the device for the address where tokens are given. */
  const shownBy = async (device: Device | undefined): Promise<Record<string, string>> => (device ? { dpop: await device.proof({ method: 'POST', url: `${origin}/oidc/token` }) } : {});
  const token = async (id: string, secret: string, more: Record<string, string> = {}, device?: Device): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await fetch(`${origin}/oidc/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`, ...await shownBy(device) }, body: new URLSearchParams({ grant_type: 'client_credentials', ...more }) });
    return { status: answer.status, body: await answer.json() as Record<string, unknown> };
  };
  const accountsFor = async (headers: Record<string, string>): Promise<string> => {
    const answer = await fetch(`${origin}/oidc/accounts`, { headers });
    return `${answer.status} ${answer.headers.get('www-authenticate') ?? ''}`.trim();
  };
  const principalOf = async (accessToken: unknown): Promise<Principal> => await audienceOf.principal(String(accessToken));

  it('says where everything is, under one path', async () => {
    const found = await (await fetch(`${origin}/oidc/.well-known/openid-configuration`)).json() as Record<string, unknown>;
    expect(found).toMatchObject({ issuer: `${origin}/oidc`, jwks_uri: `${origin}/oidc/jwks`, token_endpoint: `${origin}/oidc/token`, authorization_endpoint: `${origin}/oidc/auth`, code_challenge_methods_supported: ['S256'], response_types_supported: ['code'] });
    expect(found['registration_endpoint']).toBeUndefined();
    const shown = await (await fetch(`${origin}/oidc/jwks`)).json() as { keys: Record<string, unknown>[] };
    expect(shown.keys).toHaveLength(1);
    expect(Object.keys(shown.keys[0] ?? {})).not.toContain('d');
  });

  describe('for machines', () => {
    it('gives an account a token for its secret: a JWT for footbridge, ten minutes long, with organisation and roles', async () => {
      const { status, body } = await token(worker.id, worker.secret);
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
      const accessToken = String(body['access_token']);
      expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
      const { iss, aud, sub, exp = 0, iat = 0, ...claims } = decodeJwt(accessToken);
      expect({ iss, aud, sub }).toEqual({ iss: `${origin}/oidc`, aud: 'footbridge', sub: worker.id });
      expect(exp - iat).toBe(600);
      expect(claims).toMatchObject({ organisation, roles: ['SHELTER_INTAKE', 'CASE_WORKER'] });
      // the secret was shown just now: that is the sign-in after which people's data may be read (T36)
      expect(Math.abs(Number(claims['auth_time']) - iat)).toBeLessThanOrEqual(5);
      expect(await principalOf(accessToken)).toMatchObject({ subject: worker.id, organisation, roles: ['SHELTER_INTAKE', 'CASE_WORKER'] });
    });

    it('takes the secret in the form too', async () => {
      const answer = await fetch(`${origin}/oidc/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: worker.id, client_secret: worker.secret }) });
      expect(answer.status).toBe(200);
    });

    it('refuses a wrong secret, another\'s secret, the stored hash and an account that is not there, all in the same words', async () => {
      const other = await identity.accounts.addAccount({ organisation, name: 'lantern.night', title: 'Night desk', roles: ['SHELTER_INTAKE'] });
      const hash = await identity.accounts.secretHash(worker.id) ?? '';
      for (const secret of ['', 'x', other.secret, hash, `${worker.secret} `, 'x'.repeat(3_000)]) {
        const { status, body } = await token(worker.id, secret);
        expect([status, body['error']]).toEqual(secret === '' ? [400, 'invalid_request'] : [401, 'invalid_client']);
      }
      expect((await token('acc_doesnotexist', 'x')).body).toEqual((await token(worker.id, 'x')).body);
    });

    it('T39 gives who proves a key a token that is bound to it: from another device, or as a bearer, it is good for nothing', async () => {
      const [device, thief] = [await Device.of(), await Device.of('Ed25519')];
      const admin = await identity.accounts.addAccount({ organisation, name: `lantern.${randomBytes(4).toString('hex')}`, title: 'Administrator', roles: ['PARTNER_ADMIN'] });
      const { status, body } = await token(admin.account.id, admin.secret, {}, device);
      const accessToken = String(body['access_token']);
      expect([status, body['token_type'], decodeJwt(accessToken)['cnf']]).toEqual([200, 'DPoP', { jkt: device.jkt }]);
      const proving = { url: `${origin}/oidc/accounts`, token: accessToken };
      const own = await device.headers(proving);
      const algs = 'algs="ES256 Ed25519 EdDSA"';
      expect([await accountsFor(own), await accountsFor(await device.headers(proving))]).toEqual(['200', '200']);
      // what the thief has: the token, and a proof that was sent once
      expect(await accountsFor(own)).toBe(`401 DPoP error="invalid_dpop_proof", error_description="jti was used before", ${algs}`);
      expect(await accountsFor(await thief.headers(proving))).toBe(`401 DPoP error="invalid_dpop_proof", error_description="the token is bound to another key", ${algs}`);
      expect(await accountsFor({ authorization: `Bearer ${accessToken}` })).toBe(`401 Bearer error="invalid_token", DPoP ${algs}`);
      expect(await accountsFor({ ...await device.headers(proving), host: 'evil.example', authorization: `DPoP ${accessToken}x` })).toBe(`401 DPoP ${algs}`);
      // and a worker whose role is not enough is told that, not that the proof is wrong
      const worked = String((await token(worker.id, worker.secret, {}, device)).body['access_token']);
      expect(await accountsFor(await device.headers({ url: `${origin}/oidc/accounts`, token: worked }))).toBe('403');
      expect(await token(admin.account.id, admin.secret)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    });

    it('says which proofs it takes, and gives nothing for one that is not right, or not new', async () => {
      const found = await (await fetch(`${origin}/oidc/.well-known/openid-configuration`)).json() as Record<string, unknown>;
      expect(found['dpop_signing_alg_values_supported']).toEqual(['ES256', 'Ed25519', 'EdDSA']);
      const device = await Device.of();
      const ask = async (dpop: string): Promise<unknown> => {
        const answer = await fetch(`${origin}/oidc/token`, { method: 'POST', headers: { dpop }, body: new URLSearchParams({ grant_type: 'client_credentials', client_id: worker.id, client_secret: worker.secret }) });
        return (await answer.json() as Record<string, unknown>)['error'] ?? answer.status;
      };
      const once = await device.proof({ method: 'POST', url: `${origin}/oidc/token` });
      const elsewhere = await device.proof({ method: 'POST', url: `${origin}/oidc/accounts` });
      const rsa = await (await Device.of('RS256')).proof({ method: 'POST', url: `${origin}/oidc/token` });
      expect([await ask(once), await ask(once), await ask(elsewhere), await ask(rsa), await ask('x')]).toEqual([200, 'invalid_grant', 'invalid_dpop_proof', 'invalid_dpop_proof', 'invalid_dpop_proof']);
    });

    it('makes no token for another resource', async () => {
      expect((await token(worker.id, worker.secret, { resource: 'urn:elsewhere' })).body['error']).toBe('invalid_target');
    });

    it('keeps no secret, only its hash', async () => {
      const { rows } = await identity.pool.query<{ all: string }>('select string_agg(account::text, \' \') as all from account');
      expect(rows[0]?.all).not.toContain(worker.secret);
      expect(rows[0]?.all).toContain('scrypt:');
    });
  });

  describe('for people', () => {
    const portal = 'portal';
    const challenge = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
    const authorise = (verifier: string | undefined, more: Record<string, string> = {}): string =>
      `${origin}/oidc/auth?${new URLSearchParams({ client_id: portal, response_type: 'code', scope: 'openid', redirect_uri: `${origin}/signed-in`, state: 'st', ...(verifier === undefined ? {} : { code_challenge: challenge(verifier), code_challenge_method: 'S256' }), ...more }).toString()}`;
    const exchange = async (form: Record<string, string>, device?: Device): Promise<{ status: number; body: Record<string, unknown> }> => {
      const answer = await fetch(`${origin}/oidc/token`, { method: 'POST', headers: await shownBy(device), body: new URLSearchParams({ client_id: portal, redirect_uri: `${origin}/signed-in`, ...form }) });
      return { status: answer.status, body: await answer.json() as Record<string, unknown> };
    };
    const formAddress = (page = ''): string => /action="([^"]+)"/.exec(page)?.[1] ?? '';
    const signIn = async (browser: Browser, verifier: string, more: Record<string, string> = {}): Promise<URL> => {
      const first = await browser.follow(authorise(verifier, more));
      const { status, location } = await browser.go(formAddress(first.page), { account: 'lantern.intake', secret: worker.secret, step: 'sign-in' });
      expect(status).toBe(303);
      const second = await browser.follow(location ?? '');
      expect(second.page).toContain('Intake &#60;desk&#62;');
      expect(second.page).toContain('Lantern House &#38; Friends');
      const going = await browser.go(formAddress(second.page), { step: 'continue' });
      const { sentTo } = await browser.follow(going.location ?? '');
      if (!sentTo) throw new Error('was not sent back');
      return sentTo;
    };

    it('shows a page with neutral words that a screen reader can use and that may run or load nothing', async () => {
      const { page = '', headers } = await new Browser(origin).follow(authorise('v'.repeat(43)));
      expect(page).toMatch(/^<!doctype html><html lang="en">/);
      expect(page).toContain('<title>Sign in</title>');
      for (const id of ['account', 'secret']) expect(page).toMatch(new RegExp(`<label for="${id}">[^<]+</label>\\s*<input id="${id}"`));
      expect(page).not.toMatch(/\b(traffick|victim|survivor|shelter|refer|return|case|footbridge)/i);
      expect(page).not.toMatch(/<script|<img|https?:\/\/(?!127)/);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe-inline');
      const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
      expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
      expect(headers.get('cache-control')).toContain('no-store');
    });

    it('signs in by code and PKCE, asks once, and gives a token of the same kind', async () => {
      const browser = new Browser(origin);
      const verifier = randomBytes(32).toString('base64url');
      const sentTo = await signIn(browser, verifier);
      expect(sentTo.origin).toBe(origin);
      expect(sentTo.searchParams.get('state')).toBe('st');
      const { status, body } = await exchange({ grant_type: 'authorization_code', code: sentTo.searchParams.get('code') ?? '', code_verifier: verifier });
      expect(status).toBe(200);
      expect(await principalOf(body['access_token'])).toMatchObject({ subject: worker.id, organisation, roles: ['SHELTER_INTAKE', 'CASE_WORKER'] });
      const { payload } = await jwtVerify(String(body['id_token']), createRemoteJWKSet(new URL(`${origin}/oidc/jwks`)), { issuer: `${origin}/oidc`, audience: portal });
      expect(payload.sub).toBe(worker.id);
      // the ID token is for the portal's eyes: no service takes it for an access token
      await expect(principalOf(body['id_token'])).rejects.toMatchObject({ code: 'not-signed-in' });
      // a second time in the same session nothing is asked
      const again = await browser.follow(authorise(verifier));
      expect(again.sentTo?.searchParams.get('code')).toBeTruthy();
    });

    it('says the same for an unknown account and a wrong secret, and keeps the account\'s name in the form', async () => {
      const browser = new Browser(origin);
      const { page } = await browser.follow(authorise('v'.repeat(43)));
      const wrong = await browser.go(formAddress(page), { account: 'lantern.intake', secret: 'nope', step: 'sign-in' });
      const unknown = await browser.go(formAddress(page), { account: '"><b>x', secret: 'nope', step: 'sign-in' });
      expect([wrong.status, unknown.status]).toEqual([401, 401]);
      expect(wrong.html).toContain('role="alert"');
      expect(wrong.html).toContain('value="lantern.intake"');
      expect(unknown.html).not.toContain('<b>');
      expect(unknown.html.replace(/value="[^"]*"/, '')).toBe(wrong.html.replace(/value="[^"]*"/, ''));
    });

    it('can be cancelled', async () => {
      const browser = new Browser(origin);
      const { page } = await browser.follow(authorise('v'.repeat(43)));
      const { location } = await browser.go(formAddress(page), { step: 'cancel' });
      expect((await browser.follow(location ?? '')).sentTo?.searchParams.get('error')).toBe('access_denied');
    });

    it('is not finished by somebody else\'s browser', async () => {
      const browser = new Browser(origin);
      const { page } = await browser.follow(authorise('v'.repeat(43)));
      const stranger = await new Browser(origin).go(formAddress(page), { account: 'lantern.intake', secret: worker.secret, step: 'sign-in' });
      expect(stranger.status).toBe(400);
      expect(stranger.html).not.toContain('Error');
    });

    it('sends nobody to an address that is not registered, and asks for PKCE', async () => {
      const elsewhere = await new Browser(origin).go(authorise('v'.repeat(43), { redirect_uri: 'https://evil.example/signed-in' }));
      expect([elsewhere.status, elsewhere.location]).toEqual([400, undefined]);
      expect(elsewhere.html).not.toContain('evil.example');
      const open = await new Browser(origin).follow(authorise(undefined));
      expect(open.sentTo?.searchParams.get('error')).toBe('invalid_request');
      const plain = await new Browser(origin).follow(authorise(undefined, { code_challenge: 'v'.repeat(43), code_challenge_method: 'plain' }));
      expect(plain.sentTo?.searchParams.get('error')).toBe('invalid_request');
    });

    it('gives a code\'s token once, and only to who has the verifier', async () => {
      const verifier = randomBytes(32).toString('base64url');
      const code = (await signIn(new Browser(origin), verifier)).searchParams.get('code') ?? '';
      expect((await exchange({ grant_type: 'authorization_code', code, code_verifier: 'w'.repeat(43) })).body['error']).toBe('invalid_grant');
      const next = (await signIn(new Browser(origin), verifier)).searchParams.get('code') ?? '';
      expect((await exchange({ grant_type: 'authorization_code', code: next, code_verifier: verifier })).status).toBe(200);
      expect((await exchange({ grant_type: 'authorization_code', code: next, code_verifier: verifier })).body['error']).toBe('invalid_grant');
    });

    it('a program on somebody\'s own computer may use any port of loopback', async () => {
      const { page } = await new Browser(origin).follow(authorise('v'.repeat(43), { client_id: 'desktop', redirect_uri: 'http://127.0.0.1:49871/signed-in' }));
      expect(page).toContain('Sign in');
      const { status } = await new Browser(origin).go(authorise('v'.repeat(43), { client_id: 'desktop', redirect_uri: 'http://192.0.2.1:49871/signed-in' }));
      expect(status).toBe(400);
    });

    it('keeps sessions, codes and refresh tokens over a restart, and turns a refresh token in for one new one', async () => {
      const browser = new Browser(origin);
      const verifier = randomBytes(32).toString('base64url');
      const code = (await signIn(browser, verifier)).searchParams.get('code') ?? '';
      await restart();
      const first = await exchange({ grant_type: 'authorization_code', code, code_verifier: verifier });
      expect(first.status).toBe(200);
      await restart();
      const second = await exchange({ grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) });
      // T36 a new token is no new sign-in: the time of the page stays
      const signedInAt = (given: Record<string, unknown>): unknown => decodeJwt(String(given['access_token']))['auth_time'];
      expect(signedInAt(first.body)).toEqual(expect.any(Number));
      expect(signedInAt(second.body)).toBe(signedInAt(first.body));
      expect(await principalOf(second.body['access_token'])).toMatchObject({ subject: worker.id });
      expect(second.body['refresh_token']).not.toBe(first.body['refresh_token']);
      expect((await browser.follow(authorise(verifier))).sentTo?.searchParams.get('code')).toBeTruthy();
      // the old one comes from a thief or a copy: everything that came of it ends
      expect((await exchange({ grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) })).body['error']).toBe('invalid_grant');
      expect((await exchange({ grant_type: 'refresh_token', refresh_token: String(second.body['refresh_token']) })).body['error']).toBe('invalid_grant');
    });

    it('T39 a code, and what it is turned in for, stay with the device that signed in', async () => {
      const [device, thief] = [await Device.of(), await Device.of()];
      const verifier = randomBytes(32).toString('base64url');
      const code = async (): Promise<Record<string, string>> => ({ grant_type: 'authorization_code', code_verifier: verifier, code: (await signIn(new Browser(origin), verifier, { dpop_jkt: device.jkt })).searchParams.get('code') ?? '' });
      const first = await exchange(await code(), device);
      expect([first.status, first.body['token_type']]).toEqual([200, 'DPoP']);
      const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
      for (const by of [thief, undefined]) expect((await exchange(refresh, by)).body['error']).toBe('invalid_grant');
      const second = await exchange(refresh, device);
      expect([second.status, decodeJwt(String(second.body['access_token']))['cnf']]).toEqual([200, { jkt: device.jkt }]);
      const stolen = await code();
      for (const by of [thief, undefined]) expect((await exchange(stolen, by)).body['error']).toBe('invalid_grant');
    });

    it('T39 after a panic no session, no refresh token and no token from before is good for anything; who signs in again goes on', async () => {
      const browser = new Browser(origin);
      const verifier = randomBytes(32).toString('base64url');
      const first = await exchange({ grant_type: 'authorization_code', code: (await signIn(browser, verifier)).searchParams.get('code') ?? '', code_verifier: verifier });
      const admin = await identity.accounts.addAccount({ organisation, name: `lantern.${randomBytes(4).toString('hex')}`, title: 'Administrator', roles: ['PARTNER_ADMIN'] });
      const accountsSeen = async (accessToken: unknown): Promise<number> => (await fetch(`${origin}/oidc/accounts`, { headers: { authorization: `Bearer ${String(accessToken)}` } })).status;
      const before = (await token(admin.account.id, admin.secret)).body['access_token'];
      const device = await Device.of();
      const bound = String((await token(admin.account.id, admin.secret, {}, device)).body['access_token']);
      const boundSeen = async (): Promise<string> => accountsFor(await device.headers({ url: `${origin}/oidc/accounts`, token: bound }));
      expect([await accountsSeen(before), await boundSeen()]).toEqual([200, '200']);
      // a session of another organisation is left alone
      await identity.accounts.endSessions('org_other', new Date());
      expect((await browser.follow(authorise(verifier))).sentTo?.searchParams.get('code')).toBeTruthy();
      await identity.accounts.endSessions(organisation, new Date());
      expect((await exchange({ grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) })).body['error']).toBe('invalid_grant');
      expect((await browser.follow(authorise(verifier))).page).toContain('<title>Sign in</title>');
      expect([await accountsSeen(before), await boundSeen()]).toEqual([401, '401 DPoP algs="ES256 Ed25519 EdDSA"']);
      await new Promise((resolve) => { setTimeout(resolve, 1_100); });
      const again = new Browser(origin);
      const anew = await exchange({ grant_type: 'authorization_code', code: (await signIn(again, verifier)).searchParams.get('code') ?? '', code_verifier: verifier });
      expect(await accountsSeen((await token(admin.account.id, admin.secret)).body['access_token'])).toBe(200);
      // told again, late: what was signed in since stays
      await identity.accounts.endSessions(organisation, new Date(Date.now() - 60_000));
      expect((await exchange({ grant_type: 'refresh_token', refresh_token: String(anew.body['refresh_token']) })).status).toBe(200);
    });

    it('keeps nothing in the database that signs somebody in', async () => {
      const verifier = randomBytes(32).toString('base64url');
      const code = (await signIn(new Browser(origin), verifier)).searchParams.get('code') ?? '';
      const stored = async (): Promise<string> => (await identity.pool.query<{ all: string }>('select string_agg(s::text, \' \') as all from oidc_state s')).rows[0]?.all ?? '';
      expect((await stored()).includes(code)).toBe(false);
      const { body } = await exchange({ grant_type: 'authorization_code', code, code_verifier: verifier });
      expect((await stored()).includes(String(body['refresh_token']))).toBe(false);
    });

    it('signs out, in neutral words', async () => {
      const browser = new Browser(origin);
      const verifier = randomBytes(32).toString('base64url');
      await signIn(browser, verifier);
      const { html, status } = await browser.go(`${origin}/oidc/session/end?client_id=portal`);
      expect(status).toBe(200);
      expect(html).toContain('Sign out?');
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
      const done = await browser.follow((await browser.go(formAddress(html), { xsrf, logout: 'yes' })).location ?? '');
      expect(done.page).toContain('You are signed out');
      expect((await browser.follow(authorise(verifier))).page).toContain('<title>Sign in</title>');
    });
  });

  describe('an account that is disabled', () => {
    it('gets no token any more, signs in nowhere, and its sessions and refresh tokens are over; enabled again it starts anew', async () => {
      const { account, secret } = await identity.accounts.addAccount({ organisation, name: 'lantern.leaving', title: 'Day desk', roles: ['CASE_WORKER'] });
      expect((await token(account.id, secret)).status).toBe(200);
      expect(await identity.accounts.stand('account', account.id, true)).toBe(true);
      expect((await token(account.id, secret)).status).toBe(401);
      expect(await identity.accounts.signIn('lantern.leaving', secret)).toBeUndefined();
      expect(await identity.accounts.stand('account', account.id, false)).toBe(true);
      expect((await token(account.id, secret)).status).toBe(200);
      expect(await identity.accounts.stand('account', 'acc_nobody', true)).toBe(false);
    });

    it('so are all accounts of a disabled organisation', async () => {
      const other = await identity.accounts.addOrganisation({ name: 'Closed', type: 'NGO', country: 'AL' });
      const { account, secret } = await identity.accounts.addAccount({ organisation: other.id, name: 'closed.desk', title: 'Desk', roles: ['CASE_WORKER'] });
      await identity.accounts.stand('organisation', other.id, true);
      expect((await token(account.id, secret)).status).toBe(401);
    });
  });

  it('signs in no more at once than it can, and says so', async () => {
    const answers = await Promise.all(Array.from({ length: 90 }, () => token(worker.id, 'wrong')));
    const statuses = new Set(answers.map(({ status, body }) => `${status} ${String(body['error'])}`));
    expect(statuses).toContain('401 invalid_client');
    expect([...statuses].some((status) => status.endsWith('temporarily_unavailable'))).toBe(true);
    expect((await token(worker.id, worker.secret)).status).toBe(200);
  });

  it('names no address that is not its own in its source', async () => {
    for (const file of ['pages.ts', 'provider.ts']) expect(await readFile(new URL(file, import.meta.url), 'utf8')).not.toMatch(/https?:\/\/(?!127\.0\.0\.1|localhost)/);
  });
});

import { newRef } from '@footbridge/privacy';
import { Problem } from '../problem.js';
import { AccessTokens } from './access-token.js';
import type { Standing } from './deny-list.js';
import { TestIssuer, account, organisation, signingKey, type SigningKey } from './issuer.fixture.js';
import { SignIn } from './sign-in.js';

describe('whoever sends a request', () => {
  let key: SigningKey;
  let issuer: TestIssuer;
  let standing: Standing = 'good';
  const asked: (readonly [string, string])[] = [];
  let signIn: SignIn;
  const answer = async (authorization: string | undefined): Promise<string> => {
    try { return (await signIn.principal(authorization)).subject; } catch (error) { return error instanceof Problem ? `${error.status} ${error.code}` : String(error); }
  };
  beforeAll(async () => {
    key = await signingKey();
    issuer = await TestIssuer.start(key);
    signIn = new SignIn(new AccessTokens({ issuer: issuer.url, audience: 'footbridge' }), { standing: (subject, of) => { asked.push([subject, of]); return standing; } });
  });
  afterAll(async () => { await issuer.stop(); });

  it('sends a bearer token', async () => {
    const token = await issuer.token(key);
    expect(await answer(`Bearer ${token}`)).toBe(account);
    expect(await answer(`bearer ${token}`)).toBe(account);
    for (const bad of [undefined, '', 'Bearer', 'Bearer ', `Basic ${token}`, token, `Bearer ${token} x`, `Bearer ${token}, Bearer ${token}`]) expect(await answer(bad)).toBe('401 not-signed-in');
  });

  it('is looked up among the disabled at every request, although the token is remembered', async () => {
    const authorization = `Bearer ${await issuer.token(key)}`;
    asked.length = 0;
    expect(await answer(authorization)).toBe(account);
    standing = 'disabled';
    expect(await answer(authorization)).toBe('401 not-signed-in');
    standing = 'good';
    expect(await answer(authorization)).toBe(account);
    expect(asked).toEqual([[account, organisation], [account, organisation], [account, organisation]]);
  });

  it('T39 is not let in again by what was signed in before a panic, not even to protect somebody; by a new sign-in at once', async () => {
    const now = Math.floor(Date.now() / 1000);
    const since: number[] = [];
    const after = new SignIn(new AccessTokens({ issuer: issuer.url, audience: 'footbridge' }), { standing: (_, __, at) => { since.push(at); return at < now ? 'ended' : 'good'; } });
    const as = async (claims: Record<string, unknown>, protective = false): Promise<string> => { try { return (await after.principal(`Bearer ${await issuer.token(key, { jti: newRef('evt'), ...claims })}`, protective)).subject; } catch (error) { return error instanceof Problem ? `${error.status} ${error.code}` : String(error); } };
    expect([await as({ auth_time: now - 1 }), await as({ auth_time: now - 1 }, true), await as({ auth_time: now })]).toEqual(['401 not-signed-in', '401 not-signed-in', account]);
    // a refreshed token is as old as its session; one that does not say, as itself
    expect([await as({ auth_time: now - 9, iat: now }), await as({ iat: now }), await as({ auth_time: 'x', iat: now - 5 })]).toEqual(['401 not-signed-in', account, '401 not-signed-in']);
    expect(since).toEqual([now - 1, now - 1, now, now - 9, now, now - 5]);
  });

  it('is not let in when nobody can say whether the account is disabled', async () => {
    standing = 'blind';
    expect(await answer(`Bearer ${await issuer.token(key)}`)).toBe('503 service-unavailable');
    standing = 'good';
  });
});

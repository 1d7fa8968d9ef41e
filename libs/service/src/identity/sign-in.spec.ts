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

  it('is not let in when nobody can say whether the account is disabled', async () => {
    standing = 'blind';
    expect(await answer(`Bearer ${await issuer.token(key)}`)).toBe('503 service-unavailable');
    standing = 'good';
  });
});

import { createHmac, createPublicKey } from 'node:crypto';
import { newRef } from '@footbridge/privacy';
import { Problem } from '../problem.js';
import { AccessTokens } from './access-token.js';
import { TestIssuer, account, organisation, signingKey, type SigningKey } from './issuer.fixture.js';

const problemOf = async (promise: Promise<unknown>): Promise<string> => {
  try { await promise; } catch (error) { return error instanceof Problem ? error.code : `no problem but ${String(error)}`; }
  return 'accepted';
};
const base64 = (content: object | string): string => Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)).toString('base64url');

describe('an access token', () => {
  let key: SigningKey;
  let issuer: TestIssuer;
  let tokens: AccessTokens;
  beforeAll(async () => {
    key = await signingKey();
    issuer = await TestIssuer.start(key);
    tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge' });
  });
  afterAll(async () => { await issuer.stop(); });

  it('says who is signed in: account, organisation, roles', async () => {
    expect(await tokens.principal(await issuer.token(key))).toEqual({ subject: account, organisation, roles: ['CASE_WORKER'], since: expect.any(Number) as number });
  });

  it.each(['ES256', 'EdDSA', 'RS256'])('may be signed with %s', async (alg) => {
    const other = await signingKey(alg);
    const theirs = await TestIssuer.start(other);
    try {
      expect(await problemOf(new AccessTokens({ issuer: theirs.url, audience: 'footbridge' }).principal(await theirs.token(other)))).toBe('accepted');
    } finally { await theirs.stop(); }
  });

  it('may not be signed with another algorithm, even by the right issuer', async () => {
    const other = await signingKey('PS256');
    const theirs = await TestIssuer.start(other);
    try {
      expect(await problemOf(new AccessTokens({ issuer: theirs.url, audience: 'footbridge' }).principal(await theirs.token(other)))).toBe('not-signed-in');
    } finally { await theirs.stop(); }
  });

  it('that has ended is told apart from one that was never good', async () => {
    expect(await problemOf(tokens.principal(await issuer.token(key, {}, { expires: -30 })))).toBe('token-expired');
  });

  it('that has ended and was not ours either is not called expired', async () => {
    const foreign = await signingKey();
    expect(await problemOf(tokens.principal(await issuer.token(foreign, {}, { expires: -30 })))).toBe('not-signed-in');
    expect(await problemOf(tokens.principal(await issuer.token(key, { aud: 'other' }, { expires: -30 })))).toBe('not-signed-in');
  });

  it('that is remembered still ends on time', async () => {
    const token = await issuer.token(key, {}, { expires: 1 });
    expect(await problemOf(tokens.principal(token))).toBe('accepted');
    const near = new AccessTokens({ issuer: issuer.url, audience: 'footbridge' });
    await near.principal(token); // which fetches the keys
    // tokens count whole seconds, and a busy machine takes its time: two are left
    const ended = await issuer.token(key, { exp: Math.floor(Date.now() / 1000) - 2 });
    expect(await problemOf(near.principal(ended))).toBe('accepted'); // five seconds of difference between clocks are allowed
    await new Promise((resolve) => { setTimeout(resolve, 3_100); });
    expect(await problemOf(near.principal(ended))).toBe('token-expired');
  });

  it('of alg none is refused', async () => {
    const [, payload = ''] = (await issuer.token(key)).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) expect(await problemOf(tokens.principal(`${base64({ alg, kid: key.kid })}.${payload}.`))).toBe('not-signed-in');
  });

  it('without its signature, or with a changed body, is refused', async () => {
    const token = await issuer.token(key);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const richer = base64({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()) as object, roles: ['OPERATOR'] });
    for (const bad of [`${header}.${payload}.`, `${header}.${payload}`, `${header}.${richer}.${signature}`, token.slice(0, -4), '', 'x', '..', `${'a'.repeat(9_000)}.b.c`]) expect(await problemOf(tokens.principal(bad))).toBe('not-signed-in');
  });

  it('signed with the public key as if it were a shared secret is refused', async () => {
    const [, payload = ''] = (await issuer.token(key)).split('.');
    const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const signed = `${base64({ alg: 'HS256', kid: key.kid, typ: 'at+jwt' })}.${payload}`;
    expect(await problemOf(tokens.principal(`${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`))).toBe('not-signed-in');
  });

  it('of another issuer, for another audience, or not valid yet is refused', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [{ iss: 'http://127.0.0.1:1' }, { iss: undefined }, { aud: 'elsewhere' }, { aud: undefined }, { nbf: now + 120 }]) expect(await problemOf(tokens.principal(await issuer.token(key, claims)))).toBe('not-signed-in');
  });

  it('without an account, an organisation, roles or an end is refused', async () => {
    for (const claims of [{ sub: undefined }, { sub: 'alice' }, { sub: organisation }, { organisation: undefined }, { organisation: 'org_x' }, { organisation: account }, { roles: undefined }, { roles: 'OPERATOR' }, { exp: undefined }, { iat: undefined }]) {
      expect(await problemOf(tokens.principal(await issuer.token(key, claims)))).toBe('not-signed-in');
    }
  });

  it('of another kind (logout, DPoP) is refused', async () => {
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt']) expect(await problemOf(tokens.principal(await issuer.token(key, {}, { typ })))).toBe('not-signed-in');
    expect(await problemOf(tokens.principal(await issuer.token(key, {}, { typ: 'JWT' })))).toBe('accepted');
  });

  it('gives no role that only the instance or a person helped has, and none that is not known', async () => {
    const { roles } = await tokens.principal(await issuer.token(key, { roles: ['PLATFORM', 'PERSON', 'GUARDIAN', 'ADMIN', 'CASE_WORKER', 'CASE_WORKER', 7, null, '__proto__'] }));
    expect(roles).toEqual(['CASE_WORKER']);
  });

  it('cannot be changed by whoever got the principal', async () => {
    const principal = await tokens.principal(await issuer.token(key));
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.roles)).toBe(true);
  });
});

describe('the issuer\'s keys', () => {
  it('are asked for once, however many tokens arrive', async () => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    try {
      const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge' });
      await Promise.all(Array.from({ length: 50 }, async (_, i) => await tokens.principal(await issuer.token(key, { jti: String(i) }))));
      expect(issuer.asked).toBe(1);
    } finally { await issuer.stop(); }
  });

  it('may change: a token of a new key is believed at once, one of a withdrawn key no longer', async () => {
    const [old, fresh] = [await signingKey(), await signingKey()];
    const issuer = await TestIssuer.start(old);
    try {
      const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge', cooldownMs: 0, believedMs: 200 });
      expect(await problemOf(tokens.principal(await issuer.token(old)))).toBe('accepted');
      issuer.keys = [fresh.jwk];
      expect(await problemOf(tokens.principal(await issuer.token(fresh)))).toBe('accepted');
      expect(await problemOf(tokens.principal(await issuer.token(old, { jti: 'later' })))).toBe('not-signed-in');
    } finally { await issuer.stop(); }
  });

  it('are not asked for again and again because somebody sends nonsense', async () => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    try {
      const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge', cooldownMs: 60_000 });
      await tokens.principal(await issuer.token(key));
      const foreign = await signingKey();
      for (let i = 0; i < 20; i++) expect(await problemOf(tokens.principal(await issuer.token(foreign, { jti: String(i) })))).toBe('not-signed-in');
      expect(issuer.asked).toBe(1);
    } finally { await issuer.stop(); }
  });

  it('that cannot be had are not the caller\'s fault: 503, and good again when the issuer is back', async () => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge', timeoutMs: 100 });
    const token = await issuer.token(key);
    issuer.delayMs = 400;
    expect(await problemOf(tokens.principal(token))).toBe('service-unavailable');
    issuer.delayMs = 0;
    expect(await problemOf(tokens.principal(token))).toBe('service-unavailable'); // left alone for a second
    await new Promise((resolve) => { setTimeout(resolve, 1_100); });
    expect(await problemOf(tokens.principal(token))).toBe('accepted');
    await issuer.stop();
  });

  it('are not taken from an issuer that calls itself something else', async () => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    try {
      const tokens = new AccessTokens({ issuer: `${issuer.url}/`, audience: 'footbridge' });
      expect(await problemOf(tokens.principal(await issuer.token(key, { iss: `${issuer.url}/` })))).toBe('service-unavailable');
    } finally { await issuer.stop(); }
  });
});

describe('of an issuer whose clock is ten minutes off, no token is believed, and the caller is told that a new one does not help', () => {
  it.each([[600, true, 'clocks-differ'], [600, false, 'clocks-differ'], [-600, true, 'clocks-differ'], [-600, false, 'token-expired'], [50, true, 'accepted'], [-50, true, 'accepted']])('%d seconds, says its time: %p: %s', async (seconds, says, problem) => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    try {
      Object.assign(issuer, { aheadMs: seconds * 1_000, saysDate: says });
      const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge' });
      expect(tokens.issuerOff).toBeUndefined();
      // Fresh, for five minutes, and again with the next one.
      for (const jti of ['one', 'two']) expect(await problemOf(tokens.principal(await issuer.token(key, { jti, iat: Math.floor((Date.now() + issuer.aheadMs) / 1000) }, { expires: 300 })))).toBe(problem);
      if (says) expect(Math.abs((tokens.issuerOff ?? 0) - issuer.aheadMs)).toBeLessThan(5_000); else expect(tokens.issuerOff).toBeUndefined();
      if (seconds === 600) expect(await problemOf(tokens.principal(await issuer.token(key, { iat: 1, nbf: Math.floor(Date.now() / 1000) + 600 })))).toBe(says ? 'clocks-differ' : 'not-signed-in');
    } finally { await issuer.stop(); }
  });
  it('one that has ended is called so where the clocks agree', async () => {
    const key = await signingKey();
    const issuer = await TestIssuer.start(key);
    try { expect(await problemOf(new AccessTokens({ issuer: issuer.url, audience: 'footbridge' }).principal(await issuer.token(key, {}, { expires: -30 })))).toBe('token-expired'); } finally { await issuer.stop(); }
  });
});

it('only so many verified tokens are remembered, the newest', async () => {
  const key = await signingKey();
  const issuer = await TestIssuer.start(key);
  const tokens = new AccessTokens({ issuer: issuer.url, audience: 'footbridge', remembered: 3, believedMs: 0 });
  const all = await Promise.all(Array.from({ length: 4 }, async (_, i) => await issuer.token(key, { jti: String(i), sub: newRef('acc') })));
  for (const token of all) await tokens.principal(token);
  await issuer.stop();
  // nobody can be asked now: who is still let in was remembered
  const answers: string[] = [];
  for (const token of all) answers.push(await problemOf(tokens.principal(token)));
  expect(answers).toEqual(['service-unavailable', 'accepted', 'accepted', 'accepted']);
});

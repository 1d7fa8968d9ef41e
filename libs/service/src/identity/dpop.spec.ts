import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Device, type Proving } from '@footbridge/testing';
import fc from 'fast-check';
import { SignJWT, exportJWK } from 'jose';
import { Problem } from '../problem.js';
import { AccessTokens } from './access-token.js';
import { Proofs, boundTo, challenged, proofAlgorithms, type Sent } from './dpop.js';
import { TestIssuer, account, signingKey, type SigningKey } from './issuer.fixture.js';
import { SignIn } from './sign-in.js';

const address = 'https://footbridge.example';
const algs = 'algs="ES256 Ed25519 EdDSA"';
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
const base64 = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);
/** Why a proof was refused, or how it was answered otherwise. */
const said = async (promise: Promise<unknown>): Promise<string> => {
  try { await promise; } catch (error) {
    if (!(error instanceof Problem)) return String(error);
    const challenge = error.headers['www-authenticate'] ?? '';
    if (error.code === 'not-signed-in') expect([error.status, challenge.endsWith(algs)]).toEqual([401, true]);
    return /error_description="([^"]+)"/.exec(challenge)?.[1] ?? error.code;
  }
  return 'proven';
};

describe('T39 a proof of the key that a token is bound to', () => {
  const token = 'the.access.token';
  const url = `${address}/v1/cases/cas_x`;
  let device: Device;
  let off: Problem | undefined;
  let proofs: Proofs;
  const sentWith = (dpop: string | string[] | undefined, request: Partial<Sent> = {}): Sent => ({ method: 'GET', url: '/v1/cases/cas_x', headersDistinct: { authorization: [`DPoP ${token}`], ...(dpop === undefined ? {} : { dpop: [dpop].flat() }) }, ...request });
  const check = (dpop: string | string[] | undefined, request?: Partial<Sent>): Promise<string> => said(proofs.check(sentWith(dpop, request), hash(token), device.jkt));
  const proof = (proving: Partial<Proving> = {}): Promise<string> => device.proof({ url, token, ...proving });
  beforeAll(async () => { device = await Device.of(); });
  beforeEach(() => { off = undefined; proofs = new Proofs(address, () => off); });

  it.each(proofAlgorithms)('is signed with %s', async (alg) => {
    const own = await Device.of(alg);
    expect(await said(proofs.check(sentWith(await own.proof({ url, token })), hash(token), own.jkt))).toBe('proven');
  });

  it('is good for one request', async () => {
    const once = await proof();
    expect([await check(once), await check(once), await check(await proof())]).toEqual(['proven', 'jti was used before', 'proven']);
    const again = { claims: { jti: 'mine' } };
    expect([await check(await proof(again)), await check(await proof(again))]).toEqual(['proven', 'jti was used before']);
    // what another device calls its proof is no matter of this one
    const other = await Device.of();
    expect(await said(proofs.check(sentWith(await other.proof({ url, token, ...again })), hash(token), other.jkt))).toBe('proven');
  });

  it('that is refused for something else is not used up', async () => {
    const good = await proof();
    expect([await check(good, { method: 'POST' }), await check(good, { url: '/v1/cases' }), await check(good)]).toEqual(['htm is not the method of this request', 'htu is not the address of this request', 'proven']);
  });

  it('is sent once, with one token', async () => {
    const one = 'send one header DPoP and one header Authorization';
    const good = await proof();
    expect([await check(undefined), await check([]), await check(''), await check([good, good]), await check(['', good])]).toEqual([one, one, one, one, one]);
    for (const authorization of [undefined, [], [`DPoP ${token}`, `Bearer ${token}`]]) expect(await check(good, { headersDistinct: { dpop: [good], ...(authorization ? { authorization } : {}) } })).toBe(one);
    // as a proxy joins them
    expect(await check(`${good}, ${good}`)).toBe('not a signed proof with its public key');
  });

  it('is of the key that the token is bound to, and of no other', async () => {
    const thief = await Device.of();
    expect(await check(await thief.proof({ url, token }))).toBe('the token is bound to another key');
    // with the right key shown, and signed with another
    expect(await check(await thief.proof({ url, token, header: { jwk: device.jwk } }))).toBe('not a signed proof with its public key');
  });

  it('of another kind, algorithm or form is none', async () => {
    const none = 'not a signed proof with its public key';
    const [head = '', body = '', signature = ''] = (await proof()).split('.');
    const unsigned = (header: object): string => `${base64({ typ: 'dpop+jwt', jwk: device.jwk, ...header })}.${body}`;
    const shared = randomBytes(32);
    const hmac = `${base64({ typ: 'dpop+jwt', alg: 'HS256', jwk: { kty: 'oct', k: shared.toString('base64url') } })}.${body}`;
    const [rsa, p384] = [await Device.of('RS256'), await Device.of('ES384')];
    const bad = [
      'x', '..', `${head}.${body}`, `${head}.${body}.`, `${head}.${body}.${signature}.`, `${head}.${base64({ htm: 'GET' })}.${signature}`, `${unsigned({ alg: 'none' })}.`, `${unsigned({})}.${signature}`,
      `${hmac}.${createHmac('sha256', shared).update(hmac).digest('base64url')}`, await rsa.proof({ url, token }), await p384.proof({ url, token }),
      ...await Promise.all([undefined, 'jwt', 'at+jwt', 'dpop', 7].map((typ) => proof({ header: { typ } }))),
      // the key: none, private, another's, for another use, only told where it is
      ...await Promise.all([undefined, null, 'x', {}, [], await exportJWK(device.privateKey), { ...device.jwk, d: 'AA' }, { ...device.jwk, kty: 'oct', k: 'AAAA' }, { ...device.jwk, use: 'enc' }].map((jwk) => proof({ header: { jwk } }))),
      await proof({ header: { jwk: undefined, jku: `${address}/keys`, kid: 'one' } }), await proof({ claims: { exp: now() - 1 } }), await proof({ claims: { nbf: now() + 30 } }),
    ];
    for (const [i, sent] of bad.entries()) expect([i, await check(sent)]).toEqual([i, none]);
    expect(await check(await proof({ claims: { more: 'x'.repeat(8_192) } }))).toBe('the proof is too long');
  });

  it('says what it is for: each member has to be there, and right', async () => {
    for (const member of ['htm', 'htu', 'ath', 'iat', 'jti']) expect([member, await check(await proof({ claims: { [member]: undefined } }))]).toEqual([member, 'not a signed proof with its public key']);
    const cases: readonly (readonly [string, unknown, string])[] = [
      ...['POST', 'get', '', 7, null, ['GET']].map((htm) => ['htm', htm, 'htm is not the method of this request'] as const),
      ...[hash(`${token}x`), token, '', 7, null].map((ath) => ['ath', ath, 'ath is not of this token'] as const),
      ...['', 7, null, {}, ['mine']].map((jti) => ['jti', jti, 'jti is missing'] as const),
      ...[String(now()), null, true, [now()]].map((iat) => ['iat', iat, 'not a signed proof with its public key'] as const),
      ...[
        `http://footbridge.example/v1/cases/cas_x`, `${address}:8443/v1/cases/cas_x`, `https://evil.example/v1/cases/cas_x`, `https://user@footbridge.example/v1/cases/cas_x`, `https://footbridge.example.evil/v1/cases/cas_x`,
        `${address}/v1/cases/cas_y`, `${address}/v1/cases/cas_x/`, `${address}/v1/cases`, `${address}/V1/cases/cas_x`, `${address}//v1/cases/cas_x`, `${address}/v1/cases/cas_x%20`, '/v1/cases/cas_x', '', 'x', 7, null, [url],
      ].map((htu) => ['htu', htu, 'htu is not the address of this request'] as const),
    ];
    for (const [member, value, because] of cases) expect([member, value, await check(await proof({ claims: { [member]: value } }))]).toEqual([member, value, because]);
  });

  it('names the public address, whatever the request says of where it was sent: Host, an absolute address, dots', async () => {
    const good = await proof();
    const wrong = 'htu is not the address of this request';
    expect(await check(good, { headersDistinct: { authorization: [`DPoP ${token}`], dpop: [good], host: ['evil.example'] } })).toBe('proven');
    const evil = await proof({ url: 'https://evil.example/v1/cases/cas_x' });
    expect(await check(evil, { headersDistinct: { authorization: [`DPoP ${token}`], dpop: [evil], host: ['evil.example'], 'x-forwarded-host': ['evil.example'] } })).toBe(wrong);
    for (const target of ['https://evil.example/v1/cases/cas_x', '//evil.example/v1/cases/cas_x', `${address}/v1/cases/cas_x`, '/v1/x/../cases/cas_x', '*', undefined]) expect([target, await check(await proof(), { url: target })]).toEqual([target, wrong]);
    expect(await check(await proof({ url: 'https://evil.example/v1/cases/cas_x' }), { url: '//evil.example/v1/cases/cas_x' })).toBe(wrong);
  });

  it('names it without query and fragment; those of either side are not looked at, and one address may be written in several ways (RFC 9449, 4.3)', async () => {
    expect(await check(await proof(), { url: '/v1/cases/cas_x?reveal=person&x=#y' })).toBe('proven');
    for (const htu of [`${url}?a=b`, `${url}#a`, `HTTPS://FOOTBRIDGE.EXAMPLE:443/v1/cases/cas_x`, `${address}/v1/x/../cases/cas_x`]) expect([htu, await check(await proof({ url: htu }))]).toEqual([htu, 'proven']);
    for (const written of [`${address}/`, 'HTTPS://footbridge.example:443']) expect(await said(new Proofs(written, () => undefined).check(sentWith(await proof()), hash(token), device.jkt))).toBe('proven');
    expect(await said(new Proofs(`${address}/aid/`, () => undefined).check(sentWith(await proof({ url: `${address}/aid/v1/cases/cas_x` })), hash(token), device.jkt))).toBe('proven');
  });

  describe('of another time', () => {
    const at = Date.UTC(2026, 10, 26, 8, 0, 0);
    let clock = at;
    const real = Date.now;
    beforeEach(() => { clock = at; Date.now = () => clock; });
    afterEach(() => { Date.now = real; });
    const made = (seconds: number, jti = 'one'): Promise<string> => proof({ claims: { iat: at / 1000 + seconds, jti } });

    it('is refused: older or younger than a minute', async () => {
      const old = 'iat is not within 60 seconds of Date';
      expect([await check(await made(-60, 'a')), await check(await made(60, 'b')), await check(await made(-61, 'c')), await check(await made(61, 'd')), await check(await made(1e300, 'e')), await check(await made(-1e300, 'f'))]).toEqual(['proven', 'proven', old, old, old, old]);
      // and where it is the server's own clock that is wrong, a new proof does not help
      off = new Problem('clocks-differ');
      expect([await check(await made(-61, 'g')), await check(await made(-60, 'h'))]).toEqual(['clocks-differ', 'proven']);
    });

    it('is remembered for as long as it is good, and no longer', async () => {
      const ahead = await made(60);
      expect(await check(ahead)).toBe('proven');
      clock = at + 120_000;
      expect(await check(ahead)).toBe('jti was used before');
      clock += 1;
      expect(await check(ahead)).toBe('iat is not within 60 seconds of Date');
      expect(await check(await made(120))).toBe('proven');
    });

    it('makes room for new ones; where there is none, nobody is let in and nothing is forgotten', async () => {
      proofs = new Proofs(address, () => undefined, 2);
      const [first, second, third] = [await made(60, '1'), await made(60, '2'), await made(60, '3')];
      expect(await check(first)).toBe('proven');
      clock += 1_000;
      expect([await check(second), await check(third), await check(first), await check(second)]).toEqual(['proven', 'service-unavailable', 'jti was used before', 'jti was used before']);
      clock = at + 120_001;
      // the first is forgotten, the second is not
      expect([await check(await made(120, '4')), await check(await made(120, '5')), await check(await made(120, '2'))]).toEqual(['proven', 'service-unavailable', 'jti was used before']);
    });
  });

  it('of which any part was changed is refused', async () => {
    const good = await proof();
    await fc.assert(fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom(...'AZaz09-_.'), async (i, character) => {
      const bent = `${good.slice(0, i)}${character}${good.slice(i + 1)}`;
      // the last character of 64 bytes has four bits that mean nothing
      fc.pre(bent !== good && i !== good.length - 1);
      expect(await check(bent)).not.toBe('proven');
    }), { numRuns: 60 });
    expect(await check(good)).toBe('proven');
  });
});

describe('what a token is bound to', () => {
  it('is a key, by its thumbprint, or nothing; whatever else is confirmed is refused', () => {
    const jkt = hash('key');
    expect([boundTo(undefined), boundTo({ jkt })]).toEqual([undefined, jkt]);
    for (const cnf of [null, '', jkt, 7, true, [], [jkt], {}, { jkt: '' }, { jkt: 7 }, { jkt: null }, { jkt: `${jkt}x` }, { jkt: jkt.slice(1) }, { jkt: `${jkt.slice(1)}=` }, { jkt: [jkt] }, { 'x5t#S256': jkt }, { jkt, 'x5t#S256': jkt }, { 'x5t#S256': jkt, jkt }, { jwk: {} }, { kid: jkt }, { JKT: jkt }]) {
      expect(() => boundTo(cnf)).toThrow(expect.objectContaining({ code: 'not-signed-in', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }));
    }
  });
});

describe('the challenge', () => {
  it('is in the scheme that was tried', () => {
    for (const [challenge, proven] of [['Bearer', `DPoP ${algs}`], ['Bearer error="invalid_token"', `DPoP error="invalid_token", ${algs}`], ['DPoP error="invalid_dpop_proof"', 'DPoP error="invalid_dpop_proof"']] as const) {
      const headers = { 'retry-after': '2', 'www-authenticate': challenge };
      for (const authorization of [undefined, '', 'Bearer DPoP x', 'DPoPx y', 'Basic x']) expect(challenged(headers, { headers: authorization === undefined ? {} : { authorization } })).toBe(headers);
      for (const authorization of ['DPoP x', 'dpop x', 'DPoP  ']) expect(challenged(headers, { headers: { authorization } })).toEqual({ 'retry-after': '2', 'www-authenticate': proven });
    }
    expect(challenged({ 'retry-after': '2' }, { headers: { authorization: 'DPoP x' } })).toEqual({ 'retry-after': '2' });
  });
});

describe('T39 whoever has a token that is bound to a key', () => {
  let key: SigningKey;
  let issuer: TestIssuer;
  let device: Device;
  let signIn: SignIn;
  let standing: 'good' | 'ended' = 'good';
  beforeAll(async () => {
    [key, device] = [await signingKey(), await Device.of()];
    issuer = await TestIssuer.start(key);
    signIn = new SignIn(new AccessTokens({ issuer: issuer.url, audience: 'footbridge' }), { standing: () => standing });
  });
  afterAll(async () => { await issuer.stop(); });
  const answer = async (authorization: string, sent?: Sent): Promise<string> => {
    try { return (await signIn.principal(authorization, false, sent)).subject; } catch (error) { return error instanceof Problem ? error.headers['www-authenticate'] ?? error.code : String(error); }
  };
  const sent = async (authorization: string, by: Device, token: string): Promise<Sent> => ({ method: 'GET', url: '/v1/cases', headersDistinct: { authorization: [authorization], dpop: [await by.proof({ url: `${issuer.url}/v1/cases`, token })] } });
  const withProof = async (token: string, { by = device, scheme = 'DPoP' }: { by?: Device; scheme?: string } = {}): Promise<string> => answer(`${scheme} ${token}`, await sent(`${scheme} ${token}`, by, token));
  const tokenOf = (claims: Record<string, unknown> = {}, expires?: number): Promise<string> => issuer.token(key, { jti: randomBytes(8).toString('hex'), cnf: { jkt: device.jkt }, ...claims }, expires === undefined ? {} : { expires });

  it('is let in with a proof of the key, again and again; from another device, without one, and as a bearer nobody is, before and after', async () => {
    const token = await tokenOf();
    const thief = await Device.of();
    const downgraded = `Bearer error="invalid_token", DPoP ${algs}`;
    const stolen = async (): Promise<string[]> => [await answer(`Bearer ${token}`), await answer(`bearer ${token}`), await withProof(token, { scheme: 'Bearer' }), await answer(`DPoP ${token}`), await withProof(token, { by: thief })];
    const refused = [downgraded, downgraded, downgraded, 'Bearer', `DPoP error="invalid_dpop_proof", error_description="the token is bound to another key", ${algs}`];
    expect(await stolen()).toEqual(refused);
    expect([await withProof(token), await withProof(token, { scheme: 'dpop' })]).toEqual([account, account]);
    expect(await stolen()).toEqual(refused);
  });

  it('may not call a token bound that is not, nor bound to what nobody can check', async () => {
    const free = await tokenOf({ cnf: undefined });
    expect(await answer(`Bearer ${free}`)).toBe(account);
    expect(await withProof(free)).toBe(`DPoP error="invalid_token", error_description="the token is not bound to a key", ${algs}`);
    expect(await withProof(free, { scheme: 'Bearer' })).toBe(account);
    for (const cnf of [{ 'x5t#S256': device.jkt }, { jkt: device.jkt, 'x5t#S256': device.jkt }, null, {}]) {
      const token = await tokenOf({ cnf });
      expect([await withProof(token), await answer(`Bearer ${token}`)]).toEqual(['Bearer error="invalid_token"', 'Bearer error="invalid_token"']);
    }
  });

  it('is not let in by a proof that was made for another of the same device\'s tokens', async () => {
    const [one, other] = [await tokenOf(), await tokenOf()];
    expect(await answer(`DPoP ${one}`, await sent(`DPoP ${one}`, device, other))).toBe(`DPoP error="invalid_dpop_proof", error_description="ath is not of this token", ${algs}`);
  });

  it('is not let in when the token has ended, is somebody else\'s making, or the session is over', async () => {
    expect(await withProof(await tokenOf({}, -30))).toBe('Bearer error="invalid_token"');
    const foreign = await new SignJWT({ cnf: { jkt: device.jkt } }).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(device.privateKey);
    expect(await withProof(foreign)).toBe('Bearer');
    const token = await tokenOf();
    expect(await withProof(token)).toBe(account);
    standing = 'ended';
    expect(await withProof(token)).toBe('Bearer');
    standing = 'good';
  });

  it('is told that the clocks differ where it is the server\'s that is wrong', async () => {
    const token = await tokenOf();
    const old = async (): Promise<string> => answer(`DPoP ${token}`, { method: 'GET', url: '/v1/cases', headersDistinct: { authorization: [`DPoP ${token}`], dpop: [await device.proof({ url: `${issuer.url}/v1/cases`, token, claims: { iat: now() - 90 } })] } });
    expect(await withProof(token)).toBe(account);
    expect(await old()).toBe(`DPoP error="invalid_dpop_proof", error_description="iat is not within 60 seconds of Date", ${algs}`);
    const apart = await TestIssuer.start(key);
    try {
      apart.aheadMs = -90_000;
      const tokens = new AccessTokens({ issuer: apart.url, audience: 'footbridge', address });
      const theirs = await apart.token(key, { cnf: { jkt: device.jkt } });
      const asked = async (iat: number): Promise<unknown> => { try { return (await tokens.proven(theirs, { method: 'GET', url: '/v1/cases', headersDistinct: { authorization: ['x'], dpop: [await device.proof({ url: `${address}/v1/cases`, token: theirs, claims: { iat } })] } })).subject; } catch (error) { return (error as Problem).code; } };
      expect([await asked(now() - 90), await asked(now())]).toEqual(['clocks-differ', account]);
    } finally { await apart.stop(); }
  });
});

import { createHmac, createPublicKey } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ConsentGiven, ReferralSent } from '@footbridge/contracts';
import { NONE, collectionOf, kebab, type AnyRow, type Lifecycle } from '@footbridge/lifecycle';
import { headersOf, partitionOf, topicOf } from '@footbridge/messaging';
import { newRef } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { accountRoles, type ProblemCode } from '@footbridge/service';
import { brokerWriter, postgresLog, testInstance, testIssuer, testLog, waitUntil, webhookReceiver, type TestAccount, type TestInstance, type TestLog } from '@footbridge/testing';
import { SignJWT } from 'jose';
import pg from 'pg';
import { demonstration } from './demonstration.js';
import { makeNetwork } from './demo/network.js';
import { intake, refer, type AtHarbour, type AtLantern } from './demo/referral.story.js';
import { testWorld } from './demo/test-world.fixture.js';
import type { World } from './demo/world.js';
import { planted, problem, raw, type RawAnswer, type RawRequest } from './refused.fixture.js';
import { services } from './services.js';

const json = { 'content-type': 'application/json' };
const her = canaryPerson(69);
const person = { givenName: planted, familyName: 'Vrmtt' };
const addresses: Readonly<Record<string, readonly string[]>> = {
  'hooks.example.org': ['93.184.216.34'], 'inside.example.org': ['10.0.0.8'], 'both.example.org': ['93.184.216.34', '10.0.0.8'], 'metadata.example.org': ['169.254.169.254'],
};

describe('bad input, on real Postgres and over HTTP', () => {
  let instance: TestInstance, world: World, database: pg.Client, lantern: AtLantern, harbour: AtHarbour, said: TestLog;
  let worker: TestAccount, admin: TestAccount, stranger: TestAccount, everything: TestAccount;

  beforeAll(async () => {
    said = testLog();
    instance = await testInstance(services, { name: 'bad-input', config: { denyList: { standing: () => 'good' }, egress: { timeoutMs: 1_500, resolver: (name) => Promise.resolve(addresses[name] ?? []) } } });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    world = testWorld(instance);
    await makeNetwork(world, demonstration.filter(({ key }) => ['network', 'lantern', 'harbour', 'nest'].includes(key)));
    lantern = await intake(world, { givenName: her.givenName, familyName: her.familyName, phone: her.phone });
    harbour = await refer(world, lantern);
    worker = world.as('lantern.worker') as TestAccount;
    admin = world.as('nest.admin') as TestAccount;
    stranger = instance.account(newRef('org'), ...accountRoles);
    everything = instance.account(world.organisation('lantern'), ...accountRoles);
  }, 120_000);
  afterAll(async () => {
    said.close();
    await database?.end();
    await instance?.close();
  });

  /** Everything that the services keep, but for what comes and goes by itself. */
  const kept = async (): Promise<Readonly<Record<string, string>>> => {
    const { rows } = await database.query<{ name: string }>(`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname = any($1) and c.relname not in ('watermark', 'outbox', 'inbox', 'parked', 'capacity_band', 'audit_leaf', 'audit_root', 'known_audit_root') order by 1`, [services.map(({ name }) => name)]);
    const { rows: sums } = await database.query<{ name: string; sum: string }>(rows.map(({ name }) => `select '${name.replaceAll("'", "''")}' as name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${name} t`).join(' union all '));
    return Object.fromEntries(sums.map(({ name, sum }) => [name, sum]));
  };
  let last: Readonly<Record<string, string>> = {};
  /** Waits until news has come to rest, and then sees that nothing is lost or changed by what is done. */
  const untouched = async (act: () => Promise<void>): Promise<void> => {
    let before = await kept();
    for (let earlier = last; !isDeepStrictEqual(earlier, before);) {
      await new Promise((resolve) => { setTimeout(resolve, 400); });
      earlier = before;
      before = await kept();
    }
    await act();
    last = await kept();
    expect(last).toEqual(before);
  };
  const as = async (account: TestAccount, wanted: RawRequest): Promise<RawAnswer> => raw(instance.url, { ...wanted, headers: { authorization: `Bearer ${await account.token()}`, ...wanted.headers } });
  const post = (account: TestAccount, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    as(account, { method: 'POST', path, headers: { ...json, ...headers }, body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) });
  /** As if it had been typed: the characters, not their escapes. */
  const openCase = (text: string | Buffer): Promise<RawAnswer> => post(worker, '/v1/cases', text);
  const errorsOf = (body: Readonly<Record<string, unknown>>): readonly string[] => (body['errors'] as { pointer: string; code: string }[]).map(({ pointer, code }) => `${pointer} ${code}`);

  describe('JSON', () => {
    const nested = (depth: number): string => `${'{"person":'.repeat(depth)}1${'}'.repeat(depth)}`;
    it.each<[string, string | Buffer]>([
      ['that stops in the middle', `{"purpose":"ASSISTANCE","person":{"givenName":"${planted}`], ['with two values', `{"a":"${planted}"} {}`], ['with a trailing comma', `{"purpose":"${planted}",}`], ['with single quotes', `{'purpose':'${planted}'}`],
      ['with a comment', `{"purpose":"ASSISTANCE"/*${planted}*/}`], ['with NaN', `{"purpose":NaN,"x":"${planted}"}`], ['with a control character in a text', `{"purpose":"${planted}\u0001"}`], ['that is only white space', '   '],
      ['33 deep', nested(33)], ['90,000 deep', nested(90_000)], ['of 200,000 open brackets', '['.repeat(200_000)],
      ['in UTF-16', Buffer.from(`{"purpose":"${planted}"}`, 'utf16le')], ['in Latin-1', Buffer.from(`{"purpose":"${planted}é"}`, 'latin1')], ['with a byte order mark', `\ufeff{"purpose":"${planted}"}`], ['with an overlong form', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
      ['with a surrogate written in UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])], ['that is compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
      ['with __proto__', `{"__proto__":{"purpose":"${planted}"}}`], ['with constructor', '{"constructor":{"prototype":{"purpose":"x"}}}'], ['with __proto__ inside', '{"person":{"__proto__":{"givenName":"x"}}}'],
      ['with an escaped __proto__', '{"\\u005f_proto__":{"a":1}}'], ['with a __proto__ escaped further on', '{"_\\u005fproto__":{"a":1}}'], ['with an escaped constructor', '{"construct\\u006fr":{"a":1}}'],
    ])('%s cannot be read', (_what, body) => untouched(async () => { expect(problem(await openCase(body), 'malformed-body')).toMatchObject({ pointer: '' }); }));
    it('of more than a megabyte is not read', () => untouched(async () => {
      expect(problem(await openCase(JSON.stringify({ purpose: planted.repeat(100_000) })), 'body-too-large')).toMatchObject({ limit: 1_048_576 });
    }));
    it.each<[string, string]>([['a list', `["${planted}"]`], ['a text', `"${planted}"`], ['a number', '7'], ['true', 'true']])('that is %s is no body', (_what, body) => untouched(async () => {
      expect(problem(await openCase(body), 'validation-failed')).toMatchObject({ errors: [{ pointer: '', code: 'object' }] });
    }));
    it('of nearly a megabyte, with 40,000 unknown fields, is answered at once', () => untouched(async () => {
      const started = Date.now();
      const { errors } = problem(await openCase(JSON.stringify(Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`${planted}${n}`, n])))), 'validation-failed');
      expect((errors as unknown[]).length).toBeLessThanOrEqual(50);
      expect(Date.now() - started).toBeLessThan(5_000);
    }));
  });

  describe('fields', () => {
    it.each([planted, 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toString', 'valueOf', 'toLocaleString', '__defineGetter__', '__defineSetter__', '__lookupGetter__', 'state', 'version', 'id', 'organisations', 'caseRef', 'openedBy', 'assignees', 'dueAt', 'sealed'])('that are not known are refused and not named: %s', (name) => untouched(async () => {
      const body = problem(await post(worker, '/v1/cases', `{"purpose":"ASSISTANCE",${JSON.stringify(name)}:"${planted}"}`), 'validation-failed');
      expect(body['errors']).toEqual([{ pointer: '', code: 'unknown-field', detail: 'Remove the field that is not known here.' }]);
      expect(errorsOf(problem(await post(worker, '/v1/cases', `{"purpose":"ASSISTANCE","person":{${JSON.stringify(name)}:"${planted}"}}`), 'validation-failed'))).toEqual(['/person unknown-field']);
      expect(errorsOf(problem(await post(worker, `/v1/cases/${lantern.case}/move-to-follow-up`, `{${JSON.stringify(name)}:1}`), 'validation-failed'))).toEqual([' unknown-field']);
    }));
    const wrong: readonly (readonly [object, string])[] = [
      [{ purpose: 1 }, '/purpose'], [{ purpose: planted }, '/purpose'], [{ purpose: ['ASSISTANCE'] }, '/purpose'], [{ purpose: { $ne: '' } }, '/purpose'], [{ purpose: null }, '/purpose'], [{}, '/purpose'],
      [{ person: planted }, '/person'], [{ person: [person] }, '/person'], [{ person: { givenName: 5 } }, '/person/givenName'], [{ person: { givenName: ['a'] } }, '/person/givenName'], [{ person: { givenName: planted.repeat(20) } }, '/person/givenName'], [{ person: { givenName: '' } }, '/person/givenName'],
      [{ person: { childrenCount: '3' } }, '/person/childrenCount'], [{ person: { childrenCount: 1.5 } }, '/person/childrenCount'], [{ person: { childrenCount: -1 } }, '/person/childrenCount'], [{ person: { childrenCount: 1e300 } }, '/person/childrenCount'],
      [{ unaccompanied: 'true' }, '/unaccompanied'], [{ unaccompanied: 1 }, '/unaccompanied'], [{ needs: 'shelter' }, '/needs'], [{ needs: [planted] }, '/needs'], [{ needs: [{}] }, '/needs'], [{ needs: Array.from({ length: 41 }, () => 'shelter') }, '/needs'],
      [{ person: { citizenships: ['al'] } }, '/person/citizenships'], [{ person: { languages: [planted] } }, '/person/languages'], [{ person: { phone: '06912345' } }, '/person/phone'], [{ person: { safeContact: { phone: planted } } }, '/person/safeContact/phone'],
      [{ owner: planted }, '/owner'], [{ owner: newRef('acc') }, '/owner'], [{ owner: `${newRef('org').slice(0, -1)}!` }, '/owner'],
      ...['2026-02-29', '2025-13-01', '2026-00-10', '2026-04-31', '26-01-01', '2026-1-1', '01/02/2026', '2026-02-28T00:00:00Z', `${planted}`, 20_260_228, null as unknown as string].filter((day) => day !== null).map((birthDate) => [{ person: { birthDate } }, '/person/birthDate'] as const),
      ...['2026-02-30T10:00:00Z', '2026-05-24T25:00:00Z', '2026-05-24T10:00:00+02:00', '2026-05-24T10:00:00', '2026-05-24', '2026-05-24T10:61:00Z', '2026-05-24 10:00:00Z', 'yesterday', 1_700_000_000_000].map((openedAt) => [{ openedAt }, '/openedAt'] as const),
    ];
    it('of the wrong type, of no code list, and dates that do not exist are named by their place', () => untouched(async () => {
      for (const [fields, pointer] of wrong) {
        const body = problem(await post(worker, '/v1/cases', { ...('purpose' in fields || Object.keys(fields).length === 0 ? {} : { purpose: 'ASSISTANCE' }), ...fields }), 'validation-failed');
        expect([fields, [...new Set((body['errors'] as { pointer: string }[]).map((e) => e.pointer))]]).toEqual([fields, [pointer]]);
      }
    }), 30_000);
    const misleading = { 'a lone high surrogate': '\\ud800', 'a lone low surrogate': 'x\\udc00y', 'surrogates in the wrong order': '\\udc00\\ud800', 'a right-to-left override': '\u202e', 'a right-to-left isolate': '\u2067', 'an embedding': '\\u202b', 'a null': '\\u0000', 'an escape': '\\u001b[2J', 'a delete': '\u007f' };
    it.each(Object.entries(misleading))('with %s are refused, wherever a text may stand', (_what, character) => untouched(async () => {
      const text = `"${planted}${character}"`;
      expect(errorsOf(problem(await post(worker, '/v1/cases', `{"purpose":"ASSISTANCE","person":{"givenName":${text}}}`), 'validation-failed'))).toEqual(['/person/givenName plain-text']);
      expect(errorsOf(problem(await post(worker, '/v1/cases', `{"purpose":"ASSISTANCE","person":{"aliases":[${text}]}}`), 'validation-failed'))).toEqual(['/person/aliases patterns']);
      expect(errorsOf(problem(await post(admin, '/v1/subscriptions', `{"url":"https://hooks.example.org/${text.slice(1)},"eventTypes":["${ReferralSent.type}"]}`), 'validation-failed'))).toEqual(['/url pattern']);
      expect(errorsOf(problem(await post(stranger, '/v1/partners', `{"services":["shelter"],"securityContact":{"phone":"+355600000000","email":"a${text.slice(1, -1)}@example.org"}}`), 'validation-failed'))).toEqual(['/securityContact/email pattern']);
      expect(errorsOf(problem(await post(worker, '/v1/consent-records', `{"case":"cas_${text.slice(1)},"purpose":"ASSISTANCE","categories":["NEEDS"],"noticeVersion":"2026-1","language":"sq"}`), 'validation-failed'))).toEqual(['/case reference']);
    }));
  });

  describe('content types', () => {
    it.each(['text/plain', 'text/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/cbor', 'application/json-patch+json', 'text/json', planted, 'application/json, text/plain', ''])('other than JSON are not read: %s', (type) => untouched(async () => {
      problem(await as(worker, { method: 'POST', path: '/v1/cases', headers: type === '' ? {} : { 'content-type': type }, body: `{"purpose":"ASSISTANCE","x":"${planted}"}` }), 'unsupported-media-type');
    }));
  });

  describe('tokens', () => {
    const claims = { organisation: newRef('org'), roles: ['CASE_WORKER', 'SUPERVISOR', 'OPERATOR'], name: planted };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bearer = (token: string): Promise<RawAnswer> => raw(instance.url, { path: '/v1/cases', headers: { authorization: `Bearer ${token}` } });
    it.each<[string, () => Promise<string>, ProblemCode]>([
      ['that have expired', () => instance.issuer.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles }, { expires: '-1m' }), 'token-expired'],
      ['for another audience', () => instance.issuer.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles }, { audience: planted }), 'not-signed-in'],
      ['in the name of another issuer', () => instance.issuer.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles }, { issuer: 'https://issuer.example.org' }), 'not-signed-in'],
      ['of another issuer', async () => { const other = await testIssuer(); try { return await other.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles }); } finally { await other.close(); } }, 'not-signed-in'],
      ['of another issuer in our name', async () => { const other = await testIssuer(); try { return await other.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles }, { issuer: instance.issuer.issuer }); } finally { await other.close(); } }, 'not-signed-in'],
      ['that are not signed', async () => `${(await instance.issuer.sign({ subject: newRef('acc'), organisation: claims.organisation, roles: claims.roles })).split('.').slice(0, 2).join('.')}.`, 'not-signed-in'],
      ['whose claims were changed', async () => { const [header, body = '', signature] = (await instance.issuer.sign({ subject: newRef('acc'), organisation: newRef('org'), roles: [] })).split('.'); return `${header}.${encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()) as object, roles: claims.roles })}.${signature}`; }, 'not-signed-in'],
      ['of an account that is none', () => instance.issuer.sign({ subject: planted, organisation: claims.organisation, roles: claims.roles }), 'not-signed-in'],
      ['of an organisation that is none', () => instance.issuer.sign({ subject: newRef('acc'), organisation: planted, roles: claims.roles }), 'not-signed-in'],
      ['of 9,000 characters', () => Promise.resolve(planted.repeat(900)), 'not-signed-in'],
      ['that are none', () => Promise.resolve(`${planted}.${planted}.${planted}`), 'not-signed-in'],
    ])('%s let nobody in', (_what, make, code) => untouched(async () => {
      const answer = await bearer(await make());
      problem(answer, code);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }));
    it.each(['none', 'None', 'NONE', 'HS256', 'HS512'])('with alg %s let nobody in, whatever signs them', (alg) => untouched(async () => {
      const now = Math.floor(Date.now() / 1000);
      const body = encode({ ...claims, sub: newRef('acc'), iss: instance.issuer.issuer, aud: 'footbridge', iat: now, exp: now + 600 });
      const { keys: [jwk] } = await (await fetch(`${instance.issuer.issuer}/jwks`)).json() as { keys: [import('node:crypto').JsonWebKey] };
      const key = createPublicKey({ key: jwk as never, format: 'jwk' });
      const secrets = alg.startsWith('HS') ? [key.export({ type: 'spki', format: 'pem' }) as string, key.export({ type: 'spki', format: 'der' }) as Buffer, JSON.stringify(jwk), Buffer.from(jwk.x ?? '', 'base64url')] : [undefined];
      for (const secret of secrets) for (const kid of ['test', undefined]) {
        const head = encode({ alg, typ: 'at+jwt', ...(kid ? { kid } : {}) });
        const signature = secret === undefined ? '' : createHmac(alg === 'HS256' ? 'sha256' : 'sha512', secret).update(`${head}.${body}`).digest('base64url');
        problem(await bearer(`${head}.${body}.${signature}`), 'not-signed-in');
      }
    }));
    it('that say where their key is are not asked for it', () => untouched(async () => {
      const asked = await webhookReceiver();
      try {
        const { generateKeyPair, exportJWK } = await import('jose');
        const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
        const jwk = await exportJWK(publicKey);
        const sign = (header: object): Promise<string> => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header }).setSubject(newRef('acc')).setIssuer(instance.issuer.issuer).setAudience('footbridge').setIssuedAt().setExpirationTime('2h').sign(privateKey);
        for (const header of [{ kid: 'test', jku: asked.url }, { kid: 'own', jku: asked.url }, { jwk }, { kid: 'test', x5u: asked.url, jwk }, { kid: '../../../../dev/null' }, { kid: "' or 1=1 --" }]) problem(await bearer(await sign(header)), 'not-signed-in');
        expect(asked.requests).toEqual([]);
      } finally { await asked.stop(); }
    }));
    it.each(['', 'Bearer', `Basic ${Buffer.from(`${planted}:x`).toString('base64')}`, `Bearer ${planted} ${planted}`, `Token ${planted}`])('in another form let nobody in: %s', (authorization) => untouched(async () => {
      problem(await raw(instance.url, { path: '/v1/cases', headers: { authorization } }), 'not-signed-in');
      problem(await raw(instance.url, { path: '/v1/cases', headers: { cookie: `token=${planted}` } }), 'not-signed-in');
    }));
    it('are not taken from the address', () => untouched(async () => { problem(await raw(instance.url, { path: `/v1/cases?access_token=${await worker.token()}` }), 'not-signed-in'); }));
  });

  describe('ids of others', () => {
    it('in the address are answered like missing ones', () => untouched(async () => {
      for (const path of [`/v1/cases/${lantern.case}`, `/v1/stays/${lantern.stay}`, `/v1/referrals/${harbour.referral}`, `/v1/referrals/${harbour.received}`, `/v1/consent-records/${harbour.consent}`]) {
        for (const tail of ['', '/timeline', '?reveal=person&purpose=ASSISTANCE']) problem(await as(stranger, { path: path + tail }), 'not-found');
      }
      problem(await post(stranger, `/v1/cases/${lantern.case}/close-case`, { reason: 'PLAN_COMPLETED', personInformed: true }), 'not-found');
      // and the receiver's own name for the referral is nobody else's, not even the sender's
      problem(await as(worker, { path: `/v1/referrals/${harbour.received}` }), 'not-found');
    }));
    it('in the body are answered like missing ones', () => untouched(async () => {
      const consent = { purpose: 'ASSISTANCE', categories: ['NEEDS'], noticeVersion: '2026-1', language: 'sq' };
      const same = async (path: string, body: (ref: string) => object, foreign: string, code: ProblemCode): Promise<void> => {
        const [theirs, missing] = [await post(stranger, path, body(foreign)), await post(stranger, path, body(newRef(foreign.slice(0, 3))))];
        const { requestId: _a, ...a } = problem(theirs, code);
        const { requestId: _b, ...b } = problem(missing, code);
        expect(a).toEqual(b);
      };
      await same('/v1/consent-records', (ref) => ({ case: ref, ...consent }), lantern.case, 'validation-failed');
      await same('/v1/referrals', (ref) => ({ case: ref, serviceType: 'shelter', priority: 'NORMAL', receiver: world.organisation('harbour') }), lantern.case, 'validation-failed');
      await same('/v1/risk-assessments', (ref) => ({ case: ref, type: 'TRANSFER', ownViewAsked: true }), lantern.case, 'validation-failed');
      await same('/v1/reintegration-cases', (ref) => ({ case: ref, organisation: world.organisation('harbour') }), lantern.case, 'guard-refused');
      await same('/v1/return-cases', (ref) => ({ case: ref, wish: planted, onBehalfOf: 'PERSON', how: 'in_person' }), lantern.case, 'guard-refused');
      await same('/v1/deletion-confirmations', (ref) => ({ consentRecord: ref, deleted: true }), harbour.consent, 'not-found');
    }));
    it('that are no ids at all are not found', () => untouched(async () => {
      for (const id of ['1', planted, 'null', '%00', '%2e%2e', '..%2f..', "'%20or%201=1--", '%ff', '%ed%a0%80', `cas_${'a'.repeat(34)}`, lantern.case.toUpperCase(), `${lantern.case}%00`, `${lantern.case}%20`, 'a'.repeat(101), 'a'.repeat(4_000)]) {
        for (const path of [`/v1/cases/${id}`, `/v1/cases/${id}/timeline`]) problem(await as(everything, { path }), 'not-found');
        problem(await post(everything, `/v1/cases/${id}/close-case`, { reason: 'PLAN_COMPLETED' }), 'not-found');
        problem(await post(everything, `/v1/approvals/${id}/approve`, {}), 'not-found');
        problem(await post(everything, `/v1/referrals-parked/${id}/replay`, {}), 'not-found');
        problem(await post(everything, `/v1/accounts/${id}/disable`, {}), 'not-found');
        problem(await post(everything, `/v1/organisations/${id}/disable`, {}), 'not-found');
      }
    }), 60_000);
  });

  it('commands in each wrong state are refused with the states that allow them', () => untouched(async () => {
    let tried = 0;
    for (const l of services.flatMap(({ lifecycles }): readonly Lifecycle[] => lifecycles)) {
      const { body } = await everything.get(`/v1/${collectionOf(l)}?limit=100`);
      for (const { id, state } of (body['items'] as { id: string; state: string }[] | undefined ?? []).filter((item, i, all) => all.findIndex((x) => x.state === item.state) === i)) {
        const rows = (l.rows as readonly AnyRow[]).filter(([from, , , by]) => from !== NONE && by.some((role) => role !== 'PLATFORM'));
        for (const command of new Set(rows.map(([, name]) => name))) {
          const allowedFrom = [...new Set((l.rows as readonly AnyRow[]).filter(([, name]) => name === command).flatMap(([from]) => (from === NONE ? [NONE] : [...from])))];
          if (allowedFrom.includes(state)) continue;
          expect(problem(await post(everything, `/v1/${collectionOf(l)}/${id}/${kebab(command)}`, { [planted]: planted }), 'transition-not-allowed')).toMatchObject({ state, command, allowedFrom });
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(30);
  }), 120_000);

  describe('versions', () => {
    const path = (): string => `/v1/cases/${lantern.case}`;
    const change = (headers: Readonly<Record<string, string>>): Promise<RawAnswer> => as(worker, { method: 'PATCH', path: path(), headers: { 'content-type': 'application/merge-patch+json', ...headers }, body: JSON.stringify({ ageBelief: 'unsure' }) });
    it('that are stale are refused, with the one that counts', () => untouched(async () => {
      const version = Number((await worker.get(path())).body['version']);
      for (const stale of [version - 1, version + 1, 0, 999_999]) {
        expect(problem(await change({ 'if-match': `"${stale}"` }), 'stale-version')).toMatchObject({ version });
        expect(problem(await post(worker, `${path()}/move-to-follow-up`, {}, { 'if-match': `"${stale}"` }), 'stale-version')).toMatchObject({ version });
      }
    }));
    it.each([planted, '7', '"seven"', '"-1"', '"1", "2"', '""', '"1.0"', '"0x1"', 'W/7', '"99999999999999999999999999"'])('that are none match nothing: %s', (given) => untouched(async () => {
      problem(await change({ 'if-match': given }), 'stale-version');
      problem(await post(worker, `${path()}/move-to-follow-up`, {}, { 'if-match': given }), 'stale-version');
    }));
    it('must be sent with a change of details', () => untouched(async () => {
      problem(await change({}), 'version-required');
      problem(await change({ 'if-match': '*' }), 'version-required');
    }));
  });

  describe('idempotency keys', () => {
    const [first, key] = [{ purpose: 'ASSISTANCE' }, `k-${newRef('key')}`];
    it('used again for another body, command or collection are refused', async () => {
      const made = await post(worker, '/v1/cases', first, { 'idempotency-key': key });
      expect(made.status).toBe(201);
      await untouched(async () => {
        for (const [path, body] of [['/v1/cases', { purpose: 'REFERRAL_DISCLOSURE' }], ['/v1/cases', { ...first, person }], [`/v1/cases/${lantern.case}/move-to-follow-up`, first], ['/v1/cases?x=1', first]] as const) {
          problem(await post(worker, path, body, { 'idempotency-key': key }), 'idempotency-key-reused');
        }
        const again = await post(worker, '/v1/cases', first, { 'idempotency-key': key });
        expect([again.status, JSON.parse(again.text), again.headers['idempotent-replay'], again.headers['location'], again.headers['etag']]).toEqual([201, JSON.parse(made.text), 'true', made.headers['location'], made.headers['etag']]);
      });
    });
    it('are one caller\'s own', async () => {
      const theirs = await post(world.as('harbour.worker') as TestAccount, '/v1/cases', first, { 'idempotency-key': key });
      expect([theirs.status, theirs.headers['idempotent-replay']]).toEqual([201, undefined]);
    });
    it.each<[string, string, () => unknown, () => TestAccount]>([
      ['a new case', '/v1/cases', () => ({ purpose: 'ASSISTANCE' }), () => worker],
      ['an assignment', 'assign', () => ({ account: newRef('acc') }), () => world.as('lantern.supervisor') as TestAccount],
      ['a new account', '/v1/accounts', () => ({ name: 'Night desk', roles: ['RECEIVER'] }), () => world.as('lantern.admin') as TestAccount],
    ])('sent many times at once act once: %s', async (_what, where, make, by) => {
      const [body, key] = [make(), `p-${newRef('key')}`];
      const path = where === 'assign' ? `/v1/cases/${lantern.case}/assign` : where;
      const answers = await Promise.all(Array.from({ length: 12 }, () => post(by(), path, body, { 'idempotency-key': key })));
      const done = answers.filter(({ status }) => status === 201 || status === 200);
      expect(done.length).toBeGreaterThan(0);
      for (const { text } of done) expect(JSON.parse(text)).toEqual(JSON.parse(done[0]?.text ?? ''));
      expect(done.filter(({ headers }) => headers['idempotent-replay'] === undefined)).toHaveLength(1);
      for (const answer of answers.filter((a) => !done.includes(a))) problem(answer, 'idempotency-in-progress');
    });
    it.each(['', ' ', 'a b', 'x'.repeat(201), `${planted}é`])('that are none are refused: %s', (given) => untouched(async () => {
      expect(errorsOf(problem(await post(worker, '/v1/cases', first, { 'idempotency-key': given }), 'validation-failed'))).toEqual(['/idempotency-key header']);
    }));
  });

  describe('lists', () => {
    const list = (path: string): Promise<RawAnswer> => as(world.as('lantern.supervisor') as TestAccount, { path });
    it('refuse filters that are not known, repeated ones and values that are none', () => untouched(async () => {
      for (const query of [`colour=${planted}`, `${planted}=1`, 'offset=5', '__proto__=1', 'constructor=1', `state=${planted}`, 'state=active&state=closed', 'limit=0', 'limit=-1', 'limit=101', 'limit=1e1', 'limit=5.0', `limit=${planted}`, 'limit=', 'cursor=', `cursor=${planted}`, 'cursor=%00', 'cursor=a.b', 'cursor=a.b&cursor=a.b',
        'due-before=1', 'due-before=2026', 'due-before=2026-02-30', 'due-before=2026-02-30T00:00:00Z', `due-before=${planted}`, 'due-before=now', 'due-before=%00', 'due-before=infinity', 'caseId=%00', `caseId=${planted}%00`, 'organisation=%00', 'organisation=%ed%a0%80', 'caseId=x&caseId=y', 'organisation[]=x', 'state[x]=y']) {
        expect([query, errorsOf(problem(await list(`/v1/cases?${query}`), 'validation-failed')).length > 0]).toEqual([query, true]);
      }
      for (const path of ['/v1/organisations', '/v1/shelter-directory']) for (const query of [`colour=${planted}`, 'country=%00&x=1', 'limit=0x1&y=1']) problem(await list(`${path}?${query}`), 'validation-failed');
      for (const query of [`colour=${planted}`, 'limit=0', 'cursor=a.b', `cursor=${planted}`, 'cursor=%00.%00']) problem(await as(admin, { path: `/v1/events?${query}` }), 'validation-failed');
    }));
    it('refuse a cursor that was tampered with, wherever', () => untouched(async () => {
      const cursor = String((await (world.as('lantern.supervisor') as TestAccount).get('/v1/consent-records?limit=1')).body['next']);
      const [body, signature] = [cursor.slice(0, -22), cursor.slice(-22)];
      const other = Buffer.from(JSON.stringify(['2000-01-01T00:00:00Z', 'x'])).toString('base64url');
      const flipped = (text: string, at: number): string => `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      expect((await list(`/v1/consent-records?limit=1&cursor=${cursor}`)).status).toBe(200);
      for (const bad of [flipped(cursor, 0), flipped(cursor, body.length - 4), flipped(cursor, cursor.length - 2), other, `${other}${signature}`, `${other}.${signature}`, body, `${body}.`, signature, `${cursor}.${planted}`, `${cursor}${planted}`, `${body}.${'é'.repeat(signature.length)}`, cursor.toLowerCase(), `${cursor}=`, ` ${cursor}`]) {
        expect([bad, errorsOf(problem(await list(`/v1/consent-records?cursor=${encodeURIComponent(bad)}`), 'validation-failed'))]).toEqual([bad, ['/cursor cursor']]);
      }
    }));
    it('refuse a cursor of another list', async () => {
      expect((await post(world.as('network.admin') as TestAccount, '/v1/accounts', { name: 'Night desk', roles: ['DPO'] })).status).toBe(201);
      await untouched(async () => {
        const supervisor = world.as('network.dpo') as TestAccount;
        const operator = world.as('network.operator') as TestAccount;
        const partners = String((await supervisor.get('/v1/partners?limit=1')).body['next']);
        const organisations = String((await operator.get('/v1/organisations?limit=1')).body['next']);
        const accounts = String((await operator.get('/v1/accounts?limit=1')).body['next']);
        const feed = String((await (world.as('harbour.admin') as TestAccount).get('/v1/events?limit=1')).body['next']);
        const consents = String((await (world.as('lantern.supervisor') as TestAccount).get('/v1/consent-records?limit=1')).body['next']);
        expect([partners, organisations, accounts, feed, consents].filter((c) => !/^[\w-]{100,}$/.test(c))).toEqual([]);
        const refused = async (account: TestAccount, path: string, cursor: string): Promise<void> => { expect([path, errorsOf(problem(await as(account, { path: `${path}?cursor=${encodeURIComponent(cursor)}` }), 'validation-failed'))]).toEqual([path, ['/cursor cursor']]); };
        for (const cursor of [organisations, feed]) for (const path of ['/v1/partners', '/v1/subscriptions', '/v1/agreements', '/v1/deliveries']) await refused(supervisor, path, cursor);
        await refused(supervisor, '/v1/subscriptions', partners);
        for (const cursor of [partners, feed, accounts]) await refused(operator, '/v1/organisations', cursor);
        for (const cursor of [partners, organisations, consents]) await refused(world.as('harbour.admin') as TestAccount, '/v1/events', cursor);
        for (const path of ['/v1/referrals', '/v1/cases', '/v1/risk-assessments']) await refused(world.as('lantern.supervisor') as TestAccount, path, consents);
      });
    });
  });

  describe('addresses and methods', () => {
    it('that nobody serves are not found', () => untouched(async () => {
      for (const path of ['/v1', '/v1/', `/v1/${planted}`, '/v2/cases', '/V1/cases', '/v1/CASES', `/v1/cases/${lantern.case}/${planted}`, `/v1/cases/${lantern.case}/destroy-everything`, '/v1/cases/../../etc/passwd', '/v1//cases', '/%2e%2e/v1/cases', `/${planted}`, '/v1/cases/%', '/v1/cases/%zz', `/v1/%zz/${planted}`, '/v1/__proto__', '/v1/constructor', '/problems/constructor', '/problems/__proto__', '/problems/toString', `/problems/${planted}`, '/.git/config', '/metrics']) {
        expect([path, problem(await as(worker, { path }), 'not-found')['code']]).toEqual([path, 'not-found']);
        problem(await post(worker, path, { x: planted }), 'not-found');
      }
    }), 30_000);
    it('know no PUT, DELETE or OPTIONS, and no command by GET', () => untouched(async () => {
      for (const path of ['/v1/cases', `/v1/cases/${lantern.case}`, `/v1/cases/${lantern.case}/close-case`]) {
        for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'REPORT']) problem(await as(worker, { method, path, headers: ['PUT', 'DELETE'].includes(method) ? json : {}, ...(['PUT', 'DELETE'].includes(method) ? { body: JSON.stringify({ reason: planted }) } : {}) }), 'not-found');
      }
      problem(await as(worker, { path: `/v1/cases/${lantern.case}/close-case` }), 'not-found');
      problem(await as(worker, { method: 'PATCH', path: `/v1/referrals/${harbour.referral}/send`, headers: json, body: '{}' }), 'not-found');
      problem(await as(worker, { method: 'PATCH', path: `/v1/recalls/${newRef('rec')}`, headers: json, body: '{}' }), 'not-found');
      problem(await post(worker, `/v1/cases/${lantern.case}`, {}, { 'x-http-method-override': 'DELETE' }), 'not-found');
    }));
    it('answer HEAD as GET, without a body', () => untouched(async () => {
      const [head, get] = [await as(worker, { method: 'HEAD', path: `/v1/cases/${lantern.case}` }), await as(worker, { path: `/v1/cases/${lantern.case}` })];
      expect([head.status, head.text, head.headers['etag'], head.headers['cache-control']]).toEqual([200, '', get.headers['etag'], 'no-store']);
      expect((await as(stranger, { method: 'HEAD', path: `/v1/cases/${lantern.case}` })).status).toBe(404);
      expect((await raw(instance.url, { method: 'HEAD', path: `/v1/cases/${lantern.case}` })).status).toBe(401);
    }));
    it('may be long, to a limit', () => untouched(async () => {
      problem(await as(worker, { path: `/v1/cases/${'a'.repeat(8_000)}` }), 'not-found');
      problem(await as(worker, { path: `/v1/cases?${`x=${planted}&`.repeat(500)}` }), 'validation-failed');
      expect((await as(worker, { path: `/v1/cases/${lantern.case}`, headers: { 'if-match': 'x'.repeat(8_000), 'x-long': planted.repeat(300) } })).status).toBe(200);
      for (const wanted of [{ path: `/v1/cases/${planted.repeat(2_000)}` }, { path: '/v1/cases', headers: { 'x-long': planted.repeat(2_000) } }]) {
        const answer = await as(worker, wanted);
        expect([answer.status, answer.text.includes(planted)]).toEqual([431, false]);
      }
      expect((await as(worker, { path: `/v1/cases/${lantern.case}` })).status).toBe(200);
    }));
  });

  describe('webhooks', () => {
    const ask = (url: string): Promise<RawAnswer> => post(admin, '/v1/subscriptions', { url, eventTypes: [ReferralSent.type] });
    it.each([
      'http://hooks.example.org/x', 'https://hooks.example.org:8443/x', `https://${planted}:pw@hooks.example.org/`, 'https://user@hooks.example.org/', 'https://inside.example.org/', 'https://both.example.org/', 'https://metadata.example.org/latest', 'https://nowhere.example.org/',
      'https://10.0.0.8/', 'https://192.168.1.1/', 'https://172.16.0.1/', 'https://169.254.169.254/latest/meta-data', 'https://[fd00::1]/', 'https://[fe80::1]/', 'https://[::ffff:10.0.0.8]/', 'https://0x0a000008/', 'https://167772168/', 'https://100.64.0.1/', 'https://0.0.0.0/', 'https://224.0.0.1/', 'https://[64:ff9b::a00:8]/',
    ])('to %s are refused', (url) => untouched(async () => { expect(errorsOf(problem(await ask(url), 'validation-failed'))).toEqual(['/url url-not-allowed']); }));
    it.each(['ftp://hooks.example.org/', 'file:///etc/passwd', 'javascript:alert(1)', '//hooks.example.org/', planted, `https://${'a'.repeat(2_050)}.example.org`, 'https://hooks.example.org/ x', 'https://hooks.example.org/\n', 7, ['https://hooks.example.org'], { href: 'https://hooks.example.org' }])('to what is no address are refused: %s', (url) => untouched(async () => {
      expect(errorsOf(problem(await post(admin, '/v1/subscriptions', { url, eventTypes: [ReferralSent.type] }), 'validation-failed'))).toEqual(['/url pattern']);
    }));
    it('of types that nobody knows are refused', () => untouched(async () => {
      for (const eventTypes of [['footbridge.referrals.nothing.v1'], [planted], ['__proto__'], ['toString'], 'all', [[]], [null]]) expect(errorsOf(problem(await post(admin, '/v1/subscriptions', { url: 'https://hooks.example.org/', eventTypes }), 'validation-failed'))).toContain('/eventTypes codes');
    }));
    it('that redirect, stream for ever, hang, hang up or fail are not activated, and the rest goes on', async () => {
      const [hook, inside] = [await webhookReceiver(), await webhookReceiver()];
      try {
        const asked = JSON.parse((await ask(hook.url)).text) as { id: string };
        const dpo = world.as('network.dpo') as TestAccount;
        let theirs = '';
        await waitUntil('the judge sees it', async () => { theirs = ((await dpo.get('/v1/subscriptions?state=sub_pending')).body['items'] as { id: string }[])[0]?.id ?? ''; return theirs !== ''; });
        await untouched(async () => {
          for (const behaviour of [{ status: 302, headers: { location: inside.url } }, { status: 307, headers: { location: inside.url } }, { status: 301, headers: { location: 'http://169.254.169.254/latest' } }, 'stream', 'hang', 'drop', { status: 500, body: planted }] as const) {
            hook.behave(behaviour);
            const started = Date.now();
            const refused = problem(await post(dpo, `/v1/subscriptions/${theirs}/activate-subscription`, {}), 'guard-refused');
            expect([behaviour, refused['guards']]).toEqual([behaviour, [expect.objectContaining({ guard: 'CHALLENGE', reason: 'CHALLENGE_NOT_ANSWERED' })]]);
            expect(Date.now() - started).toBeLessThan(6_000);
            expect((await worker.get(`/v1/cases/${lantern.case}`)).status).toBe(200);
          }
        });
        expect(inside.requests).toEqual([]);
        expect((await admin.get(`/v1/subscriptions/${asked.id}`)).body).toMatchObject({ state: 'sub_pending' });
      } finally { await hook.stop(); await inside.stop(); }
    }, 60_000);
    it('to loopback are refused where the instance does not allow them', async () => {
      const hook = await webhookReceiver();
      const other = await testInstance(services.filter(({ name }) => name === 'notifications'), { name: 'public-webhooks', config: { denyList: { standing: () => 'good' }, webhooks: 'public' } });
      try {
        const own = other.account(newRef('org'), 'PARTNER_ADMIN');
        for (const url of [hook.url, 'https://127.0.0.1/', 'https://localhost/', 'https://[::1]/', 'https://127.1/', 'https://2130706433/']) expect(errorsOf(problem(await raw(other.url, { method: 'POST', path: '/v1/subscriptions', headers: { ...json, authorization: `Bearer ${await own.token()}` }, body: JSON.stringify({ url, eventTypes: [ReferralSent.type] }) }), 'validation-failed'))).toEqual(['/url url-not-allowed']);
        expect((await own.get('/v1/subscriptions')).body).toEqual({ items: [], next: null });
        expect(hook.requests).toEqual([]);
      } finally { await other.close(); await hook.stop(); }
    }, 30_000);
  });

  describe('messages on the way between services', () => {
    const parked = async (service: string): Promise<{ reason: string; handler: string; type: string | null }[]> => (await database.query<{ reason: string; handler: string; type: string | null }>(`select reason, handler, type from ${service}.parked order by id`)).rows;
    it('that are not ours, of an unknown version or with more in them than the contract are parked, and nothing else stops', async () => {
      const bus = new URL(instance.databaseUrl);
      [bus.username, bus.password] = ['bus', 'test-bus'];
      const transport = brokerWriter({ bus: bus.href });
      const about = (): Record<string, unknown> => ({ id: newRef('evt'), type: ConsentGiven.type, time: instance.clock.now().toISOString(), audience: 'instance', aggregate: crypto.randomUUID(), version: 2, copy: 0, case_ref: newRef('csr'), consent_ref: newRef('con'), owner: world.organisation('lantern') });
      const data = { case: newRef('csr'), purpose: 'ASSISTANCE', state: 'given', version: 2 };
      const topic = topicOf('referrals');
      const publish = async (row: Record<string, unknown>, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
        const key = String(row['aggregate']);
        await transport.publish(topic, [{ partition: partitionOf(key), key, headers: { ...headersOf(row), ...headers }, body: Buffer.from(body as string) }]);
      };
      const bad: readonly (readonly [string, () => Promise<void>])[] = [
        ['NOT_OURS', () => publish(about(), JSON.stringify(data), { ce_source: planted })],
        ['NOT_OURS', () => transport.publish(topic, [{ partition: 0, key: planted, headers: {}, body: Buffer.from(planted) }])],
        ['HEADER_UNKNOWN', () => publish(about(), JSON.stringify(data), { ce_name: planted })],
        ['HEADER_REFUSED', () => publish({ ...about(), case_ref: planted }, JSON.stringify(data))],
        ['HEADER_MISSING', () => publish({ ...about(), id: undefined }, JSON.stringify(data))],
        ['VERSION_UNKNOWN', () => publish({ ...about(), type: ConsentGiven.type.replace('.v1', '.v2') }, JSON.stringify(data))],
        ['TYPE_UNKNOWN', () => publish({ ...about(), type: 'footbridge.referrals.person-named.v1' }, JSON.stringify(data))],
        ['WRONG_TOPIC', () => publish({ ...about(), type: 'footbridge.shelters.shelter-opened.v1' }, JSON.stringify(data))],
        ['UNEXPECTED_FIELD', () => publish(about(), JSON.stringify({ ...data, name: planted }))],
        ['BODY_MALFORMED', () => publish(about(), `{"case":"${planted}`)],
        ['BODY_MALFORMED', () => publish(about(), Buffer.from([0xff, 0xfe, 0x00]))],
      ];
      const readers = ['shelters', 'returns', 'reintegration', 'notifications'];
      const before = new Map(await Promise.all(readers.map(async (name) => [name, (await parked(name)).length] as const)));
      try {
        await untouched(async () => {
          for (const [, send] of bad) await send();
          for (const name of readers) await waitUntil(`${name} has parked them`, async () => (await parked(name)).length - (before.get(name) ?? 0) >= bad.length);
        });
        for (const name of readers) {
          const rows = (await parked(name)).slice(before.get(name) ?? 0);
          expect([name, rows.map(({ reason }) => reason).sort()]).toEqual([name, bad.map(([reason]) => reason).sort()]);
          expect([name, rows.every(({ handler }) => handler === '*')]).toEqual([name, true]);
          // What the gate has not read is not kept.
          expect((await database.query<{ n: string }>(`select count(*) as n from ${name}.parked where data is not null`)).rows[0]?.n).toBe('0');
          expect(JSON.stringify((await database.query(`select * from ${name}.parked`)).rows)).not.toContain(planted);
        }
        // and what is said properly is heard by all
        const consent = await post(worker, '/v1/consent-records', { case: lantern.case, purpose: 'REFERRAL_DISCLOSURE', recipient: world.organisation('nest'), categories: ['NEEDS'], noticeVersion: '2026-1', language: 'ro', medium: 'written' });
        expect(consent.status).toBe(201);
        const id = String((JSON.parse(consent.text) as { id: string }).id);
        expect((await post(worker, `/v1/consent-records/${id}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true })).status).toBe(200);
        const { rows: [record] } = await database.query<{ aggregate: string }>('select aggregate from referrals.reference where ref = $1', [id]);
        for (const name of readers) await waitUntil(`${name} knows of it`, async () => (await database.query(`select 1 from ${name}.known_consent where recipient = $1 and state = 'given'`, [world.organisation('nest')])).rowCount === 1);
        expect(record).toBeDefined();
        // the operator sees what is parked, by code and place
        const operator = world.as('network.operator') as TestAccount;
        const listed = await operator.get('/v1/shelters-parked');
        expect([listed.status, (listed.body['items'] as unknown[]).length, JSON.stringify(listed.body).includes(planted)]).toEqual([200, bad.length, false]);
        problem(await as(worker, { path: '/v1/shelters-parked' }), 'role-not-allowed');
      } finally { await transport.close(); }
    }, 60_000);
  });

  it('nothing of it stands in a log', async () => {
    expect(said.text).not.toContain(planted);
    expect(said.text).not.toContain('request-failed');
    expect(await postgresLog()).not.toContain(planted);
    // a failure inside would stand there, and so would a value that a line was given
    await database.query('alter table referrals."case" rename to away');
    problem(await post(worker, '/v1/cases', { purpose: 'ASSISTANCE', person }), 'internal-error');
    await database.query('alter table referrals.away rename to "case"');
    expect(said.text).toMatch(/"reason":"[^"]+","code":"request-failed"/);
    expect(said.text).not.toContain(planted);
    process.stderr.write(`${planted}\n`);
    expect(said.text).toContain(planted);
  });

  it('T10 leaves no name in any sink, and of what was sent only what its sender put on the bus', async () => {
    const all = await instance.sinks();
    expect(huntLeaks(all, [her])).toEqual([]);
    expect(huntLeaks(all.filter(({ name }) => !['bus.event', 'WAL', 'log'].includes(name)), [{ name: 'planted', values: { planted } }])).toEqual([]);
  }, 120_000);
});

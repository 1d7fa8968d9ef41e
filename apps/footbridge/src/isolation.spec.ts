import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { Role } from '@footbridge/contracts';
import { collectionOf, isPersonal, tableOf, type Fields, type Lifecycle } from '@footbridge/lifecycle';
import { fingerprintOf, newEntryKey, newEnvelopeKey, newRef, proveKey } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { Authorisation, COMMON, accountRoles, commonControllers, openapi, quote, routesIn, routesOf, unknownRoutes, type Decision, type KnownAction, type Question } from '@footbridge/service';
import { testInstance, testLog, type TestAccount, type TestInstance, type TestLog } from '@footbridge/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { demonstration } from './demonstration.js';
import { Inbox } from './demo/inbox.js';
import { makeNetwork } from './demo/network.js';
import { assess, type Invented } from './demo/referral.story.js';
import { journey } from './demo/stories.js';
import { testWorld } from './demo/test-world.fixture.js';
import type { World } from './demo/world.js';
import { problem, raw, type RawAnswer } from './refused.fixture.js';
import { services } from './services.js';

interface Operation { readonly method: 'get' | 'post' | 'patch'; readonly path: string; readonly schema?: object; readonly example?: unknown; readonly lifecycle?: Lifecycle; readonly service: string; readonly tag: string; /** For everybody, without signing in: the documents, published statistics. */ readonly open: boolean }
interface Held { readonly ref: string; readonly holder: string; readonly owner: string; readonly id: string }

const lifecycles = services.flatMap((s): readonly Lifecycle[] => s.lifecycles);
const operations: readonly Operation[] = services.flatMap((s) => Object.entries(openapi(s.name, s.lifecycles, s.documented)['paths'] as Record<string, Record<string, { tags: readonly string[]; security?: readonly unknown[]; requestBody?: { content: Record<string, { schema: object; example: unknown }> } }>>)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, { tags: [tag = ''], security, requestBody }]): Operation => {
    const lifecycle = s.lifecycles.find((l) => path === `/v1/${collectionOf(l)}` || path.startsWith(`/v1/${collectionOf(l)}/`));
    return { method: method as Operation['method'], path, service: s.name, tag, open: security?.length === 0, ...(requestBody?.content['application/json'] ?? {}), ...(lifecycle ? { lifecycle } : {}) };
  })));
// What every service has is nobody's, or has its own tests below.
const named = operations.filter(({ tag, open }) => tag !== COMMON && !open).map((o) => [`${o.method.toUpperCase()} ${o.path}`, o] as const);
const withId = named.filter(([, { path }]) => path.includes('{id}'));
const lists = named.filter(([, { path, method }]) => !path.includes('{') && method === 'get');
const people = [canaryPerson(65), canaryPerson(66)] as const;
const [person, another] = people.map(({ givenName, familyName, phone }) => ({ givenName, familyName, phone })) as [Invented, Invented];
/** Values that belong to nobody but the person. */
const names = new RegExp(people.flatMap(({ values: { givenName, familyName, phone } }) => [givenName, familyName, phone]).join('|'));
/** References of an example are nobody's: those that the route itself is about are put in. */
const collectionsOfNobody: Readonly<Record<string, string>> = { organisations: 'org', accounts: 'acc' };

describe('isolation of organisations, on real Postgres and over HTTP', () => {
  let instance: TestInstance, world: World, database: pg.Client, log: TestLog;
  const inbox = new Inbox();
  /** Of each lifecycle, references that organisations hold; the owner's own first. */
  const held = new Map<string, readonly Held[]>();
  let stranger: TestAccount, approvals: readonly { readonly ref: string; readonly owner: string }[];

  const everything = (organisation: string, ...roles: readonly Role[]): TestAccount => {
    const key = `${organisation} ${roles.join()}`;
    const account = accounts.get(key) ?? instance.account(organisation, ...(roles.length > 0 ? roles : accountRoles));
    accounts.set(key, account);
    return account;
  };
  const accounts = new Map<string, TestAccount>();

  beforeAll(async () => {
    log = testLog();
    instance = await testInstance(services, { name: 'isolation', config: { denyList: { standing: () => 'good' } } });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    await inbox.start();
    world = testWorld(instance);
    await makeNetwork(world, demonstration);
    await journey(world, [person, another], inbox);
    const [dpo, dpo2] = [world.as('network.dpo') as TestAccount, world.as('network.dpo2') as TestAccount];
    const ordered = await dpo.post('/v1/statistics-orders', { year: String(instance.clock.now().getUTCFullYear() - 1) });
    expect([ordered.status, (await dpo2.post(`/v1/approvals/${String(ordered.body['approval'])}/approve`)).status]).toEqual([202, 200]);
    // What no journey needs: a child's guardianship, a hold, an alert, a request for beds; two steps that wait for a second person.
    const [worker, supervisor] = [world.as('lantern.worker') as TestAccount, world.as('lantern.supervisor') as TestAccount];
    const made = async (answer: ReturnType<TestAccount['post']>, status: number): Promise<string> => { const { status: seen, body } = await answer; expect([seen, body]).toEqual([status, expect.anything()]); return String(body['id'] ?? body['approval']); };
    const grown = await made(worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person }), 201);
    const consent = await made(worker.post('/v1/consent-records', { case: grown, purpose: 'REFERRAL_DISCLOSURE', recipient: world.organisation('harbour'), categories: ['NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' }), 201);
    await made(worker.post(`/v1/consent-records/${consent}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
    const exactly = await made(worker.post('/v1/exact-releases', { case: grown, recipient: world.organisation('harbour'), fields: ['languages'], reason: person.givenName, neededForHelp: true }), 202);
    await made(supervisor.post(`/v1/approvals/${exactly}/approve`), 200);
    await made(worker.post(`/v1/cases/${grown}/continuity-code`, { herWish: true }), 201);
    // Her identity waits for a receiver whose key two of its people have confirmed.
    const nest = world.organisation('nest');
    const hers = await made(worker.post('/v1/consent-records', { case: grown, purpose: 'REFERRAL_DISCLOSURE', recipient: nest, categories: ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS'], noticeVersion: '2026-1', language: 'sq', medium: 'written' }), 201);
    await made(worker.post(`/v1/consent-records/${hers}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200);
    await assess(world, worker, grown, 'TRANSFER');
    const sent = await made(worker.post('/v1/referrals', { case: grown, serviceType: 'basic-needs', priority: 'NORMAL', receiver: nest }), 201);
    await made(worker.post(`/v1/referrals/${sent}/send`, {}), 200);
    const [keeper, second] = [instance.account(nest, 'PARTNER_ADMIN'), instance.account(nest, 'PARTNER_ADMIN', 'DPO')];
    const entry = proveKey(nest, newEnvelopeKey().publicKey, newEntryKey());
    const key = await made(keeper.post('/v1/recipient-keys', entry), 201);
    const confirmed = await made(keeper.post(`/v1/recipient-keys/${key}/confirm-key`, { fingerprint: fingerprintOf(nest, entry), comparedByVoice: true }), 202);
    await made(second.post(`/v1/approvals/${confirmed}/approve`), 200);
    await made(worker.post('/v1/identity-envelopes', { referral: sent }), 201);
    const file = await made(worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'child', person }), 201);
    const hold = await made(worker.post('/v1/holds', { case: file }), 201);
    const alert = await made(worker.post('/v1/safety-alerts', { case: file, reason: person.givenName }), 201);
    await made(worker.post(`/v1/safety-alerts/${alert}/clear`, { safeAgain: true }), 202);
    await made(supervisor.post(`/v1/holds/${hold}/lift`, { causeGone: true }), 202);
    await made(worker.post('/v1/rights-requests', { case: file, kind: 'ACCESS', onBehalfOf: 'PERSON', how: 'phone' }), 201);
    const kept = await made(supervisor.post('/v1/legal-holds', { case: file, ground: 'LEGAL_CLAIMS', reviewOn: new Date(instance.clock.now().getTime() + 30 * 86_400_000).toISOString().slice(0, 10) }), 202);
    await made(instance.account(world.organisation('lantern'), 'DPO').post(`/v1/approvals/${kept}/approve`), 200);
    // An emergency, and an export that somebody else allows.
    await made(instance.account(worker.organisation, 'CASE_WORKER').post('/v1/break-glasses', { case: file, reason: 'LIFE_AT_RISK' }), 201);
    const many = await made(worker.post('/v1/exports', { neededAndKeptSafe: true }), 202);
    await made(supervisor.post(`/v1/approvals/${many}/approve`), 200);
    const { body: directory } = await worker.get('/v1/shelter-directory');
    await made(worker.post('/v1/bed-requests', { shelters: (directory['items'] as { shelter: string }[]).slice(0, 1).map(({ shelter }) => shelter), priority: 'URGENT', profile: 'women', partySize: 1, languages: ['sq'], neededFrom: instance.clock.now().toISOString() }), 201);
    // Of an organisation apart: on this journey nobody's keys are locked.
    const apart = newRef('org');
    const rotation = String((await instance.account(apart, 'DPO').post('/v1/key-rotations', {})).body['approval']);
    expect((await instance.account(apart, 'PARTNER_ADMIN').post(`/v1/approvals/${rotation}/approve`)).status).toBe(200);
    await made(instance.account(apart, 'CASE_WORKER').post('/v1/panic-locks', {}), 201);
    // Nobody is missed on this journey.
    const { rows: [travelled] } = await database.query<{ id: string; owner: string; case_ref: string; origin_office: string }>('select id, owner, case_ref, origin_office from returns.return_case order by created_at limit 1');
    const { engine } = instance.services.get('returns')!;
    await engine.runAs({ lifecycle: engine.lifecycle('FailedReception'), command: 'recordFailure', owner: travelled?.owner ?? '', body: { returnCase: travelled?.id, caseRef: travelled?.case_ref, originOffice: travelled?.origin_office }, as: 'PLATFORM' });
    for (const l of lifecycles) {
      const { rows } = await database.query<Held>(`select r.ref, r.organisation as holder, t.owner, t.id from ${l.service}.${quote(tableOf(l))} t join ${l.service}.reference r on r.aggregate = t.id::text and r.kind = $1
        order by (r.organisation in (t.owner, '*')) desc, t.created_at desc, r.ref`, [l.prefix]);
      held.set(l.name, rows);
    }
    approvals = (await database.query<{ ref: string; owner: string }>("select ref, owner from referrals.approval where state = 'waiting' union all select ref, owner from notifications.approval")).rows;
    stranger = instance.account(newRef('org'), ...accountRoles.filter((role) => role !== 'OPERATOR'));
  }, 180_000);
  afterAll(async () => {
    log.close();
    await inbox.stop();
    await database?.end();
    await instance?.close();
  });

  const send = async (account: TestAccount, { method, path, example }: Pick<Operation, 'method' | 'path' | 'example'>, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> => raw(instance.url, {
    method: method.toUpperCase(), path, headers: { authorization: `Bearer ${await account.token()}`, ...(example === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(example === undefined ? {} : { body: JSON.stringify(example) }),
  });
  /** All that an answer says, but for the number of the request. */
  const said = ({ status, headers, text }: RawAnswer): unknown => {
    const { date: _, 'x-request-id': __, ...rest } = headers;
    return { status, headers: rest, text: text.replace(/"requestId":"[^"]+"/, '') };
  };
  /** Somebody's reference at this address: the lifecycle's, an organisation's or an account's. */
  const theirs = (o: Operation): readonly Held[] => {
    if (o.lifecycle) return held.get(o.lifecycle.name) ?? [];
    const kind = collectionsOfNobody[o.path.split('/')[2] ?? ''];
    const owner = world.organisation('lantern');
    return kind === 'org' ? [{ ref: owner, holder: owner, owner, id: owner }] : [{ ref: world.as('lantern.worker').subject, holder: owner, owner, id: '' }];
  };
  const itemsOf = ({ text }: RawAnswer): readonly unknown[] => (JSON.parse(text) as { items: unknown[] }).items;
  const at = (o: Operation, ref: string): string => o.path.replace('{id}', ref);

  it('there is something of every lifecycle to be kept apart', () => {
    expect(lifecycles.filter((l) => (held.get(l.name)?.length ?? 0) === 0).map((l) => l.name)).toEqual([]);
    expect(approvals.map(({ ref }) => ref.slice(0, 3)).sort()).toEqual(expect.arrayContaining(['apn', 'apr']));
    expect(withId.length).toBeGreaterThan(150);
  });

  const controllersOf = (s: (typeof services)[number]): readonly Type<object>[] => [...(s.controllers ?? []), ...s.lifecycles.map((l) => routesOf(l) as Type<object>), ...commonControllers(s.name)];
  it('every route that a service has is in its document, and no other', () => {
    for (const s of services) {
      const routes = controllersOf(s).flatMap(routesIn).map(({ method, path }) => `${method.toLowerCase()} ${path}`.replaceAll(/:(\w+)/g, '{$1}'));
      expect(operations.filter(({ service }) => service === s.name).map((o) => `${o.method} ${o.path}`).sort()).toEqual([...new Set(routes)].sort());
    }
  });
  describe('T34 the policies', () => {
    const authorisationOf = (s: (typeof services)[number]): Authorisation => (instance.services.get(s.name)?.engine.access.authorisation ?? never());
    const never = (): never => { throw new Error('no such service'); };
    it('know an action for every route of every service; those where nobody signs in are these', () => {
      for (const s of services) {
        expect([s.name, unknownRoutes(controllersOf(s), authorisationOf(s).actions)]).toEqual([s.name, []]);
        expect(controllersOf(s).flatMap(routesIn).filter((r) => r.public).map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...(s.name === 'referrals' ? ['GET /v1/statistics', 'GET /v1/statistics/:period'] : []), 'GET /livez', 'GET /readyz', 'GET /openapi.json', 'GET /asyncapi.json', 'GET /docs', 'GET /docs/:file', 'GET /problems/:code'].sort());
      }
    });
    it.each(services.map((s) => [s.name, s] as const))('decide for each action of %s, each role, and own, foreign and stranger: only what the table gives, only at home or as a party', (_name, s) => {
      const wrong: unknown[] = [];
      const authorisation = authorisationOf(s);
      const expected = (a: KnownAction, role: Role, whose: 'own' | 'party' | 'stranger'): boolean =>
        whose !== 'stranger' && role !== 'OPERATOR' && a.roles.includes(role) && (whose === 'own' || (a.group !== 'reveal' && a.group !== 'edit'));
      for (const a of authorisation.actions.values()) if (a.kind !== undefined) for (const whose of ['own', 'party', 'stranger'] as const) for (const role of whose === 'own' ? accountRoles : [...new Set<Role>([...a.roles.slice(0, 1), 'CASE_WORKER', 'DPO', 'OPERATOR'])]) {
        const q: Question = { action: a.name, roles: [role], own: whose === 'own', party: whose === 'party', ofCase: true, purpose: 'ASSISTANCE', consentLive: true, signedInLately: true };
        const decision = authorisation.ask(q);
        // edited and revealed by who may see persons, and by nobody without subjects
        if (decision.allowed !== expected(a, role, whose) && !(['reveal', 'edit'].includes(a.group) && !decision.allowed && ['PARTNER_ADMIN', 'MEDIA_OFFICER', 'COMPLAINTS_BODY', 'BID_PANEL'].includes(role))) wrong.push([a.name, role, whose, decision]);
        if (!decision.allowed && whose === 'stranger' && decision.policies.length > 0 && decision.refusal !== 'not-found') wrong.push([a.name, role, whose, decision]);
      }
      expect(wrong).toEqual([]);
    }, 180_000);
    it('are asked by every route besides the tables that is about a kind of row: where they forbid it, nobody gets an answer, also at home', async () => {
      const unasked: unknown[] = [];
      let tried = 0;
      for (const s of services) for (const { method, path, action } of (s.controllers ?? []).flatMap(routesIn)) {
        const authorisation = authorisationOf(s);
        const known = authorisation.actions.get(action?.name ?? '');
        if (known?.kind === undefined || known.group !== 'route') continue;
        tried += 1;
        const o = operations.find((other) => `${other.method.toUpperCase()} ${other.path}` === `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`) ?? never();
        let asked = 0;
        const forbids = (q: Question): Decision => { if (q.action !== known.name) return authorisation.ask(q); asked += 1; return { allowed: false, refusal: 'role-not-allowed', policies: ['own'] }; };
        Object.defineProperty(authorisation, 'decide', { configurable: true, value: forbids });
        try {
          for (const { ref, holder, owner } of (held.get(known.kind) ?? []).filter((h, n, all) => all.findIndex((x) => x.holder === h.holder) === n)) {
            const { status, text } = await send(everything(holder === '*' ? owner : holder), { ...o, path: at(o, ref) });
            const { code } = JSON.parse(text) as { code?: string };
            if (![403, 404].includes(status) || (status === 403 && code !== 'role-not-allowed')) unasked.push([known.name, status, code]);
          }
        } finally { Reflect.deleteProperty(authorisation, 'decide'); }
        if (asked === 0) unasked.push([known.name, 'asks nothing']);
      }
      expect([tried > 15, unasked]).toEqual([true, []]);
    }, 180_000);
  });
  describe('T34 a token', () => {
    it.each(named)('for another audience, issuer or time opens nothing, at home or not: %s', async (_name, o) => {
      const [own] = theirs(o);
      const claims = { subject: newRef('acc'), organisation: own?.owner ?? '', roles: accountRoles };
      const tokens = await Promise.all([{ audience: 'another' }, { issuer: 'https://elsewhere.example' }, { expires: '-1h' }].map((wrong) => instance.issuer.sign(claims, wrong)));
      for (const token of [...tokens, undefined]) {
        const answer = await raw(instance.url, { method: o.method.toUpperCase(), path: at(o, own?.ref ?? ''), headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
        expect([answer.status, ['not-signed-in', 'token-expired'].includes((JSON.parse(answer.text) as { code: string }).code)]).toEqual([401, true]);
      }
    });
    it.each(accountRoles)('of %s alone, of a stranger, finds a foreign reference like a missing one on every route', async (role) => {
      const caller = everything(stranger.organisation, role);
      // Each route is asked for by several roles, and each role asks for a fifth of them; decisions are tried for all of both above.
      const answers = await Promise.all(withId.filter(([, { lifecycle }], n) => lifecycle && n % 5 === accountRoles.indexOf(role) % 5).map(async ([name, o]) => {
        const [own] = theirs(o);
        const example = o.method === 'get' ? undefined : { ...(o.example as object | undefined), owner: own?.owner, organisations: [stranger.organisation], state: 'closed' };
        const headers: Readonly<Record<string, string>> = o.method === 'patch' ? { 'if-match': '"1"' } : {};
        const [foreign, missing] = [await send(caller, { ...o, path: at(o, own?.ref ?? ''), example }, headers), await send(caller, { ...o, path: at(o, newRef(own?.ref.slice(0, 3) ?? 'xxx')), example }, headers)];
        return JSON.stringify(said(foreign)) === JSON.stringify(said(missing)) && foreign.status === 404 ? [] : [[name, said(foreign), said(missing)]];
      }));
      expect(answers.flat()).toEqual([]);
    }, 180_000);
  });
  describe('T35 counts and filters', () => {
    it('of who is no party are the same whether or not there is something', async () => {
      for (const l of lifecycles) {
        const [own] = held.get(l.name) ?? [];
        const ask = async (query: string): Promise<unknown> => said(await send(stranger, { method: 'get', path: `/v1/${collectionOf(l)}?${query}` }));
        const nobody = { owner: newRef('org'), file: newRef('cas') };
        const [file] = held.get('Case') ?? [];
        expect([l.name, await ask(`organisation=${own?.owner ?? ''}`)]).toEqual([l.name, await ask(`organisation=${nobody.owner}`)]);
        expect([l.name, await ask(`caseId=${file?.ref ?? ''}`)]).toEqual([l.name, await ask(`caseId=${nobody.file}`)]);
        expect([l.name, await ask('due-before=2099-01-01T00:00:00Z&limit=1')]).toEqual([l.name, await ask('limit=1')]);
      }
    });
    it('of an organisation that is a party to something count nothing else of its owner', async () => {
      for (const l of lifecycles) for (const { holder, owner } of (held.get(l.name) ?? []).filter((h) => h.holder !== h.owner && h.holder !== '*').slice(0, 2)) {
        const answer = await send(everything(holder), { method: 'get', path: `/v1/${collectionOf(l)}?organisation=${owner}&limit=100` });
        // All that it is a party to and that its lifecycle shows to one, by its own names.
        const caller = everything(holder);
        await database.query(`set search_path = ${l.service}`);
        const { rows } = await database.query<{ ref: string }>(`select r.ref from ${quote(tableOf(l))} t join reference r on r.aggregate = t.id::text and r.kind = ($1->>4) and r.organisation = ($1->>0) and r.purpose = '' and r.generation = 1 where t.owner = ($1->>3) and t.organisations @> array[$1->>0] and (${l.visible ?? 'true'})`.replaceAll(/\$1\b/g, '$1::jsonb'), [JSON.stringify([holder, caller.subject, accountRoles, owner, l.prefix])]);
        expect([l.name, (itemsOf(answer) as { id: string }[]).map(({ id }) => id).sort()]).toEqual([l.name, rows.map(({ ref }) => ref).sort()]);
      }
    });
  });
  describe('G9 the third wall', () => {
    it('is keys: a service that says it is another organisation reads its rows, and no value of a person in them', async () => {
      for (const s of services) {
        const url = new URL(instance.databaseUrl);
        [url.username, url.password] = [`${s.name}_app`, `test-${s.name}_app`];
        const client = new pg.Client({ connectionString: url.href });
        await client.connect();
        try {
          let sealed = 0;
          for (const l of s.lifecycles) for (const { organisation } of (await database.query<{ organisation: string }>(`select distinct owner as organisation from ${s.name}.${quote(tableOf(l))}`)).rows) {
            await client.query('begin');
            await client.query("select set_config('app.org', $1, true)", [organisation]);
            const { rows } = await client.query<{ text: string; sealed: Buffer | null }>(`select row_to_json(t)::text as text, t.sealed from ${s.name}.${quote(tableOf(l))} t`);
            const { rows: keys } = await client.query<{ wrapped: string }>(`select wrapped from ${s.name}.subject_key where owner = $1`, [organisation]);
            await client.query('rollback');
            for (const row of rows) {
              expect([l.name, names.test(row.text), names.test(row.sealed?.toString('latin1') ?? '')]).toEqual([l.name, false, false]);
              if (row.sealed) sealed += 1;
            }
            // its keys are there, and wrapped by one that is not
            for (const { wrapped } of keys) expect(wrapped).not.toMatch(names);
          }
          if (s.name !== 'notifications') expect([s.name, sealed > 0]).toEqual([s.name, true]);
        } finally { await client.end(); }
      }
    });
  });

  describe('a foreign id is answered exactly as a missing one', () => {
    it.each(withId)('%s', async (_name, o) => {
      const [own] = theirs(o);
      const missing = newRef(own?.ref.slice(0, 3) ?? 'xxx');
      // A party has a name of its own for the same thing; the owner's is as strange to it as to anybody.
      const party = theirs(o).find((h) => h.id === own?.id && h.holder !== own.owner && h.holder !== '*')?.holder;
      const bodies = o.method === 'get' ? [undefined] : [o.example, undefined, { unknown: true }, { ...(o.example as object | undefined), onBehalfOf: 'PERSON', how: 'phone' }];
      const callers = [stranger, everything(stranger.organisation, 'DPO'), ...(o.lifecycle ? [everything(stranger.organisation), everything(stranger.organisation, 'OPERATOR'), ...(party ? [everything(party)] : [])] : [])];
      const variants: readonly Readonly<Record<string, string>>[] = o.method === 'get' ? [{}] : [{ 'if-match': '"1"' }, { 'if-match': '"9999"' }, { 'idempotency-key': newRef('key'), 'if-match': '"1"' }];
      for (const caller of callers) for (const example of bodies) for (const headers of variants) {
        const foreign = await send(caller, { ...o, path: at(o, own?.ref ?? ''), example }, headers);
        expect(said(foreign)).toEqual(said(await send(caller, { ...o, path: at(o, missing), example }, headers)));
        if (o.lifecycle) problem(foreign, 'not-found');
      }
    });
    it.each(['approve', 'refuse'])('POST /v1/approvals/{id}/%s', async (what) => {
      for (const { ref, owner } of approvals) for (const caller of [stranger, everything(stranger.organisation), everything(stranger.organisation, 'DPO'), everything(world.organisation('harbour')), everything(world.organisation('chisinau'))].filter(({ organisation }) => organisation !== owner)) {
        const foreign = await send(caller, { method: 'post', path: `/v1/approvals/${ref}/${what}`, example: {} });
        expect(said(foreign)).toEqual(said(await send(caller, { method: 'post', path: `/v1/approvals/${newRef(ref.slice(0, 3))}/${what}`, example: {} })));
        problem(foreign, 'not-found');
      }
    });
    it('and the own one is not: for each lifecycle the owner reads what it holds', async () => {
      for (const l of lifecycles) {
        const [own] = held.get(l.name) ?? [];
        for (const tail of ['', '/timeline']) expect([l.name, tail, (await send(everything(own?.owner ?? ''), { method: 'get', path: `/v1/${collectionOf(l)}/${own?.ref ?? ''}${tail}` })).status]).toEqual([l.name, tail, 200]);
      }
    });
  });

  describe('lists', () => {
    it.each(lists)('%s is empty for strangers, whatever they ask for', async (_name, o) => {
      const of = (o.lifecycle ? held.get(o.lifecycle.name) : undefined)?.[0];
      const file = held.get('Case')?.[0]?.ref ?? '';
      const filters = o.lifecycle && o.path === `/v1/${collectionOf(o.lifecycle)}` ? ['', `?caseId=${file}`, `?organisation=${of?.owner ?? ''}`, `?organisation=${of?.owner ?? ''}&caseId=${file}`, '?due-before=2099-01-01T00:00:00Z', ...o.lifecycle.states.map((state) => `?state=${state}&limit=100`)] : [''];
      for (const caller of [stranger, everything(stranger.organisation, 'DPO'), ...(o.path === '/v1/accounts' ? [] : [everything(stranger.organisation, 'OPERATOR')])]) for (const filter of filters) {
        const answer = await send(caller, { method: 'get', path: o.path + filter });
        if (answer.status === 200 && o.path === '/v1/organisations') expect(Object.keys(itemsOf(answer)[0] as object).sort()).toEqual(['country', 'id', 'name', 'networkBody', 'type']); // public facts (decisions 2)
        else if (answer.status === 200) expect(JSON.parse(answer.text)).toEqual({ items: [], next: null });
        else problem(answer, answer.status === 403 ? 'role-not-allowed' : 'guard-refused');
      }
    });
    it.each(services.map(({ name }) => name))('the call list of %s is empty for strangers', async (name) => {
      expect(itemsOf(await send(stranger, { method: 'get', path: name === 'referrals' ? '/v1/alerts' : `/v1/${name}-alerts?settled=true` }))).toEqual([]);
    });
  });

  it.each(named.filter(([, { method }]) => method === 'get'))('who has no role gets no data, also at home: %s', async (_name, o) => {
    const [own] = theirs(o);
    const nobody = instance.account(own?.owner ?? '');
    problem(await send(nobody, { ...o, path: at(o, own?.ref ?? '') }), 'role-not-allowed');
  });
  it.each(lifecycles.map((l) => [l.name, l] as const))('who runs the servers sees nothing of a case, also at home (reference 2.7): %s', async (_name, l) => {
    const { rows: ofCases } = await database.query<{ id: string }>(`select id from ${l.service}.${quote(tableOf(l))} where case_ref is not null`);
    for (const { ref, holder } of (held.get(l.name) ?? []).filter((h) => ofCases.some(({ id }) => id === h.id))) {
      const account = everything(holder, 'OPERATOR');
      const answers = [await send(account, { method: 'get', path: `/v1/${collectionOf(l)}/${ref}` }), await send(account, { method: 'get', path: `/v1/${collectionOf(l)}/${ref}/timeline` }), await send(account, { method: 'get', path: `/v1/${collectionOf(l)}` })];
      expect([l.name, answers.map(({ status, text }) => (status === 200 ? (JSON.parse(text) as { items?: unknown[] }).items?.length : status))]).toEqual([l.name, [404, 404, 0]]);
    }
  });

  describe('plaintext', () => {
    const readable = lifecycles.flatMap((l) => { const personal = Object.entries(l.fields as Fields).filter(([, f]) => isPersonal(f) && f.shown !== 'nobody').map(([name]) => name); return personal.length > 0 ? [[l.name, l, personal.join(',')] as const] : []; });
    const look = (account: TestAccount, l: Lifecycle, ref: string, fields: string): Promise<RawAnswer> => send(account, { method: 'get', path: `/v1/${collectionOf(l)}/${ref}?reveal=${fields}&purpose=ASSISTANCE` });
    const looks = async (l: Lifecycle): Promise<number> => Number((await database.query<{ n: string }>(`select count(*) as n from ${l.service}.audit where kind = $1 and command = 'reveal'`, [l.prefix])).rows[0]?.n);
    it.each(readable)('of %s is shown inside the owner only, and each look is written down', async (_name, l, fields) => {
      const before = await looks(l);
      for (const { ref, holder, owner } of (held.get(l.name) ?? []).filter(({ holder: h, owner: o }) => h !== o && h !== '*')) {
        expect(holder).not.toBe(owner);
        const answer = await look(everything(holder), l, ref, fields);
        expect([403, 404]).toContain(answer.status);
        expect(answer.text).not.toMatch(names);
      }
      const [own] = held.get(l.name) ?? [];
      for (const roles of [['OPERATOR'], ['PARTNER_ADMIN'], ['MEDIA_OFFICER'], ['COMPLAINTS_BODY'], ['REFERRER'], ['OPERATOR', 'PARTNER_ADMIN']] as const) {
        const answer = await look(everything(own?.owner ?? '', ...roles), l, own?.ref ?? '', fields);
        expect([roles, [403, 404].includes(answer.status)]).toEqual([roles, true]);
        expect(answer.text).not.toMatch(names);
      }
      expect(await looks(l)).toBe(before);
      expect((await look(everything(own?.owner ?? ''), l, own?.ref ?? '', fields)).status).toBe(200);
      expect(await looks(l)).toBe(before + 1);
      // without being asked for it is nowhere
      for (const path of [`/v1/${collectionOf(l)}/${own?.ref ?? ''}`, `/v1/${collectionOf(l)}/${own?.ref ?? ''}/timeline`, `/v1/${collectionOf(l)}`]) expect((await send(everything(own?.owner ?? ''), { method: 'get', path })).text).not.toMatch(names);
    });
  });

  describe.each(services.map((s) => [s.name, s] as const))('the database role of %s', (name, s) => {
    let client: pg.Client;
    const tables = s.lifecycles.map((l) => [l.name, quote(tableOf(l))] as const);
    const asOrganisation = async <T extends object>(organisation: string | undefined, text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<T>> => {
      await client.query('begin');
      try {
        if (organisation !== undefined) await client.query("select set_config('app.org', $1, true)", [organisation]);
        return await client.query<T>(text, [...values]);
      } finally { await client.query('rollback'); }
    };
    const refused = async (text: string, organisation?: string): Promise<string> => asOrganisation(organisation, text).then(() => 'done', (error: unknown) => String((error as { code?: unknown }).code));
    beforeAll(async () => {
      const url = new URL(instance.databaseUrl);
      [url.username, url.password] = [`${name}_app`, `test-${name}_app`];
      client = new pg.Client({ connectionString: url.href });
      await client.connect();
    });
    afterAll(async () => { await client?.end(); });

    it.each(tables)('sees no row of %s without an organisation, and none of another', async (_lifecycle, table) => {
      const { rows } = await database.query<{ organisation: string; n: string }>(`select o as organisation, count(*) as n from ${name}.${table}, unnest(organisations) o group by 1`);
      expect(rows.length).toBeGreaterThan(0);
      const seen = async (organisation: string | undefined): Promise<{ n: string; foreign: string } | undefined> => (await asOrganisation<{ n: string; foreign: string }>(organisation, `select count(*) as n, count(*) filter (where not organisations @> array[$1]) as foreign from ${table}`, [organisation ?? ''])).rows[0];
      for (const none of [undefined, '', stranger.organisation, '*', 'null', '%']) expect([none, await seen(none)]).toEqual([none, { n: '0', foreign: '0' }]);
      for (const { organisation, n } of rows) expect([organisation, await seen(organisation)]).toEqual([organisation, { n, foreign: '0' }]);
    });
    it.each(tables)('changes no row of %s for another organisation, and deletes none', async (_lifecycle, table) => {
      const { rows: [row] } = await database.query<{ id: string; owner: string; organisations: string[] }>(`select id, owner, organisations from ${name}.${table} order by cardinality(organisations) desc limit 1`);
      for (const organisation of [undefined, stranger.organisation]) expect((await asOrganisation(organisation, `update ${table} set state = state, version = version + 1 where id = $1`, [row?.id])).rowCount).toBe(0);
      // a party that is not the owner reads, and writes nothing
      const party = row?.organisations.find((o) => o !== row.owner);
      if (party) expect(await refused(`update ${table} set version = version + 1 where id = '${String(row?.id)}'`, party)).toBe('42501');
      expect(await refused(`update ${table} set owner = '${stranger.organisation}' where id = '${String(row?.id)}'`, row?.owner)).toBe('42501');
      expect(await refused(`insert into ${table} (id, owner, organisations, state, version, created_at, updated_at) values (gen_random_uuid(), '${String(row?.owner)}', array['${String(row?.owner)}'], 'x', 1, now(), now())`, stranger.organisation)).toBe('42501');
      for (const text of [`delete from ${table}`, `truncate ${table}`, `alter table ${table} disable row level security`, `alter table ${table} no force row level security`, `drop policy parties on ${table}`, `create policy all_of_it on ${table} using (true)`, `drop table ${table}`]) expect([text, await refused(text, row?.owner)]).toEqual([text, '42501']);
    });
    it('appends to the audit trail, and changes and deletes nothing in it', async () => {
      const { rows: [entry] } = await database.query<{ position: string; organisations: string[] }>(`select position, organisations from ${name}.audit limit 1`);
      for (const text of ["update audit set command = 'x'", 'delete from audit', 'truncate audit', 'alter table audit disable row level security', 'drop policy audit_append on audit']) {
        expect([text, await refused(text, entry?.organisations[0])]).toEqual([text, '42501']);
        expect([text, await refused(text)]).toEqual([text, '42501']);
      }
      for (const organisation of [undefined, stranger.organisation]) expect((await asOrganisation<{ n: string }>(organisation, 'select count(*) as n from audit')).rows[0]?.n).toBe('0');
      expect(Number((await asOrganisation<{ n: string }>(entry?.organisations[0], 'select count(*) as n from audit')).rows[0]?.n)).toBeGreaterThan(0);
    });
    it('sees no alert of another organisation', async () => {
      for (const organisation of [undefined, stranger.organisation]) expect((await asOrganisation<{ n: string }>(organisation, 'select count(*) as n from alert')).rows[0]?.n).toBe('0');
    });
    it('reads no other service\'s schema, nor the identities', async () => {
      const others = [...services.map((other) => other.name).filter((other) => other !== name), 'identity', 'bus'];
      for (const other of others) {
        const { rows } = await database.query<{ name: string }>('select quote_ident(relname) as name from pg_class where relkind = \'r\' and relnamespace = $1::regnamespace', [other]);
        for (const { name: table } of rows) expect([other, table, await refused(`select 1 from ${other}.${table} limit 1`)]).toEqual([other, table, '42501']);
        expect([other, await refused(`create table ${other}.mine (x integer)`)]).toEqual([other, '42501']);
        expect([other, await refused(`set local role ${other === 'identity' || other === 'bus' ? other : `${other}_owner`}`)]).toEqual([other, '42501']);
      }
      for (const text of [`set local role ${name}_owner`, 'set local role postgres', `create table ${name}.mine (x integer)`, 'create table public.mine (x integer)', 'create role mine', 'select 1 from pg_authid', "copy (select 1) to program 'true'", "select pg_read_file('/etc/passwd')"]) expect([text, await refused(text)]).toEqual([text, expect.stringMatching(/^(42501|3F000)$/)]);
    });
    it('is an ordinary role, and owns nothing', async () => {
      const { rows: [role] } = await database.query('select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit from pg_roles where rolname = $1', [`${name}_app`]);
      expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false, rolinherit: false });
      expect((await database.query("select 1 from pg_class where relowner = $1::regrole and relnamespace::regnamespace::text not like 'pg_temp%' and relnamespace::regnamespace::text not like 'pg_toast%'", [`${name}_app`])).rowCount).toBe(0);
      expect((await database.query('select 1 from pg_auth_members where member = $1::regrole', [`${name}_app`])).rowCount).toBe(0);
    });
  });

  // Last: these do what they say.
  describe('the example of every documented body', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { date: true, 'date-time': true } });
    const withBody = named.filter(([, { schema }]) => schema !== undefined);
    it.each(withBody)('fits its schema: %s', (_name, { schema, example }) => {
      const check = ajv.compile(schema ?? {});
      expect([check(JSON.parse(JSON.stringify(example))), check.errors ?? []]).toEqual([true, []]);
    });
    /** Where an example names what nobody holds, the route is asked about what somebody does. */
    const real = (o: Operation, body: object): unknown => {
      if (o.path === '/v1/accounts') return { ...body, id: newRef('acc'), organisation: world.organisation('lantern') };
      if (o.path === '/v1/organisations') return { ...body, id: newRef('org') };
      if (o.path === '/v1/deletion-confirmations') return { ...body, consentRecord: recalled.ref };
      return body;
    };
    let recalled: { readonly ref: string; readonly organisation: string };
    beforeAll(async () => {
      const { rows: [row] } = await database.query<{ ref: string; organisation: string }>("select r.ref, r.organisation from referrals.recall t join referrals.reference r on r.aggregate = t.consent_id::text and r.organisation = t.recipient where t.state = 'asked' limit 1");
      if (!row) throw new Error('nothing was recalled');
      recalled = row;
    });
    it.each(named.filter(([, { method }]) => method !== 'get'))('is taken where it is sent: %s', async (_name, o) => {
      const [own] = theirs(o);
      const organisation = o.path === '/v1/deletion-confirmations' ? recalled.organisation : o.lifecycle && o.path.includes('{id}') ? own?.owner ?? '' : world.organisation('lantern');
      const path = at(o, own?.ref ?? '');
      const caller = everything(organisation);
      const version: Readonly<Record<string, string>> = o.method === 'patch' ? { 'if-match': (await send(caller, { method: 'get', path })).headers['etag'] ?? '' } : {};
      const answer = await send(caller, { ...o, path, ...(o.example === undefined ? {} : { example: real(o, o.example as object) }) }, version);
      const { code, errors = [] } = JSON.parse(answer.text) as { code?: string; errors?: { code: string; pointer: string }[] };
      expect([answer.status, [404, 405, 500].includes(answer.status)]).toEqual([answer.status, false]);
      // its references are nobody's, and its address is nobody's
      expect([code, errors.filter((e) => e.code !== 'unknown-reference' && e.code !== 'url-not-allowed')]).toEqual([code, []]);
    });
    it('and nothing failed inside', async () => {
      expect(log.text).not.toMatch(/request-failed/);
      expect(log.text).not.toMatch(names);
      // what does fail inside is heard, without a word of what it was about
      await database.query('alter table notifications.agreement rename to away');
      problem(await send(everything(world.organisation('lantern')), { method: 'get', path: '/v1/agreements' }), 'internal-error');
      await database.query('alter table notifications.away rename to agreement');
      expect(log.text).toMatch(/^\{"level":40,"time":"[^"]+","requestId":"[^"]+","reason":"error 42P01[^"]*","code":"request-failed"\}$/m);
    });
  });

  it('T10 leaves no name in any sink, whoever asked for what', async () => { expect(huntLeaks([...await instance.sinks(), { name: 'webhooks', content: inbox.heard }], people)).toEqual([]); }, 120_000);
});

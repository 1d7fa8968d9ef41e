import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '@footbridge/contracts';
import { collectionOf } from '@footbridge/lifecycle';
import { KafkaTransport, PostgresTransport, type Transport } from '@footbridge/messaging';
import { LocalFileKeyStore, LocalFileSigningKeys, newRef } from '@footbridge/privacy';
import type { Sink } from '@footbridge/privacy/testing';
import { manualClock, provision, registry, startService, type Clock, type RunningService, type ServiceConfig, type ServiceDefinition } from '@footbridge/service';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { OwnKafka } from './kafka.js';
import { testDatabase, type OwnServer } from './postgres.js';
import { Answers, databaseFromNow, files, topics } from './sinks.js';
import { testLog } from './test-log.js';

export interface TestAnswer { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }
/** Somebody signed in: sends requests in one account's name, and asks again, as a client would, while a service is blind for a moment on a busy machine. */
export interface TestAccount {
  readonly subject: string; readonly organisation: string; readonly roles: readonly Role[];
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<TestAnswer>;
  patch(path: string, body: unknown, version: unknown): Promise<TestAnswer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<TestAnswer>;
  token(): Promise<string>;
  /** The same account, but it takes the first answer. */
  readonly impatient: TestAccount;
}
export interface TestInstance {
  readonly url: string;
  readonly clock: Clock;
  readonly services: ReadonlyMap<string, RunningService>;
  readonly databaseUrl: string;
  readonly issuer: TestIssuer;
  account(organisation: string, ...roles: Role[]): TestAccount;
  /** Moves the domain clock of every service and lets what is due happen. */
  advance(milliseconds: number): Promise<void>;
  /** Everything that it has written down, sent, answered or said, for leak hunts (T10). What came to servers outside is theirs to add. */
  sinks(): Promise<readonly Sink[]>;
  close(): Promise<void>;
}

export interface TestIssuer { readonly issuer: string; sign(claims: { subject: string; organisation: string; roles: readonly string[] }, options?: { expires?: string; audience?: string; issuer?: string; claims?: Readonly<Record<string, unknown>> }): Promise<string>; close(): Promise<void> }
/** An OIDC issuer for tests: a key, its JWKS on loopback, and whatever tokens a test wants. */
export async function testIssuer(): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url?.startsWith('/jwks') ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }));
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${portOf(server)}`;
  return {
    issuer: url,
    sign: ({ subject, organisation, roles }, o = {}) => new SignJWT({ organisation, roles, auth_time: Math.floor(Date.now() / 1000), ...o.claims }).setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' }).setSubject(subject).setIssuer(o.issuer ?? url).setAudience(o.audience ?? 'footbridge').setIssuedAt().setExpirationTime(o.expires ?? '2h').sign(privateKey),
    close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }),
  };
}

const passwords = new Proxy({}, { get: (_, role) => `test-${String(role)}` }) as Readonly<Record<string, string>>;

/**
 * Services of one instance in this process, on real Postgres and on the transport asked for, behind one address.
 * The domain clock is manual.
 */
export async function testInstance(definitions: readonly ServiceDefinition[], options: { /** On a server of the suite's own (`ownPostgres`); else on the one of the run. */ readonly postgres?: Pick<OwnServer, 'log'> & { database(name: string): Promise<string> }; /** On Kafka, with a broker of the suite's own (`ownKafka`); else on the Postgres transport. */ readonly kafka?: OwnKafka | undefined; /** Else one that only `advance` moves on. */ readonly clock?: Clock; readonly config?: Partial<ServiceConfig>; readonly name?: string } = {}): Promise<TestInstance> {
  const admin = await (options.postgres?.database ?? testDatabase)(options.name ?? 'instance');
  const [kept, said, answers] = [await databaseFromNow(admin, options.postgres?.log), testLog({ aloud: true }), new Answers()];
  const database = new URL(admin).pathname.slice(1);
  const at = (name: string): string => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; };
  const provisioned = await provision((name) => at(name), passwords, database);
  const keys = await mkdtemp(join(tmpdir(), 'footbridge-keys-'));
  const issuer = await testIssuer();
  const clock = options.clock ?? manualClock();
  const transports: Transport[] = [];
  const transportOf = (): Transport => {
    const transport = options.kafka ? new KafkaTransport({ brokers: options.kafka.brokers.split(','), clientId: 'test' }) : new PostgresTransport({ url: provisioned.busUrl });
    transports.push(transport);
    return transport;
  };
  const running = new Map<string, RunningService>();
  for (const definition of definitions) {
    const urls = provisioned.services[definition.name as keyof typeof provisioned.services];
    running.set(definition.name, await startService(definition, {
      databaseUrl: urls.databaseUrl, migrationUrl: urls.migrationUrl, transport: transportOf(), issuer: issuer.issuer, audience: 'footbridge', keyStore: new LocalFileKeyStore(keys), signingKeys: new LocalFileSigningKeys(keys), clock, webhooks: 'loopback', access: { looksPerHour: 200 }, jitter: () => 0, poolSize: 6, auditRoots: 'asked', ...options.config,
    }));
  }
  const serving = new Map<string, RunningService>();
  for (const definition of definitions) {
    const own = running.get(definition.name) as RunningService;
    for (const name of [...definition.lifecycles.map(collectionOf), ...(definition.documented ?? []).map((d) => collectionIn(d.path)), ...['clock', 'parked', 'alerts', 'keys', 'erasure-receipts', 'audit-roots', 'accesses'].map((part) => `${definition.name}-${part}`)]) serving.set(name, own);
    if (definition.name === 'referrals') serving.set('alerts', own);
  }
  const approving: Readonly<Record<string, string>> = { apr: 'referrals', aps: 'shelters', apt: 'returns', api: 'reintegration', apn: 'notifications' };
  const front = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    const approval = /^\/v1\/approvals\/(ap[a-z])_/.exec(path)?.[1];
    const found = approval ? running.get(approving[approval] ?? '') : serving.get(collectionIn(path));
    (found ?? running.values().next().value as RunningService).listener(request, response);
  });
  await new Promise<void>((done) => { front.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${portOf(front)}`;
  const account = (organisation: string, ...roles: Role[]): TestAccount => {
    const subject = newRef('acc');
    let signed: Promise<string> | undefined;
    const token = (): Promise<string> => (signed ??= issuer.sign({ subject, organisation, roles }));
    const send = async (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<TestAnswer> => {
      const response = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${await token()}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await response.text();
      answers.keep(path, response.status, response.headers, text);
      return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) as Record<string, unknown> : {} };
    };
    const patiently: typeof send = async (...request) => {
      for (const until = Date.now() + 20_000; ;) {
        const answer = await send(...request);
        if (answer.status !== 503 || answer.headers.get('retry-after') !== '2' || Date.now() > until) return answer;
        await sleep(100);
      }
    };
    const through = (sending: typeof send): TestAccount => ({
      subject, organisation, roles, token, get impatient() { return through(send); },
      post: (path, body, headers) => sending('POST', path, body, headers), get: (path, headers) => sending('GET', path, undefined, headers),
      patch: (path, body, version) => sending('PATCH', path, body, { 'if-match': `"${String(version)}"`, 'content-type': 'application/merge-patch+json' }),
    });
    return through(patiently);
  };
  return {
    url, clock, services: running, databaseUrl: admin, issuer, account,
    advance: async (ms) => { clock.advance(ms); for (const service of running.values()) await service.deadlines.run(); },
    sinks: async () => [...await kept(), ...(options.kafka ? await topics(options.kafka) : []), ...await files(keys, 'keys'), { name: 'log', content: said.text }, { name: 'metrics', content: await registry.metrics() }, answers.sink],
    close: async () => {
      said.close();
      await new Promise<void>((done) => { front.close(() => done()); front.closeAllConnections(); });
      for (const service of running.values()) await service.close();
      for (const transport of transports) await transport.close().catch(() => undefined);
      await issuer.close();
      await rm(keys, { recursive: true, force: true });
    },
  };
}

const portOf = (server: Server): number => { const address = server.address(); return typeof address === 'object' && address ? address.port : 0; };
const collectionIn = (path: string): string => /^\/v1\/([a-z-]+)/.exec(path)?.[1] ?? '';

import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer, type ServerResponse } from 'node:http';
import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { events, type Service } from '@footbridge/contracts';
import type { Lifecycle } from '@footbridge/lifecycle';
import { EventServer, Relay, connectEvents, type Freshness, type Transport } from '@footbridge/messaging';
import type { EgressOptions, Gate, KeyStore, MailTemplate, Population, SigningKeys } from '@footbridge/privacy';
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { Access, type AccessQueries } from './access.js';
import { accessDefaults, type AccessSettings } from './access-settings.js';
import { declaredActions, requireActions } from './action.js';
import { Authorisation } from './authorisation.js';
import { AuditSequencer } from './audit/sequencer.js';
import { commonControllers } from './common-routes.js';
import type { Classes } from './classes.js';
import type { Clock } from './clock.js';
import { systemClock } from './clock.js';
import { databaseOff, differ } from './clocks.js';
import { Deadlines } from './deadlines.js';
import { KnownDenyList } from './deny.js';
import { Engine } from './engine.js';
import { BODY_LIMIT, ProblemFilter, SignedIn, readJson, requestId, unreadableAddress } from './http.js';
import type { DenyList } from './identity/deny-list.js';
import { KeyKeeper } from './keys/keeper.js';
import { Signers, serviceHasSigned } from './keys/signers.js';
import { KeysTold } from './keys/told.js';
import { AccessTokens } from './identity/access-token.js';
import { SignIn } from './identity/sign-in.js';
import { codeReason } from './log-reason.js';
import { log } from './log.js';
import type { ExtraRoute } from './openapi.js';
import { reactionsOf, sharedProjections } from './projections.js';
import { requestMac } from './repeats.js';
import { Refusals, serviceGate } from './refusals.js';
import { CURSOR_SECRET, routesOf } from './routes.js';
import { Sessions } from './sessions.js';
import { Store } from './store.js';

/** Work that a service does besides requests and events: started with it, stopped with it. */
export interface Job { start(): void | Promise<void>; stop(): void | Promise<void> }
export interface Running { readonly engine: Engine; readonly pool: pg.Pool; readonly gate: Gate; readonly clock: Clock; readonly config: ServiceConfig; readonly deadlines: Deadlines; readonly freshness: Freshness; readonly refusals: Refusals; readonly signers: Signers }

/** A service: its lifecycles, and what is not a lifecycle. */
export interface ServiceDefinition {
  readonly name: string;
  readonly lifecycles: readonly Lifecycle[];
  /** Why what it keeps is kept, how long, and who sees it: every column and body is in the register (docs/rights.md). */
  readonly classes?: Classes;
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** Routes that no table gives (intakes, clearances) and handlers of events (projections). */
  readonly controllers?: readonly Type<object>[];
  readonly documented?: readonly ExtraRoute[];
  readonly providers?: (running: Running) => readonly Provider[];
  readonly jobs?: (running: Running) => readonly Job[];
  /** Every mail that it ever writes: the gate knows no other. */
  readonly mails?: readonly MailTemplate[];
  /** SQL for whether a guardian speaks in the case `$1->>1`, in the service that keeps guardians. */
  readonly guardianSpeaks?: string;
  /** What it knows that decides who may look (access.ts). */
  readonly access?: AccessQueries;
  /** SQL, a row where the organisation `$1->>0` has signed something that is kept here. */
  readonly signedHere?: string;
  /** What the facts of its lifecycles may ask besides the database. */
  readonly ports?: (config: ServiceConfig, pool: pg.Pool, gate: Gate) => Readonly<Record<string, unknown>>;
}
export interface MailConfig { readonly smtpUrl: string; readonly from: string; readonly address: string }
export interface ServiceConfig {
  /** The service's own role: neither owner of its tables nor superuser. */
  readonly databaseUrl: string;
  /** The role that owns the schema; used for migrations only. */
  readonly migrationUrl: string;
  readonly transport: Transport;
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri?: string;
  /** The public address of the instance, which proofs of a token's key name (identity/dpop.ts). Default: where the issuer is. */
  readonly address?: string;
  readonly keyStore: KeyStore;
  readonly signingKeys: SigningKeys;
  /** How long a backup may hold what a destroyed key opens: so long old keys are kept after a change. Default: 35 days. */
  readonly keyBackupDays?: number;
  readonly clock?: Clock;
  /** Seals cursors and knows repeated requests again; the same for all replicas. */
  readonly secret?: Buffer;
  readonly webhooks?: 'public' | 'loopback';
  readonly deadlinesEveryMs?: number;
  /** Signed roots of the audit: at each full hour, at the end and every five minutes between, or only when one is asked for. */
  readonly auditRoots?: 'hourly' | 'asked';
  /** Waits of the webhook sender are multiplied by random jitter unless it is off. */
  readonly jitter?: () => number;
  readonly poolSize?: number;
  /** How the webhook sender finds and reaches addresses, where tests say so. */
  readonly egress?: Partial<Omit<EgressOptions, 'allowLoopback'>>;
  /** How partners' security contacts are written to, and where they then sign in; unset: they are only called. */
  readonly mail?: MailConfig;
  /** The embedded identity provider: whose account this is, where the register of `notifications` was not told; that it gives no tokens to who is disabled here, nor any out of a session that a panic has ended. */
  readonly accounts?: { organisationOf(account: string): Promise<string | undefined>; stand(what: 'account' | 'organisation', id: string, disabled: boolean): Promise<unknown>; readonly endSessions?: (organisation: string, at: Date) => Promise<unknown> };
  /** What narrows access: own policies, step-up, quota. */
  readonly access?: Partial<AccessSettings>;
  /** The people among whom a person is counted before something of her is told (docs/operating.md). */
  readonly population?: (country: string | undefined) => Population;
  /** Who is disabled, where it is not learned from the instance's events. */
  readonly denyList?: DenyList;
}
export interface RunningService extends Running {
  readonly name: string;
  readonly audit: AuditSequencer;
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  listen(port: number, host?: string): Promise<number>;
  close(): Promise<void>;
}

export const service = (definition: ServiceDefinition): ServiceDefinition => definition;

/** Connections of a service for what its callers ask; the pool is for everything else. */
const SESSIONS = 3;
const PROVING_MS = 3_000;
const connectionOf = (url: string, schema: string): pg.ClientConfig => ({ connectionString: url, connectionTimeoutMillis: 10_000, keepAlive: true, options: `-c search_path=${schema} -c timezone=UTC -c statement_timeout=30000`, application_name: `footbridge-${schema}` });
const poolOf = (url: string, schema: string, lost: () => void, max = 8): pg.Pool => {
  const pool = new pg.Pool({ ...connectionOf(url, schema), max, idleTimeoutMillis: 30_000 });
  pool.on('error', lost);
  // A client that is lent out when the server dies would otherwise take the process with it.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
};

/** Brings a service's schema to the newest migration. Safe when several replicas start at once. */
export async function migrate(definition: ServiceDefinition, migrationUrl: string): Promise<void> {
  const source = new DataSource({ type: 'postgres', url: migrationUrl, schema: definition.name, migrations: [...definition.migrations], migrationsTableName: 'migration', migrationsTransactionMode: 'each', logging: false, extra: { options: `-c search_path=${definition.name}`, max: 2 } });
  await source.initialize();
  try {
    await source.query('select pg_advisory_lock(hashtext($1))', [`migrate ${definition.name}`]);
    await source.runMigrations();
  } finally { await source.destroy(); }
}

const controllersOf = (definition: ServiceDefinition): readonly Type<object>[] => [...commonControllers(definition.name), ...definition.lifecycles.map((l) => routesOf(l) as Type<object>), ...(definition.controllers ?? [])];
/** What its policies decide, as the service itself asks them. @throws PolicyError */
export const authorisationOf = (definition: ServiceDefinition, folder?: string): Authorisation =>
  new Authorisation({ service: definition.name, lifecycles: definition.lifecycles, routes: declaredActions(controllersOf(definition)), folder });

/** Starts a service: schema, relay, consumers, clocks, HTTP. Nothing listens yet: use `listener` behind a front, or `listen`. */
export async function startService(definition: ServiceDefinition, given: ServiceConfig): Promise<RunningService> {
  // First of all: a policy that cannot be used, or a route without one, changes nothing (G10).
  const controllers = controllersOf(definition);
  const settings: AccessSettings = { ...accessDefaults, ...given.access };
  const authorisation = authorisationOf(definition, settings.policies);
  requireActions(definition.name, controllers, authorisation.actions);
  await migrate(definition, given.migrationUrl);
  const lost = (): void => log('database-connection-lost', { service: definition.name });
  const pool = poolOf(given.databaseUrl, definition.name, lost, given.poolSize);
  // A schema that has no place for it (a service that only speaks, in a test) keeps no keys.
  const { rows: [schema] } = await pool.query<{ keepsKeys: boolean }>("select to_regclass('key_lock') is not null as \"keepsKeys\"");
  const { signedHere } = definition;
  const signers = new Signers(given.signingKeys, definition.name, {
    service: async () => schema?.keepsKeys === true && serviceHasSigned(pool, definition.name),
    organisation: async (organisation) => signedHere !== undefined && (await store.readAs(organisation, signedHere, [organisation])).length > 0,
    organisations: async () => (signedHere === undefined ? [] : (await pool.query<{ organisation: string }>('select organisation from known_organisation')).rows.map(({ organisation }) => organisation)),
  });
  const config: ServiceConfig = { ...given, signingKeys: signers };
  const sessions = new Sessions(connectionOf(config.databaseUrl, definition.name), SESSIONS, lost);
  const clock = config.clock ?? systemClock;
  const off = await databaseOff(pool);
  if (differ(off)) log('clocks-differ', { service: definition.name, reason: codeReason('DATABASE_CLOCK'), milliseconds: Math.round(off) }, 'error');
  const secret = config.secret ?? randomBytes(32);
  const refusals = new Refusals(definition.name, clock);
  const gate = serviceGate(refusals, config.mail ? { templates: definition.mails ?? [], address: config.mail.address } : undefined);
  const store = new Store(pool, sessions, config.keyStore, definition.lifecycles, definition.ports?.(config, pool, gate), clock);
  refusals.keep(store);
  const eventServer = new EventServer({ transport: config.transport, group: definition.name, pool, events, gate, onTrouble: (code) => log('event-trouble', { service: definition.name, reason: codeReason(code) }) });
  const access = new Access({ authorisation, store, clock, settings, asks: definition.access, requireFresh: (caseRef) => engine.requireFresh('referrals', caseRef) });
  const engine: Engine = new Engine(definition.name, store, definition.lifecycles, gate, clock, eventServer.freshness, access, requestMac(secret), definition.guardianSpeaks);
  // Who has locked is known before anything is opened.
  const keepers = schema?.keepsKeys ? [new KeyKeeper(engine, config.keyStore, signers, eventServer.parked, config.accounts?.endSessions)] : [];
  if (keepers.length > 0) {
    await store.keys.look();
    // A key store that is away keeps nobody from starting.
    await Promise.race([Promise.all([store.keys.prove(), signers.prove()]).catch(() => undefined), new Promise((later) => { setTimeout(later, PROVING_MS).unref(); })]);
  }
  store.keys.onClosed = (refusal) => { refusals.note(refusal); };
  for (const { code } of [...store.keys.troubles.values(), ...signers.troubles.values()]) log('keys-refused', { service: definition.name, reason: codeReason(code) }, 'error');
  const deadlines = new Deadlines(engine, config.deadlinesEveryMs);
  const audit = new AuditSequencer({ engine, pool, service: definition.name as Service, signingKeys: config.signingKeys, roots: config.auditRoots });
  const running: Running = { engine, pool, gate, clock, config, deadlines, freshness: eventServer.freshness, refusals, signers };
  const relay = new Relay({ pool, transport: config.transport, service: definition.name, gate, events, onTrouble: (code) => log('relay-trouble', { service: definition.name, reason: codeReason(code) }) });
  const tokens = new AccessTokens({ issuer: config.issuer, audience: config.audience, ...(config.jwksUri ? { jwksUri: config.jwksUri } : {}), ...(config.address ? { address: config.address } : {}) });
  const denyList = config.denyList ?? new KnownDenyList(pool, definition.name, eventServer.freshness, keepers.length > 0);

  @Module({})
  class ServiceModule {}
  Object.defineProperty(ServiceModule, 'name', { value: `${definition.name}Module` });
  const module: DynamicModule = {
    module: ServiceModule,
    controllers: [
      ...controllers,
      ...(keepers.length > 0 ? [KeysTold] : []), ...sharedProjections(definition.name) as Type<object>[], ...reactionsOf(definition.lifecycles) as Type<object>[],
    ],
    providers: [
      { provide: Engine, useValue: engine }, { provide: CURSOR_SECRET, useValue: secret }, { provide: 'RUNNING', useValue: running }, { provide: 'DEFINITION', useValue: definition },
      { provide: 'EVENTS', useValue: eventServer }, { provide: AuditSequencer, useValue: audit },
      { provide: Access, useValue: access }, { provide: AccessTokens, useValue: tokens }, { provide: SignIn, useValue: new SignIn(tokens, denyList) }, { provide: APP_GUARD, useClass: SignedIn }, { provide: APP_FILTER, useValue: new ProblemFilter(refusals, store.keys) },
      ...(definition.providers?.(running) ?? []),
    ],
  };

  let http: HttpServer | undefined;
  const adapter = new FastifyAdapter({ bodyLimit: BODY_LIMIT, genReqId: requestId, frameworkErrors: unreadableAddress, serverFactory: (handler: RequestListener) => (http = createServer(handler)) });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false, bodyParser: false, abortOnError: false });
  app.useBodyParser(['application/json', 'application/merge-patch+json'] as never, { bodyLimit: BODY_LIMIT }, readJson as never);
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRequest', (request, reply, done) => { void reply.header('cache-control', 'no-store').header('x-request-id', request.id).header('x-content-type-options', 'nosniff'); done(); });
  connectEvents(app, eventServer);
  await relay.start();
  await app.startAllMicroservices();
  await app.init();
  await fastify.ready();
  deadlines.start();
  audit.start();
  const forget = (): void => { void pool.query("delete from idempotency where at < now() - interval '24 hours'").catch(() => log('idempotency-not-tidied', { service: definition.name })); };
  const forgetting = setInterval(forget, 600_000).unref();
  forget();
  const jobs = [...keepers, ...(definition.jobs?.(running) ?? [])];
  for (const job of jobs) await job.start();

  return {
    ...running, name: definition.name, audit,
    listener: (request, response) => { fastify.routing(request as never, response as never); },
    listen: async (port, host = '127.0.0.1') => {
      await app.listen(port, host);
      const address = http?.address();
      return typeof address === 'object' && address ? address.port : port;
    },
    close: async () => {
      clearInterval(forgetting);
      for (const job of [...jobs].reverse()) await job.stop();
      await deadlines.stop();
      await app.close().catch(() => undefined);
      await audit.stop();
      await relay.stop();
      await refusals.stop();
      await sessions.close();
      await pool.end();
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Service } from '@footbridge/contracts';
import type { Sink } from '@footbridge/privacy/testing';
import { provision, provisionedRoles } from '@footbridge/service';
import { Answers, databaseFromNow, files, freePort, ownKafka, testDatabase, topics } from '@footbridge/testing';
import { httpWorld } from './demo/http-world.js';
import { must, type Caller, type Reply, type World } from './demo/world.js';
import { readAccounts, type AccountsFile } from './seed.js';
import { run } from './start.fixture.js';

/** One program, kept running as a supervisor would: what ends by itself, or by `kill -9`, is started again at once. */
export class Supervised {
  #child: ChildProcess | undefined;
  #stopped = false;
  #ready: Promise<void> = Promise.resolve();
  /** Everything that it has said. */
  said = '';
  starts = 0;
  /** The signals that ended it while it was to run. */
  readonly ends: string[] = [];

  constructor(readonly name: string, private readonly entry: string, private readonly environment: () => Record<string, string>) {}

  get pid(): number | undefined { return this.#child?.pid; }
  /** It has said that it is ready, and has not ended since. */
  get ready(): Promise<void> { return this.#ready; }

  start(): Promise<void> {
    this.starts += 1;
    const child = run(this.entry, [], this.environment());
    this.#child = child;
    this.#ready = new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => { resolve(); });
      child.once('close', () => { reject(new Error(`${this.name} ended: ${this.said.split('\n').slice(-4).join(' | ')}`)); });
    });
    this.#ready.catch(() => undefined);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { this.said += chunk.toString(); });
    child.once('close', (code, signal) => {
      if (this.#stopped) return;
      this.ends.push(signal ?? String(code));
      void this.start();
    });
    return this.#ready;
  }
  /** `kill -9`, in the middle of whatever it does. */
  kill(): void { this.#child?.kill('SIGKILL'); }
  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
    child.kill('SIGTERM');
    const impatient = setTimeout(() => { child.kill('SIGKILL'); }, 10_000);
    await ended;
    clearTimeout(impatient);
  }
}

/** `then` is told how many bytes of the answer had come. */
interface Cut { readonly request: RegExp; readonly at: 'request' | 'answer'; then(answered: number): void; readonly moment: Moment }
/** What is done before the request goes on, and when it is cut then. */
interface Moment { readonly first?: () => Promise<unknown>; readonly until?: () => Promise<unknown> }

/** The way from the front to one service. It can be cut at a moment that no timer finds: when it is done and answered, and nobody has had the answer yet. */
class Wire {
  readonly #server: Server;
  readonly #cuts: Cut[] = [];
  port = 0;

  constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      const close = (): void => { near.destroy(); far.destroy(); };
      for (const socket of [near, far]) socket.on('error', close).on('close', close);
      let meant: Cut | undefined, answered = 0;
      const fire = (cut: Cut): void => { this.#cuts.splice(this.#cuts.indexOf(cut), 1); cut.then(answered); close(); };
      near.on('data', (chunk: Buffer) => {
        const line = chunk.toString('latin1').split('\r\n', 1)[0] ?? '';
        const cut = meant = this.#cuts.find(({ request }) => request.test(line));
        answered = 0;
        if (cut?.at !== 'request') { far.write(chunk); return; }
        meant = undefined;
        void (async ({ first, until }: Moment) => {
          await first?.();
          far.write(chunk);
          await (until?.() ?? sleep(5));
          if (this.#cuts.includes(cut)) fire(cut);
        })(cut.moment).catch(close);
      });
      far.on('data', (chunk: Buffer) => { answered += chunk.length; if (meant && this.#cuts.includes(meant) && chunk.toString('latin1').startsWith('HTTP/1.1 2')) fire(meant); else near.write(chunk); });
    });
  }
  async open(): Promise<this> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    const address = this.#server.address();
    if (typeof address === 'object' && address) this.port = address.port;
    return this;
  }
  /** At the next such request: while it is under way (a moment later, or when `until` says so), or as soon as it is answered well. */
  cut(request: RegExp, at: Cut['at'], then: Cut['then'] = () => undefined, moment: Moment = {}): void { this.#cuts.push({ request, at, then, moment }); }
  /** What has not come to pass. */
  get waiting(): readonly RegExp[] { return this.#cuts.map(({ request }) => request); }
  close(): void { this.#server.close(); }
}

export interface Five {
  readonly url: string;
  readonly issuer: string;
  /** The whole database, as its superuser. */
  readonly databaseUrl: string;
  readonly accounts: AccountsFile;
  readonly services: Readonly<Record<Service, Supervised>>;
  readonly wires: Readonly<Record<Service, Wire>>;
  readonly others: readonly Supervised[];
  /** The requests that were answered a second time, as the first. */
  readonly replayed: readonly string[];
  /** Everything that the processes have said. */
  said(): string;
  /** Everything that they have written down, sent, answered or said, for leak hunts. */
  sinks(): Promise<readonly Sink[]>;
  /** The broker goes down as a machine that loses power, and comes back. */
  killBroker(): Promise<void>;
  /** The demonstration's desks, with a client that does not give up. */
  world(tell: (line: string) => void): World;
  close(): Promise<void>;
}

/** Five services, identity provider and front, each a process of its own, on a broker and a database of the suite's own. */
export async function startFive(): Promise<Five> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => { for (let step = undo.pop(); step; step = undo.pop()) await step().catch(() => undefined); };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'footbridge-five-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const [kafka, databaseUrl] = await Promise.all([ownKafka(), testDatabase('five')]);
    undo.push(() => kafka.remove());
    const [kept, answers] = [await databaseFromNow(databaseUrl), new Answers()];
    const at = (database: string): string => { const url = new URL(databaseUrl); url.pathname = `/${database}`; return url.href; };
    // roles belong to the server, which other suites use too: the same passwords as theirs
    const urls = await provision(at, Object.fromEntries(provisionedRoles.map((role) => [role, `test-${role}`])), new URL(databaseUrl).pathname.slice(1));

    const [frontPort, identityPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${frontPort}`;
    const issuer = `${url}/oidc`;
    let ahead = 0;
    const replayed: string[] = [];
    const [ports, metricsPorts] = [new Map<Service, number>(), new Map<Service, number>()];
    for (const name of Service.values) for (const taken of [ports, metricsPorts]) taken.set(name, await freePort());
    const wire = async (name: Service): Promise<Wire> => { const opened = await new Wire(ports.get(name) ?? 0).open(); undo.push(() => Promise.resolve(opened.close())); return opened; };
    const wires = { referrals: await wire('referrals'), shelters: await wire('shelters'), returns: await wire('returns'), reintegration: await wire('reintegration'), notifications: await wire('notifications') };
    const service = (name: Service): Supervised => new Supervised(name, `apps/${name}/src/main.ts`, () => ({
      ...{ DATABASE_URL: urls.services[name].databaseUrl, MIGRATION_URL: urls.services[name].migrationUrl, TRANSPORT: 'kafka', KAFKA_BROKERS: kafka.brokers, PORT: String(ports.get(name)), METRICS_PORT: String(metricsPorts.get(name)) },
      ...{ OIDC_ISSUER: issuer, OIDC_JWKS_URI: `http://127.0.0.1:${identityPort}/oidc/jwks`, KEYS_DIR: join(folder, 'keys', name), FOOTBRIDGE_SECRET: 'the same for all replicas and after each start' },
      ...{ FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_CLOCK_OFFSET: String(ahead), FOOTBRIDGE_WEBHOOKS: 'loopback' },
    }));
    const services = { referrals: service('referrals'), shelters: service('shelters'), returns: service('returns'), reintegration: service('reintegration'), notifications: service('notifications') };
    const accountsFile = join(folder, 'accounts.json');
    const identity = new Supervised('identity', 'apps/footbridge/src/identity/main.ts', () => ({ DATABASE_URL: urls.identityUrl, OIDC_ISSUER: issuer, IDENTITY_KEYS_FILE: join(folder, 'identity.json'), ACCOUNTS_FILE: accountsFile, PORT: String(identityPort) }));
    const front = new Supervised('front', 'apps/footbridge/src/front-main.ts', () => ({ HOST: '127.0.0.1', PORT: String(frontPort), IDENTITY_URL: `http://127.0.0.1:${identityPort}`, ...Object.fromEntries(Service.values.map((name) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${wires[name].port}`])) }));
    const all = [...Object.values(services), identity, front];
    for (const name of Service.values) await mkdir(join(folder, 'keys', name), { recursive: true });
    for (const part of all) undo.push(() => part.stop());
    undo.push(async () => { await Promise.all(all.map((part) => part.stop())); });
    await Promise.all(all.map((part) => part.start()));
    const accounts = await readAccounts(accountsFile);
    if (!accounts) throw new Error('no accounts');

    const world = (tell: (line: string) => void): World => {
      const world = httpWorld(url, accounts, tell, issuer);
      const plain = { ...world, as: (desk: string) => recorded(world.as(desk), answers) };
      /** A clock that may or may not have heard of this advance, because it was killed, is asked what it shows. */
      const advance = async (name: Service, milliseconds: number): Promise<void> => {
        const operator = plain.as('network.operator');
        const post = (by: number): Promise<Reply> => answered(() => operator.post(`/v1/${name}-clock/advance`, { milliseconds: by }));
        const shown = Date.parse(String(must(await post(0), 200, `clock of ${name}`)['now'])) - Date.now();
        if (ahead - shown < milliseconds / 2) return;
        await operator.post(`/v1/${name}-clock/advance`, { milliseconds }).catch(() => undefined);
        await advance(name, milliseconds);
      };
      return {
        ...plain, as: (desk) => careful(plain.as(desk), (path) => replayed.push(path.replace(/[a-z]{3}_[a-z2-7]{34}/, ':id'))), now: () => new Date(Date.now() + ahead),
        // whoever is started from here on starts with it
        advance: async (milliseconds) => { ahead += milliseconds; for (const name of Service.values) await advance(name, milliseconds); },
      };
    };
    return {
      url, issuer, databaseUrl, accounts, services, wires, others: [identity, front], replayed, world, close,
      said: () => all.map((part) => part.said).join('\n'),
      sinks: async () => [
        ...await kept(), ...await topics(kafka), ...await files(folder), { name: 'log', content: all.map((part) => part.said).join('\n') }, answers.sink,
        ...await Promise.all([...metricsPorts.values()].map(async (port) => ({ name: 'metrics', content: await (await fetch(`http://127.0.0.1:${port}/metrics`)).text() }))),
      ],
      killBroker: async () => { await kafka.kill(); await kafka.start(); },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const GIVE_UP_AFTER = 90_000;

/** Sends until somebody answers: a process that has gone, or an upstream of the front that has, is no answer. */
async function answered(send: () => Promise<Reply>): Promise<Reply> {
  for (const end = Date.now() + GIVE_UP_AFTER; ;) {
    try {
      const reply = await send();
      if (![502, 503, 504].includes(reply.status) || Date.now() > end) return reply;
    } catch (error) { if (Date.now() > end) throw error; }
    await sleep(150);
  }
}

const recorded = (caller: Caller, answers: Answers): Caller => {
  const keep = async (path: string, asked: Promise<Reply>): Promise<Reply> => { const reply = await asked; answers.keep(path, reply.status, reply.headers, JSON.stringify(reply.body)); return reply; };
  return { ...caller, get: (path) => keep(path, caller.get(path)), post: (path, body, headers) => keep(path, caller.post(path, body, headers)), patch: (path, body, version) => keep(path, caller.patch(path, body, version)) };
};

/** Each POST has a key, and is sent again with the same one: so it can be sent twice and done once. */
const careful = (caller: Caller, onReplay: (path: string) => void): Caller => ({
  ...caller,
  get: (path) => answered(() => caller.get(path)),
  post: async (path, body, headers) => {
    const keyed = { 'idempotency-key': randomUUID(), ...headers };
    const reply = await answered(() => caller.post(path, body, keyed));
    if (reply.headers.has('idempotent-replay')) onReplay(path);
    return reply;
  },
  patch: (path, body, version) => answered(() => caller.patch(path, body, version)),
});

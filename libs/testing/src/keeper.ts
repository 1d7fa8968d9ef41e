import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaContainer } from './kafka-container.js';
import { KafkaBroker } from './kafka-broker.js';
import { PostgresServer } from './postgres-server.js';

/**
 * The process that owns all test servers. It prints its address, starts a server when the first test asks for it, and
 * ends everything when its standard input closes, which also happens when the test run is killed.
 */
type Server = PostgresServer | KafkaBroker;

/** Tests do not wait for the disk; benches do, as the product does. */
const durable = !process.argv.includes('--no-fsync');
const folder = await mkdtemp(join(tmpdir(), 'test-servers-of-footbridge-'));
await chmod(folder, 0o755); // PostgreSQL may run as another user
const secret = randomBytes(16).toString('hex');
const servers = new Map<string, Server>();

async function started<S extends Server>(server: S, id: string): Promise<S> {
  servers.set(id, server);
  await server.start();
  return server;
}

async function create(kind: string, id: string): Promise<Server> {
  return kind === 'postgres' ? started(await PostgresServer.create(join(folder, id), durable), id) : started(await KafkaBroker.create(join(folder, id)), id);
}

const address = (id: string, server: Server): Readonly<Record<string, string>> =>
  server instanceof PostgresServer ? { id, url: server.url(), log: server.log } : { id, brokers: server.brokers, log: server.log };

/** The servers that all suites share, each started once. */
const shared = new Map<string, Promise<Readonly<Record<string, string>>>>();

async function sharedServer(kind: string): Promise<Readonly<Record<string, string>>> {
  if (kind === 'kafka') {
    const given = process.env['KAFKA_BROKERS'] ?? await kafkaContainer();
    if (given) return { id: kind, brokers: given, log: '' };
  }
  return address(kind, await create(kind, kind));
}

async function answer(path: readonly string[]): Promise<unknown> {
  const [verb, subject = '', action = ''] = path;
  if (verb === 'shared') {
    const server = shared.get(subject) ?? sharedServer(subject);
    shared.set(subject, server);
    return server;
  }
  if (verb === 'own') {
    const id = randomUUID();
    return address(id, await create(subject, id));
  }
  const server = servers.get(subject);
  if (!server) throw new Error('This server is gone.');
  if (action === 'stop') await server.stop();
  if (action === 'kill') await server.kill();
  if (action === 'start') await server.start();
  if (action === 'remove') { await server.kill(); servers.delete(subject); await rm(join(folder, subject), { recursive: true, force: true }); }
  return {};
}

const http = createServer((request, response) => {
  response.setHeader('connection', 'close'); // a connection kept for the next question may be closed just when it is asked
  const [, given, ...path] = (request.url ?? '').split('/');
  void (given === secret ? answer(path) : Promise.reject(new Error('Not yours.'))).then(
    (body) => response.end(JSON.stringify(body)),
    (error: unknown) => { response.statusCode = 500; response.end(JSON.stringify({ error: error instanceof Error ? error.message : 'unknown' })); },
  );
});
http.requestTimeout = 0;
http.listen(0, '127.0.0.1', () => {
  const at = http.address();
  if (typeof at === 'object' && at) process.stdout.write(`http://127.0.0.1:${at.port}/${secret}\n`);
});

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  http.close();
  // killed while it starts: start() sees the end of its process; nothing here is needed again
  await Promise.all([...servers.values()].map((server) => server.kill()));
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  process.exit(0);
}
process.stdin.on('end', () => void end()).on('close', () => void end()).on('error', () => void end()).resume();
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());

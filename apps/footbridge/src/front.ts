import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Service } from '@footbridge/contracts';
import { Problem, showDocs } from '@footbridge/service';
import { Refusal, codeOf } from './refusal.js';
import { serviceFor, type RouteTable } from './routes.js';
import type { Listener, Upstream } from './upstream.js';

export interface FrontOptions { readonly services: Readonly<Record<Service, Upstream>>; readonly identity: Upstream; readonly table: RouteTable; /** The people here are a demonstration's (DP-34). */ readonly demonstration?: boolean; /** What the identity provider answers with 200 when it can sign people in; another's keys are elsewhere than ours. */ readonly identityProbe?: string }

/** A problem of the front itself, in the shape that the services use. */
export function showProblem(response: ServerResponse, problem: Problem): void {
  const body = JSON.stringify(problem.body(randomUUID()));
  response.writeHead(problem.status, { ...problem.headers, 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
export const showAway = (response: ServerResponse): void => { showProblem(response, new Problem('service-unavailable', {}, { 'retry-after': '2' })); };

/** One address for everything: sends each request to the service that serves its collection, and puts together what is said of all. */
export function front({ services, identity, table, demonstration = false, identityProbe = '/oidc/jwks' }: FrontOptions): Listener {
  const everyService = Service.values.map((name) => [name, services[name]] as const);

  const dispatch = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path.startsWith('/oidc/')) { identity.forward(request, response); return; }
    const serving = serviceFor(path, table);
    if (!serving && (request.method === 'GET' || request.method === 'HEAD') && await ownPage(path, response)) return;
    // what nobody serves is answered by a service too, so that "not found" looks the same everywhere
    services[serving ?? 'referrals'].forward(request, response);
  };

  const ownPage = async (path: string, response: ServerResponse): Promise<boolean> => {
    switch (path) {
      case '/': response.writeHead(302, { location: '/docs', 'content-length': 0 }).end(); return true;
      case '/livez': showJson(response, 200, { status: 'ok', ...(demonstration ? { data: 'demonstration' } : {}) }); return true;
      case '/readyz': { const { missing, warnings } = await readiness(); showJson(response, missing.length > 0 ? 503 : 200, { status: missing.length > 0 ? 'waiting' : 'ready', missing, ...(warnings.length > 0 ? { warnings } : {}) }); return true; }
      case '/openapi.json': showJson(response, 200, await wholeReference()); return true;
      default: return path.startsWith('/docs') && await showDocs(path, response);
    }
  };

  /** Missing: it serves nobody. Warnings: it serves, but an operator has something to put right. */
  const readiness = async (): Promise<{ readonly missing: readonly string[]; readonly warnings: readonly string[] }> => {
    const warnings: string[] = [];
    const ready = everyService.map(async ([name, service]) => {
      const { status, body } = await service.ask('/readyz');
      const said = toldBy(body);
      const listed = (member: 'missing' | 'warnings'): string[] => { const list = said[member]; return Array.isArray(list) ? list.map((what) => `${name}: ${String(what)}`) : []; };
      warnings.push(...listed('warnings'));
      const missing = listed('missing');
      return status === 200 ? [] : missing.length > 0 ? missing : [name];
    });
    const signIn = identity.ask(identityProbe).then(({ status }) => (status === 200 ? [] : ['identity']));
    const names = [...Service.values, 'identity'];
    const missing = (await Promise.allSettled([...ready, signIn])).flatMap((result, i) => (result.status === 'fulfilled' ? result.value : [names[i] ?? 'identity']));
    return { missing, warnings: warnings.sort() };
  };

  const wholeReference = async (): Promise<unknown> => {
    const parts = await Promise.all(everyService.map(async ([, service]) => objectOf((await service.ask('/openapi.json')).body)));
    const merged = (member: string): Record<string, unknown> => Object.assign({}, ...parts.map((part) => part[member]));
    const components = parts.map((part) => objectOf(part['components']));
    const kinds = [...new Set(components.flatMap((part) => Object.keys(part)))];
    return {
      ...parts[0], info: { ...objectOf(parts[0]?.['info']), title: 'Footbridge' }, paths: merged('paths'),
      components: Object.fromEntries(kinds.map((kind) => [kind, Object.assign({}, ...components.map((part) => part[kind]))])),
    };
  };

  return (request, response) => {
    dispatch(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof Problem) showProblem(response, error);
      else showAway(response);
    });
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  const object: unknown = Buffer.isBuffer(value) ? JSON.parse(value.toString('utf8')) : value;
  return typeof object === 'object' && object !== null ? { ...object } : {};
}

/** Whoever answers is ready or not by its status, whether or not it says more that can be read. */
function toldBy(body: Buffer): Record<string, unknown> {
  try { return objectOf(body); } catch { return {}; }
}

function showJson(response: ServerResponse, status: number, content: unknown): void {
  const body = JSON.stringify(content);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The address of the instance. It is taken before anything is touched, and answers "not yet" until there is something behind it. */
export class Door {
  #behind: Listener = (request, response) => {
    if (request.url === '/livez') showJson(response, 200, { status: 'ok' });
    else showAway(response);
  };
  readonly #servers: Server[] = [];
  #port: number;
  private constructor(port: number) { this.#port = port; }

  /** `localhost` is two addresses; a program that has one of them would get half of our requests. Other hosts are taken as they are. */
  static async open(port: number, host = 'localhost'): Promise<Door> {
    const door = new Door(port);
    for (const address of host === 'localhost' ? ['127.0.0.1', '::1'] : [host]) {
      const server = createServer({ headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 65_000 }, (request, response) => { door.#behind(request, response); });
      try {
        door.#port = await listen(server, door.#port, address);
        door.#servers.push(server);
      } catch (error) {
        if (address === '::1' && hasNoAddress(error)) continue;
        await door.close();
        throw portRefusal(port, error);
      }
    }
    return door;
  }

  get port(): number { return this.#port; }

  /** From now on requests go there. */
  lead(to: Listener): void { this.#behind = to; }

  /** Takes no new requests, lets running ones end, and does not wait for streams. */
  async close(graceMs = 5_000): Promise<void> {
    await Promise.all(this.#servers.map(async (server) => {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      // a connection is idle again when its last answer is out, and is then not kept
      const idle = setInterval(() => { server.closeIdleConnections(); }, 20);
      const impatient = setTimeout(() => { server.closeAllConnections(); }, graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(impatient);
    }));
  }
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: host.includes(':') }, () => { server.off('error', reject); resolve(); });
  });
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

const hasNoAddress = (error: unknown): boolean => ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(codeOf(error));

function portRefusal(port: number, error: unknown): Refusal {
  switch (codeOf(error)) {
    case 'EADDRINUSE': return new Refusal(`Port ${port} is used by another program. End that program, or choose another port: PORT=${port + 1} npm start`);
    case 'EACCES': return new Refusal(`This user may not use port ${port}. Choose one above 1023: PORT=3000 npm start`);
    default: return new Refusal(`Port ${port} cannot be used (${codeOf(error)}). Choose another: PORT=3000 npm start`);
  }
}

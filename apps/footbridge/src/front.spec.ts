import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { createConnection, createServer as createTcpServer } from 'node:net';
import { Service } from '@footbridge/contracts';
import { Door, front, showAway } from './front.js';
import { Refusal } from './refusal.js';
import { routeTable } from './routes.js';
import { inProcess, remote, type Listener, type Upstream } from './upstream.js';

const seen: { headers: IncomingHttpHeaders; left: boolean }[] = [];
/** A small service: says who it is and what it got, and can stream. */
const serviceNamed = (name: string): Listener => (request, response) => {
  const path = request.url ?? '';
  const entry = { headers: request.headers, left: false };
  seen.push(entry);
  response.on('close', () => { entry.left = !response.writableFinished; });
  if (path === '/readyz') { const missing = name === 'returns' && silent.has('returns') ? ['database'] : []; response.writeHead(missing.length > 0 ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'x', missing })); return; }
  if (path === '/openapi.json') { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ openapi: '3.1.0', info: { title: `Footbridge ${name}`, version: '1' }, paths: { [`/v1/${name}-things`]: { get: {} } }, components: { schemas: { [`${name}Thing`]: {} } } })); return; }
  if (path.startsWith('/v1/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    setTimeout(() => { response.write('data: one\n\n'); }, 30);
    setTimeout(() => { response.write('data: two\n\n'); }, 60);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => { chunks.push(chunk); });
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Path=/']);
    response.writeHead(path.includes('missing') ? 404 : 201, { 'content-type': 'application/json', etag: '"7"', 'x-request-id': 'fixed', ...(path.includes('hop') ? { connection: 'keep-alive, x-hop', 'x-hop': 'no' } : {}) });
    response.end(JSON.stringify({ name, method: request.method, path, length: body.length, text: body.length < 100 ? body.toString() : '' }));
  });
};
const silent = new Set<string>();

const definitions = [
  { name: 'referrals', lifecycles: [], documented: [{ method: 'post' as const, path: '/v1/intakes', summary: '', tag: '' }] },
  { name: 'shelters', lifecycles: [], documented: [{ method: 'post' as const, path: '/v1/bed-requests/{id}', summary: '', tag: '' }] },
  { name: 'returns', lifecycles: [] }, { name: 'reintegration', lifecycles: [] },
  { name: 'notifications', lifecycles: [], documented: [{ method: 'get' as const, path: '/v1/events', summary: '', tag: '' }] },
];

async function listen(listener: Listener): Promise<{ server: Server; url: string }> {
  const server = createServer({ keepAliveTimeout: 10_000 }, listener);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
}

interface Form { readonly url: string; close(): Promise<void>; readonly connections: () => number; stop(service: Service): Promise<void> }

async function oneProcess(): Promise<Form> {
  const door = await Door.open(0);
  const upstreams: Record<string, Upstream> = Object.fromEntries([...Service.values, 'identity'].map((name) => [name, inProcess(serviceNamed(name))]));
  lead(door, upstreams);
  return { url: `http://localhost:${door.port}`, close: () => door.close(50), connections: () => 0, stop: () => Promise.resolve() };
}

async function sixProcesses(): Promise<Form> {
  let connections = 0;
  const others = new Map(await Promise.all([...Service.values, 'identity'].map(async (name) => [name, await listen(serviceNamed(name))] as const)));
  for (const { server } of others.values()) server.on('connection', () => { connections++; });
  const door = await Door.open(0);
  const upstreams = Object.fromEntries([...others].map(([name, { url }]) => [name, remote(url, showAway)]));
  lead(door, upstreams);
  const stop = async (name: string): Promise<void> => {
    const server = others.get(name)?.server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => { server?.close(() => { resolve(); }); });
  };
  return {
    url: `http://localhost:${door.port}`, connections: () => connections, stop,
    close: async () => { await door.close(50); for (const upstream of Object.values(upstreams)) await upstream.close(); for (const name of others.keys()) await stop(name).catch(() => undefined); },
  };
}

function lead(door: Door, upstreams: Readonly<Record<string, Upstream>>): void {
  const of = (name: string): Upstream => { const found = upstreams[name]; if (!found) throw new Error(name); return found; };
  door.lead(front({ identity: of('identity'), table: routeTable(definitions), services: { referrals: of('referrals'), shelters: of('shelters'), returns: of('returns'), reintegration: of('reintegration'), notifications: of('notifications') } }));
}

const answerOf = async (url: string, path: string, init: RequestInit = {}): Promise<unknown> => {
  const answer = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== 'date'));
  const text = await answer.text();
  return { status: answer.status, headers, cookies: answer.headers.getSetCookie(), text: text.replace(/"requestId":"[^"]+"/, '') };
};

describe.each([['in one process', oneProcess], ['over six addresses', sixProcesses]])('the front, %s', (_, open) => {
  let form: Form;
  beforeAll(async () => { form = await open(); });
  afterAll(async () => { await form.close(); });
  beforeEach(() => { seen.length = 0; });
  const bodyOf = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> => await (await fetch(`${form.url}${path}`, init)).json() as Record<string, unknown>;

  it('sends each request to the service that serves it', async () => {
    for (const [path, name] of [
      ['/v1/intakes', 'referrals'], ['/v1/alerts', 'referrals'], ['/v1/shelters-alerts', 'shelters'], ['/v1/bed-requests/bed_x/y?z=1', 'shelters'], ['/v1/returns-clock/advance', 'returns'], ['/v1/reintegration-parked', 'reintegration'],
      ['/v1/approvals/apr_x/approve', 'referrals'], ['/v1/approvals/aps_x/refuse', 'shelters'], ['/v1/approvals/apt_x/approve', 'returns'], ['/v1/approvals/api_x/approve', 'reintegration'], ['/v1/approvals/apn_x/approve', 'notifications'],
      ['/oidc/token', 'identity'], ['/problems/not-found', 'referrals'], ['/asyncapi.json', 'referrals'], ['/v1/nothing', 'referrals'], ['/v1/', 'referrals'], ['/v1/Cases', 'referrals'], ['//v1/intakes', 'referrals'], ['/v1/constructor/x', 'referrals'],
    ]) expect(await bodyOf(path ?? '')).toMatchObject({ name, path });
  });

  it('passes method, body and headers on, and adds none: no address of the client, no sign of the way', async () => {
    const got = await bodyOf('/v1/intakes?a=b', { method: 'POST', body: '{"x":1}', headers: { 'content-type': 'application/json', authorization: 'Bearer t', 'idempotency-key': 'k', traceparent: '00-1-1-01', 'x-forwarded-for': '10.0.0.1' } });
    expect(got).toEqual({ name: 'referrals', method: 'POST', path: '/v1/intakes?a=b', length: 7, text: '{"x":1}' });
    const headers = seen[0]?.headers ?? {};
    expect(Object.keys(headers).filter((name) => !['connection', 'keep-alive', 'transfer-encoding'].includes(name)).sort()).toEqual(
      ['accept', 'accept-encoding', 'accept-language', 'authorization', 'content-length', 'content-type', 'host', 'idempotency-key', 'sec-fetch-mode', 'traceparent', 'user-agent', 'x-forwarded-for']);
    expect(headers.host).toBe(new URL(form.url).host);
    for (const method of ['PATCH', 'PUT', 'DELETE', 'OPTIONS']) expect(await bodyOf('/v1/intakes', { method })).toMatchObject({ method });
  });

  it('passes a body on while it comes, also without its length, and a megabyte of it', async () => {
    const body = Buffer.alloc(1_048_576, 'x');
    expect(await bodyOf('/v1/intakes', { method: 'POST', body })).toMatchObject({ length: body.length });
    const chunked = await new Promise<string>((resolve, reject) => {
      const asked = httpRequest(`${form.url}/v1/intakes`, { method: 'POST' }, (answer) => { let text = ''; answer.on('data', (chunk: Buffer) => { text += chunk.toString(); }); answer.on('end', () => { resolve(text); }); });
      asked.on('error', reject);
      asked.write('one ');
      setTimeout(() => asked.end('two'), 30);
    });
    expect(JSON.parse(chunked)).toMatchObject({ length: 7, text: 'one two' });
  });

  it('passes a stream of events on one by one, and hangs up behind when the client does', async () => {
    const gone = new AbortController();
    const started = performance.now();
    const answer = await fetch(`${form.url}/v1/events`, { headers: { accept: 'text/event-stream' }, signal: gone.signal });
    expect(performance.now() - started).toBeLessThan(2_000);
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: one\n\n');
    gone.abort();
    for (let i = 0; i < 100 && !seen[0]?.left; i++) await new Promise((resolve) => { setTimeout(resolve, 10); });
    expect(seen[0]?.left).toBe(true);
  });

  it('puts together what is said of all: health, readiness, the reference', async () => {
    expect(await bodyOf('/livez')).toEqual({ status: 'ok' });
    expect(await answerOf(form.url, '/readyz')).toMatchObject({ status: 503, text: '{"status":"waiting","missing":["identity"]}' }); // this stand-in has no keys
    silent.add('returns');
    expect(await bodyOf('/readyz')).toEqual({ status: 'waiting', missing: ['returns: database', 'identity'] });
    silent.clear();
    const reference = await bodyOf('/openapi.json');
    expect(reference['info']).toEqual({ title: 'Footbridge', version: '1' });
    expect(Object.keys(reference['paths'] as object)).toEqual(Service.values.map((name) => `/v1/${name}-things`));
    expect(Object.keys((reference['components'] as { schemas: object }).schemas)).toHaveLength(5);
  });

  it('shows the reference from its own files, which name no address outside', async () => {
    for (const path of ['/docs', '/docs/', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) {
      const answer = await fetch(`${form.url}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      if (!path.includes('swagger')) expect(await answer.text()).not.toMatch(/https?:\/\//);
    }
    expect((await fetch(`${form.url}/docs/../front.ts`)).status).not.toBe(200);
    expect((await fetch(`${form.url}/docs/package.json`)).status).not.toBe(200);
    expect(await answerOf(form.url, '/')).toMatchObject({ status: 302, headers: { location: '/docs' } });
  });
});

describe('the two forms', () => {
  it('cannot be told apart by what they answer', async () => {
    const [one, six] = [await oneProcess(), await sixProcesses()];
    try {
      for (const [path, init] of [
        ['/v1/intakes', {}], ['/v1/intakes', { method: 'POST', body: 'x' }], ['/v1/intakes', { method: 'HEAD' }], ['/v1/missing', {}], ['/v1/approvals/aps_1/approve', { method: 'POST' }], ['/oidc/auth?x=1', {}], ['/livez', {}], ['/readyz', {}], ['/openapi.json', {}], ['/docs', {}], ['/', {}], ['/problems/x', {}],
      ] as const) expect(await answerOf(six.url, path, init)).toEqual(await answerOf(one.url, path, init));
    } finally { await one.close(); await six.close(); }
  });
});

describe('over six addresses', () => {
  it('connections are used again', async () => {
    const form = await sixProcesses();
    try {
      for (let i = 0; i < 20; i++) await (await fetch(`${form.url}/v1/intakes`)).text();
      expect(form.connections()).toBe(1);
    } finally { await form.close(); }
  });

  it('what belongs to the connection behind stays there', async () => {
    const form = await sixProcesses();
    try {
      expect((await fetch(`${form.url}/v1/intakes?hop`)).headers.get('x-hop')).toBeNull();
    } finally { await form.close(); }
  });

  it('a service that is away is a 503 that says when to come again, and concerns no other', async () => {
    const form = await sixProcesses();
    try {
      await form.stop('returns');
      const answer = await fetch(`${form.url}/v1/returns-parked`);
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([503, '2', 'application/problem+json; charset=utf-8']);
      expect(await answer.json()).toMatchObject({ code: 'service-unavailable', type: '/problems/service-unavailable' });
      expect((await fetch(`${form.url}/v1/intakes`)).status).toBe(201);
      expect(await (await fetch(`${form.url}/readyz`)).json()).toMatchObject({ missing: ['returns', 'identity'] });
    } finally { await form.close(); }
  });
});

describe('the door', () => {
  const said = async (port: number): Promise<string> => { try { await (await Door.open(port)).close(0); } catch (error) { return error instanceof Refusal ? error.message : String(error); } return 'opened'; };

  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('is refused where another program has the port on %s', async (host) => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => { other.listen(0, host, resolve); });
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await said(port)).toBe(`Port ${port} is used by another program. End that program, or choose another port: PORT=${port + 1} npm start`);
    await new Promise((resolve) => { other.close(resolve); });
    expect(await said(port)).toBe('opened');
  });

  it('says "not yet" until there is something behind it', async () => {
    const door = await Door.open(0);
    try {
      const early = await fetch(`http://localhost:${door.port}/v1/cases`);
      expect([early.status, early.headers.get('retry-after')]).toEqual([503, '2']);
      expect((await fetch(`http://localhost:${door.port}/livez`)).status).toBe(200);
      door.lead((_request, response) => { response.end('here'); });
      expect(await (await fetch(`http://localhost:${door.port}/v1/cases`)).text()).toBe('here');
    } finally { await door.close(0); }
  });

  it('lets a request that is running end before it closes', async () => {
    const door = await Door.open(0);
    door.lead((_request, response) => { setTimeout(() => { response.end('done'); }, 200); });
    const asked = fetch(`http://127.0.0.1:${door.port}/`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    const closing = door.close();
    await expect(fetch(`http://127.0.0.1:${door.port}/`)).rejects.toThrow();
    expect(await (await asked).text()).toBe('done');
    const answered = performance.now();
    await closing;
    expect(performance.now() - answered).toBeLessThan(1_000);
  });

  it('answers what is no HTTP with 400 and nothing of what was sent', async () => {
    const door = await Door.open(0);
    try {
      const answer = await new Promise<string>((resolve) => {
        const socket = createConnection(door.port, '127.0.0.1', () => { socket.write('Zyxwana secret\r\n\r\n'); });
        let text = '';
        socket.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        socket.on('close', () => { resolve(text); });
      });
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).not.toContain('Zyxwana');
    } finally { await door.close(0); }
  });
});

describe('the table of routes', () => {
  it('is made from the services, and two that serve the same are refused', () => {
    expect(() => routeTable([{ name: 'referrals', lifecycles: [], documented: [{ method: 'get', path: '/v1/things', summary: '', tag: '' }] }, { name: 'shelters', lifecycles: [], documented: [{ method: 'get', path: '/v1/things/{id}', summary: '', tag: '' }] }])).toThrow('both referrals and shelters serve /v1/things');
  });
});

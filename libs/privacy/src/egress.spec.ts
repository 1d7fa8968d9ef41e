import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect as tcp, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { selfSignedCertificate } from '@footbridge/testing';
import { EgressFailure, createEgress, type ConnectTarget, type Egress, type EgressOptions } from './egress.js';
import { createGate } from './gate.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import { wire } from './wire.js';

const def = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'directed', data: { referral: wire.ref('rfr') } } as const;
const body = createGate().encode(def, { referral: newRef('rfr') }, {});
const id = newRef('evt');

interface Seen { readonly url: string; readonly method: string; readonly headers: IncomingMessage['headers']; readonly body: string }
const seen: Seen[] = [];
const open: { close(): unknown }[] = [];
const egresses: Egress[] = [];

async function listen(answer: RequestListener): Promise<number> {
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => { text += part.toString(); });
    request.on('end', () => {
      seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body: text });
      answer(request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  open.push({ close: () => { server.closeAllConnections(); server.close(); } });
  return (server.address() as AddressInfo).port;
}
const ok = (status = 200, headers: Record<string, string> = {}, text = ''): RequestListener => (_, response) => { response.writeHead(status, headers).end(text); };
const egress = (options: Partial<EgressOptions> = {}): Egress => {
  const made = createEgress({ allowLoopback: true, ...options });
  egresses.push(made);
  return made;
};
const codeOf = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act;
  } catch (error) {
    expect(error instanceof PrivacyRefusal || error instanceof EgressFailure).toBe(true);
    expect(inspect(error)).not.toMatch(/127\.0\.0\.1|example/);
    return (error as EgressFailure).code;
  }
  return 'passed';
};

afterEach(async () => {
  await Promise.all(egresses.splice(0).map((one) => one.close()));
  for (const server of open.splice(0)) await server.close();
  seen.length = 0;
});

describe('which addresses may be registered', () => {
  const names: Record<string, readonly string[]> = {
    'ngo.example': ['93.184.216.34', '2606:4700:4700::1111'], 'inside.example': ['10.0.0.7'], 'mixed.example': ['93.184.216.34', '169.254.169.254'], 'here.example': ['127.0.0.1'], 'nowhere.example': [],
  };
  const resolver = async (hostname: string): Promise<readonly string[]> => names[hostname] ?? [];

  it.each(['https://ngo.example/hooks', 'https://ngo.example:443/hooks?key=1', 'https://93.184.216.34/', 'https://[2606:4700:4700::1111]/', `https://ngo.example/${'x'.repeat(2048 - 20)}`])('%s', async (url) => {
    expect(await codeOf(egress({ allowLoopback: false, resolver }).check(url))).toBe('passed');
  });

  it.each([
    'http://ngo.example/', 'ftp://ngo.example/', 'https://user@ngo.example/', 'https://user:secret@ngo.example/', 'https://:secret@ngo.example/', 'https://ngo.example:8443/', 'https://ngo.example:22/', 'ngo.example', '', 'https://', 'javascript:alert(1)', 'file:///etc/passwd',
    'https://inside.example/', 'https://mixed.example/', 'https://here.example/', 'https://nowhere.example/', 'https://unknown.example/', `https://ngo.example/${'x'.repeat(2048 - 20 + 1)}`,
    'https://127.0.0.1/', 'https://localhost/', 'https://2130706433/', 'https://0x7f.1/', 'https://127.1/', 'https://①②⑦.⓪.⓪.①/', 'https://0/', 'https://[::1]/', 'https://[::ffff:7f00:1]/', 'https://[::]/', 'https://169.254.169.254/latest/meta-data', 'https://10.1.2.3/', 'https://[fd00::1]/', 'https://100.64.0.1/',
  ])('not %s', async (url) => {
    expect(await codeOf(egress({ allowLoopback: false, resolver }).check(url))).toBe('URL_NOT_ALLOWED');
  });

  it('loopback only where it is allowed; there also http and any port, but for nothing else', async () => {
    const demo = egress({ resolver });
    for (const url of ['http://127.0.0.1:4000/', 'https://127.0.0.1:4000/', 'http://[::1]:4000/', 'http://[::1]/', 'http://here.example:4000/', 'https://ngo.example/']) expect([url, await codeOf(demo.check(url))]).toEqual([url, 'passed']);
    for (const url of ['http://ngo.example/', 'http://ngo.example:443/', 'https://ngo.example:8443/', 'http://10.0.0.7:4000/', 'http://inside.example:4000/', 'http://0.0.0.0:4000/', 'http://[::ffff:7f00:1]:4000/', 'http://user@127.0.0.1:4000/', 'ftp://127.0.0.1/', 'ws://127.0.0.1:4000/']) expect([url, await codeOf(demo.check(url))]).toEqual([url, 'URL_NOT_ALLOWED']);
    expect(await codeOf(egress().check('http://localhost:4000/'))).toBe('passed');
  });

  it('a resolver that fails or hangs is no reason to allow', async () => {
    expect(await codeOf(egress({ resolver: () => Promise.reject(new Error('no such name')) }).check('https://ngo.example/'))).toBe('URL_NOT_ALLOWED');
    expect(await codeOf(egress({ timeoutMs: 50, resolver: () => new Promise(() => undefined) }).check('https://ngo.example/'))).toBe('URL_NOT_ALLOWED');
  });
});

describe('post', () => {
  it('sends what passed the gate, with the headers of a webhook, and tells the status', async () => {
    const port = await listen(ok(204));
    const headers = { 'webhook-id': id, 'Webhook-Timestamp': '1795489560', 'webhook-signature': `v1,${'A'.repeat(43)}= v1a,${'B'.repeat(86)}==` };
    expect(await egress().post(`http://127.0.0.1:${port}/hooks?key=1`, body, headers)).toEqual({ status: 204 });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ url: '/hooks?key=1', method: 'POST', body: body.bytes().toString(), headers: { 'webhook-id': id, 'user-agent': 'Footbridge', 'content-type': 'application/cloudevents+json; charset=utf-8', host: `127.0.0.1:${port}` } });
    expect(seen[0]?.headers).not.toHaveProperty('traceparent');
  });

  it('sends nothing that did not pass the gate', async () => {
    const port = await listen(ok());
    for (const forged of [Buffer.from('Qëzvxwöj'), 'Qëzvxwöj', { bytes: () => Buffer.from('Qëzvxwöj') }, null]) expect(await codeOf(egress().post(`http://127.0.0.1:${port}/`, forged as never, {}))).toBe('NOT_WIRE_BYTES');
    expect(seen).toEqual([]);
  });

  it('sends no other header, and no other value', async () => {
    const port = await listen(ok());
    const [mac, ed] = [`v1,${'A'.repeat(43)}=`, `v1a,${'B'.repeat(86)}==`];
    const wrong: Record<string, string>[] = [
      { 'x-name': 'a' }, { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }, { authorization: 'Bearer x' }, { host: 'ngo.example' }, { 'content-type': 'application/json' }, { 'user-agent': 'Footbridge' }, { accept: '*/*' },
      { 'webhook-id': 'Qëzvxwöj' }, { 'webhook-id': newRef('rfr') }, { 'webhook-timestamp': 'today' }, { 'webhook-timestamp': '179548956' }, { 'webhook-timestamp': '1795489560 Qezvxwoj' }, { 'webhook-timestamp': 'Qezvxwoj 1795489560' },
      ...['v1,Qezvxwoj', `Qezvxwoj ${mac}`, `${mac} Qezvxwoj`, `v2,${'A'.repeat(43)}=`, `${mac}==`, `${mac}${mac}`, Array<string>(9).fill(mac).join(' ')].map((value) => ({ 'webhook-signature': value })),
    ];
    const right: Record<string, string>[] = [mac, ed, mac.slice(0, -1), `${mac} ${mac} ${ed}`, `${ed} ${mac}`, Array<string>(8).fill(mac).join(' ')].map((value) => ({ 'webhook-signature': value }));
    for (const headers of right) expect(await egress().post(`http://127.0.0.1:${port}/`, body, headers)).toEqual({ status: 200 });
    seen.length = 0;
    for (const headers of wrong) {
      expect([headers, await codeOf(egress().post(`http://127.0.0.1:${port}/`, body, headers))]).toEqual([headers, 'HEADER_NOT_ALLOWED']);
    }
    expect(seen).toEqual([]);
  });

  it('follows no redirect', async () => {
    const inside = await listen(ok());
    for (const status of [301, 302, 303, 307, 308]) {
      const port = await listen(ok(status, { location: `http://127.0.0.1:${inside}/` }));
      expect(await egress().post(`http://127.0.0.1:${port}/hook`, body, {})).toEqual({ status });
    }
    expect(seen.map(({ url }) => url)).toEqual(Array(5).fill('/hook'));
  });

  it.each([['120', 120], ['0', 0], ['99999999', 604_800], ['Thu, 01 Jan 2026 00:00:00 GMT', 0]])('tells Retry-After %s as %d seconds', async (header, retryAfter) => {
    const port = await listen(ok(429, { 'retry-after': header }));
    expect(await egress().post(`http://127.0.0.1:${port}/`, body, {})).toEqual({ status: 429, retryAfter });
  });

  it('tells a Retry-After that is a date, and none that is nothing', async () => {
    const later = await listen(ok(503, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }));
    const { retryAfter } = await egress().post(`http://127.0.0.1:${later}/`, body, {});
    expect(retryAfter).toBeGreaterThan(80);
    expect(retryAfter).toBeLessThanOrEqual(91);
    for (const text of ['soon', '1e3', '0x10']) {
      const odd = await listen(ok(503, { 'retry-after': text }));
      expect([text, await egress().post(`http://127.0.0.1:${odd}/`, body, {})]).toEqual([text, { status: 503 }]);
    }
  });

  it('lets one look at the answer say yes or no, and keeps nothing of it', async () => {
    const port = await listen(ok(200, {}, '{"challenge":"abc"}'));
    const url = `http://127.0.0.1:${port}/`;
    const says = (text: string) => (answer: Buffer): boolean => answer.toString().includes(text);
    expect(await egress().post(url, body, {}, says('abc'))).toEqual({ status: 200, accepted: true });
    expect(await egress().post(url, body, {}, says('abd'))).toEqual({ status: 200, accepted: false });
    expect(await egress().post(url, body, {}, () => { throw new Error('no JSON'); })).toEqual({ status: 200, accepted: false });
    const length = '{"challenge":"abc"}'.length;
    for (const [maxBytes, accepted] of [[length - 1, false], [length, true]] as const) expect(await egress({ maxBytes }).post(url, body, {}, says('abc'))).toEqual({ status: 200, accepted });
    const silent = await listen(ok(204));
    expect(await egress().post(`http://127.0.0.1:${silent}/`, body, {}, (answer) => answer.length === 0)).toEqual({ status: 204, accepted: true });
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    const port = await listen((request, response) => { ports.add(request.socket.remotePort); response.end('fine'); });
    const one = egress();
    for (let n = 0; n < 5; n += 1) await one.post(`http://127.0.0.1:${port}/`, body, {});
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});

it('a failure names no address', () => {
  const failure = new EgressFailure('UNREACHABLE');
  expect([failure.name, failure.code, failure.message]).toEqual(['EgressFailure', 'UNREACHABLE', 'UNREACHABLE']);
});

describe('an endpoint that does not behave is cut off', () => {
  const flood: RequestListener = (_, response) => {
    response.writeHead(200);
    const pour = (): void => { while (response.writable && response.write(Buffer.alloc(16_384, 'x'))); };
    response.on('drain', pour);
    response.on('error', () => undefined);
    pour();
  };
  const closed = (port: number): Promise<boolean> => new Promise((done) => { tcp(port, '127.0.0.1').on('error', () => done(true)).on('connect', function (this: Socket) { this.destroy(); done(false); }); });

  it('one that streams for ever: the status stands, no more than the limit is read', async () => {
    let sent = 0;
    const ended: Promise<void>[] = [];
    const port = await listen((request, response) => { flood(request, response); ended.push(new Promise((done) => { response.on('close', () => { sent = request.socket.bytesWritten; done(); }); })); });
    const before = Date.now();
    expect(await egress().post(`http://127.0.0.1:${port}/`, body, {})).toEqual({ status: 200 });
    expect(await egress().post(`http://127.0.0.1:${port}/`, body, {}, () => true)).toEqual({ status: 200, accepted: false });
    expect(Date.now() - before).toBeLessThan(15_000);
    // hung up on, and not read any further behind anybody's back
    expect(await Promise.all(ended)).toHaveLength(2);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  it('one that lets it drip: an answer that nobody reads is given up after a second', async () => {
    const hungUp: Promise<void>[] = [];
    const port = await listen((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 50);
      hungUp.push(new Promise((done) => { response.on('close', () => { clearInterval(drip); done(); }); }));
    });
    const before = Date.now();
    expect(await egress().post(`http://127.0.0.1:${port}/`, body, {})).toEqual({ status: 200 });
    expect(Date.now() - before).toBeLessThan(15_000); // the limit of all others is twenty seconds
    expect(await Promise.all(hungUp)).toHaveLength(1);
    expect(await codeOf(egress({ timeoutMs: 300 }).post(`http://127.0.0.1:${port}/`, body, {}, () => true))).toBe('TIMED_OUT');
  });

  it('one that never answers, with headers or with a connection', async () => {
    const port = await listen(() => undefined);
    expect(await codeOf(egress({ timeoutMs: 200 }).post(`http://127.0.0.1:${port}/`, body, {}))).toBe('TIMED_OUT');
    expect(await codeOf(egress({ timeoutMs: 200, connect: () => new Promise(() => undefined) }).post(`http://127.0.0.1:${port}/`, body, {}))).toBe('TIMED_OUT');
    expect(await codeOf(egress({ timeoutMs: 200, resolver: () => new Promise(() => undefined) }).post('http://ngo.example:1/', body, {}))).toBe('TIMED_OUT');
  });

  it('one that is not there, hangs up, or talks nonsense', async () => {
    const gone = await listen(ok());
    await open.pop()?.close();
    expect(await closed(gone)).toBe(true);
    expect(await codeOf(egress().post(`http://127.0.0.1:${gone}/`, body, {}))).toBe('UNREACHABLE');
    for (const answer of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.end('SSH-2.0\r\n\r\n')]) {
      const server = createTcpServer((socket) => { socket.on('error', () => undefined); socket.once('data', () => answer(socket)); });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      open.push(server);
      expect(await codeOf(egress().post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, body, {}))).toBe('UNREACHABLE');
    }
  });

  it('one that hangs does not hold up another', async () => {
    const slow = await listen(() => undefined);
    const quick = await listen(ok());
    const one = egress();
    const waiting = Array.from({ length: 50 }, () => codeOf(one.post(`http://127.0.0.1:${slow}/`, body, {})));
    await Promise.all(Array.from({ length: 20 }, () => one.post(`http://127.0.0.1:${quick}/`, body, {})));
    await one.close(); // before any of them has run out of time
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['UNREACHABLE']));
  });
});

describe('T40 the connection goes to the address that was looked at (SSRF)', () => {
  it('a name that answers with a private address when it is called is refused, whatever it answered before', async () => {
    const port = await listen(ok());
    let asked = 0;
    const rebinding = egress({ allowLoopback: false, resolver: async () => (asked++ === 0 ? ['93.184.216.34'] : ['127.0.0.1']) });
    await rebinding.check('https://rebind.example/');
    expect(await codeOf(rebinding.post('https://rebind.example/', body, {}))).toBe('URL_NOT_ALLOWED');
    expect(asked).toBe(2);
    expect(await codeOf(egress({ allowLoopback: false }).post(`https://127.0.0.1:${port}/`, body, {}))).toBe('URL_NOT_ALLOWED');
    expect(await codeOf(egress({ allowLoopback: false }).post('https://127.0.0.1/', body, {}))).toBe('URL_NOT_ALLOWED');
    expect(seen).toEqual([]);
  });

  it('the name is asked once for a connection, and the address goes to the connector, with the name for the certificate', async () => {
    const port = await listen(ok());
    const dialled: Omit<ConnectTarget, 'signal'>[] = [];
    let asked = 0;
    const one = egress({
      allowLoopback: false,
      resolver: async () => { asked += 1; return ['93.184.216.34']; },
      connect: ({ signal: _, ...target }) => {
        dialled.push(target);
        return new Promise((done) => { const socket = tcp(port, '127.0.0.1', () => done(socket)); });
      },
    });
    expect(await one.post('https://ngo.example/', body, {})).toEqual({ status: 200 });
    expect(dialled).toEqual([{ address: '93.184.216.34', port: 443, secure: true, servername: 'ngo.example' }]);
    expect(asked).toBe(1);
    expect(seen[0]?.headers.host).toBe('ngo.example');
  });

  it('a literal address is looked at too, in each notation, and has no name for a certificate', async () => {
    const dialled: ConnectTarget[] = [];
    const one = egress({ allowLoopback: false, connect: (target) => { dialled.push(target); return Promise.reject(new Error('not here')); } });
    for (const url of ['https://[::ffff:7f00:1]/', 'https://2130706433/', 'https://[fd00::1]/', 'https://169.254.169.254/']) expect([url, await codeOf(one.post(url, body, {}))]).toEqual([url, 'URL_NOT_ALLOWED']);
    expect(dialled).toEqual([]);
    expect(await codeOf(one.post('https://[2606:4700:4700::1111]/', body, {}))).toBe('UNREACHABLE');
    expect(dialled.map(({ address, servername }) => [address, servername])).toEqual([['2606:4700:4700::1111', undefined]]);
  });

  it('one private address among public ones spoils the name; of several public ones the next is tried', async () => {
    const port = await listen(ok());
    const dialled: string[] = [];
    const connect: EgressOptions['connect'] = ({ address }) => {
      dialled.push(address);
      return address === '1.1.1.1' ? Promise.reject(new Error('not here')) : new Promise((done) => { const socket = tcp(port, '127.0.0.1', () => done(socket)); });
    };
    expect(await codeOf(egress({ connect, resolver: async () => ['1.1.1.1', '10.0.0.1'] }).post('https://ngo.example/', body, {}))).toBe('URL_NOT_ALLOWED');
    expect(dialled).toEqual([]);
    expect(await egress({ connect, resolver: async () => ['1.1.1.1', '8.8.8.8'] }).post('https://ngo.example/', body, {})).toEqual({ status: 200 });
    expect(dialled).toEqual(['1.1.1.1', '8.8.8.8']);
  });

  it('each of several addresses has its part of the time, the last what is left', async () => {
    const port = await listen(ok());
    const dialled: string[] = [];
    const hanging = new Set(['1.1.1.1']);
    const connect: EgressOptions['connect'] = ({ address }) => {
      dialled.push(address);
      return new Promise((done) => { if (!hanging.has(address)) setTimeout(() => { const socket = tcp(port, '127.0.0.1', () => done(socket)); }, 500); });
    };
    const one = (): Egress => egress({ connect, timeoutMs: 1_200, resolver: async () => ['1.1.1.1', '8.8.8.8'] });
    expect(await one().post('https://ngo.example/', body, {})).toEqual({ status: 200 });
    expect(dialled).toEqual(['1.1.1.1', '8.8.8.8']);
    hanging.add('8.8.8.8');
    expect(await codeOf(one().post('https://ngo.example/', body, {}))).toBe('TIMED_OUT');
  });

  it('a connection that was made in time is not cut when the time to make it is over', async () => {
    const ports = new Set<number | undefined>();
    const port = await listen((request, response) => { ports.add(request.socket.remotePort); setTimeout(() => response.end(), 100); });
    const one = egress({ timeoutMs: 1_000 });
    const first = await one.post(`http://127.0.0.1:${port}/`, body, {});
    await new Promise((done) => { setTimeout(done, 1_100); });
    expect([first, await one.post(`http://127.0.0.1:${port}/`, body, {})]).toEqual([{ status: 200 }, { status: 200 }]);
    expect(ports.size).toBe(1);
  });

  it('localhost is this machine, and no name server is asked for it', async () => {
    const asked: string[] = [];
    const port = await listen(ok());
    const resolver = async (name: string): Promise<readonly string[]> => { asked.push(name); return ['93.184.216.34']; };
    expect(await egress({ resolver }).post(`http://localhost:${port}/`, body, {})).toEqual({ status: 200 });
    expect(await codeOf(egress({ allowLoopback: false, resolver }).post('https://localhost/', body, {}))).toBe('URL_NOT_ALLOWED');
    expect(asked).toEqual([]);
  });

  it('a name behind which is nothing cannot be reached', async () => {
    expect(await codeOf(egress({ resolver: async () => [] }).post('https://ngo.example/', body, {}))).toBe('UNREACHABLE');
    expect(await codeOf(egress({ resolver: () => Promise.reject(new Error('no such name')) }).post('https://ngo.example/', body, {}))).toBe('UNREACHABLE');
  });

  it('a name that no name server is asked for cannot be reached either', async () => {
    // RFC 7686: `.onion` never leaves this machine
    expect(await codeOf(egress({ allowLoopback: false }).post('https://nobody.onion/', body, {}))).toBe('UNREACHABLE');
    expect(await codeOf(egress({ allowLoopback: false }).check('https://nobody.onion/'))).toBe('URL_NOT_ALLOWED');
  });

  it('a certificate that nobody vouches for gets no body, and neither does one for another name', async () => {
    const heard: string[] = [];
    const offered: (readonly string[])[] = [];
    const server = createTlsServer({ ...selfSignedCertificate('ngo.example'), ALPNCallback: ({ protocols }) => { offered.push(protocols); return protocols[0]; } }, (socket) => { socket.on('error', () => undefined); socket.on('data', (part) => { heard.push(part.toString('latin1')); }); }).on('tlsClientError', () => undefined);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    open.push(server);
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(egress({ resolver: async () => ['127.0.0.1'] }).post(`https://ngo.example:${port}/`, body, {}))).toBe('UNREACHABLE');
    expect([heard, offered]).toEqual([[], [['http/1.1']]]);
  });

  it('one that says nothing at all is hung up on', async () => {
    const hungUp = new Promise<boolean>((done) => {
      const server = createTcpServer((socket) => { socket.on('error', () => undefined).on('close', () => done(true)).resume(); });
      open.push(server);
      server.listen(0, '127.0.0.1', () => { void codeOf(egress({ timeoutMs: 300 }).post(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`, body, {})).then((code) => { expect(code).toBe('TIMED_OUT'); }); });
    });
    expect(await hungUp).toBe(true);
  });

  it('https means TLS: a server that does not speak it gets no body', async () => {
    const heard: string[] = [];
    const server = createTcpServer((socket) => { socket.on('error', () => undefined); socket.on('data', (part) => { heard.push(part.toString('latin1')); socket.end('HTTP/1.1 200 OK\r\n\r\n'); }); });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    open.push(server);
    expect(await codeOf(egress().post(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`, body, {}))).toBe('UNREACHABLE');
    expect(heard.join('')).not.toContain('rfr_');
  });
});


import { createServer as createHttp, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Socket } from 'node:net';
import { selfSignedCertificate } from './certificate.js';
import { freePort } from './free-port.js';

export interface ReceivedRequest { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer; readonly at: Date }

/** What the receiver does with a request once it has read it. */
export type Behaviour =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'     // takes the request and never answers
  | 'stream'   // answers 200 and never ends
  | 'drop';    // closes the connection without an answer

export interface WebhookReceiver {
  readonly url: string;
  /** To be trusted by the client under test; empty without TLS. */
  readonly ca: string;
  readonly requests: readonly ReceivedRequest[];
  /** The same, from the address to the last byte, for leak hunts. */
  readonly heard: Buffer;
  /** From now on; a function decides request by request. */
  behave(behaviour: Behaviour | ((request: ReceivedRequest, count: number) => Behaviour)): void;
  /** Away: connections are refused. */
  stop(): Promise<void>;
  /** Back, at the same address. */
  start(): Promise<void>;
}

/** A partner's server on loopback: it keeps what it gets, answers a subscription's challenge, and misbehaves as it is told. */
export async function webhookReceiver({ tls = false, name = 'localhost' }: { readonly tls?: boolean; readonly name?: string } = {}): Promise<WebhookReceiver> {
  const requests: ReceivedRequest[] = [];
  const certificate = tls ? selfSignedCertificate(name) : undefined;
  const port = await freePort();
  let behaviour: Behaviour | ((request: ReceivedRequest, count: number) => Behaviour) = { status: 204 };

  const listener: RequestListener = (incoming, response) => {
    void read(incoming).then((request) => {
      requests.push(request);
      const wanted = typeof behaviour === 'function' ? behaviour(request, requests.length) : behaviour;
      const challenge = challengeIn(request.body);
      act(challenge !== undefined && typeof wanted === 'object' && wanted.status < 300 ? { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ challenge }) } : wanted, response);
    }, () => response.destroy());
  };

  let server: Server | undefined;
  const sockets = new Set<Socket>();
  const start = async (): Promise<void> => {
    const opened: Server = certificate ? createHttps(certificate, listener) : createHttp(listener);
    opened.on('connection', (socket: Socket) => { sockets.add(socket); socket.once('close', () => sockets.delete(socket)); });
    await new Promise<void>((resolve, reject) => { opened.once('error', reject); opened.listen(port, '127.0.0.1', resolve); });
    server = opened;
  };
  const stop = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (!closing) return;
    const closed = new Promise((resolve) => { closing.close(resolve); });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  return {
    url: `${tls ? 'https' : 'http'}://${tls ? name : '127.0.0.1'}:${port}/hook`, ca: certificate?.cert ?? '', requests, behave: (next) => { behaviour = next; }, start, stop,
    get heard() { return Buffer.concat(requests.flatMap(({ path, headers, body }) => [Buffer.from(`\n${path} ${JSON.stringify(headers)}\n`), body])); },
  };
}

async function read(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const at = new Date();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks), at };
}

function act(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === 'hang') return;
  if (behaviour === 'drop') { response.destroy(); return; }
  if (behaviour === 'stream') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const timer = setInterval(() => response.write('.'.repeat(1024)), 5);
    response.once('close', () => { clearInterval(timer); });
    return;
  }
  response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
}

/** The challenge of a new subscription, which its receiver sends back. */
function challengeIn(body: Buffer): string | undefined {
  try {
    const event: unknown = JSON.parse(body.toString('utf8'));
    if (typeof event !== 'object' || event === null || !('type' in event) || event.type !== 'footbridge.notifications.subscription-challenge.v1') return undefined;
    if (!('data' in event) || typeof event.data !== 'object' || event.data === null || !('challenge' in event.data)) return undefined;
    return typeof event.data.challenge === 'string' ? event.data.challenge : undefined;
  } catch { return undefined; }
}

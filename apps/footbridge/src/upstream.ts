import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import { Pool } from 'undici';

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;
export interface Reply { readonly status: number; readonly body: Buffer }

/** Where the front sends a request: a service in this process, or one at another address. A client cannot tell which. */
export interface Upstream {
  /** Passes a request on as it is, and its answer back as it comes. */
  forward(request: IncomingMessage, response: ServerResponse): void;
  /** GET on the front's own behalf. */
  ask(path: string): Promise<Reply>;
  close(): Promise<void>;
}

/** Belong to one connection, not to the message (RFC 9110, 7.6.1). */
const perConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'http2-settings']);
const longestWaitMs = 5_000;

/** Nothing is added: no address of the client, no trace of the way (privacy/design.md 0). */
function messageHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined || perConnection.has(name) || named.has(name) ? [] : [[name, value]])));
}

export function inProcess(listener: Listener): Upstream {
  // Never listens: the connections of `ask` are made in memory
  const server = createServer(listener);
  return {
    forward: listener,
    ask: (path) => new Promise<Reply>((resolve, reject) => {
      const asked = httpRequest({ path, headers: { host: 'localhost', connection: 'close' }, timeout: longestWaitMs, createConnection: () => {
        const [ours, theirs] = duplexPair();
        server.emit('connection', theirs);
        return ours;
      } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => { chunks.push(chunk); });
        answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }); });
        answer.on('error', reject);
      });
      asked.on('timeout', () => { asked.destroy(new Error('timeout')); });
      asked.on('error', reject);
      asked.end();
    }),
    close: () => Promise.resolve(),
  };
}

/** `onAway` answers when the other process cannot be reached or leaves before its answer begins. */
export function remote(url: string, onAway: (response: ServerResponse) => void): Upstream {
  // an event stream is silent for long, so only the time until the answer begins is limited
  const pool = new Pool(url, { connections: 128, keepAliveTimeout: 4_000, headersTimeout: 60_000, bodyTimeout: 0, connectTimeout: 5_000 });
  return {
    forward: (request, response) => {
      const left = new AbortController();
      response.once('close', () => { left.abort(); });
      const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
      pool.stream({ method: methodOf(request), path: request.url ?? '/', headers: messageHeaders(request.headers), body: hasBody ? request : null, signal: left.signal }, ({ statusCode, headers }) => {
        response.writeHead(statusCode, messageHeaders(headers));
        // whoever waits for events gets them one by one, and first of all the sign that the stream is open
        response.flushHeaders();
        return response;
      }).catch(() => {
        if (response.headersSent) response.destroy();
        else onAway(response);
      });
    },
    ask: async (path) => {
      const { statusCode, body } = await pool.request({ method: 'GET', path, signal: AbortSignal.timeout(longestWaitMs) });
      return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
    },
    close: () => pool.destroy(),
  };
}

function methodOf({ method }: IncomingMessage): 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'PATCH' {
  switch (method) {
    case 'HEAD': case 'POST': case 'PUT': case 'DELETE': case 'OPTIONS': case 'PATCH': return method;
    default: return 'GET';
  }
}

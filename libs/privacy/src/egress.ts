import { Resolver } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent, request, type buildConnector, type Dispatcher } from 'undici';
import { kindOf } from './address.js';
import { WireBytes } from './gate.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';

/** Where a connection goes: an address that was looked at, never a name that could be looked up a second time. */
export interface ConnectTarget {
  readonly address: string;
  readonly port: number;
  readonly secure: boolean;
  /** The name that the certificate must be for; absent where the URL holds a literal address. */
  readonly servername?: string;
  readonly signal: AbortSignal;
}

export interface EgressOptions {
  /** Only for demonstrations and tests: also http, and any port, but both to loopback addresses only. */
  readonly allowLoopback: boolean;
  readonly resolver?: (hostname: string) => Promise<readonly string[]>;
  readonly connect?: (target: ConnectTarget) => Promise<Socket>;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

export interface Answer {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

export interface Egress {
  /**
   * Redirects are not followed. The body of the answer is thrown away; `accept` may look at it once and say yes or no.
   * @throws PrivacyRefusal URL_NOT_ALLOWED, HEADER_NOT_ALLOWED, NOT_WIRE_BYTES
   * @throws EgressFailure TIMED_OUT, UNREACHABLE
   */
  post(url: string, body: WireBytes, headers: Readonly<Record<string, string>>, accept?: (answer: Buffer) => boolean): Promise<Answer & { readonly accepted?: boolean }>;
  /** @throws EgressFailure ANSWER_TOO_LARGE and those of `post` */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer & { readonly body: Buffer }>;
  /** Whether an address may be registered. @throws PrivacyRefusal URL_NOT_ALLOWED */
  check(url: string): Promise<void>;
  close(): Promise<void>;
}

/** Nobody refused, but nobody answered either: worth another try. It names no address. */
export class EgressFailure extends Error {
  constructor(readonly code: 'TIMED_OUT' | 'UNREACHABLE' | 'ANSWER_TOO_LARGE') {
    super(code);
    this.name = 'EgressFailure';
  }
}

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 64 * 1024;
/** How long an answer that nobody reads may take to end, so that its connection can be used again. */
const DRAIN_MS = 1_000;
const LONGEST_URL = 2048;
const LONGEST_RETRY_AFTER = 7 * 86_400;

const HEADERS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['content-type', (value) => /^application\/(?:cloudevents\+)?json(?:; ?charset=utf-8)?$/i.test(value)],
  ['accept', (value) => /^application\/[a-z+-]{1,40}$/.test(value)],
  ['user-agent', (value) => /^Footbridge(?:\/\d+\.\d+(?:\.\d+)?)?$/.test(value)],
  ['webhook-id', (value) => isRef(value, 'evt')],
  ['webhook-timestamp', (value) => /^\d{10}$/.test(value)],
  ['webhook-signature', (value) => /^v1a?,[A-Za-z0-9+/]{43,86}={0,2}(?: v1a?,[A-Za-z0-9+/]{43,86}={0,2}){0,7}$/.test(value)],
]);

const notAllowed = (): PrivacyRefusal => new PrivacyRefusal('URL_NOT_ALLOWED');

/** c-ares, not getaddrinfo: a name server that hangs would hold the few threads that files and ciphers need too. */
async function resolve(hostname: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

function open({ address, port, secure, servername, signal }: ConnectTarget): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = secure
      ? connectTls({ host: address, port, servername, ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.2', rejectUnauthorized: true })
      : connectTcp({ host: address, port });
    const give = (): void => { socket.destroy(new EgressFailure('TIMED_OUT')); };
    signal.addEventListener('abort', give, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', give));
    socket.once('error', failed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', give);
      socket.off('error', failed);
      done(socket);
    });
    if (signal.aborted) give();
  });
}

/** Time that runs out. A sooner one is part of it. */
class Deadline {
  readonly #until: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  constructor(ms: number) {
    this.#until = performance.now() + ms;
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  get passed(): boolean {
    return this.#controller.signal.aborted;
  }
  sooner(ms: number): Deadline {
    return new Deadline(Math.max(0, Math.min(ms, this.#until - performance.now())));
  }
  end(): void {
    clearTimeout(this.#timer);
  }
  /** What is asked for, or TIMED_OUT. Whatever it still does then is nobody's business any more. */
  async or<T>(asked: Promise<T>): Promise<T> {
    let stop = (): void => undefined;
    const late = new Promise<never>((_, failed) => {
      stop = () => failed(new EgressFailure('TIMED_OUT'));
      if (this.passed) stop(); else this.signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      this.signal.removeEventListener('abort', stop);
      asked.catch(() => undefined);
    }
  }
}

type Body = Dispatcher.ResponseData['body'];
interface Target { readonly url: URL; readonly hostname: string; readonly secure: boolean; readonly port: number }

/**
 * The only HTTP client for addresses that partners give (design 5.3). Every address is looked at when the connection is
 * made, and the connection goes to the address that was looked at: a name that answers differently the second time gains
 * nothing, and a literal address does not get round the check.
 */
export function createEgress(options: EgressOptions): Egress {
  const { allowLoopback, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = options;
  const resolver = options.resolver ?? resolve;
  const connect = options.connect ?? open;

  function targetOf(text: string): Target {
    if (typeof text !== 'string' || text.length > LONGEST_URL || !URL.canParse(text)) throw notAllowed();
    const url = new URL(text);
    const secure = url.protocol === 'https:';
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    if (!secure && !(allowLoopback && url.protocol === 'http:')) throw notAllowed();
    if (port !== 443 && !allowLoopback) throw notAllowed();
    if (url.username !== '' || url.password !== '' || url.hostname === '') throw notAllowed();
    return { url, hostname: bare(url.hostname), secure, port };
  }

  /** All addresses behind a name, or none: one that is not allowed spoils the name. */
  async function addressesOf({ hostname, secure, port }: Omit<Target, 'url'>): Promise<readonly string[]> {
    const found = isIP(hostname) !== 0 ? [hostname] : allowLoopback && hostname === 'localhost' && !options.resolver ? ['127.0.0.1', '::1'] : await resolver(hostname);
    for (const address of found) {
      const kind = kindOf(address);
      const allowed = kind === 'public' ? secure && port === 443 : kind === 'loopback' && allowLoopback;
      if (!allowed) throw notAllowed();
    }
    return found;
  }

  async function dial(to: Omit<Target, 'url'>): Promise<Socket> {
    const deadline = new Deadline(timeoutMs);
    try {
      const addresses = await deadline.or(addressesOf(to));
      let failure = new EgressFailure('UNREACHABLE');
      for (const [i, address] of addresses.entries()) {
        const attempt = deadline.sooner(timeoutMs / (addresses.length - i));
        try {
          return await attempt.or(connect({ address, port: to.port, secure: to.secure, signal: attempt.signal, ...(isIP(to.hostname) === 0 ? { servername: to.hostname } : {}) }));
        } catch (error) {
          if (error instanceof EgressFailure) failure = error;
        } finally {
          attempt.end();
        }
      }
      throw failure;
    } finally {
      deadline.end();
    }
  }

  const connector: buildConnector.connector = ({ hostname, protocol, port }, callback) => {
    const secure = protocol === 'https:';
    dial({ hostname: bare(hostname), secure, port: port === '' ? (secure ? 443 : 80) : Number(port) })
      .then((socket) => callback(null, socket), (error: unknown) => callback(error instanceof PrivacyRefusal || error instanceof EgressFailure ? error : new EgressFailure('UNREACHABLE'), null));
  };
  const agent = new Agent({ connect: connector, pipelining: 1, keepAliveMaxTimeout: 30_000, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });

  async function send<R>(method: 'GET' | 'POST', url: string, headers: Readonly<Record<string, string>>, body: Buffer | null, use: (answer: Answer, body: Body, deadline: Deadline) => Promise<R>): Promise<R> {
    const target = targetOf(url);
    const checked = checkedHeaders(headers);
    const deadline = new Deadline(timeoutMs);
    try {
      const response = await deadline.or(request(target.url, { method, headers: checked, body, dispatcher: agent, signal: deadline.signal }));
      response.body.on('error', () => undefined); // a connection that is cut ends the body; nobody waits for more
      try {
        return await use({ status: response.statusCode, ...retryAfterOf(response.headers['retry-after']) }, response.body, deadline);
      } finally {
        response.body.destroy();
      }
    } catch (error) {
      if (error instanceof PrivacyRefusal || error instanceof EgressFailure) throw error;
      throw new EgressFailure(deadline.passed ? 'TIMED_OUT' : 'UNREACHABLE');
    } finally {
      deadline.end();
    }
  }

  async function post(url: string, body: WireBytes, headers: Readonly<Record<string, string>>, accept?: (answer: Buffer) => boolean): Promise<Answer & { readonly accepted?: boolean }> {
    if (!WireBytes.is(body)) throw new PrivacyRefusal('NOT_WIRE_BYTES');
    return send('POST', url, { 'content-type': 'application/cloudevents+json; charset=utf-8', ...headers }, body.bytes(), async (answer, stream, deadline) => {
      if (!accept) {
        await drain(stream, maxBytes, deadline);
        return answer;
      }
      const whole = await deadline.or(read(stream, maxBytes));
      return { ...answer, accepted: whole !== undefined && says(accept, whole) };
    });
  }

  return {
    post,
    get: async (url, headers = {}) => send('GET', url, headers, null, async (answer, stream, deadline) => {
      const body = await deadline.or(read(stream, maxBytes));
      if (!body) throw new EgressFailure('ANSWER_TOO_LARGE');
      return { ...answer, body };
    }),
    check: async (url) => {
      const target = targetOf(url);
      const deadline = new Deadline(timeoutMs);
      const found = await deadline.or(addressesOf(target)).catch(() => []);
      deadline.end();
      if (found.length === 0) throw notAllowed();
    },
    close: () => agent.destroy(),
  };
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = { 'user-agent': 'Footbridge' };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (typeof value !== 'string' || HEADERS.get(lower)?.(value) !== true) throw new PrivacyRefusal('HEADER_NOT_ALLOWED');
    checked[lower] = value;
  }
  return checked;
}

/** The body, or undefined where it is longer than the limit; the rest of it is not waited for. */
async function read(stream: Body, limit: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    if (!Buffer.isBuffer(part)) return undefined;
    size += part.length;
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The status has arrived and stands, however the body ends. */
async function drain(stream: Body, limit: number, deadline: Deadline): Promise<void> {
  const patience = deadline.sooner(DRAIN_MS);
  await patience.or(read(stream, limit)).catch(() => undefined);
  patience.end();
}

function says(accept: (answer: Buffer) => boolean, answer: Buffer): boolean {
  try {
    return accept(answer) === true;
  } catch {
    return false;
  }
}

function retryAfterOf(header: string | string[] | undefined): { retryAfter?: number } {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return {};
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? {} : { retryAfter: Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER) };
}

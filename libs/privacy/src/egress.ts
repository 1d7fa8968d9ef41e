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
  /** Whether an address may be registered. @throws PrivacyRefusal URL_NOT_ALLOWED */
  check(url: string): Promise<void>;
  close(): Promise<void>;
}

/** Nobody refused, but nobody answered either: worth another try. It names no address. */
export class EgressFailure extends Error {
  override readonly name = 'EgressFailure';
  constructor(readonly code: 'TIMED_OUT' | 'UNREACHABLE') {
    super(code);
  }
}

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 64 * 1024;
/** How long an answer that nobody reads may take to end, so that its connection can be used again. */
const DRAIN_MS = 1_000;
const LONGEST_URL = 2048;
const LONGEST_RETRY_AFTER = 7 * 86_400;

/** What may be said beside a body, and how. */
const HEADERS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['webhook-id', (value) => isRef(value, 'evt')],
  ['webhook-timestamp', (value) => /^\d{10}$/.test(value)],
  ['webhook-signature', (value) => /^v1a?,[A-Za-z0-9+/]{43,86}={0,2}(?: v1a?,[A-Za-z0-9+/]{43,86}={0,2}){0,7}$/.test(value)],
]);
const ALWAYS = { 'user-agent': 'Footbridge', 'content-type': 'application/cloudevents+json; charset=utf-8' };

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
    const giveUp = (): void => { socket.destroy(); };
    signal.addEventListener('abort', giveUp);
    socket.once('error', failed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', giveUp);
      done(socket);
    });
  });
}

/** What is asked for, or TIMED_OUT. Whatever it still does then is nobody's business any more. */
function before<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  return new Promise((done, failed) => {
    const late = (): void => { failed(new EgressFailure('TIMED_OUT')); };
    signal.addEventListener('abort', late);
    if (signal.aborted) late();
    asked.then(done, failed);
  });
}

type Body = Dispatcher.ResponseData['body'];
interface Place { readonly hostname: string; readonly secure: boolean; readonly port: number }

/** Where a URL leads: by http or https, to nobody in particular. */
function placeOf(text: string): Place & { readonly url: URL } {
  if (text.length > LONGEST_URL || !URL.canParse(text)) throw notAllowed();
  const url = new URL(text);
  if (!['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.password !== '') throw notAllowed();
  return { url, ...placeAt(url) };
}
const placeAt = ({ hostname, protocol, port }: Pick<URL, 'hostname' | 'protocol' | 'port'>): Place => {
  const secure = protocol === 'https:';
  return { hostname: hostname.replace(/^\[|\]$/g, ''), secure, port: Number(port || (secure ? 443 : 80)) };
};

/**
 * The only HTTP client for addresses that partners give (design 5.3). Every address is looked at when the connection is
 * made, and the connection goes to the address that was looked at: a name that answers differently the second time gains
 * nothing, and a literal address does not get round the check.
 */
export function createEgress(options: EgressOptions): Egress {
  const { allowLoopback, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, resolver = resolve, connect = open } = options;

  /** All addresses behind a name, or none: one that is not allowed spoils the name. */
  async function addressesOf({ hostname, secure, port }: Place): Promise<readonly string[]> {
    const found = isIP(hostname) !== 0 ? [hostname] : hostname === 'localhost' ? ['127.0.0.1', '::1'] : await resolver(hostname);
    for (const address of found) {
      const kind = kindOf(address);
      const allowed = kind === 'public' ? secure && port === 443 : kind === 'loopback' && allowLoopback;
      if (!allowed) throw notAllowed();
    }
    return found;
  }

  /** Each address has its part of the time, and what the ones before it have left of theirs. */
  async function dial(to: Place): Promise<Socket> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const addresses = await before(deadline, addressesOf(to));
    let failure: unknown = new EgressFailure('UNREACHABLE');
    for (const [i, address] of addresses.entries()) {
      const signal = AbortSignal.any([deadline, AbortSignal.timeout(timeoutMs / (addresses.length - i))]);
      try {
        return await before(signal, connect({ address, port: to.port, secure: to.secure, signal, ...(isIP(to.hostname) === 0 ? { servername: to.hostname } : {}) }));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  const connector: buildConnector.connector = (to, callback) => {
    dial(placeAt(to)).then((socket) => callback(null, socket), (error: Error) => callback(error, null));
  };
  const agent = new Agent({ connect: connector, pipelining: 1, keepAliveMaxTimeout: 30_000, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });

  return {
    post: async (url, body, headers, accept) => {
      if (!WireBytes.is(body)) throw new PrivacyRefusal('NOT_WIRE_BYTES');
      const place = placeOf(url);
      const checked = { ...ALWAYS, ...checkedHeaders(headers) };
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const response = await request(place.url, { method: 'POST', headers: checked, body: body.bytes(), dispatcher: agent, signal });
        response.body.on('error', () => undefined); // a connection that is cut ends the body; nobody waits for more
        try {
          const answer = { status: response.statusCode, ...retryAfterOf(response.headers['retry-after']) };
          if (accept) return { ...answer, accepted: says(accept, await read(response.body, maxBytes)) };
          // the status has arrived and stands, however the body ends
          await before(AbortSignal.timeout(DRAIN_MS), read(response.body, maxBytes)).catch(() => undefined);
          return answer;
        } finally {
          response.body.destroy();
        }
      } catch (error) {
        if (error instanceof PrivacyRefusal || error instanceof EgressFailure) throw error;
        throw new EgressFailure(signal.aborted ? 'TIMED_OUT' : 'UNREACHABLE');
      }
    },
    check: async (url) => {
      const found = await before(AbortSignal.timeout(timeoutMs), addressesOf(placeOf(url))).catch(() => []);
      if (found.length === 0) throw notAllowed();
    },
    close: () => agent.destroy(),
  };
}

function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (HEADERS.get(lower)?.(value) !== true) throw new PrivacyRefusal('HEADER_NOT_ALLOWED');
    checked[lower] = value;
  }
  return checked;
}

/** The body, or undefined where it is longer than the limit; the rest of it is not waited for. */
async function read(stream: Body, limit: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function says(accept: (answer: Buffer) => boolean, answer: Buffer | undefined): boolean {
  try {
    return answer !== undefined && accept(answer) === true;
  } catch {
    return false;
  }
}

function retryAfterOf(header: string | readonly string[] | undefined): { retryAfter?: number } {
  const text = String(header);
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? {} : { retryAfter: Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER) };
}

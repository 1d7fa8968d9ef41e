import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { Action, CURSOR_SECRET, cursorOf, Engine, placeOf, Problem, type Principal, type Running, type SignedRequest } from '@footbridge/service';
import type { FastifyReply } from 'fastify';
import { readFeed, type FeedPage } from './feed.js';
import { readers } from './readers.js';

const POLL_MS = 500;
const HEARTBEAT_MS = 15_000;
/** A stream ends then, so that a token is looked at again; the client goes on from the last id. */
const LONGEST_MS = 15 * 60_000;
const STREAMS_EACH = 20;

/** Open streams, by organisation; they end with the service. */
export class Streams {
  readonly #stop = new AbortController();
  readonly #open = new Map<string, number>();
  get signal(): AbortSignal { return this.#stop.signal; }
  start(): void { /* opened by requests */ }
  stop(): void { this.#stop.abort(); }
  enter(organisation: string): void {
    const open = this.#open.get(organisation) ?? 0;
    if (open >= STREAMS_EACH) throw new Problem('too-many-requests', {}, { 'retry-after': '30' });
    this.#open.set(organisation, open + 1);
  }
  leave(organisation: string): void {
    const open = (this.#open.get(organisation) ?? 1) - 1;
    if (open > 0) this.#open.set(organisation, open); else this.#open.delete(organisation);
  }
}

/** A partner's own news, for those who cannot receive webhooks (api.md): pages, or server-sent events. */
@Controller('v1/events')
export class FeedController {
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject(CURSOR_SECRET) private readonly secret: Buffer, @Inject('RUNNING') private readonly running: Running, @Inject(Streams) private readonly streams: Streams) {}

  @Action('events.read', readers) @Get() async read(@Query() query: Record<string, unknown>, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res() reply: FastifyReply): Promise<void> {
    const { principal } = request;
    const { cursor, limit = '50', ...rest } = query;
    const errors = [
      ...Object.keys(rest).map(() => ({ pointer: '', code: 'unknown-filter', detail: 'Remove the filter that is not known here.' })),
      ...(typeof limit !== 'string' || !/^([1-9]\d?|100)$/.test(limit) ? [{ pointer: '/limit', code: 'limit', detail: 'Send a number from 1 to 100.' }] : []),
      ...(cursor !== undefined && typeof cursor !== 'string' ? [{ pointer: '/cursor', code: 'cursor', detail: 'Send it once.' }] : []),
    ];
    if (errors.length > 0) throw new Problem('validation-failed', { errors });
    if (!principal.roles.some((role) => readers.includes(role))) throw new Problem('role-not-allowed', { roles: readers });
    const what = await this.#mayRead(principal);
    if (!what) throw new Problem('guard-refused', { guards: [{ guard: 'PARTNER', reason: 'PARTNER_NOT_ACTIVE', detail: 'Your organisation is not an active partner of the network.' }] });
    const streaming = (headers['accept'] ?? '').includes('text/event-stream');
    const from = (streaming ? headers['last-event-id'] : undefined) ?? (cursor as string | undefined);
    const place = from === undefined ? 0 : this.#position(from);
    if (streaming) { await this.#stream(principal, place, reply); return; }
    const page = await readFeed(this.engine, this.running.freshness, principal.organisation, place, Number(limit), what);
    if (page.blind && page.news.length === 0 && page.upTo === place) throw new Problem('service-unavailable', {}, { 'retry-after': '2' });
    // Built from the kept text, so that it is to the byte what the webhook carries.
    await reply.header('content-type', 'application/json; charset=utf-8').send(`{"items":[${page.news.map(({ body }) => body).join(',')}],"next":${JSON.stringify(this.#cursor(page.upTo))}}`);
  }

  #cursor(position: number): string { return cursorOf('events', { at: 'feed', id: String(position) }, this.secret); }
  #position(cursor: string): number {
    return Number(placeOf('events', cursor, this.secret).id);
  }
  /** An active partner reads all of its news; who is one no more, what it has to delete. */
  async #mayRead({ organisation, subject, since = 0 }: Principal): Promise<'all' | 'recalls' | undefined> {
    const [active] = await this.engine.store.readAs<boolean>('', 'select to_jsonb(m.active) from member m where m.organisation = $1->>0 and not exists (select 1 from disabled d where d.disabled and d.subject in ($1->>0, $1->>1)) and not exists (select 1 from key_lock l where l.organisation = $1->>0 and l.sessions_ended_at >= to_timestamp(($1->>2)::double precision))', [organisation, subject, since]);
    return active === undefined ? undefined : active ? 'all' : 'recalls';
  }

  async #stream(principal: Principal, from: number, reply: FastifyReply): Promise<void> {
    this.streams.enter(principal.organisation);
    reply.hijack();
    const { raw } = reply;
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, this.streams.signal]);
    raw.once('close', () => { gone.abort(); });
    try {
      raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' });
      raw.write(': open\n\n');
      const until = Date.now() + LONGEST_MS;
      let place = from;
      let beat = Date.now();
      while (!signal.aborted && Date.now() < until) {
        let page: FeedPage | undefined;
        try {
          const what = await this.#mayRead(principal);
          if (!what) break;
          page = await readFeed(this.engine, this.running.freshness, principal.organisation, place, 100, what);
        } catch { page = undefined; } // the database is away: the next look goes on from here
        for (const { position, type, body } of page?.news ?? []) {
          if (!raw.write(`id: ${this.#cursor(position)}\nevent: ${type}\ndata: ${body}\n\n`)) await new Promise<void>((drained) => { raw.once('drain', drained); signal.addEventListener('abort', () => drained(), { once: true }); });
          beat = Date.now();
        }
        place = page?.upTo ?? place;
        if (Date.now() - beat >= HEARTBEAT_MS) { raw.write(': still here\n\n'); beat = Date.now(); }
        if (!page?.more) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      this.streams.leave(principal.organisation);
      raw.end();
    }
  }
}

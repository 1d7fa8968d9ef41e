import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post, Query, Req, Res, type Type } from '@nestjs/common';
import { asyncapi, type Service } from '@footbridge/contracts';
import { collectionOf } from '@footbridge/lifecycle';
import { isRef } from '@footbridge/privacy';
import { HandlerRefusal, Held, isHeldId, type EventServer } from '@footbridge/messaging';
import type { FastifyReply } from 'fastify';
import { auditControllers } from './audit/routes.js';
import { minute } from './clock.js';
import { databaseOff, differ } from './clocks.js';
import { showDocs } from './docs-page.js';
import { Engine } from './engine.js';
import { aboutAccounts } from './access.js';
import { Action, EVERYBODY } from './action.js';
import { Public } from './http.js';
import { AccessTokens } from './identity/access-token.js';
import { KeysController } from './keys/routes.js';
import { openapi } from './openapi.js';
import { Problem, problems, type ProblemCode } from './problem.js';
import { givingUp } from './parked.js';
import { idempotency, send, type SignedRequest } from './routes.js';
import type { Running, ServiceDefinition } from './service.js';

/** What every service has: health, its documents, the pages of its problems. */
@Controller()
export class ServiceController {
  constructor(@Inject('RUNNING') private readonly running: Running, @Inject('DEFINITION') private readonly definition: ServiceDefinition, @Inject('EVENTS') private readonly events: EventServer, @Inject(AccessTokens) private readonly tokens: AccessTokens) {}

  @Public() @Get('livez') livez(): object { return { status: 'ok' }; }
  @Public() @Get('readyz') async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const missing: string[] = [];
    const warnings: string[] = [];
    const off = await databaseOff(this.running.pool).catch(() => { missing.push('database'); return 0; });
    if (this.running.engine.store.diskIsFull) missing.push('disk');
    if (!(await Promise.resolve(this.events.freshness.fresh('notifications')).catch(() => false))) missing.push('events');
    void reply.status(missing.length > 0 ? 503 : 200);
    // What waits for an operator while all else goes on.
    if (this.running.signers.troubles.size > 0 || await this.running.engine.store.keys.needOperator()) warnings.push('keys');
    if ([off, this.tokens.issuerOff ?? 0].some(differ)) warnings.push('clock');
    return { status: missing.length > 0 ? 'waiting' : 'ready', missing, ...(warnings.length > 0 ? { warnings } : {}) };
  }
  @Public() @Get('openapi.json') openapi(): object { return openapi(this.definition.name, this.definition.lifecycles, this.definition.documented); }
  @Public() @Get('asyncapi.json') asyncapi(): object { return asyncapi(); }
  @Public() @Get(['docs', 'docs/:file']) async docs(@Param('file') file: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    if (!(await showDocs(file === undefined ? '/docs' : `/docs/${file}`, reply.raw))) throw new Problem('not-found');
    reply.hijack();
  }
  @Public() @Get('problems/:code') @Header('content-type', 'text/html; charset=utf-8') problem(@Param('code') code: string): string {
    if (!Object.hasOwn(problems, code)) throw new Problem('not-found');
    const { title, doNow, status } = problems[code as ProblemCode];
    return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><main><h1>${title}</h1><p>${doNow}</p><p>Status ${status}, code <code>${code}</code>.</p></main></html>`;
  }
}

/** What an operator may do to a service: advance a manual clock, list, replay and drop events that could not be handled. */
export function OperationsController(service: string): Type<object> {
  @Controller('v1')
  class Operations {
    private readonly held: Held;
    constructor(@Inject('RUNNING') private readonly running: Running, @Inject('EVENTS') private readonly events: EventServer) { this.held = new Held(running.pool, service); }

    /** Only where the instance was started with a manual clock; never in production. */
    @Action('clock.advance', ['OPERATOR']) @Post(`${service}-clock/advance`) @HttpCode(200) async advance(@Body() body: { milliseconds?: unknown } | undefined, @Req() request: SignedRequest): Promise<object> {
      if (!this.running.clock.manual) throw new Problem('not-found');
      this.operator(request);
      const ms = body?.milliseconds;
      if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < 0 || ms > 10 * 365 * 86_400_000) throw new Problem('validation-failed', { errors: [{ pointer: '/milliseconds', code: 'integer', detail: 'Send whole milliseconds, zero or more.' }] });
      this.running.clock.advance(ms);
      const rang = await this.running.deadlines.run();
      return { now: this.running.clock.now().toISOString(), rang };
    }
    @Action('parked.list', ['OPERATOR']) @Get(`${service}-parked`) async parked(@Req() request: SignedRequest): Promise<object> {
      this.operator(request);
      return { items: [...await this.held.list(), ...await this.events.parked.list()] };
    }
    @Action('parked.settle', ['OPERATOR']) @Post(`${service}-parked/:id/:what`) @HttpCode(200) async settle(@Param('id') id: string, @Param('what') what: string, @Req() request: SignedRequest): Promise<object> {
      this.operator(request);
      if (!(/^\d{1,18}$/.test(id) || isHeldId(id)) || (what !== 'replay' && what !== 'drop')) throw new Problem('not-found');
      try {
        const events = isHeldId(id) ? this.held : this.events.parked;
        if (what === 'replay') await events.replay(id); else await events.drop(id, givingUp(request.principal, this.running.clock));
      } catch (error) {
        if (error instanceof HandlerRefusal && error.code === 'PARKED_NOT_FOUND') throw new Problem('not-found');
        if (error instanceof HandlerRefusal && error.code === 'PARKED_IS_KEPT') throw new Problem('guard-refused', { guards: [{ guard: 'PARKED', reason: 'TAKES_SOMETHING_BACK', detail: 'It may withdraw, stop or erase something, and nobody may pass over that. Mend what its reason says, then replay it: until then what depends on it stays closed.' }] });
        if (error instanceof HandlerRefusal && error.code === 'REPLAY_IN_PROGRESS') throw new Problem('service-unavailable', {}, { 'retry-after': '2' });
        throw error;
      }
      return { id, done: what };
    }
    operator(request: SignedRequest): void {
      if (!request.principal.roles.includes('OPERATOR')) throw new Problem('role-not-allowed', { roles: ['OPERATOR'] });
    }
  }
  return Operations as Type<object>;
}

/** Two-person steps (decisions 6). */
@Controller('v1/approvals')
export class ApprovalsController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}
  @Action('approvals.approve', EVERYBODY) @Post(':id/approve') @HttpCode(200) async approve(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return send(reply, await this.engine.decideApproval(id, request.principal, true, idempotency(request, headers, body).idempotency)); }
  @Action('approvals.refuse', EVERYBODY) @Post(':id/refuse') @HttpCode(200) async refuse(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return send(reply, await this.engine.decideApproval(id, request.principal, false, idempotency(request, headers, body).idempotency)); }
  @Action('approvals.read', EVERYBODY) @Get(':id') async read(@Param('id') id: string, @Req() request: SignedRequest): Promise<unknown> {
    const [approval] = isRef(id) ? await this.engine.approvals(request.principal, id) : [];
    if (!approval) throw new Problem('not-found');
    return approval;
  }
}

/** What waits for a second person's word in one service; each is answered under its own reference. */
export function WaitingController(service: string): Type<object> {
  @Controller(`v1/${service}-approvals`)
  class Waiting {
    constructor(@Inject(Engine) private readonly engine: Engine) {}
    @Action('approvals.list', EVERYBODY) @Get() async list(@Req() request: SignedRequest): Promise<object> { return { items: await this.engine.approvals(request.principal) }; }
  }
  return Waiting as Type<object>;
}

export const alertsPath = (service: string): string => (service === 'referrals' ? 'v1/alerts' : `v1/${service}-alerts`);
/** The call list of an organisation: what waits for a person, for those who find what it is about. It carries references only, and what rang for two organisations is to the minute (G4). */
export function AlertsController(path: string): Type<object> {
  @Controller(path)
  class Alerts {
    constructor(@Inject(Engine) private readonly engine: Engine) {}
    @Action('alerts.list', EVERYBODY) @Get() async list(@Req() request: SignedRequest, @Query('settled') settled: unknown): Promise<object> {
      const { organisation, subject, roles } = request.principal;
      const rows = await this.engine.store.readAs<{ id: string; code: string; kind: string; ref: string | null; raised_at: string; settled_at: string | null; account: string | null }>(organisation,
        `select to_jsonb(a) || jsonb_build_object('ref', (select ref from reference r where r.organisation = a.organisation and r.aggregate = a.aggregate::text and r.purpose = '' and r.generation = 1)) from alert a where a.organisation = $1->>0 and ($1->>4 = 'true' or a.settled_at is null) and case when ($1->3) ? a.code then ($1->2) ?| array['SUPERVISOR', 'DPO'] else ${this.engine.finds(request.principal, 'a.kind', 'a.aggregate')} end order by a.raised_at desc limit 200`, [organisation, subject, roles, aboutAccounts, String(settled === 'true')]);
      return { items: rows.map((a) => {
        const l = this.engine.lifecycles.find((x) => x.prefix === a.kind);
        return { id: a.id, code: a.code, raisedAt: minute(new Date(a.raised_at)), ...(a.settled_at ? { settledAt: minute(new Date(a.settled_at)) } : {}), ...(a.account ? { account: a.account } : {}), ...(a.ref && l ? { about: a.ref, links: { about: `/v1/${collectionOf(l)}/${a.ref}` } } : {}) };
      }) };
    }
    /** What an account did, once supervision has spoken with it. */
    @Action('alerts.settle', ['SUPERVISOR', 'DPO']) @Post(':id/settle') @HttpCode(200) async settle(@Param('id') id: string, @Req() request: SignedRequest): Promise<object> {
      if (!(await this.engine.access.settle(id, request.principal))) throw new Problem('not-found');
      return { id, settled: true };
    }
  }
  return Alerts as Type<object>;
}

/** What every service answers besides its tables; each is in its document (openapi.ts). */
export const commonControllers = (service: string): readonly Type<object>[] => [ServiceController, ApprovalsController, OperationsController(service), WaitingController(service), AlertsController(alertsPath(service)), KeysController(service), ...auditControllers(service as Service)];

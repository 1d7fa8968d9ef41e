import 'reflect-metadata';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Patch, Query, Req, Res } from '@nestjs/common';
import { NONE, collectionOf, isInstant, kebab, protects, type AnyRow, type Lifecycle } from '@footbridge/lifecycle';
import { isRef } from '@footbridge/privacy';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cursorOf, placeOf } from './cursor.js';
import { Action } from './action.js';
import { Protects } from './http.js';
import { Engine, purposesOf, seenBy, type Answer, type Idempotency } from './engine.js';
import type { Principal } from './identity/principal.js';
import { Problem } from './problem.js';
import { requestText } from './repeats.js';

export type SignedRequest = FastifyRequest & { principal: Principal };
export const CURSOR_SECRET = Symbol('cursor secret');

/** The controllers of a lifecycle, made from its table: whoever knows one collection knows all (api.md, Routes). */
export function routesOf(l: Lifecycle): new (...args: never[]) => object {
  class LifecycleController {
    constructor(@Inject(Engine) readonly engine: Engine, @Inject(CURSOR_SECRET) readonly secret: Buffer) {}

    async read(id: string, request: SignedRequest, reply: FastifyReply, query: Record<string, unknown>): Promise<unknown> {
      const { principal } = request;
      // Without plaintext this and the list go on while keys are locked.
      const unread = query['reveal'] === undefined;
      const found = await this.engine.load(l, principal, id, 'read', unread);
      const facts = found.row.owner === principal.organisation ? await this.engine.factsOf(l, found.row, { ...principal, role: 'PLATFORM' }, unread) : undefined;
      const view = this.engine.view(l, found.row, found.references, principal, facts, await linkedOf(this.engine, l, [found.row], principal));
      const revealed = query['reveal'] === undefined ? {} : await this.engine.reveal(l, found, principal, query['reveal'], query['purpose']);
      void reply.header('etag', `"${found.row.version}"`);
      return { ...view, ...revealed };
    }

    async list(request: SignedRequest, reply: FastifyReply, query: Record<string, unknown>): Promise<unknown> {
      const { principal } = request;
      if (!this.engine.access.lists(l, principal)) return { items: [], next: null };
      const { state, limit, cursor, caseId, organisation, ...rest } = query;
      const dueBefore = rest['due-before'];
      const errors = [
        ...Object.keys(rest).filter((k) => k !== 'due-before').map(() => ({ pointer: '', code: 'unknown-filter', detail: 'Remove the filter that is not known here.' })),
        ...(state !== undefined && !l.states.includes(state as string) ? [{ pointer: '/state', code: 'state', detail: `Send one of: ${l.states.join(', ')}.` }] : []),
        ...(limit !== undefined && !/^([1-9]\d?|100)$/.test(String(limit)) ? [{ pointer: '/limit', code: 'limit', detail: 'Send a number from 1 to 100.' }] : []),
        ...(dueBefore !== undefined && !isInstant(dueBefore) ? [{ pointer: '/due-before', code: 'instant', detail: 'Send a time in UTC.' }] : []),
        ...(caseId !== undefined && !isRef(caseId) ? [{ pointer: '/caseId', code: 'reference', detail: 'Send a reference that your organisation holds.' }] : []),
        ...(organisation !== undefined && !isRef(organisation, 'org') ? [{ pointer: '/organisation', code: 'reference', detail: 'Send a reference that starts with org_.' }] : []),
        ...[state, limit, cursor, caseId, organisation, dueBefore].some((v) => v !== undefined && typeof v !== 'string') ? [{ pointer: '', code: 'repeated', detail: 'Send each filter once.' }] : [],
      ];
      if (errors.length > 0) throw new Problem('validation-failed', { errors });
      const size = Number(limit ?? 25);
      const parameters: unknown[] = [principal.organisation, principal.subject, principal.roles, this.engine.clock.now().toISOString()];
      const withCase = this.engine.access.withCase(l, principal, '($1->>3)');
      const conditions: string[] = [seenBy(withCase ? `(${l.visible ?? 'true'}) or (t.owner = ($1->>0) and ${withCase})` : l.visible)];
      const put = (value: unknown): string => { parameters.push(value); return `($1->>${parameters.length - 1})`; };
      if (state !== undefined) conditions.push(`t.state = ${put(state)}`);
      if (caseId !== undefined) {
        const link = l.links?.['case'];
        const [aggregate] = [...(await this.engine.store.resolve(principal.organisation, [caseId as string])).values()];
        conditions.push(link && aggregate ? `t.${link.column === 'caseId' ? 'case_id' : 'case_ref'}::text = ${put(aggregate)} and t.owner = ($1->>0)` : 'false');
      }
      // Which others are parties is the owner's to know: anybody else would find hidden ones by asking.
      if (organisation !== undefined) { const asked = put(organisation); conditions.push(`t.organisations @> array[${asked}] and ($1->>0 in (t.owner, ${asked}) or t.owner = ${asked})`); }
      // As it is shown: a party that asks again and again would find the moment that others have in common with it (G4).
      if (dueBefore !== undefined) conditions.push(`case when t.owner = ($1->>0) then t.due_at else date_trunc('minute', t.due_at) end < ${put(dueBefore)}::timestamptz`);
      if (cursor !== undefined) { const place = placeOf(l.name, cursor as string, this.secret); conditions.push(`(t.created_at, t.id) < (${put(place.at)}::timestamptz, ${put(place.id)}::uuid)`); }
      const found = await this.engine.store.find(l, principal.organisation, conditions.join(' and '), parameters, `order by t.created_at desc, t.id desc limit ${size + 1}`, true);
      const page = found.slice(0, size);
      const last = page.at(-1);
      const next = found.length > size && last ? cursorOf(l.name, { at: last.row.createdAt, id: last.row.id }, this.secret) : null;
      const linked = await linkedOf(this.engine, l, page.map(({ row }) => row), principal);
      if (next) {
        const address = new URLSearchParams(Object.entries(query).filter(([k]) => k !== 'cursor') as [string, string][]);
        address.set('cursor', next);
        void reply.header('link', `</v1/${collectionOf(l)}?${address.toString()}>; rel="next"`);
      }
      return { items: page.map(({ row, references }) => this.engine.view(l, row, references, principal, undefined, linked)), next };
    }

    async timeline(id: string, request: SignedRequest): Promise<unknown> {
      const found = await this.engine.load(l, request.principal, id);
      return { items: await this.engine.timeline(l, found.row, request.principal) };
    }

    async change(id: string, body: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply): Promise<unknown> {
      const version = versionOf(headers['if-match']);
      if (version === undefined) throw new Problem('version-required');
      return send(reply, await this.engine.edit(l, request.principal, id, body, version));
    }
  }
  const proto = LifecycleController.prototype as unknown as Record<string, unknown>;
  const define = (name: string, method: (this: LifecycleController, ...args: never[]) => unknown, types: unknown[], decorators: readonly MethodDecorator[], parameters: readonly ParameterDecorator[]): void => {
    Object.defineProperty(proto, name, { value: method, writable: true, configurable: true });
    Reflect.defineMetadata('design:paramtypes', types, proto, name);
    parameters.forEach((p, i) => p(proto, name, i));
    const descriptor = Object.getOwnPropertyDescriptor(proto, name) as PropertyDescriptor;
    for (const d of decorators) d(proto, name, descriptor);
  };
  // Commands before `:id` reads; each is one route, written as if by hand.
  const commands = [...new Set((l.rows as readonly AnyRow[]).filter(([from, , , by]) => from !== NONE && by.some((r) => r !== 'PLATFORM')).map(([, command]) => command))];
  const creating = (l.rows as readonly AnyRow[]).filter(([from, , , by]) => from === NONE && by.some((r) => r !== 'PLATFORM'));
  if (creating.length > 0 && !l.created) {
    define('create', async function (this: LifecycleController, body: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply) {
      const command = l.creating?.((body ?? {}) as Record<string, unknown>) ?? (creating[0] as AnyRow)[1];
      return send(reply, await this.engine.run({ lifecycle: l, command, body, caller: request.principal, ...idempotency(request, headers, body) }));
    } as never, [Object, Object, Object, Object], [Post(), HttpCode(201), Action(`${l.name}.${(creating[0] as AnyRow)[1]}`), ...(creating.some(([, command]) => protects(command)) ? [Protects()] : [])], [Body(), Headers(), Req(), Res({ passthrough: true })]);
  }
  for (const command of commands) {
    define(command, async function (this: LifecycleController, id: string, body: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply) {
      const ifMatch = versionOf(headers['if-match']);
      return send(reply, await this.engine.run({ lifecycle: l, command, reference: id, body, caller: request.principal, ...(ifMatch === undefined ? {} : { ifMatch }), ...idempotency(request, headers, body) }));
    } as never, [String, Object, Object, Object, Object], [Post(`:id/${kebab(command)}`), HttpCode(200), Action(`${l.name}.${command}`), ...(protects(command) ? [Protects()] : [])], [Param('id'), Body(), Headers(), Req(), Res({ passthrough: true })]);
  }
  define('timeline', LifecycleController.prototype.timeline as never, [String, Object], [Get(':id/timeline'), Action(`${l.name}.timeline`)], [Param('id'), Req()]);
  define('read', LifecycleController.prototype.read as never, [String, Object, Object, Object], [Get(':id'), Action(`${l.name}.read`)], [Param('id'), Req(), Res({ passthrough: true }), Query()]);
  define('list', LifecycleController.prototype.list as never, [Object, Object, Object], [Get(), Action(`${l.name}.list`)], [Req(), Res({ passthrough: true }), Query()]);
  if (l.editable) define('change', LifecycleController.prototype.change as never, [String, Object, Object, Object, Object], [Patch(':id'), Action(`${l.name}.edit`)], [Param('id'), Body(), Headers(), Req(), Res({ passthrough: true })]);
  Object.defineProperty(LifecycleController, 'name', { value: `${l.name}Controller` });
  Controller(`v1/${collectionOf(l)}`)(LifecycleController);
  return LifecycleController as never;
}

/** Puts an answer of the engine on the wire. */
export function send(reply: FastifyReply, answer: Answer): unknown {
  void reply.status(answer.status).headers(answer.headers);
  return answer.body;
}
export function idempotency(request: SignedRequest, headers: Record<string, string>, body: unknown): { idempotency?: Idempotency } {
  const key = headers['idempotency-key'];
  if (key === undefined) return {};
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw new Problem('validation-failed', { errors: [{ pointer: '/idempotency-key', code: 'header', detail: 'Send 1 to 200 visible ASCII characters in Idempotency-Key.' }] });
  return { idempotency: { caller: request.principal.subject, key, request: requestText(request.method, request.url, body) } };
}
function versionOf(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const match = /^(?:W\/)?"(\d+)"$/.exec(header);
  if (!match) throw new Problem('stale-version', {});
  return Number(match[1]);
}
/** What a caller calls the aggregates that these rows name: by aggregate and the purposes of the row. */
async function linkedOf(engine: Engine, l: Lifecycle, rows: readonly object[], caller: Principal): Promise<ReadonlyMap<string, string>> {
  const columns = Object.values(l.links ?? {}).map((link) => link.column);
  const asked = new Map<string, { readonly purposes: readonly string[]; readonly ids: Set<string> }>();
  for (const row of rows) {
    const purposes = purposesOf(l, row);
    const { ids } = asked.get(purposes.join()) ?? asked.set(purposes.join(), { purposes, ids: new Set() }).get(purposes.join()) as { ids: Set<string> };
    for (const column of columns) { const id = (row as Record<string, unknown>)[column]; if (typeof id === 'string') ids.add(id); }
  }
  const linked = new Map<string, string>();
  for (const [key, { purposes, ids }] of asked) for (const [aggregate, ref] of await engine.store.named(caller.organisation, [...ids], purposes)) linked.set(`${aggregate} ${key}`, ref);
  return linked;
}

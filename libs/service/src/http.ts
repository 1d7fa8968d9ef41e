import { Catch, Inject, Injectable, SetMetadata, type ArgumentsHost, type CanActivate, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PrivacyRefusal } from '@footbridge/privacy';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from './access.js';
import { actionOf } from './action.js';
import { challenged } from './identity/dpop.js';
import { SignIn } from './identity/sign-in.js';
import { accountRoles } from './identity/token-roles.js';
import { keyProblem } from './keys/problem.js';
import type { SubjectKeys } from './keys/subject-keys.js';
import { placeOf } from './log-reason.js';
import { log } from './log.js';
import { Problem, type ProblemCode } from './problem.js';
import type { Refusals } from './refusals.js';
import type { SignedRequest } from './routes.js';

const PUBLIC = 'public';
/** A route that needs no sign-in: health, documents, problem pages. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

const PROTECTS = 'protects';
/** A route that protects somebody: it waits for no news (decisions 15). */
export const Protects = (): MethodDecorator => SetMetadata(PROTECTS, true);

type Handler = ReturnType<ExecutionContext['getHandler']>;
interface Declared { readonly isPublic: boolean; readonly protects: boolean; readonly action: ReturnType<typeof actionOf> }

@Injectable()
export class SignedIn implements CanActivate {
  readonly #routes = new WeakMap<object, Map<Handler, Declared>>();
  constructor(@Inject(SignIn) private readonly signIn: SignIn, @Inject(Reflector) private readonly reflector: Reflector, @Inject(Access) private readonly access: Access) {}
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const { isPublic, protects, action } = this.#routeOf(context.getHandler(), context.getClass());
    if (isPublic) return true;
    const request = context.switchToHttp().getRequest<SignedRequest>();
    const principal = await this.signIn.principal(request.headers.authorization, protects, request.raw);
    // Who is somebody here and has no task here reads nothing, not even at home.
    if (principal.roles.length === 0) throw new Problem('role-not-allowed', { roles: accountRoles });
    const trace = traceOf(request.headers.traceparent);
    request.principal = await this.access.admit(trace ? { ...principal, trace } : principal, action);
    return true;
  }

  /** What is declared of a route does not change: it is looked up once. */
  #routeOf(handler: Handler, of: object): Declared {
    const routes = this.#routes.get(of) ?? new Map<Handler, Declared>();
    this.#routes.set(of, routes);
    const known = routes.get(handler) ?? { isPublic: this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [handler, of as Handler]) === true, protects: this.reflector.get<boolean | undefined>(PROTECTS, handler) === true, action: actionOf(handler) };
    routes.set(handler, known);
    return known;
  }
}

/** Traces of ours are random; what a caller sent stands in none of them, but the same trace stays the same (32 digits have room for a name in hex). */
const traceKey = randomBytes(32);
function traceOf(header: unknown): string | undefined {
  const [, trace, flags] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-(0[01])$/.exec(typeof header === 'string' ? header : '') ?? [];
  return trace === undefined ? undefined : `00-${createHmac('sha256', traceKey).update(trace).digest('hex').slice(0, 32)}-${randomBytes(8).toString('hex')}-${flags}`;
}

const ofStatus: Readonly<Record<number, ProblemCode>> = { 400: 'malformed-body', 401: 'not-signed-in', 404: 'not-found', 405: 'not-found', 413: 'body-too-large', 414: 'not-found', 415: 'unsupported-media-type', 429: 'too-many-requests' };

/** Every failure leaves as problem details with a stable code, never with a value or a stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly refusals?: Pick<Refusals, 'note'>, private readonly keys?: Pick<SubjectKeys, 'isLocked'>) {}
  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const { principal } = request as { readonly principal?: SignedRequest['principal'] };
    const problem = problemOf(error, principal !== undefined && this.keys?.isLocked(principal.organisation) === true);
    if (error instanceof PrivacyRefusal) this.refusals?.note(error, principal);
    if (problem.status >= 500 && problem.code === 'internal-error') log('request-failed', { requestId: request.id, reason: placeOf(error) });
    tell(reply, problem, request);
  }
}
function tell(reply: FastifyReply, problem: Problem, request: FastifyRequest): void {
  void reply.status(problem.status).headers(challenged(problem.headers, request)).header('content-type', 'application/problem+json; charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(problem.body(request.id)));
}
/** An address that the router cannot read is answered before anything else of ours runs. */
export function unreadableAddress(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  tell(reply, new Problem('not-found'), request);
}
export function problemOf(error: unknown, isOwnLocked = false): Problem {
  if (error instanceof Problem) return error;
  const keys = keyProblem(error, isOwnLocked);
  if (keys) return keys;
  // All else stays refused until somebody looks (G10).
  if (error instanceof PrivacyRefusal) return new Problem('privacy-refused', { reason: error.code });
  const status = (error as { status?: unknown; statusCode?: unknown }).status ?? (error as { statusCode?: unknown }).statusCode;
  const code = typeof status === 'number' ? ofStatus[status] : undefined;
  if (code === 'body-too-large') return new Problem(code, { limit: BODY_LIMIT });
  if (code === 'malformed-body') return new Problem(code, { pointer: '' });
  if (code) return new Problem(code);
  const { code: sql } = error as { code?: unknown };
  // The database is away or starting: nothing was changed, the client may come again.
  if (typeof sql === 'string' && /^(08|57P|53|58030|ENOSPC|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT)/.test(sql) || error instanceof Error && /terminated|timeout exceeded when trying to connect/.test(error.message)) return new Problem('service-unavailable', {}, { 'retry-after': '2' });
  return new Problem('internal-error');
}
export const BODY_LIMIT = 1_048_576;
const DEPTH_LIMIT = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a JSON body: UTF-8 only, no deeper than needed, no prototype-named members. */
export function readJson(_request: unknown, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  if (body.length === 0) { done(null, undefined); return; }
  try {
    const text = utf8.decode(body);
    if (depthOf(text) > DEPTH_LIMIT || /"(?:__proto__|constructor|prototype)"|\\u/.test(text) && namesPrototype(text)) throw new Error('refused');
    done(null, JSON.parse(text) as unknown);
  } catch { done(new Problem('malformed-body', { pointer: '' })); }
}
function depthOf(text: string): number {
  let depth = 0, deepest = 0, inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (inString) { if (c === 92) i += 1; else if (c === 34) inString = false; }
    else if (c === 34) inString = true;
    else if (c === 123 || c === 91) { depth += 1; if (depth > deepest) deepest = depth; }
    else if (c === 125 || c === 93) depth -= 1;
  }
  return deepest;
}
function namesPrototype(text: string): boolean {
  let found = false;
  JSON.parse(text, (key, value: unknown) => { if (key === '__proto__' || key === 'constructor' || key === 'prototype') found = true; return value; });
  return found;
}
export const requestId = (): string => randomUUID();

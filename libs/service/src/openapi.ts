import { NONE, bodyOf, collectionOf, exampleOf, kebab, schemaOf, type AnyRow, type Guard, type Lifecycle } from '@footbridge/lifecycle';
import { auditRoutes } from './audit/documented.js';
import { problems } from './problem.js';

/** A route that is not made from a lifecycle, as documented by its service. */
export interface ExtraRoute { readonly method: 'get' | 'post'; readonly path: string; readonly summary: string; readonly tag: string; readonly body?: { readonly schema: object; readonly example: unknown }; readonly answer?: object; /** What a POST answers where it makes nothing. */ readonly status?: 200; /** Needs no sign-in. */ readonly open?: true }

/** What every service has besides its tables (common-routes.ts). */
export const commonRoutes = (service: string): readonly ExtraRoute[] => [
  ...([['/livez', 'Whether the process lives'], ['/readyz', 'Whether it can work; names what is missing'], ['/openapi.json', 'This document'], ['/asyncapi.json', 'The events, as AsyncAPI 3.0'], ['/docs', 'The API reference as a page; works without a network'], ['/docs/{file}', 'What that page is made of'], ['/problems/{code}', 'The page of a problem']] as const)
    .map(([path, summary]): ExtraRoute => ({ method: 'get', path, summary, tag: COMMON, open: true })),
  { method: 'get', path: service === 'referrals' ? '/v1/alerts' : `/v1/${service}-alerts`, summary: 'The call list of your organisation: what waits for a person. References only', tag: COMMON },
  { method: 'post', path: service === 'referrals' ? '/v1/alerts/{id}/settle' : `/v1/${service}-alerts/{id}/settle`, summary: 'What an account did was talked over with it. Who: SUPERVISOR, DPO, and not about themselves', tag: COMMON, status: 200 },
  { method: 'get', path: `/v1/${service}-approvals`, summary: "Steps that wait for a second person's word, for who may give it and for who asked", tag: COMMON },
  { method: 'get', path: '/v1/approvals/{id}', summary: 'One of them: what is asked, of which aggregate, until when', tag: COMMON },
  { method: 'post', path: '/v1/approvals/{id}/approve', summary: "A second person's yes to a step that takes two; the rules are asked again", tag: COMMON, status: 200 },
  { method: 'post', path: '/v1/approvals/{id}/refuse', summary: "A second person's no", tag: COMMON, status: 200 },
  { method: 'get', path: `/v1/${service}-keys`, summary: 'Versions of your organisation\'s key, and how many cases hang on each; whether it is locked. Who: DPO, PARTNER_ADMIN, SUPERVISOR', tag: COMMON },
  { method: 'get', path: `/v1/${service}-erasure-receipts`, summary: 'Signed receipts of erased cases, and the keys to verify them with. Who: DPO', tag: COMMON },
  { method: 'get', path: `/v1/${service}-parked`, summary: 'Events that could not be handled, by code and place. Who: OPERATOR', tag: COMMON },
  { method: 'post', path: `/v1/${service}-parked/{id}/{what}`, summary: 'Handle it again (`replay`) or never (`drop`). Who: OPERATOR', tag: COMMON, status: 200 },
  { method: 'post', path: `/v1/${service}-clock/advance`, summary: 'Advance a manual clock; never in production. Who: OPERATOR', tag: COMMON, status: 200,
    body: { schema: { type: 'object', properties: { milliseconds: { type: 'integer', minimum: 0, maximum: 315_360_000_000 } }, required: ['milliseconds'] }, example: { milliseconds: 0 } } },
  ...auditRoutes(service),
];
/** The tag of what every service has. */
export const COMMON = 'Service';

const problemRef = (status: number): object => ({ description: Object.values(problems).find((p) => p.status === status)?.title ?? 'Problem', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } });
const problemsFor = (...statuses: number[]): Record<string, object> => Object.fromEntries(statuses.map((s) => [String(s), problemRef(s)]));
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' }, description: 'The reference that your organisation holds.' };
const headers = [
  { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } },
  { name: 'If-Match', in: 'header', required: false, schema: { type: 'string' }, description: 'The ETag that you read.' },
];

/** OpenAPI 3.1 of a service, made from its tables. */
export function openapi(service: string, lifecycles: readonly Lifecycle[], extras: readonly ExtraRoute[] = []): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const put = (path: string, method: string, operation: Record<string, unknown>): void => { (paths[path] ??= {})[method] = operation; };
  for (const l of lifecycles) {
    const base = `/v1/${collectionOf(l)}`;
    const view = { description: 'The view for this caller', headers: { ETag: { schema: { type: 'string', pattern: '^"\\d+"$' } } }, content: { 'application/json': { schema: { $ref: '#/components/schemas/View' } } } };
    const seen = new Set<string>();
    for (const row of l.rows as readonly AnyRow[]) {
      const [from, command, to, by, guards, emits] = row;
      if (by.every((r) => r === 'PLATFORM') || seen.has(`${command}${from === NONE}`) || (from === NONE && l.created)) continue;
      seen.add(`${command}${from === NONE}`);
      const rules = (guards as readonly Guard<unknown>[]).map((g) => `- \`${g.code}\` ${g.attests?.says ?? g.name}`).join('\n');
      const body = bodyOf(row);
      const operation = {
        operationId: `${l.name}.${command}`, tags: [l.name], summary: `${command}: ${from === NONE ? 'new' : from.join(', ')} → ${to}`,
        description: `Who: ${by.join(', ')}. Emits ${emits.name}.${rules ? `\n\nRules:\n${rules}` : ''}`,
        requestBody: { required: false, content: { 'application/json': { schema: schemaOf(body), example: exampleOf(body) } } },
        responses: { ...(row[6]?.approval ? { 202: { description: 'Waits for a second person: POST /v1/approvals/{id}/approve' } } : {}), [from === NONE ? 201 : 200]: view, ...problemsFor(400, 401, 403, 404, 409, 412, 413, 422, 503) },
      };
      if (from === NONE) { if (!paths[base]?.['post']) put(base, 'post', { ...operation, parameters: headers.slice(0, 1) }); }
      else put(`${base}/{id}/${kebab(command)}`, 'post', { ...operation, parameters: [id, ...headers] });
    }
    put(base, 'get', { operationId: `${l.name}.list`, tags: [l.name], summary: 'What this caller may see, newest first', parameters: [
      { name: 'state', in: 'query', schema: { type: 'string', enum: l.states } }, { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 25 } }, { name: 'cursor', in: 'query', schema: { type: 'string' } },
      { name: 'caseId', in: 'query', schema: { type: 'string' } }, { name: 'organisation', in: 'query', schema: { type: 'string' } }, { name: 'due-before', in: 'query', schema: { type: 'string', format: 'date-time' } }],
    responses: { 200: { description: 'A page', content: { 'application/json': { schema: { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/components/schemas/View' } }, next: { type: ['string', 'null'], pattern: '^[A-Za-z0-9_-]+$' } } } } } }, ...problemsFor(401, 422) } });
    put(`${base}/{id}`, 'get', { operationId: `${l.name}.read`, tags: [l.name], summary: 'The view; `reveal` and `purpose` for sealed fields, each look is audited', parameters: [id, { name: 'reveal', in: 'query', schema: { type: 'string' } }, { name: 'purpose', in: 'query', schema: { type: 'string' } }], responses: { 200: view, ...problemsFor(401, 403, 404, 422) } });
    put(`${base}/{id}/timeline`, 'get', { operationId: `${l.name}.timeline`, tags: [l.name], summary: 'Its own transitions', parameters: [id], responses: { 200: { description: 'The timeline' }, ...problemsFor(401, 404) } });
    if (l.editable) put(`${base}/{id}`, 'patch', { operationId: `${l.name}.edit`, tags: [l.name], summary: `Change details (JSON Merge Patch) in ${l.editable.in.join(', ')}`, parameters: [id, { ...headers[1], required: true }],
      requestBody: { required: true, content: { 'application/merge-patch+json': { schema: schemaOf(l.editable.body), example: exampleOf(l.editable.body) }, 'application/json': { schema: schemaOf(l.editable.body), example: exampleOf(l.editable.body) } } }, responses: { 200: view, ...problemsFor(401, 403, 404, 409, 412, 422, 428) } });
  }
  for (const e of [...extras, ...commonRoutes(service)]) put(e.path, e.method, {
    ...(e.open ? { security: [] } : {}),
    operationId: `${e.method}${e.path.replaceAll(/[^a-zA-Z]+/g, '-')}`, tags: [e.tag], summary: e.summary,
    parameters: [...e.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ ...id, name })),
    ...(e.body ? { requestBody: { required: true, content: { 'application/json': { schema: e.body.schema, example: e.body.example } } } } : {}),
    responses: { [e.status ?? (e.method === 'post' ? 201 : 200)]: e.answer ?? { description: 'The answer' }, ...problemsFor(401, 403, 404, 409, 422, 503) },
  });
  return {
    openapi: '3.1.0', info: { title: `Footbridge ${service}`, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } }, paths, security: [{ bearer: [] }, { dpop: [] }],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, dpop: { type: 'http', scheme: 'DPoP', description: 'A token that is bound to a key of yours, with a proof of that key in the header DPoP (RFC 9449)' } },
      schemas: {
        Problem: { type: 'object', properties: { type: { type: 'string', pattern: '^/problems/[a-z-]+$' }, title: { type: 'string', enum: [...new Set(Object.values(problems).map(({ title }) => title))] }, status: { type: 'integer' }, detail: { type: 'string' }, code: { type: 'string', enum: Object.keys(problems) }, requestId: { type: 'string', format: 'uuid' } }, required: ['type', 'title', 'status', 'detail', 'code', 'requestId'] },
        View: { type: 'object', properties: { id: { type: 'string', pattern: '^[a-z]{3}_[a-z2-7]+$' }, state: { type: 'string', enum: [...new Set(lifecycles.flatMap(({ states }) => states))] }, version: { type: 'integer' }, dueAt: { type: 'string', format: 'date-time' }, can: { type: 'array', items: { type: 'string', pattern: '^[a-z][A-Za-z]+$' } }, links: { type: 'object', additionalProperties: { type: 'string', pattern: '^/v1/' } } }, required: ['id', 'state', 'version', 'can', 'links'] },
      },
    },
  };
}

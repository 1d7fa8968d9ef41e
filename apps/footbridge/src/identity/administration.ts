import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRef, newRef } from '@footbridge/privacy';
import { challenged, log, reasonOf, Problem, type Principal, type RequestMac, type SignIn } from '@footbridge/service';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { Pool } from 'pg';
import { Accounts, NameTaken, type AccountOf, type Organisation } from './accounts.js';
import { AddAccount, AddOrganisation } from './administration.dto.js';
import { once, type Answer } from './once.js';

/** The services' register is told of the same in the caller's name, so that tokens given before stop too (decisions 7). */
export type TellServices = (path: string, headers: Readonly<Record<string, string>>) => Promise<void>;
/** The same, with what lets the caller in there. */
export type TellFor = (caller: Principal, path: string, headers: Readonly<Record<string, string>>) => Promise<void>;

const ok = (body: Readonly<Record<string, unknown>>): Answer => ({ status: 200, body });
const longestBody = 16_384;

const accountView = ({ id, name, title, roles, organisation, organisationName, disabled }: AccountOf): object => ({ id, name, title, roles, organisation, organisationName, disabled });
const organisationView = ({ id, name, type, country, disabled }: Organisation): object => ({ id, name, type, country, disabled });

/**
 * Who may sign in at the embedded provider (decisions 7): an OPERATOR adds organisations with their first PARTNER_ADMIN,
 * a PARTNER_ADMIN adds the other accounts of its own organisation. Secrets are made here and shown once.
 */
export function administration(pool: Pool, signIn: SignIn, mac: RequestMac, tellServices?: TellFor): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const match = /^\/oidc\/(organisations|accounts)(?:\/([a-z2-7_]{1,64})\/(disable|enable))?$/.exec(request.url ?? '');
    if (!match) return false;
    const [path, what = '', id, change] = match;
    const answer = async (): Promise<Answer> => {
      const { authorization, 'idempotency-key': key } = request.headers;
      const principal = await signIn.principal(authorization, false, request);
      if (id === undefined && request.method === 'GET') return await list(new Accounts(pool), principal, what);
      if (request.method !== 'POST') throw new Problem('not-found');
      const sent = id === undefined ? await readJson(request) : undefined;
      if (id !== undefined) {
        await mayStand(new Accounts(pool), principal, what, id);
        // First the services, which stop the tokens that are about; then the provider, which gives no new ones.
        await tellServices?.(principal, path.replace('/oidc/', '/v1/'), typeof key === 'string' ? { 'idempotency-key': key } : {});
      }
      return await once(pool, principal, { path, sent, key, mac }, async (client) => {
        const accounts = new Accounts(client);
        if (id === undefined) return what === 'organisations' ? await addOrganisation(accounts, principal, sent) : await addAccount(accounts, principal, sent);
        const disabled = change === 'disable';
        await accounts.stand(what === 'organisations' ? 'organisation' : 'account', id, disabled);
        return ok({ id, disabled });
      });
    };
    answer().then(({ status, body, again }) => {
      if (again) response.setHeader('idempotent-replay', 'true');
      show(response, status, 'application/json; charset=utf-8', body);
    }, (error: unknown) => {
      const problem = error instanceof Problem ? error : new Problem('internal-error');
      const requestId = randomUUID();
      if (problem !== error) log('request-failed', { requestId, reason: reasonOf(error), service: 'identity' });
      for (const [name, value] of Object.entries(challenged(problem.headers, request))) response.setHeader(name, value);
      show(response, problem.status, 'application/problem+json; charset=utf-8', problem.body(requestId));
    });
    return true;
  };
}

async function list(accounts: Accounts, principal: Principal, what: string): Promise<Answer> {
  const operator = principal.roles.includes('OPERATOR');
  if (what === 'organisations') {
    mustBe(principal, ['OPERATOR']);
    return ok({ items: (await accounts.listOrganisations()).map(organisationView) });
  }
  mustBe(principal, ['OPERATOR', 'PARTNER_ADMIN']);
  return ok({ items: (await accounts.listAccounts(operator ? undefined : principal.organisation)).map(accountView) });
}

async function addOrganisation(accounts: Accounts, principal: Principal, sent: unknown): Promise<Answer> {
  mustBe(principal, ['OPERATOR']);
  const { id = newRef('org'), name, type, country, admin } = await checked(AddOrganisation, sent);
  if (!isRef(id, 'org') || await accounts.organisation(id)) throw new Problem('validation-failed', { errors: [{ pointer: '/id', code: 'organisation', detail: 'Send the id of an organisation that is not registered here yet.' }] });
  if (await accounts.hasName(admin)) throw nameTaken('/admin');
  const organisation = await accounts.addOrganisation({ id, name, type, country });
  const added = await accounts.addAccount({ organisation: organisation.id, name: admin, title: 'Administrator', roles: ['PARTNER_ADMIN'] }).catch(refuseName('/admin'));
  const shown = (secret?: object): Answer['body'] => ({ ...organisationView(organisation), admin: { id: added.account.id, name: admin, ...secret } });
  return { status: 201, body: shown({ secret: added.secret }), kept: shown() };
}

async function addAccount(accounts: Accounts, principal: Principal, sent: unknown): Promise<Answer> {
  mustBe(principal, ['OPERATOR', 'PARTNER_ADMIN']);
  const { organisation = principal.organisation, name, title, roles } = await checked(AddAccount, sent);
  const own = organisation === principal.organisation;
  const operator = principal.roles.includes('OPERATOR');
  const firstAdmin = operator && roles.every((role) => role === 'PARTNER_ADMIN') && !(await accounts.listAccounts(organisation)).some((account) => account.roles.includes('PARTNER_ADMIN') && !account.disabled);
  const admin = own && principal.roles.includes('PARTNER_ADMIN');
  // whose servers these are is decided by whoever runs them, not by an organisation's admin
  if (roles.includes('OPERATOR') ? !(own && operator) : !admin && !(own && operator) && !firstAdmin) throw new Problem('role-not-allowed', { roles: ['PARTNER_ADMIN'] });
  if (!(await accounts.organisation(organisation))) throw new Problem('not-found');
  const added = await accounts.addAccount({ organisation, name, title, roles }).catch(refuseName('/name'));
  const kept = { id: added.account.id, name, title, roles, organisation };
  return { status: 201, body: { ...kept, secret: added.secret }, kept };
}

async function mayStand(accounts: Accounts, principal: Principal, what: string, id: string): Promise<void> {
  if (what === 'organisations') {
    mustBe(principal, ['OPERATOR']);
    if (!(await accounts.organisation(id))) throw new Problem('not-found');
    return;
  }
  mustBe(principal, ['OPERATOR', 'PARTNER_ADMIN']);
  const account = await accounts.account(id);
  if (!account || !principal.roles.includes('OPERATOR') && account.organisation !== principal.organisation) throw new Problem('not-found');
}

function mustBe({ roles }: Principal, allowed: readonly ('OPERATOR' | 'PARTNER_ADMIN')[]): void {
  if (!allowed.some((role) => roles.includes(role))) throw new Problem('role-not-allowed', { roles: allowed });
}

const nameTaken = (pointer: string): Problem => new Problem('validation-failed', { errors: [{ pointer, code: 'name-taken', detail: 'Choose another sign-in name; this one is in use.' }] });
const refuseName = (pointer: string) => (error: unknown): never => { throw error instanceof NameTaken ? nameTaken(pointer) : error; };

async function checked<T extends object>(type: new () => T, sent: unknown): Promise<T> {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) throw new Problem('malformed-body', { pointer: '' });
  const body = plainToInstance(type, sent);
  const errors = await validate(body, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  if (errors.length > 0) {
    throw new Problem('validation-failed', { errors: errors.map(({ property, constraints = {} }) => {
      const [code = 'invalid', detail = ''] = Object.entries(constraints)[0] ?? [];
      // an unknown field's name is what the caller sent: it is not repeated (decisions 10)
      return code === 'whitelistValidation' ? { pointer: '', code: 'unknown-field', detail: 'Remove the field that is not known here.' } : { pointer: `/${property}`, code, detail };
    }) });
  }
  return body;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > longestBody) throw new Problem('body-too-large', { limit: longestBody });
    chunks.push(chunk);
  }
  try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) as unknown; } catch { throw new Problem('malformed-body', { pointer: '' }); }
}

function show(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRef, newRef } from '@footbridge/privacy';
import { log, Problem, type Principal, type SignIn } from '@footbridge/service';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { NameTaken, type AccountOf, type Accounts, type Organisation } from './accounts.js';
import { AddAccount, AddOrganisation } from './administration.dto.js';

interface Answer { readonly status: number; readonly body: unknown }
const ok = (body: unknown): Answer => ({ status: 200, body });
const longestBody = 16_384;

const accountView = ({ id, name, title, roles, organisation, organisationName, disabled }: AccountOf): object => ({ id, name, title, roles, organisation, organisationName, disabled });
const organisationView = ({ id, name, type, country, disabled }: Organisation): object => ({ id, name, type, country, disabled });

/**
 * Who may sign in at the embedded provider (decisions 7): an OPERATOR adds organisations with their first PARTNER_ADMIN,
 * a PARTNER_ADMIN adds the other accounts of its own organisation. Secrets are made here and shown once.
 */
export function administration(accounts: Accounts, signIn: SignIn): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const match = /^\/oidc\/(organisations|accounts)(?:\/([a-z2-7_]{1,64})\/(disable|enable))?$/.exec(request.url ?? '');
    if (!match) return false;
    const [, what = '', id, change] = match;
    const answer = async (): Promise<Answer> => {
      const principal = await signIn.principal(request.headers.authorization);
      const method = request.method ?? '';
      if (id !== undefined && method === 'POST') return await stand(accounts, principal, what, id, change === 'disable');
      if (id === undefined && method === 'GET') return await list(accounts, principal, what);
      if (id === undefined && method === 'POST') return what === 'organisations' ? await addOrganisation(accounts, principal, await readJson(request)) : await addAccount(accounts, principal, await readJson(request));
      throw new Problem('not-found');
    };
    answer().then(({ status, body }) => { show(response, status, 'application/json; charset=utf-8', body); }, (error: unknown) => {
      const problem = error instanceof Problem ? error : new Problem('internal-error');
      const requestId = randomUUID();
      if (problem !== error) log('request-failed', { requestId, reason: error instanceof Error ? error.name : 'unknown', service: 'identity' });
      for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
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
  return { status: 201, body: { ...organisationView(organisation), admin: { id: added.account.id, name: admin, secret: added.secret } } };
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
  return { status: 201, body: { id: added.account.id, name, title, roles, organisation, secret: added.secret } };
}

async function stand(accounts: Accounts, principal: Principal, what: string, id: string, disabled: boolean): Promise<Answer> {
  if (what === 'organisations') {
    mustBe(principal, ['OPERATOR']);
    if (!(disabled ? await accounts.disableOrganisation(id) : await accounts.enableOrganisation(id))) throw new Problem('not-found');
    return ok({ id, disabled });
  }
  mustBe(principal, ['OPERATOR', 'PARTNER_ADMIN']);
  const account = await accounts.account(id);
  if (!account || !principal.roles.includes('OPERATOR') && account.organisation !== principal.organisation) throw new Problem('not-found');
  await (disabled ? accounts.disable(id) : accounts.enable(id));
  return ok({ id, disabled });
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

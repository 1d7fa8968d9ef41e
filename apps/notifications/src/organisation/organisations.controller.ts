import { Body, Controller, Get, Headers, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Role } from '@footbridge/contracts';
import { checkBody } from '@footbridge/lifecycle';
import { isRef } from '@footbridge/privacy';
import { accountRoles, Action, CURSOR_SECRET, Engine, EVERYBODY, idempotency, Problem, send, type Answer, type Change, type Principal, type Running, type SignedRequest } from '@footbridge/service';
import type { FastifyReply } from 'fastify';
import { AddAccountBody, AddOrganisationBody, StandingBody } from './organisation.dto.js';
import { page } from './page.js';
import { Register, type Account, type Organisation } from './register.js';

const organisationView = (o: Organisation): object => ({ id: o.organisation, type: o.type, country: o.country, name: o.name, networkBody: o.network_body });
const standingView = (o: Organisation): object => ({ ...organisationView(o), disabled: o.disabled, version: o.version });
const accountView = (a: Account): object => ({ id: a.account, organisation: a.organisation, ...(a.name === null ? {} : { name: a.name }), roles: a.roles, disabled: a.disabled, version: a.version });

const created = (view: object): Answer => ({ status: 201, headers: {}, body: { ...view } });
const stood = (view: object): Answer => ({ status: 200, headers: {}, body: { ...view } });

const mustBe = ({ roles }: Principal, ...allowed: Role[]): void => { if (!allowed.some((role) => roles.includes(role))) throw new Problem('role-not-allowed', { roles: allowed }); };
function read<T extends object>(body: new () => T, sent: unknown): T {
  const checked = checkBody(body, sent ?? {});
  if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
  return Object.assign(new body(), checked.value);
}

/** The directory: who is in this instance. Public facts of organisations; any signed-in caller may read it (decisions 2). */
@Controller('v1/organisations')
export class OrganisationsController {
  private readonly register: Register;
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject(CURSOR_SECRET) private readonly secret: Buffer, @Inject('RUNNING') private readonly running: Running) { this.register = new Register(engine); }

  @Action('organisations.add', ['OPERATOR']) @Post() async add(@Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    mustBe(principal, 'OPERATOR');
    const { id, type, country, name, networkBody = false } = read(AddOrganisationBody, sent);
    return send(reply, await this.engine.once(idempotency(request, headers, sent).idempotency, async (keep) =>
      created(organisationView(await this.register.addOrganisation(principal, { ...(id === undefined ? {} : { organisation: id }), type, country, name, networkBody }, (row) => keep(created(organisationView(row))))))));
  }
  @Action('organisations.list', EVERYBODY) @Get() list(@Query() query: Record<string, unknown>): Promise<object> {
    return page('organisations', query, this.secret, (after, limit) => this.register.organisations(after, limit), organisationView);
  }
  @Action('organisations.disable', ['OPERATOR']) @Post(':id/disable') disable(@Param('id') id: string, @Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return this.stand(id, true, sent, headers, request, reply); }
  @Action('organisations.enable', ['OPERATOR']) @Post(':id/enable') enable(@Param('id') id: string, @Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return this.stand(id, false, sent, headers, request, reply); }

  private async stand(id: string, disabled: boolean, sent: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    mustBe(principal, 'OPERATOR');
    const answer = await this.engine.once(idempotency(request, headers, sent).idempotency, async (keep) => {
      const found = isRef(id, 'org') ? await this.register.standOrganisation(principal, id, disabled, (row) => keep(stood(standingView(row)))) : undefined;
      if (!found) throw new Problem('not-found');
      return stood(standingView(found));
    });
    await follow(this.running, 'organisation', id, (await this.register.organisation(id))?.disabled);
    return send(reply, answer);
  }
}

/** The embedded provider follows the register as it is now, also where an answer is given again: one disabling reaches both. */
async function follow({ config }: Running, what: 'account' | 'organisation', id: string, disabled: boolean | undefined): Promise<void> {
  if (disabled !== undefined) await config.accounts?.stand(what, id, disabled);
}

/**
 * Who may sign in for an organisation (decisions 7): an OPERATOR names its first PARTNER_ADMIN, that one the others of the own organisation.
 * The secret is the identity provider's; here it is known whose an account is and whether it is disabled.
 */
@Controller('v1/accounts')
export class AccountsController {
  private readonly register: Register;
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject(CURSOR_SECRET) private readonly secret: Buffer, @Inject('RUNNING') private readonly running: Running) { this.register = new Register(engine); }

  @Action('accounts.add', ['OPERATOR', 'PARTNER_ADMIN']) @Post() async add(@Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return send(reply, await this.engine.once(idempotency(request, headers, sent).idempotency, (keep) => this.added(request.principal, sent, keep)));
  }
  private async added(principal: Principal, sent: unknown, keep: (answer: Answer) => readonly Change[]): Promise<Answer> {
    mustBe(principal, 'OPERATOR', 'PARTNER_ADMIN');
    const { id, organisation = principal.organisation, name, roles } = read(AddAccountBody, sent);
    if (roles.length === 0 || !roles.every((role) => accountRoles.includes(role))) throw new Problem('validation-failed', { errors: [{ pointer: '/roles', code: 'codes', detail: 'Send one or more roles that an account may have.' }] });
    if (!(await this.register.organisation(organisation))) throw new Problem('not-found');
    const own = organisation === principal.organisation;
    const operator = principal.roles.includes('OPERATOR');
    const firstAdministrator = operator && roles.every((role) => role === 'PARTNER_ADMIN') && !(await this.register.hasAdministrator(organisation));
    // Whose servers these are is decided by whoever runs them, not by an organisation's administrator.
    if (roles.includes('OPERATOR') ? !(own && operator) : !(own && (operator || principal.roles.includes('PARTNER_ADMIN'))) && !firstAdministrator) throw new Problem('role-not-allowed', { roles: ['PARTNER_ADMIN'] });
    // A reference that somebody merely names may be another organisation's account, which would then be theirs to disable.
    if (id !== undefined && !operator && await this.running.config.accounts?.organisationOf(id) !== organisation) throw new Problem('role-not-allowed', { roles: ['OPERATOR'] });
    return created(accountView(await this.register.addAccount(principal, { ...(id === undefined ? {} : { account: id }), organisation, name, roles }, (row) => keep(created(accountView(row))))));
  }
  @Action('accounts.list', ['OPERATOR', 'PARTNER_ADMIN']) @Get() list(@Query() query: Record<string, unknown>, @Req() { principal }: SignedRequest): Promise<object> {
    mustBe(principal, 'OPERATOR', 'PARTNER_ADMIN');
    return page('accounts', query, this.secret, (after, limit) => this.register.accounts(principal.roles.includes('OPERATOR') ? undefined : principal.organisation, after, limit), accountView);
  }
  @Action('accounts.disable', ['OPERATOR', 'PARTNER_ADMIN']) @Post(':id/disable') disable(@Param('id') id: string, @Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return this.stand(id, true, sent, headers, request, reply); }
  @Action('accounts.enable', ['OPERATOR', 'PARTNER_ADMIN']) @Post(':id/enable') enable(@Param('id') id: string, @Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> { return this.stand(id, false, sent, headers, request, reply); }

  private async stand(id: string, disabled: boolean, sent: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply): Promise<unknown> {
    const answer = await this.engine.once(idempotency(request, headers, sent).idempotency, (keep) => this.standing(request.principal, id, sent, disabled, (row) => keep(stood(accountView(row)))));
    await follow(this.running, 'account', id, (await this.register.account(id))?.disabled);
    return send(reply, answer);
  }
  private async standing(principal: Principal, id: string, sent: unknown, disabled: boolean, keep: (row: Account) => readonly Change[]): Promise<Answer> {
    mustBe(principal, 'OPERATOR', 'PARTNER_ADMIN');
    const operator = principal.roles.includes('OPERATOR');
    const { organisation } = read(StandingBody, sent);
    if (!isRef(id, 'acc')) throw new Problem('not-found');
    const known = await this.register.account(id);
    if (known) {
      if (!operator && known.organisation !== principal.organisation) throw new Problem('not-found');
      return stood(accountView(await this.register.standAccount(principal, id, disabled, keep) ?? known));
    }
    // Only the identity provider knows it: it says whose it is, or the operator does.
    const belongs = await this.running.config.accounts?.organisationOf(id) ?? (operator ? organisation : undefined);
    if (belongs === undefined || (!operator && belongs !== principal.organisation)) throw new Problem('not-found');
    return stood(accountView(await this.register.addAccount(principal, { account: id, organisation: belongs, roles: [], disabled }, keep)));
  }
}

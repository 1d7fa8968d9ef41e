import type { Role } from '@footbridge/contracts';
import { checkBody, exampleOf, is, schemaOf } from '@footbridge/lifecycle';
import { newContinuityCode } from '@footbridge/privacy';
import { Action, Engine, Problem, idempotency, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Case } from '../case/case.lifecycle.js';
import { codes, type ContinuityCodes } from './codes.js';
import { CONTINUITY, ContinuityCode, type ContinuityCodeRow } from './continuity-code.lifecycle.js';

class GiveCodeBody {
  @is.boolean({ optional: true, example: true }) herWish?: boolean;
}
class RedeemBody {
  @is.pattern(/^\d{4}(?:[ -]?\d{4}){3}$/, '16 digits', '0000 1111 2222 3333', { class: 'direct' }) code!: string;
  /** She shows it herself: nobody tries codes for her. */
  @is.boolean({ example: true }) personPresent!: boolean;
}
const helpers: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'];

/** One answer to every code that does not open: that it never was, is over, revoked or used would each tell something. */
const notAccepted = (): Problem => new Problem('guard-refused', { guards: [{ guard: 'CODE', reason: 'CODE_NOT_ACCEPTED', detail: 'This code opens nothing. Help her without it; her first helper can give her another.' }] });

/** Survivor-held: she gets it from the worker who knows her, and shows it to whom she wants. */
@Controller('v1')
export class ContinuityCodesController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}
  get #codes(): ContinuityCodes { return this.engine.store.reader('', []).port<ContinuityCodes>(codes); }

  @Action('Case.continuityCode', helpers) @Post('cases/:id/continuity-code') @HttpCode(201)
  async give(@Param('id') id: string, @Body() plain: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    await this.engine.load(Case, principal, id);
    const checked = checkBody(GiveCodeBody, plain ?? {});
    if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
    const code = newContinuityCode();
    const answer = await this.engine.run({ lifecycle: ContinuityCode, command: 'issueCode', body: { case: id, digest: await this.#codes.digest(code), ...checked.value }, caller: principal, ...idempotency(request, headers, plain) });
    // What is kept for a repeat has no code.
    return send(reply, answer.headers['idempotent-replay'] ? answer : { ...answer, body: { ...answer.body, code } });
  }

  @Action('continuity-codes.redeem', helpers) @Post('continuity-codes/redeem') @HttpCode(200)
  async redeem(@Body() plain: unknown, @Req() { principal }: SignedRequest): Promise<unknown> {
    if (!principal.roles.some((role) => helpers.includes(role))) throw new Problem('role-not-allowed', { roles: helpers });
    const checked = checkBody(RedeemBody, plain ?? {});
    if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
    const { code, personPresent } = checked.value as unknown as RedeemBody;
    if (!personPresent) throw new Problem('guard-refused', { guards: [{ guard: 'CODE', reason: 'PERSON_NOT_PRESENT', detail: 'Only she shows her code.' }] });
    const now = this.engine.clock.now();
    if (!(await this.#codes.mayTry(principal.subject, principal.organisation, now))) throw new Problem('too-many-requests', {}, { 'retry-after': '3600' });
    const found = await this.#codes.find(await this.#codes.digest(code), now);
    if (!found) throw notAccepted();
    const next = newContinuityCode();
    const used = await this.engine.runAs({ lifecycle: ContinuityCode, command: 'useCode', id: found.id, owner: found.owner, as: 'PLATFORM', body: { usedBy: principal.organisation, successor: await this.#codes.digest(next) } }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'guard-refused') throw notAccepted();
      throw error;
    });
    // Somebody was faster with the same code.
    if (!used) throw notAccepted();
    const { caseId = '', owner } = used as ContinuityCodeRow;
    const named = await this.engine.store.named(principal.organisation, [caseId], owner === principal.organisation ? [''] : [CONTINUITY]);
    return { case: named.get(caseId), owner, code: next };
  }
}

const bodyOf = (body: Parameters<typeof schemaOf>[0]): NonNullable<ExtraRoute['body']> => ({ schema: schemaOf(body), example: exampleOf(body) });
export const continuityCodeRoutes: readonly ExtraRoute[] = [
  { method: 'post', path: '/v1/cases/{id}/continuity-code', tag: 'ContinuityCode', summary: 'A code of 16 digits that the person carries, shown once; it takes the place of an earlier one', body: bodyOf(GiveCodeBody) },
  { method: 'post', path: '/v1/continuity-codes/redeem', tag: 'ContinuityCode', summary: 'She shows her code: you and the organisation that knows her learn of each other, and she gets the next code. Five an hour', body: bodyOf(RedeemBody), status: 200 },
];

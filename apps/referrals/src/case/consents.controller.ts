import { ConsentPurpose, type Role } from '@footbridge/contracts';
import { checkBody, exampleOf, how, is, schemaOf } from '@footbridge/lifecycle';
import { codeList, isRef } from '@footbridge/privacy';
import { Action, Engine, Problem, Protects, idempotency, send, type ExtraRoute, type Loaded, type Principal, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { ownersRead } from './case-context.js';
import type { CaseRow } from './case.entity.js';
import { Case } from './case.lifecycle.js';

const Behalf = codeList('OnBehalfOf', ['PERSON', 'GUARDIAN']);

/** For one purpose, one recipient, or all (W1). */
export class WithdrawConsentsBody {
  @is.code(Behalf) onBehalfOf!: 'PERSON' | 'GUARDIAN';
  @is.code(how, { example: 'in_person' }) how!: string;
  @is.code(ConsentPurpose, { class: 'operational', optional: true, example: 'REFERRAL_DISCLOSURE' }) purpose?: ConsentPurpose;
  @is.organisation({ optional: true }) recipient?: string;
}

const living: readonly string[] = ['given', 'renewed'];
const hers: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER', 'SUPERVISOR', 'DPO'];

/** Everything that she has agreed to, in full, and one action that takes any of it back (DP-35): with any worker of the house, for no reason (W1). */
@Controller('v1/cases')
export class ConsentsController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.consents', hers) @Get(':id/consents')
  async list(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { file, known } = await this.#of(id, principal);
    await this.engine.access.reached(Case, file, principal, 'consents');
    return { items: known.map(({ row, references }) => (row.owner === principal.organisation ? copyOf(row, references[principal.organisation]) : this.engine.view(ConsentRecord, row, references, principal, undefined))) };
  }

  @Action('Case.withdrawConsents', hers) @Post(':id/withdraw-consents') @HttpCode(200) @Protects()
  async withdraw(@Param('id') id: string, @Body() plain: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    const key = idempotency(request, headers, plain).idempotency;
    return send(reply, await this.engine.once(key, async (keep) => {
      // A foreign case is no case, whatever is sent to it.
      const { file, known } = await this.#of(id, principal);
      const checked = checkBody(WithdrawConsentsBody, plain ?? {});
      if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
      const { onBehalfOf, how: heard, purpose, recipient } = checked.value as unknown as WithdrawConsentsBody;
      const wanted = known.filter(({ row }) => living.includes(row.state) && (purpose === undefined || row.purpose === purpose) && (recipient === undefined || row.recipient === recipient));
      await this.engine.access.reached(Case, file, principal, 'consents');
      const items = [];
      for (const { references } of wanted) items.push((await this.engine.run({ lifecycle: ConsentRecord, command: 'withdraw', reference: String(references[principal.organisation]), body: { onBehalfOf, how: heard }, caller: principal })).body);
      const answer = { status: 200, headers: {}, body: { items } };
      if (key) await this.engine.store.commit(principal.organisation, keep(answer), []);
      return answer;
    }));
  }

  /** As the command itself finds them: she may come to any worker. Neither needs a key: nothing sealed is shown. */
  async #of(id: string, principal: Principal): Promise<{ readonly file: CaseRow; readonly known: readonly Loaded<ConsentRow>[] }> {
    const { store, access } = this.engine;
    const caseId = isRef(id, 'cas') ? (await store.resolve(principal.organisation, [id])).get(id) : undefined;
    const file = caseId === undefined ? undefined : (await ownersRead(store.reader(principal.organisation, [], undefined, true), caseId))?.row;
    if (file === undefined) throw new Problem('not-found');
    access.reaches(Case, file, principal);
    const known = await store.find(ConsentRecord, principal.organisation, `${ConsentRecord.reachable ?? 'false'} and t.case_id = ($1->>3)::uuid`, [principal.organisation, principal.subject, principal.roles, file.id], 'order by t.created_at, t.id', true);
    return { file, known: known as readonly Loaded<ConsentRow>[] };
  }
}

/** The copy that she may have of each. */
export const copyOf = (c: ConsentRow, reference?: string): Readonly<Record<string, unknown>> => ({
  ...(reference === undefined ? {} : { id: reference }), state: c.state, isLiving: living.includes(c.state), purpose: c.purpose, recipient: c.recipient, categories: c.categories, noticeVersion: c.noticeVersion, language: c.language, interpreter: c.interpreter,
  medium: c.medium, legalBasis: c.legalBasis, specialCategoryBasis: c.specialCategoryBasis, requestedAt: c.createdAt, givenAt: c.givenAt, validUntil: c.validUntil, endedAt: c.endedAt,
  ...(reference !== undefined && living.includes(c.state) ? { links: { withdraw: `/v1/consent-records/${reference}/withdraw` } } : {}),
});

export const consentsRoutes: readonly ExtraRoute[] = [
  { method: 'get', path: '/v1/cases/{id}/consents', tag: 'Case', summary: 'A copy of every consent that she was asked for, living ones with how to take them back' },
  { method: 'post', path: '/v1/cases/{id}/withdraw-consents', tag: 'Case', summary: 'Takes back all living consents, or those for one purpose or recipient; no reason is asked', status: 200, body: { schema: schemaOf(WithdrawConsentsBody), example: { ...exampleOf(WithdrawConsentsBody), recipient: undefined } } },
];

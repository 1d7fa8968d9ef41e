import { Action, Engine, Problem, idempotency, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CaseRow } from '../case/case.entity.js';
import { Case } from '../case/case.lifecycle.js';

/** Whether a case was invented: $1 = [case ref]. */
export const isDecoy = `select to_jsonb(true) from decoy where case_ref = $1->>0`;
/** Invented people are in no statistics: SQL over an alias of a table with `case_ref`, for whoever counts. */
export const notDecoy = (alias: string): string => `not exists (select 1 from decoy d where d.case_ref = ${alias}.case_ref)`;

/**
 * A data protection officer says that a case is about an invented person: whoever opens it is told of at once (T36). Kept beside the case and
 * under a kind of its own in the audit trail, so that neither the case nor its timeline gives it away.
 */
@Controller('v1/cases')
export class DecoyController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.markDecoy', ['DPO']) @Post(':id/decoy') @HttpCode(200)
  async mark(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    return send(reply, await this.engine.once(idempotency(request, headers, body).idempotency, async (keep) => {
      const { row, references } = await this.engine.load(Case, principal, id) as { row: CaseRow; references: Readonly<Record<string, string>> };
      if (row.owner !== principal.organisation || !principal.roles.includes('DPO')) throw new Problem('role-not-allowed', { roles: ['DPO'] });
      const { store, clock } = this.engine;
      const answer = { status: 200, headers: {}, body: { case: references[principal.organisation], decoy: true } };
      const marked = (await store.readAs(row.owner, isDecoy, [row.caseRef])).length > 0;
      const at = clock.now().toISOString();
      await store.commit(row.owner, [...keep(answer), ...(marked ? [] : [
        { t: 'decoy', op: 'insert' as const, row: { case_ref: row.caseRef, owner: row.owner, marked_by: principal.subject, at } },
        { t: 'audit', op: 'insert' as const, row: { at, organisations: [row.owner], kind: 'dcy', aggregate: row.id, command: 'markDecoy', organisation: principal.organisation, account: principal.subject, role: 'DPO' } },
      ])], []);
      return answer;
    }));
  }
}

export const decoyRoute: ExtraRoute = { method: 'post', path: '/v1/cases/{id}/decoy', tag: 'Case', summary: 'A data protection officer says that this case is invented: whoever opens it is told of', status: 200 };

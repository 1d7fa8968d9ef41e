import { CaseReferenceExchanged, isGuarded, type Role } from '@footbridge/contracts';
import { checkBody, exampleOf, is, schemaOf } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { Action, EXCHANGED_FOR_DAYS, Engine, Problem, days, idempotency, later, send, type Change, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CaseRow } from './case.entity.js';
import { Case } from './case.lifecycle.js';

class RotateReferencesBody {
  @is.organisation() organisation!: string;
}
const may: readonly Role[] = ['SUPERVISOR', 'DPO'];
interface Held { readonly ref: string; readonly purpose: string; readonly newest: number }

/** What another organisation calls a case has come into wrong hands: it gets another name for it, and the old one counts for a week. */
@Controller('v1/cases')
export class RotateReferencesController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.rotateReferences', may) @Post(':id/rotate-references') @HttpCode(200)
  async rotate(@Param('id') id: string, @Body() plain: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    return send(reply, await this.engine.once(idempotency(request, headers, plain).idempotency, async (keep) => {
      const { row } = await this.engine.load(Case, principal, id) as { row: CaseRow };
      if (row.owner !== principal.organisation || !principal.roles.some((r) => may.includes(r))) throw new Problem('role-not-allowed', { roles: may });
      const checked = checkBody(RotateReferencesBody, plain ?? {});
      if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
      const { organisation } = checked.value as unknown as RotateReferencesBody;
      const now = this.engine.clock.now();
      const held = organisation === row.owner ? [] : await this.engine.store.readAs<Held>(row.owner, `select to_jsonb(x) from (
        select distinct on (r.purpose) r.ref, r.purpose, (select max(n.generation) from reference n where n.organisation = r.organisation and n.kind = 'cas' and n.aggregate = r.aggregate and n.purpose = r.purpose) as newest
        from reference r where r.organisation = $1->>0 and r.kind = 'cas' and r.aggregate = $1->>1 and not exists (select from reference_end e where e.ref = r.ref) order by r.purpose, r.generation desc) x`, [organisation, row.id]);
      if (held.length === 0) throw new Problem('guard-refused', { guards: [{ guard: 'REFERENCE', reason: 'NO_REFERENCE', detail: 'This organisation has no name of this case.' }] });
      const changes = held.flatMap(({ ref, purpose, newest }): Change[] => {
        const given = newRef('cas');
        return [
          { t: 'reference', op: 'insert', row: { ref: given, organisation, kind: 'cas', aggregate: row.id, purpose, generation: newest + 1 } },
          { t: 'reference_end', op: 'insert', row: { ref, reason: 'EXCHANGED', at: later(now, days(EXCHANGED_FOR_DAYS)).toISOString() } },
          // Nobody else has a name for a purpose that never travels.
          ...(row.caseRef !== undefined && (purpose === '' || isGuarded(purpose)) ? [this.engine.announce(CaseReferenceExchanged, { aggregate: row.id, version: row.version, owner: row.owner, caseRef: row.caseRef }, { case: row.caseRef, recipient: organisation, ...(purpose === '' ? {} : { purpose }), recipientCase: given })] : []),
        ];
      });
      const answer = { status: 200, headers: {}, body: { organisation, exchanged: held.length, until: later(now, days(EXCHANGED_FOR_DAYS)).toISOString() } };
      const audit: Change = { t: 'audit', op: 'insert', row: {
        at: now.toISOString(), organisations: [row.owner], kind: 'cas', aggregate: row.id, command: 'rotateReferences', from_state: row.state, to_state: row.state, version: row.version,
        organisation: principal.organisation, account: principal.subject, role: principal.roles.find((r) => may.includes(r)), ground: organisation } };
      await this.engine.store.commit(row.owner, [...keep(answer), ...changes, audit], [{ t: 'case', id: row.id, version: row.version }]);
      return answer;
    }));
  }
}

export const rotateReferencesRoute: ExtraRoute = {
  method: 'post', path: '/v1/cases/{id}/rotate-references', tag: 'Case', summary: 'Another organisation gets a new name for this case; the old one counts for seven days (SUPERVISOR, DPO)', status: 200,
  body: { schema: schemaOf(RotateReferencesBody), example: exampleOf(RotateReferencesBody) },
};

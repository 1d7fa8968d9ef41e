import { Action, Engine, EVERYBODY, Problem, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import type { CaseRow } from '../case/case.entity.js';
import { Case } from '../case/case.lifecycle.js';
import { clearanceFacts } from './clearance-facts.js';
import { clearances } from './clearances.js';

/** Why a step is not cleared: for the owner's assigned worker, and for nobody else (decisions 14). */
@Controller('v1/cases')
export class ClearancesController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.clearances', EVERYBODY) @Get(':id/clearances')
  async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { row } = await this.engine.load(Case, principal, id) as { row: CaseRow };
    if (!row.assignees?.includes(principal.subject)) throw new Problem('role-not-allowed', { roles: ['CASE_WORKER'] });
    const now = this.engine.clock.now();
    const facts = await clearanceFacts(this.engine.store.reader(row.owner, []), row.id, row.owner, now);
    if (!facts) throw new Problem('not-found');
    return { items: clearances(facts, now) };
  }
}

export const clearancesRoute: ExtraRoute = { method: 'get', path: '/v1/cases/{id}/clearances', tag: 'Case', summary: "Which steps may be taken now, and what stands against the others: for the case's assigned workers only" };

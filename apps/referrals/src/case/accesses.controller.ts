import { Action, EVERYBODY, Engine, accessesOf, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import { Case } from './case.lifecycle.js';

/** Who looked at her data, when she asks (DP-11, DP-15): for those of the owner who see the case. */
@Controller('v1/cases')
export class AccessesController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.accesses', EVERYBODY) @Get(':id/accesses')
  async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { row } = await this.engine.load(Case, principal, id);
    return { items: row.caseRef === undefined ? [] : await accessesOf(this.engine, principal, row.caseRef) };
  }
}

export const accessesRoute: ExtraRoute = { method: 'get', path: '/v1/cases/{id}/accesses', tag: 'Case', summary: 'Who looked at her data: organisation, role, time, fields and purpose; never whose account, and no value (DP-11)' };

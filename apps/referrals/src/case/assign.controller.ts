import { checkBody, exampleOf, schemaOf } from '@footbridge/lifecycle';
import { Action, Engine, idempotency, Problem, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AssignBody } from './case.dto.js';
import type { CaseRow } from './case.entity.js';
import { Case } from './case.lifecycle.js';

/** A supervisor gives a case to a worker of the own organisation (decisions 3). */
@Controller('v1/cases')
export class AssignController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.assign', ['SUPERVISOR']) @Post(':id/assign') @HttpCode(200)
  assign(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return this.#change('assign', id, body, headers, request, reply, (assignees, account) => [...new Set([...assignees, account])]);
  }
  @Action('Case.unassign', ['SUPERVISOR']) @Post(':id/unassign') @HttpCode(200)
  unassign(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return this.#change('unassign', id, body, headers, request, reply, (assignees, account) => assignees.filter((a) => a !== account));
  }

  async #change(command: string, id: string, plain: unknown, headers: Record<string, string>, request: SignedRequest, reply: FastifyReply, change: (assignees: readonly string[], account: string) => readonly string[]): Promise<unknown> {
    const { principal } = request;
    return send(reply, await this.engine.once(idempotency(request, headers, plain).idempotency, async (keep) => {
      const found = await this.engine.load(Case, principal, id);
      const row = found.row as CaseRow;
      if (!principal.roles.includes('SUPERVISOR') || row.owner !== principal.organisation) throw new Problem('role-not-allowed', { roles: ['SUPERVISOR'] });
      const checked = checkBody(AssignBody, plain ?? {});
      if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
      const { account } = checked.value as unknown as AssignBody;
      return this.engine.amend(Case, found, principal, command, { assignees: change(row.assignees ?? [], account) }, { keep });
    }));
  }
}

const body = { schema: schemaOf(AssignBody), example: exampleOf(AssignBody) };
export const assignRoutes: readonly ExtraRoute[] = [
  { method: 'post', path: '/v1/cases/{id}/assign', tag: 'Case', summary: 'A supervisor gives the case to a worker of the own organisation', body },
  { method: 'post', path: '/v1/cases/{id}/unassign', tag: 'Case', summary: 'A supervisor takes it away again', body },
];

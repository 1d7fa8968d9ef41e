import { bodyOf, exampleOf, schemaOf, type AnyRow } from '@footbridge/lifecycle';
import { Action, Engine, idempotency, Protects, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Intake, type IntakeRow } from './intake.lifecycle.js';

/** `POST /v1/intakes`: one transaction here, the stay by an event; the answer tells every reference and where to look (decisions 24). */
@Controller('v1/intakes')
export class IntakesController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  /** Somebody at the door is taken in whatever this service has not heard. */
  @Action('Intake.registerIntake') @Protects() @Post() @HttpCode(202)
  async register(@Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    const answer = await this.engine.run({ lifecycle: Intake, command: 'registerIntake', body, caller: principal, ...idempotency(request, headers, body) });
    const id = String(answer.body['id']);
    const { row } = await this.engine.load(Intake, principal, id) as { row: IntakeRow };
    const consents = row.consentIds ?? [];
    const named = await this.engine.store.named(principal.organisation, [row.caseId ?? '', ...consents]);
    const caseRef = named.get(row.caseId ?? '');
    const { etag: _, location: __, ...kept } = answer.headers;
    return send(reply, { status: 202, headers: { ...kept, location: `/v1/intakes/${id}` }, body: {
      id, state: answer.body['state'], case: caseRef, stay: row.stayRef, consents: consents.map((c) => named.get(c)),
      links: { self: `/v1/intakes/${id}`, case: `/v1/cases/${String(caseRef)}`, stay: `/v1/stays/${String(row.stayRef)}` },
    } });
  }
}

const body = bodyOf((Intake.rows as readonly AnyRow[])[0] as AnyRow);
export const intakesRoute: ExtraRoute = { method: 'post', path: '/v1/intakes', tag: 'Intake', summary: "A shelter's intake in one request: case, identification, guardianship, consents and stay", body: { schema: schemaOf(body), example: exampleOf(body) }, answer: { description: 'Registered: every reference, and where to look for the stay' } };

import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { BedHeld, type Role } from '@footbridge/contracts';
import { checkBody, exampleOf, schemaOf } from '@footbridge/lifecycle';
import { Action, aggregate, Engine, idempotency, Problem, send, type Answer, type Change, type ExtraRoute, type Principal, type SignedRequest } from '@footbridge/service';
import type { FastifyReply } from 'fastify';
import { AssignReferralBody } from './bed-reservation.dto.js';
import type { BedReservationRow } from './bed-reservation.entity.js';
import { BedReservation } from './bed-reservation.lifecycle.js';
import type { KnownReferral } from '../known/known-referral.js';

const may: readonly Role[] = ['SHELTER_MANAGER', 'SHELTER_INTAKE'];

/**
 * A bed was held for an anonymous request; now the referral with data has come, to this one shelter (decisions 19). The same
 * bed is kept for it, and the sender is told under the referral's name, so that the referral can be accepted.
 */
@Controller('v1/bed-reservations/:id/referral')
export class AssignReferral {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('BedReservation.assignReferral', may) @Post() @HttpCode(200) async assign(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return send(reply, await this.engine.once(idempotency(request, headers, body).idempotency, (keep) => this.assigned(id, body, request.principal, keep)));
  }

  private async assigned(id: string, body: unknown, principal: Principal, keep: (answer: Answer) => readonly Change[]): Promise<Answer> {
    const found = await this.engine.load(BedReservation, principal, id);
    const { referrer, referral: before }: BedReservationRow = found.row;
    if (found.row.owner !== principal.organisation || !principal.roles.some((r) => may.includes(r))) throw new Problem('role-not-allowed', { roles: may });
    const checked = checkBody(AssignReferralBody, body ?? {});
    if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
    if (found.row.state !== 'held') throw new Problem('transition-not-allowed', { state: found.row.state, command: 'assign-referral', allowedFrom: ['held'] });
    const { store } = this.engine;
    const referral = [...(await store.resolve(principal.organisation, [String(checked.value['referral'])])).values()][0];
    const [known] = referral === undefined ? [] : await store.readAs<KnownReferral>(principal.organisation, `select jsonb_build_object('state', state, 'sender', sender, 'receiver', receiver) from known_referral where referral = ($1->>0)::uuid`, [referral]);
    const fits = known && known.receiver === principal.organisation && known.sender === referrer && ['sent', 'acknowledged'].includes(known.state) && before === undefined;
    if (referral === undefined || !fits) throw new Problem('guard-refused', { guards: [{ guard: 'REFERRAL', reason: 'REFERRAL_NOT_OPEN', detail: 'Referral is to us and open.' }] }, { 'retry-after': '2' });
    return this.engine.amend(BedReservation, found, principal, 'assign-referral', { referral, anonymous: false }, {
      keep, notices: () => [{ event: BedHeld, recipients: [known.sender], data: { referral: aggregate(referral) }, about: referral }],
    });
  }
}

export const assignReferralRoute: ExtraRoute = {
  method: 'post', path: '/v1/bed-reservations/{id}/referral', tag: 'BedReservation', summary: 'A bed held for an anonymous request is kept for the referral that followed it',
  body: { schema: schemaOf(AssignReferralBody), example: exampleOf(AssignReferralBody) },
};

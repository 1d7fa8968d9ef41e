import { Action, Engine, Problem, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ReferralRow } from '../referral/referral.entity.js';
import { Referral } from '../referral/referral.lifecycle.js';
import { IdentityEnvelope } from './identity-envelope.lifecycle.js';

/** `POST /v1/referrals/{id}/disclosure`: the receiver fetches the newest envelope that was sealed for it (decisions 20). An answer is never kept for a repeat. */
@Controller('v1/referrals')
export class DisclosureController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Referral.disclosure', ['RECEIVER']) @Post(':id/disclosure') @HttpCode(200)
  async disclose(@Param('id') id: string, @Req() { principal }: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { row } = await this.engine.load(Referral, principal, id) as { row: ReferralRow };
    if (!principal.roles.includes('RECEIVER') || row.receiver !== principal.organisation) throw new Problem('role-not-allowed', { roles: ['RECEIVER'] });
    const [found] = await this.engine.store.find(IdentityEnvelope, principal.organisation, `t.referral_id = ($1->>0)::uuid and t.recipient = ($1->>1)`, [row.id, principal.organisation], 'order by t.created_at desc, t.id desc limit 1');
    if (!found) throw new Problem('not-found');
    return send(reply, await this.engine.run({ lifecycle: IdentityEnvelope, command: 'collect', reference: found.references[principal.organisation] ?? '', body: {}, caller: principal }));
  }
}

export const disclosureRoute: ExtraRoute = { method: 'post', path: '/v1/referrals/{id}/disclosure', tag: 'IdentityEnvelope', summary: 'The receiver fetches what was sealed for it: consent is asked for again, the look is audited, and a day later the envelope is gone' };

import { Body, Controller, Headers, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { label } from '@footbridge/privacy';
import { Action, Engine, hours, idempotency, later, Problem, send, type Answer, type Change, type Principal, type SignedRequest } from '@footbridge/service';
import type { FastifyReply } from 'fastify';
import { ROTATION_HOURS, newKeys } from './signing.js';
import { Subscription } from './subscription.lifecycle.js';

const over = ['sub_rejected', 'sub_revoked'];

/** A new secret, shown once; for a day everything is signed with both, so that the receiver can change over. */
@Controller('v1/subscriptions')
export class RotateSecretController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  /** A repeated key is answered without the secret, which is shown once and kept nowhere, and rotates nothing: the one before would stop. */
  @Action('Subscription.rotateSecret', ['PARTNER_ADMIN']) @Post(':id/rotate-secret')
  async rotate(@Param('id') id: string, @Body() sent: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return send(reply, await this.engine.once(idempotency(request, headers, sent).idempotency, (keep) => this.rotated(request.principal, id, headers['if-match'], keep)));
  }
  private async rotated(principal: Principal, id: string, ifMatch: string | undefined, keep: (answer: Answer) => readonly Change[]): Promise<Answer> {
    const found = await this.engine.load(Subscription, principal, id);
    const row = found.row as Parameters<NonNullable<typeof Subscription.parties>>[0];
    if (row.owner !== principal.organisation || !principal.roles.includes('PARTNER_ADMIN')) throw new Problem('role-not-allowed', { roles: ['PARTNER_ADMIN'] });
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== `"${row.version}"`) throw new Problem('stale-version', { version: row.version });
    if (over.includes(row.state)) throw new Problem('transition-not-allowed', { state: row.state, command: 'rotateSecret', allowedFrom: Subscription.states.filter((state) => !over.includes(state)) });
    const { secret, privateKey, publicKey } = newKeys();
    const now = this.engine.clock.now();
    const answer = await this.engine.amend(Subscription, found, principal, 'rotateSecret', {
      signing: label('direct', { secret, privateKey }), publicKey, rotatedAt: now.toISOString(), previousSigning: row.signing, previousUntil: later(now, hours(ROTATION_HOURS)).toISOString(),
    }, { keep });
    return { ...answer, body: { ...answer.body, secret } };
  }
}

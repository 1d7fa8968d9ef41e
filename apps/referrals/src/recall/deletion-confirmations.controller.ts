import { RetentionGround } from '@footbridge/contracts';
import { checkBody, exampleOf, is, schemaOf } from '@footbridge/lifecycle';
import { Action, Engine, idempotency, Problem, Protects, send, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Body, Controller, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Recall, receiving } from './recall.lifecycle.js';

/** Decisions 22: which recall is meant, by the reference that the recipient holds, and what was done. */
export class DeletionConfirmationBody {
  @is.ref('con', { optional: true }) consentRecord?: string;
  @is.ref('rfr', { optional: true }) referral?: string;
  @is.boolean({ optional: true }) deleted?: boolean;
  @is.code(RetentionGround, { optional: true }) ground?: RetentionGround;
}

@Controller('v1/deletion-confirmations')
export class DeletionConfirmationsController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('deletion-confirmations.confirm', receiving) @Protects() @Post() @HttpCode(200)
  async confirm(@Body() plain: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { principal } = request;
    const key = idempotency(request, headers, plain).idempotency;
    return send(reply, await this.engine.once(key, async (keep) => {
      const checked = checkBody(DeletionConfirmationBody, plain ?? {});
      if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
      if (!principal.roles.some((role) => receiving.includes(role))) throw new Problem('role-not-allowed', { roles: receiving });
      const { consentRecord, referral, deleted, ground } = checked.value as DeletionConfirmationBody;
      const named = consentRecord ?? referral;
      if (named === undefined || (consentRecord !== undefined && referral !== undefined)) throw new Problem('validation-failed', { errors: [{ pointer: '', code: 'one-reference', detail: 'Send either consentRecord or referral.' }] });
      const aggregate = (await this.engine.store.resolve(principal.organisation, [named])).get(named);
      const asked = aggregate === undefined ? [] : await this.engine.store.find(Recall, principal.organisation,
        `t.recipient = ($1->>0) and t.state = 'asked' and t.${consentRecord === undefined ? 'referral_id' : 'consent_id'} = ($1->>1)::uuid`, [principal.organisation, aggregate], 'order by t.created_at');
      if (asked.length === 0) throw new Problem('not-found');
      const items = [];
      for (const { references } of asked) items.push((await this.engine.run({ lifecycle: Recall, command: 'confirmDeletion', reference: String(references[principal.organisation]), body: { ...(deleted === undefined ? {} : { deleted }), ...(ground === undefined ? {} : { ground }) }, caller: principal })).body);
      const answer = { status: 200, headers: {}, body: { items } };
      if (key) await this.engine.store.commit(principal.organisation, keep(answer), []);
      return answer;
    }));
  }
}

export const deletionConfirmationsRoute: ExtraRoute = {
  method: 'post', path: '/v1/deletion-confirmations', tag: 'Recall', summary: 'A recipient has deleted what was recalled, or names the legal ground to keep it',
  body: { schema: schemaOf(DeletionConfirmationBody), example: { ...exampleOf(DeletionConfirmationBody), referral: undefined, ground: undefined } },
};

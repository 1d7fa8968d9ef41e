import type { Role } from '@footbridge/contracts';
import { Action, Engine, Problem, projection, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ReturnCase } from '../return-case/return-case.lifecycle.js';

const office: readonly Role[] = ['ORIGIN_OFFICE', 'RECEPTION_OFFICER'];

/** Which sealed envelopes wait for an office: pointers only. Identity and consent are with `referrals`, and what is sealed stays there. */
export const KnownEnvelopes = projection('KnownEnvelopes', {
  IdentityAvailable: async (tx, { subject, caseRef, recipient, data }) => {
    if (subject === undefined || caseRef === undefined || recipient === undefined || data['referral'] !== undefined) return;
    await tx.query('insert into known_envelope (envelope, case_ref, recipient, due_at) values ($1, $2, $3, $4) on conflict do nothing', [subject, caseRef, recipient, data['dueAt']]);
  },
});

/** `POST /v1/return-cases/{id}/disclosure`: where the envelope is that was sealed for this office (decisions 20). Consent is asked for again when it is fetched there. */
@Controller('v1/return-cases')
export class ReturnDisclosure {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('ReturnCase.disclosure', office) @Post(':id/disclosure') @HttpCode(200)
  async disclose(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<object> {
    const { row } = await this.engine.load(ReturnCase, principal, id);
    if (!principal.roles.some((role) => office.includes(role)) || row.owner === principal.organisation) throw new Problem('role-not-allowed', { roles: office });
    const { rows: [found] } = await this.engine.store.pool.query<{ envelope: string; due_at: Date }>('select envelope, due_at from known_envelope where case_ref = $1 and recipient = $2 and due_at > $3 order by due_at desc limit 1', [row.caseRef, principal.organisation, this.engine.clock.now()]);
    if (!found) throw new Problem('not-found');
    return { identityEnvelope: found.envelope, dueAt: found.due_at.toISOString(), links: { collect: `/v1/identity-envelopes/${found.envelope}/collect` } };
  }
}

export const returnDisclosureRoute: ExtraRoute = { method: 'post', path: '/v1/return-cases/{id}/disclosure', tag: 'ReturnCase', summary: 'Where the origin office fetches the envelope that was sealed for it; consent is asked for again there' };

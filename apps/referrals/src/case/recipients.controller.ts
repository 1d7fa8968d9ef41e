import { Action, Engine, EVERYBODY, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { Recall } from '../recall/recall.lifecycle.js';
import { Case } from './case.lifecycle.js';

interface Fetched { readonly recipient: string; readonly categories: readonly string[]; readonly at: string }

/** Who had her data, when she asks (DP-11): what each organisation may get, what it fetched, and whether it has deleted it (W14). */
@Controller('v1/cases')
export class RecipientsController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.recipients', EVERYBODY) @Get(':id/recipients')
  async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { row } = await this.engine.load(Case, principal, id);
    const read = this.engine.store.reader(row.owner, []);
    const [consents, recalls, fetched] = await Promise.all([
      read.many(ConsentRecord, { caseId: row.id, state: ['given', 'renewed', 'withdrawn', 'revoked', 'expired'] }), read.many(Recall, { caseId: row.id }),
      read.sql<Fetched>(`select to_jsonb(x) from (select recipient, categories, at from disclosure where case_id = ($1->>0)::uuid order by at) x`, [row.id]),
    ]);
    const recipients = [...new Set([...consents.flatMap((c) => c.recipient ?? []), ...fetched.map((f) => f.recipient)])];
    return { items: recipients.map((recipient) => {
      const asked = recalls.filter((r) => r.recipient === recipient);
      return {
        recipient,
        consents: consents.filter((c) => c.recipient === recipient).map(({ purpose, state, categories, validUntil }) => ({ purpose, state, categories, validUntil })),
        fetched: fetched.filter((f) => f.recipient === recipient).map(({ categories, at }) => ({ categories, at: new Date(at).toISOString() })),
        ...(asked.length > 0 ? { deletion: asked.every((r) => r.state === 'confirmed') ? (asked.every((r) => r.deleted) ? 'CONFIRMED' : 'KEPT_ON_LEGAL_GROUND') : 'NOT_YET_CONFIRMED' } : {}),
      };
    }) };
  }
}

export const recipientsRoute: ExtraRoute = { method: 'get', path: '/v1/cases/{id}/recipients', tag: 'Case', summary: 'Who had her data: consents, what was fetched, and whether it is deleted' };

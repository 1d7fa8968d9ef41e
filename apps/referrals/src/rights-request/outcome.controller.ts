import type { ErasureException } from '@footbridge/contracts';
import { Action, EVERYBODY, Engine, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import type { CaseRow } from '../case/case.entity.js';
import { ownersRead } from '../case/case-context.js';
import { Recall } from '../recall/recall.lifecycle.js';
import type { RightsRequestRow } from './rights-request.entity.js';
import { RightsRequest } from './rights-request.lifecycle.js';

const others = ['shelters', 'returns', 'reintegration', 'notifications'] as const;

/** What became of a request, to show her: each ground by name, each service and recipient by what it has confirmed. Silence is never "deleted" (W14). */
@Controller('v1/rights-requests')
export class OutcomeController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('RightsRequest.outcome', EVERYBODY) @Get(':id/outcome')
  async outcome(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { row } = await this.engine.load(RightsRequest, principal, id) as { row: RightsRequestRow };
    const answered = { kind: row.kind, state: row.state, receivedAt: row.receivedAt, decidedAt: row.decidedAt, extendedFor: row.extendedFor, ground: row.owner === principal.organisation ? row.ground : undefined };
    const isErasure = row.kind === 'ERASURE' && (row.state === 'granted' || row.state === 'partly_granted' || row.state === 'ended');
    if (!isErasure || row.owner !== principal.organisation) return answered;
    const read = this.engine.store.reader(row.owner, []);
    const [found, recalls, { rows: erased }] = await Promise.all([
      ownersRead(read, row.caseId ?? ''), read.many(Recall, { caseId: row.caseId }),
      this.engine.store.pool.query<{ service: string; at: Date }>('select service, at from erased where case_ref = $1', [row.caseRef]),
    ]);
    const isGone = found?.row.state === 'anonymised';
    const file = isGone ? (await this.engine.store.named(principal.organisation, [row.caseId ?? ''])).get(row.caseId ?? '') : undefined;
    const destroyed = (service: string, at: string): object => ({ service, destroyedAt: at, ...(file === undefined ? {} : { links: { receipts: `/v1/${service}-erasure-receipts?case=${file}` } }) });
    const services = isGone ? [destroyed('referrals', (found.row as CaseRow).updatedAt), ...others.map((service) => { const at = erased.find((e) => e.service === service)?.at; return at ? destroyed(service, at.toISOString()) : { service, notYetConfirmed: true }; })] : [];
    const recipients = [...new Set(recalls.flatMap((r) => r.recipient ?? []))].map((recipient) => {
      const asked = recalls.filter((r) => r.recipient === recipient);
      const open = asked.some((r) => r.state !== 'confirmed');
      return { recipient, deletion: open ? 'NOT_YET_CONFIRMED' : asked.every((r) => r.deleted) ? 'CONFIRMED' : 'KEPT_ON_LEGAL_GROUND', ...(open ? {} : { grounds: asked.flatMap((r) => r.ground ?? []) }) };
    });
    // The proof that it was done is what always stays (DP-10).
    const exceptions: readonly ErasureException[] = [...new Set<ErasureException>(['AUDIT_PROOF', ...(row.exceptions ?? [])])];
    return { ...answered, exceptions, services, recipients, isComplete: isGone && services.every((s) => !('notYetConfirmed' in s)) && recipients.every((r) => r.deletion !== 'NOT_YET_CONFIRMED') };
  }
}
export const outcomeRoute: ExtraRoute = { method: 'get', path: '/v1/rights-requests/{id}/outcome', tag: 'RightsRequest', summary: 'What became of it, to show her: exceptions with their ground, which services have destroyed their key (`links.receipts`: signed), which recipients have confirmed' };

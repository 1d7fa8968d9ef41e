import { retentionStanding, type RetentionClock } from '@footbridge/privacy';
import { deadlines } from '@footbridge/contracts';
import { Action, Engine, Problem, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { CaseRow } from '../case/case.entity.js';
import { Case, keptUntil } from '../case/case.lifecycle.js';
import { endOf } from '../consent-record/in-force.js';
import { LegalHold } from '../legal-hold/legal-hold.lifecycle.js';

const AHEAD_MS = deadlines.retentionWarning.days * 86_400_000;

/** What is over, what soon will be, and what is held beyond its time (DP-20): for the data protection officer and supervision, by reference only. */
@Controller('v1/retention')
export class RetentionController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('retention.list', ['DPO', 'SUPERVISOR']) @Get()
  async list(@Req() { principal }: SignedRequest): Promise<unknown> {
    if (!principal.roles.some((role) => role === 'DPO' || role === 'SUPERVISOR')) throw new Problem('role-not-allowed', { roles: ['DPO', 'SUPERVISOR'] });
    const { store, clock } = this.engine;
    const [closed, holds] = await Promise.all([
      store.find(Case, principal.organisation, `t.owner = ($1->>0) and t.state in ('closed', 'closed_referred')`, [principal.organisation], 'order by t.closed_at limit 5000'),
      store.reader(principal.organisation, []).many(LegalHold, { owner: principal.organisation, state: 'standing' }),
    ]);
    const now = clock.now();
    const items = closed.map(({ row, references }) => {
      const own = row as CaseRow;
      const kept: RetentionClock = { endsAt: keptUntil(own), heldUntil: holds.flatMap((h) => (h.caseId === own.id && h.reviewOn ? [endOf(h.reviewOn)] : [])) };
      const reference = references[principal.organisation];
      return {
        case: reference, purpose: own.purpose, legalBasis: own.legalBasis, closedAt: own.closedAt, endsAt: kept.endsAt.toISOString(), standing: retentionStanding(kept, now, AHEAD_MS),
        ...(kept.heldUntil?.length ? { heldUntil: kept.heldUntil.map((t) => t.toISOString()) } : {}), links: { case: `/v1/cases/${String(reference)}` },
      };
    }).filter(({ standing }) => standing !== 'running').sort((a, b) => a.endsAt.localeCompare(b.endsAt));
    return { items, next: null };
  }
}
export const retentionRoute: ExtraRoute = { method: 'get', path: '/v1/retention', tag: 'Case', summary: 'Cases whose time is over, soon over, or held beyond it. Who: DPO, SUPERVISOR' };

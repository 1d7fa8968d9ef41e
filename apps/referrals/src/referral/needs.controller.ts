import { RiskType, minimumDataset, type ConsentCategory } from '@footbridge/contracts';
import { populations, trait, type Sealed } from '@footbridge/privacy';
import { Action, Conflict, Engine, LEARNT_MEANWHILE, Problem, Stale, disclosing, hostCountry, release, type ExtraRoute, type Running, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Header, Inject, Param, Req } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { caseContext } from '../case/case-context.js';
import type { CaseRow } from '../case/case.entity.js';
import { newestValid } from '../risk-assessment/newest.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import { agreementFor } from './agreement.js';
import { answerOf, isNamed, quasiOf, told } from './counted.js';
import { sealedOnly } from './disclosed.js';
import { releasedExactly } from '../exact-release/released-exactly.js';
import { needsDisclosure } from './needs.disclosure.js';
import type { ReferralRow } from './referral.entity.js';
import { Referral } from './referral.lifecycle.js';
import { bareMinimum } from './send-guards.js';

type Values = Readonly<Record<string, unknown>>;

/** The receiver reads while it decides and while it helps; before, after and in between it reads nothing. */
export const readable: readonly string[] = ['sent', 'acknowledged', 'accepted', 'in_service'];
/**
 * `GET /v1/referrals/{id}/needs`: what the receiver may know at this moment. Consent is looked at in the database, the entry
 * in the audit trail and the consent are committed together before anything is read, so that a withdrawal is never overtaken.
 */
@Controller('v1/referrals')
export class NeedsController {
  readonly #population: ReturnType<typeof populations>;
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject('RUNNING') private readonly running: Running) { this.#population = running.config.population ?? populations(); }

  @Action('Referral.needs', ['RECEIVER']) @Get(':id/needs') @Header('content-type', 'application/json; charset=utf-8')
  async needs(@Param('id') id: string, @Req() request: SignedRequest): Promise<Buffer> {
    for (let attempt = 0; ; attempt += 1) {
      try { return await this.#once(id, request); } catch (error) {
        if (!(error instanceof Stale || (error instanceof Conflict && error.constraint === LEARNT_MEANWHILE))) throw error;
        if (attempt > 5) throw new Problem('service-unavailable', {}, { 'retry-after': '1' });
      }
    }
  }

  async #once(id: string, { principal }: SignedRequest): Promise<Buffer> {
    const { store, clock } = this.engine;
    const { row, references } = await this.engine.load(Referral, principal, id) as { row: ReferralRow; references: Readonly<Record<string, string>> };
    if (!principal.roles.includes('RECEIVER') || row.receiver !== principal.organisation) throw new Problem('role-not-allowed', { roles: ['RECEIVER'] });
    if (!readable.includes(row.state)) throw new Problem('transition-not-allowed', { state: row.state, command: 'needs', allowedFrom: readable });
    const now = clock.now();
    const expects: { t: string; id: string; version: number }[] = [{ t: 'referral', id: row.id, version: row.version }];
    const read = store.reader(row.owner, expects);
    const context = await caseContext(read, row.caseId, { ...principal, role: 'RECEIVER' }, now);
    if (!context) throw new Problem('not-found');
    // A child's consent needs somebody who speaks for her now: a suspended guardian's goes to review (M4).
    const consent = context.isChild && !context.guardian ? undefined : context.consents.find((c) => c.id === row.consentId);
    const categories = categoriesOf(row, consent?.categories);
    const [before] = row.override ? await read.sql<{ n: number }>(`select jsonb_build_object('n', count(*)) from disclosure d where d.referral_id = ($1->>0)::uuid`, [row.id]) : [{ n: 0 }];
    // An override is good for one disclosure (U4).
    if (categories.length === 0 || (!consent && (!row.override || (before?.n ?? 0) > 0))) throw new Problem('consent-required', { recipient: row.receiver, purpose: 'REFERRAL_DISCLOSURE', categories: row.fieldsDisclosed ?? [] });
    // As when it was sent: what has ended since, or covers less, tells nothing more (DP-23).
    if (row.receiver !== row.owner) {
      await this.engine.requireFresh('notifications');
      const agreement = await agreementFor(read, row.owner, row.receiver, now);
      const [reason, detail] = !agreement ? ['NO_AGREEMENT', 'No data-sharing agreement from the sender to your organisation is in force. Sign one; then ask again.'] : ['AGREEMENT_TOO_NARROW', 'The data-sharing agreement does not cover this. Sign one that does; then ask again.'];
      if (!agreement || !categories.every((c) => agreement.categories.includes(c))) throw new Problem('guard-refused', { guards: [{ guard: 'SG3', reason, detail }] });
    }
    const risks = categories.includes('RISK_MITIGATION') ? await read.many(RiskAssessment, { caseId: row.caseId, state: ['completed'] }) : [];
    const newest = newestValid(risks.filter((r) => r.plan), RiskType.values, now);
    await this.engine.access.meter(Referral, row, principal);
    const names = principal.organisation === row.owner || isNamed(context.case, categories);
    // Whom she is not named to: whether another service may have told it something has to be known (G7).
    if (!names) for (const other of ['returns', 'reintegration']) await this.engine.requireFreshWhereItRuns(other, row.caseRef);
    const { outcome, change } = await release(store, {
      row, recipient: principal.organisation, purpose: 'REFERRAL_DISCLOSURE', population: this.#population(await hostCountry(read, row.owner)), names,
      exactly: await releasedExactly(read, row.caseId, principal.organisation, now), given: () => [trait('age', context.isChild ? '0-17' : '18+')],
      of: told(row, context.case), quasi: (she) => quasiOf(she, row, context.isChild, categories), answer: (she, said) => answerOf(she, said, row, context.isChild, categories),
    });
    // What she agreed to is all of it; what is told here, and goes on record, is what is not sealed.
    const said = categories.filter((c) => !sealedOnly.includes(c));
    const head = { referral: references[principal.organisation], categories, serviceType: row.serviceType };
    const values = besides(outcome.map((counted): Values => ({ ...head, ...counted })), context.case, categories, newest?.plan);
    return disclosing(this.engine, { gate: this.running.gate, def: needsDisclosure, lifecycle: Referral, row, caller: principal, purpose: 'REFERRAL_DISCLOSURE', categories, values, person: context.case.person }, async () => {
      const audit = await store.recorded(row.owner, { at: now.toISOString(), organisations: [row.owner, principal.organisation], kind: Referral.prefix, aggregate: row.id, command: 'fetchNeeds', from_state: row.state, to_state: row.state, version: row.version, organisation: principal.organisation, account: principal.subject, role: 'RECEIVER', ground: row.consentId ?? 'OVERRIDE', fields: said }, [
        { t: 'disclosure', op: 'insert', row: { id: randomUUID(), referral_id: row.id, case_id: row.caseId, owner: row.owner, recipient: principal.organisation, consent_id: row.consentId ?? null, categories: said, at: now.toISOString() } },
        change,
      ], expects);
      await this.engine.access.meter(Referral, row, principal, true);
      return audit;
    });
  }
}

/** Dataset of the service, what was sent, what she agrees to at this moment: all three. */
export function categoriesOf(row: Pick<ReferralRow, 'serviceType' | 'fieldsDisclosed' | 'override'>, consented: readonly ConsentCategory[] | undefined): readonly ConsentCategory[] {
  const dataset = row.serviceType ? minimumDataset[row.serviceType] : [];
  const allowed = row.override ? bareMinimum : consented ?? [];
  return dataset.filter((c) => (row.fieldsDisclosed ?? []).includes(c) && allowed.includes(c));
}

/** What is told under its own category and has nothing that others have in common with her. */
function besides(said: Sealed<Values>, { health, needs: wished }: CaseRow, categories: readonly ConsentCategory[], plan: Sealed<string> | undefined): Sealed<Values> {
  const told: readonly (readonly [ConsentCategory, string, Sealed<unknown> | undefined])[] = [['NEEDS', 'services', wished], ['HEALTH', 'health', health], ['RISK_MITIGATION', 'riskMitigation', plan]];
  return told.reduce((all, [category, name, value]) => (value && categories.includes(category) ? all.with(value, (others, v): Values => ({ ...others, [name]: v })) : all), said);
}

export const needsRoute: ExtraRoute = { method: 'get', path: '/v1/referrals/{id}/needs', tag: 'Referral', summary: 'What the receiver may know now: within the minimum dataset of the service and the consent at this moment; each look is audited. Who she is, it collects sealed (`POST /v1/referrals/{id}/disclosure`)' };

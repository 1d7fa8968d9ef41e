import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { after, deadlines, type ConsentCategory, type Role } from '@footbridge/contracts';
import { disclosedOf, type Read } from '@footbridge/lifecycle';
import { defineDisclosure, label, populations, trait, type Sealed } from '@footbridge/privacy';
import { Action, Conflict, Engine, LEARNT_MEANWHILE, Problem, Stale, disclosing, hostCountry, release, idempotency, inForce, isCleared, knownClearance, knownConsents, send, type Answer, type Change, type ExtraRoute, type Principal, type Release, type Running, type SignedRequest } from '@footbridge/service';
import type { FastifyReply } from 'fastify';
import { newCodePhrase } from '../code-phrase.js';
import { identitySealed } from '../disclosure/known-envelope.js';
import { ItineraryBody } from '../return-case/return-case.dto.js';
import type { ReturnCaseRow } from '../return-case/return-case.entity.js';
import { returnOf } from '../return-case/return-of.js';
import { EditReceptionBody } from './reception-plan.dto.js';
import { openPlan, type ReceptionPlanRow } from './reception-plan.entity.js';
import { ReceptionPlan } from './reception-plan.lifecycle.js';

const office: readonly Role[] = ['ORIGIN_OFFICE', 'RECEPTION_OFFICER'];
const host: readonly Role[] = ['RETURN_OFFICER'];
type Wanted = Readonly<Record<string, readonly [ConsentCategory, Sealed<unknown> | undefined]>>;
/** What many travellers have in common. */
const counted: readonly string[] = ['languages', 'interpreterNeeded', 'accessNeeded'];

const json = ['content-type', 'application/json; charset=utf-8'] as const;
const [common, travel] = [['AGE_GENDER_LANGUAGE'], { categories: ['TRAVEL'], words: true }] as const;
/**
 * What an origin office may ever be told in an answer, and what she must have agreed to for it (W3, DP-6). Her name, and who travels with
 * her, are not here: they leave in an envelope (decisions 20; `POST /v1/return-cases/{id}/disclosure`).
 */
const receptionDisclosure = defineDisclosure({
  name: 'reception',
  members: {
    ...disclosedOf(EditReceptionBody, { languages: common, interpreterNeeded: common, accessNeeded: ['NEEDS'], mitigations: { categories: ['RISK_MITIGATION'], words: true } }),
    itinerary: { categories: ['TRAVEL'], members: disclosedOf(ItineraryBody, { departureAt: travel, arrivalAt: travel, carrier: travel, number: travel, transit: travel }) },
    generalised: { class: 'operational', categories: [] },
  },
});

/** One answer to whatever stands against it, so that it tells nothing (A4). */
const notNow = (): Problem => new Problem('guard-refused', { guards: [{ guard: 'ADMINISTRATIVE', reason: 'ADMINISTRATIVE', detail: 'This cannot be done now.' }] });

/**
 * What the named origin office fetches when it needs it; consent and clearance are looked at in that moment, and each look is
 * written down before the answer (W3, DP-14). It gets what both its task and the consent cover, never more (DP-6).
 */
@Controller('v1/reception-plans/:id')
export class ReceptionDetail {
  readonly #population: ReturnType<typeof populations>;
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject('RUNNING') private readonly running: Running) { this.#population = running.config.population ?? populations(); }

  @Action('ReceptionPlan.detail', office) @Get('detail') @Header(...json) async detail(@Param('id') id: string, @Req() request: SignedRequest): Promise<Buffer> {
    const plan: ReceptionPlanRow = await this.plan(id, request, [...openPlan, 'missed']);
    return this.disclose(request, plan, {
      languages: ['AGE_GENDER_LANGUAGE', plan.languages], interpreterNeeded: ['AGE_GENDER_LANGUAGE', plan.interpreterNeeded], accessNeeded: ['NEEDS', plan.accessNeeded],
      mitigations: ['RISK_MITIGATION', plan.mitigations],
    });
  }

  /** Not earlier than 24 hours before departure (reference 2.3.3). */
  @Action('ReceptionPlan.itinerary', office) @Get('itinerary') @Header(...json) async itinerary(@Param('id') id: string, @Req() request: SignedRequest): Promise<Buffer> {
    const plan: ReceptionPlanRow = await this.plan(id, request, ['ready', 'missed']);
    const journey: ReturnCaseRow | undefined = await returnOf(this.engine.store.reader(plan.owner, []), plan.returnCase);
    const now = this.engine.clock.now();
    const underWay = journey && ['cleared', 'in_transit', 'arrived', 'reception_failed'].includes(journey.state);
    const soon = journey?.itinerary?.test(({ departureAt }) => now >= after(new Date(departureAt), { hours: -deadlines.itineraryBeforeDeparture.hours }));
    if (!underWay || !soon) throw notNow();
    return this.disclose(request, plan, { itinerary: ['TRAVEL', journey.itinerary] });
  }

  /** A new phrase where the first was lost before she heard it: told once, to the host worker. What is kept for a repeat has no phrase. */
  @Action('ReceptionPlan.renewCodePhrase', host) @Post('code-phrase') @HttpCode(200) async phrase(@Param('id') id: string, @Body() body: unknown, @Headers() headers: Record<string, string>, @Req() request: SignedRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return send(reply, await this.engine.once(idempotency(request, headers, body).idempotency, (keep) => this.renewed(id, request.principal, keep)));
  }

  private async renewed(id: string, principal: Principal, keep: (answer: Answer) => readonly Change[]): Promise<Answer> {
    const found = await this.engine.load(ReceptionPlan, principal, id);
    if (found.row.owner !== principal.organisation || !principal.roles.some((r) => host.includes(r))) throw new Problem('role-not-allowed', { roles: host });
    if (!openPlan.some((s) => s === found.row.state)) throw new Problem('transition-not-allowed', { state: found.row.state, command: 'code-phrase', allowedFrom: openPlan });
    const made = newCodePhrase();
    const answer = await this.engine.amend(ReceptionPlan, found, principal, 'renew-code-phrase', { codePhrase: label('special', made.hash) }, { keep });
    return { ...answer, body: { ...answer.body, codePhrase: made.text } };
  }

  private async plan(id: string, { principal }: SignedRequest, while_: readonly string[]): Promise<ReceptionPlanRow> {
    const { row } = await this.engine.load(ReceptionPlan, principal, id);
    const plan: ReceptionPlanRow = row;
    if (plan.originOffice !== principal.organisation || !principal.roles.some((r) => office.includes(r))) throw new Problem('role-not-allowed', { roles: office });
    if (!while_.includes(plan.state)) throw notNow();
    return plan;
  }

  private async disclose(request: SignedRequest, plan: ReceptionPlanRow, wanted: Wanted): Promise<Buffer> {
    for (let attempt = 0; ; attempt += 1) {
      try { return await this.once(request, plan, wanted); } catch (error) {
        // Another look of this office was counted in the same moment.
        if (!(error instanceof Stale || (error instanceof Conflict && error.constraint === LEARNT_MEANWHILE))) throw error;
        if (attempt > 5) throw new Problem('service-unavailable', {}, { 'retry-after': '1' });
      }
    }
  }

  private async once({ principal }: SignedRequest, plan: ReceptionPlanRow, wanted: Wanted): Promise<Buffer> {
    await this.engine.requireFresh('referrals', plan.caseRef);
    const { store, clock } = this.engine;
    const now = clock.now();
    const read = store.reader(plan.owner, []);
    const consent = (await knownConsents(read, plan.caseRef, 'ORIGIN_OFFICE_DISCLOSURE')).find((c) => c.recipient === principal.organisation && inForce(c, now));
    if (!consent || !isCleared(await knownClearance(read, plan.caseRef, 'ORIGIN_CONTACT'), now)) throw notNow();
    const given = Object.entries(wanted).filter(([, [category, value]]) => value !== undefined && consent.categories.includes(category));
    await this.engine.access.meter(ReceptionPlan, plan, principal);
    const names = consent.categories.includes('IDENTITY') && await identitySealed(read, plan.caseRef, principal.organisation);
    // Whom she is not named to: whether reintegration may have told it something has to be known too (G7).
    if (!names && given.some(([name]) => counted.includes(name))) await this.engine.requireFreshWhereItRuns('reintegration', plan.caseRef);
    const { outcome, change } = await this.released(plan, principal.organisation, read, names, given.map(([name, [, value]]) => [name, value as Sealed<unknown>]));
    return disclosing(this.engine, { gate: this.running.gate, def: receptionDisclosure, lifecycle: ReceptionPlan, row: plan, caller: principal, purpose: 'ORIGIN_OFFICE_DISCLOSURE', categories: consent.categories, values: outcome, person: plan.traveller }, async () => {
      const receipt = await store.recorded(plan.owner, {
        at: now.toISOString(), organisations: [plan.owner], kind: 'rcp', aggregate: plan.id, command: 'disclose', from_state: plan.state, to_state: plan.state, version: plan.version,
        organisation: principal.organisation, account: principal.subject, role: principal.roles.find((r) => office.includes(r)), ground: consent.consent, fields: given.map(([name]) => name) }, [change]);
      await this.engine.access.meter(ReceptionPlan, plan, principal, true);
      return receipt;
    });
  }

  /** What of it few others have in common with her is said less exactly (G7). Who may collect her name hides her in no crowd: sealed it was under the consent as she signed it, of which this service has a copy only (T17). */
  private async released(plan: ReceptionPlanRow, recipient: string, read: Read, names: boolean, given: readonly (readonly [string, Sealed<unknown>])[]): Promise<Release<Readonly<Record<string, unknown>>>> {
    const [host, home] = await Promise.all([hostCountry(read, plan.owner), hostCountry(read, recipient)]);
    const of = given.reduce<Sealed<Readonly<Record<string, unknown>>>>((all, [name, value]) => all.with(value, (said, v) => ({ ...said, [name]: v })), label('quasi', {}));
    const counts = (name: string): boolean => counted.includes(name);
    return release(this.engine.store, {
      row: plan, recipient, purpose: 'ORIGIN_OFFICE_DISCLOSURE', population: this.#population(host), names, of,
      // Whom an office of her country receives comes from there.
      given: () => (home === undefined ? [] : [trait('citizenship', home)]),
      quasi: (all) => Object.fromEntries(Object.entries(all).filter(([name]) => counts(name))), answer: (all, said) => Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (!counts(name) ? [[name, value]] : name in said ? [[name, said[name]]] : []))),
    });
  }
}

export const detailRoutes: readonly ExtraRoute[] = [
  { method: 'get', path: '/v1/reception-plans/{id}/detail', tag: 'ReceptionPlan', summary: 'What the named origin office needs to prepare, as far as consent covers it now; who she is, it collects sealed (`POST /v1/return-cases/{id}/disclosure`)' },
  { method: 'get', path: '/v1/reception-plans/{id}/itinerary', tag: 'ReceptionPlan', summary: 'Itinerary, not earlier than 24 hours before departure; who she is and who travels with her is sealed (`POST /v1/return-cases/{id}/disclosure`)' },
  { method: 'post', path: '/v1/reception-plans/{id}/code-phrase', tag: 'ReceptionPlan', summary: 'A new code phrase, told once to the host worker for the person' },
];

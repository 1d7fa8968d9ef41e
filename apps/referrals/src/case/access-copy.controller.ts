import type { Role } from '@footbridge/contracts';
import { revealCapability, type RevealCapability, type Sealed } from '@footbridge/privacy';
import { Action, Engine, Problem, accessesOf, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { GuardianAppointment } from '../guardian-appointment/guardian-appointment.lifecycle.js';
import { Identification } from '../identification/identification.lifecycle.js';
import { Recall } from '../recall/recall.lifecycle.js';
import { Referral } from '../referral/referral.lifecycle.js';
import { RightsRequest } from '../rights-request/rights-request.lifecycle.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import type { CaseRow } from './case.entity.js';
import { Case } from './case.lifecycle.js';
import { copyOf } from './consents.controller.js';
import type { Trafficking } from './person.dto.js';

interface Fetched { readonly recipient: string; readonly categories: readonly string[]; readonly at: string }

/** Who may read all that is in it: a copy with holes would be none. */
const mayGive: readonly Role[] = ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'LAWYER', 'DPO'];
/** What of her case is opened for it. */
const given = ['person', 'trafficking', 'health', 'needs', 'isChild', 'closureReason'];
const instant = (t: unknown): string => new Date(String(t)).toISOString();
/** Who it was that exploited her is about somebody else (DP-33). */
const withoutTrafficker = ({ relationshipToTrafficker: _, ...hers }: Trafficking): Omit<Trafficking, 'relationshipToTrafficker'> => hers;

/**
 * What she may have of her case (DP-11; GDPR 15): her own data, where it came from, who has it, what she agreed to, and who looked.
 * Out of it stays what is about others: guardian and trafficker by name, threats, organisations that are a risk (DP-33). The
 * audit entry is written before anything is opened; on paper or in a file it goes only encrypted (`access-copy` of the command line).
 * Whoever gives it reads it: so it is a look like any other, by policy, sign-in and quota (T18, T36).
 */
@Controller('v1/cases')
export class AccessCopyController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.accessCopy', mayGive) @Get(':id/access-copy')
  async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { store, clock, access } = this.engine;
    const found = await this.engine.load(Case, principal, id);
    const row = found.row as CaseRow;
    const role = principal.roles.find((r) => mayGive.includes(r));
    if (!role || row.owner !== principal.organisation) throw new Problem('role-not-allowed', { roles: mayGive });
    store.keys.refuseLocked(row.owner);
    await access.reveals(Case, found, principal, given, 'ASSISTANCE');
    const now = clock.now();
    const read = store.reader(row.owner, []);
    const ofCase = { caseId: row.id };
    const [identifications, consents, guardians, risks, referrals, recalls, requests] = await Promise.all([
      read.many(Identification, ofCase), read.many(ConsentRecord, ofCase), read.many(GuardianAppointment, ofCase), read.many(RiskAssessment, ofCase), read.many(Referral, ofCase), read.many(Recall, ofCase), read.many(RightsRequest, ofCase),
    ]);
    for (const [l, rows, fields] of [[Identification, identifications, ['decidedOn']], [ConsentRecord, consents, ['childWords']], [RiskAssessment, risks, ['type', 'level', 'ownView']], [Referral, referrals, ['needs', 'override']]] as const) {
      for (const besides of rows) access.showsBesides(l, besides, principal, fields, 'ASSISTANCE');
    }
    const audit = await store.recorded(row.owner, {
      at: now.toISOString(), organisations: [row.owner], kind: Case.prefix, aggregate: row.id, command: 'accessCopy', from_state: row.state, to_state: row.state, version: row.version,
      organisation: principal.organisation, account: principal.subject, role, ground: 'ACCESS_REQUEST', fields: ['person', 'trafficking', 'health', 'needs', 'referrals', 'consents'] });
    await access.meter(Case, row, principal, true);
    const capability = revealCapability({ purpose: 'ACCESS_REQUEST', audit });
    const [fetched, looked] = await Promise.all([
      read.sql<Fetched>(`select to_jsonb(x) from (select recipient, categories, at from disclosure where case_id = ($1->>0)::uuid order by at) x`, [row.id]),
      row.caseRef === undefined ? [] : accessesOf(this.engine, principal, row.caseRef, true),
    ]);
    const open = <T>(value: Sealed<T> | undefined): T | undefined => opened(value, capability);
    const recipients = [...new Set([...consents.flatMap((c) => (living(c) && c.recipient ? [c.recipient] : [])), ...fetched.map((f) => f.recipient)])];
    return {
      case: id, madeAt: now.toISOString(), state: row.state, openedAt: row.openedAt, closedAt: row.closedAt,
      why: { purpose: row.purpose, legalBasis: row.legalBasis, specialCategoryBasis: row.specialCategoryBasis },
      yourData: {
        person: open(row.person), whatHappened: open(row.trafficking?.map(withoutTrafficker)), health: open(row.health), needs: open(row.needs), treatedAsChild: open(row.isChild), closureReason: open(row.closureReason),
        identification: identifications.map((i) => ({ state: i.state, decidedOn: open(i.decidedOn), reflectionUntil: i.reflectionUntil })),
        // That there is an assessment and what it found, in short; what it knows of others is not hers to carry (reference 2.7).
        risk: risks.map((r) => ({ state: r.state, type: open(r.type), level: open(r.level), ownView: open(r.ownView), validUntil: r.validUntil })),
        guardian: guardians.map((g) => ({ state: g.state, since: g.startedAt, until: g.endedAt })),
        referrals: referrals.map((r) => ({ state: r.state, serviceType: r.serviceType, to: r.sentAt ? r.receiver : undefined, sentAt: r.sentAt, disclosed: r.fieldsDisclosed, needs: open(r.needs), withoutConsentFor: open(r.override), outcome: r.outcome })),
        childsWords: consents.flatMap((c) => open(c.childWords) ?? []),
      },
      sources: { openedBy: row.openedBy, broughtBy: row.broughtBy, fromYou: true },
      recipients: recipients.map((recipient) => {
        const asked = recalls.filter((r) => r.recipient === recipient);
        return {
          recipient, fetched: fetched.filter((f) => f.recipient === recipient).map(({ categories, at }) => ({ categories, at: instant(at) })),
          ...(asked.length > 0 ? { deletion: asked.some((r) => r.state !== 'confirmed') ? 'NOT_YET_CONFIRMED' : asked.every((r) => r.deleted) ? 'CONFIRMED' : 'KEPT_ON_LEGAL_GROUND' } : {}),
        };
      }),
      consents: consents.map((c) => copyOf(c)),
      whoLooked: looked.map(({ look: what, ...l }) => ({ what, ...l })),
      requests: requests.map((r) => ({ kind: r.kind, state: r.state, receivedAt: r.receivedAt, decidedAt: r.decidedAt, ground: r.ground, exceptions: r.exceptions })),
      keptUntil: row.closedAt ? 'See the notice: 24 months after closing, a child until 21.' : 'As long as you are helped, and then as the notice says.',
    };
  }
}
const living = ({ state }: { readonly state: string }): boolean => ['given', 'renewed', 'withdrawn', 'revoked', 'expired'].includes(state);
const opened = <T>(value: Sealed<T> | undefined, capability: RevealCapability): T | undefined => value?.reveal(capability);

export const accessCopyRoute: ExtraRoute = { method: 'get', path: '/v1/cases/{id}/access-copy', tag: 'Case', summary: 'What she may have of her case: her data, sources, recipients, consents, who looked. In the clear: give it on screen, or encrypted by the command line' };

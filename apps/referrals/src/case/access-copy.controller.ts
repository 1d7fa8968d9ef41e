import type { Role } from '@footbridge/contracts';
import { newRef, revealCapability, type RevealCapability, type Sealed } from '@footbridge/privacy';
import { Action, Engine, Problem, type ExtraRoute, type SignedRequest } from '@footbridge/service';
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

interface Looked { readonly at: string; readonly organisation: string; readonly role: string; readonly what: string; readonly purpose?: string; readonly fields?: readonly string[] }
interface Fetched { readonly recipient: string; readonly categories: readonly string[]; readonly at: string }

const mayGive: readonly Role[] = ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'LAWYER', 'DPO'];
const instant = (t: unknown): string => new Date(String(t)).toISOString();
/** Who it was that exploited her is about somebody else (DP-33). */
const withoutTrafficker = ({ relationshipToTrafficker: _, ...hers }: Trafficking): Omit<Trafficking, 'relationshipToTrafficker'> => hers;

/**
 * What she may have of her case (DP-11; GDPR 15): her own data, where it came from, who has it, what she agreed to, and who looked.
 * Out of it stays what is about others: guardian and trafficker by name, threats, organisations that are a risk (DP-33). The
 * audit entry is written before anything is opened; on paper or in a file it goes only encrypted (`access-copy` of the command line).
 */
@Controller('v1/cases')
export class AccessCopyController {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Case.accessCopy', mayGive) @Get(':id/access-copy')
  async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<unknown> {
    const { store, clock } = this.engine;
    const { row } = await this.engine.load(Case, principal, id) as { row: CaseRow };
    const role = principal.roles.find((r) => mayGive.includes(r));
    if (!role || row.owner !== principal.organisation) throw new Problem('role-not-allowed', { roles: mayGive });
    const now = clock.now();
    await store.commit(row.owner, [{ t: 'audit', op: 'insert', row: {
      at: now.toISOString(), organisations: [row.owner], kind: Case.prefix, aggregate: row.id, command: 'accessCopy', from_state: row.state, to_state: row.state, version: row.version,
      organisation: principal.organisation, account: principal.subject, role, ground: 'ACCESS_REQUEST', fields: ['person', 'trafficking', 'health', 'needs', 'referrals', 'consents'] } }], []);
    const capability = revealCapability({ purpose: 'ACCESS_REQUEST', auditId: newRef('evt') });
    const read = store.reader(row.owner, []);
    const ofCase = { caseId: row.id };
    const [identifications, consents, guardians, risks, referrals, recalls, requests, fetched, looked] = await Promise.all([
      read.many(Identification, ofCase), read.many(ConsentRecord, ofCase), read.many(GuardianAppointment, ofCase), read.many(RiskAssessment, ofCase), read.many(Referral, ofCase), read.many(Recall, ofCase), read.many(RightsRequest, ofCase),
      read.sql<Fetched>(`select to_jsonb(x) from (select recipient, categories, at from disclosure where case_id = ($1->>0)::uuid order by at) x`, [row.id]),
      read.sql<Looked>(`select jsonb_strip_nulls(jsonb_build_object('at', a.at, 'organisation', a.organisation, 'role', a.role, 'what', a.command, 'purpose', a.ground, 'fields', to_jsonb(a.fields))) from audit a
        where a.command in ('reveal', 'fetchNeeds', 'accessCopy', 'breakGlass') and (a.aggregate = ($1->>0)::uuid or a.aggregate in (${belonging.map((t) => `select id from ${t} where case_id = ($1->>0)::uuid`).join(' union all ')})) order by a.position`, [row.id]),
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
      whoLooked: looked.map((l) => ({ ...l, at: instant(l.at) })),
      requests: requests.map((r) => ({ kind: r.kind, state: r.state, receivedAt: r.receivedAt, decidedAt: r.decidedAt, ground: r.ground, exceptions: r.exceptions })),
      keptUntil: row.closedAt ? 'See the notice: 24 months after closing, a child until 21.' : 'As long as you are helped, and then as the notice says.',
    };
  }
}
const belonging = ['identification', 'consent_record', 'guardian_appointment', 'risk_assessment', 'referral', 'hold', 'safety_alert', 'rights_request', 'legal_hold'];
const living = ({ state }: { readonly state: string }): boolean => ['given', 'renewed', 'withdrawn', 'revoked', 'expired'].includes(state);
const opened = <T>(value: Sealed<T> | undefined, capability: RevealCapability): T | undefined => value?.reveal(capability);

export const accessCopyRoute: ExtraRoute = { method: 'get', path: '/v1/cases/{id}/access-copy', tag: 'Case', summary: 'What she may have of her case: her data, sources, recipients, consents, who looked. In the clear: give it on screen, or encrypted by the command line' };

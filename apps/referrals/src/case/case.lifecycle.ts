import {
  CaseAnonymised, CaseClosed, CaseMovedToFollowUp, CaseOpened, CaseReactivated, CaseReopened, CaseTransferred, FetchedDetailChanged, after, deadlines, states, type StateOf,
} from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, pending, type Companion, type Facts, type Guard, type LifecycleSpec } from '@footbridge/lifecycle';
import { newRef, type Sealed } from '@footbridge/privacy';
import { hours, later } from '@footbridge/service';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { GuardianAppointment } from '../guardian-appointment/guardian-appointment.lifecycle.js';
import { Hold } from '../hold/hold.lifecycle.js';
import { readsOtherwise, type Fetched } from '../referral/disclosed.js';
import { Referral } from '../referral/referral.lifecycle.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import { LegalHold } from '../legal-hold/legal-hold.lifecycle.js';
import { stands } from '../legal-hold/stands.js';
import { SafetyAlert } from '../safety-alert/safety-alert.lifecycle.js';
import { basisOf } from './basis.js';
import { caseContext } from './case-context.js';
import { CloseCaseBody, OpenCaseBody, PersonDetailsBody } from './case.dto.js';
import { caseFields, type CaseRow } from './case.entity.js';
import { childKeptUntil, isToCome, minorityOf } from './minority.js';
import { defaultBody, isActivePartner, mayOwnCases, organisationOf, type KnownOrganisation } from './owner.js';
import type { Person } from './person.dto.js';
import { caseVisible } from './visible.js';

export interface CaseFacts extends Facts<CaseRow> {
  /** The organisation that opens the case, as the instance's events told. */
  readonly opener?: KnownOrganisation;
  /** Who will own it; undefined where nobody was found. */
  readonly willOwn?: string;
  readonly ownerIsPartner?: boolean;
  readonly ownersType?: string;
  readonly referrals?: readonly ReferralRow[];
  readonly openAlerts?: number;
  readonly openHolds?: number;
  readonly legallyHeld?: boolean;
  readonly consents?: readonly ConsentRow[];
  readonly consentNeeded?: { readonly purpose: 'CASE_TRANSFER' };
  readonly hasGuardianship?: boolean;
  /** The row as it was before an edit, and what receivers had fetched of it. */
  readonly before?: CaseRow;
  readonly fetched?: readonly Fetched[];
  /** The newest envelope for each recipient and ground that waits, or was collected. */
  readonly sealed?: readonly SealedBefore[];
}

const openerIsKnown = guard<CaseFacts>('OWNER', 'openerIsKnown', ({ opener, caller }) => (opener || caller.role === 'PLATFORM' ? undefined : 'OPENER_NOT_KNOWN'), { retry: true });
const personOf = ({ row, body }: CaseFacts): Sealed<Person, 'direct'> | undefined => sealedIn<Sealed<Person, 'direct'>>(body, 'person') ?? row.person;
/** A child's file is kept until she is 21 (DP-20): of whom is not born yet it would be kept for ever. */
const isBorn = guard<CaseFacts>('DP-20', 'birthDateIsNotToCome', (f, now) => (personOf(f)?.test((p) => isToCome(p.birthDate, now)) ? 'BIRTH_DATE_TO_COME' : undefined), { onBody: true });
/** How far two clocks may be apart. */
const CLOCK_SKEW_MS = 600_000;
/** The year in which she is counted, and the order of files, go by it. */
const isOpenedByNow = guard<CaseFacts>('S-14', 'openedByNow', ({ row }, now) => (row.openedAt !== undefined && Date.parse(row.openedAt) > later(now, CLOCK_SKEW_MS).getTime() ? 'OPENED_LATER_THAN_NOW' : undefined), { onBody: true });
const hasOwner = guard<CaseFacts>('OWNER', 'ownerIsNamedOrTheCountrysBody', ({ opener, willOwn }) => (!opener || willOwn ? undefined : 'NAME_THE_OWNER'), { onBody: true });
const ownerMayOwn = guard<CaseFacts>('OWNER', 'ownerIsAnActiveBody', ({ opener, willOwn, caller, ownerIsPartner }) => {
  if (!opener || !willOwn) return undefined;
  if (willOwn === caller.organisation) return mayOwnCases(opener) ? undefined : 'OWNER_NOT_ACTIVE';
  return mayOwnCases(opener) ? 'OWN_CASE' : ownerIsPartner ? undefined : 'OWNER_NOT_ACTIVE';
}, { onBody: true });

const isOver: readonly string[] = ['closed', 'entered_in_error'];
const isHelping: readonly string[] = ['sent', 'acknowledged', 'accepted', 'in_service', 'suspended'];
const noOpenUrgentNeed = guard<CaseFacts>('FOLLOW_UP', 'noOpenUrgentNeed', ({ referrals = [] }) => (referrals.some((r) => r.priority !== 'NORMAL' && isHelping.includes(r.state)) ? 'URGENT_NEED_OPEN' : undefined));
const everyReferralClosed = guard<CaseFacts>('CLOSE', 'everyReferralIsClosed', ({ referrals = [] }) => (referrals.some((r) => !isOver.includes(r.state)) ? 'REFERRAL_OPEN' : undefined));
const noOpenSafetyAlert = guard<CaseFacts>('U6', 'noOpenSafetyAlert', ({ openAlerts = 0 }) => (openAlerts > 0 ? 'SAFETY_ALERT_OPEN' : undefined), { sensitive: true });
const noOpenHold = guard<CaseFacts>('CLOSE', 'noOpenHold', ({ openHolds = 0 }) => (openHolds > 0 ? 'HOLD_OPEN' : undefined), { sensitive: true });
const noLegalHold = guard<CaseFacts>('DP-20', 'noLegalHoldStands', ({ legallyHeld }) => (legallyHeld ? 'LEGAL_HOLD' : undefined), { sensitive: true });
const consentToTransfer = guard<CaseFacts>('TRANSFER', 'personConsentsToTheTransfer', ({ consents = [] }) => (consents.some((c) => c.purpose === 'CASE_TRANSFER') ? undefined : 'CONSENT_REQUIRED'), { sensitive: true });
/** Reopening: the person asks, or there is a new risk and she agrees. */
const askedOrAgreed: Guard<CaseFacts> = {
  code: 'REOPEN', name: 'personAsksOrAgreesToTheNewRisk', onBody: true, attests: { field: 'newRiskAndConsent', says: 'There is a new risk, and the person agrees' },
  check: ({ caller, body }) => (caller.role === 'PERSON' || body['newRiskAndConsent'] === true ? undefined : 'PERSON_HAS_NOT_ASKED'),
};
const retentionOver = guard<CaseFacts>('DP-20', 'retentionIsOverOrErasureGranted', ({ row, caller, body }, now) => {
  if (now >= keptUntil(row)) return undefined;
  return caller.role === 'DPO' && body['erasureGranted'] === true ? undefined : 'RETENTION_RUNS';
}, { onBody: true });
/** The table asks for a second approval, and a clock is nobody: it calls the data protection officer, and destroys nothing. */
const byTwoPersons = guard<CaseFacts>('DP-20', 'secondPersonApproves', ({ caller, body }) => (caller.role === 'PLATFORM' && body['approvedBy'] === undefined ? 'NOT_APPROVED' : undefined));
const erasureGranted: Guard<CaseFacts> = { code: 'DP-20', name: 'erasureGranted', onBody: true, attests: { field: 'erasureGranted', says: 'Erasure was asked for and granted' }, check: () => undefined };

/** 24 months after closing; a child's until she is 21 (DP-20). */
export function keptUntil(row: CaseRow): Date {
  const closed = new Date(row.closedAt ?? row.updatedAt);
  return row.isChild?.test((c) => c) ? childKeptUntil(row.adultOn, closed) : after(closed, deadlines.caseKept);
}

/** M2: a child without a safe parent needs a guardian, in the same transaction. A parent is safe only where the worker says so. */
const guardianIsNeeded = (row: CaseRow): boolean => (row.isChild?.test((c) => c) ?? false) && !(row.unaccompanied?.test((u) => !u) ?? false);
const guardianRequired = (row: CaseRow): Companion => ({ lifecycle: 'GuardianAppointment', command: 'markRequired', body: { caseId: row.id, caseRef: row.caseRef }, as: 'PLATFORM' });

/** What receivers hold: all categories that were ever fetched under a referral, open or over, unless they have deleted it (DP-12). */
const fetchedOf = `select jsonb_build_object('referral', r.id, 'serviceType', r.service_type, 'categories', jsonb_agg(distinct c))
  from referral r join disclosure d on d.referral_id = r.id, unnest(d.categories) c where d.case_id = ($1->>0)::uuid and not exists (select 1 from recall x where x.recipient = d.recipient and x.deleted and (x.referral_id = r.id or x.consent_id = d.consent_id)) group by r.id`;

/** What was sealed is sealed again where it reads otherwise: also for who has collected it (DP-12; detail-changed.ts). */
interface SealedBefore extends Omit<Fetched, 'referral'> { readonly envelope: string }
const sealedOf = `select jsonb_build_object('envelope', e.id, 'serviceType', e.service_type, 'categories', e.categories) from (
  select distinct on (e.recipient, coalesce(e.referral_id, e.consent_id)) e.id, coalesce(r.service_type, 'return') as service_type, e.categories, e.state, e.collected_at
  from identity_envelope e left join referral r on r.id = e.referral_id where e.case_id = ($1->>0)::uuid order by e.recipient, coalesce(e.referral_id, e.consent_id), e.created_at desc, e.id) e
  where e.state in ('waiting', 'collected') or e.collected_at is not null`;

const sealedIn = <T>(body: Readonly<Record<string, unknown>>, name: string): T | undefined => body[name] as T | undefined;

export const Case: LifecycleSpec<StateOf<'Case'>, typeof caseFields, CaseFacts> = lifecycle<CaseFacts>()({
  name: 'Case', service: 'referrals', prefix: 'cas', states: states.Case.values, fields: caseFields,
  person: (row) => row.person,
  facts: async (read, { row, body, caller, command }, now) => {
    if (command === 'openCase') {
      const opener = await organisationOf(read, caller.organisation);
      const named = typeof body['owner'] === 'string' ? body['owner'] : undefined;
      const { isChild } = minorityOf(row.person, row.ageBelief, now);
      const willOwn = named ?? (!opener ? undefined : mayOwnCases(opener) ? caller.organisation : await defaultBody(read, opener.country, isChild.test((c) => c)));
      const known = willOwn === undefined || willOwn === caller.organisation ? undefined : await organisationOf(read, willOwn);
      const ownerIsPartner = known !== undefined && known.active && mayOwnCases(known) && await isActivePartner(read, known.organisation);
      const ownersType = (known ?? opener)?.type;
      return { ...(opener ? { opener } : {}), ...(willOwn ? { willOwn } : {}), ownerIsPartner, ...(ownersType ? { ownersType } : {}) };
    }
    if (command === 'edit') {
      const [guardianships, fetched, sealed] = await Promise.all([read.many(GuardianAppointment, { caseId: row.id }), read.sql<Fetched>(fetchedOf, [row.id]), read.sql<SealedBefore>(sealedOf, [row.id])]);
      return { hasGuardianship: guardianships.length > 0, before: row, fetched, sealed };
    }
    if (command === 'learn' || command === 'assign' || command === 'unassign') return {};
    const [context, referrals, alerts, holds, legal] = await Promise.all([
      caseContext(read, row.id, caller, now), read.many(Referral, { caseId: row.id }), read.many(SafetyAlert, { caseId: row.id, state: ['raised'] }), read.many(Hold, { caseId: row.id, state: ['placed'] }),
      read.many(LegalHold, { caseId: row.id, state: ['standing'] }),
    ]);
    return { isChild: context?.isChild ?? false, consents: context?.consents ?? [], consentNeeded: { purpose: 'CASE_TRANSFER' }, referrals, openAlerts: alerts.length, openHolds: holds.length, legallyHeld: legal.some((h) => stands(h, now)) };
  },
  owner: ({ willOwn, caller }) => willOwn ?? caller.organisation,
  visible: caseVisible,
  clocks: [
    { name: 'unassigned', in: ['active', 'follow_up'], due: ({ row }) => (row.assignees?.length ? undefined : new Date(row.createdAt)), alert: { code: 'CASE_WAITS', to: ({ row }) => row.owner } },
    { name: 'retention', in: ['closed', 'closed_referred'], due: ({ row }) => keptUntil(row), alert: { code: 'RETENTION_OVER', to: ({ row }) => row.owner } },
    { name: 'retentionSoon', in: ['closed', 'closed_referred'], due: ({ row }) => new Date(keptUntil(row).getTime() - deadlines.retentionWarning.days * 86_400_000), alert: { code: 'RETENTION_ENDS_SOON', to: ({ row }) => row.owner } },
    // Rung unless every service has told by then that its key is destroyed (decisions 9; known.projections.ts).
    { name: 'erasure', in: ['anonymised'], due: ({ row }) => later(row.updatedAt, hours(24)), alert: { code: 'ERASURE_NOT_CONFIRMED', to: ({ row }) => row.owner } },
  ],
  editable: {
    by: ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'DPO'],
    in: ['active', 'follow_up'], body: PersonDetailsBody, guards: [isBorn],
    // Only upwards: nobody stops being a child because a worker types another date (M1).
    set: (facts, now) => {
      const said = minorityOf(personOf(facts), sealedIn<CaseRow['ageBelief']>(facts.body, 'ageBelief') ?? facts.row.ageBelief, now);
      return said.isChild.test((c) => c) ? said : {};
    },
    companions: ({ row, hasGuardianship }) => (guardianIsNeeded(row) && !hasGuardianship ? [guardianRequired(row)] : []),
    // Each receiver is told under its own reference and consent by its referral (detail-changed.ts).
    notices: ({ row, before, fetched = [], sealed = [] }) => [...sealed.map(({ envelope, ...f }) => ({ ...f, about: envelope })), ...fetched.map(({ referral, ...f }) => ({ ...f, about: referral }))]
      .filter((f) => before && readsOtherwise(before, row, f)).map(({ about }) => ({ event: FetchedDetailChanged, data: {}, about })),
  },
  rows: [
    // from                        command             to                 by                                                                guards                                                       emits
    [NONE,                         'openCase',         'active',          ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'REFERRER'], [openerIsKnown, hasOwner, ownerMayOwn, isBorn, isOpenedByNow],                    CaseOpened, {
      body: OpenCaseBody,
      set: ({ row, caller, willOwn, ownersType }, now) => ({
        ...basisOf(ownersType), ...(row.legalBasis ? { legalBasis: row.legalBasis } : {}), ...(row.specialCategoryBasis ? { specialCategoryBasis: row.specialCategoryBasis } : {}),
        ...minorityOf(row.person, row.ageBelief, now), caseRef: row.caseRef ?? newRef('csr'), openedBy: caller.organisation, openedAt: row.openedAt ?? now.toISOString(),
        assignees: willOwn === undefined || willOwn === caller.organisation ? [caller.subject] : [],
      }),
      // The opener must be able to name the case in its own referral, and sees nothing more of it.
      introduces: ({ row, caller }) => (row.owner === caller.organisation ? [] : [{ organisation: caller.organisation, kind: 'cas', aggregate: row.id }]),
      companions: ({ row, caller }) => [
        { lifecycle: 'Identification', command: 'openCase', body: { caseId: row.id, caseRef: row.caseRef }, as: caller.role },
        ...(guardianIsNeeded(row) ? [guardianRequired(row)] : []),
      ],
    }],
    [['active'],                   'moveToFollowUp',   'follow_up',       ['CASE_WORKER'],                                                  [noOpenUrgentNeed],                                          CaseMovedToFollowUp],
    [['follow_up'],                'reactivate',       'active',          ['CASE_WORKER', 'PERSON'],                                        [attested('newNeedOrRisk', 'There is a new need or risk')],  CaseReactivated],
    [['active', 'follow_up'],      'closeCase',        'closed',          ['CASE_WORKER'],                                                  [everyReferralClosed, noOpenSafetyAlert, noOpenHold, attested('personInformed', 'The person was told, or the attempt to tell her is recorded', 'CLOSE')], CaseClosed, {
      body: CloseCaseBody, set: ({ body }, now) => ({ closureReason: sealedIn<CaseRow['closureReason']>(body, 'reason'), closedAt: now.toISOString() }),
    }],
    [['active', 'follow_up'],      'closeAfterTransfer', 'closed_referred', ['CASE_WORKER'],                                                [pending('TRANSFER', 'transferIsAccepted', 'CaseTransfer'), consentToTransfer], CaseTransferred, { set: (_, now) => ({ closedAt: now.toISOString() }) }],
    [['closed'],                   'reopenCase',       'active',          ['CASE_WORKER', 'PERSON'],                                        [askedOrAgreed],                                             CaseReopened, { set: () => ({ closedAt: undefined, closureReason: undefined }) }],
    [['closed', 'closed_referred'], 'anonymiseCase',   'anonymised',      ['PLATFORM', 'DPO'],                                              [retentionOver, erasureGranted, byTwoPersons, noOpenHold, noLegalHold],               CaseAnonymised, { approval: ['DPO', 'SUPERVISOR'] }],
  ],
});

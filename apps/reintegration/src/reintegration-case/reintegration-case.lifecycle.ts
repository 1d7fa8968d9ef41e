import {
  ConsentExpired, ConsentGiven, ConsentRenewed, ConsentRevoked, ConsentWithdrawn, ReceptionConfirmed, ReintegrationAccepted, ReintegrationAssessmentStarted, ReintegrationClosed, ReintegrationContactLost,
  ReintegrationContactRestored, ReintegrationDeclined, ReintegrationDeclinedByPerson, ReintegrationMonitoringStarted, ReintegrationPlanAgreed, ReintegrationProposed, ReintegrationResumed,
  ReintegrationStarted, ReintegrationSupportResumed, ReintegrationSuspended, after, deadlines, minimumDataset, monitoringAfterPlan, referralDeadlines, states,
  type ConsentCategory, type NeutralReason, type StateOf,
} from '@footbridge/contracts';
import { NONE, actsOnBehalf, attested, guard, lifecycle, pending, type Facts, type Guard, type LifecycleSpec, type ReactionEvent, type Read } from '@footbridge/lifecycle';
import { label, trait, type Population, type Sealed } from '@footbridge/privacy';
import { aggregate, hasRole, hostCountry, inForce, isToldElsewhere, knownConsents, type KnownConsent } from '@footbridge/service';
import { knownReception, knownReturn, type KnownReception } from '../known/known-reception.js';
import { isLost, lostAfter } from './contact.js';
import { AcceptBody, AgreePlanBody, AssessBody, CloseReintegrationBody, DeclineCaseBody, EditReintegrationBody, ProposeBody, RevisePlanBody, SuspendCaseBody } from './reintegration-case.dto.js';
import { reintegrationFields, type ReintegrationRow } from './reintegration-case.entity.js';

type State = StateOf<'ReintegrationCase'>;

export interface ReintegrationFacts extends Facts<ReintegrationRow> {
  /** Who helps after return: the owner, or whom the proposal asks. */
  readonly helper: string;
  /** The REFERRAL_DISCLOSURE consent that names the helper, in force today. */
  readonly consent?: KnownConsent;
  /** The FOLLOW_UP_CONTACT consent that names the proposer, in force today. */
  readonly followUp?: KnownConsent;
  readonly reception?: KnownReception;
  /** The return that the proposer named, where its news has come. */
  readonly returnId?: string;
  readonly managerDisabled: boolean;
  /** Among whom she is counted, and what the helper was told of her before, here and perhaps elsewhere. */
  readonly crowd?: { readonly population: Population; readonly told: Sealed<readonly string[]>; readonly toldElsewhere: boolean };
  readonly consentNeeded: { readonly recipient: string; readonly purpose: 'REFERRAL_DISCLOSURE'; readonly categories: readonly ConsentCategory[] };
}

const categoriesNeeded = (row: ReintegrationRow): readonly ConsentCategory[] => (row.needs ? ['NEEDS'] : []);

/** IOM-DP 5. What she needs goes along only if she agreed to that. */
export const consentNamesHelper = guard<ReintegrationFacts>('CONSENT', 'consentNamesThisOrganisation',
  ({ row, consent }) => (consent && categoriesNeeded(row).every((c) => consent.categories.includes(c)) ? undefined : 'CONSENT_REQUIRED'), { sensitive: true, needsFresh: ['referrals'], retry: true });

/** What she needs is told to another organisation, which knows her by no name. */
const tellsNeeds = ({ row, caller, helper, consent }: ReintegrationFacts): boolean => row.needs !== undefined && helper !== caller.organisation && consent?.categories.includes('IDENTITY') !== true;
/** G7: with all that this helper was told of her before, they fit enough persons; or two persons say that help depends on them. */
export const needsFitEnoughPersons = guard<ReintegrationFacts>('G7', 'whatIsToldFitsEnoughPersons', (facts) => {
  const { row: { needs }, body, crowd } = facts;
  if (!tellsNeeds(facts) || body['needsAsTheyAre'] === true) return undefined;
  const offers = (values: readonly string[]) => [{ field: 'needs', attribute: 'need', values }];
  const fits = crowd && needs?.with(crowd.told, (now, before) => crowd.population.assess(crowd.population.learn([], before.map((need) => trait('need', need))), offers(now), crowd.toldElsewhere).decision === 'allow').test((allowed) => allowed);
  return fits === true ? undefined : 'TOO_FEW_LIKE_HER';
}, { onBody: true, sensitive: true, needsFresh: (facts) => (tellsNeeds(facts) ? ['referrals', 'returns'] : []) });

/** RHB 2.2. */
export const managerIsThere = guard<ReintegrationFacts>('MANAGER', 'caseManagerIsThere', ({ managerDisabled }) => (managerDisabled ? 'CASE_MANAGER_DISABLED' : undefined), { onBody: true });

/** After a return both sides have confirmed; or she comes by herself, and somebody of this organisation has met her (F8). */
export const personReceived: Guard<ReintegrationFacts> = {
  code: 'RECEIVED', name: 'personIsReceived', onBody: true, retry: true, attests: { field: 'metHere', says: 'She came by herself, and was met here' },
  check: ({ row, reception, body }) => (row.receivedAt ?? reception ?? (body['metHere'] === true ? true : undefined) ? undefined : 'PERSON_NOT_RECEIVED'),
};
/** M1: known before anything is agreed; where there is doubt, a child. */
export const ageStated = guard<ReintegrationFacts>('M1', 'childOrAdultIsStated', ({ row, body }) => (body['child'] ?? row.child ? undefined : 'AGE_NOT_STATED'), { onBody: true, sensitive: true });
const reassessed = attested('reassessedOnSite', 'Vulnerability, risk, family and skills were looked at again, on site', 'RHB 2.2');

/** An adult is nobody's ward. */
export const guardianForChildOnly = guard<ReintegrationFacts>('M5', 'guardianForAChildOnly', ({ caller, isChild }) => (caller.role === 'GUARDIAN' && !isChild ? 'NOT_A_CHILD' : undefined), { onBody: true, sensitive: true });

/** P; WHO 5. */
export const soughtLongEnough = guard<ReintegrationFacts>('CONTACT', 'threeAttemptsOverThirtyDays', ({ row }, now) => (isLost(row.attempts, now) ? undefined : 'ATTEMPTS_MISSING'));

const neutralReason = ({ state, reason }: ReintegrationRow): NeutralReason => (state === 'contact_lost' ? 'NOT_REACHABLE' : state === 'refused_by_person' ? 'PERSON_CHOICE' : reason ?? 'ADMINISTRATIVE');

const open = ['proposed', 'reint_accepted', 'assessing', 'plan_agreed', 'reint_active', 'monitoring', 'reint_suspended', 'contact_lost'] as const;
const helping = ['assessing', 'plan_agreed', 'reint_active', 'monitoring'] as const;
const untilAssessed = ['proposed', 'reint_accepted', 'reint_suspended'] as const;
/** What the proposer asked and was answered; what comes after stays here (reference 2.4.4). */
const toldToProposer: readonly State[] = ['proposed', 'reint_accepted', 'reint_declined', 'refused_by_person'];

const ofProposer = `(t.proposer = ($1->>0) and t.owner <> ($1->>0) and ((t.assessed_at is null and t.state in (${toldToProposer.map((s) => `'${s}'`).join(', ')})) or t.follow_up_consent is not null))`;
const anyWorker = hasRole(...actsOnBehalf, 'SUPERVISOR', 'DPO');

const isDisclosure = ({ data }: ReactionEvent): boolean => data['purpose'] === 'REFERRAL_DISCLOSURE';
const reliedOn = ({ consentRef }: ReactionEvent): { readonly consent: string } | undefined => (consentRef === undefined ? undefined : { consent: consentRef });

/** The people of the helper's country who are helped there, after return too; and the needs that it was told of her, however often. */
async function crowdOf(read: Read, caseRef: string | undefined, helper: string): Promise<ReintegrationFacts['crowd']> {
  const [country, earlier, [toldElsewhere]] = await Promise.all([hostCountry(read, helper), caseRef === undefined ? [] : read.as(helper).many(ReintegrationCase, { caseRef }), read.sql<boolean>(isToldElsewhere, [caseRef ?? null, helper])]);
  const told = earlier.reduce<Sealed<readonly string[]>>((all, { needs }) => (needs ? all.with(needs, (some, more) => [...some, ...more]) : all), label('quasi', []));
  return { population: read.port<(country: string | undefined) => Population>('population')(country), told, toldElsewhere: toldElsewhere !== false };
}

export const ReintegrationCase: LifecycleSpec<State, typeof reintegrationFields, ReintegrationFacts> = lifecycle<ReintegrationFacts>()({
  name: 'ReintegrationCase', service: 'reintegration', prefix: 'rnt', states: states.ReintegrationCase.values, fields: reintegrationFields,
  links: {
    case: { kind: 'cas', column: 'caseRef', collection: 'cases', foreign: true },
    // Not `returnCase`: a proposal is not held up until the return's news has come.
    return: { kind: 'ret', column: 'returnId', collection: 'return-cases', foreign: true },
  },
  purposes: () => ['FOLLOW_UP_CONTACT', 'REFERRAL_DISCLOSURE', 'RETURN_ARRANGEMENT'],
  facts: async (read, { row, body, caller, command }, now) => {
    const helper = command === 'propose' ? String(body['organisation']) : row.owner;
    const named = typeof body['caseManager'] === 'string' ? body['caseManager'] : undefined;
    const [consents, followUps, reception, returnId, disabled, crowd] = await Promise.all([
      knownConsents(read, row.caseRef, 'REFERRAL_DISCLOSURE'),
      command === 'closeReintegration' ? knownConsents(read, row.caseRef, 'FOLLOW_UP_CONTACT') : [],
      knownReception(read, row.caseRef),
      command === 'propose' ? knownReturn(read, caller.organisation, body['returnCase']) : undefined,
      named === undefined ? [] : read.sql<true>('select to_jsonb(true) from disabled where subject = $1->>0 and disabled', [named]),
      command === 'propose' && row.needs !== undefined && helper !== caller.organisation ? crowdOf(read, row.caseRef, helper) : undefined,
    ]);
    const consent = consents.find((c) => c.recipient === helper && inForce(c, now));
    const followUp = followUps.find((c) => c.recipient === row.proposer && inForce(c, now));
    const needed = categoriesNeeded(row);
    return {
      helper, managerDisabled: disabled.length > 0, ...(consent ? { consent } : {}), ...(followUp ? { followUp } : {}), ...(reception ? { reception } : {}), ...(returnId ? { returnId } : {}), ...(crowd ? { crowd } : {}),
      consentNeeded: { recipient: helper, purpose: 'REFERRAL_DISCLOSURE', categories: needed.length > 0 ? needed : minimumDataset.reintegration },
      // Nobody is taken for an adult: it has to be said (M1).
      isChild: !(row.child?.test((child) => !child) ?? false),
    };
  },
  owner: ({ helper }) => helper,
  parties: (row) => [row.proposer],
  standing: (row) => ({ RETURN_OFFICER: row.proposer, CASE_WORKER: row.proposer }),
  // Workers list what is theirs or nobody's yet; she may say no to any of them (W1).
  visible: `((t.owner = ($1->>0) and (${hasRole('SUPERVISOR', 'DPO')} or (${anyWorker} and (t.case_manager is null or t.case_manager = ($1->>1))))) or (${ofProposer} and ${anyWorker}))`,
  reachable: `((t.owner = ($1->>0) or ${ofProposer}) and ${anyWorker})`,
  told: (row, organisation) => (organisation === row.owner ? undefined : row.followUpConsent ? [...toldToProposer, 'reint_closed'] : toldToProposer),
  consentRef: (row) => (row.state === 'reint_closed' ? row.followUpConsent ?? row.consent : row.consent),
  wire: (row) => ({
    from: row.proposer, to: row.owner, reason: row.reason,
    // The answer goes to the proposer alone, under the reference that it gave.
    returnCase: row.state === 'reint_accepted' || row.state === 'reint_declined' ? row.returnRef ?? aggregate(row.returnId) : aggregate(row.returnId),
  }),
  recipients: (row, { type }) => {
    if (type === ReintegrationProposed.type) return [row.owner];
    return type !== ReintegrationClosed.type ? [row.proposer] : row.followUpConsent ? [row.proposer] : [];
  },
  about: (row) => row.returnId,
  clocks: [
    { name: 'answer', in: ['proposed'], shown: true, due: ({ row }) => after(new Date(row.createdAt), referralDeadlines.decision.NORMAL), alert: { code: 'REINTEGRATION_UNANSWERED', to: ({ row }) => row.proposer } },
    { name: 'plan', in: ['reint_accepted', 'assessing'], shown: true, due: ({ row }) => (row.receivedAt ? after(new Date(row.receivedAt), deadlines.reintegrationPlan) : undefined), alert: { code: 'REINTEGRATION_PLAN_OVERDUE', to: ({ row }) => row.owner } },
    { name: 'firstContact', in: ['reint_accepted'], shown: true, due: ({ row }) => (row.receivedAt ? after(new Date(row.receivedAt), deadlines.reintegrationFirstContact) : undefined), alert: { code: 'FIRST_CONTACT_OVERDUE', to: ({ row }) => row.owner } },
    ...monitoringAfterPlan.map((span, n) => ({
      name: `monitoring${n + 1}`, in: ['plan_agreed', 'reint_active', 'monitoring'] as const, due: ({ row }: ReintegrationFacts) => (row.planAgreedAt ? after(new Date(row.planAgreedAt), span) : undefined), alert: { code: 'MONITORING_DUE', to: ({ row }: ReintegrationFacts) => row.owner },
    })),
    { name: 'contactLost', in: helping, due: ({ row }) => lostAfter(row.attempts), alert: { code: 'CONTACT_MAY_BE_LOST', to: ({ row }) => row.owner } },
    { name: 'consentEnded', in: ['reint_suspended'], due: ({ row }) => (row.suspendedFor?.test((why) => why === 'CONSENT_ENDED') ? new Date(row.createdAt) : undefined), alert: { code: 'REINTEGRATION_CONSENT_ENDED', to: ({ row }) => row.owner } },
    { name: 'consentWithdrawn', in: open, due: ({ row }) => (row.consentWithdrawn ? new Date(row.createdAt) : undefined), alert: { code: 'REINTEGRATION_CONSENT_WITHDRAWN', to: ({ row }) => row.owner } },
    { name: 'declined', in: ['refused_by_person'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'PERSON_DECLINED_HELP', to: ({ row }) => row.owner } },
  ],
  // A return or a consent that is withdrawn ends nothing here: help goes on (decisions 5; W6), and she says herself whether she wants it (W10).
  reactions: [
    { on: ConsentWithdrawn, command: 'askHer', as: 'PLATFORM', when: isDisclosure, where: reliedOn, learns: () => ({ consentWithdrawn: true }) },
    ...[ConsentRevoked, ConsentExpired].map((on) => ({ on, command: 'suspendCase', as: 'PLATFORM' as const, when: isDisclosure, where: reliedOn, body: () => ({ suspendedFor: 'CONSENT_ENDED' }) })),
    // A newer consent carries the case from now on; that the older one ends then stops nothing.
    ...[ConsentGiven, ConsentRenewed].map((on) => ({
      on, command: 'relyOn', as: 'PLATFORM' as const, when: isDisclosure, learns: ({ consentRef }: ReactionEvent) => ({ consent: consentRef, consentWithdrawn: undefined }),
      where: ({ caseRef, data }: ReactionEvent) => (caseRef === undefined || data['recipient'] === undefined ? undefined : { caseRef, owner: data['recipient'] }),
    })),
    ...untilAssessed.map((state) => ({
      on: ReceptionConfirmed, command: 'received', as: 'PLATFORM' as const, where: ({ caseRef }: ReactionEvent) => (caseRef === undefined ? undefined : { caseRef, state }),
      learns: (event: ReactionEvent, now: Date) => ({ receivedAt: now.toISOString(), returnId: event.aggregate }),
    })),
  ],
  editable: { by: ['REINTEGRATION_MANAGER', 'SUPERVISOR'], in: ['reint_accepted', ...helping, 'reint_suspended'], body: EditReintegrationBody },
  rows: [
    // from                   command               to                   by                                            guards                                                                       emits
    [NONE,                    'propose',            'proposed',          ['RETURN_OFFICER', 'CASE_WORKER', 'PERSON'],  [consentNamesHelper, needsFitEnoughPersons],                                 ReintegrationProposed, {
      body: ProposeBody, approval: ({ body }) => (body['needsAsTheyAre'] === true && body['needs'] !== undefined ? ['SUPERVISOR', 'DPO'] : undefined),
      set: ({ caller, body, consent, reception, returnId }) => {
        const returned = returnId ?? reception?.returnCase;
        return {
          proposer: caller.organisation, ...(consent ? { consent: consent.consent } : {}), ...(returned ? { returnId: returned } : {}), ...(reception ? { receivedAt: reception.receivedAt } : {}),
          ...(typeof body['returnCase'] === 'string' ? { returnRef: body['returnCase'] } : {}),
        };
      },
    }],
    [['proposed'],            'accept',             'reint_accepted',    ['REINTEGRATION_MANAGER'],                    [consentNamesHelper, managerIsThere],                                        ReintegrationAccepted, {
      body: AcceptBody, set: ({ row, reception }) => (reception && !row.receivedAt ? { receivedAt: reception.receivedAt, returnId: reception.returnCase } : {}),
    }],
    [['proposed'],            'declineCase',        'reint_declined',    ['REINTEGRATION_MANAGER'],                    [],                                                                          ReintegrationDeclined, { body: DeclineCaseBody }],
    [['reint_accepted'],      'startAssessment',    'assessing',         ['REINTEGRATION_MANAGER'],                    [personReceived, ageStated, reassessed],                                     ReintegrationAssessmentStarted, {
      body: AssessBody, set: ({ row, reception }, now) => ({ receivedAt: row.receivedAt ?? reception?.receivedAt ?? now.toISOString(), assessedAt: now.toISOString() }),
    }],
    [['assessing'],           'agreePlan',          'plan_agreed',       ['REINTEGRATION_MANAGER', 'PERSON', 'GUARDIAN'], [guardianForChildOnly, attested('writtenWithPerson', 'The plan was written with her', 'RHB 2.3'), attested('signedByPerson', 'She has signed it', 'RHB 2.3'), pending('M7', 'bestInterestsAssessed', 'BestInterestsDetermination')], ReintegrationPlanAgreed, {
      body: AgreePlanBody, set: (_, now) => ({ planAgreedAt: now.toISOString() }),
    }],
    [['plan_agreed'],         'start',              'reint_active',      ['REINTEGRATION_MANAGER'],                    [attested('firstSupportDelivered', 'The first support was delivered', 'RHB 2.3')], ReintegrationStarted],
    [['reint_active'],        'startMonitoring',    'monitoring',        ['REINTEGRATION_MANAGER'],                    [attested('mainSupportDelivered', 'The main support was delivered', 'RHB 2.3')], ReintegrationMonitoringStarted],
    [['monitoring'],          'resumeSupport',      'reint_active',      ['REINTEGRATION_MANAGER', 'PERSON'],          [attested('newNeed', 'There is a new need', 'RHB 2.7'), attested('planRevised', 'The plan was revised with her', 'RHB 2.7')], ReintegrationSupportResumed, { body: RevisePlanBody }],
    [['reint_accepted', ...helping], 'suspendCase', 'reint_suspended',   ['REINTEGRATION_MANAGER', 'PLATFORM'],        [],                                                                          ReintegrationSuspended, { body: SuspendCaseBody }],
    [['reint_suspended'],     'resumeCase',         'assessing',         ['REINTEGRATION_MANAGER', 'PERSON'],          [consentNamesHelper, ageStated, attested('reassessedFirst', 'She was assessed again first', 'P')], ReintegrationResumed, {
      body: AssessBody, set: ({ row, consent }, now) => ({ suspendedFor: undefined, assessedAt: row.assessedAt ?? now.toISOString(), ...(consent ? { consent: consent.consent } : {}) }),
    }],
    [open,                    'personDeclines',     'refused_by_person', ['PERSON', 'GUARDIAN'],                       [],                                                                          ReintegrationDeclinedByPerson, { set: () => ({ reason: 'PERSON_CHOICE' }) }],
    [helping,                 'loseContact',        'contact_lost',      ['REINTEGRATION_MANAGER'],                    [soughtLongEnough, attested('agreedSafeChannelOnly', 'Only by the safe channel agreed with her, never through neighbours or police', 'WHO 5')], ReintegrationContactLost],
    [['contact_lost'],        'restoreContact',     'reint_active',      ['REINTEGRATION_MANAGER', 'PERSON'],          [],                                                                          ReintegrationContactRestored, { set: () => ({ attempts: undefined }) }],
    [['reint_active', 'monitoring', 'refused_by_person', 'contact_lost', 'reint_suspended', 'reint_declined'], 'closeReintegration', 'reint_closed', ['REINTEGRATION_MANAGER'],
      [attested('personTold', 'She was told, or the attempt to tell her is recorded', 'RHB 2.7'), attested('reEntryRouteGiven', 'She knows how to come back', 'RHB 2.7')], ReintegrationClosed, {
        body: CloseReintegrationBody,
        set: ({ row, followUp }) => ({ reason: neutralReason(row), ...(followUp && row.proposer !== row.owner ? { followUpConsent: followUp.consent } : {}) }),
      }],
  ],
});

import {
  ConsentExpired, ConsentGiven, ConsentInvalidated, ConsentRefused, ConsentRenewed, ConsentRequested, ConsentRevoked, ConsentWithdrawn,
  flagsOf, purposes, states, type ConsentPurpose, type StateOf,
} from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Companion, type Facts, type Guard, type Introduction, type LifecycleSpec } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import { days, later, hasRole, worksWithPeople } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { caseIsOpen, inCase, notRestricted, worksOnCase, type InCase } from '../case/case-rules.js';
import { organisationOf, type KnownOrganisation } from '../case/owner.js';
import { seenWithCase } from '../case/visible.js';
import type { EnvelopeRow } from '../identity-envelope/identity-envelope.entity.js';
import { IdentityEnvelope, destroyed, mayBeFetched } from '../identity-envelope/identity-envelope.lifecycle.js';
import { isIntroduced } from '../continuity-code/is-introduced.js';
import { Recall } from '../recall/recall.lifecycle.js';
import { Referral } from '../referral/referral.lifecycle.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import { stopReferral } from '../referral/stop-referral.js';
import { GiveConsentBody, RenewConsentBody, RequestConsentBody } from './consent-record.dto.js';
import { consentFields, type ConsentRow } from './consent-record.entity.js';
import { endOf, givenByGuardian } from './in-force.js';
import { genuineOf, signConsentRecord } from './signed.js';

export interface ConsentFacts extends Facts<ConsentRow>, InCase {
  readonly recipientKnown?: KnownOrganisation;
  /** Referrals that this consent carries, still open. */
  readonly carried?: readonly ReferralRow[];
  /** The recipient was asked already, and has not answered. */
  readonly isRecalled?: boolean;
  /** What was sealed under it and may still be fetched. */
  readonly envelopes?: readonly EnvelopeRow[];
  /** Signed as it stands. Looked at before anything is added to it. */
  readonly isGenuine?: boolean;
}

const dayOf = (t: Date): string => t.toISOString().slice(0, 10);
/** A disclosure is agreed to for 90 days at most (privacy design 9.2); what names nobody for a year. */
const longest = (purpose: ConsentPurpose | undefined, now: Date): string => dayOf(later(now, days(purpose && purposes[purpose].recipient === 'none' ? 365 : 90)));
/** Whoever writes to the database alone changes no terms: they would be signed with her yes to others. */
const genuine = guard<ConsentFacts>('SIGNED', 'termsAreAsTheyWereSigned', ({ isGenuine }) => (isGenuine === false ? 'CONSENT_NOT_GENUINE' : undefined));
/** Nobody answered: the question is asked again rather than left open. */
const UNANSWERED = days(30);

const recipientNamed = guard<ConsentFacts>('TERMS', 'recipientAsThePurposeAsks', ({ row }) => {
  const rule = row.purpose && purposes[row.purpose].recipient;
  if (rule === 'one' && !row.recipient) return 'RECIPIENT_MISSING';
  return rule === 'none' && row.recipient ? 'RECIPIENT_NOT_ALLOWED' : undefined;
});
const recipientKnown = guard<ConsentFacts>('TERMS', 'recipientIsAnActiveOrganisation', ({ row, recipientKnown: known }) => (!row.recipient || row.recipient === row.owner || known?.active ? undefined : 'RECIPIENT_NOT_KNOWN'), { retry: true });
const categoriesNamed = guard<ConsentFacts>('TERMS', 'categoriesWithinThePurpose', ({ row }) => {
  const most = row.purpose && purposes[row.purpose].atMost;
  if (!row.categories?.length) return 'CATEGORIES_MISSING';
  return most && row.categories.some((c) => !most.includes(c)) ? 'CATEGORIES_TOO_WIDE' : undefined;
});
const validityWithinLimit = guard<ConsentFacts>('TERMS', 'validityWithinTheLimit', ({ row, body }, now) => {
  const until = typeof body['validUntil'] === 'string' ? body['validUntil'] : undefined;
  if (until === undefined) return undefined;
  return until < dayOf(now) ? 'VALIDITY_OVER' : until > longest(row.purpose, now) ? 'VALIDITY_TOO_LONG' : undefined;
});

/** A child's consent is the guardian's; an adult's is nobody else's. COE 10(4); PS. */
const givenByWhoMay = guard<ConsentFacts>('M3', 'childByGuardianAdultHerself', ({ context, caller }) => {
  if (!context?.isChild) return caller.role === 'GUARDIAN' ? 'NOT_A_CHILD' : undefined;
  return context.guardian && caller.role === 'GUARDIAN' ? undefined : 'GUARDIAN_REQUIRED';
}, { sensitive: true });
const childHeard = guard<ConsentFacts>('M6', 'childsViewsAreRecorded', ({ context, body }) => {
  const heard = body['childAgrees'] ?? body['viewsMissing'];
  return !context?.isChild || heard !== undefined ? undefined : 'CHILD_VIEWS_MISSING';
}, { onBody: true, sensitive: true });
/** Guardian yes and child no is no (M6), until a best-interests procedure can decide otherwise. */
const childDoesNotObject = guard<ConsentFacts>('M6', 'childDoesNotObject', ({ context, body }) => {
  const agrees = body['childAgrees'] as ConsentRow['childAgrees'];
  return context?.isChild && agrees?.test((a) => !a) ? 'CHILD_DISAGREES' : undefined;
}, { onBody: true, sensitive: true });
const assessedFirst: readonly ConsentPurpose[] = ['REFERRAL_DISCLOSURE', 'SHELTER_PLACEMENT', 'FAMILY_CONTACT'];
const bestInterestsFirst = guard<ConsentFacts>('M7', 'bestInterestsAssessedFirst', ({ context, row, body }) => {
  if (!context?.isChild || !row.purpose || !assessedFirst.includes(row.purpose)) return undefined;
  const assessed = body['bestInterestsAssessed'] as ConsentRow['bestInterestsAssessed'];
  return assessed?.test((a) => a) ? undefined : 'BEST_INTERESTS_NOT_ASSESSED';
}, { onBody: true, sensitive: true });
/** What arranging her return takes, and the return officer may hear from her in the worker's place (decisions 3). */
const askedForReturn: readonly ConsentPurpose[] = ['ORIGIN_OFFICE_DISCLOSURE', 'EMBASSY_CONTACT', 'FAMILY_CONTACT'];
const assigned = worksOnCase();
/** Decisions 4: her decision is recorded by who is assigned. Never by the organisation that it lets in. */
const recordedByWhoMay: Guard<ConsentFacts> = {
  ...assigned,
  check: (f, now) => {
    const { row, context, caller } = f;
    const arranges = caller.roles.includes('RETURN_OFFICER') && context?.agreed.some((c) => c.purpose === 'RETURN_ARRANGEMENT' && c.recipient === caller.organisation);
    return arranges && row.recipient !== caller.organisation && askedForReturn.some((purpose) => purpose === row.purpose) ? undefined : assigned.check(f, now);
  },
};
/** While a restriction stands nobody new is let in; what names no recipient discloses nothing. */
const lettingNobodyIn: Guard<ConsentFacts> = { ...notRestricted, check: (f, now) => (f.row.recipient && f.row.recipient !== f.row.owner ? notRestricted.check(f, now) : undefined) };
const mediumKnown = guard<ConsentFacts>('TERMS', 'mediumIsRecorded', ({ row, body }) => (body['medium'] ?? row.medium ? undefined : 'MEDIUM_MISSING'), { onBody: true });
const witnessIfOral = guard<ConsentFacts>('TERMS', 'witnessIfOral', ({ row, body }) => ((body['medium'] ?? row.medium) === 'oral' && !(body['witness'] ?? row.witness) ? 'WITNESS_MISSING' : undefined), { onBody: true });
const notOver = guard<ConsentFacts>('TERMS', 'beforeExpiry', ({ row }, now) => (row.validUntil && now >= endOf(row.validUntil) ? 'EXPIRED' : undefined));
const longerThanBefore = guard<ConsentFacts>('TERMS', 'longerThanBefore', ({ row, body }) => (row.validUntil && String(body['validUntil']) <= row.validUntil ? 'NOT_LONGER' : undefined), { onBody: true });
const unanswered = guard<ConsentFacts>('TERMS', 'timeToAnswerIsOver', ({ row }, now) => (now >= later(row.createdAt, UNANSWERED) ? undefined : 'STILL_OPEN'));
/** M14: a guardian's consent ends on the 18th birthday. */
const validityOver = guard<ConsentFacts>('TERMS', 'validityIsOver', ({ row, context }, now) =>
  (row.validUntil && now >= endOf(row.validUntil)) || (context && !context.isChild && givenByGuardian(row)) ? undefined : 'STILL_VALID');


/** W3 to W5, in the same transaction: what was carried stops, and the recipient is asked to delete. W6: everything else goes on. */
const ends = (how: 'withdrawn' | 'stopped') => ({
  set: (_: ConsentFacts, now: Date) => ({ endedAt: now.toISOString() }),
  companions: ({ row, carried = [], isRecalled, envelopes = [] }: ConsentFacts): Companion[] => [
    ...envelopes.map(destroyed),
    ...carried.flatMap((r) => (how === 'withdrawn' ? [{ lifecycle: 'Referral', id: r.id, command: 'withdraw', body: { reason: 'PERSON_CHOICE' }, as: 'PLATFORM' as const }] : stopReferral(r))),
    ...(row.recipient && row.recipient !== row.owner && !isRecalled ? [{ lifecycle: 'Recall', command: 'askDeletion', body: { caseId: row.caseId, caseRef: row.caseRef, consentId: row.id, recipient: row.recipient }, as: 'PLATFORM' as const }] : []),
  ],
});
/** The recipient learns how to call the case for this purpose, so that it can name it in what it is allowed to do; and loses that name with the consent. */
const introduces = ({ row }: ConsentFacts): Introduction[] =>
  (row.recipient && row.caseId ? [{ organisation: row.recipient, kind: 'cas', aggregate: row.caseId, as: 'recipientCase', ...(row.recipient === row.owner || !row.purpose ? {} : { purpose: row.purpose }) }] : []);

const wasGiven: readonly string[] = ['given', 'renewed', 'withdrawn', 'revoked', 'expired'];
const carrying: readonly string[] = ['sent', 'acknowledged', 'accepted', 'in_service', 'suspended'];
const ending: readonly (string | undefined)[] = ['withdraw', 'revoke', 'expire'];
/** To whom she would speak in public asks for that themselves. */
const asParty = `((${worksWithPeople} or (t.purpose = 'MEDIA_INTERVIEW' and ${hasRole('MEDIA_OFFICER')})) and (t.recipient = ($1->>0) or (t.requested_by = ($1->>0) and t.owner <> ($1->>0) and t.state in ('requested', 'given', 'renewed'))))`;

export const ConsentRecord: LifecycleSpec<StateOf<'ConsentRecord'>, typeof consentFields, ConsentFacts> = lifecycle<ConsentFacts>()({
  name: 'ConsentRecord', service: 'referrals', prefix: 'con', states: states.ConsentRecord.values, fields: consentFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  purposes: (row) => (row.purpose ? [row.purpose] : []),
  facts: async (read, { row, caller, command }, now) => {
    const known = await caseContext(read, row.caseId, caller, now);
    const context = known && command === 'requestConsent' && known.standing === 'stranger' && await isIntroduced(known.read, row.caseId, caller.organisation) ? { ...known, standing: 'introduced' as const } : known;
    const theirs = context?.read ?? read;
    const [recipientOrganisation, referrals, recalls, envelopes, signed] = await Promise.all([
      command === 'requestConsent' ? organisationOf(read, row.recipient) : undefined,
      // Drafts too: one that is sent in this moment has then moved, and its consent's end is decided again.
      ending.includes(command) ? theirs.many(Referral, { caseId: row.caseId, state: ['draft', ...carrying] }) : [],
      ending.includes(command) ? theirs.many(Recall, { consentId: row.id, state: 'asked' }) : [],
      ending.includes(command) ? theirs.many(IdentityEnvelope, { consentId: row.id, state: mayBeFetched }) : [],
      command === 'give' || command === 'renew' ? genuineOf(theirs, [row]) : undefined,
    ]);
    const [carried, isRecalled] = [referrals.filter((r) => r.consentId === row.id && r.state !== 'draft'), recalls.some((r) => r.referralId === undefined)];
    return { ...inCase(context), ...(recipientOrganisation ? { recipientKnown: recipientOrganisation } : {}), carried, isRecalled, envelopes, ...(signed ? { isGenuine: signed.length > 0 } : {}) };
  },
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  // Nothing of a refusal is anywhere (W11): the recipient is a party from the day it was given.
  parties: (row) => [row.requestedBy, wasGiven.includes(row.state) ? row.recipient : undefined],
  standing: (row) => ({ RETURN_OFFICER: [row.owner, row.requestedBy ?? row.owner], REINTEGRATION_MANAGER: [row.owner, row.requestedBy ?? row.owner], LAWYER: [row.owner, row.requestedBy ?? row.owner] }),
  visible: `(${seenWithCase} or ${asParty})`,
  // She has a copy of what she agreed to (DP-35): any worker whom she shows it can withdraw it (W1).
  reachable: `((t.owner = ($1->>0) and ${hasRole('CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER', 'SUPERVISOR', 'DPO')}) or ${asParty})`,
  consentRef: (row) => row.id,
  signs: signConsentRecord,
  wire: (row) => ({ purpose: row.purpose, recipient: row.recipient, until: row.validUntil, ...flagsOf(row.categories ?? []) }),
  clocks: [
    { name: 'answer', in: ['requested'], due: ({ row }) => later(row.createdAt, UNANSWERED), command: 'lapse' },
    { name: 'validity', in: ['given', 'renewed'], due: ({ row }) => (row.validUntil ? endOf(row.validUntil) : undefined), command: 'expire' },
    // Raised where the signature does not fit (signed.ts); settled when it is no longer asked.
    { name: 'signature', in: ['requested', 'given', 'renewed'], due: () => undefined },
  ],
  rows: [
    // from                   command           to             by                                                                                                             guards  emits
    [NONE,                    'requestConsent', 'requested',   ['CASE_WORKER', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER', 'MEDIA_OFFICER'],
      [caseIsOpen, worksOnCase('opener', 'recipient', 'introduced'), recipientNamed, recipientKnown, categoriesNamed, validityWithinLimit], ConsentRequested, {
        body: RequestConsentBody,
        set: ({ row, caller, context }, now) => ({
          caseRef: context?.case.caseRef, requestedBy: caller.organisation, interpreter: row.interpreter ?? false, validUntil: row.validUntil ?? longest(row.purpose, now),
          legalBasis: row.legalBasis ?? 'CONSENT', specialCategoryBasis: row.specialCategoryBasis ?? 'EXPLICIT_CONSENT',
        }),
      }],
    [['requested'],           'give',           'given',       ['PERSON', 'GUARDIAN'],
      [attested('capacity', 'She understood what is asked and could decide', 'PS'), attested('freely', 'Nobody pressed her, and no help depends on it', 'PS'), recordedByWhoMay, givenByWhoMay, childHeard, childDoesNotObject, bestInterestsFirst, mediumKnown, witnessIfOral, notOver, genuine, lettingNobodyIn], ConsentGiven, {
        body: GiveConsentBody, introduces,
        set: ({ caller, context }, now) => ({ givenAt: now.toISOString(), givenBy: label('special', caller.role), ...(context?.isChild && context.guardian ? { guardianAppointmentId: context.guardian.id } : {}) }),
      }],
    [['requested'],           'refuse',         'refused',     ['PERSON', 'GUARDIAN'],         [recordedByWhoMay, attested('helpNotReduced', 'Help is not reduced because of it', 'COE 12')], ConsentRefused, { set: (_, now) => ({ endedAt: now.toISOString() }) }],
    [['requested'],           'lapse',          'invalidated', ['PLATFORM'],                   [unanswered],                                                                                 ConsentInvalidated, { set: (_, now) => ({ endedAt: now.toISOString() }) }],
    [['given', 'renewed'],    'renew',          'renewed',     ['PERSON', 'GUARDIAN'],         [recordedByWhoMay, notOver, longerThanBefore, validityWithinLimit, givenByWhoMay, childHeard, childDoesNotObject, genuine, lettingNobodyIn], ConsentRenewed, {
      body: RenewConsentBody, introduces,
      // With it a child's consent is the word of who speaks for her now (M4).
      set: ({ context }, now) => (context?.isChild && context.guardian ? { guardianAppointmentId: context.guardian.id, givenAt: now.toISOString() } : {}),
    }],
    [['given', 'renewed'],    'withdraw',       'withdrawn',   ['PERSON', 'GUARDIAN'],         [],                                                                             ConsentWithdrawn, ends('withdrawn')],
    [['given', 'renewed'],    'revoke',         'revoked',     ['CASE_WORKER', 'DPO'],         [attested('noLongerSafe', 'Recipient or purpose is no longer safe', 'IOM-DP 5'), attested('personTold', 'She was told', 'PS')], ConsentRevoked, ends('stopped')],
    [['given', 'renewed'],    'expire',         'expired',     ['PLATFORM'],                   [validityOver],                                                                               ConsentExpired, ends('stopped')],
  ],
});

import {
  IdentityAvailable, IdentityCollected, IdentityDestroyed, OrganisationDisabled, PartnerSuspended, PartnerTerminated, ReferralClosed, ReferralCompleted, ReferralDeclined, ReferralEnteredInError, ReferralExpired, ReferralSuspended,
  ReferralUnsuccessful, ReferralWithdrawn, ReturnCancelled, ReturnWithdrawn, RiskType, after, deadlines, type ConsentCategory, type ConsentPurpose, type Role,
} from '@footbridge/contracts';
import { NONE, guard, lifecycle, type BaseRow, type Companion, type Facts, type LifecycleSpec, type Read } from '@footbridge/lifecycle';
import { PrivacyRefusal, authorise, collectEnvelope, instantOf, label, sealEnvelope, type ConsentCapability, type Sealed, type SealedEnvelope, type SigningKeys } from '@footbridge/privacy';
import { aggregate, type People, hasRole } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { Case } from '../case/case.lifecycle.js';
import { caseIsOpen, inCase, worksOnCase, type CaseContext, type InCase } from '../case/case-rules.js';
import { organisationOf } from '../case/owner.js';
import { seenWithCase } from '../case/visible.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import { endOf } from '../consent-record/in-force.js';
import { signatureOf, termsOf } from '../consent-record/signed.js';
import { recipientKeyOf, type FoundKey } from '../recipient-key/signed.js';
import { isNamed } from '../referral/counted.js';
import { categoriesOf, readable } from '../referral/needs.controller.js';
import { agreementFor, type KnownAgreement } from '../referral/agreement.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import { Referral } from '../referral/referral.lifecycle.js';
import { newestValid } from '../risk-assessment/newest.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import { contentOf, namesOthers, type Content } from './content.js';
import { SealIdentityBody } from './identity-envelope.dto.js';
import { IdentityEnvelopeState, envelopeFields, type EnvelopeRow } from './identity-envelope.entity.js';

/** What an envelope is made for: a referral and its receiver, or a consent and the origin office that it names. */
interface Ground { readonly owner: string; readonly caseId: string | undefined; readonly consentId: string | undefined; readonly recipient: string; readonly purpose: 'REFERRAL_DISCLOSURE' | 'ORIGIN_OFFICE_DISCLOSURE'; readonly referral?: ReferralRow }

export interface EnvelopeFacts extends Facts<EnvelopeRow>, InCase {
  readonly ground?: Ground;
  /** The receiver has the referral; the origin side may be spoken to (decisions 14). */
  readonly isOpen?: boolean;
  /** Genuine, and in force at this moment. */
  readonly consent?: ConsentRow;
  readonly categories?: readonly ConsentCategory[];
  readonly recipientStands?: boolean;
  /** From the owner to the recipient, on this day; asked for where one is needed. */
  readonly agreement?: KnownAgreement;
  readonly key?: FoundKey<string>;
  /** What the library has made of it, or why it did not. */
  readonly made?: { readonly envelope: SealedEnvelope } | { readonly refused: string };
  /** Earlier ones for the same referral: a newer one takes their place. */
  readonly earlier?: readonly EnvelopeRow[];
  readonly consentNeeded?: { readonly recipient: string | undefined; readonly purpose: ConsentPurpose; readonly categories: readonly ConsentCategory[] };
}

export const mayBeFetched: readonly IdentityEnvelopeState[] = ['waiting', 'collected'];
/** Its ground is gone: in the same transaction. */
export const destroyed = ({ id }: Pick<EnvelopeRow, 'id'>): Companion => ({ lifecycle: 'IdentityEnvelope', id, command: 'destroy', body: {}, as: 'PLATFORM' });

/** Leave from the consent as it stands in the database now, under the name that the recipient has for it. */
async function leaveFor(read: Read, consent: ConsentRow, { recipient, purpose }: Ground, categories: readonly ConsentCategory[], now: Date): Promise<ConsentCapability<string, string, ConsentCategory>> {
  const [known] = await read.sql<string>(`select to_jsonb(r.ref) from reference r where r.organisation = $1->>0 and r.kind = 'con' and r.aggregate = $1->>1`, [recipient, consent.id]);
  const signature = signatureOf(consent);
  return authorise(read.port<SigningKeys>('signingKeys'), signature ? { ...termsOf(consent), signature } : termsOf(consent), { organisation: consent.owner, case: consent.caseId ?? '', recipient, purpose, fields: categories, now, ...(known === undefined ? {} : { knownAs: known }) });
}

async function attempt(make: () => Promise<SealedEnvelope>): Promise<NonNullable<EnvelopeFacts['made']>> {
  try { return { envelope: await make() }; } catch (error) {
    if (error instanceof PrivacyRefusal) return { refused: error.code };
    throw error;
  }
}

async function sealed(read: Read, { ground, context, consent, categories, key, until, escort }: { readonly escort: EnvelopeRow['escort']; readonly ground: Ground; readonly context: CaseContext; readonly consent: ConsentRow; readonly categories: readonly ConsentCategory[]; readonly key: FoundKey<string>; readonly until: Date }, now: Date): Promise<EnvelopeFacts['made']> {
  if (!('verified' in key)) return undefined;
  const risks = categories.includes('RISK_MITIGATION') ? await read.many(RiskAssessment, { caseId: ground.caseId, state: ['completed'] }) : [];
  const content: Sealed<Content> = contentOf(ground.referral ?? { serviceType: 'return' }, context.case, context.isChild, categories, newestValid(risks.filter((r) => r.plan), RiskType.values, now)?.plan, escort);
  // Who she is, is why it is sealed; who others are, is not.
  const others = await read.port<People>('people').of(consent.owner, context.case.caseRef ?? context.case.id);
  if (content.test((said) => namesOthers(said, others))) return { refused: 'SCANNER_FOUND' };
  return attempt(async () => sealEnvelope(await leaveFor(read, consent, ground, categories, now), content, key.verified, { signingKeys: read.port<SigningKeys>('signingKeys'), expires: until, now }));
}

async function groundOf(read: Read, { referralId, consentId, purpose }: EnvelopeRow): Promise<Ground | undefined> {
  if (referralId !== undefined) {
    const referral = await read.one(Referral, { id: referralId });
    return referral && { owner: referral.owner, caseId: referral.caseId, consentId: referral.consentId, recipient: referral.receiver ?? '', purpose: 'REFERRAL_DISCLOSURE', referral };
  }
  const consent = consentId === undefined ? undefined : await read.one(ConsentRecord, { id: consentId });
  return consent && (purpose ?? consent.purpose) === 'ORIGIN_OFFICE_DISCLOSURE' ? { owner: consent.owner, caseId: consent.caseId, consentId: consent.id, recipient: consent.recipient ?? '', purpose: 'ORIGIN_OFFICE_DISCLOSURE' } : undefined;
}
const originCleared = async (read: Read, caseId: string | undefined, now: Date): Promise<boolean> =>
  (await read.sql(`select to_jsonb(k.step) from clearance k where k.case_id = ($1->>0)::uuid and k.step = 'ORIGIN_CONTACT' and k.cleared and (k.until is null or k.until >= ($1->>1)::date)`, [caseId, now.toISOString().slice(0, 10)])).length > 0;

/** Seven days at most, and never longer than she agreed to. */
/** To the minute: it stands in what the recipient gets, and to the millisecond it would tell whose case it is (G4). */
const untilOf = (consent: ConsentRow, now: Date): Date =>
  new Date(instantOf(new Date(Math.min(after(now, deadlines.envelopeKept).getTime(), consent.validUntil === undefined ? 0 : endOf(consent.validUntil).getTime())), 'minute'));

const ownGround = guard<EnvelopeFacts>('ENVELOPE', 'referralOrConsentForAnOriginOfficeIsTheCallersOwn', ({ ground, caller, row }) => (ground && ground.owner === caller.organisation && (row.consentId === undefined || row.consentId === ground.consentId) ? undefined : 'NOTHING_OWN_NAMED'));
const recipientMayRead = guard<EnvelopeFacts>('ENVELOPE', 'recipientMayReadNow', ({ isOpen }) => (isOpen ? undefined : 'NOT_OPEN_TO_RECIPIENT'), { sensitive: true });
/** The history in which a try stands that was refused. */
const aboutWhom = ({ ground, context }: Pick<EnvelopeFacts, 'ground' | 'context'>): { readonly kind: string; readonly row: BaseRow } | undefined => (ground?.referral ? { kind: Referral.prefix, row: ground.referral } : context ? { kind: Case.prefix, row: context.case } : undefined);
/** G2: in force, for this recipient, purpose and these fields, when it is sealed and when it is fetched. Who tries without is on record. */
const consented = guard<EnvelopeFacts>('SG1', 'consentCoversWhatIsSealed', ({ consent, categories = [], body }) =>
  (consent && categories.length > 0 && ((body['categories'] ?? []) as readonly ConsentCategory[]).every((c) => categories.includes(c)) ? undefined : 'CONSENT_REQUIRED'),
{ sensitive: true, record: aboutWhom });
const recipientStands = guard<EnvelopeFacts>('SG3', 'recipientIsAnActivePartner', ({ recipientStands: stands }) => (stands ? undefined : 'PARTNER_NOT_ACTIVE'), { needsFresh: ({ row, ground }) => (ground?.recipient === row.owner ? [] : ['notifications']), retry: true });
/** DP-23: as when it was sent. An origin office need be no member, and an organisation signs nothing with itself. */
const needsAgreement = ({ row, ground }: EnvelopeFacts): boolean => ground?.referral !== undefined && ground.recipient !== row.owner;
const agreementInForce = guard<EnvelopeFacts>('SG3', 'dataSharingAgreementIsInForce', (f) => (!needsAgreement(f) || f.agreement ? undefined : 'NO_AGREEMENT'), { needsFresh: (f) => (needsAgreement(f) ? ['notifications'] : []), retry: true });
const agreementCovers = guard<EnvelopeFacts>('SG3', 'agreementCoversWhatIsSealed', ({ row, command, agreement, categories = [] }) =>
  (!agreement || ((command === 'collect' ? row.categories : undefined) ?? categories).every((c) => agreement.categories.includes(c)) ? undefined : 'AGREEMENT_TOO_NARROW'));
const escortIsExpected = guard<EnvelopeFacts>('ENVELOPE', 'escortIsForTheOfficeThatMeetsHer', ({ row, ground, consent, categories = [] }) =>
  (row.escort && consent && (ground?.referral !== undefined || !categories.includes('TRAVEL')) ? 'TRAVEL_NOT_AGREED' : undefined), { onBody: true });
const keyConfirmed = guard<EnvelopeFacts>('KEY', 'recipientHasAConfirmedKey', ({ key }) => (key && 'refused' in key ? key.refused : undefined));
const made = guard<EnvelopeFacts>('ENVELOPE', 'envelopeCanBeMadeAndHandedOut', ({ made: it }) => (it && 'refused' in it ? it.refused : undefined), {
  sensitive: true,
  // the answer tells whether somebody is a client of the house: it is heard that it was asked for (T36)
  record: ({ ground, context, made: it }) => {
    const about = aboutWhom({ ground, context });
    return about && it && 'refused' in it && it.refused === 'SCANNER_FOUND' ? { ...about, untold: it.refused } : undefined;
  },
});
/** What is sealed is counted in no crowd: so it is for telling who she is, and for nothing less (G7). */
const isAboutSomebody = guard<EnvelopeFacts>('ENVELOPE', 'sheIsNamedInIt', ({ context, categories = [] }) => (!context || categories.length === 0 || isNamed(context.case, categories) ? undefined : 'NOBODY_NAMED'), { sensitive: true });
const notOver = guard<EnvelopeFacts>('ENVELOPE', 'beforeItExpires', ({ row }, now) => (row.expiresAt !== undefined && now < new Date(row.expiresAt) ? undefined : 'EXPIRED'));

const ofReferral = [ReferralWithdrawn, ReferralSuspended, ReferralDeclined, ReferralExpired, ReferralCompleted, ReferralUnsuccessful, ReferralClosed, ReferralEnteredInError];
/** The receiver of a referral; for a return, who receives her. */
const fetching: readonly Role[] = ['RECEIVER', 'ORIGIN_OFFICE', 'RECEPTION_OFFICER'];
const ofRecipient = [PartnerSuspended, PartnerTerminated, OrganisationDisabled];

/** The claim check: what is sealed stays with the owner, a pointer goes out, and consent is asked for again when it is fetched (privacy design 2.2). */
export const IdentityEnvelope: LifecycleSpec<IdentityEnvelopeState, typeof envelopeFields, EnvelopeFacts> = lifecycle<EnvelopeFacts>()({
  name: 'IdentityEnvelope', service: 'referrals', prefix: 'env', states: IdentityEnvelopeState.values, fields: envelopeFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' }, referral: { kind: 'rfr', column: 'referralId', collection: 'referrals' }, consentRecord: { kind: 'con', column: 'consentId', collection: 'consent-records' } },
  facts: async (read, { row, body, caller, command }, now) => {
    const ground = command === 'destroy' ? undefined : await groundOf(read, row);
    if (!ground || ground.owner !== row.owner) return {};
    const { referral, recipient, purpose } = ground;
    const context = await caseContext(read, ground.caseId, caller, now);
    // A child's consent needs somebody who speaks for her now (M4).
    const consent = context?.isChild && !context.guardian ? undefined : context?.consents.find((c) => c.id === ground.consentId && c.recipient === recipient && c.purpose === purpose);
    const wanted = (body['categories'] ?? row.categories) as readonly ConsentCategory[] | undefined;
    const allowed = referral ? categoriesOf({ ...referral, override: undefined }, consent?.categories) : consent?.categories ?? [];
    const categories = wanted?.length ? allowed.filter((c) => wanted.includes(c)) : allowed;
    const [known, [partner], isOpen, agreement] = await Promise.all([
      organisationOf(read, recipient), read.sql<string>(`select to_jsonb(p.state) from known_partner p where p.organisation = $1->>0`, [recipient]), referral ? readable.includes(referral.state) : originCleared(read, ground.caseId, now),
      referral && recipient !== row.owner ? agreementFor(read, row.owner, recipient, now) : undefined,
    ]);
    // An origin office need be no member of the network, but one that has been put out of it is none.
    const recipientStands = recipient === row.owner || (known?.active === true && (partner ?? (referral ? undefined : 'partner_active')) === 'partner_active');
    const shared = { ...inCase(context), ground, isOpen, categories, recipientStands, ...(consent ? { consent } : {}), ...(agreement ? { agreement } : {}), consentNeeded: { recipient, purpose, categories: wanted ?? referral?.fieldsDisclosed ?? [] } };
    const mayDo = context && consent && categories.length > 0 && recipientStands && isOpen;
    if (command === 'collect') {
      const { content } = row;
      return mayDo && content ? { ...shared, made: await attempt(async () => collectEnvelope(await leaveFor(read, consent, ground, row.categories ?? [], now), content, now)) } : shared;
    }
    const [key, earlier] = await Promise.all([recipientKeyOf(read, recipient), read.many(IdentityEnvelope, { consentId: ground.consentId, recipient, state: mayBeFetched })]);
    const envelope = mayDo && command === 'sealIdentity' && ground.owner === caller.organisation ? await sealed(read, { ground, context, consent, categories, key, until: untilOf(consent, now), escort: row.escort }, now) : undefined;
    return { ...shared, key, earlier: earlier.filter((e) => e.referralId === referral?.id), ...(envelope ? { made: envelope } : {}) };
  },
  parties: (row) => [row.recipient],
  standing: (row) => Object.fromEntries(fetching.map((role) => [role, row.recipient])),
  visible: `(${seenWithCase} or (t.recipient = ($1->>0) and ${hasRole(...fetching)}))`,
  recipients: (row) => [row.recipient],
  consentRef: (row) => row.consentId,
  wire: (row) => ({ referral: aggregate(row.referralId) }),
  clocks: [
    { name: 'expiry', in: ['waiting'], due: ({ row }) => (row.expiresAt === undefined ? undefined : new Date(row.expiresAt)), command: 'destroy', shown: true },
    { name: 'pickedUp', in: ['collected'], due: ({ row }) => (row.collectedAt === undefined || row.expiresAt === undefined ? undefined : new Date(Math.min(after(new Date(row.collectedAt), deadlines.envelopeKeptAfterPickUp).getTime(), Date.parse(row.expiresAt)))), command: 'destroy' },
  ],
  reactions: [
    ...ofReferral.map((on) => ({ on, command: 'destroy', as: 'PLATFORM' as const, where: ({ aggregate: referralId }: { readonly aggregate: string }) => ({ referralId }) })),
    ...[ReturnWithdrawn, ReturnCancelled].map((on) => ({ on, command: 'destroy', as: 'PLATFORM' as const, where: ({ caseRef }: { readonly caseRef?: string }) => (caseRef === undefined ? undefined : { caseRef, purpose: 'ORIGIN_OFFICE_DISCLOSURE' }) })),
    ...ofRecipient.map((on) => ({ on, command: 'destroy', as: 'PLATFORM' as const, where: ({ data }: { readonly data: Readonly<Record<string, unknown>> }) => ({ recipient: data['organisation'] }) })),
  ],
  rows: [
    // from                      command         to           by                                                                   guards                                                                                                    emits
    [NONE,                       'sealIdentity', 'waiting',   ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'], [ownGround, worksOnCase(), caseIsOpen, recipientMayRead, consented, isAboutSomebody, recipientStands, agreementInForce, agreementCovers, escortIsExpected, keyConfirmed, made], IdentityAvailable, {
      body: SealIdentityBody,
      set: ({ ground, context, consent, categories, made: it }, now) => ({
        caseRef: context?.case.caseRef, caseId: ground?.caseId, consentId: consent?.id, recipient: ground?.recipient, purpose: ground?.purpose, categories,
        ...(consent ? { expiresAt: untilOf(consent, now).toISOString() } : {}), ...(it && 'envelope' in it ? { content: label('direct', JSON.stringify(it.envelope)) } : {}),
      }),
      companions: ({ earlier = [] }) => earlier.map(destroyed),
    }],
    [['waiting', 'collected'],   'collect',      'collected', fetching,                                                            [recipientMayRead, consented, isAboutSomebody, recipientStands, agreementInForce, agreementCovers, notOver, made],                                            IdentityCollected, {
      set: ({ row }, now) => ({ collectedAt: row.collectedAt ?? now.toISOString() }),
      once: ({ made: it }) => (it && 'envelope' in it ? { envelope: it.envelope } : {}),
      looksAt: ({ row }) => row.categories ?? [],
    }],
    [['waiting', 'collected'],   'destroy',      'destroyed', ['PLATFORM'],                                                        [],                                                                                                      IdentityDestroyed, { set: (_, now) => ({ destroyedAt: now.toISOString(), content: undefined, escort: undefined }) as never }],
  ],
});

import {
  IdentityAvailable, IdentityCollected, IdentityDestroyed, OrganisationDisabled, PartnerSuspended, PartnerTerminated, ReferralClosed, ReferralCompleted, ReferralDeclined, ReferralEnteredInError, ReferralExpired, ReferralSuspended,
  ReferralUnsuccessful, ReferralWithdrawn, RiskType, after, deadlines, type ConsentCategory,
} from '@footbridge/contracts';
import { NONE, guard, lifecycle, type Companion, type Facts, type LifecycleSpec, type Read } from '@footbridge/lifecycle';
import { PrivacyRefusal, authorise, collectEnvelope, label, sealEnvelope, type ConsentCapability, type SealedEnvelope, type SigningKeys } from '@footbridge/privacy';
import { aggregate } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { caseIsOpen, inCase, worksOnCase, type CaseContext, type InCase } from '../case/case-rules.js';
import { organisationOf } from '../case/owner.js';
import { hasRole, seenWithCase } from '../case/visible.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { endOf } from '../consent-record/in-force.js';
import { signatureOf, termsOf } from '../consent-record/signed.js';
import { recipientKeyOf, type FoundKey } from '../recipient-key/signed.js';
import { categoriesOf, readable } from '../referral/needs.controller.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import { Referral } from '../referral/referral.lifecycle.js';
import { newestValid } from '../risk-assessment/newest.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import { contentOf } from './content.js';
import { SealIdentityBody } from './identity-envelope.dto.js';
import { IdentityEnvelopeState, envelopeFields, type EnvelopeRow } from './identity-envelope.entity.js';

export interface EnvelopeFacts extends Facts<EnvelopeRow>, InCase {
  readonly referral?: ReferralRow;
  /** Of the referral: genuine, and in force at this moment. */
  readonly consent?: ConsentRow;
  readonly categories?: readonly ConsentCategory[];
  readonly recipientStands?: boolean;
  readonly key?: FoundKey<string>;
  /** What the library has made of it, or why it did not. */
  readonly made?: { readonly envelope: SealedEnvelope } | { readonly refused: string };
  /** Earlier ones for the same referral: a newer one takes their place. */
  readonly earlier?: readonly EnvelopeRow[];
  readonly consentNeeded?: { readonly recipient: string | undefined; readonly purpose: 'REFERRAL_DISCLOSURE'; readonly categories: readonly ConsentCategory[] };
}

export const mayBeFetched: readonly IdentityEnvelopeState[] = ['waiting', 'collected'];
/** Its ground is gone: in the same transaction. */
export const destroyed = ({ id }: Pick<EnvelopeRow, 'id'>): Companion => ({ lifecycle: 'IdentityEnvelope', id, command: 'destroy', body: {}, as: 'PLATFORM' });

/** Leave from the consent as it stands in the database now, under the name that the recipient has for it. */
async function leaveFor(read: Read, consent: ConsentRow, recipient: string, categories: readonly ConsentCategory[], now: Date): Promise<ConsentCapability<string, string, ConsentCategory>> {
  const [known] = await read.sql<string>(`select to_jsonb(r.ref) from reference r where r.organisation = $1->>0 and r.kind = 'con' and r.aggregate = $1->>1`, [recipient, consent.id]);
  const signature = signatureOf(consent);
  return authorise(read.port<SigningKeys>('signingKeys'), signature ? { ...termsOf(consent), signature } : termsOf(consent), { organisation: consent.owner, case: consent.caseId ?? '', recipient, purpose: 'REFERRAL_DISCLOSURE', fields: categories, now, ...(known === undefined ? {} : { knownAs: known }) });
}

async function attempt(make: () => Promise<SealedEnvelope>): Promise<NonNullable<EnvelopeFacts['made']>> {
  try { return { envelope: await make() }; } catch (error) {
    if (error instanceof PrivacyRefusal) return { refused: error.code };
    throw error;
  }
}

async function sealed(read: Read, { referral, context, consent, categories, key, until }: { readonly referral: ReferralRow; readonly context: CaseContext; readonly consent: ConsentRow; readonly categories: readonly ConsentCategory[]; readonly key: FoundKey<string>; readonly until: Date }, now: Date): Promise<EnvelopeFacts['made']> {
  if (!('verified' in key)) return undefined;
  const risks = categories.includes('RISK_MITIGATION') ? await read.many(RiskAssessment, { caseId: referral.caseId, state: ['completed'] }) : [];
  const content = contentOf(referral, context.case, context.isChild, categories, newestValid(risks.filter((r) => r.plan), RiskType.values, now)?.plan);
  return attempt(async () => sealEnvelope(await leaveFor(read, consent, referral.receiver ?? '', categories, now), content, key.verified, { signingKeys: read.port<SigningKeys>('signingKeys'), expires: until, now }));
}

/** Seven days at most, and never longer than she agreed to. */
const untilOf = (consent: ConsentRow, now: Date): Date => new Date(Math.min(after(now, deadlines.envelopeKept).getTime(), consent.validUntil === undefined ? 0 : endOf(consent.validUntil).getTime()));

const ownReferral = guard<EnvelopeFacts>('ENVELOPE', 'referralIsTheCallersOwn', ({ referral, caller }) => (referral && referral.owner === caller.organisation ? undefined : 'NOT_OWN_REFERRAL'));
const receiverMayRead = guard<EnvelopeFacts>('ENVELOPE', 'referralIsWithTheReceiver', ({ referral }) => (referral && readable.includes(referral.state) ? undefined : 'REFERRAL_NOT_OPEN'));
/** G2: in force, for this recipient, purpose and these fields, when it is sealed and when it is fetched. Who tries without is on record. */
const consented = guard<EnvelopeFacts>('SG1', 'consentCoversWhatIsSealed', ({ consent, categories = [], body }) =>
  (consent && categories.length > 0 && ((body['categories'] ?? []) as readonly ConsentCategory[]).every((c) => categories.includes(c)) ? undefined : 'CONSENT_REQUIRED'),
{ sensitive: true, record: ({ referral }) => (referral ? { kind: Referral.prefix, row: referral } : undefined) });
const recipientStands = guard<EnvelopeFacts>('SG3', 'recipientIsAnActivePartner', ({ recipientStands: stands }) => (stands ? undefined : 'PARTNER_NOT_ACTIVE'), { needsFresh: ({ row, referral }) => (referral?.receiver === row.owner ? [] : ['notifications']), retry: true });
const keyConfirmed = guard<EnvelopeFacts>('KEY', 'recipientHasAConfirmedKey', ({ key }) => (key && 'refused' in key ? key.refused : undefined));
const made = guard<EnvelopeFacts>('ENVELOPE', 'envelopeCanBeMadeAndHandedOut', ({ made: it }) => (it && 'refused' in it ? it.refused : undefined), { sensitive: true });
const notOver = guard<EnvelopeFacts>('ENVELOPE', 'beforeItExpires', ({ row }, now) => (row.expiresAt !== undefined && now < new Date(row.expiresAt) ? undefined : 'EXPIRED'));

const ofReferral = [ReferralWithdrawn, ReferralSuspended, ReferralDeclined, ReferralExpired, ReferralCompleted, ReferralUnsuccessful, ReferralClosed, ReferralEnteredInError];
const ofRecipient = [PartnerSuspended, PartnerTerminated, OrganisationDisabled];

/** The claim check: what is sealed stays with the owner, a pointer goes out, and consent is asked for again when it is fetched (privacy design 2.2). */
export const IdentityEnvelope: LifecycleSpec<IdentityEnvelopeState, typeof envelopeFields, EnvelopeFacts> = lifecycle<EnvelopeFacts>()({
  name: 'IdentityEnvelope', service: 'referrals', prefix: 'env', states: IdentityEnvelopeState.values, fields: envelopeFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' }, referral: { kind: 'rfr', column: 'referralId', collection: 'referrals' }, consentRecord: { kind: 'con', column: 'consentId', collection: 'consent-records' } },
  facts: async (read, { row, body, caller, command }, now) => {
    if (command === 'destroy' || row.referralId === undefined) return {};
    const referral = await read.one(Referral, { id: row.referralId });
    if (!referral || referral.owner !== row.owner) return {};
    const context = await caseContext(read, referral.caseId, command === 'collect' ? { ...caller, role: 'RECEIVER' } : caller, now);
    const receiver = referral.receiver ?? '';
    // A child's consent needs somebody who speaks for her now (M4).
    const consent = context?.isChild && !context.guardian ? undefined : context?.consents.find((c) => c.id === referral.consentId && c.recipient === receiver && c.purpose === 'REFERRAL_DISCLOSURE');
    const wanted = (body['categories'] ?? row.categories) as readonly ConsentCategory[] | undefined;
    const allowed = categoriesOf({ ...referral, override: undefined }, consent?.categories);
    const categories = wanted?.length ? allowed.filter((c) => wanted.includes(c)) : allowed;
    const [known, [partner]] = await Promise.all([organisationOf(read, receiver), read.sql<string>(`select to_jsonb(p.state) from known_partner p where p.organisation = $1->>0`, [receiver])]);
    const shared = { ...inCase(context), referral, categories, ...(consent ? { consent } : {}), recipientStands: receiver === row.owner || (known?.active === true && partner === 'partner_active'), consentNeeded: { recipient: receiver, purpose: 'REFERRAL_DISCLOSURE' as const, categories: wanted ?? referral.fieldsDisclosed ?? [] } };
    const mayDo = context && consent && categories.length > 0 && shared.recipientStands && readable.includes(referral.state);
    if (command === 'collect') {
      const { content } = row;
      return mayDo && content ? { ...shared, made: await attempt(async () => collectEnvelope(await leaveFor(read, consent, receiver, row.categories ?? [], now), content, now)) } : shared;
    }
    const [key, earlier] = await Promise.all([recipientKeyOf(read, receiver), read.many(IdentityEnvelope, { referralId: referral.id, state: mayBeFetched })]);
    const envelope = mayDo && command === 'sealIdentity' && referral.owner === caller.organisation ? await sealed(read, { referral, context, consent, categories, key, until: untilOf(consent, now) }, now) : undefined;
    return { ...shared, key, earlier, ...(envelope ? { made: envelope } : {}) };
  },
  parties: (row) => [row.recipient],
  standing: (row) => ({ RECEIVER: row.recipient }),
  visible: `(${seenWithCase} or (t.recipient = ($1->>0) and ${hasRole('RECEIVER')}))`,
  recipients: (row) => [row.recipient],
  consentRef: (row) => row.consentId,
  wire: (row) => ({ referral: aggregate(row.referralId) }),
  clocks: [
    { name: 'expiry', in: ['waiting'], due: ({ row }) => (row.expiresAt === undefined ? undefined : new Date(row.expiresAt)), command: 'destroy', shown: true },
    { name: 'pickedUp', in: ['collected'], due: ({ row }) => (row.collectedAt === undefined || row.expiresAt === undefined ? undefined : new Date(Math.min(after(new Date(row.collectedAt), deadlines.envelopeKeptAfterPickUp).getTime(), Date.parse(row.expiresAt)))), command: 'destroy' },
  ],
  reactions: [
    ...ofReferral.map((on) => ({ on, command: 'destroy', as: 'PLATFORM' as const, where: ({ aggregate: referralId }: { readonly aggregate: string }) => ({ referralId }) })),
    ...ofRecipient.map((on) => ({ on, command: 'destroy', as: 'PLATFORM' as const, where: ({ data }: { readonly data: Readonly<Record<string, unknown>> }) => ({ recipient: data['organisation'] }) })),
  ],
  rows: [
    // from                      command         to           by                                                                   guards                                                                                                    emits
    [NONE,                       'sealIdentity', 'waiting',   ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'], [ownReferral, worksOnCase(), caseIsOpen, receiverMayRead, consented, recipientStands, keyConfirmed, made], IdentityAvailable, {
      body: SealIdentityBody,
      set: ({ referral, context, consent, categories, made: it }, now) => ({
        caseRef: context?.case.caseRef, caseId: referral?.caseId, referralId: referral?.id, consentId: consent?.id, recipient: referral?.receiver, categories,
        ...(consent ? { expiresAt: untilOf(consent, now).toISOString() } : {}), ...(it && 'envelope' in it ? { content: label('direct', JSON.stringify(it.envelope)) } : {}),
      }),
      companions: ({ earlier = [] }) => earlier.map(destroyed),
    }],
    [['waiting', 'collected'],   'collect',      'collected', ['RECEIVER'],                                                        [receiverMayRead, consented, recipientStands, notOver, made],                                            IdentityCollected, {
      set: ({ row }, now) => ({ collectedAt: row.collectedAt ?? now.toISOString() }),
      once: ({ made: it }) => (it && 'envelope' in it ? { envelope: it.envelope } : {}),
    }],
    [['waiting', 'collected'],   'destroy',      'destroyed', ['PLATFORM'],                                                        [],                                                                                                      IdentityDestroyed, { set: (_, now) => ({ destroyedAt: now.toISOString(), content: undefined }) as never }],
  ],
});

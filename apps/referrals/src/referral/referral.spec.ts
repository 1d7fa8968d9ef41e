import { ServiceType, minimumDataset, type ConsentCategory, type RiskLevel } from '@footbridge/contracts';
import { NONE, bodyOf, fieldsOf, needsFresh, refusals, rowFor, type AnyRow, type Guard, type Lifecycle } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import type { CaseContext } from '../case/case-rules.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { categoriesOf } from './needs.controller.js';
import { Referral } from './referral.lifecycle.js';
import type { ReferralFacts } from './referral-facts.js';
import { stopReferral } from './stop-referral.js';

const now = new Date('2026-11-24T03:00:00Z');
const [house, shelter, police] = ['org_house', 'org_shelter', 'org_police'];
const base = { id: '00000000-0000-4000-8000-000000000001', owner: house, organisations: [house], version: 1, createdAt: now.toISOString(), updatedAt: now.toISOString() };
const consent = (more: Partial<ConsentRow> = {}): ConsentRow => ({ ...base, id: 'c1', state: 'given', purpose: 'REFERRAL_DISCLOSURE', recipient: shelter, categories: ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'], givenBy: label('special', 'PERSON'), ...more });
const woman: CaseContext = { case: { ...base, state: 'active', person: label('direct', { gender: 'Feminine', citizenships: ['MD'] }), isChild: label('special', false) }, standing: 'assigned', isChild: false, consents: [], agreed: [] };
const girl: CaseContext = { ...woman, isChild: true };
const guardian = { ...base, state: 'interim', guardianOrganisation: label('special', 'org_guardians') } as const;
const good: ReferralFacts = {
  row: { ...base, state: 'draft', serviceType: 'shelter', priority: 'EMERGENCY', receiver: shelter, caseId: 'k' }, body: {}, caller: { organisation: house, subject: 'acc_x', roles: ['CASE_WORKER'], role: 'CASE_WORKER' },
  context: woman, consents: [consent()], partner: { organisation: shelter, state: 'partner_active', services: ['shelter'], profiles: ['women'] }, agreement: { categories: ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION'], until: '2027-01-01' },
  receiverKnown: { organisation: shelter, type: 'NGO', country: 'AL', active: true }, ownerKnown: { organisation: house, type: 'NGO', country: 'AL', active: true }, risks: [], holds: [], hasTwin: false,
};
const row = (state: string, command: string): AnyRow => { const found = rowFor(Referral as unknown as Lifecycle, state, command); if ('row' in found) return found.row; throw new Error(`${state} ${command}`); };
const against = (state: string, command: string, facts: ReferralFacts): string[] => refusals(row(state, command)[4] as readonly Guard<ReferralFacts>[], facts, now).map((r) => `${r.guard} ${r.reason}`).sort();
const send = (more: Partial<ReferralFacts>): string[] => against('draft', 'send', { ...good, ...more });
const withRow = (more: Partial<ReferralFacts['row']>): Partial<ReferralFacts> => ({ row: { ...good.row, ...more } });
const risk = (level: RiskLevel, more: object = {}): NonNullable<ReferralFacts['risks']>[number] => ({ ...base, state: 'completed', type: label('special', 'TRANSFER'), level: label('special', level), validUntil: '2027-01-01', ...more });

describe('what must hold before a referral is sent', () => {
  it('nothing stands against it when everything is in order', () => { expect(send({})).toEqual([]); });
  it('reports everything that refuses at once', () => {
    expect(send({ consents: [], agreement: undefined, hasTwin: true })).toEqual(['SG1 CONSENT_REQUIRED', 'SG3 NO_AGREEMENT', 'SG8 ONE_OPEN_REFERRAL']);
  });
  it('SG1: the consent covers every field that was picked', () => {
    expect(send({ ...withRow({ fieldsDisclosed: ['IDENTITY'] }), consents: [consent({ categories: ['NEEDS'] })] })).toEqual(['SG1 CONSENT_REQUIRED']);
    expect(send({ consents: [consent({ categories: ['HEALTH'] })] })).toEqual(['SG1 CONSENT_REQUIRED']);
  });
  it('SG2: a child\'s is the guardian\'s, who speaks for her now, and she was heard', () => {
    const heard = consent({ givenBy: label('special', 'GUARDIAN'), childAgrees: label('special', true) });
    const forGirl = { partner: { organisation: shelter, state: 'partner_active', services: ['shelter'], profiles: ['children'] } };
    expect(send({ ...forGirl, context: { ...girl, guardian }, consents: [heard] })).toEqual([]);
    expect(send({ ...forGirl, context: girl, consents: [heard] })).toEqual(['SG2 GUARDIAN_REQUIRED']);
    expect(send({ ...forGirl, context: { ...girl, guardian }, consents: [consent()] })).toEqual(['SG2 GUARDIAN_REQUIRED']);
    expect(send({ ...forGirl, context: { ...girl, guardian }, consents: [consent({ givenBy: label('special', 'GUARDIAN') })] })).toEqual(['SG2 CHILD_VIEWS_MISSING']);
    expect(send({ ...forGirl, context: { ...girl, guardian }, consents: [consent({ givenBy: label('special', 'GUARDIAN'), viewsMissing: label('special', 'TOO_YOUNG') })] })).toEqual([]);
  });
  it('SG3: an active partner that lists the service, serves the profile and has an agreement for these categories', () => {
    expect(send({ partner: undefined })).toEqual(['SG3 PARTNER_NOT_ACTIVE']);
    expect(send({ partner: { organisation: shelter, state: 'partner_suspended', services: ['shelter'], profiles: [] } })).toEqual(['SG3 PARTNER_NOT_ACTIVE']);
    expect(send({ partner: { organisation: shelter, state: 'partner_active', services: ['legal'], profiles: [] } })).toEqual(['SG3 SERVICE_NOT_LISTED']);
    expect(send({ partner: { organisation: shelter, state: 'partner_active', services: ['shelter'], profiles: ['men'] } })).toEqual(['SG3 PROFILE_NOT_SERVED']);
    expect(send({ agreement: { categories: ['NEEDS'], until: '2027-01-01' } })).toEqual(['SG3 AGREEMENT_TOO_NARROW']);
  });
  it('SG3: waits for the news of the partners; inside the own organisation there is nobody to agree with', () => {
    expect(needsFresh(row('draft', 'send'), good)).toEqual(['notifications']);
    const internal = { ...good, ...withRow({ receiver: house }), partner: undefined, agreement: undefined, receiverKnown: undefined };
    expect([send(internal), needsFresh(row('draft', 'send'), internal)]).toEqual([[], []]);
  });
  it('SG3: not to an organisation that is disabled', () => {
    expect(send({ receiverKnown: { organisation: shelter, type: 'NGO', country: 'AL', active: false } })).toEqual(['SG3 RECEIVER_NOT_ACTIVE']);
  });
  it('SG6: a guardian is neither receiver nor referrer', () => {
    const heard = consent({ givenBy: label('special', 'GUARDIAN'), childAgrees: label('special', true) });
    const forGirl = { context: { ...girl, guardian }, consents: [heard], partner: { organisation: shelter, state: 'partner_active', services: ['shelter'], profiles: ['children'] } };
    const organised = (organisation: string): Partial<ReferralFacts> => ({ ...forGirl, context: { ...girl, guardian: { ...guardian, guardianOrganisation: label('special', organisation) } } });
    expect([send(organised(shelter)), send({ ...organised(police), ...withRow({ referrer: police }) }), send({ ...forGirl, ...withRow({ referrer: police }) })]).toEqual([['SG6 GUARDIAN_IS_RECEIVER'], ['SG6 GUARDIAN_IS_REFERRER'], []]);
  });
  it('SG5: the assessment that was completed last counts, whenever it was begun', () => {
    expect(send({ risks: [risk('EXTREME', { completedAt: '2026-11-23T00:00:00Z' }), risk('LOW', { completedAt: '2026-11-01T00:00:00Z' })] })).toEqual(['SG5 SECURITY_PLAN_MISSING']);
  });
  it('what tells of a child, a guardian or the case is named to the owner\'s workers only (decisions 21)', () => {
    const plain = (row('draft', 'send')[4] as readonly Guard<ReferralFacts>[]).filter((g) => !g.sensitive).map((g) => g.name);
    expect(plain.sort()).toEqual(['agreementCoversWhatIsSent', 'dataSharingAgreementIsInForce', 'minimumDatasetOfTheServiceOnly', 'overrideHasItsGround', 'receiverIsAnActivePartner', 'receiverIsStillActive', 'referrerAndReceiverAreDifferent', 'serviceIsListed']);
    expect((row(NONE, 'draftReferral')[4] as readonly Guard<ReferralFacts>[]).find((g) => g.name === 'caseIsOpen')?.sensitive).toBe(true);
  });
  it('does not say in events what service a child gets', () => {
    expect(ServiceType.values.filter((serviceType) => Referral.wire?.({ ...good.row, serviceType })['serviceType'] === undefined)).toEqual(['psychosocial', 'health', 'legal', 'child-protection', 'family-tracing', 'asylum']);
  });
  it('SG4: nothing beyond the minimum dataset of the service, in no service', () => {
    for (const serviceType of ServiceType.values) {
      const outside = (['HEALTH', 'EXPLOITATION', 'TRAVEL', 'FAMILY'] as const).find((c) => !minimumDataset[serviceType].includes(c)) as ConsentCategory;
      expect(send({ ...withRow({ serviceType, fieldsDisclosed: [outside] }), partner: { organisation: shelter, state: 'partner_active', services: [serviceType], profiles: [] }, consents: [consent({ categories: [outside] })] })).toContain('SG4 MORE_THAN_THE_MINIMUM');
    }
  });
  it('SG5, U3: assessed where there is time; HIGH and EXTREME with a plan; an emergency waits only for a plan against known extreme danger', () => {
    const urgent = withRow({ priority: 'URGENT' });
    expect(send(urgent)).toEqual(['SG5 RISK_NOT_ASSESSED']);
    expect(send({ ...urgent, risks: [risk('MEDIUM')] })).toEqual([]);
    expect(send({ ...urgent, risks: [risk('MEDIUM', { validUntil: '2026-11-23' })] })).toEqual(['SG5 RISK_NOT_ASSESSED']);
    expect(send({ ...urgent, risks: [risk('HIGH')] })).toEqual(['SG5 SECURITY_PLAN_MISSING']);
    expect(send({ ...urgent, risks: [risk('HIGH', { plan: label('special', 'x') })] })).toEqual([]);
    expect(send({ risks: [risk('HIGH')] })).toEqual([]);
    expect(send({ risks: [risk('EXTREME')] })).toEqual(['SG5 SECURITY_PLAN_MISSING']);
  });
  it('SG6: never to where the danger comes from, nor to who refers or is the guardian', () => {
    expect(send({ risks: [risk('LOW', { riskOrganisations: label('special', [shelter]) })] })).toEqual(['SG6 RECEIVER_IS_A_RISK']);
    expect(send(withRow({ referrer: shelter }))).toEqual(['SG6 REFERRER_IS_RECEIVER']);
    expect(send({ context: { ...woman, guardian: { ...guardian, guardianOrganisation: label('special', shelter) } } })).toEqual(['SG6 GUARDIAN_IS_RECEIVER']);
  });
  it('SG7: a hold keeps the side away that she fears: embassies, and authorities and offices of her country', () => {
    const holds = [{ ...base, state: 'placed', heldRecipients: label('special', ['ORIGIN_AUTHORITY', 'ORIGIN_OFFICE', 'EMBASSY'] as const) }];
    const receiverKnown = (type: string, country: string): Partial<ReferralFacts> => ({ holds, receiverKnown: { organisation: shelter, type, country, active: true } });
    expect(send(receiverKnown('NGO', 'AL'))).toEqual([]);
    expect(send(receiverKnown('Embassy', 'AL'))).toEqual(['SG7 HOLD']);
    expect(send(receiverKnown('NGO', 'MD'))).toEqual(['SG7 HOLD']);
    expect(send(receiverKnown('CentralGovernmentOrganisation', 'MD'))).toEqual(['SG7 HOLD']);
    expect(send(receiverKnown('CentralGovernmentOrganisation', 'RO'))).toEqual([]);
    expect(send({ ...receiverKnown('CentralGovernmentOrganisation', 'MD'), ownerKnown: { organisation: house, type: 'NGO', country: 'MD', active: true } })).toEqual([]);
  });
  it('U4: an override needs its ground and why, stands in for consent, and discloses less', () => {
    const body = { override: label('special', 'DANGER_TO_LIFE'), overrideReason: label('special', 'x') };
    expect(send({ consents: [], body })).toEqual([]);
    expect(send({ consents: [], body: { override: body.override } })).toEqual(['U4 OVERRIDE_REASON_MISSING']);
    expect(send({ consents: [], body: { ...body, override: label('special', 'CHILD_ABUSE') } })).toEqual(['U4 NOT_A_CHILD']);
  });
  it('U5: that she may be a victim is no ground', () => {
    const override = fieldsOf(bodyOf(row('draft', 'send'))).find((f) => f.name === 'override');
    expect(override?.schema['enum']).toEqual(['DANGER_TO_LIFE', 'CHILD_ABUSE', 'LEGAL_DUTY']);
  });
});

describe('what follows', () => {
  const sent = { ...good.row, state: 'acknowledged', sentAt: '2026-11-22T03:00:00Z' };
  it('a shelter accepts with a bed held for this referral only; others need none', () => {
    expect(against('sent', 'accept', { ...good, row: sent })).toEqual(['BED BED_NOT_HELD']);
    expect(against('sent', 'accept', { ...good, row: sent, bedIsHeld: true })).toEqual([]);
    expect(needsFresh(row('sent', 'accept'), { ...good, row: sent })).toEqual(['shelters']);
    expect([against('sent', 'accept', { ...good, row: { ...sent, serviceType: 'legal' } }), needsFresh(row('sent', 'accept'), { ...good, row: { ...sent, serviceType: 'legal' } })]).toEqual([[], []]);
  });
  it('nothing expires in time, nor before people were called', () => {
    expect(against('acknowledged', 'expire', { ...good, row: { ...sent, sentAt: '2026-11-24T02:00:00Z' } })).toEqual(['EXPIRE NOT_ESCALATED', 'EXPIRE STILL_OPEN']);
    expect(against('acknowledged', 'expire', { ...good, row: sent, escalated: true })).toEqual([]);
  });
  it('resuming needs that she was met and still agrees', () => {
    expect(against('suspended', 'resume', { ...good, row: { ...sent, consentId: 'c1' }, body: { causeGone: true } })).toEqual(['RESUME FIRST_CONTACT_MISSING']);
    expect(against('suspended', 'resume', { ...good, row: { ...sent, consentId: 'c1', firstContactAt: '2026-11-23T00:00:00Z' }, consents: [], body: { causeGone: true } })).toEqual(['SG1 CONSENT_REQUIRED']);
  });
  it('the loop closes when the person knows, and an unmet need is seen to', () => {
    expect(against('declined', 'closeLoop', { ...good, row: { ...sent, state: 'declined' }, body: {} })).toEqual(['LOOP UNMET_NEED', 'RN OUTCOME_TOLD_NOT_CONFIRMED']);
    expect(against('declined', 'closeLoop', { ...good, row: { ...sent, state: 'declined' }, body: { outcomeTold: true }, isReplaced: true })).toEqual([]);
    expect(against('completed', 'closeLoop', { ...good, row: { ...sent, state: 'completed' }, body: { outcomeTold: true } })).toEqual([]);
  });
  it('the draft of somebody who works on the case names only who brought her as referrer', () => {
    const context = { ...woman, case: { ...woman.case, openedBy: police } };
    const drafting = (more: object, standing: CaseContext['standing'] = 'assigned'): string[] => against(NONE, 'draftReferral', { ...good, row: { ...good.row, ...more }, context: { ...context, standing } });
    expect([drafting({}), drafting({ referrer: police }), drafting({ referrer: 'org_other' })]).toEqual([[], [], ['DRAFT REFERRER_NOT_PARTY']]);
    expect([drafting({}, 'opener'), drafting({}, 'recipient'), drafting({}, 'colleague')]).toEqual([[], ['ON_CASE NOT_ASSIGNED'], ['ON_CASE NOT_ASSIGNED']]);
  });
  it('police see a few states; other referrers all', () => {
    const recipients = (state: string, referrerSeesLittle: boolean, event: { type: string }): unknown => Referral.recipients?.({ ...sent, state, referrer: police, referrerSeesLittle }, event as never, good);
    const completed = row('in_service', 'recordOutcome')[5], started = row('accepted', 'confirmFirstContact')[5];
    expect([recipients('in_service', true, started), recipients('completed', true, completed), recipients('completed', false, completed)]).toEqual([[shelter, house, police], [shelter, house, undefined], [shelter, house, police]]);
  });
  it('a draft tells nobody, whatever becomes of it', () => {
    expect(Referral.recipients?.({ ...good.row, state: 'withdrawn', receiver: shelter, referrer: police }, row('draft', 'withdraw')[5], good)).toEqual([]);
    expect(Referral.parties?.(good.row)).toEqual([undefined, undefined]);
  });
  it('what loses its ground is suspended where help has begun and withdrawn where it waits', () => {
    expect((['sent', 'acknowledged', 'accepted', 'in_service', 'suspended'] as const).map((state) => stopReferral({ id: 'x', state }).map((c) => c.command))).toEqual([['withdraw'], ['withdraw'], ['suspend'], ['suspend'], []]);
  });
});

describe('what a receiver may fetch (DP-6)', () => {
  it('is what dataset, sent fields and consent have in common, for every service', () => {
    for (const serviceType of ServiceType.values) {
      const all = minimumDataset[serviceType];
      expect(categoriesOf({ serviceType, fieldsDisclosed: [...all, 'TRAVEL'] }, ['IDENTITY', 'TRAVEL'])).toEqual(all.filter((c) => c === 'IDENTITY' || c === 'TRAVEL'));
      expect(categoriesOf({ serviceType, fieldsDisclosed: all }, undefined)).toEqual([]);
    }
  });
});

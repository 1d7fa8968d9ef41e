import { ConsentPurpose, isGuarded, purposes, type ContractEvent, type Role } from '@footbridge/contracts';
import { NONE, checkBody, refusals, rowFor, type AnyRow, type Guard, type Lifecycle } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import type { CaseContext } from '../case/case-rules.js';
import { RenewConsentBody } from './consent-record.dto.js';
import type { ConsentRow } from './consent-record.entity.js';
import { ConsentRecord, type ConsentFacts } from './consent-record.lifecycle.js';
import { inForce } from './in-force.js';

const now = new Date('2026-11-24T03:00:00Z');
const [house, office] = ['org_house', 'org_office'];
const base = { id: 'c1', owner: house, organisations: [house], state: 'requested', version: 1, createdAt: now.toISOString(), updatedAt: now.toISOString() };
const context: CaseContext = { case: { ...base, state: 'active' }, standing: 'assigned', isChild: false, consents: [], agreed: [] };
const caller = { organisation: house, subject: 'acc_x', roles: ['CASE_WORKER'], role: 'PERSON' } as const;
const facts = (row: Partial<ConsentRow>, more: Partial<ConsentFacts> = {}): ConsentFacts => ({ row: { ...base, categories: ['IDENTITY'], ...row }, body: {}, caller, context, recipientKnown: { organisation: office, type: 'NGO', country: 'AL', active: true }, ...more });
const row = (state: string, command: string): AnyRow => { const found = rowFor(ConsentRecord as unknown as Lifecycle, state, command); if ('row' in found) return found.row; throw new Error(`${state} ${command}`); };
const against = (state: string, command: string, f: ConsentFacts): string[] => refusals(row(state, command)[4] as readonly Guard<ConsentFacts>[], f, now).map((r) => r.reason).sort();
const requested = (purpose: ConsentPurpose, more: Partial<ConsentRow> = {}, body: object = {}): string[] =>
  against(NONE, 'requestConsent', facts({ purpose, ...(purposes[purpose].recipient === 'none' ? {} : { recipient: office }), ...more }, { body: { ...body } }));

describe('one consent', () => {
  it.each(ConsentPurpose.values)('for %s names a recipient exactly where it discloses, and no more than its categories', (purpose) => {
    const { recipient, atMost } = purposes[purpose];
    expect(requested(purpose)).toEqual([]);
    expect(requested(purpose, { recipient: undefined })).toEqual(recipient === 'one' ? ['RECIPIENT_MISSING'] : []);
    expect(requested(purpose, { recipient: office })).toEqual(recipient === 'none' ? ['RECIPIENT_NOT_ALLOWED'] : []);
    expect(requested(purpose, { categories: ['HEALTH'] })).toEqual(atMost ? ['CATEGORIES_TOO_WIDE'] : []);
  });
  it('lasts 90 days at most where it discloses, a year where it names nobody', () => {
    expect(requested('REFERRAL_DISCLOSURE', {}, { validUntil: '2027-02-22' })).toEqual([]);
    expect(requested('REFERRAL_DISCLOSURE', {}, { validUntil: '2027-02-23' })).toEqual(['VALIDITY_TOO_LONG']);
    expect(requested('ASSISTANCE', {}, { validUntil: '2027-11-24' })).toEqual([]);
    expect(requested('ASSISTANCE', {}, { validUntil: '2027-11-25' })).toEqual(['VALIDITY_TOO_LONG']);
    expect(requested('ASSISTANCE', {}, { validUntil: '2026-11-23' })).toEqual(['VALIDITY_OVER']);
  });
  it('is in force up to and including its last day, and a guardian\'s only for a child (M14)', () => {
    const c = { state: 'given', validUntil: '2026-11-24', givenBy: label('special', 'GUARDIAN') };
    expect([inForce(c, true, new Date('2026-11-24T23:59:59Z')), inForce(c, true, new Date('2026-11-25T00:00:00Z')), inForce(c, false, now)]).toEqual([true, false, false]);
    expect((['requested', 'given', 'renewed', 'withdrawn', 'revoked', 'expired', 'refused', 'invalidated'] as const).filter((state) => inForce({ ...c, state }, true, now))).toEqual(['given', 'renewed']);
  });
  it('is withdrawn with nothing in the way (W1, W2)', () => {
    const by = (role: 'PERSON' | 'GUARDIAN', more: Partial<CaseContext> = {}): string[] => against('given', 'withdraw', facts({}, { caller: { ...caller, role }, context: { ...context, isChild: true, standing: 'stranger', ...more } }));
    expect([by('PERSON'), by('GUARDIAN', { guardian: { ...base, state: 'interim' } })]).toEqual([[], []]);
  });
  it('is recorded by who is assigned to the case; what her return takes also by who arranges it, never for itself (decisions 3, 4)', () => {
    const home = 'org_home';
    const arrangement: ConsentRow = { ...base, state: 'given', purpose: 'RETURN_ARRANGEMENT', recipient: home };
    const giving = (purpose: ConsentPurpose, standing: CaseContext['standing'], roles: readonly Role[], recipient = office): string[] =>
      (['give', 'refuse', 'renew'] as const).flatMap((command) => against(command === 'renew' ? 'given' : 'requested', command, facts({ purpose, recipient, medium: 'written', state: command === 'renew' ? 'given' : 'requested' }, {
        caller: { organisation: home, subject: 'acc_y', roles, role: 'PERSON' }, context: { ...context, standing, agreed: standing === 'recipient' ? [arrangement] : [] }, body: { capacity: true, freely: true, helpNotReduced: true, validUntil: '2026-12-01' },
      })));
    const not = ['NOT_ASSIGNED', 'NOT_ASSIGNED', 'NOT_ASSIGNED'];
    expect(giving('REFERRAL_DISCLOSURE', 'assigned', ['CASE_WORKER'])).toEqual([]);
    expect((['colleague', 'opener', 'recipient', 'stranger'] as const).map((s) => giving('REFERRAL_DISCLOSURE', s, ['RETURN_OFFICER']))).toEqual([not, not, not, not]);
    expect(ConsentPurpose.values.filter((p) => giving(p, 'recipient', ['RETURN_OFFICER']).length === 0)).toEqual(['ORIGIN_OFFICE_DISCLOSURE', 'EMBASSY_CONTACT', 'FAMILY_CONTACT']);
    expect([giving('EMBASSY_CONTACT', 'recipient', ['LAWYER']), giving('FAMILY_CONTACT', 'recipient', ['RETURN_OFFICER'], home)]).toEqual([not, not]);
  });
  it('of a child is given and renewed only with her own view, asked for each time (M6): what she said before says nothing now', () => {
    const guardian = { ...base, state: 'appointed' };
    const child = (command: 'give' | 'renew', body: object, more: Partial<ConsentRow> = {}): string[] => against(command === 'renew' ? 'given' : 'requested', command, facts({ purpose: 'ASSISTANCE', medium: 'written', state: command === 'renew' ? 'given' : 'requested', ...more },
      { caller: { ...caller, role: 'GUARDIAN' }, context: { ...context, isChild: true, guardian }, body: { capacity: true, freely: true, validUntil: '2026-12-01', ...body } }));
    for (const command of ['give', 'renew'] as const) {
      expect(child(command, {})).toEqual(['CHILD_VIEWS_MISSING']);
      expect(child(command, {}, { childAgrees: label('special', true), viewsMissing: label('special', 'TOO_YOUNG') })).toEqual(['CHILD_VIEWS_MISSING']);
      expect(child(command, { childAgrees: label('special', false) })).toEqual(['CHILD_DISAGREES']);
      expect(child(command, { childAgrees: label('special', true) })).toEqual([]);
      expect(child(command, { viewsMissing: label('special', 'TOO_YOUNG') })).toEqual([]);
    }
    expect(checkBody(RenewConsentBody, { validUntil: '2026-12-01', childAgrees: true, childWords: 'yes', viewsMissing: 'NOT_ABLE_NOW' })).toHaveProperty('value');
  });
  it('expires neither before its last day has ended nor while the child is one', () => {
    expect(against('given', 'expire', facts({ state: 'given', validUntil: '2026-11-24' }))).toEqual(['STILL_VALID']);
    expect(against('given', 'expire', facts({ state: 'given', validUntil: '2026-11-23' }))).toEqual([]);
    const guardians = { state: 'given', validUntil: '2027-01-01', givenBy: label('special', 'GUARDIAN') };
    expect([against('given', 'expire', facts(guardians, { context: { ...context, isChild: true } })), against('given', 'expire', facts(guardians))]).toEqual([['STILL_VALID'], []]);
  });
  it('has a recipient from the day it is given: of a refusal nothing is anywhere (W11)', () => {
    const parties = (state: string): unknown => ConsentRecord.parties?.({ ...base, state, recipient: office });
    expect(['requested', 'refused', 'invalidated', 'given', 'withdrawn'].map(parties)).toEqual([[undefined, undefined], [undefined, undefined], [undefined, undefined], [undefined, office], [undefined, office]]);
  });
  it('is told to other services only for purposes that they guard on (decisions 13)', () => {
    const { travels } = row('requested', 'give')[5] as ContractEvent;
    expect(ConsentPurpose.values.filter((purpose) => travels?.({ purpose }))).toEqual(ConsentPurpose.values.filter(isGuarded));
  });
});

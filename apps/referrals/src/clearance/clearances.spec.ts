import { ClearanceStep, type ConsentPurpose, type HeldRecipient, type RiskLevel } from '@footbridge/contracts';
import { label } from '@footbridge/privacy';
import { clearances, type ClearanceFacts } from './clearances.js';

const now = new Date('2026-11-24T03:00:00Z');
const adult: ClearanceFacts = { caseIsOpen: true, isChild: false, hasGuardian: false, consents: [], houses: [], holds: [], risks: [], hasSafetyAlert: false };
const child: ClearanceFacts = { ...adult, isChild: true, hasGuardian: true };
const consent = (purpose: ConsentPurpose, validUntil = '2027-01-31', more: object = {}): ClearanceFacts['consents'][number] => ({ purpose, validUntil, givenBy: label('special', 'PERSON'), ...more });
const guardians = (purpose: ConsentPurpose): ClearanceFacts['consents'][number] => consent(purpose, '2027-01-31', { givenBy: label('special', 'GUARDIAN'), childAgrees: label('special', true), bestInterestsAssessed: label('special', true) });
const hold = (...held: readonly HeldRecipient[]): ClearanceFacts['holds'][number] => ({ heldRecipients: label('special', held), ground: label('special', 'PROTECTION') });
const risk = (level: RiskLevel, plan?: string, validUntil = '2027-02-20'): ClearanceFacts['risks'][number] => ({ type: label('special', 'RETURN'), level: label('special', level), validUntil, ...(plan ? { plan: label('special', plan) } : {}) });
const step = (facts: ClearanceFacts, wanted: ClearanceStep): object => { const { step: _, ...found } = clearances(facts, now).find((c) => c.step === wanted) ?? { step: wanted, cleared: false, reasons: ['?'] }; return found; };
const cleared = (until?: string): object => ({ cleared: true, reasons: [], ...(until ? { until } : {}) });
const not = (...reasons: readonly string[]): object => ({ cleared: false, reasons });

describe('clearances (decisions 14)', () => {
  it('names every step, and clears none of a closed case', () => {
    expect(clearances({ ...adult, caseIsOpen: false }, now).map((c) => [c.step, c.cleared, c.reasons[0]])).toEqual(ClearanceStep.values.map((s) => [s, false, s === 'GUARDIAN' ? 'NOT_A_CHILD' : 'CASE_NOT_OPEN']));
  });
  it('PLACEMENT: an adult needs nobody\'s; a child a guardian\'s, given after a best-interests assessment and her own views (M3, M5, M6, M7)', () => {
    expect(step(adult, 'PLACEMENT')).toEqual(cleared());
    expect(step({ ...child, hasGuardian: false }, 'PLACEMENT')).toEqual(not('GUARDIAN_MISSING', 'PLACEMENT_NOT_DECIDED'));
    expect(step(child, 'PLACEMENT')).toEqual(not('PLACEMENT_NOT_DECIDED'));
    expect(step({ ...child, consents: [guardians('SHELTER_PLACEMENT')] }, 'PLACEMENT')).toEqual(cleared('2027-01-31'));
    const referred = { ...child, consents: [{ ...guardians('REFERRAL_DISCLOSURE'), recipient: 'org_lawyers' }] };
    expect([step(referred, 'PLACEMENT'), step({ ...referred, houses: ['org_lawyers'] }, 'PLACEMENT')]).toEqual([not('PLACEMENT_NOT_DECIDED'), cleared('2027-01-31')]);
    expect(step({ ...child, consents: [{ ...guardians('SHELTER_PLACEMENT'), bestInterestsAssessed: label('special', false) }] }, 'PLACEMENT')).toEqual(not('PLACEMENT_NOT_DECIDED'));
    expect(step({ ...child, hasGuardian: false, consents: [guardians('SHELTER_PLACEMENT')] }, 'PLACEMENT')).toEqual(not('GUARDIAN_MISSING'));
  });
  it('ORIGIN_CONTACT: consent, and no hold for that side', () => {
    expect(step(adult, 'ORIGIN_CONTACT')).toEqual(not('CONSENT_MISSING'));
    const agreed = { ...adult, consents: [consent('ORIGIN_OFFICE_DISCLOSURE', '2026-12-31'), consent('ORIGIN_OFFICE_DISCLOSURE', '2027-01-31')] };
    expect(step(agreed, 'ORIGIN_CONTACT')).toEqual(cleared('2027-01-31'));
    expect(step({ ...agreed, holds: [hold('ORIGIN_AUTHORITY')] }, 'ORIGIN_CONTACT')).toEqual(not('HOLD'));
    expect(step({ ...agreed, holds: [hold('EMBASSY')] }, 'ORIGIN_CONTACT')).toEqual(cleared('2027-01-31'));
    expect(step({ ...agreed, holds: [hold()] }, 'ORIGIN_CONTACT')).toEqual(not('HOLD'));
  });
  it('a legal stay holds everybody', () => {
    const stay = { heldRecipients: label('special', ['FAMILY' as const]), ground: label('special', 'LEGAL_STAY' as const) };
    expect(step({ ...adult, consents: [consent('EMBASSY_CONTACT')], holds: [stay] }, 'EMBASSY_CONTACT')).toEqual(not('HOLD'));
  });
  it('EMBASSY_CONTACT and FAMILY_CONTACT: their own consent and their own hold', () => {
    expect(step({ ...adult, consents: [consent('EMBASSY_CONTACT')] }, 'EMBASSY_CONTACT')).toEqual(cleared('2027-01-31'));
    expect(step({ ...adult, consents: [consent('EMBASSY_CONTACT')], holds: [hold('EMBASSY')] }, 'EMBASSY_CONTACT')).toEqual(not('HOLD'));
    expect(step({ ...adult, consents: [consent('FAMILY_CONTACT')], holds: [hold('EMBASSY')] }, 'FAMILY_CONTACT')).toEqual(cleared('2027-01-31'));
    expect(step({ ...child, consents: [{ ...guardians('FAMILY_CONTACT'), bestInterestsAssessed: undefined }] }, 'FAMILY_CONTACT')).toEqual(not('BEST_INTERESTS_NOT_ASSESSED'));
    expect(step({ ...child, consents: [guardians('FAMILY_CONTACT')] }, 'FAMILY_CONTACT')).toEqual(cleared('2027-01-31'));
  });
  it('RETURN_ASSESSMENT: a valid return assessment, acceptable with mitigation, and no hold (RG2, RG3)', () => {
    expect(step(adult, 'RETURN_ASSESSMENT')).toEqual(not('RETURN_RISK_NOT_ASSESSED'));
    expect(step({ ...adult, risks: [risk('MEDIUM')] }, 'RETURN_ASSESSMENT')).toEqual(cleared('2027-02-20'));
    expect(step({ ...adult, risks: [risk('HIGH')] }, 'RETURN_ASSESSMENT')).toEqual(not('RISK_TOO_HIGH'));
    expect(step({ ...adult, risks: [risk('HIGH', 'met by a trusted person')] }, 'RETURN_ASSESSMENT')).toEqual(cleared('2027-02-20'));
    expect(step({ ...adult, risks: [risk('EXTREME', 'any')] }, 'RETURN_ASSESSMENT')).toEqual(not('RISK_TOO_HIGH'));
    expect(step({ ...adult, risks: [risk('LOW', undefined, '2026-11-23')] }, 'RETURN_ASSESSMENT')).toEqual(not('RETURN_RISK_NOT_ASSESSED'));
    expect(step({ ...adult, risks: [{ ...risk('LOW'), type: label('special', 'TRANSFER') }] }, 'RETURN_ASSESSMENT')).toEqual(not('RETURN_RISK_NOT_ASSESSED'));
    expect(step({ ...adult, risks: [risk('LOW')], holds: [hold('FAMILY')] }, 'RETURN_ASSESSMENT')).toEqual(not('HOLD'));
  });
  it('RETURN_ASSESSMENT: the newest assessment counts, not the one that was to be valid for longest', () => {
    const before = { ...risk('LOW', undefined, '2027-02-20'), completedAt: '2026-11-01T00:00:00Z' };
    expect(step({ ...adult, risks: [before, { ...risk('EXTREME', undefined, '2026-12-01'), completedAt: '2026-11-20T00:00:00Z' }] }, 'RETURN_ASSESSMENT')).toEqual(not('RISK_TOO_HIGH'));
    expect(step({ ...adult, risks: [{ ...risk('EXTREME', undefined, '2026-11-23'), completedAt: '2026-11-20T00:00:00Z' }, before] }, 'RETURN_ASSESSMENT')).toEqual(not('RETURN_RISK_NOT_ASSESSED'));
  });
  it('GUARDIAN: whoever speaks for a child, also when the case is closed', () => {
    expect([step(adult, 'GUARDIAN'), step({ ...child, hasGuardian: false }, 'GUARDIAN'), step({ ...child, caseIsOpen: false }, 'GUARDIAN')]).toEqual([not('NOT_A_CHILD'), not('GUARDIAN_MISSING'), cleared()]);
  });
  it('RETURN_ASSESSMENT: never for a child before a best-interests determination (RG5)', () => {
    expect(step({ ...child, risks: [risk('LOW')] }, 'RETURN_ASSESSMENT')).toEqual(not('BEST_INTERESTS_NOT_DETERMINED'));
  });
  it('DEPARTURE: the same, and no safety alert (U6)', () => {
    expect(step({ ...adult, risks: [risk('LOW')] }, 'DEPARTURE')).toEqual(cleared('2027-02-20'));
    expect(step({ ...adult, risks: [risk('LOW')], hasSafetyAlert: true }, 'DEPARTURE')).toEqual(not('SAFETY_ALERT'));
    expect(step({ ...adult, risks: [risk('LOW')], hasSafetyAlert: true }, 'RETURN_ASSESSMENT')).toEqual(cleared('2027-02-20'));
  });
});

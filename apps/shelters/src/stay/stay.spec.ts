import { refusals, rowFor, type AnyRow } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import type { Role } from '@footbridge/contracts';
import { Stay, arrivalIsExplained, bedIsThere, freeWillOrDecision, placementCleared, type StayFacts } from './stay.lifecycle.js';
import type { StayRow } from './stay.entity.js';

const now = new Date('2026-11-24T03:00:00Z');
const base = { id: 'x', owner: 'org_house', organisations: ['org_house'], version: 1, createdAt: now.toISOString(), updatedAt: now.toISOString() };
const row = (more: Partial<StayRow> = {}): StayRow => ({ ...base, state: 'intake_pending', arrival: 'REFERRAL', shelter: 's', ...more });
const as = (role: Role): StayFacts['caller'] => ({ organisation: 'org_house', subject: 'acc_i', roles: ['SHELTER_INTAKE'], role });
const facts = (more: Partial<StayFacts> = {}): StayFacts => ({ row: row(), body: {}, caller: as('SHELTER_INTAKE'), safetyAlert: false, child: false, ...more });
const tableRow = (state: string, command: string): AnyRow => { const found = rowFor(Stay, state, command); if (!('row' in found)) throw new Error('no row'); return found.row; };
const reasons = (state: string, command: string, given: StayFacts): string[] => refusals(tableRow(state, command)[4], given as never, now).map((r) => r.reason);
const emergency = row({ arrival: 'EMERGENCY_PLACEMENT' });

describe('admission', () => {
  it('waits for the clearance of the placement, up to and including its last day', () => {
    expect(placementCleared.check(facts(), now)).toBe('PLACEMENT_NOT_CLEARED');
    expect(placementCleared.check(facts({ clearance: { cleared: false } }), now)).toBe('PLACEMENT_NOT_CLEARED');
    expect(placementCleared.check(facts({ clearance: { cleared: true, until: '2026-11-24' } }), now)).toBeUndefined();
    expect(placementCleared.check(facts({ clearance: { cleared: true, until: '2026-11-23' } }), now)).toBe('PLACEMENT_NOT_CLEARED');
  });
  it('is closed when blind, but never for an emergency placement', () => {
    const needs = placementCleared.needsFresh;
    if (typeof needs !== 'function') throw new Error('depends on the arrival');
    expect(needs(facts())).toEqual(['referrals']);
    expect(needs(facts({ row: emergency }))).toEqual([]);
    expect(placementCleared.check(facts({ row: emergency }), now)).toBeUndefined();
  });
  it('is by the person\'s own free will, or for a child by who decides for it', () => {
    expect(freeWillOrDecision.check(facts(), now)).toBe('OWN_FREE_WILL_NOT_CONFIRMED');
    const said = (child: boolean, body: Record<string, boolean>): string | undefined => freeWillOrDecision.check(facts({ child, body }), now);
    expect([said(false, { ownFreeWill: true }), said(true, { guardianOrAuthorityDecided: true })]).toEqual([undefined, undefined]);
    // nobody decides for an adult, and a child not alone
    expect([said(false, { guardianOrAuthorityDecided: true }), said(true, { ownFreeWill: true })]).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED', 'OWN_FREE_WILL_NOT_CONFIRMED']);
    expect(reasons('admitted', 'completeIntake', facts({ row: row({ state: 'admitted', arrival: 'EMERGENCY_PLACEMENT' }), body: { guardianOrAuthorityDecided: true, explainedInOwnLanguage: true, consentsRecorded: true, firstAssessmentDone: true, belongingsReceipted: true } }))).toEqual(['OWN_FREE_WILL_NOT_CONFIRMED']);
    expect(freeWillOrDecision.check(facts({ row: emergency }), now)).toBeUndefined();
  });
  it('uses the bed that was kept for this person, and no other person\'s', () => {
    const kept = { ...base, state: 'held', shelter: 's', referral: 'r' };
    expect(bedIsThere.check(facts({ row: row({ referral: 'r' }), reservation: kept }), now)).toBeUndefined();
    expect(bedIsThere.check(facts({ row: row({ referral: 'other' }), reservation: kept }), now)).toBe('BED_NOT_HELD');
    expect(bedIsThere.check(facts({ row: row({ referral: 'r' }), reservation: { ...kept, state: 'lapsed' } }), now)).toBe('BED_NOT_HELD');
    expect(bedIsThere.check(facts(), now)).toBe('CRITERIA');
  });
  it('follows a referral that was accepted, or the door, or an emergency', () => {
    expect(arrivalIsExplained.check(facts(), now)).toBe('REFERRAL_MISSING');
    expect(arrivalIsExplained.check(facts({ row: row({ arrival: 'AT_THE_DOOR' }) }), now)).toBeUndefined();
    const referral = { referral: 'r', state: 'acknowledged', sender: 'org_ngo', receiver: 'org_house', priority: 'URGENT', version: 3 } as const;
    expect(arrivalIsExplained.check(facts({ row: row({ referral: 'r' }), referral }), now)).toBe('REFERRAL_NOT_ACCEPTED');
    expect(arrivalIsExplained.check(facts({ row: row({ referral: 'r' }), referral: { ...referral, state: 'accepted' } }), now)).toBeUndefined();
  });
});

describe('leaving', () => {
  it.each(['admitted', 'resident', 'absent', 'missing', 'exit_planned'])('is open to an adult from %s, whatever else stands (W6)', (state) => {
    expect(reasons(state, 'exit', facts({ row: row({ state }), caller: as('PERSON'), safetyAlert: true }))).toEqual([]);
  });
  it('needs no news of other services', () => { for (const guard of tableRow('resident', 'exit')[4]) expect(guard.needsFresh).toBeUndefined(); });
  it('by the house\'s own hand comes after what is hers was handed over', () => {
    expect(reasons('resident', 'exit', facts({ caller: as('SHELTER_MANAGER') }))).toEqual(['DOCUMENTS_AND_BELONGINGS_HANDED_OVER_NOT_CONFIRMED']);
    expect(reasons('resident', 'exit', facts({ caller: as('SHELTER_MANAGER'), body: { documentsAndBelongingsHandedOver: true } }))).toEqual([]);
  });
  it('of a child is decided by the guardian', () => {
    expect(reasons('resident', 'exit', facts({ child: true, caller: as('PERSON') }))).toEqual(['GUARDIAN_DECIDES']);
    expect(reasons('resident', 'exit', facts({ child: true, caller: as('GUARDIAN') }))).toEqual([]);
    expect(reasons('resident', 'exit', facts({ child: true, caller: as('SHELTER_MANAGER'), body: { documentsAndBelongingsHandedOver: true } }))).toEqual(['GUARDIAN_HAS_DECIDED_NOT_CONFIRMED']);
  });
  it('is planned when no safety alert stands open (U6)', () => { expect(reasons('resident', 'planExit', facts({ safetyAlert: true, body: { safetyPlanMade: true } }))).toEqual(['SAFETY_ALERT_OPEN']); });
});

describe('somebody is missing', () => {
  const report = (given: StayFacts): string[] => reasons('resident', 'reportMissing', given);
  it('a child: the authority is told at once (M17), also where only the worker knows that it is one', () => {
    expect(report(facts({ child: true }))).toEqual(['CHILD_AUTHORITY_INFORMED_NOT_CONFIRMED']);
    expect(report(facts({ body: { child: label('special', true) } }))).toEqual(['CHILD_AUTHORITY_INFORMED_NOT_CONFIRMED']);
    expect(report(facts({ child: true, body: { childAuthorityInformed: true } }))).toEqual([]);
  });
  it('an adult: what she had wished for is respected', () => { expect(report(facts())).toEqual(['OWN_PRIOR_WISH_RESPECTED_NOT_CONFIRMED']); });
  it('is an alert at once, which does not tell whether it is a child', () => {
    const clock = Stay.clocks?.find((c) => c.name === 'missing');
    const due = clock?.due(facts({ row: row({ state: 'missing' }) }), now);
    expect(due !== undefined && due <= now).toBe(true);
    expect(clock?.alert?.code).toBe('RESIDENT_MISSING');
  });
});

describe('its clocks', () => {
  const due = (name: string, more: Partial<StayRow>): string | undefined => Stay.clocks?.find((c) => c.name === name)?.due(facts({ row: row({ admittedAt: '2026-11-24T04:00:00.000Z', ...more }) }), now)?.toISOString();
  it('ask for the intake within 72 hours', () => { expect(due('intakeCompleted', {})).toBe('2026-11-27T04:00:00.000Z'); });
  it('end an emergency placement after 24 hours, unless the person has decided', () => {
    expect(due('emergencyPlacement', { arrival: 'EMERGENCY_PLACEMENT' })).toBe('2026-11-25T04:00:00.000Z');
    expect(due('emergencyPlacement', { arrival: 'EMERGENCY_PLACEMENT', decided: true })).toBeUndefined();
    expect(due('emergencyPlacement', {})).toBeUndefined();
  });
  it('remind of what is still owed to whoever has left', () => { expect(due('handOver', { handOverOwed: true })).toBeDefined(); expect(due('handOver', { handOverOwed: false })).toBeUndefined(); });
});

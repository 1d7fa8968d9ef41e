import { refusals, rowFor, type AnyRow } from '@footbridge/lifecycle';
import { BedReservation, arrivalIsAhead, heldUntil, personAdmitted, referralIsOurs, requestIsOpen, unitFits, type BedFacts } from './bed-reservation.lifecycle.js';
import type { BedReservationRow } from './bed-reservation.entity.js';
import type { ShelterRow } from '../shelter/shelter.entity.js';

const now = new Date('2026-11-24T03:00:00Z');
const base = { id: 'x', owner: 'org_house', organisations: ['org_house'], version: 0, createdAt: now.toISOString(), updatedAt: now.toISOString() };
const row = (more: Partial<BedReservationRow> = {}): BedReservationRow => ({ ...base, state: 'held', ...more });
const shelter = (more: Partial<ShelterRow> = {}): ShelterRow => ({ ...base, state: 'open', ...more });
const unit = { code: 'A', profile: 'women', total: 4, out_of_service: 0, occupied: 0, held: 0 } as const;
const facts = (more: Partial<BedFacts> = {}): BedFacts => ({ row: row(), body: {}, caller: { organisation: 'org_house', subject: 'acc_i', roles: ['SHELTER_INTAKE'], role: 'SHELTER_INTAKE' }, shelter: shelter(), unit, ...more });
const tableRow = (state: string, command: string): AnyRow => { const found = rowFor(BedReservation, state, command); if (!('row' in found)) throw new Error('no row'); return found.row; };

describe('a hold', () => {
  it('lasts until 6 hours after the expected arrival', () => { expect(heldUntil('2026-11-24T05:00:00Z', now)?.toISOString()).toBe('2026-11-24T11:00:00.000Z'); });
  it('lasts 48 hours at most', () => { expect(heldUntil('2026-11-30T05:00:00Z', now)?.toISOString()).toBe('2026-11-26T03:00:00.000Z'); });
  it('is not for somebody who should have come long ago', () => {
    expect(arrivalIsAhead.check(facts({ row: row({ expectedArrival: '2026-11-23T21:00:00Z' }) }), now)).toBe('ARRIVAL_IN_THE_PAST');
    expect(arrivalIsAhead.check(facts({ row: row({ expectedArrival: '2026-11-23T21:01:00Z' }) }), now)).toBeUndefined();
  });
});

describe('a unit fits', () => {
  it('when it is there and for these people', () => {
    expect(unitFits.check(facts(), now)).toBeUndefined();
    expect(unitFits.check(facts({ body: { profile: 'children' } }), now)).toBe('CRITERIA');
    const { unit: _, ...without } = facts();
    expect(unitFits.check(without, now)).toBe('CRITERIA');
  });
  it('while admissions are limited, only for those who are taken', () => {
    expect(unitFits.check(facts({ shelter: shelter({ state: 'limited', limitedTo: ['families'] }) }), now)).toBe('CRITERIA');
    expect(unitFits.check(facts({ shelter: shelter({ state: 'limited', limitedTo: ['women'] }) }), now)).toBeUndefined();
  });
});

describe('a referral', () => {
  const referral = { referral: 'r', state: 'sent', sender: 'org_ngo', receiver: 'org_house', priority: 'URGENT', version: 2 } as const;
  const asked = (more: object): string | undefined => referralIsOurs.check(facts({ row: row({ referral: 'r' }), referral: { ...referral, ...more } }), now);
  it('gets a bed at the house that it was sent to, as long as it is open', () => {
    expect(asked({})).toBeUndefined();
    expect(asked({ receiver: 'org_other' })).toBe('REFERRAL_NOT_OPEN');
    expect(asked({ state: 'withdrawn' })).toBe('REFERRAL_NOT_OPEN');
  });
  it('may not have been told yet: the refusal says to come again', () => { expect(referralIsOurs.check(facts({ row: row({ referral: 'r' }) }), now)).toBe('REFERRAL_NOT_OPEN'); expect(referralIsOurs.retry).toBe(true); });
});

describe('an anonymous request', () => {
  it('is answered by one hold', () => {
    const request = { ...base, state: 'answered' };
    expect(requestIsOpen.check(facts({ row: row({ bedRequest: 'q' }), bedRequest: request }), now)).toBe('SUPERSEDED');
    expect(requestIsOpen.check(facts({ row: row({ bedRequest: 'q' }), bedRequest: { ...request, state: 'asked' } }), now)).toBeUndefined();
  });
});

describe('what happens instead', () => {
  const instead = (...reasons: string[]): unknown => tableRow('∅', 'holdBed')[6]?.otherwise?.(reasons);
  it('of a hold that does not fit is a refusal with its reason', () => {
    expect(instead('CAPACITY')).toEqual({ command: 'refuseBed', body: { refuse: 'CAPACITY' } });
    expect(instead('CRITERIA')).toEqual({ command: 'refuseBed', body: { refuse: 'CRITERIA' } });
  });
  it('of a hold that breaks another rule is nothing: the worker is told', () => { expect(instead('CRITERIA', 'REFERRAL_NOT_OPEN')).toBeUndefined(); });
});

describe('the end of a hold', () => {
  it('is an admission only together with one', () => { expect(personAdmitted.check(facts(), now)).toBe('NOT_ADMITTED'); expect(personAdmitted.check(facts({ admitted: true }), now)).toBeUndefined(); });
  it('is never held up: the bed is let go without a rule', () => { for (const command of ['release', 'lapse']) expect(refusals(tableRow('held', command)[4], facts() as never, now)).toEqual([]); });
});

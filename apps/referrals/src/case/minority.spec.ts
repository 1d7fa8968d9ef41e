import { label } from '@footbridge/privacy';
import { childKeptUntil, isChildNow, isToCome, minorityOf } from './minority.js';
import type { Person } from './person.dto.js';

const now = new Date('2026-11-24T03:00:00Z');
const of = (person: Person | undefined, belief?: 'child' | 'adult' | 'unsure'): ReturnType<typeof minorityOf> => minorityOf(person && label('direct', person), belief && label('special', belief), now);
const isChild = (...args: Parameters<typeof of>): boolean => of(...args).isChild.test((c) => c);

describe('a birth date', () => {
  it('is to come where on no clock of the world it is that day yet', () => {
    expect(['2026-11-24', '2026-11-25', undefined, '2090-01-01'].map((date) => isToCome(date, now))).toEqual([false, true, false, true]);
    expect([isToCome('2026-11-25', new Date('2026-11-24T10:00:00Z')), isToCome('2026-11-25', new Date('2026-11-24T09:59:59.999Z'))]).toEqual([false, true]);
  });
});

describe('who is treated as a child (M1; COE 10(3))', () => {
  it('whoever is under 18, to the day', () => {
    expect([isChild({ birthDate: '2008-11-25' }), isChild({ birthDate: '2008-11-24' }), isChild({ birthDate: '2008-11-23' })]).toEqual([true, false, false]);
  });
  it('whoever was born on 29 February, until 1 March', () => {
    const { adultOn } = minorityOf(label('direct', { birthDate: '2012-02-29' }), undefined, now);
    expect(adultOn?.test((d) => d === '2030-03-01')).toBe(true);
  });
  it('whose date is an estimate, up to three years beyond, unless the worker says adult', () => {
    const estimated = { birthDate: '2007-01-01', birthDateCertainty: 'estimated' } as const;
    expect([isChild(estimated), isChild(estimated, 'adult'), isChild({ ...estimated, birthDateCertainty: 'documented' }), isChild({ ...estimated, birthDate: '2004-01-01' })]).toEqual([true, false, false, false]);
  });
  it('whom the worker believes a child or is unsure of, whatever she says', () => {
    expect([isChild({}, 'child'), isChild({}, 'unsure'), isChild({ birthDate: '1999-01-01' }, 'unsure'), isChild({ ageBand: '18-20' }, 'child')]).toEqual([true, true, true, true]);
  });
  it('of whose age nothing is known', () => {
    expect([isChild(undefined), isChild({}), isChild(undefined, 'adult'), isChild({ ageBand: '21-23' }), isChild({ ageBand: '9-17' })]).toEqual([true, true, false, false, true]);
  });
  it('until the 18th birthday where it is known, else until it is verified', () => {
    const known = of({ birthDate: '2010-02-01' }), unknown = of({}, 'child');
    expect([isChildNow(known, new Date('2028-01-31T23:00:00Z')), isChildNow(known, new Date('2028-02-01T00:00:00Z'))]).toEqual([true, false]);
    expect(isChildNow(unknown, new Date('2050-01-01T00:00:00Z'))).toBe(true);
    expect(unknown.adultOn).toBeUndefined();
  });
  it('is kept until 21, told to the year only (DP-20)', () => {
    const closed = new Date('2027-03-01T00:00:00Z');
    expect(childKeptUntil(label('direct', '2028-02-01'), closed)).toEqual(new Date('2032-01-01T00:00:00Z'));
    expect(childKeptUntil(label('direct', '2020-02-01'), closed)).toEqual(new Date('2029-01-01T00:00:00Z'));
  });
});

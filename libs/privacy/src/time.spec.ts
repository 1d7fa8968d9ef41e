import fc from 'fast-check';
import { dayOf, instantOf, isDay, isInstant, isPeriod, periodOf } from './time.js';

const date = fc.date({ min: new Date('2020-01-06T00:00:00Z'), max: new Date('2099-12-20T00:00:00Z'), noInvalidDate: true });

describe('a period', () => {
  it.each([
    ['2026-11-24T03:06:00Z', '2026-W48', '2026-11', '2026-Q4'],
    ['2026-01-01T00:00:00Z', '2026-W01', '2026-01', '2026-Q1'],
    ['2027-01-01T00:00:00Z', '2026-W53', '2027-01', '2027-Q1'],
    ['2024-12-30T23:59:59Z', '2025-W01', '2024-12', '2024-Q4'],
  ])('of %s is %s, %s or %s', (when, week, month, quarter) => {
    expect([periodOf(new Date(when), 'week'), periodOf(new Date(when), 'month'), periodOf(new Date(when), 'quarter')]).toEqual([week, month, quarter]);
  });

  it('is the same for all seven days of a week', () => {
    fc.assert(fc.property(date, (any) => {
      const monday = new Date(any.getTime() - ((any.getUTCDay() + 6) % 7) * 86_400_000);
      expect(periodOf(any, 'week')).toBe(periodOf(monday, 'week'));
      expect(isPeriod(periodOf(any, 'week'))).toBe(true);
    }));
  });

  it.each(['2026-W53', '2020-W53'])('%s exists', (text) => expect(isPeriod(text)).toBe(true));
  it.each(['2027-W53', '2026-W00', '2026-W54', '2026-13', '2026-00', '2026-Q0', '2026-Q5', '2026', '2026-w48', '1987-04', '2010-02', '2026-11-24', '2026-11 ', ' 2026-11', 'x2026-W48', '2026-W48x', '2026-W4', '2026-1', 202611, ['2026-11'], ['2026-W48'], null, undefined])('%p does not', (text) => expect(isPeriod(text)).toBe(false));
});

describe('a day', () => {
  it.each(['2026-11-24', '2028-02-29'])('%s exists', (text) => expect(isDay(text)).toBe(true));
  it.each(['2026-02-29', '2026-02-30', '2026-13-01', '2026-00-10', '2026-1-1', '20261124', '2026-11-24T00:00:00Z', ' 2026-11-24', 20261124, ['2026-11-24'], null])('%p does not', (text) => expect(isDay(text)).toBe(false));
  it.each(['2010-02-01', '1987-04-12', '2019-12-31', '2100-01-01'])('%s is not on the wire: it could be a birth date', (text) => expect(isDay(text)).toBe(false));
  it('comes from a date', () => {
    expect(dayOf(new Date('2026-11-24T23:59:59Z'))).toBe('2026-11-24');
    expect(() => dayOf(new Date('2010-02-01'))).toThrow('TIME_INVALID');
    expect(() => dayOf(new Date(Number.NaN))).toThrow('TIME_INVALID');
  });
});

describe('an instant', () => {
  const at = new Date('2026-11-24T03:06:17.123Z');

  it('is cut down to what its reader may know', () => {
    expect([instantOf(at, 'millisecond'), instantOf(at, 'minute'), instantOf(at, 'hour')]).toEqual(['2026-11-24T03:06:17.123Z', '2026-11-24T03:06:00Z', '2026-11-24T03:00:00Z']);
  });

  it('is refused where it says more', () => {
    expect(isInstant('2026-11-24T03:06:17Z', 'minute')).toBe(false);
    expect(isInstant('2026-11-24T03:06:00.001Z', 'minute')).toBe(false);
    expect(isInstant('2026-11-24T03:06:00Z', 'minute')).toBe(true);
    expect(isInstant('2026-11-24T03:06:00.000Z', 'minute')).toBe(true);
    expect(isInstant('2026-11-24T03:06:00Z', 'hour')).toBe(false);
    expect(isInstant('2026-11-24T03:00:00Z', 'hour')).toBe(true);
    expect(isInstant('2026-11-24T03:06:17.123Z')).toBe(true);
  });

  it.each(['2026-02-30T00:00:00Z', '2026-11-24T24:00:00Z', '2026-11-24T03:60:00Z', '2026-11-24T03:06:00+01:00', '2026-11-24 03:06:00Z', '2026-11-24T03:06Z', '2010-02-01T00:00:00Z', ' 2026-11-24T03:06:00Z', '2026-11-24T03:06:00Z ', '2026-11-24T03:06:00.1Z', ['2026-11-24T03:06:00Z'], '', 0, null])('%p is none', (text) => expect(isInstant(text)).toBe(false));

  it('never lies after the moment it stands for', () => {
    fc.assert(fc.property(date, fc.constantFrom('minute' as const, 'hour' as const), (any, precision) => {
      const cut = instantOf(any, precision);
      expect(isInstant(cut, precision)).toBe(true);
      expect(Date.parse(cut)).toBeLessThanOrEqual(any.getTime());
    }));
  });

  it('does not come from a date that is none', () => {
    expect(() => instantOf(new Date(Number.NaN), 'minute')).toThrow('TIME_INVALID');
    expect(() => periodOf(new Date(Number.NaN), 'week')).toThrow('TIME_INVALID');
  });
});

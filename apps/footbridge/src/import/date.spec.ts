import { day, instant, pastDay } from './date.js';

const now = Date.parse('2026-11-24T03:06:00Z');
const refused = (reason: string) => ({ refused: reason });

describe('a day', () => {
  it('is read in the order that the file is said to use, and in ISO order always', () => {
    expect(day('2010-02-01')).toBe('2010-02-01');
    expect(day('1.2.2010', 'DD.MM.YYYY')).toBe('2010-02-01');
    expect(day('01. 02. 2010.', 'DD.MM.YYYY')).toBe('2010-02-01');
    expect(day('02/01/2010', 'MM/DD/YYYY')).toBe('2010-02-01');
    expect(day('02/01/2010', 'DD/MM/YYYY')).toBe('2010-01-02');
    expect(day('20100201', 'YYYYMMDD')).toBe('2010-02-01');
    expect(day('2010', 'YYYY')).toBe('2010-01-01');
    expect(day('2010-02-01', 'DD/MM/YYYY')).toBe('2010-02-01');
    expect(day('2010-02-01T00:00:00')).toBe('2010-02-01');
  });
  it('is never guessed', () => {
    for (const text of ['03/04/2010', '1.2.2010', '2010', '10-02-01', 'February 2010', '40210', '2010-02-01T10:00']) expect(day(text)).toEqual(refused('DATE_NOT_READ'));
  });
  it('is refused where the calendar has none', () => {
    for (const text of ['2010-02-29', '2010-02-31', '2010-13-01', '2010-00-10', '0000-01-01']) expect(day(text)).toEqual(refused('DATE_DOES_NOT_EXIST'));
    expect(day('2012-02-29')).toBe('2012-02-29');
    expect(day('2010-31-12', 'DD/MM/YYYY')).toEqual(refused('DATE_DOES_NOT_EXIST'));
  });
  it('of a life is neither to come nor too long ago', () => {
    expect(pastDay('2026-11-24', undefined, now)).toBe('2026-11-24');
    expect(pastDay('2027-01-01', undefined, now)).toEqual(refused('DATE_IN_FUTURE'));
    expect(pastDay('1890-01-01', undefined, now)).toEqual(refused('DATE_TOO_LONG_AGO'));
  });
});

describe('a moment', () => {
  it('is written in UTC', () => {
    expect(instant('2026-11-24T03:40:00+01:00', { now })).toBe('2026-11-24T02:40:00Z');
    expect(instant('2026-11-24T03:04:05.678Z', { now })).toBe('2026-11-24T03:04:05.678Z');
    expect(instant('24.11.2026 3:40', { now, dateFormat: 'DD.MM.YYYY', timeZone: 'Europe/Tirane' } as never)).toEqual(refused('TIME_NOT_READ'));
    expect(instant('24.11.2026 3:40', { now, format: 'DD.MM.YYYY', timeZone: 'Europe/Tirane' })).toBe('2026-11-24T02:40:00Z');
    expect(instant('2026-07-01 03:40', { now, timeZone: 'Europe/Tirane' })).toBe('2026-07-01T01:40:00Z');
  });
  it('needs an offset or a time zone; a day alone stands for its first moment', () => {
    expect(instant('2026-11-24 03:40', { now })).toEqual(refused('TIME_NOT_READ'));
    expect(instant('2026-11-24', { now })).toBe('2026-11-24T00:00:00Z');
    expect(instant('2026-11-24', { now, timeZone: 'Europe/Tirane' })).toBe('2026-11-23T23:00:00Z');
  });
  it('is refused where the clocks were put forward over it, and is the first of two where they were put back', () => {
    expect(instant('2026-03-29 02:30', { now, timeZone: 'Europe/Tirane' })).toEqual(refused('TIME_DOES_NOT_EXIST'));
    expect(instant('2026-10-25 02:30', { now, timeZone: 'Europe/Tirane' })).toMatch(/^2026-10-25T0[01]:30:00Z$/);
    expect(instant('2026-11-24T25:00:00Z', { now })).toEqual(refused('TIME_DOES_NOT_EXIST'));
  });
  it('is not to come', () => {
    expect(instant('2026-12-24T03:40:00Z', { now })).toEqual(refused('DATE_IN_FUTURE'));
  });
});

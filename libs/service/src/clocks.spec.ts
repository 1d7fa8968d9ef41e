import { answererOff, clockSaid, databaseOff, differ, offBetween } from './clocks.js';

const says = (headers: Readonly<Record<string, string>>): { readonly headers: Headers } => ({ headers: new Headers(headers) });

describe('clocks', () => {
  it('agree within a minute', () => { expect([0, 60_000, -60_000, 60_001, -60_001, 600_000].map(differ)).toEqual([false, false, false, true, true, true]); });
  it('are compared with the two moments between which the other was asked', () => { expect([offBetween(10, 10, 20), offBetween(10, 20, 20), offBetween(10, 9, 20), offBetween(10, 25, 20)]).toEqual([0, 0, -1, 5]); });
  it('the database says its own, as a number of milliseconds', async () => {
    for (const off of [600_000, -600_000]) {
      const found = await databaseOff({ query: <R extends object>() => Promise.resolve({ rows: [{ at: String(Date.now() + off) } as unknown as R] }) });
      expect(Math.abs(found - off)).toBeLessThan(5_000);
    }
  });
  it('who answers HTTP says it in whole seconds, with what a cache has kept it for, or not at all', () => {
    const now = Date.parse('2026-11-26T10:00:00.900Z');
    expect(answererOff(now, says({ date: 'Thu, 26 Nov 2026 10:00:00 GMT' }), now + 5)).toBe(0);
    expect(answererOff(now, says({ date: 'Thu, 26 Nov 2026 10:10:00 GMT' }), now)).toBe(599_100);
    expect(answererOff(now, says({ date: 'Thu, 26 Nov 2026 09:50:00 GMT' }), now)).toBe(-599_900);
    expect(answererOff(now, says({ date: 'Thu, 26 Nov 2026 09:50:00 GMT', age: '600' }), now)).toBe(0);
    expect([answererOff(now, says({}), now), answererOff(now, says({ date: 'never' }), now), answererOff(now, says({ date: 'Thu, 26 Nov 2026 09:50:00 GMT', age: 'x' }), now)]).toEqual([undefined, undefined, undefined]);
  });
  it('which is off, by how much and what to do is said', () => {
    expect(clockSaid('the database', 600_400)).toBe("The clock of the database is 600 seconds ahead of this machine's: tokens are refused, and what ends in time ends at the wrong moment. Set both by a time server (NTP), then start again.");
    expect(clockSaid('the sign-in server', -600_000)).toContain('is 600 seconds behind this');
  });
});

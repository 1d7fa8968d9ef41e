export interface TestClock { readonly manual: true; now(): Date; advance(milliseconds: number): void; set(time: string): void }

/** A clock that stands still until a test moves it. */
export function testClock(start = '2026-11-24T03:00:00Z'): TestClock {
  let now = new Date(start).getTime();
  return {
    manual: true,
    now: () => new Date(now),
    advance: (milliseconds) => { now += milliseconds; },
    set: (time) => { now = new Date(time).getTime(); },
  };
}

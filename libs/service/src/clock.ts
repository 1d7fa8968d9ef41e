/** The domain clock: deadlines and validity. In `manual` it stands still until it is advanced (decisions 27). */
export interface Clock { now(): Date; readonly manual: boolean; advance(milliseconds: number): void }

export const systemClock: Clock = {
  now: () => new Date(), manual: false,
  advance: () => { throw new Error('Only a manual clock can be advanced.'); },
};
/** Runs with the wall clock, plus whatever it was advanced by. */
export function manualClock(offset = 0): Clock {
  let ahead = offset;
  return { now: () => new Date(Date.now() + ahead), manual: true, advance: (ms) => { ahead += ms; } };
}
/** The same, and no millisecond twice: two who hold the same one have it from each other, and not by chance. */
export function distinctClock(clock = manualClock()): Clock {
  let last = 0;
  return { ...clock, now: () => new Date(last = Math.max(last + 1, clock.now().getTime())) };
}
/** As others are told: to the minute, or to the hour. */
export const minute = (t: Date): string => `${t.toISOString().slice(0, 16)}:00Z`;
export const hour = (t: Date): string => `${t.toISOString().slice(0, 13)}:00:00Z`;
export const hours = (n: number): number => n * 3_600_000;
export const days = (n: number): number => n * 86_400_000;
export const later = (from: Date | string, milliseconds: number): Date => new Date(new Date(from).getTime() + milliseconds);

/** Something that is kept for a purpose until a day; a hold keeps it longer, as long as somebody looks at it again (DP-20). */
export interface RetentionClock { readonly endsAt: Date; /** The last moment of each hold that stands. */ readonly heldUntil?: readonly Date[] }
export type RetentionStanding = 'running' | 'ends-soon' | 'held' | 'over';

/** Over is what has ended and nothing holds: to the moment, not to the day after. */
export function retentionStanding({ endsAt, heldUntil }: RetentionClock, now: Date, warningMs = 0): RetentionStanding {
  if (now >= endsAt) return heldUntil?.some((until) => now < until) ? 'held' : 'over';
  return now.getTime() + warningMs >= endsAt.getTime() ? 'ends-soon' : 'running';
}
/** What is to be done now, the longest overdue first. */
export const retentionDue = <C extends RetentionClock>(clocks: readonly C[], now: Date): readonly C[] =>
  clocks.filter((clock) => retentionStanding(clock, now) === 'over').sort((a, b) => a.endsAt.getTime() - b.endsAt.getTime());

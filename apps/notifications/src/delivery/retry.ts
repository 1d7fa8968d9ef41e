const second = 1_000, minute = 60 * second, hour = 60 * minute;

/** Before each attempt (reference 2.5.1): ten of them in 75 h 35 min 5 s. */
export const delays: readonly number[] = [0, 5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
const LONGEST_WISH = 24 * hour;

/** When to try again after so many attempts; undefined where that was the last. A receiver may ask for later, never for sooner. `jitter` is 0 to 1 and adds up to a tenth. */
export function nextAttempt(attempts: number, now: Date, jitter: number, retryAfterSeconds = 0): Date | undefined {
  const delay = delays[attempts];
  if (delay === undefined) return undefined;
  return new Date(now.getTime() + Math.max(delay * (1 + jitter / 10), Math.min(retryAfterSeconds * second, LONGEST_WISH)));
}

/** G11: what the network is told waits for the full hour, so that a single admission cannot be read from it. */
export const fullHour = (now: Date): Date => new Date(Math.ceil(now.getTime() / hour) * hour);

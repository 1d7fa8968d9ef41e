import { Refusal } from '../refusal.js';
import type { Answer } from './client.js';
import { problemCode } from './problem.js';

/** The work cannot go on now; what is done is kept. */
export class Stopped extends Error {}

export interface Clock {
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}
export const clock: Clock = {
  now: Date.now,
  wait: (ms, signal) => new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => { clearTimeout(timer); signal.removeEventListener('abort', end); resolve(); };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  }),
};

const PATIENCE_MS = 10 * 60_000;
const LONGEST_WAIT_MS = 30_000;
const TRIES_OF_A_FAULT = 3;
const TRIES_OF_A_GUARD = 10;

/** Asks again where that can help: the server is busy or away, or the same request is still at work. When it is busy, everybody waits. */
export class Patience {
  private busyUntil = 0;

  constructor(private readonly time: Clock, private readonly signal: AbortSignal, private readonly patienceMs = PATIENCE_MS) {}

  async insist(ask: () => Promise<Answer>): Promise<Answer> {
    const since = this.time.now();
    for (let tries = 1; ; tries++) {
      await this.whileBusy();
      if (this.signal.aborted) throw new Stopped('Stopped.');
      const answer = await ask().catch((error: unknown) => {
        if (error instanceof Stopped) throw error;
        if (error instanceof Refusal) throw new Stopped(error.message); // the client itself says that asking again is no use
        return undefined;
      });
      if (answer && !this.again(answer, tries)) return answer;
      const now = this.time.now();
      if (now - since > this.patienceMs) throw new Stopped(answer ? 'The server has been busy for ten minutes.' : 'The server has not answered for ten minutes.');
      const wait = asked(answer?.retryAfter, now) ?? Math.min(250 * 2 ** tries, LONGEST_WAIT_MS);
      if (answer?.status === 429 || answer?.status === 503) this.busyUntil = Math.max(this.busyUntil, now + wait);
      else await this.time.wait(wait, this.signal);
    }
  }

  private async whileBusy(): Promise<void> {
    for (let left = this.busyUntil - this.time.now(); left > 0 && !this.signal.aborted; left = this.busyUntil - this.time.now()) await this.time.wait(left, this.signal);
  }

  private again({ status, body, retryAfter }: Answer, tries: number): boolean {
    // With Retry-After, a service waits for what another one will tell it (decisions 25).
    if (status === 409) return problemCode(body) === 'idempotency-in-progress' || (retryAfter !== undefined && tries < TRIES_OF_A_GUARD);
    // What two persons have to allow is not waited for.
    if (problemCode(body) === 'looks-used-up') return false;
    if (status === 500) return tries < TRIES_OF_A_FAULT;
    return status === 429 || status === 502 || status === 503 || status === 504;
  }
}

/** Seconds, or an HTTP date. At most ten minutes: nobody's clock decides that an import stands still for a day. */
function asked(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d{1,6}$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 100), PATIENCE_MS);
}

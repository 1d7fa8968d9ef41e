import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until the answer is true (or something); an error of the last question is the reason of the failure. */
export async function waitUntil<T>(what: string, question: () => T | Promise<T>, { within = 20_000, every = 25 }: { readonly within?: number; readonly every?: number } = {}): Promise<NonNullable<T>> {
  let last: unknown;
  for (const until = Date.now() + within; ;) {
    try {
      const answer = await question();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      last = undefined;
    } catch (error) { last = error; }
    if (Date.now() > until) throw new Error(`Not within ${within} ms: ${what}`, { cause: last });
    await sleep(every);
  }
}

/** On a busy machine a service may be blind for a moment, and then answers 503: asks again, as a client would. */
export const seeing = <T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> =>
  waitUntil('the service is not blind', async () => { const answer = await ask(); return answer.status === 503 ? undefined : answer; });

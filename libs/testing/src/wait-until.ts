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

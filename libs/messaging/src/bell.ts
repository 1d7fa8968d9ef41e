import { setTimeout as sleep } from 'node:timers/promises';

/** Something to wait for, with a limit. A ring while nobody waits is not lost. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#rung && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => { clearTimeout(timer); resolve(); };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}

/** Sleeps, but not after the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** 0.1 s, 0.2 s, … 5 s: how long to leave a server alone that does not answer. */
export const backoff = (attempt: number): number => Math.min(5_000, 100 * 2 ** Math.min(attempt, 6));

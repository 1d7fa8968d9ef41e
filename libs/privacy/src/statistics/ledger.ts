import { PrivacyRefusal } from '../refusal.js';
import type { Cube } from './cube.js';

/** What one release has cost. `epsilon` in thousandths: whole numbers add up exactly. */
export interface Spent { readonly family: string; readonly cubeVersion: number; readonly period: string; readonly epsilonThousandths: number }

/** Per yearly release and for the life of a cube family (S-11). A caller may ask for less, never for more. */
export const CAP_PER_PERIOD = 1_000;
export const CAP_FOR_LIFE = 4_000;

/** 0.25 is 250 thousandths; finer than that is no budget of ours. @throws PrivacyRefusal BUDGET_INVALID */
export function thousandthsOf(epsilon: number): number {
  const thousandths = /^\d{1,2}(?:\.\d{1,3})?$/.test(String(epsilon)) ? Math.round(epsilon * 1_000) : 0;
  if (thousandths === 0) throw new PrivacyRefusal('BUDGET_INVALID');
  return thousandths;
}

/** The public account of what was spent. It only grows. */
export class Ledger {
  readonly #entries: Spent[];
  constructor(entries: readonly Spent[] = []) {
    if (!entries.every(({ epsilonThousandths: e }) => Number.isInteger(e) && e > 0)) throw new PrivacyRefusal('BUDGET_INVALID');
    this.#entries = entries.map((entry) => Object.freeze({ ...entry }));
    Object.freeze(this);
  }
  get entries(): readonly Spent[] { return [...this.#entries]; }

  spentBy(family: string): number {
    return this.#entries.filter((entry) => entry.family === family).reduce((sum, { epsilonThousandths }) => sum + epsilonThousandths, 0);
  }

  /** Whoever wants to publish pays first. @throws PrivacyRefusal BUDGET_INVALID, RELEASED_ALREADY, BUDGET_SPENT */
  spend({ family, version }: Pick<Cube, 'family' | 'version'>, period: string, epsilon: number): Spent {
    const epsilonThousandths = thousandthsOf(epsilon);
    // One release a period, for ever: a second is a second look at the same people (S-12).
    if (this.#entries.some((entry) => entry.family === family && entry.period === period)) throw new PrivacyRefusal('RELEASED_ALREADY');
    if (epsilonThousandths > CAP_PER_PERIOD || this.spentBy(family) + epsilonThousandths > CAP_FOR_LIFE) throw new PrivacyRefusal('BUDGET_SPENT');
    const entry: Spent = Object.freeze({ family, cubeVersion: version, period, epsilonThousandths });
    this.#entries.push(entry);
    return entry;
  }
}

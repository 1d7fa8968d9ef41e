import { PrivacyRefusal } from '../refusal.js';
import { Sealed, plaintextOf } from '../sealed.js';
import { MISSING, isCube, type Cube, type Dimension } from './cube.js';

/** One person as a release counts her: at most one value for each variable. */
export type Counted = Readonly<Partial<Record<Dimension, string>>>;
/** True counts: one number for each value of each table. */
export type Counts = readonly (readonly bigint[])[];

let take: (tally: Tally) => Counts;

/**
 * The true counts, which nobody sees: they go in sealed, and come out of `publish` with noise. Whoever is counted is in exactly one
 * cell of each table, once, whatever else is known of her (S-1): one person moves the whole by the number of tables.
 */
export class Tally {
  readonly #cube: Cube;
  readonly #counts: bigint[][];
  readonly #persons = new Set<string>();
  #isTaken = false;

  constructor(cube: Cube) {
    if (!isCube(cube)) throw new PrivacyRefusal('CUBE_INVALID');
    this.#cube = cube;
    this.#counts = cube.tables.map(({ values }) => values.map(() => 0n));
    Object.freeze(this);
  }
  static {
    take = (tally) => {
      // Fresh noise on the same counts would average out (S-12).
      if (tally.#isTaken) throw new PrivacyRefusal('TALLY_SPENT');
      tally.#isTaken = true;
      return tally.#counts;
    };
  }

  get cube(): Cube { return this.#cube; }

  /** `person` only tells one from another. What is not in the list of a table is not recorded, for that table. @throws PrivacyRefusal TALLY_SPENT */
  count(person: string, counted: Sealed<Counted>): void {
    if (this.#isTaken) throw new PrivacyRefusal('TALLY_SPENT');
    if (this.#persons.has(person)) return;
    this.#persons.add(person);
    const facts = plaintextOf(counted);
    this.#cube.tables.forEach(({ name, values }, t) => {
      const value = facts[name] ?? MISSING;
      const cell = values.includes(value) ? values.indexOf(value) : values.indexOf(MISSING);
      const row = this.#counts[t] as bigint[];
      row[cell] = (row[cell] as bigint) + 1n;
    });
  }

  toJSON(): never { throw new PrivacyRefusal('SEALED_VALUE'); }
  toString(): string { return '[sealed]'; }
  [Symbol.for('nodejs.util.inspect.custom')](): string { return '[sealed]'; }
}

/** For `publish`, once; not exported by the package. @throws PrivacyRefusal TALLY_SPENT */
export const countsOf = (tally: Tally): Counts => take(tally);

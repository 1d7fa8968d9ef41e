import { PrivacyRefusal } from '../refusal.js';
import { accuracyOfCell, accuracyOfTotal, type Accuracy } from './accuracy.js';
import { commonTotal, fitted, hidden } from './consistency.js';
import type { Cube, Dimension } from './cube.js';
import { discreteLaplace } from './noise.js';
import { thousandthsOf, type Ledger, type Spent } from './ledger.js';
import { cryptographic, type Rng } from './random.js';
import { countsOf, type Tally } from './tally.js';

/** `count` is null where it is not shown. */
export interface Cell extends Accuracy { readonly value: string; readonly count: number | null }
export interface ReleasedTable { readonly variable: Dimension; readonly cells: readonly Cell[] }

/** What is published for a period, for ever the same (S-12). Plain: every number in it has noise. */
export interface Release {
  readonly family: string;
  readonly cubeVersion: number;
  /** The year in which people were first assisted, identified or referred (`yearOfRegistration`). */
  readonly period: string;
  readonly areas: readonly string[];
  readonly unit: 'person';
  readonly epsilon: number;
  readonly delta: 0;
  readonly k: number;
  readonly rounding: 'none';
  readonly suppressedCells: number;
  readonly total: Accuracy & { readonly count: number | null };
  readonly tables: readonly ReleasedTable[];
}

export interface PublishOptions {
  /** Divided evenly between the tables. */
  readonly epsilon: number;
  /** The smallest count that is shown; 11 or more. */
  readonly kNoisy: number;
  readonly now: Date;
  /** Pays for it; keep the new entry and the release in one transaction. */
  readonly ledger: Ledger;
  readonly rng?: Rng;
}

/** CTDC's own (reference 5.1), and the least that is allowed. */
export const K = 11;
const YEAR = /^20[2-9]\d$/;

/**
 * Noise on every cell, zeros included (S-10), and only then anything else: consistency and k see noisy counts alone, so that they cost
 * nothing and hide nothing that could be learnt from hiding it (privacy design 1.2).
 * @throws PrivacyRefusal K_TOO_SMALL, PERIOD_INVALID, PERIOD_NOT_OVER, and what `Ledger.spend` and a spent tally refuse
 */
export function publish(cube: Cube, period: string, tally: Tally, { epsilon, kNoisy, now, ledger, rng = cryptographic }: PublishOptions): { readonly release: Release; readonly spent: Spent } {
  if (tally.cube !== cube) throw new PrivacyRefusal('CUBE_INVALID');
  if (!Number.isInteger(kNoisy) || kNoisy < K) throw new PrivacyRefusal('K_TOO_SMALL');
  if (!YEAR.test(period)) throw new PrivacyRefusal('PERIOD_INVALID');
  // Written so that a clock which says nothing sensible says no.
  if (!(now.getUTCFullYear() > Number(period))) throw new PrivacyRefusal('PERIOD_NOT_OVER');
  const spent = ledger.spend(cube, period, epsilon);

  // One person moves as many cells by one as there are tables: that is the sensitivity.
  const [num, den] = [BigInt(cube.tables.length) * 1_000n, BigInt(thousandthsOf(epsilon))];
  const noisy = countsOf(tally).map((cells) => cells.map((count) => count + discreteLaplace(num, den, rng)));

  const total = commonTotal(noisy);
  const k = BigInt(kNoisy);
  const scale = Number(num) / Number(den);
  const accuracy = accuracyOfCell(scale);
  const tables = cube.tables.map(({ name, values }, t): ReleasedTable => {
    const cells = noisy[t] as readonly bigint[];
    const counts = fitted(cells, total);
    const hide = hidden(cells, counts, k);
    return { variable: name, cells: values.map((value, i): Cell => ({ value, count: hide.has(i) ? null : Number(counts[i]), ...accuracy })) };
  });
  const release: Release = {
    family: cube.family, cubeVersion: cube.version, period, areas: cube.areas, unit: 'person', epsilon, delta: 0, k: kNoisy, rounding: 'none',
    suppressedCells: tables.reduce((sum, { cells }) => sum + cells.filter(({ count }) => count === null).length, 0),
    total: { count: total < k ? null : Number(total), ...accuracyOfTotal(scale, cube.tables.map(({ values }) => values.length)) },
    tables,
  };
  return { release, spent };
}

import { codeList, codeOf, type CodeList } from '../code-list.js';
import type { Gate, WireBytes } from '../gate.js';
import { versionOf, figure, wire } from '../wire.js';
import { MOST_TABLES, type Cube } from './cube.js';
import { CAP_FOR_LIFE, CAP_PER_PERIOD, type Spent } from './ledger.js';
import { K, type Cell, type Release } from './release.js';

/** How a release came about, in words of a list: no text leaves in it, so none can leave by it (S-18; docs/statistics.md says it at length). */
const Method = codeList('StatisticsMethod', ['discrete Laplace noise, drawn exactly, on every cell']);
const Consistency = codeList('StatisticsConsistency', ['one total by weighted least squares; whole numbers of 0 or more']);
const Suppression = codeList('StatisticsSuppression', ['under k with its noise, and what would tell it by subtraction']);
const Caution = codeList('StatisticsCaution', ['Detection is not prevalence.']);
const Unit = codeList('StatisticsUnit', ['person']);
const Rounding = codeList('StatisticsRounding', ['none']);

const MOST = 9_999_999;
const LARGEST_ERROR = 99_999;
const year = figure.integer(2020, 2099);
const epsilon = figure.decimal(0, CAP_PER_PERIOD / 1_000, 3);
const method = { method: wire.code(Method), epsilon, delta: figure.integer(0, 0), k: figure.integer(K, 9_999), caution: wire.code(Caution) };
const head = {
  cubeVersion: wire.version, yearOfRegistration: year, unit: wire.code(Unit), tables: figure.integer(1, MOST_TABLES), ...method,
  rounding: wire.code(Rounding), consistency: wire.code(Consistency), suppression: wire.code(Suppression), suppressedCells: figure.integer(0, 9_999),
};
const TOTAL = 'total';
const EVERYBODY = 'all';

const familiesOf = (names: readonly string[]): CodeList<string> => codeList('StatisticsFamily', [...new Set(names)]);

/** A release as the two files in which it is published, through the gate: CTDC's names, each count with its error. @throws what the gate refuses */
export function releaseFiles(gate: Gate, cube: Cube, release: Release): { readonly json: WireBytes; readonly csv: WireBytes } {
  const Family = familiesOf([cube.family]);
  const Variable = codeList('StatisticsVariable', [TOTAL, ...cube.tables.map(({ name }) => name)], 'special');
  const Value = codeList('StatisticsValue', [...new Set([EVERYBODY, ...cube.tables.flatMap(({ values }) => values)])], 'special');
  const columns = {
    variable: figure.category(Variable), value: figure.category(Value), count: wire.optional(figure.integer(K, MOST)), share: wire.optional(figure.decimal(0, 1, 2)),
    expectedAbsoluteError: figure.decimal(0, LARGEST_ERROR, 1), halfWidth95: figure.integer(0, LARGEST_ERROR), suppressed: wire.boolean,
  };
  const about = { method: codeOf(Method, Method.values[0]), epsilon: release.epsilon, delta: release.delta, k: release.k, caution: codeOf(Caution, Caution.values[0]) };
  const total = release.total.count;
  const row = (variable: string, { value, count, expectedAbsoluteError, halfWidth95 }: Cell) => ({
    variable: codeOf(Variable, variable), value: codeOf(Value, value),
    // From published numbers only (S-16).
    ...(count === null || total === null ? {} : { count, share: Math.round((count * 100) / total) / 100 }),
    expectedAbsoluteError, halfWidth95, suppressed: count === null,
  });
  const rows = [row(TOTAL, { value: EVERYBODY, ...release.total }), ...release.tables.flatMap(({ variable, cells }) => cells.map((cell) => row(variable, cell)))];
  const said = {
    family: codeOf(Family, release.family), cubeVersion: versionOf(release.cubeVersion), yearOfRegistration: Number(release.period), unit: codeOf(Unit, release.unit), tables: cube.tables.length, ...about,
    rounding: codeOf(Rounding, release.rounding), consistency: codeOf(Consistency, Consistency.values[0]), suppression: codeOf(Suppression, Suppression.values[0]), suppressedCells: release.suppressedCells,
  };
  // A line that is copied out of the table says as well by what method it came about; the rest stands in the other file.
  const lines = rows.map((r) => ({ yearOfRegistration: said.yearOfRegistration, ...r, ...about }));
  return {
    json: gate.document({ name: 'statistics', readership: 'public', head: { family: wire.code(Family), ...head }, columns }, { head: said, rows }, {}, 'json'),
    csv: gate.document({ name: 'statistics', readership: 'public', head: {}, columns: { yearOfRegistration: year, ...columns, ...method } }, { head: {}, rows: lines }, {}, 'csv'),
  };
}

const caps = { capPerRelease: epsilon, capForLife: figure.decimal(0, CAP_FOR_LIFE / 1_000, 3) };
const cost = { cubeVersion: wire.version, yearOfRegistration: year, epsilon, delta: figure.integer(0, 0), spentByFamily: caps.capForLife };

/** What was released, and what each release has cost: the public account (S-11). */
export function ledgerFile(gate: Gate, entries: readonly Spent[]): WireBytes {
  const Family = familiesOf(entries.length === 0 ? ['none'] : entries.map(({ family }) => family));
  const rows = entries.map(({ family, cubeVersion, period, epsilonThousandths }, i) => ({
    family: codeOf(Family, family), cubeVersion: versionOf(cubeVersion), yearOfRegistration: Number(period), epsilon: epsilonThousandths / 1_000, delta: 0,
    spentByFamily: entries.slice(0, i + 1).filter((entry) => entry.family === family).reduce((sum, entry) => sum + entry.epsilonThousandths, 0) / 1_000,
  }));
  return gate.document({ name: 'statistics', readership: 'public', head: caps, columns: { family: wire.code(Family), ...cost } }, { head: { capPerRelease: CAP_PER_PERIOD / 1_000, capForLife: CAP_FOR_LIFE / 1_000 }, rows }, {}, 'json');
}

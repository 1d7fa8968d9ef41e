import { createGate } from '../gate.js';
import { defineCube } from './cube.js';
import { ledgerFile, releaseFiles } from './export.js';
import { spec } from './people.fixture.js';
import type { Release } from './release.js';

const cube = defineCube({ ...spec, dimensions: ['isForcedLabour', 'gender'] });
const error = { expectedAbsoluteError: 6, halfWidth95: 18 };
const release: Release = {
  family: 'footbridge', cubeVersion: 1, period: '2025', areas: ['GTM', 'HND'], unit: 'person', epsilon: 1, delta: 0, k: 11, rounding: 'none', suppressedCells: 3,
  total: { count: 180, expectedAbsoluteError: 5.5, halfWidth95: 12 },
  tables: [
    { variable: 'isForcedLabour', cells: [{ value: '1', count: 120, ...error }, { value: 'missing', count: 60, ...error }] },
    { variable: 'gender', cells: [{ value: 'Woman', count: 100, ...error }, { value: 'Trans/Transgender/NonConforming', count: null, ...error }] },
  ],
};
const gate = createGate();
const text = (bytes: { bytes(): Buffer }): string => bytes.bytes().toString('utf8');
const method = { method: 'discrete Laplace noise, drawn exactly, on every cell', epsilon: 1, delta: 0, k: 11, caution: 'Detection is not prevalence.' };

describe('a release as a file', () => {
  it('is JSON: by what method, how exact, what is hidden, that detection is not prevalence; then each cell (S-18, S-22)', () => {
    expect(JSON.parse(text(releaseFiles(gate, cube, release).json))).toEqual({
      head: {
        family: 'footbridge', cubeVersion: 1, yearOfRegistration: 2025, unit: 'person', tables: 2, ...method, rounding: 'none', consistency: 'one total by weighted least squares; whole numbers of 0 or more',
        suppression: 'under k with its noise, and what would tell it by subtraction', suppressedCells: 3,
      },
      rows: [
        { variable: 'total', value: 'all', count: 180, share: 1, expectedAbsoluteError: 5.5, halfWidth95: 12, suppressed: false },
        { variable: 'isForcedLabour', value: '1', count: 120, share: 0.67, ...error, suppressed: false },
        { variable: 'isForcedLabour', value: 'missing', count: 60, share: 0.33, ...error, suppressed: false },
        { variable: 'gender', value: 'Woman', count: 100, share: 0.56, ...error, suppressed: false },
        { variable: 'gender', value: 'Trans/Transgender/NonConforming', ...error, suppressed: true },
      ],
    });
  });
  it('is CSV of one line a cell, each with its error and by what method it came about', () => {
    const about = '"discrete Laplace noise, drawn exactly, on every cell",1,0,11,Detection is not prevalence.';
    expect(text(releaseFiles(gate, cube, release).csv)).toBe([
      'yearOfRegistration,variable,value,count,share,expectedAbsoluteError,halfWidth95,suppressed,method,epsilon,delta,k,caution',
      `2025,total,all,180,1,5.5,12,false,${about}`,
      `2025,isForcedLabour,1,120,0.67,6,18,false,${about}`,
      `2025,isForcedLabour,missing,60,0.33,6,18,false,${about}`,
      `2025,gender,Woman,100,0.56,6,18,false,${about}`,
      `2025,gender,Trans/Transgender/NonConforming,,,6,18,true,${about}`,
      '',
    ].join('\r\n'));
  });
  it('shows no share and no count beside a hidden total', () => {
    const { rows } = JSON.parse(text(releaseFiles(gate, cube, { ...release, total: { ...release.total, count: null } }).json)) as { rows: object[] };
    expect(rows.filter((row) => 'count' in row || 'share' in row)).toEqual([]);
  });
  it('passes the gate like everything else: a small count, an unknown value and another budget do not', () => {
    const refused = (more: Partial<Release>): string => { try { releaseFiles(gate, cube, { ...release, ...more }); return 'passed'; } catch (error) { return (error as Error).message; } };
    const cell = (value: string, count: number): Partial<Release> => ({ tables: [{ variable: 'gender', cells: [{ value, count, ...error }] }] });
    expect([refused({}), refused(cell('Woman', 10)), refused(cell('Woman', 11)), refused(cell('Arta', 50)), refused({ epsilon: 2 }), refused({ k: 10 }), refused({ total: { ...release.total, count: 7 } }), refused({ family: 'Arta' })])
      .toEqual(['passed', 'FIELD_INVALID', 'passed', 'CODE_UNKNOWN', 'FIELD_INVALID', 'FIELD_INVALID', 'FIELD_INVALID', 'CODE_UNKNOWN']);
  });
});

describe('the public ledger', () => {
  it('says what each release has cost, and what its family has spent by then', () => {
    const entry = (period: string, epsilonThousandths: number) => ({ family: 'footbridge', cubeVersion: 1, period, epsilonThousandths });
    expect(JSON.parse(text(ledgerFile(gate, [entry('2024', 1_000), entry('2025', 250)])))).toEqual({
      head: { capPerRelease: 1, capForLife: 4 },
      rows: [
        { family: 'footbridge', cubeVersion: 1, yearOfRegistration: 2024, epsilon: 1, delta: 0, spentByFamily: 1 },
        { family: 'footbridge', cubeVersion: 1, yearOfRegistration: 2025, epsilon: 0.25, delta: 0, spentByFamily: 1.25 },
      ],
    });
    const two = [entry('2024', 1_000), { ...entry('2024', 500), family: 'other' }, entry('2025', 250)];
    expect((JSON.parse(text(ledgerFile(gate, two))) as { rows: { family: string; spentByFamily: number }[] }).rows.map(({ family, spentByFamily }) => [family, spentByFamily])).toEqual([['footbridge', 1], ['other', 0.5], ['footbridge', 1.25]]);
    const over = (costs: readonly number[]): (() => unknown) => () => ledgerFile(gate, costs.map((cost, i) => entry(String(2021 + i), cost)));
    expect(over([1_000, 1_000, 1_000, 1_000])).not.toThrow();
    expect(over([1_000, 1_000, 1_000, 1_000, 1])).toThrow('FIELD_INVALID');
    expect(over([1_001])).toThrow('FIELD_INVALID');
    expect(JSON.parse(text(ledgerFile(gate, [])))).toEqual({ head: { capPerRelease: 1, capForLife: 4 }, rows: [] });
  });
});

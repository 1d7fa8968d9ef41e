import { releaseAsCsv, releaseAsJson } from './export.js';
import type { Release } from './release.js';

const release: Release = {
  family: 'footbridge', cubeVersion: 1, period: '2025', areas: ['GTM', 'HND'], method: 'Noise, drawn "exactly".', unit: 'person', epsilon: 1, delta: 0, k: 11, rounding: 'none', notes: ['One.', 'Two.'], suppressedCells: 1,
  total: { count: 180, expectedAbsoluteError: 5, halfWidth95: 12 },
  tables: [
    { variable: 'isForcedLabour', missingShare: null, cells: [{ value: '1', count: 150, expectedAbsoluteError: 6, halfWidth95: 18 }, { value: 'missing', count: null, expectedAbsoluteError: 6, halfWidth95: 18 }] },
  ],
};

describe('a release as a file', () => {
  it('is JSON that ends in a line', () => {
    expect(releaseAsJson(release)).toBe(`${JSON.stringify(release, null, 2)}\n`);
    expect(JSON.parse(releaseAsJson(release))).toEqual(release);
  });
  it('is CSV of one line a cell, each with its error and by what method it came about', () => {
    const about = '1,0,11,GTM HND,footbridge,1,"Noise, drawn ""exactly"".",One. Two.';
    expect(releaseAsCsv(release)).toBe([
      'yearOfRegistration,variable,value,count,expectedAbsoluteError,halfWidth95,suppressed,epsilon,delta,k,areas,family,cubeVersion,method,notes',
      `2025,total,,180,5,12,0,${about}`,
      `2025,isForcedLabour,1,150,6,18,0,${about}`,
      `2025,isForcedLabour,missing,,6,18,1,${about}`,
      '',
    ].join('\r\n'));
  });
  it('quotes what a table program would take apart', () => {
    const csv = (note: string): string => releaseAsCsv({ ...release, method: 'm', notes: [note] }).split('GTM HND,footbridge,1,m,')[1]?.replace(/\r\n2025,isForcedLabour[\s\S]*$/, '') ?? '';
    expect([csv('a'), csv('a"b'), csv('a\nb'), csv('a\rb'), csv('a,b')]).toEqual(['a', '"a""b"', '"a\nb"', '"a\rb"', '"a,b"']);
  });
});

import { defineCube, isCube, type CubeSpec, type Dimension } from './cube.js';
import { spec } from './people.fixture.js';

const refusal = (more: Partial<CubeSpec>): string => { try { defineCube({ ...spec, ...more }); return 'none'; } catch (error) { return (error as Error).message; } };
const every: readonly Dimension[] = [
  'gender', 'ageBroad', 'citizenship', 'CountryOfExploitation', 'traffickMonths', 'meansDebtBondageEarnings', 'meansThreats', 'meansAbusePsyPhySex', 'meansFalsePromises', 'meansDrugsAlcohol',
  'meansDenyBasicNeeds', 'meansExcessiveWorkHours', 'meansWithholdDocs', 'isForcedLabour', 'isSexualExploit', 'isOtherExploit', 'typeOfLabourAgriculture', 'typeOfLabourConstruction',
  'typeOfLabourDomesticWork', 'typeOfLabourHospitality', 'typeOfSexProstitution', 'typeOfSexPornography', 'recruiterRelationIntimatePartner', 'recruiterRelationFriend', 'recruiterRelationFamily', 'recruiterRelationOther',
];

describe('a cube', () => {
  it('has its domains before anybody is counted, with a value for what is not recorded, and never changes', () => {
    const cube = defineCube(spec);
    expect(cube).toEqual({
      family: 'footbridge', version: 1, areas: ['GTM', 'HND'],
      tables: [
        { name: 'gender', values: ['Man', 'Woman', 'Trans/Transgender/NonConforming', 'missing'] },
        { name: 'ageBroad', values: ['0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47', '48+', 'missing'] },
        { name: 'citizenship', values: ['GTM', 'HND', 'NIC', 'Africa', 'Americas', 'Asia', 'Europe', 'Oceania', 'missing'] },
        { name: 'CountryOfExploitation', values: ['GTM', 'HND', 'missing'] },
        { name: 'isForcedLabour', values: ['1', 'missing'] },
        { name: 'isSexualExploit', values: ['1', 'missing'] },
      ],
    });
    expect([cube, cube.areas, cube.tables, ...cube.tables, ...cube.tables.map(({ values }) => values)].every((part) => Object.isFrozen(part))).toBe(true);
    expect([isCube(cube), isCube({ ...cube })]).toEqual([true, false]);
  });
  it('has one coding for each of CTDC\'s variables, for ever (S-8)', () => {
    const domains = every.filter((name) => name !== 'citizenship' && name !== 'CountryOfExploitation').map((name) => [name, defineCube({ ...spec, dimensions: [name] }).tables[0]?.values]);
    expect(domains.filter(([name]) => !/^(?:is|means|type|recruiter)/.test(String(name)))).toEqual([
      ['gender', ['Man', 'Woman', 'Trans/Transgender/NonConforming', 'missing']],
      ['ageBroad', ['0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47', '48+', 'missing']],
      ['traffickMonths', ['0--12', '13--24', '25+', 'missing']],
    ]);
    for (const [name, values] of domains.slice(3)) expect([name, values]).toEqual([name, ['1', 'missing']]);
    expect(defineCube({ ...spec, dimensions: ['citizenship'], citizenships: undefined as never }).tables[0]?.values).toEqual(['Africa', 'Americas', 'Asia', 'Europe', 'Oceania', 'missing']);
  });
  it('cannot ask about a shelter, a partner, a police unit, a month, a corridor, a hold, or anything else that is not in the list (S-15)', () => {
    for (const name of ['shelter', 'organisation', 'partner', 'policeUnit', 'month', 'openedAt', 'corridor', 'hold', 'asylum', 'region', 'age', 'name', 'constructor', '__proto__', 'toString', '', 7, null, ['gender']]) {
      expect([name, refusal({ dimensions: ['gender', name as Dimension] })]).toEqual([name, 'DIMENSION_UNKNOWN']);
    }
  });
  it('has one to six tables, each once: a seventh takes from all others', () => {
    expect(refusal({ dimensions: [] })).toBe('CUBE_INVALID');
    expect(refusal({ dimensions: ['gender', 'gender'] })).toBe('CUBE_INVALID');
    expect(refusal({ dimensions: every.slice(0, 6) })).toBe('none');
    expect(refusal({ dimensions: every.slice(0, 7) })).toBe('CUBE_INVALID');
  });
  it('covers countries in which at least three shelters are registered, and no other (G6)', () => {
    expect(refusal({ areas: [{ area: 'GTM', shelters: 3 }] })).toBe('none');
    expect(refusal({ areas: [{ area: 'GTM', shelters: 4 }, { area: 'HND', shelters: 2 }] })).toBe('AREA_TOO_SMALL');
    for (const shelters of [2.9, 3.5, Number.NaN, Infinity, '3' as never]) expect(refusal({ areas: [{ area: 'GTM', shelters }] })).toBe('AREA_TOO_SMALL');
    expect(refusal({ areas: [] })).toBe('AREA_INVALID');
    expect(refusal({ areas: [{ area: 'GTM', shelters: 3 }, { area: 'hnd', shelters: 3 }] })).toBe('AREA_INVALID');
    expect(defineCube({ ...spec, areas: [...spec.areas].reverse() })).toEqual(defineCube(spec));
    expect(refusal({ areas: [{ area: 'GTM', shelters: 3 }, { area: 'GTM', shelters: 3 }] })).toBe('AREA_INVALID');
  });
  it('knows no place smaller than a country (S-14)', () => {
    for (const area of ['GT', 'GT-01', 'gtm', 'GTMX', ' GTM', 'Guatemala City', 'shl_x']) expect([area, refusal({ areas: [{ area, shelters: 9 }] })]).toEqual([area, 'AREA_INVALID']);
  });
  it('names a citizenship by its country, once', () => {
    for (const citizenships of [['GT'], ['guatemala'], ['GTM', 'GTM'], ['XGTM'], ['GTMX']]) expect([citizenships, refusal({ citizenships })]).toEqual([citizenships, 'CUBE_INVALID']);
  });
  it('has a family and a version', () => {
    for (const family of ['', 'A', '9a', 'a b', '-a', 'a'.repeat(41), 'a_b']) expect([family, refusal({ family })]).toEqual([family, 'CUBE_INVALID']);
    expect([refusal({ family: 'a' }), refusal({ family: `a${'9'.repeat(39)}` }), refusal({ version: 1 })]).toEqual(['none', 'none', 'none']);
    for (const version of [0, -1, 1.5, Number.NaN]) expect(refusal({ version })).toBe('CUBE_INVALID');
  });
});

import { label } from '../sealed.js';
import { defineCube, type Cube, type CubeSpec } from './cube.js';
import { Tally, type Counted } from './tally.js';

export const spec: CubeSpec = {
  family: 'footbridge', version: 1, dimensions: ['gender', 'ageBroad', 'citizenship', 'CountryOfExploitation', 'isForcedLabour', 'isSexualExploit'],
  areas: [{ area: 'GTM', shelters: 4 }, { area: 'HND', shelters: 3 }], citizenships: ['HND', 'GTM', 'NIC'],
};
/** One table with two cells: small enough to be drawn many thousand times. */
export const flagCube = (): Cube => defineCube({ ...spec, dimensions: ['isForcedLabour'] });

export function tallyOf(cube: Cube, people: readonly Counted[]): Tally {
  const tally = new Tally(cube);
  people.forEach((person, i) => { tally.count(`p${i}`, label('special', person)); });
  return tally;
}
export const alike = (n: number, person: Counted): Counted[] => Array.from({ length: n }, () => person);

import { PrivacyRefusal } from '../refusal.js';

/** Not recorded is a value like the others (S-22). */
export const MISSING = 'missing';
const flag = ['1', MISSING] as const;

/** The macro-regions of UN M49: where the citizens of a country are counted that a cube does not name. */
export const worldRegions = ['Africa', 'Americas', 'Asia', 'Europe', 'Oceania'] as const;
export type WorldRegion = (typeof worldRegions)[number];

/**
 * Everything that can be counted, under the names and values of CTDC's Global Synthetic Dataset (codebook of 2024). One coding for ever
 * (S-8), and nothing else has a name here: no shelter, partner, police unit, month, corridor or hold (S-15).
 */
const dimensions = {
  gender: ['Man', 'Woman', 'Trans/Transgender/NonConforming', MISSING],
  ageBroad: ['0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47', '48+', MISSING],
  citizenship: 'countries and regions',
  CountryOfExploitation: 'areas',
  traffickMonths: ['0--12', '13--24', '25+', MISSING],
  meansDebtBondageEarnings: flag, meansThreats: flag, meansAbusePsyPhySex: flag, meansFalsePromises: flag, meansDrugsAlcohol: flag, meansDenyBasicNeeds: flag,
  meansExcessiveWorkHours: flag, meansWithholdDocs: flag,
  isForcedLabour: flag, isSexualExploit: flag, isOtherExploit: flag,
  typeOfLabourAgriculture: flag, typeOfLabourConstruction: flag, typeOfLabourDomesticWork: flag, typeOfLabourHospitality: flag,
  typeOfSexProstitution: flag, typeOfSexPornography: flag,
  recruiterRelationIntimatePartner: flag, recruiterRelationFriend: flag, recruiterRelationFamily: flag, recruiterRelationOther: flag,
} as const;
export type Dimension = keyof typeof dimensions;
const isDimension = (name: unknown): name is Dimension => typeof name === 'string' && Object.hasOwn(dimensions, name);

export interface Table { readonly name: Dimension; readonly values: readonly string[] }
/** One-way tables, fixed before anybody is counted. Made by `defineCube` and nobody else. */
export interface Cube {
  readonly family: string;
  readonly version: number;
  /** Host countries that it covers. */
  readonly areas: readonly string[];
  readonly tables: readonly Table[];
}

export interface CubeSpec {
  /** What shares one budget for life (S-11). */
  readonly family: string;
  readonly version: number;
  readonly dimensions: readonly Dimension[];
  /** Host countries with the shelters that the public register lists there: never a number from case data. */
  readonly areas: readonly { readonly area: string; readonly shelters: number }[];
  /** Countries of citizenship that have a cell of their own; the rest of the world is counted by region. A public list too. */
  readonly citizenships?: readonly string[];
}

const FAMILY = /^[a-z][a-z0-9-]{0,39}$/;
const COUNTRY = /^[A-Z]{3}$/;
/** Fewer, and a table about an area is a table about a house (G6). */
export const FEWEST_SHELTERS = 3;
/** Each more takes a share of the budget from all others (reference 5.2: four to six). */
export const MOST_TABLES = 6;

const distinct = (list: readonly unknown[]): boolean => new Set(list).size === list.length;

const made = new WeakSet<Cube>();
export const isCube = (cube: Cube): boolean => made.has(cube);

/** @throws PrivacyRefusal CUBE_INVALID, DIMENSION_UNKNOWN, AREA_INVALID, AREA_TOO_SMALL */
export function defineCube({ family, version, dimensions: names, areas, citizenships = [] }: CubeSpec): Cube {
  if (!FAMILY.test(family) || !Number.isInteger(version) || version < 1) throw new PrivacyRefusal('CUBE_INVALID');
  if (!names.every(isDimension)) throw new PrivacyRefusal('DIMENSION_UNKNOWN');
  if (names.length === 0 || names.length > MOST_TABLES || !distinct(names)) throw new PrivacyRefusal('CUBE_INVALID');
  const covered = areas.map(({ area }) => area).sort();
  if (covered.length === 0 || !distinct(covered) || !covered.every((area) => COUNTRY.test(area))) throw new PrivacyRefusal('AREA_INVALID');
  if (!areas.every(({ shelters }) => Number.isInteger(shelters) && shelters >= FEWEST_SHELTERS)) throw new PrivacyRefusal('AREA_TOO_SMALL');
  if (!distinct(citizenships) || !citizenships.every((country) => COUNTRY.test(country))) throw new PrivacyRefusal('CUBE_INVALID');

  const valuesOf = (name: Dimension): readonly string[] => {
    const values = dimensions[name];
    if (values === 'areas') return [...covered, MISSING];
    if (values === 'countries and regions') return [...[...citizenships].sort(), ...worldRegions, MISSING];
    return values;
  };
  const cube: Cube = Object.freeze({
    family, version, areas: Object.freeze(covered),
    tables: Object.freeze(names.map((name) => Object.freeze({ name, values: Object.freeze([...valuesOf(name)]) }))),
  });
  made.add(cube);
  return cube;
}

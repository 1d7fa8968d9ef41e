import { PrivacyRefusal } from './refusal.js';
import { FEWEST, Population, type Attribute, type PopulationSpec } from './risk.js';

/**
 * The reference population where an operator declares no other: assumptions on the cautious side, for one host country, written down
 * in docs/decisions/2026-11-25-reference-population.md. None of these figures comes from a case of the network.
 */
const PERSONS = 1_000;
const RAREST = 0.002;
const CAUTION = 0.7;
const HOME = 0.4;

const groups = (table: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(table).flatMap(([group, members]) => members.split(' ').map((member) => [member, group])));

/** United Nations M49, some subregions together. */
const regions = groups({
  'Northern Africa': 'DZ EG EH LY MA SD TN', 'Western Africa': 'BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG', 'Middle Africa': 'AO CD CF CG CM GA GQ ST TD',
  'Eastern Africa': 'BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW', 'Southern Africa': 'BW LS NA SZ ZA',
  'Northern America': 'BM CA GL PM US', 'Central America': 'BZ CR GT HN MX NI PA SV', 'South America': 'AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE',
  Caribbean: 'AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI',
  'Central Asia': 'KG KZ TJ TM UZ', 'Eastern Asia': 'CN HK JP KP KR MN MO TW', 'South-eastern Asia': 'BN ID KH LA MM MY PH SG TH TL VN', 'Southern Asia': 'AF BD BT IN IR LK MV NP PK',
  'Western Asia': 'AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE',
  'Eastern Europe': 'BG BY CZ HU MD PL RO RU SK UA', 'Southern Europe': 'AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK',
  'Northern and Western Europe': 'AT AX BE CH DE DK EE FI FO FR GB GG IE IM IS JE LI LT LU LV MC NL NO SE SJ',
  Oceania: 'AQ AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS',
});
const families = groups({
  'Slavic language': 'be bg bs cs hr mk pl ru sh sk sl sr uk', 'Romance language': 'ca es fr gl it la pt ro', 'Germanic language': 'af da de en fy is lb nl no nb nn sv yi',
  'Turkic language': 'az kk ky tk tr tt ug uz', 'Iranian language': 'ckb fa ku ps tg', 'language of South Asia': 'as bn dv gu hi kn ks ml mr ne or pa sd si ta te ur',
  'language of East Asia': 'bo ja ko mn yue zh', 'language of South-east Asia': 'ceb fil id jv km lo ms my su th tl vi', 'language of North Africa or West Asia': 'ar ber he hy ka kab mt zgh',
  'language of West Africa': 'ak bm ee ff fon ha ig kr mnk pcm tw wo yo edo bin efi', 'language of East or Southern Africa': 'am lg ln mg ny om rn rw sn so ss st sw ti tn ts ve xh zu',
  'language of Northern or Southern Europe': 'el et eu fi hu lt lv rom sq',
});

const attributes: Readonly<Record<string, Attribute>> = {
  age: {
    worth: 3,
    shares: { '0-8': 0.05, '9-17': 0.2, '18-20': 0.12, '21-23': 0.12, '24-26': 0.11, '27-29': 0.1, '30-38': 0.17, '39-47': 0.08, '48+': 0.05, '0-17': 0.25, '18-29': 0.45, '30+': 0.3, '18+': 0.75 },
    wider: { '0-8': '0-17', '9-17': '0-17', '18-20': '18-29', '21-23': '18-29', '24-26': '18-29', '27-29': '18-29', '30-38': '30+', '39-47': '30+', '48+': '30+', '18-29': '18+', '30+': '18+' },
  },
  gender: { worth: 12, shares: { Feminine: 0.65, Masculine: 0.3, NonSpecifiedUnknown: 0.02, TransgenderFeminine: 0.004, TransgenderMasculine: 0.002, NonConforming: 0.002 } },
  language: {
    worth: 30, wider: families,
    shares: {
      en: 0.06, ar: 0.04, fr: 0.04, es: 0.04, ro: 0.04, ru: 0.04, uk: 0.03, sq: 0.03, sr: 0.03, bg: 0.03, zh: 0.02, vi: 0.02, pt: 0.02, tl: 0.02, ur: 0.02, yo: 0.01, ti: 0.01, so: 0.01, fa: 0.01, tr: 0.01,
      'Slavic language': 0.15, 'Romance language': 0.15, 'Germanic language': 0.1, 'Turkic language': 0.02, 'Iranian language': 0.03, 'language of South Asia': 0.06, 'language of East Asia': 0.04, 'language of South-east Asia': 0.06,
      'language of North Africa or West Asia': 0.06, 'language of West Africa': 0.06, 'language of East or Southern Africa': 0.05, 'language of Northern or Southern Europe': 0.08,
    },
  },
  citizenship: {
    worth: 3, wider: regions,
    shares: {
      NG: 0.04, RO: 0.04, UA: 0.03, MD: 0.02, AL: 0.02, BG: 0.02, CN: 0.02, VN: 0.02, PH: 0.02, PK: 0.02, MA: 0.02, RS: 0.02, RU: 0.02,
      'Northern Africa': 0.05, 'Western Africa': 0.07, 'Middle Africa': 0.02, 'Eastern Africa': 0.05, 'Southern Africa': 0.01, 'Northern America': 0.01, 'Central America': 0.02, 'South America': 0.05, Caribbean: 0.01,
      'Central Asia': 0.02, 'Eastern Asia': 0.04, 'South-eastern Asia': 0.06, 'Southern Asia': 0.06, 'Western Asia': 0.04, 'Eastern Europe': 0.15, 'Southern Europe': 0.12, 'Northern and Western Europe': 0.05, Oceania: 0.005,
    },
  },
  interpreter: { worth: 6, shares: { yes: 0.5, no: 0.5 } },
  party: { worth: 12, shares: { '1': 0.8, '2-3': 0.15, '4+': 0.05 } },
  access: { worth: 12, shares: { needed: 0.06, 'not needed': 0.9, STEP_FREE: 0.03, CARE: 0.02, HEARING: 0.01, SIGHT: 0.01 }, wider: { STEP_FREE: 'needed', CARE: 'needed', HEARING: 'needed', SIGHT: 'needed' } },
  // What she wishes for, as services of the network: several of them are rare together.
  need: {
    worth: 6,
    shares: {
      health: 0.6, psychosocial: 0.6, shelter: 0.5, livelihood: 0.5, 'basic-needs': 0.5, legal: 0.4, education: 0.4, cash: 0.4, reintegration: 0.4, return: 0.2, safety: 0.3, interpretation: 0.2, asylum: 0.2,
      'child-protection': 0.1, 'family-tracing': 0.1,
    },
  },
  family: { worth: 1, shares: { Single: 0.5, Married: 0.25, Divorced: 0.1, Separated: 0.08, Widowed: 0.04, RegisteredPartnership: 0.01 } },
  children: { worth: 2, shares: { '0': 0.5, '1': 0.2, '2': 0.15, '3': 0.08, '1 or more': 0.5 }, wider: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [String(n + 1), '1 or more'])) },
  exploitation: {
    worth: 4,
    shares: { SexualExploitation: 0.5, ForcedLabour: 0.3, Servitude: 0.05, ForcedBegging: 0.04, ForcedCriminality: 0.04, ForcedMarriage: 0.03, ChildLabour: 0.02, Other: 0.02, 'other than sexual': 0.5 },
    wider: { ForcedLabour: 'other than sexual', Servitude: 'other than sexual', ForcedBegging: 'other than sexual', ForcedCriminality: 'other than sexual', ForcedMarriage: 'other than sexual', ChildLabour: 'other than sexual', OrganRemoval: 'other than sexual', ForcedMilitaryByNonStateActors: 'other than sexual', ForcedAdoption: 'other than sexual', Surrogacy: 'other than sexual', Other: 'other than sexual' },
  },
};

/** A language as it may be said of somebody whom nothing else is known of: by its code where enough others speak it anywhere, else by its family. */
export function languageInCommon(tag: string): string {
  const [language = ''] = tag.split('-');
  return PERSONS * (attributes['language']?.shares[language] ?? 0) >= FEWEST ? language : families[language] ?? 'another language';
}

type Shares = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** What an operator declares (docs/operating.md): yearly figures of public reports, by host country. */
export interface DeclaredPopulation { readonly persons?: number; readonly shares?: Shares }
export interface PopulationFile extends DeclaredPopulation { readonly countries?: Readonly<Record<string, DeclaredPopulation>> }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const COUNTRY = /^[A-Z]{2}$/;

/** Its form; what the figures may be is looked at by `Population`. */
function declared(value: unknown, ...members: readonly string[]): DeclaredPopulation & { readonly countries?: Readonly<Record<string, unknown>> } {
  const sound = isObject(value) && Object.keys(value).every((name) => members.includes(name))
    && (value['persons'] === undefined || typeof value['persons'] === 'number')
    && (value['shares'] === undefined || (isObject(value['shares']) && Object.entries(value['shares']).every(([name, shares]) => Object.hasOwn(attributes, name) && isObject(shares))))
    && (value['countries'] === undefined || (isObject(value['countries']) && Object.keys(value['countries']).every((country) => COUNTRY.test(country))));
  if (!sound) throw new PrivacyRefusal('POPULATION_INVALID');
  return value;
}

/** The language that most people of a country speak, as CLDR has it. */
const languageOf = (country: string): string => new Intl.Locale(`und-${country}`).maximize().language;

/**
 * The population of each host country. A country that is not declared has the default's persons; its own citizens and its own language
 * are common there.
 * @throws PrivacyRefusal POPULATION_INVALID: an unknown member, a share outside 0 to 1, a country that is no code
 */
export function populations(file: unknown = {}): (country?: string) => Population {
  const { countries = {}, ...common } = declared(file, 'persons', 'shares', 'countries');
  const made = new Map<string, Population>();
  const make = (country: string): Population => {
    const own = Object.hasOwn(countries, country) ? declared(countries[country], 'persons', 'shares') : {};
    const home: Shares = COUNTRY.test(country) ? { citizenship: { [country]: HOME }, language: { [languageOf(country)]: HOME } } : {};
    const spec: PopulationSpec = {
      persons: own.persons ?? common.persons ?? PERSONS, rarest: RAREST, caution: CAUTION,
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, raised({ ...attribute, shares: { ...attribute.shares, ...home[name], ...common.shares?.[name], ...own.shares?.[name] } })])),
    };
    return new Population(spec);
  };
  const populationOf = (country = ''): Population => {
    let population = made.get(country);
    if (!population) made.set(country, population = make(country));
    return population;
  };
  // A file that is wrong for one country is refused at the start, not when somebody of that country is helped.
  for (const country of [undefined, ...Object.keys(countries)]) populationOf(country);
  return populationOf;
}

/** A wider value is at least as common as each that it covers; the tables have what is narrower first. */
function raised({ shares, wider = {}, worth }: Attribute): Attribute {
  const all: Record<string, number> = { ...shares };
  for (const [value, above] of Object.entries(wider)) all[above] = Math.max(all[above] ?? 0, all[value] ?? 0);
  return { shares: all, wider, worth };
}

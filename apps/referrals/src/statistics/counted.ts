import { isCountry, worldOf, type AgeBand, type Gender, type TypeOfExploitation } from '@footbridge/contracts';
import { label, type Counted, type Sealed } from '@footbridge/privacy';
import type { CaseRow } from '../case/case.entity.js';
import type { Person, Trafficking } from '../case/person.dto.js';

const DIVERSE = 'Trans/Transgender/NonConforming';
const genders: Readonly<Partial<Record<Gender, string>>> = { Feminine: 'Woman', Masculine: 'Man', TransgenderFeminine: DIVERSE, TransgenderMasculine: DIVERSE, NonConforming: DIVERSE };
/** CTDC counts begging and illicit activities among the types of labour. */
const labour: readonly TypeOfExploitation[] = ['ForcedLabour', 'ChildLabour', 'ForcedBegging', 'ForcedCriminality'];
const bands: readonly (readonly [upTo: number, band: AgeBand])[] = [[8, '0-8'], [17, '9-17'], [20, '18-20'], [23, '21-23'], [26, '24-26'], [29, '27-29'], [38, '30-38'], [47, '39-47'], [Infinity, '48+']];

/** Her age when she was registered, which does not change afterwards. */
function ageBandOf({ birthDate, birthDateCertainty, ageBand }: Person, registered: string): AgeBand | undefined {
  if (birthDate === undefined || birthDateCertainty === 'unknown') return ageBand;
  const age = Number(registered.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (registered.slice(5, 10) < birthDate.slice(5, 10) ? 1 : 0);
  return age < 0 ? undefined : bands.find(([upTo]) => age <= upTo)?.[1];
}
/** The first that is recorded: its country where the cube names it, else its region. */
function citizenshipOf({ citizenships = [] }: Person, named: readonly string[]): string | undefined {
  const [first] = citizenships;
  const place = isCountry(first) ? worldOf(first) : undefined;
  return place === undefined || named.includes(place.alpha3) ? place?.alpha3 : place.region;
}
const when = (is: boolean): string => (is ? '1' : 'missing');

/** A case as CTDC's variables have it; sealed all the way into the tally. */
export function countedOf({ person = label('direct', {}), trafficking = label('special', {}), openedAt = '' }: Pick<CaseRow, 'person' | 'trafficking' | 'openedAt'>, area: string, named: readonly string[]): Sealed<Counted> {
  return person.with<Trafficking, Counted>(trafficking, (p, { typesOfExploitation = [], typesOfSexExploitation = [] }) => ({
    gender: (p.gender && genders[p.gender]) ?? 'missing', ageBroad: ageBandOf(p, openedAt)?.replace('-', '--') ?? 'missing', citizenship: citizenshipOf(p, named) ?? 'missing', CountryOfExploitation: area,
    isForcedLabour: when(typesOfExploitation.some((type) => labour.includes(type))), isSexualExploit: when(typesOfExploitation.includes('SexualExploitation') || typesOfSexExploitation.length > 0),
  }));
}

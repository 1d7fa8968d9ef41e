import type { ConsentCategory } from '@footbridge/contracts';
import { label, type Sealed } from '@footbridge/privacy';
import type { CaseRow } from '../case/case.entity.js';
import type { Person, Trafficking } from '../case/person.dto.js';
import { only, personMembers, withoutNarrative } from './disclosed.js';
import type { NeedsBody } from './referral.dto.js';
import type { ReferralRow } from './referral.entity.js';

type Values = Readonly<Record<string, unknown>>;
/** What a referral can tell of her, as the case and the referral hold it. */
export interface Told { readonly person: Person; readonly needs: NeedsBody; readonly trafficking: Partial<Trafficking> }

export const told = (row: ReferralRow, { person, trafficking }: CaseRow): Sealed<Told> =>
  (person ?? label('direct', {} as Person)).with(row.needs ?? label('special', {}), (p, n) => ({ person: p, needs: n })).with(trafficking ?? label('special', {} as Trafficking), (t, happened) => ({ ...t, trafficking: happened }));

/** What many people have in common, and counts (G7); all else of these is a name, a number or an address, and leaves in an envelope only. */
const common = ['ageBand', 'gender', 'languages', 'interpreterNeeded', 'citizenships', 'maritalStatus', 'childrenCount'] as const satisfies readonly (keyof Person)[];
/** Free text is for who must prepare for it, and counted nowhere; a child's place is asked for whatever the count (DP-31). */
const prepared = ['interpreterLanguage', 'accessNeeds', 'partySize'] as const satisfies readonly (keyof NeedsBody)[];

/** Whom it names to the receiver, it does not have to hide. That there is a place for a name or a number names nobody. */
const naming: Partial<Record<ConsentCategory, (person: Person) => readonly (string | undefined)[]>> = {
  IDENTITY: ({ givenName, familyName, chosenName, aliases = [] }) => [givenName, familyName, chosenName, ...aliases], CONTACT: ({ phone, safeContact }) => [phone, safeContact?.phone], DOCUMENTS: ({ identityNumber, travelDocumentNumber }) => [identityNumber, travelDocumentNumber],
};
const saysSomething = (text: string | undefined): boolean => text !== undefined && /[\p{L}\p{N}]/u.test(text);
export const isNamed = ({ person }: Pick<CaseRow, 'person'>, categories: readonly ConsentCategory[]): boolean =>
  person?.test((p) => categories.some((category) => naming[category]?.(p).some(saysSomething))) ?? false;

const has = (categories: readonly ConsentCategory[], category: ConsentCategory): boolean => categories.includes(category);
const happened = (t: Partial<Trafficking>): Values => withoutNarrative(t);

export const quasiOf = ({ person, needs, trafficking }: Told, row: ReferralRow, isChild: boolean, categories: readonly ConsentCategory[]): Values => ({
  ...only(person, personMembers(row.serviceType, isChild, categories).filter((name) => (common as readonly string[]).includes(name))),
  ...(has(categories, 'NEEDS') ? Object.fromEntries(prepared.map((name) => [name, needs[name]])) : {}),
  ...(has(categories, 'EXPLOITATION') ? happened(trafficking) : {}),
});

/** The answer by category, with as much of what counts as may be said. */
export function answerOf({ person, needs, trafficking }: Told, said: Values, row: ReferralRow, isChild: boolean, categories: readonly ConsentCategory[]): Values {
  const members = personMembers(row.serviceType, isChild, categories);
  const counts = (name: string, list: readonly string[]): boolean => list.includes(name);
  const pick = (value: object, list: readonly string[], keep: (name: string) => boolean): Values =>
    Object.fromEntries(Object.entries(value).flatMap(([name, exact]) => (!keep(name) || exact === undefined ? [] : !counts(name, list) ? [[name, exact as unknown]] : name in said ? [[name, said[name]]] : [])));
  const details = pick(only(person, common), common, (name) => (members as readonly string[]).includes(name));
  const facts = pick(happened(trafficking), Object.keys(happened(trafficking)), () => true);
  return {
    ...(Object.keys(details).length > 0 ? { person: details } : {}),
    ...(has(categories, 'NEEDS') ? { needs: { childUnitNeeded: isChild, ...pick(needs, prepared, () => true) } } : {}),
    ...(has(categories, 'EXPLOITATION') && Object.keys(facts).length > 0 ? { trafficking: facts } : {}),
  };
}

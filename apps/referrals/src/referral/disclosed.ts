import type { ConsentCategory } from '@footbridge/contracts';
import type { Sealed } from '@footbridge/privacy';
import { isDeepStrictEqual } from 'node:util';
import type { CaseRow } from '../case/case.entity.js';
import type { Person, Trafficking } from '../case/person.dto.js';
import type { ReferralRow } from './referral.entity.js';

/** Only these need to know how old somebody is; others prepare a child's place without an age (DP-31). */
const needsAge: readonly string[] = ['health', 'legal', 'child-protection', 'asylum', 'return'];

type Members<T> = readonly (keyof T)[];
const ofPerson: Partial<Record<ConsentCategory, Members<Person>>> = {
  IDENTITY: ['givenName', 'familyName', 'chosenName', 'aliases'],
  CONTACT: ['phone', 'safeContact'],
  AGE_GENDER_LANGUAGE: ['gender', 'languages', 'interpreterNeeded'],
  FAMILY: ['maritalStatus', 'childrenCount'],
  DOCUMENTS: ['citizenships', 'identityNumber', 'travelDocumentNumber'],
};

/** Told in an envelope, and nowhere else (decisions 20). */
export const sealedOnly: readonly ConsentCategory[] = ['IDENTITY', 'CONTACT'];

/** What of the person a receiver of this service gets under these categories. */
export function personMembers(serviceType: ReferralRow['serviceType'], isChild: boolean, categories: readonly ConsentCategory[]): Members<Person> {
  const knowsAge = needsAge.includes(serviceType ?? '');
  return categories.flatMap((c): Members<Person> => [
    ...(ofPerson[c] ?? []), ...(c === 'IDENTITY' && knowsAge ? ['birthDate', 'birthDateCertainty'] as const : []), ...(c === 'AGE_GENDER_LANGUAGE' && (knowsAge || !isChild) ? ['ageBand'] as const : []),
  ]);
}
export const only = <T extends object>(value: T | undefined, members: Members<T>): Partial<T> => Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => (members as readonly string[]).includes(name))) as Partial<T>;
/** Her own words stay with the owner. */
export const withoutNarrative = <T extends Partial<Trafficking>>({ narrative: _, ...facts }: T): Omit<T, 'narrative'> => facts;

export interface Fetched { readonly referral: string; readonly serviceType: ReferralRow['serviceType']; readonly categories: readonly ConsentCategory[] }
type Told = Pick<CaseRow, 'person' | 'needs' | 'health' | 'trafficking' | 'isChild'>;

/** Whether what was fetched would read otherwise now (decisions 16): a detail that was never given is nobody's news. */
export function readsOtherwise(before: Told, after: Told, { serviceType, categories }: Pick<Fetched, 'serviceType' | 'categories'>): boolean {
  const has = (category: ConsentCategory): boolean => categories.includes(category);
  const isChild = (told: Told): boolean => told.isChild?.test((c) => c) ?? false;
  const members = personMembers(serviceType, isChild(after), categories);
  return differ(before.person, after.person, (p) => only(p, members))
    || (has('NEEDS') && (isChild(before) !== isChild(after) || differ(before.needs, after.needs, (n) => n)))
    || (has('HEALTH') && differ(before.health, after.health, (h) => h))
    || (has('EXPLOITATION') && differ(before.trafficking, after.trafficking, (t) => t && withoutNarrative(t)));
}
/** Compared where they are sealed: nothing comes out but whether they differ. */
function differ<T>(was: Sealed<T> | undefined, is: Sealed<T> | undefined, part: (value: T | undefined) => unknown): boolean {
  const from = (w: T | undefined): boolean => (is ? is.test((i) => !isDeepStrictEqual(part(w), part(i))) : !isDeepStrictEqual(part(w), part(undefined)));
  return was ? was.test(from) : from(undefined);
}

import type { AgeBelief } from '@footbridge/contracts';
import { label, type Sealed } from '@footbridge/privacy';
import type { Person } from './person.dto.js';

/** What a case remembers of somebody's age, sealed: whether she is treated as a child, and the 18th birthday where it is known. */
export interface Minority { readonly isChild: Sealed<boolean, 'special'>; readonly adultOn?: Sealed<string, 'direct'> }

const birthday = (born: string, age: number): string => {
  const [year, rest] = [Number(born.slice(0, 4)) + age, born.slice(4)];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return `${year}${rest === '-02-29' && !isLeap ? '-03-01' : rest}`;
};
const day = (t: Date): string => t.toISOString().slice(0, 10);
/** On no clock of the world is it that day yet. */
export const isToCome = (birthDate: string | undefined, now: Date): boolean => birthDate !== undefined && birthDate > day(new Date(now.getTime() + FIRST_CLOCK_MS));
const FIRST_CLOCK_MS = 14 * 3_600_000;
const childBands: readonly unknown[] = ['0-8', '9-17'];
/** An estimate may be wrong by so many years, and then it is wrong in the child's favour. COE 10(3). */
const DOUBT_YEARS = 3;

/**
 * M1: under 18, or of uncertain age, is a child until verified. Where nothing at all is known of the age it is uncertain,
 * unless the worker says `adult`.
 */
function isMinor({ birthDate, birthDateCertainty, ageBand }: Person, believedAdult: boolean | undefined, now: Date): boolean {
  if (birthDate !== undefined) {
    if (day(now) < birthday(birthDate, 18)) return true;
    if (believedAdult === false) return true;
    const isUncertain = birthDateCertainty === 'estimated' || birthDateCertainty === 'unknown';
    return isUncertain && believedAdult !== true && day(now) < birthday(birthDate, 18 + DOUBT_YEARS);
  }
  if (ageBand !== undefined) return childBands.includes(ageBand) || believedAdult === false;
  return believedAdult !== true;
}

export function minorityOf(person: Sealed<Person, 'direct'> | undefined, belief: Sealed<AgeBelief> | undefined, now: Date): Minority {
  const believedAdult = belief?.test((b) => b === 'adult');
  const isChild = person ? person.test((p) => isMinor(p, believedAdult, now)) : believedAdult !== true;
  const known = isChild && person?.test((p) => p.birthDate !== undefined && day(now) < birthday(p.birthDate, 18));
  return {
    isChild: label('special', isChild),
    ...(known && person ? { adultOn: person.map((p) => birthday(p.birthDate ?? '', 18)) } : {}),
  };
}

/** A child until the 18th birthday, or until the child authority has ended the guardianship for majority (M1). */
export const isChildNow = ({ isChild, adultOn }: Partial<Minority>, now: Date): boolean => (isChild?.test((c) => c) ?? false) && !(adultOn?.test((d) => d <= day(now)) ?? false);

/**
 * Retention runs until a child is 21 (DP-20). Told to the year only: an exact end would tell the birthday to whoever reads
 * the clocks.
 */
export function childKeptUntil(adultOn: Sealed<string> | undefined, closed: Date): Date {
  const first = closed.getUTCFullYear() + 2;
  for (let year = first; year < first + 25; year += 1) if (adultOn?.test((d) => birthday(d, 3) <= `${year}-01-01`)) return new Date(`${year}-01-01T00:00:00Z`);
  return new Date(`${first + 22}-01-01T00:00:00Z`);
}

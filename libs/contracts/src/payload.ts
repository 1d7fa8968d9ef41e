import { codeList, wire, type Code, type CodeList, type WireSchema } from '@footbridge/privacy';
import { Country } from './code-lists/places.js';
import type { LifecycleName, StateOf } from './states.js';

/** The states that an event can report: exactly those its transitions lead to, so that a new state breaks no released event. */
export const reached = <L extends LifecycleName, S extends StateOf<L>>(lifecycle: L, ...to: readonly [S, ...S[]]): WireSchema<Code<S>> => wire.code(codeList<S>(lifecycle, to));

/** Where a provider is. */
export const place = { country: wire.code(Country) };

/** `AGE_GENDER_LANGUAGE` -> `ageGenderLanguage`, `child-protection` -> `childProtection`. */
export type FlagName<V extends string> = V extends `${infer Word}${'_' | '-'}${infer Rest}` ? `${Lowercase<Word>}${Capitalize<FlagName<Rest>>}` : Lowercase<V>;
const flagName = (code: string): string => code.toLowerCase().replace(/[_-](.)/g, (_, next: string) => next.toUpperCase());

/** A set of codes on the wire, where there are no lists: one flag for each code. Missing means no. */
export function flags<V extends string>(list: CodeList<V>): { readonly [Name in FlagName<V>]: WireSchema<boolean | undefined> };
export function flags(list: CodeList<string>): Readonly<Record<string, WireSchema<boolean | undefined>>> {
  return Object.fromEntries(list.values.map((code) => [flagName(code), wire.optional(wire.boolean)]));
}

/** The values of those flags for an event: `{ identity: true, needs: true }`. */
export function flagsOf<V extends string>(codes: readonly V[]): { readonly [Name in FlagName<V>]?: true };
export function flagsOf(codes: readonly string[]): Readonly<Record<string, true>> {
  return Object.fromEntries(codes.map((code) => [flagName(code), true as const]));
}

/** The codes of a list whose flags an event has set. */
export const codesOf = <V extends string>(list: CodeList<V>, data: Readonly<Record<string, unknown>>): readonly V[] => list.values.filter((code) => data[flagName(code)] === true);

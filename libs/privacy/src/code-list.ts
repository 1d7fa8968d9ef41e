import type { Band, Code } from './brand.js';
import { dataClasses, type DataClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';

/** A closed list. Its class says whether its codes may be in an event: a gender is a code too, but `quasi`. */
export interface CodeList<V extends string> {
  readonly name: string;
  readonly values: readonly V[];
  readonly dataClass?: DataClass;
}

const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/** @throws PrivacyRefusal CODE_LIST_INVALID: empty, with a value twice, or with one that is no short ASCII word */
export function codeList<const V extends string>(name: string, values: readonly V[], dataClass: DataClass = 'operational'): CodeList<V> {
  const sound = values.length > 0 && new Set(values).size === values.length && values.every((value) => PRINTABLE.test(value)) && dataClasses.includes(dataClass);
  if (!PRINTABLE.test(name) || !sound) throw new PrivacyRefusal('CODE_LIST_INVALID');
  return Object.freeze({ name, values: Object.freeze([...values]), dataClass });
}

const isIn = <V extends string>(list: CodeList<V>, value: unknown): value is Code<V> => list.values.some((known) => known === value);
const isBandOf = (list: CodeList<string>, value: unknown): value is Band => list.values.some((known) => known === value);

/** @throws PrivacyRefusal CODE_UNKNOWN */
export function codeOf<V extends string>(list: CodeList<V>, value: unknown): Code<V> {
  if (!isIn(list, value)) throw new PrivacyRefusal('CODE_UNKNOWN');
  return value;
}

/** @throws PrivacyRefusal CODE_UNKNOWN */
export function bandOf(list: CodeList<string>, value: unknown): Band {
  if (!isBandOf(list, value)) throw new PrivacyRefusal('CODE_UNKNOWN');
  return value;
}

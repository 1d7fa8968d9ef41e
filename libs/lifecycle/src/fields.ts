import type { CodeList, DataClass, PersonalClass, Sealed } from '@footbridge/privacy';
import type { Words } from './told.js';

/** Who besides the owner's authorised workers finds a field in a view. Personal classes are never in a view: they are revealed. */
export type Shown = 'parties' | 'owner' | 'nobody';
export type ColumnType = 'text' | 'instant' | 'day' | 'boolean' | 'integer' | 'texts' | 'uuid' | 'json';

/** A column of an aggregate: its class decides where it is stored (plain or sealed) and where it may go. */
export interface Field<C extends DataClass = DataClass, T = unknown> {
  readonly class: C;
  readonly column: ColumnType;
  readonly shown: Shown;
  readonly codes?: readonly string[];
  /** Has room for words: whoever is shown it may be told anything (T06). */
  readonly words?: true;
  /** What other parties find in its place: less exactly. */
  readonly told?: (value: never) => unknown;
  /** Carries the TypeScript type only; never present at run time. */
  readonly type?: T;
}
export type Fields = Readonly<Record<string, Field>>;

type Stored<F> = F extends Field<infer C, infer T> ? (C extends PersonalClass ? Sealed<T, C> : T) : never;

/** What every aggregate has. Instants are RFC 3339 strings in UTC. */
export interface BaseRow {
  readonly id: string;
  readonly owner: string;
  /** Every organisation that may see the row; row-level security reads it. */
  readonly organisations: readonly string[];
  /** The case as the services of an instance call it (`csr_…`); absent where the aggregate belongs to no case. */
  readonly caseRef?: string;
  readonly state: string;
  readonly version: number;
  readonly dueAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}
// For code that handles every lifecycle alike (`Fields` unknown) a row is whatever its author declared.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type RowOf<F extends Fields> = 0 extends 1 & F ? any : BaseRow & { readonly [K in keyof F]?: Stored<F[K]> };

interface Options { readonly shown?: Shown }
interface Told<T> { readonly told?: (value: T) => T }
const ofClass = <C extends DataClass>(dataClass: C) => {
  const make = <T>(column: ColumnType, o: Options | undefined, codes?: readonly string[]): Field<C, T> =>
    ({ class: dataClass, column, shown: o?.shown ?? 'owner', ...(codes ? { codes } : {}) });
  return {
    text: (o?: Options): Field<C, Words> => ({ ...make<Words>('text', o), words: true }),
    code: <V extends string>(list: CodeList<V>, o?: Options) => make<V>('text', o, list.values),
    codes: <V extends string>(list: CodeList<V>, o?: Options) => make<readonly V[]>('texts', o, list.values),
    /** A country or a region, as ISO 3166 writes it. */
    place: (o?: Options) => make<string>('text', o),
    /** A reference or an organisation, as text. */
    ref: (o?: Options) => make<string>('text', o),
    refs: ({ told, ...o }: Options & Told<readonly string[]> = {}): Field<C, readonly string[]> => ({ ...make<readonly string[]>('texts', o), ...(told ? { told } : {}) }),
    uuid: (o?: Options) => make<string>('uuid', o),
    instant: (o?: Options) => make<string>('instant', o),
    day: (o?: Options) => make<string>('day', o),
    boolean: (o?: Options) => make<boolean>('boolean', o),
    integer: ({ told, ...o }: Options & Told<number> = {}): Field<C, number> => ({ ...make<number>('integer', o), ...(told ? { told } : {}) }),
    json: <T>(o?: Options): Field<C, T> => ({ ...make<T>('json', o), words: true }),
  };
};
export const open = ofClass('open');
export const operational = ofClass('operational');
export const quasi = ofClass('quasi');
export const special = ofClass('special');
export const direct = ofClass('direct');

const personal: readonly DataClass[] = ['quasi', 'special', 'direct'];
/** Personal fields are stored sealed and never shown in a view. */
export const isPersonal = (field: Field): boolean => personal.includes(field.class);
export const personalClassOf = (field: Field): PersonalClass | undefined => (isPersonal(field) ? field.class as PersonalClass : undefined);

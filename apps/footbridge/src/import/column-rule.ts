import type { DateFormat } from './date.js';
import type { FieldName } from './field.js';

/** How one column becomes one field: what a mapping file says of a column, and what is known of the standards' columns. */
export type ColumnRule = TakenColumn | { readonly leftOut: string };

export interface TakenColumn extends Habits {
  /** `state` is read only to refuse closed cases. */
  readonly field: FieldName | 'state';
  /** What stands in the cell -> code, codes, or null for "missing". */
  readonly values?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Values that mean "missing", beside the empty cell. */
  readonly missing?: readonly string[];
  /** The characters that part a list, where they are not the usual ones. */
  readonly separators?: string;
}

/** How the people who filled in a file write: for one column or for all. */
export interface Habits {
  readonly dateFormat?: DateFormat | undefined;
  readonly timeZone?: string | undefined;
  readonly defaultCountry?: string | undefined;
}

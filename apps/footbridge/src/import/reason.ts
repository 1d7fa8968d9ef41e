/** Why a field or a row is refused: a stable code and what to do. A text never repeats what the cell holds. */
export const reasons = {
  DATE_NOT_READ: 'write the date as year-month-day (2010-02-01), or name its format in the mapping file',
  DATE_DOES_NOT_EXIST: 'this day is not in the calendar',
  DATE_IN_FUTURE: 'this day has not come yet',
  DATE_TOO_LONG_AGO: 'this day is more than 130 years ago',
  TIME_NOT_READ: 'write date and time as 2026-11-24T03:40:00Z, or as 2026-11-24 03:40 with a timeZone in the mapping file',
  TIME_DOES_NOT_EXIST: 'this time is not in the calendar or was skipped when the clocks changed',
  CODE_NOT_KNOWN: 'not one of the codes of this field; give the value a code in the mapping file',
  COUNTRY_NOT_KNOWN: 'not a country code (ISO 3166-1: two or three letters), stateless or unknown',
  LANGUAGE_NOT_KNOWN: 'not a language code (BCP 47 or ISO 639-2)',
  PHONE_NOT_READ: 'not a phone number with its country code (+355…); a mapping file can name the defaultCountry',
  NUMBER_NOT_READ: 'not a whole number',
  NUMBER_OUT_OF_RANGE: 'this number is too small or too large for this field',
  YES_OR_NO: 'write yes or no',
  REFERENCE_NOT_READ: 'not a reference of Footbridge, as the API shows it',
  TEXT_TOO_LONG: 'this text is too long for this field',
  CHARACTER_NOT_ALLOWED: 'holds a control or text-direction character',
  CHARACTER_LOST: 'holds a character that was lost when the file was saved; mend it or name the encoding',
  SPREADSHEET_ERROR: 'the spreadsheet shows an error in this cell',
  NESTED_VALUE: 'holds a structure where a value or a list of values belongs',
  NUMBER_TOO_LONG: 'this number is too long to be kept exactly; write it as text',
  ONE_VALUE_ONLY: 'holds several values where one belongs',
  COLUMNS_DISAGREE: 'two columns give this field different values',
  CASE_IS_CLOSED: 'this case is closed where it comes from, and an import would open it again; leave the row out, or leave the column out with a mapping file',
  NEEDS_SHELTER: 'belongs to an intake, but the row names no shelter',
  NEEDS_ARRIVAL: 'the row names a shelter, but not when the person arrived (arrivedAt)',
  NOT_IN_INTAKE: 'the row names a shelter, so the time of arrival says when the case began',
  WRONG_NUMBER_OF_CELLS: 'this row does not have as many cells as the header; a separator or quote may be missing',
  NOTHING_TO_IMPORT: 'no imported column of this row has a value',
  IN_DOUBT: 'sent more than 23 hours ago without an answer being kept: look whether the case is there before importing this row alone',
  SENT_DIFFERENTLY: 'received before with other content: look whether the case is there before importing this row alone',
} as const;

export type Reason = keyof typeof reasons;

/** A value that cannot be taken. */
export interface Refused { readonly refused: Reason }
export const refuse = (reason: Reason): Refused => ({ refused: reason });
export const isRefused = (value: unknown): value is Refused => typeof value === 'object' && value !== null && 'refused' in value;

/** One refused field of one row. `code` is ours or the server's. */
export interface FieldRefusal {
  readonly columns: readonly string[];
  readonly field: string;
  readonly code: string;
  readonly text: string;
}
export const fieldRefusal = (columns: readonly string[], field: string, reason: Reason): FieldRefusal => ({ columns, field, code: reason, text: reasons[reason] });

export const inWords = ({ columns, field, code, text }: FieldRefusal): string => {
  const where = columns.length > 0 ? columns.join(' + ') : field;
  return `${where === '' ? '' : `${where}: `}${text} (${code})`;
};

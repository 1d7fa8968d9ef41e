import { AgeBand, AgeBelief, BirthDateCertainty, ConsentPurpose, htcds, IntakeSource, ServiceType, states } from '@footbridge/contracts';
import { isPlainText } from '@footbridge/lifecycle';
import { isRef } from '@footbridge/privacy';
import type { Habits } from './column-rule.js';
import { country } from './countries.js';
import { instant, pastDay } from './date.js';
import { language, toIso6392 } from './languages.js';
import { phone } from './phone.js';
import { type Refused, refuse } from './reason.js';

export type Scalar = string | number | boolean;

/** What a field holds: how one value is read from text, and how it is written so that reading gives it back. */
export interface Kind {
  readonly list: boolean;
  /** The characters that part a list in one cell. Empty where a value may hold any of them. */
  readonly separators: string;
  /** Several columns make one value, in the order of the file: first and middle name. */
  readonly joins?: true;
  /** How HTCDS writes a value in its own column; `undefined` where it has no word. */
  readonly toHtcds?: (value: Scalar) => string | undefined;
  read(text: string, how: How): Scalar | Refused;
  /** How a value is written where its own text would be read as another. */
  write?(value: string): string;
}
export interface How extends Habits { readonly now: number }

const one = (read: Kind['read']): Kind => ({ list: false, separators: '', read });
const many = (kind: Kind, separators = ';|,\n'): Kind => ({ ...kind, list: true, separators });

/** C0 and C1 controls, and the characters that turn the direction of what follows (they can disguise a name on a screen). */
const NOT_ALLOWED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function checkedText(value: string, longest: number): string | Refused {
  if (value.includes('\ufffd') || /\p{Cs}/u.test(value)) return refuse('CHARACTER_LOST');
  if (NOT_ALLOWED.test(value.replace(/[\n\t]/g, ''))) return refuse('CHARACTER_NOT_ALLOWED');
  return value.length > longest ? refuse('TEXT_TOO_LONG') : value;
}
/** Text out of a spreadsheet is tidied; what the API keeps untidied is exported as a JSON string, and read back as it was. */
function textOf(longest: number, tidy: (raw: string) => string): Kind {
  const tidied = (raw: string): string | Refused => checkedText(tidy(raw.trim()).normalize('NFC'), longest);
  const kept = (raw: string): string | undefined => {
    const value = literal(raw.trim());
    return value !== undefined && isPlainText(value) && value.length <= longest && (tidied(value) !== value || kept(value) !== undefined) ? value : undefined;
  };
  return { ...one((raw) => kept(raw) ?? tidied(raw)), write: (value) => (tidied(value) === value && kept(value) === undefined ? value : JSON.stringify(value)) };
}
function literal(text: string): string | undefined {
  if (!/^".+"$/s.test(text)) return undefined;
  try { const value: unknown = JSON.parse(text); return typeof value === 'string' ? value : undefined; } catch { return undefined; }
}
const text = (longest: number): Kind => textOf(longest, (raw) => raw.replace(/\s*[\r\n\t]+\s*/g, ' ')); // a line wrapped inside a cell
const longText = (longest: number): Kind => textOf(longest, (raw) => raw.replace(/\r\n?/g, '\n'));

/** `Physical threats`, `physical_threats` and `PhysicalThreats` are one code; so are `18--20`, `18 – 20` and `18-20`. */
const plain = (code: string): string => code.toLowerCase().replace(/[\u2010-\u2015-]+/g, '-').replace(/[\s_]+/g, '');
const lettersOnly = (code: string): string => (/[a-z]{3}/i.test(code) ? plain(code).replaceAll('-', '') : plain(code));

const code = (values: readonly string[]): Kind => {
  const known = new Map(values.map((value) => [lettersOnly(value), value]));
  return one((raw) => known.get(lettersOnly(raw.trim())) ?? refuse('CODE_NOT_KNOWN'));
};

/** A list that HTCDS has, too: its word is read where it is not ours (`Unaquainted`), and written in its column. */
const shared = ({ list, toHtcds }: { readonly list: { readonly values: readonly string[] }; readonly toHtcds: (value: never) => string | undefined }): Kind => {
  const word = (value: Scalar): string | undefined => (toHtcds as (value: string) => string | undefined)(String(value));
  const words = list.values.flatMap((value): [string, string][] => [[lettersOnly(word(value) ?? value), value]]);
  const known = new Map([...words, ...list.values.map((value): [string, string] => [lettersOnly(value), value])]);
  return { ...one((raw) => known.get(lettersOnly(raw.trim())) ?? refuse('CODE_NOT_KNOWN')), toHtcds: word };
};

const wholeNumber = (least: number, most: number): Kind => one((raw) => {
  if (!/^[+-]?\d{1,9}(\.0+)?$/.test(raw.trim())) return refuse('NUMBER_NOT_READ');
  const value = Number(raw);
  return value < least || value > most ? refuse('NUMBER_OUT_OF_RANGE') : value;
});

const yesNo: Kind = one((raw) => {
  const value = raw.trim().toLowerCase();
  if (['true', 'yes', 'y', '1', '1.0', 'x'].includes(value)) return true;
  return ['false', 'no', 'n', '0', '0.0'].includes(value) ? false : refuse('YES_OR_NO');
});

const reference = (prefix: string): Kind => one((raw) => (isRef(raw.trim(), prefix) ? raw.trim() : refuse('REFERENCE_NOT_READ')));
const orRefuse = (value: string | undefined, reason: Parameters<typeof refuse>[0]): string | Refused => value ?? refuse(reason);

const countryCode: Kind = one((raw) => orRefuse(country(raw.trim()), 'COUNTRY_NOT_KNOWN'));
const languageTag: Kind = {
  ...one((raw) => orRefuse(language(raw.trim()), 'LANGUAGE_NOT_KNOWN')),
  toHtcds: (tag) => toIso6392(String(tag)),
};
const phoneNumber: Kind = one((raw, how) => orRefuse(phone(raw.trim(), how.defaultCountry), 'PHONE_NOT_READ'));
const pastDate: Kind = one((raw, how) => pastDay(raw.trim(), how.dateFormat, how.now));
const moment: Kind = one((raw, how) => instant(raw.trim(), { format: how.dateFormat, timeZone: how.timeZone, now: how.now }));

/** Every field that an import can fill (reference 2.1.2, decisions 24): the name is the place in the request body. */
export const fields = {
  shelter: reference('shl'),
  arrivedAt: moment,
  'source.kind': code(IntakeSource.values),
  'source.organisation': reference('org'),
  purpose: code(ConsentPurpose.values),
  openedAt: moment,
  'person.givenName': { ...text(200), joins: true },
  'person.familyName': text(200),
  'person.chosenName': text(200),
  'person.aliases': many(text(200), ';|\n'),
  'person.birthDate': pastDate,
  'person.birthDateCertainty': code(BirthDateCertainty.values),
  'person.ageBand': code(AgeBand.values),
  'person.gender': shared(htcds.Gender),
  'person.citizenships': many(countryCode),
  'person.languages': many(languageTag),
  'person.interpreterNeeded': yesNo,
  'person.education': shared(htcds.Education),
  'person.maritalStatus': shared(htcds.MaritalStatus),
  'person.childrenCount': wholeNumber(0, 50),
  'person.identityNumber': text(100),
  'person.travelDocumentNumber': text(100),
  'person.phone': phoneNumber,
  'person.safeContact.phone': phoneNumber,
  'person.safeContact.when': text(200),
  'person.safeContact.how': text(200),
  'person.safeContact.codeWord': text(200),
  'person.safeContact.leaveMessage': yesNo,
  needs: many(code(ServiceType.values)),
  unaccompanied: yesNo,
  ageBelief: code(AgeBelief.values),
  'trafficking.status': shared(htcds.TraffickingStatus),
  'trafficking.decisionOrg': shared(htcds.DecisionOrg),
  'trafficking.decidedOn': pastDate,
  'trafficking.typesOfExploitation': many(shared(htcds.TypeOfExploitation)),
  'trafficking.typesOfSexExploitation': many(shared(htcds.TypeOfSexExploitation)),
  'trafficking.methodsOfControl': many(shared(htcds.MethodsOfControl)),
  'trafficking.recruitment': many(shared(htcds.MethodOfRecruitment)),
  'trafficking.industry': many(shared(htcds.ForcedLabourIndustry)),
  'trafficking.relationshipToTrafficker': shared(htcds.RelationshipToTrafficker),
  'trafficking.locations': many(countryCode),
  'trafficking.narrative': longText(20_000),
  'health.disability': longText(2_000),
  'health.conditions': longText(5_000),
  'health.pregnancy': yesNo,
  'health.medication': longText(2_000),
} as const satisfies Readonly<Record<string, Kind>>;

export type FieldName = keyof typeof fields;
export const fieldNames = Object.keys(fields) as readonly FieldName[];
export const isFieldName = (name: string): name is FieldName => Object.hasOwn(fields, name);
export const kindOf = (name: FieldName): Kind => fields[name];

/** Which request a field belongs to; all others go into both. */
export const intakeOnly: readonly FieldName[] = ['shelter', 'arrivedAt', 'source.kind', 'source.organisation'];
export const caseOnly: readonly FieldName[] = ['purpose', 'openedAt'];

/** Not a field of a case: the state that it has elsewhere, in Footbridge's words or those of HTCDS. An import opens cases, and moves them to follow-up where they were. */
const knownState = shared(htcds.Case);
export const caseState: Kind = one((raw, how) => {
  const state = knownState.read(raw, how);
  return typeof state !== 'string' || isOpen(state) ? state : refuse('CASE_IS_CLOSED');
});
const isOpen = (state: string): boolean => state === 'active' || state === 'follow_up';
export const stateInHtcds = (state: string): string => (states.Case.values.some((known) => known === state) ? knownState.toHtcds?.(state) ?? '' : '');

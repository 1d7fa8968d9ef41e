import { country } from './countries.js';
import type { Habits } from './column-rule.js';
import { instant, pastDay } from './date.js';
import { picklist } from './htcds.js';
import { language, toIso6392 } from './languages.js';
import { phone } from './phone.js';
import { isRefused, type Refused, refuse } from './reason.js';

export type Scalar = string | number | boolean;

/** What a field holds: how one value is read from text, and how it is written so that reading gives it back. */
export interface Kind {
  readonly list: boolean;
  /** The characters that part a list in one cell. Empty where a value may hold any of them. */
  readonly separators: string;
  /** Several columns make one value, in the order of the file: first and middle name. */
  readonly joins?: true;
  /** Whether a value that another column gives is already there. */
  readonly covers?: (present: Scalar, next: Scalar) => boolean;
  read(text: string, how: How): Scalar | Refused;
}
export interface How extends Habits { readonly now: number }

const one = (read: Kind['read']): Kind => ({ list: false, separators: '', read });
const many = (kind: Kind, separators = ';|,\n'): Kind => ({ ...kind, list: true, separators });

/** C0 and C1 controls, and the characters that turn the direction of what follows (they can disguise a name on a screen). */
const NOT_ALLOWED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const text = (longest: number): Kind => one((raw) => {
  const value = raw.trim().normalize('NFC');
  if (value.includes('\ufffd') || /\p{Cs}/u.test(value)) return refuse('CHARACTER_LOST');
  if (NOT_ALLOWED.test(value)) return refuse('CHARACTER_NOT_ALLOWED');
  return value.length > longest ? refuse('TEXT_TOO_LONG') : value;
});

/** `Physical threats`, `physical_threats` and `PhysicalThreats` are one code; so are `18--20`, `18 – 20` and `18-20`. */
const plain = (code: string): string => code.toLowerCase().replace(/[\u2010-\u2015-]+/g, '-').replace(/[\s_]+/g, '');
const lettersOnly = (code: string): string => (/[a-z]{3}/i.test(code) ? plain(code).replaceAll('-', '') : plain(code));

const code = (values: readonly string[]): Kind => {
  const known = new Map(values.map((value) => [lettersOnly(value), value]));
  return one((raw) => known.get(lettersOnly(raw.trim())) ?? refuse('CODE_NOT_KNOWN'));
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

const reference = (prefix: string): Kind => one((raw) => (new RegExp(`^${prefix}_[a-z2-7]{34}$`).test(raw.trim()) ? raw.trim() : refuse('REFERENCE_NOT_READ')));
const orRefuse = (value: string | undefined, reason: Parameters<typeof refuse>[0]): string | Refused => value ?? refuse(reason);

const countryCode: Kind = one((raw) => orRefuse(country(raw.trim()), 'COUNTRY_NOT_KNOWN'));
const languageTag: Kind = {
  ...one((raw) => orRefuse(language(raw.trim()), 'LANGUAGE_NOT_KNOWN')),
  covers: (present, next) => toIso6392(String(present)) === toIso6392(String(next)),
};
const phoneNumber: Kind = one((raw, how) => orRefuse(phone(raw.trim(), how.defaultCountry), 'PHONE_NOT_READ'));
const pastDate: Kind = one((raw, how) => pastDay(raw.trim(), how.dateFormat, how.now));
const moment: Kind = one((raw, how) => instant(raw.trim(), { format: how.dateFormat, timeZone: how.timeZone, now: how.now }));

/** Reference 2.6: added to the HTCDS lists, which define or need these values but do not have them. */
const methodsOfControl = [...picklist('vic_MethodsOfControl'), 'RestrictsMovement', 'UsesChildren'];
const typesOfExploitation = [...picklist('vic_TypeOfExploitation'), 'ForcedCriminality'];
const ageBands = ['0-8', '9-17', '18-20', '21-23', '24-26', '27-29', '30-38', '39-47', '48+'];
const serviceTypes = [
  'shelter', 'psychosocial', 'health', 'legal', 'child-protection', 'family-tracing', 'safety', 'basic-needs', 'cash', 'livelihood', 'education',
  'interpretation', 'asylum', 'return', 'reintegration',
];

/** Every field that an import can fill (reference 2.1.2, decisions 24): the name is the place in the request body. */
export const fields = {
  shelter: reference('shl'),
  arrivedAt: moment,
  'source.kind': one((raw) => (/^[A-Z][A-Z_]{1,39}$/.test(raw.trim()) ? raw.trim() : refuse('CODE_NOT_KNOWN'))),
  'source.organisation': reference('org'),
  openedAt: moment,
  'person.givenName': { ...text(200), joins: true },
  'person.familyName': text(200),
  'person.chosenName': text(200),
  'person.aliases': many(text(200), ';|\n'),
  'person.birthDate': pastDate,
  'person.birthDateCertainty': code(['documented', 'stated', 'estimated', 'unknown']),
  'person.ageBand': code(ageBands),
  'person.gender': code(picklist('prs_Gender')),
  'person.citizenships': many(countryCode),
  'person.languages': many(languageTag),
  'person.interpreterNeeded': yesNo,
  'person.education': code(picklist('prs_HighestLevelOfEducation')),
  'person.maritalStatus': code(picklist('prs_MaritalStatus')),
  'person.childrenCount': wholeNumber(0, 50),
  'person.identityNumber': text(100),
  'person.phone': phoneNumber,
  'person.safeContact.phone': phoneNumber,
  'person.safeContact.when': text(200),
  'person.safeContact.how': text(200),
  'person.safeContact.codeWord': text(200),
  'person.safeContact.leaveMessage': yesNo,
  needs: many(code(serviceTypes)),
  unaccompanied: yesNo,
  ageBelief: code(['child', 'adult', 'unsure']),
  'trafficking.status': code(picklist('vic_TraffickingStatus')),
  'trafficking.decisionOrg': code(picklist('vic_TraffickingStatusDecisionMakingOrg')),
  'trafficking.decidedOn': pastDate,
  'trafficking.typesOfExploitation': many(code(typesOfExploitation)),
  'trafficking.typesOfSexExploitation': many(code(picklist('vic_TypeOfSexExploitation'))),
  'trafficking.methodsOfControl': many(code(methodsOfControl)),
  'trafficking.recruitment': many(code(picklist('vic_MethodOfRecruitment'))),
  'trafficking.industry': many(code(picklist('vic_ForcedLabourIndustry'))),
  'trafficking.relationshipToTrafficker': code(picklist('vic_RelationshipToTrafficker')),
  'trafficking.locations': many(countryCode),
} as const satisfies Readonly<Record<string, Kind>>;

export type FieldName = keyof typeof fields;
export const fieldNames = Object.keys(fields) as readonly FieldName[];
export const isFieldName = (name: string): name is FieldName => Object.hasOwn(fields, name);
export const kindOf = (name: FieldName): Kind => fields[name];

/** Which request a field belongs to; all others go into both. */
export const intakeOnly: readonly FieldName[] = ['shelter', 'arrivedAt', 'source.kind', 'source.organisation', 'unaccompanied'];
export const caseOnly: readonly FieldName[] = ['openedAt'];

/** Not a field of a case: the state that the case has elsewhere (Footbridge's names and HTCDS `cas_Status`). */
export const caseState: Kind = one((raw) => {
  const state = code(['active', 'follow_up', 'closed', 'closed_referred', 'anonymised']).read(raw, { now: 0 });
  if (isRefused(state)) return state;
  return state === 'active' || state === 'follow_up' ? state : refuse('CASE_IS_CLOSED');
});

import { entryOf, type AuditReceipt } from './audit-receipt.js';
import { dataClasses, type DataClass } from './data-class.js';
import { isDocumentName } from './document.js';
import { FIELD_NAME, checkNames, isPlain, valueOf } from './payload.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import { Sealed, plaintextOf } from './sealed.js';

/**
 * Leave to tell one organisation what a person consented to: which categories, for which purpose, under which audit
 * entry. Good once, and for a minute. Ask for it where consent was looked at and the audit entry is written (G2, DP-14).
 */
const LIFETIME_MS = 60_000;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

const GRANTED = Symbol('granted');
let grant: (input: DisclosureInput) => Disclosure;
let use: (disclosure: unknown) => Disclosure;

/** What one organisation would be told, and why. */
export interface DisclosureTerms {
  /** `org_…` */
  readonly recipient: string;
  readonly purpose: string;
  readonly categories: readonly string[];
}
export interface DisclosureInput extends DisclosureTerms { readonly audit: AuditReceipt }

class Disclosure {
  readonly #until = performance.now() + LIFETIME_MS;
  #used = false;
  private constructor(readonly recipient: string, readonly purpose: string, readonly categories: ReadonlySet<string>, readonly auditId: string, mark: symbol) {
    if (mark !== GRANTED) throw new PrivacyRefusal('DISCLOSURE_NOT_ALLOWED');
    Object.freeze(this);
  }
  static {
    grant = ({ recipient, purpose, categories, audit }) => new Disclosure(recipient, purpose, new Set(categories), entryOf(audit), GRANTED);
    use = (given) => {
      if (typeof given !== 'object' || given === null || !(#until in given) || given.#used || performance.now() >= given.#until) throw new PrivacyRefusal('DISCLOSURE_NOT_ALLOWED');
      given.#used = true;
      return given;
    };
  }
}
export type { Disclosure };

/** @throws PrivacyRefusal RECIPIENT_INVALID, PURPOSE_MISSING, CATEGORY_MISSING, AUDIT_ENTRY_MISSING */
export const disclosure = (input: DisclosureInput): Disclosure => grant({ ...checkedTerms(input), audit: input.audit });

function checkedTerms({ recipient, purpose, categories: given }: DisclosureTerms): DisclosureTerms {
  const categories = [...given];
  if (!isRef(recipient, 'org')) throw new PrivacyRefusal('RECIPIENT_INVALID');
  if (!CODE.test(purpose)) throw new PrivacyRefusal('PURPOSE_MISSING');
  if (categories.length === 0 || categories.some((category) => !CODE.test(category))) throw new PrivacyRefusal('CATEGORY_MISSING');
  return { recipient, purpose, categories };
}

/** What may be told in an answer. What says who somebody is or where to reach them leaves in a sealed envelope only (9.1): `direct` cannot be written here. */
export type DisclosedClass = Exclude<DataClass, 'direct'>;
export interface DisclosedValue {
  readonly class: DisclosedClass;
  /** Consent to any one of them shows it. None: no consent is needed. */
  readonly categories: readonly string[];
  /** In somebody's own words, or a day or a number as it is written: what only looks like a number is found in no such place. */
  readonly words?: boolean;
}
/** Of an object each member has its own class, and may name its own categories. */
export interface DisclosedObject {
  readonly categories: readonly string[];
  readonly members: Readonly<Record<string, DisclosedMember>>;
}
export type DisclosedMember = DisclosedValue | DisclosedObject;

declare const DEFINED: unique symbol;
/** What an answer to another organisation may hold, by `defineDisclosure`. */
export interface DisclosureDef {
  readonly name: string;
  readonly members: Readonly<Record<string, DisclosedMember>>;
  readonly [DEFINED]: true;
}
const defined = new WeakSet();
const disclosed: readonly unknown[] = dataClasses.filter((c) => c !== 'direct');

/** Declared where the service starts, and refused there: a value that must not leave cannot be written into something that leaves (G2, G3). @throws PrivacyRefusal DOCUMENT_INVALID, CLASS_NOT_ALLOWED */
export function defineDisclosure({ name, members }: { readonly name: string; readonly members: Readonly<Record<string, DisclosedMember>> }): DisclosureDef {
  const checked = (given: Readonly<Record<string, DisclosedMember>>, at: string): Readonly<Record<string, DisclosedMember>> => Object.freeze(Object.fromEntries(Object.entries(given).map(([member, of]) => {
    if (!FIELD_NAME.test(member)) throw new PrivacyRefusal('DOCUMENT_INVALID');
    const categories = Object.freeze([...of.categories]);
    if ('members' in of) return [member, Object.freeze({ categories, members: checked(of.members, `${at}/${member}`) })];
    if (!disclosed.includes(of.class)) throw new PrivacyRefusal('CLASS_NOT_ALLOWED', `${at}/${member}`);
    return [member, Object.freeze({ class: of.class, categories, words: of.words === true })];
  })));
  if (!isDocumentName(name)) throw new PrivacyRefusal('DOCUMENT_INVALID');
  const def = Object.freeze({ name, members: checked(members, '') }) as DisclosureDef;
  defined.add(def);
  return def;
}

export interface DisclosedText { readonly text: string; /** What it says, as nobody escaped it. */ readonly said: string; /** The part of it in which nothing may look like somebody. */ readonly searched: string }

const DEEPEST = 12;

/** The body, made of what the categories allow and of nothing else; what they do not allow is refused, not left out. */
export const disclosedText = (def: DisclosureDef, given: unknown, values: unknown, recipient: unknown): DisclosedText => textOf(def, use(given), values, recipient);

/** The same, asked before the look is on record: for the gate, which lets none of it out. */
export function disclosableText(def: DisclosureDef, terms: DisclosureTerms, values: unknown, recipient: unknown): DisclosedText {
  const { categories, ...asked } = checkedTerms(terms);
  return textOf(def, { ...asked, categories: new Set(categories) }, values, recipient);
}

function textOf(def: DisclosureDef, leave: Pick<Disclosure, 'recipient' | 'categories'>, values: unknown, recipient: unknown): DisclosedText {
  if (!defined.has(def)) throw new PrivacyRefusal('DOCUMENT_INVALID');
  if (leave.recipient !== recipient) throw new PrivacyRefusal('RECIPIENT_INVALID');
  const searched: string[] = [];
  const object = (members: Readonly<Record<string, DisclosedMember>>, from: unknown, at: string): string => {
    checkNames(from, new Set(Object.keys(members)));
    const parts: string[] = [];
    for (const [name, member] of Object.entries(members)) {
      const found = valueOf(from, name);
      if (found === undefined) continue;
      if (member.categories.length > 0 && !member.categories.some((category) => leave.categories.has(category))) throw new PrivacyRefusal('CATEGORY_NOT_AUTHORISED', `${at}/${name}`);
      // unsealed in here, so that plaintext is never anything but a part of these bytes
      const value = Sealed.is(found) ? plaintextOf(found) : found;
      const isObject = 'members' in member;
      // Of what is several classes at once the members decide; a single value brings its own.
      if (!isObject && Sealed.is(found) && found.dataClass === 'direct') throw new PrivacyRefusal('CLASS_NOT_ALLOWED', `${at}/${name}`);
      const text = isObject ? object(member.members, value, `${at}/${name}`) : jsonOf(value, `${at}/${name}`, 0);
      if (!isObject && member.words !== true) searched.push(said(text));
      parts.push(`${JSON.stringify(name)}:${text}`);
    }
    return `{${parts.join(',')}}`;
  };
  const text = object(def.members, Sealed.is(values) ? plaintextOf(values) : values, '');
  return { text, said: said(text), searched: searched.join('\n') };
}

/** A name is one also behind an escape: `\n` is no letter of it. */
const said = (text: string): string => text.replace(/\\(?:u[0-9a-f]{4}|(.))/g, (_, sign?: string) => (sign === '"' || sign === '\\' ? sign : ' '));

function jsonOf(value: unknown, at: string, depth: number): string {
  if (Sealed.is(value)) throw new PrivacyRefusal('SEALED_VALUE', at);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value !== 'object' || depth === DEEPEST) throw new PrivacyRefusal('FIELD_INVALID', at);
  if (Array.isArray(value)) return `[${Array.from({ length: value.length }, (_, i) => jsonOf(value[i], at, depth + 1)).join(',')}]`;
  if (!isPlain(value)) throw new PrivacyRefusal('PAYLOAD_NOT_PLAIN', at);
  const members: string[] = [];
  for (const name of Object.keys(value)) {
    if (!FIELD_NAME.test(name)) throw new PrivacyRefusal('UNEXPECTED_FIELD', at);
    const member: unknown = Reflect.get(value, name);
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${jsonOf(member, at, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

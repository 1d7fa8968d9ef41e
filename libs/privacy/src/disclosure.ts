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
const AUDIT_ID = /^[\x21-\x7e]{1,200}$/;

const GRANTED = Symbol('granted');
let grant: (input: DisclosureInput) => Disclosure;
let use: (disclosure: unknown) => Disclosure;

export interface DisclosureInput {
  /** `org_…` */
  readonly recipient: string;
  readonly purpose: string;
  readonly categories: readonly string[];
  readonly auditId: string;
}

class Disclosure {
  readonly #until = performance.now() + LIFETIME_MS;
  #used = false;
  private constructor(readonly recipient: string, readonly purpose: string, readonly categories: ReadonlySet<string>, readonly auditId: string, mark: symbol) {
    if (mark !== GRANTED) throw new PrivacyRefusal('DISCLOSURE_NOT_ALLOWED');
    Object.freeze(this);
  }
  static {
    grant = ({ recipient, purpose, categories, auditId }) => new Disclosure(recipient, purpose, new Set(categories), auditId, GRANTED);
    use = (given) => {
      if (typeof given !== 'object' || given === null || !(#until in given) || given.#used || performance.now() >= given.#until) throw new PrivacyRefusal('DISCLOSURE_NOT_ALLOWED');
      given.#used = true;
      return given;
    };
  }
}
export type { Disclosure };

/** @throws PrivacyRefusal RECIPIENT_INVALID, PURPOSE_MISSING, CATEGORY_MISSING, AUDIT_ENTRY_MISSING */
export function disclosure(input: DisclosureInput): Disclosure {
  const categories = [...input.categories];
  if (!isRef(input.recipient, 'org')) throw new PrivacyRefusal('RECIPIENT_INVALID');
  if (!CODE.test(input.purpose)) throw new PrivacyRefusal('PURPOSE_MISSING');
  if (categories.length === 0 || categories.some((category) => !CODE.test(category))) throw new PrivacyRefusal('CATEGORY_MISSING');
  if (!AUDIT_ID.test(input.auditId)) throw new PrivacyRefusal('AUDIT_ENTRY_MISSING');
  return grant({ ...input, categories });
}

/** What an answer to another organisation may hold. A member is declared with categories, of which one must be consented to; one without is operational (a reference, a code). */
export interface DisclosureDef {
  readonly name: string;
  readonly members: Readonly<Record<string, DisclosedMember>>;
}
export interface DisclosedMember {
  /** Consent to any one of them shows the member; of an object, each member may name its own. None: no consent is needed. */
  readonly categories: readonly string[];
  readonly members?: Readonly<Record<string, DisclosedMember>>;
  /** Whether it says who somebody is or how to reach them, or is told in somebody's own words: what only looks like a number is found in no such place. */
  readonly identifies?: boolean;
}

export interface DisclosedText { readonly text: string; /** What it says, as nobody escaped it. */ readonly said: string; /** The part of it in which nothing may look like somebody. */ readonly searched: string }

const DEEPEST = 12;

/** The body, made of what the categories allow and of nothing else; what they do not allow is refused, not left out. */
export function disclosedText(def: DisclosureDef, given: unknown, values: unknown, recipient: unknown): DisclosedText {
  const leave = use(given);
  if (leave.recipient !== recipient) throw new PrivacyRefusal('RECIPIENT_INVALID');
  const searched: string[] = [];
  const object = (members: Readonly<Record<string, DisclosedMember>>, from: unknown, at: string): string => {
    checkNames(from, new Set(Object.keys(members)));
    const parts: string[] = [];
    for (const [name, member] of Object.entries(members)) {
      if (!FIELD_NAME.test(name)) throw new PrivacyRefusal('DOCUMENT_INVALID');
      const found = valueOf(from, name);
      if (found === undefined) continue;
      if (member.categories.length > 0 && !member.categories.some((category) => leave.categories.has(category))) throw new PrivacyRefusal('CATEGORY_NOT_AUTHORISED', `${at}/${name}`);
      // unsealed in here, so that plaintext is never anything but a part of these bytes
      const value = Sealed.is(found) ? plaintextOf(found) : found;
      const text = member.members ? object(member.members, value, `${at}/${name}`) : jsonOf(value, `${at}/${name}`, 0);
      if (!member.members && member.identifies !== true) searched.push(said(text));
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

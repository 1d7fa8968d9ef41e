import { entryOf, type AuditReceipt } from './audit-receipt.js';
import { dataClasses, isPersonalClass, type PersonalClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';

const CAPABILITY_LIFETIME_MS = 60_000;
const PURPOSE = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;

/** Known to this file only: a capability leads to its class, and `new` on that must give nothing. */
const GRANTED = Symbol();
let grant: (purpose: string, auditId: string) => RevealCapability;
let isLive: (capability: unknown) => boolean;

/** Leave to see plaintext: for the purpose and under the audit entry that it was asked for with, and only for a minute. */
class RevealCapability {
  readonly #until = performance.now() + CAPABILITY_LIFETIME_MS;
  private constructor(readonly purpose: string, readonly auditId: string, mark: symbol) {
    if (mark !== GRANTED) throw new PrivacyRefusal('REVEAL_NOT_ALLOWED');
    Object.freeze(this);
  }
  static {
    grant = (purpose, auditId) => new RevealCapability(purpose, auditId, GRANTED);
    isLive = (capability) => typeof capability === 'object' && capability !== null && #until in capability && performance.now() < capability.#until;
  }
}
export type { RevealCapability };

/** Given for the receipt of an audit entry: the look is on record before there is anything to look at (DP-14). @throws PrivacyRefusal PURPOSE_MISSING, AUDIT_ENTRY_MISSING */
export function revealCapability(input: { purpose: string; audit: AuditReceipt }): RevealCapability {
  if (!PURPOSE.test(input.purpose)) throw new PrivacyRefusal('PURPOSE_MISSING');
  return grant(input.purpose, entryOf(input.audit));
}

/** What a service does with a value of its own and shows to nobody: the keys with which it signs, whom it writes to; and what a recipient opens at home, whose pick-up was audited. */
const ownUses = ['SIGNING', 'SECURITY_CONTACT', 'OWN_ENVELOPE'] as const;
export type OwnUse = (typeof ownUses)[number];
/** @throws PrivacyRefusal PURPOSE_MISSING */
export function ownUse(purpose: OwnUse): RevealCapability {
  if (!ownUses.includes(purpose)) throw new PrivacyRefusal('PURPOSE_MISSING');
  return grant(purpose, 'own-use');
}

let seal: <T, C extends PersonalClass>(dataClass: C, value: T) => Sealed<T, C>;
let open: <T>(sealed: Sealed<T>) => T;

/**
 * A personal value. No serialiser, logger or template can print it: the value is #private, so it is also no string to
 * the compiler. Two of them look alike to a deep comparison; compare with `test`.
 */
export class Sealed<out T, out C extends PersonalClass = PersonalClass> {
  readonly #value: T;
  readonly #dataClass: C;

  private constructor(dataClass: C, value: T) {
    this.#dataClass = dataClass;
    this.#value = value;
    Object.freeze(this);
  }
  static {
    seal = (dataClass, value) => new Sealed(dataClass, value);
    open = (sealed) => sealed.#value;
  }

  static is(value: unknown): value is Sealed<unknown> {
    return typeof value === 'object' && value !== null && #value in value;
  }

  get dataClass(): C {
    return this.#dataClass;
  }

  /** One bit, for guards. What the predicate throws is dropped: it may hold the value. */
  test(predicate: (value: T) => boolean): boolean {
    return within(() => predicate(this.#value)) === true;
  }

  map<U>(f: (value: T) => U): Sealed<U, C> {
    return seal(this.#dataClass, within(() => f(this.#value)));
  }

  /** Two labelled values into one, for a change of one by the other; the stricter class stays. */
  with<V, U>(other: Sealed<V>, f: (mine: T, theirs: V) => U): Sealed<U> {
    const stricter = dataClasses.indexOf(other.dataClass) > dataClasses.indexOf(this.#dataClass) ? other.dataClass : this.#dataClass;
    return seal<U, PersonalClass>(stricter, within(() => f(this.#value, open(other))));
  }

  /** @throws PrivacyRefusal REVEAL_NOT_ALLOWED when the capability is not one, or older than a minute */
  reveal(capability: RevealCapability): T {
    if (!isLive(capability)) throw new PrivacyRefusal('REVEAL_NOT_ALLOWED');
    return this.#value;
  }

  toJSON(): never {
    throw new PrivacyRefusal('SEALED_VALUE');
  }
  toString(): string {
    return '[sealed]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[sealed]';
  }
}

function within<R>(look: () => R): R {
  try {
    return look();
  } catch {
    throw new PrivacyRefusal('LOOK_FAILED');
  }
}

export function label<T, C extends PersonalClass>(dataClass: C, value: T): Sealed<T, C> {
  if (!isPersonalClass(dataClass)) throw new PrivacyRefusal('CLASS_UNKNOWN');
  return seal(dataClass, value);
}

/** For the sealing of fields and nobody else: not exported by the package. */
export const plaintextOf = <T>(sealed: Sealed<T>): T => open(sealed);

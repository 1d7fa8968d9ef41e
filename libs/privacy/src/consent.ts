import { PrivacyRefusal } from './refusal.js';
import { isSigned, type Signature, type SigningKeys } from './signing-keys.js';

/** Everything that a person has agreed to, and how; the organisation that took it signs exactly this, at each change of state. */
export interface ConsentTerms {
  readonly consent: string;
  readonly case: string;
  /** Who took it, and signs. */
  readonly organisation: string;
  readonly recipient?: string | undefined;
  readonly purpose: string;
  readonly fields: readonly string[];
  readonly state: string;
  readonly version: number;
  readonly givenAt?: string | undefined;
  /** From this moment on it is over. */
  readonly expires?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly language: string;
  readonly interpreter: boolean;
  readonly noticeVersion: string;
  readonly medium?: string | undefined;
  readonly witness?: string | undefined;
  /** PERSON or GUARDIAN, and by which appointment. */
  readonly givenBy?: string | undefined;
  readonly guardian?: string | undefined;
  /** No help depends on it. */
  readonly notACondition: boolean;
}
export interface SignedConsent extends ConsentTerms { readonly signature: Signature }

type Verifies = Pick<SigningKeys, 'verifyingKeys'>;

/** A list without names: two consents have the same bytes only if they are the same. */
function bytesOf(c: ConsentTerms): Buffer {
  return Buffer.from(JSON.stringify(['footbridge-consent-1', c.consent, c.case, c.organisation, c.recipient ?? null, c.purpose, [...c.fields].sort(), c.state, c.version, c.givenAt ?? null, c.expires ?? null, c.endedAt ?? null,
    c.language, c.interpreter, c.noticeVersion, c.medium ?? null, c.witness ?? null, c.givenBy ?? null, c.guardian ?? null, c.notACondition]));
}

/** @throws PrivacyRefusal as `SigningKeys.sign` */
export async function signConsent(keys: Pick<SigningKeys, 'sign'>, terms: ConsentTerms): Promise<Signature> {
  return keys.sign(terms.organisation, bytesOf(terms));
}

/** Whether the organisation that took it has signed it as it stands here. */
export async function isGenuine(keys: Verifies, consent: ConsentTerms & { readonly signature?: Signature | undefined }): Promise<boolean> {
  return consent.signature !== undefined && isSigned(await keys.verifyingKeys(consent.organisation), bytesOf(consent), consent.signature);
}

export interface Asked<R extends string, P extends string, F extends string> {
  readonly organisation: string;
  readonly case: string;
  readonly recipient: R;
  readonly purpose: P;
  readonly fields: readonly F[];
  readonly now: Date;
  /** What else is on record: it has ended, whatever this copy of it says. */
  readonly hasEnded?: boolean;
  /** What the recipient calls this consent; default: its id. */
  readonly knownAs?: string;
}

const IN_FORCE: readonly string[] = ['given', 'renewed'];
const ENDED: readonly string[] = ['withdrawn', 'revoked'];
/** How far two clocks may be apart. */
const CLOCK_SKEW_MS = 600_000;
const CAPABILITY_LIFETIME_MS = 60_000;

const GRANTED = Symbol('granted');
let grant: <R extends string, P extends string, F extends string>(asked: Asked<R, P, F>, consent: string) => ConsentCapability<R, P, F>;
let take: (capability: unknown) => void;

/** Leave to hand these fields to this recipient for this purpose: once, within a minute. Only `authorise` gives it. */
export class ConsentCapability<out R extends string = string, out P extends string = string, out F extends string = string> {
  readonly #until = performance.now() + CAPABILITY_LIFETIME_MS;
  #spent = false;
  private constructor(readonly organisation: string, readonly recipient: R, readonly purpose: P, readonly fields: readonly F[], readonly consent: string, mark: symbol) {
    if (mark !== GRANTED) throw new PrivacyRefusal('CAPABILITY_INVALID');
    Object.freeze(this);
  }
  static {
    grant = ({ organisation, recipient, purpose, fields }, consent) => new ConsentCapability(organisation, recipient, purpose, Object.freeze([...new Set(fields)]), consent, GRANTED);
    take = (capability) => {
      if (typeof capability !== 'object' || capability === null || !(#spent in capability)) throw new PrivacyRefusal('CAPABILITY_INVALID');
      if (capability.#spent) throw new PrivacyRefusal('CAPABILITY_SPENT');
      capability.#spent = true;
      if (performance.now() >= capability.#until) throw new PrivacyRefusal('CAPABILITY_EXPIRED');
    };
  }
}

/** For what hands something out, and nobody else: not exported by the package. A second use and a late one are refused. */
export const spend = (capability: ConsentCapability): void => take(capability);

/**
 * Whether this consent allows this, now. The signature is looked at first: of a consent that nobody signed nothing else counts.
 * @throws PrivacyRefusal CONSENT_…, FIELDS_MISSING, and those of `SigningKeys`
 */
export async function authorise<R extends string, P extends string, F extends string>(keys: Verifies, shown: SignedConsent | (ConsentTerms & { readonly signature?: undefined }) | undefined, wanted: Asked<R, P, F>): Promise<ConsentCapability<R, P, F>> {
  if (shown === undefined) throw new PrivacyRefusal('CONSENT_MISSING');
  // Read once: what changes while the keys are fetched, or answers the second question in another way, is not what was signed.
  const consent = { ...shown, fields: [...shown.fields] }, asked = { ...wanted, fields: [...wanted.fields] };
  if (consent.signature === undefined) throw new PrivacyRefusal('CONSENT_UNSIGNED');
  if (consent.organisation !== asked.organisation) throw new PrivacyRefusal('CONSENT_OTHER_ORGANISATION');
  if (!await isGenuine(keys, consent)) throw new PrivacyRefusal('CONSENT_NOT_GENUINE');
  if (consent.case !== asked.case) throw new PrivacyRefusal('CONSENT_OTHER_CASE');
  if (asked.hasEnded === true || ENDED.includes(consent.state)) throw new PrivacyRefusal('CONSENT_WITHDRAWN');
  if (consent.state === 'expired') throw new PrivacyRefusal('CONSENT_EXPIRED');
  if (!IN_FORCE.includes(consent.state) || !consent.notACondition) throw new PrivacyRefusal('CONSENT_NOT_GIVEN');
  const [now, givenAt, expires] = [asked.now.getTime(), new Date(consent.givenAt ?? Number.NaN).getTime(), new Date(consent.expires ?? Number.NaN).getTime()];
  // Written so that what is no time at all is refused too.
  if (!(givenAt <= now + CLOCK_SKEW_MS)) throw new PrivacyRefusal('CONSENT_FUTURE_DATED');
  if (!(now < expires)) throw new PrivacyRefusal('CONSENT_EXPIRED');
  if (consent.recipient !== asked.recipient) throw new PrivacyRefusal('CONSENT_OTHER_RECIPIENT');
  if (consent.purpose !== asked.purpose) throw new PrivacyRefusal('CONSENT_OTHER_PURPOSE');
  if (asked.fields.length === 0) throw new PrivacyRefusal('FIELDS_MISSING');
  if (!asked.fields.every((field) => consent.fields.includes(field))) throw new PrivacyRefusal('CONSENT_FIELDS_WIDER');
  return grant(asked, asked.knownAs ?? consent.consent);
}

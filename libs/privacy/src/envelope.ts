import { spend, type ConsentCapability } from './consent.js';
import { hpke } from './hpke.js';
import { VerifiedKey } from './key-directory.js';
import { PrivacyRefusal } from './refusal.js';
import { Sealed, label, plaintextOf } from './sealed.js';
import { isSigned, keyIdOf, type Signature, type SigningKeys, type VerifyingKey } from './signing-keys.js';

/** What is bound to an envelope: whoever opens it knows that nobody has put it into another context. */
export interface EnvelopeContext { readonly sender: string; readonly recipient: string; readonly purpose: string; /** As the recipient calls it. */ readonly consent: string }
export interface SealedEnvelope extends EnvelopeContext {
  readonly protocol: typeof PROTOCOL;
  readonly suite: string;
  /** From this moment on nobody opens it. */
  readonly expires: string;
  /** Which of the recipient's keys: the first 16 characters of its SHA-256. */
  readonly key: string;
  readonly enc: string;
  readonly ct: string;
  /** Of the sender, over all the rest. */
  readonly signature: Signature;
}

const PROTOCOL = 'footbridge-envelope-1';
const LENGTH = 4;
/** Neither the script of a name nor whether there is a second one is read from a length. What is larger is no identity. */
export const envelopeSizes = [512, 1_024, 4_096, 16_384, 65_536] as const;
/** No forward secrecy against theft of the recipient's key: so envelopes are short-lived (privacy design 2.2). */
export const ENVELOPE_LIFETIME_MS = 7 * 86_400_000;
/** How far two clocks may be apart. */
const CLOCK_SKEW_MS = 600_000;

type Unsigned = Omit<SealedEnvelope, 'signature'>;
const infoOf = ({ suite, sender, recipient, purpose, consent, expires }: Omit<Unsigned, 'key' | 'enc' | 'ct'>): Buffer => Buffer.from(JSON.stringify([PROTOCOL, suite, sender, recipient, purpose, consent, expires]));
const aadOf = ({ key }: Pick<Unsigned, 'key'>): Buffer => Buffer.from(key);
const signedBytes = (e: Unsigned): Buffer => Buffer.from(JSON.stringify([infoOf(e).toString(), e.key, e.enc, e.ct]));

/** What the runtime says of a value that is no JSON names its members; what is labelled inside says itself what it is. */
function jsonOf(value: object): string {
  try { return JSON.stringify(value); } catch (error) { throw error instanceof PrivacyRefusal ? error : new PrivacyRefusal('FIELD_NOT_JSON'); }
}

function padded(value: object): Buffer {
  const json = Buffer.from(jsonOf(value));
  const size = envelopeSizes.find((most) => json.length + LENGTH <= most);
  if (size === undefined) throw new PrivacyRefusal('ENVELOPE_TOO_LARGE');
  const plain = Buffer.alloc(size);
  plain.writeUInt32BE(json.length);
  json.copy(plain, LENGTH);
  json.fill(0);
  return plain;
}

export interface SealOptions { readonly signingKeys: Pick<SigningKeys, 'sign'>; readonly expires: Date; readonly now: Date }

/**
 * Seals fields to one recipient. It takes the consent with it: of the capability nothing is left, also where this fails.
 * @throws PrivacyRefusal CAPABILITY_…, KEY_NOT_VERIFIED, KEY_OTHER_ORGANISATION, CONSENT_FIELDS_WIDER, NOT_LABELLED, FIELD_NOT_JSON, ENVELOPE_LIFETIME, ENVELOPE_TOO_LARGE, and those of `SigningKeys`
 */
export async function sealEnvelope<R extends string, P extends string, F extends string>(capability: ConsentCapability<R, P, F>, fields: Sealed<Readonly<Partial<Record<NoInfer<F>, unknown>>>>, key: VerifiedKey<NoInfer<R>>, { signingKeys, expires, now }: SealOptions): Promise<SealedEnvelope> {
  spend(capability);
  if (!VerifiedKey.is(key)) throw new PrivacyRefusal('KEY_NOT_VERIFIED');
  if (key.organisation !== capability.recipient) throw new PrivacyRefusal('KEY_OTHER_ORGANISATION');
  if (!Sealed.is(fields)) throw new PrivacyRefusal('NOT_LABELLED');
  const lives = expires.getTime() - now.getTime();
  if (!(lives > 0 && lives <= ENVELOPE_LIFETIME_MS)) throw new PrivacyRefusal('ENVELOPE_LIFETIME');
  const values: object = plaintextOf(fields);
  // A wider object passes the compiler through a narrower variable (T02).
  if (!Object.keys(values).every((field) => (capability.fields as readonly string[]).includes(field))) throw new PrivacyRefusal('CONSENT_FIELDS_WIDER');
  const plain = padded(values);
  const { organisation: sender, recipient, purpose, consent } = capability;
  const header = { protocol: PROTOCOL, suite: hpke.suite, sender, recipient, purpose, consent, expires: expires.toISOString(), key: keyIdOf(key.publicKey) } as const;
  const { enc, ct } = await hpke.seal(Buffer.from(key.publicKey, 'base64url'), infoOf(header), aadOf(header), plain);
  plain.fill(0);
  const unsigned = { ...header, enc: enc.toString('base64url'), ct: ct.toString('base64url') };
  return { ...unsigned, signature: await signingKeys.sign(sender, signedBytes(unsigned)) };
}

/**
 * Hands a kept envelope out: under a consent that was asked again at this moment, and to nobody but whom it names.
 * @throws PrivacyRefusal CAPABILITY_…, ENVELOPE_DAMAGED, ENVELOPE_OTHER_SENDER, ENVELOPE_OTHER_RECIPIENT, ENVELOPE_OTHER_PURPOSE, ENVELOPE_OTHER_CONSENT, ENVELOPE_EXPIRED
 */
export function collectEnvelope(capability: ConsentCapability, kept: Sealed<string>, now: Date): SealedEnvelope {
  spend(capability);
  const envelope = readEnvelope(plaintextOf(kept));
  checkContext(envelope, { sender: capability.organisation, recipient: capability.recipient, purpose: capability.purpose, consent: capability.consent }, now);
  return envelope;
}

function checkContext(envelope: SealedEnvelope, expected: EnvelopeContext, now: Date): void {
  if (envelope.sender !== expected.sender) throw new PrivacyRefusal('ENVELOPE_OTHER_SENDER');
  if (envelope.recipient !== expected.recipient) throw new PrivacyRefusal('ENVELOPE_OTHER_RECIPIENT');
  if (envelope.purpose !== expected.purpose) throw new PrivacyRefusal('ENVELOPE_OTHER_PURPOSE');
  if (envelope.consent !== expected.consent) throw new PrivacyRefusal('ENVELOPE_OTHER_CONSENT');
  const left = Date.parse(envelope.expires) - now.getTime();
  if (!(left > 0)) throw new PrivacyRefusal('ENVELOPE_EXPIRED');
  if (!(left <= ENVELOPE_LIFETIME_MS + CLOCK_SKEW_MS)) throw new PrivacyRefusal('ENVELOPE_LIFETIME');
}

const bytes = (text: string): Buffer | undefined => { const raw = Buffer.from(text, 'base64url'); return raw.toString('base64url') === text ? raw : undefined; };
const texts = ['protocol', 'suite', 'sender', 'recipient', 'purpose', 'consent', 'expires', 'key', 'enc', 'ct'] as const;

/** An envelope from JSON, and nothing that only looks like one. @throws PrivacyRefusal ENVELOPE_DAMAGED */
export function readEnvelope(json: string): SealedEnvelope {
  let read: unknown;
  try { read = JSON.parse(json); } catch { /* what is no JSON is no envelope either */ }
  if (!isEnvelope(read)) throw new PrivacyRefusal('ENVELOPE_DAMAGED');
  return read;
}
function isEnvelope(read: unknown): read is SealedEnvelope {
  const values = new Map<string, unknown>(Object.entries(read ?? {}));
  const signature = values.get('signature');
  const isText = (of: ReadonlyMap<string, unknown>, names: readonly string[]): boolean => names.every((name) => typeof of.get(name) === 'string');
  if (values.size !== texts.length + 1 || !isText(values, texts)) return false;
  const signed = new Map<string, unknown>(Object.entries(signature ?? {}));
  if (signed.size !== 2 || !isText(signed, ['key', 'signature'])) return false;
  const length = bytes(String(values.get('ct')))?.length ?? 0;
  return values.get('protocol') === PROTOCOL && values.get('suite') === hpke.suite && bytes(String(values.get('enc')))?.length === 32 && envelopeSizes.some((size) => length === size + 16) && bytes(String(signed.get('signature')))?.length === 64;
}

/**
 * For the recipient: is it from whom it should be, for me, for this purpose, under this consent, still valid; and only then what is in it.
 * @throws PrivacyRefusal ENVELOPE_DAMAGED, ENVELOPE_OTHER_…, ENVELOPE_EXPIRED, ENVELOPE_LIFETIME, ENVELOPE_NOT_SIGNED, ENVELOPE_NOT_OPENED
 */
export async function openEnvelope(envelope: SealedEnvelope, privateKey: string, expected: EnvelopeContext, { senderKeys, now }: { readonly senderKeys: readonly VerifyingKey[]; readonly now: Date }): Promise<Sealed<Readonly<Record<string, unknown>>, 'direct'>> {
  if (!isEnvelope(envelope)) throw new PrivacyRefusal('ENVELOPE_DAMAGED');
  checkContext(envelope, expected, now);
  if (!isSigned(senderKeys, signedBytes(envelope), envelope.signature)) throw new PrivacyRefusal('ENVELOPE_NOT_SIGNED');
  const plain = await hpke.open(Buffer.from(privateKey, 'base64url'), infoOf(envelope), aadOf(envelope), { enc: Buffer.from(envelope.enc, 'base64url'), ct: Buffer.from(envelope.ct, 'base64url') });
  try {
    return label('direct', JSON.parse(plain.toString('utf8', LENGTH, LENGTH + plain.readUInt32BE())) as Readonly<Record<string, unknown>>);
  } catch {
    throw new PrivacyRefusal('ENVELOPE_DAMAGED');
  } finally { plain.fill(0); }
}

import { Aes128Gcm } from '@hpke/core';
import fc from 'fast-check';
import * as panva from 'hpke';
import { inspect } from 'node:util';
import { authorise, signConsent, type ConsentCapability, type ConsentTerms } from './consent.js';
import { ENVELOPE_LIFETIME_MS, collectEnvelope, envelopeSizes, openEnvelope, readEnvelope, sealEnvelope, type EnvelopeContext, type SealedEnvelope } from './envelope.js';
import { hpke, hpkeWith, newEnvelopeKey } from './hpke.js';
import { fingerprintOf, newEntryKey, proveKey, verifyKey, type VerifiedKey } from './key-directory.js';
import { PrivacyRefusal } from './refusal.js';
import { label, ownUse, type Sealed } from './sealed.js';
import { memoryKeys } from './signing.fixture.js';

const signingKeys = memoryKeys();
const now = new Date('2026-11-25T12:00:00.000Z');
const plus = (ms: number): Date => new Date(now.getTime() + ms);
const expires = plus(ENVELOPE_LIFETIME_MS);
const mine = newEnvelopeKey();
const entry = proveKey('org_b', mine.publicKey, newEntryKey());
const key: VerifiedKey<string> = verifyKey('org_b', entry, { fingerprint: fingerprintOf('org_b', entry) });
const context: EnvelopeContext = { sender: 'org_a', recipient: 'org_b', purpose: 'REFERRAL_DISCLOSURE', consent: 'con_theirs' };
const NAME = 'Qëzvxwöj';
type Fields = Sealed<Readonly<Partial<Record<string, unknown>>>>;
const identity: Fields = label('direct', { IDENTITY: { givenName: NAME } });

async function leave(recipient = 'org_b', o: Partial<ConsentTerms> = {}): Promise<ConsentCapability> {
  const terms: ConsentTerms = { consent: 'con-1', case: 'case-1', organisation: 'org_a', recipient, purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY', 'NEEDS'], state: 'given', version: 2, givenAt: plus(-1_000).toISOString(), expires: plus(1e10).toISOString(), language: 'ti', interpreter: false, noticeVersion: '1', notACondition: true, ...o };
  return authorise(signingKeys, { ...terms, signature: await signConsent(signingKeys, terms) }, { organisation: terms.organisation, case: 'case-1', recipient, purpose: terms.purpose, fields: ['IDENTITY', 'NEEDS'], now, knownAs: o.consent ?? 'con_theirs' });
}
const seal = async (fields = identity, capability?: ConsentCapability, to = key): Promise<SealedEnvelope> => sealEnvelope(capability ?? await leave(), fields, to, { signingKeys, expires, now });
const open = async (envelope: SealedEnvelope, o: { privateKey?: string; expected?: Partial<EnvelopeContext>; now?: Date; from?: string } = {}): Promise<unknown> =>
  (await openEnvelope(envelope, o.privateKey ?? mine.privateKey, { ...context, ...o.expected }, { senderKeys: await signingKeys.verifyingKeys(o.from ?? 'org_a'), now: o.now ?? now })).reveal(ownUse('OWN_ENVELOPE'));
const refusal = async (act: Promise<unknown> | (() => unknown)): Promise<string> => {
  try { await (typeof act === 'function' ? act() : act); } catch (error) { expect(error).toBeInstanceOf(PrivacyRefusal); expect(inspect(error)).not.toContain(NAME); return (error as PrivacyRefusal).code; }
  return 'none';
};
/** Signed anew by the sender: so that the check behind the signature is the one that refuses. */
const resigned = async (changes: Partial<SealedEnvelope>, signer = 'org_a'): Promise<SealedEnvelope> => {
  const { signature: _, ...e } = { ...await seal(), ...changes };
  const bytes = Buffer.from(JSON.stringify([JSON.stringify([e.protocol, e.suite, e.sender, e.recipient, e.purpose, e.consent, e.expires]), e.key, e.enc, e.ct]));
  return { ...e, signature: await signingKeys.sign(signer, bytes) };
};
const flipped = (text: string, bit: number): string => { const raw = Buffer.from(text, 'base64url'); const at = bit % (raw.length * 8); raw[at >> 3] = (raw[at >> 3] ?? 0) ^ (1 << (at & 7)); return raw.toString('base64url'); };

describe('T21: HPKE', () => {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  it('opens the vector of RFC 9180, A.1.1', async () => {
    const opened = await hpkeWith(new Aes128Gcm()).open(hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'), hex('4f6465206f6e2061204772656369616e2055726e'), hex('436f756e742d30'), {
      enc: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'), ct: hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a'),
    });
    expect(opened.toString('hex')).toBe('4265617574792069732074727574682c20747275746820626561757479');
  });
  const second = new panva.CipherSuite(panva.KEM_DHKEM_X25519_HKDF_SHA256, panva.KDF_HKDF_SHA256, panva.AEAD_AES_256_GCM);
  const [info, aad, text] = [Buffer.from('info'), Buffer.from('aad'), Buffer.from('text')];
  const raw = (part: string): Uint8Array => new Uint8Array(Buffer.from(part, 'base64url'));
  it('a second implementation opens what we seal, and we open what it seals; a whole envelope too', async () => {
    const theirs = { publicKey: await second.DeserializePublicKey(raw(mine.publicKey)), privateKey: await second.DeserializePrivateKey(raw(mine.privateKey), true) };
    const { enc, ct } = await hpke.seal(Buffer.from(mine.publicKey, 'base64url'), info, aad, text);
    expect(Buffer.from(await second.Open(theirs.privateKey, new Uint8Array(enc), new Uint8Array(ct), { info: new Uint8Array(info), aad: new Uint8Array(aad) })).toString()).toBe('text');
    const { encapsulatedSecret, ciphertext } = await second.Seal(theirs.publicKey, new Uint8Array(text), { info: new Uint8Array(info), aad: new Uint8Array(aad) });
    expect((await hpke.open(Buffer.from(mine.privateKey, 'base64url'), info, aad, { enc: Buffer.from(encapsulatedSecret), ct: Buffer.from(ciphertext) })).toString()).toBe('text');
    const envelope = await seal();
    const bound = new TextEncoder().encode(JSON.stringify(['footbridge-envelope-1', '0020-0001-0002', 'org_a', 'org_b', 'REFERRAL_DISCLOSURE', 'con_theirs', expires.toISOString()]));
    const opened = Buffer.from(await second.Open(theirs.privateKey, raw(envelope.enc), raw(envelope.ct), { info: bound, aad: new TextEncoder().encode(envelope.key) }));
    expect([opened.length, opened.toString('utf8', 4, 4 + opened.readUInt32BE())]).toEqual([512, JSON.stringify({ IDENTITY: { givenName: NAME } })]);
  });
  it.each(['00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`])('refuses the point of small order %s on both sides', async (point) => {
    expect(await refusal(hpke.seal(hex(point), info, aad, text))).toBe('KEY_INVALID');
    expect(await refusal(hpke.open(Buffer.from(mine.privateKey, 'base64url'), info, aad, { enc: hex(point), ct: Buffer.alloc(40) }))).toBe('ENVELOPE_NOT_OPENED');
  });
  it('refuses another info and another aad', async () => {
    const sealed = await hpke.seal(Buffer.from(mine.publicKey, 'base64url'), info, aad, text);
    expect(await refusal(hpke.open(Buffer.from(mine.privateKey, 'base64url'), Buffer.from('infO'), aad, sealed))).toBe('ENVELOPE_NOT_OPENED');
    expect(await refusal(hpke.open(Buffer.from(mine.privateKey, 'base64url'), info, Buffer.from('aaD'), sealed))).toBe('ENVELOPE_NOT_OPENED');
  });
});

describe('an envelope', () => {
  it('is opened by whom it is for, and by nobody else', async () => {
    const envelope = await seal();
    expect(await open(envelope)).toEqual({ IDENTITY: { givenName: NAME } });
    expect(await open(readEnvelope(JSON.stringify(envelope)))).toEqual({ IDENTITY: { givenName: NAME } });
    expect(JSON.stringify(envelope)).not.toContain('givenName');
    expect(await refusal(open(envelope, { privateKey: newEnvelopeKey().privateKey }))).toBe('ENVELOPE_NOT_OPENED');
    expect(envelope).toMatchObject({ ...context, protocol: 'footbridge-envelope-1', suite: '0020-0001-0002', expires: expires.toISOString(), key: expect.stringMatching(/^[\w-]{16}$/) as string });
  });
  it('two of the same are not alike', async () => {
    const [a, b] = [await seal(), await seal()];
    expect([a.enc === b.enc, a.ct === b.ct]).toEqual([false, false]);
  });
  it('T22: has one length for every script and for every field that is there or not', async () => {
    const scripts = ['Arta Example', 'Артём Пример', 'ሰላም አበበ', '示例姓名', 'مثال الاسم', 'Đặng Thị Ví Dụ'];
    const lengths = await Promise.all(scripts.map(async (givenName, i) => JSON.stringify(await seal(label('direct', { IDENTITY: { givenName, ...(i % 2 ? { familyName: givenName } : {}) }, ...(i % 3 ? { NEEDS: { accessNeeds: true } } : {}) }))).length));
    expect(new Set(lengths).size).toBe(1);
  });
  it('T22: is padded to 512, 1024, 4096, 16384 or 65536 bytes, and larger is refused', async () => {
    const of = (length: number): Fields => label('direct', { NEEDS: 'x'.repeat(length - '{"NEEDS":""}'.length - 4) });
    for (const [i, size] of envelopeSizes.entries()) {
      expect(Buffer.from((await seal(of(size))).ct, 'base64url').length).toBe(size + 16);
      const next = envelopeSizes[i + 1];
      if (next !== undefined) expect(Buffer.from((await seal(of(size + 1))).ct, 'base64url').length).toBe(next + 16);
    }
    expect(await refusal(seal(of(65_537)))).toBe('ENVELOPE_TOO_LARGE');
    expect([...envelopeSizes]).toEqual([512, 1_024, 4_096, 16_384, 65_536]);
  });
  it('T12, T15: takes the consent with it, also where it fails', async () => {
    const capability = await leave();
    await seal(identity, capability);
    expect(await refusal(seal(identity, capability))).toBe('CAPABILITY_SPENT');
    expect(await refusal(seal(identity, { ...capability } as ConsentCapability))).toBe('CAPABILITY_INVALID');
    const wasted = await leave();
    expect(await refusal(seal(label('direct', { HEALTH: 1 }), wasted))).toBe('CONSENT_FIELDS_WIDER');
    expect(await refusal(seal(identity, wasted))).toBe('CAPABILITY_SPENT');
  });
  it('T09: what is no JSON is refused without a word of what it holds, and what is labelled inside says so', async () => {
    const around: Record<string, unknown> = {};
    around['Zyxqua'] = around;
    for (const value of [around, 1n, { toJSON: () => { throw new Error('Zyxqua'); } }]) expect(await refusal(seal(label('direct', { IDENTITY: value })))).toBe('FIELD_NOT_JSON');
    expect(await refusal(seal(label('direct', { IDENTITY: label('direct', 'Zyxqua') })))).toBe('SEALED_VALUE');
  });
  it('T14, T20: holds nothing that she did not agree to, and goes to no key that is not verified and hers to get', async () => {
    expect(await refusal(seal(label('direct', { IDENTITY: 1, HEALTH: 1 }) as Fields))).toBe('CONSENT_FIELDS_WIDER');
    expect(await refusal(seal({ IDENTITY: 1 } as unknown as Fields))).toBe('NOT_LABELLED');
    expect(await refusal(seal(identity, undefined, { organisation: 'org_b', publicKey: mine.publicKey } as VerifiedKey))).toBe('KEY_NOT_VERIFIED');
    expect(await refusal(seal(identity, await leave('org_c'), key))).toBe('KEY_OTHER_ORGANISATION');
  });
  it.each<[string, Date]>([['none', plus(1)], ['ENVELOPE_LIFETIME', now], ['ENVELOPE_LIFETIME', plus(-1)], ['none', expires], ['ENVELOPE_LIFETIME', plus(ENVELOPE_LIFETIME_MS + 1)], ['ENVELOPE_LIFETIME', new Date(Number.NaN)]])('lives for seven days at most: %s', async (code, until) => {
    expect(await refusal(sealEnvelope(await leave(), identity, key, { signingKeys, expires: until, now }))).toBe(code);
  });
});

describe('opening', () => {
  it.each<[string, Partial<EnvelopeContext>]>([['ENVELOPE_OTHER_SENDER', { sender: 'org_z' }], ['ENVELOPE_OTHER_RECIPIENT', { recipient: 'org_z' }], ['ENVELOPE_OTHER_PURPOSE', { purpose: 'PROSECUTION' }], ['ENVELOPE_OTHER_CONSENT', { consent: 'con_x' }]])('T16, T23: says %s where another was expected', async (code, expected) => {
    expect(await refusal(open(await seal(), { expected }))).toBe(code);
    // Said in the header and signed anew, it is still bound to what it was sealed for.
    expect(await refusal(open(await resigned(expected), { expected }))).toBe('ENVELOPE_NOT_OPENED');
  });
  it('is over when it has expired, on clocks that are ten minutes apart at most', async () => {
    const envelope = await seal();
    expect(await refusal(open(envelope, { now: new Date(expires.getTime() - 1) }))).toBe('none');
    expect(await refusal(open(envelope, { now: expires }))).toBe('ENVELOPE_EXPIRED');
    expect(await refusal(open(envelope, { now: plus(-600_000) }))).toBe('none');
    expect(await refusal(open(envelope, { now: plus(-600_001) }))).toBe('ENVELOPE_LIFETIME');
    expect(await refusal(open(await resigned({ expires: 'never' })))).toBe('ENVELOPE_EXPIRED');
    expect(await refusal(open(await resigned({ expires: plus(1_000).toISOString() })))).toBe('ENVELOPE_NOT_OPENED');
    expect(await refusal(open(await resigned({ key: 'A'.repeat(16) })))).toBe('ENVELOPE_NOT_OPENED');
  });
  it('T23: needs the sender\'s signature', async () => {
    expect(await refusal(open(await resigned({}, 'org_x')))).toBe('ENVELOPE_NOT_SIGNED');
    expect(await refusal(open(await seal(), { from: 'org_x' }))).toBe('ENVELOPE_NOT_SIGNED');
    expect(await refusal(open(await resigned({})))).toBe('none');
  });
  it('T21: property: every flipped bit of key share, ciphertext and signature is refused, by the signature and behind it', async () => {
    const envelope = await seal();
    await fc.assert(fc.asyncProperty(fc.nat(), fc.constantFrom('enc', 'ct'), async (bit, part: 'enc' | 'ct') => {
      const changes = { [part]: flipped(envelope[part], bit) };
      expect(await refusal(open({ ...envelope, ...changes }))).toBe('ENVELOPE_NOT_SIGNED');
      // X25519 does not read the last bit of a point: HPKE binds it all the same.
      expect(await refusal(open(await resigned({ enc: envelope.enc, ct: envelope.ct, ...changes })))).toBe('ENVELOPE_NOT_OPENED');
    }), { numRuns: 40, examples: [[255, 'enc'], [0, 'ct'], [528 * 8 - 1, 'ct']] });
    await fc.assert(fc.asyncProperty(fc.nat(511), async (bit) => {
      expect(await refusal(open({ ...envelope, signature: { ...envelope.signature, signature: flipped(envelope.signature.signature, bit) } }))).toBe('ENVELOPE_NOT_SIGNED');
    }), { numRuns: 40 });
  });
  it('T23: what is no envelope is damaged, and nothing else is said', async () => {
    const envelope = await seal();
    const damaged: readonly unknown[] = [
      null, 1, 'x', [], {}, { ...envelope, more: 1 }, { ...envelope, protocol: 'footbridge-envelope-2' }, { ...envelope, suite: '0020-0001-0001' }, { ...envelope, sender: 1 }, { ...envelope, enc: `${envelope.enc}AA` }, { ...envelope, enc: `${envelope.enc}=` },
      { ...envelope, ct: `${envelope.ct}AAAA` }, { ...envelope, ct: '' }, { ...envelope, signature: null }, { ...envelope, signature: 'x' }, { ...envelope, signature: { ...envelope.signature, more: '' } }, { ...envelope, signature: { ...envelope.signature, key: 1 } }, { ...envelope, signature: { ...envelope.signature, signature: '$' } }, { ...envelope, signature: { ...envelope.signature, signature: `${envelope.signature.signature}=` } }, { ...envelope, enc: '$' }, { ...envelope, ct: '$' }, { ...envelope, signature: undefined }, undefined,
      { ...envelope, signature: { ...envelope.signature, signature: 'AA' } }, Object.fromEntries(Object.entries(envelope).filter(([name]) => name !== 'consent')), { ...Object.fromEntries(Object.entries(envelope).filter(([name]) => name !== 'consent')), other: 'x' },
    ];
    for (const bad of damaged) expect([bad, await refusal(() => readEnvelope(String(JSON.stringify(bad)))), await refusal(open(bad as SealedEnvelope))]).toEqual([bad, 'ENVELOPE_DAMAGED', 'ENVELOPE_DAMAGED']);
    expect(await refusal(() => readEnvelope('{'))).toBe('ENVELOPE_DAMAGED');
  });
  it('what does not hold what it should is damaged too', async () => {
    const info = Buffer.from(JSON.stringify(['footbridge-envelope-1', hpke.suite, ...Object.values(context), expires.toISOString()]));
    const { key: keyId } = await seal();
    for (const plain of [Buffer.alloc(512, 0xff), Buffer.alloc(512)]) {
      const { enc, ct } = await hpke.seal(Buffer.from(mine.publicKey, 'base64url'), info, Buffer.from(keyId), plain);
      expect(await refusal(open(await resigned({ enc: enc.toString('base64url'), ct: ct.toString('base64url') })))).toBe('ENVELOPE_DAMAGED');
    }
  });
});

describe('what was in the clear', () => {
  const { seal: sealing, open: opening } = hpke;
  afterEach(() => { Object.assign(hpke, { seal: sealing, open: opening }); });
  it('is wiped, once it is sealed and once it is read', async () => {
    const clear: Buffer[] = [];
    Object.assign(hpke, { seal: (publicKey: Buffer, info: Buffer, aad: Buffer, plain: Buffer) => { clear.push(plain); return sealing(publicKey, info, aad, plain); } });
    const envelope = await seal();
    Object.assign(hpke, { open: async (...given: Parameters<typeof opening>) => { const plain = await opening(...given); clear.push(plain); return plain; } });
    await open(envelope);
    expect(clear.map((plain) => [plain.length, plain.every((byte) => byte === 0)])).toEqual([[512, true], [512, true]]);
  });
});

describe('handing out', () => {
  const kept = async (): Promise<Sealed<string>> => label('direct', JSON.stringify(await seal()));
  it('T13: needs leave of this moment, for this recipient, purpose and consent, and before it expires', async () => {
    const stored = await kept();
    expect(collectEnvelope(await leave(), stored, now)).toMatchObject(context);
    const spent = await leave();
    collectEnvelope(spent, stored, now);
    expect(await refusal(() => collectEnvelope(spent, stored, now))).toBe('CAPABILITY_SPENT');
    expect(await refusal(async () => collectEnvelope(await leave('org_c'), stored, now))).toBe('ENVELOPE_OTHER_RECIPIENT');
    expect(await refusal(async () => collectEnvelope(await leave('org_b', { purpose: 'FAMILY_CONTACT' }), stored, now))).toBe('ENVELOPE_OTHER_PURPOSE');
    expect(await refusal(async () => collectEnvelope(await leave('org_b', { consent: 'con_x' }), stored, now))).toBe('ENVELOPE_OTHER_CONSENT');
    expect(await refusal(async () => collectEnvelope(await leave('org_b', { organisation: 'org_z' }), stored, now))).toBe('ENVELOPE_OTHER_SENDER');
    expect(await refusal(async () => collectEnvelope(await leave(), stored, expires))).toBe('ENVELOPE_EXPIRED');
    expect(await refusal(async () => collectEnvelope(await leave(), label('direct', '{}'), now))).toBe('ENVELOPE_DAMAGED');
  });
});

import fc from 'fast-check';
import { newEnvelopeKey } from './hpke.js';
import { VerifiedKey, checkEntry, fingerprintOf, isRawKey, newEntryKey, proveKey, verifyKey, type KeyEntry } from './key-directory.js';
import { PrivacyRefusal } from './refusal.js';

const signing = newEntryKey();
const entry = proveKey('org_b', newEnvelopeKey().publicKey, signing);
const pin = { fingerprint: fingerprintOf('org_b', entry) };
const refusal = (act: () => unknown): string => { try { act(); } catch (error) { expect(error).toBeInstanceOf(PrivacyRefusal); return (error as PrivacyRefusal).code; } return 'none'; };

it('a key that its organisation has signed, and whose fingerprint was heard, is verified', () => {
  const key = verifyKey('org_b', entry, { ...pin, signedBefore: signing.publicKey });
  expect({ ...key }).toEqual({ organisation: 'org_b', publicKey: entry.publicKey });
  expect(VerifiedKey.is(key)).toBe(true);
  expect(() => Object.assign(key, { publicKey: 'x' })).toThrow(TypeError);
  expect(verifyKey('org_b', entry, pin).publicKey).toBe(entry.publicKey);
});

it('T20: a substituted key is refused, whoever signed it, and so is one that was signed for somebody else', () => {
  const attacker = newEntryKey();
  const theirs = proveKey('org_b', newEnvelopeKey().publicKey, attacker);
  expect(refusal(() => verifyKey('org_b', theirs, pin))).toBe('KEY_NOT_PINNED');
  expect(refusal(() => verifyKey('org_b', theirs, { ...pin, signedBefore: signing.publicKey }))).toBe('KEY_CHAIN_BROKEN');
  expect(refusal(() => verifyKey('org_b', { ...entry, publicKey: newEnvelopeKey().publicKey }, pin))).toBe('KEY_NOT_PROVEN');
  expect(refusal(() => verifyKey('org_b', { ...entry, signedBy: attacker.publicKey }, pin))).toBe('KEY_NOT_PROVEN');
  expect(refusal(() => verifyKey('org_c', entry, { fingerprint: fingerprintOf('org_c', entry) }))).toBe('KEY_NOT_PROVEN');
  expect(refusal(() => checkEntry('org_b', theirs, signing.publicKey))).toBe('KEY_CHAIN_BROKEN');
  expect(refusal(() => checkEntry('org_b', theirs))).toBe('none');
  // The next key is vouched for by the one who vouched for the last.
  expect(refusal(() => checkEntry('org_b', proveKey('org_b', newEnvelopeKey().publicKey, signing), signing.publicKey))).toBe('none');
});

it.each(['00'.repeat(32), `01${'00'.repeat(31)}`, 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`])('T21: a point of small order is no key: %s', (hex) => {
  const small = proveKey('org_b', Buffer.from(hex, 'hex').toString('base64url'), signing);
  expect(refusal(() => verifyKey('org_b', small, { fingerprint: fingerprintOf('org_b', small) }))).toBe('KEY_INVALID');
});

it('what is no key is none', () => {
  const change = (changes: Partial<KeyEntry>): string => refusal(() => checkEntry('org_b', { ...entry, ...changes }));
  for (const bad of ['', entry.publicKey.slice(1), `${entry.publicKey}A`, `${entry.publicKey.slice(0, 42)}=`, `${'A'.repeat(42)}B`]) expect([bad, change({ publicKey: bad }), change({ signedBy: bad })]).toEqual([bad, 'KEY_INVALID', 'KEY_INVALID']);
  for (const proof of ['', 'AAAA', entry.proof.slice(2)]) expect(change({ proof })).toBe('KEY_NOT_PROVEN');
  expect([isRawKey(entry.publicKey), isRawKey(1), isRawKey(undefined), isRawKey({ toString: () => entry.publicKey })]).toEqual([true, false, false, false]);
});

it('is not made by anybody else', () => {
  const Made = verifyKey('org_b', entry, pin).constructor as new (...given: unknown[]) => VerifiedKey;
  expect(refusal(() => new Made('org_b', entry.publicKey, Symbol('verified')))).toBe('KEY_NOT_VERIFIED');
  for (const forged of [{ organisation: 'org_b', publicKey: entry.publicKey }, null, undefined, 1]) expect(VerifiedKey.is(forged)).toBe(false);
});

it('a fingerprint is forty digits that two people can read out, and another for every organisation and key', () => {
  fc.assert(fc.property(fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (organisation, raw) => {
    const publicKey = Buffer.from(raw).toString('base64url');
    const read = fingerprintOf(organisation, { publicKey, signedBy: signing.publicKey });
    expect(read).toMatch(/^\d{5}( \d{5}){7}$/);
    expect([fingerprintOf(`${organisation}x`, { publicKey, signedBy: signing.publicKey }), fingerprintOf(organisation, { publicKey: entry.publicKey, signedBy: signing.publicKey }), fingerprintOf(organisation, { publicKey, signedBy: publicKey })]).not.toContain(read);
  }));
});

it('and is the same from one release to the next, so that two people who read it out may have different ones', () => {
  expect(fingerprintOf('org_b', { publicKey: 'A'.repeat(43), signedBy: `${'B'.repeat(42)}A` })).toBe('48489 37872 10903 22409 14443 35267 17472 54369');
});

import type { Read } from '@footbridge/lifecycle';
import { PrivacyRefusal, isSigned, verifyKey, type SigningKeys, type VerifiedKey } from '@footbridge/privacy';
import type { Alarms } from '@footbridge/service';
import type { RecipientKeyRow } from './recipient-key.entity.js';
import { RecipientKey } from './recipient-key.lifecycle.js';

const bytesOf = (row: RecipientKeyRow): Buffer => Buffer.from(JSON.stringify(['footbridge-recipient-key-1', row.id, row.owner, row.state, row.version, row.publicKey ?? null, row.signedBy ?? null, row.proof ?? null, row.pin ?? null, row.confirmedAt ?? null]), 'utf8');

export async function signRecipientKey(row: RecipientKeyRow, port: Read['port']): Promise<Pick<RecipientKeyRow, 'signature' | 'signedWith'>> {
  try {
    const { key, signature } = await port<SigningKeys>('signingKeys').sign(row.owner, bytesOf(row));
    return { signature, signedWith: key };
  } catch (error) {
    // A stolen key is taken out of use at once, whatever else is away.
    if (error instanceof PrivacyRefusal && row.state === 'retired') return { signature: undefined, signedWith: undefined } as unknown as Pick<RecipientKeyRow, 'signature' | 'signedWith'>;
    throw error;
  }
}

export type FoundKey<R extends string> = { readonly verified: VerifiedKey<R> } | { readonly refused: 'RECIPIENT_KEY_MISSING' | 'RECIPIENT_KEY_NOT_VERIFIED' };

/** The key that a recipient has in use, if it is what two people there have confirmed. Another one in its place raises an alarm there (T20). */
export async function recipientKeyOf<R extends string>(read: Read, recipient: R): Promise<FoundKey<R>> {
  // Not watched until the commit: the row is another organisation's, and a commit sees its own only.
  const [found, another] = await read.as(recipient).sql<RecipientKeyRow>(`select jsonb_strip_nulls(jsonb_build_object('id', id, 'owner', owner, 'state', state, 'version', version, 'publicKey', public_key, 'signedBy', signed_by, 'proof', proof, 'pin', pin,
    'confirmedAt', confirmed_at, 'signature', signature, 'signedWith', signed_with)) from recipient_key where owner = $1->>0 and state = 'active'`, [recipient]);
  if (!found) return { refused: 'RECIPIENT_KEY_MISSING' };
  const row: RecipientKeyRow = { ...found, ...(found.confirmedAt === undefined ? {} : { confirmedAt: new Date(found.confirmedAt).toISOString() }) };
  const { publicKey = '', signedBy = '', proof = '', pin = '', signature = '', signedWith = '' } = row;
  const keys = await read.port<SigningKeys>('signingKeys').verifyingKeys(recipient);
  try {
    if (another === undefined && isSigned(keys, bytesOf(row), { key: signedWith, signature })) return { verified: verifyKey(recipient, { publicKey, signedBy, proof }, { fingerprint: pin, signedBefore: signedBy }) };
  } catch (error) {
    if (!(error instanceof PrivacyRefusal)) throw error;
  }
  await read.port<Alarms>('alarms').raise({ lifecycle: RecipientKey.name, aggregate: row.id, clock: 'substituted', code: 'RECIPIENT_KEY_NOT_VERIFIED', to: recipient });
  return { refused: 'RECIPIENT_KEY_NOT_VERIFIED' };
}

import type { Read } from '@footbridge/lifecycle';
import { PrivacyRefusal, isGenuine, signConsent, type ConsentTerms, type SigningKeys } from '@footbridge/privacy';
import type { Alarms } from '@footbridge/service';
import type { ConsentRow } from './consent-record.entity.js';
import { endOf, givenByGuardian } from './in-force.js';

/** What the owner signs. She said that no help depends on it when she gave it (`freely`), or it could not have been given. */
export const termsOf = (row: ConsentRow): ConsentTerms => ({
  consent: row.id, case: row.caseId ?? '', organisation: row.owner, recipient: row.recipient, purpose: row.purpose ?? '', fields: row.categories ?? [], state: row.state, version: row.version,
  givenAt: row.givenAt, expires: row.validUntil === undefined ? undefined : endOf(row.validUntil).toISOString(), endedAt: row.endedAt, language: row.language ?? '', interpreter: row.interpreter ?? false, noticeVersion: row.noticeVersion ?? '',
  medium: row.medium, witness: row.witness, givenBy: row.givenAt === undefined ? undefined : givenByGuardian(row) ? 'GUARDIAN' : 'PERSON', guardian: row.guardianAppointmentId, notACondition: row.givenAt !== undefined,
});
export const signatureOf = ({ signature, signedWith }: ConsentRow): { readonly key: string; readonly signature: string } | undefined => (signature === undefined || signedWith === undefined ? undefined : { key: signedWith, signature });

const open: readonly string[] = ['requested', 'given', 'renewed'];

export async function signConsentRecord(row: ConsentRow, port: Read['port']): Promise<Pick<ConsentRow, 'signature' | 'signedWith'>> {
  try {
    const { key, signature } = await signConsent(port<SigningKeys>('signingKeys'), termsOf(row));
    return { signature, signedWith: key };
  } catch (error) {
    // A withdrawal waits for no key: what is not signed allows nothing (W1).
    if (error instanceof PrivacyRefusal && !open.includes(row.state)) return { signature: undefined, signedWith: undefined } as unknown as Pick<ConsentRow, 'signature' | 'signedWith'>;
    throw error;
  }
}

/**
 * Of these records those which the owner has signed as they stand, and of which nothing says that they have ended: a row that was put
 * back to `given` has its old signature, but the audit trail still has the end. Whatever else is found here was written by somebody who
 * has no business to, and the owner is told (T17).
 */
export async function genuineOf(read: Read, records: readonly ConsentRow[]): Promise<readonly ConsentRow[]> {
  if (records.length === 0) return records;
  const ended = new Set(await read.sql<string>(`select to_jsonb(a.aggregate) from audit a where a.aggregate = any(array(select jsonb_array_elements_text($1->0)::uuid)) and a.kind = 'con' and a.command in ('withdraw', 'revoke', 'expire')`, [records.map(({ id }) => id)]));
  const checked = await Promise.all(records.map(async (row) => {
    try {
      const signature = signatureOf(row);
      if (!ended.has(row.id) && await isGenuine(read.port<SigningKeys>('signingKeys'), { ...termsOf(row), ...(signature ? { signature } : {}) })) return row;
    } catch (error) {
      // Keys that cannot be read say nothing about the record: it counts for nothing until they can.
      if (error instanceof PrivacyRefusal) return undefined;
      throw error;
    }
    await read.port<Alarms>('alarms').raise({ lifecycle: 'ConsentRecord', aggregate: row.id, clock: 'signature', code: 'CONSENT_NOT_GENUINE', to: row.owner });
    return undefined;
  }));
  return checked.filter((row) => row !== undefined);
}

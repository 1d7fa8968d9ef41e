import { isRef } from './ref.js';
import { PrivacyRefusal } from './refusal.js';
import { isSigned, type Signature, type SigningKeys, type VerifyingKey } from './signing-keys.js';
import { isInstant } from './time.js';

/** No key of the case is left in this service: said to its owner under the owner's own reference. How many there were would tell how many organisations knew her. */
export interface ErasureReceipt {
  readonly service: string;
  readonly owner: string;
  readonly case: string;
  readonly erasedAt: string;
}
export interface SignedErasureReceipt extends ErasureReceipt, Signature {}

const SERVICE = /^[a-z][a-z-]{1,30}$/;

/** The bytes that are signed: the members in this order, whatever the order in which they are given. @throws PrivacyRefusal RECEIPT_INVALID */
export function receiptBytes({ service, owner, case: of, erasedAt }: ErasureReceipt): Buffer {
  if (!SERVICE.test(service) || !isRef(owner, 'org') || !isRef(of, 'cas') || !isInstant(erasedAt)) throw new PrivacyRefusal('RECEIPT_INVALID');
  return Buffer.from(JSON.stringify(['footbridge erasure receipt 1', service, owner, of, erasedAt]));
}

/** Signed by the service that destroyed, `service-<name>`. @throws PrivacyRefusal RECEIPT_INVALID and those of `sign` */
export async function signReceipt(keys: Pick<SigningKeys, 'sign'>, { service, owner, case: of, erasedAt }: ErasureReceipt): Promise<SignedErasureReceipt> {
  const receipt: ErasureReceipt = { service, owner, case: of, erasedAt };
  return { ...receipt, ...await keys.sign(`service-${service}`, receiptBytes(receipt)) };
}

/** Whether the service has said this: with its keys as they were known before, the receipt may come from anywhere. */
export function isReceipt(keys: readonly VerifyingKey[], receipt: SignedErasureReceipt): boolean {
  try { return isSigned(keys, receiptBytes(receipt), receipt); } catch { return false; }
}

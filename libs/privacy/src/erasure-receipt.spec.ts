import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isReceipt, receiptBytes, signReceipt } from './erasure-receipt.js';
import { newRef } from './ref.js';
import { LocalFileSigningKeys } from './signing-keys.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'receipts-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));
const receipt = { service: 'shelters', owner: newRef('org'), case: newRef('cas'), erasedAt: '2026-11-25T12:00:00.000Z' };

describe('T25 a receipt of an erasure', () => {
  it('is verified later, after the key has changed, and in whatever order its members come', async () => {
    const keys = new LocalFileSigningKeys(folder);
    const signed = await signReceipt(keys, { ...receipt, more: 'not signed, not kept' } as never);
    expect(Object.keys(signed).sort()).toEqual(['case', 'erasedAt', 'key', 'owner', 'service', 'signature']);
    await keys.rotate('service-shelters');
    const known = await keys.verifyingKeys('service-shelters');
    expect(isReceipt(known, signed)).toBe(true);
    expect(isReceipt(known, Object.fromEntries(Object.entries(signed).reverse()) as never)).toBe(true);
    for (const change of [{ service: 'returns' }, { owner: newRef('org') }, { case: newRef('cas') }, { erasedAt: '2026-11-25T12:00:00.001Z' }, { key: 'AAAAAAAAAAAAAAAA' }, { signature: 'AAAA' }, { case: 'nobody' }]) expect([change, isReceipt(known, { ...signed, ...change })]).toEqual([change, false]);
    expect(isReceipt(await keys.verifyingKeys('service-returns'), signed)).toBe(false);
    expect(isReceipt([], signed)).toBe(false);
  });

  it.each([['service', 'Shelters'], ['service', ''], ['owner', newRef('cas')], ['case', newRef('org')], ['case', 'Arta Example'], ['erasedAt', 'yesterday']])('says nothing but ids and a time: %s %p is refused', (member, value) => {
    expect(() => receiptBytes({ ...receipt, [member]: value })).toThrow(expect.objectContaining({ code: 'RECEIPT_INVALID' }));
  });
  it('names services as they are named', () => {
    for (const service of ['ab', 'case-work', `s${'x'.repeat(30)}`]) expect(() => receiptBytes({ ...receipt, service })).not.toThrow();
    for (const service of ['a', '-ab', '1ab', 'ab!', '!ab', 'a1', 'ab\n', `s${'x'.repeat(31)}`]) expect(() => receiptBytes({ ...receipt, service })).toThrow('RECEIPT_INVALID');
  });
  it('has one form', () => {
    expect(receiptBytes(receipt).toString()).toBe(JSON.stringify(['footbridge erasure receipt 1', 'shelters', receipt.owner, receipt.case, receipt.erasedAt]));
  });
});

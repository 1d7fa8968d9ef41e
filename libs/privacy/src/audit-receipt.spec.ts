import { audited, entryOf, type AuditReceipt } from './audit-receipt.js';
import { disclosure } from './disclosure.js';
import { newRef } from './ref.js';
import { ownUse, revealCapability, type OwnUse } from './sealed.js';

const missing = expect.objectContaining({ code: 'AUDIT_ENTRY_MISSING' });

describe('the receipt of an audit entry', () => {
  it('is there when the entry is written, and not before', async () => {
    const done: string[] = [];
    const receipt = await audited('ref/1/reveal', async () => { await Promise.resolve(); done.push('written'); });
    expect([done, entryOf(receipt), Object.isFrozen(receipt)]).toEqual([['written'], 'ref/1/reveal', true]);
    await expect(audited('ref/1/reveal', () => Promise.reject(new Error('the disk is full')))).rejects.toThrow('the disk is full');
  });
  it('names its entry, and nothing is written under a name that could not be found', async () => {
    for (const entry of ['!', '~', 'x'.repeat(200)]) expect(entryOf(await audited(entry, () => Promise.resolve()))).toBe(entry);
    let wrote = 0;
    for (const entry of ['', ' a', 'a ', 'a b', 'a\n', 'ä', 'x'.repeat(201)]) await expect(audited(entry, () => { wrote += 1; return Promise.resolve(); })).rejects.toThrow(missing);
    expect(wrote).toBe(0);
  });
  it('T36 cannot be made without one: there is no leave to see, and none to tell', async () => {
    const receipt = await audited('e', () => Promise.resolve());
    const Forged = receipt.constructor as unknown as new (entry: string, mark?: symbol) => AuditReceipt;
    for (const mark of [undefined, Symbol()]) expect(() => new Forged('e', mark)).toThrow(missing);
    for (const forged of [{ ...receipt }, Object.create(receipt), Object.create(Forged.prototype as object), undefined, null, 'e', 7, () => receipt]) {
      expect(() => entryOf(forged)).toThrow(missing);
      expect(() => revealCapability({ purpose: 'ASSISTANCE', audit: forged as never })).toThrow(missing);
      expect(() => disclosure({ recipient: newRef('org'), purpose: 'REFERRAL_DISCLOSURE', categories: ['HEALTH'], audit: forged as never })).toThrow(missing);
    }
    expect(revealCapability({ purpose: 'ASSISTANCE', audit: receipt })).toMatchObject({ purpose: 'ASSISTANCE', auditId: 'e' });
    expect(disclosure({ recipient: newRef('org'), purpose: 'REFERRAL_DISCLOSURE', categories: ['HEALTH'], audit: receipt })).toMatchObject({ auditId: 'e' });
  });
});

describe('what a service uses by itself and shows to nobody', () => {
  it('is one of a closed list', () => {
    for (const purpose of ['SIGNING', 'SECURITY_CONTACT', 'OWN_ENVELOPE'] as const) expect(ownUse(purpose)).toMatchObject({ purpose, auditId: 'own-use' });
    for (const none of ['ASSISTANCE', 'signing', '', 'constructor', undefined]) expect(() => ownUse(none as OwnUse)).toThrow(expect.objectContaining({ code: 'PURPOSE_MISSING' }));
  });
});

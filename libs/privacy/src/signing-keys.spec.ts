import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys, isSigned } from './signing-keys.js';

const bytes = Buffer.from('what is signed');
let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'signing-')); });
afterEach(async () => { await rm(folder, { recursive: true }); });

it('what one process signs, another verifies; a changed byte, another signer and another signature do not pass', async () => {
  const keys = new LocalFileSigningKeys(folder);
  const signature = await keys.sign('service-referrals', bytes);
  const known = await new LocalFileSigningKeys(folder).verifyingKeys('service-referrals');
  expect(isSigned(known, bytes, signature)).toBe(true);
  expect(isSigned(known, Buffer.from('what is signeD'), signature)).toBe(false);
  expect(isSigned(known, bytes, { ...signature, signature: (await keys.sign('service-returns', bytes)).signature })).toBe(false);
  expect(isSigned(await keys.verifyingKeys('service-returns'), bytes, signature)).toBe(false);
  expect(isSigned([{ key: signature.key, publicKey: Buffer.alloc(32).toString('base64url') }], bytes, signature)).toBe(false);
});

it('many processes that sign first make one key', async () => {
  const signatures = await Promise.all(Array.from({ length: 8 }, () => new LocalFileSigningKeys(folder).sign('org_a', bytes)));
  expect(new Set(signatures.map(({ key }) => key)).size).toBe(1);
  expect(await readdir(folder)).toEqual(['org_a.signing.json']);
});

it('a file that others can read, a damaged one and a name that leads elsewhere are refused', async () => {
  const keys = new LocalFileSigningKeys(folder);
  await keys.sign('org_a', bytes);
  await chmod(join(folder, 'org_a.signing.json'), 0o644);
  await expect(keys.sign('org_a', bytes)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' });
  await writeFile(join(folder, 'org_b.signing.json'), '{"current":1,"keys":{"1":"AAAA"}}', { mode: 0o600 });
  await expect(keys.verifyingKeys('org_b')).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED' });
  await expect(keys.sign('../org_b', bytes)).rejects.toMatchObject({ code: 'ORGANISATION_INVALID' });
});

import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys, isSigned, keyIdOf } from './signing-keys.js';

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

it('a key is known by 16 characters, and no other passes under its name; one of another length is none', async () => {
  const keys = new LocalFileSigningKeys(folder);
  const [hers, theirs] = [await keys.sign('org_a', bytes), await keys.sign('org_b', bytes)];
  const [own = { key: '', publicKey: '' }] = await keys.verifyingKeys('org_b');
  expect(keyIdOf('A'.repeat(43))).toBe('Zmh6rfhivXdsj8GL'); // SHA-256 of 32 zeros
  expect([hers.key.length, own.key]).toEqual([16, theirs.key]);
  expect(isSigned([{ key: hers.key, publicKey: own.publicKey }], bytes, { key: hers.key, signature: theirs.signature })).toBe(false);
  for (const size of [0, 31, 33]) { const publicKey = Buffer.alloc(size, 1).toString('base64url'); expect(isSigned([{ key: keyIdOf(publicKey), publicKey }], bytes, { key: keyIdOf(publicKey), signature: theirs.signature })).toBe(false); }
});

it('a key of another kind, and a file without the current one, are refused', async () => {
  const der = (type: 'ed25519' | 'x25519'): string => (type === 'ed25519' ? generateKeyPairSync(type) : generateKeyPairSync(type)).privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const put = (content: unknown): Promise<void> => writeFile(join(folder, 'org_a.signing.json'), JSON.stringify(content), { mode: 0o600 });
  const [good, other] = [der('ed25519'), der('x25519')];
  for (const content of [{ current: 1, keys: { 1: other } }, { current: 1, keys: { 1: good, 2: other } }, { current: 1, keys: { 1: other, 2: good } }, { current: 2, keys: { 1: good } }, { current: '1', keys: { 1: good } }, { current: 1, keys: {} }, { current: 1, keys: null }, { current: 1 }, { keys: { 1: good } }, { current: 1, keys: [good] }]) {
    await put(content);
    await expect(new LocalFileSigningKeys(folder).sign('org_a', bytes)).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED' });
  }
  await put({ current: 1, keys: { 1: good } });
  expect((await new LocalFileSigningKeys(folder).sign('org_a', bytes)).key).toHaveLength(16);
});

it('files that do not serve are named, those of old public halves and of other keys are not', async () => {
  const keys = new LocalFileSigningKeys(folder);
  await keys.sign('org_a', bytes);
  expect(await keys.unusable()).toEqual([]);
  for (const name of ['org_b.signing.json', 'org_c.verifying.json', 'org_d.keys.json']) await writeFile(join(folder, name), 'no key', { mode: 0o600 });
  await chmod(join(folder, 'org_a.signing.json'), 0o640);
  expect(await keys.unusable()).toEqual([{ file: 'org_a.signing.json', code: 'KEY_FILE_EXPOSED' }, { file: 'org_b.signing.json', code: 'KEY_FILE_DAMAGED' }]);
});

it('a newer key of another process signs from the next time on, also before the older one is gone', async () => {
  const keys = new LocalFileSigningKeys(folder);
  const [first] = [await keys.sign('org_a', bytes), await keys.sign('org_a', bytes)];
  await writeFile(join(folder, 'org_a.2.signing.json'), JSON.stringify({ current: 2, keys: { 2: generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') } }), { mode: 0o600 });
  const [second, fresh, third] = [await keys.sign('org_a', bytes), await new LocalFileSigningKeys(folder).sign('org_a', bytes), await keys.sign('org_a', bytes)];
  expect([second.key === first.key, fresh.key === second.key, third.key === second.key]).toEqual([false, true, true]);
  expect((await keys.verifyingKeys('org_a')).map(({ key }) => key)).toEqual([first.key, second.key]);
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

it('whoever has signed and has no key any more gets none in its place, but by a change of key; whoever has one is not asked', async () => {
  const keys = new LocalFileSigningKeys(folder);
  let asked = 0;
  const isFirst = (is: boolean) => (): Promise<boolean> => { asked += 1; return Promise.resolve(is); };
  await expect(keys.sign('org_a', bytes, isFirst(false))).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  await expect(keys.sign('org_a', bytes, () => Promise.reject(new Error('nobody knows')))).rejects.toThrow('nobody knows');
  expect([await readdir(folder), asked]).toEqual([[], 1]);
  const first = await keys.sign('org_a', bytes, isFirst(true));
  expect([(await keys.sign('org_a', bytes, isFirst(false))).key, asked]).toEqual([first.key, 2]);
  await rm(join(folder, 'org_a.signing.json'));
  await expect(keys.sign('org_a', bytes, isFirst(false))).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  expect([await readdir(folder), await keys.rotate('org_a', 2)]).toEqual([[], 2]);
  expect((await keys.sign('org_a', bytes, isFirst(false))).key).toBe((await keys.verifyingKeys('org_a'))[1]?.key);
});

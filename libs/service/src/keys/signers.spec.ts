import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys, PrivacyRefusal, type SigningKeys } from '@footbridge/privacy';
import { keyFileOf, troubleSaid } from './probe.js';
import { Signers, troubleOfSigner } from './signers.js';

const bytes = Buffer.from('what is signed');
let folder: string, signed: Set<string>;
const signersOf = (keys: SigningKeys = new LocalFileSigningKeys(folder)): Signers => new Signers(keys, 'referrals', { service: () => Promise.resolve(signed.has('service-referrals')), organisation: (organisation) => Promise.resolve(signed.has(organisation)), organisations: () => Promise.resolve(['org_a', 'org_b']) });
const codes = (signers: Signers): unknown => [...signers.troubles.values()].map(({ organisation, code }) => `${organisation} ${code}`);
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'signers-')); signed = new Set(); });
afterEach(async () => { await rm(folder, { recursive: true }); });

it.each(['org_a', 'service-referrals'])('%s, who has signed, gets no other key in the place of a lost one; put back, it signs again', async (signer) => {
  const signers = signersOf(), path = join(folder, `${signer}.signing.json`);
  expect([await signers.has(signer), codes(signers)]).toEqual([false, []]);
  const { key } = await signers.sign(signer, bytes);
  signed.add(signer);
  await rename(path, `${path}.away`);
  await expect(signers.sign(signer, bytes)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  expect([codes(signers), await signers.has(signer), await readdir(folder)]).toEqual([[`${signer} KEY_UNKNOWN`], true, [`${signer}.signing.json.away`]]);
  await signers.prove([signer]);
  expect(codes(signers)).toEqual([`${signer} KEY_UNKNOWN`]);
  await rename(`${path}.away`, path);
  expect([(await signers.sign(signer, bytes)).key, codes(signers), (await signers.verifyingKeys(signer)).length]).toEqual([key, [], 1]);
  await rm(path);
  // knowingly
  expect([await signers.rotate(signer, 2), (await signers.sign(signer, bytes)).key === key]).toEqual([2, false]);
});

it('at the start finds everybody who has signed and cannot; nobody gets a key by that, and whoever has not signed is in no trouble', async () => {
  const signers = signersOf();
  await signers.prove();
  expect([codes(signers), await readdir(folder)]).toEqual([[], []]);
  for (const signer of ['service-referrals', 'org_a']) signed.add(signer);
  await signers.prove();
  expect([codes(signers), await readdir(folder)]).toEqual([['service-referrals KEY_UNKNOWN', 'org_a KEY_UNKNOWN'], []]);
  await writeFile(join(folder, 'org_a.signing.json'), 'no key', { mode: 0o600 });
  await signers.prove(['org_a']);
  expect(codes(signers)).toEqual(['service-referrals KEY_UNKNOWN', 'org_a KEY_FILE_DAMAGED']);
  signed.clear();
  await signers.prove();
  expect(codes(signers)).toEqual([]);
});

it('a lock is no trouble, what does not answer is asked no more, and what is not ours is not hidden', async () => {
  const asked: string[] = [];
  const failing = (error: Error): SigningKeys => ({ sign: (signer) => { asked.push(signer); return Promise.reject(error); }, verifyingKeys: () => Promise.resolve([]), rotate: () => Promise.resolve(1) });
  for (const signer of ['org_a', 'org_b']) signed.add(signer);
  const away = signersOf(failing(new PrivacyRefusal('KEY_STORE_UNAVAILABLE')));
  await away.prove();
  expect([asked, codes(away)]).toEqual([['org_a'], ['org_a KEY_STORE_UNAVAILABLE']]);
  expect(await troubleOfSigner(failing(new PrivacyRefusal('KEYS_LOCKED')), 'org_a')).toBeUndefined();
  await expect(troubleOfSigner(failing(new Error('ours')), 'org_a')).rejects.toThrow('ours');
  for (const error of [new Error('ours'), new PrivacyRefusal('KEYS_LOCKED')]) {
    const signers = signersOf(failing(error));
    await expect(signers.sign('org_a', bytes)).rejects.toBe(error);
    expect(codes(signers)).toEqual([]);
  }
});

it('says what to do: put the backup back, or make another knowingly', () => {
  const said = (organisation: string, code = 'KEY_UNKNOWN', at?: string): string => troubleSaid({ organisation, code, version: undefined, signs: true }, at);
  expect(said('org_a', 'KEY_UNKNOWN', '/keys')).toBe('/keys/org_a*.signing.json, the key that org_a signs with, is missing, and what it signed is there: put it back from the file of keys of the newest backup. Is there none, two persons of the organisation change its keys (keys rotate); what the lost one signed counts no more. Until then nothing is signed for org_a; all others go on.');
  expect(said('service-returns')).toContain('The key that service-returns signs with is missing, and what it signed is there: put it back from the file of keys of the newest backup. Is there none, make another (keys sign-anew returns)');
  expect(said('org_a', 'KEY_FILE_DAMAGED')).toContain('is damaged: put it back');
  expect([keyFileOf({ organisation: 'org_a', code: '', version: undefined, signs: true }), keyFileOf({ organisation: 'org_a', code: '', version: 2 })]).toEqual(['org_a.signing.json', 'org_a.2.keys.json']);
});

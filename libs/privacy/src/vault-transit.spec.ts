import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate, vaultStandIn, type VaultStandIn, type VaultTrouble } from '@footbridge/testing';
import { newSubjectKey } from './fields.js';
import { wrappedVersion } from './key-store.js';
import { PrivacyRefusal } from './refusal.js';
import { isSigned } from './signing-keys.js';
import { VaultTransitKeyStore, VaultTransitSigningKeys, type VaultOptions } from './vault-transit.js';

const key = newSubjectKey();
const bytes = Buffer.from('what is signed');
let folder: string;
let vault: VaultStandIn;
const waits: number[] = [];
const open: { close(): Promise<void> }[] = [];
const codeOf = async (act: () => Promise<unknown>): Promise<string> => {
  try { await act(); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    return (error as PrivacyRefusal).code;
  }
  return 'passed';
};
const options = (more: Partial<VaultOptions> = {}): VaultOptions => ({ address: vault.url, tokenFile: join(folder, 'token'), timeoutMs: 300, wait: (ms) => { waits.push(ms); return Promise.resolve(); }, ...more });
const storeOf = (more: Partial<VaultOptions> = {}): VaultTransitKeyStore => { const store = new VaultTransitKeyStore(options(more)); open.push(store); return store; };
const signingOf = (): VaultTransitSigningKeys => { const keys = new VaultTransitSigningKeys(options()); open.push(keys); return keys; };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vault-'));
  vault = await vaultStandIn();
  await writeFile(join(folder, 'token'), `${vault.token}\n`, { mode: 0o600 });
});
let name = '';
let n = 0;
beforeEach(() => { name = `org_${n += 1}`; waits.length = 0; vault.trouble(undefined); });
afterEach(async () => { for (const one of open.splice(0)) await one.close(); });
afterAll(async () => { await vault.close(); await rm(folder, { recursive: true, force: true }); });

describe('keys in a Vault', () => {
  it('wrap and open for their organisation and purpose, and for nobody else', async () => {
    const store = storeOf();
    const wrapped = await store.wrap(name, key, 'case-1');
    expect(wrapped).toMatch(/^vault:v1:[A-Za-z0-9+/]+={0,2}$/);
    expect(await store.unwrap(name, wrapped, 'case-1')).toEqual(key);
    expect(await storeOf().unwrap(name, wrapped, 'case-1')).toEqual(key);
    await store.wrap(`${name}_b`, key, 'case-1');
    expect(await codeOf(() => store.unwrap(name, wrapped, 'case-2'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.unwrap(`${name}_b`, wrapped, 'case-1'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.unwrap(`${name}_c`, wrapped, 'case-1'))).toBe('KEY_UNKNOWN');
    expect(await codeOf(() => store.unwrap(name, wrapped.replace('v1', 'v2'), 'case-1'))).toBe('KEY_UNKNOWN');
    for (const damaged of ['', 'vault:v1:', 'file1.1.AAAA', 'vault:v0:AAAAAAAAAAAAAAAAAAAA', `${wrapped}!`, `x${wrapped}`, wrapped.slice(0, 30)]) expect(await codeOf(() => store.unwrap(name, damaged, 'case-1'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.wrap(name, Buffer.alloc(16), 'x'))).toBe('KEY_INVALID');
    for (const act of [() => store.wrap('../keys', key, 'x'), () => store.versions('a/b'), () => store.rotate('A'), () => store.lock('..'), () => store.unlock('..'), () => store.destroyVersion('..', 1)]) expect(await codeOf(async () => act())).toBe('ORGANISATION_INVALID');
  });

  it('wrap nothing for whom something was wrapped that they do not open, and none is made for them; one that opens speaks for all', async () => {
    const before = [{ wrapped: await storeOf().wrap(name, key, 'c'), aad: 'c' }];
    const store = storeOf();
    const asked = vault.requests.length;
    expect(await codeOf(() => store.wrap(`${name}_x`, key, 'c', before))).toBe('KEY_UNKNOWN');
    expect(vault.requests.slice(asked).filter((line) => !/decrypt|-locked/.test(String(line)))).toEqual([]);
    expect(await store.versions(`${name}_x`)).toBeUndefined();
    await storeOf().wrap(`${name}_y`, key, 'c');
    for (let twice = 0; twice < 2; twice += 1) expect(await codeOf(() => store.wrap(`${name}_y`, key, 'c', before))).toBe('UNWRAP_FAILED');
    expect(await store.wrap(name, key, 'd', [{ wrapped: before[0]!.wrapped, aad: 'other' }, ...before])).toMatch(/^vault:v1:/);
    // Known now, and asked no more.
    const then = vault.requests.length;
    expect(await store.wrap(name, key, 'd', before)).toMatch(/^vault:v1:/);
    expect(vault.requests.slice(then).filter((line) => /decrypt/.test(String(line)))).toEqual([]);
    // One that does not open any more is asked for again.
    expect(await codeOf(() => store.unwrap(name, before[0]!.wrapped, 'other'))).toBe('UNWRAP_FAILED');
    const last = vault.requests.length;
    await store.wrap(name, key, 'd', before);
    expect(vault.requests.slice(last).filter((line) => /decrypt/.test(String(line)))).toHaveLength(1);
  });

  it('that Vault made anew in the place of a deleted one are found by their version', async () => {
    const store = storeOf();
    await store.rotate(name, 2);
    const newer = { wrapped: (await store.wrap(name, key, 'c')), aad: 'c' };
    expect(newer.wrapped).toMatch(/^vault:v2:/);
    await store.unwrap(name, newer.wrapped, 'c');
    expect(await store.wrap(name, key, 'c', [newer])).toMatch(/^vault:v2:/);
    const [v1] = [`${newer.wrapped}`.replace('v2', 'v9')];
    expect(await codeOf(() => store.wrap(name, key, 'c', [newer, { wrapped: v1, aad: 'c' }]))).toBe('KEY_UNKNOWN');
  });

  it('are made once, and asked for no more than needed', async () => {
    const store = storeOf();
    const before = vault.requests.length;
    await store.unwrap(name, await store.wrap(name, key, 'c'), 'c');
    await store.wrap(name, key, 'c');
    expect(vault.requests.slice(before)).toEqual([`GET transit/keys/${name}-locked`, `POST transit/keys/${name}`, `POST transit/encrypt/${name}`, `POST transit/decrypt/${name}`, `POST transit/encrypt/${name}`]);
  });

  it('T24 change: new wraps are of the new version, old ones open until theirs is destroyed', async () => {
    const [store, other] = [storeOf(), storeOf()];
    expect(await store.versions(name)).toBeUndefined();
    const first = await store.wrap(name, key, 'c');
    expect(await other.rotate(name)).toBe(2);
    expect([await other.rotate(name, 2), await other.rotate(name, 1), await other.rotate(name, 4)]).toEqual([2, 2, 4]);
    expect(await store.versions(name)).toEqual({ current: 4, kept: [1, 2, 3, 4] });
    const live = await store.wrap(name, key, 'c');
    expect([first, live].map(wrappedVersion)).toEqual([1, 4]);
    expect(await store.unwrap(name, first, 'c')).toEqual(key);
    for (const version of [4, 5]) expect(await codeOf(() => store.destroyVersion(name, version))).toBe('KEY_VERSION_CURRENT');
    expect(await codeOf(() => store.destroyVersion(`${name}_none`, 1))).toBe('KEY_VERSION_CURRENT');
    await store.destroyVersion(name, 2);
    await store.destroyVersion(name, 2);
    expect(await store.versions(name)).toEqual({ current: 4, kept: [3, 4] });
    expect(await codeOf(() => other.unwrap(name, first, 'c'))).toBe('KEY_UNKNOWN');
    expect(await other.unwrap(name, live, 'c')).toEqual(key);
    expect(await other.rotate(`${name}_new`, 3)).toBe(3);
  });

  it('T39 are locked for every process, after a restart too, until they are unlocked', async () => {
    const [store, signing] = [storeOf(), signingOf()];
    const wrapped = await store.wrap(name, key, 'c');
    await store.lock(name);
    await store.lock(name);
    for (const act of [() => storeOf().unwrap(name, wrapped, 'c'), () => store.wrap(name, key, 'c'), () => signing.sign(name, bytes)]) expect(await codeOf(act)).toBe('KEYS_LOCKED');
    expect([await storeOf().isLocked(name), await storeOf().isLocked(`${name}_b`)]).toEqual([true, false]);
    await store.unlock(name);
    await store.unlock(name);
    expect(await store.unwrap(name, wrapped, 'c')).toEqual(key);
  });

  it('that another process has locked are refused a second later at most', async () => {
    let now = 5_000;
    const store = storeOf({ now: () => now });
    const wrapped = await store.wrap(name, key, 'c');
    await storeOf().lock(name);
    now += 999;
    expect(await store.unwrap(name, wrapped, 'c')).toEqual(key);
    now += 1;
    expect(await codeOf(() => store.unwrap(name, wrapped, 'c'))).toBe('KEYS_LOCKED');
  });
});

describe('a Vault in trouble', () => {
  it.each<VaultTrouble>(['sealed', 'busy', 'ill', 'drop', 'nonsense', 'huge', 'hang'])('%s: asked again a few times, then refused; nothing is changed', async (what) => {
    const store = storeOf();
    const wrapped = await store.wrap(name, key, 'c');
    vault.trouble(what, 2);
    expect(await store.unwrap(name, wrapped, 'c')).toEqual(key);
    expect(waits).toEqual([100, 200]);
    vault.trouble(what);
    const before = vault.requests.length;
    expect(await codeOf(() => store.unwrap(name, wrapped, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
    expect([vault.requests.length - before, waits.slice(2)]).toEqual([4, [100, 200, 400]]);
    for (const act of [() => storeOf({ retries: 0 }).wrap(name, key, 'c'), () => storeOf({ retries: 0 }).versions(name), () => storeOf({ retries: 0 }).rotate(name), () => storeOf({ retries: 0 }).lock(name), () => storeOf({ retries: 0 }).unlock(name), () => storeOf({ retries: 0 }).isLocked(name)]) expect(await codeOf(act)).toBe('KEY_STORE_UNAVAILABLE');
    vault.trouble(undefined);
    expect(await store.versions(name)).toEqual({ current: 1, kept: [1] });
  }, 20_000);

  it('that lies: an answer without what was asked for, or of another length, is none', async () => {
    const store = storeOf({ retries: 0 });
    const wrapped = await store.wrap(name, key, 'c');
    vault.trouble('short-plaintext');
    expect(await codeOf(() => store.unwrap(name, wrapped, 'c'))).toBe('UNWRAP_FAILED');
    vault.trouble('empty');
    expect(await codeOf(() => store.wrap(name, key, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await codeOf(() => store.unwrap(name, wrapped, 'c'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.versions(name))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await codeOf(() => signingOf().sign(name, bytes))).toBe('KEY_STORE_UNAVAILABLE');
    vault.trouble(undefined);
    expect(await store.unwrap(name, wrapped, 'c')).toEqual(key);
  });

  it('permission denied, no token and no mount are refused at once', async () => {
    const wrapped = await storeOf().wrap(name, key, 'c');
    await writeFile(join(folder, 'wrong'), 'hvs.wrong', { mode: 0o600 });
    for (const [more, asked] of [[{ tokenFile: join(folder, 'wrong') }, 1], [{ mount: 'elsewhere' }, 2]] as const) {
      const before = vault.requests.length;
      expect(await codeOf(() => storeOf(more).unwrap(name, wrapped, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
      expect([vault.requests.length - before, waits]).toEqual([asked, []]);
    }
    expect(await codeOf(() => storeOf({ tokenFile: join(folder, 'none'), retries: 0 }).wrap(name, key, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await codeOf(() => storeOf({ address: 'http://127.0.0.1:1', retries: 0 }).wrap(name, key, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
  });

  it('is spoken to over TLS with its own authority, in its namespace; never in the clear across a network', async () => {
    const certificate = selfSignedCertificate('localhost');
    const secure = await vaultStandIn({ tls: certificate, mount: 'teams/transit' });
    try {
      await writeFile(join(folder, 'token-tls'), secure.token, { mode: 0o600 });
      const more = { address: `${secure.url}/`, tokenFile: join(folder, 'token-tls'), mount: 'teams/transit', retries: 0, timeoutMs: 5_000 };
      const store = storeOf({ ...more, ca: certificate.cert, namespace: 'shelters/north' });
      expect(await store.unwrap(name, await store.wrap(name, key, 'c'), 'c')).toEqual(key);
      expect(new Set(secure.namespaces)).toEqual(new Set(['shelters/north']));
      expect(await codeOf(() => storeOf(more).wrap(name, key, 'c'))).toBe('KEY_STORE_UNAVAILABLE');
    } finally { await secure.close(); }
    for (const address of ['http://vault.example:8200', 'ftp://127.0.0.1', 'vault', 'https://user@vault.example', 'https://:pass@vault.example', 'http://127.0.0.1.example']) expect(await codeOf(async () => storeOf({ address }))).toBe('URL_NOT_ALLOWED');
    for (const mount of ['', '../sys', '/transit', 'a//b', 'a/']) expect(await codeOf(async () => storeOf({ mount }))).toBe('URL_NOT_ALLOWED');
    expect(await codeOf(async () => storeOf({ address: 'http://[::1]:8200' }))).toBe('passed');
    expect(await codeOf(async () => storeOf({ address: 'http://localhost:8200' }))).toBe('passed');
  });
});

describe('signing keys in a Vault', () => {
  it('sign, are verified outside, and after a change what the old one signed still is', async () => {
    const [keys, other] = [signingOf(), signingOf()];
    const first = await keys.sign(name, bytes);
    expect(isSigned(await other.verifyingKeys(name), bytes, first)).toBe(true);
    expect(await other.rotate(name)).toBe(2);
    expect(await other.rotate(name, 2)).toBe(2);
    const second = await keys.sign(name, bytes);
    const known = await other.verifyingKeys(name);
    expect(known.map((one) => one.key)).toEqual([first.key, second.key]);
    expect([isSigned(known, bytes, first), isSigned(known, bytes, second), isSigned(known, Buffer.from('else'), second)]).toEqual([true, true, false]);
    expect(await keys.verifyingKeys(`${name}_none`)).toEqual([]);
    expect(vault.requests.filter((line) => line === `POST transit/keys/${name}-signing/config`).length).toBe(2);
  });
});

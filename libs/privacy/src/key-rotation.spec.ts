import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { newSubjectKey } from './fields.js';
import { LocalFileKeyStore, wrappedVersion } from './key-store.js';
import { PrivacyRefusal } from './refusal.js';
import { LocalFileSigningKeys, isSigned } from './signing-keys.js';

const source = dirname(fileURLToPath(import.meta.url));
const key = newSubjectKey();
const bytes = Buffer.from('what is signed');
let folder: string;
let store: LocalFileKeyStore;
const codeOf = async (act: () => Promise<unknown>): Promise<string> => {
  try { await act(); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    return (error as PrivacyRefusal).code;
  }
  return 'passed';
};
const names = async (): Promise<string[]> => (await readdir(folder)).sort();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotation-'));
  store = new LocalFileKeyStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('T24 a change of key', () => {
  it('makes a new version that wraps from now on, and old wraps still open, in every process', async () => {
    const other = new LocalFileKeyStore(folder);
    expect(await store.versions('org_a')).toBeUndefined();
    const [first] = [await other.wrap('org_a', key, 'c'), await other.wrap('org_a', key, 'c')];
    expect(await store.versions('org_a')).toEqual({ current: 1, kept: [1] });
    expect(await store.rotate('org_a')).toBe(2);
    expect(await store.versions('org_a')).toEqual({ current: 2, kept: [1, 2] });
    const second = await other.wrap('org_a', key, 'c');
    expect([first, second].map(wrappedVersion)).toEqual([1, 2]);
    for (const wrapped of [first, second]) expect(await store.unwrap('org_a', wrapped, 'c')).toEqual(key);
    expect(await names()).toEqual(['org_a.2.keys.json', 'org_a.keys.json']);
    expect((await stat(join(folder, 'org_a.2.keys.json'))).mode & 0o777).toBe(0o600);
    expect((JSON.parse(await readFile(join(folder, 'org_a.2.keys.json'), 'utf8')) as { keys: object }).keys).not.toEqual((JSON.parse(await readFile(join(folder, 'org_a.keys.json'), 'utf8')) as { keys: object }).keys);
  });

  it('to a version is made once, however often it is asked for; none is left out', async () => {
    expect(await store.rotate('org_a', 3)).toBe(3);
    expect(await store.versions('org_a')).toEqual({ current: 3, kept: [1, 2, 3] });
    const before = await readFile(join(folder, 'org_a.3.keys.json'));
    expect([await store.rotate('org_a', 3), await store.rotate('org_a', 2), await store.rotate('org_a', 0)]).toEqual([3, 3, 3]);
    expect(await readFile(join(folder, 'org_a.3.keys.json'))).toEqual(before);
    expect(wrappedVersion(await store.wrap('org_a', key, 'c'))).toBe(3);
    for (const wrong of [1_000_000, 1.5, Number.NaN]) expect(await codeOf(() => store.rotate('org_a', wrong))).toBe('KEY_INVALID');
  });

  it('old versions are destroyed, the current one never; what they wrapped opens nowhere, also with the old file put back elsewhere', async () => {
    const [first] = [await store.wrap('org_a', key, 'c'), await store.rotate('org_a'), await store.rotate('org_a')];
    const live = await store.wrap('org_a', key, 'c');
    expect(await codeOf(() => store.destroyVersion('org_a', 3))).toBe('KEY_VERSION_CURRENT');
    expect(await codeOf(() => store.destroyVersion('org_a', 4))).toBe('KEY_VERSION_CURRENT');
    expect(await codeOf(() => store.destroyVersion('org_b', 1))).toBe('KEY_VERSION_CURRENT');
    expect(await store.versions('org_a')).toEqual({ current: 3, kept: [1, 2, 3] });
    await store.destroyVersion('org_a', 2);
    expect(await store.versions('org_a')).toEqual({ current: 3, kept: [3] });
    expect(await codeOf(() => store.unwrap('org_a', first, 'c'))).toBe('KEY_UNKNOWN');
    expect(await codeOf(() => new LocalFileKeyStore(folder).unwrap('org_a', first, 'c'))).toBe('KEY_UNKNOWN');
    expect(await store.unwrap('org_a', live, 'c')).toEqual(key);
    expect(wrappedVersion(await store.wrap('org_a', key, 'c'))).toBe(3);
    expect(await store.rotate('org_a')).toBe(4);
    await store.destroyVersion('org_a', 1);
    expect(await names()).toEqual(['org_a.3.keys.json', 'org_a.4.keys.json']);
  });

  it('finishes what a stop in the middle of destroying has left', async () => {
    await store.wrap('org_a', key, 'c');
    await store.wrap('org_ab', key, 'c');
    await store.rotate('org_a');
    await writeFile(join(folder, 'org_a.keys.json.destroyed'), 'left behind');
    await writeFile(join(folder, 'org_ab.keys.json.destroyed'), 'of another');
    await store.destroyVersion('org_a', 1);
    expect(await names()).toEqual(['org_a.2.keys.json', 'org_ab.keys.json', 'org_ab.keys.json.destroyed']);
    await store.destroyVersion('org_a', 1);
    expect(await store.versions('org_a')).toEqual({ current: 2, kept: [2] });
  });

  it('a first file that holds several versions gives the newer ones files of their own before it goes', async () => {
    const [one, two, three] = [newSubjectKey(), newSubjectKey(), newSubjectKey()].map((made) => made.toString('base64'));
    await writeFile(join(folder, 'org_a.keys.json'), JSON.stringify({ current: 3, keys: { 1: one, 2: two, 3: three } }), { mode: 0o600 });
    const wrapped = await store.wrap('org_a', key, 'c');
    expect(wrappedVersion(wrapped)).toBe(3);
    await store.destroyVersion('org_a', 1);
    expect(await names()).toEqual(['org_a.2.keys.json', 'org_a.3.keys.json']);
    expect(await store.unwrap('org_a', wrapped, 'c')).toEqual(key);
    expect(await store.versions('org_a')).toEqual({ current: 3, kept: [2, 3] });
  });

  it('are counted in whatever file they are, up to the last', async () => {
    const made = (...versions: number[]): string => JSON.stringify({ current: versions.at(-1), keys: Object.fromEntries(versions.map((version) => [version, newSubjectKey().toString('base64')])) });
    await writeFile(join(folder, 'org_a.keys.json'), made(1, 3), { mode: 0o600 });
    await writeFile(join(folder, 'org_a.2.keys.json'), made(2), { mode: 0o600 });
    expect(await store.versions('org_a')).toEqual({ current: 3, kept: [1, 2, 3] });
    expect(wrappedVersion(await store.wrap('org_a', key, 'c'))).toBe(3);
    await writeFile(join(folder, 'org_b.999998.keys.json'), made(999_998), { mode: 0o600 });
    expect(await store.rotate('org_b')).toBe(999_999);
    expect(await store.unwrap('org_b', await store.wrap('org_b', key, 'c'), 'c')).toEqual(key);
    expect(await codeOf(() => store.rotate('org_b'))).toBe('KEY_INVALID');
  });

  it('looks at nothing that is no key file of this organisation', async () => {
    await store.wrap('org_a', key, 'c');
    for (const name of ['org_a.02.keys.json', 'org_a.x.keys.json', 'org_a.2.keys.json.abc.new', 'org_ab.7.keys.json', 'xorg_a.9.keys.json', 'org_a.1234567.keys.json', 'org_a.2x.keys.json']) await writeFile(join(folder, name), '{}', { mode: 0o600 });
    expect(await store.versions('org_a')).toEqual({ current: 1, kept: [1] });
    expect(await codeOf(() => store.versions('../org_a'))).toBe('ORGANISATION_INVALID');
    expect(await codeOf(() => store.rotate('ORG'))).toBe('ORGANISATION_INVALID');
  });

  it('a damaged or exposed newest file is refused and said; the older one is not used in its place', async () => {
    await store.wrap('org_a', key, 'c');
    await store.rotate('org_a');
    chmodSync(join(folder, 'org_a.2.keys.json'), 0o644);
    expect(await codeOf(() => store.wrap('org_a', key, 'c'))).toBe('KEY_FILE_EXPOSED');
    await writeFile(join(folder, 'org_a.2.keys.json'), '{"current":2');
    chmodSync(join(folder, 'org_a.2.keys.json'), 0o600);
    expect(await codeOf(() => store.wrap('org_a', key, 'c'))).toBe('KEY_FILE_DAMAGED');
    await writeFile(join(folder, 'org_a.2.keys.json'), JSON.stringify({ current: 1, keys: { 1: key.toString('base64') } }));
    expect(await codeOf(() => store.wrap('org_a', key, 'c'))).toBe('KEY_FILE_DAMAGED');
  });

  it('is refused where nothing can be written, and what was there still opens', async () => {
    const wrapped = await store.wrap('org_a', key, 'c');
    // A name that is too long for the disk fails as a full disk does: before anything is under its name.
    const long = `org_${'a'.repeat(76)}`;
    await mkdir(join(folder, 'file'));
    await writeFile(join(folder, 'file', 'not-a-folder'), '');
    const elsewhere = new LocalFileKeyStore(join(folder, 'file', 'not-a-folder'));
    for (const act of [() => elsewhere.rotate(long), () => elsewhere.lock(long), () => elsewhere.unlock(long), () => elsewhere.isLocked(long)]) expect(await codeOf(act)).toBe('KEY_STORE_UNAVAILABLE');
    expect(await store.unwrap('org_a', wrapped, 'c')).toEqual(key);
  });

  it('a full disk leaves the old version in use and no half a file (the files of this process may hold no byte more)', async () => {
    const script = join(folder, 'full.mjs');
    await writeFile(script, `
      import { LocalFileKeyStore } from ${JSON.stringify(pathToFileURL(join(source, 'key-store.ts')).href)};
      process.on('SIGXFSZ', () => undefined);
      const store = new LocalFileKeyStore(process.argv[2]);
      await store.rotate('org_a').then(() => console.log('rotated'), (error) => console.log(error.code));
    `);
    const keys = join(folder, 'keys');
    const wrapped = await new LocalFileKeyStore(keys).wrap('org_a', key, 'c');
    // `ulimit -f 0`: the kernel takes no byte, as on a full disk (EFBIG instead of ENOSPC). What the program says goes into a pipe.
    const said = await told('sh', ['-c', 'ulimit -f 0; exec "$0" "$@"', process.execPath, ...loader, script, keys]);
    expect(said.trim()).toBe('KEY_STORE_UNAVAILABLE');
    expect(await readdir(keys)).toEqual(['org_a.keys.json']);
    expect(await new LocalFileKeyStore(keys).unwrap('org_a', wrapped, 'c')).toEqual(key);
  }, 30_000);

  it('many that ask at once make one', async () => {
    await store.wrap('org_a', key, 'c');
    const stores = Array.from({ length: 12 }, () => new LocalFileKeyStore(folder));
    const wrapped = (await Promise.all(stores.map(async (one) => { await one.rotate('org_a', 2); return one.wrap('org_a', key, 'c'); })));
    expect(wrapped.map(wrappedVersion)).toEqual(wrapped.map(() => 2));
    for (const text of wrapped) expect(await store.unwrap('org_a', text, 'c')).toEqual(key);
    expect(await names()).toEqual(['org_a.2.keys.json', 'org_a.keys.json']);
  });

  it('kill -9 in the middle, again and again, loses nothing that was wrapped', async () => {
    const script = join(folder, 'turn.mjs');
    const log = join(folder, 'wrapped');
    await writeFile(script, `
      import { LocalFileKeyStore } from ${JSON.stringify(pathToFileURL(join(source, 'key-store.ts')).href)};
      import { appendFileSync } from 'node:fs';
      const store = new LocalFileKeyStore(process.argv[2]);
      for (;;) {
        await store.rotate('org_a');
        appendFileSync(process.argv[3], await store.wrap('org_a', Buffer.alloc(32, 7), 'c') + '\\n');
      }
    `);
    const keys = join(folder, 'keys');
    const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
    const running = [1, 2].map(() => spawn(process.execPath, [...loader, script, keys, log], { cwd: root, env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'ignore' }));
    while (lines().length < 30) await new Promise((later) => setTimeout(later, 5));
    await Promise.all(running.map((child) => new Promise((ended) => { child.once('exit', ended); child.kill('SIGKILL'); })));
    const wrapped = lines();
    const fresh = new LocalFileKeyStore(keys);
    for (const text of wrapped) expect(await fresh.unwrap('org_a', text, 'c')).toEqual(Buffer.alloc(32, 7));
    const { current = 0, kept = [] } = await fresh.versions('org_a') ?? {};
    expect([kept.length, wrappedVersion(await fresh.wrap('org_a', key, 'c'))]).toEqual([current, current]);
  }, 60_000);
});

const root = join(source, '..', '..', '..');
const loader = ['--conditions=source', '--import', '@swc-node/register/esm-register'];
const told = (program: string, parts: readonly string[]): Promise<string> => new Promise((done) => {
  const child = spawn(program, parts, { cwd: root, env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  child.once('close', () => { done(said); });
});

describe('T39 a panic lock', () => {
  it('stops every process at once, is there after a restart, and loses nothing', async () => {
    const other = new LocalFileKeyStore(folder);
    const signing = new LocalFileSigningKeys(folder);
    const wrapped = await store.wrap('org_a', key, 'c');
    await signing.sign('org_a', bytes);
    expect(await store.isLocked('org_a')).toBe(false);
    await store.lock('org_a');
    await store.lock('org_a');
    for (const act of [() => other.unwrap('org_a', wrapped, 'c'), () => other.wrap('org_a', key, 'c'), () => new LocalFileKeyStore(folder).unwrap('org_a', wrapped, 'c'), () => signing.sign('org_a', bytes)]) expect(await codeOf(act)).toBe('KEYS_LOCKED');
    expect([await other.isLocked('org_a'), await other.isLocked('org_b')]).toEqual([true, false]);
    await other.wrap('org_b', key, 'c');
    expect((await signing.verifyingKeys('org_a')).length).toBe(1);
    await other.unlock('org_a');
    await other.unlock('org_a');
    expect(await store.unwrap('org_a', wrapped, 'c')).toEqual(key);
    expect((await signing.sign('org_a', bytes)).key).toBe((await signing.verifyingKeys('org_a'))[0]?.key);
    expect((await names()).filter((name) => name.includes('locked'))).toEqual([]);
    for (const act of [() => store.lock('../org_a'), () => store.unlock('../org_a'), () => store.isLocked('../org_a')]) expect(await codeOf(async () => act())).toBe('ORGANISATION_INVALID');
  });
});

describe('what a wrapped key says', () => {
  it.each([['file1.1.abc', 1], ['file1.12.abc', 12], ['vault:v7:abc', 7], ['file1.0.abc', undefined], ['file2.1.abc', undefined], ['vault:7:abc', undefined], ['xfile1.1.a', undefined], ['file1.1234567.a', undefined], ['', undefined]])('%s: version %s', (text, version) => { expect(wrappedVersion(text)).toBe(version); });
});

describe('signing keys', () => {
  const signing = (): LocalFileSigningKeys => new LocalFileSigningKeys(folder);
  it('change: what the old one signed is still verified, and nobody can sign with it', async () => {
    const [one, two] = [signing(), signing()];
    const first = await one.sign('org_a', bytes);
    expect(await two.rotate('org_a')).toBe(2);
    const second = await one.sign('org_a', bytes);
    expect(second.key).not.toBe(first.key);
    const keys = await one.verifyingKeys('org_a');
    expect(keys.map((known) => known.key)).toEqual([first.key, second.key]);
    expect([isSigned(keys, bytes, first), isSigned(keys, bytes, second)]).toEqual([true, true]);
    expect(await names()).toEqual(['org_a.2.signing.json', 'org_a.verifying.json']);
    expect(JSON.parse(await readFile(join(folder, 'org_a.verifying.json'), 'utf8'))).toEqual({ publicKey: keys[0]?.publicKey });
    expect([await two.rotate('org_a', 2), await two.rotate('org_a', 4)]).toEqual([2, 4]);
    expect(await names()).toEqual(['org_a.2.verifying.json', 'org_a.3.verifying.json', 'org_a.4.signing.json', 'org_a.verifying.json']);
    expect((await two.verifyingKeys('org_a')).length).toBe(4);
    expect((await one.sign('org_a', bytes)).key).toBe((await one.verifyingKeys('org_a'))[3]?.key);
  });
  it('begin with a change, too', async () => {
    expect(await signing().rotate('org_a')).toBe(1);
    expect(await names()).toEqual(['org_a.signing.json']);
  });
  it('a change that was stopped half-way is finished by the next', async () => {
    const first = await signing().sign('org_a', bytes);
    await writeFile(join(folder, 'org_a.2.signing.json'), (await readFile(join(folder, 'org_a.signing.json'), 'utf8')).replace('"current":1', '"current":2').replace('"1":', '"2":'), { mode: 0o600 });
    expect(await signing().rotate('org_a', 2)).toBe(2);
    expect((await signing().verifyingKeys('org_a'))[0]?.key).toBe(first.key);
    expect(await names()).toEqual(['org_a.2.signing.json', 'org_a.verifying.json']);
  });
  it('an old private half is not made anew where all files of the signer that sign are gone', async () => {
    const keys = signing();
    await keys.sign('org_a', bytes);
    await keys.rotate('org_a');
    await rm(join(folder, 'org_a.2.signing.json'));
    expect(await codeOf(() => signing().sign('org_a', bytes, () => Promise.resolve(true)))).toBe('KEY_UNKNOWN');
    expect(await names()).toEqual(['org_a.verifying.json']);
    expect(await signing().rotate('org_a')).toBe(2);
    expect((await signing().sign('org_a', bytes)).key).toHaveLength(16);
  });
  it.each(['{}', '{"publicKey":7}', '{"publicKey":"AAAA"}', '7'])('a damaged public half is refused: %s', async (text) => {
    await writeFile(join(folder, 'org_a.verifying.json'), text, { mode: 0o600 });
    expect(await codeOf(() => signing().verifyingKeys('org_a'))).toBe('KEY_FILE_DAMAGED');
  });
  it('many that ask at once make one', async () => {
    await signing().sign('org_a', bytes);
    const made = await Promise.all(Array.from({ length: 6 }, async () => { const one = signing(); await one.rotate('org_a', 2); return (await one.sign('org_a', bytes)).key; }));
    expect(new Set(made).size).toBe(1);
    expect(await names()).toEqual(['org_a.2.signing.json', 'org_a.verifying.json']);
  });
});

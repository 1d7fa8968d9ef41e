import { chmod, link, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyFiles, LockFiles, asNumber } from './key-file.js';
import { PrivacyRefusal } from './refusal.js';

interface Said { readonly said: string }
let folder: string;
let parsed: number;
let files: KeyFiles<Said>;
const parse = (stored: object): Said => { parsed += 1; return stored as Said; };
const codeOf = async (act: () => unknown): Promise<string> => {
  try { await act(); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    return (error as PrivacyRefusal).code;
  }
  return 'passed';
};
const names = async (): Promise<string[]> => (await readdir(folder)).sort();
const put = (name: string, text = '{}'): Promise<void> => writeFile(join(folder, name), text, { mode: 0o600 });

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'key-file-')), 'a', 'b');
  parsed = 0;
  files = new KeyFiles(folder, 'keys.json', parse);
});
afterEach(() => rm(join(folder, '..', '..'), { recursive: true, force: true }));

describe('a key file', () => {
  it('is written once, for its owner only, in a folder for its owner only', async () => {
    expect(await files.read('org_a')).toBeUndefined();
    expect(await files.create('org_a', { said: 'one' })).toEqual({ said: 'one' });
    expect(await files.create('org_a', { said: 'two' })).toEqual({ said: 'one' });
    expect(await files.create('org_a', { said: 'three' }, 12)).toEqual({ said: 'three' });
    expect(await names()).toEqual(['org_a.12.keys.json', 'org_a.keys.json']);
    expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, 'org_a.keys.json'))).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(await readFile(join(folder, 'org_a.keys.json'), 'utf8')).toBe('{"said":"one"}\n');
  });

  it('is read again only when it has changed, and forgotten when it is gone', async () => {
    const one = await files.create('org_a', { said: 'one' });
    expect(await files.read('org_a')).toBe(one);
    expect([await files.read('org_a', 2), parsed]).toEqual([undefined, 1]);
    await put('org_a.keys.json', '{"said":"two"}');
    expect([await files.read('org_a'), parsed]).toEqual([{ said: 'two' }, 2]);
    const { atime, mtime } = await stat(join(folder, 'org_a.keys.json'));
    await put('org_a.keys.json', '{"said":"six"}');
    await utimes(join(folder, 'org_a.keys.json'), atime, mtime);
    expect(await files.read('org_a')).toEqual({ said: 'six' });
    await rm(join(folder, 'org_a.keys.json'));
    expect(await files.read('org_a')).toBeUndefined();
  });

  it.each([0o640, 0o620, 0o610, 0o604, 0o602, 0o601])('that others may touch (%d) is refused; on Windows a mode says nothing', async (mode) => {
    await files.create('org_a', { said: 'one' });
    await chmod(join(folder, 'org_a.keys.json'), mode);
    expect(await codeOf(() => files.read('org_a'))).toBe('KEY_FILE_EXPOSED');
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try { expect(await codeOf(() => files.read('org_a'))).toBe('passed'); } finally { Object.defineProperty(process, 'platform', platform); }
    await chmod(join(folder, 'org_a.keys.json'), 0o700);
    expect(await files.read('org_a')).toEqual({ said: 'one' });
  });

  it.each(['', '{', 'null', '7', '"x"'])('that holds no object is damaged: %p', async (text) => {
    await files.create('org_b', {});
    await put('org_a.keys.json', text);
    expect([await codeOf(() => files.read('org_a')), parsed]).toEqual(['KEY_FILE_DAMAGED', 1]);
  });

  it('is in its folder: a holder is a short word', async () => {
    for (const holder of ['a', '7', 'org_a-b', `o${'x'.repeat(79)}`]) expect(await codeOf(() => files.create(holder, {}))).toBe('passed');
    for (const holder of ['', '_a', '-a', '.', '..', '../a', 'a/b', 'a.b', 'A', 'aB', 'a ', 'a\n', `o${'x'.repeat(80)}`]) {
      for (const act of [() => files.read(holder), () => files.create(holder, {}), () => files.versions(holder), () => files.destroy(holder, [1])]) expect(await codeOf(act)).toBe('ORGANISATION_INVALID');
    }
  });

  it('that cannot be read or written is no file that is not there', async () => {
    await mkdir(folder, { recursive: true });
    await put('file');
    const elsewhere = new KeyFiles(join(folder, 'file'), 'keys.json', parse);
    for (const act of [() => elsewhere.read('org_a'), () => elsewhere.create('org_a', {}), () => elsewhere.versions('org_a'), () => elsewhere.destroy('org_a', []), () => new KeyFiles(join(folder, 'none'), 'keys.json', parse).destroy('org_a', [])]) expect(await codeOf(act)).toBe('KEY_STORE_UNAVAILABLE');
    await mkdir(join(folder, 'org_a.keys.json'), { mode: 0o700 });
    for (const act of [() => files.read('org_a'), () => files.create('org_a', {})]) expect(await codeOf(act)).toBe('KEY_STORE_UNAVAILABLE');
    expect(await names()).toEqual(['file', 'org_a.keys.json']);
    expect(await codeOf(() => new KeyFiles('/proc', 'keys.json', parse).create('org_a', {}))).toBe('KEY_STORE_UNAVAILABLE');
  });

  it('has versions, oldest first, and nothing else is one', async () => {
    expect(await files.versions('org_a')).toEqual([]);
    for (const version of [100_000, 10, 2, 1, 9, 33, 999_999, 4]) await files.create('org_a', {}, version);
    for (const name of ['org_b.7.keys.json', 'org_a.7.keyz.json', 'org_a.07.keys.json', 'org_a.0.keys.json', 'org_a.x.keys.json', 'org_a.x.5.keys.json', 'org_a5.keys.json', 'org_a.5x.keys.json', 'org_a.1234567.keys.json', 'org_a.5.keys.json.new', 'org_a.5.keys.json.destroyed', 'xorg_a.5.keys.json', 'org_ab.keys.json', 'org_a.locked']) await put(name);
    expect(await files.versions('org_a')).toEqual([1, 2, 4, 9, 10, 33, 100_000, 999_999]);
    expect(await files.versions('org_ab')).toEqual([1]);
  });

  it('is written over before it is gone, with what a stop in the middle has left, and no other is', async () => {
    for (const version of [1, 2, 3]) await files.create('org_a', { said: `secret ${version}` }, version);
    for (const name of ['org_a.9.keys.json.destroyed', 'org_ab.keys.json.destroyed', 'org_a.signing.json.destroyed']) await put(name, 'secret');
    await put('kept', '');
    for (const [i, name] of ['org_a.keys.json', 'org_a.2.keys.json', 'org_a.9.keys.json.destroyed', 'org_ab.keys.json.destroyed'].entries()) await link(join(folder, name), join(folder, `seen-${i}`));
    await files.destroy('org_a', [1, 2, 7]);
    expect(await names()).toEqual(['kept', 'org_a.3.keys.json', 'org_a.signing.json.destroyed', 'org_ab.keys.json.destroyed', 'seen-0', 'seen-1', 'seen-2', 'seen-3']);
    const seen = await Promise.all([0, 1, 2, 3].map((i) => readFile(join(folder, `seen-${i}`), 'latin1')));
    expect(seen.map((text) => [text.includes('secret'), text.length])).toEqual([[false, 20], [false, 20], [false, 6], [true, 6]]);
    expect(await files.read('org_a')).toBeUndefined();
    expect(await files.create('org_a', { said: 'new' })).toEqual({ said: 'new' });
  });

  it('that cannot be taken away is said', async () => {
    await files.create('org_a', { said: 'one' });
    await mkdir(join(folder, 'org_a.keys.json.destroyed', 'in-the-way'), { recursive: true });
    expect(await codeOf(() => files.destroy('org_a', [1]))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await files.read('org_a')).toEqual({ said: 'one' });
    expect(await codeOf(() => files.destroy('org_a', []))).toBe('KEY_STORE_UNAVAILABLE');
  });

  it('is closed again, and so is its folder', async () => {
    await files.create('org_a', { said: 'one' });
    await files.destroy('org_a', [1]);
    const open = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')));
    expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
  });

  it('that does not serve is named with its code; others are not', async () => {
    expect(await files.unusable()).toEqual([]);
    for (const [holder, version] of [['org_a', 1], ['org_a', 2], ['org_b', 3], ['org_d', 1]] as const) await files.create(holder, { said: 'one' }, version);
    expect(await files.unusable()).toEqual([]);
    for (const name of ['org_b.3.keys.json', 'org_c.keys.json', 'org_c.12.keys.json']) await put(name, 'no key');
    await chmod(join(folder, 'org_d.keys.json'), 0o604);
    // Of another kind, or of nobody; the last has as many letters after its holder as a file of keys.
    for (const name of ['org_c.x.keys.json', 'org_c.0.keys.json', 'org_c.keys.json.new', 'org_c.signing.json', 'ORG.keys.json', 'x.org_c.keys.json', '.keys.json', 'org_c.otherwise']) await put(name, 'no key');
    expect(await files.unusable()).toEqual([{ file: 'org_b.3.keys.json', code: 'KEY_FILE_DAMAGED' }, { file: 'org_c.12.keys.json', code: 'KEY_FILE_DAMAGED' }, { file: 'org_c.keys.json', code: 'KEY_FILE_DAMAGED' }, { file: 'org_d.keys.json', code: 'KEY_FILE_EXPOSED' }]);
  });

  it('has numbers that are some', () => {
    expect(asNumber(7)).toBe(7);
    for (const none of ['7', undefined, null, {}]) expect(() => asNumber(none)).toThrow('KEY_FILE_DAMAGED');
  });
});

describe('a lock file', () => {
  const locks = (at = folder): LockFiles => new LockFiles(at);
  it('is there for every process until it is taken away, however often each is asked for', async () => {
    expect(await locks().isLocked('org_a')).toBe(false);
    await locks().unlock('org_a');
    await locks().lock('org_a');
    await locks().lock('org_a');
    expect([await locks().isLocked('org_a'), await locks().isLocked('org_b'), await names()]).toEqual([true, false, ['org_a.locked']]);
    expect(await readFile(join(folder, 'org_a.locked'), 'utf8')).toBe('');
    expect([await codeOf(() => locks().refuseLocked('org_a')), await codeOf(() => locks().refuseLocked('org_b'))]).toEqual(['KEYS_LOCKED', 'passed']);
    await locks().unlock('org_a');
    await locks().unlock('org_a');
    expect([await locks().isLocked('org_a'), await codeOf(() => locks().refuseLocked('org_a')), await names()]).toEqual([false, 'passed', []]);
  });

  it('that cannot be made, taken away or looked for is said, and nobody takes it for open', async () => {
    for (const at of ['/proc', join(folder, 'org_a.locked', 'x')]) {
      await mkdir(folder, { recursive: true });
      await put('org_a.locked');
      expect(await codeOf(() => locks(at).lock('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
    }
    for (const act of ['unlock', 'isLocked', 'refuseLocked'] as const) expect(await codeOf(() => locks(join(folder, 'org_a.locked'))[act]('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
    for (const act of ['lock', 'unlock', 'isLocked', 'refuseLocked'] as const) expect(await codeOf(() => locks()[act]('../a'))).toBe('ORGANISATION_INVALID');
    await rm(join(folder, 'org_a.locked'));
    await mkdir(join(folder, 'org_a.locked'));
    expect(await codeOf(() => locks().unlock('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await locks().isLocked('org_a')).toBe(true);
  });
});

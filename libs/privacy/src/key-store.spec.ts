import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { newSubjectKey } from './fields.js';
import { LocalFileKeyStore, type Wrapped } from './key-store.js';
import { PrivacyRefusal } from './refusal.js';

const source = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
let folder: string;
let store: LocalFileKeyStore;
const key = newSubjectKey();
const fileOf = (organisation: string): string => join(folder, 'keys', `${organisation}.keys.json`);
const codeOf = async (act: () => Promise<unknown>): Promise<string> => {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    return (error as PrivacyRefusal).code;
  }
  return 'passed';
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'));
  store = new LocalFileKeyStore(join(folder, 'keys'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a wrapped key', () => {
  it('opens for its organisation and purpose, after a restart too', async () => {
    const wrapped = await store.wrap('org_a', key, 'case-1');
    expect(wrapped).not.toContain(key.toString('base64url'));
    expect(await store.unwrap('org_a', wrapped, 'case-1')).toEqual(key);
    expect(await new LocalFileKeyStore(join(folder, 'keys')).unwrap('org_a', wrapped, 'case-1')).toEqual(key);
    expect(await store.wrap('org_a', key, 'case-1')).not.toBe(wrapped);
  });

  it('opens for nobody else', async () => {
    const wrapped = await store.wrap('org_a', key, 'case-1');
    await store.wrap('org_b', key, 'case-1');
    expect(await codeOf(() => store.unwrap('org_a', wrapped, 'case-2'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.unwrap('org_b', wrapped, 'case-1'))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => store.unwrap('org_c', wrapped, 'case-1'))).toBe('KEY_UNKNOWN');
    expect(await codeOf(() => store.unwrap('org_a', wrapped.replace('file1.1.', 'file1.2.'), 'case-1'))).toBe('KEY_UNKNOWN');
    for (const damaged of ['', 'file1.1.', `x${wrapped}`, `${wrapped}!`, `${wrapped}\n`, wrapped.slice(0, -2), `${wrapped}AA`, wrapped.replace('file1', 'file2'), wrapped.slice(0, 12) + (wrapped[12] === 'A' ? 'B' : 'A') + wrapped.slice(13)]) expect(await codeOf(() => store.unwrap('org_a', damaged, 'case-1'))).toBe('UNWRAP_FAILED');
  });

  it('opens with the version it was wrapped with, after the key has changed', async () => {
    const before = await store.wrap('org_a', key, 'case-1');
    const ring = JSON.parse(await readFile(fileOf('org_a'), 'utf8'));
    await writeFile(fileOf('org_a'), JSON.stringify({ current: 2, keys: { ...ring.keys, 2: newSubjectKey().toString('base64') } }));
    const after = await store.wrap('org_a', key, 'case-1');
    expect([before.slice(0, 8), after.slice(0, 8)]).toEqual(['file1.1.', 'file1.2.']);
    expect(await store.unwrap('org_a', before, 'case-1')).toEqual(key);
    expect(await store.unwrap('org_a', after, 'case-1')).toEqual(key);
  });

  it('does not open any more once the file is gone, also for a process that has used it; and no other key is made in its place', async () => {
    const wrapped = await store.wrap('org_a', key, 'case-1');
    await store.wrap('org_a', key, 'case-1');
    const kept = await readFile(fileOf('org_a'));
    await rm(fileOf('org_a'));
    expect(await codeOf(() => store.unwrap('org_a', wrapped, 'case-1'))).toBe('KEY_UNKNOWN');
    for (const act of [() => store.wrap('org_a', key, 'case-2'), () => store.rotate('org_a'), () => store.rotate('org_a', 1)]) expect(await codeOf(act)).toBe('KEY_UNKNOWN');
    expect(await readdir(join(folder, 'keys'))).toEqual([]);
    await writeFile(fileOf('org_a'), kept, { mode: 0o600 });
    expect(await store.unwrap('org_a', await store.wrap('org_a', key, 'case-2'), 'case-2')).toEqual(key);
    expect(await store.unwrap('org_a', wrapped, 'case-1')).toEqual(key);
  });
});

describe('a key that is not the one of before', () => {
  const another = (version = 1): string => JSON.stringify({ current: version, keys: { [version]: newSubjectKey().toString('base64') } });
  const again = (): LocalFileKeyStore => new LocalFileKeyStore(join(folder, 'keys'));
  let before: Wrapped[];
  let kept: Buffer;
  beforeEach(async () => {
    before = [{ wrapped: await store.wrap('org_a', key, 'case-2'), aad: 'case-2' }, { wrapped: await store.wrap('org_a', key, 'case-1'), aad: 'case-1' }];
    kept = await readFile(fileOf('org_a'));
  });
  const put = (text: string | Buffer, name = 'org_a.keys.json'): Promise<void> => writeFile(join(folder, 'keys', name), text, { mode: 0o600 });

  it('wraps nothing, from the start of a process on; the right one put back wraps and opens again', async () => {
    await put(another());
    const next = again();
    for (let n = 0; n < 2; n += 1) expect(await codeOf(() => next.wrap('org_a', key, 'x', before))).toBe('UNWRAP_FAILED');
    // Nor for who knows nothing of what is wrapped, on the same store.
    expect(await codeOf(() => next.wrap('org_a', key, 'x'))).toBe('UNWRAP_FAILED');
    await put(kept);
    expect(await codeOf(() => next.wrap('org_a', key, 'x'))).toBe('UNWRAP_FAILED');
    expect(await next.unwrap('org_a', await next.wrap('org_a', key, 'x', before), 'x')).toEqual(key);
    expect(await next.unwrap('org_a', await next.wrap('org_a', key, 'y'), 'y')).toEqual(key);
  });

  it('wraps nothing where it came while the process ran', async () => {
    const next = again();
    await next.wrap('org_a', key, 'x', before);
    await put(another());
    expect(await codeOf(() => next.wrap('org_a', key, 'x', before))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => next.wrap('org_a', key, 'x'))).toBe('UNWRAP_FAILED');
    await put(kept);
    await next.wrap('org_a', key, 'x', before);
  });

  it('that was never tried wraps for who has nothing yet, and only for them', async () => {
    expect(await again().wrap('org_b', key, 'x', [])).toMatch(/^file1\.1\./);
    await put(another());
    expect(await again().wrap('org_a', key, 'x')).toMatch(/^file1\.1\./);
  });

  it('is missing, and none is made for whom something was wrapped, also in a process that has never met it', async () => {
    await rm(join(folder, 'keys'), { recursive: true });
    const next = again();
    for (const act of [() => next.wrap('org_a', key, 'x', before), () => next.wrap('org_a', key, 'x', before.slice(1))]) expect(await codeOf(act)).toBe('KEY_UNKNOWN');
    expect(existsSync(join(folder, 'keys'))).toBe(false);
    // Whoever was asked to open something of it knows that there was one.
    expect(await codeOf(() => next.unwrap('org_a', before[0]!.wrapped, 'case-2'))).toBe('KEY_UNKNOWN');
    for (const act of [() => next.wrap('org_a', key, 'x'), () => next.rotate('org_a')]) expect(await codeOf(act)).toBe('KEY_UNKNOWN');
    expect(existsSync(join(folder, 'keys'))).toBe(false);
    expect(await next.wrap('org_b', key, 'x')).toMatch(/^file1\.1\./);
  });

  it('is older than the newest that has wrapped something: the newest is missing', async () => {
    await store.rotate('org_a');
    const newest = { wrapped: await store.wrap('org_a', key, 'case-3'), aad: 'case-3' };
    await rm(join(folder, 'keys', 'org_a.2.keys.json'));
    for (const one of [store, again()]) expect(await codeOf(() => one.wrap('org_a', key, 'x', [newest, ...before]))).toBe('KEY_UNKNOWN');
    expect(await codeOf(() => store.wrap('org_a', key, 'x'))).toBe('KEY_UNKNOWN');
    expect(await codeOf(() => store.rotate('org_a', 2))).toBe('KEY_UNKNOWN');
    expect(await again().wrap('org_a', key, 'x', before)).toMatch(/^file1\.1\./);
  });

  it('is newer, and has wrapped nothing yet: an older one that opens what is there speaks for it, once', async () => {
    const next = again();
    await next.rotate('org_a');
    expect(await next.wrap('org_a', key, 'x', before)).toMatch(/^file1\.2\./);
    let opened = 0;
    next.unwrap = (...given) => { opened += 1; return LocalFileKeyStore.prototype.unwrap.apply(next, given); };
    await next.wrap('org_a', key, 'x', before);
    expect(opened).toBe(0);
  });

  it('is asked for by one that opens, where others are damaged; a damaged one takes nothing from a key that has opened something', async () => {
    const damaged = { wrapped: `${before[0]!.wrapped.slice(0, -1)}${before[0]!.wrapped.endsWith('A') ? 'Q' : 'A'}`, aad: 'case-2' };
    const other = { ...before[0]!, aad: 'case-9' };
    const next = again();
    expect(await codeOf(() => next.wrap('org_a', key, 'x', [other]))).toBe('UNWRAP_FAILED');
    expect(await codeOf(() => next.wrap('org_a', key, 'x'))).toBe('UNWRAP_FAILED');
    expect(await next.wrap('org_a', key, 'x', [other, damaged, ...before])).toMatch(/^file1\.1\./);
    expect(await codeOf(() => next.unwrap('org_a', other.wrapped, other.aad))).toBe('UNWRAP_FAILED');
    expect(await next.wrap('org_a', key, 'x')).toMatch(/^file1\.1\./);
    expect(await next.wrap('org_a', key, 'x', [other])).toMatch(/^file1\.1\./);
    // Nor from one that has opened something when it was asked to, and not as a proof.
    const opening = again();
    await opening.unwrap('org_a', before[0]!.wrapped, before[0]!.aad);
    expect(await opening.wrap('org_a', key, 'x', [other])).toMatch(/^file1\.1\./);
  });

  it('says what it is refused by last, where nothing opens', async () => {
    await put(another());
    expect(await codeOf(() => again().wrap('org_a', key, 'x', [{ wrapped: 'nothing', aad: 'x' }, before[0]!]))).toBe('UNWRAP_FAILED');
    await chmod(fileOf('org_a'), 0o644);
    expect(await codeOf(() => again().wrap('org_a', key, 'x', before))).toBe('KEY_FILE_EXPOSED');
    await chmod(fileOf('org_a'), 0o600);
    await store.rotate('org_a');
    await store.destroyVersion('org_a', 1);
    expect(await codeOf(() => again().wrap('org_a', key, 'x', before))).toBe('KEY_UNKNOWN');
    await put('no key', 'org_a.2.keys.json');
    expect(await store.unusable()).toEqual([{ file: 'org_a.2.keys.json', code: 'KEY_FILE_DAMAGED' }]);
  });
});

describe('the key file', () => {
  it('is one for each organisation, for its owner only', async () => {
    await store.wrap('org_a', key, 'x');
    await store.wrap('org_b', key, 'x');
    expect((await readdir(join(folder, 'keys'))).sort()).toEqual(['org_a.keys.json', 'org_b.keys.json']);
    expect((await stat(fileOf('org_a'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(fileOf('org_a'), 'utf8'))).toEqual({ current: 1, keys: { 1: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) } });
  });

  it('is refused when others may read it', async () => {
    const wrapped = await store.wrap('org_a', key, 'x');
    await chmod(fileOf('org_a'), 0o640);
    expect(await codeOf(() => store.unwrap('org_a', wrapped, 'x'))).toBe('KEY_FILE_EXPOSED');
    expect(await codeOf(() => store.wrap('org_a', key, 'x'))).toBe('KEY_FILE_EXPOSED');
  });

  it.each(['', '{', 'null', '{"current":1}', '{"current":1,"keys":{}}', '{"current":1,"keys":{"1":"short"}}', '{"current":1,"keys":{"1":7}}', '{"current":"1","keys":{"1":""}}', `{"current":1,"keys":{"1":"${Buffer.alloc(32).toString('base64')}","x":"${Buffer.alloc(32).toString('base64')}"}}`])('is refused when it is damaged: %p', async (text) => {
    const wrapped = await store.wrap('org_a', key, 'x');
    await writeFile(fileOf('org_a'), text);
    expect(await codeOf(() => store.unwrap('org_a', wrapped, 'x'))).toBe('KEY_FILE_DAMAGED');
    expect(await codeOf(() => store.wrap('org_a', key, 'x'))).toBe('KEY_FILE_DAMAGED');
    expect(await readFile(fileOf('org_a'), 'utf8')).toBe(text);
  });

  it('has no place outside its folder', async () => {
    for (const organisation of ['', '..', '../org_a', 'org/a', 'org\\a', 'org.a', 'ORG_A', `o${'x'.repeat(80)}`]) expect(await codeOf(() => store.wrap(organisation, key, 'x'))).toBe('ORGANISATION_INVALID');
    expect(await codeOf(() => store.wrap('org_a', Buffer.alloc(16), 'x'))).toBe('KEY_INVALID');
  });

  it('is refused, and said so, where it cannot be written or read', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await codeOf(() => new LocalFileKeyStore(join(folder, 'file')).wrap('org_a', key, 'x'))).toBe('KEY_STORE_UNAVAILABLE');
    expect(await codeOf(() => new LocalFileKeyStore(join(folder, 'file', 'keys')).wrap('org_a', key, 'x'))).toBe('KEY_STORE_UNAVAILABLE');
  });
});

describe('many at once make one key', () => {
  it('in one process', async () => {
    const stores = Array.from({ length: 20 }, () => new LocalFileKeyStore(join(folder, 'keys')));
    const wrapped = await Promise.all(stores.map((one) => one.wrap('org_a', key, 'x')));
    for (const text of wrapped) expect(await store.unwrap('org_a', text, 'x')).toEqual(key);
    expect(await readdir(join(folder, 'keys'))).toEqual(['org_a.keys.json']);
  });

  it('and the first that is there stays: one that was about to make it takes that', async () => {
    const drafted = (): boolean => existsSync(join(folder, 'keys')) && readdirSync(join(folder, 'keys')).some((name) => name.endsWith('.new'));
    const other = `${JSON.stringify({ current: 1, keys: { 1: newSubjectKey().toString('base64') } })}\n`;
    const wrapping = store.wrap('org_a', key, 'x');
    while (!drafted()) await new Promise((later) => setImmediate(later));
    writeFileSync(fileOf('org_a'), other, { mode: 0o600, flag: 'wx' });
    const wrapped = await wrapping;
    expect(await readFile(fileOf('org_a'), 'utf8')).toBe(other);
    expect(await new LocalFileKeyStore(join(folder, 'keys')).unwrap('org_a', wrapped, 'x')).toEqual(key);
    expect(await readdir(join(folder, 'keys'))).toEqual(['org_a.keys.json']);
  });

  it('in several processes', async () => {
    const script = join(folder, 'wrap.mjs');
    await writeFile(script, `
      import { LocalFileKeyStore } from ${JSON.stringify(pathToFileURL(join(source, 'key-store.ts')).href)};
      import { existsSync, writeFileSync } from 'node:fs';
      const [directory, go, ready] = process.argv.slice(2);
      writeFileSync(ready, '');
      while (!existsSync(go)) await new Promise((r) => setTimeout(r, 1));
      const organisations = Array.from({ length: 40 }, (_, n) => 'org_' + n);
      const wrapped = await Promise.all(organisations.map((o) => new LocalFileKeyStore(directory).wrap(o, Buffer.alloc(32, 5), o)));
      console.log(JSON.stringify(wrapped));
    `);
    const go = join(folder, 'go');
    const ready = [1, 2, 3].map((n) => join(folder, `ready-${n}`));
    const running = ready.map((mark) => run(process.execPath, ['--conditions=source', '--import', '@swc-node/register/esm-register', script, join(folder, 'keys'), go, mark], { cwd: join(source, '..', '..', '..'), env: { ...process.env, NODE_OPTIONS: '' } }));
    while (!ready.every((mark) => existsSync(mark))) await Promise.race([new Promise((later) => setTimeout(later, 5)), ...running.map((one) => one.then(() => Promise.reject(new Error('ended before it was told to go'))))]);
    await writeFile(go, '');
    const processes = await Promise.all(running);
    for (const { stdout } of processes) for (const [n, text] of (JSON.parse(stdout) as string[]).entries()) expect(await store.unwrap(`org_${n}`, text, `org_${n}`)).toEqual(Buffer.alloc(32, 5));
    expect((await readdir(join(folder, 'keys'))).filter((name) => !name.endsWith('.keys.json'))).toEqual([]);
  }, 30_000);
});

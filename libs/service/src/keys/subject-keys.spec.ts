import { PrivacyRefusal, type KeyStore, type UnusableFile, type Wrapped } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { keyProblem } from './problem.js';
import { fileSaid, keyFileOf, troubleSaid } from './probe.js';
import { SubjectKeys, UNREAD } from './subject-keys.js';

/** A key store that answers as a test wants, and counts. */
class Answering implements KeyStore {
  asked = 0;
  readonly locked = new Set<string>();
  refusal: string | undefined;
  readonly given: (readonly Wrapped[] | undefined)[] = [];
  files: readonly UnusableFile[] = [];
  wraps: () => Promise<string> = () => this.#answer('file1.1.x');
  during: () => void = () => undefined;
  #answer<T>(value: T): Promise<T> { this.asked += 1; this.during(); return this.refusal === undefined ? Promise.resolve(value) : Promise.reject(new PrivacyRefusal(this.refusal)); }
  wrap(_o: string, _k: Buffer, _a: string, before?: readonly Wrapped[]): Promise<string> { this.given.push(before); return this.wraps(); }
  unusable(): Promise<readonly UnusableFile[]> { return Promise.resolve(this.files); }
  unwrap(_o: string, wrapped: string): Promise<Buffer> { return this.#answer(Buffer.from(wrapped)); }
  versions(): Promise<undefined> { return Promise.resolve(undefined); }
  rotate(): Promise<number> { return Promise.resolve(1); }
  destroyVersion(): Promise<void> { return Promise.resolve(); }
  lock(): Promise<void> { return Promise.resolve(); }
  unlock(): Promise<void> { return Promise.resolve(); }
  isLocked(organisation: string): Promise<boolean> { return this.refusal === undefined ? Promise.resolve(this.locked.has(organisation)) : Promise.reject(new PrivacyRefusal(this.refusal)); }
}

interface Row { readonly owner: string; readonly wrapped: string; readonly aad: string }
let store: Answering, told: string[], keys: SubjectKeys, rows: Row[], asked: number;
beforeEach(() => {
  store = new Answering();
  told = [];
  rows = [];
  asked = 0;
  // Either who has locked, or what is wrapped: of one owner or of all.
  keys = new SubjectKeys({ query: (text: string, [owner]: [string | null] = [null]) => (text.includes('key_lock') ? Promise.resolve({ rows: told.map((organisation) => ({ organisation })) }) : (asked += 1, Promise.resolve({ rows: rows.filter((row) => owner === null || row.owner === owner) }))) } as unknown as Pool, store);
});
const codeOf = (work: () => Promise<unknown>): Promise<string> => work().then(() => 'passed', (error: unknown) => (error as PrivacyRefusal).code);

describe('keys of cases in memory', () => {
  it('are asked for once, and after they are forgotten again', async () => {
    for (let n = 0; n < 3; n += 1) expect(await keys.unwrap('org_a', 's', 'w')).toEqual(Buffer.from('w'));
    await keys.unwrap('org_b', 's', 'w');
    expect(store.asked).toBe(2);
    keys.forget('s');
    expect(keys.held('org_a', 's')).toBeUndefined();
    await keys.unwrap('org_a', 's', 'w');
    expect(store.asked).toBe(3);
  });

  it('are gone at once when the organisation has locked, and only of that one', async () => {
    for (const owner of ['org_a', 'org_b']) await keys.unwrap(owner, 's', 'w');
    told = ['org_a'];
    await keys.look();
    for (const work of [() => keys.unwrap('org_a', 's', 'w'), () => keys.make('org_a', 't'), async () => keys.held('org_a', 's')]) expect(await codeOf(async () => work())).toBe('KEYS_LOCKED');
    expect(keys.held('org_b', 's')).toEqual(Buffer.from('w'));
    told = [];
    await keys.look();
    expect([keys.isLocked('org_a'), keys.held('org_a', 's')]).toEqual([false, undefined]);
  });

  it('are gone when another process has locked at the store, found by looking or by asking', async () => {
    await keys.unwrap('org_a', 's', 'w');
    store.locked.add('org_a');
    await keys.look();
    expect(keys.isLocked('org_a')).toBe(true);
    store.locked.clear();
    await keys.look();
    expect(keys.isLocked('org_a')).toBe(false);
    await keys.unwrap('org_a', 's', 'w');
    store.refusal = 'KEYS_LOCKED';
    expect(await codeOf(() => keys.make('org_a', 't'))).toBe('KEYS_LOCKED');
    expect([keys.isLocked('org_a'), keys.isLocked('org_b')]).toEqual([true, false]);
  });

  it('are gone while the store does not answer: no memory is stronger than the store', async () => {
    await keys.unwrap('org_a', 's', 'w');
    store.refusal = 'KEY_STORE_UNAVAILABLE';
    await keys.look();
    expect([keys.isLocked('org_a'), keys.held('org_a', 's')]).toEqual([false, undefined]);
    expect(await codeOf(() => keys.unwrap('org_a', 's', 'w'))).toBe('KEY_STORE_UNAVAILABLE');
  });

  it('of many organisations are all looked after in turn', async () => {
    const owners = Array.from({ length: 12 }, (_, n) => `org_${n}`);
    for (const owner of owners) { await keys.unwrap(owner, 's', 'w'); store.locked.add(owner); }
    for (let n = 0; n < 6; n += 1) await keys.look();
    expect(owners.filter((owner) => !keys.isLocked(owner))).toEqual([]);
  });

  it('are not kept where the lock came while the store was answering', async () => {
    let looked: Promise<void> | undefined;
    told = ['org_a'];
    store.during = () => { looked ??= keys.look(); };
    const work = keys.unwrap('org_a', 's', 'w').then(() => 'opened', (error: unknown) => (error as PrivacyRefusal).code);
    await looked;
    expect(['KEYS_LOCKED', 'opened']).toContain(await work);
    expect(await codeOf(async () => keys.held('org_a', 's'))).toBe('KEYS_LOCKED');
    told = [];
    await keys.look();
    expect(keys.held('org_a', 's')).toBeUndefined();
  });

  it('stay closed in a row that is shown all the same, whatever keeps it closed; to all others it is refused, and each but a lock is a refusal that is noted', async () => {
    const noted: string[] = [];
    keys.onClosed = ({ code }) => { noted.push(code); };
    told = ['org_a'];
    await keys.look();
    expect(await keys.orClosed(() => keys.unwrap('org_a', 's', 'w'))).toEqual({ [UNREAD]: 'KEYS_LOCKED' });
    expect(await keys.orClosed(() => keys.unwrap('org_b', 's', 'w'))).toEqual(Buffer.from('w'));
    expect(noted).toEqual([]);
    const codes = ['KEY_STORE_UNAVAILABLE', 'KEY_UNKNOWN', 'UNWRAP_FAILED', 'UNSEAL_FAILED', 'KEY_FILE_EXPOSED', 'KEY_FILE_DAMAGED'];
    for (const code of codes) {
      store.refusal = code;
      expect(await keys.orClosed(() => keys.unwrap('org_c', 's', 'w'))).toEqual({ [UNREAD]: code });
      expect(await codeOf(() => keys.unwrap('org_c', 's', 'w'))).toBe(code);
    }
    expect(noted).toEqual(codes);
    await expect(keys.orClosed(() => Promise.reject(new PrivacyRefusal('SEALED_VALUE')))).rejects.toThrow('SEALED_VALUE');
    await expect(keys.orClosed(() => Promise.reject(new Error('ours')))).rejects.toThrow('ours');
  });
});

describe('what is wrapped next', () => {
  const one = { owner: 'org_a', wrapped: 'file1.1.one', aad: 's' };
  it('is wrapped with the key that wrapped what is there: it is looked for once, and then remembered', async () => {
    rows = [one, { ...one, owner: 'org_b' }];
    for (let n = 0; n < 3; n += 1) await keys.make('org_a', 't');
    // What was wrapped last speaks for what follows: it is of the newest version.
    expect(store.given).toEqual([[{ wrapped: 'file1.1.one', aad: 's' }], [{ wrapped: 'file1.1.x', aad: 't' }], [{ wrapped: 'file1.1.x', aad: 't' }]]);
    expect(asked).toBe(1);
    // Erased: not even its wrapped key is remembered.
    keys.forget('s');
    await keys.make('org_a', 't');
    expect([store.given.at(-1), asked]).toEqual([[{ wrapped: 'file1.1.x', aad: 't' }], 1]);
    keys.forget('t');
    rows = [];
    await keys.make('org_a', 'u');
    expect([store.given.at(-1), asked]).toEqual([[], 2]);
  });

  it.each(['KEY_UNKNOWN', 'UNWRAP_FAILED'])('%s: what was remembered may be of a version that is destroyed: it is looked for again, once', async (code) => {
    rows = [one];
    await keys.make('org_a', 't');
    rows = [{ ...one, wrapped: 'file1.2.two' }];
    let left = 1;
    store.wraps = () => (left-- > 0 ? Promise.reject(new PrivacyRefusal(code)) : Promise.resolve('file1.2.x'));
    expect((await keys.make('org_a', 't')).wrapped).toBe('file1.2.x');
    expect(store.given.slice(1)).toEqual([[{ wrapped: 'file1.1.x', aad: 't' }], [{ wrapped: 'file1.2.two', aad: 's' }]]);
    left = 2;
    expect(await codeOf(() => keys.make('org_a', 't'))).toBe(code);
    left = 1;
    expect(await codeOf(() => new SubjectKeys({ query: () => Promise.resolve({ rows: [] }) } as unknown as Pool, store).make('org_z', 't'))).toBe(code);
    left = 0;
    store.wraps = () => Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE'));
    const before = store.given.length;
    expect(await codeOf(() => keys.make('org_a', 't'))).toBe('KEY_STORE_UNAVAILABLE');
    expect(store.given.length).toBe(before + 1);
  });

  it('a key that does not open what it wrapped is said, at the start and when it is met, until it does again; a lock is none', async () => {
    rows = [one, { owner: 'org_b', wrapped: 'file1.3.b', aad: 's' }];
    await keys.prove();
    expect([keys.troubles.size, await keys.needOperator()]).toEqual([0, false]);
    store.refusal = 'UNWRAP_FAILED';
    await keys.prove();
    expect([...keys.troubles.values()]).toEqual([{ organisation: 'org_a', code: 'UNWRAP_FAILED', version: 1 }, { organisation: 'org_b', code: 'UNWRAP_FAILED', version: 3 }]);
    expect(await keys.needOperator()).toBe(true);
    store.refusal = 'KEYS_LOCKED';
    await keys.prove(['org_a']);
    store.refusal = undefined;
    await keys.prove([...keys.troubles.keys()]);
    expect(keys.troubles.size).toBe(0);
    store.refusal = 'KEY_UNKNOWN';
    expect(await codeOf(() => keys.unwrap('org_b', 's', 'w'))).toBe('KEY_UNKNOWN');
    await new Promise((later) => { setImmediate(later); });
    expect([...keys.troubles.keys()]).toEqual(['org_b']);
  });

  it('one damaged row is no wrong key, and a store that is away is asked for nobody else', async () => {
    rows = [{ ...one, wrapped: 'file1.1.damaged' }, one];
    store.unwrap = (_o, wrapped) => (wrapped.endsWith('damaged') ? Promise.reject(new PrivacyRefusal('UNWRAP_FAILED')) : Promise.resolve(Buffer.from('k')));
    await keys.prove();
    expect(keys.troubles.size).toBe(0);
    let tried = 0;
    store.unwrap = () => { tried += 1; return Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE')); };
    rows = [one, { ...one, wrapped: 'file1.1.two' }, { ...one, owner: 'org_b' }];
    await keys.prove();
    expect([tried, [...keys.troubles.keys()]]).toEqual([1, ['org_a']]);
    store.unwrap = () => Promise.reject(new Error('ours'));
    await expect(keys.prove()).rejects.toThrow('ours');
  });

  it('files that do not serve wait for an operator too', async () => {
    store.files = [{ file: 'org_a.keys.json', code: 'KEY_FILE_EXPOSED' }];
    expect(await keys.needOperator()).toBe(true);
  });

  it('is said with the file and what to do', () => {
    expect(troubleSaid({ organisation: 'org_a', code: 'KEY_UNKNOWN', version: 2 }, '/data/keys')).toBe('/data/keys/org_a.2.keys.json is missing, and what it wrapped is there: put it back from the file of keys of the newest backup. Until then nothing of org_a is opened or sealed; all others go on.');
    expect(troubleSaid({ organisation: 'org_a', code: 'UNWRAP_FAILED', version: 1 }, undefined)).toMatch(/^The key of org_a is not the key that wrapped what is there: put the right one back/);
    expect([keyFileOf({ organisation: 'org_a', code: 'X', version: undefined }), keyFileOf({ organisation: 'org_a', code: 'X', version: 1 })]).toEqual(['org_a.keys.json', 'org_a.keys.json']);
    expect(fileSaid('f', 'OTHER')).toBe('f does not serve (OTHER): put it back from the file of keys of the newest backup.');
  });
});

describe('what a caller is told', () => {
  it.each([['KEYS_LOCKED', 'keys-locked', undefined], ['KEY_STORE_UNAVAILABLE', 'service-unavailable', '5'], ['KEY_FILE_DAMAGED', 'keys-unavailable', undefined], ['KEY_FILE_EXPOSED', 'keys-unavailable', undefined], ['KEY_UNKNOWN', 'keys-unavailable', undefined], ['UNWRAP_FAILED', 'keys-unavailable', undefined], ['UNSEAL_FAILED', 'keys-unavailable', undefined], ['SEALED_VALUE', undefined, undefined]])('%s: %s', (code, problem, after) => {
    expect([keyProblem(new PrivacyRefusal(code), true)?.code, keyProblem(new PrivacyRefusal(code), true)?.headers['retry-after']]).toEqual([problem, after]);
    expect(keyProblem(new Error(code), true)).toBeUndefined();
  });
  it('T39 somebody else is not told of a panic: it looks like a key store that does not answer', () => {
    expect(keyProblem(new PrivacyRefusal('KEYS_LOCKED'), false)).toEqual(keyProblem(new PrivacyRefusal('KEY_STORE_UNAVAILABLE'), false));
  });
});

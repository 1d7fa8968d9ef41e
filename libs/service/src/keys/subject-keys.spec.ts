import { PrivacyRefusal, type KeyStore } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { keyProblem } from './problem.js';
import { SubjectKeys } from './subject-keys.js';

/** A key store that answers as a test wants, and counts. */
class Answering implements KeyStore {
  asked = 0;
  readonly locked = new Set<string>();
  refusal: string | undefined;
  during: () => void = () => undefined;
  #answer<T>(value: T): Promise<T> { this.asked += 1; this.during(); return this.refusal === undefined ? Promise.resolve(value) : Promise.reject(new PrivacyRefusal(this.refusal)); }
  wrap(): Promise<string> { return this.#answer('file1.1.x'); }
  unwrap(_o: string, wrapped: string): Promise<Buffer> { return this.#answer(Buffer.from(wrapped)); }
  versions(): Promise<undefined> { return Promise.resolve(undefined); }
  rotate(): Promise<number> { return Promise.resolve(1); }
  destroyVersion(): Promise<void> { return Promise.resolve(); }
  lock(): Promise<void> { return Promise.resolve(); }
  unlock(): Promise<void> { return Promise.resolve(); }
  isLocked(organisation: string): Promise<boolean> { return this.refusal === undefined ? Promise.resolve(this.locked.has(organisation)) : Promise.reject(new PrivacyRefusal(this.refusal)); }
}

let store: Answering, told: string[], keys: SubjectKeys;
beforeEach(() => {
  store = new Answering();
  told = [];
  keys = new SubjectKeys({ query: () => Promise.resolve({ rows: told.map((organisation) => ({ organisation })) }) } as unknown as Pool, store);
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

  it('stay closed for who does without them, and are refused to all others; any other refusal is one for both', async () => {
    told = ['org_a'];
    await keys.look();
    expect(await keys.ifUnlocked('org_a', 's', 'w')).toBeUndefined();
    expect(await codeOf(() => keys.unwrap('org_a', 's', 'w'))).toBe('KEYS_LOCKED');
    expect(await keys.ifUnlocked('org_b', 's', 'w')).toEqual(Buffer.from('w'));
    store.refusal = 'KEY_UNKNOWN';
    expect(await codeOf(() => keys.ifUnlocked('org_c', 's', 'w'))).toBe('KEY_UNKNOWN');
  });
});

describe('what a caller is told', () => {
  it.each([['KEYS_LOCKED', 'keys-locked'], ['KEY_STORE_UNAVAILABLE', 'service-unavailable'], ['KEY_FILE_DAMAGED', 'service-unavailable'], ['UNSEAL_FAILED', 'service-unavailable'], ['SEALED_VALUE', undefined]])('%s: %s', (code, problem) => {
    expect(keyProblem(new PrivacyRefusal(code))?.code).toBe(problem);
    expect(keyProblem(new Error(code))).toBeUndefined();
  });
});

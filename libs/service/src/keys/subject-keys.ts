import { PrivacyRefusal, newSubjectKey, type KeyStore, type Wrapped } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { isForOperator, notOpened } from './problem.js';
import { troubleOf, wrappedBefore, type KeyTrouble } from './probe.js';

/** Stands in a row whose sealed fields were left closed. */
export const UNREAD = Symbol('unread');

const MOST = 5_000;
/** How long it is taken for granted how the files of keys are. */
const FILES_MS = 5_000;
/** How many organisations' locks are looked for at the key store at a time. */
const AT_ONCE = 5;

/**
 * Keys of cases as this process holds them, and whether an organisation has locked its own (panic). A lock that was told of here, or
 * that another process has left at the key store, empties the memory and refuses everything that needs a key.
 */
export class SubjectKeys {
  readonly #keys = new Map<string, Buffer>();
  #told: ReadonlySet<string> = new Set();
  readonly #found = new Set<string>();
  #next = 0;
  /** What an organisation's key has wrapped: whatever is wrapped next is wrapped with that one. */
  readonly #before = new Map<string, readonly Wrapped[]>();
  /** Whose key does not open what it wrapped, and why; until it does again. */
  readonly #troubles = new Map<string, KeyTrouble>();
  #unusable = { until: 0, is: false };
  readonly #proving = new Set<string>();
  /** What stays closed in a row that is shown all the same is a refusal too. */
  onClosed: (refusal: PrivacyRefusal) => void = () => undefined;
  /** Called when there is something to do for the keeper. */
  onNews: () => void = () => undefined;

  constructor(private readonly pool: Pool, private readonly keyStore: KeyStore) {}

  isLocked(owner: string): boolean { return this.#told.has(owner) || this.#found.has(owner); }
  /** @throws PrivacyRefusal KEYS_LOCKED */
  refuseLocked(owner: string): void { if (this.isLocked(owner)) throw new PrivacyRefusal('KEYS_LOCKED'); }

  /** The key, if it is at hand. @throws PrivacyRefusal KEYS_LOCKED */
  held(owner: string, subject: string): Buffer | undefined {
    this.refuseLocked(owner);
    return this.#keys.get(`${owner} ${subject}`);
  }

  async unwrap(owner: string, subject: string, wrapped: string): Promise<Buffer> {
    const held = this.held(owner, subject);
    if (held) return held;
    try {
      const key = await this.keyStore.unwrap(owner, wrapped, subject);
      // Locked while the store was answering.
      this.refuseLocked(owner);
      this.#keys.set(`${owner} ${subject}`, key);
      if (this.#keys.size > MOST) this.#keys.delete(this.#keys.keys().next().value as string);
      return key;
    } catch (error) { throw this.#heard(owner, error); }
  }

  /** For what protects somebody, and what shows no plaintext: a row whose key is locked, away or wrong is one row that stays closed, not the end of all. */
  async orClosed<T>(open: () => Promise<T>): Promise<T | { readonly [UNREAD]: string }> {
    try { return await open(); } catch (error) {
      if (!(error instanceof PrivacyRefusal) || (error.code !== 'KEYS_LOCKED' && !notOpened.has(error.code))) throw error;
      if (error.code !== 'KEYS_LOCKED') this.onClosed(error);
      return { [UNREAD]: error.code };
    }
  }

  async make(owner: string, subject: string): Promise<{ readonly key: Buffer; readonly wrapped: string }> {
    this.refuseLocked(owner);
    const key = newSubjectKey();
    try { return { key, wrapped: await this.wrap(owner, subject, key) }; } catch (error) { throw this.#heard(owner, error); }
  }

  /** With the key that wrapped what is here of this owner, and with no other. @throws PrivacyRefusal */
  async wrap(owner: string, subject: string, key: Buffer): Promise<string> {
    const known = this.#before.get(owner);
    let wrapped: string;
    try {
      wrapped = await this.keyStore.wrap(owner, key, subject, known ?? await this.#look(owner));
    } catch (error) {
      // What was known may have been wrapped anew since, and the old version destroyed.
      if (known === undefined || !isForOperator(error)) throw error;
      wrapped = await this.keyStore.wrap(owner, key, subject, await this.#look(owner));
    }
    this.#before.set(owner, [{ wrapped, aad: subject }]);
    return wrapped;
  }
  async #look(owner: string): Promise<readonly Wrapped[]> {
    this.#before.delete(owner);
    const found = (await wrappedBefore(this.pool, owner)).get(owner) ?? [];
    if (found.length > 0) this.#before.set(owner, found);
    return found;
  }

  /** Whose keys do not open what they wrapped. */
  get troubles(): ReadonlyMap<string, KeyTrouble> { return this.#troubles; }
  /** Looks whether keys open what is here: of everybody at the start, afterwards of those with whom something was wrong. */
  async prove(owners?: readonly string[]): Promise<void> {
    const all = owners === undefined ? await wrappedBefore(this.pool) : new Map(await Promise.all(owners.map(async (owner) => [owner, await this.#look(owner)] as const)));
    for (const [owner, before] of all) {
      const trouble = await troubleOf(this.keyStore, owner, before);
      if (trouble) this.#troubles.set(owner, trouble); else this.#troubles.delete(owner);
      // Who does not answer for one answers for nobody.
      if (trouble?.code === 'KEY_STORE_UNAVAILABLE') return;
    }
  }
  /** Whether an operator has to see to a key, for `/readyz`, which anybody asks as often as they like. */
  async needOperator(): Promise<boolean> {
    if (performance.now() >= this.#unusable.until) this.#unusable = { until: performance.now() + FILES_MS, is: ((await this.keyStore.unusable?.().catch(() => [{}])) ?? []).length > 0 };
    return this.#troubles.size > 0 || this.#unusable.is;
  }

  /** Erased: gone from memory too. */
  forget(subject: string): void {
    for (const [owner, before] of this.#before) if (before.some(({ aad }) => aad === subject)) this.#before.delete(owner);
    for (const name of this.#keys.keys()) if (name.endsWith(` ${subject}`)) this.#keys.delete(name);
  }

  /** Who has locked: as told here, and, some at a time, as the key store says. */
  async look(): Promise<void> {
    const { rows } = await this.pool.query<{ organisation: string }>('select distinct organisation from key_lock where locked');
    this.#told = new Set(rows.map(({ organisation }) => organisation));
    for (const owner of this.#told) this.#drop(owner);
    const owners = [...new Set([...this.#found, ...[...this.#keys.keys()].map((name) => name.slice(0, name.indexOf(' ')))])];
    const asked = owners.length <= AT_ONCE ? owners : Array.from({ length: AT_ONCE }, (_, n) => owners[(this.#next + n) % owners.length] as string);
    this.#next = (this.#next + AT_ONCE) % Math.max(1, owners.length);
    for (const owner of asked) {
      // A store that does not answer opens nothing: what is in memory goes as well, until it does.
      const locked = await this.keyStore.isLocked(owner).catch(() => undefined);
      if (locked !== false) this.#drop(owner);
      if (locked) this.#found.add(owner); else this.#found.delete(owner);
    }
  }

  #drop(owner: string): void { for (const name of this.#keys.keys()) if (name.startsWith(`${owner} `)) this.#keys.delete(name); }
  #heard(owner: string, error: unknown): unknown {
    if (error instanceof PrivacyRefusal && error.code === 'KEYS_LOCKED') { this.#found.add(owner); this.#drop(owner); }
    // One row may be damaged, or the key be wrong: which, is found out behind the refusal.
    if (isForOperator(error) && !this.#troubles.has(owner) && !this.#proving.has(owner)) {
      this.#proving.add(owner);
      void this.prove([owner]).catch(() => undefined).finally(() => this.#proving.delete(owner));
    }
    return error;
  }
}

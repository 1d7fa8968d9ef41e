import { PrivacyRefusal, newSubjectKey, type KeyStore } from '@footbridge/privacy';
import type { Pool } from 'pg';

/** Stands in a row whose sealed fields were left closed. */
export const UNREAD = Symbol('unread');

const MOST = 5_000;
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

  /** For what protects somebody, and what shows no plaintext: undefined while the keys are locked. */
  async ifUnlocked(owner: string, subject: string, wrapped: string): Promise<Buffer | undefined> {
    try { return await this.unwrap(owner, subject, wrapped); } catch (error) {
      if (error instanceof PrivacyRefusal && error.code === 'KEYS_LOCKED') return undefined;
      throw error;
    }
  }

  async make(owner: string, subject: string): Promise<{ readonly key: Buffer; readonly wrapped: string }> {
    this.refuseLocked(owner);
    const key = newSubjectKey();
    try { return { key, wrapped: await this.keyStore.wrap(owner, key, subject) }; } catch (error) { throw this.#heard(owner, error); }
  }

  /** Erased: gone from memory too. */
  forget(subject: string): void { for (const name of this.#keys.keys()) if (name.endsWith(` ${subject}`)) this.#keys.delete(name); }

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
    return error;
  }
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { wrappedVersion, type KeyStore, type KeyVersions, type Wrapped } from './key-store.js';
import { PrivacyRefusal } from './refusal.js';
import { keyIdOf, refuseAnother, type Signature, type SigningKeys, type VerifyingKey } from './signing-keys.js';

export interface VaultOptions {
  /** `https://vault.example:8200`; http only to loopback. */
  readonly address: string;
  /** Read at every request, so that an agent may renew it. */
  readonly tokenFile: string;
  /** Where the Transit engine is mounted. */
  readonly mount?: string;
  readonly namespace?: string;
  /** PEM of the authority that signed Vault's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Of one attempt. */
  readonly timeoutMs?: number;
  /** After the first attempt, where Vault is busy, sealed or away. */
  readonly retries?: number;
  readonly wait?: (ms: number) => Promise<unknown>;
  readonly now?: () => number;
}

const MOUNT = /^[A-Za-z0-9][\w-]*(?:\/[\w-]+)*$/;
const HOLDER = /^[a-z0-9][a-z0-9_-]{0,79}$/;
const CIPHERTEXT = /^vault:v([1-9]\d{0,5}):[A-Za-z0-9+/]{16,400}={0,2}$/;
const SIGNATURE = /^vault:v([1-9]\d{0,5}):([A-Za-z0-9+/]{86}==)$/;
const KEY = 32;
const LONGEST = 256 * 1024;
/** How long it is taken as known that nobody has locked. */
const LOOK_MS = 1_000;

interface Reply { readonly status: number; readonly ok: boolean; readonly data: Readonly<Record<string, unknown>>; readonly errors: string }
const unavailable = (): PrivacyRefusal => new PrivacyRefusal('KEY_STORE_UNAVAILABLE');
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** The HTTP API of HashiCorp Vault and OpenBao, as much of it as Transit needs. What Vault says never gets further than here. */
class Vault {
  readonly #agent: Agent;
  readonly #base: string;
  readonly #options: VaultOptions & { readonly timeoutMs: number; readonly retries: number };

  /** @throws PrivacyRefusal URL_NOT_ALLOWED */
  constructor({ timeoutMs = 5_000, retries = 3, ...options }: VaultOptions) {
    const { address, mount = 'transit', ca } = options;
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const isLoopback = url !== undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
    // A token that opens every key does not cross a network in the clear.
    if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) || url.username !== '' || url.password !== '' || !MOUNT.test(mount)) throw new PrivacyRefusal('URL_NOT_ALLOWED');
    this.#options = { ...options, timeoutMs, retries };
    this.#base = `${url.origin}/v1/${mount}`;
    this.#agent = new Agent({ connect: { timeout: timeoutMs, ca }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, keepAliveTimeout: 10_000 });
  }

  /** The answer, be it yes or no. @throws PrivacyRefusal KEY_STORE_UNAVAILABLE where there is none to rely on: away, slow, sealed, busy, forbidden, unreadable */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Reply> {
    const { retries, wait = sleep } = this.#options;
    for (let n = 0; ; n += 1) {
      const reply = await this.#once(method, path, body).catch(() => undefined);
      if (reply && (reply.ok || reply.status === 400 || reply.status === 404)) return reply;
      // 412: a standby that has not caught up; 429: busy, or a standby; 5xx: sealed, or ill. Anything else does not mend itself.
      const passes = reply === undefined || reply.status === 412 || reply.status === 429 || reply.status >= 500;
      if (!passes || n >= retries) throw unavailable();
      await wait(100 * 2 ** n);
    }
  }

  /** For what must be done, or be so: a no is none to rely on either. */
  async must(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Reply['data']> {
    const { ok, data } = await this.ask(method, path, body);
    if (!ok) throw unavailable();
    return data;
  }

  async #once(method: 'GET' | 'POST' | 'DELETE', path: string, body: object | undefined): Promise<Reply> {
    const { tokenFile, namespace, timeoutMs } = this.#options;
    const token = (await readFile(tokenFile, 'utf8')).trim();
    const { statusCode, body: stream } = await request(`${this.#base}/${path}`, {
      method, dispatcher: this.#agent, signal: AbortSignal.timeout(timeoutMs),
      headers: { 'x-vault-token': token, 'x-vault-request': 'true', 'x-vault-namespace': namespace, 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const text = await whole(stream);
    const read: unknown = text === '' ? {} : JSON.parse(text);
    if (!isObject(read)) throw unavailable();
    const { data, errors } = read;
    return { status: statusCode, ok: statusCode < 300, data: isObject(data) ? data : {}, errors: String(errors) };
  }

  close(): Promise<void> { return this.#agent.destroy(); }
}

async function whole(stream: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST) { stream.destroy(); throw unavailable(); }
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

const named = (holder: string): string => {
  if (!HOLDER.test(holder)) throw new PrivacyRefusal('ORGANISATION_INVALID');
  return holder;
};

/** What `GET keys/<name>` says of a key's versions. */
async function versionsOf(vault: Vault, name: string): Promise<{ readonly current: number; readonly kept: readonly number[]; readonly keys: Readonly<Record<string, unknown>> } | undefined> {
  const { status, ok, data } = await vault.ask('GET', `keys/${name}`);
  if (status === 404) return undefined;
  const { latest_version: current, min_decryption_version: least, keys } = data;
  if (!ok || typeof current !== 'number' || typeof least !== 'number' || !isObject(keys)) throw unavailable();
  return { current, kept: Object.keys(keys).map(Number).filter((version) => version >= least), keys };
}

/** `to` at least. Several processes that ask at once may make more than one; none of them is in the way. */
async function rotated(vault: Vault, name: string, type: string, to: number | undefined): Promise<number> {
  await vault.must('POST', `keys/${name}`, { type });
  let current = (await versionsOf(vault, name))?.current ?? 0;
  for (const last = to ?? current + 1; current < last; current = (await versionsOf(vault, name))?.current ?? 0) await vault.must('POST', `keys/${name}/rotate`);
  return current;
}

/** A panic lock is a key of its own beside the one that it locks: there for every process on this Vault, and after every restart. */
class VaultLocks {
  readonly #looked = new Map<string, number>();
  constructor(private readonly vault: Vault, private readonly now: () => number = () => performance.now()) {}
  async lock(holder: string): Promise<void> {
    this.#looked.delete(holder);
    await this.vault.must('POST', `keys/${named(holder)}-locked`, { type: 'aes256-gcm96' });
  }
  async unlock(holder: string): Promise<void> {
    const { ok } = await this.vault.ask('POST', `keys/${named(holder)}-locked/config`, { deletion_allowed: true });
    if (ok) await this.vault.must('DELETE', `keys/${holder}-locked`);
    else if (await this.isLocked(holder)) throw unavailable();
  }
  async isLocked(holder: string): Promise<boolean> { return await versionsOf(this.vault, `${named(holder)}-locked`) !== undefined; }
  async refuseLocked(holder: string): Promise<void> {
    if (this.now() - (this.#looked.get(holder) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return;
    if (await this.isLocked(holder)) throw new PrivacyRefusal('KEYS_LOCKED');
    this.#looked.set(holder, this.now());
  }
}

/** The keys of organisations in the Transit engine of a Vault: they never leave it, and who takes the service's machine has none of them. */
export class VaultTransitKeyStore implements KeyStore {
  readonly #vault: Vault;
  readonly #locks: VaultLocks;
  readonly #made = new Set<string>();
  /** Versions that have opened something. */
  readonly #opened = new Set<string>();

  constructor(options: VaultOptions) {
    this.#vault = new Vault(options);
    this.#locks = new VaultLocks(this.#vault, options.now);
  }

  async wrap(organisation: string, key: Buffer, aad: string, before: readonly Wrapped[] = []): Promise<string> {
    if (key.length !== KEY) throw new PrivacyRefusal('KEY_INVALID');
    await this.#locks.refuseLocked(organisation);
    await this.#prove(organisation, before);
    if (!this.#made.has(organisation)) {
      // There already: Vault leaves it as it is.
      await this.#vault.must('POST', `keys/${organisation}`, { type: 'aes256-gcm96' });
      this.#made.add(organisation);
    }
    const { ciphertext } = await this.#vault.must('POST', `encrypt/${organisation}`, { plaintext: key.toString('base64'), associated_data: aadOf(organisation, aad) });
    if (typeof ciphertext !== 'string' || !CIPHERTEXT.test(ciphertext)) throw unavailable();
    // Vault has made another key in the place of one that was deleted: what it wrapped is thrown away.
    if (before.some(({ wrapped }) => (wrappedVersion(wrapped) ?? 0) > (wrappedVersion(ciphertext) ?? 0))) throw new PrivacyRefusal('KEY_UNKNOWN');
    return ciphertext;
  }

  /** Before Vault is asked to make anything: that its key is the one that wrapped the others. @throws PrivacyRefusal */
  async #prove(organisation: string, before: readonly Wrapped[]): Promise<void> {
    if (before.length === 0 || before.some(({ wrapped }) => this.#opened.has(`${organisation} ${String(wrappedVersion(wrapped))}`))) return;
    let refused: unknown;
    for (const { wrapped, aad } of before) {
      try { await this.unwrap(organisation, wrapped, aad); return; } catch (error) { refused = error; }
    }
    throw refused;
  }

  async unwrap(organisation: string, wrapped: string, aad: string): Promise<Buffer> {
    if (!CIPHERTEXT.test(wrapped)) throw new PrivacyRefusal('UNWRAP_FAILED');
    await this.#locks.refuseLocked(organisation);
    const { status, ok, data, errors } = await this.#vault.ask('POST', `decrypt/${organisation}`, { ciphertext: wrapped, associated_data: aadOf(organisation, aad) });
    if (status === 404) throw unavailable();
    if (!ok) this.#opened.delete(`${organisation} ${String(wrappedVersion(wrapped))}`);
    if (!ok) throw new PrivacyRefusal(/not found|too old|too new|disallowed by policy/.test(errors) ? 'KEY_UNKNOWN' : 'UNWRAP_FAILED');
    const key = Buffer.from(String(data['plaintext']), 'base64');
    if (key.length !== KEY) throw new PrivacyRefusal('UNWRAP_FAILED');
    this.#opened.add(`${organisation} ${String(wrappedVersion(wrapped))}`);
    return key;
  }

  async versions(organisation: string): Promise<KeyVersions | undefined> {
    const found = await versionsOf(this.#vault, named(organisation));
    return found && { current: found.current, kept: found.kept };
  }

  rotate(organisation: string, to?: number): Promise<number> { return rotated(this.#vault, named(organisation), 'aes256-gcm96', to); }

  async destroyVersion(organisation: string, version: number): Promise<void> {
    const known = await this.versions(organisation);
    if (!known || version >= known.current) throw new PrivacyRefusal('KEY_VERSION_CURRENT');
    // First nothing opens with them any more, then they are gone from Vault's own storage.
    await this.#vault.must('POST', `keys/${organisation}/config`, { min_decryption_version: version + 1, min_encryption_version: version + 1 });
    await this.#vault.must('POST', `keys/${organisation}/trim`, { min_available_version: version + 1 });
  }

  lock(organisation: string): Promise<void> { return this.#locks.lock(organisation); }
  unlock(organisation: string): Promise<void> { return this.#locks.unlock(organisation); }
  isLocked(organisation: string): Promise<boolean> { return this.#locks.isLocked(organisation); }
  close(): Promise<void> { return this.#vault.close(); }
}

/** Ed25519 keys in Transit, `<signer>-signing`. An old version signs nothing any more; Vault keeps it, so that what it signed can be verified. */
export class VaultTransitSigningKeys implements SigningKeys {
  readonly #vault: Vault;
  readonly #locks: VaultLocks;
  readonly #made = new Set<string>();
  readonly #public = new Map<string, string>();

  constructor(options: VaultOptions) {
    this.#vault = new Vault(options);
    this.#locks = new VaultLocks(this.#vault, options.now);
  }

  async sign(signer: string, bytes: Buffer, isFirst?: () => Promise<boolean>): Promise<Signature> {
    await this.#locks.refuseLocked(signer);
    if (!this.#made.has(signer)) {
      if (isFirst && await versionsOf(this.#vault, `${signer}-signing`) === undefined) await refuseAnother(isFirst);
      await this.#vault.must('POST', `keys/${signer}-signing`, { type: 'ed25519' });
      this.#made.add(signer);
    }
    const { signature } = await this.#vault.must('POST', `sign/${signer}-signing`, { input: bytes.toString('base64') });
    const parts = SIGNATURE.exec(String(signature));
    if (!parts) throw unavailable();
    const [, version, text] = parts.map(String);
    const name = `${signer} ${String(version)}`;
    if (!this.#public.has(name)) await this.verifyingKeys(signer);
    const publicKey = this.#public.get(name);
    if (publicKey === undefined) throw unavailable();
    return { key: keyIdOf(publicKey), signature: Buffer.from(String(text), 'base64').toString('base64url') };
  }

  async verifyingKeys(signer: string): Promise<readonly VerifyingKey[]> {
    const found = await versionsOf(this.#vault, `${named(signer)}-signing`);
    return Object.entries(found?.keys ?? {}).map(([version, key]) => {
      const raw = Buffer.from(String((Object(key) as { readonly public_key?: unknown }).public_key), 'base64');
      if (raw.length !== KEY) throw unavailable();
      const publicKey = raw.toString('base64url');
      this.#public.set(`${signer} ${version}`, publicKey);
      return { key: keyIdOf(publicKey), publicKey };
    });
  }

  async rotate(signer: string, to?: number): Promise<number> {
    const name = `${named(signer)}-signing`;
    const current = await rotated(this.#vault, name, 'ed25519', to);
    await this.#vault.must('POST', `keys/${name}/config`, { min_encryption_version: current });
    return current;
  }

  close(): Promise<void> { return this.#vault.close(); }
}

/** One text for any two, so that neither can be read as part of the other. */
const aadOf = (organisation: string, aad: string): string => createHash('sha256').update(JSON.stringify(['footbridge', organisation, aad])).digest('base64');

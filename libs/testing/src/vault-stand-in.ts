import { createCipheriv, createDecipheriv, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { freePort } from './free-port.js';

/** What the stand-in does with the next requests instead of answering as Vault does. */
export type VaultTrouble = 'sealed' | 'busy' | 'ill' | 'hang' | 'drop' | 'nonsense' | 'empty' | 'huge' | 'short-plaintext';

export interface VaultStandIn {
  readonly url: string;
  readonly token: string;
  /** `POST transit/encrypt/org_a`, oldest first. */
  readonly requests: readonly string[];
  readonly namespaces: readonly (string | undefined)[];
  /** From now on, for this many requests; without a number until it is taken back. */
  trouble(what: VaultTrouble | undefined, times?: number): void;
  close(): Promise<void>;
}

interface TransitKey { readonly type: string; latest: number; minDecryption: number; minEncryption: number; minAvailable: number; deletionAllowed: boolean; readonly versions: Map<number, { readonly at: string; readonly secret: Buffer | KeyObject }> }
interface Said { readonly status: number; readonly data?: object; readonly errors?: readonly string[] }

/**
 * NOT Vault: a stand-in on loopback that speaks the HTTP interface of its Transit engine (keys, config, rotate, trim, encrypt, decrypt,
 * sign, delete) with Vault's own statuses, messages and texts, because no Vault can be had from a package registry.
 */
export async function vaultStandIn({ mount = 'transit', tls }: { readonly mount?: string; readonly tls?: { readonly key: string; readonly cert: string } } = {}): Promise<VaultStandIn> {
  const keys = new Map<string, TransitKey>();
  const requests: string[] = [];
  const namespaces: (string | undefined)[] = [];
  const token = `hvs.${randomBytes(18).toString('base64url')}`;
  let trouble: VaultTrouble | undefined;
  let left = Number.POSITIVE_INFINITY;

  const made = (type: string): TransitKey['versions'] extends Map<number, infer V> ? V : never => ({ at: new Date().toISOString(), secret: type === 'ed25519' ? generateKeyPairSync('ed25519').privateKey : randomBytes(32) });
  const no = (...errors: string[]): Said => ({ status: 400, errors });
  const notFound: Said = { status: 404, errors: [] };
  const shown = (name: string, key: TransitKey): object => ({
    name, type: key.type, latest_version: key.latest, min_decryption_version: key.minDecryption, min_encryption_version: key.minEncryption, min_available_version: key.minAvailable, deletion_allowed: key.deletionAllowed, derived: false, exportable: false, allow_plaintext_backup: false, supports_encryption: key.type !== 'ed25519', supports_signing: key.type === 'ed25519',
    keys: Object.fromEntries([...key.versions].filter(([version]) => version >= key.minDecryption).map(([version, { at, secret }]) => [version, secret instanceof Buffer ? Math.floor(Date.parse(at) / 1000) : { creation_time: at, name: 'ed25519', public_key: createPublicKey(secret as KeyObject).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64') }])),
  });

  function answer(method: string, path: readonly string[], body: Readonly<Record<string, unknown>>): Said {
    const [what, name = '', more] = path;
    const key = keys.get(name);
    const text = (field: string): string => { const value = body[field]; return typeof value === 'string' ? value : ''; };
    const number = (field: string, otherwise: number): number => { const value = body[field]; return typeof value === 'number' ? value : otherwise; };
    if (what === 'keys' && more === undefined) {
      if (method === 'GET') return key ? { status: 200, data: shown(name, key) } : notFound;
      if (method === 'DELETE') {
        if (!key) return no('could not delete key; not found');
        if (!key.deletionAllowed) return no('error deleting policy ' + name + ': deletion is not allowed for this policy');
        keys.delete(name);
        return { status: 204 };
      }
      if (!key) { const type = text('type') || 'aes256-gcm96'; keys.set(name, { type, latest: 1, minDecryption: 1, minEncryption: 0, minAvailable: 0, deletionAllowed: false, versions: new Map([[1, made(type)]]) }); }
      return { status: 200, data: shown(name, keys.get(name) as TransitKey) };
    }
    if (what === 'keys') {
      if (!key) return no(more === 'config' ? `no existing key named ${name} could be found` : 'key not found');
      if (more === 'rotate') { key.versions.set(key.latest += 1, made(key.type)); return { status: 200, data: shown(name, key) }; }
      if (more === 'config') {
        const [decryption, encryption] = [number('min_decryption_version', key.minDecryption), number('min_encryption_version', key.minEncryption)];
        if (decryption > key.latest) return no(`cannot set min decryption version of ${decryption}, latest key version is ${key.latest}`);
        if (encryption > key.latest) return no(`cannot set min encryption version of ${encryption}, latest key version is ${key.latest}`);
        if (encryption > 0 && encryption < decryption) return no(`cannot set min encryption/decryption values; min encryption version of ${encryption} must be greater than or equal to min decryption version of ${decryption}`);
        key.minDecryption = decryption;
        key.minEncryption = encryption;
        if (typeof body['deletion_allowed'] === 'boolean') key.deletionAllowed = body['deletion_allowed'];
        return { status: 200, data: shown(name, key) };
      }
      if (more === 'trim') {
        const least = number('min_available_version', 0);
        if (least < key.minAvailable) return no('minimum available version cannot be decremented');
        if (key.minEncryption === 0) return no('minimum available version cannot be set when minimum encryption version is not set');
        if (key.minDecryption === 0) return no('minimum available version cannot be set when minimum decryption version is not set');
        if (least > key.minEncryption) return no('minimum available version cannot be greater than minmum encryption version');
        if (least > key.minDecryption) return no('minimum available version cannot be greater than minimum decryption version');
        key.minAvailable = least;
        for (const version of key.versions.keys()) if (version < least) key.versions.delete(version);
        return { status: 200, data: shown(name, key) };
      }
      return notFound;
    }
    if (method !== 'POST') return { status: 405, errors: ['1 error occurred:\n\t* unsupported operation\n\n'] };
    if (!key) return no('encryption key not found');
    const aad = Buffer.from(text('associated_data'), 'base64');
    if (what === 'encrypt') {
      const secret = key.versions.get(key.latest)?.secret;
      if (!(secret instanceof Buffer)) return no(`key type ${key.type} does not support encryption`);
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(aad);
      const sealed = Buffer.concat([iv, cipher.update(Buffer.from(text('plaintext'), 'base64')), cipher.final(), cipher.getAuthTag()]);
      return { status: 200, data: { ciphertext: `vault:v${key.latest}:${sealed.toString('base64')}`, key_version: key.latest } };
    }
    if (what === 'decrypt') {
      const [, version, sealed] = /^vault:v(\d+):(.+)$/.exec(text('ciphertext')) ?? [];
      if (version === undefined || sealed === undefined) return no('invalid ciphertext: no prefix');
      if (Number(version) > key.latest) return no('invalid ciphertext: version is too new');
      const secret = key.versions.get(Number(version))?.secret;
      if (Number(version) < key.minDecryption || !(secret instanceof Buffer)) return no('ciphertext or signature version is disallowed by policy (too old)');
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < 28) return no('invalid ciphertext length');
      try {
        const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12)).setAAD(aad);
        decipher.setAuthTag(bytes.subarray(-16));
        return { status: 200, data: { plaintext: Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64') } };
      } catch { return no('cipher: message authentication failed'); }
    }
    if (what === 'sign') {
      const secret = key.versions.get(key.latest)?.secret;
      if (key.type !== 'ed25519' || secret === undefined || secret instanceof Buffer) return no(`key type ${key.type} does not support signing`);
      return { status: 200, data: { signature: `vault:v${key.latest}:${sign(null, Buffer.from(text('input'), 'base64'), secret as KeyObject).toString('base64')}`, key_version: key.latest } };
    }
    return { status: 404, errors: ['no handler for route "transit/". route entry not found.'] };
  }

  const listener: RequestListener = (incoming, response) => { void read(incoming).then((body) => { respond(incoming, body, response); }, () => response.destroy()); };
  const respond = (incoming: IncomingMessage, text: string, response: ServerResponse): void => {
    const path = (incoming.url ?? '').replace(/^\/v1\//, '');
    requests.push(`${incoming.method ?? ''} ${path}`);
    const namespace = incoming.headers['x-vault-namespace'];
    namespaces.push(typeof namespace === 'string' ? namespace : undefined);
    const send = ({ status, data, errors }: Said): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? undefined : JSON.stringify(errors ? { errors } : { request_id: randomBytes(8).toString('hex'), lease_id: '', renewable: false, lease_duration: 0, data, warnings: null })); };
    const now = left > 0 ? trouble : undefined;
    left -= 1;
    switch (now) {
      case 'hang': return;
      case 'drop': response.destroy(); return;
      case 'sealed': send({ status: 503, errors: ['Vault is sealed'] }); return;
      case 'busy': send({ status: 429, errors: ['request path "transit": rate limit quota exceeded'] }); return;
      case 'ill': send({ status: 500, errors: ['internal error'] }); return;
      case 'nonsense': response.writeHead(200).end('<html>gateway</html>'); return;
      case 'empty': response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}'); return;
      case 'huge': response.writeHead(200).end(`{"data":{"ciphertext":"${'x'.repeat(1_000_000)}"}}`); return;
      case 'short-plaintext': send({ status: 200, data: { plaintext: Buffer.alloc(16).toString('base64') } }); return;
      case undefined:
    }
    if (incoming.headers['x-vault-token'] !== token) { send({ status: 403, errors: ['permission denied'] }); return; }
    if (!path.startsWith(`${mount}/`)) { send({ status: 404, errors: [`no handler for route "${path}". route entry not found.`] }); return; }
    try { send(answer(incoming.method ?? '', path.slice(mount.length + 1).split('/'), (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>)); } catch { send(no('failed to parse JSON input')); }
  };
  const server: Server = tls ? createHttps(tls, listener) : createHttp(listener);
  const port = await freePort();
  await new Promise<void>((done) => { server.listen(port, '127.0.0.1', done); });
  return {
    url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`, token, requests, namespaces,
    trouble: (what, times = Number.POSITIVE_INFINITY) => { trouble = what; left = times; },
    close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }),
  };
}

async function read(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

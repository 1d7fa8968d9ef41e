import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyIdOf } from './signing-keys.js';
import { VaultTransitKeyStore, VaultTransitSigningKeys, type VaultOptions } from './vault-transit.js';

/** A server that answers what it is told, and keeps what it was asked. */
interface Asked { readonly line: string; readonly body: unknown; readonly headers: IncomingHttpHeaders }
type Answer = readonly [status: number, body: unknown];
let server: Server, folder: string, url: string;
let asked: Asked[], answers: Answer[], waits: number[];
const open: { close(): Promise<void> }[] = [];
const lines = (): readonly string[] => asked.map(({ line }) => line);
const script = (...next: readonly Answer[]): void => { answers = [...next]; asked = []; };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vault-requests-'));
  await writeFile(join(folder, 'token'), ' hvs.secret \n');
  server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const text = Buffer.concat(parts).toString();
      asked.push({ line: `${String(incoming.method)} ${String(incoming.url)}`, body: text === '' ? undefined : JSON.parse(text), headers: incoming.headers });
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => { waits = []; script(); });
afterEach(async () => { for (const one of open.splice(0)) await one.close(); });
afterAll(async () => { server.closeAllConnections(); await new Promise((done) => { server.close(done); }); await rm(folder, { recursive: true, force: true }); });

const options = (): VaultOptions => ({ address: url, tokenFile: join(folder, 'token'), retries: 0, wait: (ms) => { waits.push(ms); return Promise.resolve(); } });
const storeOf = (more: Partial<VaultOptions> = {}): VaultTransitKeyStore => { const made = new VaultTransitKeyStore({ ...options(), ...more }); open.push(made); return made; };
const signingOf = (): VaultTransitSigningKeys => { const made = new VaultTransitSigningKeys(options()); open.push(made); return made; };
const codeOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'passed', (error: { code?: unknown }) => error.code);

const key = Buffer.alloc(32, 7);
const NONE: Answer = [404, { errors: [] }];
const DONE: Answer = [204, ''];
const ciphertext = (version: number): string => `vault:v${version}:${Buffer.alloc(60, 1).toString('base64')}`;
const keys = (latest: number, least = 1, of: object = Object.fromEntries(Array.from({ length: latest }, (_, n) => [n + 1, 1_700_000_000]))): Answer => [200, { data: { latest_version: latest, min_decryption_version: least, keys: of } }];
const aad = createHash('sha256').update(JSON.stringify(['footbridge', 'org_a', 'case-1'])).digest('base64');

describe('what is asked of a Vault', () => {
  it('to wrap and to open', async () => {
    const store = storeOf();
    script(NONE, DONE, [200, { data: { ciphertext: ciphertext(12) } }], [200, { data: { plaintext: key.toString('base64') } }]);
    expect(await store.wrap('org_a', key, 'case-1')).toBe(ciphertext(12));
    expect(await store.unwrap('org_a', ciphertext(123_456), 'case-1')).toEqual(key);
    expect(asked.map(({ line, body }) => [line, body])).toEqual([
      ['GET /v1/transit/keys/org_a-locked', undefined], ['POST /v1/transit/keys/org_a', { type: 'aes256-gcm96' }], ['POST /v1/transit/encrypt/org_a', { plaintext: key.toString('base64'), associated_data: aad }], ['POST /v1/transit/decrypt/org_a', { ciphertext: ciphertext(123_456), associated_data: aad }],
    ]);
    for (const { headers } of asked) expect(headers).toMatchObject({ 'x-vault-token': 'hvs.secret', 'x-vault-request': 'true', 'content-type': 'application/json' });
    expect(asked.some(({ headers }) => 'x-vault-namespace' in headers)).toBe(false);
  });

  it('to change a key, to destroy versions, to lock and to unlock', async () => {
    const store = storeOf();
    script(DONE, keys(1), DONE, keys(2));
    expect(await store.rotate('org_a')).toBe(2);
    expect(asked.map(({ line, body }) => [line, body])).toEqual([['POST /v1/transit/keys/org_a', { type: 'aes256-gcm96' }], ['GET /v1/transit/keys/org_a', undefined], ['POST /v1/transit/keys/org_a/rotate', undefined], ['GET /v1/transit/keys/org_a', undefined]]);
    script(keys(3), DONE, DONE);
    await store.destroyVersion('org_a', 2);
    expect(asked.map(({ line, body }) => [line, body])).toEqual([['GET /v1/transit/keys/org_a', undefined], ['POST /v1/transit/keys/org_a/config', { min_decryption_version: 3, min_encryption_version: 3 }], ['POST /v1/transit/keys/org_a/trim', { min_available_version: 3 }]]);
    script(DONE, DONE, DONE);
    await store.lock('org_a');
    await store.unlock('org_a');
    expect(asked.map(({ line, body }) => [line, body])).toEqual([['POST /v1/transit/keys/org_a-locked', { type: 'aes256-gcm96' }], ['POST /v1/transit/keys/org_a-locked/config', { deletion_allowed: true }], ['DELETE /v1/transit/keys/org_a-locked', undefined]]);
  });

  it('to sign, and to change the key that signs', async () => {
    const pair = generateKeyPairSync('ed25519');
    const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const bytes = Buffer.from('what is signed');
    const signature = sign(null, bytes, pair.privateKey);
    const signed: Answer = [200, { data: { signature: `vault:v12:${signature.toString('base64')}` } }];
    const known = keys(12, 1, { 2: { public_key: Buffer.alloc(32, 2).toString('base64') }, 12: { public_key: raw.toString('base64') } });
    const keysOf = signingOf();
    script(NONE, DONE, signed, known, signed);
    const said = { key: keyIdOf(raw.toString('base64url')), signature: signature.toString('base64url') };
    expect([await keysOf.sign('org_a', bytes), await keysOf.sign('org_a', bytes)]).toEqual([said, said]);
    expect(asked.map(({ line, body }) => [line, body])).toEqual([
      ['GET /v1/transit/keys/org_a-locked', undefined], ['POST /v1/transit/keys/org_a-signing', { type: 'ed25519' }], ['POST /v1/transit/sign/org_a-signing', { input: bytes.toString('base64') }], ['GET /v1/transit/keys/org_a-signing', undefined], ['POST /v1/transit/sign/org_a-signing', { input: bytes.toString('base64') }],
    ]);
    script(known);
    expect((await keysOf.verifyingKeys('org_a')).map(({ publicKey }) => publicKey)).toEqual([Buffer.alloc(32, 2).toString('base64url'), raw.toString('base64url')]);
    script(DONE, keys(1), DONE, keys(2), DONE);
    expect(await keysOf.rotate('org_a')).toBe(2);
    expect([asked[0], asked[4]].map((one) => [one?.line, one?.body])).toEqual([['POST /v1/transit/keys/org_a-signing', { type: 'ed25519' }], ['POST /v1/transit/keys/org_a-signing/config', { min_encryption_version: 2 }]]);
  });
});

describe('what a Vault may answer', () => {
  it('no is none to rely on, where something must be done', async () => {
    for (const no of [[400, { errors: ['no'] }], NONE] as const) {
      const acts: readonly (readonly [readonly Answer[], () => Promise<unknown>])[] = [
        [[], () => storeOf().lock('org_a')], [[NONE], () => storeOf().wrap('org_a', key, 'x')], [[NONE, DONE], () => storeOf().wrap('org_a', key, 'x')], [[], () => storeOf().rotate('org_a')], [[DONE, keys(1)], () => storeOf().rotate('org_a')], [[DONE, NONE], () => storeOf().rotate('org_a')], [[DONE, keys(1), DONE, NONE], () => storeOf().rotate('org_a')],
        [[keys(2)], () => storeOf().destroyVersion('org_a', 1)], [[keys(2), DONE], () => storeOf().destroyVersion('org_a', 1)], [[DONE], () => storeOf().unlock('org_a')], [[NONE], () => signingOf().sign('org_a', key)], [[NONE, DONE], () => signingOf().sign('org_a', key)], [[DONE, keys(1), DONE, keys(2)], () => signingOf().rotate('org_a')],
      ];
      for (const [before, act] of acts) { script(...before, no); expect([no, before, await codeOf(act())]).toEqual([no, before, 'KEY_STORE_UNAVAILABLE']); }
    }
  });
  it.each([300, 301, 401, 403, 405, 409])('%d is refused at once', async (status) => {
    script(NONE, [status, { errors: ['too old'] }]);
    expect(await codeOf(storeOf({ retries: 3 }).unwrap('org_a', ciphertext(1), 'x'))).toBe('KEY_STORE_UNAVAILABLE');
    expect([lines().length, waits]).toEqual([2, []]);
  });
  it.each([412, 429, 500, 503])('%d is asked again', async (status) => {
    script(NONE, [status, {}], [status, {}], [200, { data: { plaintext: key.toString('base64') } }]);
    expect(await storeOf({ retries: 2 }).unwrap('org_a', ciphertext(1), 'x')).toEqual(key);
    expect(waits).toEqual([100, 200]);
  });
  it.each(['7', 'null', '"yes"', 'true', '{', '<html>'])('%s is no answer', async (body) => {
    script([200, body]);
    expect(await codeOf(storeOf().lock('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
  });
  it.each([{}, { data: null }, { data: 7 }, { data: {} }, { data: { ciphertext: 7 } }, { data: { ciphertext: [ciphertext(1)] } }, { data: { ciphertext: `x${ciphertext(1)}` } }, { data: { ciphertext: `${ciphertext(1)}\n` } }, { data: { ciphertext: 'vault:v1:AAAA' } }, { data: { ciphertext: ciphertext(1).replace('v1', 'v01') } }])('nor is this a wrapped key: %j', async (body) => {
    script(NONE, DONE, [200, body]);
    expect(await codeOf(storeOf().wrap('org_a', key, 'x'))).toBe('KEY_STORE_UNAVAILABLE');
  });
  it.each([{ min_decryption_version: 1, keys: {} }, { latest_version: '2', min_decryption_version: 1, keys: {} }, { latest_version: 2, keys: {} }, { latest_version: 2, min_decryption_version: '1', keys: {} }, { latest_version: 2, min_decryption_version: 1 }, { latest_version: 2, min_decryption_version: 1, keys: null }])('nor are these versions: %j', async (data) => {
    script([200, { data }]);
    expect(await codeOf(storeOf().versions('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
    script([400, { data: { latest_version: 2, min_decryption_version: 1, keys: {} } }]);
    expect(await codeOf(storeOf().versions('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
  });
  it('versions are those that still open, oldest first', async () => {
    script(keys(11, 2, { 10: 1, 1: 1, 11: 1, 2: 1, 9: 1 }));
    expect(await storeOf().versions('org_a')).toEqual({ current: 11, kept: [2, 9, 10, 11] });
  });
  it.each([undefined, 7, 'vault:v1:AAAA', `vault:v1:${Buffer.alloc(64).toString('base64')}x`, `xvault:v1:${Buffer.alloc(64).toString('base64')}`, `vault:v9:${Buffer.alloc(64).toString('base64')}`])('nor is this a signature of a key that it has: %p', async (signature) => {
    script(NONE, DONE, [200, { data: { signature } }], keys(1, 1, { 1: { public_key: Buffer.alloc(32).toString('base64') } }));
    expect(await codeOf(signingOf().sign('org_a', key))).toBe('KEY_STORE_UNAVAILABLE');
  });
  it.each([{ 1: {} }, { 1: { public_key: 7 } }, { 1: { public_key: Buffer.alloc(31).toString('base64') } }, { 1: 1_700_000_000 }, { 1: null }])('nor is this a public key: %j', async (of) => {
    script(keys(1, 1, of));
    expect(await codeOf(signingOf().verifyingKeys('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
  });
  it('a signer that has signed gets no key in the place of one that Vault has no more; one that it has is not asked about', async () => {
    const LOOK = 'GET /v1/transit/keys/org_a-signing', MAKE = 'POST /v1/transit/keys/org_a-signing';
    let times = 0;
    const isFirst = (is: boolean) => (): Promise<boolean> => { times += 1; return Promise.resolve(is); };
    script(NONE, NONE);
    expect([await codeOf(signingOf().sign('org_a', key, isFirst(false))), lines().slice(1), times]).toEqual(['KEY_UNKNOWN', [LOOK], 1]);
    script(NONE, NONE, DONE, [400, {}]);
    expect([await codeOf(signingOf().sign('org_a', key, isFirst(true))), lines().slice(1, 3), times]).toEqual(['KEY_STORE_UNAVAILABLE', [LOOK, MAKE], 2]);
    script(NONE, keys(1), DONE, [400, {}]);
    expect([await codeOf(signingOf().sign('org_a', key, isFirst(false))), lines().slice(1, 3), times]).toEqual(['KEY_STORE_UNAVAILABLE', [LOOK, MAKE], 2]);
    script(NONE, DONE, [400, {}]);
    expect([await codeOf(signingOf().sign('org_a', key)), lines().slice(1, 2)]).toEqual(['KEY_STORE_UNAVAILABLE', [MAKE]]);
  });
  it('says why something does not open', async () => {
    for (const [errors, code] of [[['encryption key not found'], 'KEY_UNKNOWN'], [['a', 'version is too new'], 'KEY_UNKNOWN'], [['too old'], 'KEY_UNKNOWN'], [['disallowed by policy'], 'KEY_UNKNOWN'], [['message authentication failed'], 'UNWRAP_FAILED'], [undefined, 'UNWRAP_FAILED']] as const) {
      script(NONE, [400, { errors }]);
      expect(await codeOf(storeOf().unwrap('org_a', ciphertext(1), 'x'))).toBe(code);
    }
    for (const plaintext of [undefined, 7, '', Buffer.alloc(31).toString('base64')]) { script(NONE, [200, { data: { plaintext } }]); expect(await codeOf(storeOf().unwrap('org_a', ciphertext(1), 'x'))).toBe('UNWRAP_FAILED'); }
  });
  it('a lock that is not taken away is said; one that is not there is none', async () => {
    script([400, { errors: ['no'] }], keys(1));
    expect(await codeOf(storeOf().unlock('org_a'))).toBe('KEY_STORE_UNAVAILABLE');
    script([400, { errors: ['no'] }], NONE);
    expect([await codeOf(storeOf().unlock('org_a')), lines()]).toEqual(['passed', ['POST /v1/transit/keys/org_a-locked/config', 'GET /v1/transit/keys/org_a-locked']]);
  });
  it('as long as 256 kB, and no longer', async () => {
    const answer = JSON.stringify(keys(1)[1]);
    for (const [length, code] of [[256 * 1024, 'passed'], [256 * 1024 + 1, 'KEY_STORE_UNAVAILABLE']] as const) {
      script([200, answer.padEnd(length)]);
      expect(await codeOf(storeOf().versions('org_a'))).toBe(code);
    }
  });
  it('after it was closed nothing is asked any more', async () => {
    for (const made of [storeOf(), signingOf()]) {
      await made.close();
      script(DONE, keys(1), DONE, keys(2), DONE);
      expect([await codeOf(made.rotate('org_a')), lines()]).toEqual(['KEY_STORE_UNAVAILABLE', []]);
    }
  });
  it('is not spoken to in the clear where its name only ends like this machine', () => {
    for (const address of ['http://xlocalhost:8200', 'http://x127.0.0.1.localhost', 'http://evil-127.0.0.1:1']) expect(() => storeOf({ address })).toThrow('URL_NOT_ALLOWED');
  });
});

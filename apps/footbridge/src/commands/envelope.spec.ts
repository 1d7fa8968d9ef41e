import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys, authorise, fingerprintOf, label, newRef, sealEnvelope, signConsent, verifyKey, type ConsentTerms, type KeyEntry } from '@footbridge/privacy';
import { canaryPerson } from '@footbridge/privacy/testing';
import { Command } from 'commander';
import { DataFolder } from '../data-folder.js';
import { envelopeCommands } from './envelope.js';

describe('a recipient\'s envelopes, from the command line', () => {
  const [house, ngo, consent] = [newRef('org'), newRef('org'), newRef('con')];
  const person = canaryPerson(7);
  let folder: string, file: string, signing: LocalFileSigningKeys;
  let published: KeyEntry | undefined, sealed: object | undefined, consentState: string, agreed: { purpose?: string; categories?: readonly string[] };
  const asked: string[] = [];
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'envelope-')); file = join(folder, 'keys.json'); signing = new LocalFileSigningKeys(join(folder, 'house')); consentState = 'given'; agreed = { purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY'] }; published = sealed = undefined; asked.length = 0; });
  afterEach(() => rm(folder, { recursive: true }));

  /** The instance as this command meets it. */
  const answer = async (path: string, body: unknown): Promise<object> => {
    if (path === '/v1/recipient-keys') { published = body as KeyEntry; return { id: 'rky_1' }; }
    if (path.startsWith('/v1/key-directory/')) return { organisation: house, signing: await signing.verifyingKeys(house), keys: [] };
    if (path.startsWith('/v1/consent-records/')) return { state: consentState, recipient: ngo, ...agreed };
    if (path.endsWith('/disclosure')) return { envelope: sealed };
    return { approval: 'apr_1' };
  };
  async function footbridge(...args: string[]): Promise<string> {
    let said = '';
    const program = new Command().exitOverride();
    const send = async (method: 'GET' | 'POST', path: string, body?: unknown) => { asked.push(`${method} ${path}`); return { status: 200, body: await answer(path, body), retryAfter: undefined }; };
    envelopeCommands(program, { folder: new DataFolder('/nowhere'), environment: { INIT_CWD: folder }, say: (line) => { said += `${line}\n`; }, connect: () => Promise.resolve({ url: '', target: '', send, get: (path) => send('GET', path), post: (path, body) => send('POST', path, body) }) });
    await program.parseAsync(['node', 'footbridge', 'envelope', ...args]);
    return said;
  }
  const failure = async (...args: string[]): Promise<string> => footbridge(...args).then(() => 'none', (error: Error) => error.message);
  async function seal(): Promise<void> {
    const now = new Date();
    const terms: ConsentTerms = { consent, case: 'c', organisation: house, recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY'], state: 'given', version: 2, givenAt: now.toISOString(), expires: new Date(now.getTime() + 1e9).toISOString(), language: 'en', interpreter: false, noticeVersion: '1', notACondition: true };
    const leave = await authorise(signing, { ...terms, signature: await signConsent(signing, terms) }, { organisation: house, case: 'c', recipient: ngo, purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY'], now });
    const entry = published as KeyEntry;
    sealed = await sealEnvelope(leave, label('direct', { IDENTITY: person }), verifyKey(ngo, entry, { fingerprint: fingerprintOf(ngo, entry) }), { signingKeys: signing, expires: new Date(now.getTime() + 1e8), now });
  }
  const trust = async (): Promise<string> => /signatures +(.*)/.exec(await footbridge('fingerprint', house))?.[1] ?? '';

  it('keys are made in a file of one\'s own, the next is vouched for by the same, and a private one is never said', async () => {
    const said = await footbridge('keys', 'keys.json', '--organisation', ngo);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const first = JSON.parse(await readFile(file, 'utf8')) as { keys: { publicKey: string; privateKey: string }[]; signing: { publicKey: string; privateKey: string } };
    expect(said).toContain(first.keys[0]?.publicKey);
    expect(said).toMatch(/fingerprint +\d{5}( \d{5}){7}\n/);
    for (const secret of [first.keys[0]?.privateKey, first.signing.privateKey]) expect(said).not.toContain(secret);
    await footbridge('keys', 'keys.json');
    const second = JSON.parse(await readFile(file, 'utf8')) as typeof first;
    expect([second.signing, second.keys.length, second.keys[0]]).toEqual([first.signing, 2, first.keys[0]]);
    // What has been followed for eight days opens nothing any more, and is gone.
    await writeFile(file, JSON.stringify({ ...second, keys: second.keys.map((key) => ({ ...key, made: new Date(Date.now() - 8 * 86_400_000).toISOString() })) }));
    await footbridge('keys', 'keys.json');
    expect((JSON.parse(await readFile(file, 'utf8')) as typeof first).keys.map(({ publicKey }) => publicKey)).toEqual([second.keys[1]?.publicKey, expect.any(String)]);
    expect(await failure('keys', 'keys.json', '--organisation', house)).toContain('another organisation');
    expect(await failure('keys', 'new.json')).toContain('--organisation');
    expect(await failure('publish', 'none.json')).toContain('There is no key file');
  });
  it('an envelope is opened only by whom it is for, from a sender whose signature was compared, into a file of one\'s own, and shown only when asked', async () => {
    await footbridge('keys', 'keys.json', '--organisation', ngo);
    await footbridge('publish', 'keys.json');
    expect(await footbridge('confirm', 'rky_1', '12345', '12345')).toContain('approve apr_1');
    await footbridge('approve', 'apr_1');
    expect(asked.filter((line) => line.startsWith('POST'))).toEqual(['POST /v1/recipient-keys', 'POST /v1/recipient-keys/rky_1/confirm-key', 'POST /v1/approvals/apr_1/approve']);
    await seal();
    expect(await failure('collect', 'rfr_1', 'keys.json')).toContain('--out');
    expect(asked.some((line) => line.endsWith('/disclosure'))).toBe(false);
    expect(await failure('collect', 'rfr_1', 'keys.json', '--out', 'her.json')).toContain('not compared yet');
    expect(await failure('collect', 'rfr_1', 'keys.json', '--out', 'her.json', '--trust', '12345')).toContain('not compared yet');
    const said = await footbridge('collect', 'rfr_1', 'keys.json', '--out', 'her.json', '--trust', await trust());
    expect(said).not.toContain(person.givenName);
    expect((await stat(join(folder, 'her.json'))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(folder, 'her.json'), 'utf8'))).toMatchObject({ IDENTITY: { givenName: person.givenName } });
    expect(await failure('collect', 'rfr_1', 'keys.json', '--out', 'her.json')).toContain('there already');
    // After the change of key the older one still opens it; the sender is trusted from then on.
    await footbridge('keys', 'keys.json');
    await writeFile(join(folder, 'sealed.json'), JSON.stringify(sealed));
    expect(await footbridge('open', 'sealed.json', 'keys.json', '--print')).toContain(person.givenName);
    expect(await failure('open', 'none.json', 'keys.json', '--print')).toContain('cannot be read');
    consentState = 'withdrawn';
    expect(await failure('open', 'sealed.json', 'keys.json', '--print')).toContain('not in force');
    consentState = 'given';
    // What the envelope says of her consent is not believed: it is held against the record.
    for (const [other, said] of [[{ purpose: 'MEDIA_INTERVIEW', categories: ['IDENTITY'] }, 'another purpose'], [{ categories: ['IDENTITY'] }, 'another purpose'], [{ purpose: 'REFERRAL_DISCLOSURE', categories: ['NEEDS'] }, 'more in this envelope'], [{ purpose: 'REFERRAL_DISCLOSURE' }, 'more in this envelope']] as const) {
      agreed = other;
      const message = await failure('open', 'sealed.json', 'keys.json', '--print');
      expect(message).toContain(said);
      expect(message).not.toContain(person.givenName);
    }
    agreed = { purpose: 'REFERRAL_DISCLOSURE', categories: ['IDENTITY'] };
    sealed = { ...sealed, sender: ngo };
    await writeFile(join(folder, 'sealed.json'), JSON.stringify(sealed));
    expect(await failure('open', 'sealed.json', 'keys.json', '--print')).toContain('not compared yet');
    await writeFile(join(folder, 'sealed.json'), '{}');
    expect(await failure('open', 'sealed.json', 'keys.json', '--print')).toContain('no envelope');
    await footbridge('keys', 'others.json', '--organisation', ngo);
    await seal();
    expect(await failure('collect', 'rfr_1', 'others.json', '--print', '--trust', await trust())).toContain('None of the keys');
  });
});

import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PrivacyRefusal, fingerprintOf, isRawKey, isRef, newEnvelopeKey, newEntryKey, openEnvelope, ownUse, proveKey, readEnvelope, type SealedEnvelope, type VerifyingKey } from '@footbridge/privacy';
import { Option, type Command } from 'commander';
import { expectOk } from '../connection.js';
import { readPrivateFile, writePrivateFile } from '../private-file.js';
import { Refusal, codeOf } from '../refusal.js';
import type { Surroundings } from './accounts.js';

interface Pair { readonly publicKey: string; readonly privateKey: string }
interface EnvelopeKey extends Pair { readonly made: string }
/** What a recipient keeps to itself: the keys for envelopes, oldest first, the key that vouches for them, and whose signatures it trusts. */
interface KeyFile { readonly organisation: string; readonly signing: Pair; readonly keys: readonly EnvelopeKey[]; readonly senders: Readonly<Record<string, readonly string[]>> }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPair = (value: unknown): boolean => isObject(value) && isRawKey(value['publicKey']) && isRawKey(value['privateKey']);
const isKeyFile = (value: unknown): value is KeyFile => isObject(value) && isRef(value['organisation'], 'org') && isPair(value['signing']) && Array.isArray(value['keys']) && value['keys'].length > 0 && value['keys'].every(isPair) && isObject(value['senders']);
/** Envelopes live for seven days: a day after that a key which another has followed opens nothing any more, and whoever steals it neither. */
const KEPT_AFTER_MS = 8 * 86_400_000;

const as = (): Option => new Option('--as <account>', 'in the name of this demonstration account (default: FOOTBRIDGE_ACCOUNT)');

/** For a recipient of sealed envelopes: its keys, and opening what it gets. Private keys are in its own file and nowhere else. */
export function envelopeCommands(program: Command, { environment, say, connect }: Surroundings): void {
  const path = (text: string): string => resolve(environment['INIT_CWD'] ?? process.cwd(), text);
  const envelope = program.command('envelope').description('Sealed envelopes: keys of a recipient, and opening what it gets (docs/envelopes.md)');

  envelope.command('keys').description('A first or next key in a file that only you can read; prints what is public').argument('<file>', 'your key file', path).option('--organisation <id>', 'org_…, for a new file')
    .action(async (file: string, { organisation }: { readonly organisation?: string }) => {
      const before = await readPrivateFile(file, isKeyFile);
      if (before && organisation !== undefined && organisation !== before.organisation) throw new Refusal('This file is another organisation\'s. Name a new file.');
      if (!before && !isRef(organisation, 'org')) throw new Refusal('Say whose key it is: --organisation org_….');
      const made = new Date();
      const keys = [...(before?.keys ?? []), { ...newEnvelopeKey(), made: made.toISOString() }];
      const kept = keys.filter((_, i) => { const next = keys[i + 1]; return !next || made.getTime() - Date.parse(next.made) < KEPT_AFTER_MS; });
      const after: KeyFile = { organisation: before?.organisation ?? String(organisation), signing: before?.signing ?? newEntryKey(), keys: kept, senders: before?.senders ?? {} };
      await writePrivateFile(file, after);
      sayKey(after);
      say(`The private key is in ${file}: keep a copy where nobody else is, and publish the key with npm run footbridge -- envelope publish.`);
    });

  envelope.command('publish').description('Publishes the newest key of the file; it is used when two people have confirmed it').argument('<file>', 'your key file', path).addOption(as())
    .action(async (file: string, { as: who }: { readonly as?: string }) => {
      const mine = await keyFile(file);
      const { id } = expectOk(await (await connect(who)).send('POST', '/v1/recipient-keys', proveKey(mine.organisation, newest(mine).publicKey, mine.signing)));
      sayKey(mine);
      say(`published     ${String(id)}`);
      say('Now read the fingerprint to the organisation that sends to you. When it has the same: npm run footbridge -- envelope confirm.');
    });
  envelope.command('confirm').description('After the fingerprint was compared by voice; a second person then approves').argument('<key>', 'rky_…').argument('<fingerprint...>', 'as the sender has read it to you').addOption(as())
    .action(async (key: string, fingerprint: readonly string[], { as: who }: { readonly as?: string }) => {
      const { approval } = expectOk(await (await connect(who)).send('POST', `/v1/recipient-keys/${encodeURIComponent(key)}/confirm-key`, { fingerprint: fingerprint.join(' '), comparedByVoice: true }));
      say(`A second person approves it: npm run footbridge -- envelope approve ${String(approval)}`);
    });
  envelope.command('approve').description('The second person\'s word on a key').argument('<approval>', 'apr_…').addOption(as())
    .action(async (approval: string, { as: who }: { readonly as?: string }) => {
      expectOk(await (await connect(who)).send('POST', `/v1/approvals/${encodeURIComponent(approval)}/approve`));
      say('The key is in use. The one before opens what it was sealed to, and nothing more is sealed to it.');
    });
  envelope.command('fingerprint').description('What to read to an organisation, or hear from it, before you trust its keys').argument('<organisation>', 'org_…').addOption(as())
    .action(async (organisation: string, { as: who }: { readonly as?: string }) => {
      const { keys, signing } = directoryOf(expectOk(await (await connect(who)).send('GET', `/v1/key-directory/${encodeURIComponent(organisation)}`)));
      for (const { state, fingerprint } of keys) say(`envelopes (${state})  ${fingerprint}`);
      for (const { publicKey } of signing) say(`signatures  ${signingFingerprint(organisation, publicKey)}`);
      if (keys.length + signing.length === 0) say('This organisation has no keys yet.');
    });

  const opening = (command: Command): Command => command.argument('<file>', 'your key file', path).option('--out <file>', 'where to write it, readable by you only', path).option('--print', 'on the screen: only where nobody looks over your shoulder')
    .option('--trust <fingerprint...>', 'of the sender\'s signatures, as the sender has read it to you; needed once').addOption(as());
  interface OpenOptions { readonly out?: string; readonly print?: true; readonly trust?: readonly string[]; readonly as?: string }

  opening(envelope.command('collect').description('Fetches what was sealed to you for a referral, and opens it').argument('<referral>', 'rfr_…'))
    .action(async (referral: string, file: string, options: OpenOptions) => {
      wanted(options);
      const connection = await connect(options.as);
      await keyFile(file);
      const { envelope: sealed } = expectOk(await connection.send('POST', `/v1/referrals/${encodeURIComponent(referral)}/disclosure`));
      await opened(read(JSON.stringify(sealed)), file, options);
    });
  opening(envelope.command('open').description('Opens an envelope that is in a file').argument('<envelope>', 'as it was fetched, JSON', path))
    .action(async (source: string, file: string, options: OpenOptions) => {
      wanted(options);
      await opened(read(await readFile(source, 'utf8').catch(() => { throw new Refusal(`The file ${source} cannot be read.`); })), file, options);
    });

  function wanted({ out, print }: OpenOptions): void {
    if (out === undefined && print !== true) throw new Refusal('Say where it should go: --out FILE, or --print for the screen.');
  }

  async function opened(sealed: SealedEnvelope, file: string, { out, print, trust, as: who }: OpenOptions): Promise<void> {
    const mine = await keyFile(file);
    const connection = await connect(who);
    const { sender, consent } = sealed;
    const { signing } = directoryOf(expectOk(await connection.send('GET', `/v1/key-directory/${encodeURIComponent(sender)}`)));
    const heard = trust?.join('').replaceAll(' ', '');
    const trusted = mine.senders[sender] ?? [];
    const senderKeys = signing.filter(({ publicKey }) => trusted.includes(publicKey) || (heard !== undefined && signingFingerprint(sender, publicKey).replaceAll(' ', '') === heard));
    if (!senderKeys.some(({ key }) => key === sealed.signature.key)) throw new Refusal(`${sender} signs with a key that you have not compared yet. Call it; it reads you the fingerprint from npm run footbridge -- envelope fingerprint ${sender}. Then say it with --trust.`);
    // What she agreed to, as you find it yourself: not what the envelope says of it.
    const { state, recipient, purpose, categories } = expectOk(await connection.send('GET', `/v1/consent-records/${encodeURIComponent(consent)}`));
    if (recipient !== mine.organisation || (state !== 'given' && state !== 'renewed')) throw new Refusal('The consent that this envelope names is not in force for you. Delete the envelope.');
    if (typeof purpose !== 'string' || purpose !== sealed.purpose) throw new Refusal('She agreed to another purpose than the one that this envelope names. Do not use it, delete it, and call the sender.');
    const content = await unsealed(mine, sealed, { sender, recipient: mine.organisation, purpose, consent }, senderKeys);
    if (!content.test((values) => Object.keys(values).every((name) => Array.isArray(categories) && categories.includes(name)))) throw new Refusal('There is more in this envelope than she agreed to. It is not shown: delete it, and call the sender.');
    if (heard !== undefined) await writePrivateFile(file, { ...mine, senders: { ...mine.senders, [sender]: [...new Set([...trusted, ...senderKeys.map(({ publicKey }) => publicKey)])] } });
    const text = `${JSON.stringify(content.reveal(ownUse('OWN_ENVELOPE')), null, 2)}\n`;
    if (print === true) say(text.trimEnd());
    if (out === undefined) return;
    await writeNew(out, text);
    say(`It is in ${out}, readable by you only. Delete it when the work is done.`);
  }

  function sayKey(mine: KeyFile): void {
    const entry = proveKey(mine.organisation, newest(mine).publicKey, mine.signing);
    for (const [name, value] of Object.entries(entry)) say(`${name.padEnd(13)} ${value}`);
    say(`fingerprint   ${fingerprintOf(mine.organisation, entry)}`);
  }
}

async function keyFile(path: string): Promise<KeyFile> {
  const mine = await readPrivateFile(path, isKeyFile);
  if (!mine) throw new Refusal(`There is no key file ${path}. Make one: npm run footbridge -- envelope keys ${path} --organisation org_….`);
  return mine;
}
const newest = ({ keys }: KeyFile): EnvelopeKey => keys.at(-1) as EnvelopeKey;

/** A key for signatures alone vouches for itself. */
const signingFingerprint = (organisation: string, publicKey: string): string => fingerprintOf(organisation, { publicKey, signedBy: publicKey });

function directoryOf({ keys, signing }: Readonly<Record<string, unknown>>): { readonly keys: readonly { readonly state: string; readonly fingerprint: string }[]; readonly signing: readonly VerifyingKey[] } {
  const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.filter(isObject) : []);
  return { keys: list(keys).map(({ state, fingerprint }) => ({ state: String(state), fingerprint: String(fingerprint) })), signing: list(signing).map(({ key, publicKey }) => ({ key: String(key), publicKey: String(publicKey) })) };
}

const says: Readonly<Record<string, string>> = {
  ENVELOPE_DAMAGED: 'This is no envelope, or it is damaged. Fetch it again.', ENVELOPE_EXPIRED: 'The envelope is too old. Ask the sender for a new one.', ENVELOPE_OTHER_RECIPIENT: 'The envelope is for another organisation. Delete it.',
  ENVELOPE_NOT_SIGNED: 'The sender has not signed this. Do not use it, and call the sender.', ENVELOPE_NOT_OPENED: 'None of the keys in your file opens it. It may be sealed to another key: ask for a new one.',
};
const inWords = (error: unknown): unknown => (error instanceof PrivacyRefusal ? new Refusal(says[error.code] ?? `The envelope is refused (${error.code}).`) : error);
function read(json: string): SealedEnvelope {
  try { return readEnvelope(json); } catch (error) { throw inWords(error); }
}
type Opened = Awaited<ReturnType<typeof openEnvelope>>;
/** With the newest key first; older ones are there for what was sealed before the change. */
async function unsealed(mine: KeyFile, sealed: SealedEnvelope, expected: Parameters<typeof openEnvelope>[2], senderKeys: readonly VerifyingKey[]): Promise<Opened> {
  let refused: unknown;
  for (const { privateKey } of [...mine.keys].reverse()) {
    try { return await openEnvelope(sealed, privateKey, expected, { senderKeys, now: new Date() }); } catch (error) { refused = error; }
  }
  throw inWords(refused);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try { await file.writeFile(text); } finally { await file.close(); }
  } catch (error) { throw new Refusal(codeOf(error) === 'EEXIST' ? `${path} is there already. Name a new file.` : `${path} cannot be written.`); }
}

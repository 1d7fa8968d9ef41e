import { existsSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isRef } from '@footbridge/privacy';
import { Option, type Command } from 'commander';
import { expectOk } from '../connection.js';
import { Refusal } from '../refusal.js';
import type { Surroundings } from './accounts.js';

/** At least so long: she may choose words that she remembers, and nobody guesses. */
const LEAST = 12;
/** What is hers of what other services keep; never what they keep of others (an escort, an incident with somebody else). */
const elsewhere = [
  ['stays', 'exitType,belongings,medication,healthNotes,psychNotes'],
  ['return-cases', 'wish,decision,itinerary,fitToTravel,notClearedReasons'],
  ['reintegration-cases', 'needs,assessment,plan,closureReason'],
] as const;
/** Who looked there; what `referrals` knows of it is in the copy already (DP-11). */
const lookedAt = ['shelters', 'returns', 'reintegration'] as const;
/** Sign in again, too many people in this hour, not at this moment. */
const WAITS: readonly number[] = [401, 429, 503];
type Item = Readonly<Record<string, unknown>>;

/** `access-copy`: everything that she may have of her case, in one file that opens with her passphrase and nothing else (DP-11). */
export function accessCopyCommand(program: Command, { environment, say, connect }: Pick<Surroundings, 'environment' | 'say' | 'connect'>): void {
  program.command('access-copy').description('Her copy of her case, encrypted with a passphrase that she chooses').argument('<case>', 'cas_…')
    .requiredOption('--out <file>', 'a new file with a name that says nothing, like papers.age').option('--passphrase-file <file>', 'where the passphrase is (default: asked for, or the first line of standard input)').addOption(new Option('--as <account>', 'in the name of this demonstration account (default: FOOTBRIDGE_ACCOUNT)'))
    .action(async (id: string, { out, passphraseFile, as }: { readonly out: string; readonly passphraseFile?: string; readonly as?: string }) => {
      const at = (path: string): string => resolve(environment['INIT_CWD'] ?? process.cwd(), path);
      const file = at(out);
      if (!isRef(id, 'cas')) throw new Refusal('Name the case by its reference, cas_….');
      if (!isNeutral(basename(file))) throw new Refusal('Choose a file name that says nothing: 1 to 40 letters, digits and hyphens that end in .age, without name or reference.');
      if (existsSync(file)) throw new Refusal(`The file ${file} exists already; a copy never writes over a file.`);
      const passphrase = await passphraseOf(passphraseFile === undefined ? undefined : at(passphraseFile));
      const { get } = await connect(as);
      const copy = expectOk(await get(`/v1/cases/${id}/access-copy`));
      // What this account may not see, or a service has nothing of, is not in her copy: whoever keeps it gives hers. What only waits is no reason for a hole.
      const given = async (path: string): Promise<readonly Item[]> => { const answer = await get(path); return WAITS.includes(answer.status) || answer.status === 200 ? [expectOk(answer)] : []; };
      const kept: Record<string, readonly unknown[]> = {}, looked: Record<string, unknown> = {};
      for (const [collection, fields] of elsewhere) {
        for (const { items } of await given(`/v1/${collection}?caseId=${id}`)) {
          kept[collection] = (await Promise.all((items as readonly Item[]).map((item) => given(`/v1/${collection}/${String(item['id'])}?reveal=${fields}&purpose=ASSISTANCE`)))).flat().map(withoutMachinery);
        }
      }
      for (const service of lookedAt) for (const { items } of await given(`/v1/${service}-accesses?caseId=${id}`)) looked[service] = items;
      await writeSealed(file, JSON.stringify({ ...copy, alsoKept: kept, ...(Object.keys(looked).length > 0 ? { whoLookedElsewhere: looked } : {}) }, null, 2), passphrase);
      say(`Her copy is in ${file}. It opens with her passphrase and any age program; nobody here can open it.`);
    });
}

const withoutMachinery = ({ can: _, links: __, version: ___, ...item }: Item): Item => item;
/** A file is found and asked about: its name tells nothing of what it is. */
export const isNeutral = (name: string): boolean => /^[a-z0-9-]{1,40}\.age$/i.test(name) && !/cas_|csr_|access|case|victim|survivor|footbridge|shelter|traffick/i.test(name);

async function passphraseOf(file: string | undefined): Promise<string> {
  const said = file !== undefined ? await readFile(file, 'utf8').catch(() => { throw new Refusal('The file with the passphrase cannot be read.'); }) : await asked();
  const passphrase = (said.split(/\r?\n/)[0] ?? '').normalize('NFC');
  if ([...passphrase].length < LEAST) throw new Refusal(`The passphrase must have at least ${LEAST} characters: four words do.`);
  return passphrase;
}
/** Typed without being shown; or the first line of what is piped in. */
async function asked(): Promise<string> {
  if (!process.stdin.isTTY) { for await (const line of createInterface({ input: process.stdin })) return line; return ''; }
  process.stderr.write('Her passphrase: ');
  const silent = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  (silent as unknown as { _writeToOutput: () => void })._writeToOutput = () => undefined;
  try { return await silent.question(''); } finally { silent.close(); process.stderr.write('\n'); }
}

/** Encrypted in memory: the plain text is never on the disk, not even for a moment. */
export async function writeSealed(file: string, text: string, passphrase: string, workFactor?: number): Promise<void> {
  const { Encrypter } = await import('age-encryption');
  const sealing = new Encrypter();
  sealing.setPassphrase(passphrase);
  if (workFactor !== undefined) sealing.setScryptWorkFactor(workFactor);
  const sealed = await sealing.encrypt(text);
  const into = await open(file, 'wx', 0o600).catch(() => { throw new Refusal(`The file ${file} cannot be written.`); });
  try { await into.writeFile(sealed); await into.sync(); } catch (error) { await rm(file, { force: true }); throw error; } finally { await into.close(); }
}

import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Refusal } from '../refusal.js';
import type { Client } from './client.js';
import { Stopped } from './patience.js';
import { exportFormats, type ExportOptions, runExport } from './run-export.js';
import { type ImportOptions, runImport, surroundings } from './run-import.js';

/** Adds `import` and `export`. `client` signs in when it is called: a dry run needs no server. */
export function register(program: Command, client: () => Promise<Client>): void {
  program.command('import')
    .description('Opens a case, or an intake where a shelter is named, for each row of a table')
    .argument('<file>', 'CSV, NDJSON, JSON or XLSX. Column names of HTCDS 2.0, CTDC and Footbridge are known', path)
    .option('--map <mapping.json>', 'which column is which field, for any other table (docs/import.md)', path)
    .option('--dry-run', 'send nothing; list each refused row and field with the reason')
    .option('--resume', 'go on with an import that was stopped: no row twice, none lost')
    .option('--report <file>', 'where refused rows go (default: beside FILE), to be mended and imported alone', path)
    .option('--encoding <name>', 'how the text is encoded, where the file cannot tell (such as windows-1251)')
    .option('--sheet <name>', 'which sheet of an .xlsx file (default: the first)')
    .option('--in-flight <n>', 'requests under way at once', wholeNumber(1, 64), 8)
    .addHelpText('after', `
Exit code: 0 all rows are imported, 1 some were refused or it was stopped, 2 nothing could be begun.
Beside FILE lies a journal afterwards, without which a stopped import cannot go on.
`)
    .action(async (file: string, options: Omit<ImportOptions, 'file'>) => {
      await ended(async (signal) => {
        const { refused, stopped } = await runImport({ ...options, file }, client, surroundings(signal));
        return refused === 0 && stopped === undefined;
      });
    });
  program.command('export')
    .description('Writes the cases that this account may see into a file that import takes')
    .argument('<file>', 'a new file: .csv (HTCDS names) or .ndjson', path)
    .addOption(new Option('--format <format>', 'where the name of the file does not say it').choices(exportFormats))
    .option('--allowed <exp_…>', 'an export that a second person has allowed: no quota, once, within 24 hours')
    .option('--closed', 'closed cases too, which no import takes')
    .addHelpText('after', `
Every look at a person is recorded under the purpose ASSISTANCE. The file holds people's data in the clear: keep it no longer than you need it.
`)
    .action(async (file: string, options: Omit<ExportOptions, 'file'>) => {
      await ended(async (signal) => {
        await runExport({ ...options, file }, await client(), surroundings(signal));
        return true;
      });
    });
}

/** One line for what a person can mend (exit code 2); the first Ctrl-C lets what is under way end, the second does not. */
async function ended(work: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => {
    process.stderr.write('\nStopping when the requests under way are answered. Ctrl-C again stops at once.\n');
    stopping.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    if (!await work(stopping.signal)) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof Stopped)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof Refusal ? 2 : 1;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** npm runs a command in the project's folder, and says where the person stands. */
const path = (text: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), text);

const wholeNumber = (least: number, most: number) => (text: string): number => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < least || n > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return n;
};

import { Command, CommanderError } from 'commander';
import { accessCopyCommand } from './commands/access-copy.js';
import { accountCommands, type Surroundings } from './commands/accounts.js';
import { auditCommands } from './commands/audit.js';
import { backupCommands } from './commands/backup.js';
import { keyCommands } from './commands/keys.js';
import { envelopeCommands } from './commands/envelope.js';
import { diagnose } from './commands/doctor.js';
import { operatorCommands } from './commands/operate.js';
import { seizureCommand } from './commands/seizure.js';
import { connect } from './connection.js';
import { DataFolder } from './data-folder.js';
import { register as registerImport } from './import/commands.js';
import { Refusal } from './refusal.js';
import { dataPathOf } from './settings.js';

/** What a command says, line by line, and where it complains. */
export interface Said { say(line: string): void; complain(line: string): void }

/** One command line. Resolves with the exit code: 0, 1 where something is wrong, 2 where the command was. */
export async function command(words: readonly string[], environment: NodeJS.ProcessEnv, { say, complain }: Said): Promise<number> {
  process.exitCode = 0;
  try { await programOf(environment, say).parseAsync(words, { from: 'user' }); } catch (error) { return explain(error, complain); }
  return Number(process.exitCode);
}

function programOf(environment: NodeJS.ProcessEnv, say: Said['say']): Command {
  const folder = new DataFolder(dataPathOf(environment));
  const surroundings: Surroundings = { folder, environment, say, connect: (as) => connect(folder, environment, as) };

  const program = new Command('footbridge').description('What an operator and an organisation do to an instance from the command line')
    .exitOverride().configureOutput({ writeErr: () => undefined }).showSuggestionAfterError(false);
  accountCommands(program, surroundings);
  operatorCommands(program, surroundings);
  backupCommands(program, surroundings);
  keyCommands(program, surroundings);
  envelopeCommands(program, surroundings);
  auditCommands(program, surroundings);
  accessCopyCommand(program, surroundings);
  seizureCommand(program, surroundings);
  program.command('doctor').description('What is wrong, in words, and what to do').action(async () => {
    const findings = await diagnose(folder, environment);
    for (const { wrong, says } of findings) say(`${wrong ? 'WRONG  ' : 'ok     '}${says}`);
    if (findings.some(({ wrong }) => wrong)) process.exitCode = 1;
  });
  let as: string | undefined;
  registerImport(program, () => connect(folder, environment, as));
  for (const command of program.commands.filter((known) => ['import', 'export'].includes(known.name()))) command.option('--as <account>', 'in the name of this demonstration account (default: FOOTBRIDGE_ACCOUNT)');
  program.hook('preAction', (_program, command) => { const { as: named } = command.opts<{ as?: string }>(); as = named; });
  quiet(program);
  return program;
}

/** Commander says its errors on several lines; one is enough. */
function quiet(command: Command): void {
  for (const below of command.commands) {
    below.exitOverride().configureOutput({ writeErr: () => undefined }).showSuggestionAfterError(false);
    quiet(below);
  }
}

function explain(error: unknown, complain: (line: string) => void): number {
  if (error instanceof Refusal) { complain(error.message); return 2; }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const line = error.code === 'commander.help' ? 'Name a command' : (error.message.split('\n')[0] ?? '').replace(/^error: /, '').replace(/\.$/, '');
    complain(`${line.charAt(0).toUpperCase()}${line.slice(1)}. See npm run footbridge -- --help`);
    return 2;
  }
  // what went wrong, without what it went wrong on
  complain(`This did not work (${error instanceof Error ? error.name : 'unknown'}). Run npm run footbridge -- doctor to see what is wrong.`);
  return 1;
}

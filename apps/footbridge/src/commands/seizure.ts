import { Service } from '@footbridge/contracts';
import { Option, type Command } from 'commander';
import { Refusal } from '../refusal.js';
import type { Surroundings } from './accounts.js';

export function seizureCommand(program: Command, { folder, environment, say }: Pick<Surroundings, 'folder' | 'environment' | 'say'>): void {
  program.command('seizure-report').description('What somebody who takes a part of this instance, or works in it, could read now')
    .addOption(new Option('--service <service...>', 'where the services run on their own: those whose keys are in KEYS_DIR').choices(Service.values)).option('--json', 'as JSON')
    .action(async ({ json, service }: { readonly json?: boolean; readonly service?: readonly Service[] }) => {
    // All services and their policies are loaded only for this
    const { estateElsewhere, estateOf } = await import('../seizure/estate.js');
    const { seizureReport, wordsOf } = await import('../seizure/report.js');
    const { PolicyError, WrongSetting } = await import('@footbridge/service');
    const elsewhere = environment['AUDIT_DATABASE_URL'];
    try {
      const report = seizureReport(elsewhere ? await estateElsewhere(elsewhere, environment, service) : await estateOf(folder, environment));
      if (json === true) say(JSON.stringify(report, null, 2));
      else for (const line of wordsOf(report)) say(line);
      if (report.some(({ reads }) => reads.some((line) => line.startsWith('WRONG')))) process.exitCode = 1;
    } catch (error) { throw error instanceof WrongSetting || error instanceof PolicyError ? new Refusal(error.message) : error; }
  });
}

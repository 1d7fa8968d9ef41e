import type { Command } from 'commander';
import { Refusal } from '../refusal.js';
import type { Surroundings } from './accounts.js';

export function seizureCommand(program: Command, { folder, environment, say }: Pick<Surroundings, 'folder' | 'environment' | 'say'>): void {
  program.command('seizure-report').description('What somebody who takes a part of this instance, or works in it, could read now').option('--json', 'as JSON').action(async ({ json }: { readonly json?: boolean }) => {
    // All services and their policies are loaded only for this
    const [{ estateOf }, { seizureReport, wordsOf }, { PolicyError, WrongSetting }] = await Promise.all([import('../seizure/estate.js'), import('../seizure/report.js'), import('@footbridge/service')]);
    try {
      const report = seizureReport(await estateOf(folder, environment));
      if (json === true) say(JSON.stringify(report, null, 2));
      else for (const line of wordsOf(report)) say(line);
      if (report.some(({ reads }) => reads.some((line) => line.startsWith('WRONG')))) process.exitCode = 1;
    } catch (error) { throw error instanceof WrongSetting || error instanceof PolicyError ? new Refusal(error.message) : error; }
  });
}

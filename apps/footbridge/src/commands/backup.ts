import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Surroundings } from './accounts.js';

export function backupCommands(program: Command, { folder, environment, say }: Surroundings): void {
  const path = (text: string): string => resolve(environment['INIT_CWD'] ?? process.cwd(), text);
  program.command('backup').description('All data into one file and the keys that open it into another; the instance may run').argument('<data>', 'a new file for the data', path).argument('<keys>', 'a new file for the keys; keep it elsewhere', path)
    .action(async (data: string, keys: string) => {
      const { backup } = await import('../backup.js');
      const { tables, rows } = await backup(folder, data, keys);
      say(`${rows} rows of ${tables} tables are in ${data}`);
      say(`The keys are in ${keys}: keep it apart. Whoever has both reads everything; without it nobody reads a name.`);
    });
  program.command('restore').description('An instance from both files, into an empty data folder').argument('<data>', 'the backup\'s data', path).argument('<keys>', 'the backup\'s keys; with old data the newest that there are', path).option('--newest <keys>', 'where the backup\'s own keys are old: the newest file of keys, for who was erased since', path)
    .action(async (data: string, keys: string, { newest }: { readonly newest?: string }) => {
      const { restore } = await import('../backup.js');
      const { services } = await import('../services.js');
      const { tables, rows } = await restore(folder, data, keys, services, newest);
      say(`${rows} rows of ${tables} tables are restored in ${folder.path}. Start it with npm start.`);
    });
}

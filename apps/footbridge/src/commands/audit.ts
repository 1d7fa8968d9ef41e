import { resolve } from 'node:path';
import { Service } from '@footbridge/contracts';
import { Option, type Command } from 'commander';
import { expectOk } from '../connection.js';
import type { Surroundings } from './accounts.js';

export function auditCommands(program: Command, { folder, environment, say, connect }: Surroundings): void {
  const path = (text: string): string => resolve(environment['INIT_CWD'] ?? process.cwd(), text);
  const audit = program.command('audit').description('The audit logs of the services');
  audit.command('verify').description('Whether they are what was signed and witnessed: nothing changed, deleted, inserted, reordered or set back; the instance may run')
    .option('--witness <file...>', 'events that an organisation kept of its feed or webhooks (GET /v1/events)')
    .addOption(new Option('--service <service...>', 'only these').choices(Service.values)).option('--json', 'as JSON')
    .action(async ({ witness = [], service, json }: { readonly witness?: readonly string[]; readonly service?: readonly Service[]; readonly json?: boolean }) => {
      const { verifyAudits, verifyElsewhere, wordsOf } = await import('../audit.js');
      const asked = { witnessFiles: witness.map(path), ...(service ? { services: service } : {}) };
      const elsewhere = environment['AUDIT_DATABASE_URL'];
      const reports = elsewhere ? await verifyElsewhere(elsewhere, await connect(), asked) : await verifyAudits(folder, asked);
      if (json === true) say(JSON.stringify(reports, null, 2));
      else for (const line of reports.flatMap(wordsOf)) say(line);
      if (reports.some(({ isWhole }) => !isWhole)) process.exitCode = 1;
    });
  audit.command('sign').description('Has every service sign its log as it is now, not only at the next full hour').action(async () => {
    const connection = await connect();
    for (const service of Service.values) {
      const { number, at, digest } = expectOk(await connection.send('POST', `/v1/${service}-audit-roots`));
      say(`${service} root ${String(number)}  ${String(at)}  ${String(digest)}`);
    }
  });
}

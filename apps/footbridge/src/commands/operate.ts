import { Service } from '@footbridge/contracts';
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { expectOk } from '../connection.js';
import { milliseconds } from '../duration.js';
import type { Surroundings } from './accounts.js';

/** `clock` and `parked`: what an operator does to all services alike. */
export function operatorCommands(program: Command, { say, connect }: Surroundings): void {
  program.command('clock').description('The domain clock of an instance started with FOOTBRIDGE_CLOCK=manual')
    .command('advance').description('Moves it on; what falls due happens').argument('<duration>', 'like 3d, 1d12h, 90m or P3D', (text) => {
      const ms = milliseconds(text);
      if (ms === undefined) throw new InvalidArgumentError('It must be a length of time like 3d, 1d12h, 90m or P3D.');
      return ms;
    }).action(async (ms: number) => {
      const connection = await connect();
      let now = '';
      for (const service of Service.values) now = String(expectOk(await connection.send('POST', `/v1/${service}-clock/advance`, { milliseconds: ms }))['now']);
      say(now);
    });

  const parked = program.command('parked').description('Events that could not be handled');
  parked.command('list').description('What is parked, in which service, and why').option('--json', 'as JSON').action(async ({ json }: { readonly json?: boolean }) => {
    const connection = await connect();
    const all: Readonly<Record<string, unknown>>[] = [];
    for (const service of Service.values) {
      const { items } = expectOk(await connection.send('GET', `/v1/${service}-parked`));
      if (Array.isArray(items)) all.push(...items.map((item: unknown) => ({ service, ...(typeof item === 'object' ? item : {}) })));
    }
    if (json === true) { say(JSON.stringify(all, null, 2)); return; }
    if (all.length === 0) say('Nothing is parked.');
    for (const { service, id, state, reason, handler, event, at } of all) say(`${String(service)} ${String(id)}  ${String(state)}  ${String(reason)}  ${String(handler)}  ${typeof event === 'object' && event !== null && 'type' in event ? String(event.type) : ''}  since ${String(at)}`);
  });
  for (const what of ['replay', 'drop'] as const) {
    parked.command(what).description(what === 'replay' ? 'Handles it again, and what waits behind it' : 'Gives it up; what waits behind it goes on')
      .addArgument(new Argument('<service>').choices(Service.values)).argument('<id>', 'as parked list shows it')
      .action(async (service: string, id: string) => {
        expectOk(await (await connect()).send('POST', `/v1/${service}-parked/${encodeURIComponent(id)}/${what}`));
        say(`${service} ${id}: ${what === 'replay' ? 'replayed' : 'dropped'}`);
      });
  }
}

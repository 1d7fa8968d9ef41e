import { placeOf } from './log-reason.js';
import { log } from './log.js';

/** What nobody has caught ends the process with a code; Node itself would print it, and a database's error quotes the row that it failed on. */
export function lastResort(service: string): void {
  for (const what of ['uncaughtException', 'unhandledRejection'] as const) process.on(what, (error: unknown) => { log('crashed', { service, reason: placeOf(error) }, 'error'); process.exit(1); });
}

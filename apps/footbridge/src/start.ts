import { log } from '@footbridge/service';
import { Refusal } from './refusal.js';

/** Says one line and ends: 2 where the caller can mend it, 1 where something of ours broke. */
function end(error: unknown): never {
  if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  log('start-failed', { reason: placeOf(error) }, 'error');
  process.stderr.write('Footbridge could not start. Run npm run footbridge -- doctor to see what is wrong.\n');
  process.exit(1);
}

/** Where it broke, without what it broke on. */
const placeOf = (error: unknown): string => (error instanceof Error ? `${error.name} ${/((?:apps|libs|node_modules)\/[\w@/.-]+:\d+)/.exec(error.stack ?? '')?.[1] ?? ''}`.trim() : 'unknown');

process.on('uncaughtException', (error) => { log('crashed', { reason: placeOf(error) }, 'error'); process.exit(1); });

async function main(): Promise<void> {
  const { settingsOf } = await import('./settings.js');
  const settings = settingsOf(process.env);
  const [{ startInstance }, { services }] = await Promise.all([import('./instance.js'), import('./services.js')]);
  const starting = startInstance(services, settings);
  let stopping = false;
  const stop = (): void => {
    // a second Ctrl-C does not wait; the database is told to end by the exit itself
    if (stopping) process.exit(130);
    stopping = true;
    void starting.then((instance) => instance.close()).then(() => process.exit(0), () => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const instance = await starting;
  instance.onEnd(() => {
    if (stopping) return;
    process.stderr.write('The database has ended by itself. Start again with npm start: nothing that was answered is lost.\n');
    process.exit(1);
  });
  await untilReady(instance.url).catch(async (error: unknown) => { stopping = true; await instance.close(); throw error; });
  process.stdout.write(`Footbridge is ready: ${instance.url} (docs /docs, accounts: npm run footbridge -- accounts)\n`);
}

/** The services hear of each other for the first time within a second or two; before that they rightly refuse (decisions 15). */
async function untilReady(url: string): Promise<void> {
  let missing = '';
  for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((resolve) => { setTimeout(resolve, 100); })) {
    const answer = await fetch(`${url}/readyz`);
    if (answer.ok) return;
    missing = await answer.text();
  }
  log('not-ready', { reason: missing.slice(0, 200) }, 'error');
  throw new Refusal('Footbridge has started but does not become ready within a minute. Run npm run footbridge -- doctor to see what is missing.');
}

main().catch(end);

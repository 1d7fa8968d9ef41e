import type { Instance } from './instance.js';
import { Refusal } from './refusal.js';
import { settingsOf } from './settings.js';

// Only what is light is loaded here, so that a stop is heard and a wrong setting said before the rest is.
let starting: Promise<Instance> | undefined;
let stopping = false;

function stop(): void {
  // a second Ctrl-C does not wait; the database is told to end by the exit itself
  if (stopping) process.exit(130);
  stopping = true;
  if (!starting) process.exit(0);
  starting.then((instance) => instance.close()).then(() => process.exit(0), () => process.exit(1));
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

/** Where it broke, without what it broke on. */
const placeOf = (error: unknown): string => (error instanceof Error ? `${error.name} ${/((?:apps|libs|node_modules)\/[\w@/.-]+:\d+)/.exec(error.stack ?? '')?.[1] ?? ''}`.trim() : 'unknown');

async function main(): Promise<void> {
  const settings = settingsOf(process.env);
  const [{ startInstance }, { services }, { lastResort, log }] = await Promise.all([import('./instance.js'), import('./services.js'), import('@footbridge/service')]);
  lastResort('footbridge');
  starting = startInstance(services, settings);
  const instance = await starting;
  instance.onEnd(() => {
    if (stopping) return;
    process.stderr.write('The database has ended by itself. Start again with npm start: nothing that was answered is lost.\n');
    process.exit(1);
  });
  const missing = await untilReady(instance.url);
  if (stopping) return;
  if (missing !== undefined) {
    stopping = true;
    await instance.close();
    log('not-ready', { service: 'footbridge', reason: missing.includes('"database"') ? 'DATABASE_AWAY' : 'EVENTS_NOT_HEARD' }, 'error');
    throw new Refusal('Footbridge has started but did not become ready within a minute. Run npm run footbridge -- doctor to see what is wrong.');
  }
  for (const warning of instance.warnings) process.stderr.write(`${warning}\n`);
  if (settings.seed === 'demonstration') await (await import('./demo/prepare.js')).prepareDemonstration(instance.url, instance.folder);
  process.stdout.write(`Footbridge is ready: ${instance.url} (docs /docs, accounts: npm run footbridge -- accounts)\n`);
}

/** The services hear of each other for the first time within a second or two; before that they rightly refuse (decisions 15). Else: what is missing. */
async function untilReady(url: string): Promise<string | undefined> {
  let missing = '';
  for (const until = Date.now() + 60_000; Date.now() < until && !stopping; await new Promise((resolve) => { setTimeout(resolve, 100); })) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return undefined;
    missing = (await answer?.text().catch(() => ''))?.slice(0, 200) ?? '';
  }
  return stopping ? undefined : missing;
}

/** One line, and 2 where the caller can mend it, 1 where something of ours broke. */
main().catch((error: unknown) => {
  if (stopping && !(error instanceof Refusal)) return;
  process.stderr.write(error instanceof Refusal ? `${error.message}\n` : `Footbridge could not start (${placeOf(error)}). Run npm run footbridge -- doctor to see what is wrong.\n`);
  process.exit(error instanceof Refusal ? 2 : 1);
});

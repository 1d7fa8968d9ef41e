import { spawnSync } from 'node:child_process';
import type { Result } from './rounds.js';
import type { Utility } from './statistics.js';

const benches: Readonly<Record<string, () => Promise<(quick: boolean) => Promise<Result | Utility>>>> = {
  accept: async () => (await import('./accept.js')).accept,
  alike: async () => (await import('./alike.js')).alike,
  privacy: async () => (await import('./privacy.js')).privacy,
  relay: async () => (await import('./relay.js')).relay,
  statistics: async () => (await import('./statistics.js')).statistics,
};
const [id, ...flags] = process.argv.slice(2);
const load = id === undefined ? undefined : benches[id];
if (!load || flags.some((f) => f !== '--quick')) {
  process.stderr.write(`Usage: npm run -s bench -- ${Object.keys(benches).join('|')} [--quick]\n`);
  process.exit(2);
}
if (id === 'accept' && spawnSync('pgbench', ['--version']).error) {
  process.stderr.write('The raw side of this benchmark is pgbench, which is not on the PATH: install PostgreSQL\'s client programs.\n');
  process.exit(2);
}
const run = await load();
const result = await run(flags.includes('--quick'));
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
// A goal that was missed on a quiet machine fails; what was too noisy to be judged says so.
process.exit('misses' in result && result.misses && !result.tooNoisy ? 1 : 0);

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { contracts } from './events.js';
import { breaks, release, type ReleasedSet } from './released.js';

/** `npm run contracts:release`: what is new is written down, and from then on never changes. */
const file = new URL('../released.json', import.meta.url);
const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as ReleasedSet : {};
const after = release(before, contracts);
const problems = breaks(after, contracts);
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exitCode = 2;
} else {
  writeFileSync(file, `${JSON.stringify(after, null, 1)}\n`);
  process.stdout.write(`${Object.keys(after).length - Object.keys(before).length} new, ${Object.keys(after).length} released.\n`);
}

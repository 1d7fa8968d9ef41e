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
  // One line for each contract, so that a review shows which.
  writeFileSync(file, `{\n${Object.entries(after).map((entry) => entry.map((part) => JSON.stringify(part)).join(': ')).join(',\n')}\n}\n`);
  process.stdout.write(`${Object.keys(after).length - Object.keys(before).length} new, ${Object.keys(after).length} released.\n`);
}

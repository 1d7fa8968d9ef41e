import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Suites that start an instance and have nobody in it whose name could leak. */
const nobodyThere: Readonly<Record<string, string>> = {
  'apps/footbridge/src/tables.spec.ts': 'rows with a state and no content',
  'apps/footbridge/src/inventory/register.spec.ts': 'reads the catalogue of the database',
  'apps/footbridge/src/readme.spec.ts': 'the first request of the README, which names nobody',
  'apps/footbridge/src/start.spec.ts': 'starts and stops, with organisations and accounts only',
  'apps/footbridge/src/commands/accounts.spec.ts': 'organisations and accounts only',
  'libs/service/src/parked.spec.ts': 'events with references only, that nobody handles',
  'apps/notifications/src/delivery/authorised.spec.ts': 'events with references and codes only',
  'apps/notifications/src/organisation/register.spec.ts': 'organisations only',
};
const suites = ['apps', 'libs'].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules')).map((name) => join(folder, name)));
const starts = /\b(?:testInstance|network|startFive|Scene\.begin|Started\.(?:ready|begin))\(/;
const hunts = /\bit\('T10 [\s\S]*\bhuntLeaks\(/;

it('T10 the leak hunt stands in every suite that starts an instance, but for those with nobody in it', () => {
  const without = suites.filter((file) => { const text = readFileSync(file, 'utf8'); return starts.test(text) && !hunts.test(text); });
  expect(without.sort()).toEqual(Object.keys(nobodyThere).sort());
});

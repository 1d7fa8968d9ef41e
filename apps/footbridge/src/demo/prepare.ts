import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demonstration } from '../demonstration.js';
import { readAccounts } from '../seed.js';
import { httpWorld } from './http-world.js';
import { makeNetwork } from './network.js';

/** At the first start with demonstration data: makes its network through the API. A stop in the middle goes on at the next start. */
export async function prepareDemonstration(url: string, folder: { readonly path: string; readonly accountsFile: string }): Promise<void> {
  const done = join(folder.path, 'demonstration-made');
  if (existsSync(done)) return;
  const accounts = await readAccounts(folder.accountsFile);
  if (!accounts?.demonstration) return;
  await makeNetwork(httpWorld(url, accounts), demonstration);
  await writeFile(done, '', { mode: 0o600 });
}

import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { WrongSetting, answererOff, clockSaid, databaseOff, differ, keySettings, keyStoresOf } from '@footbridge/service';
import pg from 'pg';
import type { DataFolder } from '../data-folder.js';
import { holderOf } from '../instance-lock.js';
import { keyWarnings, troublesIn } from '../key-warnings.js';
import { adminUrlOf } from '../postgres.js';
import { isMissing, Refusal } from '../refusal.js';
import { settingsOf } from '../settings.js';

export interface Finding { readonly wrong: boolean; readonly says: string }
const well = (says: string): Finding => ({ wrong: false, says });
const wrong = (says: string): Finding => ({ wrong: true, says });
const leastFree = 1_000_000_000;

/** Looks at everything that can be seen without a key and without changing anything. Each finding says what to do. */
export async function diagnose(folder: DataFolder, environment: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  return [settings(environment), ...await files(folder), await space(folder), ...await instance(folder), ...await keys(folder, environment), ...await clocks(folder)];
}

function settings(environment: Readonly<Record<string, string | undefined>>): Finding {
  try { settingsOf(environment); return well('The settings make sense.'); } catch (error) { return wrong(error instanceof Refusal ? error.message : 'The settings cannot be read.'); }
}

async function files(folder: DataFolder): Promise<readonly Finding[]> {
  try { await stat(folder.marker); } catch (error) {
    return [isMissing(error) ? well(`There is no data in ${folder.path} yet; npm start makes it.`) : wrong(`The data folder ${folder.path} cannot be read by this user. Run this as the user that runs the instance.`)];
  }
  const findings: Finding[] = [];
  for (const file of [folder.postgresFile, folder.identityFile, folder.accountsFile]) {
    try {
      const { mode } = await stat(file);
      if ((mode & 0o077) !== 0) findings.push(wrong(`Others can read ${file}, which holds secrets: chmod 600 ${file}`));
      JSON.parse(await readFile(file, 'utf8'));
    } catch (error) {
      findings.push(wrong(isMissing(error) ? `${file} is missing. If the instance has been started before, restore a backup (npm run footbridge -- restore).` : `${file} is damaged. Restore a backup (npm run footbridge -- restore).`));
    }
  }
  const { mode } = await stat(folder.keys).catch(() => ({ mode: 0o700 }));
  if ((mode & 0o077) !== 0) findings.push(wrong(`Others can enter ${folder.keys}, which holds the organisations' keys: chmod 700 ${folder.keys}`));
  const cluster = await readFile(join(folder.postgres, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (cluster === undefined) findings.push(wrong(`The database is missing in ${folder.postgres}, or this user cannot read it. If it is missing, restore a backup (npm run footbridge -- restore).`));
  return findings.length > 0 ? findings : [well(`The files in ${folder.path} are there, and closed to others.`)];
}

async function space(folder: DataFolder): Promise<Finding> {
  const disk = await statfs(folder.path).catch(() => undefined);
  if (!disk) return well('The disk has not been looked at.');
  const free = disk.bavail * disk.bsize;
  return free < leastFree ? wrong(`Only ${Math.floor(free / 1_000_000)} MB are free on the disk of ${folder.path}. Make room before the database stops.`) : well(`${Math.floor(free / 1_000_000_000)} GB are free on the disk.`);
}

/** Files of keys always; whether they open what they wrapped, where an instance runs: the database is then there to be asked. */
async function keys(folder: DataFolder, environment: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  if (!(await stat(folder.marker).catch(() => undefined))) return [];
  const runs = await holderOf(folder.lock) !== undefined;
  try {
    const settings = keySettings(environment);
    const troubles = runs ? await troublesIn(await adminUrlOf(folder, 'footbridge'), keyStoresOf(settings, folder.keys)) : [];
    const said = await keyWarnings(folder.keys, settings.vault === undefined, troubles);
    if (said.length > 0) return said.map(wrong);
    return [well(runs ? 'Every organisation\'s key opens what it has wrapped.' : 'The files of keys can be read. Whether they open what they wrapped is seen while the instance runs.')];
  } catch (error) {
    return [wrong(error instanceof WrongSetting ? error.message : `Whether the keys open what they wrapped could not be seen: ${folder.keys} or the database cannot be read. Run this as the user that runs the instance.`)];
  }
}

/** This machine's against the database's and the sign-in server's, where an instance runs. */
async function clocks(folder: DataFolder): Promise<readonly Finding[]> {
  const holder = await holderOf(folder.lock);
  if (!holder) return [];
  const pool = new pg.Pool({ connectionString: await adminUrlOf(folder, 'footbridge').catch(() => 'postgres://127.0.0.1:1/none'), max: 1 });
  try {
    const found: (readonly [string, number | undefined])[] = [['the database', await databaseOff(pool).catch(() => undefined)]];
    const asked = Date.now();
    const issuer = await fetch(`${holder.url}/oidc/jwks`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (issuer) found.push(['the sign-in server', answererOff(asked, issuer, Date.now())]);
    const off = found.flatMap(([whose, by]) => (by !== undefined && differ(by) ? [wrong(clockSaid(whose, by))] : []));
    return off.length > 0 ? off : [well('The clocks agree.')];
  } finally { await pool.end(); }
}

async function instance(folder: DataFolder): Promise<readonly Finding[]> {
  const holder = await holderOf(folder.lock);
  if (!holder) return [well('No instance is running on this data folder; npm start starts it.')];
  try {
    const ready = await fetch(`${holder.url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    if (ready.ok) return [well(`The instance is ready at ${holder.url}.`)];
    const said: unknown = await ready.json();
    const missing = typeof said === 'object' && said !== null && 'missing' in said && Array.isArray(said.missing) ? said.missing.map(String).join(', ') : 'it is starting';
    return [wrong(`The instance at ${holder.url} is not ready: ${missing}. If this lasts for minutes, look into ${folder.postgresLog} and start it again.`)];
  } catch {
    return [wrong(`Process ${holder.pid} holds the data folder, but ${holder.url} does not answer. End that process and start again.`)];
  }
}

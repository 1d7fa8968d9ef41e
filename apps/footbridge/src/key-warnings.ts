import { join } from 'node:path';
import { Service } from '@footbridge/contracts';
import { LocalFileKeyStore, LocalFileSigningKeys, type KeyStore } from '@footbridge/privacy';
import { fileSaid, keyFileOf, troubleOf, troubleSaid, wrappedBefore, type KeyTrouble } from '@footbridge/service';
import pg from 'pg';

/** What is wrong with the keys of whom, and what an operator does about it. A file that is said once is not said again for what it does not open. */
export async function keyWarnings(directory: string, isFiles: boolean, troubles: Iterable<KeyTrouble>): Promise<readonly string[]> {
  const unusable = isFiles ? [...await new LocalFileKeyStore(directory).unusable(), ...await new LocalFileSigningKeys(directory).unusable()] : [];
  const said = new Set(unusable.map(({ file }) => file));
  const others = new Map<string, string>();
  for (const trouble of troubles) if (!said.has(keyFileOf(trouble))) others.set(trouble.organisation, troubleSaid(trouble, isFiles ? directory : undefined));
  return [...unusable.map(({ file, code }) => fileSaid(join(directory, file), code)), ...others.values()];
}

/** Asks each service's keys to open something that they wrapped, in a database that runs. Changes nothing, and shows nothing of what it opens. */
export async function troublesIn(adminUrl: string, keyStore: KeyStore): Promise<readonly KeyTrouble[]> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found: KeyTrouble[] = [];
    for (const schema of Service.values) {
      const { rows: [there] } = await client.query<{ is: boolean }>('select to_regclass($1) is not null as is', [`${schema}.key_lock`]);
      if (there?.is) for (const [owner, before] of await wrappedBefore(client, undefined, schema)) {
        const trouble = await troubleOf(keyStore, owner, before);
        if (trouble) found.push(trouble);
      }
    }
    return found;
  } finally { await client.end(); }
}

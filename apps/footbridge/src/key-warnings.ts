import { join } from 'node:path';
import { Service } from '@footbridge/contracts';
import { LocalFileKeyStore, LocalFileSigningKeys, auditSigner, type KeyStore, type SigningKeys } from '@footbridge/privacy';
import { fileSaid, keyFileOf, serviceHasSigned, troubleOf, troubleOfSigner, troubleSaid, wrappedBefore, type KeyTrouble } from '@footbridge/service';
import pg from 'pg';
import { services } from './services.js';

/** What is wrong with the keys of whom, and what an operator does about it. A file that is said once is not said again for what it does not open. */
export async function keyWarnings(directory: string, isFiles: boolean, troubles: Iterable<KeyTrouble>): Promise<readonly string[]> {
  const unusable = isFiles ? [...await new LocalFileKeyStore(directory).unusable(), ...await new LocalFileSigningKeys(directory).unusable()] : [];
  const others = new Map<string, string>();
  // of the keys of one signer, the newest only is read
  const isSaid = (trouble: KeyTrouble): boolean => unusable.some(({ file }) => file === keyFileOf(trouble) || (trouble.signs && file.startsWith(`${trouble.organisation}.`) && file.endsWith('.signing.json')));
  for (const trouble of troubles) if (!isSaid(trouble)) others.set(keyFileOf(trouble), troubleSaid(trouble, isFiles ? directory : undefined));
  return [...unusable.map(({ file, code }) => fileSaid(join(directory, file), code)), ...others.values()];
}

/** Asks each service's keys to open something that they wrapped, and to sign where they have signed, in a database that runs. Changes nothing, and shows nothing of what it opens. */
export async function troublesIn(adminUrl: string, { keyStore, signingKeys }: { readonly keyStore: KeyStore; readonly signingKeys: SigningKeys }): Promise<readonly KeyTrouble[]> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found: KeyTrouble[] = [];
    for (const schema of Service.values) {
      const { rows: [there] } = await client.query<{ is: boolean }>('select to_regclass($1) is not null as is', [`${schema}.key_lock`]);
      if (!there?.is) continue;
      for (const [owner, before] of await wrappedBefore(client, undefined, schema)) {
        const trouble = await troubleOf(keyStore, owner, before);
        if (trouble) found.push(trouble);
      }
      for (const signer of await signersIn(client, schema)) {
        const trouble = await troubleOfSigner(signingKeys, signer);
        if (trouble) found.push(trouble);
      }
    }
    return found;
  } finally { await client.end(); }
}

/** Who has signed something that is kept there. */
async function signersIn(client: pg.Client, schema: Service): Promise<readonly string[]> {
  const found = await serviceHasSigned(client, schema) ? [auditSigner(schema)] : [];
  const signedHere = services.find(({ name }) => name === schema)?.signedHere;
  if (signedHere === undefined) return found;
  await client.query(`set search_path to "${schema}"`);
  const { rows } = await client.query<{ organisation: string }>(`select organisation from known_organisation o where exists (${signedHere.replaceAll('$1->>0', 'o.organisation')})`);
  return [...found, ...rows.map(({ organisation }) => organisation)];
}

import type { Role } from '@footbridge/contracts';
import type { Pool } from 'pg';
import { demonstration, operatorOnly, type DemonstrationOrganisation } from './demonstration.js';
import { Accounts } from './identity/accounts.js';
import { madeSecret } from './identity/secret.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';

/** What the first accounts sign in with. */
export interface FirstAccount {
  readonly id: string; readonly name: string; readonly title: string; readonly roles: readonly Role[]; readonly secret: string;
  readonly organisation: string; readonly organisationKey: string; readonly organisationName: string;
}
export interface AccountsFile {
  /** Only demonstration accounts may be borrowed by `token` and `--as`. */
  readonly demonstration: boolean;
  readonly accounts: readonly FirstAccount[];
}

const isAccountsFile = (content: unknown): content is AccountsFile =>
  typeof content === 'object' && content !== null && 'demonstration' in content && typeof content.demonstration === 'boolean' && 'accounts' in content && Array.isArray(content.accounts)
  && content.accounts.every((account: unknown) => typeof account === 'object' && account !== null && 'id' in account && 'name' in account && 'secret' in account);

export const readAccounts = (path: string): Promise<AccountsFile | undefined> => readPrivateFile(path, isAccountsFile);

/**
 * Fills an empty register, once. The file is written before the transaction commits: a stop in between leaves a register
 * that is empty still, and the next start writes the file anew.
 */
export async function seedAccounts(pool: Pool, path: string, kind: 'demonstration' | 'operator'): Promise<'seeded' | 'there'> {
  const organisations: readonly DemonstrationOrganisation[] = kind === 'demonstration' ? demonstration : operatorOnly;
  if (!(await new Accounts(pool).isEmpty())) return 'there';
  const client = await pool.connect();
  try {
    await client.query('begin');
    const register = new Accounts(client);
    const accounts: FirstAccount[] = [];
    for (const { key, name, type, country, accounts: desks } of organisations) {
      const { id: organisation } = await register.addOrganisation({ name, type, country });
      // Hashing is slow and may go side by side; the writes of a transaction may not: one that fails would leave the others to run after the rollback.
      const secrets = await Promise.all(desks.map(() => madeSecret()));
      for (const [n, desk] of desks.entries()) {
        const { account, secret } = await register.addAccount({ organisation, ...desk }, secrets[n]);
        accounts.push({ id: account.id, ...desk, secret, organisation, organisationKey: key, organisationName: name });
      }
    }
    await writePrivateFile(path, { demonstration: kind === 'demonstration', accounts } satisfies AccountsFile);
    await client.query('commit');
    return 'seeded';
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

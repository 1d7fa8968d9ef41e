import { Service } from '@footbridge/contracts';
import pg from 'pg';

export interface Provisioned {
  /** Each service's own connections: `databaseUrl` as the role that works, `migrationUrl` as the role that owns the tables. */
  readonly services: Readonly<Record<Service, { readonly databaseUrl: string; readonly migrationUrl: string }>>;
  /** The Postgres transport's. */
  readonly busUrl: string;
  /** The identity provider's. */
  readonly identityUrl: string;
}

/** Roles of the instance and the schema that each works in; an owner's schema is its own. */
const roles: readonly { readonly name: string; readonly schema: string; readonly owns: boolean }[] = [
  ...Service.values.flatMap((schema) => [{ name: `${schema}_owner`, schema, owns: true }, { name: `${schema}_app`, schema, owns: false }]),
  { name: 'bus', schema: 'bus', owns: true },
  { name: 'identity', schema: 'identity', owns: true },
];

export const provisionedRoles: readonly string[] = roles.map(({ name }) => name);

/**
 * Makes the database, a schema a service, and roles that see their own schema only and are neither superuser nor free of
 * row-level security. Safe to repeat: what is there stays, passwords become the given ones.
 */
export async function provision(adminUrl: (database: string) => string, passwords: Readonly<Record<string, string>>, database = 'footbridge'): Promise<Provisioned> {
  await asAdmin(adminUrl('postgres'), async (client) => {
    // Roles belong to the server: two instances on it (tests) must not change the same one at the same time.
    await client.query('select pg_advisory_lock(hashtext($1))', ['footbridge provision']);
    await client.query('revoke connect on database postgres, template1 from public');
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
    for (const { name } of roles) {
      const { rowCount: there } = await client.query('select from pg_roles where rolname = $1', [name]);
      await client.query(`${there === 0 ? 'create' : 'alter'} role ${name} login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${client.escapeLiteral(password(passwords, name))}`);
    }
    await asAdmin(adminUrl(database), async (own) => {
      const named = own.escapeIdentifier(database);
      await own.query(`revoke all on database ${named} from public; revoke all on schema public from public; grant connect, temporary on database ${named} to ${provisionedRoles.join(', ')}`);
      for (const { name, schema, owns } of roles) {
        await own.query(owns ? `create schema if not exists ${schema} authorization ${name}` : `grant usage on schema ${schema} to ${name}`);
        await own.query(`alter role ${name} set search_path = ${schema}`);
      }
    });
  });
  const url = (name: string): string => {
    const address = new URL(adminUrl(database));
    address.username = name;
    address.password = encodeURIComponent(password(passwords, name));
    return address.href;
  };
  const service = (name: Service): { databaseUrl: string; migrationUrl: string } => ({ databaseUrl: url(`${name}_app`), migrationUrl: url(`${name}_owner`) });
  return {
    services: { referrals: service('referrals'), shelters: service('shelters'), returns: service('returns'), reintegration: service('reintegration'), notifications: service('notifications') },
    busUrl: url('bus'), identityUrl: url('identity'),
  };
}

function password(passwords: Readonly<Record<string, string>>, role: string): string {
  const found = passwords[role];
  if (found === undefined) throw new Error(`no password for role ${role}`);
  return found;
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try { await work(client); } finally { await client.end(); }
}

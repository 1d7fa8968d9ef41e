import { readFileSync } from 'node:fs';
import { migrate } from '@footbridge/service';
import { ownPostgres } from '@footbridge/testing';
import { services as definitions } from '../../apps/footbridge/src/services.js';
import pg from 'pg';

/** The four psql commands that init.sql uses: \set, \getenv, \connect and :'variable'. */
async function psql(server: string, script: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const variables = new Map<string, string>();
  const connection = (database: string): pg.Client => {
    const url = new URL(server);
    url.pathname = `/${database}`;
    return new pg.Client({ connectionString: url.href });
  };
  for (const part of `footbridge\n${script}`.split(/^\\connect /m)) {
    const [database = '', ...lines] = part.split('\n');
    const sql = lines.filter((line) => {
      const [, variable, name] = /^\\getenv (\w+) (\w+)$/.exec(line) ?? [];
      if (variable && name) { const value = environment[name]; if (value) variables.set(variable, value); }
      return !line.startsWith('\\');
    }).join('\n');
    const client = connection(database);
    await client.connect();
    // one by one, as psql sends them: CREATE DATABASE stands in no transaction
    try {
      for (const statement of sql.split(/;\s*$/m)) await client.query(statement.replace(/:'(\w+)'/g, (_whole, name: string) => client.escapeLiteral(variables.get(name) ?? '')));
    } finally { await client.end(); }
  }
}

const services = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'];
const passwords = Object.fromEntries([...services.flatMap((name) => [`${name.toUpperCase()}_OWNER_PASSWORD`, `${name.toUpperCase()}_APP_PASSWORD`]), 'KEYCLOAK_PASSWORD'].map((name) => [name, `pw-${name}`]));
const script = readFileSync('deploy/postgres/init.sql', 'utf8');

describe('init.sql, on a new PostgreSQL', () => {
  const server = ownPostgres();
  const as = async (role: string, database = 'footbridge', password = passwords[`${role.toUpperCase()}_PASSWORD`] ?? ''): Promise<pg.Client> => {
    const url = new URL((await server).url);
    url.pathname = `/${database}`; url.username = role; url.password = password;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    return client;
  };
  const ask = async (role: string, sql: string): Promise<readonly unknown[]> => {
    const client = await as(role);
    try { return (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row)); } finally { await client.end(); }
  };

  beforeAll(async () => {
    const admin = new pg.Client({ connectionString: (await server).url });
    await admin.connect();
    await admin.query('CREATE DATABASE footbridge'); // POSTGRES_DB of the image
    await admin.end();
    await psql((await server).url, script, passwords);
  });
  afterAll(async () => { await (await server).remove(); });

  it('gives every service a schema that its owner role fills', async () => {
    for (const service of services) {
      await ask(`${service}_owner`, 'CREATE TABLE kept (id int)');
      expect(await ask(`${service}_owner`, `SELECT schemaname FROM pg_tables WHERE tablename = 'kept' AND tableowner = current_user`)).toEqual([service]);
    }
  });

  it('lets the working role into its own schema only, with nothing that was not granted', async () => {
    expect(await ask('referrals_app', 'SELECT current_schema()')).toEqual(['referrals']);
    await expect(ask('referrals_app', 'SELECT * FROM referrals.kept')).rejects.toThrow('permission denied for table');
    await expect(ask('referrals_app', 'SELECT * FROM shelters.kept')).rejects.toThrow('permission denied for schema');
    await expect(ask('referrals_app', 'CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
    await expect(ask('referrals_owner', 'SELECT * FROM shelters.kept')).rejects.toThrow('permission denied for schema');
    await expect(ask('referrals_app', 'CREATE TABLE public.mine (id int)')).rejects.toThrow('permission denied');
  });

  it('lets every working role make the functions of its session, without which no service reads or commits', async () => {
    for (const service of services) {
      const client = await as(`${service}_app`);
      try {
        await client.query(`create function pg_temp.read_it() returns text language sql as 'select current_schema()::text'`);
        expect((await client.query('select pg_temp.read_it() as schema')).rows).toEqual([{ schema: service }]);
      } finally { await client.end(); }
    }
  });

  it('lets every owner role bring its schema to the newest migration, and needs nothing more for it', async () => {
    await expect(ask('referrals_owner', 'CREATE TEMPORARY TABLE mine (id int)')).rejects.toThrow('permission denied');
    for (const definition of definitions) {
      const url = new URL((await server).url);
      url.pathname = '/footbridge'; url.username = `${definition.name}_owner`; url.password = passwords[`${definition.name.toUpperCase()}_OWNER_PASSWORD`] ?? '';
      await migrate(definition, url.href);
      expect(await ask(`${definition.name}_app`, 'SELECT count(*)::int FROM reference')).toEqual([0]);
    }
  });

  it('makes no role that row-level security does not hold, or that may make others', async () => {
    expect(await ask('referrals_app', `SELECT count(*)::int FROM pg_roles WHERE (rolname ~ '_(owner|app)$' OR rolname = 'keycloak') AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit)`)).toEqual([11]);
  });

  it('keeps the sign-in server and the services out of each other’s databases', async () => {
    await (await as('keycloak', 'keycloak')).end();
    await expect(as('keycloak')).rejects.toThrow('permission denied for database');
    await expect(as('referrals_app', 'keycloak')).rejects.toThrow('permission denied for database');
    await expect(as('referrals_app', 'postgres')).rejects.toThrow('permission denied for database');
    await expect(as('referrals_app', 'footbridge', 'wrong')).rejects.toThrow('password authentication failed');
  });

  it('makes every role with a password from the environment', () => {
    const roles = script.split('\n').filter((line) => line.startsWith('CREATE ROLE'));
    expect(roles.length).toBe(11);
    for (const line of roles) expect(line).toMatch(/^CREATE ROLE (\w+) LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'\1';$/);
  });
});

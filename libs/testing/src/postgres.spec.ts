import { Client } from 'pg';
import { ownPostgres, postgresLog, testDatabase } from './postgres.js';

const ask = async (url: string, sql: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try { return (await client.query<Record<string, unknown>>(sql)).rows; } finally { await client.end().catch(() => undefined); }
};

describe('the PostgreSQL of the tests', () => {
  it('is PostgreSQL 18', async () => {
    expect(await ask(await testDatabase('version'), 'SHOW server_version')).toEqual([{ server_version: expect.stringMatching(/^18\./) }]);
  });

  it('gives every suite an empty database of its own', async () => {
    const [one, two] = [await testDatabase('same name'), await testDatabase('same name')];
    await ask(one, 'CREATE TABLE only_here (id int)');
    expect(one).not.toBe(two);
    await expect(ask(two, 'SELECT * FROM only_here')).rejects.toThrow('does not exist');
  });

  it('logs no value that a statement or a row carried', async () => {
    const url = await testDatabase('silence');
    await ask(url, 'CREATE TABLE t (name text PRIMARY KEY)');
    await expect(ask(url, `INSERT INTO t VALUES ('Quillfeather'), ('Quillfeather')`)).rejects.toThrow('duplicate key');
    expect(await postgresLog()).not.toContain('Quillfeather');
  });

  it('can be killed and started again where it was, with everything that was committed', async () => {
    const server = await ownPostgres();
    const url = await server.database('crash');
    await ask(url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
    await server.kill();
    await expect(ask(url, 'SELECT 1')).rejects.toThrow();
    await server.start();
    expect(await ask(url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
    await server.stop();
    await server.start();
    expect(await ask(url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
    await server.remove();
  });
});

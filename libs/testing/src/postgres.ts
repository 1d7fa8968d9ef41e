import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Client } from 'pg';
import { askKeeper } from './ask-keeper.js';

/** A fresh, empty database of the run's PostgreSQL 18, as its superuser. Roles belong to the server: name them after the database where suites would disagree. */
export async function testDatabase(name: string): Promise<string> {
  const { url = '' } = await askKeeper('shared', 'postgres');
  return createDatabase(url, name);
}

async function createDatabase(server: string, name: string): Promise<string> {
  const database = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 40)}_${randomBytes(4).toString('hex')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  try { await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`); } finally { await client.end(); }
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

export interface OwnServer {
  /** As an operator stops it. */
  stop(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Again, on the same port and the same files. */
  start(): Promise<void>;
  /** For ever, with its files. Whatever a test leaves is removed at the end of the run. */
  remove(): Promise<void>;
  /** What the server has logged so far. */
  log(): Promise<string>;
}

export async function ownServer(kind: 'postgres' | 'kafka'): Promise<OwnServer & { readonly url: string; readonly brokers: string; readonly folder: string }> {
  const { id = '', url = '', brokers = '', log = '' } = await askKeeper('own', kind);
  const act = (action: string) => async (): Promise<void> => { await askKeeper('server', id, action); };
  return { url, brokers, folder: dirname(log), stop: act('stop'), kill: act('kill'), start: act('start'), remove: act('remove'), log: () => readFile(log, 'utf8') };
}

/** A PostgreSQL 18 for one suite alone, for tests that stop, kill and restart it. */
export async function ownPostgres(): Promise<OwnServer & { /** the database `postgres`, as superuser */ readonly url: string; database(name: string): Promise<string> }> {
  const server = await ownServer('postgres');
  return { ...server, database: (name) => createDatabase(server.url, name) };
}

/** What the run's shared PostgreSQL has logged so far, for leak hunts. */
export async function postgresLog(): Promise<string> {
  const { log = '' } = await askKeeper('shared', 'postgres');
  return readFile(log, 'utf8');
}

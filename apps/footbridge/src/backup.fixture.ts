import { provision, provisionedRoles } from '@footbridge/service';
import pg from 'pg';
import type { DataFolder } from './data-folder.js';
import { startPostgres } from './postgres.js';

/** Works on the data of a folder as nobody but a test may. */
export async function inside<T>(at: DataFolder, work: (client: pg.Client, urls: Awaited<ReturnType<typeof provision>>) => Promise<T>): Promise<T> {
  const lock = await at.open('a test');
  const postgres = await startPostgres(at);
  try {
    const urls = await provision(postgres.adminUrl, await postgres.passwords(provisionedRoles));
    const client = new pg.Client({ connectionString: postgres.adminUrl('footbridge'), options: '-c timezone=UTC' });
    await client.connect();
    try { return await work(client, urls); } finally { await client.end(); }
  } finally { await postgres.stop(); await lock.release(); }
}

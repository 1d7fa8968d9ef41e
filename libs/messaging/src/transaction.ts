import type { Pool, PoolClient } from 'pg';

/** A connection for as long as the work takes. node-postgres lets nobody listen for its loss meanwhile, and unheard it would end the process; the next query tells. */
export async function borrowed<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const lose = (error: Error): void => { lost = error; };
  client.on('error', lose);
  try {
    return await work(client);
  } finally {
    client.removeListener('error', lose);
    client.release(lost);
  }
}

export const transaction = <T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> => borrowed(pool, async (tx) => {
  await tx.query('begin');
  try {
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    await tx.query('rollback').catch((broken: Error) => tx.emit('error', broken)); // not to be used again
    throw error;
  }
});

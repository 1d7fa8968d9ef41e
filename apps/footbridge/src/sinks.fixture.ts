import type { Sink } from '@footbridge/privacy/testing';
import { postgresLog, type OwnKafka } from '@footbridge/testing';
import pg from 'pg';

/** Every row of every table as text, sealed columns too: what is sealed cannot be read there either. What is kept as bytes stands in it as hex. */
export async function tables(databaseUrl: string): Promise<readonly Sink[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    const found: Sink[] = [];
    for (const { name } of rows) found.push({ name, content: (await client.query<{ r: string }>(`select row_to_json(t)::text as r from ${name} t`)).rows.map(({ r }) => r).join('\n') });
    return [...found, { name: 'PostgreSQL log', content: await postgresLog() }];
  } finally { await client.end(); }
}

/** Every message that a broker keeps, and what it has said itself. */
export async function topics(kafka: Pick<OwnKafka, 'kept' | 'log'>): Promise<readonly Sink[]> {
  return [...[...await kafka.kept()].map(([name, content]) => ({ name, content })), { name: 'Kafka log', content: await kafka.log() }];
}

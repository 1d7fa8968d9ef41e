import { canaryPerson, huntLeaks, type Sink } from '@footbridge/privacy/testing';
import { KafkaTransport, topicOf } from '@footbridge/messaging';
import { ownKafka, postgresLog, testInstance, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { demonstration } from '../demonstration.js';
import { services } from '../services.js';
import { Inbox } from './inbox.js';
import { makeNetwork } from './network.js';
import { journey } from './stories.js';
import { testWorld } from './test-world.fixture.js';
import type { World } from './world.js';

const people = Array.from({ length: 10 }, (_, n) => canaryPerson(n + 1));

/** Everything that the instance has written down or sent: tables outside the sealed columns, topics, logs, webhook bodies. */
async function sinks(instance: TestInstance, inbox: Inbox, answers: readonly string[]): Promise<Sink[]> {
  const client = new pg.Client({ connectionString: instance.databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ schema: string; name: string; columns: string[] }>(`select n.nspname as schema, c.relname as name, array_agg(quote_ident(a.attname)) as columns from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and a.attnum > 0 and not a.attisdropped and a.attname <> 'sealed' group by 1, 2`);
    const content = await Promise.all(tables.map(async ({ schema, name, columns }) => {
      const { rows } = await client.query<{ r: string }>(`select row_to_json(t)::text as r from (select ${columns.join(', ')} from "${schema}"."${name}") t`);
      // bytea is shown as hex: what it holds is searched as it is
      const bytes = rows.flatMap(({ r }) => [...r.matchAll(/\\\\x([0-9a-f]+)/g)].map(([, hex]) => Buffer.from(hex ?? '', 'hex').toString('utf8'))).join('\n');
      return { name: `${schema}.${name}`, content: `${rows.map(({ r }) => r).join('\n')}\n${bytes}` };
    }));
    return [...content, { name: 'PostgreSQL log', content: await postgresLog() }, { name: 'webhooks', content: inbox.requests.map((r) => JSON.stringify(r)).join('\n') }, { name: 'answers', content: answers.join('\n') }];
  } finally { await client.end(); }
}

/** Every message that the broker still has: key, headers and value. */
async function topics(brokers: readonly string[]): Promise<Sink> {
  const transport = new KafkaTransport({ brokers, clientId: 'hunt' });
  const seen: string[] = [];
  let last = Date.now();
  await transport.subscribe('hunt', services.map(({ name }) => topicOf(name)), ({ headers, body }) => { seen.push(`${JSON.stringify([...headers])} ${body.toString('utf8')}`); if (!headers.get('ce_type')?.includes('.watermark.')) last = Date.now(); return Promise.resolve('passed'); });
  while (!seen.some((message) => !message.includes('.watermark.')) || Date.now() - last < 5_000) await new Promise((resolve) => { setTimeout(resolve, 100); });
  await transport.close();
  // Each service spoke, or this reading was none.
  for (const { name } of services) expect(seen.some((message) => message.includes(`footbridge.${name}.`) && !message.includes('.watermark.'))).toBe(true);
  return { name: 'topics', content: seen.join('\n') };
}

const transports = [
  ['the Postgres transport', () => Promise.resolve(undefined)],
  ['Apache Kafka', () => ownKafka()],
] as const;
describe.each(transports)('the journey of ten invented people on %s', (_name, start) => {
  let instance: TestInstance, world: World, kafka: Awaited<ReturnType<typeof ownKafka>> | undefined;
  const inbox = new Inbox();
  const answers: string[] = [];
  const log: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  beforeAll(async () => {
    process.stderr.write = ((chunk: string | Uint8Array, ...rest: never[]) => { log.push(chunk.toString()); return write(chunk, ...rest); }) as typeof process.stderr.write;
    kafka = await start();
    instance = await testInstance(services, { name: 'journey', ...(kafka ? { brokers: kafka.brokers.split(',') } : {}) });
    await inbox.start();
    const plain = testWorld(instance);
    // What is answered is a sink too, but for the one receiver that she named, at the moment it fetches what she agreed to.
    world = { ...plain, as: (desk) => { const caller = plain.as(desk); const keep = async <T extends { body: unknown }>(reply: Promise<T>): Promise<T> => { const r = await reply; answers.push(JSON.stringify(r.body)); return r; }; return { ...caller, get: (p) => (p.endsWith('/needs') ? caller.get(p) : keep(caller.get(p))), post: (p, b, h) => keep(caller.post(p, b, h)), patch: (p, b, v) => keep(caller.patch(p, b, v)) }; } };
  });
  afterAll(async () => {
    process.stderr.write = write;
    await inbox.stop();
    await instance?.close();
    await kafka?.remove();
  });

  it('begins with a network of organisations', async () => { await makeNetwork(world, demonstration); });
  it('runs to its end for each of them; every second one withdraws on the way', async () => {
    await journey(world, people.map(({ givenName, familyName, phone }) => ({ givenName, familyName, phone })), inbox);
  }, 240_000);
  it('leaves no name anywhere but in sealed columns', async () => {
    const found = huntLeaks([...await sinks(instance, inbox, answers), ...(kafka ? [await topics(kafka.brokers.split(','))] : []), { name: 'log', content: log.join('') }], people);
    expect(found).toEqual([]);
  }, 120_000);
  it('and the hunt is no blind one: a name planted in a table is found', async () => {
    const client = new pg.Client({ connectionString: instance.databaseUrl });
    await client.connect();
    await client.query(`insert into referrals.idempotency (caller, key, request, status, headers, body) values ('acc_x', 'planted', 'x', 201, '{}', $1)`, [JSON.stringify({ note: Buffer.from(people[3]?.familyName ?? '').toString('base64') })]);
    await client.end();
    const found = huntLeaks((await sinks(instance, inbox, answers)).filter(({ name }) => name === 'referrals.idempotency'), people);
    expect(found.map(({ canary, field }) => `${canary} ${field}`)).toContain('canary 4 familyName');
  }, 120_000);
  it('leaves nothing parked, nothing unsent, and as many audit rows as versions', async () => {
    const client = new pg.Client({ connectionString: instance.databaseUrl });
    await client.connect();
    try {
      for (const service of services) {
        expect([service.name, (await client.query(`select reason, handler from ${service.name}.parked`)).rows]).toEqual([service.name, []]);
        for (const l of service.lifecycles) {
          const table = `${service.name}."${l.name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()}"`;
          const { rows } = await client.query(`select t.id from ${table} t where t.version <> (select count(distinct a.version) from ${service.name}.audit a where a.aggregate = t.id and a.kind = $1)`, [l.prefix]);
          expect([table, rows]).toEqual([table, []]);
        }
      }
    } finally { await client.end(); }
  });
});

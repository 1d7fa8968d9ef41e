import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import pg from 'pg';

/** A message as somebody would write it who has the broker and not our code: no gate has seen it. */
export interface RawMessage { readonly partition: number; readonly key: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }
export interface BrokerWriter { publish(topic: string, messages: readonly RawMessage[]): Promise<void>; close(): Promise<void> }

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

/** Writes past every transport of ours, for tests of what is not ours, and of hunts that must find what is planted. Waits until the topic is there. */
export function brokerWriter(to: { readonly kafka: string } | { readonly bus: string }): BrokerWriter {
  if ('kafka' in to) {
    const kafka = new Kafka({ clientId: 'writer', brokers: to.kafka.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 } });
    let producer: Promise<Producer> | undefined;
    const connected = async (): Promise<Producer> => { const made = kafka.producer({ allowAutoTopicCreation: false }); await made.connect(); return made; };
    return {
      publish: async (topic, messages) => { await (await (producer ??= connected())).send({ topic, acks: -1, messages: messages.map(({ partition, key, headers, body }) => ({ partition, key, headers, value: body })) }); },
      close: async () => { await (await producer)?.disconnect(); },
    };
  }
  const pool = new pg.Pool({ connectionString: to.bus, max: 1 });
  const made = async (): Promise<void> => {
    for (const until = Date.now() + 20_000; Date.now() < until; await sleep(50)) if ((await pool.query<{ made: boolean }>("select to_regclass('bus.event') is not null as made")).rows[0]?.made) return;
  };
  return {
    publish: async (topic, messages) => {
      await made();
      await pool.query('select bus.publish($1, $2, $3, $4, $5, $6)', [topic, messages.map((m) => m.partition), messages.map((m) => m.key), messages.map((m) => JSON.stringify(m.headers)), messages.map((m) => m.body), messages.map(() => false)]);
    },
    close: () => pool.end(),
  };
}

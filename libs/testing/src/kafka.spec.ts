import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaBrokers, ownKafka } from './kafka.js';
import { waitUntil } from './wait-until.js';

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

const client = (brokers: string): Kafka => new Kafka({ clientId: 'broker-test', brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 } });

async function createTopic(kafka: Kafka): Promise<string> {
  const topic = `test.${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
  await admin.disconnect();
  return topic;
}

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'k', value }] });
  await producer.disconnect();
}

async function everything(kafka: Kafka, topic: string, count: number): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: randomUUID(), sessionTimeout: 6_000 });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => { values.push(String(message.value)); } });
  await waitUntil(`${count} messages`, () => values.length >= count);
  await consumer.disconnect();
  return values;
}

describe('the Kafka of the tests', () => {
  it('gives back what was sent', async () => {
    const kafka = client(await kafkaBrokers());
    const topic = await createTopic(kafka);
    await send(kafka, topic, 'first');
    expect(await everything(kafka, topic, 1)).toEqual(['first']);
  });

  it('makes no topic by itself', async () => {
    const kafka = client(await kafkaBrokers());
    const producer = new Kafka({ brokers: (await kafkaBrokers()).split(','), logLevel: logLevel.NOTHING, retry: { retries: 0 } }).producer();
    await producer.connect();
    await expect(producer.send({ topic: `never.${randomUUID()}`, messages: [{ value: 'x' }] })).rejects.toThrow();
    await producer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    expect((await admin.listTopics()).filter((topic) => topic.startsWith('never.'))).toEqual([]);
    await admin.disconnect();
  });

  it('can be killed and started again on the same port, with every message it had confirmed', async () => {
    const broker = await ownKafka();
    const kafka = client(broker.brokers);
    const topic = await createTopic(kafka);
    await send(kafka, topic, 'before');
    await broker.kill();
    await broker.start();
    await send(kafka, topic, 'after');
    expect(await everything(kafka, topic, 2)).toEqual(['before', 'after']);
    await broker.remove();
  });
});

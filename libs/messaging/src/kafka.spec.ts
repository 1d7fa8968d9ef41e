import { brokerWriter, kafkaBrokers, ownKafka, ownPostgres, testDatabase, waitUntil } from '@footbridge/testing';
import { KafkaTransport } from './kafka.js';
import { transportSuite } from './transport-suite.js';

transportSuite('events over Kafka', {
  waitUntil,
  database: () => testDatabase('messaging_kafka'),
  async transport() {
    const brokers = await kafkaBrokers();
    return { make: () => new KafkaTransport({ brokers: brokers.split(','), sessionTimeoutMs: 6_000 }), environment: { KAFKA: brokers }, writer: () => brokerWriter({ kafka: brokers }) };
  },
  async ownDatabase() {
    const server = await ownPostgres();
    return { stop: () => server.kill(), start: () => server.start(), remove: () => server.remove(), url: await server.database('messaging') };
  },
  async ownBroker() {
    const broker = await ownKafka();
    return { stop: () => broker.stop(), start: () => broker.start(), remove: () => broker.remove(), make: () => new KafkaTransport({ brokers: [broker.brokers], sessionTimeoutMs: 6_000 }) };
  },
});

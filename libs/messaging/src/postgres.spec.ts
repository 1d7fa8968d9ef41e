import { brokerWriter, ownPostgres, testDatabase, waitUntil } from '@footbridge/testing';
import { PostgresTransport } from './postgres.js';
import { transportSuite } from './transport-suite.js';

transportSuite('events over Postgres', {
  waitUntil,
  database: () => testDatabase('messaging_postgres'),
  async transport() {
    const url = await testDatabase('bus');
    return { make: () => new PostgresTransport({ url }), environment: { BUS: url }, writer: () => brokerWriter({ bus: url }) };
  },
  async ownDatabase() {
    const server = await ownPostgres();
    return { stop: () => server.kill(), start: () => server.start(), remove: () => server.remove(), url: await server.database('messaging') };
  },
  async ownBroker() {
    const server = await ownPostgres();
    return { stop: () => server.stop(), start: () => server.start(), remove: () => server.remove(), make: () => new PostgresTransport({ url: server.url }) };
  },
});

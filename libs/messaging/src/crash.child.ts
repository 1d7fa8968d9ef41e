import { KafkaTransport } from './kafka.js';
import { PostgresTransport } from './postgres.js';
import { aggregates, counting, range, Stage, started } from './stage.js';
import type { Transport } from './transport.js';

/** A process that kills itself (SIGKILL) at the worst moment. */
const { CRASH = '', DATABASE = '', SOURCE = '', SCHEMA = '', KAFKA = '', BUS = '' } = process.env;

const stage = new Stage(DATABASE, () => (KAFKA ? new KafkaTransport({ brokers: [KAFKA], sessionTimeoutMs: 6_000 }) : new PostgresTransport({ url: BUS })), SOURCE);
const pool = stage.pool(SCHEMA);
const transport = stage.transport();
const die = (): never => { process.kill(process.pid, 'SIGKILL'); throw new Error('gone'); };

const dying: Transport = {
  subscribe: (group, topics, onEvent) => transport.subscribe(group, topics, onEvent), read: (place) => transport.read(place), close: () => transport.close(),
  async publish(topic, batch) {
    if (batch[0]?.partition !== undefined) return transport.publish(topic, batch);
    if (CRASH === 'before send') die();
    await transport.publish(topic, batch);
    die();
  },
};

if (CRASH === 'after effect') {
  const server = stage.server(pool, transport, SCHEMA);
  let handled = 0;
  server.addHandler(stage.counted.type, async (event, context) => {
    await counting('Counting')(event, context);
    handled += 1;
    if (handled === 7) die();
  }, true, { handler: 'Counting' });
  await started(server);
} else {
  for (const aggregate of aggregates(5)) await stage.write(pool, range(10).map((version) => stage.event(aggregate, version)));
  await stage.relay(pool, dying).start();
}

import { askKeeper } from './ask-keeper.js';
import { ownServer, type OwnServer } from './postgres.js';

/** A real Kafka for the whole run: KAFKA_BROKERS if set, else a container, else a broker of our own. No topic makes itself. */
export async function kafkaBrokers(): Promise<string> {
  const { brokers = '' } = await askKeeper('shared', 'kafka');
  return brokers;
}

/** A broker for one suite alone, for tests that stop, kill and restart it. */
export async function ownKafka(): Promise<OwnServer & { readonly brokers: string }> {
  return ownServer('kafka');
}

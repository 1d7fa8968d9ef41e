import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { askKeeper } from './ask-keeper.js';
import { ownServer, type OwnServer } from './postgres.js';

/** A real Kafka for the whole run: KAFKA_BROKERS if set, else a container, else a broker of our own. No topic makes itself. */
export async function kafkaBrokers(): Promise<string> {
  const { brokers = '' } = await askKeeper('shared', 'kafka');
  return brokers;
}

export interface OwnKafka extends OwnServer {
  readonly brokers: string;
  /** What the broker keeps of each topic, byte by byte: keys, headers and values of every message. */
  kept(): Promise<ReadonlyMap<string, Buffer>>;
}

/** A broker for one suite alone, for tests that stop, kill and restart it, or read what it has written. */
export async function ownKafka(): Promise<OwnKafka> {
  const server = await ownServer('kafka');
  const data = join(server.folder, 'data');
  return {
    ...server,
    kept: async () => {
      const topics = new Map<string, Buffer>();
      for (const partition of await readdir(data, { withFileTypes: true })) {
        const topic = /^(.+)-\d+$/.exec(partition.name)?.[1];
        if (!partition.isDirectory() || topic === undefined) continue;
        const segments = (await readdir(join(data, partition.name))).filter((name) => name.endsWith('.log'));
        topics.set(topic, Buffer.concat([topics.get(topic) ?? Buffer.alloc(0), ...await Promise.all(segments.map((name) => readFile(join(data, partition.name, name))))]));
      }
      return topics;
    },
  };
}

/** For a suite whose events must do the same on both: `describe.each(transports)('… on %s', (_name, start) => …)`. */
export const transports: readonly (readonly [name: string, start: () => Promise<OwnKafka | undefined>])[] = [['the Postgres transport', () => Promise.resolve(undefined)], ['Apache Kafka', ownKafka]];

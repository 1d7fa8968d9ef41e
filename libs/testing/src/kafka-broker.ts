import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { java } from './java.js';
import { kafkaJars } from './kafka-jars.js';
import { ServerProcess } from './server-process.js';

const run = promisify(execFile);
const HOW_TO_GET_ONE = 'To get one: set KAFKA_BROKERS to a running Kafka, or start a container engine, or let the tests fetch a broker (Java 17 or newer on the PATH, or a network for npm, Maven Central and Temurin).';

/** Apache Kafka, one KRaft node on loopback, its files in a folder of its own. */
export class KafkaBroker {
  private constructor(private readonly process: ServerProcess, readonly port: number) {}

  static async create(folder: string): Promise<KafkaBroker> {
    const [program, jars] = await Promise.all([java(), kafkaJars()]).catch((error: unknown) => {
      throw new Error(`No Kafka broker: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown reason'}. ${HOW_TO_GET_ONE}`);
    });
    await mkdir(folder, { recursive: true });
    const [port, controller] = [await freePort(), await freePort()];
    const properties = join(folder, 'server.properties');
    await writeFile(properties, Object.entries(settings(folder, port, controller)).map(([name, value]) => `${name}=${value}\n`).join(''));
    // a broker that lives for minutes: a small heap, one collector thread, no time spent on optimising
    const flags = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')];
    await run(program, [...flags, 'kafka.tools.StorageTool', 'format', `--cluster-id=${randomBytes(16).toString('base64url')}`, '-c', properties]);
    return new KafkaBroker(new ServerProcess(program, [...flags, 'kafka.Kafka', properties], join(folder, 'kafka.log')), port);
  }

  get brokers(): string { return `127.0.0.1:${this.port}`; }
  get log(): string { return this.process.log; }

  start(): Promise<void> { return this.process.start(() => answers(this.port)); }
  stop(): Promise<void> { return this.process.signal('SIGTERM'); }
  kill(): Promise<void> { return this.process.signal('SIGKILL'); }
}

function settings(folder: string, port: number, controller: number): Readonly<Record<string, string | number | boolean>> {
  return {
    'process.roles': 'broker,controller', 'node.id': 1, 'controller.quorum.voters': `1@127.0.0.1:${controller}`, 'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`, 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': join(folder, 'data'), 'auto.create.topics.enable': false, 'num.network.threads': 2, 'num.io.threads': 4, 'log.cleaner.dedupe.buffer.size': 16_777_216,
    'offsets.topic.replication.factor': 1, 'offsets.topic.num.partitions': 5, 'transaction.state.log.replication.factor': 1, 'transaction.state.log.min.isr': 1, 'transaction.state.log.num.partitions': 5,
    'broker.heartbeat.interval.ms': 200, 'broker.session.timeout.ms': 1_000, // a killed broker is let in again after its session's end
    'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 1_000, 'controlled.shutdown.enable': false,
  };
}

/** Asks for ApiVersions (key 18, version 0): the broker answers as soon as it serves requests. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])));
    const end = (answered: boolean): void => { socket.destroy(); resolve(answered); };
    socket.setTimeout(1_000, () => { end(false); });
    socket.once('data', () => { end(true); });
    socket.once('error', () => { end(false); });
    socket.once('close', () => { end(false); });
  });
}

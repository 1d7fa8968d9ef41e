import { randomUUID } from 'node:crypto';
import type { WireMessage } from '@footbridge/privacy';
import kafkajs, { type Consumer, type EachBatchPayload, type IHeaders, type KafkaConfig, type KafkaMessage, type Producer } from 'kafkajs';
import { backoff, pause } from './bell.js';
import { PARTITIONS } from './partition.js';
import { outgoing, TransportAway, type Arrival, type OnEvent, type Outgoing, type Outcome, type Place, type Subscription, type Transport } from './transport.js';

export interface KafkaOptions extends Pick<KafkaConfig, 'ssl' | 'sasl'> {
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** Copies of a topic that this transport has to create; the broker's own default if not given. */
  readonly replicationFactor?: number;
  readonly retentionMs?: number;
  /** How long a member of a group may be silent before its partitions go to the others. */
  readonly sessionTimeoutMs?: number;
  readonly onTrouble?: (code: string) => void;
}

const DAY = 86_400_000;
/** One produce request stays below the broker's limit for a batch (1 MB by default). */
const REQUEST_BYTES = 500_000;
/** Kafka's client fetches for all partitions at once and waits for all: a partition that takes longer than this is set aside. */
const PATIENCE = 500;
/** How long a fetch waits for news. A partition that was set aside comes back with the next one. */
const FETCH_WAIT = 400;
/** Some hundred events: what a partition handles between two fetches. */
const FETCH_BYTES = 131_072;
const COMMIT_AFTER = 250;
const COMMIT_PASSED_AFTER = 5_000;

/** Apache Kafka by kafkajs, which is imported in this file only. */
export class KafkaTransport implements Transport {
  readonly #o: KafkaOptions;
  readonly #kafka: kafkajs.Kafka;
  readonly #topics = new Map<string, Promise<void>>();
  readonly #subscriptions = new Set<KafkaSubscription>();
  #producer: Promise<Producer> | undefined;

  constructor(options: KafkaOptions) {
    this.#o = options;
    this.#kafka = new kafkajs.Kafka({
      clientId: options.clientId ?? 'footbridge', brokers: [...options.brokers], ...(options.ssl === undefined ? {} : { ssl: options.ssl }), ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
      connectionTimeout: 3_000, requestTimeout: 15_000, enforceRequestTimeout: true, retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
      // its messages may quote what it was sending; what an operator needs comes as codes by onTrouble
      logCreator: () => () => undefined,
    });
  }

  async publish(topic: string, batch: readonly WireMessage[]): Promise<void> {
    const passed = outgoing(topic, batch);
    try {
      await this.#ensure(topic);
      const producer = await (this.#producer ??= this.#connect());
      for (const messages of requests(passed)) {
        await producer.send({ topic, acks: -1, messages: messages.map((m) => ({ partition: m.partition, key: m.key, value: m.body, headers: m.headers })) });
      }
    } catch (error) {
      // the next try begins with a new producer: nobody knows what the broker has of this one's sequence
      const failed = this.#producer;
      this.#producer = undefined;
      failed?.then((producer) => producer.disconnect()).catch(() => undefined);
      throw new TransportAway(codeOf(error));
    }
  }

  subscribe(group: string, topics: readonly string[], onEvent: OnEvent): Promise<Subscription> {
    const subscription = new KafkaSubscription(() => this.#kafka.consumer({
      groupId: group, sessionTimeout: this.#o.sessionTimeoutMs ?? 10_000, heartbeatInterval: Math.min(2_000, (this.#o.sessionTimeoutMs ?? 10_000) / 4), rebalanceTimeout: 20_000,
      maxWaitTimeInMs: FETCH_WAIT, maxBytesPerPartition: FETCH_BYTES, allowAutoTopicCreation: false, retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: () => Promise.resolve(false) },
    }), topics, (topic) => this.#ensure(topic), onEvent, (code) => this.#o.onTrouble?.(code));
    this.#subscriptions.add(subscription);
    return Promise.resolve({ close: () => { this.#subscriptions.delete(subscription); return subscription.close(); } });
  }

  async read(place: Place): Promise<Arrival | undefined> {
    const groupId = `footbridge.reading.${randomUUID()}`;
    const consumer = this.#kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: FETCH_WAIT, retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) } });
    let timer: NodeJS.Timeout | undefined;
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [place.topic], fromBeginning: false });
      return await new Promise<Arrival | undefined>((resolve, reject) => {
        timer = setTimeout(() => { reject(new TransportAway('TIMEOUT')); }, 20_000);
        consumer.on(consumer.events.CRASH, ({ payload }) => { reject(new TransportAway(codeOf(payload.error))); });
        consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch: ({ batch }) => {
          // a watermark follows each second: the first message at or after the place tells whether it is still there
          const found = batch.partition === place.partition ? batch.messages.find((m) => BigInt(m.offset) >= BigInt(place.offset)) : undefined;
          if (found) resolve(found.offset === place.offset ? arrival(place.topic, place.partition, found) : undefined);
          return Promise.resolve();
        } }).catch(reject);
        consumer.seek({ topic: place.topic, partition: place.partition, offset: place.offset });
      });
    } catch (error) {
      throw new TransportAway(codeOf(error));
    } finally {
      clearTimeout(timer);
      await consumer.disconnect().catch(() => undefined);
      const admin = this.#kafka.admin();
      await admin.connect().then(() => admin.deleteGroups([groupId])).catch(() => undefined);
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** What the broker keeps of these topics at this moment, watermarks among it, and for how long. Of a topic that is not there: nothing. */
  async kept(topics: readonly string[]): Promise<{ readonly messages: number; readonly retentionMs?: number }> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      const there = (await admin.listTopics()).filter((topic) => topics.includes(topic));
      if (there.length === 0) return { messages: 0 };
      const offsets = (await Promise.all(there.map((topic) => admin.fetchTopicOffsets(topic)))).flat();
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: there.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms'] })) });
      const kept = resources.flatMap(({ configEntries }) => configEntries.filter(({ configName }) => configName === 'retention.ms').map(({ configValue }) => Number(configValue)));
      return { messages: offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0), ...(kept.length > 0 ? { retentionMs: kept.some((ms) => ms < 0) ? Infinity : Math.max(...kept) } : {}) };
    } catch (error) { throw new TransportAway(codeOf(error)); } finally { await admin.disconnect().catch(() => undefined); }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
    await this.#producer?.then((producer) => producer.disconnect()).catch(() => undefined);
    this.#producer = undefined;
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, createPartitioner: () => ({ message }) => message.partition ?? 0, retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 } });
    await producer.connect();
    return producer;
  }

  /** A topic is never made by accident: with another number of partitions the order of an aggregate would be lost. */
  #ensure(topic: string): Promise<void> {
    const known = this.#topics.get(topic) ?? this.#create(topic);
    this.#topics.set(topic, known);
    known.catch(() => { this.#topics.delete(topic); });
    return known;
  }

  async #create(topic: string): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      await admin.createTopics({ waitForLeaders: true, topics: [{
        topic, numPartitions: PARTITIONS, ...(this.#o.replicationFactor === undefined ? {} : { replicationFactor: this.#o.replicationFactor }),
        configEntries: [{ name: 'retention.ms', value: String(this.#o.retentionMs ?? 7 * DAY) }, { name: 'cleanup.policy', value: 'delete' }],
      }] });
      const { topics: [made] } = await admin.fetchTopicMetadata({ topics: [topic] });
      if (made?.partitions.length !== PARTITIONS) throw new TransportAway('TOPIC_PARTITIONS');
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

/** What the group gave this member, until it changes its mind. */
class Assignment {
  readonly #over = new AbortController();
  /** Another assignment has come: what this one knows of offsets is out of date. */
  replaced = false;
  get over(): AbortSignal { return this.#over.signal; }
  end(): void { this.#over.abort(); }
}

/** A member of a consumer group that comes back by itself, however often its client gives up. */
class KafkaSubscription {
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** The partitions whose messages are being handled now. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #committedAt = new Map<string, number>();
  #assignment = new Assignment();

  constructor(
    private readonly create: () => Consumer, private readonly topics: readonly string[], private readonly ensure: (topic: string) => Promise<void>,
    private readonly onEvent: OnEvent, private readonly onTrouble: (code: string) => void,
  ) { this.#running = this.#run(); }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#assignment.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1) {
      const consumer = this.create();
      const crash = new AbortController();
      consumer.on(consumer.events.CRASH, ({ payload }) => { this.onTrouble(codeOf(payload.error)); crash.abort(); });
      consumer.on(consumer.events.REBALANCING, () => { this.#assignment.end(); });
      consumer.on(consumer.events.GROUP_JOIN, () => {
        failures = 0;
        this.#assign(new Assignment());
        consumer.resume(this.topics.map((topic) => ({ topic }))); // set aside in the last assignment, read again in this one
      });
      try {
        await Promise.all(this.topics.map((topic) => this.ensure(topic)));
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
        await consumer.run({
          autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: this.topics.length * PARTITIONS,
          eachBatch: (batch) => this.#begin(batch, this.#assignment),
        });
        await aborted(AbortSignal.any([crash.signal, this.#closing.signal]));
      } catch (error) {
        this.onTrouble(codeOf(error));
      }
      this.#assignment.end();
      await Promise.all(this.#lanes.values());
      await consumer.disconnect().catch(() => undefined);
      await pause(backoff(failures), this.#closing.signal);
    }
  }

  #assign(next: Assignment): void {
    this.#assignment.end();
    this.#assignment.replaced = true;
    this.#assignment = next;
    if (this.#closing.signal.aborted) next.end();
  }

  async #begin(payload: EachBatchPayload, assignment: Assignment): Promise<void> {
    const partition = `${payload.batch.topic}/${payload.batch.partition}`;
    const before = this.#lanes.get(partition) ?? Promise.resolve(); // left over from an earlier assignment
    const lane = before.then(() => this.#handle(payload, assignment)).finally(() => { if (this.#lanes.get(partition) === lane) this.#lanes.delete(partition); });
    this.#lanes.set(partition, lane);
    let patience: NodeJS.Timeout | undefined;
    await Promise.race([lane, new Promise((over) => { patience = setTimeout(over, PATIENCE); })]);
    clearTimeout(patience);
    if (this.#lanes.get(partition) !== lane) return;
    const resume = payload.pause();
    void lane.then(() => { if (!assignment.over.aborted) resume(); });
  }

  /** One after the other. Resolving an offset moves what is fetched next; committing it, what is fetched after a restart. */
  async #handle({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload, assignment: Assignment): Promise<void> {
    const { topic, partition } = batch;
    const key = `${topic}/${partition}`;
    let acted = false;
    let handled: string | undefined;
    const commit = async (): Promise<void> => {
      if (handled === undefined || assignment.replaced) return; // the next owner begins at the last commit; the inbox knows what was done since
      const offset = String(BigInt(handled) + 1n);
      this.#committedAt.set(key, performance.now());
      acted = false;
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] }).catch((error: unknown) => { this.onTrouble(codeOf(error)); });
    };
    const due = (): boolean => performance.now() - (this.#committedAt.get(key) ?? 0) >= (acted ? COMMIT_AFTER : COMMIT_PASSED_AFTER);
    for (const message of batch.messages) {
      const outcome = await this.#one(arrival(topic, partition, message), assignment.over);
      if (outcome === undefined) break;
      if (outcome === 'acted') acted = true;
      handled = message.offset;
      if (!assignment.replaced) resolveOffset(message.offset);
      if (due()) await commit();
    }
    if (acted || due() || assignment.over.aborted) await commit();
  }

  /** Undefined: it is somebody else's now. */
  async #one(event: Arrival, over: AbortSignal): Promise<Outcome | undefined> {
    for (let failures = 0; !over.aborted; failures += 1) {
      try { return await this.onEvent(event, over); } catch {
        if (over.aborted) break;
        this.onTrouble('EVENT_NOT_HANDLED');
        await pause(backoff(failures), over);
      }
    }
    return undefined;
  }
}

function* requests(batch: readonly Outgoing[]): Generator<Outgoing[]> {
  let request: Outgoing[] = [];
  let bytes = 0;
  for (const message of batch) {
    const size = message.body.length + 600; // its headers
    if (request.length > 0 && bytes + size > REQUEST_BYTES) { yield request; request = []; bytes = 0; }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

const arrival = (topic: string, partition: number, message: KafkaMessage): Arrival =>
  ({ topic, partition, offset: message.offset, headers: texts(message.headers ?? {}), body: message.value ?? Buffer.alloc(0) });

function texts(headers: IHeaders): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || Array.isArray(value)) return new Map();
    found.set(name, value.toString());
  }
  return found;
}

/** A code of the protocol or the name of the client's error: never its message. */
function codeOf(error: unknown): string {
  if (error instanceof TransportAway) return error.code;
  if (typeof error === 'object' && error !== null && 'type' in error && typeof error.type === 'string') return error.type;
  return error instanceof Error ? error.name : 'KAFKA';
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve(); else signal.addEventListener('abort', () => { resolve(); }, { once: true });
});

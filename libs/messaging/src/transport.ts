import { PrivacyRefusal, WireMessage } from '@footbridge/privacy';
import { partitionOf } from './partition.js';

/** What a client library is given of a message. */
export interface Outgoing {
  readonly partition: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** A later message of the same kind makes this one worthless (watermarks): it need not be kept. */
  readonly passing: boolean;
}

/**
 * The last look before a socket: what no gate has made, or has made for another topic, is not sent.
 * @throws PrivacyRefusal NOT_THROUGH_THE_GATE
 */
export function outgoing(topic: string, batch: readonly WireMessage[]): readonly Outgoing[] {
  return batch.map((message) => {
    if (!WireMessage.is(message) || message.topic !== topic) throw new PrivacyRefusal('NOT_THROUGH_THE_GATE');
    const { partition, key, headers, body } = message;
    return { partition: partition ?? partitionOf(key), key, headers, body: body.bytes(), passing: partition !== undefined };
  });
}

/** Where a message stands on a transport. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface Arrival extends Place {
  /** Empty where the message's headers are not one text per name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** `acted`: something was stored, so the place in the topic is stored soon too. `passed`: to see this message again costs nothing. */
export type Outcome = 'acted' | 'passed';

/** The signal is given when the partition now belongs to somebody else, or the subscription closes: stop waiting, reject. */
export type OnEvent = (arrival: Arrival, signal: AbortSignal) => Promise<Outcome>;

export interface Subscription { close(): Promise<void> }

/**
 * Carries events between services: Kafka, or Postgres for the embedded default.
 * Order is kept per partition. A place is stored only after its event was handled, so each event arrives at least once.
 */
export interface Transport {
  /** Resolves when all of the batch is safe with the transport; rejects when none, some or all of it may be. Takes what the gate has made, and nothing else. */
  publish(topic: string, batch: readonly WireMessage[]): Promise<void>;
  /** Members of a group share the partitions. Resolves at once, also while the transport is away: it goes on trying. An event whose handling rejects comes again. */
  subscribe(group: string, topics: readonly string[], onEvent: OnEvent): Promise<Subscription>;
  /** One message again, as long as the transport still has it. */
  read(place: Place): Promise<Arrival | undefined>;
  close(): Promise<void>;
}

/** The broker does not answer, or refuses. Says no more than a code: a client library's error may hold the message. */
export class TransportAway extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = 'TransportAway';
  }
}

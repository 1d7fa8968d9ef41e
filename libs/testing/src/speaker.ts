import { randomUUID } from 'node:crypto';
import type { ContractEvent, Service } from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { newRef } from '@footbridge/privacy';
import { newestSchema, service, type ServiceDefinition } from '@footbridge/service';
import type { TestInstance } from './instance.js';

/**
 * A neighbour that only speaks: what a test has it say goes through a real outbox, relay and transport, watermarks included,
 * so that one service can be tested alone and still not be blind.
 */
export const speaker = (name: Service): ServiceDefinition => {
  class Speaker1764000000000 {
    name = 'Speaker1764000000000';
    async up(q: { query(text: string): Promise<unknown> }): Promise<void> { await q.query(newestSchema(name)); }
    down(): Promise<void> { return Promise.resolve(); }
  }
  return service({ name, lifecycles: [], migrations: [Speaker1764000000000] });
};

export interface Said {
  readonly aggregate?: string; readonly version?: number; readonly copy?: number; readonly recipient?: string; readonly subject?: string; readonly caseRef?: string; readonly owner?: string;
  readonly consentRef?: string; readonly about?: string;
}

/** Has the event's own service say it. Returns the aggregate that it is about. */
export async function say(instance: TestInstance, event: ContractEvent, said: Said, data: Readonly<Record<string, unknown>>): Promise<string> {
  const speaking = instance.services.get(event.service);
  if (!speaking) throw new Error(`${event.service} is not in this instance`);
  const { aggregate = randomUUID(), version = 1, copy = 0, ...rest } = said;
  const now = instance.clock.now().toISOString();
  const audience = event.audience === 'network' ? 'network' : event.audience === 'directed' && said.recipient ? 'directed' : 'instance';
  const time = audience === 'directed' ? `${now.slice(0, 16)}:00Z` : audience === 'network' ? `${now.slice(0, 13)}:00:00Z` : now;
  const row = outboxRow({ id: newRef('evt'), type: event.type, time, audience, aggregate, version, copy, ...rest, data: speaking.gate.encode(event, data, {}) });
  await speaking.engine.store.commit('', [{ t: 'outbox', op: 'insert', row }], []);
  return aggregate;
}

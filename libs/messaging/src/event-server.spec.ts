import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ReferralAccepted, ReferralSent, events } from '@footbridge/contracts';
import { createGate, newRef, type EventDef, type WireMessage } from '@footbridge/privacy';
import { testDatabase, waitUntil } from '@footbridge/testing';
import type { Pool } from 'pg';
import { connectEvents } from './connect-events.js';
import type { EventContext } from './context.js';
import { EventServer } from './event-server.js';
import type { ReceivedEvent } from './event.js';
import { PostgresTransport } from './postgres.js';
import { HandlerRefusal } from './refusal.js';
import { Stage } from './stage.js';
import type { Transport } from './transport.js';

const canary = 'Wilhelmina Xochitl';
const seen: string[] = [];
let fail: Error | undefined;

@Controller()
class Beds {
  @EventPattern<string>(ReferralSent.type)
  async hold(@Payload() event: ReceivedEvent<{ readonly state: string }>, @Ctx() context: EventContext): Promise<void> {
    seen.push(`hold ${event.data.state} ${event.service}`);
    await context.once('hold', async () => { seen.push('held'); return Promise.resolve(); });
  }
  @EventPattern<string>(ReferralSent.type)
  async count(@Payload() event: ReceivedEvent, @Ctx() context: EventContext): Promise<void> {
    await context.once('count', () => { seen.push(`counted ${event.version}`); return Promise.resolve(); });
  }
  @EventPattern([ReferralAccepted.type])
  accepted(event: ReceivedEvent): void { seen.push(`accepted ${event.version}`); }
}
@Controller()
class Alerts {
  @EventPattern<string>(ReferralSent.type)
  async raise(@Payload() _event: ReceivedEvent, @Ctx() context: EventContext): Promise<void> {
    await context.once('Alerts', async (tx) => { await tx.query("insert into effect (handler) values ('Alerts')"); if (fail) throw fail; });
  }
}
@Module({ controllers: [Beds, Alerts] })
class Handlers {}

@Controller()
class Asking { @MessagePattern(ReferralSent.type) ask(): string { return ''; } }
@Module({ controllers: [Asking] })
class Questions {}

@Controller()
class Guessing { @EventPattern<string>('footbridge.referrals.no-such-thing.v1') guess(): void { seen.push('never'); } }
@Module({ controllers: [Guessing] })
class Guesses {}

describe('an EventServer in a Nest app', () => {
  const stages: Stage[] = [];
  const apps: NestFastifyApplication[] = [];
  const logged: string[] = [];
  const log = (...words: unknown[]): void => { logged.push(words.map((word) => (word instanceof Error ? `${word.message}${word.stack ?? ''}` : JSON.stringify(word))).join(' ')); };
  const logger = { log, error: log, warn: log, debug: log, verbose: log, fatal: log };

  beforeEach(() => { seen.length = 0; logged.length = 0; fail = undefined; });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await Promise.all(stages.splice(0).map((stage) => stage.end()));
  });

  const app = async (module: new () => object): Promise<{ app: NestFastifyApplication; server: EventServer; transport: Transport; pool: Pool; connect(): Promise<void> }> => {
    const [database, bus] = await Promise.all([testDatabase('event_server'), testDatabase('bus')]);
    const stage = new Stage(database, () => new PostgresTransport({ url: bus }), 'referrals');
    stages.push(stage);
    const pool = await stage.schema('shelters');
    const made = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger, abortOnError: false });
    apps.push(made);
    const transport = stage.transport();
    const server = new EventServer({ transport, group: 'shelters', pool, events, gate: createGate(), retry: { delays: [5] } });
    return { app: made, server, transport, pool, connect: async () => { connectEvents(made, server); await made.startAllMicroservices(); } };
  };
  const aggregate = '3f0f3c53-1111-4222-8333-444455556666';
  const message = (def: EventDef, state: string, version: number): WireMessage => createGate().message(
    def, {
      topic: 'footbridge.referrals', key: aggregate, ce_specversion: '1.0', ce_source: 'footbridge', 'content-type': 'application/json', ce_id: newRef('evt'), ce_type: def.type, ce_time: '2026-11-24T03:06:00Z', ce_subject: newRef('rfr'), ce_audience: 'directed',
      ce_recipient: newRef('org'), ce_aggregate: aggregate, ce_version: String(version), ce_copy: '0',
    },
    createGate().encode(def, { referral: newRef('rfr'), state, version, priority: 'EMERGENCY', from: newRef('org'), to: newRef('org'), ...(state === 'sent' ? { dueAt: '2026-11-25T03:06:00Z' } : {}) }, {}).bytes(),
  );

  test('gives ordinary @EventPattern methods their events, each class under its own name', async () => {
    const { server, transport, pool, connect } = await app(Handlers);
    await connect();
    await transport.publish('footbridge.referrals', [message(ReferralSent, 'sent', 2), message(ReferralAccepted, 'accepted', 3)]);
    await waitUntil('both events', () => seen.includes('accepted 3'));
    expect(seen).toEqual(['hold sent referrals', 'held', 'counted 2', 'accepted 3']);
    const { rows } = await pool.query<{ handler: string }>('select handler from inbox order by handler');
    expect(rows.map((row) => row.handler)).toEqual(['Alerts', 'count', 'hold']);
    expect(await server.parked.list()).toEqual([]);
  });

  test.each([
    ['an error that names somebody', new Error(canary), 'HANDLER_FAILED'],
    ['a refusal', new HandlerRefusal('CONSENT_REQUIRED', true), 'CONSENT_REQUIRED'],
    ['a database error', Object.assign(new Error(`Key (name)=(${canary})`), { code: '23505', detail: canary }), 'DATABASE_23505'],
  ])('parks what throws %s under a code, and nothing of it is logged', async (_what, error, code) => {
    const { server, transport, pool, connect } = await app(Handlers);
    const out = [process.stdout, process.stderr].map((stream) => overhear(stream));
    try {
      await connect();
      fail = error;
      await transport.publish('footbridge.referrals', [message(ReferralSent, 'sent', 2)]);
      await waitUntil('a parked event', async () => (await server.parked.list()).length === 1);
      expect(await server.parked.list()).toMatchObject([{ handler: 'Alerts', reason: code, attempts: 2 }]);
      expect(seen.filter((word) => word === 'held')).toHaveLength(1); // the other class was neither stopped nor run again
      fail = undefined;
      const [parked] = await server.parked.list();
      expect(await server.parked.replay(parked?.id ?? '')).toEqual({ handled: 1 });
      const { rows } = await pool.query("select 1 from effect where handler = 'Alerts'");
      expect(rows).toHaveLength(1); // what failed was rolled back
    } finally {
      expect(`${logged.join('\n')}${out.map((stop) => stop()).join('')}`).not.toMatch(/Wilhelmina|CONSENT_REQUIRED|at .*\.ts/);
    }
  });

  test('refuses handlers that are not for events, of unknown events, and without a name', async () => {
    const asking = await app(Questions);
    await expect(asking.connect()).rejects.toThrow('services talk by events only');
    const guessing = await app(Guesses);
    await expect(guessing.connect()).rejects.toThrow('no such event in the contracts');
    const nameless = await app(Handlers);
    expect(() => nameless.app.connectMicroservice({ strategy: nameless.server })).toThrow('connectEvents');
  });
});

/** Listens to what a stream is given; returns how to stop, and what came. */
function overhear(stream: NodeJS.WriteStream): () => string {
  const write = stream.write.bind(stream);
  let heard = '';
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => { heard += chunk.toString(); return write(chunk, ...rest); }) as typeof stream.write;
  return () => { stream.write = write; return heard; };
}

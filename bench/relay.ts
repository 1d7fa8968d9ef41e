import { randomUUID } from 'node:crypto';
import { ReferralAcknowledged, events } from '@footbridge/contracts';
import { KafkaTransport, Relay, attributeRow, metadataOf, outboxRow, topicOf, type OutgoingEvent } from '@footbridge/messaging';
import { createGate, newRef } from '@footbridge/privacy';
import { migrate, provision } from '@footbridge/service';
import { referralsService } from '@footbridge/referrals';
import { ownKafka, testDatabase } from '@footbridge/testing';
import pg from 'pg';
import { rounds, type Rate, type Result } from './rounds.js';

/** P4: a backlog in the outbox to Kafka with acks=all, against the same bytes produced in batches without a database. */
export async function relay(quick: boolean): Promise<Result> {
  const size = quick ? 10_000 : 100_000;
  const kafka = await ownKafka();
  const admin = await testDatabase('bench-relay');
  const at = (name: string): string => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; };
  const urls = (await provision(at, new Proxy({}, { get: (_, role) => `test-${String(role)}` }), new URL(admin).pathname.slice(1))).services.referrals;
  await migrate(referralsService, urls.migrationUrl);
  const pool = new pg.Pool({ connectionString: urls.databaseUrl, options: '-c search_path=referrals', max: 6 });
  const transport = new KafkaTransport({ brokers: kafka.brokers.split(',') });
  const gate = createGate();
  const [from, to] = [newRef('org'), newRef('org')];
  const backlog: OutgoingEvent[] = Array.from({ length: size }, () => {
    const [aggregate, subject] = [randomUUID(), newRef('rfr')];
    return { id: newRef('evt'), type: ReferralAcknowledged.type, time: '2026-11-24T03:06:00Z', subject, audience: 'directed', recipient: to, aggregate, version: 3, copy: 0, owner: from,
      data: gate.encode(ReferralAcknowledged, { referral: subject, state: 'acknowledged', version: 3, priority: 'EMERGENCY', from, to }, {}) };
  });
  const topic = topicOf('referrals');
  const messages = backlog.map((e) => gate.message(ReferralAcknowledged, metadataOf('referrals', attributeRow(e)), e.data.bytes()));
  const timed = async (work: () => Promise<void>): Promise<Rate> => { const [t, c] = [process.hrtime.bigint(), process.cpuUsage()]; await work(); const used = process.cpuUsage(c); return { perSecond: size / (Number(process.hrtime.bigint() - t) / 1e9), cpuMicroseconds: (used.user + used.system) / size }; };
  const raw = (): Promise<Rate> => timed(async () => { for (let i = 0; i < messages.length; i += 500) await transport.publish(topic, messages.slice(i, i + 500)); });
  const ours = async (): Promise<Rate> => {
    for (let i = 0; i < backlog.length; i += 1_000) await pool.query('insert into outbox (id, type, time, subject, audience, recipient, aggregate, version, copy, owner, data) select id, type, time, subject, audience, recipient, aggregate, version, copy, owner, data from jsonb_populate_recordset(null::outbox, $1)', [JSON.stringify(backlog.slice(i, i + 1_000).map(outboxRow))]);
    const relay = new Relay({ pool, transport, service: 'referrals', gate, events });
    const rate = await timed(async () => { await relay.start(); await relay.drain(); });
    await relay.stop();
    return rate;
  };
  await raw();
  const result = await rounds('relay', 5, raw, ours, { ours: { events: size }, reference: { events: size, what: 'the same bytes in batches of 500, no database' } });
  await transport.close();
  await pool.end();
  await kafka.remove();
  return result;
}

import { kafkaBrokers, testDatabase, waitUntil } from '@footbridge/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaTransport } from './kafka.js';
import { PostgresTransport } from './postgres.js';
import { aggregates, counting, range, Stage, started } from './stage.js';
import { partitionOf } from './partition.js';
import { headersOf } from './event.js';
import type { Transport } from './transport.js';

const say = (text: string) => process.stdout.write(`${text}\n`);
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000; };
const q = (xs: number[], p: number) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length * p)]?.toFixed(1);

for (const kind of ['postgres', 'kafka'] as const) test(kind, async () => {
  const database = await testDatabase('scratch');
  const bus = await testDatabase('bus');
  const brokers = kind === 'kafka' ? await kafkaBrokers() : '';
  const make = (): Transport => kind === 'kafka' ? new KafkaTransport({ brokers: [brokers] }) : new PostgresTransport({ url: bus });
  {
    const stage = new Stage(database, make);
    const source = await stage.schema(`drain_${kind}`);
    const keys = aggregates(1000);
    for (const v of range(20)) await stage.write(source, keys.map((k) => stage.event(k, v)));
    const { rows } = await source.query('select * from outbox order by position');
    const transport = stage.transport();
    const other = new Stage(database, make);
    const t2 = other.transport();
    await transport.publish(`footbridge.${stage.source}`, []); await t2.publish(`footbridge.${other.source}`, [{ partition: 0, key: 'x', headers: {}, body: Buffer.from('') }]);
    const messages = rows.map((row) => ({ partition: partitionOf(row.aggregate), key: row.aggregate, headers: headersOf(row), body: row.data }));
    let at = performance.now(); let c = cpu();
    for (let i = 0; i < messages.length; i += 500) await t2.publish(`footbridge.${other.source}`, messages.slice(i, i + 500));
    const raw = performance.now() - at; const rawCpu = cpu() - c;
    at = performance.now(); c = cpu();
    const relay = stage.relay(source, transport); await relay.start(); await relay.drain();
    const ours = performance.now() - at; const oursCpu = cpu() - c;
    say(`${kind}: 20,000 rows: raw publish ${Math.round(20_000_000 / raw)}/s (${(rawCpu / 20).toFixed(0)} µs), relay ${Math.round(20_000_000 / ours)}/s (${(oursCpu / 20).toFixed(0)} µs), ratio ${(raw / ours).toFixed(2)}`);
    await stage.end(); await other.end();
  }
  {
    const stage = new Stage(database, make);
    const source = await stage.schema(`lat_${kind}`); const target = await stage.schema(`lat2_${kind}`);
    await stage.relay(source, stage.transport()).start();
    const began = new Map<string, number>(); const took: number[] = [];
    const server = stage.server(target, stage.transport(), 'lat');
    server.addHandler(stage.counted.type, async (event, ctx) => { took.push(performance.now() - (began.get(event.id) ?? 0)); await counting('Counting')(event, ctx); }, true, { handler: 'Counting' });
    await started(server);
    const keys = aggregates(50);
    const one = async (i: number) => { const row = stage.event(keys[i % 50] ?? '', i); began.set(String(row['id']), performance.now()); await stage.write(source, [row]); };
    await one(0); await waitUntil('first', () => took.length === 1);
    await sleep(1000);
    for (const [rate, n] of [[20, 200], [200, 1000]] as const) {
      took.length = 0;
      const start = performance.now(); const jobs: Promise<void>[] = [];
      for (let i = 0; i < n; i++) { const due = start + i * 1000 / rate; const d = due - performance.now(); if (d > 0) await sleep(d); jobs.push(one(i + 1)); }
      await Promise.all(jobs); await waitUntil('all', () => took.length >= n);
      say(`${kind}: commit -> handler at ${rate}/s: p50 ${q(took, 0.5)} p90 ${q(took, 0.9)} p99 ${q(took, 0.99)} ms`);
    }
    await stage.end();
  }
  {
    const stages = range(5).map(() => new Stage(database, make));
    for (const [i, stage] of stages.entries()) {
      const pool = await stage.schema(`idle_${kind}_${i}`);
      await stage.relay(pool, stage.transport()).start();
      const all = Object.assign({}, ...stages.map((s) => s.events));
      const server = stage.server(pool, stage.transport(), `idle${i}`, { events: all });
      for (const s of stages) server.addHandler(s.counted.type, counting('C'), true, { handler: 'C' });
      await started(server);
    }
    await waitUntil('fresh', async () => (await Promise.all(stages.flatMap((s) => s.servers.flatMap((x) => stages.map((o) => x.freshness.fresh(o.source)))))).every(Boolean));
    const at = performance.now(), c = cpu();
    await sleep(8000);
    say(`${kind}: idle, 5 relays + 5 servers on 5 topics: ${((cpu() - c) / (performance.now() - at) * 100).toFixed(1)} % of a core, RSS ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
    if (kind === 'postgres') { const p = stages[0]!.pool('bus'); void p; const pg = await import('pg'); const cl = new pg.default.Client({ connectionString: bus }); await cl.connect(); say(JSON.stringify((await cl.query('select count(*) from bus.event')).rows)); await cl.end(); }
    for (const s of stages) await s.end();
  }
}, 120_000);

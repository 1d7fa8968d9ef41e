import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { newRef, WireBytes, type WireMessage } from '@footbridge/privacy';
import type { Pool } from 'pg';
import { metadataOf, topicOf } from './event.js';
import type { EventServer } from './event-server.js';
import { partitionOf } from './partition.js';
import { HandlerRefusal } from './refusal.js';
import { Held } from './held.js';
import { aggregates, byAggregate, counting, effects, expected, gate, range, Stage, started } from './stage.js';
import type { Transport } from './transport.js';

export interface Broker { stop(): Promise<void>; start(): Promise<void>; remove(): Promise<void> }

/** A message that no gate has made, and who writes it to the broker past our transports. */
interface RawMessage { readonly partition: number; readonly key: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }
interface RawWriter { publish(topic: string, messages: readonly RawMessage[]): Promise<void>; close(): Promise<void> }

export interface Ground {
  /** A fresh database for the services of this suite. */
  database(): Promise<string>;
  /** A new client of the broker that all tests share, and what a child process needs to make one. */
  transport(): Promise<{ make(): Transport; readonly environment: Readonly<Record<string, string>>; writer(): RawWriter }>;
  /** A database server of one test's own, and a database in it. */
  ownDatabase(): Promise<Broker & { readonly url: string }>;
  /** A broker of one test's own, that may be stopped. */
  ownBroker(): Promise<Broker & { make(): Transport }>;
  waitUntil(what: string, question: () => Promise<boolean> | boolean, options?: { readonly within?: number }): Promise<unknown>;
}

/** What every transport has to hold. The same rules for Kafka and for Postgres. */
export function transportSuite(name: string, ground: Ground): void {
  const { waitUntil } = ground;
  let database: string;
  let broker: Awaited<ReturnType<Ground['transport']>>;
  const stages: Stage[] = [];
  const figures: string[] = [];

  const open = (make?: () => Transport): Stage => {
    const stage = new Stage(database, make ?? (() => broker.make()));
    stages.push(stage);
    return stage;
  };
  const child = async (stage: Stage, crash: string, schema: string): Promise<NodeJS.Signals | null> => {
    const program = spawn(process.execPath, ['--conditions=source', '--import', '@swc-node/register/esm-register', fileURLToPath(new URL('./crash.child.ts', import.meta.url))], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)), stdio: 'ignore', env: { PATH: process.env['PATH'], ...broker.environment, CRASH: crash, DATABASE: database, SOURCE: stage.source, SCHEMA: schema },
    });
    const late = setTimeout(() => program.kill('SIGTERM'), 30_000);
    return new Promise((resolve) => { program.once('exit', (_code, signal) => { clearTimeout(late); resolve(signal); }); });
  };
  const count = async (pool: Pool, table: string): Promise<number> => Number((await pool.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);
  const bytesOf = (row: Readonly<Record<string, unknown>>): Buffer => Buffer.from(String(row['data']).slice(2), 'hex');
  const message = (stage: Stage, row: Readonly<Record<string, unknown>>): WireMessage => gate.message(stage.events[String(row['type'])] ?? stage.counted, metadataOf(stage.source, row), bytesOf(row));
  const forged = (row: Readonly<Record<string, unknown>>, change: Readonly<Record<string, string | undefined>> = {}, body?: string): RawMessage => {
    const headers: Record<string, string> = { ce_specversion: '1.0', ce_source: 'footbridge', 'content-type': 'application/json' };
    for (const [column, value] of Object.entries(row)) if (column !== 'data') headers[`ce_${column.replaceAll('_', '')}`] = String(value);
    for (const [header, value] of Object.entries(change)) if (value === undefined) delete headers[header]; else headers[header] = value;
    const key = String(row['aggregate']);
    return { partition: partitionOf(key), key, headers, body: body === undefined ? bytesOf(row) : Buffer.from(body) };
  };

  describe(name, () => {
    beforeAll(async () => { [database, broker] = await Promise.all([ground.database(), ground.transport()]); });
    afterAll(() => { for (const figure of figures) process.stdout.write(`${name}: ${figure}\n`); });
    afterEach(async () => { await Promise.all(stages.splice(0).map((stage) => stage.end())); });

    test('keeps the order of each aggregate, whichever replica handles it', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('order_source'), await stage.schema('order_target')];
      const keys = aggregates(40);
      for (const version of range(10)) await stage.write(source, keys.map((key) => stage.event(key, version)));
      await stage.relay(source, stage.transport()).start();
      await stage.listening(target, stage.transport(), 'order');
      await stage.listening(target, stage.transport(), 'order');
      await waitUntil('all effects', async () => await count(target, 'effect') === 400);
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 10));
      expect(await count(source, 'outbox')).toBe(0);
      expect(await count(target, 'parked')).toBe(0);
    });

    test('a slow transaction that commits a lower position later loses nothing', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('slow_source'), await stage.schema('slow_target')];
      const [early, late] = aggregates(2);
      await stage.relay(source, stage.transport()).start();
      await stage.listening(target, stage.transport(), 'slow');
      const slow = await source.connect();
      await slow.query('begin');
      await stage.write(slow, [stage.event(early ?? '', 1)]);
      await stage.write(source, [stage.event(late ?? '', 1)]);
      await waitUntil('the later position', async () => await count(target, 'effect') === 1);
      await slow.query('commit');
      slow.release();
      await waitUntil('the earlier position', async () => await count(target, 'effect') === 2);
    });

    test('an event that comes twice takes effect once, for each handler', async () => {
      const stage = open();
      const target = await stage.schema('twice_target');
      const transport = stage.transport();
      const [key] = aggregates(1);
      const rows = range(3).map((version) => stage.event(key ?? '', version));
      await stage.listening(target, transport, 'twice', { names: ['Counting', 'Other'] });
      const topic = topicOf(stage.source);
      await transport.publish(topic, rows.map((row) => message(stage, row)));
      await transport.publish(topic, rows.map((row) => message(stage, row)));
      await transport.publish(topic, [message(stage, stage.event(key ?? '', 4))]);
      await waitUntil('the last event', async () => (await effects(target, 'Other')).some((e) => e.version === 4));
      expect((await effects(target)).map((e) => e.version)).toEqual([1, 2, 3, 4]);
      expect((await effects(target, 'Other')).map((e) => e.version)).toEqual([1, 2, 3, 4]);
      expect(await count(target, 'inbox')).toBe(8);
    });

    test.each(['before send', 'after send'])('a relay killed %s loses nothing and doubles no effect', async (crash) => {
      const stage = open();
      const schema = crash.replace(' ', '_');
      const [source, target] = [await stage.schema(`${schema}_source`), await stage.schema(`${schema}_target`)];
      expect(await child(stage, crash, `${schema}_source`)).toBe('SIGKILL');
      expect(await count(source, 'outbox')).toBe(50);
      const keys = (await source.query<{ aggregate: string }>('select distinct aggregate from outbox')).rows.map((row) => row.aggregate);
      await stage.relay(source, stage.transport()).start();
      await stage.listening(target, stage.transport(), `${schema}_target`);
      await waitUntil('all effects', async () => await count(target, 'effect') >= 50);
      await waitUntil('an empty outbox', async () => await count(source, 'outbox') === 0);
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 10));
    });

    test('a consumer killed between effect and offset has the effect once', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('effect_source'), await stage.schema('effect_target')];
      const keys = aggregates(6);
      await stage.write(source, keys.flatMap((key) => range(5).map((version) => stage.event(key, version))));
      await stage.relay(source, stage.transport()).start();
      expect(await child(stage, 'after effect', 'effect_target')).toBe('SIGKILL');
      expect(await count(target, 'effect')).toBeGreaterThanOrEqual(7);
      let again = 0;
      const done = new Set((await effects(target)).map((e) => e.event_id));
      await stage.listening(target, stage.transport(), 'effect_target', { handle: (event) => { if (done.has(event.id)) again += 1; } });
      await waitUntil('all effects', async () => await count(target, 'effect') === 30);
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 5));
      expect(again).toBeGreaterThan(0); // the event did come a second time
    });

    test('an event whose handler always fails is parked and stops nothing but its own key', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('fails_source'), await stage.schema('fails_target')];
      const [bad, good] = aggregates(2) as [string, string];
      const caseRef = newRef('csr');
      let broken = true;
      let tries = 0;
      await stage.relay(source, stage.transport()).start();
      const server = await stage.listening(target, stage.transport(), 'fails', { names: [] });
      server.addHandler(stage.counted.type, counting('Counting', (event) => {
        if (event.aggregate !== bad || event.version !== 2 || !broken) return;
        tries += 1;
        throw new HandlerRefusal('BED_NOT_HELD', true);
      }), true, { handler: 'Counting' });
      server.addHandler(stage.counted.type, counting('Other'), true, { handler: 'Other' });
      await server.close();
      await started(server);
      await stage.write(source, range(4).flatMap((version) => [stage.event(bad, version, { caseRef }), stage.event(good, version)]));
      await waitUntil('everything else', async () => (await effects(target)).length === 5 && (await effects(target, 'Other')).length === 8);
      expect(byAggregate(await effects(target))).toEqual({ [bad]: [1], [good]: [1, 2, 3, 4] });
      expect(tries).toBe(3); // once, and after each delay
      const parked = await server.parked.list();
      expect(parked.map((p) => [p.handler, p.event.version, p.state, p.reason, p.attempts])).toEqual([
        ['Counting', 2, 'parked', 'BED_NOT_HELD', 3], ['Counting', 3, 'waiting', 'BEHIND_PARKED', 0], ['Counting', 4, 'waiting', 'BEHIND_PARKED', 0]]);
      expect(JSON.stringify(parked)).not.toContain(caseRef);
      await waitUntil('watermarks', () => server.freshness.fresh(stage.source));
      expect(await server.freshness.fresh(stage.source, caseRef)).toBe(false);
      expect(await server.freshness.fresh(stage.source, newRef('csr'))).toBe(true);

      const id = parked[0]?.id ?? '';
      expect(await server.parked.replay(id)).toEqual({ handled: 0, reason: 'BED_NOT_HELD' });
      broken = false;
      await stage.write(source, [stage.event(bad, 5, { caseRef })]);
      await waitUntil('the fifth behind the others', async () => (await server.parked.list()).length === 4);
      expect(await server.parked.replay(id)).toEqual({ handled: 4 });
      await stage.write(source, [stage.event(bad, 6, { caseRef })]);
      await waitUntil('the sixth', async () => (await effects(target)).length === 10);
      expect(byAggregate(await effects(target))[bad]).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await server.parked.list()).toEqual([]);
      expect(await server.freshness.fresh(stage.source, caseRef)).toBe(true);
    });

    test('a dropped event is never handled, those behind it go on', async () => {
      const stage = open();
      const target = await stage.schema('drop_target');
      const transport = stage.transport();
      const [key] = aggregates(1) as [string];
      let broken = true;
      const server = await stage.listening(target, transport, 'drop', { handle: (event) => { if (event.version === 1 && broken) throw new HandlerRefusal('NEVER', false); } });
      const rows = range(3).map((version) => stage.event(key, version));
      await transport.publish(topicOf(stage.source), rows.map((row) => message(stage, row)));
      await waitUntil('three parked', async () => (await server.parked.list()).length === 3);
      const [first] = await server.parked.list();
      expect(first).toMatchObject({ reason: 'NEVER', attempts: 1 });
      const asked: unknown[] = [];
      await expect(server.parked.drop(first?.id ?? '', { may: ({ type, aggregate }) => { asked.push([type, aggregate]); return false; } })).rejects.toMatchObject({ code: 'PARKED_IS_KEPT' });
      expect([asked, (await server.parked.list()).length]).toEqual([[[stage.counted.type, key]], 3]);
      await expect(server.parked.drop(first?.id ?? '', { may: () => true, note: () => Promise.reject(new Error('not written')) })).rejects.toThrow('not written');
      expect((await server.parked.list()).length).toBe(3); // what is not written down is not done
      expect(await server.parked.drop(first?.id ?? '', { may: () => true })).toEqual({ handled: 2 });
      broken = false; // and it comes once more
      await transport.publish(topicOf(stage.source), [...rows, stage.event(key, 4)].map((row) => message(stage, row)));
      await waitUntil('the fourth', async () => (await effects(target)).length === 3);
      expect((await effects(target)).map((e) => e.version)).toEqual([2, 3, 4]);
      expect((await server.parked.list({ dropped: true })).map((p) => p.state)).toEqual(['dropped']);
      await expect(server.parked.replay(first?.id ?? '')).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' });
    });

    test('what is not ours is parked with its reason, keeps nothing that could name a person, and stops nobody', async () => {
      const stage = open();
      const target = await stage.schema('foreign_target');
      const transport = stage.transport();
      const server = await stage.listening(target, transport, 'foreign');
      const keys = aggregates(9) as [string, string, string, string, string, string, string, string, string];
      const canary = 'Wilhelmina-Xochitl';
      const topic = topicOf(stage.source);
      const writer = broker.writer();
      await writer.publish(topic, [
        forged(stage.event(keys[0], 1), { ce_source: canary }),
        forged(stage.event(keys[1], 1), { ce_type: `footbridge.${stage.source}.never-heard-of.v1` }),
        forged(stage.event(keys[2], 1), { ce_type: `footbridge.${stage.source}.counted.v2` }, `{"name":"${canary}"}`),
        forged(stage.event(keys[3], 1), {}, `{"version":1,"name":"${canary}"}`),
        forged(stage.event(keys[4], 1), {}, canary),
        forged(stage.event(keys[5], 1), { ce_subject: canary }),
        forged(stage.event(keys[6], 1), { ce_name: canary }),
        forged({ ...stage.event(keys[7], 1), type: stage.noted.type }), // known, but nobody here wants it
        forged(stage.event(keys[3], 2)),
        forged(stage.event(keys[8], 1)),
      ]);
      await writer.close();
      await waitUntil('the good one', async () => (await effects(target)).length === 1);
      await waitUntil('the others', async () => (await server.parked.list()).length === 8);
      const parked = await server.parked.list();
      expect(Object.fromEntries(parked.filter((p) => p.state === 'parked').map((p) => [p.reason, p.handler]))).toEqual({
        NOT_OURS: '*', TYPE_UNKNOWN: '*', VERSION_UNKNOWN: '*', UNEXPECTED_FIELD: '*', BODY_MALFORMED: '*', HEADER_REFUSED: '*', HEADER_UNKNOWN: '*' });
      expect(parked.find((p) => p.state === 'waiting')).toMatchObject({ handler: 'Counting', event: { aggregate: keys[3], version: 2 } });
      const { rows } = await target.query<{ text: string; data: Buffer | null }>('select parked::text as text, data from parked');
      for (const row of rows) expect(`${row.text}${row.data?.toString() ?? ''}`).not.toMatch(/Wilhelmina|57696c68656c6d696e61/i);
      const refused = parked.find((p) => p.reason === 'UNEXPECTED_FIELD');
      expect(await server.parked.replay(refused?.id ?? '')).toEqual({ handled: 0, reason: 'UNEXPECTED_FIELD' });
      expect(await server.parked.drop(refused?.id ?? '', { may: () => true })).toEqual({ handled: 1 });
    });

    test('T05 takes nothing that the gate has not made, and nothing that it has made for another topic', async () => {
      const stage = open();
      const transport = stage.transport();
      const topic = topicOf(stage.source);
      const row = stage.event(aggregates(1)[0] ?? '', 1);
      const good = message(stage, row);
      const look = { topic, key: good.key, headers: { ...good.headers, ce_subject: 'Arta Example' }, body: good.body };
      for (const forgery of [forged(row), look, Object.assign(Object.create(Object.getPrototypeOf(good) as object) as object, look), { ...good }, null, 'Arta Example', WireBytes]) {
        await expect(transport.publish(topic, [good, forgery as never])).rejects.toThrow('NOT_THROUGH_THE_GATE');
      }
      await expect(transport.publish('footbridge.arta', [good])).rejects.toThrow('NOT_THROUGH_THE_GATE');
      await transport.publish(topic, [good]);
    });

    test('T05 what stands in the outbox without the gate\'s leave stays there, under a code, and holds up only what comes later of its aggregate', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('held_source'), await stage.schema('held_target')];
      const canary = 'Arta Example';
      const keys = aggregates(15);
      const [lane = '', ...others] = keys;
      const key = (n: number): string => others[n] ?? '';
      const body = (text: string): string => `\\x${Buffer.from(text).toString('hex')}`;
      const bad: readonly (readonly [code: string, row: Record<string, unknown>])[] = [
        ['METADATA_INVALID', stage.event(lane, 1, { subject: canary, traceparent: canary })],
        ['METADATA_INVALID', stage.event(key(0), 1, { traceparent: canary })],
        ['UNEXPECTED_FIELD', { ...stage.event(key(1), 1), data: body(JSON.stringify({ name: canary })) }],
        ['BODY_NOT_CANONICAL', { ...stage.event(key(2), 1), data: body('{"version":1 }') }],
        ['BODY_MALFORMED', { ...stage.event(key(3), 1), data: body(canary) }],
        ['METADATA_INVALID', { ...stage.event(key(4), 1), id: canary }],
        ['METADATA_INVALID', stage.event(key(5), 1, { time: canary })],
        ['METADATA_INVALID', stage.event(key(6), 1, { caseRef: canary })],
        ['METADATA_INVALID', stage.event(key(7), 1, { owner: canary, recipient: canary, consentRef: canary, causedBy: canary })],
        ['METADATA_INVALID', stage.event(key(8), 1, { audience: canary as never })],
        ['METADATA_INVALID', { ...stage.event(key(9), 1), version: -1 }],
        ['TYPE_UNKNOWN', { ...stage.event(key(10), 1), type: `footbridge.${stage.source}.never-heard-of.v1` }],
      ].map(([code, row]) => [code as string, row as Record<string, unknown>]);
      // what no build could have written is nobody's news: it is not sent, and nothing waits for it
      const foreign = { ...stage.event(key(11), 1), type: canary, data: body(JSON.stringify({ name: canary })) };
      await stage.listening(target, stage.transport(), 'held');
      const heard = stage.server(target, stage.transport(), 'held');
      await stage.write(source, bad.map(([, row]) => row));
      await stage.write(source, [foreign, stage.event(key(11), 2), stage.event(lane, 2), stage.event(key(12), 1), stage.event(key(12), 2)]);
      await stage.relay(source, stage.transport()).start();
      await waitUntil('what has passed', async () => await count(target, 'effect') === 3);
      const held = new Held(source, stage.source);
      const listed = await held.list();
      expect(listed.map(({ reason }) => reason)).toEqual([...bad.map(([code]) => code), 'TYPE_UNKNOWN']);
      expect(JSON.stringify(listed)).not.toContain('Arta');
      expect(new Set(stage.troubles)).toEqual(new Set(listed.map(({ reason }) => `HELD_${reason}`)));
      await sleep(1_500);
      expect(await heard.freshness.heardOf(stage.source)).toBe(false); // nobody is told that they have heard everything
      expect(byAggregate(await effects(target))).toEqual({ [key(11)]: [2], [key(12)]: [1, 2] });
      expect(await count(target, 'parked')).toBe(0);

      const [first, ...rest] = listed;
      const last = rest.pop();
      await expect(held.drop(rest[0]?.id ?? '', { may: () => false })).rejects.toMatchObject({ code: 'PARKED_IS_KEPT' });
      await expect(held.drop('7', { may: () => true })).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' });
      await expect(held.replay('o999999')).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' });
      const noted: unknown[] = [];
      await held.drop(last?.id ?? '', { may: () => false, note: (_tx, { type, aggregate }) => { noted.push([type, aggregate]); return Promise.resolve(); } });
      expect(noted).toEqual([[undefined, key(11)]]);
      for (const { id } of rest) await held.drop(id, { may: () => true });
      // mended, it is sent in its place, and what waits behind it follows
      await source.query('update outbox set subject = null, traceparent = null where aggregate = $1', [lane]);
      await held.replay(first?.id ?? '');
      await waitUntil('the lane', async () => await count(target, 'effect') === 5);
      expect(byAggregate(await effects(target))[lane]).toEqual([1, 2]);
      await waitUntil('freshness', () => heard.freshness.fresh(stage.source));
      expect([await count(source, 'outbox'), await held.list()]).toEqual([0, []]);
    });

    test('what one build refused the next one sends, when it leads', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('build_source'), await stage.schema('build_target')];
      const [key = ''] = aggregates(1);
      await stage.listening(target, stage.transport(), 'build');
      await stage.write(source, range(2).map((version) => stage.event(key, version)));
      const old = stage.relay(source, stage.transport(), { [stage.noted.type]: stage.noted });
      await old.start();
      const held = new Held(source, stage.source);
      await waitUntil('the refusal', async () => (await held.list()).length === 1);
      await old.stop();
      await stage.relay(source, stage.transport()).start();
      await waitUntil('both', async () => await count(target, 'effect') === 2);
      expect(byAggregate(await effects(target))).toEqual({ [key]: [1, 2] });
    });

    test('a message of a type that was unknown takes its place in its key when a build comes that knows it', async () => {
      const stage = open();
      const target = await stage.schema('later_target');
      const transport = stage.transport();
      const [key] = aggregates(1) as [string];
      const old = await stage.listening(target, transport, 'later', { events: { [stage.noted.type]: stage.noted }, names: [] });
      old.addHandler(stage.noted.type, counting('Counting'), true, { handler: 'Counting' });
      await old.close();
      await started(old);
      await transport.publish(topicOf(stage.source), [message(stage, stage.event(key, 1)), message(stage, { ...stage.event(key, 2), type: stage.noted.type })]);
      await waitUntil('two parked', async () => (await old.parked.list()).length === 2);
      await old.close();
      const next = stage.server(target, stage.transport(), 'later');
      for (const type of [stage.counted.type, stage.noted.type]) next.addHandler(type, counting('Counting'), true, { handler: 'Counting' });
      await started(next);
      await waitUntil('both', async () => (await effects(target)).length === 2);
      expect((await effects(target)).map((e) => e.version)).toEqual([1, 2]);
      await waitUntil('nothing parked', async () => (await next.parked.list()).length === 0);
    });

    test('a second consumer joins and leaves while events flow', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('rebalance_source'), await stage.schema('rebalance_target')];
      const keys = aggregates(30);
      const by: string[] = [];
      await stage.relay(source, stage.transport()).start();
      await stage.listening(target, stage.transport(), 'rebalance', { handle: () => { by.push('first'); } });
      let written = 0;
      const write = async (versions: number): Promise<void> => { for (let i = 0; i < versions; i += 1) { written += 1; await stage.write(source, keys.map((key) => stage.event(key, written))); } };
      await write(5);
      await waitUntil('the first part', async () => await count(target, 'effect') > 0);
      const leaving = stage.transport();
      const second = await stage.listening(target, leaving, 'rebalance', { handle: () => { by.push('second'); } });
      await waitUntil('a share for the second', async () => { await write(1); return by.includes('second'); });
      await write(5);
      await second.close();
      const left = by.filter((who) => who === 'second').length;
      await write(5);
      await waitUntil('all effects', async () => await count(target, 'effect') === written * keys.length, { within: 40_000 });
      expect(byAggregate(await effects(target))).toEqual(expected(keys, written));
      expect(by.filter((who) => who === 'second').length).toBe(left);
      expect(await count(target, 'parked')).toBe(0);
    });

    test('a slow handler holds up its own partition only, also while members come and go', async () => {
      const stage = open();
      const target = await stage.schema('slow_handler_target');
      const transport = stage.transport();
      const keys = aggregates(40);
      const slow = keys[0] ?? '';
      const elsewhere = keys.filter((key) => partitionOf(key) !== partitionOf(slow));
      let until = Number.POSITIVE_INFINITY;
      const handle = async (event: { readonly aggregate: string; readonly version: number }): Promise<void> => { while (event.aggregate === slow && event.version === 1 && performance.now() < until) await sleep(10); };
      await stage.listening(target, transport, 'slow_handler', { handle });
      const publish = (version: number): Promise<void> => transport.publish(topicOf(stage.source), keys.map((key) => message(stage, stage.event(key, version))));
      await publish(1);
      await waitUntil('the other partitions', async () => (await effects(target)).length >= elsewhere.length);
      await publish(2); // the slow one is at work: these are fetched for the other partitions only
      await waitUntil('the other partitions again', async () => (await effects(target)).length >= 2 * elsewhere.length);
      const found = byAggregate(await effects(target));
      expect(elsewhere.map((key) => found[key])).toEqual(elsewhere.map(() => [1, 2]));
      expect(found[slow]).toBeUndefined();
      const second = await stage.listening(target, stage.transport(), 'slow_handler', { handle });
      await sleep(1_000);
      until = performance.now();
      await publish(3);
      await waitUntil('everything', async () => await count(target, 'effect') === 120);
      await second.close();
      await publish(4);
      await waitUntil('everything after that', async () => await count(target, 'effect') === 160);
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 4));
    });

    test.each(['57P03', '08006', '53300', 'ECONNREFUSED'])('an event is not parked because the database was away (%s), however often', async (code) => {
      const stage = open();
      const target = await stage.schema(`weather_${code.toLowerCase()}`);
      const transport = stage.transport();
      let failures = 0;
      await stage.listening(target, transport, 'weather', { handle: () => { failures += 1; if (failures < 4) throw Object.assign(new Error('away'), { code }); } });
      await transport.publish(topicOf(stage.source), [message(stage, stage.event(aggregates(1)[0] ?? '', 1))]);
      await waitUntil('the effect', async () => await count(target, 'effect') === 1);
      expect(failures).toBe(4);
      expect(await count(target, 'parked')).toBe(0);
    });

    test('the service\'s own database is killed: no event is blamed for it', async () => {
      const own = await ground.ownDatabase();
      try {
        const stage = new Stage(own.url, () => broker.make());
        stages.push(stage);
        const [source, target] = [await stage.schema('killed_source'), await stage.schema('killed_target')];
        const keys = aggregates(20);
        await stage.relay(source, stage.transport()).start();
        await stage.listening(target, stage.transport(), 'killed');
        for (const version of range(10)) await stage.write(source, keys.map((key) => stage.event(key, version)));
        await waitUntil('some effects', async () => await count(target, 'effect') > 20);
        await own.stop();
        await sleep(2_000);
        await own.start();
        await waitUntil('all effects', async () => await count(target, 'effect') === 200, { within: 30_000 });
        expect(byAggregate(await effects(target))).toEqual(expected(keys, 10));
        expect(await count(target, 'parked')).toBe(0);
      } finally {
        await Promise.all(stages.splice(0).map((stage) => stage.end()));
        await own.remove();
      }
    });

    test('when the active relay loses its connection, another sends on', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('failover_source'), await stage.schema('failover_target')];
      const keys = aggregates(5);
      await stage.relay(source, stage.transport()).start();
      await stage.relay(source, stage.transport()).start();
      await stage.listening(target, stage.transport(), 'failover');
      await stage.write(source, keys.map((key) => stage.event(key, 1)));
      await waitUntil('the first events', async () => await count(target, 'effect') === 5);
      const active = `select pid from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and granted and datname = current_database()
        and ((classid::bigint << 32) | objid::bigint) = hashtextextended('footbridge.relay.failover_source', 0)`;
      const { rows: [before] } = await source.query<{ pid: number }>(active);
      await source.query('select pg_terminate_backend($1)', [before?.pid]);
      for (const version of range(5).slice(1)) await stage.write(source, keys.map((key) => stage.event(key, version)));
      await waitUntil('all effects', async () => await count(target, 'effect') === 25);
      const { rows } = await source.query<{ pid: number }>(active);
      expect(rows.map(({ pid }) => pid)).not.toContain(before?.pid);
      expect(rows).toHaveLength(1);
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 5));
    });

    test('a watermark waits for every transaction that had begun before it', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('mark_source'), await stage.schema('mark_target')];
      await stage.relay(source, stage.transport()).start();
      const freshFor = 2_500;
      const server = await stage.listening(target, stage.transport(), 'mark', { freshFor });
      // a replica that has no share of the partitions knows it from the table
      const other = stage.server(target, stage.transport(), 'mark', { freshFor });
      await waitUntil('freshness', () => server.freshness.fresh(stage.source));
      await waitUntil('freshness for the replica', () => other.freshness.fresh(stage.source));
      expect(await server.freshness.fresh('elsewhere')).toBe(false);
      expect([await server.freshness.heardOf('elsewhere'), await server.freshness.heardOf(stage.source)]).toEqual([false, true]);
      const slow = await source.connect();
      await slow.query('begin');
      await stage.write(slow, [stage.event(aggregates(1)[0] ?? '', 1)]);
      await waitUntil('blindness', async () => !(await server.freshness.fresh(stage.source)));
      expect(await server.freshness.heardOf(stage.source)).toBe(true); // silent, and still missed
      await sleep(500);
      expect(await server.freshness.fresh(stage.source)).toBe(false);
      expect(await other.freshness.fresh(stage.source)).toBe(false);
      await slow.query('commit');
      slow.release();
      await waitUntil('freshness again', () => server.freshness.fresh(stage.source));
      expect(await count(target, 'effect')).toBe(1); // before the watermark that tells of it
    });

    test('10,000 events are drained, each once and in order', async () => {
      const stage = open();
      const [source, target] = [await stage.schema('many_source'), await stage.schema('many_target')];
      const keys = aggregates(500);
      for (const version of range(20)) await stage.write(source, keys.map((key) => stage.event(key, version)));
      const began = performance.now();
      const relay = stage.relay(source, stage.transport());
      await relay.start();
      await relay.drain();
      const sent = performance.now() - began;
      await stage.listening(target, stage.transport(), 'many');
      await waitUntil('all effects', async () => await count(target, 'effect') === 10_000, { within: 100_000 });
      const all = performance.now() - began;
      expect(byAggregate(await effects(target))).toEqual(expected(keys, 20));
      figures.push(`10,000 events: sent in ${Math.round(sent)} ms, with their effects in ${Math.round(all)} ms`);
    }, 120_000);

    test('the broker is away for 20 seconds: nothing is lost, nothing doubled, and meanwhile nobody is believed', async () => {
      const own = await ground.ownBroker();
      try {
        const stage = open(() => own.make());
        const [source, target] = [await stage.schema('away_source'), await stage.schema('away_target')];
        const keys = aggregates(20);
        await stage.relay(source, stage.transport()).start();
        const server: EventServer = await stage.listening(target, stage.transport(), 'away');
        await stage.write(source, keys.map((key) => stage.event(key, 1)));
        await waitUntil('the first events', async () => await count(target, 'effect') === 20);
        await waitUntil('freshness', () => server.freshness.fresh(stage.source));
        await own.stop();
        const stopped = performance.now();
        for (const version of range(10).slice(1)) await stage.write(source, keys.map((key) => stage.event(key, version)));
        await waitUntil('blindness', async () => !(await server.freshness.fresh(stage.source)));
        expect(performance.now() - stopped).toBeLessThan(6_500);
        await sleep(20_000 - (performance.now() - stopped));
        expect(await count(source, 'outbox')).toBe(180);
        expect(await server.freshness.fresh(stage.source)).toBe(false);
        expect(stage.troubles).toContain('TRANSPORT_AWAY');
        await own.start();
        const back = performance.now();
        await waitUntil('all effects', async () => await count(target, 'effect') === 200, { within: 30_000 });
        await waitUntil('freshness again', () => server.freshness.fresh(stage.source));
        figures.push(`broker away for 20 s: all handled and fresh again ${Math.round(performance.now() - back)} ms after it was back`);
        expect(byAggregate(await effects(target))).toEqual(expected(keys, 10));
        expect(await count(target, 'parked')).toBe(0);
      } finally {
        await Promise.all(stages.splice(0).map((stage) => stage.end()));
        await own.remove();
      }
    }, 120_000);
  });
}

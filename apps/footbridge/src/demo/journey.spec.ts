import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { assertUnlinkable, canaryPerson, huntLeaks, type CanaryPerson, type Sink } from '@footbridge/privacy/testing';
import { newRef } from '@footbridge/privacy';
import { contracts } from '@footbridge/contracts';
import { partitionOf, topicOf } from '@footbridge/messaging';
import { Problem, distinctClock, log, registry } from '@footbridge/service';
import { brokerWriter, files, ownPostgres, testInstance, testLog, transports, type BrokerWriter, type OwnKafka, type OwnServer, type TestAccount, type TestInstance } from '@footbridge/testing';
import pg from 'pg';
import { demonstration } from '../demonstration.js';
import { runExport } from '../import/run-export.js';
import { services } from '../services.js';
import { Inbox } from './inbox.js';
import { makeNetwork } from './network.js';
import type { Invented } from './referral.story.js';
import { journey } from './stories.js';
import { testWorld } from './test-world.fixture.js';
import { must, soon, type Caller, type Reply, type World } from './world.js';

const people = Array.from({ length: 10 }, (_, n) => canaryPerson(n + 1));
/** Each of her values stands where the API takes such a thing. */
const told = ({ givenName, familyName, phone, arabicName, cyrillicName, chineseName, documentNumber, address }: CanaryPerson): Invented => ({
  givenName, familyName, phone, words: `${givenName} at ${address}, ${documentNumber}`,
  details: { chosenName: arabicName, aliases: [cyrillicName, chineseName], identityNumber: documentNumber, travelDocumentNumber: documentNumber, safeContact: { phone, how: address, codeWord: chineseName } },
});

/** The forms of section 7.5, as text; UTF-16 as it looks where bytes are taken for text. */
const forms: Readonly<Record<string, (name: string) => string>> = {
  plain: (name) => name, base64: (name) => Buffer.from(name).toString('base64'), hex: (name) => Buffer.from(name).toString('hex'), URL: encodeURIComponent,
  'UTF-16': (name) => Buffer.from(name, 'utf16le').toString('latin1'),
};
const bytesOf = (form: string, name: string): Buffer => (form === 'UTF-16' ? Buffer.from(name, 'utf16le') : Buffer.from(forms[form]?.(name) ?? ''));

const isForAll = new Set(contracts.filter(({ audience }) => audience === 'network').map(({ type }) => type));
/** Everybody in the network to whom something about her goes, and the house that sends it. */
const parties = ['lantern', 'harbour', 'nest', 'homeward', 'chisinau', 'newleaf'] as const;
describe.each(transports)('the journey of ten invented people on %s', (_name, start) => {
  let instance: TestInstance, world: World, postgres: OwnServer, kafka: OwnKafka | undefined, database: pg.Client, folder: string;
  const inbox = new Inbox();
  /** What each organisation was ever answered. */
  const views = new Map<string, unknown[]>();
  /** Everything that the instance has written down, sent or said. */
  const sinks = async (): Promise<readonly Sink[]> => [...await instance.sinks(), { name: 'webhooks', content: inbox.heard }, ...await files(folder)];

  beforeAll(async () => {
    kafka = await start();
    // Alone on its server: its write-ahead log and its log hold what happens here, and no other suite's.
    const own = await ownPostgres();
    postgres = own;
    instance = await testInstance(services, { name: 'journey', postgres: own, kafka, clock: distinctClock() });
    database = new pg.Client({ connectionString: instance.databaseUrl });
    await database.connect();
    folder = await mkdtemp(join(tmpdir(), 'footbridge-files-'));
    await inbox.start();
    const plain = testWorld(instance);
    const seen = (organisation: string) => async (asked: Promise<Reply>): Promise<Reply> => {
      const reply = await asked;
      views.set(organisation, [...views.get(organisation) ?? [], { status: reply.status, headers: [...reply.headers].filter(([name]) => name !== 'date'), body: reply.body }]);
      return reply;
    };
    const recorded = (caller: Caller, keep = seen(caller.organisation)): Caller => ({ ...caller, get: (p) => keep(caller.get(p)), post: (p, b, h) => keep(caller.post(p, b, h)), patch: (p, b, v) => keep(caller.patch(p, b, v)) });
    world = { ...plain, as: (desk) => recorded(plain.as(desk)) };
  }, 120_000);
  afterAll(async () => {
    await inbox.stop();
    await database?.end();
    await instance?.close();
    await kafka?.remove();
    await postgres?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('begins with a network of organisations', async () => { await makeNetwork(world, demonstration); });
  it('runs to its end for each of them; every second one withdraws on the way', async () => {
    await journey(world, people.map(told), inbox);
  }, 240_000);
  it('keeps what each of them has told, readable for who helps them', async () => {
    const worker = house(instance, world);
    const { body: { items } } = await worker.get('/v1/cases?limit=100');
    const read = await Promise.all((items as { id: string }[]).map(async ({ id }) => JSON.stringify((await worker.get(`/v1/cases/${id}?reveal=person,health,trafficking&purpose=ASSISTANCE`)).body)));
    for (const { name, phone, values } of people) for (const [field, value] of Object.entries({ ...values, phone })) expect([name, field, read.filter((text) => text.includes(value)).length]).toEqual([name, field, 1]);
  });
  it('G4 gives no two of them a value by which they could tell that it is the same person, whatever they pool', async () => {
    const told = new Map(parties.map((party) => [party, [...views.get(world.organisation(party)) ?? [], ...(party === 'nest' ? inbox.requests.map(({ path, headers, bytes }) => [path, headers, JSON.parse(bytes.toString()) as unknown]) : [])]]));
    const news: { readonly id: string; readonly type: string }[] = [];
    for (const party of parties) for (let cursor = ''; ;) {
      const page = must(await soon(() => world.as(`${party}.admin`).get(`/v1/events?limit=100${cursor}`)), 200, `feed of ${party}`) as { items: typeof news; next: string };
      if (page.items.length === 0) break;
      news.push(...page.items);
      told.get(party)?.push(page.items.filter(({ type }) => !isForAll.has(type)));
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    expect(news.filter(({ type }) => !isForAll.has(type)).length).toBeGreaterThan(4 * people.length);
    const listed = await Promise.all(['organisations?limit=100', 'shelter-directory'].map(async (name) => must(await world.as('lantern.worker').get(`/v1/${name}`), 200, name)['items'] as readonly Readonly<Record<string, unknown>>[]));
    const known = [
      // what everybody in the network is told: who is in it, which houses there are, and the same news
      ...listed.flat().flatMap((entry) => Object.values(entry).map(String).filter((value) => /^(?:org|shl)_/.test(value))), ...news.filter(({ type }) => isForAll.has(type)).map(({ id }) => id),
      // how every envelope is sealed (RFC 9180: the key agreement, its hash, the cipher)
      '0020-0001-0002',
      // the public keys with which a house signs them
      ...(must(await world.as('harbour.worker').get(`/v1/key-directory/${world.organisation('lantern')}`), 200, 'keys')['signing'] as readonly { readonly key: string; readonly publicKey: string }[]).flatMap(({ key, publicKey }) => [key, publicKey]),
      // what she herself let several know is theirs: her name, not a reference
      ...people.flatMap((person) => [...Object.values(person.values), person.phone]),
    ];
    expect(assertUnlinkable(Object.fromEntries(told), { known })).toBeGreaterThan(1_000);
  }, 60_000);
  it('T10 leaves no name anywhere, in no form', async () => {
    const all = await sinks();
    // Each service spoke, and its words are among what is searched.
    for (const { name } of services) expect(all.some((sink) => sink.name === (kafka ? topicOf(name) : 'bus.event') && sink.content.includes(`footbridge.${name}.`))).toBe(true);
    for (const name of ['WAL', 'answers', 'webhooks', 'metrics', 'keys']) expect([name, all.filter((sink) => sink.name === name).some(({ content }) => content.length > 0)]).toEqual([name, true]);
    expect(huntLeaks(all, people)).toEqual([]);
  }, 300_000);
  it('leaves nothing parked, and as many audit rows as versions', async () => {
    for (const service of services) {
      expect([service.name, (await database.query(`select reason, handler from ${service.name}.parked`)).rows]).toEqual([service.name, []]);
      for (const l of service.lifecycles) {
        const table = `${service.name}."${l.name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()}"`;
        const { rows } = await database.query(`select t.id from ${table} t where t.version <> (select count(distinct a.version) from ${service.name}.audit a where a.aggregate = t.id and a.kind = $1)`, [l.prefix]);
        expect([table, rows]).toEqual([table, []]);
      }
    }
  });

  // Last: from here on there are leaks.
  it('T10 and the hunt is no blind one: what is planted is found, in each kind of place and each form', async () => {
    const carrier = carrierOf(instance, kafka);
    const topic = topicOf('referrals');
    const message = { key: 'planted', partition: partitionOf('planted'), headers: {}, body: Buffer.from('{}') };
    const onTheBus = kafka ? topic : 'bus.event';
    const worker = world.as('lantern.worker');
    const { engine } = instance.services.get('referrals')!;
    const kinds: readonly (readonly [kind: string, sink: string, plant: (text: string, bytes: Buffer) => Promise<unknown>])[] = [
      ['a column of text', 'referrals.idempotency', (text) => database.query('insert into referrals.idempotency (caller, key, request, status, headers, body) values ($1, $1, $1, 201, $2, $2)', [`planted ${crypto.randomUUID()}`, { text }])],
      ['a column of bytes', 'returns.parked', (_text, bytes) => database.query(`insert into returns.parked (handler, state, reason, attempts, topic, partition, place, data) values ('planted', 'dropped', 'X', 1, 'x', 0, (select count(*) from returns.parked), $1)`, [bytes])],
      ['the value of a message', onTheBus, (_text, bytes) => carrier.publish(topic, [{ ...message, body: bytes }])],
      ['the key of a message', onTheBus, (text) => carrier.publish(topic, [{ ...message, key: text }])],
      ['a header of a message', onTheBus, (text) => carrier.publish(topic, [{ ...message, headers: { ce_subject: text } }])],
      ['an attribute of a trace', onTheBus, (text) => carrier.publish(topic, [{ ...message, headers: { traceparent: text } }])],
      ['a line of our own log', 'log', (text) => Promise.resolve((log as unknown as (code: string, fields: Readonly<Record<string, string>>) => void)('planted', { reason: text }))],
      ['a line past it', 'log', (text) => Promise.resolve(process.stderr.write(`${text}\n`))],
      ['a line of a library', 'log', (text) => Promise.resolve(globalThis.console.error('planted', { text }))],
      ['a line of the database\'s log', 'PostgreSQL log', (text) => database.query(`do $$ begin raise log using message = ${database.escapeLiteral(text)}; end $$`)],
      ['a label of a metric', 'metrics', (text) => Promise.resolve((registry.getSingleMetric('footbridge_privacy_refusals_total') as unknown as { inc(labels: Readonly<Record<string, string>>): void }).inc({ service: 'referrals', code: text }))],
      ['the address of a webhook', 'webhooks', (text) => fetch(`${inbox.url}/${encodeURIComponent(text)}`, { method: 'POST', body: '{}' })],
      ['a header of a webhook', 'webhooks', (text) => fetch(inbox.url, { method: 'POST', body: '{}', headers: { 'webhook-id': encodeURIComponent(text) } })],
      ['the body of a webhook', 'webhooks', (_text, bytes) => fetch(inbox.url, { method: 'POST', body: new Uint8Array(bytes) })],
      ['a dead letter', 'shelters.parked', (text) => database.query(`insert into shelters.parked (handler, state, reason, attempts, topic, partition, place, data) values ('planted', 'waiting', $1, 1, 'x', 0, (select count(*) from shelters.parked), 'x')`, [text])],
      ['the write-ahead log', 'WAL', (_text, bytes) => database.query(`select pg_logical_emit_message(false, 'planted', $1::bytea)`, [bytes])],
      ['a row that was taken back', 'WAL', async (text) => { await database.query('begin'); await database.query('insert into shelters.outbox_note values ($1)', [text]).finally(() => database.query('rollback')); }],
      ['the detail of a refusal', 'answers', async (text) => {
        Object.defineProperty(engine, 'load', { configurable: true, value: () => Promise.reject(new Problem('validation-failed', { errors: [{ pointer: '/x', code: 'x', detail: text }] })) });
        try { expect((await worker.get('/v1/cases/planted')).status).toBe(422); } finally { Reflect.deleteProperty(engine, 'load'); }
      }],
      ['a header of an answer', 'answers', async (text) => {
        Object.defineProperty(engine, 'load', { configurable: true, value: () => Promise.reject(new Problem('not-found', {}, { location: encodeURIComponent(text) })) });
        try { expect((await worker.get('/v1/cases/planted')).status).toBe(404); } finally { Reflect.deleteProperty(engine, 'load'); }
      }],
      ['an export', 'files', async (text) => {
        must(await worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: text } }), 201, 'case');
        const silent = { write: () => undefined };
        await runExport({ file: join(folder, `${crypto.randomUUID()}.csv`) }, { target: 'journey', get: (p) => worker.get(p), post: () => Promise.reject(new Error('an export only reads')) }, { out: silent, err: silent, signal: new AbortController().signal, now: Date.now, wait: () => Promise.resolve() });
      }],
      ['a backup', 'files', (_text, bytes) => writeFile(join(folder, `footbridge-backup-${crypto.randomUUID()}.gz`), gzipSync(bytes))],
      ['the name of a file', 'files: names', (text) => writeFile(join(folder, encodeURIComponent(text)), '')],
    ];
    /** Postgres keeps no NUL in a text, so what UTF-16 looks like there cannot get in; neither can it into a field of ours. */
    const impossible = (kind: string, form: string): boolean => form === 'UTF-16' && (/^(?:a column of text|a dead letter|a row|an export)/.test(kind) || kind.includes('database') || !kafka && /key|header of a message|trace/.test(kind));
    /** Our own log takes codes: it withholds each of these forms. A hunt that found one there would tell of a hole in it. */
    const planted: { readonly who: CanaryPerson; readonly kind: string; readonly form: string; readonly sink: string; readonly isFound: boolean }[] = [];
    await database.query('create table shelters.outbox_note (text text)');
    const quiet = testLog();
    try {
      for (const [kind, sink, plant] of kinds) for (const form of Object.keys(forms)) {
        // nothing is read inside encodings there: its columns and messages are sinks of their own
        if (sink === 'WAL' && form !== 'plain' && form !== 'UTF-16') continue;
        const who = canaryPerson(1_000 + planted.length);
        const done = plant(forms[form]?.(who.familyName) ?? '', bytesOf(form, who.familyName));
        if (impossible(kind, form)) await expect(done).rejects.toBeDefined();
        else { await done; planted.push({ who, kind, form, sink, isFound: kind !== 'a line of our own log' }); }
      }
    } finally { quiet.close(); await carrier.close(); }
    const found = huntLeaks((await sinks()).filter(({ name }) => planted.some(({ sink }) => sink === name)), planted.map(({ who }) => ({ name: who.name, values: { familyName: who.familyName } })));
    expect(planted.map(({ who, kind, form, sink }) => [kind, form, found.some((leak) => leak.canary === who.name && leak.sink === sink)])).toEqual(planted.map(({ kind, form, isFound }) => [kind, form, isFound]));
  }, 300_000);
  it('G4 and so is what is linked: a reference that two of them were given, wherever it stands', () => {
    const told = (party: string): readonly unknown[] => views.get(world.organisation(party)) ?? [];
    const shared = newRef('rfr');
    expect(() => assertUnlinkable({ harbour: [...told('harbour'), { links: { case: `/v1/cases/${shared}` } }], nest: [...told('nest'), [['etag', shared]]] }, {})).toThrow('LINKED');
  });
});

/** The worker of the house, whose looks are no leak. */
const house = (instance: TestInstance, world: World): TestAccount => instance.account(world.organisation('lantern'), 'SUPERVISOR', 'CASE_WORKER');
function carrierOf(instance: TestInstance, kafka: OwnKafka | undefined): BrokerWriter {
  if (kafka) return brokerWriter({ kafka: kafka.brokers });
  const bus = new URL(instance.databaseUrl);
  [bus.username, bus.password] = ['bus', 'test-bus'];
  return brokerWriter({ bus: bus.href });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service } from '@footbridge/contracts';
import { tableOf } from '@footbridge/lifecycle';
import type { VerifyingKey } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { quote } from '@footbridge/service';
import { waitUntil } from '@footbridge/testing';
import pg from 'pg';
import { verifyDatabase } from './audit.js';
import { accessToken } from './connection.js';
import { Inbox } from './demo/inbox.js';
import { makeNetwork } from './demo/network.js';
import { journey } from './demo/stories.js';
import { patience, type Caller } from './demo/world.js';
import { demonstration } from './demonstration.js';
import { startFive, type Five } from './five.fixture.js';
import { LookHolder, bytesOf } from './held-looks.fixture.js';
import { services } from './services.js';
import { Started } from './start.fixture.js';

const people = [canaryPerson(101), canaryPerson(102)];
/** Audited, and no change: somebody has looked. */
const looks = ['reveal', 'fetchNeeds', 'disclose'];

describe('five services as five processes, on Kafka and PostgreSQL', () => {
  let five: Five, database: pg.Client;
  const inbox = new Inbox();
  const ask = async (path: string): Promise<{ status: number; type: string | null; body: unknown }> => { const answer = await fetch(`${five.url}${path}`, { redirect: 'manual' }); return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() }; };
  const desk = (name: string): Caller => five.world(() => undefined).as(name);
  /** In the middle of which `referrals` was killed: what came back of each, and what was on record then. */
  const begun: Promise<string>[] = [], onRecord: Promise<readonly string[]>[] = [];
  let herFile = '', pickedUp: number | undefined, holder: LookHolder;
  const beginLook = async ({ subject, get }: Caller): Promise<void> => {
    const [file] = (await get('/v1/cases?limit=1')).body['items'] as { id: string }[];
    herFile = `/v1/cases/${String(file?.id)}`;
    const { token } = await accessToken(five.url, { account: subject, secret: five.accounts.accounts.find(({ id }) => id === subject)?.secret ?? '' }, { OIDC_ISSUER: five.issuer });
    begun.push(bytesOf(five.wires.referrals.port, `${herFile}?reveal=person&purpose=ASSISTANCE`, token));
  };
  const rowsOf = async (query: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> => (await database.query<Record<string, unknown>>(query, [...values])).rows;
  /** How many there are in each state. */
  const told = async (table: string): Promise<Record<string, number>> => Object.fromEntries((await rowsOf(`select state, count(*)::integer as n from ${table} group by state`)).map((row) => [String(row['state']), Number(row['n'])]));

  beforeAll(async () => {
    patience.within = 60_000;
    five = await startFive();
    database = new pg.Client({ connectionString: five.databaseUrl });
    await database.connect();
    await inbox.start();
  }, 120_000);
  afterAll(async () => {
    patience.within = 20_000;
    await inbox.stop();
    await database?.end();
    await five?.close();
  }, 60_000);

  it('are ready behind one address', async () => {
    // While consumers still share out their partitions, readiness may come and go: the answer that says so is the one looked at.
    const ready = await waitUntil('all are ready', async () => { const answer = await ask('/readyz'); return answer.status === 200 && answer; }, { within: 60_000 });
    expect(ready).toEqual({ status: 200, type: 'application/json; charset=utf-8', body: { status: 'ready', missing: [] } });
    expect(new Set([process.pid, ...[...Object.values(five.services), ...five.others].map(({ pid }) => pid)]).size).toBe(8);
  }, 70_000);

  it('begin with a network of organisations, where an answer that is lost costs nothing', async () => {
    const lost = [/^POST \/v1\/organisations /, /^POST \/v1\/partners /, /^POST \/v1\/partners\/\w+\/verify-partner /, /^POST \/v1\/approvals\/\w+\/approve /, /^POST \/v1\/agreements /];
    for (const request of lost) five.wires.notifications.cut(request, 'answer');
    await makeNetwork(five.world(() => undefined), demonstration);
    expect(five.wires.notifications.waiting).toEqual([]);
    expect([...five.replayed].map((path) => path.split('/').at(-1)).sort()).toEqual(['agreements', 'approve', 'organisations', 'partners', 'verify-partner']);
    expect(await told('notifications.approval')).toEqual({ approved: demonstration.filter((o) => o.partner).length });
  }, 120_000);

  it('bring two people to their end, although each of them is killed twice on the way, and the broker once', async () => {
    const { services: processes, wires } = five;
    // between two steps, at the first or second person's
    let broker: Promise<void> | undefined, missing: Promise<unknown> | undefined;
    const between: [words: string, after: number, act: () => void][] = [
      ['server is down', 0, () => { processes.notifications.kill(); }],
      ['A second officer', 0, () => { broker = five.killBroker(); }],
      ['New Leaf accepts', 0, () => { processes.reintegration.kill(); missing = waitUntil('it is missed', async () => { const { status, body } = await ask('/readyz'); return status === 503 && body; }, { every: 5 }); }],
      ['Harbour acknowledges', 1, () => { processes.shelters.kill(); }],
      ['She asks to go home', 1, () => { processes.returns.kill(); }],
    ];
    // what was asked is done, and whoever asked has not heard of it
    wires.notifications.cut(/^POST \/v1\/subscriptions\/\w+\/activate-subscription /, 'answer', () => { processes.notifications.kill(); });
    wires.shelters.cut(/^POST \/v1\/stays\/\w+\/admit /, 'answer', () => { processes.shelters.kill(); });
    wires.returns.cut(/^POST \/v1\/return-cases\/\w+\/mark-safe /, 'answer', () => { processes.returns.kill(); });
    wires.reintegration.cut(/^POST \/v1\/reintegration-cases\/\w+\/close-reintegration /, 'answer', () => { processes.reintegration.kill(); });
    wires.referrals.cut(/^POST \/v1\/cases\/\w+\/assign /, 'answer');
    // in the middle of a look at her file whose entry is being written, and of a pick-up of who she is whose entry is written
    const [worker, supervisor, harbour] = [desk('lantern.worker'), desk('lantern.supervisor'), desk('harbour.intake')];
    const killInTheMiddle = (): void => { processes.referrals.kill(); onRecord.push(holder.end()); };
    wires.referrals.cut(/^POST \/v1\/referrals\/\w+\/disclosure /, 'request', (answered) => { pickedUp = answered; killInTheMiddle(); }, {
      first: async () => { holder = await LookHolder.begin(five.databaseUrl, 'referrals', { atEntry: supervisor.subject, afterEntry: harbour.subject }); await beginLook(supervisor); await holder.reached('atEntry'); }, until: () => holder.reached('afterEntry'),
    });
    // in the middle of a look whose entry is written; and of a withdrawal, which reaches everybody within 60 s all the same
    wires.referrals.cut(/^POST \/v1\/consent-records\/\w+\/withdraw /, 'request', killInTheMiddle, {
      first: async () => { holder = await LookHolder.begin(five.databaseUrl, 'referrals', { atEntry: supervisor.subject, afterEntry: worker.subject }); await beginLook(worker); await holder.reached('afterEntry'); },
    });
    const before = five.replayed.length;
    await journey(five.world((line) => {
      const found = between.find(([words, after]) => after === 0 && line.includes(words));
      for (const one of between) if (line.includes(one[0])) one[1] -= 1;
      found?.[2]();
    }), people.map(({ givenName, familyName, phone }) => ({ givenName, familyName, phone })), inbox);
    await broker;
    expect(broker).toBeDefined();
    expect(await missing).toEqual({ status: 'waiting', missing: ['reintegration'] });
    for (const name of Service.values) expect([name, processes[name].ends, wires[name].waiting]).toEqual([name, ['SIGKILL', 'SIGKILL'], []]);
    expect(five.replayed.slice(before).map((path) => path.split('/').at(-1)).sort()).toEqual(expect.arrayContaining(['activate-subscription', 'admit', 'assign', 'close-reintegration', 'mark-safe']));
  }, 400_000);

  it('T36 show nobody anything where the process is killed between the audit entry and the answer, and have the entry; nor before it, and have none', async () => {
    const [worker, harbour, operator] = [desk('lantern.worker'), desk('harbour.intake'), desk('network.operator')];
    expect([pickedUp, await Promise.all(begun)]).toEqual([0, ['', '']]);
    expect(await Promise.all(onRecord)).toEqual([[`${harbour.subject} collect`], expect.arrayContaining([`${worker.subject} reveal`])]);
    expect(await rowsOf("select account from referrals.audit where command = 'reveal'")).toEqual([{ account: worker.subject }]);
    // she finds it in her own list
    expect((await worker.get(`${herFile}/accesses`)).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ organisation: worker.organisation, role: 'CASE_WORKER', look: 'reveal', fields: ['person'], purpose: 'ASSISTANCE' })]));
    expect((await operator.post('/v1/referrals-audit-roots')).status).toBe(201);
    const { body: { keys } } = await operator.get('/v1/referrals-audit-roots');
    const [report] = await verifyDatabase(five.databaseUrl, { verifyingKeys: () => Promise.resolve(keys as readonly VerifyingKey[]) }, ['referrals']);
    expect(report).toMatchObject({ isWhole: true, findings: [], signed: report?.size });
    // and where nobody is killed, she is shown
    await beginLook(worker);
    expect(huntLeaks([{ name: 'answer', content: await begun.at(-1) ?? '' }], people)).not.toEqual([]);
  }, 30_000);

  it('have sent everything, and parked nothing', async () => {
    for (const name of Service.values) {
      await waitUntil(`the outbox of ${name} is empty`, async () => (await rowsOf(`select from ${name}.outbox limit 1`)).length === 0);
      expect([name, await rowsOf(`select handler, reason, type from ${name}.parked`)]).toEqual([name, []]);
    }
    await waitUntil('all are ready again', async () => (await ask('/readyz')).status === 200, { within: 60_000 });
  }, 90_000);

  it('have done each thing once: as many audit rows as versions, and no event acted on twice', async () => {
    for (const service of services) {
      for (const l of service.lifecycles) {
        const table = `${service.name}.${quote(tableOf(l))}`;
        const wrong = await rowsOf(`select t.state, t.version, array(select a.command from ${service.name}.audit a where a.aggregate = t.id and a.kind = $1 order by a.position) as audited from ${table} t
          where t.version <> (select count(*) from ${service.name}.audit a where a.aggregate = t.id and a.kind = $1 and a.command <> all($2)) or t.version <> (select count(distinct a.version) from ${service.name}.audit a where a.aggregate = t.id and a.kind = $1)`, [l.prefix, looks]);
        expect([table, wrong]).toEqual([table, []]);
      }
      expect([service.name, await rowsOf(`select handler, event_id from ${service.name}.inbox group by 1, 2 having count(*) > 1`)]).toEqual([service.name, []]);
      expect([service.name, await rowsOf(`select caused_by, command, aggregate, count(*) from ${service.name}.audit where caused_by is not null group by 1, 2, 3 having count(*) > 1`)]).toEqual([service.name, []]);
    }
  });

  it('know of exactly what was told', async () => {
    expect({
      intakes: await told('referrals.intake'), cases: await told('referrals."case"'), referrals: await told('referrals.referral'), consents: await told('referrals.consent_record'), assessments: await told('referrals.risk_assessment'),
      stays: await told('shelters.stay'), beds: await told('shelters.bed_reservation'), returns: await told('returns.return_case'), receptions: await told('returns.reception_plan'), reintegrations: await told('reintegration.reintegration_case'),
      subscriptions: await told('notifications.subscription'), partners: await told('notifications.partner'),
    }).toEqual({
      intakes: { opened: 2 }, cases: { active: 2 }, referrals: { closed: 2, completed: 1 }, consents: { given: 9, withdrawn: 2 }, assessments: { completed: 4, superseded: 1 },
      stays: { exited: 4 }, beds: { consumed: 2 }, returns: { completed_return: 1, withdrawn_return: 1 }, receptions: { performed: 1, reception_cancelled: 1 }, reintegrations: { reint_closed: 1, refused_by_person: 1 },
      subscriptions: { sub_active: 1 }, partners: { partner_active: demonstration.filter((o) => o.partner).length },
    });
  });

  it('have told the partner each thing once', async () => {
    const [nest] = await rowsOf(`select organisation from notifications.organisation where name = 'Nest'`);
    const deliveries = (): Promise<Record<string, unknown>[]> => rowsOf('select event_id as id, state from notifications.delivery where owner = $1', [nest?.['organisation']]);
    await waitUntil('all is delivered', async () => (await deliveries()).every(({ state }) => state === 'delivered'));
    expect(inbox.delivered.map(({ id }) => id).sort()).toEqual((await deliveries()).map(({ id }) => id).sort());
    expect(inbox.delivered.map(({ type }) => type.split('.')[2]).sort()).toEqual(['referral-accepted', 'referral-acknowledged', 'referral-completed', 'referral-sent', 'referral-service-started']);
    expect([inbox.unsigned, inbox.doubled]).toEqual([0, 0]);
  });

  it('T10 have said, sent and written down no name', async () => {
    const all = [...await five.sinks(), { name: 'webhooks', content: inbox.heard }];
    expect(five.said()).toContain('is ready');
    for (const name of ['footbridge.referrals', 'WAL', 'files', 'log', 'answers', 'metrics', 'webhooks']) expect([name, all.some((sink) => sink.name === name && sink.content.length > 0)]).toEqual([name, true]);
    expect(huntLeaks(all, people)).toEqual([]);
  }, 120_000);

  it('cannot be told from the embedded form by what the address says of itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'footbridge-embedded-'));
    const embedded = await Started.ready(folder);
    try {
      interface Said { readonly path: string; readonly status: number; readonly headers: readonly (string | null)[]; readonly text: string }
      const said = async (at: string, path: string): Promise<Said> => {
        const answer = await fetch(`${at}${path}`, { redirect: 'manual' });
        const text = await answer.text();
        return { path, status: answer.status, headers: ['content-type', 'cache-control', 'location', 'x-content-type-options', 'www-authenticate'].map((name) => answer.headers.get(name)), text: text.replaceAll(at, '').replace(/"requestId":"[^"]+"/, '') };
      };
      // Two instances start and run on this machine: each is looked at in a moment when it hears the news in time (decisions 15).
      const ready = (at: string): Promise<Said> => waitUntil(`${at} is ready`, async () => { const answer = await said(at, '/readyz'); return answer.status === 200 ? answer : undefined; }, { within: 40_000 });
      expect(await ready(five.url)).toEqual(await ready(embedded.url));
      for (const path of ['/openapi.json', '/asyncapi.json', '/livez', '/', '/docs', '/problems/guard-refused', '/v1/cases', '/v1/nothing', '/nothing', '/v1/approvals/apt_x']) expect(await said(five.url, path)).toEqual(await said(embedded.url, path));
    } finally {
      await embedded.end();
      await rm(folder, { recursive: true, force: true });
    }
  }, 90_000);
});

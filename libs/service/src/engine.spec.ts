import { createHash, createHmac } from 'node:crypto';
import { VictimPresumed } from '@footbridge/contracts';
import { NONE, attested, direct, guard, is, lifecycle, open, operational, type Facts, type Lifecycle, type RowOf } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { huntLeaks } from '@footbridge/privacy/testing';
import { auditFaults, testInstance, waitUntil, withAuditFault, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, grants, hours, later, newestSchema, protect, service } from './index.js';

// A lifecycle of the test's own: a box that is packed by one organisation and opened by another.
const boxFields = { label: open.text({ shown: 'parties' }), receiver: operational.ref({ shown: 'parties' }), full: operational.boolean(), content: direct.json<{ what?: string; wrap?: { paper?: string } }>() };
type BoxRow = RowOf<typeof boxFields>;
class WrapBody { @is.text({ class: 'direct', optional: true }) paper?: string; @is.text({ class: 'direct', optional: true }) string?: string; }
class ContentBody { @is.text({ class: 'direct', optional: true }) what?: string; @is.nested(() => WrapBody, { class: 'direct', optional: true }) wrap?: WrapBody; }
class PackBody { @is.pattern(/^[a-z]+$/, 'a word', 'tools', { class: 'open' }) label!: string; @is.organisation() receiver!: string; @is.nested(() => ContentBody, { class: 'direct', optional: true }) content?: ContentBody; }
class EditBody { @is.pattern(/^[a-z]+$/, 'a word', 'tools', { class: 'open', optional: true }) label?: string; @is.nested(() => ContentBody, { class: 'direct', optional: true }) content?: ContentBody; }
const notEmpty = guard<Facts<BoxRow>>('B1', 'notEmpty', ({ row }) => (row.content?.test((c) => c.what !== '') ? undefined : 'EMPTY'), { sensitive: true });
const named = guard<Facts<BoxRow>>('B2', 'labelIsNotSecret', ({ row }) => (row.label === 'secret' ? 'LABEL_TELLS' : undefined));
let lid = 'shut';
const lidShut = guard<Facts<BoxRow>>('B3', 'lidIsShut', () => (lid === 'open' ? 'LID_OPEN' : undefined), { sensitive: true });
const Box = lifecycle<Facts<BoxRow>>()({
  name: 'Crate', service: 'shelters', prefix: 'crt', states: ['packed', 'sent', 'opened', 'lost', 'burnt'], fields: boxFields,
  parties: (row) => (row.state === 'packed' ? [] : [row.receiver]),
  standing: (row) => ({ RECEIVER: row.receiver }),
  editable: { by: ['CASE_WORKER'], in: ['packed'], body: EditBody, guards: [named] },

  clocks: [{ name: 'arrival', in: ['sent'], due: (_f, now) => later(now, hours(24)), command: 'lose', shown: true }, { name: 'call', in: ['sent'], due: (_f, now) => later(now, hours(1)), alert: { code: 'CALL_RECEIVER', to: ({ row }) => row.receiver } }],
  rows: [
    [NONE, 'pack', 'packed', ['CASE_WORKER'], [], VictimPresumed, { body: PackBody }],
    [['packed'], 'send', 'sent', ['CASE_WORKER', 'PERSON'], [notEmpty, attested('tied', 'It is tied')], VictimPresumed],
    [['sent'], 'open', 'opened', ['RECEIVER'], [notEmpty], VictimPresumed],
    [['sent'], 'lose', 'lost', ['PLATFORM'], [], VictimPresumed],
    [['sent', 'opened'], 'withdraw', 'lost', ['PERSON', 'GUARDIAN'], [], VictimPresumed],
    [['opened', 'lost'], 'bury', 'burnt', ['SUPERVISOR'], [lidShut], VictimPresumed, { approval: ['RECEIVER', 'SUPERVISOR'] }],
    [['opened', 'lost'], 'burn', 'burnt', ['SUPERVISOR'], [], VictimPresumed, { approval: ['SUPERVISOR'] }],
  ],
}) as unknown as Lifecycle;
class First1764000000000 implements MigrationInterface {
  name = 'First1764000000000';
  async up(q: QueryRunner): Promise<void> { await q.query(newestSchema('shelters')); await q.query(createTable(Box)); await q.query(protect('crate', 'shelters_owner')); await q.query(grants('shelters', 'shelters_app')); }
  down(): Promise<void> { return Promise.resolve(); }
}
const boxes = service({ name: 'shelters', lifecycles: [Box], migrations: [First1764000000000] });

describe('the engine, on real Postgres and over HTTP', () => {
  let instance: TestInstance, worker: TestAccount, supervisor: TestAccount, supervisor2: TestAccount, receiver: TestAccount, stranger: TestAccount;
  const [sender, other, third] = [newRef('org'), newRef('org'), newRef('org')];
  beforeAll(async () => {
    instance = await testInstance([boxes], { name: 'engine', config: { denyList: { standing: () => 'good' } } });
    worker = instance.account(sender, 'CASE_WORKER'); supervisor = instance.account(sender, 'SUPERVISOR'); supervisor2 = instance.account(sender, 'SUPERVISOR');
    receiver = instance.account(other, 'RECEIVER'); stranger = instance.account(third, 'CASE_WORKER', 'RECEIVER');
  });
  afterAll(() => instance?.close());
  const pack = async (content: object | undefined = { what: 'Zyxqua Vrmtt' }): Promise<string> => String((await worker.post('/v1/crates', { label: 'tools', receiver: other, ...(content ? { content } : {}) })).body['id']);
  const sent = async (): Promise<string> => { const id = await pack(); await worker.post(`/v1/crates/${id}/send`, { tied: true }); return id; };

  it('creates by the creating command and answers with the view', async () => {
    const answer = await worker.post('/v1/crates', { label: 'tools', receiver: other, content: { what: 'Zyxqua Vrmtt' } });
    expect(answer).toMatchObject({ status: 201, body: { state: 'packed', version: 1, label: 'tools', can: ['send'], links: {} } });
    expect(answer.headers.get('location')).toBe(`/v1/crates/${String(answer.body['id'])}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(JSON.stringify(answer.body)).not.toContain('Zyxqua');
  });
  it('reports every refusing guard by code, and moves when they are satisfied', async () => {
    const id = await pack({ what: '' + '-' });
    expect(await worker.post(`/v1/crates/${id}/send`, {})).toMatchObject({ status: 409, body: { code: 'guard-refused', type: '/problems/guard-refused', guards: [{ guard: 'tied', reason: 'TIED_NOT_CONFIRMED' }] } });
    expect(await worker.post(`/v1/crates/${id}/send`, { tied: true })).toMatchObject({ status: 200, body: { state: 'sent', version: 2 } });
  });
  it('refuses a pair that is not in the table, naming the states that allow it', async () => {
    expect(await worker.post(`/v1/crates/${await pack()}/open`)).toMatchObject({ status: 409, body: { code: 'transition-not-allowed', state: 'packed', command: 'open', allowedFrom: ['sent'] } });
  });
  it('refuses a role that may not, naming those that may', async () => {
    expect(await supervisor.post(`/v1/crates/${await pack()}/send`, { tied: true })).toMatchObject({ status: 403, body: { code: 'role-not-allowed', roles: ['CASE_WORKER', 'PERSON'] } });
  });
  it('answers a foreign and a missing reference alike', async () => {
    const id = await pack();
    const [foreign, missing] = [await stranger.get(`/v1/crates/${id}`), await stranger.get(`/v1/crates/${newRef('crt')}`)];
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    const anonymous = ({ requestId: _, ...rest }: Record<string, unknown>): object => rest;
    expect(anonymous(foreign.body)).toEqual(anonymous(missing.body));
    expect((await stranger.get('/v1/crates')).body).toEqual({ items: [], next: null });
  });
  it('gives each organisation its own reference, and the owner\'s works for nobody else', async () => {
    const id = await sent();
    const { items } = (await receiver.get('/v1/crates?state=sent&limit=1')).body as { items: { id: string; label?: string }[] };
    expect(items[0]?.id).not.toBe(id);
    expect((await receiver.get(`/v1/crates/${id}`)).status).toBe(404);
    expect(await receiver.post(`/v1/crates/${String(items[0]?.id)}/open`)).toMatchObject({ status: 200, body: { state: 'opened' } });
  });
  it('keeps order by version: a stale If-Match is refused', async () => {
    const id = await pack();
    expect(await worker.post(`/v1/crates/${id}/send`, { tied: true }, { 'if-match': '"7"' })).toMatchObject({ status: 412, body: { code: 'stale-version', version: 1 } });
  });
  it('answers the same Idempotency-Key with the same answer, and refuses it for another body', async () => {
    const body = { label: 'tools', receiver: other };
    const key = { 'idempotency-key': `k-${newRef('key')}` };
    const first = await worker.post('/v1/crates', body, key);
    const again = await worker.post('/v1/crates', body, key);
    expect([again.status, again.body, again.headers.get('idempotent-replay')]).toEqual([201, first.body, 'true']);
    expect(await worker.post('/v1/crates', { ...body, label: 'other' }, key)).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
    const many = await Promise.all(Array.from({ length: 8 }, () => worker.post('/v1/crates', body, { 'idempotency-key': key['idempotency-key'] + 'p' })));
    expect(new Set(many.filter((m) => m.status === 201).map((m) => m.body['id'])).size).toBe(1);
    expect(many.every((m) => m.status === 201 || m.body['code'] === 'idempotency-in-progress')).toBe(true);
  });
  it('T25 keeps nothing of a request that names could be tried on (G5)', async () => {
    const body = { label: 'tools', receiver: other, content: { what: 'Zyxqua Vrmtt' } };
    const keys = [1, 2].map((n) => `t25-${n}-${newRef('key')}`);
    for (const key of keys) expect((await worker.post('/v1/crates', body, { 'idempotency-key': key })).status).toBe(201);
    const { rows } = await instance.services.get('shelters')!.pool.query<{ key: string; request: string }>('select key, request from idempotency where caller = $1 order by at desc limit 2', [worker.subject]);
    // the key itself may be made of a name
    for (const { key } of rows) expect([key, keys.includes(key)]).toEqual([expect.stringMatching(/^[\w-]{43}$/), false]);
    expect(rows.map(({ request }) => /^[\w-]{43}$/.test(request))).toEqual([true, true]);
    expect(rows[0]?.request).not.toBe(rows[1]?.request);
    // What somebody with the whole database can make of a guess: any hash, of the request as it was sent, keyed with all that stands beside it.
    const guess = `POST /v1/crates\n${JSON.stringify(body)}`;
    const guesses = rows.flatMap(({ key }) => [guess, `${worker.subject} ${key}\n${guess}`].flatMap((text) => [
      ...['md5', 'sha1', 'sha256', 'sha512'].map((sum) => createHash(sum).update(text)), ...[key, worker.subject, sender, ''].map((with_) => createHmac('sha256', with_).update(text))].map((sum) => sum.digest('base64url'))));
    expect(rows.filter(({ request }) => guesses.includes(request))).toEqual([]);
  });
  it('asks a second person once for one key, and answers that person\'s repeated word with the first answer', async () => {
    const id = await sent();
    await receiver.post(`/v1/crates/${String(((await receiver.get('/v1/crates?state=sent&limit=1')).body['items'] as { id: string }[])[0]?.id)}/open`);
    const asking = { 'idempotency-key': `ask-${newRef('key')}` }, deciding = { 'idempotency-key': `decide-${newRef('key')}` };
    const asked = await supervisor.post(`/v1/crates/${id}/burn`, {}, asking);
    const again = await supervisor.post(`/v1/crates/${id}/burn`, {}, asking);
    expect([asked.status, again.status, again.body, again.headers.get('idempotent-replay')]).toEqual([202, 202, asked.body, 'true']);
    const path = `/v1/approvals/${String(asked.body['approval'])}/approve`;
    const done = await supervisor2.post(path, undefined, deciding);
    const repeated = await supervisor2.post(path, undefined, deciding);
    expect([done.status, done.body['state'], repeated.status, repeated.body, repeated.headers.get('idempotent-replay')]).toEqual([200, 'burnt', 200, done.body, 'true']);
    expect(await supervisor2.post(path)).toMatchObject({ status: 409, body: { code: 'transition-not-allowed', state: 'approved' } });
  });
  it('acts for the person through a worker, and the timeline keeps both', async () => {
    const id = await pack();
    expect((await worker.post(`/v1/crates/${id}/send`, { tied: true, onBehalfOf: 'PERSON', how: 'phone' })).status).toBe(200);
    expect(((await worker.get(`/v1/crates/${id}/timeline`)).body['items'] as object[])[1]).toMatchObject({ command: 'send', from: 'packed', to: 'sent', role: 'PERSON', onBehalfOf: 'PERSON', how: 'phone', organisation: sender, account: worker.subject });
  });
  it('keeps personal values sealed, reveals them inside the owner only, and audits the look first', async () => {
    const id = await pack();
    expect(await worker.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`)).toMatchObject({ status: 200, body: { content: { what: 'Zyxqua Vrmtt' } } });
    expect(((await worker.get(`/v1/crates/${id}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'reveal', fields: ['content'], ground: 'ASSISTANCE' });
    expect(await worker.get(`/v1/crates/${id}?reveal=nothing&purpose=x`)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/reveal' }, { pointer: '/purpose' }] } });
    const { rows } = await instance.services.get('shelters')!.pool.query("select set_config('app.org', $1, false)", [sender]);
    expect(rows).toHaveLength(1);
    await instance.services.get('shelters')!.pool.query("select set_config('app.org', '', false)");
  });
  it.each(auditFaults)('T36 shows no plaintext without an entry: %s', async (fault) => {
    const id = await pack();
    const answer = await withAuditFault(instance.databaseUrl, 'shelters', fault, () => worker.impatient.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/Zyxqua|Vrmtt|content/);
    // closed for as long as it lasts, and not for longer; and what was refused left no entry
    await waitUntil('it answers again', async () => (await worker.get(`/v1/crates/${id}`)).status === 200);
    expect((await worker.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`)).body['content']).toEqual({ what: 'Zyxqua Vrmtt' });
    expect(((await worker.get(`/v1/crates/${id}/timeline`)).body['items'] as { command: string }[]).map(({ command }) => command)).toEqual(['pack', 'reveal']);
  });
  it('T36 has the entry where it ends between that and the plaintext', async () => {
    const id = await pack();
    const { store } = instance.services.get('shelters')!.engine;
    const commit = store.commit.bind(store);
    let written = 0;
    store.commit = async (...given) => { await commit(...given); written += 1; throw new Error('the process has ended'); };
    try { expect(await worker.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`)).toMatchObject({ status: 500, body: { code: 'internal-error' } }); } finally { store.commit = commit; }
    expect(written).toBe(1);
    expect(((await worker.get(`/v1/crates/${id}/timeline`)).body['items'] as object[]).at(-1)).toMatchObject({ command: 'reveal', account: worker.subject });
  });
  it.each(auditFaults)('T36 takes no step without an entry, though two have said yes: %s', async (fault) => {
    const id = await sent();
    await instance.advance(hours(25));
    const { body: { approval } } = await supervisor.post(`/v1/crates/${id}/burn`);
    expect((await withAuditFault(instance.databaseUrl, 'shelters', fault, () => supervisor2.impatient.post(`/v1/approvals/${String(approval)}/approve`))).status).toBeGreaterThanOrEqual(500);
    await waitUntil('it answers again', async () => (await worker.get(`/v1/crates/${id}`)).status === 200);
    expect((await worker.get(`/v1/crates/${id}`)).body['state']).toBe('lost');
    expect((await supervisor2.get(`/v1/approvals/${String(approval)}`)).body['state']).toBe('waiting');
    expect((await supervisor2.post(`/v1/approvals/${String(approval)}/approve`)).body).toMatchObject({ state: 'burnt' });
  });
  it('edits what is declared editable, by merge patch, with If-Match', async () => {
    const id = await pack();
    expect(await worker.patch(`/v1/crates/${id}`, { label: 'books', content: { what: 'Qqwrz' } }, 1)).toMatchObject({ status: 200, body: { label: 'books', version: 2 } });
    expect((await worker.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`)).body['content']).toEqual({ what: 'Qqwrz' });
    expect((await worker.patch(`/v1/crates/${id}`, { label: 'more' }, 1)).status).toBe(412);
  });
  it('runs clocks: an alert on the receiver\'s call list, then the platform\'s command', async () => {
    const id = await sent();
    await instance.advance(hours(2));
    const mine = ((await receiver.get('/v1/shelters-alerts')).body['items'] as { code: string; about: string }[]);
    expect(mine.some((a) => a.code === 'CALL_RECEIVER')).toBe(true);
    await instance.advance(hours(23));
    await waitUntil('the platform has acted', async () => (await worker.get(`/v1/crates/${id}`)).body['state'] === 'lost');
    expect((await receiver.get('/v1/shelters-alerts')).body['items']).toEqual([]);
  });
  it('takes two persons where the table says so', async () => {
    const id = await sent();
    await instance.advance(hours(25));
    await waitUntil('the platform has acted', async () => (await worker.get(`/v1/crates/${id}`)).body['state'] === 'lost');
    const asked = await supervisor.post(`/v1/crates/${id}/burn`);
    expect(asked).toMatchObject({ status: 202, body: { state: 'waiting', roles: ['SUPERVISOR'] } });
    const approval = `/v1/approvals/${String(asked.body['approval'])}/approve`;
    expect(await supervisor.post(approval)).toMatchObject({ status: 409, body: { guards: [{ reason: 'SAME_PERSON' }] } });
    expect((await stranger.post(approval)).status).toBe(404);
    expect(await supervisor2.post(approval)).toMatchObject({ status: 200, body: { state: 'burnt' } });
    expect((await supervisor2.post(approval)).status).toBe(409);
  });
  it('shows what waits to those who may give the second word, and takes one word of two that come at once', async () => {
    const id = await sent();
    await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' });
    const asked = await supervisor.post(`/v1/crates/${id}/burn`);
    const approval = String(asked.body['approval']);
    const waiting = async (who: TestAccount): Promise<{ approval: string; can: string[]; about: string }[]> => ((await who.get('/v1/shelters-approvals')).body['items'] as { approval: string; can: string[]; about: string }[]).filter((a) => a.approval === approval);
    expect(await waiting(supervisor2)).toMatchObject([{ can: ['approve', 'refuse'], about: id }]);
    expect(await waiting(supervisor)).toMatchObject([{ can: [] }]);
    expect(await waiting(stranger)).toEqual([]);
    expect((await stranger.get(`/v1/approvals/${approval}`)).status).toBe(404);
    const [yes, no] = await Promise.all([supervisor2.post(`/v1/approvals/${approval}/approve`), supervisor2.post(`/v1/approvals/${approval}/refuse`)]);
    expect([yes.status, no.status].sort()).toEqual([200, 409]);
    expect((await worker.get(`/v1/crates/${id}`)).body['state']).toBe(yes.status === 200 ? 'burnt' : 'lost');
    expect((await supervisor2.get(`/v1/approvals/${approval}`)).body).toMatchObject({ state: yes.status === 200 ? 'approved' : 'refused', can: [] });
  });
  it('T35 G4 answers a second person with what they see of it, and refuses them as it would refuse them', async () => {
    const asked = async (): Promise<{ readonly id: string; readonly theirs: string; readonly approval: string }> => {
      const id = await sent();
      const [found] = (await receiver.get('/v1/crates?limit=1')).body['items'] as { id: string }[];
      await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' });
      return { id, theirs: found?.id ?? '', approval: String((await supervisor.post(`/v1/crates/${id}/bury`)).body['approval']) };
    };
    const word = (by: TestAccount, approval: string): Promise<TestAnswer> => by.post(`/v1/approvals/${approval}/approve`);
    const first = await asked();
    const [waiting] = ((await receiver.get('/v1/shelters-approvals')).body['items'] as Record<string, unknown>[]).filter(({ approval }) => approval === first.approval);
    expect(waiting).toMatchObject({ about: first.theirs, can: ['approve', 'refuse'], askedAt: expect.stringMatching(/:00Z$/) as unknown, expiresAt: expect.stringMatching(/:00Z$/) as unknown });
    // a sensitive rule has a name inside the owner only
    lid = 'open';
    expect((await word(receiver, first.approval)).body['guards']).toEqual([{ guard: 'ADMINISTRATIVE', reason: 'ADMINISTRATIVE', detail: 'This cannot be done now.' }]);
    expect((await word(supervisor2, first.approval)).body['guards']).toEqual([expect.objectContaining({ guard: 'B3', reason: 'LID_OPEN' })]);
    lid = 'shut';
    const { approval, ...answer } = (await word(receiver, first.approval)).body;
    expect([approval, answer]).toEqual([first.approval, (await receiver.get(`/v1/crates/${first.theirs}`)).body]);
    expect(answer).toMatchObject({ id: first.theirs, state: 'burnt', createdAt: expect.stringMatching(/:00Z$/) as unknown });
    const second = await asked();
    expect((await word(supervisor2, second.approval)).body).toEqual({ ...(await supervisor2.get(`/v1/crates/${second.id}`)).body, approval: second.approval });
    expect((await supervisor2.get(`/v1/crates/${second.id}`)).body['createdAt']).not.toMatch(/:00(?:\.000)?Z$/);
  });
  it('T35 G4 lets nobody who is only a party find a moment by asking what is due before it', async () => {
    const id = await sent();
    const due = Date.parse(String((await worker.get(`/v1/crates/${id}`)).body['dueAt']));
    const [theirs] = (await receiver.get('/v1/crates?limit=1')).body['items'] as { id: string; dueAt: string }[];
    const shown = Date.parse(theirs?.dueAt ?? '');
    expect([shown, due % 60_000 > 1]).toEqual([due - due % 60_000, true]);
    const isDue = async (who: TestAccount, ref: string, before: number): Promise<boolean> => ((await who.get(`/v1/crates?limit=100&due-before=${new Date(before).toISOString()}`)).body['items'] as { id: string }[]).some((item) => item.id === ref);
    expect([await isDue(receiver, theirs?.id ?? '', shown), await isDue(receiver, theirs?.id ?? '', shown + 1), await isDue(receiver, theirs?.id ?? '', due)]).toEqual([false, true, true]);
    expect([await isDue(worker, id, shown + 1), await isDue(worker, id, due), await isDue(worker, id, due + 1)]).toEqual([false, false, true]);
  });
  it('lets a worker bring a decision only when they say whose it is and how they learned it', async () => {
    const id = await sent();
    expect(await worker.post(`/v1/crates/${id}/withdraw`, { how: 'phone' })).toMatchObject({ status: 403, body: { roles: ['PERSON', 'GUARDIAN'] } });
    expect(await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/how' }] } });
    expect(await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'GUARDIAN', how: 'phone' })).toMatchObject({ status: 409, body: { guards: [{ guard: 'BEHALF', reason: 'NO_GUARDIAN' }] } });
    expect((await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).status).toBe(200);
    expect((await worker.get(`/v1/crates/${id}/timeline`)).body['items']).toMatchObject([{}, {}, { command: 'withdraw', role: 'PERSON', onBehalfOf: 'PERSON', how: 'phone' }]);
  });
  it('never takes a person\'s decision from the police', async () => {
    const id = await sent();
    const { pool } = instance.services.get('shelters')!;
    await pool.query("insert into known_organisation (organisation, type, country, active, version) values ($1, 'LawEnforcement', 'AL', true, 1)", [sender]);
    expect(await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).toMatchObject({ status: 409, body: { guards: [{ guard: 'BEHALF', reason: 'NOT_BY_AUTHORITY' }] } });
    await pool.query("update known_organisation set type = 'NGO' where organisation = $1", [sender]);
    expect((await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).status).toBe(200);
  });
  it('tells a party what was done, but of others neither who nor why, and no time that two could compare', async () => {
    const id = await sent();
    const theirs = ((await receiver.get('/v1/crates?limit=1')).body['items'] as { id: string; createdAt: string }[])[0]!;
    await worker.post(`/v1/crates/${id}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' });
    const lines = (await receiver.get(`/v1/crates/${theirs.id}/timeline`)).body['items'] as Record<string, unknown>[];
    expect(lines.at(-1)).toEqual({ at: expect.stringMatching(/:00Z$/) as string, command: 'withdraw', from: 'sent', to: 'lost', version: 3, organisation: sender });
    expect(theirs.createdAt).toMatch(/:00Z$/);
  });
  it('does not let a party find other parties by asking for them', async () => {
    const id = await sent();
    const seen = async (who: TestAccount, organisation: string): Promise<boolean> => ((await who.get(`/v1/crates?limit=100&organisation=${organisation}`)).body['items'] as { createdAt: string }[]).length > 0;
    expect(await seen(worker, other)).toBe(true);
    expect(await seen(receiver, sender)).toBe(true);
    const { store } = instance.services.get('shelters')!.engine;
    const aggregate = [...(await store.resolve(sender, [id])).values()][0]!;
    await store.commit(sender, [{ t: 'crate', op: 'update', id: aggregate, version: 2, row: { organisations: [sender, other, third] } }], []);
    expect(await seen(worker, third)).toBe(true);
    expect(await seen(stranger, sender)).toBe(true);
    expect(await seen(receiver, third)).toBe(false);
  });
  it('keeps what a patch does not name, at every depth, and holds the rules of the table', async () => {
    const id = await pack({ what: 'Zyxqua', wrap: { paper: 'blue', string: 'white' } });
    const content = async (): Promise<unknown> => (await worker.get(`/v1/crates/${id}?reveal=content&purpose=ASSISTANCE`)).body['content'];
    expect((await worker.patch(`/v1/crates/${id}`, { content: { wrap: { string: 'red' } } }, 1)).status).toBe(200);
    expect(await content()).toEqual({ what: 'Zyxqua', wrap: { paper: 'blue', string: 'red' } });
    expect(await worker.patch(`/v1/crates/${id}`, { label: 'secret' }, 2)).toMatchObject({ status: 409, body: { guards: [{ guard: 'B2', reason: 'LABEL_TELLS' }] } });
    expect(await supervisor.patch(`/v1/crates/${id}`, { label: 'books' }, 2)).toMatchObject({ status: 403, body: { roles: ['CASE_WORKER'] } });
  });
  it('rings the other clocks when one cannot ring', async () => {
    const [first, second] = [await sent(), await sent()];
    const { pool } = instance.services.get('shelters')!;
    await pool.query("update deadline set lifecycle = 'Nothing' where aggregate = (select aggregate::uuid from reference where ref = $1)", [first]);
    await instance.advance(hours(25));
    await waitUntil('the second has rung', async () => (await worker.get(`/v1/crates/${second}`)).body['state'] === 'lost');
    expect((await worker.get(`/v1/crates/${first}`)).body['state']).toBe('sent');
  });
  it('pages by cursor, and refuses one that was tampered with', async () => {
    for (let i = 0; i < 3; i += 1) await pack();
    const first = await worker.get('/v1/crates?limit=2');
    const cursor = String(first.body['next']);
    const second = await worker.get(`/v1/crates?limit=2&cursor=${encodeURIComponent(cursor)}`);
    const ids = (a: Record<string, unknown>): string[] => (a['items'] as { id: string }[]).map((i) => i.id);
    expect(new Set([...ids(first.body), ...ids(second.body)]).size).toBe(4);
    expect(first.headers.get('link')).toContain('rel="next"');
    expect((await worker.get(`/v1/crates?cursor=${encodeURIComponent(cursor.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')))}`)).status).toBe(422);
    expect((await worker.get('/v1/crates?colour=red')).status).toBe(422);
  });
  it('lets two commands that race have one winner each version', async () => {
    const id = await pack();
    const many = await Promise.all(Array.from({ length: 6 }, () => worker.post(`/v1/crates/${id}/send`, { tied: true })));
    expect(many.map((m) => m.status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });
  it.each([
    ['{"label":', 400, 'malformed-body'], ['[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]', 400, 'malformed-body'], ['{"__proto__":{"x":1},"label":"a"}', 400, 'malformed-body'],
    ['{"constructor":{"prototype":{}}}', 400, 'malformed-body'], [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'malformed-body'], [JSON.stringify({ label: 'x'.repeat(1_100_000) }), 413, 'body-too-large'], ['"text"', 422, 'validation-failed'], ['{"label":"a\\ud800"}', 422, 'validation-failed'],
  ])('bad JSON gets its problem: %#', async (body, status, code) => {
    const response = await fetch(`${instance.url}/v1/crates`, { method: 'POST', headers: { authorization: `Bearer ${await worker.token()}`, 'content-type': 'application/json' }, body });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });
  it('refuses other content types, unknown paths and no sign-in', async () => {
    const headers = { authorization: `Bearer ${await worker.token()}` };
    expect((await fetch(`${instance.url}/v1/crates`, { method: 'POST', headers: { ...headers, 'content-type': 'text/xml' }, body: '<a/>' })).status).toBe(415);
    expect(await (await fetch(`${instance.url}/v1/nothing`, { headers })).json()).toMatchObject({ code: 'not-found' });
    expect(await (await fetch(`${instance.url}/v1/crates`)).json()).toMatchObject({ code: 'not-signed-in', type: '/problems/not-signed-in' });
    expect((await fetch(`${instance.url}/problems/not-signed-in`)).status).toBe(200);
    expect(await (await fetch(`${instance.url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0', paths: { '/v1/crates/{id}/send': { post: { tags: ['Crate'] } } } });
    expect((await fetch(`${instance.url}/docs`)).headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'start.js']) expect([file, (await fetch(`${instance.url}/docs/${file}`)).status]).toEqual([file, 200]);
    expect(await (await fetch(`${instance.url}/docs/package.json`)).json()).toMatchObject({ code: 'not-found' });
  });

  it('T10 leaves no word of what is sealed in any sink, whatever failed', async () => { expect(huntLeaks(await instance.sinks(), [{ name: 'content', values: { what: 'Zyxqua' } }])).toEqual([]); }, 120_000);
});

describe('a service that has heard nothing of the accounts for a while (decisions 15)', () => {
  let instance: TestInstance;
  beforeAll(async () => { instance = await testInstance([boxes], { name: 'blind' }); });
  afterAll(() => instance?.close());
  const nobody = `/v1/crates/${newRef('crt')}`;

  it('takes no other command, but what protects somebody, from whoever is not known to be disabled', async () => {
    const worker = instance.account(newRef('org'), 'CASE_WORKER');
    expect(await worker.post(`${nobody}/send`, { tied: true })).toMatchObject({ status: 503, body: { code: 'service-unavailable' } });
    expect((await worker.get('/v1/crates')).status).toBe(503);
    expect((await worker.post(`${nobody}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).status).toBe(404);
    const { pool } = instance.services.get('shelters')!;
    await pool.query('insert into disabled (subject, version, disabled) values ($1, 1, true)', [worker.subject]);
    await waitUntil('the service has read who is disabled', async () => (await worker.post(`${nobody}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' })).status === 401);
  });
});

import { createPublicKey, verify } from 'node:crypto';
import { CaseOpened, ReferralSent, ShelterOpened } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { columnsOfTable, hours } from '@footbridge/service';
import { waitUntil, webhookReceiver, type ReceivedRequest, type TestAccount, type WebhookReceiver } from '@footbridge/testing';
import { Webhook } from 'standardwebhooks';
import { Agreement } from './agreement/agreement.lifecycle.js';
import { Delivery } from './delivery/delivery.lifecycle.js';
import { network, type Network } from './network.fixture.js';
import { Partner } from './partner/partner.lifecycle.js';
import { Subscription } from './subscription/subscription.lifecycle.js';

/** Whom partners' servers name in what they answer. */
const her = canaryPerson(67);
const idOf = (request: ReceivedRequest): unknown => request.headers['webhook-id'];
const isChallenge = (request: ReceivedRequest): boolean => request.body.toString().includes('subscription-challenge');
const got = (receiver: WebhookReceiver, id: string): ReceivedRequest[] => receiver.requests.filter((r) => idOf(r) === id);
const states = async (admin: TestAccount, collection = 'deliveries'): Promise<string[]> => ((await admin.get(`/v1/${collection}?limit=100`)).body['items'] as { state: string }[]).map((d) => d.state);

describe('notifications, on real Postgres and real endpoints', () => {
  let net: Network;
  const receivers: WebhookReceiver[] = [];
  const receiver = async (): Promise<WebhookReceiver> => { const made = await webhookReceiver(); receivers.push(made); return made; };
  beforeAll(async () => { net = await network('notifications'); });
  afterAll(async () => { for (const r of receivers) await r.stop(); await net?.close(); });

  it('has the columns that its lifecycles declare', async () => {
    for (const [l, table] of [[Partner, 'partner'], [Agreement, 'agreement'], [Subscription, 'subscription'], [Delivery, 'delivery']] as const) {
      const { rows } = await net.instance.services.get('notifications')!.pool.query<{ name: string; type: string }>(`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`, [table]);
      const short: Readonly<Record<string, string>> = { 'timestamp with time zone': 'timestamptz' };
      expect(new Map(rows.map(({ name, type }) => [name, short[type] ?? type]).sort() as [string, string][])).toEqual(new Map([...columnsOfTable(l as never)].sort()));
    }
  });

  it('delivers a directed event, signed by both ways, thin, and the same as in the feed', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { secret, publicKey, id } = await net.subscribe(admin, hook.url, ReferralSent);
    const event = await net.referral(admin.organisation, await net.consent(admin.organisation));
    await waitUntil('it arrives', () => got(hook, event).length === 1);
    const [request] = got(hook, event);
    const headers = Object.fromEntries(Object.entries(request!.headers).map(([k, v]) => [k, String(v)]));
    expect(new Webhook(secret).verify(request!.body.toString(), headers)).toMatchObject({ type: ReferralSent.type, id: event });
    const v1a = /v1a,(\S+)/.exec(String(headers['webhook-signature']))?.[1] ?? '';
    const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey.slice(5), 'base64')]), format: 'der', type: 'spki' });
    expect(verify(null, Buffer.concat([Buffer.from(`${event}.${headers['webhook-timestamp']}.`), request!.body]), key, Buffer.from(v1a, 'base64'))).toBe(true);
    expect(Object.keys(JSON.parse(request!.body.toString()) as object)).toEqual(['specversion', 'id', 'source', 'type', 'time', 'subject', 'data']);
    expect(request!.body.toString()).not.toMatch(/csr_|con_/);
    expect(headers['traceparent']).toBeUndefined();
    const feed = await fetch(`${net.instance.url}/v1/events`, { headers: { authorization: `Bearer ${await admin.token()}` } });
    expect(await feed.text()).toContain(`{"items":[${request!.body.toString()}],"next":`);
    await waitUntil('it is delivered', async () => (await states(admin)).join() === 'delivered');
    const [shown] = (await admin.get('/v1/deliveries')).body['items'] as Record<string, unknown>[];
    expect(shown).toMatchObject({ eventId: event, type: ReferralSent.type, attempts: 1, lastStatus: 204, links: { subscription: `/v1/subscriptions/${id}` } });
    expect(JSON.stringify(shown)).not.toMatch(/csr_|specversion/);
  });

  it('never shows a signing secret again', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id, secret } = await net.subscribe(admin, hook.url, ReferralSent);
    const worker = net.instance.account(admin.organisation, 'DPO');
    expect((await worker.get(`/v1/subscriptions/${id}?reveal=signing&purpose=ASSISTANCE`)).status).toBe(422);
    expect(JSON.stringify((await admin.get(`/v1/subscriptions/${id}`)).body)).not.toContain(secret);
  });

  it('refuses http, private addresses and unknown types at once; types nobody is entitled to at approval', async () => {
    const admin = await net.partner();
    for (const url of ['http://hooks.example.org/x', 'https://10.0.0.8/x', 'https://[fd00::1]/x', 'https://169.254.169.254/x', 'https://user:pw@example.org/']) expect(await admin.post('/v1/subscriptions', { url, eventTypes: [ReferralSent.type] })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/url' }] } });
    const hook = await receiver();
    expect(await admin.post('/v1/subscriptions', { url: hook.url, eventTypes: ['footbridge.referrals.nothing.v1'] })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/eventTypes' }] } });
    await admin.post('/v1/subscriptions', { url: hook.url, eventTypes: [CaseOpened.type] });
    const [asked] = (await net.dpo.get('/v1/subscriptions?state=sub_pending')).body['items'] as { id: string }[];
    const refused = await net.dpo.post(`/v1/subscriptions/${asked!.id}/activate-subscription`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'guard-refused' } });
    expect((refused.body['guards'] as { reason: string }[]).map((g) => g.reason)).toContain('NOT_ENTITLED');
    expect(hook.requests).toEqual([]); // and nobody's server was spoken to
    expect(await net.dpo.post(`/v1/subscriptions/${asked!.id}/reject-subscription`)).toMatchObject({ status: 200, body: { state: 'sub_rejected' } });
  });

  it('activates only what answers the challenge', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    hook.behave({ status: 500 });
    await admin.post('/v1/subscriptions', { url: hook.url, eventTypes: [ReferralSent.type] });
    const [asked] = (await net.dpo.get('/v1/subscriptions?state=sub_pending')).body['items'] as { id: string }[];
    expect(await net.dpo.post(`/v1/subscriptions/${asked!.id}/activate-subscription`)).toMatchObject({ status: 409, body: { guards: [{ guard: 'CHALLENGE', reason: 'CHALLENGE_NOT_ANSWERED' }] } });
    hook.behave({ status: 200 });
    expect(await net.dpo.post(`/v1/subscriptions/${asked!.id}/activate-subscription`)).toMatchObject({ status: 200, body: { state: 'sub_active' } });
    expect(hook.requests.every(isChallenge)).toBe(true);
  });

  it('lets nobody be delayed by who hangs or fails', async () => {
    const [slow, failing, well] = [await net.partner(), await net.partner(), await net.partner()];
    const [hangs, fails, works] = [await receiver(), await receiver(), await receiver()];
    await net.subscribe(slow, hangs.url, ReferralSent);
    await net.subscribe(failing, fails.url, ReferralSent);
    await net.subscribe(well, works.url, ReferralSent);
    hangs.behave('hang'); fails.behave({ status: 500 });
    for (let i = 0; i < 12; i += 1) { await net.referral(slow.organisation); await net.referral(failing.organisation); }
    const started = Date.now();
    const ids: string[] = [];
    for (let i = 0; i < 12; i += 1) ids.push(await net.referral(well.organisation));
    await waitUntil('all of the third are there', () => ids.every((id) => got(works, id).length === 1));
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(hangs.requests.filter((r) => !isChallenge(r)).length).toBeLessThanOrEqual(4);
    expect((await states(well)).length).toBe(12);
    expect((await well.get('/v1/deliveries?organisation=' + slow.organisation)).body['items']).toEqual([]);
    hangs.behave({ status: 204 }); await hangs.stop(); await fails.stop();
  });

  it('tries again by the schedule with the same id, degrades after five failures, recovers, and is told by status only', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id } = await net.subscribe(admin, hook.url, ReferralSent);
    hook.behave({ status: 503, body: Object.values(her.values).join('\n') });
    const event = await net.referral(admin.organisation);
    for (const [n, wait] of [[1, 5_000], [2, 300_000], [3, 1_800_000], [4, hours(2)]] as const) {
      await waitUntil(`attempt ${n}`, () => got(hook, event).length === n);
      await waitUntil('it is recorded', async () => ((await admin.get('/v1/deliveries')).body['items'] as { attempts: number }[])[0]?.attempts === n);
      await net.instance.advance(wait);
    }
    await waitUntil('it is degraded', async () => (await admin.get(`/v1/subscriptions/${id}`)).body['state'] === 'sub_degraded');
    await waitUntil('attempt 5', () => got(hook, event).length === 5);
    hook.behave({ status: 204 });
    await waitUntil('it is recorded', async () => ((await admin.get('/v1/deliveries')).body['items'] as { attempts: number }[])[0]?.attempts === 5);
    await net.instance.advance(hours(5));
    await waitUntil('it recovers', async () => (await admin.get(`/v1/subscriptions/${id}`)).body['state'] === 'sub_active');
    expect(await states(admin)).toEqual(['delivered']);
  });

  it('honours Retry-After, disables at once on 410, keeps what comes meanwhile, and delivers it after a new challenge', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id } = await net.subscribe(admin, hook.url, ReferralSent);
    hook.behave({ status: 429, headers: { 'retry-after': '3600' } });
    const first = await net.referral(admin.organisation);
    await waitUntil('it waits as asked', async () => {
      const [d] = (await admin.get('/v1/deliveries')).body['items'] as { state: string; nextAttemptAt: string }[];
      return d?.state === 'retrying' && Date.parse(d.nextAttemptAt) - net.instance.clock.now().getTime() > 3_500_000;
    });
    hook.behave({ status: 410 });
    await net.instance.advance(hours(1));
    await waitUntil('it is disabled', async () => (await admin.get(`/v1/subscriptions/${id}`)).body['state'] === 'sub_disabled');
    await waitUntil('what was tried is given up', async () => (await states(admin)).join() === 'dead_lettered');
    const second = await net.referral(admin.organisation);
    await waitUntil('the new one waits', async () => (await states(admin)).includes('queued'));
    hook.behave({ status: 204 });
    expect(await admin.post(`/v1/subscriptions/${id}/activate-subscription`)).toMatchObject({ status: 200, body: { state: 'sub_active' } });
    await waitUntil('it goes out', () => got(hook, second).length === 1);
    const dead = ((await admin.get('/v1/deliveries?state=dead_lettered')).body['items'] as { id: string }[])[0]!;
    expect(await admin.post(`/v1/deliveries/${dead.id}/replay`)).toMatchObject({ status: 200, body: { state: 'queued' } });
    await waitUntil('it is replayed', () => got(hook, first).length === 3);
  });

  it('suppresses at the next attempt what lost its consent, and delivers the recall all the same', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    await net.subscribe(admin, hook.url, ReferralSent);
    const consent = await net.consent(admin.organisation);
    hook.behave({ status: 503 });
    const event = await net.referral(admin.organisation, consent);
    await waitUntil('it was tried', async () => (await states(admin)).join() === 'retrying');
    await consent.withdraw();
    hook.behave({ status: 204 });
    const before = got(hook, event).length;
    const recalled = await net.recall(admin.organisation, consent);
    await net.instance.advance(hours(1));
    await waitUntil('one is suppressed, the other delivered', async () => (await states(admin)).sort().join() === 'delivered,suppressed');
    expect(got(hook, event)).toHaveLength(before);
    expect(got(hook, recalled)).toHaveLength(1);
    const { items } = (await admin.get('/v1/events')).body as { items: { id: string }[] };
    expect(items.map((i) => i.id)).toEqual([recalled]);
    const gone = ((await admin.get('/v1/deliveries?state=suppressed')).body['items'] as { id: string }[])[0]!;
    expect(await admin.post(`/v1/deliveries/${gone.id}/replay`)).toMatchObject({ status: 409, body: { code: 'transition-not-allowed' } });
  });

  it('signs with both secrets for a day after a rotation', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id, secret } = await net.subscribe(admin, hook.url, ReferralSent);
    const rotated = await admin.post(`/v1/subscriptions/${id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    const fresh = String(rotated.body['secret']);
    expect(fresh).not.toBe(secret);
    const verifies = async (key: string): Promise<boolean> => {
      const event = await net.referral(admin.organisation);
      await waitUntil('it arrives', () => got(hook, event).length === 1);
      const [request] = got(hook, event);
      try { new Webhook(key).verify(request!.body.toString(), Object.fromEntries(Object.entries(request!.headers).map(([k, v]) => [k, String(v)]))); return true; } catch { return false; }
    };
    expect([await verifies(secret), await verifies(fresh)]).toEqual([true, true]);
    await net.instance.advance(hours(25));
    expect([await verifies(secret), await verifies(fresh)]).toEqual([false, true]);
  });

  it('rotates once for one key: a repeat rotates nothing, and the secret before still counts', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id, secret } = await net.subscribe(admin, hook.url, ReferralSent);
    const path = `/v1/subscriptions/${id}/rotate-secret`;
    const rotate = (key: string) => admin.post(path, undefined, { 'idempotency-key': key });
    const { body: { secret: fresh, ...shared } } = await rotate('lost-answer');
    const again = await rotate('lost-answer');
    expect([again.status, again.headers.get('idempotent-replay'), again.body]).toEqual([200, 'true', shared]);
    const event = await net.referral(admin.organisation);
    await waitUntil('it arrives', () => got(hook, event).length === 1);
    const [request] = got(hook, event);
    const headers = Object.fromEntries(Object.entries(request!.headers).map(([k, v]) => [k, String(v)]));
    for (const key of [secret, String(fresh)]) expect(new Webhook(key).verify(request!.body.toString(), headers)).toMatchObject({ id: event });
  });

  it('tells the network at the full hour, in its country only', async () => {
    const [here, there, hook, far] = [await net.partner('GE'), await net.partner('MD'), await receiver(), await receiver()];
    await net.subscribe(here, hook.url, ShelterOpened);
    await net.subscribe(there, far.url, ShelterOpened);
    const event = await net.shelterOpened('GE');
    await waitUntil('it waits', async () => (await states(here)).join() === 'queued');
    expect(got(hook, event)).toEqual([]);
    expect((await here.get('/v1/events')).body['items']).toEqual([]);
    await net.instance.advance(hours(1));
    await waitUntil('it arrives', () => got(hook, event).length === 1);
    await waitUntil('it is in the feed', async () => ((await here.get('/v1/events')).body['items'] as unknown[]).length === 1);
    expect(got(far, event)).toEqual([]);
    expect((await there.get('/v1/events')).body['items']).toEqual([]);
  });

  it('feeds pages that go on from a cursor, to active partners alone', async () => {
    const admin = await net.partner();
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) { const event = await net.referral(admin.organisation); ids.push(event); await waitUntil('it is in the feed', async () => ((await admin.get('/v1/events')).body['items'] as unknown[]).length === i + 1); }
    const first = (await admin.get('/v1/events?limit=2')).body as { items: { id: string }[]; next: string };
    const second = (await admin.get(`/v1/events?cursor=${encodeURIComponent(first.next)}`)).body as { items: { id: string }[]; next: string };
    expect([...first.items, ...second.items].map((i) => i.id)).toEqual(ids);
    expect((await admin.get(`/v1/events?cursor=${encodeURIComponent(second.next)}`)).body['items']).toEqual([]);
    expect((await admin.get('/v1/events?cursor=x.y')).status).toBe(422);
    expect((await net.instance.account(admin.organisation, 'CASE_WORKER').get('/v1/events')).status).toBe(403);
    expect(await net.instance.account(newRef('org'), 'PARTNER_ADMIN').get('/v1/events')).toMatchObject({ status: 409, body: { guards: [{ reason: 'PARTNER_NOT_ACTIVE' }] } });
  });

  it('streams, and goes on from Last-Event-ID', async () => {
    const admin = await net.partner();
    const one = await net.referral(admin.organisation);
    const read = async (lastEventId: string | undefined, wanted: string): Promise<{ id: string; text: string }> => {
      const stop = new AbortController();
      const response = await fetch(`${net.instance.url}/v1/events`, { signal: stop.signal, headers: { authorization: `Bearer ${await admin.token()}`, accept: 'text/event-stream', ...(lastEventId ? { 'last-event-id': lastEventId } : {}) } });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      let text = '';
      for await (const chunk of response.body!) { text += Buffer.from(chunk as Uint8Array).toString(); if (text.includes(wanted)) break; }
      stop.abort();
      return { id: /id: (\S+)/.exec(text)?.[1] ?? '', text };
    };
    const { id } = await read(undefined, one);
    const two = await net.referral(admin.organisation);
    const { text } = await read(id, two);
    expect(text).not.toContain(one);
    expect(text).toContain(`event: ${ReferralSent.type}\ndata: {"specversion":"1.0","id":"${two}"`);
  });

  it('sends nothing to who is suspended, and ends the subscriptions', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const { id } = await net.subscribe(admin, hook.url, ReferralSent);
    const mine = ((await admin.get('/v1/partners')).body['items'] as { id: string }[])[0]!.id;
    expect((await admin.post(`/v1/partners/${mine}/suspend-partner`, { suspendedFor: 'BREACH' })).status).toBe(403);
    const { rows: [ref] } = await net.instance.services.get('notifications')!.pool.query<{ ref: string }>('select r.ref from reference r where r.organisation = $1 and r.aggregate = (select aggregate from reference where ref = $2)', [net.body, mine]);
    expect(await net.dpo.post(`/v1/partners/${ref!.ref}/suspend-partner`, { suspendedFor: 'BREACH' })).toMatchObject({ status: 200, body: { state: 'partner_suspended' } });
    expect((await admin.get(`/v1/subscriptions/${id}`)).body['state']).toBe('sub_revoked');
    const event = await net.referral(admin.organisation);
    await net.instance.advance(1_000);
    expect((await admin.get('/v1/events')).body['items']).toEqual([]);
    expect(got(hook, event)).toEqual([]);
    // what has to be deleted is told all the same
    const recalled = await net.recall(admin.organisation, await net.consent(admin.organisation));
    await waitUntil('the recall is there', async () => ((await admin.get('/v1/events')).body['items'] as { id: string }[]).map((i) => i.id).join() === recalled);
    expect(got(hook, recalled)).toEqual([]);
    expect((await admin.post('/v1/partners', { services: ['legal'] })).body).toMatchObject({ guards: [{ reason: 'ALREADY_MEMBER' }] });
  });

  it('lets a partner change what it offers, and an address only while nothing is sent there', async () => {
    const [admin, hook] = [await net.partner(), await receiver()];
    const mine = ((await admin.get('/v1/partners')).body['items'] as { id: string; version: number }[])[0]!;
    expect(await admin.patch(`/v1/partners/${mine.id}`, { services: ['legal', 'cash'], profiles: ['women'] }, mine.version)).toMatchObject({ status: 200, body: { state: 'partner_active', services: ['legal', 'cash'] } });
    const { id } = await net.subscribe(admin, hook.url, ReferralSent);
    const version = async (): Promise<unknown> => (await admin.get(`/v1/subscriptions/${id}`)).body['version'];
    const moved = await receiver();
    expect((await admin.patch(`/v1/subscriptions/${id}`, { url: moved.url }, await version())).status).toBe(409);
    await admin.post(`/v1/subscriptions/${id}/pause`);
    const recalled = await net.recall(admin.organisation, await net.consent(admin.organisation));
    await waitUntil('a pause holds no recall back: it is in the feed', async () => ((await admin.get('/v1/events')).body['items'] as { id: string }[]).some((i) => i.id === recalled));
    expect((await admin.patch(`/v1/subscriptions/${id}`, { url: 'https://10.0.0.8/' }, await version()))).toMatchObject({ status: 422, body: { errors: [{ pointer: '/url' }] } });
    expect((await admin.patch(`/v1/subscriptions/${id}`, { url: moved.url }, await version())).status).toBe(200);
    const event = await net.referral(admin.organisation);
    expect(moved.requests).toEqual([]);
    expect(await admin.post(`/v1/subscriptions/${id}/activate-subscription`)).toMatchObject({ status: 200 });
    await waitUntil('it arrives there', () => got(moved, event).length === 1);
    expect([moved.requests.filter(isChallenge).length, got(hook, event).length]).toEqual([1, 0]);
  });

  it('registers agreements, which end by either side or by themselves', async () => {
    const [one, two] = [await net.partner(), await net.partner()];
    const until = new Date(net.instance.clock.now().getTime() + 2 * 86_400_000).toISOString().slice(0, 10);
    const signed = await one.post('/v1/agreements', { to: two.organisation, categories: ['IDENTITY', 'NEEDS'], until });
    expect(signed).toMatchObject({ status: 201, body: { state: 'signed', from: one.organisation, to: two.organisation, onwardTransfer: false } });
    expect(await one.post('/v1/agreements', { to: one.organisation, categories: ['NEEDS'], until })).toMatchObject({ status: 409 });
    const theirs = ((await two.get('/v1/agreements')).body['items'] as { id: string }[])[0]!.id;
    expect(await two.post(`/v1/agreements/${theirs}/end-agreement`)).toMatchObject({ status: 200, body: { state: 'ended' } });
    const again = await one.post('/v1/agreements', { to: two.organisation, categories: ['NEEDS'], until });
    await net.instance.advance(4 * 86_400_000);
    await waitUntil('it has ended', async () => (await one.get(`/v1/agreements/${String(again.body['id'])}`)).body['state'] === 'ended');
  });

  it('T10 keep nothing of what the servers of others answer, in any sink', async () => { expect(huntLeaks(await net.instance.sinks(), [her])).toEqual([]); }, 120_000);
});

import { CaseAnonymised, ReferralSent } from '@footbridge/contracts';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { hours } from '@footbridge/service';
import { waitUntil, webhookReceiver, type TestAccount, type WebhookReceiver } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { network, type Network } from '../network.fixture.js';

/** Whom the servers that are away name in what they answer. */
const her = canaryPerson(68);
const got = (receiver: WebhookReceiver, id: string): number => receiver.requests.filter((r) => r.headers['webhook-id'] === id).length;
const pause = (ms: number): Promise<void> => new Promise((done) => { setTimeout(done, ms); });

describe('deliveries when something is away', () => {
  let net: Network, admin: TestAccount, hook: WebhookReceiver;
  beforeAll(async () => { net = await network('outage'); admin = await net.partner(); hook = await webhookReceiver(); await net.subscribe(admin, hook.url, ReferralSent); });
  afterAll(async () => { await hook?.stop(); await net?.close(); });
  const pool = () => net.instance.services.get('notifications')!.pool;
  const stateOf = async (event: string): Promise<unknown> => ((await admin.get('/v1/deliveries?limit=100')).body['items'] as Record<string, unknown>[]).find((d) => d['eventId'] === event)?.['state'];

  it('are exhausted after ten attempts; the endpoint is disabled and its organisation is called', async () => {
    const [other, dead] = [await net.partner(), await webhookReceiver()];
    await net.subscribe(other, dead.url, ReferralSent);
    dead.behave({ status: 503, headers: { location: `https://${her.documentNumber}.example/${encodeURIComponent(her.familyName)}` }, body: JSON.stringify(her.values) });
    const event = await net.referral(other.organisation);
    const first = async (): Promise<Record<string, unknown>> => ((await other.get('/v1/deliveries')).body['items'] as Record<string, unknown>[])[0] ?? {};
    for (let n = 1; n <= 10; n += 1) {
      await waitUntil(`attempt ${n}`, async () => (await first())['attempts'] === n);
      await net.instance.advance(hours(24));
    }
    expect(await first()).toMatchObject({ state: 'dead_lettered', attempts: 10, lastStatus: 503 });
    expect(got(dead, event)).toBe(10);
    await waitUntil('it is disabled', async () => ((await other.get('/v1/subscriptions')).body['items'] as { state: string }[])[0]?.state === 'sub_disabled');
    await net.instance.advance(1);
    await waitUntil('somebody is called', async () => ((await other.get('/v1/notifications-alerts')).body['items'] as { code: string }[]).some((a) => a.code === 'WEBHOOK_DISABLED'));
    await net.instance.advance(hours(24 * 14));
    await waitUntil('it is purged', async () => (await first())['state'] === 'delivery_purged');
    await dead.stop();
  });

  it('are taken over when a sender is killed: its lease runs out', async () => {
    hook.behave({ status: 503 });
    const event = await net.referral(admin.organisation);
    await waitUntil('it was tried', async () => await stateOf(event) === 'retrying');
    await pool().query('update delivery_due set leased_until = clock_timestamp() + interval \'2 seconds\'');
    hook.behave({ status: 204 });
    await net.instance.advance(hours(1));
    const before = got(hook, event);
    await pause(1_000);
    expect(got(hook, event)).toBe(before);
    await waitUntil('it is delivered', async () => await stateOf(event) === 'delivered');
  });

  it('are forgotten with their case', async () => {
    hook.behave({ status: 503 });
    const consent = await net.consent(admin.organisation);
    const event = await net.referral(admin.organisation, consent);
    await waitUntil('it was tried', async () => await stateOf(event) === 'retrying');
    await net.say(CaseAnonymised, { case: consent.caseRef, state: 'anonymised', version: 9 }, { caseRef: consent.caseRef, aggregate: randomUUID(), version: 9, owner: net.body });
    await net.instance.advance(hours(1));
    await waitUntil('it goes nowhere', async () => await stateOf(event) === 'suppressed');
    expect(((await admin.get('/v1/events?limit=100')).body['items'] as { id: string }[]).some((i) => i.id === event)).toBe(false);
  });

  it('are put off, and not counted, while it is not known whether consent still stands', async () => {
    hook.behave({ status: 503 });
    const event = await net.referral(admin.organisation, await net.consent(admin.organisation));
    await waitUntil('it was tried', async () => await stateOf(event) === 'retrying');
    const before = got(hook, event);
    hook.behave({ status: 204 });
    const database = new Client({ connectionString: net.instance.databaseUrl });
    await database.connect();
    try {
      await database.query('alter table referrals.outbox rename to outbox_away'); // nobody tells of withdrawals any more
      await pause(6_000);
      await net.instance.advance(hours(1));
      await pause(3_000);
      expect([got(hook, event), await stateOf(event)]).toEqual([before, 'retrying']);
      const shown = (await admin.get('/v1/events?limit=100')).body as { items: { id: string }[]; next: string };
      expect(shown.items.map((i) => i.id)).not.toContain(event); // the feed ends before it
      expect(await admin.impatient.get(`/v1/events?cursor=${encodeURIComponent(shown.next)}`)).toMatchObject({ status: 503, body: { code: 'service-unavailable' } });
    } finally {
      await database.query('alter table referrals.outbox_away rename to outbox');
      await database.end();
    }
    await waitUntil('it goes out when they speak again', async () => await stateOf(event) === 'delivered');
    const { body } = await admin.get('/v1/events?limit=100');
    expect((body['items'] as { id: string }[]).map((i) => i.id)).toContain(event);
  }, 40_000);

  it('T10 leave nothing of what was answered meanwhile in any sink', async () => { expect(huntLeaks([...await net.instance.sinks(), { name: 'webhooks', content: hook.heard }], [her])).toEqual([]); }, 120_000);
});

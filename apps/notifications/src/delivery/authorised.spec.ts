import { ReceptionCancelled, ReceptionRequested, ReferralSent } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { hours } from '@footbridge/service';
import { waitUntil, webhookReceiver, type TestAccount, type WebhookReceiver } from '@footbridge/testing';
import { network, type Network } from '../network.fixture.js';
import { judged, toOriginSide } from './authorised.js';

const now = new Date('2026-11-24T10:00:00Z');

describe('what news depends on', () => {
  const consent = (recipient: string, state: string) => ({ consent: 'con_x', recipient, state, categories: [] });
  const referral = { owner: 'org_a', type: ReferralSent.type, consentRef: 'con_x' };
  it('is the consent to its own organisation, and no other', () => {
    expect(judged(referral, { consent: consent('org_a', 'given'), contact: null }, now)).toBe('in force');
    expect(judged(referral, { consent: consent('org_a', 'withdrawn'), contact: null }, now)).toBe('ended');
    expect(judged(referral, { consent: consent('org_b', 'withdrawn'), contact: null }, now)).toBe('in force');
    expect(judged(referral, { consent: null, contact: null }, now)).toBe('unknown');
  });
  it('is clearance of contact, for the origin side; nothing for what protects', () => {
    const reception = { owner: 'org_a', type: ReceptionRequested.type, consentRef: 'con_x' };
    const given = consent('org_a', 'given');
    expect(judged(reception, { consent: given, contact: { cleared: true } }, now)).toBe('in force');
    expect(judged(reception, { consent: given, contact: { cleared: false } }, now)).toBe('held');
    expect(judged(reception, { consent: given, contact: { cleared: true, until: '2026-11-23' } }, now)).toBe('held');
    expect(judged(reception, { consent: given, contact: null }, now)).toBe('unknown');
    expect(judged({ ...reception, protective: true }, { consent: null, contact: { cleared: false } }, now)).toBe('in force');
    expect(toOriginSide).toContain(ReceptionRequested.type);
    for (const type of [ReceptionCancelled.type, ReferralSent.type]) expect(toOriginSide).not.toContain(type);
  });
});

describe('at an attempt, in the feed and at a replay', () => {
  let net: Network, hook: WebhookReceiver;
  beforeAll(async () => { net = await network('authorised'); hook = await webhookReceiver(); });
  afterAll(async () => { await hook?.stop(); await net?.close(); });
  const deliveryOf = async (admin: TestAccount, event: string): Promise<Record<string, unknown> | undefined> => ((await admin.get('/v1/deliveries?limit=100')).body['items'] as Record<string, unknown>[]).find((d) => d['eventId'] === event);
  const until = (admin: TestAccount, event: string, state: string): Promise<unknown> => waitUntil(`${event} is ${state}`, async () => (await deliveryOf(admin, event))?.['state'] === state);
  const shown = async (admin: TestAccount): Promise<string[]> => ((await admin.get('/v1/events?limit=100')).body['items'] as { id: string }[]).map(({ id }) => id);
  const got = (event: string): number => hook.requests.filter((r) => r.headers['webhook-id'] === event).length;

  it('a hold stops what the origin side would be told, and not what calls it off', async () => {
    const admin = await net.partner();
    await net.subscribe(admin, hook.url, ReceptionRequested, ReceptionCancelled);
    const caseRef = newRef('csr');
    const plan = newRef('rcp');
    const about = { recipient: admin.organisation, caseRef, subject: plan };
    const requested = () => net.say(ReceptionRequested, { receptionPlan: plan, state: 'reception_requested', version: 1, from: net.body, to: admin.organisation }, about);
    await net.originContact(caseRef, true, 1);
    hook.behave({ status: 204 });
    const cleared = await requested();
    await until(admin, cleared, 'delivered');
    expect(await shown(admin)).toEqual([cleared]);
    hook.behave({ status: 503 });
    const waiting = await requested();
    await until(admin, waiting, 'retrying');
    const tried = got(waiting);
    await net.originContact(caseRef, false, 2);
    await until(admin, waiting, 'suppressed'); // at once, not at the next attempt
    hook.behave({ status: 204 });
    const late = await requested();
    await net.instance.advance(10_000);
    await until(admin, late, 'suppressed');
    const called = await net.say(ReceptionCancelled, { receptionPlan: plan, state: 'reception_cancelled', version: 2, from: net.body, to: admin.organisation, reason: 'PERSON_CHOICE' }, { ...about, version: 2 });
    await until(admin, called, 'delivered');
    expect([got(waiting), got(late)]).toEqual([tried, 0]);
    await waitUntil('the feed has what may be told', async () => (await shown(admin)).join() === called);
  }, 60_000);

  it('a hold stops the replay of what had been given up', async () => {
    const [admin, gone] = [await net.partner(), await webhookReceiver()];
    const { id } = await net.subscribe(admin, gone.url, ReceptionRequested);
    const caseRef = newRef('csr');
    await net.originContact(caseRef, true, 1);
    gone.behave({ status: 410 });
    const plan = newRef('rcp');
    const event = await net.say(ReceptionRequested, { receptionPlan: plan, state: 'reception_requested', version: 1, from: net.body, to: admin.organisation }, { recipient: admin.organisation, caseRef, subject: plan });
    await until(admin, event, 'dead_lettered');
    gone.behave({ status: 204 });
    expect((await admin.post(`/v1/subscriptions/${id}/activate-subscription`)).status).toBe(200);
    await net.originContact(caseRef, false, 2);
    await until(admin, event, 'suppressed');
    expect(await admin.post(`/v1/deliveries/${String((await deliveryOf(admin, event))?.['id'])}/replay`)).toMatchObject({ status: 409 });
    expect(gone.requests.filter((r) => r.headers['webhook-id'] === event)).toHaveLength(1);
    await gone.stop();
  }, 60_000);

  it('the end of a consent stops what its recipient would get, and not what the owner hears of its own', async () => {
    const [receiver, owner] = [await net.partner(), await net.partner()];
    for (const admin of [receiver, owner]) await net.subscribe(admin, hook.url, ReferralSent);
    const consent = await net.consent(receiver.organisation);
    hook.behave({ status: 503 });
    const [theirs, own] = [await net.referral(receiver.organisation, consent), await net.referral(owner.organisation, consent)];
    await until(receiver, theirs, 'retrying');
    await until(owner, own, 'retrying');
    await consent.withdraw();
    await until(receiver, theirs, 'suppressed');
    hook.behave({ status: 204 });
    await net.instance.advance(hours(1));
    await until(owner, own, 'delivered');
    await waitUntil('each feed shows its own', async () => (await shown(owner)).join() === own && (await shown(receiver)).length === 0);
    expect((await net.instance.services.get('notifications')!.pool.query('select 1 from parked')).rowCount).toBe(0);
  }, 60_000);
});

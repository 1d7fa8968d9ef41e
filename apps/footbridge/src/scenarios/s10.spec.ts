import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import { CaseOpened, ReferralSent, ReferralWithdrawn, after, referralDeadlines } from '@footbridge/contracts';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { waitUntil, webhookReceiver, type ReceivedRequest, type TestAccount, type WebhookReceiver } from '@footbridge/testing';
import { Webhook } from 'standardwebhooks';
import { idOf, must, soon } from '../demo/world.js';
import { Scene, alerts, changes, checked, items, only, refusal, type Item, type Organisation } from './scene.fixture.js';

const people = [canaryPerson(1), canaryPerson(2), canaryPerson(3)] as const;
const endpoint = 'https://hooks.nest.example/footbridge';
const addresses: Readonly<Record<string, readonly string[]>> = { 'hooks.nest.example': ['93.184.216.34'], 'hooks.harbour.example': ['93.184.216.35'], 'inside.nest.example': ['10.0.0.8'] };
const seconds = (n: number): number => n * 1_000, minutes = (n: number): number => n * 60_000, hours = (n: number): number => n * 3_600_000;
/** When each of the ten attempts is made after the first (reference 2.5.1). */
const schedule = [0, seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)].reduce<number[]>((made, wait) => [...made, (made.at(-1) ?? 0) + wait], []);
/** A machine that many share is slow: so late an attempt may be. */
const LATE = minutes(2);

interface Referred { readonly consent: string; readonly own: string; readonly theirs: string }

describe('S10. NGO subscription with a webhook outage (Georgia)', () => {
  let scene: Scene, hook: WebhookReceiver, neighbour: WebhookReceiver, sender: Organisation, harbour: Organisation, nest: Organisation;
  let worker: TestAccount, admin: TestAccount, duty: TestAccount, otherAdmin: TestAccount, otherDuty: TestAccount;
  let cases: readonly string[], sub1: string, secret: string, publicDirectory: string, foreign: Referred;
  let r1: Referred, r2: Referred, r3: Referred, dl1: string, dl2: string, dl3: string, dl4: string;

  beforeAll(async () => {
    [hook, neighbour] = await Promise.all([webhookReceiver({ tls: true, name: 'hooks.nest.example' }), webhookReceiver({ tls: true, name: 'hooks.harbour.example' })]);
    const servers = new Map([['hooks.nest.example', hook], ['hooks.harbour.example', neighbour]]);
    // Public addresses, as the instance sees them; the servers behind them are this test's own.
    const connect = ({ servername = '' }: { readonly servername?: string }): Promise<Socket> => new Promise((done, failed) => {
      const server = servers.get(servername);
      if (!server) { failed(new Error('nobody there')); return; }
      const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(server.url).port), servername, ca: server.ca, ALPNProtocols: ['http/1.1'] }, () => { socket.off('error', failed); done(socket); });
      socket.once('error', failed);
    });
    scene = await Scene.begin('s10', 31, { webhooks: 'public', egress: { resolver: (name: string) => Promise.resolve(addresses[name] ?? []), connect } });
    sender = await scene.partner('Lantern', 'NGO', 'GE', ['psychosocial']);
    harbour = await scene.partner('Harbour', 'NGO', 'GE', ['psychosocial']);
    nest = await scene.organisation('Nest', 'NGO', 'GE');
    await scene.agreement(sender, harbour);
    [worker, admin, duty, otherAdmin, otherDuty] = [sender.account('CASE_WORKER', 'REFERRER'), nest.account('PARTNER_ADMIN'), nest.account('RECEIVER'), harbour.account('PARTNER_ADMIN'), harbour.account('RECEIVER')];
    await scene.subscribe(otherAdmin, 'https://hooks.harbour.example/footbridge', [ReferralSent.type]);
    publicDirectory = JSON.stringify(must(await otherAdmin.get('/v1/organisations?limit=100'), 200, 'directory')['items']);
  });
  afterAll(async () => { await hook?.stop(); await neighbour?.stop(); await scene?.close(); });

  const validUntil = (): string => new Date(scene.instance.clock.now().getTime() + 60 * 86_400_000).toISOString().slice(0, 10);
  /** Consent that names the receiver, draft and send. The receiver learns of it under a reference of its own. */
  async function refer(n: 0 | 1 | 2, serviceType: string, priority: string, receiver: Organisation = nest, account: TestAccount = duty): Promise<Referred> {
    const asked = must(await soon(() => worker.post('/v1/consent-records', { case: cases[n], purpose: 'REFERRAL_DISCLOSURE', recipient: receiver.organisation, categories: ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE'], noticeVersion: '2026-1', language: 'ka', medium: 'written', validUntil: validUntil() })), 201, 'consent');
    must(await worker.post(`/v1/consent-records/${idOf(asked)}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200, 'consent given');
    expect(await changes(worker, `/v1/consent-records/${idOf(asked)}`)).toEqual(['∅→requested', 'requested→given']);
    const before = new Set((await items(account, '/v1/referrals?limit=100')).map((r) => r.id));
    const drafted = must(await worker.post('/v1/referrals', { case: cases[n], serviceType, priority, receiver: receiver.organisation, fieldsDisclosed: ['IDENTITY', 'CONTACT'] }), 201, 'draft');
    expect((await items(account, '/v1/referrals?limit=100')).every((r) => before.has(r.id))).toBe(true); // nobody learns of a draft
    must(await soon(() => worker.post(`/v1/referrals/${idOf(drafted)}/send`, {})), 200, 'send');
    expect(await changes(worker, `/v1/referrals/${idOf(drafted)}`)).toEqual(['∅→draft', 'draft→sent']);
    const theirs = only((await items(account, '/v1/referrals?limit=100')).filter((r) => !before.has(r.id))).id;
    expect(theirs).not.toBe(idOf(drafted));
    return { consent: idOf(asked), own: idOf(drafted), theirs };
  }
  const deliveries = (): Promise<readonly Item[]> => items(admin, '/v1/deliveries?limit=100');
  const delivery = async (id: string): Promise<Item> => must(await admin.get(`/v1/deliveries/${id}`), 200, 'delivery') as Item;
  const subscription = async (id = sub1): Promise<unknown> => must(await admin.get(`/v1/subscriptions/${id}`), 200, 'subscription')['state'];
  /** The one delivery that was not there before. */
  const fresh = (...known: readonly string[]): Promise<string> => waitUntil('one delivery more', async () => { const more = (await deliveries()).filter(({ id }) => !known.includes(id)); return more.length > 0 ? only(more).id : undefined; });
  const attempts = async (id: string): Promise<readonly ReceivedRequest[]> => { const { eventId } = await delivery(id); return hook.requests.filter((r) => r.headers['webhook-id'] === eventId); };
  const headersOf = (r: ReceivedRequest): Record<string, string> => Object.fromEntries(Object.entries(r.headers).map(([k, v]) => [k, String(v)]));
  const verified = (r: ReceivedRequest): Record<string, unknown> => new Webhook(secret).verify(r.body.toString('utf8'), headersOf(r)) as Record<string, unknown>;
  const path = (r: Referred): string => `/v1/referrals/${r.theirs}`;
  const sentOf = async (r: Referred): Promise<number> => Date.parse(String(must(await duty.get(path(r)), 200, 'referral')['sentAt']));

  /** On to that time, with a stop at each moment at which an attempt is due on the way. */
  async function goOn(day: number, time: string): Promise<void> {
    const target = scene.moment(day, time);
    for (;;) {
      const next = (await deliveries()).filter(({ state, nextAttemptAt }) => ['queued', 'retrying'].includes(state) && Date.parse(String(nextAttemptAt)) < target.getTime()).sort((a, b) => String(a['nextAttemptAt']).localeCompare(String(b['nextAttemptAt'])))[0];
      if (!next) break;
      await scene.reach(new Date(Math.max(Date.parse(String(next['nextAttemptAt'])), scene.instance.clock.now().getTime())));
      await waitUntil('the next attempt', async () => { const now = await delivery(next.id); return now['attempts'] !== next['attempts'] || now.state !== next.state; });
    }
    await scene.reach(target);
  }

  it('1. D-30 Nest applies, is verified by two people, signs the agreement', async () => {
    await scene.at(-30, '09:00');
    const applied = must(await admin.post('/v1/partners', { services: ['legal', 'psychosocial'], securityContact: { email: 'security@nest.example', phone: '+995500000000' } }), 201, 'application');
    expect(applied['state']).toBe('applied_partner');
    const { id } = await scene.judged(nest);
    expect((await admin.post(`/v1/partners/${idOf(applied)}/verify-partner`, checked)).status).toBe(403); // nobody judges the own organisation
    const asked = must(await scene.dpo.post(`/v1/partners/${id}/verify-partner`, checked), 202, 'the first person');
    expect(refusal(await scene.dpo.post(`/v1/approvals/${String(asked['approval'])}/approve`))).toEqual(['TWO_PERSONS SAME_PERSON']);
    expect(must(await scene.supervisor.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200, 'the second person')['state']).toBe('verified');
    must(await scene.dpo.post(`/v1/partners/${id}/activate-partner`, { secondFactorForAll: true }), 200, 'activation');
    expect(await changes(admin, `/v1/partners/${idOf(applied)}`)).toEqual(['∅→applied_partner', 'applied_partner→verified', 'verified→partner_active']);
    await scene.agreement(sender, nest);
    expect(only(await items(admin, '/v1/agreements'))).toMatchObject({ state: 'signed', from: sender.organisation, to: nest.organisation, onwardTransfer: false });
  });

  it('2. D-29 Subscription: http refused; 10.0.0.8 refused; public HTTPS accepted after the challenge', async () => {
    await scene.at(-29, '09:00');
    for (const url of ['http://hooks.nest.example/footbridge', 'https://10.0.0.8/footbridge', 'https://inside.nest.example/footbridge']) {
      expect(await admin.post('/v1/subscriptions', { url, eventTypes: [ReferralSent.type] })).toMatchObject({ status: 422, body: { code: 'validation-failed', errors: [{ pointer: '/url', code: 'url-not-allowed' }] } });
    }
    expect(await items(admin, '/v1/subscriptions')).toEqual([]);
    const asked = must(await admin.post('/v1/subscriptions', { url: endpoint, eventTypes: [ReferralSent.type] }), 201, 'subscription');
    [sub1, secret] = [idOf(asked), String(asked['secret'])];
    expect(asked['state']).toBe('sub_pending');
    expect(hook.requests).toEqual([]);
    const theirs = only(await items(scene.dpo, `/v1/subscriptions?state=sub_pending&organisation=${nest.organisation}`));
    hook.behave({ status: 500 });
    expect(refusal(await scene.dpo.post(`/v1/subscriptions/${theirs.id}/activate-subscription`))).toEqual(['CHALLENGE CHALLENGE_NOT_ANSWERED']);
    hook.behave({ status: 204 });
    must(await scene.dpo.post(`/v1/subscriptions/${theirs.id}/activate-subscription`), 200, 'activation');
    expect(await changes(admin, `/v1/subscriptions/${sub1}`)).toEqual(['∅→sub_pending', 'sub_pending→sub_active']);
    expect(hook.requests.map((r) => verified(r)['type'])).toEqual(Array(2).fill('footbridge.notifications.subscription-challenge.v1'));
  });

  it('3. D-29 Nest also asks for all CaseOpened and for other NGOs\' referrals', async () => {
    const asked = must(await admin.post('/v1/subscriptions', { url: endpoint, eventTypes: [CaseOpened.type, ReferralSent.type] }), 201, 'second subscription');
    // Whose referrals is no question that can be asked: each organisation gets its own.
    expect((await admin.post('/v1/subscriptions', { url: endpoint, eventTypes: [ReferralSent.type], organisation: harbour.organisation })).status).toBe(422);
    const theirs = only(await items(scene.dpo, `/v1/subscriptions?state=sub_pending&organisation=${nest.organisation}`));
    expect(refusal(await scene.dpo.post(`/v1/subscriptions/${theirs.id}/activate-subscription`))).toContain('TYPES NOT_ENTITLED');
    must(await scene.dpo.post(`/v1/subscriptions/${theirs.id}/reject-subscription`), 200, 'rejection');
    expect(await changes(admin, `/v1/subscriptions/${idOf(asked)}`)).toEqual(['∅→sub_pending', 'sub_pending→sub_rejected']);
    expect(hook.requests).toHaveLength(2); // and nobody's server was spoken to
  });

  it('4. D0 09:00 URGENT referral to Nest, delivered', async () => {
    await scene.at(0, '08:00');
    const opened: string[] = [];
    for (const { givenName, familyName, phone } of people) {
      const made = must(await soon(() => worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName, familyName, phone } })), 201, 'case');
      const risk = must(await worker.post('/v1/risk-assessments', { case: idOf(made), type: 'FIRST_CONTACT', ownViewAsked: true }), 201, 'risk');
      must(await worker.post(`/v1/risk-assessments/${idOf(risk)}/complete-assessment`, { level: 'LOW', allCovered: true }), 200, 'risk assessed');
      opened.push(idOf(made));
    }
    cases = opened;
    await scene.at(0, '09:00');
    r1 = await refer(0, 'psychosocial', 'URGENT');
    dl1 = await fresh();
    await waitUntil('DL1 is delivered', async () => (await delivery(dl1)).state === 'delivered');
    expect(await changes(admin, `/v1/deliveries/${dl1}`)).toEqual(['∅→queued', 'queued→delivered']);
    const request = only(await attempts(dl1));
    const body = verified(request);
    const dueAt = after(new Date(await sentOf(r1)), referralDeadlines.decision.URGENT).toISOString();
    expect(body).toEqual({
      specversion: '1.0', id: request.headers['webhook-id'], source: 'footbridge', type: ReferralSent.type, time: expect.stringMatching(/T09:0\d:00Z$/) as unknown, subject: r1.theirs,
      // Thin: not even that the help is psychosocial (decisions 16).
      data: { referral: r1.theirs, state: 'sent', version: 2, priority: 'URGENT', from: sender.organisation, to: nest.organisation, dueAt: `${dueAt.slice(0, 16)}:00Z` },
    });
    expect(request.headers['traceparent']).toBeUndefined();
    expect(() => new Webhook(secret).verify(request.body.toString('utf8').replace('URGENT', 'NORMAL'), headersOf(request))).toThrow();
    must(await duty.post(`${path(r1)}/acknowledge`), 200, 'acknowledge');
    expect(await changes(worker, `/v1/referrals/${r1.own}`)).toEqual(['∅→draft', 'draft→sent', 'sent→acknowledged']);
  });

  it('5. D0 10:00 Nest\'s server answers 503 from now', async () => {
    await scene.at(0, '09:30');
    foreign = await refer(0, 'psychosocial', 'URGENT', harbour, otherDuty); // somebody else's traffic, all the while
    await scene.at(0, '10:00');
    hook.behave({ status: 503, body: 'down' });
    expect(await subscription()).toBe('sub_active');
  });

  it('6. D0 10:02 EMERGENCY referral R2', async () => {
    await scene.at(0, '10:02');
    r2 = await refer(1, 'legal', 'EMERGENCY');
    dl2 = await fresh(dl1);
    await waitUntil('DL2 was tried', async () => (await delivery(dl2)).state === 'retrying');
    expect(await changes(admin, `/v1/deliveries/${dl2}`)).toEqual(['∅→queued', 'queued→retrying']);
    expect(await delivery(dl2)).toMatchObject({ lastStatus: 503 });
  });

  it('7. D0 10:17 No acknowledgement in 15 min: call list; duty worker answers in the web screen', async () => {
    await goOn(0, '10:16');
    expect(await alerts(duty)).toEqual([]);
    expect(await subscription()).toBe('sub_active');
    await goOn(0, '10:17');
    const call = await waitUntil('somebody is called', async () => (await alerts(duty))[0]);
    // The call carries only the referral code.
    expect(call).toEqual({ id: expect.any(String) as unknown, code: 'CALL_RECEIVER', raisedAt: expect.any(String) as unknown, about: r2.theirs, links: { about: path(r2) } });
    expect(Date.parse(String(call['raisedAt'])) - await sentOf(r2)).toBeGreaterThanOrEqual(minutes(15));
    await waitUntil('SUB1 is degraded', async () => await subscription() === 'sub_degraded');
    must(await duty.post(`${path(r2)}/acknowledge`), 200, 'acknowledge');
    must(await soon(() => duty.post(`${path(r2)}/accept`)), 200, 'accept');
    expect(await changes(worker, `/v1/referrals/${r2.own}`)).toEqual(['∅→draft', 'draft→sent', 'sent→acknowledged', 'acknowledged→accepted']);
    expect(await changes(duty, path(r2))).toEqual(['draft→sent', 'sent→acknowledged', 'acknowledged→accepted']); // Nest became a party when it was sent
    expect(await alerts(duty)).toEqual([]);
  });

  it('8. D0 12:00 NORMAL referral R3', async () => {
    await goOn(0, '12:00');
    r3 = await refer(2, 'psychosocial', 'NORMAL');
    dl3 = await fresh(dl1, dl2);
    await waitUntil('DL3 was tried', async () => (await delivery(dl3)).state === 'retrying');
    expect(await changes(admin, `/v1/deliveries/${dl3}`)).toEqual(['∅→queued', 'queued→retrying']);
  });

  it('9. D0 15:00 The person behind R3 withdraws consent', async () => {
    await goOn(0, '15:00');
    const tried = (await attempts(dl3)).length;
    const started = Date.now();
    must(await worker.post(`/v1/consent-records/${r3.consent}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' }), 200, 'withdrawal');
    expect(await changes(worker, `/v1/consent-records/${r3.consent}`)).toEqual(['∅→requested', 'requested→given', 'given→withdrawn']);
    expect((await changes(worker, `/v1/referrals/${r3.own}`)).at(-1)).toBe('sent→withdrawn');
    expect((await duty.get(`${path(r3)}/needs`)).status).toBe(409);
    // W4: at once, not when its next attempt would be due, hours later.
    await waitUntil('DL3 is suppressed', async () => (await delivery(dl3)).state === 'suppressed');
    expect(Date.now() - started).toBeLessThan(seconds(15));
    expect(await changes(admin, `/v1/deliveries/${dl3}`)).toEqual(['∅→queued', 'queued→retrying', 'retrying→suppressed']);
    dl4 = await fresh(dl1, dl2, dl3);
    await waitUntil('DL4 was tried', async () => (await delivery(dl4)).state === 'retrying');
    expect(await changes(admin, `/v1/deliveries/${dl4}`)).toEqual(['∅→queued', 'queued→retrying']);
    expect((await delivery(dl4))['type']).toBe('footbridge.referrals.consent-scope-recalled.v1');
    expect((await attempts(dl3)).length).toBe(tried);
  });

  it('10. D0 15:05 Sender closes R3\'s loop', async () => {
    await goOn(0, '15:05');
    must(await worker.post(`/v1/referrals/${r3.own}/close-loop`, { outcomeTold: true }), 200, 'close the loop');
    expect((await changes(worker, `/v1/referrals/${r3.own}`)).at(-1)).toBe('withdrawn→closed');
    // What the person is told: Nest had fetched nothing, and has not yet confirmed.
    const told = must(await worker.get(`/v1/cases/${String(cases[2])}/recipients`), 200, 'recipients')['items'];
    expect(told).toEqual([expect.objectContaining({ recipient: nest.organisation, fetched: [], deletion: 'NOT_YET_CONFIRMED' })]);
  });

  it('11. D1 09:00 Nest\'s worker uses the web screen: accepts R1; records that R2\'s person was met yesterday at 18:00', async () => {
    await goOn(1, '09:00');
    must(await soon(() => duty.post(`${path(r1)}/accept`)), 200, 'accept R1');
    expect((await changes(duty, path(r1))).at(-1)).toBe('acknowledged→accepted');
    const met = scene.moment(0, '18:00').toISOString();
    must(await duty.post(`${path(r2)}/confirm-first-contact`, { personMet: true, firstContactAt: met }), 200, 'R2 was met');
    expect((await changes(duty, path(r2))).at(-1)).toBe('accepted→in_service');
    const [one, two, three] = await Promise.all([r1, r2, r3].map(async (r) => must(await duty.get(path(r)), 200, 'referral')));
    expect(two).toMatchObject({ state: 'in_service', firstContactAt: met });
    // R1 inside its 72 h to decide, R2 inside its 24 h to the first contact.
    expect(Date.parse(String(one?.['acceptedAt'])) - Date.parse(String(one?.['sentAt']))).toBeLessThan(hours(72));
    expect(Date.parse(met) - Date.parse(String(two?.['acceptedAt']))).toBeLessThan(hours(24));
    expect(await alerts(worker).then((all) => all.filter(({ code }) => code === 'FIRST_CONTACT_OVERDUE'))).toEqual([]);
    // R3 shows that it was withdrawn, and no content ever.
    expect(await changes(duty, path(r3))).toEqual(['draft→sent', 'sent→withdrawn', 'withdrawn→closed']);
    expect(three).toMatchObject({ state: 'closed', reason: 'PERSON_CHOICE' });
    expect(await duty.get(`${path(r3)}/needs`)).toMatchObject({ status: 409, body: { code: 'transition-not-allowed', state: 'closed' } });
    expect((await duty.get(`${path(r3)}?reveal=needs&purpose=REFERRAL_DISCLOSURE`)).status).toBe(403);
  });

  it('12. D2 10:00 R1\'s person is met', async () => {
    await goOn(2, '10:00');
    must(await duty.post(`${path(r1)}/confirm-first-contact`, { personMet: true }), 200, 'R1 was met');
    expect((await changes(duty, path(r1))).at(-1)).toBe('accepted→in_service');
    expect(await subscription()).toBe('sub_degraded'); // a dead webhook does not stop the work
  });

  it('13. D3 13:37:05 Schedule of DL2 exhausted; endpoint disabled; security contact called (no mail is built yet: the call list is what there is)', async () => {
    await goOn(3, '13:37:00');
    const before = await delivery(dl2);
    expect(before).toMatchObject({ state: 'retrying', attempts: 9 });
    expect(schedule.at(-1)).toBe(hours(75) + minutes(35) + seconds(5));
    const last = Date.parse(String(before['nextAttemptAt'])) - Date.parse(String(before['createdAt']));
    expect(last - (schedule.at(-1) ?? 0)).toBeGreaterThanOrEqual(0);
    expect(last - (schedule.at(-1) ?? 0)).toBeLessThan(LATE);
    await scene.reach(new Date(String(before['nextAttemptAt'])));
    await waitUntil('DL2 is given up', async () => (await delivery(dl2)).state === 'dead_lettered');
    expect(await delivery(dl2)).toMatchObject({ attempts: 10, lastStatus: 503 });
    expect(await changes(admin, `/v1/deliveries/${dl2}`)).toEqual(['∅→queued', 'queued→retrying', 'retrying→dead_lettered']);
    await waitUntil('DL4 is given up with its endpoint', async () => (await delivery(dl4)).state === 'dead_lettered');
    expect(await changes(admin, `/v1/deliveries/${dl4}`)).toEqual(['∅→queued', 'queued→retrying', 'retrying→dead_lettered']);
    expect(await changes(admin, `/v1/subscriptions/${sub1}`)).toEqual(['∅→sub_pending', 'sub_pending→sub_active', 'sub_active→sub_degraded', 'sub_degraded→sub_disabled']);
    const called = await waitUntil('Nest is called', async () => (await alerts(admin, '/v1/notifications-alerts')).find(({ code }) => code === 'WEBHOOK_DISABLED'));
    expect(called).toMatchObject({ about: sub1 });
    expect(JSON.stringify(called)).not.toMatch(/rfr_|con_|cas_|dlv_/);
    await waitUntil('the sender is asked to call', async () => (await alerts(worker)).some(({ code, about }) => code === 'RECEIVER_NOT_REACHED' && about === r2.own));
  });

  it('DL2 came ten times by its schedule, always with the same webhook-id, body and a valid signature of its own', async () => {
    const made = await attempts(dl2);
    expect(made).toHaveLength(10);
    expect(new Set(made.map((r) => r.body.toString('utf8'))).size).toBe(1);
    for (const r of made) expect(verified(r)).toMatchObject({ subject: r2.theirs, data: { state: 'sent', priority: 'EMERGENCY' } });
    expect((await attempts(dl3)).length).toBe(5); // 12:00 to 14:35:05, and none after the withdrawal
  });

  it('14. D4 09:00 Server repaired, challenge answered', async () => {
    await goOn(4, '09:00');
    hook.behave({ status: 204 });
    const before = hook.requests.length;
    must(await admin.post(`/v1/subscriptions/${sub1}/activate-subscription`), 200, 'activation');
    expect((await changes(admin, `/v1/subscriptions/${sub1}`)).at(-1)).toBe('sub_disabled→sub_active');
    expect(hook.requests.slice(before).map((r) => verified(r)['type'])).toEqual(['footbridge.notifications.subscription-challenge.v1']);
  });

  it('15. D4 09:05 Replay', async () => {
    await goOn(4, '09:05');
    const now = must(await duty.get(path(r2)), 200, 'R2');
    for (const id of [dl2, dl4]) {
      const { eventId } = await delivery(id);
      const before = (await attempts(id)).length;
      expect(must(await soon(() => admin.post(`/v1/deliveries/${id}/replay`)), 200, 'replay')['state']).toBe('queued');
      await waitUntil('it is delivered', async () => (await delivery(id)).state === 'delivered');
      expect((await changes(admin, `/v1/deliveries/${id}`)).slice(-3)).toEqual(['retrying→dead_lettered', 'dead_lettered→queued', 'queued→delivered']);
      const made = await attempts(id);
      expect(made).toHaveLength(before + 1);
      expect(verified(made.at(-1) as ReceivedRequest)['id']).toBe(eventId); // the same webhook-id: whoever has acted on it does nothing
    }
    // A late "sent" turns nothing back: its version is older than what Nest has seen.
    const late = verified((await attempts(dl2)).at(-1) as ReceivedRequest)['data'] as { state: string; version: number };
    expect(late).toMatchObject({ state: 'sent', version: 2 });
    expect(late.version).toBeLessThan(Number(now['version']));
    expect(must(await duty.get(path(r2)), 200, 'R2')).toMatchObject({ state: 'in_service', version: now['version'] });
    expect(await subscription()).toBe('sub_active');
    expect((await deliveries()).map(({ id }) => id).sort()).toEqual([dl1, dl2, dl3, dl4].sort());
  });

  it('16. D4 09:06 Nest tries to replay DL3', async () => {
    await goOn(4, '09:06');
    expect(await admin.post(`/v1/deliveries/${dl3}/replay`)).toMatchObject({ status: 409, body: { code: 'transition-not-allowed', state: 'suppressed' } });
    expect((await delivery(dl3)).state).toBe('suppressed'); // final
    expect((await attempts(dl3)).length).toBe(5);
  });

  it('17. D4 09:10 Recall confirmed', async () => {
    await goOn(4, '09:10');
    const recall = verified((await attempts(dl4)).at(-1) as ReceivedRequest);
    expect(recall['data']).toEqual({ consentRecord: expect.stringMatching(/^con_/) as unknown, dueAt: expect.any(String) as unknown });
    const { consentRecord, dueAt } = recall['data'] as { consentRecord: string; dueAt: string };
    expect(dueAt.slice(0, 13)).toBe(scene.moment(3, '15:00').toISOString().slice(0, 13));
    expect((await alerts(worker)).some(({ code }) => code === 'DELETION_NOT_CONFIRMED')).toBe(true); // 72 h are over, and silence is never "deleted"
    expect((await otherDuty.post('/v1/deletion-confirmations', { consentRecord, deleted: true })).status).toBe(404);
    expect((await admin.post('/v1/deletion-confirmations', { consentRecord, deleted: true })).status).toBe(403);
    const confirmed = only(must(await duty.post('/v1/deletion-confirmations', { consentRecord, deleted: true }), 200, 'confirmation')['items'] as readonly Item[]);
    expect(confirmed).toMatchObject({ state: 'confirmed', deleted: true });
    expect(await changes(duty, `/v1/recalls/${confirmed.id}`)).toEqual(['∅→asked', 'asked→confirmed']);
    const told = must(await worker.get(`/v1/cases/${String(cases[2])}/recipients`), 200, 'recipients')['items'];
    expect(told).toEqual([expect.objectContaining({ recipient: nest.organisation, fetched: [], deletion: 'CONFIRMED' })]);
    expect((await alerts(worker)).some(({ code }) => code === 'DELETION_NOT_CONFIRMED')).toBe(false);
  });

  it('18. D5 An attacker replays an old signed body with a 10 min old timestamp', async () => {
    await goOn(5, '09:00');
    const { body, headers } = only(await attempts(dl1));
    const [raw, id] = [body.toString('utf8'), String(headers['webhook-id'])];
    const receiver = new Webhook(secret); // the library that the documents name to receivers
    const signed = (ago: number): Record<string, string> => {
      const then = new Date(Date.now() - ago);
      return { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(then.getTime() / 1000)), 'webhook-signature': receiver.sign(id, then, raw) };
    };
    expect(receiver.verify(raw, signed(minutes(4)))).toMatchObject({ id });
    expect(() => receiver.verify(raw, signed(minutes(10)))).toThrow(/timestamp/i);
    expect(() => receiver.verify(raw, { ...signed(minutes(10)), 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) })).toThrow(); // a new time under an old signature
  });

  describe('must not see', () => {
    const withoutTrace = (party: string, text: string): void => { expect(text.length > 0 && String(scene.heard(party).content).includes(text)).toBe(false); };

    it('Nest: other partners\' traffic', async () => {
      const seen = [...(await items(duty, '/v1/referrals?limit=100')), ...(await deliveries())].map(({ id }) => id);
      expect(seen).not.toContain(foreign.theirs);
      for (const one of [foreign.theirs, foreign.own]) expect((await duty.get(`/v1/referrals/${one}`)).status).toBe(404);
      const feed = JSON.stringify(must(await soon(() => duty.get('/v1/events?limit=100')), 200, 'feed')['items']);
      expect(feed).toContain(r1.theirs);
      for (const text of [foreign.theirs, foreign.own, harbour.organisation]) {
        expect(feed).not.toContain(text);
        expect(hook.requests.some((r) => r.body.toString('utf8').includes(text))).toBe(false);
      }
      await waitUntil('Harbour got its own', () => neighbour.requests.some((r) => r.body.toString('utf8').includes(foreign.theirs)));
    });
    it('Nest: R3\'s content, not even after everything; the feed leaves out what was suppressed, and keeps what stops', async () => {
      const feed = must(await soon(() => duty.get('/v1/events?limit=100')), 200, 'feed')['items'] as readonly { type: string; subject?: string }[];
      expect(feed.filter(({ subject, type }) => subject === r3.theirs && type === ReferralSent.type)).toEqual([]);
      expect(feed.filter(({ subject, type }) => subject === r3.theirs && type === ReferralWithdrawn.type)).toHaveLength(1);
      expect(huntLeaks([scene.heard('Nest'), { name: 'webhooks', content: hook.heard }], people)).toEqual([]);
    });
    it('other NGOs: that Nest was down', async () => {
      for (const one of [`/v1/subscriptions/${sub1}`, `/v1/deliveries/${dl2}`, `/v1/deliveries/${dl2}/timeline`, `/v1/referrals/${r2.theirs}`]) expect((await otherAdmin.get(one)).status).toBe(404);
      expect((await items(otherAdmin, '/v1/subscriptions')).map(({ state }) => state)).toEqual(['sub_active']);
      expect((await items(otherAdmin, `/v1/subscriptions?organisation=${nest.organisation}`))).toEqual([]);
      expect((await items(otherAdmin, `/v1/deliveries?organisation=${nest.organisation}`))).toEqual([]);
      expect(await alerts(otherAdmin, '/v1/notifications-alerts')).toEqual([]);
      expect((await alerts(otherDuty)).every(({ about }) => about === foreign.theirs)).toBe(true);
      expect(JSON.stringify(must(await otherAdmin.get('/v1/organisations?limit=100'), 200, 'directory')['items'])).toBe(publicDirectory);
      for (const text of [sub1, dl2, r2.theirs, endpoint]) withoutTrace('Harbour', text);
    });
    it('operator: any person data in dead letters', async () => {
      expect(await items(scene.operator, '/v1/deliveries')).toEqual([]);
      expect((await scene.operator.get(`/v1/deliveries/${dl2}`)).status).toBe(404);
      for (const service of ['referrals', 'shelters', 'notifications']) expect(must(await scene.operator.get(`/v1/${service}-parked`), 200, 'parked')['items']).toEqual([]);
      const dead = await scene.written('notifications.delivery', 'notifications.delivery_due', 'notifications.feed', 'notifications.audit', 'notifications.outbox', 'notifications.alert', 'notifications.parked');
      expect(dead[0]?.content).toContain('suppressed'); // the hunt is no blind one
      expect(huntLeaks([scene.heard('operator'), ...dead], people)).toEqual([]);
    });
    it('T10 anybody: a name, in any sink', async () => {
      expect(huntLeaks([...await scene.instance.sinks(), ...[hook, neighbour].map(({ heard }) => ({ name: 'webhooks', content: heard }))], people)).toEqual([]);
    }, 120_000);
  });
});

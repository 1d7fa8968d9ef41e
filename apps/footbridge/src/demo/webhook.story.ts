import { Inbox } from './inbox.js';
import { assess, consent, type AtLantern } from './referral.story.js';
import { NotSeen, idOf, must, same, soon, until, type World } from './world.js';

const referralTypes = ['referral-sent', 'referral-acknowledged', 'referral-accepted', 'referral-service-started', 'referral-completed', 'referral-withdrawn'].map((t) => `footbridge.referrals.${t}.v1`);

/** Nest asks for its events; the network activates it after a signed challenge. */
export async function subscribe(world: World, inbox: Inbox): Promise<string> {
  const admin = world.as('nest.admin');
  const asked = must(await soon(() => admin.post('/v1/subscriptions', { url: inbox.url, eventTypes: referralTypes })), 201, 'subscription');
  inbox.secret = String(asked['secret']);
  const dpo = world.as('network.dpo');
  const theirs = await until('the subscription is seen by its judges', async () => ((await dpo.get('/v1/subscriptions?state=sub_pending')).body['items'] as { id: string }[])[0]);
  must(await dpo.post(`/v1/subscriptions/${theirs.id}/activate-subscription`), 200, 'activation');
  world.tell('Nest subscribes. Its server answers a signed challenge before anything is sent to it.');
  return idOf(asked);
}

/** A referral to Nest: it learns of it by a signed webhook, goes down, comes back; nothing is lost and nothing acted on twice. */
export async function outage(world: World, inbox: Inbox, { case: file }: AtLantern): Promise<void> {
  const [worker, nest] = [world.as('lantern.worker'), world.as('nest.integration')];
  await consent(world, worker, file, 'REFERRAL_DISCLOSURE', world.organisation('nest'), ['NEEDS', 'CONTACT', 'AGE_GENDER_LANGUAGE']);
  await assess(world, worker, file, 'TRANSFER');
  const drafted = must(await worker.post('/v1/referrals', { case: file, serviceType: 'basic-needs', priority: 'NORMAL', receiver: world.organisation('nest'), fieldsDisclosed: ['NEEDS'] }), 201, 'draft');
  const before = inbox.delivered.length;
  must(await soon(() => worker.post(`/v1/referrals/${idOf(drafted)}/send`, {})), 200, 'send');
  const first = await until('a webhook arrives', () => Promise.resolve(inbox.delivered.slice(before).find((d) => d.type.includes('referral-sent'))));
  const subject = String(first.body['subject']);
  if (subject === idOf(drafted)) throw new NotSeen('Nest and Lantern hold the same reference');
  same(Object.keys(first.body['data'] as object).sort(), ['dueAt', 'from', 'priority', 'referral', 'serviceType', 'state', 'to', 'version'], 'fields of the webhook');
  world.tell('The webhook is signed, thin, and names the referral as only Nest does.');
  await inbox.stop();
  must(await nest.post(`/v1/referrals/${subject}/acknowledge`), 200, 'acknowledge');
  must(await soon(() => nest.post(`/v1/referrals/${subject}/accept`)), 200, 'accept');
  must(await nest.post(`/v1/referrals/${subject}/confirm-first-contact`, { personMet: true }), 200, 'first contact');
  world.tell('Nest\'s server is down; its people go on in the web screen.');
  await until('the first try failed', async () => ((await world.as('nest.admin').get('/v1/deliveries?state=retrying')).body['items'] as unknown[]).length >= 3);
  await inbox.start();
  await world.advance(10_000);
  await world.advance(6 * 60_000);
  const wanted = ['sent', 'acknowledged', 'accepted', 'in_service'];
  await until('everything has arrived', () => Promise.resolve(new Set(mine(inbox, subject)).size >= wanted.length));
  same([...mine(inbox, subject)].sort(), [...wanted].sort(), 'each event once');
  same([inbox.unsigned, inbox.doubled], [0, 0], 'unsigned and doubled webhooks');
  world.tell('The server is back: everything arrives, each event once.');
  must(await nest.post(`/v1/referrals/${subject}/record-outcome`, { outcome: 'PROVIDED' }), 200, 'outcome');
}
const mine = (inbox: Inbox, subject: string): string[] => inbox.delivered.filter((d) => d.body['subject'] === subject && d.type.includes('.referral-')).map((d) => String((d.body['data'] as { state: string }).state));

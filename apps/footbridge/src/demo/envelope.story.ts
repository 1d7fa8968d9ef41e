import { fingerprintOf, newEntryKey, newEnvelopeKey, openEnvelope, proveKey, readEnvelope, type VerifyingKey } from '@footbridge/privacy';
import { idOf, must, same, soon, type Caller, type World } from './world.js';

/** Private keys stay with their organisation: here, in the story that plays it. */
const keys = new Map<string, string>();

/** The key of a recipient: published once, its fingerprint compared by voice, confirmed by two people (docs/envelopes.md). */
export async function keyOf(world: World, organisation: string, second: string): Promise<string> {
  const name = world.organisation(organisation), known = keys.get(name);
  if (known !== undefined) return known;
  const admin = world.as(`${organisation}.admin`);
  const mine = newEnvelopeKey();
  const entry = proveKey(name, mine.publicKey, newEntryKey());
  const published = must(await soon(() => admin.post('/v1/recipient-keys', entry)), 201, 'a key is published');
  const asked = must(await soon(() => admin.post(`/v1/recipient-keys/${idOf(published)}/confirm-key`, { fingerprint: fingerprintOf(name, entry), comparedByVoice: true })), 202, 'its fingerprint is compared');
  must(await soon(() => world.as(second).post(`/v1/approvals/${String(asked['approval'])}/approve`)), 200, 'a second person confirms it');
  keys.set(name, mine.privateKey);
  return mine.privateKey;
}

/** Opened by its recipient: from the sender it should be, under a consent that stands, and with her name in it. */
export async function collected(world: World, recipient: Caller, privateKey: string, { envelope }: Readonly<Record<string, unknown>>, name: string): Promise<void> {
  const sealed = readEnvelope(JSON.stringify(envelope));
  const { signing } = must(await recipient.get(`/v1/key-directory/${world.organisation('lantern')}`), 200, 'the sender\'s keys');
  const { purpose } = must(await recipient.get(`/v1/consent-records/${sealed.consent}`), 200, 'the consent');
  const content = await openEnvelope(sealed, privateKey, { sender: world.organisation('lantern'), recipient: recipient.organisation, purpose: String(purpose), consent: sealed.consent }, { senderKeys: signing as readonly VerifyingKey[], now: world.now() });
  same(content.test(({ IDENTITY: identity }) => (identity as { readonly givenName?: string } | undefined)?.givenName === name), true, 'her name is in the envelope');
}

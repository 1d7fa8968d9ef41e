import type { ConsentCategory, ConsentPurpose } from '@footbridge/contracts';
import { collected, keyOf } from './envelope.story.js';
import { idOf, must, reaches, soon, until, type Caller, type World } from './world.js';

/** Invented, and unmistakable where it should not be. `details`: more of what a case may hold of a person. `words`: said wherever she or somebody about her is asked to say something. */
export interface Invented { readonly givenName: string; readonly familyName: string; readonly phone: string; readonly details?: Readonly<Record<string, unknown>>; readonly words?: string }
export interface AtLantern { readonly case: string; readonly stay: string; readonly name: string; readonly words?: string }
export interface AtHarbour { readonly referral: string; readonly received: string; readonly consent: string; readonly stay: string }

export const inDays = (world: World, days: number): string => new Date(world.now().getTime() + days * 86_400_000).toISOString().slice(0, 10);
const inHours = (world: World, hours: number): string => new Date(world.now().getTime() + hours * 3_600_000).toISOString();

/** A shelter takes somebody in: one request, and the stay is there. */
export async function intake(world: World, { details, words, ...person }: Invented): Promise<AtLantern> {
  const desk = world.as('lantern.intake');
  const shelter = await until('the shelter is listed', async () => ((await desk.get('/v1/shelters?state=open')).body['items'] as { id: string }[] | undefined)?.[0]);
  const registered = must(await soon(() => desk.post('/v1/intakes', {
    shelter: shelter.id, arrivedAt: world.now().toISOString(), source: { kind: 'SELF' }, needs: ['shelter', 'health'], ageBelief: 'adult',
    person: { ...person, ...details, birthDate: '1998-02-01', birthDateCertainty: 'stated', gender: 'Feminine', citizenships: ['MD'], languages: ['ro'], interpreterNeeded: true },
    ...(words === undefined ? {} : { health: { conditions: words }, trafficking: { narrative: words } }),
    consents: [{ purpose: 'ASSISTANCE', categories: ['IDENTITY', 'NEEDS'], language: 'ro', medium: 'written', noticeVersion: '2026-1', validUntil: inDays(world, 180) }],
  })), 202, 'intake');
  const { id, stay, case: file } = registered as { id: string; stay: string; case: string };
  world.tell(`Lantern House registers an intake: ${id}, and knows at once how case and stay will be called.`);
  await reaches(desk, `/v1/intakes/${id}`, 'opened');
  must(await soon(() => desk.post(`/v1/stays/${stay}/admit`, { ownFreeWill: true, securityCheckDone: true, profile: 'women' })), 200, 'admission');
  world.tell('She is admitted by her own free will; one bed of 28 is counted as occupied by the database.');
  const supervisor = world.as('lantern.supervisor');
  const theirs = must(await supervisor.get(`/v1/cases/${file}`), 200, 'the supervisor reads the case');
  must(await supervisor.post(`/v1/cases/${idOf(theirs)}/assign`, { account: world.as('lantern.worker').subject }), 200, 'assignment');
  return { case: file, stay, name: person.givenName, ...(words === undefined ? {} : { words }) };
}

/** Consent names one recipient, one purpose, and what may be told; it is given by the person, through a worker. */
export async function consent(world: World, worker: Caller, file: string, purpose: ConsentPurpose, recipient: string | undefined, categories: readonly ConsentCategory[]): Promise<string> {
  const asked = must(await soon(() => worker.post('/v1/consent-records', { case: file, purpose, ...(recipient ? { recipient } : {}), categories, noticeVersion: '2026-1', language: 'ro', interpreter: true, medium: 'written', validUntil: inDays(world, 60) })), 201, `consent ${purpose}`);
  must(await worker.post(`/v1/consent-records/${idOf(asked)}/give`, { onBehalfOf: 'PERSON', how: 'in_person', capacity: true, freely: true }), 200, `consent ${purpose} given`);
  return idOf(asked);
}

export async function assess(world: World, worker: Caller, file: string, type: string, words = 'agreed with her'): Promise<void> {
  const started = must(await worker.post('/v1/risk-assessments', { case: file, type, ownViewAsked: true, ownView: words }), 201, `${type} assessment`);
  must(await worker.post(`/v1/risk-assessments/${idOf(started)}/complete-assessment`, { level: 'LOW', allCovered: true, threats: words, plan: words, validUntil: inDays(world, 60) }), 200, `${type} assessed`);
}

/** Referred to another shelter with a bed held: sent, acknowledged, held, accepted. */
export async function refer(world: World, { case: file, stay, name, words }: AtLantern): Promise<AtHarbour> {
  const [worker, harbour] = [world.as('lantern.worker'), world.as('harbour.intake')];
  const consentRef = await consent(world, worker, file, 'REFERRAL_DISCLOSURE', world.organisation('harbour'), ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'RISK_MITIGATION']);
  world.tell('She agrees that Harbour House may know who she is and what she needs, and nobody else.');
  await assess(world, worker, file, 'TRANSFER', words);
  const drafted = must(await worker.post('/v1/referrals', { case: file, serviceType: 'shelter', priority: 'URGENT', receiver: world.organisation('harbour'), needs: { interpreterLanguage: 'ro', partySize: '1', ...(words === undefined ? {} : { reason: words }) } }), 201, 'draft');
  must(await soon(() => worker.post(`/v1/referrals/${idOf(drafted)}/send`, {})), 200, 'send');
  world.tell(`The referral goes out. Lantern calls it ${idOf(drafted).slice(0, 12)}…`);
  const received = await until('the referral arrives', async () => ((await harbour.get('/v1/referrals?state=sent&limit=1')).body['items'] as { id: string }[])[0]);
  world.tell(`…Harbour calls it ${received.id.slice(0, 12)}…: no common value tells that it is the same person.`);
  must(await harbour.post(`/v1/referrals/${received.id}/acknowledge`), 200, 'acknowledge');
  must(await soon(() => harbour.get(`/v1/referrals/${received.id}/needs`)), 200, 'needs are fetched while consent holds');
  const key = await keyOf(world, 'harbour', 'harbour.intake');
  must(await soon(() => worker.post('/v1/identity-envelopes', { referral: idOf(drafted) })), 201, 'her name is sealed');
  await collected(world, harbour, key, must(await soon(() => harbour.post(`/v1/referrals/${received.id}/disclosure`)), 200, 'the envelope is collected'), name);
  world.tell('What she needs Harbour reads. Who she is comes in a sealed envelope that only Harbour\'s own key opens.');
  const house = ((await harbour.get('/v1/shelters?state=open')).body['items'] as { id: string }[])[0];
  const bed = must(await soon(() => harbour.post('/v1/bed-reservations', { shelter: house?.id, profile: 'women', referral: received.id, expectedArrival: inHours(world, 3) })), 201, 'bed');
  if (bed['state'] !== 'held') must({ status: 0, headers: new Headers(), body: bed }, 201, 'bed held');
  must(await soon(() => harbour.post(`/v1/referrals/${received.id}/accept`)), 200, 'accept');
  world.tell('Harbour acknowledges, holds a bed and accepts.');
  must(await world.as('lantern.manager').post(`/v1/stays/${stay}/exit`, { exitType: 'TRANSFER', documentsAndBelongingsHandedOver: true }), 200, 'exit from Lantern');
  const arrived = must(await soon(() => harbour.post('/v1/stays', { shelter: house?.id, referral: received.id, arrival: 'REFERRAL', arrivedAt: world.now().toISOString() })), 201, 'arrival');
  must(await soon(() => harbour.post(`/v1/stays/${idOf(arrived)}/admit`, { reservation: idOf(bed), ownFreeWill: true, securityCheckDone: true })), 200, 'admission at Harbour');
  await reaches(worker, `/v1/referrals/${idOf(drafted)}`, 'in_service');
  world.tell('She arrives. The admission consumes the hold, and the referral shows by itself that she was met.');
  return { referral: idOf(drafted), received: received.id, consent: consentRef, stay: idOf(arrived) };
}

/** The outcome is told to the person before the loop is closed. */
export async function closeLoop(world: World, { referral, received }: AtHarbour): Promise<void> {
  must(await world.as('harbour.intake').post(`/v1/referrals/${received}/record-outcome`, { outcome: 'PROVIDED' }), 200, 'outcome');
  const worker = world.as('lantern.worker');
  await reaches(worker, `/v1/referrals/${referral}`, 'completed');
  must(await worker.post(`/v1/referrals/${referral}/close-loop`, { outcomeTold: true }), 200, 'close the loop');
  world.tell('The outcome is recorded, told to her, and the loop is closed.');
}

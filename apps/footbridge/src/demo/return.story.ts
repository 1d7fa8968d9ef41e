import { collected, keyOf } from './envelope.story.js';
import { assess, consent, inDays, type AtHarbour, type AtLantern } from './referral.story.js';
import { must, reaches, same, soon, until, type Caller, type Reply, type World } from './world.js';

export interface Travelling { readonly officer: string; readonly office: string; readonly plan: string; readonly phrase: string; readonly helper: string; readonly originConsent: string; readonly helperConsent: string; readonly words: string }

const behalf = { onBehalfOf: 'PERSON', how: 'in_person' } as const;
const first = async (caller: Caller, path: string): Promise<string> => (await until(path.split('?')[0] ?? '', async () => ((await caller.get(path)).body['items'] as { id: string }[] | undefined)?.[0])).id;
const contact = (name: string): object => ({ name, phone: '+37322000000' });

/** From her own wish to the moment she has boarded. Only she can ask for a return; the office at home learns of it last. */
export async function setOut(world: World, { case: file, name, words = 'I want to go home' }: AtLantern, { stay }: AtHarbour): Promise<Travelling> {
  const [worker, officer, second, office, manager] = [world.as('lantern.worker'), world.as('homeward.officer'), world.as('homeward.officer2'), world.as('chisinau.office'), world.as('newleaf.manager')];
  await consent(world, worker, file, 'RETURN_ARRANGEMENT', world.organisation('homeward'), ['IDENTITY', 'CONTACT', 'NEEDS', 'TRAVEL']);
  must(await soon(() => worker.post('/v1/return-cases', { case: file, wish: words, ...behalf })), 201, 'return asked for');
  world.tell('She asks to go home. Nobody else could: not the police, not an embassy, not the shelter\'s desk.');
  const ours = await until('the return office has it', async () => ((await officer.get('/v1/return-cases?state=requested')).body['items'] as { id: string }[])[0]?.id);
  const at = (command: string): string => `/v1/return-cases/${ours}/${command}`;
  must(await officer.post(at('start-counselling'), { interpreterPresent: true, allOptionsExplained: true, advocateOffered: true }), 200, 'counselling');
  same((await officer.post(at('record-decision'), { decision: { statement: words, language: 'ro' }, writtenInformedDecision: true, noWaiverOfClaims: true, reflectionPeriodExplained: true, ...behalf })).status, 409, 'a decision before 72 hours');
  await world.advance(73 * 3_600_000);
  must(await officer.post(at('record-decision'), { decision: { statement: words, language: 'ro' }, writtenInformedDecision: true, noWaiverOfClaims: true, reflectionPeriodExplained: true, ...behalf }), 200, 'decision');
  world.tell('All options are explained. A decision at once is refused; after 72 hours hers is recorded.');
  await assess(world, worker, file, 'RETURN', words);
  const originConsent = await consent(world, worker, file, 'ORIGIN_OFFICE_DISCLOSURE', world.organisation('chisinau'), ['IDENTITY', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'TRAVEL', 'RISK_MITIGATION']);
  must(await soon(() => second.post(at('mark-safe'), { fearOfReturnExamined: true, fitToTravelOrEscorted: true, advocateCountersigned: true })), 200, 'assessed as safe');
  world.tell('A second officer, not the one who wrote the decision down, finds the return safe to plan.');
  const requested = must(await soon(() => officer.post('/v1/reception-plans', { returnCase: ours, originOffice: world.organisation('chisinau'), languages: ['ro'] })), 201, 'reception requested');
  const phrase = String(requested['codePhrase']);
  const plan = await first(office, '/v1/reception-plans?state=reception_requested');
  must(await office.post(`/v1/reception-plans/${plan}/accept-reception`), 200, 'reception accepted');
  must(await office.post(`/v1/reception-plans/${plan}/make-ready`, { arrangement: { officer: contact('Officer One'), substitute: contact('Officer Two'), meetingPoint: 'Information desk', emergencyNumber: '+37322000001', firstNightLodging: `Guest room; ${words}`, onwardTransport: 'Car of the office' } }), 200, 'reception ready');
  world.tell('Only now the office in Chișinău learns of it, and prepares to meet her. The code phrase was shown once, for her alone.');
  const key = await keyOf(world, 'chisinau', 'chisinau.supervisor');
  must(await soon(() => worker.post('/v1/identity-envelopes', { consentRecord: originConsent, escort: { name: 'Escort One', phone: '+37322000002', relation: 'trained escort' } })), 201, 'her name is sealed for the office');
  const theirReturn = await first(office, '/v1/return-cases?state=planning');
  const pointer = await until('the office hears of its envelope', async () => { const { status, body } = await office.post(`/v1/return-cases/${theirReturn}/disclosure`); return status === 200 && body; });
  await collected(world, office, key, must(await soon(() => office.post((pointer['links'] as { collect: string }).collect)), 200, 'the envelope is collected'), name);
  world.tell('Who she is, and who travels with her, the office opens with its own key, and nobody else can.');
  const helperConsent = await consent(world, worker, file, 'REFERRAL_DISCLOSURE', world.organisation('newleaf'), ['IDENTITY', 'CONTACT', 'AGE_GENDER_LANGUAGE', 'NEEDS']);
  const theirs = must(await officer.get(`/v1/return-cases/${ours}`), 200, 'the return as its officer sees it');
  const caseRef = String((theirs['links'] as Record<string, string>)['case']).split('/').pop();
  must(await soon(() => officer.post('/v1/reintegration-cases', { case: caseRef, organisation: world.organisation('newleaf'), returnCase: ours })), 201, 'reintegration proposed');
  const helper = await first(manager, '/v1/reintegration-cases?state=proposed');
  must(await soon(() => manager.post(`/v1/reintegration-cases/${helper}/accept`, { caseManager: manager.subject })), 200, 'reintegration accepted');
  world.tell('New Leaf accepts to help her afterwards.');
  const current = must(await officer.get(`/v1/return-cases/${ours}`), 200, 'the return before the itinerary');
  const departure = new Date(world.now().getTime() + 20 * 3_600_000);
  must(await officer.patch(`/v1/return-cases/${ours}`, { itinerary: { departureAt: departure.toISOString(), arrivalAt: new Date(departure.getTime() + 3 * 3_600_000).toISOString(), carrier: 'Example Air', number: 'EX 123' } }, current['version']), 200, 'itinerary');
  must(await soon(() => second.post(at('clear'), { itineraryAvoidsDanger: true, finalConsentRenewed: true, codePhraseGivenToPerson: true })), 200, 'cleared');
  await world.advance(20 * 3_600_000);
  must(await world.as('harbour.manager').post(`/v1/stays/${stay}/exit`, { exitType: 'RETURN', documentsAndBelongingsHandedOver: true }), 200, 'exit from Harbour');
  must(await soon(() => officer.post(at('record-departure'), { personBoarded: true, documentsInHerHands: true, confirmedAtTheGate: true })), 200, 'departure');
  world.tell('She is asked once more at the gate, and boards with her documents in her own hands.');
  const shown = await first(office, '/v1/return-cases?state=in_transit');
  return { officer: ours, office: shown, plan, phrase, helper, originConsent, helperConsent, words };
}

/** Met by who knows the phrase; helped until she needs nobody. */
export async function arrive(world: World, { officer, office, phrase, helper, words }: Travelling): Promise<void> {
  const [host, reception, manager] = [world.as('homeward.officer'), world.as('chisinau.reception'), world.as('newleaf.manager')];
  must(await reception.post(`/v1/return-cases/${office}/record-arrival`), 200, 'arrival');
  const confirm = (codePhrase: string): Promise<Reply> => reception.post(`/v1/return-cases/${office}/confirm-reception`, { codePhrase, officerConfirms: true, personConfirms: true });
  same((await confirm('not the right words 00')).status, 409, 'a wrong code phrase');
  must(await confirm(phrase), 200, 'reception');
  world.tell('A wrong phrase is refused; with hers, officer and person both confirm the hand-over.');
  must(await soon(() => host.post(`/v1/return-cases/${officer}/complete-return`, {})), 200, 'return completed');
  const at = (command: string): string => `/v1/reintegration-cases/${helper}/${command}`;
  must(await soon(() => manager.post(at('start-assessment'), { child: false, reassessedOnSite: true })), 200, 'assessment on site');
  must(await manager.post(at('agree-plan'), { plan: { objectives: ['Open a bakery'], actions: [{ component: 'Livelihood', dimension: 'economic', action: `course; ${words}`, dueOn: inDays(world, 90) }] }, writtenWithPerson: true, signedByPerson: true }), 200, 'plan');
  must(await manager.post(at('start'), { firstSupportDelivered: true }), 200, 'support');
  must(await manager.post(at('close-reintegration'), { closureReason: 'PLAN_COMPLETED', personTold: true, reEntryRouteGiven: true }), 200, 'closed');
  world.tell('New Leaf writes a plan with her, helps, and closes when it is done; she knows how to come back.');
}

/** "Stop": one call on the way is enough. Everything that her consent carried ends at once. */
export async function withdrawOnTheWay(world: World, trip: Travelling): Promise<void> {
  const [worker, office, officer, manager] = [world.as('lantern.worker'), world.as('chisinau.office'), world.as('homeward.officer'), world.as('newleaf.manager')];
  const started = Date.now();
  must(await worker.post(`/v1/consent-records/${trip.originConsent}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' }), 200, 'withdrawal');
  await reaches(officer, `/v1/return-cases/${trip.officer}`, 'withdrawn_return');
  await reaches(office, `/v1/reception-plans/${trip.plan}`, 'reception_cancelled');
  const recall = await until('the recall is in the office\'s feed', async () => ((await world.as('chisinau.admin').get('/v1/events?limit=100')).body['items'] as { type: string }[] | undefined)?.find((e) => e.type.includes('consent-scope-recalled')));
  if (Date.now() - started > 60_000) throw new Error('recall later than 60 s');
  same(recall.type, 'footbridge.referrals.consent-scope-recalled.v1', 'recall');
  same((await office.get(`/v1/return-cases/${trip.office}`)).status, 404, 'the office no longer sees the return');
  world.tell('She withdraws on the way. The return is withdrawn, the reception called off, the recall sent; the office reads nothing more.');
  must(await worker.post(`/v1/consent-records/${trip.helperConsent}/withdraw`, { onBehalfOf: 'PERSON', how: 'phone' }), 200, 'withdrawal for the helper');
  await until('New Leaf is told to ask her', async () => ((await manager.get('/v1/reintegration-alerts')).body['items'] as { code: string }[]).some((a) => a.code === 'REINTEGRATION_CONSENT_WITHDRAWN'));
  same((await manager.get(`/v1/reintegration-cases/${trip.helper}`)).body['state'], 'reint_accepted', 'a consent withdrawn ends no help');
  must(await manager.post(`/v1/reintegration-cases/${trip.helper}/person-declines`, { onBehalfOf: 'PERSON', how: 'phone' }), 200, 'declined by herself');
  world.tell('Nobody tells New Leaf more of her, but its help stands open. Asked, she says that she wants none now: only her own word ends it.');
}

import { ConsentCategory, type ServiceProfile } from '@footbridge/contracts';
import type { DemonstrationOrganisation } from '../demonstration.js';
import { idOf, must, soon, until, type Caller, type World } from './world.js';

/** Who may send people on: they sign with every partner. */
const senders = ['lantern', 'harbour', 'opendoor', 'child', 'hotline', 'homeward', 'newleaf'];
const peopleProfiles: readonly ServiceProfile[] = ['women', 'men', 'families', 'children'];
const key = (step: string): Record<string, string> => ({ 'idempotency-key': `demonstration-${step}` });
const attested = (...fields: string[]): Record<string, true> => Object.fromEntries(fields.map((f) => [f, true as const]));

/**
 * Makes the demonstration's network through the API, as its people would: organisations, partners verified by two persons,
 * agreements, shelters. Safe to repeat after a stop in the middle: each step has its own idempotency key.
 */
export async function makeNetwork(world: World, organisations: readonly DemonstrationOrganisation[]): Promise<void> {
  const operator = world.as('network.operator');
  for (const o of organisations) must(await soon(() => operator.post('/v1/organisations', { id: world.organisation(o.key), type: o.type, country: o.country, name: o.name, ...(o.key === 'network' ? { networkBody: true } : {}) }, key(`organisation-${o.key}`))), 201, `organisation ${o.key}`);
  const partners = organisations.filter((o) => o.partner);
  await Promise.all(partners.map((o) => join(world, o)));
  const year = new Date(world.now().getTime() + 365 * 86_400_000).toISOString().slice(0, 10);
  for (const from of organisations.filter((o) => senders.includes(o.key))) {
    await Promise.all(partners.filter((to) => to.key !== from.key).map(async (to) => must(await soon(() => world.as(`${from.key}.admin`).post('/v1/agreements', { to: world.organisation(to.key), categories: ConsentCategory.values, until: year }, key(`agreement-${from.key}-${to.key}`))), 201, `agreement ${from.key} ${to.key}`)));
  }
  for (const o of organisations) for (const [n, shelter] of (o.shelters ?? []).entries()) await openShelter(world.as(`${o.key}.manager`), o, n, shelter);
}

async function join(world: World, o: DemonstrationOrganisation): Promise<void> {
  const admin = world.as(`${o.key}.admin`);
  const [dpo, supervisor] = [world.as('network.dpo'), world.as('network.supervisor')];
  const languages = o.shelters?.[0]?.languages;
  must(await soon(() => admin.post('/v1/partners', { services: o.partner?.services, ...(o.partner?.profiles ? { profiles: o.partner.profiles } : {}), ...(languages ? { languages } : {}), securityContact: { email: `security@${o.key}.example`, phone: '+355600000000' } }, key(`partner-${o.key}`))), 201, `partner ${o.key}`);
  // The judge has a reference of its own for this partner.
  const found = await until(`partner ${o.key} is seen by its judges`, async () => ((await dpo.get(`/v1/partners?limit=100&organisation=${world.organisation(o.key)}`)).body['items'] as { id: string; state: string }[] | undefined)?.[0]);
  const path = `/v1/partners/${found.id}`;
  if (found.state === 'applied_partner') {
    const asked = must(await dpo.post(`${path}/verify-partner`, attested('identityChecked', 'registrationChecked', 'safeguardingPolicyRead', 'dataSharingAgreementWritten')), 202, `verify ${o.key}`);
    must(await supervisor.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200, `approve ${o.key}`);
  }
  if (found.state !== 'partner_active') must(await dpo.post(`${path}/activate-partner`, attested('secondFactorForAll')), 200, `activate ${o.key}`);
}

async function openShelter(manager: Caller, o: DemonstrationOrganisation, n: number, shelter: NonNullable<DemonstrationOrganisation['shelters']>[number]): Promise<void> {
  const profiles = shelter.profiles.filter((p) => peopleProfiles.includes(p));
  const each = Math.floor(shelter.totalBeds / profiles.length);
  const units = profiles.map((profile, i) => ({ code: String.fromCharCode(65 + i), profile, total: i === 0 ? shelter.totalBeds - each * (profiles.length - 1) : each }));
  const registered = must(await soon(() => manager.post('/v1/shelters', { publicName: shelter.name, country: o.country, region: shelter.region, profiles: shelter.profiles, languages: shelter.languages, units, address: { street: 'Rruga e Shembullit 1', city: 'Example' } }, key(`shelter-${o.key}-${n}`))), 201, `shelter ${shelter.name}`);
  must(await manager.post(`/v1/shelters/${idOf(registered)}/open-shelter`, attested('confidentialityUndertakingsSigned', 'complaintChannelInPlace', 'medicalContactDayAndNight', 'securityPlanInPlace'), key(`open-${o.key}-${n}`)), 200, `open ${shelter.name}`);
}

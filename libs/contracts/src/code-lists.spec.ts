import { readFileSync } from 'node:fs';
import {
  ConsentCategory, ConsentPurpose, GuardedPurpose, MethodsOfControl, Priority, RelationshipToTrafficker, SaidServiceType, ServiceType, capacityBand, componentForFunder, events, htcds,
  isCountry, isGuarded, minimumDataset, prefixes, purposes, saidServiceType, type Exported,
} from './index.js';

describe('consent purposes', () => {
  it('are guarded elsewhere exactly where the rule names a service', () => {
    expect(ConsentPurpose.values.filter((purpose) => purposes[purpose].guardedBy.length > 0)).toEqual([...GuardedPurpose.values]);
    expect(ConsentPurpose.values.filter(isGuarded)).toEqual([...GuardedPurpose.values]);
    expect(Object.keys(purposes)).toEqual([...ConsentPurpose.values]);
  });
  it('stay in referrals where even the purpose tells too much (decisions 13)', () => {
    for (const purpose of ['ASYLUM_REFERRAL', 'LEGAL_REPRESENTATION', 'MEDICAL_DISCLOSURE', 'MEDIA_INTERVIEW'] as const) expect(purposes[purpose].guardedBy).toEqual([]);
  });
  it('are asked again at each delivery attempt by notifications', () => {
    expect(ConsentPurpose.values.filter((purpose) => purposes[purpose].guardedBy.includes('notifications'))).toEqual(['REFERRAL_DISCLOSURE', 'ORIGIN_OFFICE_DISCLOSURE', 'FOLLOW_UP_CONTACT']);
  });
  it('give an embassy identity and documents only (reference 2.3.2)', () => { expect(purposes.EMBASSY_CONTACT.atMost).toEqual(['IDENTITY', 'DOCUMENTS']); });
  it('name a recipient for every disclosure', () => {
    for (const purpose of ConsentPurpose.values.filter((p) => p.endsWith('_DISCLOSURE'))) expect(purposes[purpose].recipient).toBe('one');
    expect(purposes.ASSISTANCE.recipient).toBe('none');
  });
});

describe('minimum datasets (DP-6)', () => {
  it('exist for every service, without repeats', () => {
    expect(Object.keys(minimumDataset)).toEqual([...ServiceType.values]);
    for (const categories of Object.values(minimumDataset)) { expect(categories.length).toBeGreaterThan(0); expect(new Set(categories).size).toBe(categories.length); }
  });
  const withCategory = (category: ConsentCategory): string[] => ServiceType.values.filter((type) => minimumDataset[type].includes(category));
  it('give exploitation to lawyers and doctors only (reference 2.1.2)', () => { expect(withCategory('EXPLOITATION')).toEqual(['health', 'legal']); });
  it('give health to doctors only', () => { expect(withCategory('HEALTH')).toEqual(['health']); });
  it('tell a school, an employer and those who search for family nothing of what happened (M10)', () => {
    for (const type of ['education', 'livelihood', 'family-tracing'] as const) expect(minimumDataset[type].filter((c) => ['EXPLOITATION', 'HEALTH', 'LEGAL', 'RISK_MITIGATION'].includes(c))).toEqual([]);
  });
  it('leave the type itself out of events where it tells something', () => {
    expect(ServiceType.values.filter((type) => !SaidServiceType.values.some((said) => said === type))).toEqual(['psychosocial', 'health', 'legal', 'asylum']);
    expect(ServiceType.values.filter((type) => saidServiceType(type) === undefined)).toEqual(['psychosocial', 'health', 'legal', 'child-protection', 'family-tracing', 'asylum']);
    expect(Object.values(events).flatMap(({ data }) => Object.values(data)).filter(({ list }) => list === ServiceType)).toEqual([]);
  });
});

describe('HTCDS 2.0', () => {
  const { fields } = JSON.parse(readFileSync(new URL('../../../docs/reference/htcds-2.0-fields.json', import.meta.url), 'utf8')) as { fields: { field: string; values: string[] }[] };
  const lists = Object.entries<Exported<never>>(htcds as unknown as Record<string, Exported<never>>);

  it.each(lists)('%s is written in words of its picklist only', (_, { list, field, toHtcds }) => {
    const words = fields.find((f) => f.field === field)?.values ?? [];
    expect(words.length).toBeGreaterThan(0);
    expect(list.values.map(toHtcds).filter((word) => word !== undefined && !words.includes(word))).toEqual([]);
  });
  it('is understood in whole: every word of a picklist has its code', () => {
    const partial = ['ServiceType', 'Identification'];
    for (const [name, { field, fromHtcds }] of lists.filter(([n]) => !partial.includes(n))) {
      for (const word of fields.find((f) => f.field === field)?.values ?? []) expect([name, word, fromHtcds(word)]).not.toEqual([name, word, undefined]);
    }
  });
  it('keeps its own spelling outside only', () => {
    expect(htcds.RelationshipToTrafficker.toHtcds('Unacquainted')).toBe('Unaquainted');
    expect(htcds.RelationshipToTrafficker.fromHtcds('Unaquainted')).toBe('Unacquainted');
    expect(RelationshipToTrafficker.values).not.toContain('Unaquainted');
  });
  it('prefers its own word when reading', () => {
    expect(MethodsOfControl.values).toContain('RestrictsMovement');
    expect(htcds.MethodsOfControl.toHtcds('RestrictsMovement')).toBe('Other');
    expect(htcds.MethodsOfControl.fromHtcds('Other')).toBe('Other');
    expect(htcds.OrganisationType.fromHtcds('CentralGovernmentOrganisation')).toBe('CentralGovernmentOrganisation');
    expect(htcds.Gender.fromHtcds('Woman')).toBeUndefined();
  });
  it('has no word for what was never decided', () => { expect(htcds.Identification.toHtcds('unscreened')).toBeUndefined(); });
  it('shows a funder one word for the two components that tell what happened', () => {
    expect([componentForFunder('SexualExploitationRehabilitation'), componentForFunder('LabourExploitationRehabilitation'), componentForFunder('Health')]).toEqual(['Rehabilitation', 'Rehabilitation', 'Health']);
  });
});

describe('small lists', () => {
  it('use the three words of the inter-agency form', () => { expect(Priority.values).toEqual(['EMERGENCY', 'URGENT', 'NORMAL']); });
  it('say capacity in bands', () => { expect([-1, 0, 1, 3, 4].map(capacityBand)).toEqual(['full', 'full', 'few', 'few', 'available']); });
  it('know the 249 countries', () => { expect([isCountry('AL'), isCountry('al'), isCountry('ZZ')]).toEqual([true, false, false]); });
  it('give each thing a prefix of its own', () => { expect(new Set(Object.values(prefixes)).size).toBe(Object.keys(prefixes).length); });
});

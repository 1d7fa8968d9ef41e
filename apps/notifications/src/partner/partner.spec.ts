import { notTheirOwn, organisationIsKnown, securityContactNamed, servicesListed, type PartnerFacts } from './partner.lifecycle.js';

const now = new Date('2026-11-24T10:00:00Z');
const facts = (row: object, more: object = {}): PartnerFacts => ({ row: { owner: 'org_a', ...row }, body: {}, caller: { organisation: 'org_network' }, networkBodies: [], subscriptions: [], ...more }) as unknown as PartnerFacts;

describe('a partner', () => {
  it('is an organisation of the register', () => { expect(organisationIsKnown.check(facts({}), now)).toBe('ORGANISATION_NOT_KNOWN'); });
  it('is not judged by its own people', () => {
    expect(notTheirOwn.check(facts({}), now)).toBeUndefined();
    expect(notTheirOwn.check(facts({ owner: 'org_network' }), now)).toBe('OWN_ORGANISATION');
  });
  it('is activated with a security contact and a list of services', () => {
    expect([securityContactNamed.check(facts({}), now), servicesListed.check(facts({ services: [] }), now)]).toEqual(['SECURITY_CONTACT_MISSING', 'SERVICES_MISSING']);
    expect([securityContactNamed.check(facts({ securityContact: {} }), now), servicesListed.check(facts({ services: ['legal'] }), now)]).toEqual([undefined, undefined]);
  });
});

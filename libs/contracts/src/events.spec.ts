import { createGate, newRef, wire, type WireSchema } from '@footbridge/privacy';
import {
  CapacityBandPublished, ConsentCategory, ConsentGiven, ConsentScopeRecalled, ConsentWithdrawn, GuardedPurpose, PartnerActivated, ReceptionCancelled, ReferralResumed, ReferralSent, ReferralSuspended, ReferralWithdrawn,
  ServiceProfile, ServiceType, ShelterOpened, codesOf, contracts, defineEvent, events, flagsOf, prefixes, states, typeOf, type ContractEvent,
} from './index.js';

const all = Object.values(events);
const named = (...names: string[]): ContractEvent[] => all.filter(({ name }) => names.includes(name));
const audienceOf = (name: string): string | undefined => all.find((event) => event.name === name)?.audience;

const valueFor = (schema: WireSchema<unknown>): unknown => {
  switch (schema.kind) {
    case 'ref': return newRef(schema.prefix ?? 'evt');
    case 'code': case 'band': return schema.list?.values[0];
    case 'period': return '2026-Q4';
    case 'region': return 'AL-11';
    case 'day': return '2026-11-24';
    case 'version': return 3;
    case 'instant': return '2026-11-24T03:06:00Z';
    case 'boolean': return true;
    case 'digest': return 'c'.repeat(Number(/\{(\d+)\}/.exec(String(schema.jsonSchema['pattern']))?.[1]));
  }
};
const full = (event: ContractEvent): Record<string, unknown> => Object.fromEntries(Object.entries(event.data).map(([name, schema]) => [name, valueFor(schema)]));
const least = (event: ContractEvent): Record<string, unknown> => Object.fromEntries(Object.entries(event.data).filter(([, schema]) => !schema.optional).map(([name, schema]) => [name, valueFor(schema)]));

describe('an event', () => {
  it('has its type from its service and name', () => {
    expect(ReferralSent.type).toBe('footbridge.referrals.referral-sent.v1');
    expect(typeOf('notifications', 'SubscriptionChallenge')).toBe('footbridge.notifications.subscription-challenge.v1');
    expect(typeOf('referrals', 'ReferralSent', 2)).toBe('footbridge.referrals.referral-sent.v2');
    for (const event of all) expect(event.type).toBe(typeOf(event.service, event.name));
  });
  it('has a name of its own, so that a handler can be found by it', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
  it('is declared for good', () => {
    expect(Object.isFrozen(ReferralSent)).toBe(true);
    expect(Object.isFrozen(events)).toBe(true);
  });
  it('can be a new version beside the old one', () => {
    expect(defineEvent('referrals', 'ReferralSent', { audience: 'directed', contract: 2, summary: 'x', data: { referral: wire.ref('rfr') } }).type).toBe('footbridge.referrals.referral-sent.v2');
  });
  it.each(contracts.map((event) => [event.name, event] as const))('%s passes the gate, with everything and with the least', (_, event) => {
    const gate = createGate();
    for (const payload of [full(event), least(event)]) expect(JSON.parse(gate.encode(event, payload, {}).bytes().toString())).toEqual(payload);
  });
});

describe('what never travels (decisions 13, 16)', () => {
  it('is declared with no body at all', () => {
    for (const event of all.filter(({ audience }) => audience === 'service')) expect(Object.keys(event.data)).toEqual([]);
  });
  it('is identification, guardians, risk and holds', () => {
    const kept = /^(Victim|Identification|Guardian|InterimGuardian|RiskAssessment|ProtectionHold)/;
    expect(all.filter(({ name, audience }) => kept.test(name) && audience !== 'service')).toEqual([]);
    expect(all.filter(({ name }) => kept.test(name))).toHaveLength(15);
  });
  it('is absence, missing persons and incidents of a shelter', () => {
    for (const name of ['AbsenceAuthorised', 'ResidentReturned', 'ResidentReportedMissing', 'ExitPlanned', 'IntakeCompleted']) expect(audienceOf(name)).toBe('service');
  });
  it('is a return before the origin office may know of it', () => {
    for (const name of ['ReturnRequested', 'ReturnCounsellingStarted', 'ReturnDecisionRecorded', 'ReturnAssessedSafe']) expect(audienceOf(name)).toBe('service');
    const told = all.filter(({ service, audience }) => service === 'returns' && audience === 'directed').map(({ name }) => name).sort();
    expect(told).toEqual(['ReceptionCancelled', 'ReceptionConfirmed', 'ReceptionDetailChanged', 'ReceptionFailed', 'ReceptionReady', 'ReceptionRequested', 'ReturnArrived', 'ReturnCompleted', 'ReturnDeparted']);
  });
  it('is a consent for a purpose that no other service guards on', () => {
    expect(GuardedPurpose.values).not.toEqual(expect.arrayContaining([expect.stringMatching(/ASYLUM|LEGAL|MEDICAL|MEDIA/)]));
    expect(ConsentGiven.travels?.({ purpose: 'ASYLUM_REFERRAL' })).toBe(false);
    expect(ConsentGiven.travels?.({ purpose: 'EMBASSY_CONTACT' })).toBe(true);
    expect(() => createGate().encode(ConsentWithdrawn, { ...full(ConsentWithdrawn), purpose: 'ASYLUM_REFERRAL' }, {})).toThrow(expect.objectContaining({ code: 'FIELD_INVALID' }));
  });
  it('is a service type that tells something of the person', () => {
    for (const serviceType of ['asylum', 'legal', 'health', 'psychosocial']) {
      expect(() => createGate().encode(ReferralSent, { ...full(ReferralSent), serviceType }, {})).toThrow(expect.objectContaining({ code: 'FIELD_INVALID' }));
    }
  });
  it('is the true reason why help pauses or ends', () => {
    for (const event of [ReferralSuspended, ReferralResumed, ReferralWithdrawn]) expect(event.data.reason.list?.values).toEqual(['PERSON_CHOICE', 'ADMINISTRATIVE']);
  });
  it('is the difference between a hold and a change of mind (A7)', () => {
    expect(ReceptionCancelled.data.reason.list?.values).toEqual(['PERSON_CHOICE']);
    expect(ReceptionCancelled.data.reason.optional).toBe(false);
  });
  it('is what somebody needs: child, language, access, size of the party, outcome', () => {
    const fields = new Set(contracts.filter(({ service }) => service !== 'notifications').flatMap(({ data }) => Object.keys(data)));
    for (const need of ['childUnitNeeded', 'isChild', 'interpreterLanguage', 'mobilityAccessNeeded', 'partySize', 'outcome', 'unitType', 'name']) expect(fields).not.toContain(need);
  });
});

describe('an event for an organisation (decisions 8)', () => {
  const outside = contracts.filter(({ audience }) => audience === 'directed' || audience === 'network');

  it('never has what only services call a case', () => {
    for (const event of outside) for (const schema of Object.values(event.data)) expect([event.name, schema.prefix]).not.toEqual([event.name, prefixes.caseRef]);
  });
  it('says no time but the one to act by', () => {
    for (const event of outside) expect(Object.entries(event.data).filter(([name, { kind }]) => (kind === 'instant' && name !== 'dueAt') || kind === 'day')).toEqual([]);
  });
  it('has, for the network, neither a time nor a count of changes', () => {
    for (const { data } of outside.filter(({ audience }) => audience === 'network')) expect(Object.values(data).filter(({ kind }) => ['instant', 'day', 'version'].includes(kind))).toEqual([]);
    // What is published at the full hour waits for no other.
    expect([ShelterOpened.atFullHour, CapacityBandPublished.atFullHour]).toEqual([true, undefined]);
  });
  it('can be subscribed to by its recipient; network events by those whom reference 2.5.3 names; and by nobody else', () => {
    const by = (who: string): string[] => all.filter(({ subscribable }) => subscribable === who).map(({ name }) => name);
    expect(by('verified-partner-same-country').sort()).toEqual(['CapacityBandPublished', 'ShelterAdmissionsClosed', 'ShelterAdmissionsLimited', 'ShelterOpened']);
    expect(by('anyone').sort()).toEqual([...['Notifications', 'Referrals', 'Reintegration', 'Returns', 'Shelters'].map((service) => `AuditRootSignedBy${service}`), 'StatisticsReleased']);
    for (const name of by('recipient')) expect([name, audienceOf(name)]).toEqual([name, 'directed']);
    expect(by('recipient').sort()).toEqual([
      'BedHeld', 'BedHoldLapsed', 'BedRefused', 'BedReleased', 'BedRequestWithdrawn', 'BedRequested', 'ConsentScopeRecalled', 'DirectedDetailChanged', 'IdentityAvailable', 'PersonAdmitted', 'PersonExited',
      'ReceptionCancelled', 'ReceptionConfirmed', 'ReceptionDetailChanged', 'ReceptionFailed', 'ReceptionReady', 'ReceptionRequested',
      'ReferralAccepted', 'ReferralAcknowledged', 'ReferralClosed', 'ReferralCompleted', 'ReferralDeclined', 'ReferralEnteredInError', 'ReferralExpired', 'ReferralResumed',
      'ReferralSent', 'ReferralServiceStarted', 'ReferralSuspended', 'ReferralUnsuccessful', 'ReferralWithdrawn',
      'ReintegrationAccepted', 'ReintegrationClosed', 'ReintegrationDeclined', 'ReintegrationProposed', 'ReturnArrived', 'ReturnCompleted', 'ReturnDeparted',
    ]);
  });
  it('arrives always where it recalls data', () => {
    expect(all.filter(({ always }) => always)).toEqual([ConsentScopeRecalled]);
  });
});

describe('what other services must know', () => {
  it('reaches them also where no organisation may be told', () => {
    expect(all.filter(({ alsoInstance }) => alsoInstance).map(({ name }) => name).sort()).toEqual(
      ['PersonAdmitted', 'PersonExited', 'ReceptionConfirmed', 'ReceptionFailed', 'ReintegrationClosed', 'ReturnCompleted', 'ReturnDeparted']);
  });
  it('is on a broker for every name of the reference\'s "consumes" lists that a clearance has not replaced', () => {
    const consumed = [
      'BedHeld', 'BedRefused', 'BedHoldLapsed', 'PersonAdmitted', 'PersonExited', 'ReturnNotCleared', 'ReturnWithdrawn', 'ReceptionConfirmed', 'ReceptionFailed', 'ReintegrationAccepted',
      'ReintegrationClosed', 'DeliveryDeadLettered', 'ReferralSent', 'ReferralWithdrawn', 'ReturnCleared', 'ReturnDeparted', 'ConsentWithdrawn', 'ConsentScopeRecalled', 'ReturnCompleted',
    ];
    expect(named(...consumed)).toHaveLength(consumed.length);
    expect(named(...consumed).filter(({ audience }) => audience === 'service')).toEqual([]);
  });
});

describe('a set of codes', () => {
  it('travels as flags and comes back as codes', () => {
    const data = { ...flagsOf<ConsentCategory>(['AGE_GENDER_LANGUAGE', 'NEEDS']) };
    expect(data).toEqual({ ageGenderLanguage: true, needs: true });
    expect(codesOf(ConsentCategory, data)).toEqual(['AGE_GENDER_LANGUAGE', 'NEEDS']);
    expect(codesOf(ConsentCategory, { ...data, needs: false })).toEqual(['AGE_GENDER_LANGUAGE']);
  });
  it('has a flag for each code of its list', () => {
    expect(Object.keys(PartnerActivated.data)).toEqual(expect.arrayContaining(['childProtection', 'open24h', 'shelter', 'women']));
    expect(Object.keys(PartnerActivated.data)).toHaveLength(5 + ServiceType.values.length + ServiceProfile.values.length);
    expect(PartnerActivated.data.childProtection.kind).toBe('boolean');
  });
});

describe('types', () => {
  it('are as narrow as the lists', () => {
    const state: 'draft' | 'sent' | 'acknowledged' | 'accepted' | 'declined' | 'expired' | 'in_service' | 'suspended' | 'completed' | 'unsuccessful' | 'withdrawn' | 'closed' | 'entered_in_error' = states.Referral.values[0] ?? 'draft';
    expect(state).toBe('draft');
    // @ts-expect-error a state of another lifecycle
    const wrong: (typeof states.Referral.values)[number] = 'held';
    expect(states.Referral.values).not.toContain(wrong);
  });
});

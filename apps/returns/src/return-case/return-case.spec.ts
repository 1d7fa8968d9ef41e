import { ClearanceChanged, ConsentExpired, ConsentGiven, ConsentWithdrawn, ReceptionConfirmed, ReturnDeparted, type ContractEvent, type Role } from '@footbridge/contracts';
import { refusals, rowFor, type AnyRow, type Guard, type ReactionEvent } from '@footbridge/lifecycle';
import { label } from '@footbridge/privacy';
import { ReturnCase, consentFor } from './return-case.lifecycle.js';
import type { Itinerary, ReturnCaseRow } from './return-case.entity.js';
import type { ReturnFacts } from './return-case.facts.js';
import { anotherPerson, arrangementConsent, hostSide, notFound, notMet, ownWish, timeToThink } from './return-case.guards.js';

const now = new Date('2026-11-24T03:00:00Z');
const base = { id: 'x', owner: 'org_ro', organisations: ['org_ro'], version: 1, createdAt: '2026-11-01T00:00:00.000Z', updatedAt: '2026-11-01T00:00:00.000Z' };
const row = (more: Partial<ReturnCaseRow> = {}): ReturnCaseRow => ({ ...base, state: 'planning', requestedBy: 'org_ngo', ...more });
const as = (role: Role, organisation = 'org_ro', ...roles: Role[]): ReturnFacts['caller'] => ({ organisation, subject: 'acc_a', roles: roles.length ? roles : [role], role });
const facts = (more: Partial<ReturnFacts> = {}): ReturnFacts => ({ row: row(), body: {}, caller: as('RETURN_OFFICER'), isChild: false, ...more });
const tableRow = (state: string, command: string): AnyRow => { const found = rowFor(ReturnCase, state, command); if (!('row' in found)) throw new Error('no row'); return found.row; };
const refused = (state: string, command: string, given: ReturnFacts): string[] => refusals(tableRow(state, command)[4], given as never, now).map((r) => `${r.guard} ${r.reason}`).sort();
const itinerary = (departureAt: string): ReturnCaseRow['itinerary'] => label('special', { departureAt, arrivalAt: departureAt, carrier: 'x', number: 'x' } satisfies Itinerary);
const plan = { ...base, id: 'p', state: 'ready', originOffice: 'org_oo' };
const given = { consent: 'con_x', state: 'given', recipient: 'org_oo', categories: [] } as const;
const yes = { cleared: true };

describe('whose wish it is', () => {
  it('is written down by those who help, not by an intake desk and not by an authority', () => {
    expect(ownWish.check(facts({ caller: as('PERSON', 'org_ngo', 'CASE_WORKER') }), now)).toBeUndefined();
    expect(ownWish.check(facts({ caller: as('PERSON', 'org_ngo', 'SHELTER_INTAKE') }), now)).toBe('SHELTER_MAY_NOT_ASK');
    for (const organisationType of ['LawEnforcement', 'Embassy'] as const) expect(ownWish.check(facts({ organisationType, caller: as('PERSON', 'org_x', 'CASE_WORKER') }), now)).toBe('AUTHORITY_MAY_NOT_ASK');
  });
  it('needs the consent that names who arranges the return', () => {
    expect(arrangementConsent.check(facts(), now)).toBe('CONSENT_REQUIRED');
    expect(arrangementConsent.check(facts({ arrangement: given }), now)).toBeUndefined();
    expect(arrangementConsent.check(facts({ arrangement: { ...given, state: 'withdrawn' } }), now)).toBe('CONSENT_REQUIRED');
    expect(ReturnCase.owner?.(facts({ arrangement: { ...given, recipient: 'org_named' } }) as never)).toBe('org_named');
  });
  it('is never told through the origin office', () => {
    const coming = row({ originOffice: 'org_oo' });
    expect(hostSide.check(facts({ row: coming, caller: as('PERSON', 'org_oo') }), now)).toBe('ORIGIN_SIDE_MAY_NOT_SPEAK_FOR_HER');
    expect(hostSide.check(facts({ row: coming, caller: as('PERSON', 'org_ngo') }), now)).toBeUndefined();
    expect(hostSide.check(facts({ row: coming, caller: as('RECEPTION_OFFICER', 'org_oo') }), now)).toBeUndefined();
  });
  it('has 72 hours to grow after counselling', () => {
    expect(timeToThink.check(facts(), now)).toBe('TOO_EARLY');
    expect(timeToThink.check(facts({ row: row({ counselledAt: '2026-11-21T03:00:01.000Z' }) }), now)).toBe('TOO_EARLY');
    expect(timeToThink.check(facts({ row: row({ counselledAt: '2026-11-21T03:00:00.000Z' }) }), now)).toBeUndefined();
  });
  it('is judged by another person than who wrote it down', () => {
    expect(anotherPerson.check(facts({ row: row({ decisionRecordedBy: 'acc_a' }) }), now)).toBe('SAME_PERSON');
    expect(anotherPerson.check(facts({ row: row({ decisionRecordedBy: 'acc_b' }) }), now)).toBeUndefined();
  });
});

describe('RG1 to RG8', () => {
  const said = { fearOfReturnExamined: true, fitToTravelOrEscorted: true, advocateCountersigned: true };
  it('all hold for an adult with a clearance and every statement', () => { expect(refused('under_assessment', 'markSafe', facts({ assessment: yes, body: said }))).toEqual([]); });
  it('are each named when they do not', () => {
    expect(refused('under_assessment', 'markSafe', facts())).toEqual([
      'RG1 FEAR_OF_RETURN_EXAMINED_NOT_CONFIRMED', 'RG2 RETURN_NOT_CLEARED', 'RG3 RETURN_NOT_CLEARED', 'RG7 FIT_TO_TRAVEL_OR_ESCORTED_NOT_CONFIRMED', 'RG8 ADVOCATE_COUNTERSIGNED_NOT_CONFIRMED', 'RG8 RETURN_NOT_CLEARED']);
  });
  it('refuse a child as long as its best interests cannot be determined (RG5)', () => {
    expect(refused('under_assessment', 'markSafe', facts({ isChild: true, assessment: yes, body: { ...said, carerAgreedInWriting: true } }))).toEqual(['RG4 PROCEEDINGS_NOT_HARMED_NOT_AVAILABLE', 'RG5 BEST_INTERESTS_DETERMINED_NOT_AVAILABLE']);
  });
});

describe('RG9 to RG14', () => {
  const said = { itineraryAvoidsDanger: true, finalConsentRenewed: true, codePhraseGivenToPerson: true, reintegrationDeclined: true };
  const whole = (more: Partial<ReturnFacts> = {}): ReturnFacts => facts({ row: row({ itinerary: itinerary('2026-11-26T03:00:00Z') }), plan, originConsent: given, departure: yes, body: said, ...more });
  const codes = (more: Partial<ReturnFacts>): string[] => refused('planning', 'clear', whole(more));
  it('all hold', () => { expect(codes({})).toEqual([]); });
  it('RG9: consent that names the office', () => { expect(codes({ originConsent: { ...given, state: 'expired' } })).toEqual(['RG9 CONSENT_REQUIRED']); });
  it('RG11: the reception is ready', () => { expect(codes({ plan: { ...plan, state: 'reception_accepted' } })).toEqual(['RG11 RECEPTION_NOT_READY']); });
  it('F7: nobody is sent to an office that waits for its review, at the gate neither', () => {
    expect(codes({ officeUnderReview: true })).toEqual(['F7 OFFICE_UNDER_REVIEW']);
    expect(refused('cleared', 'recordDeparture', whole({ officeUnderReview: true }))).toContain('F7 OFFICE_UNDER_REVIEW');
  });
  it('RG12: an escort where one is required', () => {
    expect(codes({ row: row({ itinerary: itinerary('2026-11-26T03:00:00Z'), escortRequired: true }) })).toEqual(['RG12 ESCORT_MISSING']);
    expect(codes({ row: row({ itinerary: itinerary('2026-11-26T03:00:00Z'), escortRequired: true, escort: label('direct', { name: 'x', phone: 'x', relation: 'x' }) }) })).toEqual([]);
  });
  it('RG10, RG12: a child has its document and its escort', () => { expect(codes({ isChild: true })).toEqual(['RG10 TRAVEL_DOCUMENT_IN_HAND_NOT_AVAILABLE', 'RG12 ESCORT_MISSING']); });
  it('RG14: reintegration waits, or she wants none', () => {
    const { reintegrationDeclined: _, ...rest } = said;
    expect(codes({ body: rest })).toEqual(['RG14 REINTEGRATION_NOT_ACCEPTED']);
    expect(codes({ body: rest, reintegration: { reintegration: 'n', organisation: 'org_soa', state: 'reint_accepted' } })).toEqual([]);
    expect(codes({ body: rest, reintegration: { reintegration: 'n', organisation: 'org_soa', state: 'reint_declined' } })).toEqual(['RG14 REINTEGRATION_NOT_ACCEPTED']);
  });
  it('the final word is not older than 72 hours at departure', () => {
    expect(codes({ row: row({ itinerary: itinerary('2026-11-27T03:00:01Z') }) })).toEqual(['FINAL_CONSENT DEPARTURE_NOT_WITHIN_72_HOURS']);
    const boarded = { personBoarded: true, documentsInHerHands: true, confirmedAtTheGate: true };
    const gate = (reconfirmedAt: string): string[] => refused('cleared', 'recordDeparture', whole({ body: boarded, row: row({ reconfirmedAt }) }));
    expect(gate('2026-11-21T03:00:00.000Z')).toEqual([]);
    expect(gate('2026-11-21T02:59:59.000Z')).toEqual(['FINAL_CONSENT RECONFIRMATION_TOO_OLD']);
  });
  it('departs only with fresh news of consent and clearance', () => {
    const needs = (command: string, state: string): unknown[] => [...new Set((tableRow(state, command)[4] as readonly Guard<ReturnFacts>[]).flatMap((g) => (Array.isArray(g.needsFresh) ? g.needsFresh : [])))];
    expect([needs('clear', 'planning'), needs('recordDeparture', 'cleared')]).toEqual([['referrals'], ['referrals']]);
    expect([needs('withdrawReturn', 'in_transit'), needs('failReception', 'arrived')]).toEqual([[], []]);
  });
});

describe('times', () => {
  it('are neither ahead nor before what came first', () => {
    const arrival = (arrivedAt: string): string[] => refused('in_transit', 'recordArrival', facts({ row: row({ departedAt: '2026-11-24T01:00:00.000Z' }), body: { arrivedAt } }));
    expect([arrival('2026-11-24T02:00:00Z'), arrival('2026-11-24T00:59:00Z'), arrival('2026-11-24T03:01:00Z')]).toEqual([[], ['TIME TIME_NOT_POSSIBLE'], ['TIME TIME_NOT_POSSIBLE']]);
  });
});

describe('nobody is there', () => {
  it('the clock waits two hours, people need not (F4)', () => {
    expect(notMet.check(facts({ caller: as('PLATFORM'), row: row({ arrivedAt: '2026-11-24T01:00:01.000Z' }) }), now)).toBe('TOO_EARLY');
    expect(notMet.check(facts({ caller: as('PLATFORM'), row: row({ arrivedAt: '2026-11-24T01:00:00.000Z' }) }), now)).toBeUndefined();
    expect(notMet.check(facts({ caller: as('PERSON') }), now)).toBeUndefined();
  });
  it('unaccounted for after 24 hours, a child at once (F6)', () => {
    const failed = row({ arrivedAt: '2026-11-24T00:00:00.000Z' });
    expect(notFound.check(facts({ row: failed }), now)).toBe('TOO_EARLY');
    expect(notFound.check(facts({ row: failed, isChild: true }), now)).toBeUndefined();
    const clock = ReturnCase.clocks?.find((c) => c.name === 'unaccounted');
    expect(clock?.due(facts({ row: failed }), now)?.toISOString()).toBe('2026-11-25T00:00:00.000Z');
    expect(clock?.due(facts({ row: { ...failed, child: label('special', true) } }), now)?.getTime()).toBeLessThan(now.getTime());
  });
});

const event = (data: object): ReactionEvent => ({ id: 'e', type: 't', aggregate: 'a', version: 2, caseRef: 'csr_x', consentRef: 'con_x', data: { recipient: 'org_x', ...data } });
const reactions = (on: ContractEvent, data: object): unknown[][] => (ReturnCase.reactions ?? []).filter((r) => r.on === on && r.when?.(event(data)) !== false).map((r) => [r.command, r.as, r.where?.(event(data)), ...(r.learns ? [r.learns(event(data), now)] : [])]);

describe('withdrawal', () => {
  it.each(['requested', 'counselling', 'under_assessment', 'not_cleared', 'planning', 'cleared', 'return_suspended', 'in_transit'])('is possible from %s, with no reason', (state) => {
    expect(refused(state, 'withdrawReturn', facts({ row: row({ state }), caller: as('PERSON', 'org_ngo') }))).toEqual([]);
  });
  it('takes the reception with it', () => {
    expect(tableRow('in_transit', 'withdrawReturn')[6]?.companions?.(facts({ plan }) as never, now)).toMatchObject([{ lifecycle: 'ReceptionPlan', id: 'p', command: 'cancelReception' }]);
    expect(tableRow('in_transit', 'withdrawReturn')[6]?.companions?.(facts({ plan: { ...plan, state: 'performed' } }) as never, now)).toEqual([]);
  });
  it('follows a withdrawn consent: of the return where it names the owner, of disclosure where it names the office, or before any was asked', () => {
    const told = (purpose: string, on: typeof ConsentWithdrawn | typeof ConsentExpired = ConsentWithdrawn): unknown[] => reactions(on, { purpose });
    expect(told('RETURN_ARRANGEMENT')).toEqual([['withdrawReturn', 'PERSON', { caseRef: 'csr_x', owner: 'org_x' }]]);
    expect(told('ORIGIN_OFFICE_DISCLOSURE')).toEqual([['withdrawReturn', 'PERSON', { caseRef: 'csr_x', originOffice: 'org_x' }], ['withdrawReturn', 'PERSON', { caseRef: 'csr_x', officeAsked: false }]]);
    expect(told('REFERRAL_DISCLOSURE')).toEqual([]);
    expect(told('RETURN_ARRANGEMENT', ConsentExpired).map(String).filter((t) => t.startsWith('withdrawReturn'))).toEqual([]);
  });
});

describe('the end of a consent', () => {
  const carried = (purpose: string): unknown[][] => reactions(ConsentGiven, { purpose });
  it('suspends what rests on this one, whatever else was given for the same', () => {
    expect(reactions(ConsentExpired, {}).filter(([command]) => command === 'suspend')).toEqual([['suspend', 'PLATFORM', { arrangementConsent: 'con_x' }], ['suspend', 'PLATFORM', { originConsent: 'con_x' }]]);
  });
  it('stops nothing where a newer one has taken its place', () => {
    expect(carried('RETURN_ARRANGEMENT')).toEqual([['relyOn', 'PLATFORM', { caseRef: 'csr_x', owner: 'org_x' }, { arrangementConsent: 'con_x' }]]);
    expect(carried('ORIGIN_OFFICE_DISCLOSURE')).toEqual([['relyOn', 'PLATFORM', { caseRef: 'csr_x', originOffice: 'org_x' }, { originConsent: 'con_x' }]]);
    expect(carried('REFERRAL_DISCLOSURE')).toEqual([]);
  });
});

describe('a clearance that goes', () => {
  const stops = (step: string, cleared = false): unknown[] => reactions(ClearanceChanged, { step, cleared }).map(([, , where]) => (where as { state: string }).state);
  it.each(['RETURN_ASSESSMENT', 'ORIGIN_CONTACT'])('%s stops a return from her wish on (A7)', (step) => { expect(stops(step)).toEqual(['requested', 'counselling', 'under_assessment', 'planning', 'cleared']); });
  it('DEPARTURE stops who is about to go; placement, family and embassy stop nobody here', () => { expect([stops('DEPARTURE'), stops('PLACEMENT'), stops('FAMILY_CONTACT'), stops('EMBASSY_CONTACT')]).toEqual([['cleared'], [], [], []]); });
  it('and comes stops nobody', () => { expect(stops('RETURN_ASSESSMENT', true)).toEqual([]); });
});

describe('what the origin office learns', () => {
  const left = row({ originOffice: 'org_oo' });
  it('is of its own person on the way, and of no other step', () => {
    expect(ReturnCase.recipients?.(left, ReturnDeparted, facts() as never)).toEqual(['org_oo', undefined]);
    for (const state of ['planning', 'return_suspended', 'withdrawn_return', 'not_cleared', 'counselling']) expect(ReturnCase.told?.(left, 'org_oo')).not.toContain(state);
  });
  it('the reintegration organisation hears of the reception where consent names it', () => {
    const reintegration = { reintegration: 'n', organisation: 'org_soa', state: 'reint_accepted' } as const;
    const confirmed = (more: Partial<ReturnFacts>): unknown[] | undefined => ReturnCase.recipients?.({ ...left, ...tableRow('arrived', 'confirmReception')[6]?.set?.(facts({ reintegration, ...more }) as never, now) as object }, ReceptionConfirmed, facts() as never) as unknown[];
    expect(confirmed({ helperConsent: { ...given, consent: 'con_soa', recipient: 'org_soa' } })).toEqual(['org_oo', 'org_soa']);
    expect(confirmed({})).toEqual(['org_oo', undefined]);
  });
  it('and each is told under the consent that names it', () => {
    const met = { ...left, originConsent: 'con_oo', helper: 'org_soa', helperConsent: 'con_soa' };
    expect([ReturnCase.consentRef?.(met), consentFor(met, 'org_oo'), consentFor(met, 'org_soa')]).toEqual(['con_oo', 'con_oo', 'con_soa']);
  });
});

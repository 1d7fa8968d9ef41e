import { ReintegrationAccepted, ReintegrationClosed, ReintegrationDeclined, ReintegrationProposed, after, deadlines, type Role } from '@footbridge/contracts';
import { refusals, rowFor, type AnyRow } from '@footbridge/lifecycle';
import { label, populations } from '@footbridge/privacy';
import { ReintegrationCase, ageStated, consentNamesHelper, guardianForChildOnly, managerIsThere, needsFitEnoughPersons, personReceived, soughtLongEnough, type ReintegrationFacts } from './reintegration-case.lifecycle.js';
import type { ReintegrationRow } from './reintegration-case.entity.js';

const now = new Date('2026-11-24T03:00:00Z');
const row = (more: Partial<ReintegrationRow> = {}): ReintegrationRow => ({ id: 'x', owner: 'org_soa', organisations: ['org_soa', 'org_host'], proposer: 'org_host', state: 'proposed', version: 1, createdAt: '2026-11-20T03:00:00.000Z', updatedAt: '2026-11-20T03:00:00.000Z', ...more });
const facts = (more: Partial<ReintegrationFacts> = {}): ReintegrationFacts => ({
  row: row(), body: {}, caller: { organisation: 'org_soa', subject: 'acc_m', roles: ['REINTEGRATION_MANAGER'], role: 'REINTEGRATION_MANAGER' }, helper: 'org_soa', managerDisabled: false, isChild: false,
  consentNeeded: { recipient: 'org_soa', purpose: 'REFERRAL_DISCLOSURE', categories: [] }, ...more,
});
const as = (role: Role): ReintegrationFacts['caller'] => ({ organisation: 'org_soa', subject: 'acc_m', roles: [role], role });
const tableRow = (state: string, command: string): AnyRow => { const found = rowFor(ReintegrationCase, state, command); if (!('row' in found)) throw new Error('no row'); return found.row; };
const reasons = (state: string, command: string, given: ReintegrationFacts): string[] => refusals(tableRow(state, command)[4], given as never, now).map((r) => r.reason);
const consent = { consent: 'c', state: 'given', categories: ['IDENTITY', 'NEEDS'] } as const;

describe('a proposal', () => {
  it('needs a consent that names the organisation, and covers what is told of her needs', () => {
    expect(consentNamesHelper.check(facts(), now)).toBe('CONSENT_REQUIRED');
    expect(consentNamesHelper.check(facts({ consent }), now)).toBeUndefined();
    const withNeeds = row({ needs: label('quasi', ['livelihood'] as const) });
    expect(consentNamesHelper.check(facts({ row: withNeeds, consent: { ...consent, categories: ['IDENTITY'] } }), now)).toBe('CONSENT_REQUIRED');
    expect(consentNamesHelper.check(facts({ row: withNeeds, consent }), now)).toBeUndefined();
  });
  it('G7 tells needs that enough persons have, with all that was told before; else two persons say so, or she is named', () => {
    const population = populations()('AL');
    const asked = (needs: readonly string[] | undefined, more: Partial<ReintegrationFacts> = {}, { told = [] as readonly string[], toldElsewhere = false } = {}): ReintegrationFacts => facts({
      caller: { organisation: 'org_host', subject: 'acc_h', roles: ['RETURN_OFFICER'], role: 'RETURN_OFFICER' }, row: row(needs ? { needs: label('quasi', needs as never) } : {}), consent: { ...consent, categories: ['NEEDS'] }, crowd: { population, told: label('quasi', told), toldElsewhere }, ...more,
    });
    const check = (given: ReintegrationFacts): string | undefined => needsFitEnoughPersons.check(given, now);
    const many = ['legal', 'asylum', 'family-tracing'];
    expect([check(asked(undefined)), check(asked(['livelihood'])), check(asked(['livelihood', 'health'])), check(asked(many))]).toEqual([undefined, undefined, undefined, 'TOO_FEW_LIKE_HER']);
    // what it was told the first time counts the second time
    expect([check(asked(['asylum'])), check(asked(['asylum'], {}, { told: ['legal', 'family-tracing'] })), check(asked(['legal'], {}, { told: many }))]).toEqual([undefined, 'TOO_FEW_LIKE_HER', undefined]);
    expect([check(asked(['livelihood'], {}, { toldElsewhere: true })), check(asked(['livelihood'], {}, { toldElsewhere: true, told: ['livelihood'] })), check(asked(undefined, {}, { toldElsewhere: true }))]).toEqual(['TOO_FEW_LIKE_HER', undefined, undefined]);
    // nobody hides in a crowd from who knows her name; nothing is told to oneself; and two persons may say that it is needed
    expect([check(asked(many, { consent })), check(asked(many, { helper: 'org_host' })), check(asked(many, { body: { needsAsTheyAre: true } })), check(asked(many, { body: { needsAsTheyAre: false } }))]).toEqual([undefined, undefined, undefined, 'TOO_FEW_LIKE_HER']);
    // closed: where nothing was counted nothing is told
    expect(check({ ...asked(['livelihood']), crowd: undefined } as never)).toBe('TOO_FEW_LIKE_HER');
    const fresh = (given: ReintegrationFacts): unknown => (needsFitEnoughPersons.needsFresh as (f: ReintegrationFacts) => unknown)(given);
    expect([fresh(asked(['livelihood'])), fresh(asked(undefined)), fresh(asked(['livelihood'], { consent }))]).toEqual([['referrals', 'returns'], [], []]);
    const approval = tableRow('∅', 'propose')[6]?.approval as (given: object) => unknown;
    expect([approval({ row: {}, body: { needsAsTheyAre: true, needs: ['x'] } }), approval({ row: {}, body: { needsAsTheyAre: true } }), approval({ row: {}, body: { needs: ['x'] } })]).toEqual([['SUPERVISOR', 'DPO'], undefined, undefined]);
  });
  it('is decided only when the news of consents is fresh', () => { expect(consentNamesHelper.needsFresh).toEqual(['referrals']); expect(consentNamesHelper.sensitive).toBe(true); });
  it('can be refused by her while the news is not: nothing is asked of who says no', () => {
    for (const state of ['proposed', 'reint_accepted', 'assessing', 'plan_agreed', 'reint_active', 'monitoring', 'reint_suspended', 'contact_lost']) expect(tableRow(state, 'personDeclines')[4]).toEqual([]);
  });
  it('is accepted by naming a case manager who may sign in', () => { expect(managerIsThere.check(facts({ managerDisabled: true }), now)).toBe('CASE_MANAGER_DISABLED'); expect(managerIsThere.check(facts(), now)).toBeUndefined(); });
});

describe('help after return', () => {
  it('begins when she was received, or came by herself and was met', () => {
    expect(personReceived.check(facts(), now)).toBe('PERSON_NOT_RECEIVED');
    expect(personReceived.check(facts({ row: row({ receivedAt: '2026-11-22T10:00:00.000Z' }) }), now)).toBeUndefined();
    expect(personReceived.check(facts({ reception: { returnCase: 'r', receivedAt: '2026-11-22T10:00:00.000Z' } }), now)).toBeUndefined();
    expect(personReceived.check(facts({ body: { metHere: true } }), now)).toBeUndefined();
  });
  it('asks first whether she is a child (M1)', () => {
    expect(ageStated.check(facts(), now)).toBe('AGE_NOT_STATED');
    expect(ageStated.check(facts({ body: { child: label('special', false) } }), now)).toBeUndefined();
    expect(ageStated.check(facts({ row: row({ child: label('special', true) }) }), now)).toBeUndefined();
  });
  const signed = { writtenWithPerson: true, signedByPerson: true };
  it('has a plan that was written with her and that she signed', () => {
    expect(reasons('assessing', 'agreePlan', facts())).toEqual(['WRITTEN_WITH_PERSON_NOT_CONFIRMED', 'SIGNED_BY_PERSON_NOT_CONFIRMED']);
    expect(reasons('assessing', 'agreePlan', facts({ body: signed }))).toEqual([]);
  });
  it('waits for a child until best interests can be assessed', () => { expect(reasons('assessing', 'agreePlan', facts({ body: signed, isChild: true, caller: as('GUARDIAN') }))).toEqual(['BEST_INTERESTS_ASSESSED_NOT_AVAILABLE']); });
  it('is not agreed for an adult by a guardian', () => {
    expect(guardianForChildOnly.check(facts({ caller: as('GUARDIAN') }), now)).toBe('NOT_A_CHILD');
    expect(guardianForChildOnly.check(facts({ caller: as('PERSON') }), now)).toBeUndefined();
  });
  it('starts and is followed only after support was really given', () => {
    expect(reasons('plan_agreed', 'start', facts())).toEqual(['FIRST_SUPPORT_DELIVERED_NOT_CONFIRMED']);
    expect(reasons('reint_active', 'startMonitoring', facts())).toEqual(['MAIN_SUPPORT_DELIVERED_NOT_CONFIRMED']);
    expect(reasons('monitoring', 'resumeSupport', facts())).toEqual(['NEW_NEED_NOT_CONFIRMED', 'PLAN_REVISED_NOT_CONFIRMED']);
  });
  it('goes on after a pause only with a consent in force and a new assessment', () => {
    expect(reasons('reint_suspended', 'resumeCase', facts())).toEqual(['CONSENT_REQUIRED', 'AGE_NOT_STATED', 'REASSESSED_FIRST_NOT_CONFIRMED']);
    expect(reasons('reint_suspended', 'resumeCase', facts({ consent, body: { reassessedFirst: true, child: label('special', false) } }))).toEqual([]);
  });
  it('gives contact up only when she was looked for long enough, and only by the safe channel', () => {
    expect(soughtLongEnough.check(facts(), now)).toBe('ATTEMPTS_MISSING');
    const attempts = ['2026-10-01', '2026-10-12', '2026-11-02'].map((day) => ({ at: `${day}T09:00:00Z`, channel: 'PHONE' as const }));
    expect(reasons('assessing', 'loseContact', facts({ row: row({ attempts }) }))).toEqual(['AGREED_SAFE_CHANNEL_ONLY_NOT_CONFIRMED']);
    expect(reasons('assessing', 'loseContact', facts({ row: row({ attempts }), body: { agreedSafeChannelOnly: true } }))).toEqual([]);
  });
});

describe('its clocks', () => {
  const due = (name: string, more: Partial<ReintegrationRow>): string | undefined => ReintegrationCase.clocks?.find((c) => c.name === name)?.due(facts({ row: row(more) }), now)?.toISOString();
  const receivedAt = '2026-01-31T10:00:00.000Z';
  it('run from the reception: first contact in 72 hours, a plan within a month', () => {
    expect(due('firstContact', { receivedAt })).toBe('2026-02-03T10:00:00.000Z');
    expect(due('plan', { receivedAt })).toBe('2026-02-28T10:00:00.000Z');
    expect(due('firstContact', {})).toBeUndefined();
  });
  it('ask for a visit 1, 3, 6 and 12 months after the plan', () => {
    expect([1, 2, 3, 4].map((n) => due(`monitoring${n}`, { planAgreedAt: '2026-01-15T00:00:00.000Z' })?.slice(0, 10))).toEqual(['2026-02-15', '2026-04-15', '2026-07-15', '2027-01-15']);
  });
  it('tell the organisation when contact may be called lost', () => {
    expect(due('contactLost', { attempts: [{ at: '2026-03-01T09:00:00Z', channel: 'PHONE' }] })).toBe(after(new Date('2026-03-01T09:00:00Z'), deadlines.contactLost).toISOString());
  });
  it('end nothing by themselves', () => { expect(ReintegrationCase.clocks?.filter((c) => c.command !== undefined)).toEqual([]); });
});

describe('what others learn', () => {
  const to = (event: typeof ReintegrationProposed | typeof ReintegrationAccepted | typeof ReintegrationDeclined | typeof ReintegrationClosed, more: Partial<ReintegrationRow> = {}): unknown => ReintegrationCase.recipients?.(row(more), event, facts());
  it('is a question to the one organisation, and its answer to who asked', () => {
    expect(to(ReintegrationProposed)).toEqual(['org_soa']);
    expect(to(ReintegrationAccepted)).toEqual(['org_host']);
    expect(to(ReintegrationDeclined)).toEqual(['org_host']);
  });
  it('is that it ended only where she agreed that the proposer may be told', () => {
    expect(to(ReintegrationClosed)).toEqual([]);
    expect(to(ReintegrationClosed, { followUpConsent: 'f' })).toEqual(['org_host']);
  });
  it('is never the proposer\'s reference for the return, except in the answer to the proposer', () => {
    expect(ReintegrationCase.wire?.(row({ returnRef: 'ret_hosts' }))['returnCase']).toBeUndefined();
    expect(ReintegrationCase.wire?.(row({ state: 'reint_accepted', returnRef: 'ret_hosts' }))['returnCase']).toBe('ret_hosts');
    expect(ReintegrationCase.wire?.(row({ state: 'reint_closed', returnRef: 'ret_hosts' }))['returnCase']).toBeUndefined();
  });
  it('is nothing of what happens after the assessment began', () => { expect(ReintegrationCase.told?.(row(), 'org_host')).not.toContain('assessing'); expect(ReintegrationCase.told?.(row(), 'org_soa')).toBeUndefined(); });
});

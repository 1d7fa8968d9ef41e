import { CaseOpened, ConsentScopeRecalled, PersonAdmitted, ReferralSent, ReferralSuspended, ReferralWithdrawn, ShelterOpened, SubscriptionChallenge, type ContractEvent } from '@footbridge/contracts';
import { answered2xx, audienceMayHaveIt, authorisedAgain, exhausted, fourteenDaysOver, mayNotGoAnyMore, withinFourteenDays, type DeliveryFacts } from './delivery.lifecycle.js';
import { delivered, isProtective } from './message.js';

const now = new Date('2026-11-24T10:00:00Z');
const facts = (row: object, more: object = {}): DeliveryFacts => ({ row: { owner: 'org_a', type: ReferralSent.type, body: '{}', createdAt: now.toISOString(), ...row }, body: {}, caller: {}, authority: 'in force', subscription: 'sub_active', ...more }) as unknown as DeliveryFacts;
const later = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

describe('a delivery', () => {
  it('is only for the recipient, or for everybody where the network is told', () => {
    expect(audienceMayHaveIt.check(facts({}, { body: { recipient: 'org_a' } }), now)).toBeUndefined();
    expect(audienceMayHaveIt.check(facts({}, { body: { recipient: 'org_b' } }), now)).toBe('NOT_FOR_THIS_AUDIENCE');
    expect(audienceMayHaveIt.check(facts({ type: ShelterOpened.type }), now)).toBeUndefined();
    expect(audienceMayHaveIt.check(facts({ type: CaseOpened.type }, { body: { recipient: 'org_a' } }), now)).toBe('NOT_FOR_THIS_AUDIENCE');
  });
  it('succeeds with 2xx and nothing else', () => {
    for (const [status, refused] of [[200, false], [204, false], [299, false], [302, true], [199, true], [410, true], [503, true], [undefined, true]] as const) expect(answered2xx.check(facts({}, { body: { lastStatus: status } }), now) !== undefined).toBe(refused);
  });
  it('is given up after the tenth attempt, or when its endpoint is disabled', () => {
    expect(exhausted.check(facts({ attempts: 9 }), now)).toBe('NOT_EXHAUSTED');
    expect(exhausted.check(facts({ attempts: 9 }, { body: { attempts: 10 } }), now)).toBeUndefined();
    expect(exhausted.check(facts({ attempts: 1 }, { subscription: 'sub_disabled' }), now)).toBeUndefined();
  });
  it('is suppressed when consent ended, but never a recall or what protects somebody', () => {
    expect(mayNotGoAnyMore.check(facts({}), now)).toBe('STILL_AUTHORISED');
    expect(mayNotGoAnyMore.check(facts({}, { authority: 'ended' }), now)).toBeUndefined();
    expect(mayNotGoAnyMore.check(facts({ protective: true }, { authority: 'ended' }), now)).toBe('STILL_AUTHORISED');
    expect(mayNotGoAnyMore.check(facts({ protective: true }, { subscription: 'sub_revoked' }), now)).toBeUndefined();
    expect(mayNotGoAnyMore.check(facts({ protective: true }), later(14))).toBeUndefined();
  });
  it('is replayed within 14 days, authorised again, and then purged', () => {
    expect(withinFourteenDays.check(facts({}), later(13))).toBeUndefined();
    expect(withinFourteenDays.check(facts({}), later(14))).toBe('TOO_LATE');
    for (const authority of ['ended', 'unknown']) expect(authorisedAgain.check(facts({}, { authority }), now)).toBe('NOT_AUTHORISED');
    expect(authorisedAgain.check(facts({}, { subscription: 'sub_revoked' }), now)).toBe('SUBSCRIPTION_ENDED');
    expect(fourteenDaysOver.check(facts({}), later(13))).toBe('STILL_KEPT');
    expect(fourteenDaysOver.check(facts({}), later(14))).toBeUndefined();
  });
  it('is made of directed and network news only, never of a challenge', () => {
    for (const event of [ReferralSent, PersonAdmitted, ShelterOpened] as ContractEvent[]) expect(delivered).toContain(event);
    for (const event of [CaseOpened, SubscriptionChallenge] as ContractEvent[]) expect(delivered).not.toContain(event);
    expect([ReferralSent, ConsentScopeRecalled, ReferralWithdrawn, ReferralSuspended].map(isProtective)).toEqual([false, true, true, true]);
  });
});

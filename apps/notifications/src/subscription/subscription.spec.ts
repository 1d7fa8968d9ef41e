import { BedHeld, CapacityBandPublished, CaseOpened, ConsentWithdrawn, ReferralSent, ShelterOpened } from '@footbridge/contracts';
import { challengeAnswered, deliversAgain, failsAgainAndAgain, givenUp, membershipEnded, notEntitled, partnerActive, type SubscriptionFacts } from './subscription.lifecycle.js';

const now = new Date('2026-11-24T10:17:00Z');
const facts = (more: object): SubscriptionFacts => ({ row: {}, body: {}, caller: { role: 'DPO' }, networkBodies: [], health: { failures: 0 }, ...more }) as unknown as SubscriptionFacts;

describe('a subscription', () => {
  it('is for own referrals and network events; what stays inside is nobody\'s', () => {
    expect(notEntitled([ReferralSent, BedHeld, ShelterOpened, CapacityBandPublished].map((e) => e.type))).toEqual([]);
    expect(notEntitled([ReferralSent, CaseOpened, ConsentWithdrawn].map((e) => e.type))).toEqual([CaseOpened.type, ConsentWithdrawn.type]);
  });
  it('is activated for an active partner that has answered the challenge', () => {
    for (const partner of [undefined, 'applied_partner', 'verified', 'partner_suspended', 'partner_terminated']) expect(partnerActive.check(facts({ partner }), now)).toBe('PARTNER_NOT_ACTIVE');
    expect(partnerActive.check(facts({ partner: 'partner_active' }), now)).toBeUndefined();
    expect(challengeAnswered.check(facts({}), now)).toBe('CHALLENGE_NOT_ANSWERED');
    expect(challengeAnswered.check(facts({ challengeAnswered: true }), now)).toBeUndefined();
  });
  it('is degraded after five failures in a row or 15 minutes, and recovers with a success', () => {
    expect(failsAgainAndAgain.check(facts({ health: { failures: 4, failingSince: '2026-11-24T10:02:01Z' } }), now)).toBe('NOT_FAILING');
    expect(failsAgainAndAgain.check(facts({ health: { failures: 1, failingSince: '2026-11-24T10:02:00Z' } }), now)).toBeUndefined();
    expect(failsAgainAndAgain.check(facts({ health: { failures: 5, failingSince: '2026-11-24T10:16:00Z' } }), now)).toBeUndefined();
    expect(deliversAgain.check(facts({ health: { failures: 1 } }), now)).toBe('STILL_FAILING');
    expect(deliversAgain.check(facts({}), now)).toBeUndefined();
  });
  it('is disabled for an exhausted schedule or 410, and not otherwise', () => {
    expect(givenUp.check(facts({}), now)).toBe('NOT_EXHAUSTED');
    for (const because of ['EXHAUSTED', 'GONE']) expect(givenUp.check(facts({ body: { because } }), now)).toBeUndefined();
  });
  it('is revoked by its own administrator, or by the network when the membership has ended', () => {
    expect(membershipEnded.check(facts({ partner: 'partner_active' }), now)).toBe('PARTNER_STILL_ACTIVE');
    expect(membershipEnded.check(facts({ partner: 'partner_suspended' }), now)).toBeUndefined();
    expect(membershipEnded.check(facts({ partner: 'partner_active', caller: { role: 'PARTNER_ADMIN' } }), now)).toBeUndefined();
  });
});

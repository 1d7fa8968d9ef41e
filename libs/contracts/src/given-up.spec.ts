import { contracts } from './events.js';
import { mayBeGivenUp } from './given-up.js';

describe('which parked events one person may give up', () => {
  it('none that takes something back, stops somebody or is evidence: each new event is one of the two, and here is where it is said', () => {
    const kept = contracts.filter(({ type }) => !mayBeGivenUp({ type })).map(({ name }) => name).sort();
    expect(kept).toEqual([
      'AccountDisabled', 'AccountEnabled', 'AgreementEnded', 'AuditRootKeptByNotifications', 'AuditRootKeptByReferrals', 'AuditRootKeptByReintegration', 'AuditRootKeptByReturns', 'AuditRootKeptByShelters', 'AuditRootSignedByNotifications', 'AuditRootSignedByReferrals', 'AuditRootSignedByReintegration', 'AuditRootSignedByReturns', 'AuditRootSignedByShelters',
      'BedRequestWithdrawn', 'CaseAnonymised', 'CaseClosed', 'CaseErasedByNotifications', 'CaseErasedByReintegration', 'CaseErasedByReturns', 'CaseErasedByShelters', 'CaseReferenceExchanged', 'CaseTransferred', 'ClearanceChanged',
      'ConsentExpired', 'ConsentGiven', 'ConsentRenewed', 'ConsentRevoked', 'ConsentScopeRecalled', 'ConsentWithdrawn', 'DirectedDetailChanged', 'FetchedDetailChanged', 'IntakeNotAdmitted',
      'KeysLocked', 'KeysRewrappedByNotifications', 'KeysRewrappedByReferrals', 'KeysRewrappedByReintegration', 'KeysRewrappedByReturns', 'KeysRewrappedByShelters', 'KeysRotated', 'KeysUnlocked', 'OldKeysDestroyed', 'OrganisationAdded', 'OrganisationDisabled', 'OrganisationEnabled',
      'PartnerSuspended', 'PartnerTerminated', 'PersonExited', 'ReceptionCancelled', 'ReceptionDetailChanged', 'ReceptionFailed', 'ReceptionRequested', 'ReferralEnteredInError', 'ReferralSent', 'ReferralSuspended', 'ReferralWithdrawn', 'ReintegrationClosed', 'ReintegrationDeclinedByPerson', 'ReintegrationProposed',
      'RestrictionChanged', 'ReturnCancelled', 'ReturnDepartureFailed', 'ReturnNotCleared', 'ReturnSuspended', 'ReturnWithdrawn', 'SafetyAlertRaised', 'ShelterAdmissionsClosed', 'ShelterAdmissionsLimited', 'ShelterSuspended',
    ]);
  });
  it('none of a type that is not known, and none without a type that could be about somebody', () => {
    expect(mayBeGivenUp({ type: 'footbridge.referrals.referral-accepted.v1', aggregate: 'a', caseRef: 'csr_a' })).toBe(true);
    expect([{ type: 'footbridge.referrals.referral-accepted.v2' }, { type: 'footbridge.referrals.consent-withdrawn.v1', caseRef: 'csr_a' }, { type: '' }, { caseRef: 'csr_a' }, { aggregate: 'a' }].map(mayBeGivenUp)).toEqual(Array(5).fill(false));
    expect(mayBeGivenUp({})).toBe(true);
  });
});

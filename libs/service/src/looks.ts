/** Looks at a person, as the audit trail names them, in whatever way she is shown: each counts for the quota of the account (T18). */
export const looks = ['reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy'] as const;

/** What she finds in her list of who looked (DP-11): also where nothing sealed was shown, that her case was opened in an emergency (DP-15) and that her consents were. */
export const herLooks: readonly string[] = [...looks, 'look', 'consents'];

/** For each service's schema: what is counted is found by its index, also since a pick-up and a copy count. */
export const countingLooks = (): string => `
drop index audit_looks;
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy', 'lookRefused');
`;

/** What tells another organisation of a person, by action: of those whom her case is addressed to, and within what she agreed to. */
export const tellsOthers: readonly string[] = ['Referral.needs', 'Referral.disclosure', 'IdentityEnvelope.collect', 'ReturnCase.disclosure', 'ReceptionPlan.detail', 'ReceptionPlan.itinerary'];

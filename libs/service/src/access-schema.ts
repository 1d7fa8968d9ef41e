/** What each service's schema needs to count looks and to say whose they were. */
export const accessSchema = (): string => `
-- Looks at people are counted in the audit trail itself, so that no restart forgets them.
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'lookRefused');
-- Whose behaviour an alert is about; only supervision is shown such a one.
alter table alert add account text;
`;

import { table, type TableClasses } from '@footbridge/service';

const staff = { purpose: 'NETWORK', basis: 'LEGITIMATE_INTERESTS', retention: 'MEMBERSHIP', seen: 'ACCOUNTS' } as const;

/** What the identity provider keeps (schema.ts): no person who is helped is in it. */
export const identityTables: Readonly<Record<string, TableClasses>> = {
  organisation: table({ ...staff, seen: 'EVERYBODY' }, { open: 'id name type country', operational: 'created_at disabled_at sessions_ended_at' }),
  account: table(staff, { open: 'title', operational: 'id organisation name roles created_at disabled_at', direct: 'secret' }),
  oidc_state: table({ ...staff, retention: 'SESSION', seen: 'MACHINERY' }, { operational: 'model id grant_id uid expires_at consumed_at', direct: 'payload' }),
  idempotency: table({ ...staff, retention: 'REPEAT', seen: 'MACHINERY' }, { operational: 'caller key request status body at' }),
};
/** Members of its bodies. */
export const identityBodies: Readonly<Record<string, string>> = { AddOrganisation: 'id name type country admin', AddAccount: 'organisation name title roles' };

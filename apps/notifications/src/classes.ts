import { table, type Classes } from '@footbridge/service';

const member = { purpose: 'NETWORK', basis: 'LEGITIMATE_INTERESTS', retention: 'MEMBERSHIP' } as const;
const delivery = { purpose: 'OPERATION', basis: 'CASE_BASIS', retention: 'DELIVERY' } as const;

/** Why this service keeps what it keeps, how long, and who sees it (reference 2.7). */
export const classes: Classes = {
  lifecycles: {
    Partner: { ...member, seen: 'ORGANISATION', fields: { ACCOUNTS: 'securityContact' } },
    Agreement: { ...member, seen: 'OWN_ORGANISATION' },
    Subscription: { ...member, seen: 'OWN_ORGANISATION' },
    Delivery: { ...delivery, seen: 'OWN_ORGANISATION' },
    KeyRotation: { ...member, seen: 'OWN_ORGANISATION' },
    PanicLock: { ...member, seen: 'OWN_ORGANISATION' },
    StatisticsOrder: { ...member, purpose: 'STATISTICS', retention: 'PUBLISHED', seen: 'ORGANISATION' },
  },
  tables: {
    organisation: table({ ...member, seen: 'EVERYBODY' }, { open: 'id organisation type country name', operational: 'network_body disabled version created_at' }),
    account: table({ ...member, seen: 'ACCOUNTS' }, { open: 'name', operational: 'id account organisation roles disabled version created_at' }),
    member: table({ ...member, retention: 'CURRENT', seen: 'MACHINERY' }, { open: 'organisation country', operational: 'active' }),
    endpoint: table({ ...member, retention: 'CURRENT', seen: 'MACHINERY' }, { operational: 'subscription owner state event_types failures failing_since' }),
    delivery_due: table({ ...delivery, retention: 'QUEUE', seen: 'MACHINERY' }, { operational: 'delivery owner subscription due_at tried leased_until' }),
    feed: table({ ...delivery, seen: 'OWN_ORGANISATION' }, { operational: 'position organisation event_id type body consent_ref case_ref protective at written_at' }),
    feed_waiting: table({ ...delivery, retention: 'QUEUE', seen: 'MACHINERY' }, { operational: 'id organisation event_id type body visible_at' }),
    mail_due: table({ ...member, retention: 'QUEUE', seen: 'MACHINERY' }, { operational: 'subscription version owner due_at attempts' }),
    keys_rewrapped: table({ ...member, retention: 'CURRENT', seen: 'MACHINERY' }, { operational: 'organisation service key_version' }),
  },
  bodies: { AddOrganisationBody: 'id type country networkBody', AddAccountBody: 'id organisation roles', StandingBody: 'organisation', DestroyOldBody: 'force' },
};

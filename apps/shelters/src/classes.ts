import { table, type Classes } from '@footbridge/service';

const case_ = { basis: 'CASE_BASIS', retention: 'CASE' } as const;
const house = { purpose: 'NETWORK', basis: 'LEGITIMATE_INTERESTS', retention: 'MEMBERSHIP' } as const;
const known = { basis: 'NOT_PERSONAL', retention: 'CURRENT', seen: 'MACHINERY' } as const;

/** Why this service keeps what it keeps, how long, and who sees it (reference 2.7). */
export const classes: Classes = {
  lifecycles: {
    Shelter: { ...house, seen: 'EVERYBODY', fields: { SHELTER_ADDRESS: 'address coordinates phone' } },
    BedReservation: { ...case_, purpose: 'SHELTER', seen: 'REFERRAL_STATE' },
    Stay: { ...case_, purpose: 'SHELTER', seen: 'REFERRAL_STATE', fields: { HEALTH: 'medication healthNotes psychNotes', CASE_FILE: 'belongings incidentLog exitType' } },
    BedRequest: { ...case_, purpose: 'SHELTER', seen: 'REFERRAL_STATE' },
  },
  tables: {
    unit: table({ ...house, seen: 'CAPACITY' }, { operational: 'shelter code owner profile total out_of_service occupied held' }),
    capacity_band: table({ ...house, retention: 'CURRENT', seen: 'CAPACITY' }, { operational: 'shelter profile band hour' }),
    band_publication: table({ ...known, purpose: 'OPERATION' }, { operational: 'hour' }),
    known_referral: table({ ...case_, purpose: 'REFERRAL', seen: 'MACHINERY' }, { operational: 'referral state sender receiver service_type priority case_ref version' }),
    known_partner: table({ ...known, purpose: 'NETWORK' }, { open: 'organisation country', operational: 'active version' }),
    known_safety_alert: table({ ...case_, purpose: 'SAFETY', seen: 'MACHINERY' }, { operational: 'alert case_ref open version' }),
  },
  bodies: {
    UnitBody: 'code profile total outOfService',
    AdmitBody: 'profile ownFreeWill guardianOrAuthorityDecided',
    CompleteIntakeBody: 'ownFreeWill guardianOrAuthorityDecided',
    AssignReferralBody: 'referral',
    RefuseBedBody: 'refuse',
    RequestBedsBody: 'shelters',
  },
};

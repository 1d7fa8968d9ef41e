import type { SeenBy } from '@footbridge/privacy';

/** Reference 2.7, row by row: who sees what. Whoever is not named sees nothing. The last rows are of what the matrix leaves out. */
export const visibility = {
  IDENTITY: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'consent', REFERRER_POLICE: 'own', REFERRER_NGO: 'consent', EMBASSY: 'consent', ORIGIN_OFFICE: 'consent', ASYLUM_BODY: 'consent', LAWYER: 'yes' },
  EXPLOITATION: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'consent', ORIGIN_OFFICE: 'consent', ASYLUM_BODY: 'consent', LAWYER: 'yes', STATISTICS: 'statistics' },
  HEALTH: { PERSON: 'yes', OWNER_WORKER: 'role', RECEIVER: 'consent', ORIGIN_OFFICE: 'consent', ASYLUM_BODY: 'consent', LAWYER: 'consent' },
  SHELTER_ADDRESS: { PERSON: 'yes', OWNER_WORKER: 'role', RECEIVER: 'own', LAWYER: 'consent' },
  REFERRAL_STATE: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'yes', REFERRER_POLICE: 'own', REFERRER_NGO: 'own', ORIGIN_OFFICE: 'own', ASYLUM_BODY: 'own', LAWYER: 'consent', STATISTICS: 'statistics', OPERATOR: 'counts' },
  RETURN: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'own', EMBASSY: 'own', ORIGIN_OFFICE: 'own', LAWYER: 'yes', STATISTICS: 'statistics' },
  HOLD: { PERSON: 'yes', OWNER_WORKER: 'yes', ASYLUM_BODY: 'yes', LAWYER: 'yes' },
  RETURN_RISK: { PERSON: 'request', OWNER_WORKER: 'yes', ORIGIN_OFFICE: 'own', ASYLUM_BODY: 'consent', LAWYER: 'yes' },
  REINTEGRATION: { PERSON: 'yes', OWNER_WORKER: 'consent', RECEIVER: 'yes', ORIGIN_OFFICE: 'own', LAWYER: 'consent', STATISTICS: 'statistics' },
  CAPACITY: { PERSON: 'band', OWNER_WORKER: 'band', RECEIVER: 'own', REFERRER_POLICE: 'band', REFERRER_NGO: 'band', ASYLUM_BODY: 'band', LAWYER: 'band', NETWORK: 'band' },
  TRAIL: { PERSON: 'request', OWNER_WORKER: 'yes', RECEIVER: 'own', REFERRER_POLICE: 'own', REFERRER_NGO: 'own', ORIGIN_OFFICE: 'own', ASYLUM_BODY: 'own', LAWYER: 'yes', OPERATOR: 'integrity' },
  CASE_FILE: { PERSON: 'yes', OWNER_WORKER: 'yes', LAWYER: 'consent' },
  NEEDS: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'consent', ORIGIN_OFFICE: 'consent' },
  CONSENT: { PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'own', ORIGIN_OFFICE: 'own', LAWYER: 'own' },
  ORGANISATION: { OWNER_WORKER: 'own', NETWORK: 'yes', OPERATOR: 'yes' },
  OWN_ORGANISATION: { OWNER_WORKER: 'own' },
  ACCOUNTS: { OWNER_WORKER: 'role', OPERATOR: 'role' },
  MACHINERY: { SERVICES: 'yes' },
  EVERYBODY: { NETWORK: 'yes', OPERATOR: 'yes' },
} as const satisfies Record<string, SeenBy>;
export type VisibilityRow = keyof typeof visibility;

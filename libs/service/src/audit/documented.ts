import type { ExtraRoute } from '../openapi.js';

/** What every service answers about its audit (routes.ts). */
export const auditRoutes = (service: string): readonly ExtraRoute[] => [
  { method: 'get', path: `/v1/${service}-audit-roots`, tag: 'Service', summary: "Signed roots of this service's audit log, newest first, and the keys that verify them: of each full hour, for OPERATOR and DPO those between as well. Keep them: then nobody changes the log without your noticing" },
  { method: 'post', path: `/v1/${service}-audit-roots`, tag: 'Service', summary: 'Sign the log as it is now. Who: OPERATOR' },
  { method: 'get', path: `/v1/${service}-audit-roots/inclusion`, tag: 'Service', summary: "Your organisation's entries about one thing (`?about=`), each with the proof of RFC 6962 that it stands in the log, as of the newest root or of the one that a witness keeps (`?root=` its digest). Who: DPO" },
  { method: 'get', path: `/v1/${service}-audit-roots/consistency`, tag: 'Service', summary: 'The proof of RFC 6962 that the log as it is now (or `?to=`) has grown out of the log of a root that you were told (`?from=` its digest). Who: OPERATOR, DPO' },
  ...(service === 'referrals' ? [] : [{ method: 'get' as const, path: `/v1/${service}-accesses`, tag: 'Service', summary: 'Who looked at what this service keeps of a person, when she asks (`?caseId=`): organisation, role, time, fields, purpose (DP-11)' }]),
];

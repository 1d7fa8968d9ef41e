import { wire } from '@footbridge/privacy';
import { Service } from './code-lists/services.js';
import { defineEvent, type ContractEvent } from './event.js';

const data = { digest: wire.digest, signature: wire.signature };
const named = (prefix: string, service: Service): string => `${prefix}By${service.charAt(0).toUpperCase()}${service.slice(1)}`;
const each = (declare: (service: Service) => ContractEvent<typeof data>): Readonly<Record<Service, ContractEvent<typeof data>>> => ({
  referrals: declare('referrals'), shelters: declare('shelters'), returns: declare('returns'), reintegration: declare('reintegration'), notifications: declare('notifications'),
});
const signedBy = (service: Service): ContractEvent<typeof data> => defineEvent(service, named('AuditRootSigned', service), {
  audience: 'network', subscribable: 'anyone', atFullHour: true, data,
  summary: 'What this service had written into its audit log by this hour. Keep it: nobody can change or cut off that log any more without your noticing.',
});

/** The roots of the audit logs. The digest fixes the log and tells nothing of it, not even how long it is; so whoever keeps it is a witness. */
export const auditRootSigned = each(signedBy);
/** The roots between two full hours: for the other services only, since how often something is written tells how busy a house is (G11). */
export const auditRootKept = each((service) => defineEvent(service, named('AuditRootKept', service), { audience: 'instance', data, summary: 'What this service has written into its audit log since its last root; the others keep it.' }));

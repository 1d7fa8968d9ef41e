import { wire } from '@footbridge/privacy';
import { Service } from './code-lists/services.js';
import { defineEvent, type ContractEvent } from './event.js';

const data = { digest: wire.digest, signature: wire.signature };
const signedBy = (service: Service): ContractEvent<typeof data> => defineEvent(service, `AuditRootSignedBy${service.charAt(0).toUpperCase()}${service.slice(1)}`, {
  audience: 'network', subscribable: 'anyone', atFullHour: true, data,
  summary: 'What this service had written into its audit log by this hour. Keep it: nobody can change or cut off that log any more without your noticing.',
});

/** The roots of the audit logs. The digest fixes the log and tells nothing of it, not even how long it is; so whoever keeps it is a witness. */
export const auditRootSigned: Readonly<Record<Service, ContractEvent<typeof data>>> = {
  referrals: signedBy('referrals'), shelters: signedBy('shelters'), returns: signedBy('returns'), reintegration: signedBy('reintegration'), notifications: signedBy('notifications'),
};

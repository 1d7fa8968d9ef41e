import * as access from './access.js';
import { auditRootKept, auditRootSigned } from './audit.js';
import type { ContractEvent } from './event.js';
import * as notifications from './notifications.js';
import * as referrals from './referrals.js';
import * as reintegration from './reintegration.js';
import * as returns from './returns.js';
import * as shelters from './shelters.js';

const declared: readonly ContractEvent[] = [referrals, access, shelters, returns, reintegration, notifications].flatMap((file): ContractEvent[] => Object.values(file)).concat(Object.values(auditRootSigned), Object.values(auditRootKept));

/** Every event of all five services, by type. */
export const events: Readonly<Record<string, ContractEvent>> = Object.freeze(Object.fromEntries(declared.map((event) => [event.type, event])));

/** Those that leave the audit trail: on a broker, or posted to an endpoint. */
export const contracts: readonly ContractEvent[] = declared.filter(({ audience }) => audience !== 'service');

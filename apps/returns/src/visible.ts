import type { Role } from '@footbridge/contracts';
import { actsOnBehalf } from '@footbridge/lifecycle';

const anyOf = (roles: readonly Role[]): string => `(($1->2) ?| array[${roles.map((r) => `'${r}'`).join(', ')}])`;

/** Who works on a return at home; whoever only administers an organisation, or speaks for it, sees none (reference 2.7). */
const host: readonly Role[] = ['RETURN_OFFICER', 'CASE_WORKER', 'SUPERVISOR', 'BID_PANEL', 'LAWYER', 'HOTLINE_COUNSELLOR', 'REINTEGRATION_MANAGER', 'DPO'];
const office: readonly Role[] = ['ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'SUPERVISOR', 'DPO'];

export const byHost = anyOf(host);
export const byOffice = anyOf(office);
export const byReviewer = anyOf(['RETURN_OFFICER', 'SUPERVISOR', 'DPO']);
/** She may say no to any of them (W1). */
export const byAnyWorker = anyOf([...new Set([...host, ...actsOnBehalf])]);

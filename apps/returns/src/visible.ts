import type { Role } from '@footbridge/contracts';
import { actsOnBehalf } from '@footbridge/lifecycle';
import { hasRole } from '@footbridge/service';

/** Who works on a return at home; whoever only administers an organisation, or speaks for it, sees none (reference 2.7). */
const host: readonly Role[] = ['RETURN_OFFICER', 'CASE_WORKER', 'SUPERVISOR', 'BID_PANEL', 'LAWYER', 'HOTLINE_COUNSELLOR', 'REINTEGRATION_MANAGER', 'DPO'];
const office: readonly Role[] = ['ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'SUPERVISOR', 'DPO'];

export const byHost = hasRole(...host);
export const byOffice = hasRole(...office);
export const byReviewer = hasRole('RETURN_OFFICER', 'SUPERVISOR', 'DPO');
/** She may say no to any of them (W1). */
export const byAnyWorker = hasRole(...new Set([...host, ...actsOnBehalf]));

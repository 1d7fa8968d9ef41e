import type { Role } from '@footbridge/contracts';

/** Feed and deliveries hold the news of a whole organisation, so they are for those who answer for all that comes in, not for a worker of single cases. */
export const readers: readonly Role[] = ['PARTNER_ADMIN', 'RECEIVER', 'ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'REINTEGRATION_MANAGER', 'SUPERVISOR'];

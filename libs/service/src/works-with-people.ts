import type { Role } from '@footbridge/contracts';

/** SQL over a caller, $1 = [organisation, account, roles, …]: whether they have one of these roles. */
export const hasRole = (...roles: readonly Role[]): string => `(($1->2) ?| array[${roles.map((r) => `'${r}'`).join(', ')}])`;

/**
 * Who of an organisation that is a party finds what it is a party to: those who help, refer, receive or decide, and their supervision. Whoever runs the
 * servers, administers accounts, or hears of cases without their subjects (media, complaints, a panel) finds nothing by belonging to it (reference 2.7).
 */
export const worksWithPeople = hasRole(
  'CASE_WORKER', 'SUPERVISOR', 'DPO', 'RECEIVER', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'REINTEGRATION_MANAGER',
  'LAWYER', 'COMPETENT_AUTHORITY', 'CHILD_AUTHORITY', 'REFERRER', 'ASYLUM_FOCAL_POINT', 'HOTLINE_COUNSELLOR',
);

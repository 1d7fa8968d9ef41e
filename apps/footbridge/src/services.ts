/** The five services, in the order in which a case meets them. */
export const serviceNames = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'] as const;
export type ServiceName = (typeof serviceNames)[number];

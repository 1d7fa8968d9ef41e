import type { Companion } from '@footbridge/lifecycle';
import type { ReferralRow } from './referral.entity.js';

/** What happens to a referral whose ground is gone: help that has begun is suspended, what waits for an answer is withdrawn (decisions 5). */
export const stopReferral = ({ id, state }: Pick<ReferralRow, 'id' | 'state'>): Companion[] => {
  if (state === 'suspended') return [];
  return [{ lifecycle: 'Referral', id, command: state === 'accepted' || state === 'in_service' ? 'suspend' : 'withdraw', body: { reason: 'ADMINISTRATIVE' }, as: 'PLATFORM' }];
};

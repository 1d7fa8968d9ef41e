import { codeList } from '@footbridge/privacy';

/** The five services of an instance; each has one topic, `footbridge.<service>`. */
export const Service = codeList('Service', ['referrals', 'shelters', 'returns', 'reintegration', 'notifications']);
export type Service = (typeof Service.values)[number];

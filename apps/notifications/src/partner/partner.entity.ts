import { ServiceProfile, ServiceType } from '@footbridge/contracts';
import { direct, open, operational, type RowOf } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';

export const SuspensionReason = codeList('SuspensionReason', ['BREACH', 'COMPLAINT_UPHELD', 'AGREEMENT_EXPIRED']);
export type SuspensionReason = (typeof SuspensionReason.values)[number];

/** Reference 2.5.2: the directory is public, apart from whom to call. */
export const partnerFields = {
  publicName: open.text({ shown: 'parties' }),
  country: open.place({ shown: 'parties' }),
  regions: open.refs({ shown: 'parties' }),
  services: open.codes(ServiceType, { shown: 'parties' }),
  profiles: open.codes(ServiceProfile, { shown: 'parties' }),
  languages: open.refs({ shown: 'parties' }),
  securityContact: direct.json<{ readonly email: string; readonly phone: string }>(),
  /** The network bodies that decide about it. */
  judges: operational.refs({ shown: 'nobody' }),
  suspendedFor: operational.code(SuspensionReason, { shown: 'parties' }),
};
export type PartnerRow = RowOf<typeof partnerFields>;

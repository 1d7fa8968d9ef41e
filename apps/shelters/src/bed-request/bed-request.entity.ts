import { Priority, ServiceProfile } from '@footbridge/contracts';
import { operational, type RowOf } from '@footbridge/lifecycle';

/** A shelter that was asked, and whose it is. */
export interface Asked { readonly shelter: string; readonly owner: string }

/** What somebody needs, without who she is. SAFE; IOM-DP 3. */
export const bedRequestFields = {
  priority: operational.code(Priority, { shown: 'parties' }),
  profile: operational.code(ServiceProfile, { shown: 'parties' }),
  partySize: operational.integer({ shown: 'parties' }),
  languages: operational.refs({ shown: 'parties' }),
  accessNeeded: operational.boolean({ shown: 'parties' }),
  neededFrom: operational.instant({ shown: 'parties' }),
  asked: operational.json<readonly Asked[]>({ shown: 'nobody' }),
};
export type BedRequestRow = RowOf<typeof bedRequestFields>;

import { Priority, ServiceProfile } from '@footbridge/contracts';
import { operational, type RowOf } from '@footbridge/lifecycle';
import { languageInCommon } from '@footbridge/privacy';

/** A shelter that was asked, and whose it is. */
export interface Asked { readonly shelter: string; readonly owner: string }

/** As in a referral, where nothing but her consent tells it: one, up to three, four or more. How many exactly, and in which language, comes with that. */
const band = (persons: number): number => (persons <= 1 ? 1 : persons <= 3 ? 3 : 4);
/** What somebody needs, without who she is: the houses asked are told what is common to many (decisions 19, G7). SAFE; IOM-DP 3. */
export const bedRequestFields = {
  priority: operational.code(Priority, { shown: 'parties' }),
  profile: operational.code(ServiceProfile, { shown: 'parties' }),
  partySize: operational.integer({ shown: 'parties', told: band }),
  languages: operational.refs({ shown: 'parties', told: (languages) => [...new Set(languages.map(languageInCommon))] }),
  accessNeeded: operational.boolean({ shown: 'parties' }),
  neededFrom: operational.instant({ shown: 'parties' }),
  asked: operational.json<readonly Asked[]>({ shown: 'nobody' }),
};
export type BedRequestRow = RowOf<typeof bedRequestFields>;

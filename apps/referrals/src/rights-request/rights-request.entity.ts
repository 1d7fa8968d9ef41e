import { ErasureException, ExtensionReason, RightsGround, RightsKind } from '@footbridge/contracts';
import { direct, operational, type RowOf } from '@footbridge/lifecycle';

/** What she asked for and what became of it. In codes, so that the proof outlives the key of her case; only her own words go with it. */
export const rightsRequestFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  kind: operational.code(RightsKind, { shown: 'parties' }),
  /** Where she said it: a party of the request and of nothing else. */
  broughtBy: operational.ref(),
  receivedAt: operational.instant({ shown: 'parties' }),
  words: direct.text(),
  extendedFor: operational.code(ExtensionReason, { shown: 'parties' }),
  decidedAt: operational.instant({ shown: 'parties' }),
  ground: operational.code(RightsGround),
  exceptions: operational.codes(ErasureException),
  endedAt: operational.instant(),
};
export type RightsRequestRow = RowOf<typeof rightsRequestFields>;

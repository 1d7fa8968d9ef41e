import { AgeBelief, ClosureReason, ConsentPurpose, LegalBasis, ServiceType, SpecialCategoryBasis } from '@footbridge/contracts';
import { direct, operational, special, type RowOf } from '@footbridge/lifecycle';
import type { Health, Person, Trafficking } from './person.dto.js';

/** Reference 2.1.2. Everything about the person is sealed under the key of her case. */
export const caseFields = {
  purpose: operational.code(ConsentPurpose),
  /** Why her data may be kept at all, and the sensitive part of it (DP-3): without both nothing sealed is stored. */
  legalBasis: operational.code(LegalBasis),
  specialCategoryBasis: operational.code(SpecialCategoryBasis),
  /** Who met her first; the owner is another where police or an embassy did (decisions 3). */
  openedBy: operational.ref(),
  /** The organisation that brought her: a party of its own referral, never of the case. */
  broughtBy: operational.ref(),
  openedAt: operational.instant(),
  closedAt: operational.instant(),
  assignees: operational.refs(),
  /** Nothing more is disclosed, whatever was agreed to (DP-13). */
  restrictedAt: operational.instant(),
  /** She is in no statistics (DP-27). */
  statisticsObjectedAt: operational.instant(),
  /** What was held for her journey alone is gone (DP-20). */
  documentsForgottenAt: operational.instant(),
  person: direct.json<Person>(),
  trafficking: special.json<Trafficking>(),
  health: special.json<Health>(),
  needs: special.codes(ServiceType),
  ageBelief: special.code(AgeBelief),
  unaccompanied: special.boolean(),
  isChild: special.boolean(),
  adultOn: direct.day(),
  closureReason: special.code(ClosureReason),
};
export type CaseRow = RowOf<typeof caseFields>;

import { HeldRecipient } from '@footbridge/contracts';
import type { KnownOrganisation } from '../case/owner.js';
import type { CaseRow } from '../case/case.entity.js';
import type { HoldRow } from './hold.entity.js';

const authorities: readonly string[] = ['LawEnforcement', 'CentralGovernmentOrganisation', 'LocalGovernmentOrganisation', 'ImmigrationService'];

/**
 * Whether an organisation is on the side of the country that she is afraid of: an embassy, or an authority or office of a
 * country whose citizen she is, other than the one that helps her (A3).
 */
export function heldClassOf(organisation: KnownOrganisation | undefined, person: CaseRow['person'], ownersCountry: string | undefined): HeldRecipient | undefined {
  if (!organisation) return undefined;
  if (organisation.type === 'Embassy') return 'EMBASSY';
  const isOrigin = organisation.country !== ownersCountry && (person?.test((p) => p.citizenships?.includes(organisation.country) ?? false) ?? false);
  return isOrigin ? (authorities.includes(organisation.type) ? 'ORIGIN_AUTHORITY' : 'ORIGIN_OFFICE') : undefined;
}

/** A hold that names nobody keeps away everybody of that side. */
export const holds = (hold: Pick<HoldRow, 'heldRecipients'>, held: HeldRecipient): boolean => hold.heldRecipients?.test((list) => list.length === 0 || list.includes(held)) ?? true;

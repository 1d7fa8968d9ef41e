import { ConsentCategory, ConsentPurpose } from '@footbridge/contracts';
import { direct, operational, type RowOf } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';
import type { EnvelopeEscortBody } from './identity-envelope.dto.js';

export const IdentityEnvelopeState = codeList('IdentityEnvelopeState', ['waiting', 'collected', 'destroyed']);
export type IdentityEnvelopeState = (typeof IdentityEnvelopeState.values)[number];

export const envelopeFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  referralId: operational.uuid({ shown: 'nobody' }),
  consentId: operational.uuid({ shown: 'nobody' }),
  purpose: operational.code(ConsentPurpose, { shown: 'parties' }),
  recipient: operational.ref({ shown: 'parties' }),
  categories: operational.codes(ConsentCategory, { shown: 'parties' }),
  expiresAt: operational.instant({ shown: 'parties' }),
  collectedAt: operational.instant({ shown: 'parties' }),
  destroyedAt: operational.instant({ shown: 'parties' }),
  /** Kept as long as the envelope, so that what is put right meanwhile is sealed with it again (DP-12). */
  escort: direct.json<Readonly<EnvelopeEscortBody>>({ shown: 'nobody' }),
  /** Sealed to the recipient, and once more under the key of the case: it ends with that key too (G5). */
  content: direct.text({ shown: 'nobody' }),
};
export type EnvelopeRow = RowOf<typeof envelopeFields>;

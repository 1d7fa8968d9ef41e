import { direct, open, operational, type RowOf } from '@footbridge/lifecycle';
import type { SigningKeys } from './signing.js';

export const subscriptionFields = {
  url: operational.text({ shown: 'parties' }),
  eventTypes: operational.refs({ shown: 'parties' }),
  /** Sealed like a person's name, shown once when it is made, and revealed to nobody. */
  signing: direct.json<SigningKeys>({ shown: 'nobody' }),
  previousSigning: direct.json<SigningKeys>({ shown: 'nobody' }),
  /** Until when the secret before counts too. */
  previousUntil: operational.instant(),
  publicKey: open.text({ shown: 'parties' }),
  rotatedAt: operational.instant(),
  judges: operational.refs({ shown: 'nobody' }),
};
export type SubscriptionRow = RowOf<typeof subscriptionFields>;

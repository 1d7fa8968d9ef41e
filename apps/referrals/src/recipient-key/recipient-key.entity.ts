import { operational, open, type RowOf } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';

export const RecipientKeyState = codeList('RecipientKeyState', ['published', 'active', 'retired']);
export type RecipientKeyState = (typeof RecipientKeyState.values)[number];

/** An organisation's key for sealed envelopes. Public on both sides of the comma: what is secret never leaves who made it. */
export const recipientKeyFields = {
  publicKey: open.text({ shown: 'parties' }),
  /** The organisation's own Ed25519 key, which vouches for this one and for the next. */
  signedBy: open.text({ shown: 'parties' }),
  proof: open.text({ shown: 'parties' }),
  /** What was read out and compared when it was confirmed. */
  pin: open.text({ shown: 'parties' }),
  confirmedAt: operational.instant({ shown: 'parties' }),
  retiredAt: operational.instant({ shown: 'parties' }),
  /** Of the owner in this instance, over key, pin and state. */
  signature: operational.text({ shown: 'nobody' }),
  signedWith: operational.text({ shown: 'nobody' }),
};
export type RecipientKeyRow = RowOf<typeof recipientKeyFields>;

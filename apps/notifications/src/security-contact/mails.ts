import type { MailTemplate } from '@footbridge/privacy';

/** Every mail that Footbridge writes. It holds nothing about anybody, no reference and no event: mail is read by many. */
export const endpointDisabled: MailTemplate<Record<string, never>> = {
  name: 'endpoint-disabled',
  subject: 'Please check your connection to Footbridge',
  text: `Your organisation's webhook at Footbridge did not answer and has been switched off.

What to do:
1. Repair the server that receives the webhooks.
2. Sign in at {address} as your organisation's administrator and activate it again.
3. Replay what was not delivered, and look into the feed for what is urgent.

Until then your organisation gets nothing by webhook. This message holds nothing about anybody, and needs no answer.
`,
  slots: {},
};

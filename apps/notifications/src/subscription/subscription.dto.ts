import { events } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';

/** Any known type may be asked for; whether this partner is entitled is decided at approval (decisions 26). */
export const EventType = codeList('EventType', Object.keys(events));

const url = (optional: boolean): PropertyDecorator => is.pattern(/^https?:\/\/[^\s]{3,2040}$/, 'an https address', 'https://hooks.example.org/footbridge', { optional });
export class RequestSubscriptionBody {
  @url(false) url!: string;
  @is.codes(EventType, { example: ['footbridge.referrals.referral-sent.v1'] }) eventTypes!: string[];
}
export class EditSubscriptionBody {
  @url(true) url?: string;
  @is.codes(EventType, { optional: true, example: ['footbridge.referrals.referral-sent.v1'] }) eventTypes?: string[];
}

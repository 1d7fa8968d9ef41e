import type { Audience, EventDef, WireObject } from '@footbridge/privacy';
import type { Service } from './code-lists/services.js';

/** Who may subscribe (reference 2.5.3). Nobody else gets an event outside the instance. */
export type Subscriber = 'recipient' | 'verified-partner-same-country' | 'anyone';

export interface EventOptions<O extends WireObject> {
  readonly audience: Audience;
  readonly data: O;
  readonly summary: string;
  readonly subscribable?: Subscriber;
  /**
   * Directed, but other services must learn it even where no organisation may be told: copy 0 goes to the instance with the owner's
   * references (audience `instance`, no recipient), the organisations' copies follow.
   */
  readonly alsoInstance?: true;
  /** Cannot be switched off and is never suppressed: a recall has to arrive (reference 2.5.3). */
  readonly always?: true;
  /** Waits for the next full hour, so that a single admission cannot be read from it (reference 2.2.4). */
  readonly atFullHour?: true;
  /** Not on a broker at all, but posted to the one endpoint it concerns. */
  readonly posted?: true;
  /** Emitted to the broker only where this holds of the values it would carry. */
  readonly travels?: (values: Readonly<Record<string, unknown>>) => boolean;
  /** A breaking change is a new version beside the old one; its name in code ends in `V2`. */
  readonly contract?: number;
}

export interface ContractEvent<O extends WireObject = WireObject> extends EventDef<O>, Omit<EventOptions<O>, 'contract'> {
  readonly service: Service;
  readonly summary: string;
  readonly audience: Audience;
  readonly data: O;
}

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/** `ReferralSent` of `referrals` is `footbridge.referrals.referral-sent.v1`. */
export const typeOf = (service: Service, name: string, contract = 1): string => `footbridge.${service}.${kebab(name)}.v${contract}`;

/** Declares an event once: what it may carry, to whom, and for whom it is written down. */
export function defineEvent<O extends WireObject>(service: Service, name: string, { contract, ...spec }: EventOptions<O>): ContractEvent<O> {
  return Object.freeze({ type: typeOf(service, name, contract), service, name, ...spec });
}

/** Nothing but the audit trail knows of it: no body, so that even a mistake has nothing to send (decisions 13). */
export const auditOnly = (service: Service, name: string, summary: string): ContractEvent<Readonly<Record<never, never>>> =>
  defineEvent(service, name, { audience: 'service', data: {}, summary });

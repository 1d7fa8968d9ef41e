import { operational, type RowOf } from '@footbridge/lifecycle';

/** One piece of news on its way to one endpoint. Of the answer only its status is kept (reference 2.5.2). */
export const deliveryFields = {
  subscriptionId: operational.uuid({ shown: 'nobody' }),
  eventId: operational.ref(),
  type: operational.text(),
  /** References, codes and states only; gone as soon as it is delivered, after 14 days at the latest. IOM-DP 9. */
  body: operational.text({ shown: 'nobody' }),
  consentRef: operational.ref({ shown: 'nobody' }),
  /** Goes out whatever has become of the consent. */
  protective: operational.boolean({ shown: 'nobody' }),
  aggregateId: operational.uuid({ shown: 'nobody' }),
  aggregateVersion: operational.integer({ shown: 'nobody' }),
  attempts: operational.integer(),
  nextAttemptAt: operational.instant(),
  lastStatus: operational.integer(),
};
export type DeliveryRow = RowOf<typeof deliveryFields>;

import { StatisticsCounted, StatisticsOrderRefused, StatisticsOrderState, StatisticsOrdered, StatisticsReleased } from '@footbridge/contracts';
import { NONE, guard, is, lifecycle, operational, type Facts, type RowOf } from '@footbridge/lifecycle';
import { periodOf } from '@footbridge/privacy';
import { organisationOf, type Organisation } from '../organisation/register.js';

export const statisticsOrderFields = {
  /** CTDC's yearOfRegistration. */
  year: operational.text({ shown: 'parties' }),
  /** Its last day: how the services call it among themselves. */
  until: operational.day({ shown: 'parties' }),
};
export type StatisticsOrderRow = RowOf<typeof statisticsOrderFields>;
export interface StatisticsOrderFacts extends Facts<StatisticsOrderRow> { readonly organisation?: Organisation }

export class OrderStatisticsBody {
  @is.pattern(/^20[2-9]\d$/, 'a year like 2025', '2025') year!: string;
}

export const byTheNetwork = guard<StatisticsOrderFacts>('REGISTER', 'byABodyOfTheNetwork', ({ organisation }) => (organisation?.network_body ? undefined : 'NOT_A_NETWORK_BODY'));
/** Fixed calendar: a year, when it is over (S-3). */
export const yearIsOver = guard<StatisticsOrderFacts>('S-3', 'yearIsOver', ({ row }, now) => (now.getUTCFullYear() > Number(row.year) ? undefined : 'YEAR_NOT_OVER'), { onBody: true });

/**
 * The word of two persons that a year's anonymised statistics are to be published. What is counted, how, and whether the budget allows it is
 * not theirs to choose (S-2, S-3): `referrals` counts, adds the noise and publishes, or refuses.
 */
export const StatisticsOrder = lifecycle<StatisticsOrderFacts>()({
  name: 'StatisticsOrder', service: 'notifications', prefix: 'sto', states: StatisticsOrderState.values, fields: statisticsOrderFields,
  facts: async (read, { row }) => {
    const organisation = await organisationOf(read, row.owner);
    return organisation ? { organisation } : {};
  },
  // The quarter in which it happened: no event tells more of a time than that.
  wire: (row) => ({ until: row.until, period: periodOf(new Date(row.updatedAt), 'quarter') }),
  reactions: [
    { on: StatisticsCounted, command: 'release', as: 'PLATFORM', when: ({ data }) => data['counted'] === 'PUBLISHED', where: ({ data }) => ({ until: data['until'], state: 'ordered' }) },
    { on: StatisticsCounted, command: 'refuseOrder', as: 'PLATFORM', when: ({ data }) => data['counted'] === 'REFUSED', where: ({ data }) => ({ until: data['until'], state: 'ordered' }) },
  ],
  rows: [
    // from         command            to                     by            guards                       emits
    [NONE,          'orderStatistics', 'ordered',             ['DPO'],      [byTheNetwork, yearIsOver],  StatisticsOrdered, { body: OrderStatisticsBody, approval: ['DPO', 'SUPERVISOR'], set: ({ row }) => ({ until: `${row.year ?? ''}-12-31` }) }],
    [['ordered'],   'release',         'statistics_released', ['PLATFORM'], [],                          StatisticsReleased],
    [['ordered'],   'refuseOrder',     'order_refused',       ['PLATFORM'], [],                          StatisticsOrderRefused],
  ],
});

import { codeList } from '@footbridge/privacy';

/** How far the order of a year's tables has come. */
export const StatisticsOrderState = codeList('StatisticsOrderState', ['ordered', 'statistics_released', 'order_refused']);
export type StatisticsOrderState = (typeof StatisticsOrderState.values)[number];

/** What became of the counting: published, or refused by a rule (area, budget, period). Never a number. */
export const StatisticsOutcome = codeList('StatisticsOutcome', ['PUBLISHED', 'REFUSED']);
export type StatisticsOutcome = (typeof StatisticsOutcome.values)[number];

import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import type { CaseRow } from './case.entity.js';

type Answer = Pick<ConsentRow, 'purpose' | 'state' | 'createdAt'>;
const said: readonly string[] = ['given', 'renewed', 'refused', 'withdrawn', 'revoked'];

/**
 * Whether somebody is counted in the next release (DP-27, W13): people are informed, and may say no. Nobody is whose data is
 * contested (GDPR 18) or erased. Of several answers the last one counts.
 */
export function takesPartInStatistics({ state, restrictedAt, statisticsObjectedAt }: Pick<CaseRow, 'state' | 'restrictedAt' | 'statisticsObjectedAt'>, consents: readonly Answer[]): boolean {
  const last = consents.filter((c) => c.purpose === 'ANONYMISED_STATISTICS' && said.includes(c.state)).sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  return state !== 'anonymised' && !restrictedAt && !statisticsObjectedAt && (last === undefined || last.state === 'given' || last.state === 'renewed');
}
/** The same as SQL, over an alias of "case". */
export const inStatistics = (alias: string): string => `${alias}.state <> 'anonymised' and ${alias}.restricted_at is null and ${alias}.statistics_objected_at is null and coalesce((select k.state in ('given', 'renewed') from consent_record k
  where k.case_id = ${alias}.id and k.purpose = 'ANONYMISED_STATISTICS' and k.state = any(array[${said.map((s) => `'${s}'`).join(', ')}]) order by k.created_at desc limit 1), true)`;

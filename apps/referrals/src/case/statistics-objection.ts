import type { StateOf } from '@footbridge/contracts';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import type { CaseRow } from './case.entity.js';

type Answer = Pick<ConsentRow, 'purpose' | 'state' | 'createdAt'>;
type Counted = Pick<CaseRow, 'state' | 'restrictedAt' | 'statisticsObjectedAt'>;
const PURPOSE = 'ANONYMISED_STATISTICS';

/**
 * What a question about statistics says as it stands; one that has expired or was never valid says nothing. Whoever was asked and has not
 * answered yet is not counted meanwhile (DP-27).
 */
const says: Partial<Record<StateOf<'ConsentRecord'>, 'yes' | 'no' | 'waits'>> = { requested: 'waits', given: 'yes', renewed: 'yes', refused: 'no', withdrawn: 'no', revoked: 'no' };
const saying = (...what: readonly ('yes' | 'no' | 'waits')[]): readonly string[] => Object.entries(says).filter(([, said]) => what.includes(said)).map(([state]) => state);
const [yes, no, waits] = [saying('yes'), saying('no'), saying('waits')];

/**
 * Whether somebody is counted in the next release (DP-27, W13): people are informed, and may say no. Nobody is whose data is
 * contested (GDPR 18) or erased, or whose answer is awaited. Of several answers the last one counts; of two at once the no.
 */
export function takesPartInStatistics({ state, restrictedAt, statisticsObjectedAt }: Counted, consents: readonly Answer[]): boolean {
  const asked = consents.filter(({ purpose }) => purpose === PURPOSE);
  const [last] = asked.filter((c) => [...yes, ...no].includes(c.state)).sort((a, b) => b.createdAt.localeCompare(a.createdAt) || Number(no.includes(b.state)) - Number(no.includes(a.state)));
  return state !== 'anonymised' && !restrictedAt && !statisticsObjectedAt && !asked.some((c) => waits.includes(c.state)) && (last === undefined || yes.includes(last.state));
}

const list = (states: readonly string[]): string => `(${states.map((s) => `'${s}'`).join(', ')})`;
/** The same as SQL, over an alias of "case"; their spec holds them together. */
export const inStatistics = (alias: string): string => `${alias}.state <> 'anonymised' and ${alias}.restricted_at is null and ${alias}.statistics_objected_at is null
  and not exists (select from consent_record k where k.case_id = ${alias}.id and k.purpose = '${PURPOSE}' and k.state in ${list(waits)})
  and coalesce((select k.state in ${list(yes)} from consent_record k where k.case_id = ${alias}.id and k.purpose = '${PURPOSE}' and k.state in ${list([...yes, ...no])} order by k.created_at desc, k.state in ${list(no)} desc limit 1), true)`;

import { hasRole } from '@footbridge/service';

/** SQL over alias `t`; $1 is [organisation, account, roles]. Workers see cases assigned to them, supervision those of the own organisation (decisions 3). */
export const oversees = hasRole('SUPERVISOR', 'DPO');

/** Or open to them in an emergency (break-glass.lifecycle.ts); until when is looked at as the case is opened. */
export const caseVisible = `t.owner = ($1->>0) and (${oversees} or t.assignees @> array[$1->>1] or exists (select 1 from break_glass b where b.case_id = t.id and b.asked_by = ($1->>1) and b.state = 'open'))`;

/** What belongs to a case, for those who see the case. */
export const seenWithCase = `(t.owner = ($1->>0) and (${oversees} or exists (select 1 from "case" c where c.id = t.case_id and c.assignees @> array[$1->>1])))`;

import { ExportAllowed, ExportFinished, ExportLapsed, ExportRevoked, ExportStarted, ExportState, type Role } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, operational, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { hours, later } from '@footbridge/service';
import { oversees } from '../case/visible.js';

export const exportFields = {
  askedBy: operational.ref(),
  until: operational.instant(),
  startedAt: operational.instant(),
  finishedAt: operational.instant(),
};
export type ExportRow = RowOf<typeof exportFields>;
export type ExportFacts = Facts<ExportRow>;

const askers: readonly Role[] = ['CASE_WORKER', 'SUPERVISOR', 'DPO'];
const supervision: readonly Role[] = ['SUPERVISOR', 'DPO'];
const byWhoAsked = guard<ExportFacts>('EXPORT', 'callerAskedForIt', ({ row, caller }) => (row.askedBy === caller.subject ? undefined : 'NOT_YOURS'));

/** More people in an hour than one worker helps: two persons allow it, once, for a day (decisions 6, T38). It shows nothing that the account could not see. */
export const Export: LifecycleSpec<ExportState, typeof exportFields, ExportFacts> = lifecycle<ExportFacts>()({
  name: 'Export', service: 'referrals', prefix: 'exp', states: ExportState.values, fields: exportFields,
  visible: `(t.owner = ($1->>0) and (${oversees} or t.asked_by = ($1->>1)))`,
  clocks: [{ name: 'lapse', in: ['allowed', 'running'], due: ({ row }) => new Date(row.until ?? row.createdAt), command: 'lapse', shown: true }],
  rows: [
    // from                    command      to          by           guards                                                                      emits
    [NONE,                     'askExport', 'allowed',  askers,      [attested('neededAndKeptSafe', 'The file is needed, and it is known where it is kept and when it is destroyed')], ExportAllowed, {
      approval: supervision, set: ({ caller }, now) => ({ askedBy: caller.subject, until: later(now, hours(24)).toISOString() }),
    }],
    [['allowed'],              'start',     'running',  askers,      [byWhoAsked],                                                               ExportStarted, { set: (_, now) => ({ startedAt: now.toISOString() }) }],
    [['running'],              'finish',    'finished', askers,      [byWhoAsked],                                                               ExportFinished, { set: (_, now) => ({ finishedAt: now.toISOString() }) }],
    [['allowed', 'running'],   'revoke',    'revoked',  supervision, [],                                                                         ExportRevoked],
    [['allowed', 'running'],   'lapse',     'lapsed',   ['PLATFORM'], [],                                                                        ExportLapsed],
  ],
});

/** Whether an account is at an export that two persons allowed: $1 = [account, now]. */
export const runningExport = `select to_jsonb(true) from export where asked_by = $1->>0 and state = 'running' and until > ($1->>1)::timestamptz limit 1`;

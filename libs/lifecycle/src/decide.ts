import type { Role } from '@footbridge/contracts';
import { NONE, type Guard, type Lifecycle, type Row } from './lifecycle.js';

export interface Refusal { readonly guard: string; readonly reason: string; readonly name: string; readonly sensitive: boolean; readonly retry: boolean }
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyRow = Row<string, any, any>;

export type RowFound = { readonly row: AnyRow } | { readonly refused: 'transition'; readonly allowedFrom: readonly string[] };

/** The table's row for this pair, or the states from which the command is allowed. */
export function rowFor(l: Lifecycle, state: string, command: string): RowFound {
  const rows = (l.rows as readonly AnyRow[]).filter((r) => r[1] === command);
  const row = rows.find(([from]) => (from === NONE ? state === NONE : from.includes(state)));
  return row ? { row } : { refused: 'transition', allowedFrom: rows.flatMap(([from]) => (from === NONE ? [NONE] : [...from])) };
}

/** Every guard that refuses, not only the first. */
export function refusals<F>(guards: readonly Guard<F>[], facts: F, now: Date): readonly Refusal[] {
  return guards.flatMap((g) => {
    const reason = g.check(facts, now);
    return reason ? [{ guard: g.code, name: g.name, reason, sensitive: g.sensitive ?? false, retry: g.retry ?? false }] : [];
  });
}

/** Which services' news a row's guards depend on (decisions 15). */
export const needsFresh = <F>(row: AnyRow, facts: F): readonly string[] => [...new Set((row[4] as readonly Guard<F>[]).flatMap((g) => (typeof g.needsFresh === 'function' ? g.needsFresh(facts) : g.needsFresh ?? [])))];

/**
 * Commands a caller with these roles may use now: from the table and the guards that need no further input.
 * With `facts` absent only state and role speak (decisions 21, for those who may not learn of sensitive guards).
 */
export function commandsNow<F>(l: Lifecycle, state: string, may: (role: Role) => boolean, facts: F | undefined, now: Date): readonly string[] {
  return (l.rows as readonly AnyRow[])
    .filter(([from, , , by]) => from !== NONE && from.includes(state) && by.some(may))
    .filter(([, , , , guards]) => facts === undefined || refusals((guards as readonly Guard<F>[]).filter((g) => !g.onBody), facts, now).length === 0)
    .map(([, command]) => command);
}

/** Who may act for PERSON and GUARDIAN (decisions 4). */
export const actsOnBehalf: readonly Role[] = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER'];

import { NONE, type Guard, type Lifecycle } from './lifecycle.js';
import type { AnyRow } from './decide.js';

export interface TransitionEntry { readonly from: string; readonly command: string; readonly to: string; readonly by: readonly string[]; readonly guards: readonly string[]; readonly emits: string }

/** One entry per (from, command), as `npm run -s lifecycles` prints them. */
export function describe(l: Lifecycle): { name: string; service: string; transitions: TransitionEntry[]; pendingGuards: { command: string; guard: string; aggregate: string }[] } {
  const rows = l.rows as readonly AnyRow[];
  return {
    name: l.name, service: l.service,
    transitions: rows.flatMap(([from, command, to, by, guards, emits]) => (from === NONE ? [NONE] : from).map((f) => ({ from: f, command, to, by, guards: (guards as readonly Guard<unknown>[]).map((g) => `${g.code} ${g.name}`), emits: emits.name }))),
    pendingGuards: rows.flatMap(([, command, , , guards]) => (guards as readonly Guard<unknown>[]).flatMap((g) => (g.pending ? [{ command, guard: g.name, aggregate: g.pending }] : []))),
  };
}

/** State diagram in Mermaid, generated into docs/states and compared in CI. */
export function diagram(l: Lifecycle): string {
  const lines = (l.rows as readonly AnyRow[]).flatMap(([from, command, to]) => (from === NONE ? ['[*]'] : from).map((f) => `  ${f} --> ${to}: ${command}`));
  return ['stateDiagram-v2', ...new Set(lines)].join('\n') + '\n';
}

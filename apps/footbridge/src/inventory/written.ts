import { handling, retentionRules, type Classification, type Classified, type SeenBy } from '@footbridge/privacy';

const columns = ['path', 'class', 'purpose', 'legal basis', 'retention', 'who sees it', 'in events', 'in logs', 'to other organisations', 'in statistics'] as const;
const seen = (by: SeenBy): string => Object.entries(by).map(([who, how]) => (how === 'yes' ? who : `${who} (${how})`)).join(', ') || 'nobody';
const yes = (is: boolean): string => (is ? 'yes' : 'no');
/** Who is inside the organisation that keeps it, or inside the machine: what nobody else sees goes nowhere. */
const inside: readonly string[] = ['PERSON', 'OWNER_WORKER', 'OPERATOR', 'SERVICES'];
/** Where it goes: what its class allows, as far as anybody outside sees it at all. */
export function goesOf({ path, class: dataClass, seenBy }: Classified): { readonly events: string; readonly logs: string; readonly others: string; readonly statistics: string } {
  const [kind, rule] = [path.slice(0, path.indexOf(':')), handling[dataClass]];
  const isKept = (kind === 'column' || kind === 'body') && Object.keys(seenBy).length > 0;
  const leaves = isKept && Object.keys(seenBy).some((who) => !inside.includes(who) && who !== 'STATISTICS');
  return {
    events: kind === 'event' ? 'yes' : yes(leaves && rule.event), logs: kind === 'log' ? 'yes' : yes(isKept && rule.log),
    others: kind === 'event' ? 'as the event says' : leaves ? rule.otherOrganisation : 'never', statistics: isKept && 'STATISTICS' in seenBy ? rule.statistics : 'never',
  };
}
const cells = (e: Classified): readonly string[] => {
  const { events, logs, others, statistics } = goesOf(e);
  return [e.path, e.class, e.purpose, e.basis, retentionRules[e.retention], seen(e.seenBy), events, logs, others, statistics];
};
const kinds = [['column', 'What is kept'], ['body', 'What is asked for'], ['event', 'What is told'], ['log', 'What is logged'], ['setting', 'What the environment says']] as const;

/** A table for people to read, one part for each kind of thing; the strictest classes first. */
export function asMarkdown(register: Classification): string {
  const strictness = ['direct', 'special', 'quasi', 'operational', 'open'];
  const parts = kinds.map(([kind, heading]) => {
    const own = register.entries.filter(({ path }) => path.startsWith(`${kind}:`)).sort((a, b) => strictness.indexOf(a.class) - strictness.indexOf(b.class) || a.path.localeCompare(b.path));
    return `## ${heading}\n\n| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|\n${own.map((e) => `| ${cells(e).join(' | ')} |`).join('\n')}`;
  });
  return `# What is processed, why, how long, and who sees it\n\n${register.entries.length} entries. What has none is treated as \`direct\`.\n\n${parts.join('\n\n')}`;
}
const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
export const asCsv = (register: Classification): string => [columns, ...register.entries.map(cells)].map((row) => row.map(quoted).join(',')).join('\r\n');
export const asJson = (register: Classification): string => JSON.stringify(register.entries.map((e) => ({ ...e, retentionInWords: retentionRules[e.retention], handling: handling[e.class], goes: goesOf(e) })), null, 2);

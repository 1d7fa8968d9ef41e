import type { Audience } from '@footbridge/privacy';
import { Service } from './code-lists/services.js';
import { events } from './events.js';
import type { ContractEvent, Subscriber } from './event.js';

const audiences: Readonly<Record<Audience, string>> = {
  service: 'audit trail only', instance: 'services of the instance', directed: 'the named organisation', network: 'the network',
};
const subscribers: Readonly<Record<Subscriber, string>> = {
  'recipient': 'the recipient', 'verified-partner-same-country': 'verified partners of the same country', 'anyone': 'anyone',
};

const goesTo = (event: ContractEvent): string => [
  audiences[event.audience], ...(event.alsoInstance ? ['services of the instance'] : []), ...(event.atFullHour ? ['at the full hour'] : []),
  ...(event.always ? ['always delivered'] : []), ...(event.posted ? ['posted once'] : []),
].join('; ');
/** `version`, `dueAt?`, and so on; runs of flags would hide the rest, so they are counted. */
const carries = ({ data }: ContractEvent): string => {
  const fields = Object.entries(data);
  const flags = fields.filter(([, schema]) => schema.kind === 'boolean' && schema.optional);
  const rest = fields.filter((field) => !flags.includes(field)).map(([name, schema]) => `\`${name}${schema.optional ? '?' : ''}\``);
  return [...rest, ...(flags.length > 0 ? [`${flags.length} flags (\`${flags[0]?.[0] ?? ''}?\` …)`] : [])].join(', ');
};
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const travels = (event: ContractEvent): string => row([
  event.name, goesTo(event), event.subscribable ? subscribers[event.subscribable] : 'nobody', carries(event), event.summary,
]);

/** docs/reference/events.md: every event of the network, generated and compared in CI. */
export function catalogue(): string {
  const all = Object.values(events);
  const sections = Service.values.flatMap((service) => {
    const own = all.filter((event) => event.service === service);
    const kept = own.filter(({ audience }) => audience === 'service');
    return [
      `## ${service}`, '',
      row(['Event', 'Goes to', 'Who may subscribe', 'Carries', 'Says']), row(['---', '---', '---', '---', '---']),
      ...own.filter(({ audience }) => audience !== 'service').map(travels), '',
      ...(kept.length > 0 ? [`Audit trail only, never sent: ${kept.map(({ name }) => name).join(', ')}.`, ''] : []),
    ];
  });
  return [
    '# Events', '',
    'Generated from `libs/contracts`. The type of `ReferralSent` of `referrals` is `footbridge.referrals.referral-sent.v1`; `?` marks what may be missing.',
    'Each organisation finds its own references in its own copy. Nothing here is about a person: details are fetched, and consent is checked at that moment.', '',
    ...sections,
  ].join('\n');
}

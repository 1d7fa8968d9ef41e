import { createHash } from 'node:crypto';
import type { Audience } from '@footbridge/privacy';
import type { ContractEvent } from './event.js';
import { payloadSchema, type PayloadSchema } from './schema.js';

/** What receivers rely on. Summaries may improve; this never changes under the same type. */
export interface Released { readonly hash: string; readonly audience: Audience; readonly schema: PayloadSchema }
export type ReleasedSet = Readonly<Record<string, Released>>;

/** The same content is the same text, in whatever order it was written. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

export function contractOf(event: ContractEvent): Released {
  const { audience } = event;
  const { required, ...rest } = payloadSchema(event);
  const schema = { ...rest, required: [...required].sort() };
  return { hash: createHash('sha256').update(canonical({ audience, schema })).digest('hex'), audience, schema };
}

type Property = Readonly<Record<string, unknown>>;
const codesIn = ({ enum: codes }: Property): readonly unknown[] | undefined => codes as readonly unknown[] | undefined;
const holds = (now: Property, before: Property): boolean => canonical({ ...now, enum: 0 }) === canonical({ ...before, enum: 0 }) && (codesIn(before) ?? []).every((code) => codesIn(now)?.includes(code));

/**
 * Only the services of one instance read its `instance` events, and one that is not upgraded yet parks what it does not know and is
 * blind for that case meanwhile: a code or an optional field more is an addition there. Of what goes to others nothing ever changes.
 */
export function grew(before: Released, now: Released): boolean {
  const [was, is] = [before.schema, now.schema];
  return before.audience === 'instance' && now.audience === 'instance' && canonical(was.required) === canonical(is.required)
    && Object.entries(was.properties).every(([name, property]) => { const found = is.properties[name]; return found !== undefined && holds(found, property); });
}

/** What stands between these events and the released set, one sentence each; nothing where they agree. */
export function breaks(released: ReleasedSet, events: readonly ContractEvent[]): readonly string[] {
  const now = new Map(events.map((event) => [event.type, contractOf(event)]));
  return [
    ...Object.entries(released).flatMap(([type, { hash, audience, schema }]) => {
      const found = now.get(type);
      if (!found) return [`${type} was released and is gone.`];
      if (createHash('sha256').update(canonical({ audience, schema })).digest('hex') !== hash) return [`${type}: released.json was edited by hand.`];
      return found.hash === hash ? [] : [grew({ hash, audience, schema }, found) ? `${type} has grown: npm run contracts:release.` : `${type} was released and has changed: declare a new version beside it.`];
    }),
    ...[...now.keys()].filter((type) => !(type in released)).map((type) => `${type} is not released yet: npm run contracts:release.`),
  ];
}

/** Adds what is new, and what an instance event has got besides. All else that was released stays as it was, so that a change still shows. */
export function release(released: ReleasedSet, events: readonly ContractEvent[]): ReleasedSet {
  const now = events.map((event) => [event.type, contractOf(event)] as const);
  const grown = now.filter(([type, contract]) => { const before = released[type]; return before !== undefined && grew(before, contract); });
  return Object.fromEntries(Object.entries({ ...Object.fromEntries(now), ...released, ...Object.fromEntries(grown) }).sort(([a], [b]) => (a < b ? -1 : 1)));
}

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

/** What stands between these events and the released set, one sentence each; nothing where they agree. */
export function breaks(released: ReleasedSet, events: readonly ContractEvent[]): readonly string[] {
  const now = new Map(events.map((event) => [event.type, contractOf(event)]));
  return [
    ...Object.entries(released).flatMap(([type, { hash, audience, schema }]) => {
      const found = now.get(type);
      if (!found) return [`${type} was released and is gone.`];
      if (createHash('sha256').update(canonical({ audience, schema })).digest('hex') !== hash) return [`${type}: released.json was edited by hand.`];
      return found.hash === hash ? [] : [`${type} was released and has changed: declare a new version beside it.`];
    }),
    ...[...now.keys()].filter((type) => !(type in released)).map((type) => `${type} is not released yet: npm run contracts:release.`),
  ];
}

/** Adds what is new. What was released stays as it was, so that a change still shows. */
export const release = (released: ReleasedSet, events: readonly ContractEvent[]): ReleasedSet =>
  Object.fromEntries(Object.entries({ ...Object.fromEntries(events.map((event) => [event.type, contractOf(event)])), ...released }).sort(([a], [b]) => (a < b ? -1 : 1)));

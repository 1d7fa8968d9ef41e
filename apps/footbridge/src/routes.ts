import { Service } from '@footbridge/contracts';
import { collectionOf } from '@footbridge/lifecycle';
import type { ServiceDefinition } from '@footbridge/service';

/** Which service answers for a collection: `referrals` for `/v1/cases/…`. */
export type RouteTable = ReadonlyMap<string, Service>;

/** Served by every service for its own rows: the reference says nothing about whose it is, so each is asked in turn. */
export const sharedCollections: ReadonlySet<string> = new Set(['approvals']);

/** From the services' own tables and documents: a new lifecycle needs no line here. */
export function routeTable(definitions: readonly Pick<ServiceDefinition, 'name' | 'lifecycles' | 'documented'>[]): RouteTable {
  const table = new Map<string, Service>([['alerts', 'referrals']]);
  for (const service of Service.values) for (const part of ['clock', 'parked', 'alerts']) table.set(`${service}-${part}`, service);
  for (const { name, lifecycles, documented = [] } of definitions) {
    const service = Service.values.find((known) => known === name);
    if (!service) throw new Error(`no service ${name}`);
    for (const collection of [...lifecycles.map(collectionOf), ...documented.flatMap(({ path }) => collectionIn(path) ?? [])]) {
      if (sharedCollections.has(collection)) continue;
      const other = table.get(collection);
      if (other !== undefined && other !== service) throw new Error(`both ${other} and ${service} serve /v1/${collection}`);
      table.set(collection, service);
    }
  }
  return table;
}

/** `cases` in `/v1/cases/cas_…/close?x`. */
export const collectionIn = (path: string): string | undefined => /^\/v1\/([a-z-]+)(?:[/?]|$)/.exec(path)?.[1];

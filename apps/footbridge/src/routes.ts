import { Service } from '@footbridge/contracts';
import { collectionOf } from '@footbridge/lifecycle';
import { approvalPrefix, type ServiceDefinition } from '@footbridge/service';

/** Which service answers for a collection: `referrals` for `/v1/cases/…`. */
export type RouteTable = ReadonlyMap<string, Service>;

/** Every service has approvals of its own; the reference's prefix says whose it is. */
const approvals: ReadonlyMap<string, Service> = new Map(Service.values.map((service) => [approvalPrefix[service], service]));

/** From the services' own tables and documents: a new lifecycle needs no line here. */
export function routeTable(definitions: readonly Pick<ServiceDefinition, 'name' | 'lifecycles' | 'documented'>[]): RouteTable {
  const table = new Map<string, Service>([['alerts', 'referrals']]);
  for (const service of Service.values) for (const part of ['clock', 'parked', 'alerts', 'approvals', 'keys', 'erasure-receipts', 'audit-roots', 'accesses']) table.set(`${service}-${part}`, service);
  for (const { name, lifecycles, documented = [] } of definitions) {
    const service = Service.values.find((known) => known === name);
    if (!service) throw new Error(`no service ${name}`);
    for (const collection of [...lifecycles.map(collectionOf), ...documented.flatMap(({ path }) => collectionIn(path) ?? [])]) {
      if (collection === 'approvals') continue;
      const other = table.get(collection);
      if (other !== undefined && other !== service) throw new Error(`both ${other} and ${service} serve /v1/${collection}`);
      table.set(collection, service);
    }
  }
  return table;
}

/** `cases` in `/v1/cases/cas_…/close?x`. */
const collectionIn = (path: string): string | undefined => /^\/v1\/([a-z-]+)(?:[/?]|$)/.exec(path)?.[1];

export function serviceFor(path: string, table: RouteTable): Service | undefined {
  const collection = collectionIn(path);
  if (collection === undefined) return undefined;
  return collection === 'approvals' ? approvals.get(path.slice('/v1/approvals/'.length).split('_', 1)[0] ?? '') : table.get(collection);
}

import type { Role } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import type { TestAccount, TestInstance } from '@footbridge/testing';
import { demonstration } from '../demonstration.js';
import type { World } from './world.js';

/** The demonstration's desks on an instance for tests. */
export function testWorld(instance: TestInstance): World {
  const organisations = new Map(demonstration.map((o) => [o.key, newRef('org')]));
  const desks = new Map<string, TestAccount>(demonstration.flatMap((o) => o.accounts.map((a) => [a.name, instance.account(organisations.get(o.key) ?? '', ...(a.roles as Role[]))] as const)));
  return {
    as: (desk) => { const found = desks.get(desk); if (!found) throw new Error(`no desk ${desk}`); return found; },
    organisation: (key) => { const found = organisations.get(key); if (!found) throw new Error(`no organisation ${key}`); return found; },
    advance: (ms) => instance.advance(ms), now: () => instance.clock.now(), tell: () => undefined,
  };
}

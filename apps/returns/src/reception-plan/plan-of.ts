import type { Read } from '@footbridge/lifecycle';
import { openPlan, type ReceptionPlanRow } from './reception-plan.entity.js';
import { ReceptionPlan } from './reception-plan.lifecycle.js';

/** The reception that counts: the one that stands open, else the newest that was not called off. */
export async function planOf(read: Read, returnCase: string): Promise<ReceptionPlanRow | undefined> {
  const plans: readonly ReceptionPlanRow[] = await read.many(ReceptionPlan, { returnCase });
  const stands = (states: readonly string[]): ReceptionPlanRow | undefined => plans.filter((p) => states.includes(p.state)).at(-1);
  return stands(openPlan) ?? stands(['missed', 'performed']);
}

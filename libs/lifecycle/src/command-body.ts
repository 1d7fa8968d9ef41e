import { codeList } from '@footbridge/privacy';
import { is, type BodyClass } from './body.js';
import type { AnyRow } from './decide.js';
import type { Guard } from './lifecycle.js';

const behalf = codeList('OnBehalfOf', ['PERSON', 'GUARDIAN']);
export const how = codeList('How', ['in_person', 'phone', 'written']);

const made = new WeakMap<AnyRow, BodyClass>();

/**
 * The body of a row's command: its own class, a boolean for each statement that its guards ask for,
 * and `onBehalfOf` with `how` where the person or the guardian decides (decisions 4).
 */
export function bodyOf(row: AnyRow): BodyClass {
  const known = made.get(row);
  if (known) return known;
  const [, command, , by, guards, , more] = row;
  const Base = (more?.body ?? class {}) as { new (): object };
  const Body = class extends Base {};
  Object.defineProperty(Body, 'name', { value: `${command[0]?.toUpperCase()}${command.slice(1)}Body` });
  for (const g of guards as readonly Guard<unknown>[]) if (g.attests) is.boolean({ optional: true, example: true })(Body.prototype, g.attests.field);
  const persons = by.filter((r) => r === 'PERSON' || r === 'GUARDIAN');
  if (persons.length > 0) {
    const always = persons.length === by.length || by.every((r) => r === 'PERSON' || r === 'GUARDIAN' || r === 'PLATFORM');
    is.code({ ...behalf, values: behalf.values.filter((v) => persons.includes(v)) }, { optional: !always })(Body.prototype, 'onBehalfOf');
    is.code(how, { optional: !always, example: 'in_person' })(Body.prototype, 'how');
  }
  made.set(row, Body);
  return Body;
}

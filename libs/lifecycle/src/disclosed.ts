import type { DisclosedValue } from '@footbridge/privacy';
import { fieldsOf, type BodyClass } from './body.js';

/** Who must have agreed to what, for a member to be told; with `words`, where somebody's own words stand in a list. */
type Told = readonly string[] | { readonly categories: readonly string[]; readonly words: true };

/**
 * Members of an answer to another organisation, of the class under which they came in: nobody says a second time, and otherwise, what a
 * value is. What is `direct` in its body is refused by `defineDisclosure`, when the service starts.
 */
export function disclosedOf<T extends object, K extends keyof T & string>(body: new () => T, told: Readonly<Record<K, Told>>): Readonly<Record<K, DisclosedValue>> {
  const fields = new Map(fieldsOf(body as BodyClass).map((field) => [field.name, field]));
  return Object.fromEntries(Object.entries<Told>(told).map(([name, of]) => {
    const field = fields.get(name);
    const stated = 'categories' in of ? of : { categories: of };
    // A member that no body has is of no class, and what has none is `direct`.
    const dataClass = (field?.class ?? 'direct') as DisclosedValue['class'];
    const isWords = field?.schema['type'] === 'string' && field.schema['enum'] === undefined && field.schema['pattern'] === undefined;
    return [name, { class: dataClass, ...stated, ...(isWords ? { words: true } : {}) }];
  })) as Record<K, DisclosedValue>;
}

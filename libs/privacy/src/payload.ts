import { PrivacyRefusal } from './refusal.js';
import { Sealed } from './sealed.js';
import type { Audience, WireSchema } from './wire.js';

/** A declared field, and how its name is written into a body. */
export interface Field { readonly name: string; readonly key: string; readonly schema: WireSchema<unknown> }
/** The fields of one object, decided once for all that will be written. */
export interface Fields { readonly list: readonly Field[]; readonly names: ReadonlySet<string> }

export const FIELD_NAME = /^[a-z][A-Za-z0-9]{0,39}$/;

export const fieldsOf = (list: readonly Field[]): Fields => ({ list, names: new Set(list.map(({ name }) => name)) });

/** An object of the language itself, with no class, no accessor of a parent and nothing inherited. */
export const isPlain = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** @throws PrivacyRefusal SEALED_VALUE, PAYLOAD_NOT_PLAIN, UNEXPECTED_FIELD */
export function checkNames(payload: unknown, names: ReadonlySet<string>): asserts payload is object {
  if (Sealed.is(payload)) throw new PrivacyRefusal('SEALED_VALUE');
  if (!isPlain(payload)) throw new PrivacyRefusal('PAYLOAD_NOT_PLAIN');
  for (const name of Reflect.ownKeys(payload)) if (!names.has(name as string)) throw new PrivacyRefusal('UNEXPECTED_FIELD');
}

/** The value of a field; what is inherited is not there. */
export const valueOf = (payload: object, name: string): unknown => (Object.hasOwn(payload, name) ? Reflect.get(payload, name) : undefined);

/** The checked fields in the order of the declaration. Each is read once, so that it cannot change after the check. */
export function* checked({ list, names }: Fields, payload: unknown, audience: Audience, at = ''): Generator<readonly [Field, unknown]> {
  checkNames(payload, names);
  for (const field of list) {
    const value = valueOf(payload, field.name);
    if (value === undefined) {
      if (field.schema.optional) continue;
      throw new PrivacyRefusal('MISSING_FIELD', `${at}/${field.name}`);
    }
    if (Sealed.is(value)) throw new PrivacyRefusal('SEALED_VALUE', `${at}/${field.name}`);
    if (!field.schema.accepts(value, audience)) throw new PrivacyRefusal('FIELD_INVALID', `${at}/${field.name}`);
    yield [field, value];
  }
}

/** As one JSON object. */
export function objectOf(fields: Fields, payload: unknown, audience: Audience, at = ''): string {
  let text = '';
  for (const [field, value] of checked(fields, payload, audience, at)) text += `${text === '' ? '' : ','}${field.key}${JSON.stringify(value)}`;
  return `{${text}}`;
}

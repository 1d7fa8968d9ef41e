import 'reflect-metadata';
import type { CodeList, DataClass } from '@footbridge/privacy';
import { isRef } from '@footbridge/privacy';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsObject, IsOptional, Max, MaxLength, Min, MinLength, maxLength, minLength, validateSync, ValidateNested, registerDecorator, type ValidationError } from 'class-validator';

/** A request body: a class whose fields are declared with the decorators of this file (class-validator underneath). */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
export type BodyClass = Function & { new (): object };

export interface BodyField {
  readonly name: string;
  readonly class: DataClass;
  /** Its author gave the class; else it is what most members are, and the service's classes have to name it. */
  readonly stated: boolean;
  readonly required: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example: unknown;
  readonly nested?: BodyClass;
  readonly list?: boolean;
  /** What its class-validator rules ask, as one question: a body that is right is known as such without their errors being looked for. */
  readonly fits: (value: unknown) => boolean;
}
export interface BodyError { readonly pointer: string; readonly code: string; readonly detail: string }

const declared = new WeakMap<object, Map<string, BodyField>>();
/** The fields of a body class, inherited ones first. */
export function fieldsOf(body: BodyClass): readonly BodyField[] {
  const chain: Map<string, BodyField>[] = [];
  for (let p: object | null = body.prototype as object; p && p !== Object.prototype; p = Object.getPrototypeOf(p) as object | null) { const own = declared.get(p); if (own) chain.unshift(own); }
  const all = new Map<string, BodyField>();
  for (const own of chain) for (const [name, field] of own) all.set(name, field);
  return [...all.values()];
}

interface Options { readonly optional?: boolean; readonly class?: DataClass; readonly example?: unknown }
type Rule = PropertyDecorator;
function declare(name: string | symbol, target: object, o: Options, field: Pick<BodyField, 'schema' | 'example' | 'nested' | 'list' | 'fits'>, rules: readonly Rule[]): void {
  const own = declared.get(target) ?? new Map<string, BodyField>();
  declared.set(target, own);
  own.set(String(name), { name: String(name), class: o.class ?? 'operational', stated: o.class !== undefined, required: !o.optional, schema: field.schema, example: o.example ?? field.example, fits: field.fits, ...(field.nested ? { nested: field.nested } : {}), ...(field.list ? { list: true } : {}) });
  for (const rule of [...rules, ...(o.optional ? [IsOptional()] : [])]) rule(target, name);
}
const own = (name: string, message: string, validate: (value: unknown) => boolean): Rule => (target, property) =>
  registerDecorator({ name, target: target.constructor, propertyName: String(property), options: { message }, validator: { validate } });

// Text that hides or reverses itself misleads the next reader: control characters, lone surrogates, directional overrides.
const misleading = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
export const isPlainText = (value: unknown): value is string => typeof value === 'string' && !misleading.test(value);
/** A day that exists, `2026-02-28`. */
export const isDay = (value: unknown): value is string => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) && new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);
/** RFC 3339 in UTC. */
export const isInstant = (value: unknown): value is string => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z$/.test(value) && isDay(value.slice(0, 10)) && !Number.isNaN(Date.parse(value));

const isListOf = (value: unknown, max: number, fits: (item: unknown) => boolean): boolean => Array.isArray(value) && value.length <= max && value.every(fits);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (o: Options & { class: DataClass; max?: number; min?: number }): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', maxLength: o.max ?? 200, minLength: o.min ?? 1 }, example: 'example', fits: (v) => isPlainText(v) && maxLength(v, o.max ?? 200) && minLength(v, o.min ?? 1) }, [own('plainText', 'text without control or direction-changing characters', isPlainText), MaxLength(o.max ?? 200), MinLength(o.min ?? 1)]);
const code = (list: CodeList<string>, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', enum: list.values }, example: list.values[0], fits: (v) => list.values.includes(v as string) }, [IsIn([...list.values])]);
const codes = (list: CodeList<string>, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'array', items: { type: 'string', enum: list.values }, maxItems: 40 }, example: [list.values[0]], fits: (v) => isListOf(v, 40, (x) => list.values.includes(x as string)) }, [IsArray(), ArrayMaxSize(40), own('codes', `a list of ${list.name} codes`, (v) => Array.isArray(v) && v.every((x) => list.values.includes(x as string)))]);
const letters = 'abcdefghijklmnopqrstuvwxyz234567';
/** A reference that passes its own check and that nobody holds. */
function exampleRef(prefix: string): string {
  for (const a of letters) for (const b of letters) { const text = `${prefix}_${'a'.repeat(32)}${a}${b}`; if (isRef(text, prefix)) return text; }
  return `${prefix}_`;
}
const ref = (prefix: string, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', pattern: `^${prefix}_[a-z2-7]{34}$` }, example: exampleRef(prefix), fits: (v) => isRef(v, prefix) }, [own('reference', `a reference that starts with ${prefix}_`, (v) => isRef(v, prefix))]);
const refs = (prefix: string, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'array', items: { type: 'string', pattern: `^${prefix}_[a-z2-7]{34}$` }, maxItems: 40 }, example: [], fits: (v) => isListOf(v, 40, (x) => isRef(x, prefix)) }, [IsArray(), ArrayMaxSize(40), own('references', `references that start with ${prefix}_`, (v) => Array.isArray(v) && v.every((x) => isRef(x, prefix)))]);
const instant = (o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', format: 'date-time' }, example: '2026-11-24T03:40:00Z', fits: isInstant }, [own('instant', 'a time in UTC that exists, like 2026-11-24T03:40:00Z', isInstant)]);
const day = (o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', format: 'date' }, example: '2027-05-24', fits: isDay }, [own('day', 'a day that exists, like 2026-11-24', isDay)]);
const boolean = (o: Options = {}): Rule => (t, p) => declare(p, t, o, { schema: { type: 'boolean' }, example: true, fits: (v) => typeof v === 'boolean' }, [IsBoolean()]);
const integer = (o: Options & { min?: number; max?: number } = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'integer', minimum: o.min ?? 0, maximum: o.max ?? 1_000_000 }, example: o.min ?? 1, fits: (v) => Number.isInteger(v) && (v as number) >= (o.min ?? 0) && (v as number) <= (o.max ?? 1_000_000) }, [IsInt(), Min(o.min ?? 0), Max(o.max ?? 1_000_000)]);
const pattern = (expression: RegExp, says: string, example: string, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'string', pattern: expression.source }, example, fits: (v) => isPlainText(v) && expression.test(v) }, [own('pattern', says, (v) => isPlainText(v) && expression.test(v))]);
const patterns = (expression: RegExp, says: string, example: string, o: Options = {}): Rule => (t, p) =>
  declare(p, t, o, { schema: { type: 'array', items: { type: 'string', pattern: expression.source }, maxItems: 40 }, example: [example], fits: (v) => isListOf(v, 40, (x) => isPlainText(x) && expression.test(x)) }, [IsArray(), ArrayMaxSize(40), own('patterns', says, (v) => Array.isArray(v) && v.every((x) => isPlainText(x) && expression.test(x)))]);
const nested = (body: () => BodyClass, o: Options = {}): Rule => (t, p) => {
  const type = body();
  declare(p, t, o, { schema: schemaOf(type), example: exampleOf(type), nested: type, fits: (v) => isObject(v) && fitsBody(type, v) }, [IsObject(), ValidateNested()]);
};
const list = (body: () => BodyClass, o: Options & { max?: number } = {}): Rule => (t, p) => {
  const type = body();
  declare(p, t, o, { schema: { type: 'array', items: schemaOf(type), maxItems: o.max ?? 40 }, example: [exampleOf(type)], nested: type, list: true, fits: (v) => isListOf(v, o.max ?? 40, (x) => isObject(x) && fitsBody(type, x)) }, [IsArray(), ArrayMaxSize(o.max ?? 40), own('objects', 'a list of objects', (v) => Array.isArray(v) && v.every(isObject)), ValidateNested({ each: true })]);
};

/** Field decorators: `@is.code(Priority) priority!: string`. Text has no default class: whoever adds free text says how sensitive it is. */
export const is = {
  text, code, codes, ref, refs, instant, day, boolean, integer, pattern, patterns, nested, list,
  organisation: (o: Options = {}) => ref('org', o),
  country: (o: Options = {}) => pattern(/^[A-Z]{2}$/, 'a country code of two capital letters (ISO 3166-1)', 'AL', o),
  region: (o: Options = {}) => pattern(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, 'a region code (ISO 3166-2)', 'AL-11', o),
  language: (o: Options = {}) => pattern(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/, 'a language tag (BCP 47)', 'sq', o),
  languages: (o: Options = {}) => patterns(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/, 'language tags (BCP 47)', 'sq', o),
  countries: (o: Options = {}) => patterns(/^([A-Z]{2}|stateless|unknown)$/, 'country codes (ISO 3166-1), stateless or unknown', 'AL', o),
  phone: (o: Options & { class: DataClass }) => pattern(/^\+[1-9]\d{6,14}$/, 'a phone number with country code (E.164)', '+355600000000', o),
};

/** JSON Schema of a body. */
export function schemaOf(body: BodyClass): Record<string, unknown> {
  const fields = fieldsOf(body);
  const required = fields.filter((f) => f.required).map((f) => f.name);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(fields.map((f) => [f.name, f.schema])), ...(required.length ? { required } : {}) };
}
/** An example that is valid as it stands, references aside. */
export function exampleOf(body: BodyClass): Record<string, unknown> {
  return Object.fromEntries(fieldsOf(body).map((f) => [f.name, f.example]));
}

function instance(body: BodyClass, plain: Record<string, unknown>): object {
  const made = new body() as Record<string, unknown>;
  const fields = new Map(fieldsOf(body).map((f) => [f.name, f]));
  for (const [key, value] of Object.entries(plain)) {
    const field = fields.get(key);
    const put = !field?.nested ? value
      : field.list && Array.isArray(value) ? value.map((v: unknown) => (isObject(v) ? instance(field.nested as BodyClass, v) : v))
      : isObject(value) ? instance(field.nested, value) : value;
    // class-validator would take a name that every object inherits (`hasOwnProperty`) for a known one.
    Object.defineProperty(made, field ? key : `?${key}`, { value: put, enumerable: true, writable: true, configurable: true });
  }
  return made;
}
const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function errorsOf(errors: readonly ValidationError[], at: string): BodyError[] {
  return errors.flatMap((e) => Object.keys(e.constraints ?? {}).length > 0 || !e.children?.length
    ? Object.entries(e.constraints ?? {}).map(([name, message]) => name === 'whitelistValidation'
      // An unknown field's name may itself be personal: it is never repeated (decisions 10).
      ? { pointer: at, code: 'unknown-field', detail: 'Remove the field that is not known here.' }
      : { pointer: `${at}/${escape(e.property)}`, code: kebabCode(name), detail: detailOf(message, e.property) })
    : errorsOf(e.children, `${at}/${escape(e.property)}`));
}
const kebabCode = (name: string): string => name.replace(/^is(?=[A-Z])/, '').replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
const detailOf = (message: string, property: string): string => `Send ${message.startsWith(`${property} `) ? message.slice(property.length + 1).replace(/^must be |^should /, '') : message}.`;

interface Known { readonly fields: ReadonlyMap<string, BodyField>; readonly required: readonly string[] }
const known = new WeakMap<BodyClass, Known>();
/** Whether class-validator would find nothing to say (a test asks both): known fields only, each of them right, none missing. */
function fitsBody(body: BodyClass, plain: Readonly<Record<string, unknown>>): boolean {
  let here = known.get(body);
  if (!here) {
    const fields = fieldsOf(body);
    known.set(body, here = { fields: new Map(fields.map((f) => [f.name, f])), required: fields.filter((f) => f.required).map((f) => f.name) });
  }
  for (const name of here.required) if (!Object.hasOwn(plain, name)) return false;
  for (const name in plain) {
    const field = here.fields.get(name);
    const value = plain[name];
    if (!field || !Object.hasOwn(plain, name)) return false;
    if (!((value === undefined || value === null) && !field.required) && !field.fits(value)) return false;
  }
  return true;
}

/** Checks a body against its class: unknown fields are refused, all errors are told, no value is repeated. */
export function checkBody(body: BodyClass, plain: unknown): { readonly value: Readonly<Record<string, unknown>> } | { readonly errors: readonly BodyError[] } {
  if (!isObject(plain)) return { errors: [{ pointer: '', code: 'object', detail: 'Send a JSON object.' }] };
  if (fitsBody(body, plain)) return { value: plain };
  const errors = errorsByClassValidator(body, plain);
  // Only where the two disagree; then what class-validator says counts.
  if (errors.length === 0) return { value: plain };
  return { errors: errorsOf(errors, '').slice(0, 50) };
}
const errorsByClassValidator = (body: BodyClass, plain: Record<string, unknown>): readonly ValidationError[] =>
  validateSync(instance(body, plain), { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false, validationError: { target: false, value: false } });
/** For the test that compares the two. */
export const bodyCheckers = { fits: fitsBody, errors: errorsByClassValidator };

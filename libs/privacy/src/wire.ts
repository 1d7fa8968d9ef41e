import { isUtf8 } from 'node:buffer';
import type { Band, Code, Day, Digest, Instant, Period, Ref, Region, Version } from './brand.js';
import type { CodeList } from './code-list.js';
import type { DataClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';
import { isRef } from './ref.js';
import { isDay, isInstant, isPeriod } from './time.js';

/** service: audit only. instance: the services of this instance. directed: one named organisation. network: all partners. */
export type Audience = 'service' | 'instance' | 'directed' | 'network';

export type WireKind = 'ref' | 'code' | 'band' | 'period' | 'region' | 'day' | 'version' | 'instant' | 'boolean' | 'digest' | FigureKind;
/** Of documents only; no event has one. */
export type FigureKind = 'integer' | 'decimal' | 'category';
export type JsonSchema = Readonly<Record<string, unknown>>;

interface Declaration {
  readonly kind: WireKind;
  readonly dataClass: DataClass;
  /** For documents; the check itself is `accepts`. */
  readonly jsonSchema: JsonSchema;
  readonly allowed: (audience: Audience, field: string) => boolean;
  readonly prefix?: string;
  readonly list?: CodeList<string>;
  readonly check: (value: unknown, audience: Audience) => boolean;
}

const everywhere = (): boolean => true;
const inside = (audience: Audience): boolean => audience === 'service' || audience === 'instance';
/** The one exact time that an organisation is told is what it has to act by (design 9.1); the network is told periods (G11). */
const insideOrDue = (audience: Audience, field: string): boolean => inside(audience) || (audience === 'directed' && field === 'dueAt');
/** The shared `caseRef` of the services: no organisation ever sees it (decisions 8). */
const CASE_REF = 'csr';

/** Known to this file only: a schema leads to its class, and `new` on that must give nothing. */
const DECLARED = Symbol();
let declare: <T>(declaration: Declaration, optional?: boolean) => WireSchema<T>;
let declarationOf: (schema: WireSchema<unknown>) => Declaration;

/** The type of one field of an event. Only `wire` makes them, so that no schema can say yes to everything. */
export class WireSchema<out T> {
  readonly #declaration: Declaration;
  private constructor(declaration: Declaration, readonly optional: boolean, mark: symbol) {
    if (mark !== DECLARED) throw new PrivacyRefusal('EVENT_INVALID');
    this.#declaration = declaration;
    Object.freeze(this);
  }
  static {
    declare = (declaration, optional = false) => new WireSchema(declaration, optional, DECLARED);
    declarationOf = (schema) => schema.#declaration;
  }
  static is(value: unknown): value is WireSchema<unknown> {
    return typeof value === 'object' && value !== null && #declaration in value;
  }

  get kind(): WireKind { return this.#declaration.kind; }
  get dataClass(): DataClass { return this.#declaration.dataClass; }
  get jsonSchema(): JsonSchema { return this.#declaration.jsonSchema; }
  get prefix(): string | undefined { return this.#declaration.prefix; }
  get list(): CodeList<string> | undefined { return this.#declaration.list; }

  /** Whether an event for this audience may have such a field, under this name, at all. */
  allowedFor(audience: Audience, field: string): boolean {
    return this.#declaration.allowed(audience, field);
  }
  /** Whether this value may be in it. A missing optional field is the caller's business. */
  accepts(value: unknown, audience: Audience): value is T {
    return this.#declaration.check(value, audience);
  }
}

const REGION = /^[A-Z]{2}-[A-Z0-9]{1,3}$/;
const VERSION_LIMIT = 999_999;
/** Small enough that no phone number and no date passes for one. */
export const isVersion = (value: unknown): value is Version => Number.isInteger(value) && within(value, 0, VERSION_LIMIT);

/** @throws PrivacyRefusal VERSION_INVALID */
export function versionOf(value: unknown): Version {
  if (!isVersion(value)) throw new PrivacyRefusal('VERSION_INVALID');
  return value;
}

function listed<T>(kind: 'code' | 'band', list: CodeList<string>): WireSchema<T> {
  const values = new Set<unknown>(list.values);
  return declare<T>({ kind, list, dataClass: list.dataClass ?? 'operational', allowed: everywhere, jsonSchema: { type: 'string', enum: [...list.values] }, check: (value) => values.has(value) });
}

/** So many bytes that are no text: of 32 random ones not one in a hundred million reads as any. For who keeps them as a witness, so nobody is told one alone. */
const digest = (bytes: number): WireSchema<Digest> => {
  const pattern = new RegExp(`^[0-9a-f]{${2 * bytes}}$`);
  return declare({
    kind: 'digest', dataClass: 'open', allowed: (audience) => audience !== 'directed', jsonSchema: { type: 'string', pattern: pattern.source },
    check: (value) => typeof value === 'string' && pattern.test(value) && !isUtf8(Buffer.from(value, 'hex')),
  });
};

/** Everything that an event can be made of. There is no text, no number, no list and no nesting. */
export const wire = {
  ref: <P extends string>(prefix: P): WireSchema<Ref<P>> => {
    if (!/^[a-z]{2,8}$/.test(prefix)) throw new PrivacyRefusal('REF_PREFIX_INVALID');
    return declare({
      kind: 'ref', prefix, dataClass: 'operational', allowed: prefix === CASE_REF ? inside : everywhere,
      jsonSchema: { type: 'string', pattern: `^${prefix}_[a-z2-7]{34}$` }, check: (value) => isRef(value, prefix),
    });
  },
  code: <V extends string>(list: CodeList<V>): WireSchema<Code<V>> => listed('code', list),
  band: <V extends string>(list: CodeList<V>): WireSchema<Band> => listed('band', list),
  period: declare<Period>({ kind: 'period', dataClass: 'operational', allowed: everywhere, jsonSchema: { type: 'string', pattern: '^20[2-9]\\d-(W\\d\\d|\\d\\d|Q[1-4])$' }, check: isPeriod }),
  /** Of a service, which is public; of a person it would be a quasi-identifier, so that no directed event has one (reference 2.0). */
  region: declare<Region>({ kind: 'region', dataClass: 'operational', allowed: (audience) => audience === 'network', jsonSchema: { type: 'string', pattern: REGION.source }, check: (value) => typeof value === 'string' && REGION.test(value) }),
  day: declare<Day>({ kind: 'day', dataClass: 'operational', allowed: inside, jsonSchema: { type: 'string', format: 'date' }, check: isDay }),
  version: declare<Version>({ kind: 'version', dataClass: 'operational', allowed: everywhere, jsonSchema: { type: 'integer', minimum: 0, maximum: VERSION_LIMIT }, check: isVersion }),
  instant: declare<Instant>({
    kind: 'instant', dataClass: 'operational', allowed: insideOrDue, jsonSchema: { type: 'string', format: 'date-time' },
    check: (value, audience) => isInstant(value, audience === 'directed' ? 'minute' : 'millisecond'),
  }),
  boolean: declare<boolean>({ kind: 'boolean', dataClass: 'operational', allowed: everywhere, jsonSchema: { type: 'boolean' }, check: (value) => typeof value === 'boolean' }),
  /** SHA-256. */
  digest: digest(32),
  /** Ed25519. */
  signature: digest(64),
  optional: <T>(schema: WireSchema<T>): WireSchema<T | undefined> => declare(declarationOf(schema), true),
} as const;

const nowhere = (): boolean => false;
/** Seven digits: room for a count, for no phone number with its country and for no document. */
const FIGURE_LIMIT = 9_999_999;
const MOST_PLACES = 6;
const isBounds = (min: number, max: number): boolean => Number.isInteger(min) && Number.isInteger(max) && min <= max && min >= -FIGURE_LIMIT && max <= FIGURE_LIMIT;
const within = (value: unknown, min: number, max: number): value is number => typeof value === 'number' && value >= min && value <= max && !Object.is(value, -0);

/** What a published table or a support bundle is made of besides `wire`: bounded numbers, and the categories of a declared cube. */
export const figure = {
  /** @throws PrivacyRefusal FIGURE_INVALID */
  integer: (min: number, max: number): WireSchema<number> => {
    if (!isBounds(min, max)) throw new PrivacyRefusal('FIGURE_INVALID');
    return declare({ kind: 'integer', dataClass: 'operational', allowed: nowhere, jsonSchema: { type: 'integer', minimum: min, maximum: max }, check: (value) => Number.isInteger(value) && within(value, min, max) });
  },
  /** With so many places behind the point at most. @throws PrivacyRefusal FIGURE_INVALID */
  decimal: (min: number, max: number, places: number): WireSchema<number> => {
    if (!isBounds(min, max) || !Number.isInteger(places) || places < 1 || places > MOST_PLACES) throw new PrivacyRefusal('FIGURE_INVALID');
    return declare({ kind: 'decimal', dataClass: 'operational', allowed: nowhere, jsonSchema: { type: 'number', minimum: min, maximum: max }, check: (value) => within(value, min, max) && Number(value.toFixed(places)) === value });
  },
  /** A dimension of statistics: its list may be `quasi` or `special`, since what is published is the noisy count of many. */
  category: <V extends string>(list: CodeList<V>): WireSchema<Code<V>> => {
    if (list.dataClass === 'direct') throw new PrivacyRefusal('CLASS_NOT_ALLOWED');
    const values = new Set<unknown>(list.values);
    return declare({ kind: 'category', list, dataClass: list.dataClass ?? 'operational', allowed: nowhere, jsonSchema: { type: 'string', enum: [...list.values] }, check: (value) => values.has(value) });
  },
} as const;

export type WireObject = Readonly<Record<string, WireSchema<unknown>>>;
type ValueOf<S> = S extends WireSchema<infer T> ? T : never;
type OptionalKeys<O extends WireObject> = { [K in keyof O]: undefined extends ValueOf<O[K]> ? K : never }[keyof O];

/** The payload that a declaration describes. */
export type WireOf<O extends WireObject> = { readonly [K in Exclude<keyof O, OptionalKeys<O>>]: ValueOf<O[K]> } & { readonly [K in OptionalKeys<O>]?: ValueOf<O[K]> };

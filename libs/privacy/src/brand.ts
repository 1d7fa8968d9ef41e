declare const wireBrand: unique symbol;
export interface Branded<Kind extends string = string> { readonly [wireBrand]: Kind }
export type BrandKey = typeof wireBrand;

/** A random reference: `rfr_` and 34 characters. */
export type Ref<P extends string = string> = `${P}_${string}` & Branded<'ref'>;
/** A value of a closed list. */
export type Code<L extends string = string> = L & Branded<'code'>;
/** A step of a closed list of steps: `few`, `9-17`. */
export type Band = string & Branded<'band'>;
/** `2026-W48`, `2026-11`, `2026-Q4`. */
export type Period = string & Branded<'period'>;
/** `AL-11` (ISO 3166-2): where a service is. */
export type Region = string & Branded<'region'>;
/** `2026-11-24`. */
export type Day = string & Branded<'day'>;
/** RFC 3339 in UTC; to the minute when it is directed. */
export type Instant = string & Branded<'instant'>;
/** How often an aggregate has changed. */
export type Version = number & Branded<'version'>;
/** A hash or a signature, in hexadecimal. */
export type Digest = string & Branded<'digest'>;

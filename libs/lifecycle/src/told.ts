declare const words: unique symbol;

/** What has room for words. As good as any string, but for one thing: it is not told. */
export type Words = string & { readonly [words]?: true };

/**
 * What a row may say of itself in an event (T01): codes, references, instants, numbers, and other aggregates, which go out under the recipient's
 * own reference. No labelled value, no words, no object, nothing of which the type says no more. The gate looks again at run time.
 */
export type Told = (string & { readonly [words]?: never }) | number | boolean | null | undefined | { readonly aggregate: string; readonly [other: string]: string };
export type ToldValues = Readonly<Record<string, Told>>;

import type { Branded, BrandKey } from './brand.js';
import type { Sealed } from './sealed.js';

declare const notWireSafe: unique symbol;
/** What the compiler shows where a value may not travel. Nothing can be assigned to it. */
export interface NotWireSafe<Why extends string> { readonly [notWireSafe]: Why }

type IsAny<T> = 0 extends 1 & T ? true : false;

/** `never` for `any`, since that is assignable to everything else (design 3.2). */
export type WireSafe<T> = IsAny<T> extends true ? never
  : T extends Sealed<unknown> ? NotWireSafe<'labelled value'>
  : T extends Branded ? (Exclude<keyof T, keyof string | keyof number | BrandKey> extends never ? T : NotWireSafe<'wire value with extra members'>)
  : T extends boolean | null | undefined ? T
  : T extends string | number | bigint | symbol ? NotWireSafe<'bare scalar'>
  : T extends (...args: never[]) => unknown ? NotWireSafe<'function'>
  : T extends readonly unknown[] ? { readonly [K in keyof T]: WireSafe<T[K]> }
  : T extends object ? (string extends keyof T ? NotWireSafe<'index signature'>
    : [keyof T] extends [never] ? NotWireSafe<'no declared field'>
    : { readonly [K in keyof T]: WireSafe<T[K]> })
  : never;

/** Refuses what is known to hold a labelled value, wherever it sits; for payloads whose type says no more (rows of a table). */
export type Unlabelled<T> = IsAny<T> extends true ? unknown
  : T extends Sealed<unknown> ? NotWireSafe<'labelled value'>
  : T extends object ? { readonly [K in keyof T]: Unlabelled<T[K]> }
  : unknown;

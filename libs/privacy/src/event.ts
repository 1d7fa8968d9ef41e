import type { Audience, WireObject, WireOf } from './wire.js';
import type { NotWireSafe, WireSafe } from './wire-safe.js';

/** A declared event; `libs/contracts` holds them all. */
export interface EventDef<O extends WireObject = WireObject> {
  readonly type: string;
  readonly service: string;
  readonly name: string;
  readonly audience: Audience;
  readonly data: O;
  readonly summary?: string;
}

/**
 * A payload as its event declares it. What is no wire value, and what is not declared, does not compile; a wider object
 * behind a narrower variable still does, which is why the gate looks again at run time.
 */
export function payloadOf<O extends WireObject, P extends WireOf<O>>(
  _def: EventDef<O>, payload: P & WireSafe<P> & { readonly [K in Exclude<keyof P, keyof O>]: NotWireSafe<'undeclared field'> },
): P {
  return payload;
}

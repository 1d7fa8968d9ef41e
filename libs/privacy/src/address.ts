import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AddressKind = 'public' | 'loopback' | 'other';

/** IPv6 gives out public addresses from here only (RFC 4291, IANA); all else is local, mapped or reserved. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * What an address is, in the notations that a resolver or `new URL()` gives. A mapped or translated IPv4 address
 * (`::ffff:127.0.0.1`, `64:ff9b::`) is `other`: nobody needs to be reached by such a name.
 */
export function kindOf(address: string): AddressKind {
  if (isIP(address) === 0) return 'other';
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast') return 'other';
  return parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_UNICAST) ? 'other' : 'public';
}

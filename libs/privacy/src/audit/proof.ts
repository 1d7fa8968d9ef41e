import type { VerifyingKey } from '../signing-keys.js';
import { digestOf, entryHash, isRootSigned, type Entry, type SignedRoot } from './log.js';
import { isConsistent, isIncluded } from './merkle.js';

/** A signed root as a service shows it: hashes in hex, the signature as it was made. */
export interface ShownRoot {
  readonly service: string; readonly number: number; readonly size: number; readonly root: string; readonly chain: string; readonly at: string; readonly previous: string;
  readonly digest: string; readonly key: string; readonly signature: string;
}
export interface ShownEntry { readonly entry: Entry; readonly index: number; readonly proof: readonly string[] }

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const shownRoot = ({ service, number, size, root, chain, at, previous, signature: { key, signature } }: SignedRoot): ShownRoot =>
  ({ service, number, size, root: root.toString('hex'), chain: chain.toString('hex'), at, previous: previous.toString('hex'), digest: digestOf({ service, number, size, root, chain, at, previous }).toString('hex'), key, signature });
const rootIn = ({ service, number, size, root, chain, at, previous, key, signature }: ShownRoot): SignedRoot =>
  ({ service, number, size, root: bytes(root), chain: bytes(chain), at, previous: bytes(previous), signature: { key, signature } });

/**
 * Whether a root is what the service has signed, and what somebody else was told: whoever asks for a proof holds a digest of their own
 * (`witnessed`), from a webhook, the feed or another node, and not from the service that is to be checked.
 */
export function isWitnessed(shown: ShownRoot, keys: readonly VerifyingKey[], witnessed: readonly string[]): boolean {
  const root = rootIn(shown);
  const digest = digestOf(root);
  return witnessed.includes(digest.toString('hex')) && isRootSigned(keys, root.service, digest, root.signature);
}
/** RFC 6962, 2.1.1: this entry, word for word, stands at its place in the log that the root fixes. */
export const isEntryIn = ({ entry, index, proof }: ShownEntry, root: ShownRoot): boolean => isIncluded(entryHash(entry), index, root.size, proof.map(bytes), bytes(root.root));
/** RFC 6962, 2.1.2: the log of the later root begins with all of the earlier one. */
export const isGrownFrom = (from: ShownRoot, to: ShownRoot, proof: readonly string[]): boolean => from.service === to.service && isConsistent(from.size, bytes(from.root), to.size, bytes(to.root), proof.map(bytes));

import { createHash } from 'node:crypto';
import { isSigned, type Signature, type SigningKeys, type VerifyingKey } from '../signing-keys.js';
import { leafHash } from './merkle.js';

/** One entry of an audit log: references, codes, staff accounts and times; never a value of a field (DP-14). */
export type Entry = Readonly<Record<string, unknown>>;

/** The same content is the same bytes. What is not said is left out, so that a column which comes later changes no old entry. */
export function entryBytes(entry: Entry): Buffer {
  const said = Object.entries(entry).filter(([, value]) => value !== null && value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(said));
}
export const entryHash = (entry: Entry): Buffer => leafHash(entryBytes(entry));

/** What an empty log's chain, and the first root's predecessor, begin with. */
export const NOTHING = Buffer.alloc(32);
const CHAIN = Buffer.of(2);
/** Each entry's link holds all before it: whoever follows the log notices a change without a tree. */
export const chained = (before: Buffer, leaf: Buffer): Buffer => createHash('sha256').update(CHAIN).update(before).update(leaf).digest();

/** A log as it was at one moment. */
export interface Root {
  readonly service: string;
  /** 1, 2, 3 …: one that is missing is missed. */
  readonly number: number;
  readonly size: number;
  /** RFC 6962, of the first `size` leaves. */
  readonly root: Buffer;
  readonly chain: Buffer;
  /** To the hour (G11). */
  readonly at: string;
  /** The digest of the root before. */
  readonly previous: Buffer;
}
export interface SignedRoot extends Root { readonly signature: Signature }

/** All that the world is told of a root: it fixes everything in it, and tells not even how many entries there are. */
export const digestOf = ({ service, number, size, root, chain, at, previous }: Root): Buffer =>
  createHash('sha256').update(JSON.stringify(['footbridge audit root', service, number, size, root.toString('hex'), chain.toString('hex'), at, previous.toString('hex')])).digest();

/** The digest is signed, so that who holds nothing but that can show whose it is. */
const signedBytes = (service: string, digest: Buffer): Buffer => Buffer.from(`footbridge audit root\n${service}\n${digest.toString('hex')}\n`);
export const auditSigner = (service: string): string => `service-${service}`;

/** @throws PrivacyRefusal as `SigningKeys.sign` */
export async function signRoot(keys: SigningKeys, root: Root): Promise<SignedRoot> {
  return { ...root, signature: await keys.sign(auditSigner(root.service), signedBytes(root.service, digestOf(root))) };
}
export const isRootSigned = (keys: readonly VerifyingKey[], service: string, digest: Buffer, signature: Signature): boolean => isSigned(keys, signedBytes(service, digest), signature);

/** What somebody else keeps of a root: an organisation's feed, or another service's table. It names no key, so all are tried. */
export interface WitnessedRoot {
  readonly service: string;
  readonly digest: Buffer;
  readonly signature: string;
  /** To the hour. */
  readonly at: string;
  /** Where it is known: inside the instance. */
  readonly number?: number;
  /** Who holds it: for the report. */
  readonly witness: string;
}
export const isWitnessSigned = (keys: readonly VerifyingKey[], { service, digest, signature }: WitnessedRoot): boolean =>
  keys.some(({ key }) => isRootSigned(keys, service, digest, { key, signature }));

import type { VerifyingKey } from '../signing-keys.js';
import { NOTHING, chained, digestOf, entryHash, isRootSigned, isWitnessSigned, type Entry, type SignedRoot, type WitnessedRoot } from './log.js';
import { Peaks } from './merkle.js';

/** A place of the tree, what is kept for it, and the entry that it stands for. */
export interface Leaf {
  readonly index: number;
  readonly position: number;
  readonly leaf: Buffer;
  readonly chain: Buffer;
  readonly entry?: Entry | undefined;
}
export interface AuditLog {
  readonly service: string;
  /** In the order of `index`. */
  readonly leaves: Iterable<Leaf> | AsyncIterable<Leaf>;
  /** Positions of entries that have no place in the tree. */
  readonly loose: readonly number[];
  readonly roots: readonly SignedRoot[];
  readonly keys: readonly VerifyingKey[];
  readonly witnesses: readonly WitnessedRoot[];
  /** What was signed before that moment may be kept as hashes only (DP-20). */
  readonly keptSince?: Date;
}

export type FindingCode =
  | 'CHANGED' | 'DELETED' | 'REORDERED' | 'INSERTED'
  /** The log ends before something that was signed, or that a witness has heard of. */
  | 'ROLLED_BACK'
  /** A witness holds a root that the service has signed and does not have: its history was written anew, or it shows different ones. */
  | 'SPLIT_VIEW'
  | 'SIGNATURE_MISSING' | 'KEY_UNKNOWN';

/** Where it was found: an entry by its position, a root by its number, a range of places in the tree, or a witness. */
export interface AuditFinding {
  readonly code: FindingCode;
  readonly position?: number;
  readonly root?: number;
  readonly places?: readonly [from: number, to: number];
  readonly witness?: string;
  readonly at?: string;
}
export interface AuditReport {
  readonly service: string;
  readonly isWhole: boolean;
  readonly findings: readonly AuditFinding[];
  /** Leaves of the tree; how many of them the newest root covers; how many are kept as a hash only; entries that wait for their place. */
  readonly size: number;
  readonly signed: number;
  readonly expired: number;
  readonly waiting: number;
  readonly newest?: { readonly number: number; readonly at: string };
  /** How many of its roots each witness holds alike. */
  readonly witnesses: Readonly<Record<string, number>>;
}

interface Mismatch { readonly position: number; readonly entry: Entry; readonly leaf: Buffer }
interface Unlinked { readonly position: number; readonly before: Buffer; readonly leaf: Buffer; readonly chain: Buffer }
/** So many are compared with each other, to say which have changed places; the rest is called changed. */
const COMPARED = 300;

/** Whether a log is what was signed and witnessed. Believes no table: everything that can be computed is. */
export async function verifyAudit(log: AuditLog): Promise<AuditReport> {
  const findings: AuditFinding[] = [];
  const roots = [...log.roots].sort((a, b) => a.number - b.number);
  const sound = checkRoots(log, roots, findings);
  const expired = sound.filter(({ at }) => log.keptSince !== undefined && Date.parse(at) < log.keptSince.getTime()).reduce((most, { size }) => Math.max(most, size), 0);

  const tree = new Peaks();
  const mismatched: Mismatch[] = [];
  const unlinked: Unlinked[] = [];
  let chain: Buffer = NOTHING;
  let [index, last, highest, asHash] = [0, 0, 0, 0];
  let [agrees, wasLinked] = [true, true];
  const atSize = new Map<number, SignedRoot[]>();
  for (const root of sound) atSize.set(root.size, [...atSize.get(root.size) ?? [], root]);
  const atRoot = (): void => {
    for (const { number, root, chain: signedChain } of atSize.get(index) ?? []) {
      // Where a leaf is missing no root can be computed any more; and after the first that differs all others do.
      if (!agrees) return;
      agrees = tree.root().equals(root) && chain.equals(signedChain);
      if (!agrees) findings.push({ code: 'CHANGED', root: number, places: [roots.find((r) => r.number === number - 1)?.size ?? 0, index] });
    }
  };
  atRoot();
  for await (const found of log.leaves) {
    const isLinked = chained(chain, found.leaf).equals(found.chain);
    if (found.index !== index) {
      findings.push({ code: 'DELETED', places: [index, found.index] });
      agrees = false;
    } else if (!isLinked) unlinked.push({ position: found.position, before: chain, leaf: found.leaf, chain: found.chain });
    // A place is given in the order of positions: what comes later and stands before was put there by hand.
    else if (wasLinked && found.position <= last) findings.push({ code: 'INSERTED', position: found.position });
    wasLinked = isLinked;
    if (!found.entry) {
      if (found.index < expired) asHash += 1; else findings.push({ code: 'DELETED', position: found.position });
    } else if (!entryHash(found.entry).equals(found.leaf)) mismatched.push({ position: found.position, entry: found.entry, leaf: found.leaf });
    tree.add(found.leaf);
    chain = found.chain;
    index = found.index + 1;
    last = found.position;
    highest = Math.max(highest, last);
    atRoot();
  }

  findings.push(...moved(mismatched), ...displaced(unlinked));
  const [newest] = roots.slice(-1);
  const lost = sound.find(({ size }) => size > index);
  if (lost) findings.push({ code: 'ROLLED_BACK', root: lost.number, places: [index, roots.at(-1)?.size ?? lost.size] });
  const put = log.loose.filter((position) => position <= highest);
  findings.push(...put.map((position) => ({ code: 'INSERTED' as const, position })));

  const witnesses = checkWitnesses(log, roots, findings);
  return {
    service: log.service, isWhole: findings.length === 0, findings, size: index, signed: Math.min(sound.at(-1)?.size ?? 0, index), expired: asHash, waiting: log.loose.length - put.length,
    ...(newest ? { newest: { number: newest.number, at: newest.at } } : {}), witnesses,
  };
}

/** The roots that are signed by the service, and follow one another. */
function checkRoots({ service, keys }: AuditLog, roots: readonly SignedRoot[], findings: AuditFinding[]): readonly SignedRoot[] {
  const sound: SignedRoot[] = [];
  let before: SignedRoot | undefined;
  for (const root of roots) {
    const { number, signature } = root;
    const [previous, size] = before ? [digestOf(before), before.size] : [NOTHING, 0];
    const isNext = number === (before?.number ?? 0) + 1;
    if (!isNext) findings.push({ code: 'DELETED', root: (before?.number ?? 0) + 1 });
    else if (root.service !== service || !root.previous.equals(previous)) findings.push({ code: 'CHANGED', root: number });
    if (root.size < size) findings.push({ code: 'ROLLED_BACK', root: number });
    if (!keys.some(({ key }) => key === signature.key)) findings.push({ code: 'KEY_UNKNOWN', root: number });
    else if (!isRootSigned(keys, service, digestOf(root), signature)) findings.push({ code: 'SIGNATURE_MISSING', root: number });
    else sound.push(root);
    before = root;
  }
  return sound;
}

function checkWitnesses({ service, keys, witnesses }: AuditLog, roots: readonly SignedRoot[], findings: AuditFinding[]): Readonly<Record<string, number>> {
  // One that was deleted is still named by the next.
  const own = new Set(roots.flatMap((root) => [digestOf(root), root.previous]).map((digest) => digest.toString('hex')));
  const newest = roots.at(-1);
  const alike: Record<string, number> = {};
  for (const witnessed of witnesses) {
    const { witness, at, number } = witnessed;
    if (witnessed.service !== service) continue;
    alike[witness] ??= 0;
    if (!isWitnessSigned(keys, witnessed)) findings.push({ code: 'KEY_UNKNOWN', witness, at });
    else if (own.has(witnessed.digest.toString('hex'))) alike[witness] += 1;
    else findings.push({ code: !newest || (number === undefined ? at >= newest.at : number > newest.number) ? 'ROLLED_BACK' : 'SPLIT_VIEW', witness, at, ...(number === undefined ? {} : { root: number }) });
  }
  return alike;
}

/** Entries that differ from what was written down: some of them may only have changed places. */
function moved(mismatched: readonly Mismatch[]): readonly AuditFinding[] {
  const compared = mismatched.slice(0, COMPARED);
  return mismatched.map(({ position, leaf }) => {
    const fits = compared.some((other) => other.position !== position && entryHash({ ...other.entry, position }).equals(leaf));
    return { code: fits ? 'REORDERED' : 'CHANGED', position };
  });
}

/** Leaves that do not follow from the one before: that one, or this one, stands elsewhere; or one of them was replaced. */
function displaced(unlinked: readonly Unlinked[]): readonly AuditFinding[] {
  const compared = unlinked.slice(0, COMPARED);
  return unlinked.map((one) => {
    const isMoved = compared.some((other) => other !== one && (
      chained(other.chain, one.leaf).equals(one.chain) || chained(other.before, one.leaf).equals(one.chain) || chained(one.before, other.leaf).equals(one.chain)));
    return { code: isMoved ? 'REORDERED' : 'CHANGED', position: one.position };
  });
}

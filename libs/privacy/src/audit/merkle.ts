import { createHash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962, section 2.1. A leaf and a node begin differently, so that none passes for the other.
 * A tree of n leaves is kept as its peaks: the roots of the full subtrees that n's binary digits name, largest first.
 */
const hash = (...parts: readonly Buffer[]): Buffer => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
};
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

export const leafHash = (entry: Buffer): Buffer => hash(LEAF, entry);
const nodeHash = (left: Buffer, right: Buffer): Buffer => hash(NODE, left, right);

/** A tree that grows: what is needed to go on, and to say its root at any time, is a few hashes. */
export class Peaks {
  readonly #peaks: Buffer[];
  #size: number;
  constructor(size = 0, peaks: readonly Buffer[] = []) {
    this.#size = size;
    this.#peaks = [...peaks];
  }
  get size(): number { return this.#size; }
  get peaks(): readonly Buffer[] { return this.#peaks; }

  add(leaf: Buffer): void {
    let node = leaf;
    for (let full = this.#size; full % 2 === 1; full = (full - 1) / 2) node = nodeHash(this.#peaks.pop() as Buffer, node);
    this.#peaks.push(node);
    this.#size += 1;
  }
  root(): Buffer {
    const last = this.#peaks.at(-1);
    return last ? this.#peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last) : hash();
  }
}

export function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new Peaks();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** Largest power of two below n. */
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));
const AT_ONCE = 20_000;

/** A whole tree, for many proofs out of one reading of the leaves. Levels from below; what has nothing beside it goes up as it is. */
export class MerkleTree {
  readonly #levels: (readonly Buffer[])[];
  private constructor(leaves: readonly Buffer[]) { this.#levels = [leaves]; }

  static of(leaves: readonly Buffer[]): MerkleTree {
    const tree = new MerkleTree(leaves);
    for (const step of tree.#grow()) void step;
    return tree;
  }
  /** The same of a long log, with others let in between. */
  static async grown(leaves: readonly Buffer[]): Promise<MerkleTree> {
    const tree = new MerkleTree(leaves);
    for (const step of tree.#grow()) { void step; await new Promise((next) => { setImmediate(next); }); }
    return tree;
  }
  *#grow(): Generator<number> {
    for (let below = this.#levels[0] as readonly Buffer[]; below.length > 1;) {
      const level: Buffer[] = [];
      for (let n = 0; n < below.length; n += 2) {
        const [left, right] = [below[n] as Buffer, below[n + 1]];
        level.push(right ? nodeHash(left, right) : left);
        if (level.length % AT_ONCE === 0) yield level.length;
      }
      this.#levels.push(level);
      below = level;
    }
  }

  /** The root of a range of leaves that begins where a full subtree of its size would. */
  #rootOf(from: number, to: number): Buffer {
    const level = Math.ceil(Math.log2(to - from));
    return (this.#levels[level] as readonly Buffer[])[from / 2 ** level] as Buffer;
  }
  get size(): number { return (this.#levels[0] as readonly Buffer[]).length; }
  root(): Buffer { return this.size === 0 ? hash() : this.#rootOf(0, this.size); }

  /** Shows that a leaf is in the tree: the hashes beside its path, from below. */
  inclusionProof(index: number, from = 0, to = this.size): readonly Buffer[] {
    if (to - from <= 1) return [];
    const middle = from + split(to - from);
    return index < middle ? [...this.inclusionProof(index, from, middle), this.#rootOf(middle, to)] : [...this.inclusionProof(index, middle, to), this.#rootOf(from, middle)];
  }

  /** Shows that the tree of the first leaves is the beginning of this one. */
  consistencyProof(first: number): readonly Buffer[] { return first <= 0 || first > this.size ? [] : this.#subproof(first, 0, this.size, true); }
  #subproof(first: number, from: number, to: number, isWhole: boolean): readonly Buffer[] {
    if (first === to) return isWhole ? [] : [this.#rootOf(from, to)];
    const middle = from + split(to - from);
    return first <= middle ? [...this.#subproof(first, from, middle, isWhole), this.#rootOf(middle, to)] : [...this.#subproof(first, middle, to, false), this.#rootOf(from, middle)];
  }
}

export const inclusionProof = (leaves: readonly Buffer[], index: number): readonly Buffer[] => MerkleTree.of(leaves).inclusionProof(index);
export const consistencyProof = (leaves: readonly Buffer[], from: number): readonly Buffer[] => MerkleTree.of(leaves).consistencyProof(from);

/** RFC 9162, 2.1.3.2. */
export function isIncluded(leaf: Buffer, index: number, size: number, proof: readonly Buffer[], root: Buffer): boolean {
  if (!isPlace(index) || !isPlace(size) || index >= size) return false;
  let [place, last, node] = [index, size - 1, leaf];
  for (const beside of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      node = nodeHash(beside, node);
      while (place % 2 === 0) [place, last] = [half(place), half(last)];
    } else node = nodeHash(node, beside);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && node.equals(root);
}

/** RFC 9162, 2.1.4.2. */
export function isConsistent(from: number, before: Buffer, size: number, root: Buffer, proof: readonly Buffer[]): boolean {
  if (!isPlace(from) || !isPlace(size) || from > size) return false;
  if (from === 0) return proof.length === 0 && before.equals(hash());
  if (from === size) return proof.length === 0 && before.equals(root);
  const path = isPowerOfTwo(from) ? [before, ...proof] : [...proof];
  const first = path.shift();
  if (!first) return false;
  let [place, last] = [from - 1, size - 1];
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  let [older, newer] = [first, first];
  for (const beside of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      [older, newer] = [nodeHash(beside, older), nodeHash(beside, newer)];
      while (place % 2 === 0) [place, last] = [half(place), half(last)];
    } else newer = nodeHash(newer, beside);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && older.equals(before) && newer.equals(root);
}

const half = (n: number): number => Math.floor(n / 2);
const isPlace = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

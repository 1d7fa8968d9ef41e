import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys } from '../signing-keys.js';
import { MerkleTree, NOTHING, auditSigner, consistencyProof, digestOf, entryHash, isEntryIn, isGrownFrom, isWitnessed, rootOf, shownRoot, signRoot, type ShownRoot } from './index.js';

describe('T37 a proof that somebody else checks', () => {
  let folder: string, keys: LocalFileSigningKeys;
  const entries = Array.from({ length: 13 }, (_, n) => ({ position: n + 1, command: 'reveal', account: `acc_${n}` }));
  const leaves = entries.map(entryHash);
  const rootAt = async (size: number, number: number, more: object = {}): Promise<ShownRoot> => shownRoot(await signRoot(keys, { service: 'referrals', number, size, root: rootOf(leaves.slice(0, size)), chain: NOTHING, at: '2026-11-25T10:00:00Z', previous: NOTHING, ...more }));
  const hex = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('hex'));
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'proofs-')); keys = new LocalFileSigningKeys(folder); });
  afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

  it('of an entry holds for that entry, place and root, word for word', async () => {
    const root = await rootAt(13, 1);
    const tree = MerkleTree.of(leaves);
    expect(tree.root().toString('hex')).toBe(root.root);
    for (const [index, entry] of entries.entries()) {
      const proof = hex(tree.inclusionProof(index));
      expect(isEntryIn({ entry, index, proof }, root)).toBe(true);
      expect([isEntryIn({ entry: { ...entry, command: 'look' }, index, proof }, root), isEntryIn({ entry, index: (index + 1) % 13, proof }, root), isEntryIn({ entry, index, proof: proof.slice(1) }, root), isEntryIn({ entry, index, proof }, { ...root, root: NOTHING.toString('hex') })]).toEqual([false, false, false, false]);
    }
  });
  it('of growth holds for a beginning, in one service', async () => {
    const to = await rootAt(13, 2);
    for (let size = 0; size <= 13; size += 1) {
      const from = await rootAt(size, 1);
      const proof = hex(consistencyProof(leaves, size));
      expect(isGrownFrom(from, to, proof)).toBe(true);
      expect(isGrownFrom({ ...from, service: 'shelters' }, to, proof)).toBe(false);
      if (size > 0 && size < 13) expect([isGrownFrom({ ...from, root: to.root }, to, proof), isGrownFrom(to, from, proof)]).toEqual([false, false]);
    }
  });
  it('is worth what a witness holds: the digest that was told, with the service\'s signature', async () => {
    const verifying = await keys.verifyingKeys(auditSigner('referrals'));
    const root = await rootAt(13, 3);
    expect(root.digest).toBe(digestOf({ service: 'referrals', number: 3, size: 13, root: rootOf(leaves), chain: NOTHING, at: '2026-11-25T10:00:00Z', previous: NOTHING }).toString('hex'));
    expect([isWitnessed(root, verifying, ['x', root.digest]), isWitnessed(root, verifying, []), isWitnessed(root, [], [root.digest])]).toEqual([true, false, false]);
    // what the service shows beside the digest is what the digest fixes
    for (const change of [{ size: 12 }, { number: 4 }, { root: NOTHING.toString('hex') }, { chain: root.root }, { at: '2026-11-25T11:00:00Z' }, { previous: root.root }, { service: 'shelters' }]) expect(isWitnessed({ ...root, ...change }, verifying, [root.digest])).toBe(false);
    const { signature } = await rootAt(12, 3);
    expect(isWitnessed({ ...root, signature }, verifying, [root.digest])).toBe(false);
  });
  it('of a long log is made while others go on', async () => {
    const many = Array.from({ length: 40_003 }, (_, n) => Buffer.alloc(32, n % 251));
    let others = 0;
    setImmediate(() => { others += 1; });
    const tree = await MerkleTree.grown(many);
    expect([tree.size, tree.root().equals(rootOf(many)), others]).toEqual([40_003, true, 1]);
    expect([MerkleTree.of([]).root().equals(rootOf([])), MerkleTree.of([]).inclusionProof(0), MerkleTree.of(many.slice(0, 1)).root().equals(rootOf(many.slice(0, 1)))]).toEqual([true, [], true]);
  });
});

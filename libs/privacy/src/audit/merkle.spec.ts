import fc from 'fast-check';
import { Peaks, consistencyProof, inclusionProof, isConsistent, isIncluded, leafHash, rootOf } from './index.js';

/** The inputs and answers of the reference tests of Certificate Transparency (merkle_tree_test.cc). */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const hex = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('hex'));

describe('the tree of RFC 6962', () => {
  it('has the reference roots, the empty one included', () => {
    expect(rootOf([]).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(inputs.map((_, n) => rootOf(inputs.slice(0, n + 1)).toString('hex'))).toEqual(roots);
  });
  it('has the reference inclusion proofs', () => {
    expect(inclusionProof(inputs.slice(0, 1), 0)).toEqual([]);
    expect(hex(inclusionProof(inputs, 0))).toEqual(['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']);
    expect(hex(inclusionProof(inputs, 5))).toEqual(['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']);
    expect(hex(inclusionProof(inputs.slice(0, 3), 2))).toEqual(['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']);
  });
  it('has the reference consistency proofs', () => {
    expect(consistencyProof(inputs, 8)).toEqual([]);
    expect(hex(consistencyProof(inputs, 1))).toEqual(['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']);
    expect(hex(consistencyProof(inputs, 6))).toEqual(['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']);
    expect(hex(consistencyProof(inputs.slice(0, 5), 2))).toEqual(['5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b']);
  });
  it('goes on from its peaks as if it had never stopped', () => {
    for (let stop = 0; stop <= inputs.length; stop += 1) {
      const first = new Peaks();
      for (const leaf of inputs.slice(0, stop)) first.add(leaf);
      const second = new Peaks(first.size, first.peaks);
      for (const leaf of inputs.slice(stop)) second.add(leaf);
      expect([second.size, second.root().toString('hex')]).toEqual([8, roots[7]]);
      expect(first.peaks.length).toBe([0, 1, 1, 2, 1, 2, 2, 3, 1][stop]);
    }
  });
});

describe('a proof', () => {
  const tree = fc.integer({ min: 1, max: 40 }).map((size) => Array.from({ length: size }, (_, n) => leafHash(Buffer.of(n))));
  const flip = (buffer: Buffer): Buffer => { const copy = Buffer.from(buffer); copy[7] = (copy[7] ?? 0) ^ 1; return copy; };

  it('shows every leaf of every tree, and no other leaf, place, size or root', () => {
    fc.assert(fc.property(tree, fc.nat(), (leaves, any) => {
      const [size, root, index] = [leaves.length, rootOf(leaves), any % leaves.length];
      const [leaf, proof] = [leaves[index] as Buffer, inclusionProof(leaves, index)];
      expect(isIncluded(leaf, index, size, proof, root)).toBe(true);
      expect(isIncluded(flip(leaf), index, size, proof, root)).toBe(false);
      expect(isIncluded(leaf, index, size, proof, flip(root))).toBe(false);
      expect(isIncluded(leaf, index, size, [...proof, root], root)).toBe(false);
      if (proof.length > 0) {
        expect(isIncluded(leaf, index, size, proof.slice(1), root)).toBe(false);
        expect(isIncluded(leaf, index, size, proof.map((hash, n) => (n === any % proof.length ? flip(hash) : hash)), root)).toBe(false);
      }
      for (let other = 0; other < size; other += 1) if (other !== index) expect(isIncluded(leaf, other, size, proof, root)).toBe(false);
    }));
  });
  it('shows that every tree goes on from each of its beginnings, and from no other', () => {
    fc.assert(fc.property(tree, fc.nat(), (leaves, any) => {
      const [size, root, from] = [leaves.length, rootOf(leaves), any % (leaves.length + 1)];
      const [before, proof] = [rootOf(leaves.slice(0, from)), consistencyProof(leaves, from)];
      expect(isConsistent(from, before, size, root, proof)).toBe(true);
      expect(isConsistent(from, flip(before), size, root, proof)).toBe(false);
      expect(isConsistent(from, before, size, root, [...proof, root])).toBe(false);
      if (from > 0) expect(isConsistent(from, before, size, flip(root), proof)).toBe(false);
      if (proof.length > 0) {
        expect(isConsistent(from, before, size, root, proof.slice(0, -1))).toBe(false);
        expect(isConsistent(from, before, size, root, proof.map((hash, n) => (n === any % proof.length ? flip(hash) : hash)))).toBe(false);
      }
    }));
  });
  it('of a place that there is not shows nothing', () => {
    const [leaf, root] = [inputs[0] as Buffer, rootOf(inputs.slice(0, 1))];
    for (const [index, size] of [[1, 1], [-1, 1], [0, 0], [0.5, 1], [0, 1.5], [0, Number.NaN]] as const) expect(isIncluded(leaf, index, size, [], root)).toBe(false);
    for (const [from, size] of [[2, 1], [-1, 1], [0.5, 1], [1, 1.5]] as const) expect(isConsistent(from, root, size, root, [])).toBe(false);
    expect(isConsistent(3, rootOf(inputs.slice(0, 3)), 8, rootOf(inputs), [])).toBe(false);
    // nor does one that is longer than its tree is high, or shorter
    const [first, second] = inputs as [Buffer, Buffer];
    expect(isIncluded(second, 1, 2, [first], rootOf([first, second]))).toBe(true);
    expect(isIncluded(second, 0, 1, [first], rootOf([first, second]))).toBe(false);
    expect(isConsistent(2, root, 4, root, [])).toBe(false);
    expect([consistencyProof(inputs, 0), consistencyProof(inputs, -1), consistencyProof(inputs, 9)]).toEqual([[], [], []]);
  });
});

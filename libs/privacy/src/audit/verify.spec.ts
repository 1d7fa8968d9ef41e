import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { keyIdOf, type SigningKeys, type VerifyingKey } from '../signing-keys.js';
import { NOTHING, Peaks, auditSigner, chained, digestOf, entryBytes, entryHash, signRoot, verifyAudit, type AuditLog, type AuditReport, type Entry, type Leaf, type SignedRoot, type WitnessedRoot } from './index.js';
import { isWitnessSigned } from './log.js';

const newKeys = (): SigningKeys & { readonly verifying: readonly VerifyingKey[] } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12).toString('base64url');
  const verifying = [{ key: keyIdOf(raw), publicKey: raw }];
  return { verifying, rotate: () => Promise.resolve(1), sign: (_, bytes) => Promise.resolve({ key: keyIdOf(raw), signature: sign(null, bytes, privateKey).toString('base64url') }), verifyingKeys: () => Promise.resolve(verifying) };
};
const keys = newKeys();
const entryOf = (position: number): Entry => ({ position, at: `2026-11-25T03:06:${String(position % 60).padStart(2, '0')}Z`, kind: 'rfr', command: position % 3 === 0 ? 'reveal' : 'send', fields: position % 3 === 0 ? ['person'] : null });

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Kept { leaves: Writable<Leaf>[]; loose: number[]; roots: SignedRoot[]; witnesses: WitnessedRoot[] }

/** A log that grew as a service's does: entries, and a signed and witnessed root after each of `signedAt`. Positions have gaps. */
async function grown(entries: readonly Entry[], signedAt: readonly number[], by = keys): Promise<Kept> {
  const kept: Kept = { leaves: [], loose: [], roots: [], witnesses: [] };
  const tree = new Peaks();
  let chain: Buffer = NOTHING;
  let previous: Buffer = NOTHING;
  const put = async (): Promise<void> => {
    for (const _ of signedAt.filter((size) => size === tree.size)) {
      const number = kept.roots.length + 1;
      const root = await signRoot(by, { service: 'referrals', number, size: tree.size, root: tree.root(), chain, at: `2026-11-25T${String(number).padStart(2, '0')}:00:00Z`, previous });
      previous = digestOf(root);
      kept.roots.push(root);
      kept.witnesses.push({ service: 'referrals', digest: previous, signature: root.signature.signature, at: root.at, witness: 'shelters', number });
    }
  };
  await put();
  for (const entry of entries) {
    const leaf = entryHash(entry);
    chain = chained(chain, leaf);
    kept.leaves.push({ index: tree.size, position: Number(entry['position']), leaf, chain, entry });
    tree.add(leaf);
    await put();
  }
  return kept;
}
const entries = (count: number): Entry[] => Array.from({ length: count }, (_, n) => entryOf(2 * n + 5));
const check = (kept: Kept, more: Partial<AuditLog> = {}): Promise<AuditReport> => verifyAudit({ service: 'referrals', keys: keys.verifying, ...kept, ...more });
const codes = async (kept: Kept, more?: Partial<AuditLog>): Promise<string[]> => [...new Set((await check(kept, more)).findings.map(({ code }) => code))].sort();
/** Whoever has the database computes leaves and chain anew. */
const recomputed = (kept: Kept): Kept => {
  let chain: Buffer = NOTHING;
  const leaves = kept.leaves.map((leaf, index) => { const hash = leaf.entry ? entryHash(leaf.entry) : leaf.leaf; chain = chained(chain, hash); return { ...leaf, index, leaf: hash, chain }; });
  return { ...kept, leaves };
};
const changed = (entry: Entry | undefined): Entry => ({ ...entry, command: 'nothing' });
const swapEntries = (kept: Kept, a: number, b: number): void => {
  const [x, y] = [kept.leaves[a] as Writable<Leaf>, kept.leaves[b] as Writable<Leaf>];
  [x.entry, y.entry] = [{ ...y.entry, position: x.position }, { ...x.entry, position: y.position }];
};

describe('what is signed', () => {
  const root: SignedRoot = { service: 'referrals', number: 3, size: 5, root: Buffer.alloc(32, 1), chain: Buffer.alloc(32, 2), at: '2026-11-25T03:00:00Z', previous: Buffer.alloc(32, 4), signature: { key: 'k', signature: 's' } };
  it('is the same bytes in every version of this library: old roots are verified for years', async () => {
    expect(digestOf(root).toString('hex')).toBe('154b82cbbdc16c0c2ef21f1a17bd4b0a11f28ed7778358471280c70d4259de66');
    let said = '', by = '';
    await signRoot({ ...keys, sign: (signer, bytes) => { [by, said] = [signer, bytes.toString()]; return keys.sign(signer, bytes); } }, root);
    expect([by, said]).toEqual(['service-referrals', `footbridge audit root\nreferrals\n${digestOf(root).toString('hex')}\n`]);
    expect(auditSigner('returns')).toBe('service-returns');
  });
  it('is a witness by any of the keys that the service has had', async () => {
    const [old, strange] = [newKeys(), newKeys()];
    const { signature: { signature }, ...rest } = await signRoot(old, root);
    const witness = { service: 'referrals', digest: digestOf(rest), signature, at: root.at, witness: 'shelters' };
    expect([isWitnessSigned([...keys.verifying, ...old.verifying], witness), isWitnessSigned([...old.verifying, ...keys.verifying], witness), isWitnessSigned([...keys.verifying, ...strange.verifying], witness), isWitnessSigned([], witness)]).toEqual([true, true, false, false]);
  });
});

describe('an entry', () => {
  it('is the same bytes in whatever order it is written, with or without what it does not say', () => {
    expect(entryBytes({ b: 1, a: ['x'], c: null, d: undefined })).toEqual(entryBytes({ a: ['x'], b: 1 }));
    expect(entryBytes({ a: ['x'], b: 1 }).toString()).toBe('[["a",["x"]],["b",1]]');
    expect(entryHash({ a: 1 })).not.toEqual(entryHash({ a: '1' }));
  });
});

describe('T37 a log that nobody has touched', () => {
  it('is whole, whatever its size, and says how far it is signed', async () => {
    expect(await check(await grown(entries(9), [0, 4, 4, 7]))).toEqual({ service: 'referrals', isWhole: true, findings: [], size: 9, signed: 7, expired: 0, waiting: 0, newest: { number: 4, at: '2026-11-25T04:00:00Z' }, witnesses: { shelters: 4 } });
    expect(await check(await grown([], []))).toEqual({ service: 'referrals', isWhole: true, findings: [], size: 0, signed: 0, expired: 0, waiting: 0, witnesses: {} });
  });
  it('has its roots in any order, and keys from before a change', async () => {
    const kept = await grown(entries(9), [0, 4, 4, 7]);
    for (const order of [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]]) expect(await check({ ...kept, roots: order.map((n) => kept.roots[n] as SignedRoot) })).toMatchObject({ isWhole: true, signed: 7, newest: { number: 4 } });
    for (const known of [[...newKeys().verifying, ...keys.verifying], [...keys.verifying, ...newKeys().verifying]]) expect((await check(kept, { keys: known })).findings).toEqual([]);
  });
  it('has entries that wait for their place, after what is signed', async () => {
    expect(await check({ ...await grown(entries(4), [3]), loose: [12, 13, 14] })).toMatchObject({ isWhole: true, waiting: 3, signed: 3 });
  });
  it('keeps old entries as hashes, and only old ones', async () => {
    const kept = await grown(entries(6), [2, 4, 6]);
    for (const leaf of kept.leaves.slice(0, 4)) delete leaf.entry;
    expect(await check(kept, { keptSince: new Date('2026-11-25T03:00:00Z') })).toMatchObject({ isWhole: true, expired: 4, size: 6 });
    expect((await check(kept, { keptSince: new Date('2026-11-25T02:00:00Z') })).findings).toEqual([{ code: 'DELETED', position: 9 }, { code: 'DELETED', position: 11 }]);
    expect((await check(kept)).findings).toHaveLength(4);
  });
});

describe('T37 who has the database', () => {
  it.each([0, 3, 7])('changes an entry (%i): named', async (n) => {
    const kept = await grown(entries(8), [4, 8]);
    const leaf = kept.leaves[n] as Writable<Leaf>;
    leaf.entry = changed(leaf.entry);
    expect((await check(kept)).findings).toEqual([{ code: 'CHANGED', position: leaf.position }]);
  });
  it('changes an entry and its hash: the chain does not follow', async () => {
    const kept = await grown(entries(8), [4, 8]);
    const leaf = kept.leaves[2] as Writable<Leaf>;
    leaf.entry = changed(leaf.entry);
    leaf.leaf = entryHash(leaf.entry);
    expect((await check(kept)).findings).toEqual(expect.arrayContaining([{ code: 'CHANGED', position: 9 }, { code: 'CHANGED', root: 1, places: [0, 4] }]));
  });
  it('changes an entry and computes everything anew: the signed root does not fit', async () => {
    const kept = await grown(entries(8), [4, 8, 8]);
    const leaf = kept.leaves[5] as Writable<Leaf>;
    leaf.entry = changed(leaf.entry);
    expect((await check(recomputed(kept))).findings).toEqual([{ code: 'CHANGED', root: 2, places: [4, 8] }]);
  });
  it('writes the root anew too, without the key: its signature is missing', async () => {
    const kept = await grown(entries(8), [4, 8]);
    (kept.leaves[5] as Writable<Leaf>).entry = changed(entryOf(15));
    const anew = await grown(kept.leaves.map(({ entry }) => entry as Entry), [4, 8]);
    const forged = anew.roots.map((root, n) => ({ ...root, signature: kept.roots[n]?.signature ?? root.signature }));
    expect((await check({ ...anew, roots: forged, witnesses: [] })).findings).toEqual([{ code: 'SIGNATURE_MISSING', root: 2 }]);
    const other = newKeys();
    const theirs = await grown(kept.leaves.map(({ entry }) => entry as Entry), [4, 8], other);
    expect((await check({ ...theirs, witnesses: [] })).findings).toEqual([{ code: 'KEY_UNKNOWN', root: 1 }, { code: 'KEY_UNKNOWN', root: 2 }]);
  });
  it('has the key as well, but not the witnesses', async () => {
    const kept = await grown(entries(8), [4, 8]);
    const anew = await grown(entries(8).map((entry, n) => (n === 5 ? changed(entry) : entry)), [4, 8]);
    expect(await codes({ ...anew, witnesses: [] })).toEqual([]);
    expect((await check({ ...anew, witnesses: kept.witnesses })).findings).toEqual([{ code: 'SPLIT_VIEW', witness: 'shelters', at: '2026-11-25T02:00:00Z', root: 2 }]);
    expect((await check({ ...anew, witnesses: kept.witnesses })).witnesses).toEqual({ shelters: 1 });
  });
  it('changes two entries and their hashes: none of them has moved', async () => {
    const kept = await grown(entries(8), [8]);
    for (const n of [2, 5]) {
      const leaf = kept.leaves[n] as Writable<Leaf>;
      leaf.entry = changed(leaf.entry);
      leaf.leaf = entryHash(leaf.entry);
    }
    expect((await check(kept)).findings).toEqual([{ code: 'CHANGED', root: 1, places: [0, 8] }, { code: 'CHANGED', position: 9 }, { code: 'CHANGED', position: 15 }]);
  });
  it('says of an entry that it has another place: it is not that of another', async () => {
    const kept = await grown(entries(8), [4, 8]);
    (kept.leaves[3] as Writable<Leaf>).entry = { ...entryOf(11), position: 99 };
    expect((await check(kept)).findings).toEqual([{ code: 'CHANGED', position: 11 }]);
  });
  it('deletes an entry; or its hash; or both', async () => {
    const one = await grown(entries(8), [4, 8]);
    delete (one.leaves[3] as Writable<Leaf>).entry;
    expect((await check(one)).findings).toEqual([{ code: 'DELETED', position: 11 }]);
    const both = await grown(entries(8), [4, 8]);
    both.leaves.splice(3, 2);
    expect((await check(both)).findings).toEqual([{ code: 'DELETED', places: [3, 5] }]);
    const closed = await grown(entries(8), [4, 8]);
    closed.leaves.splice(3, 1);
    expect(await codes(recomputed(closed))).toEqual(['CHANGED', 'ROLLED_BACK']);
  });
  it('lets two entries change places', async () => {
    const kept = await grown(entries(8), [4, 8]);
    swapEntries(kept, 1, 6);
    expect((await check(kept)).findings).toEqual([{ code: 'REORDERED', position: 7 }, { code: 'REORDERED', position: 17 }]);
  });
  it.each([[1, 2], [1, 6], [6, 7]] as const)('lets two places of the tree be changed for each other (%i, %i)', async (a, b) => {
    const kept = await grown(entries(8), [4, 8]);
    const [x, y] = [kept.leaves[a] as Leaf, kept.leaves[b] as Leaf];
    const whole = { ...kept, leaves: kept.leaves.map((leaf, n) => (n === a ? { ...y, index: a } : n === b ? { ...x, index: b } : leaf)) };
    const found = (await check(whole)).findings.filter(({ root }) => root === undefined);
    expect(found).toEqual(expect.arrayContaining([{ code: 'REORDERED', position: y.position }, { code: 'REORDERED', position: x.position }]));
    // and those behind them, which follow something else than before
    expect([...new Set(found.map(({ code }) => code))]).toEqual(['REORDERED']);
    const hashes = { ...kept, leaves: kept.leaves.map((leaf, n) => (n === a ? { ...leaf, position: y.position, leaf: y.leaf, entry: y.entry } : n === b ? { ...leaf, position: x.position, leaf: x.leaf, entry: x.entry } : leaf)) };
    expect((await check(hashes)).findings.filter(({ root }) => root === undefined)).toEqual([{ code: 'REORDERED', position: y.position }, { code: 'REORDERED', position: x.position }]);
  });
  it('lets more change places than are compared: the rest is called changed', async () => {
    const size = 302;
    const kept = await grown(entries(size).map((entry, n) => ({ ...entry, version: n })), [size]);
    const said = async (given: Kept): Promise<string> => { const { findings } = await check(given); return findings.filter(({ position }) => position !== undefined).map(({ code }) => code[0]).join(''); };
    const entriesOnly = { ...kept, leaves: kept.leaves.map((leaf) => ({ ...leaf })) };
    for (let n = 0; n < size; n += 2) swapEntries(entriesOnly, n, n + 1);
    expect(await said(entriesOnly)).toBe(`${'R'.repeat(300)}CC`);
    const hashes = { ...kept, leaves: kept.leaves.map((leaf, n) => { const { position, leaf: hash, entry } = kept.leaves[n % 2 === 0 ? n + 1 : n - 1] as Leaf; return { ...leaf, position, leaf: hash, entry }; }) };
    expect(await said(hashes)).toBe(`${'R'.repeat(300)}CC`);
  });
  it('puts an entry where a gap was, with or without a place in the tree', async () => {
    const kept = await grown(entries(8), [4, 8]);
    expect((await check({ ...kept, loose: [8] })).findings).toEqual([{ code: 'INSERTED', position: 8 }]);
    expect(await check({ ...await grown(entries(8), [4]), loose: [14, 20] })).toMatchObject({ findings: [{ code: 'INSERTED', position: 14 }], waiting: 1 });
    const leaf = { index: 8, position: 8, leaf: entryHash(entryOf(8)), chain: chained((kept.leaves[7] as Leaf).chain, entryHash(entryOf(8))), entry: entryOf(8) };
    expect((await check({ ...kept, leaves: [...kept.leaves, leaf] })).findings).toEqual([{ code: 'INSERTED', position: 8 }]);
    // before all others, too, and where another stands already
    expect((await check(await grown([entryOf(0), ...entries(3)], [4]))).findings).toEqual([{ code: 'INSERTED', position: 0 }]);
    const twice = { ...leaf, position: 19, leaf: entryHash(entryOf(19)), chain: chained((kept.leaves[7] as Leaf).chain, entryHash(entryOf(19))), entry: entryOf(19) };
    expect((await check({ ...kept, leaves: [...kept.leaves, twice] })).findings).toEqual([{ code: 'INSERTED', position: 19 }]);
    // the position of an entry that was signed is taken, however it got there
    expect((await check({ ...kept, loose: [19] })).findings).toEqual([{ code: 'INSERTED', position: 19 }]);
    expect((await check({ ...kept, loose: [20] })).findings).toEqual([]);
  });
  it('cuts off the end, and keeps the roots', async () => {
    const kept = await grown(entries(8), [4, 6, 8]);
    expect((await check({ ...kept, leaves: kept.leaves.slice(0, 5) })).findings).toEqual([{ code: 'ROLLED_BACK', root: 2, places: [5, 8] }]);
  });
  it('restores an older state, which only others can know', async () => {
    const kept = await grown(entries(8), [4, 6, 8]);
    const older = { ...kept, leaves: kept.leaves.slice(0, 5), roots: kept.roots.slice(0, 1) };
    expect(await codes({ ...older, witnesses: [] })).toEqual([]);
    expect((await check(older)).findings).toEqual([{ code: 'ROLLED_BACK', witness: 'shelters', at: '2026-11-25T02:00:00Z', root: 2 }, { code: 'ROLLED_BACK', witness: 'shelters', at: '2026-11-25T03:00:00Z', root: 3 }]);
    // an organisation's feed has the hour and no number
    const feed = kept.witnesses.map(({ number: _, ...witnessed }) => ({ ...witnessed, witness: 'feed' }));
    expect((await check({ ...older, witnesses: feed })).findings.map(({ code, at }) => [code, at])).toEqual([['ROLLED_BACK', '2026-11-25T02:00:00Z'], ['ROLLED_BACK', '2026-11-25T03:00:00Z']]);
    const [, second] = feed as [WitnessedRoot, WitnessedRoot];
    expect((await check({ ...older, witnesses: [{ ...second, at: '2026-11-25T01:00:00Z' }] })).findings).toStrictEqual([{ code: 'ROLLED_BACK', witness: 'feed', at: '2026-11-25T01:00:00Z' }]);
    // and what has grown again since is another history
    const again = await grown([...entries(5), changed(entryOf(40))], [4, 5, 6, 6]);
    expect((await check({ ...again, witnesses: feed })).findings.map(({ code, at }) => [code, at])).toEqual([['SPLIT_VIEW', '2026-11-25T02:00:00Z'], ['SPLIT_VIEW', '2026-11-25T03:00:00Z']]);
    expect(await codes({ ...again, roots: [], witnesses: feed.slice(2) })).toEqual(['ROLLED_BACK']);
  });
  it('takes away a root, or changes its number, hour or service', async () => {
    const kept = await grown(entries(8), [2, 4, 8]);
    expect((await check({ ...kept, roots: kept.roots.filter(({ number }) => number !== 2) })).findings).toEqual([{ code: 'DELETED', root: 2 }]);
    expect((await check({ ...kept, roots: kept.roots.slice(1) })).findings).toEqual([{ code: 'DELETED', root: 1 }]);
    const but = (change: Partial<SignedRoot>): Kept => ({ ...kept, roots: kept.roots.map((root) => (root.number === 2 ? { ...root, ...change } : root)), witnesses: [] });
    for (const change of [{ at: '2026-11-25T09:00:00Z' }, { service: 'shelters' }, { previous: NOTHING }, { root: NOTHING }, { chain: NOTHING }]) expect(await codes(but(change))).toEqual(['CHANGED', 'SIGNATURE_MISSING']);
    const last = { ...kept, roots: kept.roots.map((root) => (root.number === 3 ? { ...root, service: 'shelters' } : root)), witnesses: [] };
    expect((await check(last)).findings).toEqual([{ code: 'CHANGED', root: 3 }, { code: 'SIGNATURE_MISSING', root: 3 }]);
    expect(await codes(but({ size: 1 }))).toEqual(['CHANGED', 'ROLLED_BACK', 'SIGNATURE_MISSING']);
  });
  it('cannot make up a witness', async () => {
    const kept = await grown(entries(4), [4]);
    const [witnessed] = kept.witnesses as [WitnessedRoot];
    expect((await check({ ...kept, witnesses: [{ ...witnessed, digest: NOTHING }] })).findings).toEqual([{ code: 'KEY_UNKNOWN', witness: 'shelters', at: witnessed.at }]);
    expect(await check({ ...kept, witnesses: [{ ...witnessed, service: 'shelters' }] })).toMatchObject({ isWhole: true, witnesses: {} });
  });
});

describe('T37 any tampering with what is signed and witnessed', () => {
  const logs = fc.integer({ min: 2, max: 20 }).chain((size) => fc.record({ size: fc.constant(size), a: fc.nat(size - 1), b: fc.nat(size - 1), signedAt: fc.array(fc.nat(size), { maxLength: 3 }).map((sizes) => [...sizes, size].sort((x, y) => x - y)) }));
  const ways: Readonly<Record<string, (kept: Kept, a: number, b: number) => void>> = {
    change: (kept, a) => { const leaf = kept.leaves[a] as Writable<Leaf>; leaf.entry = changed(leaf.entry); },
    delete: (kept, a) => { kept.leaves.splice(a, 1); },
    empty: (kept, a) => { delete (kept.leaves[a] as Writable<Leaf>).entry; },
    swap: (kept, a, b) => { if (a === b) ways['change']?.(kept, a, b); else swapEntries(kept, a, b); },
    move: (kept, a, b) => { if (a === b) { ways['change']?.(kept, a, b); return; } const [leaf] = kept.leaves.splice(a, 1); if (leaf) kept.leaves.splice(b, 0, leaf); },
    insert: (kept, a) => { const position = 2 * a + 4; kept.leaves.splice(a, 0, { index: a, position, leaf: NOTHING, chain: NOTHING, entry: entryOf(position) }); },
    cut: (kept, a) => { kept.leaves.splice(a); },
  };
  it.each(Object.keys(ways))('%s is found, with and without the hashes computed anew', async (way) => {
    await fc.assert(fc.asyncProperty(logs, fc.boolean(), async ({ size, a, b, signedAt }, isClever) => {
      const kept = await grown(entries(size), signedAt);
      ways[way]?.(kept, a, b);
      expect((await check(isClever ? recomputed(kept) : kept)).isWhole).toBe(false);
    }), { numRuns: 60 });
  });
  it.each(Object.keys(ways))('%s, with the key too and a history signed anew, is found by a witness', async (way) => {
    await fc.assert(fc.asyncProperty(logs, async ({ size, a, b, signedAt }) => {
      const kept = await grown(entries(size), signedAt);
      ways[way]?.(kept, a, b);
      const left = kept.leaves.flatMap(({ entry }) => (entry ? [entry] : []));
      const anew = await grown(left, signedAt.map((at) => Math.min(at, left.length)));
      expect((await check({ ...anew, witnesses: kept.witnesses })).findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['SPLIT_VIEW']));
    }), { numRuns: 40 });
  });
});

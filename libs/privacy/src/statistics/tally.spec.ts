import { inspect } from 'node:util';
import fc from 'fast-check';
import { label } from '../sealed.js';
import { defineCube } from './cube.js';
import { spec, tallyOf } from './people.fixture.js';
import { Tally, countsOf, type Counted } from './tally.js';

const cube = defineCube(spec);
const facts = { gender: 'Woman', ageBroad: '18--20', citizenship: 'Africa', CountryOfExploitation: 'HND', isForcedLabour: '1', isSexualExploit: 'missing' } as const;
const anybody: fc.Arbitrary<Counted> = fc.record(Object.fromEntries(cube.tables.map(({ name, values }) => [name, fc.constantFrom(...values, 'Atlantis', '')])), { requiredKeys: [] });

describe('a tally', () => {
  it('puts a person into exactly one cell of each table', () => {
    expect(countsOf(tallyOf(cube, [facts]))).toEqual([
      [0n, 1n, 0n, 0n], [0n, 0n, 1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n], [0n, 0n, 0n, 1n, 0n, 0n, 0n, 0n, 0n], [0n, 1n, 0n], [1n, 0n], [0n, 1n],
    ]);
  });
  it('S-1 counts somebody once, with forty files or one', () => {
    const tally = new Tally(cube);
    for (let i = 0; i < 40; i += 1) tally.count('csr_a', label('special', i % 2 ? facts : { ...facts, gender: 'Man' }));
    tally.count('csr_b', label('special', facts));
    expect(countsOf(tally)[0]).toEqual([1n, 1n, 0n, 0n]);
  });
  it('counts as missing what is not known, and what its list does not have', () => {
    expect(countsOf(tallyOf(cube, [{}]))).toEqual([[0n, 0n, 0n, 1n], [...Array<bigint>(9).fill(0n), 1n], [...Array<bigint>(8).fill(0n), 1n], [0n, 0n, 1n], [0n, 1n], [0n, 1n]]);
    expect(countsOf(tallyOf(cube, [{ gender: 'Masculine', isForcedLabour: 'true' }])).map((cells) => cells.at(-1))).toEqual([1n, 1n, 1n, 1n, 1n, 1n]);
  });
  it('S-1 is moved by one person by one in each table, whoever she is and whoever else is there', () => {
    fc.assert(fc.property(fc.array(anybody, { maxLength: 12 }), anybody, (others, person) => {
      const [without, withHer] = [countsOf(tallyOf(cube, others)), countsOf(tallyOf(cube, [...others, person]))];
      withHer.forEach((cells, t) => {
        const moved = cells.map((count, i) => count - (without[t]?.[i] ?? 0n)).filter((difference) => difference !== 0n);
        expect(moved).toEqual([1n]);
      });
    }), { numRuns: 60 });
  });
  it('is written out by nobody', () => {
    const tally = tallyOf(cube, [facts]);
    expect(() => JSON.stringify({ tally })).toThrow('SEALED_VALUE');
    expect([`${String(tally)}`, inspect(tally), Object.keys(tally), Object.isFrozen(tally)]).toEqual(['[sealed]', '[sealed]', [], true]);
    expect(tally.cube).toBe(cube);
  });
  it('is taken once: fresh noise on the same counts would average out (S-12)', () => {
    const tally = tallyOf(cube, [facts]);
    countsOf(tally);
    expect(() => countsOf(tally)).toThrow('TALLY_SPENT');
    expect(() => { tally.count('later', label('special', facts)); }).toThrow('TALLY_SPENT');
  });
  it('belongs to a cube that was defined', () => {
    expect(() => new Tally({ ...cube })).toThrow('CUBE_INVALID');
  });
});

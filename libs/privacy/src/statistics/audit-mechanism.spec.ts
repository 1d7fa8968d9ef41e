import { randomBytes } from 'node:crypto';
import { auditMechanism, seededBytes } from './audit-mechanism.js';
import { discreteLaplace } from './noise.js';

describe('T32 the audit kills', () => {
  const neighbours = [20, 19] as const;
  const draws = 2_500;
  const noisy = (count: number, rng = seededBytes(0), num = 1n, den = 1n): bigint => BigInt(count) + discreteLaplace(num, den, rng);
  const audited = (mechanism: (count: number) => bigint | number | string, pair: readonly [number, number] = neighbours, epsilon = 1): ReturnType<typeof auditMechanism> => auditMechanism(mechanism, epsilon, { neighbours: pair, draws });
  const rng = seededBytes(7);

  it('nothing that is right', () => {
    const { worst, holds, unmatched } = auditMechanism((count: number) => noisy(count, rng, 2n, 1n), 0.5, { neighbours, draws: 8_000 });
    expect([holds, unmatched]).toEqual([true, 0]);
    expect(worst).toBeGreaterThan(0.2);
    expect(audited((count) => { const drawn = noisy(count, rng); return drawn < 11n ? 'hidden' : drawn; }, [11, 10])).toMatchObject({ holds: true, unmatched: 0 });
    expect(audited((count) => noisy(count, randomBytes))).toMatchObject({ holds: true });
  });
  it('half the scale', () => { expect(audited((count) => noisy(count, rng, 1n, 2n))).toMatchObject({ holds: false }); });
  it('floating-point noise', () => {
    const uniform = (): number => (Buffer.from(rng(4)).readUInt32LE() + 0.5) / 2 ** 32;
    const { unmatched, worst, holds } = audited((count) => { const u = uniform() - 0.5; return count - Math.sign(u) * Math.log(1 - 2 * Math.abs(u)); });
    expect(unmatched).toBeGreaterThan(0.5);
    expect(holds).toBe(false);
    expect(worst).toBeLessThan(1); // its last bits tell, not how large it is
  });
  it('a threshold before the noise', () => { expect(audited((count) => (count < 20 ? 'hidden' : noisy(count, rng))).unmatched).toBeGreaterThan(0.3); });
  it('hiding by the true count after the noise', () => { expect(audited((count) => { const drawn = noisy(count, rng); return count < 11 ? 'hidden' : drawn; }, [11, 10]).unmatched).toBeGreaterThan(0.3); });
  it('a seed that is used again', () => {
    expect(audited((count) => noisy(count, seededBytes(7))).unmatched).toBe(1);
    // The same noise in two cells: their difference has none.
    expect(audited((count) => { const drawn = discreteLaplace(1n, 1n, rng); return BigInt(count) + drawn - (20n + drawn); }).unmatched).toBe(1);
  });
  it('the sensitivity of one table, where a person is in two', () => { expect(audited((count) => `${noisy(count, rng)} ${noisy(count, rng)}`)).toMatchObject({ holds: false }); });
  it('a cell without noise where nobody is', () => { expect(audited((count) => (count === 0 ? 0n : noisy(count, rng)), [1, 0])).toMatchObject({ holds: false }); });
  it('an exact total beside noisy cells', () => { expect(audited((count) => `${noisy(count, rng)} of ${count + 30}`).unmatched).toBeGreaterThan(0.3); });
  it('what only the tails tell', () => {
    // Each outcome is rare, and only together do they tell one from the other.
    expect(audited((count) => BigInt(count === 20 ? 0 : 200) + discreteLaplace(60n, 1n, rng))).toMatchObject({ holds: false, unmatched: 0 });
  });
  it.each([1, -1])('what only one of the tails tells (%i)', (side) => {
    // Nobody is in it four times of five, or forty-nine of fifty; the rest is spread thinly.
    const thin = (count: number): number => { const [high = 0, low = 0, rest = 0] = rng(3); return (high * 256 + low) / 65_536 < (count === 20 ? 0.2 : 0.02) ? side * (1 + rest) : 0; };
    expect(audited(thin)).toMatchObject({ holds: false, unmatched: 0 });
  });
});

describe('the audit', () => {
  it('counts what it has seen, exactly', () => {
    // 400 of 1000 against 100 of 1000: log 4, less five standard deviations.
    const turn = { here: 0, there: 0 };
    const mechanism = (who: 'here' | 'there'): string => { turn[who] += 1; return turn[who] <= (who === 'here' ? 400 : 100) ? 'a' : 'b'; };
    const audit = auditMechanism(mechanism, 1.5, { neighbours: ['here', 'there'], draws: 1_000 });
    expect(audit).toEqual({ draws: 1_000, worst: Math.log(4) - 5 * Math.sqrt(1 / 400 + 1 / 100), unmatched: 0, holds: true });
    turn.here = turn.there = 0;
    expect(auditMechanism(mechanism, audit.worst, { neighbours: ['here', 'there'], draws: 1_000 }).holds).toBe(true);
    turn.here = turn.there = 0;
    expect(auditMechanism(mechanism, 0.8, { neighbours: ['here', 'there'], draws: 1_000 })).toMatchObject({ holds: false, unmatched: 0 });
  });
  it('takes an outcome of one side only for a finding where the other had to have it too', () => {
    const one = (times: number, epsilon = 0, side = 'a') => { const seen = { a: 0, b: 0 }; return auditMechanism((who: 'a' | 'b') => { seen[who] += 1; return who === side && seen[who] <= times ? 'only' : 'both'; }, epsilon, { neighbours: ['a', 'b'], draws: 1_000 }).unmatched; };
    expect([one(39), one(40), one(39, 0, 'b'), one(40, 0, 'b')]).toEqual([0, 0.02, 0, 0.02]);
    // forty times e
    expect([one(108, 1), one(109, 1)]).toEqual([0, 0.0545]);
  });
  it('takes more than half that came but once for a finding too', () => {
    const thin = (times: number): number => { const seen = { a: 0, b: 0 }; return auditMechanism((who: 'a' | 'b') => { seen[who] += 1; return seen[who] <= times ? `${who}${seen[who]}` : 'both'; }, 1, { neighbours: ['a', 'b'], draws: 1_000 }).unmatched; };
    expect([thin(500), thin(501)]).toEqual([0, 0.501]);
  });
  it('sees 200,000 draws where nobody says', () => {
    let drawn = 0;
    expect([auditMechanism(() => { drawn += 1; return 0; }, 1, { neighbours: [1, 2] }), drawn]).toEqual([{ draws: 200_000, worst: 0, unmatched: 0, holds: true }, 400_000]);
  });
});

describe('seeded bytes', () => {
  it('are the same for the same seed, and others for another', () => {
    const hex = (seed: number): string => Buffer.from(seededBytes(seed)(8)).toString('hex');
    expect(hex(1)).toBe(hex(1));
    expect(hex(1)).not.toBe(hex(2));
    // on every machine and for ever: an audit that cried wolf can be heard again
    expect([hex(0), hex(1), hex(-1), hex(2 ** 32 + 1)]).toEqual(['5deb48b8976c328d', '76a4cc7095ccf14a', '582e3bccbbef4718', '76a4cc7095ccf14a']);
    const pieces = seededBytes(1);
    expect(Buffer.concat([pieces(3), pieces(0), pieces(5)]).toString('hex')).toBe(hex(1));
    const rng = seededBytes(3);
    expect(Buffer.from(rng(4)).equals(Buffer.from(rng(4)))).toBe(false);
    expect(rng(0)).toHaveLength(0);
  });
});

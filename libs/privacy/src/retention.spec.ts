import fc from 'fast-check';
import { retentionDue, retentionStanding } from './retention.js';

const at = (n: number): Date => new Date(n);

describe('T25 the retention clock', () => {
  it('is over at its moment, warns before it, and is held as long as somebody looks at it again', () => {
    const clock = { endsAt: at(1_000) };
    expect([899, 900, 999, 1_000, 1_001].map((now) => retentionStanding(clock, at(now), 100))).toEqual(['running', 'ends-soon', 'ends-soon', 'over', 'over']);
    expect([999, 1_000].map((now) => retentionStanding(clock, at(now)))).toEqual(['running', 'over']);
    expect([999, 1_000].map((now) => retentionStanding({ ...clock, heldUntil: [] }, at(now)))).toEqual(['running', 'over']);
    const held = { ...clock, heldUntil: [at(500), at(2_000)] };
    expect([999, 1_000, 1_999, 2_000].map((now) => retentionStanding(held, at(now)))).toEqual(['running', 'held', 'held', 'over']);
  });
  it('gives what is due, the longest overdue first, and nothing that is held or runs', () => {
    const [first, second, held, running] = [{ id: 1, endsAt: at(10) }, { id: 2, endsAt: at(20) }, { id: 3, endsAt: at(5), heldUntil: [at(101)] }, { id: 4, endsAt: at(101) }];
    expect(retentionDue([running, second, held, first], at(100))).toEqual([first, second]);
    expect(retentionDue([], at(100))).toEqual([]);
  });
  it('only ever goes one way: what is over stays over unless a hold is placed, and no hold ends anything earlier', () => {
    const clock = fc.record({ endsAt: fc.integer({ min: 0, max: 1_000 }).map(at), heldUntil: fc.array(fc.integer({ min: 0, max: 2_000 }).map(at), { maxLength: 3 }) });
    fc.assert(fc.property(clock, fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 3_000 }), (c, now, later) => {
      const [is, then] = [retentionStanding(c, at(now)), retentionStanding(c, at(now + later))];
      if (is === 'over') expect(then).toBe('over');
      expect(is === 'over').toBe(retentionDue([c], at(now)).length === 1);
      expect(is === 'over').toBe(now >= Math.max(c.endsAt.getTime(), ...c.heldUntil.map((d) => d.getTime())));
      if (retentionStanding({ endsAt: c.endsAt }, at(now)) === 'running') expect(is).toBe('running');
    }));
  });
});

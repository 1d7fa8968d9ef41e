import { delays, fullHour, nextAttempt } from './retry.js';

describe('the retry schedule', () => {
  const now = new Date('2026-11-24T10:02:00Z');
  it('has ten attempts in 75 h 35 min 5 s', () => {
    let at = now;
    let attempts = 1;
    for (let next = nextAttempt(attempts, at, 0); next; next = nextAttempt(attempts, at, 0)) { at = next; attempts += 1; }
    expect([attempts, at.toISOString()]).toEqual([10, '2026-11-27T13:37:05.000Z']);
    expect(delays).toHaveLength(10);
  });
  it('adds jitter of up to a tenth, never less than the schedule', () => {
    expect(nextAttempt(2, now, 0)?.getTime()).toBe(now.getTime() + 300_000);
    expect(nextAttempt(2, now, 1)?.getTime()).toBe(now.getTime() + 330_000);
  });
  it('waits longer where the receiver asks for it, never shorter, and not for ever', () => {
    expect(nextAttempt(1, now, 0, 60)?.getTime()).toBe(now.getTime() + 60_000);
    expect(nextAttempt(3, now, 0, 1)?.getTime()).toBe(now.getTime() + 1_800_000);
    expect(nextAttempt(1, now, 0, 10_000_000)?.getTime()).toBe(now.getTime() + 86_400_000);
  });
  it('has network news wait for the full hour', () => {
    expect(fullHour(now).toISOString()).toBe('2026-11-24T11:00:00.000Z');
    expect(fullHour(new Date('2026-11-24T11:00:00Z')).toISOString()).toBe('2026-11-24T11:00:00.000Z');
  });
});

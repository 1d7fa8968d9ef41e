import { Refusal } from '../refusal.js';
import type { Answer } from './client.js';
import { type Clock, Patience, Stopped } from './patience.js';

/** Time that passes only by waiting. */
class HandClock implements Clock {
  at = Date.parse('2026-11-24T03:06:00Z');
  readonly waits: number[] = [];
  now = (): number => this.at;
  wait = (ms: number): Promise<void> => {
    this.waits.push(ms);
    this.at += ms;
    return Promise.resolve();
  };
}
const never = new AbortController().signal;
const answers = (...list: (Answer | Error)[]) => {
  let n = 0;
  return (): Promise<Answer> => {
    const next = list[Math.min(n++, list.length - 1)];
    return next instanceof Error || next === undefined ? Promise.reject(next ?? new Error()) : Promise.resolve(next);
  };
};
const busy = (retryAfter?: string): Answer => ({ status: 503, body: { code: 'service-unavailable' }, retryAfter });
const created: Answer = { status: 201, body: {} };

describe('a request is asked again', () => {
  it('when the server said it would be ready: in seconds or at a date', async () => {
    const clock = new HandClock();
    await expect(new Patience(clock, never).insist(answers(busy('7'), { status: 429, body: {}, retryAfter: 'Tue, 24 Nov 2026 03:07:07 GMT' }, created))).resolves.toBe(created);
    expect(clock.waits).toEqual([7_000, 60_000]);
  });
  it('after ever longer waits where nobody answers', async () => {
    const clock = new HandClock();
    await new Patience(clock, never).insist(answers(new Error('refused'), new Error('refused'), { status: 502, body: undefined }, created));
    expect(clock.waits).toEqual([500, 1_000, 2_000]);
  });
  it('while the same request is still at work, but not when it was refused', async () => {
    const clock = new HandClock();
    await expect(new Patience(clock, never).insist(answers({ status: 409, body: { code: 'idempotency-in-progress' } }, created))).resolves.toBe(created);
    await expect(new Patience(clock, never).insist(answers({ status: 409, body: { code: 'guard-refused' } }, created))).resolves.toMatchObject({ status: 409 });
    expect(clock.waits).toEqual([500]);
  });
  it('where a service has yet to hear from another, a few times', async () => {
    const clock = new HandClock();
    const notYet: Answer = { status: 409, body: { code: 'guard-refused' }, retryAfter: '2' };
    await expect(new Patience(clock, never).insist(answers(notYet, notYet, created))).resolves.toBe(created);
    expect(clock.waits).toEqual([2_000, 2_000]);
    await expect(new Patience(clock, never).insist(answers(notYet))).resolves.toBe(notYet);
  });
  it('three times in all where the server failed at it', async () => {
    const clock = new HandClock();
    await expect(new Patience(clock, never).insist(answers({ status: 500, body: {} }))).resolves.toMatchObject({ status: 500 });
    expect(clock.waits).toHaveLength(2);
  });
  it('by nobody while the server is busy', async () => {
    const clock = new HandClock();
    const patience = new Patience(clock, never);
    const asked: number[] = [];
    const ask = (n: number, first: Answer) => { let tries = 0; return () => { asked.push(n); return Promise.resolve(tries++ === 0 ? first : created); }; };
    await Promise.all([patience.insist(ask(1, busy('20'))), patience.insist(ask(2, created))]);
    await patience.insist(ask(3, created));
    expect(clock.at - Date.parse('2026-11-24T03:06:00Z')).toBeGreaterThanOrEqual(20_000);
    expect(asked).toEqual([1, 2, 1, 3]);
  });
  it('for ten minutes, however often a server says to wait', async () => {
    const clock = new HandClock();
    await expect(new Patience(clock, never).insist(answers(busy('120')))).rejects.toThrow(Stopped);
    await expect(new Patience(clock, never).insist(answers(new Error('refused')))).rejects.toThrow('has not answered for ten minutes');
    await expect(new Patience(clock, never).insist(answers(busy('86400')))).rejects.toThrow('busy');
  });
  it('not when the client says that it is no use', async () => {
    await expect(new Patience(new HandClock(), never).insist(answers(new Stopped('The sign-in ended.'), created))).rejects.toThrow('The sign-in ended.');
    await expect(new Patience(new HandClock(), never).insist(answers(new Refusal('The account is disabled.'), created))).rejects.toThrow(Stopped);
  });
  it('not when the work is stopped', async () => {
    const stopped = new AbortController();
    stopped.abort();
    await expect(new Patience(new HandClock(), stopped.signal).insist(answers(created))).rejects.toThrow(Stopped);
  });
});

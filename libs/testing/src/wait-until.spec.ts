import { testClock } from './test-clock.js';
import { waitUntil } from './wait-until.js';

describe('waitUntil', () => {
  it('gives the first answer that is something', async () => {
    let asked = 0;
    expect(await waitUntil('three', () => (++asked === 3 ? 'here' : undefined))).toBe('here');
  });

  it('says what did not come, and the last error', async () => {
    await expect(waitUntil('the moon', () => { throw new Error('clouds'); }, { within: 60 })).rejects.toMatchObject({ message: 'Not within 60 ms: the moon', cause: { message: 'clouds' } });
  });
});

describe('the clock of the tests', () => {
  it('stands still until it is moved', () => {
    const clock = testClock('2026-11-24T03:00:00Z');
    clock.advance(90_000);
    expect(clock.now().toISOString()).toBe('2026-11-24T03:01:30.000Z');
    clock.set('2027-01-01T00:00:00Z');
    expect(clock.now().toISOString()).toBe('2027-01-01T00:00:00.000Z');
  });
});

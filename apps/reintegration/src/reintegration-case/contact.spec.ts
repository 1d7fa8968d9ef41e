import { isLost, lostAfter } from './contact.js';
import type { ContactAttempt } from './reintegration-case.entity.js';

const on = (...days: readonly string[]): ContactAttempt[] => days.map((day) => ({ at: `${day}T09:00:00Z`, channel: 'PHONE' }));

describe('contact is lost', () => {
  it('after three attempts, the first of them thirty days ago', () => {
    const attempts = on('2026-03-01', '2026-03-12', '2026-03-24');
    expect(isLost(attempts, new Date('2026-03-31T08:59:59Z'))).toBe(false);
    expect(isLost(attempts, new Date('2026-03-31T09:00:00Z'))).toBe(true);
  });
  it('never after two attempts, however long ago', () => { expect(isLost(on('2025-01-01', '2025-06-01'), new Date('2026-03-31T09:00:00Z'))).toBe(false); });
  it('not by three calls on one day', () => { expect(isLost(on('2026-01-01', '2026-01-01', '2026-01-01'), new Date('2026-03-31T09:00:00Z'))).toBe(false); });
  it('not by an attempt that is still to come', () => { expect(isLost(on('2026-01-01', '2026-01-12', '2026-04-01'), new Date('2026-03-31T09:00:00Z'))).toBe(false); });
  it('whatever the order in which the attempts were written down', () => { expect(isLost(on('2026-03-24', '2026-03-01', '2026-03-12'), new Date('2026-03-31T09:00:00Z'))).toBe(true); });
  it('is never due where nobody was looked for', () => { expect(lostAfter(undefined)).toBeUndefined(); expect(lostAfter([])).toBeUndefined(); });
});

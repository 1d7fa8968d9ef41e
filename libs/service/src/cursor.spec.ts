import { randomBytes, randomUUID } from 'node:crypto';
import { cursorOf, placeOf } from './cursor.js';

describe('a cursor', () => {
  const secret = randomBytes(32);
  const place = { at: '2026-11-24T10:00:00.123456+00:00', id: randomUUID() };
  it('leads on in its own list, and says nothing: not which row, not twice the same', () => {
    const [one, two] = [cursorOf('Referral', place, secret), cursorOf('Referral', place, secret)];
    for (const cursor of [one, two]) expect(placeOf('Referral', cursor, secret)).toEqual(place);
    expect(one).not.toBe(two);
    for (const coded of [one, Buffer.from(one, 'base64url').toString('latin1'), Buffer.from(one, 'base64url').toString('hex')]) for (const inner of [place.id, place.id.replaceAll('-', ''), '2026-11-24', '10:00']) expect(coded).not.toContain(inner);
    expect(cursorOf('events', { at: 'feed', id: '7' }, secret)).toHaveLength(one.length);
    expect(one).toMatch(/^[\w-]+$/);
  });
  it('is refused in another list, with another secret, changed, cut or made up', () => {
    const cursor = cursorOf('Referral', place, secret);
    const changed = Buffer.from(cursor, 'base64url');
    changed[14]! ^= 1;
    expect(() => placeOf('Case', cursor, secret)).toThrow(expect.objectContaining({ code: 'validation-failed' }));
    for (const [other, key] of [[cursor, randomBytes(32)], [changed.toString('base64url'), secret], [cursor.slice(0, -4), secret], [`${cursor}A`, secret], [`${cursor}=`, secret], [cursor.slice(0, 12), secret], ['', secret], ['x.y', secret], ['\ud800', secret]] as const) {
      expect(() => placeOf('Referral', other, key)).toThrow(expect.objectContaining({ code: 'validation-failed' }));
    }
  });
});

import { label } from '@footbridge/privacy';
import { givenBySpeaking } from './case-context.js';

describe('M4 a guardian\'s consent', () => {
  const given = { givenBy: label('special', 'GUARDIAN' as const), givenAt: '2026-11-20T10:00:00.000Z', guardianAppointmentId: 'a' };
  const guardian = { id: 'a', startedAt: '2026-11-20T10:00:00.000Z' };
  it('counts while the same appointment speaks that spoke when it was given', () => {
    expect(givenBySpeaking(given as never, guardian)).toBe(true);
    expect(givenBySpeaking(given as never, { ...guardian, startedAt: '2026-11-19T10:00:00.000Z' })).toBe(true);
  });
  it.each([
    ['nobody speaks', given, undefined], ['another appointment speaks', given, { ...guardian, id: 'b' }], ['another person was appointed since', given, { ...guardian, startedAt: '2026-11-20T10:00:00.001Z' }],
    ['nobody has begun', given, { id: 'a' }], ['it names no appointment', { ...given, guardianAppointmentId: undefined }, guardian], ['it was never given', { ...given, givenAt: undefined }, guardian],
  ])('counts for nothing where %s', (_what, consent, speaks) => expect(givenBySpeaking(consent as never, speaks as never)).toBe(false));
  it('is not what she said herself', () => expect(givenBySpeaking({ ...given, givenBy: label('special', 'PERSON' as const) } as never, undefined)).toBe(true));
});

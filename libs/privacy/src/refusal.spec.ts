import { PrivacyRefusal } from './refusal.js';

describe('a refusal', () => {
  it('has a code and, where it was given, a pointer', () => {
    const refusal = new PrivacyRefusal('FIELD_INVALID', '/state');
    expect([refusal.name, refusal.message, refusal.code, refusal.pointer, refusal instanceof Error]).toEqual(['PrivacyRefusal', 'FIELD_INVALID', 'FIELD_INVALID', '/state', true]);
    expect(['pointer' in new PrivacyRefusal('A'), new PrivacyRefusal('A', '').pointer]).toEqual([false, '']);
  });
  it.each(['', 'a', '1A', '_A', 'Ab', 'A b', ' A', 'A ', 'A\n', 'É', `A${'B'.repeat(64)}`, 'Arta Hoxha'])('is REFUSED and no more where its code is none: %p', (code) => {
    expect([new PrivacyRefusal(code).code, new PrivacyRefusal(code).message]).toEqual(['REFUSED', 'REFUSED']);
  });
  it.each(['A', 'A1_', `A${'B'.repeat(63)}`])('%s is a code', (code) => { expect(new PrivacyRefusal(code).code).toBe(code); });
});

import { createHash } from 'node:crypto';
import { canaryPerson } from './canary-person.js';
import { fold } from './fold.js';

describe('an invented person', () => {
  it('is the same for the same seed', () => {
    expect(canaryPerson(42)).toEqual(canaryPerson(42));
  });

  it('shares no value with another, also without case and diacritics', () => {
    for (const field of Object.keys(canaryPerson(0).values)) {
      const all = Array.from({ length: 3_000 }, (_, seed) => fold(canaryPerson(seed).values[field] ?? ''));
      expect([field, new Set(all).size]).toEqual([field, all.length]);
    }
  });

  it('is never a part of another', () => {
    const all = Array.from({ length: 100 }, (_, seed) => canaryPerson(seed)).flatMap(({ values, seed }) => Object.values(values).map((value) => ({ seed, value: fold(value) })));
    for (const one of all) expect(all.filter((other) => other.seed !== one.seed && other.value.includes(one.value))).toEqual([]);
  });

  it('has a name in four scripts, a phone that nobody has, and a date that exists', () => {
    for (const seed of [0, 1, 9, 65_535]) {
      const person = canaryPerson(seed);
      expect(person.givenName).toMatch(/^\p{Lu}\p{Ll}{15}$/u);
      expect(person.arabicName).toMatch(/^\p{Script=Arabic}{8} \p{Script=Arabic}{8}$/u);
      expect(person.cyrillicName).toMatch(/^\p{Script=Cyrillic}{12} \p{Script=Cyrillic}{12}$/u);
      expect(person.chineseName).toMatch(/^\p{Script=Han}{4}$/u);
      expect(person.phone).toMatch(/^\+355600\d{6}$/);
      expect(new Date(person.birthDate).toISOString().slice(0, 10)).toBe(person.birthDate);
    }
  });

  it('is the same from one release to the next: who planted it finds it again', () => {
    expect(canaryPerson(4_242)).toEqual({
      address: 'Rruga Bvğqdxøzwžqojqûw 72',
      arabicName: 'ضخضظزظثض زظضظزظغظ',
      birthDate: '1996-08-13',
      chineseName: '驫癵籲爩',
      cyrillicName: 'Жщэзъэхщыэфщ Хщызъэхщыыцъ',
      documentNumber: 'QX692147ZV04242',
      familyName: 'Qëzvdxøzwžqoqëzv',
      givenName: 'Pzõjdxøzkvñxlxåq',
      name: 'canary 4242',
      phone: '+355600692147',
      seed: 4242,
      values: {
        address: 'Rruga Bvğqdxøzwžqojqûw 72',
        arabicName: 'ضخضظزظثض زظضظزظغظ',
        chineseName: '驫癵籲爩',
        cyrillicName: 'Жщэзъэхщыэфщ Хщызъэхщыыцъ',
        documentNumber: 'QX692147ZV04242',
        familyName: 'Qëzvdxøzwžqoqëzv',
        givenName: 'Pzõjdxøzkvñxlxåq',
        phone: '355600692147',
      },
    });
    expect(canaryPerson(7_000).birthDate).toBe('1985-01-01');
    expect(createHash('sha256').update(JSON.stringify(Array.from({ length: 2_000 }, (_, n) => canaryPerson(n * 32)))).digest('hex')).toBe('821a3b868b90ceb3a2631696ab39b071da27273a8dda2b50b8167a90e8df6e7e');
  });

  it('has a seed that is one', () => {
    for (const wrong of [-1, 1.5, 65_536, Number.NaN]) expect(() => canaryPerson(wrong)).toThrow('a whole number from 0 to 65535');
  });
});

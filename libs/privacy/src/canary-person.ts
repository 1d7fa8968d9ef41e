/** Somebody to hunt for: each value is searched in every disguise. */
export interface Canary {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** An invented person whose name, in four scripts, occurs nowhere by chance. */
export interface CanaryPerson extends Canary {
  readonly seed: number;
  readonly givenName: string;
  readonly familyName: string;
  readonly arabicName: string;
  readonly cyrillicName: string;
  readonly chineseName: string;
  /** E.164, under a prefix of Albania that is given to nobody. */
  readonly phone: string;
  readonly address: string;
  readonly birthDate: string;
  readonly documentNumber: string;
}

const LATIN = ['qëzv', 'xwöj', 'vqÿk', 'zxáf', 'jqûw', 'kvñx', 'wžqo', 'yxçv', 'gjéq', 'fzüx', 'hqîv', 'dxøz', 'bvğq', 'pzõj', 'tqšx', 'lxåq'];
const ARABIC = ['ظغ', 'ثض', 'غظ', 'ضخ', 'ذظ', 'خث', 'زظ', 'طغ', 'ظذ', 'قظ', 'غث', 'ضظ', 'شغ', 'ثظ', 'خض', 'ظض'];
const CYRILLIC = ['щъы', 'эфщ', 'ыцъ', 'жщэ', 'цъю', 'фэъ', 'хщы', 'юэц', 'гъщ', 'шыэ', 'бцщ', 'зъэ', 'пщю', 'тэы', 'лъц', 'рщъ'];
const CJK = ['龘', '靐', '齉', '爩', '龗', '麤', '籲', '鱻', '灪', '驫', '厵', '癵', '飝', '虪', '讟', '钃'];

/** Four syllables by the digits of the seed in base 16: two seeds never share a name. */
const syllables = (of: readonly string[], seed: number, turn: number): string => {
  const mixed = (seed * 40_503 + turn * 12_289) % 65_536;
  return [12, 8, 4, 0].map((shift) => of[(mixed >>> shift) & 15]).join('');
};
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The same person for the same seed, 0 to 65535. */
export function canaryPerson(seed: number): CanaryPerson {
  if (!Number.isInteger(seed) || seed < 0 || seed > 65_535) throw new RangeError('The seed of an invented person is a whole number from 0 to 65535.');
  const givenName = capital(syllables(LATIN, seed, 1));
  const familyName = capital(syllables(LATIN, seed, 2));
  const arabicName = `${syllables(ARABIC, seed, 3)} ${syllables(ARABIC, seed, 4)}`;
  const cyrillicName = `${capital(syllables(CYRILLIC, seed, 3))} ${capital(syllables(CYRILLIC, seed, 4))}`;
  const chineseName = syllables(CJK, seed, 5);
  const number = String((seed * 15_013 + 7_001) % 1_000_000).padStart(6, '0');
  const phone = `+355600${number}`;
  const address = `Rruga ${capital(syllables(LATIN, seed, 6))} ${1 + (seed % 97)}`;
  const birthDate = new Date(Date.UTC(1985, 0, 1 + (seed % 7_000))).toISOString().slice(0, 10);
  const documentNumber = `QX${number}ZV${String(seed).padStart(5, '0')}`;
  // The birth date is not hunted: other people's dates are the same.
  return {
    name: `canary ${seed}`, seed, givenName, familyName, arabicName, cyrillicName, chineseName, phone, address, birthDate, documentNumber,
    values: { givenName, familyName, arabicName, cyrillicName, chineseName, phone: phone.slice(1), address, documentNumber },
  };
}

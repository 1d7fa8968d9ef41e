import { fold } from './fold.js';

/**
 * Letters that look like Latin ones, as `<Latin letter><look-alikes>`, after folding (small, without diacritics, NFKD): the
 * Cyrillic, Greek, Armenian, Cherokee and phonetic ones that pass for them in common fonts (Unicode TR 39). l and I
 * cannot be told apart, so neither may be told from the other: one letter for both.
 */
const LOOK_ALIKES = [
  'aаαɑ', 'bьвβ', 'cсϲᴄ', 'dԁɗđᴅ', 'eеєεҽᴇ', 'fƒғϝ', 'gɡցɢ', 'hнһհη', 'iіιıɩӏɪlłʟ', 'jјϳʝ', 'kкκᴋ', 'mмμᴍ', 'nпոɴ', 'oоοօσøᴏ',
  'pрρᴘ', 'qԛգ', 'rгʀᴦ', 'sѕꜱƨ', 'tтτᴛŧ', 'uυսцʋᴜ', 'vѵνᴠ', 'wԝшωɯᴡ', 'xхχ', 'yуүγʏ', 'zᴢʐ',
] as const;
/** Digits and signs that stand for letters (leet). */
const LEET = ['a4@', 'b86б', 'e3€', 'g9', 'i1!|', 'o0', 's5$', 't7', 'z2'] as const;

const letterOf = new Map<string, string>();
for (const row of [...LOOK_ALIKES, ...LEET]) for (const other of row) letterOf.set(fold(other), row.charAt(0));
/** One letter where another script writes it otherwise: Arabic forms that people write either way, ligatures, the sharp s. */
const SAME: readonly (readonly [from: string, to: string])[] = [['ى', 'ي'], ['ی', 'ي'], ['ة', 'ه'], ['ک', 'ك'], ['ٱ', 'ا'], ['ـ', ''], ['ß', 'ss'], ['æ', 'ae'], ['œ', 'oe'], ['þ', 'th'], ['ð', 'd'], ["'", ''], ['’', ''], ['ㅤ', ''], ['⠀', '']];
for (const [from, to] of SAME) letterOf.set(fold(from), to);

/** What is left of a word when nobody looks closely: the form in which names are sought. */
export function skeleton(word: string): string {
  let text = '';
  for (const character of fold(word)) text += letterOf.get(character) ?? character;
  return text;
}

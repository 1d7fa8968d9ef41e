const INVISIBLE = /[\p{M}\p{Cf}]/gu;
const NOT_ASCII = /[^\x00-\x7f]/;

/** Without case, diacritics, width and invisible characters: the form in which names are compared. */
export function fold(text: string): string {
  return NOT_ASCII.test(text) ? text.normalize('NFKD').replace(INVISIBLE, '').toLowerCase() : text.toLowerCase();
}

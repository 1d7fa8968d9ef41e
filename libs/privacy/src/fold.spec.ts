import { fold } from './fold.js';

describe('the form in which names are compared', () => {
  it.each([
    ['ARTA Hoxha', 'arta hoxha'], ['Ártä', 'arta'], ['É', 'e'], ['ëë', 'ee'], ['Qe\u0308z', 'qez'], ['A\u200br\u00adta', 'arta'], ['ＡＲＴＡ', 'arta'], ['МИЛИЦА', 'милица'], ['Й', 'и'], ['ظُغ', 'ظغ'], ['ﬁ', 'fi'], ['', ''],
  ])('%p is %p', (text, folded) => expect(fold(text)).toBe(folded));
});

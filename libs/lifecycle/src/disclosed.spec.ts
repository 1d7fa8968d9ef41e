import { codeList, defineDisclosure } from '@footbridge/privacy';
import { is } from './body.js';
import { disclosedOf } from './disclosed.js';

const Colour = codeList('Colour', ['red'], 'quasi');
class HerBody {
  @is.text({ class: 'direct' }) name!: string;
  @is.text({ class: 'special' }) wish!: string;
  @is.day({ class: 'special' }) since!: string;
  @is.country({ class: 'quasi' }) country!: string;
  @is.codes(Colour, { class: 'quasi' }) colours!: string[];
  @is.code(Colour) colour!: string;
  @is.boolean({ class: 'special' }) quiet!: boolean;
  @is.patterns(/^.*$/, 'words', 'x', { class: 'special' }) notes!: string[];
  not?: string;
}

describe('members of an answer to another organisation', () => {
  it('have the class under which the value came in, and are words where it is written freely', () => {
    expect(disclosedOf(HerBody, { wish: ['NEEDS'], since: ['NEEDS'], country: ['TRAVEL'], colours: [], colour: [], quiet: ['NEEDS'], notes: { categories: ['NEEDS'], words: true } })).toEqual({
      wish: { class: 'special', categories: ['NEEDS'], words: true }, since: { class: 'special', categories: ['NEEDS'], words: true }, country: { class: 'quasi', categories: ['TRAVEL'] }, colours: { class: 'quasi', categories: [] },
      colour: { class: 'operational', categories: [] }, quiet: { class: 'special', categories: ['NEEDS'] }, notes: { class: 'special', categories: ['NEEDS'], words: true },
    });
  });
  it('G2, G3 are no name, and nothing that no body has: the service does not start with such a declaration', () => {
    const code = (make: () => unknown): unknown => { try { make(); return undefined; } catch (error) { return (error as { code: string }).code; } };
    expect(code(() => defineDisclosure({ name: 'needs', members: disclosedOf(HerBody, { wish: ['NEEDS'] }) }))).toBeUndefined();
    expect(code(() => defineDisclosure({ name: 'needs', members: disclosedOf(HerBody, { name: ['IDENTITY'] }) }))).toBe('CLASS_NOT_ALLOWED');
    expect(code(() => defineDisclosure({ name: 'needs', members: disclosedOf(HerBody, { not: ['IDENTITY'] }) }))).toBe('CLASS_NOT_ALLOWED');
  });
});

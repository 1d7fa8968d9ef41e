import { knownIdentity } from './scan.js';

const key = Buffer.alloc(32, 3);
const scanner = knownIdentity(['Qëzvxwöj Vqykzxaf', 'Ángjéqwžqo', 'ظغثض غظضخ'], key);
const finds = (text: string): boolean => scanner.find(text).length > 0;

describe('the scanner for people whom the organisation knows', () => {
  it.each([
    'Qëzvxwöj Vqykzxaf', 'VQYKZXAF, QËZVXWÖJ', 'qezvxwoj met her brother, vqykzxaf', 'Qe\u0308zvxwo\u0308j Vqykzxaf', 'Qëz\u200bvxwöj Vqykzxaf', '{"note":"qezvxwoj-vqykzxaf"}', 'ANGJEQWZQO', 'جاء ظغثض غظضخ',
  ])('finds %p', (text) => expect(finds(text)).toBe(true));

  it.each(['', 'Qëzvxwöj', 'Qezvxwoj Qezvxwoj', 'Vqykzxa Qezvxwo', 'The transport is confirmed for Monday', '{"referral":"rfr_qezvxwojvqykzxafqezvxwojvqykzxaf22"}'])('finds nobody in %p', (text) => expect(finds(text)).toBe(false));

  it('says where, and never what', () => {
    const found = scanner.find('for Qëzvxwöj Vqykzxaf');
    expect(found).toEqual([{ kind: 'known-identity', start: 4, end: 12 }, { kind: 'known-identity', start: 13, end: 21 }]);
    expect(scanner.name).toBe('known-identity');
  });

  it('one word of two people each is nobody', () => {
    expect(knownIdentity(['Qezv Xwoj', 'Vqyk Zxaf'], key).find('Qezv Zxaf')).toEqual([]);
  });
});

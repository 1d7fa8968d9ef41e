import { randomBytes } from 'node:crypto';
import { continuityDigest, isContinuityCode, newContinuityCode } from './index.js';

const refused = (work: Promise<unknown>): Promise<string> => work.then(() => 'none', (error: { code: string; message: string }) => error.code);

describe('a continuity code', () => {
  it('has 16 digits in four groups, and the first may be a zero', () => {
    const codes = Array.from({ length: 300 }, newContinuityCode);
    for (const code of codes) expect(code).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
    expect(new Set(codes).size).toBe(300);
    for (const place of [0, 5, 10, 15]) expect(new Set(codes.map((code) => code.replaceAll(' ', '')[place])).size).toBe(10);
  });
  it('is read with or without spaces and hyphens, and nothing else is one', () => {
    for (const code of ['1234 5678 9012 3456', '1234567890123456', '1234-5678-9012-3456', '1234 56789012-3456']) expect(isContinuityCode(code)).toBe(true);
    for (const code of ['123456789012345', '12345678901234567', '1234 5678 9012 345a', '1234  5678 9012 3456', '12 345678 9012 3456', ' 1234567890123456', '1234567890123456\n', '', 1234567890123456, null]) expect(isContinuityCode(code)).toBe(false);
  });
  it('T26 is found by a digest that is the same however it is written, and another with another pepper or code', async () => {
    const [pepper, other] = [randomBytes(32), randomBytes(32)];
    const [a, b, c, d] = await Promise.all([continuityDigest(pepper, '1234 5678 9012 3456'), continuityDigest(pepper, '1234567890123456'), continuityDigest(other, '1234567890123456'), continuityDigest(pepper, '1234567890123457')]);
    expect(a).toMatch(/^[\w-]{43}$/);
    expect(b).toBe(a);
    expect(new Set([a, c, d]).size).toBe(3);
  });
  it('is digested the same from one release to the next', async () => {
    expect(await continuityDigest(Buffer.alloc(32, 7), '0000 1111 2222 3333')).toBe('l1PJgz2lu6B6OQFCpsZWYTcgmw99Ke3v7ewmOUQBdT8');
  });
  it('is refused without its value where it is none, and so is a pepper that is too short', async () => {
    expect(await Promise.all([refused(continuityDigest(randomBytes(31), '1234567890123456')), refused(continuityDigest(randomBytes(33), '1234567890123456')), refused(continuityDigest(randomBytes(32), 'Arta'))])).toEqual(['KEY_INVALID', 'KEY_INVALID', 'CODE_INVALID']);
  });
});

import { label } from '@footbridge/privacy';
import { matchesHash, newCodePhrase } from './code-phrase.js';

const matches = (said: string, hash: string): boolean => matchesHash(label('direct', said), label('special', hash));

describe('a code phrase', () => {
  const made = newCodePhrase();
  it('is three plain words and two digits, never the same', () => {
    expect(made.text).toMatch(/^[a-z]+ [a-z]+ [a-z]+ \d\d$/);
    expect(new Set(Array.from({ length: 5 }, () => newCodePhrase().text)).size).toBeGreaterThan(1);
  });
  it('is kept as a salted hash, which tells nothing of it', () => {
    for (const word of made.text.split(' ')) expect(made.hash).not.toContain(` ${word}`);
    expect(made.hash).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
  });
  it('matches as somebody says and somebody else types it', () => {
    for (const said of [made.text, made.text.toUpperCase(), `  ${made.text.replaceAll(' ', '-')} `, made.text.replaceAll(' ', ', ')]) expect(matches(said, made.hash)).toBe(true);
  });
  it('matches nothing else', () => {
    for (const said of ['', 'mango', `${made.text} 1`, made.text.split(' ').reverse().join(' '), newCodePhrase().text]) expect(matches(said, made.hash)).toBe(said === made.text);
    expect(matches(made.text, '')).toBe(false);
    expect(matches(made.text, 'broken')).toBe(false);
  });
});

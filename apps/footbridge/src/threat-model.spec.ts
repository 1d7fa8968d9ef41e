import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const text = readFileSync('docs/threat-model.md', 'utf8');
const attacks = text.split('\n').flatMap((line) => { const [, number, of = ''] = /^\| (T\d\d) \|.*\| (.*) \|$/.exec(line) ?? []; return number ? [{ number, files: [...of.matchAll(/\]\((\.\.\/[^)]+)\)/g)].map(([, file = '']) => file) }] : []; });

describe('the threat model', () => {
  it('lists every attack once, each tried somewhere', () => {
    expect(attacks.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, i) => `T${String(i + 1).padStart(2, '0')}`));
    expect(attacks.filter(({ files }) => files.length === 0)).toEqual([]);
  });
  it('links to tests that name the attack', () => {
    const lost = attacks.flatMap(({ number, files }) => files.filter((file) => !new RegExp(`\\(['"\`](?:T\\d\\d[ ,]+)*${number}\\b`).test(readFileSync(resolve('docs', file), 'utf8'))).map((file) => `${number} ${file}`));
    expect(lost).toEqual([]);
  });
  it('claims nothing that no listed attack shows', () => {
    const known = new Set(attacks.map(({ number }) => number));
    const claimed = [...text.slice(0, text.indexOf('## The attacks')).matchAll(/\bT\d\d\b/g)].map(([number]) => number);
    expect(claimed.length).toBeGreaterThan(30);
    expect(claimed.filter((number) => !known.has(number))).toEqual([]);
  });
});

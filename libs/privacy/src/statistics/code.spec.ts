import { readFileSync, readdirSync } from 'node:fs';

describe('T32 the code of the noise', () => {
  const sources = new Map(readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).map((name) => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
  it('has no Math.random anywhere, and its random source is node:crypto', () => {
    for (const [name, source] of sources) expect([name, /Math\s*[.[]\s*['"]?random/.test(source)]).toEqual([name, false]);
    expect(sources.get('random.ts')).toContain("from 'node:crypto'");
  });
  it('has no floating-point number in what is drawn, made to agree or hidden', () => {
    for (const name of ['noise.ts', 'consistency.ts', 'random.ts']) {
      const code = (sources.get(name) ?? '').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\/|'[^']*'/g, '').replaceAll('Math.ceil(bits / 8)', '');
      expect([name, /\bMath\b|\bparseFloat\b|\d\.\d|\bFloat(?:32|64)/.test(code)]).toEqual([name, false]);
    }
  });
});

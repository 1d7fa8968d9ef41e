import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = dirname(fileURLToPath(import.meta.url));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const cases = join(source, 'wire-safe.typetest.ts');
const folder = mkdtempSync(join(tmpdir(), 'wire-safe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The compiler's errors for these files, under the rules of the whole project. */
function errorsIn(...files: readonly string[]): Promise<string[]> {
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({
    compilerOptions: {
      target: 'ES2022', lib: ['ES2023'], module: 'nodenext', moduleResolution: 'nodenext', strict: true, noUncheckedIndexedAccess: true, isolatedModules: true,
      experimentalDecorators: true, useDefineForClassFields: false, skipLibCheck: true, noEmit: true, types: ['node'], typeRoots: [join(typescript, '..', '@types')],
    },
    files,
  }));
  return new Promise((done) => {
    execFile(process.execPath, [join(typescript, 'bin', 'tsc'), '--pretty', 'false', '-p', config], (_, stdout) => done(stdout.split('\n').filter((line) => line.includes('error TS'))));
  });
}

const expected = (text: string): number => text.match(/^\/\/ @ts-expect-error/gm)?.length ?? 0;

describe('T01: an identity in an event does not compile', () => {
  const text = readFileSync(cases, 'utf8');

  it('is tried in more than twenty shapes', () => {
    expect(expected(text)).toBeGreaterThan(20);
  });

  it('is refused in each of them, and what may travel compiles', async () => {
    expect(await errorsIn(cases, join(source, 'envelope.typetest.ts'))).toEqual([]);
  });

  it('would be missed at once: with a WireSafe that lets everything through, each expected error that is gone is an error', async () => {
    const open = text
      .replace("import type { WireSafe } from './wire-safe.js';", 'type WireSafe<T> = T;')
      .replaceAll("from './", `from '${source}/`);
    const mutant = join(folder, 'open.mts');
    writeFileSync(mutant, open);
    const unused = (await errorsIn(mutant)).filter((line) => line.includes('TS2578'));
    expect(unused.length).toBe(text.match(/^send\(/gm)!.length - 3);
  });
});

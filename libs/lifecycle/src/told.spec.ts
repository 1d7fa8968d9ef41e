import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const here = import.meta.dirname;
const root = join(here, '..', '..', '..');
const cases = join(here, 'told.typetest.ts');
const declared = join(here, 'told.ts');

/** The compiler's errors in the cases, under the rules of the whole project; `told.ts` may say something else. */
function errors(instead?: string): readonly string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent({ ...(config as object), include: [], files: [cases] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, ...rest) => (instead !== undefined && file === declared ? ts.createSourceFile(file, instead, ts.ScriptTarget.ES2022) : getSourceFile.call(host, file, ...rest));
  const program = ts.createProgram([cases], options, host);
  return program.getSemanticDiagnostics(program.getSourceFile(cases)).map(({ code, messageText }) => `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

describe('T01: an identity in what a lifecycle or a notice tells does not compile', () => {
  const text = readFileSync(cases, 'utf8');
  const expected = text.match(/^\/\/ @ts-expect-error/gm)?.length ?? 0;
  it('is refused in each of twenty shapes, and what may be told compiles', () => {
    expect(expected).toBe(20);
    expect(errors()).toEqual([]);
  }, 120_000);
  it('would be missed at once: where anything may be told, each expected error that is gone is an error', () => {
    expect(errors('export type Words = string; export type Told = unknown; export type ToldValues = Readonly<Record<string, unknown>>;').filter((error) => error.startsWith('TS2578'))).toHaveLength(expected);
  }, 120_000);
});

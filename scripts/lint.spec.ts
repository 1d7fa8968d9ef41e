import tseslint from 'typescript-eslint';
import { ESLint, type Linter } from 'eslint';

// the rules that need types are for files that exist
const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
const rules = async (filePath: string, code: string): Promise<readonly (string | null)[]> => {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map(({ ruleId }: Linter.LintMessage) => ruleId);
};
const imports = (from: string): string => `import { x } from '${from}';\nexport const y = x;\n`;

describe('the import rules', () => {
  it.each([
    ['libs/privacy/src/a.ts', '@footbridge/contracts'],
    ['libs/contracts/src/a.ts', '@footbridge/messaging'],
    ['libs/messaging/src/a.ts', '@footbridge/service'],
    ['libs/lifecycle/src/a.ts', '@footbridge/testing'],
    ['apps/referrals/src/a.ts', '@footbridge/shelters'],
    ['apps/referrals/src/deeper/a.ts', '@footbridge/testing'],
    ['apps/referrals/src/a.spec.ts', '@footbridge/shelters'],
    ['apps/referrals/src/a.ts', 'kafkajs'],
    ['libs/messaging/src/outbox.ts', 'kafkajs'],
    ['libs/privacy/src/a.ts', 'pg'],
    ['libs/privacy/src/a.ts', '@nestjs/common'],
  ])('%s may not import %s', async (file, from) => {
    expect(await rules(file, imports(from))).toContain('no-restricted-imports');
  });

  it.each([
    ['libs/contracts/src/a.ts', '@footbridge/privacy'],
    ['libs/service/src/a.ts', '@footbridge/lifecycle'],
    ['apps/referrals/src/a.ts', '@footbridge/messaging'],
    ['apps/referrals/src/a.spec.ts', '@footbridge/testing'],
    ['apps/footbridge/src/a.ts', '@footbridge/shelters'],
    ['libs/privacy/src/a.ts', './egress.js'],
  ])('%s may import %s', async (file, from) => {
    expect(await rules(file, imports(from))).toEqual([]);
  });

  it('refuse a way around the names, by a path out of the own package', async () => {
    expect(await rules('apps/referrals/src/a.ts', imports('../../shelters/src/index.js'))).toContain('footbridge/declared-dependency');
  });

  it('want every package in the dependencies of the workspace that imports it', async () => {
    expect(await rules('libs/contracts/src/a.ts', imports('commander'))).toContain('footbridge/declared-dependency');
  });
});

describe('the other rules', () => {
  it('refuse to make a wire type by a cast, outside of libs/privacy', async () => {
    expect(await rules('apps/referrals/src/a.ts', `export const r = 'x' as Ref;`)).toContain('footbridge/no-wire-cast');
    expect(await rules('libs/lifecycle/src/a.ts', `export const c = 'x' as unknown as Code<'a'>;`)).toContain('footbridge/no-wire-cast');
    expect(await rules('libs/privacy/src/a.ts', `export const r = 'x' as Ref;`)).toEqual([]);
  });

  it('refuse console in libs and services', async () => {
    expect(await rules('libs/service/src/a.ts', 'console.error(1);')).toContain('no-console');
    expect(await rules('apps/shelters/src/a.ts', 'console.log(1);')).toContain('no-console');
    expect(await rules('apps/footbridge/src/a.ts', 'console.log(1);')).toEqual([]);
  });

  it('refuse tests that do not run', async () => {
    expect(await rules('libs/service/src/a.spec.ts', `it.skip('x', () => undefined);`)).toContain('no-restricted-properties');
    expect(await rules('libs/service/src/a.spec.ts', `xdescribe('x', () => undefined);`)).toContain('no-restricted-globals');
  });
});
